//! `lakehound open`: result files as tabs of the console, without a lake.

use std::path::PathBuf;

use super::console;
use super::context::Context;
use super::stop::Stop;
use crate::app::LakePlace;

const EXAMPLES: &str = "\
Examples:
  lakehound open result.csv
  lakehound open 0a1b2c3d.csv hunt.parquet findings.ndjson";

/// Open result files in the console: CSV (Athena's own too), Parquet, NDJSON, JSON
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    /// The files
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

pub(super) fn run(context: &Context, args: Args) -> Result<(), Stop> {
    for file in &args.files {
        // What cannot be opened is told here, on a terminal that still shows lines.
        std::fs::File::open(file).map_err(|error| {
            Stop::failed(format_args!("cannot open {}: {error}", file.display()))
        })?;
        if file.is_dir() {
            return Err(Stop::failed(format_args!("{} is a folder", file.display()))
                .hint("`lakehound --lake DIR` opens a folder"));
        }
    }
    console::open(context, LakePlace::Nowhere, args.files)
}
