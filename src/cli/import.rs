//! `lakehound import`: raw logs into a lake.

use std::io::IsTerminal as _;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::interrupt::run_query;
use super::listing::{grouped, size};
use super::progress::bar;
use super::stdout::Stdout;
use super::stop::{Stop, say};
use crate::adapters::import::{
    ImportError, ImportRequest, Imported, LogType, import, refused_beside,
};

const EXAMPLES: &str = "\
Examples:
  lakehound import ./AWSLogs --lake ./evidence           a bucket's folder, as AWS delivers it
  lakehound import trail.json.gz --lake ./evidence --type cloudtrail
  lakehound import flow.log --lake ./evidence --type vpc-flow --region eu-west-1
  lakehound --lake ./evidence                            look at it";

/// Import raw logs into a lake: CloudTrail, VPC flow logs, Route 53 resolver logs, OCSF JSON
///
/// Folders are gone through with all that is in them; gzip is unpacked. The lake sees all of an
/// import or nothing, and a file that it has already adds nothing. Records that cannot be used are
/// kept with the reason. The last line of the output has the counts as JSON.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// Log files, and folders of them
    #[arg(required = true, value_name = "FILE|DIR")]
    paths: Vec<PathBuf>,
    /// The folder of the lake; made where it is not there
    #[arg(long, visible_alias = "into", value_name = "DIR")]
    lake: PathBuf,
    /// What the logs are; auto looks into each file and each record
    #[arg(long = "type", visible_alias = "format", value_enum, default_value_t = Type::Auto)]
    log: Type,
    /// The Region of records that name none, where no path does either
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// The account of records that name none, where no path does either
    #[arg(long, value_name = "ID")]
    account: Option<String>,
    /// Where refused records are kept, one JSON object a line [default: beside the lake]
    #[arg(long, value_name = "FILE")]
    refused: Option<PathBuf>,
    /// How many threads work [default: one a core]
    #[arg(long, value_name = "N")]
    threads: Option<NonZeroUsize>,
}

/// The kinds of logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Type {
    Auto,
    #[value(name = "cloudtrail")]
    CloudTrail,
    VpcFlow,
    #[value(name = "route53")]
    Route53,
    Ocsf,
}

impl From<Type> for LogType {
    fn from(log: Type) -> Self {
        match log {
            Type::Auto => Self::Auto,
            Type::CloudTrail => Self::CloudTrail,
            Type::VpcFlow => Self::VpcFlow,
            Type::Route53 => Self::Route53,
            Type::Ocsf => Self::Ocsf,
        }
    }
}

pub(super) fn run(args: Args) -> Result<(), Stop> {
    let lake = std::path::absolute(&args.lake)
        .map_err(|error| Stop::failed(format_args!("cannot find the lake's folder: {error}")))?;
    let request = ImportRequest {
        refused: args.refused.unwrap_or_else(|| refused_beside(&lake)),
        paths: args.paths,
        log: args.log.into(),
        region: args.region,
        account: args.account,
        threads: args.threads,
        lake,
    };
    let bar = bar(0, "{bar:24} {pos} of {len} files, {msg}");
    let shown = bar.clone();
    let kept = request.refused.clone();
    // The threads look at the control: an interrupted import clears away what it made.
    let result = run_query(|control| async move {
        let work = tokio::task::spawn_blocking(move || {
            import(&request, &control, &|progress| {
                shown.set_length(progress.files);
                shown.set_position(progress.files_done);
                shown.set_message(format!(
                    "{} records, {}",
                    grouped(progress.records),
                    size(progress.bytes)
                ));
            })
        });
        match work.await {
            Ok(result) => result.map_err(stop),
            Err(_) => Err(Stop::failed("the import broke off; the lake is as it was")),
        }
    });
    bar.finish_and_clear();
    let imported = result?;
    tell(&imported, &kept);
    let mut out = Stdout::lock();
    out.line(json!({
        "in": imported.read,
        "out": imported.written,
        "refused": imported.refused,
        "objects": imported.objects,
        "files": imported.files,
        "known_files": imported.known_files,
        "other_files": imported.other_files,
    }))?;
    out.finish()?;
    if imported.refused > 0 && imported.written == 0 {
        return Err(
            Stop::failed("no record could be imported; the lake is as it was")
                .hint("the file of refused records has the reasons; --type says what the logs are"),
        );
    }
    Ok(())
}

/// What a person wants to know, on stderr.
fn tell(imported: &Imported, kept: &Path) {
    if std::io::stderr().is_terminal() {
        for (source, rows) in &imported.tables {
            say(format_args!("{source}: {} rows", grouped(*rows)));
        }
    }
    if imported.refused > 0 {
        say(format_args!(
            "warning: {} of {} records were refused; they and the reasons are in {}",
            grouped(imported.refused),
            grouped(imported.read),
            kept.display()
        ));
    }
    if imported.known_files > 0 {
        say(format_args!(
            "note: {} files were passed over because the lake has them already",
            grouped(imported.known_files)
        ));
    }
    if imported.other_files > 0 {
        say(format_args!(
            "note: {} files in the folders are no logs and were passed over",
            grouped(imported.other_files)
        ));
    }
}

fn stop(error: ImportError) -> Stop {
    let hint = match &error {
        ImportError::NothingFound => Some(
            "logs are JSON, lines of JSON, or flow logs, plain or gzip; name a file to learn why it is not taken",
        ),
        ImportError::Stopped => return Stop::Interrupted,
        _ => None,
    };
    let stop = Stop::failed(error);
    match hint {
        Some(hint) => stop.hint(hint),
        None => stop,
    }
}
