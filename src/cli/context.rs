//! What every subcommand but the simplest stands on: places and configuration.

use super::stop::{Stop, say};
use crate::config::{self, Config, ContentFile, ContentKind, Paths};
use crate::domain::case::Author;

/// The places and the configuration in force. Faults of the configuration have been told.
pub(super) struct Context {
    pub(super) paths: Paths,
    pub(super) config: Config,
}

impl Context {
    /// Reads the configuration and tells its faults on stderr: they do not stop the rest.
    pub(super) fn load() -> Result<Self, Stop> {
        let paths = Paths::from_environment().map_err(Stop::failed)?;
        let (config, problems) = config::load(&paths.config_file);
        for problem in problems {
            say(format_args!("warning: {problem}"));
        }
        Ok(Self { paths, config })
    }

    /// The files of a kind of content, shipped and the user's own; unreadable ones are told.
    pub(super) fn content(&self, kind: ContentKind) -> Vec<ContentFile> {
        let (files, problems) = config::content(kind, &self.paths.content_dir);
        for problem in problems {
            say(format_args!("warning: {problem}"));
        }
        files
    }
}

/// The variable that tells who works.
pub(super) const ANALYST_VARIABLE: &str = "LAKEHOUND_ANALYST";

/// Who writes in cases: the name that was given, that of [`ANALYST_VARIABLE`], or of the login.
pub(super) fn author(given: Option<String>) -> Author {
    let known = [ANALYST_VARIABLE, "USER", "LOGNAME", "USERNAME"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok());
    let mut names = given.into_iter().chain(known);
    Author {
        analyst: names
            .find(|name| !name.trim().is_empty())
            .unwrap_or_else(|| "unknown".to_owned()),
        tool: concat!("lakehound ", env!("CARGO_PKG_VERSION")).to_owned(),
    }
}
