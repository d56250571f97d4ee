//! The objects of a folder as arrivals.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use parquet::file::reader::{FileReader, SerializedFileReader};
use sha2::{Digest as _, Sha256};

use crate::domain::lake::notification::decode;
use crate::domain::lake::{Arrival, LOCAL_BUCKET, Notification, ObjectKey};

/// Where the demo lake drops notification files.
pub(super) const NOTIFICATIONS: &str = "notifications";
/// What tells a file from one of the same name in another lake, and from what it was before it was
/// written anew: its place, its size and when it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct FileMark {
    written: i64,
    place: [u8; 8],
}

impl FileMark {
    /// As a notification's sequencer.
    fn sequencer(self) -> String {
        let place: String = self.place.iter().map(|b| format!("{b:02X}")).collect();
        format!("{:016X}{place}", self.written)
    }
}

/// A file as it is now.
#[derive(Debug, Clone, Copy)]
pub(super) struct FileState {
    size: Option<u64>,
    written: Option<DateTime<Utc>>,
    pub(super) mark: FileMark,
}

impl FileState {
    /// Looks at a file.
    pub(super) fn now(path: &Path) -> Self {
        let data = path.metadata().ok();
        let written = data.as_ref().and_then(|data| data.modified().ok());
        let written = written.map(DateTime::<Utc>::from);
        let size = data.map(|data| data.len());
        let mut hash = Sha256::new();
        hash.update(absolute(path).as_os_str().as_encoded_bytes());
        hash.update(size.unwrap_or(u64::MAX).to_le_bytes());
        let digest = hash.finalize();
        let mut place = [0; 8];
        for (to, from) in place.iter_mut().zip(digest.iter()) {
            *to = *from;
        }
        Self {
            size,
            written,
            mark: FileMark {
                written: written
                    .map(|time| time.timestamp_micros())
                    .unwrap_or_default(),
                place,
            },
        }
    }
}

/// The notifications that were delivered before the start, the newest ones, by the object's key:
/// they know when it was written, which a copy of the file does not.
pub(super) fn delivered(lake: &Path, most: usize) -> HashMap<String, Notification> {
    let mut files = notification_files(lake);
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

/// The notification files of a lake in the order of their names.
pub(super) fn notification_files(lake: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(lake.join(NOTIFICATIONS)) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    files.retain(|path| is_notification(path));
    files.sort_unstable();
    files
}

/// Whether a file is where notifications are dropped, and is one by its name.
pub(super) fn is_notification(path: &Path) -> bool {
    let folder = path.parent();
    folder.is_some_and(|folder| folder.ends_with(NOTIFICATIONS))
        && path.extension().is_some_and(|ending| ending == "json")
}

/// What a notification file tells.
///
/// # Errors
///
/// It cannot be read, or is no notification.
pub(super) fn told_by(
    lake: &Path,
    file: &Path,
    now: DateTime<Utc>,
) -> Result<Vec<Arrival>, String> {
    let body = std::fs::read_to_string(file).map_err(|error| error.to_string())?;
    let notifications = decode(&body).map_err(|error| error.to_string())?;
    let arrivals = notifications.into_iter().map(|notification| {
        let object = lake.join(&notification.key.key);
        Arrival {
            events: Some(count_events(&object)),
            path: Some(object),
            seen: Some(now),
            notification,
        }
    });
    Ok(arrivals.collect())
}

/// A notification file that is none, so that a person learns of it.
pub(super) fn of_no_notification(
    lake: &Path,
    file: &Path,
    why: String,
    now: DateTime<Utc>,
) -> Arrival {
    let key = ObjectKey::foreign(&relative(lake, file));
    Arrival {
        notification: local_notification(key, None, None),
        path: None,
        events: Some(Err(why)),
        seen: Some(now),
    }
}

/// An object that was there before the start. Its events are not counted yet.
pub(super) fn there(lake: &Path, path: &Path, state: &FileState) -> Arrival {
    Arrival {
        notification: of_object(lake, path, state),
        path: Some(path.to_owned()),
        events: None,
        seen: None,
    }
}

/// An object that no notification tells of, and that has just appeared.
pub(super) fn appeared(lake: &Path, path: &Path, state: &FileState, now: DateTime<Utc>) -> Arrival {
    Arrival {
        events: Some(count_events(path)),
        seen: Some(now),
        ..there(lake, path, state)
    }
}

fn of_object(lake: &Path, path: &Path, state: &FileState) -> Notification {
    let relative = relative(lake, path);
    let key = ObjectKey::parse(&relative).unwrap_or_else(|_| ObjectKey::foreign(&relative));
    let mut notification = local_notification(key, state.size, state.written);
    notification.sequencer = Some(state.mark.sequencer());
    notification
}

pub(super) fn absolute(path: &Path) -> PathBuf {
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
pub(super) fn count_events(path: &Path) -> Result<u64, String> {
    let file = std::fs::File::open(path).map_err(|error| error.to_string())?;
    let reader = SerializedFileReader::new(file).map_err(|error| error.to_string())?;
    u64::try_from(reader.metadata().file_metadata().num_rows()).map_err(|error| error.to_string())
}

/// Whether a file of a lake is an object by its name. What begins with a dot or an underscore, and
/// what lies in a folder that does, is somebody's work that is not done: Athena does not see it.
pub(super) fn is_object(lake: &Path, path: &Path) -> bool {
    let below = path.strip_prefix(lake).unwrap_or(path);
    path.extension().is_some_and(|ending| ending == "parquet")
        && !below.components().any(|part| {
            let name = part.as_os_str().as_encoded_bytes();
            name.starts_with(b".") || name.starts_with(b"_")
        })
}

/// The objects of a lake that are at and below a folder, oldest first.
pub(super) fn objects(lake: &Path, folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
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
            } else if is_object(lake, &path)
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
    found.into_iter().map(|(path, _)| path).collect()
}
