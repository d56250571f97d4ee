//! The composition root: config, adapters, store, terminal and loop put together.

use std::path::PathBuf;

use crate::config::{Config, Paths};

/// What the console is opened on.
#[derive(Debug, Clone)]
pub struct AppOptions {
    /// The lake's folder; `None` opens result files alone.
    pub lake: Option<PathBuf>,
    /// Result files to open as tabs.
    pub open_files: Vec<PathBuf>,
    /// The configuration in force.
    pub config: Config,
    /// Where session, log and spilled results lie.
    pub paths: Paths,
}

/// Why the console ended in failure.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// This build has the headless subcommands only.
    #[error("this build has no console yet; `lakehound --help` lists what it can do")]
    NoConsole,
}

/// Opens the console and returns when the user leaves it.
pub fn run(_options: AppOptions) -> Result<(), AppError> {
    Err(AppError::NoConsole)
}
