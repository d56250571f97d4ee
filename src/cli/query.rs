//! `lakehound query`: one statement of Athena SQL over a lake.

use std::collections::BTreeMap;
use std::io::{IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::builder::{PossibleValuesParser, TypedValueParser as _};
use futures::StreamExt as _;

use super::confirm::{agreed, is_attended};
use super::context::Context;
use super::explain::{Telling, explain};
use super::interrupt::run_query;
use super::lake::{LakeArgs, open};
use super::listing::{grouped, size};
use super::out_file::OutFile;
use super::progress::QueryProgressBar;
use super::resume::or_say_how;
use super::statement::StatementArgs;
use super::stdout::Stdout;
use super::stop::{Stop, say};
use crate::app::LakePlace;
use crate::domain::estimate::Effort;
use crate::domain::format::Format;
use crate::domain::query::{AttachedFile, QueryErrorKind, QueryId, QueryRequest, Route};
use crate::export::Writer;
use crate::ports::RunningQuery;
use crate::sql::table_names::TableNames;

const EXAMPLES: &str = "\
Examples:
  lakehound query \"SELECT api.operation, count(*) FROM cloud_trail_mgmt GROUP BY 1 ORDER BY 2 DESC\"
  lakehound query -f hunt.sql --lake ./evidence --format ndjson -o hunt.ndjson
  lakehound query -t NAME -p ip=198.51.100.7
  lakehound query \"SELECT e.* FROM vpc_flow e JOIN bad b ON e.dst_endpoint.ip = b.ip\" --with bad=ips.csv
  lakehound query --profile prod --engine direct \"SELECT * FROM vpc_flow WHERE eventday = '20260105'\"
  lakehound query --explain \"SELECT * FROM s3_data WHERE time_dt > current_timestamp - INTERVAL '1' DAY\"";

/// Run one statement of Athena SQL over a lake
///
/// The result goes to stdout, everything else to stderr. A file named with -o appears as a whole,
/// in place of an earlier one, or not at all.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(flatten)]
    statement: StatementArgs,
    /// A value for a parameter of the saved query or of the file's header
    #[arg(short, long = "param", value_name = "NAME=VALUE", value_parser = name_and_value)]
    param: Vec<(String, String)>,
    /// The format of the result [default: by the ending of -o, else table on a terminal, csv in a pipe]
    #[arg(
        long,
        value_parser = PossibleValuesParser::new(Format::ALL.map(Format::name))
            .try_map(|name| name.parse::<Format>())
    )]
    format: Option<Format>,
    /// Write the result to a file; - is stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Let the statement name a CSV, Parquet, NDJSON or JSON file as a table
    #[arg(long, value_name = "NAME=FILE", value_parser = name_and_file)]
    with: Vec<(String, String)>,
    /// Refuse to start when more than this would be read, such as 500000000 or 500MB
    #[arg(long, value_name = "N", value_parser = byte_count)]
    max_bytes: Option<u64>,
    /// Run without asking where a budget, a repeat within a minute or a statement that writes would
    /// ask first; the embedded engine never asks
    #[arg(long)]
    yes: bool,
    /// Show what would be read and what it would cost, and run nothing; exit 3 when --max-bytes
    /// would refuse it, or a budget would ask first
    #[arg(long)]
    explain: bool,
    /// Which engine answers on a lake on AWS: Athena, or the embedded one, which reads the lake's
    /// objects from S3 itself and costs no Athena scan
    #[arg(long, value_enum, value_name = "ENGINE", default_value_t)]
    engine: EngineArg,
    #[command(flatten)]
    pub(super) lake: LakeArgs,
}

/// The values of `--engine`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
enum EngineArg {
    /// Athena
    #[default]
    Athena,
    /// The embedded engine, straight from S3
    Direct,
}

/// The engine that answers; a folder has but one.
fn route(args: &Args, place: &LakePlace) -> Result<Route, Stop> {
    match args.engine {
        EngineArg::Athena => Ok(Route::Service),
        EngineArg::Direct if place.is_on_aws() => Ok(Route::Direct),
        EngineArg::Direct => Err(Stop::usage(
            "--engine direct is for a lake on AWS: the embedded engine answers for a folder anyway",
        )
        .hint("leave --engine out, or name a profile on AWS with --profile NAME")),
    }
}

