//! Other processes that have the inbox's file open: the operating system reports when they have
//! written to it, so that nobody has to look again and again.

use std::path::Path;
use std::sync::Arc;

use notify::event::{EventKind, ModifyKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;

/// Hears of it when somebody writes to a file.
#[derive(Debug)]
pub(super) struct Neighbours {
    wrote: Arc<Notify>,
    /// Held for its reports.
    _watcher: RecommendedWatcher,
}

impl Neighbours {
    /// Those of an inbox's file. `None` where the system has no room for a watcher.
    pub(super) fn of(inbox: &Path) -> Option<Self> {
        // What is committed is appended to the log beside the file.
        let mut log = inbox.file_name()?.to_owned();
        log.push("-wal");
        let wrote = Arc::new(Notify::new());
        let told = Arc::clone(&wrote);
        let mut watcher =
            notify::recommended_watcher(move |report: notify::Result<notify::Event>| {
                let is_news = match &report {
                    Ok(event) if event.need_rescan() => true,
                    Ok(event) => {
                        let is_write = matches!(
                            event.kind,
                            EventKind::Modify(ModifyKind::Data(_) | ModifyKind::Any)
                                | EventKind::Create(_)
                        );
                        let is_log =
                            |path: &std::path::PathBuf| path.file_name() == Some(log.as_os_str());
                        is_write && event.paths.iter().any(is_log)
                    }
                    Err(_) => true,
                };
                if is_news {
                    told.notify_one();
                }
            })
            .ok()?;
        let folder = inbox.parent().filter(|folder| *folder != Path::new(""));
        let folder = folder.unwrap_or(Path::new("."));
        watcher.watch(folder, RecursiveMode::NonRecursive).ok()?;
        Some(Self {
            wrote,
            _watcher: watcher,
        })
    }

    /// Resolves when somebody has written: this process or another one.
    pub(super) async fn wrote(&self) {
        self.wrote.notified().await;
    }
}
