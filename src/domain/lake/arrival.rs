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

/// The state of a notification source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceNews {
    /// The source's name, such as `folder`.
    pub name: String,
    /// Whether it is watching, or why not.
    pub state: Result<(), String>,
}
