//! `lakehound detect`: Sigma rules over a whole lake.

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use arrow::json::ReaderBuilder;
use serde_json::json;

use super::confirm::is_attended;
use super::context::Context;
use super::interrupt::{run_query, run_until_interrupted};
use super::lake::{LakeArgs, open};
use super::listing;
use super::output::{OutputArgs, run_all_into};
use super::query::byte_count;
use super::stdout::Stdout;
use super::stop::{Stop, say};
use crate::app::{LoadedRules, RuleFiles, pivot_tables};
use crate::domain::format::Format;
use crate::domain::query::{QueryId, QueryRequest, Route};
use crate::domain::rows::Column;
use crate::domain::sigma::About;
use crate::sql::pivot::PivotTable;
use crate::sql::sigma::{Columns, Unusable, statements};
use crate::ui::text::Align;

const EXAMPLES: &str = "\
Examples:
  lakehound detect                                   the shipped rules over the demo lake
  lakehound detect --rules ./sigma/rules/cloud/aws --lake ./evidence --format ndjson
  lakehound detect --rules ./mine.yml --where \"account = '111122223333' AND region <> 'us-east-1'\"
  lakehound detect --check --rules ./sigma/rules     which rules can be used here, and why others cannot
  lakehound detect --check --format csv -o rules.csv the same as a file";

/// Run Sigma rules over a lake: one row per match, newest last
///
/// All rules run in one statement that reads each table once. A rule that cannot be used is told
/// with its reason and stops no other. Without --rules the shipped ones run, and those of yours in
/// the folder `detections` beside the configuration. What a rule's placeholders (`expand`) stand for
/// is read from a file `placeholders.toml` beside it.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// A file of rules, or a folder with such files at any depth; may be given many times
    #[arg(long, value_name = "PATH", num_args = 1..)]
    rules: Vec<PathBuf>,
    /// Only matches for which this is true: SQL about time, source, account, region, who, address …
    #[arg(long = "where", value_name = "SQL")]
    condition: Option<String>,
    /// List every rule and whether it can be used on this lake; run none
    #[arg(long)]
    check: bool,
    /// Print the statement that would run, and run nothing
    #[arg(long, conflicts_with = "check")]
    sql: bool,
    #[command(flatten)]
    output: OutputArgs,
    /// Refuse to start when more than this would be read, such as 500000000 or 500MB
    #[arg(long, value_name = "N", value_parser = byte_count)]
    max_bytes: Option<u64>,
    /// Run without asking where a budget would ask first; the embedded engine never asks
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    pub(super) lake: LakeArgs,
}

pub(super) fn run(context: &Context, args: &Args, lake: &LakeArgs) -> Result<(), Stop> {
    let loaded = load(context, &args.rules)?;
    if loaded.files.is_empty() && loaded.faults.is_empty() {
        return Err(Stop::failed("there is no rule in what --rules names")
            .hint("rules lie in files that end with .yml or .yaml"));
    }
    let place = lake.place(context)?;
    let on_aws = place.is_on_aws();
    if args.check {
        return run_until_interrupted(async {
            let lake = open(context, &place).await?;
            let tables = lake.catalog.tables().await;
            let tables = tables.map_err(|error| Stop::query(error, ""))?;
            check(&loaded, &pivot_tables(&tables, on_aws), &args.output)
        });
    }
    let columns = match args.output.format {
        Some(Format::Json | Format::Ndjson) => Columns::Nested,
        _ => Columns::Flat,
    };
    run_query(|control| async move {
        let lake = open(context, &place).await?;
        let tables = lake.catalog.tables().await;
        let tables = tables.map_err(|error| Stop::query(error, ""))?;
        let tables = pivot_tables(&tables, on_aws);
        let condition = args.condition.as_deref();
        let (detects, unusable) = statements(&loaded.set, &tables, condition, columns);
        tell(&loaded.faults, &unusable);
        if args.sql {
            let mut out = Stdout::lock();
            for detect in &detects {
                out.foreign_text(&detect.sql)?;
                out.line(";")?;
            }
            return out.finish();
        }
        if detects.is_empty() {
            return Err(Stop::failed("none of the rules can be used on this lake")
                .hint("`lakehound detect --check` says why for each"));
        }
        let rules: usize = detects.iter().map(|detect| detect.rules).sum();
        let tables: BTreeSet<&str> = detects
            .iter()
            .flat_map(|detect| detect.tables.iter().map(String::as_str))
            .collect();
        let tables: Vec<&str> = tables.into_iter().collect();
        say(format_args!("{rules} rules over {}", tables.join(", ")));
        if detects.len() > 1 {
            say(format_args!(
                "Athena takes at most 262144 bytes in one statement: {} run one after the other, each with its newest match last",
                detects.len()
            ));
        }
        let requests = (1..).zip(&detects).map(|(number, detect)| QueryRequest {
            max_bytes: args.max_bytes,
            route: Route::default(),
            fresh: true,
            attended: is_attended(),
            confirmed: args.yes,
            ..QueryRequest::new(QueryId(number), detect.sql.clone())
        });
        run_all_into(&args.output, &lake, requests.collect(), control).await
    })
}

