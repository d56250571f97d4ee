//! What the operating system reports of a folder, as what is to be looked at.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode, CreateKind, Event, EventKind, ModifyKind, RenameMode};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};

/// Something to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Look {
    /// A file that its writer is done with: it was renamed into place, or closed after writing.
    Whole(PathBuf),
    /// A file that may be whole or not: a link to a finished one, or one that is being written.
    Perhaps(PathBuf),
    /// A folder that is new here: what was put into it before it was watched nobody reports.
    Folder(PathBuf),
    /// Reports were lost.
    Everything,
}

/// What is reported next.
#[derive(Debug)]
pub(super) enum Next {
    /// These, in their order.
    Looks(Vec<Look>),
    /// Nothing for as long as was waited.
    Quiet,
    /// No report comes any more.
    End,
}

/// The reports of a folder and of everything below it.
pub(super) struct Reports {
    watcher: Option<RecommendedWatcher>,
    queue: Receiver<notify::Result<Event>>,
    lost: Arc<AtomicBool>,
}

/// The other end of [`Reports`]. Never waits: whoever watches has to get on, or its own queue in the
/// kernel overflows.
struct Desk {
    queue: SyncSender<notify::Result<Event>>,
    lost: Arc<AtomicBool>,
}

impl Desk {
    fn take(&self, report: notify::Result<Event>) {
        let matters = match &report {
            Ok(event) => event.need_rescan() || is_about_a_file(event.kind),
            Err(_) => true,
        };
        if matters && self.queue.try_send(report).is_err() {
            self.lost.store(true, Ordering::Release);
        }
    }
}

impl Reports {
    /// Watches a folder. What appears from now on is reported; where more than `waiting` reports wait,
    /// everything is looked at again.
    pub(super) fn of(folder: &Path, waiting: usize) -> Result<Self, String> {
        let (desk, mut reports) = Self::pair(waiting);
        let watcher = notify::recommended_watcher(move |report| desk.take(report));
        reports.watcher = Some(watcher.map_err(|error| error.to_string())?);
        reports.watch(folder)?;
        Ok(reports)
    }

    fn pair(waiting: usize) -> (Desk, Self) {
        let (sender, queue) = sync_channel(waiting);
        let lost = Arc::new(AtomicBool::new(false));
        let desk = Desk {
            queue: sender,
            lost: Arc::clone(&lost),
        };
        let reports = Self {
            watcher: None,
            queue,
            lost,
        };
        (desk, reports)
    }

    /// Watches a folder below, or everything anew. When this returns it is watched, so that what is
    /// not in it by then will be reported.
    pub(super) fn watch(&mut self, folder: &Path) -> Result<(), String> {
        match &mut self.watcher {
            Some(watcher) => watcher
                .watch(folder, RecursiveMode::Recursive)
                .map_err(|error| format!("{} cannot be watched: {error}", folder.display())),
            None => Ok(()),
        }
    }

    /// Waits for reports and takes at most so many; gives up waiting after a while, if one is set.
    ///
    /// # Errors
    ///
    /// The watcher's own, such as a limit of the system that is reached.
    pub(super) fn next(&self, most: usize, wait: Option<Duration>) -> Result<Next, String> {
        let mut report = match self.queue.try_recv() {
            Ok(report) => Some(report),
            // They were lost while the queue was full, so behind everything that was in it.
            Err(_) if self.lost.swap(false, Ordering::AcqRel) => {
                return Ok(Next::Looks(vec![Look::Everything]));
            }
            Err(_) => None,
        };
        if report.is_none() {
            let waited = match wait {
                Some(wait) => self.queue.recv_timeout(wait),
                None => self.queue.recv().map_err(RecvTimeoutError::from),
            };
            report = match waited {
                Ok(report) => Some(report),
                Err(RecvTimeoutError::Timeout) => return Ok(Next::Quiet),
                Err(RecvTimeoutError::Disconnected) => return Ok(Next::End),
            };
        }
        let mut looks = Vec::new();
        let mut taken = 0;
        while let Some(event) = report {
            looks.extend(looks_of(&event.map_err(|error| error.to_string())?));
            taken += 1;
            report = match taken < most {
                true => self.queue.try_recv().ok(),
                false => None,
            };
        }
        Ok(Next::Looks(looks))
    }
}

/// Whether an event may mean that a file is whole now. Files that are read are reported too.
fn is_about_a_file(kind: EventKind) -> bool {
    match kind {
        EventKind::Create(_) | EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Modify(ModifyKind::Name(mode)) => mode != RenameMode::From,
        EventKind::Modify(ModifyKind::Data(_) | ModifyKind::Any) => !TELLS_OF_CLOSING,
        _ => false,
    }
}

/// Whether this system reports that a writer has closed a file. Others report each change of it.
pub(super) const TELLS_OF_CLOSING: bool = cfg!(any(target_os = "linux", target_os = "android"));

fn looks_of(event: &Event) -> Vec<Look> {
    if event.need_rescan() {
        return vec![Look::Everything];
    }
    if !is_about_a_file(event.kind) {
        return Vec::new();
    }
    let is_whole = matches!(
        event.kind,
        EventKind::Modify(ModifyKind::Name(_)) | EventKind::Access(_)
    );
    let is_folder = event.kind == EventKind::Create(CreateKind::Folder);
    let of = |path: &PathBuf| {
        if is_folder || path.is_dir() {
            Some(Look::Folder(path.clone()))
        } else if !path.is_file() {
            None
        } else if is_whole {
            Some(Look::Whole(path.clone()))
        } else {
            Some(Look::Perhaps(path.clone()))
        }
    };
    event.paths.iter().filter_map(of).collect()
}

#[cfg(test)]
mod tests {
    use notify::event::Flag;

    use super::*;

    fn created(path: &Path) -> Event {
        Event::new(EventKind::Create(CreateKind::File)).add_path(path.to_owned())
    }

    #[test]
    fn what_does_not_fit_into_the_queue_is_looked_for() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a");
        std::fs::write(&file, "a").unwrap();
        let (desk, reports) = Reports::pair(8);
        for _ in 0..9 {
            desk.take(Ok(created(&file)));
        }
        let mut looks = Vec::new();
        while looks.last() != Some(&Look::Everything) {
            match reports.next(4, None).unwrap() {
                Next::Looks(more) => looks.extend(more),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(looks.len(), 9);
        let nothing = reports.next(64, Some(Duration::ZERO)).unwrap();
        assert!(matches!(nothing, Next::Quiet), "{nothing:?}");
        drop(desk);
        assert!(matches!(reports.next(64, None).unwrap(), Next::End));
    }

    #[test]
    fn what_the_system_has_lost_is_looked_for() {
        let lost = Event::new(EventKind::Other).set_flag(Flag::Rescan);
        assert_eq!(looks_of(&lost), [Look::Everything]);
        let (desk, reports) = Reports::pair(8);
        desk.take(Ok(lost));
        let Next::Looks(looks) = reports.next(64, None).unwrap() else {
            panic!("a report");
        };
        assert_eq!(looks, [Look::Everything]);
    }

    #[test]
    fn an_error_of_the_watcher_is_told() {
        let (desk, reports) = Reports::pair(8);
        desk.take(Err(notify::Error::new(notify::ErrorKind::MaxFilesWatch)));
        assert!(reports.next(64, None).is_err());
    }
}
