//! The work that effects ask for, bound to the adapters of this start.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::sync::Arc;

use super::{AppOptions, content};
use crate::adapters::engine::{Engine, functions};
use crate::adapters::session::SessionFile;
use crate::config::ContentKind;
use crate::demo::{self, LiveOptions};
use crate::domain::cell::TimeStyle;
use crate::domain::lake::LakeFacts;
use crate::domain::query::QueryError;
use crate::ports::{Catalog, QueryService};
use crate::runtime::Services;
use crate::sql::completion::Catalogue;

/// Bytes of a result kept in memory.
const RESULT_BYTES: usize = 256 << 20;

/// The services of this start.
pub(super) fn services(
    options: &AppOptions,
    engine: &Arc<Engine>,
    session: SessionFile,
) -> Services {
    let paths = options.paths.clone();
    let own_queries = options
        .paths
        .content_dir
        .join(ContentKind::SavedQueries.folder());
    let lake = options.lake.clone();
    let catalogue_engine = Arc::clone(engine);
    Services {
        queries: Arc::clone(engine) as Arc<dyn QueryService>,
        load_content: Arc::new(move || content::load(&paths)),
        load_catalogue: Arc::new(move || read_catalogue(&catalogue_engine)),
        save_session: Arc::new(move |state| {
            let text = serde_json::to_string(state).map_err(|error| error.to_string())?;
            session.save(&text).map_err(|error| error.to_string())
        }),
        save_template: Arc::new(move |name, text| save_template(&own_queries, name, text)),
        demo_live: Arc::new(move |pause| {
            let Some(lake) = &lake else {
                return Err("no lake is open".to_owned());
            };
            let options = LiveOptions::for_the_console();
            let told = demo::live(lake, &options, pause, &mut |_| {});
            told.map(|_| ()).map_err(|error| error.to_string())
        }),
        times: TimeStyle::Shown(options.config.zone),
        result_bytes: RESULT_BYTES,
        spill_dir: options.paths.spill_dir(),
    }
}

fn read_catalogue(engine: &Engine) -> Result<(Catalogue, LakeFacts), QueryError> {
    let (tables, facts) = futures::executor::block_on(async {
        Ok::<_, QueryError>((engine.tables().await?, engine.facts().await?))
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
    Ok((catalogue, facts))
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
