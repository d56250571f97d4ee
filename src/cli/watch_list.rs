//! `lakehound watch-list`: the standing watches.

use serde_json::json;

use super::context::Context;
use super::listing::{self, ListFormat, print_json};
use super::stdout::Stdout;
use super::stop::Stop;
use crate::adapters::matching::{Watchlist, WatchlistError};
use crate::domain::entity::{Entity, EntityType};
use crate::domain::sigma::Level;
use crate::domain::standing::StandingWatch;
use crate::ui::text::Align;

const EXAMPLES: &str = "\
Examples:
  lakehound watch-list add 203.0.113.7 --note \"seen in the incident of May\"
  lakehound watch-list add AKIAIOSFODNN7EXAMPLE --level critical
  lakehound watch-list list --format json
  lakehound watch-list remove 203.0.113.7";

/// Keep a list of entities: every event that names one of them is a detection
///
/// A type that is not given is told by the value's looks. The console and `watch` take up a change at
/// once.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Add an entity, or change its level and note
    #[command(
        after_help = "Example:\n  lakehound watch-list add 203.0.113.7 --type ip --level high"
    )]
    Add {
        /// The address, key, ARN, name …; it may be defanged
        value: String,
        /// What it is, such as ip, access-key, principal, role, resource, domain
        #[arg(long = "type", value_name = "TYPE")]
        kind: Option<EntityType>,
        /// How bad it is when it comes back
        #[arg(long, value_name = "LEVEL", default_value = "high", value_parser = level)]
        level: Level,
        /// Why it is watched
        #[arg(long, value_name = "TEXT")]
        note: Option<String>,
    },
    /// List the watches
    #[command(after_help = "Example:\n  lakehound watch-list list --format json")]
    List {
        /// How to print the list
        #[arg(long, value_enum, default_value_t = ListFormat::Table)]
        format: ListFormat,
    },
    /// Remove an entity
    #[command(after_help = "Example:\n  lakehound watch-list remove 203.0.113.7")]
    Remove {
        /// The value
        value: String,
        /// What it is
        #[arg(long = "type", value_name = "TYPE")]
        kind: Option<EntityType>,
    },
}

fn level(text: &str) -> Result<Level, String> {
    Level::named(text)
        .ok_or_else(|| "a level is informational, low, medium, high or critical".to_owned())
}

pub(super) fn run(context: &Context, args: Args) -> Result<(), Stop> {
    let list = Watchlist::at(context.paths.watches_file());
    let failed = |error: WatchlistError| Stop::failed(error);
    match args.action {
        Action::Add {
            value,
            kind,
            level,
            note,
        } => {
            let entity = entity(kind, &value)?;
            let watch = StandingWatch {
                entity: entity.clone(),
                level,
                note,
            };
            match list.add(watch).map_err(failed)? {
                true => told(format_args!("the watch on {entity} was changed")),
                false => told(format_args!("{entity} is watched from now on")),
            }
        }
        Action::Remove { value, kind } => {
            let entity = entity(kind, &value)?;
            match list.remove(&entity).map_err(failed)? {
                true => told(format_args!("{entity} is not watched any more")),
                false => Err(Stop::failed(format_args!("{entity} is not watched"))
                    .hint("`lakehound watch-list list` lists what is")),
            }
        }
        Action::List { format } => print(&list.read().map_err(failed)?, format),
    }
}

/// Says what was done.
fn told(what: std::fmt::Arguments<'_>) -> Result<(), Stop> {
    let mut out = Stdout::lock();
    out.foreign_text(&format!("{what}\n"))?;
    out.finish()
}

fn entity(kind: Option<EntityType>, value: &str) -> Result<Entity, Stop> {
    let entity = match kind {
        Some(kind) => Entity::parse(kind, value),
        None => Entity::guess(value),
    };
    entity.map_err(Stop::usage)
}

fn print(watches: &[StandingWatch], format: ListFormat) -> Result<(), Stop> {
    match format {
        ListFormat::Table => {
            let rows: Vec<[String; 4]> = watches
                .iter()
                .map(|watch| {
                    [
                        watch.level.name().to_owned(),
                        watch.entity.kind.name().to_owned(),
                        watch.entity.value.clone(),
                        watch.note.clone().unwrap_or_default(),
                    ]
                })
                .collect();
            let mut out = Stdout::lock();
            let heading = ["LEVEL", "TYPE", "VALUE", "NOTE"];
            listing::print(&mut out, heading, [Align::Left; 4], &rows)?;
            out.finish()
        }
        ListFormat::Json => {
            let all: Vec<serde_json::Value> = watches
                .iter()
                .map(|watch| {
                    json!({
                        "type": watch.entity.kind.name(),
                        "value": watch.entity.value,
                        "level": watch.level.name(),
                        "note": watch.note,
                    })
                })
                .collect();
            print_json(&all)
        }
    }
}
