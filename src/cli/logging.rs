//! `LAKEHOUND_LOG`: what the program does, for whoever has to find out. Off unless asked for.

use std::fs::OpenOptions;
use std::path::Path;
use std::sync::Mutex;

use tracing_subscriber::EnvFilter;

/// The variable that holds the filter, such as `debug` or `lakehound=trace`.
const VARIABLE: &str = "LAKEHOUND_LOG";

fn filter() -> Option<EnvFilter> {
    let text = std::env::var(VARIABLE)
        .ok()
        .filter(|text| !text.is_empty())?;
    Some(EnvFilter::new(text))
}

/// Logs to stderr, for subcommands.
pub(super) fn to_stderr() {
    if let Some(filter) = filter() {
        tracing_subscriber::fmt()
            .with_env_filter(filter)
            .with_ansi(false)
            .with_writer(std::io::stderr)
            .init();
    }
}

/// Logs to a file, for the console, whose screen is no place for lines. A log that cannot be
/// written is no reason not to start.
pub(super) fn to_file(path: &Path) -> std::io::Result<()> {
    let Some(filter) = filter() else {
        return Ok(());
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let file = OpenOptions::new().create(true).append(true).open(path)?;
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_writer(Mutex::new(file))
        .init();
    Ok(())
}
