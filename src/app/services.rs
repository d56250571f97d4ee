//! The work that effects ask for, bound to the adapters of this start.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::sync::Arc;

use super::events::EventReader;
use super::{AppOptions, Asked, LakePlace, OpenLake, content, explain_empty, pivot_tables};
use crate::adapters::case::Cases;
use crate::adapters::engine::{ObjectStore, functions};
use crate::adapters::enrich::Enricher;
use crate::adapters::kept::KeptResults;
use crate::adapters::matching::Watchlist;
use crate::adapters::session::SessionFile;
use crate::config::{ContentKind, Profile};
use crate::demo::{self, LiveOptions};
use crate::domain::cell::TimeStyle;
use crate::domain::entity::Entity;
use crate::domain::entity::facts::of_value;
use crate::domain::query::QueryError;
use crate::domain::sigma::Level;
use crate::domain::standing::StandingWatch;
use crate::ports::Clock as _;
use crate::runtime::{Casework, Keeping, LakeContent, QueueKeeping, Services, SystemClock};
use crate::sql::completion::Catalogue;
use crate::sql::table_names::TableNames;

/// Bytes of a result kept in memory.
const RESULT_BYTES: usize = 256 << 20;

/// The services of this start.
pub(super) fn services(
    options: &AppOptions,
    lake: &Arc<OpenLake>,
    session: SessionFile,
    objects_of_s3: ObjectStore,
) -> Services {
    let events = EventReader::of(options, objects_of_s3);
    let paths = options.paths.clone();
    let own_queries = options
        .paths
        .content_dir
        .join(ContentKind::SavedQueries.folder());
    let enricher = Enricher::of(options.paths.enrichment_dir());
    let folder = match &options.place {
        LakePlace::Folder(folder) => Some(folder.clone()),
        LakePlace::Aws { .. } | LakePlace::Nowhere => None,
    };
    let catalogue = Arc::clone(lake);
    let on_aws = options.place.is_on_aws();
    let names = Arc::clone(lake);
    let watches = Watchlist::at(options.paths.watches_file());
    let objects = Arc::clone(lake);
    let asked = Asked {
        queries: Arc::clone(&lake.queries),
        catalog: Arc::clone(&lake.catalog),
        paid: on_aws,
    };
    Services {
        queries: Arc::clone(&lake.queries),
        load_content: Arc::new(move || content::load(&paths, &table_names(&names))),
        load_catalogue: Arc::new(move || read_catalogue(&catalogue, on_aws)),
        explain_empty: Arc::new(move |request, seen| {
            wait_for(explain_empty(&asked, request, seen, SystemClock.now()))
        }),
        load_coverage: Arc::new(move || wait_for(objects.catalog.coverage())),
        enrich: Arc::new(move |entity| {
            let mut facts = of_value(entity);
            facts.extend(enricher.facts(entity));
            facts
        }),
        save_session: Arc::new(move |state| {
            let text = serde_json::to_string(state).map_err(|error| error.to_string())?;
            session.save(&text).map_err(|error| error.to_string())
        }),
        save_template: Arc::new(move |name, text| save_template(&own_queries, name, text)),
        demo_live: Arc::new(move |pause| {
            let Some(folder) = &folder else {
                return Err("no lake is open".to_owned());
            };
            let options = LiveOptions::for_the_console();
            let told = demo::live(folder, &options, pause, &mut |_| {});
            told.map(|_| ()).map_err(|error| error.to_string())
        }),
        keeping: keeping(options, lake),
        casework: Casework {
            cases: Cases::at(options.paths.cases_dir()),
            author: options.author.clone(),
        },
        queue: QueueKeeping {
            journal: Some(queue_file(options)),
            rows: queue_file(options).with_extension("rows"),
            watch: Some(Arc::new(move |entity| watch(&watches, entity))),
            read: Some(Arc::new(move |object, rows| events.read(object, rows))),
        },
        access: lake.access.clone().map(|access| {
            Arc::new(move || wait_for(access.identity())) as Arc<crate::runtime::LoadAccess>
        }),
        times: TimeStyle::Shown(options.config.zone),
        result_bytes: RESULT_BYTES,
        spill_dir: options.paths.spill_dir(),
    }
}

