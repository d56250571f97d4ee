//! Configuration file, paths and shipped content: what a person may write to shape the program.
//!
//! Reads files, and tells what is wrong in them by file and line; one fault never hides the rest.
//! It knows no command, key or colour: those who own them give the texts their meaning. Secrets
//! have no place here, and none is kept when one is found.

#![allow(
    clippy::disallowed_methods,
    reason = "this room owns the files that people write"
)]

mod condition;
mod content;
mod feed;
mod file;
mod paths;
mod placeholders;
mod problem;
mod profile;
mod recovery;
mod section;
#[cfg(test)]
mod tests;
mod triggers;
mod webhook;

use std::path::Path;

pub use condition::FeedCondition;
pub use content::{ContentFile, ContentKind, Origin, content, read_text};
pub use feed::{FeedSource, FeedSourceError};
pub use file::{Config, Feed, Theme, ZoneError, parse_zone};
pub use paths::{CONFIG_VARIABLE, DATA_VARIABLE, NoHome, Paths};
pub use placeholders::{PLACEHOLDERS_FILE, parse_placeholders};
pub use problem::Problem;
pub use profile::{Containment, Profile};
pub use triggers::parse_triggers;
pub use webhook::Webhook;

/// The text of a configuration file in which every setting is explained and none is set.
pub const TEMPLATE: &str = include_str!("template.toml");

/// Reads the configuration file; one that does not exist is one in which nothing is set.
pub fn load(file: &Path) -> (Config, Vec<Problem>) {
    if !file.exists() {
        return (Config::default(), Vec::new());
    }
    match read_text(file) {
        Ok(text) => Config::parse(file, &text),
        Err(problem) => {
            let config = Config {
                default_profile_unreadable: true,
                ..Config::default()
            };
            (config, vec![problem])
        }
    }
}
