//! The folder source: objects of a local lake as they appear, with the notification files that the
//! demo lake drops beside them.
//!
//! It starts with the newest objects that are there already, then tells of every new one: at once
//! when a notification file says so, or when the object itself appears and no file does. The
//! operating system reports changes; nothing is polled.

#![allow(
    clippy::disallowed_methods,
    reason = "this room owns the lake's folder and the clock that stamps what appears in it"
)]

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use futures::StreamExt;
use futures::stream::BoxStream;
use notify::event::{EventKind, ModifyKind, RenameMode};
use notify::{RecursiveMode, Watcher};
use parquet::file::reader::{FileReader, SerializedFileReader};
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;

use super::tally::Tally;
use crate::domain::lake::notification::decode;
use crate::domain::lake::{Arrival, LOCAL_BUCKET, Notification, ObjectKey, SourceNews};
use crate::ports::{FeedNews, Inbox, NotificationSource};

/// Objects told of at the start.
const AT_START: usize = 500;
/// News that wait for the loop before the watcher waits too.
const WAITING: usize = 256;
/// Where the demo lake drops notification files.
const NOTIFICATIONS: &str = "notifications";

/// The name of the source over the lake that is open.
const NAME: &str = "folder";
/// Notifications of one commit.
const TOGETHER: usize = 64;

/// Watches a lake's folder.
#[derive(Clone)]
pub struct FolderSource {
    name: String,
    lake: PathBuf,
    inbox: Option<Arc<dyn Inbox>>,
    /// How many of the objects that are there at the start are told.
    at_start: usize,
    /// Whether objects that are in the inbox already are told at the start.
    known_too: bool,
    once: bool,
}

impl FolderSource {
    /// A source over a lake's folder, or over the folder of the notifications in it. The newest
    /// objects are told at every start.
    pub fn new(lake: PathBuf) -> Self {
        let lake = match lake.parent() {
            Some(parent) if lake.ends_with(NOTIFICATIONS) => parent.to_owned(),
            _ => lake,
        };
        Self {
            name: NAME.to_owned(),
            lake,
            inbox: None,
            at_start: AT_START,
            known_too: true,
            once: false,
        }
    }

    /// Calls it something else.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Writes what appears down in an inbox before it is told.
    #[must_use]
    pub fn into_inbox(mut self, inbox: Arc<dyn Inbox>) -> Self {
        self.inbox = Some(inbox);
        self
    }

    /// Tells of every object that is not in the inbox: those too that appeared while nobody watched.
    #[must_use]
    pub fn where_it_left_off(mut self) -> Self {
        self.at_start = usize::MAX;
        self.known_too = false;
        self
    }

    /// Ends when what is there has been told.
    #[must_use]
    pub fn once(mut self) -> Self {
        self.once = true;
        self
    }
}

impl NotificationSource for FolderSource {
    fn name(&self) -> &str {
        &self.name
    }

    /// Whoever reads its objects finds them by it.
    fn name_in_the_inbox(&self) -> String {
        format!("dir:{}", absolute(&self.lake).display())
    }

    fn watch(&self) -> BoxStream<'static, FeedNews> {
        let (sender, receiver) = mpsc::channel(WAITING);
        let source = self.clone();
        // A thread, not a task: it blocks on the operating system's reports. It ends when nobody
        // takes its news any more.
        std::thread::spawn(move || {
            let name = source.name.clone();
            if let Err(reason) = watch(source, &sender) {
                let news = SourceNews::failing(name, reason);
                let _ = sender.blocking_send(FeedNews::State(news));
            }
        });
        futures::stream::unfold(receiver, |mut receiver| async move {
            receiver.recv().await.map(|news| (news, receiver))
        })
        .boxed()
    }
}

