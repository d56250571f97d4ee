//! Notifications as a source hands them over, and the state of that source.

use std::path::PathBuf;

use chrono::{DateTime, Utc};

use super::Notification;

/// A notification as a source hands it over.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrival {
    /// What it says.
    pub notification: Notification,
    /// The object's file, where it is a local one.
    pub path: Option<PathBuf>,
    /// The events in the object, or why it cannot be read.
    pub events: Result<u64, String>,
    /// When the source saw it; `None` for objects that were there before.
    pub seen: Option<DateTime<Utc>>,
}

impl Arrival {
    /// What `"$path"` may call the object: its place in the bucket and, of a local one, its file.
    pub fn locations(&self) -> Vec<String> {
        let Notification { bucket, key, .. } = &self.notification;
        let file = self.path.iter().map(|path| path.display().to_string());
        let object = format!("s3://{bucket}/{}", key.key);
        std::iter::once(object).chain(file).collect()
    }
}

/// The state of a notification source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceNews {
    /// The source's name, such as `folder`.
    pub name: String,
    /// Whether it is watching, or why not.
    pub state: Result<(), String>,
}
