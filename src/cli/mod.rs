//! The command line: one file for each subcommand, the only readers of clap types.
//!
//! Results go to stdout, everything else to stderr. Exit codes: 0 ok, 1 failed, 2 wrong usage,
//! 3 the answer is "no", 130 interrupted. A reader that closes the pipe has had enough: that is 0.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "this room owns stdout, stderr and the files that the user names"
)]

mod args;
mod around;
mod case;
mod completions;
mod config;
mod confirm;
mod console;
mod context;
mod coverage;
mod demo;
mod detect;
mod explain;
mod import;
mod interrupt;
mod judged;
mod lake;
mod lineage;
mod listing;
mod logging;
mod open;
mod out_file;
mod output;
mod pivot;
mod playbook;
mod progress;
mod query;
mod resume;
mod statement;
mod stdout;
mod stop;
mod tables;
mod templates;
mod timeline;
mod trail;
mod type_tree;
mod watch;
mod watch_list;

use std::process::ExitCode;

use clap::Parser as _;

use args::{Cli, Subcommand};
use context::Context;
use stop::Stop;

/// Reads the arguments, runs what they ask for and gives the exit code.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version come this way too; a closed pipe is nothing to complain about.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(stop) => stop.report(),
    }
}

fn run(cli: Cli) -> Result<(), Stop> {
    if let Some(Subcommand::Completions(args)) = cli.subcommand {
        cli.lake.refuse("completions")?;
        return completions::run(&args);
    }
    let context = Context::load()?;
    let Some(subcommand) = cli.subcommand else {
        return console::run(&context, &cli.lake);
    };
    if !matches!(subcommand, Subcommand::Open(_)) {
        logging::to_stderr();
    }
    match subcommand {
        Subcommand::Config(args) => {
            cli.lake.refuse("config")?;
            config::run(&context, &args)
        }
        Subcommand::Open(args) => {
            cli.lake.refuse("open")?;
            open::run(&context, args)
        }
        Subcommand::Demo(args) => {
            cli.lake.refuse("demo")?;
            demo::run(&context, args)
        }
        Subcommand::Import(args) => {
            cli.lake.refuse("import")?;
            import::run(args)
        }
        Subcommand::Query(args) => query::run(&context, &args, args.lake.or(&cli.lake)),
        Subcommand::Resume(args) => resume::run(&context, &args, args.lake.or(&cli.lake)),
        Subcommand::Pivot(args) => pivot::run(&context, &args, args.lake.or(&cli.lake)),
        Subcommand::Detect(args) => detect::run(&context, &args, args.lake.or(&cli.lake)),
        Subcommand::Watch(args) => watch::run(&context, &args, args.lake.or(&cli.lake)),
        Subcommand::Coverage(args) => coverage::run(&context, &args, args.lake.or(&cli.lake)),
        Subcommand::Lineage(args) => lineage::run(&context, &args, args.lake.or(&cli.lake)),
        Subcommand::Tables(args) => tables::run(&context, &args, args.lake.or(&cli.lake)),
        Subcommand::Templates(args) => {
            cli.lake.refuse("templates")?;
            templates::run(&context, args)
        }
        Subcommand::Playbook(args) => {
            cli.lake.refuse("playbook")?;
            playbook::run(&context, args)
        }
        Subcommand::Case(args) => {
            cli.lake.refuse("case")?;
            case::run(&context, args)
        }
        Subcommand::WatchList(args) => {
            cli.lake.refuse("watch-list")?;
            watch_list::run(&context, args)
        }
        Subcommand::Completions(args) => completions::run(&args),
    }
}