pub(super) fn run(context: &Context, args: &Args, lake: &LakeArgs) -> Result<(), Stop> {
    let values = unique(&args.param)?;
    let text = args.statement.read(context)?;
    let attached = unique(&args.with)?
        .into_iter()
        .map(|(name, path)| AttachedFile {
            name,
            path: PathBuf::from(path),
        })
        .collect();
    // What is wrong in the text alone is told before a lake is looked for.
    text.bind(context, &values, &TableNames::short())?;
    let place = lake.place(context)?;
    let route = route(args, &place)?;
    run_query(|control| async move {
        let lake = open(context, &place).await?;
        let names = match (text.names_tables(), route) {
            (false, _) => Ok(TableNames::default()),
            (true, Route::Service) => lake.table_names().await,
            // Where the catalogue is refused, the embedded engine knows the short names.
            (true, Route::Direct) => match lake.table_names().await {
                Ok(names) => Ok(names),
                Err(_) => Ok(TableNames::short()),
            },
        };
        let names = names.map_err(|error| Stop::query(error, ""))?;
        let statement = text.bind(context, &values, &names)?;
        let request = QueryRequest {
            id: QueryId(1),
            sql: statement.sql.clone(),
            parameters: statement.parameters.clone(),
            attached,
            max_bytes: if args.explain { None } else { args.max_bytes },
            route,
            resume: None,
            fresh: true,
            attended: is_attended(),
            confirmed: args.yes,
        };
        if args.explain {
            let estimate = lake
                .queries
                .estimate(request, Effort::Full)
                .await
                .map_err(|error| Stop::query(error, &statement.sql))?;
            let telling = Telling {
                json: matches!(args.format, Some(Format::Json | Format::Ndjson)),
                paid: place.is_on_aws() && args.with.is_empty() && route == Route::Service,
                free: match route {
                    Route::Service => "nothing: the embedded engine reads local files",
                    Route::Direct => "no scan of Athena's; S3 bills requests and transfer",
                },
                max_bytes: args.max_bytes,
            };
            return explain(&estimate, telling);
        }
        let mut progress = QueryProgressBar::new(control.clone());
        let ran = async {
            let start = |request| lake.queries.start(request, control.clone());
            let mut started = progress.watch(start(request.clone())).await;
            if let Err(error) = &started
                && error.kind == QueryErrorKind::Unconfirmed
                && request.attended
            {
                progress.hide();
                if agreed(&error.message, &control).await {
                    progress = QueryProgressBar::new(control.clone());
                    let confirmed = QueryRequest {
                        confirmed: true,
                        ..request
                    };
                    started = progress.watch(start(confirmed)).await;
                }
            }
            let running = started.map_err(|error| Stop::query(error, &statement.sql))?;
            progress.follow(Arc::clone(&running.monitor));
            let output = args.output.as_deref();
            write_result(running, args.format, output, &statement.sql, progress).await
        };
        let ran = ran.await;
        or_say_how(&lake, ran).await
    })
}

/// Where a result goes.
enum Target {
    Stdout(Stdout),
    File(OutFile),
}

impl Target {
    fn writer(&mut self) -> &mut dyn Write {
        match self {
            Self::Stdout(out) => out,
            Self::File(file) => file,
        }
    }

    fn finish(self) -> Result<(), Stop> {
        match self {
            Self::Stdout(out) => out.finish(),
            Self::File(file) => file.finish(),
        }
    }
}