fn watch(source: FolderSource, sender: &mpsc::Sender<FeedNews>) -> Result<(), String> {
    let lake = source.lake.clone();
    let (changes, changed) = std::sync::mpsc::sync_channel(WAITING);
    let mut watcher = notify::recommended_watcher(move |event| {
        // When nobody listens any more the watcher is dropped soon.
        let _ = changes.send(event);
    })
    .map_err(|error| error.to_string())?;
    watcher
        .watch(&lake, RecursiveMode::Recursive)
        .map_err(|error| format!("{} cannot be watched: {error}", lake.display()))?;
    let mut desk = Desk {
        tally: Tally::new(&source.name),
        source,
        sender,
    };
    if !desk.say() {
        return Ok(());
    }
    let mut told = HashSet::new();
    let delivered = delivered(&lake, desk.source.at_start);
    let start = newest_objects(&lake, desk.source.at_start);
    for chunk in start.chunks(TOGETHER) {
        let arrivals = chunk.iter().map(|(path, written)| {
            told.insert(path.clone());
            let mut arrival = arrival_of_object(&lake, path, Some(*written), None);
            if let Some(notification) = delivered.get(&arrival.notification.key.key) {
                arrival.notification = notification.clone();
            }
            arrival
        });
        if !desk.take(arrivals.collect(), true)? {
            return Ok(());
        }
    }
    if desk.source.once {
        desk.say();
        return Ok(());
    }
    for event in changed {
        let event = event.map_err(|error| error.to_string())?;
        if !completes_a_file(event.kind) {
            continue;
        }
        let now = Utc::now();
        let paths = event.paths.iter().filter(|path| path.is_file());
        let arrivals: Vec<Arrival> = paths
            .flat_map(|path| appeared(&lake, path, now, &mut told))
            .collect();
        if arrivals.is_empty() {
            continue;
        }
        if !desk.take(arrivals, false)? || !desk.say() {
            return Ok(());
        }
    }
    Ok(())
}

/// Where arrivals are written down, counted and told.
struct Desk<'a> {
    source: FolderSource,
    tally: Tally,
    sender: &'a mpsc::Sender<FeedNews>,
}

impl Desk<'_> {
    /// Writes arrivals down and tells those that are to be told; whether anybody listens.
    fn take(&mut self, mut arrivals: Vec<Arrival>, at_start: bool) -> Result<bool, String> {
        let sent: Vec<Notification> = arrivals.iter().map(|a| a.notification.clone()).collect();
        let brought = sent.len();
        let new = match &self.source.inbox {
            // The thread is its own: it may wait for the disk.
            Some(inbox) => {
                let source = self.source.name_in_the_inbox();
                futures::executor::block_on(inbox.receive(&source, sent))
                    .map_err(|error| error.to_string())?
            }
            None => sent,
        };
        self.tally.took(brought, &new, Utc::now());
        if self.source.inbox.is_some() && !(at_start && self.source.known_too) {
            let new: HashSet<_> = new.iter().map(Notification::identity).collect();
            arrivals.retain(|arrival| new.contains(&arrival.notification.identity()));
        }
        if arrivals.is_empty() {
            return Ok(true);
        }
        let arrived = FeedNews::Arrived(arrivals);
        Ok(self.sender.blocking_send(arrived).is_ok())
    }

    /// Tells how it is; whether anybody listens.
    fn say(&mut self) -> bool {
        let news = self.tally.news(Utc::now());
        self.sender.blocking_send(news).is_ok()
    }
}

/// The notifications that were delivered before the start, the newest ones, by the object's key:
/// they know when it was written, which a copy of the file does not.
fn delivered(lake: &Path, most: usize) -> HashMap<String, Notification> {
    let Ok(entries) = std::fs::read_dir(lake.join(NOTIFICATIONS)) else {
        return HashMap::new();
    };
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.sort_unstable();
    let newest = files.split_off(files.len().saturating_sub(most));
    let bodies = newest
        .iter()
        .filter_map(|path| std::fs::read_to_string(path).ok());
    bodies
        .filter_map(|body| decode(&body).ok())
        .flatten()
        .map(|notification| (notification.key.key.clone(), notification))
        .collect()
}

/// Whether an event means that a file is whole: it was renamed into place, or closed after writing.
fn completes_a_file(kind: EventKind) -> bool {
    use notify::event::{AccessKind, AccessMode};
    matches!(
        kind,
        EventKind::Modify(ModifyKind::Name(
            RenameMode::To | RenameMode::Any | RenameMode::Both
        )) | EventKind::Access(AccessKind::Close(AccessMode::Write))
    )
}

fn appeared(
    lake: &Path,
    path: &Path,
    now: DateTime<Utc>,
    told: &mut HashSet<PathBuf>,
) -> Vec<Arrival> {
    let is_notification = path
        .parent()
        .is_some_and(|folder| folder.ends_with(NOTIFICATIONS));
    if is_notification && path.extension().is_some_and(|ending| ending == "json") {
        return from_notification_file(lake, path, now, told);
    }
    if !is_object(path) || lake.join(NOTIFICATIONS).is_dir() {
        // Where notification files are dropped, they tell of the object.
        return Vec::new();
    }
    if !told.insert(path.to_owned()) {
        return Vec::new();
    }
    vec![arrival_of_object(lake, path, None, Some(now))]
}

