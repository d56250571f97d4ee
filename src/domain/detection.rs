//! What reading an object of the lake brought to light: its events counted, and those among them
//! that a rule, a finding of somebody else's or a standing watch says to look at.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::entity::Entity;
use super::lake::Notification;

/// Who says that an event matters.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// A Sigma rule, by its id.
    Rule(String),
    /// A product that writes findings into the lake, by the finding's type.
    Finding(String),
    /// A standing watch on an entity, by its name.
    Watch(String),
    /// A condition of a source, by its name.
    Condition(String),
}

impl Cause {
    /// The kind of it, in a word.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Rule(_) => "rule",
            Self::Finding(_) => "finding",
            Self::Watch(_) => "watch",
            Self::Condition(_) => "condition",
        }
    }

    /// The id, type or name by which it is known.
    pub fn name(&self) -> &str {
        match self {
            Self::Rule(name) | Self::Finding(name) | Self::Watch(name) | Self::Condition(name) => {
                name
            }
        }
    }
}

/// An event that matters, with what is needed to find it again and to tell it apart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Detection {
    /// Who says so.
    pub cause: Cause,
    /// What it is about, in a few words: a rule's title, a finding's.
    pub title: String,
    /// The name of its severity, as [`severity`](super::severity) spells and orders them.
    pub severity: String,
    /// Why it has that severity, in words, such as `the rule's level`.
    pub reason: String,
    /// Whom or what it is about; `None` where the event names nobody.
    pub entity: Option<Entity>,
    /// The other entities of the event, at most [`MOST_ENTITIES`].
    pub others: Vec<Entity>,
    /// When the event happened, in UTC, where the event says.
    #[serde(default, with = "super::rfc3339::optional")]
    pub time: Option<DateTime<Utc>>,
    /// When it was read here, in UTC.
    #[serde(with = "super::rfc3339")]
    pub seen: DateTime<Utc>,
    /// The account that the event belongs to.
    pub account: Option<String>,
    /// The Region that it happened in.
    pub region: Option<String>,
    /// What was done, such as `GetObject`.
    pub operation: Option<String>,
    /// The OCSF class, such as 6003.
    pub class: Option<i64>,
    /// The object that the event lies in.
    pub object: ObjectName,
    /// Its row there, counted from 0.
    pub row: u64,
    /// The row in full, as one JSON object.
    pub event: String,
}

/// The most entities of one detection beside the one that it is about.
pub const MOST_ENTITIES: usize = 32;

/// An object of a lake by its bucket and key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ObjectName {
    /// The bucket's name; `local` for a folder.
    pub bucket: String,
    /// The key.
    pub key: String,
}

impl From<&Notification> for ObjectName {
    fn from(notification: &Notification) -> Self {
        Self {
            bucket: notification.bucket.clone(),
            key: notification.key.key.clone(),
        }
    }
}

/// An object that was read, or could not be.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// Which one.
    pub object: ObjectName,
    /// What is in it, or why it could not be read.
    pub outcome: Result<Contents, Unreadable>,
}

/// What is in an object.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Contents {
    /// Its events.
    pub events: u64,
    /// Events by OCSF class, ascending.
    pub by_class: Vec<(i64, u64)>,
    /// Events by severity id, ascending.
    pub by_severity: Vec<(i64, u64)>,
    /// The events that matter, in the object's order.
    pub detections: Vec<Detection>,
    /// Detections beyond the most that are kept of one object.
    pub more: u64,
}

/// Why an object could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The cause, in words.
    pub cause: String,
    /// When it is tried again; `None` if never by itself.
    pub again: Option<DateTime<Utc>>,
}
