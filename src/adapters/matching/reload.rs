//! Tells when files that somebody edits have changed.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};

/// How long it is quiet before a change counts as done: editors write a file in several steps.
const QUIET: Duration = Duration::from_millis(200);
/// Changes after which one is told even if it is never quiet.
const MOST_CHANGES: usize = 10_000;

/// As long as it lives, changes are told.
#[derive(Debug)]
pub struct Watching {
    _watcher: RecommendedWatcher,
}

/// Calls a function, on a thread of its own, after something below the paths has changed. A path that
/// does not exist is looked for in its folder, where that exists.
///
/// # Errors
///
/// What the system says of a path that cannot be watched.
pub fn on_change(
    paths: &[PathBuf],
    mut changed: impl FnMut() + Send + 'static,
) -> Result<Watching, String> {
    let (sender, receiver) = sync_channel::<()>(1);
    let meant: Vec<PathBuf> = paths.to_vec();
    let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        let of_interest = match &event {
            Ok(event) => {
                changes(event.kind)
                    && event
                        .paths
                        .iter()
                        .any(|path| meant.iter().any(|meant| path.starts_with(meant)))
            }
            // What was missed may have been a change.
            Err(_) => true,
        };
        if of_interest {
            // One that waits is as good as two.
            let _ = sender.try_send(());
        }
    })
    .map_err(|error| error.to_string())?;
    for path in paths {
        let (place, mode) = match path.is_dir() {
            true => (path.as_path(), RecursiveMode::Recursive),
            // A file is replaced by another of its name: its folder is what stays.
            false => (
                path.parent()
                    .filter(|folder| !folder.as_os_str().is_empty())
                    .unwrap_or(Path::new(".")),
                RecursiveMode::NonRecursive,
            ),
        };
        if place.is_dir() {
            watcher
                .watch(place, mode)
                .map_err(|error| format!("{} cannot be watched: {error}", place.display()))?;
        }
    }
    std::thread::Builder::new()
        .name("lakehound-reload".to_owned())
        .spawn(move || {
            while receiver.recv().is_ok() {
                for _ in 0..MOST_CHANGES {
                    match receiver.recv_timeout(QUIET) {
                        Ok(()) => {}
                        Err(RecvTimeoutError::Timeout) => break,
                        Err(RecvTimeoutError::Disconnected) => return,
                    }
                }
                changed();
            }
        })
        .map_err(|error| error.to_string())?;
    Ok(Watching { _watcher: watcher })
}

/// Whether an event is a change: reading a file is none.
fn changes(kind: EventKind) -> bool {
    matches!(
        kind,
        EventKind::Create(_)
            | EventKind::Modify(_)
            | EventKind::Remove(_)
            | EventKind::Access(AccessKind::Close(AccessMode::Write))
    )
}
