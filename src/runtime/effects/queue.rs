//! Work on the queue: one thread writes its journal, in order; every piece of work is answered once.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::adapters::queue::{QueueError, QueueJournal, write_rows};
use crate::domain::entity::Entity;
use crate::store::event::Event;
use crate::store::queue::{QueueNews, QueueWork};

/// Pieces of work that may wait: the store has one batch on its way, people do the rest by hand.
const WAITING: usize = 64;

/// Puts an entity on the list of those that are watched for; the answer says so in words.
pub type WatchEntity = dyn Fn(&Entity) -> Result<String, String> + Send + Sync;

/// Where the queue is kept.
#[derive(Clone, Default)]
pub struct QueueKeeping {
    /// The journal; `None` keeps nothing.
    pub journal: Option<PathBuf>,
    /// The folder for events that are shown as results.
    pub rows: PathBuf,
    /// Puts an entity on the list of those that are watched for.
    pub watch: Option<Arc<WatchEntity>>,
}

/// The thread that writes.
pub(super) struct QueueDesk {
    work: SyncSender<QueueWork>,
    thread: JoinHandle<()>,
}

impl QueueDesk {
    /// Starts it.
    pub(super) fn new(
        keeping: QueueKeeping,
        runtime: &Handle,
        answers: mpsc::Sender<Event>,
    ) -> Self {
        let (work, given) = sync_channel(WAITING);
        let handle = runtime.clone();
        // What it says must not keep it from writing: it may be the last thing before the end.
        let tell = move |news: QueueNews| {
            let answers = answers.clone();
            handle.spawn(async move {
                let _ = answers.send(Event::Queue(news)).await;
            });
        };
        let thread = runtime.spawn_blocking(move || serve(&keeping, &given, tell));
        Self { work, thread }
    }

    /// Hands a piece of work over; gives it back with the reason where there is no room.
    pub(super) fn give(&self, work: QueueWork) -> Result<(), QueueNews> {
        self.work.try_send(work).map_err(|error| {
            let reason = "the queue's journal does not keep up".to_owned();
            match error.into_work() {
                QueueWork::Open => QueueNews::NotOpened(reason),
                QueueWork::Rows { title, .. } => QueueNews::Rows {
                    title,
                    outcome: Err(reason),
                },
                QueueWork::Append(_) | QueueWork::Snapshot(_) => QueueNews::NotWritten(reason),
            }
        })
    }

    /// Waits until everything that was handed over is on the disk.
    pub(super) async fn close(self) {
        drop(self.work);
        // A thread that failed has said so.
        let _ = self.thread.await;
    }
}

impl super::Effects {
    /// Does a piece of work on the queue.
    pub(super) fn work_on_queue(&self, work: QueueWork) {
        if let Err(news) = self.queue.give(work) {
            self.blocking(|| Some(Event::Queue(news)));
        }
    }

    /// Puts an entity on the list of those that are watched for.
    pub(super) fn watch_for(&self, entity: Entity) {
        let watch = self.services.queue.watch.clone();
        self.blocking(move || {
            let told = match watch {
                Some(watch) => watch(&entity),
                None => Err("there is no list of watched entities here".to_owned()),
            };
            Some(Event::Queue(QueueNews::Watched(told)))
        });
    }
}

/// What could not be handed over.
trait Refused {
    fn into_work(self) -> QueueWork;
}

impl Refused for std::sync::mpsc::TrySendError<QueueWork> {
    fn into_work(self) -> QueueWork {
        match self {
            Self::Full(work) | Self::Disconnected(work) => work,
        }
    }
}

fn serve(keeping: &QueueKeeping, given: &Receiver<QueueWork>, tell: impl Fn(QueueNews)) {
    let mut journal: Option<QueueJournal> = None;
    for work in given {
        match work {
            QueueWork::Open => {
                let Some(path) = &keeping.journal else {
                    tell(QueueNews::NotOpened(
                        "the queue is not kept here".to_owned(),
                    ));
                    continue;
                };
                match QueueJournal::open(path) {
                    Ok((opened, queue)) => {
                        journal = Some(opened);
                        tell(QueueNews::Opened(Box::new(queue)));
                    }
                    Err(error) => tell(QueueNews::NotOpened(error.to_string())),
                }
            }
            QueueWork::Append(events) => {
                let append = |journal: &mut QueueJournal| journal.append(&events);
                tell(match on(&mut journal, append) {
                    Ok(snapshot_due) => QueueNews::Written { snapshot_due },
                    Err(reason) => QueueNews::NotWritten(reason),
                });
            }
            QueueWork::Snapshot(queue) => {
                // What it would have made smaller stays as it is, and is tried again later.
                if let Err(reason) = on(&mut journal, |journal| journal.snapshot(&queue)) {
                    tracing::warn!(%reason, "the queue's journal is not made smaller");
                }
            }
            QueueWork::Rows {
                title,
                name,
                events,
            } => {
                let outcome = write_rows(&keeping.rows, &name, &events);
                let outcome = outcome.map_err(|error| error.to_string());
                tell(QueueNews::Rows { title, outcome });
            }
        }
    }
}

fn on<T>(
    journal: &mut Option<QueueJournal>,
    act: impl FnOnce(&mut QueueJournal) -> Result<T, QueueError>,
) -> Result<T, String> {
    let journal = journal.as_mut().ok_or("the queue's journal is not open")?;
    act(journal).map_err(|error| error.to_string())
}
