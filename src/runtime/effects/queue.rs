//! Work on the queue: one thread writes its journal, in order; every piece of work is answered once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::adapters::queue::{QueueError, QueueJournal, write_rows};
use crate::domain::detection::ObjectName;
use crate::domain::entity::Entity;
use crate::store::event::Event;
use crate::store::queue::{ItemEvent, QueueNews, QueueWork, ShownEvents};

/// Pieces of work that may wait: the store has one batch on its way, people do the rest by hand.
const WAITING: usize = 64;

/// Puts an entity on the list of those that are watched for; the answer says so in words.
pub type WatchEntity = dyn Fn(&Entity) -> Result<String, String> + Send + Sync;

/// Reads rows of an object, in full, as one JSON object each; or says why it cannot.
pub type ReadEvents =
    dyn Fn(&ObjectName, &BTreeSet<u64>) -> Result<Vec<(u64, String)>, String> + Send + Sync;

/// Objects that are read for the events of one result.
const MOST_OBJECTS: usize = 16;

/// Where the queue is kept.
#[derive(Clone, Default)]
pub struct QueueKeeping {
    /// The journal; `None` keeps nothing.
    pub journal: Option<PathBuf>,
    /// The folder for events that are shown as results.
    pub rows: PathBuf,
    /// Puts an entity on the list of those that are watched for.
    pub watch: Option<Arc<WatchEntity>>,
    /// Reads events that only their objects have.
    pub read: Option<Arc<ReadEvents>>,
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
        if let QueueWork::Rows { events, .. } = &work
            && events.iter().any(|event| event.event.is_empty())
        {
            // Objects are waited for: nothing else waits with them.
            let keeping = self.services.queue.clone();
            self.blocking(move || show(&keeping, work).map(Event::Queue));
            return;
        }
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
            rows @ QueueWork::Rows { .. } => {
                if let Some(news) = show(keeping, rows) {
                    tell(news);
                }
            }
        }
    }
}

/// What becomes a row.
type Object = serde_json::Map<String, serde_json::Value>;

/// Puts events into a file that can be asked.
fn show(keeping: &QueueKeeping, work: QueueWork) -> Option<QueueNews> {
    let QueueWork::Rows {
        title,
        name,
        mut events,
    } = work
    else {
        return None;
    };
    let missing = fetch(keeping, &mut events);
    // What is no JSON object becomes no row.
    events.retain(|event| serde_json::from_str::<Object>(&event.event).is_ok());
    let places = events.iter().map(|event| (event.object.clone(), event.row));
    let places = places.collect();
    let events: Vec<String> = events.into_iter().map(|event| event.event).collect();
    let outcome = match write_rows(&keeping.rows, &name, &events) {
        Ok(path) => Ok(ShownEvents {
            path,
            places,
            missing,
        }),
        Err(error) => Err(missing.unwrap_or_else(|| error.to_string())),
    };
    Some(QueueNews::Rows { title, outcome })
}

/// Reads the events that only their objects have; says what is missing after that.
fn fetch(keeping: &QueueKeeping, events: &mut [ItemEvent]) -> Option<String> {
    let mut wanted: Vec<(ObjectName, BTreeSet<u64>)> = Vec::new();
    for event in events.iter().filter(|event| event.event.is_empty()) {
        match wanted
            .iter_mut()
            .find(|(object, _)| *object == event.object)
        {
            Some((_, rows)) => {
                rows.insert(event.row);
            }
            None => wanted.push((event.object.clone(), BTreeSet::from([event.row]))),
        }
    }
    let mut fault = None;
    for (object, rows) in wanted.iter().take(MOST_OBJECTS) {
        let read = keeping.read.as_ref().map(|read| read(object, rows));
        match read {
            Some(Ok(found)) => {
                let found: BTreeMap<u64, String> = found.into_iter().collect();
                for event in events.iter_mut().filter(|event| event.object == *object) {
                    if let Some(text) = found.get(&event.row)
                        && event.event.is_empty()
                    {
                        event.event.clone_from(text);
                    }
                }
            }
            Some(Err(reason)) => fault = fault.or(Some(reason)),
            None => {}
        }
    }
    let missing = events.iter().filter(|event| event.event.is_empty()).count();
    if missing == 0 {
        return None;
    }
    let why = fault.unwrap_or_else(|| "they are in their objects alone".to_owned());
    Some(format!("{missing} events are not shown: {why}"))
}

fn on<T>(
    journal: &mut Option<QueueJournal>,
    act: impl FnOnce(&mut QueueJournal) -> Result<T, QueueError>,
) -> Result<T, String> {
    let journal = journal.as_mut().ok_or("the queue's journal is not open")?;
    act(journal).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(key: &str, row: u64, event: &str) -> ItemEvent {
        ItemEvent {
            object: ObjectName {
                bucket: "b".to_owned(),
                key: key.to_owned(),
            },
            row,
            event: event.to_owned(),
        }
    }

    fn shown(
        keeping: &QueueKeeping,
        events: Vec<ItemEvent>,
    ) -> Result<(String, Option<String>), String> {
        let work = QueueWork::Rows {
            title: "item".to_owned(),
            name: "item".to_owned(),
            events,
        };
        let Some(QueueNews::Rows { outcome, .. }) = show(keeping, work) else {
            panic!("rows are answered with rows");
        };
        let ShownEvents {
            path,
            places,
            missing,
        } = outcome?;
        #[allow(clippy::disallowed_methods, reason = "the test reads what was written")]
        let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
        assert_eq!(text.lines().count(), places.len());
        Ok((text, missing))
    }

    #[test]
    fn events_that_only_their_objects_have_are_read_there_and_what_is_missing_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let mut keeping = QueueKeeping {
            rows: folder.path().to_owned(),
            ..QueueKeeping::default()
        };
        let kept = || event("a", 0, "{\"n\":0}");
        let alone = shown(&keeping, vec![kept(), event("b", 1, "")]).unwrap();
        assert_eq!(alone.0, "{\"n\":0}\n");
        assert!(alone.1.unwrap().starts_with("1 events are not shown"));
        keeping.read = Some(Arc::new(|object, rows| match object.key.as_str() {
            "gone" => Err("s3://b/gone is not there".to_owned()),
            _ => Ok(rows
                .iter()
                .map(|row| (*row, format!("{{\"n\":{row}}}")))
                .collect()),
        }));
        let events = vec![event("b", 7, ""), kept(), event("b", 8, "")];
        let read = shown(&keeping, events).unwrap();
        assert_eq!(read, ("{\"n\":7}\n{\"n\":0}\n{\"n\":8}\n".to_owned(), None));
        let gone = shown(&keeping, vec![event("gone", 1, "")]).unwrap_err();
        assert!(gone.contains("s3://b/gone is not there"), "{gone}");
        let many = (0..20).map(|at| event(&format!("o{at}"), at, "")).collect();
        let (text, missing) = shown(&keeping, many).unwrap();
        assert_eq!(text.lines().count(), MOST_OBJECTS);
        assert!(missing.unwrap().starts_with("4 events"));
    }
}