/// One line for what cannot be used; `--check` has the rest.
fn tell(faults: &[(String, String)], unusable: &[Unusable]) {
    let count = faults.len() + unusable.len();
    let first = faults
        .first()
        .map(|(file, why)| format!("{file}: {why}"))
        .or_else(|| {
            let first = unusable.first()?;
            Some(format!("{}: {}", first.about.title, first.why))
        });
    if let Some(first) = first {
        let others = match count {
            1 => String::new(),
            _ => format!(
                " and {} more; `lakehound detect --check` lists them",
                count - 1
            ),
        };
        say(format_args!("not used: {first}{others}"));
    }
}

fn load(context: &Context, paths: &[PathBuf]) -> Result<LoadedRules, Stop> {
    let mut files = RuleFiles::new(paths.to_vec(), context.paths.content_dir.clone());
    files.read().map_err(|error| {
        let stop = Stop::failed(&error);
        match error.hint() {
            Some(hint) => stop.hint(hint),
            None => stop,
        }
    })
}

/// Lists every rule and whether it can be used.
fn check(loaded: &LoadedRules, tables: &[PivotTable], output: &OutputArgs) -> Result<(), Stop> {
    let (_, unusable) = statements(&loaded.set, tables, None, Columns::Flat);
    let why: HashMap<&str, &str> = unusable
        .iter()
        .map(|one| (one.about.id.as_str(), one.why.as_str()))
        .collect();
    let why = |about: &About| why.get(about.id.as_str()).copied();
    if !output.is_list() {
        let rules = loaded.files.iter().map(|(file, about)| {
            json!({
                "file": file,
                "id": about.id,
                "title": about.title,
                "level": about.level.name(),
                "tags": about.tags,
                "used": why(about).is_none(),
                "why": why(about),
                "remark": about.remark,
            })
        });
        let faults = loaded
            .faults
            .iter()
            .map(|(file, why)| json!({ "file": file, "used": false, "why": why }));
        let list: Vec<serde_json::Value> = rules.chain(faults).collect();
        return write_list(&list, output);
    }
    let used = loaded
        .files
        .iter()
        .filter(|(_, about)| why(about).is_none());
    let used = used.count();
    let mut rows: Vec<[String; 4]> = Vec::new();
    for (file, about) in &loaded.files {
        let told = why(about).or(about.remark.as_deref());
        rows.push([
            if why(about).is_none() { "yes" } else { "no" }.to_owned(),
            about.level.name().to_owned(),
            about.title.clone(),
            told.map_or_else(String::new, |told| format!("{file}: {told}")),
        ]);
    }
    for (file, why) in &loaded.faults {
        let row = ["no", "", "", &format!("{file}: {why}")].map(str::to_owned);
        rows.push(row);
    }
    let mut out = Stdout::lock();
    listing::print(
        &mut out,
        ["USED", "LEVEL", "TITLE", "WHY NOT"],
        [Align::Left; 4],
        &rows,
    )?;
    out.finish()?;
    say(format_args!(
        "{used} of {} rules can be used",
        loaded.files.len() + loaded.faults.len()
    ));
    Ok(())
}

/// The list of rules in a format for rows.
fn write_list(list: &[serde_json::Value], output: &OutputArgs) -> Result<(), Stop> {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let schema: SchemaRef = Arc::new(Schema::new(vec![
        text("file"),
        text("id"),
        text("title"),
        text("level"),
        Field::new_list("tags", Field::new_list_field(DataType::Utf8, true), true),
        Field::new("used", DataType::Boolean, false),
        text("why"),
        text("remark"),
    ]));
    let columns: Vec<Column> = schema
        .fields()
        .iter()
        .map(|field| Column {
            name: field.name().clone(),
        })
        .collect();
    let unwritable = |error| Stop::failed(format_args!("cannot write the list: {error}"));
    let mut decoder = ReaderBuilder::new(Arc::clone(&schema))
        .with_batch_size(list.len().max(1))
        .build_decoder()
        .map_err(unwritable)?;
    decoder.serialize(list).map_err(unwritable)?;
    let batch = decoder.flush().map_err(unwritable)?;
    output.write_rows(&schema, &columns, batch.into_iter().map(Ok))
}