/// Writes all rows of a query to a file or to standard output; `sql` is what errors quote.
pub(super) async fn write_result(
    mut running: RunningQuery,
    format: Option<Format>,
    output: Option<&Path>,
    sql: &str,
    mut progress: QueryProgressBar,
) -> Result<(), Stop> {
    let mut target = match output {
        Some(path) if path.as_os_str() != "-" => Target::File(OutFile::create(path)?),
        _ => Target::Stdout(Stdout::lock()),
    };
    let format = chosen_format(format, output, &target)?;
    let mut writer = Writer::new(format, &running.schema, &running.columns, target.writer())
        .map_err(Stop::export)?;
    while let Some(batch) = progress.watch(running.batches.next()).await {
        let batch = batch.map_err(|error| Stop::query(error, sql))?;
        progress.hide();
        writer.write(&batch).map_err(Stop::export)?;
    }
    writer.finish().map_err(Stop::export)?;
    target.finish()?;
    running.monitor.settle().await;
    let summary = running.monitor.summary();
    for note in &summary.notes {
        say(format_args!("note: {note}"));
    }
    if std::io::stderr().is_terminal() {
        match &summary.execution {
            Some(execution) => say(format_args!(
                "scanned {} in {} ms ({} ms in the queue), execution {}",
                size(execution.scanned_bytes),
                grouped(execution.total_ms),
                grouped(execution.queued_ms),
                execution.id
            )),
            None if summary.progress.requests > 0 => say(format_args!(
                "read {} of {} objects, {} fetched by {} requests",
                grouped(summary.progress.files_done),
                grouped(summary.files_known),
                size(summary.progress.bytes_fetched),
                grouped(summary.progress.requests)
            )),
            None => say(format_args!(
                "read {} of {} files, {}",
                grouped(summary.progress.files_done),
                grouped(summary.files_known),
                size(summary.progress.bytes_read)
            )),
        }
    }
    Ok(())
}

fn chosen_format(
    format: Option<Format>,
    output: Option<&Path>,
    target: &Target,
) -> Result<Format, Stop> {
    let by_name = output
        .and_then(|path| path.to_str())
        .and_then(Format::of_file_name);
    let tty = matches!(target, Target::Stdout(out) if out.is_tty());
    let default = if tty { Format::Table } else { Format::Csv };
    let format = format.or(by_name).unwrap_or(default);
    if format == Format::Parquet && tty {
        return Err(Stop::usage("Parquet is not for a terminal").hint("name a file with -o FILE"));
    }
    Ok(format)
}

fn name_and_file(text: &str) -> Result<(String, String), String> {
    name_and_value(text).map_err(|_| "it reads NAME=FILE".to_owned())
}

fn name_and_value(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.to_owned()))
        }
        _ => Err("it reads NAME=VALUE".to_owned()),
    }
}

/// Names to values; a name given twice is wrong usage, not a guess which one counts.
fn unique(pairs: &[(String, String)]) -> Result<BTreeMap<String, String>, Stop> {
    let mut map = BTreeMap::new();
    for (name, value) in pairs {
        if map.insert(name.clone(), value.clone()).is_some() {
            return Err(Stop::usage(format_args!("`{name}` is given twice")));
        }
    }
    Ok(map)
}

/// A number of bytes, plain or with kB, MB, GB or TB behind it (powers of 1000).
fn byte_count(text: &str) -> Result<u64, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match text
        .get(digits.len()..)
        .unwrap_or_default()
        .to_ascii_lowercase()
        .as_str()
    {
        "" | "b" => 1,
        "k" | "kb" => 1_000,
        "m" | "mb" => 1_000_000,
        "g" | "gb" => 1_000_000_000,
        "t" | "tb" => 1_000_000_000_000,
        _ => return Err("units are kB, MB, GB and TB".to_owned()),
    };
    let number: u64 = digits
        .trim()
        .parse()
        .map_err(|_| "it reads like 500000000 or 500MB".to_owned())?;
    number
        .checked_mul(unit)
        .ok_or_else(|| "that is more than any lake holds".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_counts_take_units() {
        assert_eq!(byte_count("500"), Ok(500));
        assert_eq!(byte_count("5 kB"), Ok(5_000));
        assert_eq!(byte_count("2GB"), Ok(2_000_000_000));
        for wrong in ["", "MB", "5 apples", "-1", "99999999999TB"] {
            assert!(byte_count(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_value_may_hold_an_equals_sign() {
        assert_eq!(
            name_and_value("a=b=c"),
            Ok(("a".to_owned(), "b=c".to_owned()))
        );
        assert!(name_and_value("=x").is_err());
    }
}
