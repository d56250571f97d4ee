//! The whole command line as clap sees it.

use clap::Parser;

use super::lake::LakeArgs;
use super::{
    case, completions, config, coverage, demo, detect, import, lineage, open, pivot, playbook,
    query, resume, tables, templates, watch, watch_list,
};

const EXAMPLES: &str = "\
Examples:
  lakehound                              open the console on the demo lake
  lakehound --lake ./evidence            open the console on a folder of OCSF Parquet files";

/// A terminal console for incident response on Amazon Security Lake.
///
/// Without a subcommand the console opens.
#[derive(Debug, Parser)]
#[command(
    name = "lakehound",
    version,
    after_help = EXAMPLES,
    disable_help_subcommand = true,
    max_term_width = 100
)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) lake: LakeArgs,
    #[command(subcommand)]
    pub(super) subcommand: Option<Subcommand>,
}

/// What can be asked for.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Subcommand {
    Open(open::Args),
    Demo(demo::Args),
    Import(import::Args),
    Query(query::Args),
    Resume(resume::Args),
    Pivot(pivot::Args),
    Detect(detect::Args),
    Watch(watch::Args),
    Coverage(coverage::Args),
    Lineage(lineage::Args),
    Tables(tables::Args),
    Templates(templates::Args),
    Playbook(playbook::Args),
    Case(case::Args),
    WatchList(watch_list::Args),
    Config(config::Args),
    Completions(completions::Args),
}