/// Puts an entity on the list of those that are watched for. One that is on it stays as it is.
fn watch(list: &Watchlist, entity: &Entity) -> Result<String, String> {
    let known = list.read().map_err(|error| error.to_string())?;
    if known.iter().any(|watch| watch.entity == *entity) {
        return Ok(format!("{entity} is watched already"));
    }
    let watch = StandingWatch {
        entity: entity.clone(),
        level: Level::High,
        note: None,
    };
    list.add(watch).map_err(|error| error.to_string())?;
    Ok(format!(
        "{entity} is watched from now on; `lakehound watch-list` lists and removes"
    ))
}

/// Every lake has a queue of its own.
fn queue_file(options: &AppOptions) -> PathBuf {
    options.paths.queue_file(&super::lake_mark(options))
}

/// Where finished results are kept; where the folder cannot be used, none are, and the log says why.
fn keeping(options: &AppOptions, lake: &OpenLake) -> Option<Keeping> {
    let folder = options
        .paths
        .kept_results_dir()
        .join(super::lake_mark(options));
    match KeptResults::open(folder) {
        Ok(results) => Some(Keeping {
            results,
            profile: match &options.place {
                LakePlace::Aws { name, .. } => Some(name.clone()),
                LakePlace::Folder(_) | LakePlace::Nowhere => None,
            },
            settings: match &options.place {
                LakePlace::Aws { profile, .. } => Some(meaning_of_names(profile)),
                LakePlace::Folder(_) | LakePlace::Nowhere => None,
            },
            engine: lake.queries.name().to_owned(),
        }),
        Err(error) => {
            tracing::error!(%error, "results are not kept");
            None
        }
    }
}

/// A mark of everything in a profile that says which table a name means. With another alias, role
/// or Region the same statement asks another table.
fn meaning_of_names(profile: &Profile) -> String {
    let parts = format!(
        "{:?}",
        (
            &profile.region,
            &profile.aws_profile,
            &profile.role_arn,
            &profile.endpoint_url,
            &profile.databases,
            &profile.aliases,
        )
    );
    super::mark(&parts)
}

/// The lake's own table names; where they cannot be told, the documented ones stay.
fn table_names(lake: &OpenLake) -> TableNames {
    wait_for(lake.table_names()).unwrap_or_default()
}

/// Waits for an answer on a thread that may block.
fn wait_for<T>(answer: impl Future<Output = T>) -> T {
    match tokio::runtime::Handle::try_current() {
        Ok(runtime) => runtime.block_on(answer),
        Err(_) => futures::executor::block_on(answer),
    }
}

fn read_catalogue(lake: &OpenLake, on_aws: bool) -> Result<LakeContent, QueryError> {
    let (tables, facts) = wait_for(async {
        Ok::<_, QueryError>((lake.catalog.tables().await?, lake.catalog.facts().await?))
    })?;
    let mut catalogue = Catalogue::default();
    for table in &tables {
        let columns = table
            .columns
            .iter()
            .map(|c| (c.name.as_str(), c.type_text.as_str()));
        catalogue.add_table(table.name.to_string(), table.alias.clone(), columns);
    }
    for function in functions::catalogue() {
        catalogue.add_function(function.name, function.signature);
    }
    Ok(LakeContent {
        catalogue,
        tables: pivot_tables(&tables, on_aws),
        facts,
    })
}

/// A template of the user's own is never overwritten.
fn save_template(folder: &std::path::Path, name: &str, text: &str) -> Result<PathBuf, String> {
    std::fs::create_dir_all(folder).map_err(|error| error.to_string())?;
    let path = folder.join(format!("{name}.sql"));
    let file = OpenOptions::new().write(true).create_new(true).open(&path);
    let mut file = file.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => format!("{} exists already", path.display()),
        _ => error.to_string(),
    })?;
    file.write_all(text.as_bytes())
        .map_err(|error| error.to_string())?;
    Ok(path)
}
