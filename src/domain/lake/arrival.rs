//! Notifications as a source hands them over, and the state of that source.

use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};

use super::Notification;

/// A notification as a source hands it over.
#[derive(Debug, Clone, PartialEq)]
pub struct Arrival {
    /// What it says.
    pub notification: Notification,
    /// The object's file, where it is a local one.
    pub path: Option<PathBuf>,
    /// The events in the object, or why it cannot be read; `None` where it was not read yet.
    pub events: Option<Result<u64, String>>,
    /// When the source saw it; `None` for objects that were there before.
    pub seen: Option<DateTime<Utc>>,
}

/// The state of a notification source.
#[derive(Debug, Clone, PartialEq)]
pub struct SourceNews {
    /// The source's name, such as `folder`: as the configuration spells it.
    pub name: String,
    /// Whether it is watching, or why not.
    pub state: Result<(), String>,
    /// Whether it is switched on.
    pub on: bool,
    /// What a person should know of it: an address to paste somewhere, a side effect, a right that
    /// is missing.
    pub notes: Vec<String>,
    /// Notifications that it brought for the first time, since it was started.
    pub received: u64,
    /// Notifications that it brought again.
    pub duplicates: u64,
    /// Bodies that are no notification.
    pub refused: u64,
    /// New notifications within the last minute.
    pub per_minute: u64,
    /// The time of the newest object that it told of.
    pub newest: Option<DateTime<Utc>>,
    /// The last thing that went wrong, and when.
    pub last_error: Option<(DateTime<Utc>, String)>,
    /// What waits at the other end, where that is told.
    pub backlog: Option<Backlog>,
}

/// What waits in a queue, as its service counts it: near enough, not exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Backlog {
    /// Messages that can be received.
    pub waiting: u64,
    /// Messages that were received and are not deleted.
    pub in_flight: u64,
    /// Messages in the dead-letter queue, where there is one and it may be looked at.
    pub dead: Option<u64>,
}

impl Default for SourceNews {
    fn default() -> Self {
        Self {
            name: String::new(),
            state: Ok(()),
            on: true,
            notes: Vec::new(),
            received: 0,
            duplicates: 0,
            refused: 0,
            per_minute: 0,
            newest: None,
            last_error: None,
            backlog: None,
        }
    }
}

impl SourceNews {
    /// A source that watches.
    pub fn watching(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// A source that does not watch, and why.
    pub fn failing(name: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            state: Err(reason.into()),
            ..Self::watching(name)
        }
    }

    /// How old the newest object is that it told of.
    pub fn lag(&self, now: DateTime<Utc>) -> Option<TimeDelta> {
        let lag = now - self.newest?;
        Some(lag.max(TimeDelta::zero()))
    }
}