fn from_notification_file(
    lake: &Path,
    path: &Path,
    now: DateTime<Utc>,
    told: &mut HashSet<PathBuf>,
) -> Vec<Arrival> {
    let Ok(body) = std::fs::read_to_string(path) else {
        return Vec::new();
    };
    match decode(&body) {
        Ok(notifications) => notifications
            .into_iter()
            .map(|notification| {
                let object = lake.join(&notification.key.key);
                told.insert(object.clone());
                Arrival {
                    events: Some(count_events(&object)),
                    path: Some(object),
                    seen: Some(now),
                    notification,
                }
            })
            .collect(),
        Err(error) => vec![Arrival {
            notification: local_notification(ObjectKey::foreign(&relative(lake, path)), None, None),
            path: None,
            events: Some(Err(error.to_string())),
            seen: Some(now),
        }],
    }
}

fn arrival_of_object(
    lake: &Path,
    path: &Path,
    written: Option<SystemTime>,
    seen: Option<DateTime<Utc>>,
) -> Arrival {
    let relative = relative(lake, path);
    let key = ObjectKey::parse(&relative).unwrap_or_else(|_| ObjectKey::foreign(&relative));
    let size = path.metadata().ok().map(|data| data.len());
    let time = written
        .or_else(|| path.metadata().ok()?.modified().ok())
        .map(DateTime::from);
    let mut notification = local_notification(key, size, time);
    notification.sequencer = Some(state_of(path, size, time));
    Arrival {
        notification,
        path: Some(path.to_owned()),
        events: Some(count_events(path)),
        seen,
    }
}

/// Tells a file from one of the same name in another lake, and from what it was before it was
/// written anew.
fn state_of(path: &Path, size: Option<u64>, time: Option<DateTime<Utc>>) -> String {
    let mut hash = Sha256::new();
    hash.update(absolute(path).as_os_str().as_encoded_bytes());
    hash.update(size.unwrap_or(u64::MAX).to_le_bytes());
    let digest = hash.finalize();
    let short: String = digest.iter().take(8).map(|b| format!("{b:02X}")).collect();
    let written = time.map(|time| time.timestamp_micros()).unwrap_or_default();
    format!("{written:016X}{short}")
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

fn local_notification(
    key: ObjectKey,
    size: Option<u64>,
    time: Option<DateTime<Utc>>,
) -> Notification {
    Notification {
        bucket: LOCAL_BUCKET.to_owned(),
        key,
        size,
        etag: None,
        sequencer: None,
        time,
    }
}

fn relative(lake: &Path, path: &Path) -> String {
    let relative = path.strip_prefix(lake).unwrap_or(path);
    let parts = relative
        .components()
        .map(|part| part.as_os_str().to_string_lossy());
    parts.collect::<Vec<_>>().join("/")
}

/// The events that a Parquet file's footer counts.
fn count_events(path: &Path) -> Result<u64, String> {
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    let reader = SerializedFileReader::new(file).map_err(|error| error.to_string())?;
    u64::try_from(reader.metadata().file_metadata().num_rows()).map_err(|error| error.to_string())
}

fn is_object(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "parquet")
}

/// The newest objects of a lake with the time they were written, oldest first.
fn newest_objects(lake: &Path, most: usize) -> Vec<(PathBuf, SystemTime)> {
    let mut found = Vec::new();
    let mut folders = vec![lake.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries.flatten() {
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            let path = entry.path();
            if kind.is_dir() {
                folders.push(path);
            } else if is_object(&path)
                && let Ok(written) = entry.metadata().and_then(|data| data.modified())
            {
                found.push((path, written));
            }
        }
    }
    let day = |path: &Path| {
        path.components()
            .filter_map(|part| {
                part.as_os_str()
                    .to_str()?
                    .to_ascii_lowercase()
                    .strip_prefix("eventday=")
                    .map(str::to_owned)
            })
            .next()
    };
    // The event day goes before the file's own time, which a copy loses.
    found.sort_by_cached_key(|(path, written)| (day(path), *written, path.clone()));
    found.split_off(found.len().saturating_sub(most))
}

#[cfg(test)]
mod tests;
