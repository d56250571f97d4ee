//! `lakehound query`: one statement of Athena SQL over a lake.

use std::collections::BTreeMap;
use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::Utc;

use super::confirm::is_attended;
use super::context::Context;
use super::explain::{Telling, explain};
use super::interrupt::run_query;
use super::lake::{LakeArgs, open};
use super::output::{OutputArgs, run_counted};
use super::statement::StatementArgs;
use super::stop::{Stop, say};
use crate::app::{Asked, LakePlace, OpenLake, explain_empty};
use crate::domain::estimate::Effort;
use crate::domain::format::Format;
use crate::domain::query::{AttachedFile, QueryId, QueryRequest, Route};
use crate::sql::table_names::TableNames;

const EXAMPLES: &str = "\
Examples:
  lakehound query \"SELECT api.operation, count(*) FROM cloud_trail_mgmt GROUP BY 1 ORDER BY 2 DESC\"
  lakehound query -f hunt.sql --lake ./evidence --format ndjson -o hunt.ndjson
  lakehound query -t NAME -p ip=198.51.100.7
  lakehound query \"SELECT e.* FROM vpc_flow e JOIN bad b ON e.dst_endpoint.ip = b.ip\" --with bad=ips.csv
  lakehound query --profile prod --engine direct \"SELECT * FROM vpc_flow WHERE eventday = '20260105'\"
  lakehound query --explain-empty \"SELECT * FROM cloud_trail_mgmt WHERE status = 'failed'\"
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
    #[command(flatten)]
    output: OutputArgs,
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
    /// Where no row comes, say why on stderr: count what each condition leaves and look for the
    /// values that were meant; on Athena that scans, and costs, as much as the statement a few times
    #[arg(long, conflicts_with = "explain")]
    explain_empty: bool,
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
            in_order: false,
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
                json: matches!(args.output.format, Some(Format::Json | Format::Ndjson)),
                paid: place.is_on_aws() && args.with.is_empty() && route == Route::Service,
                free: match route {
                    Route::Service => "nothing: the embedded engine reads local files",
                    Route::Direct => "no scan of Athena's; S3 bills requests and transfer",
                },
                max_bytes: args.max_bytes,
            };
            return explain(&estimate, telling);
        }
        let rows = run_counted(&args.output, &lake, request.clone(), control).await?;
        if rows == 0 {
            let paid = place.is_on_aws();
            say_why_empty(args, &lake, &request, paid).await?;
        }
        Ok(())
    })
}

/// Says why there is no row, where that is asked for; else, to a person, how it is asked for.
async fn say_why_empty(
    args: &Args,
    lake: &OpenLake,
    request: &QueryRequest,
    paid: bool,
) -> Result<(), Stop> {
    if !args.explain_empty {
        if std::io::stderr().is_terminal() {
            say("no row; with --explain-empty it is said why");
        }
        return Ok(());
    }
    let asked = Asked {
        queries: Arc::clone(&lake.queries),
        catalog: Arc::clone(&lake.catalog),
        paid,
    };
    let told = explain_empty(&asked, request, None, Utc::now())
        .await
        .map_err(|error| Stop::query(error, &request.sql))?;
    for line in told.lines() {
        say(format_args!("no row: {line}"));
    }
    if let Some(correction) = &told.correction {
        for line in correction.sql.lines() {
            say(format_args!("    {line}"));
        }
    }
    Ok(())
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
pub(super) fn byte_count(text: &str) -> Result<u64, String> {
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
