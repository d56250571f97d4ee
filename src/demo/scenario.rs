//! The answer key that lies beside a demo lake.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::rfc3339;

/// What happened in a demo lake: `scenario.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scenario {
    /// The scenario's name, such as `s3-data-theft`.
    pub name: String,
    /// The seed that made the lake.
    pub seed: u64,
    /// No event is before this time.
    #[serde(with = "rfc3339")]
    pub from: DateTime<Utc>,
    /// All events are before this time.
    #[serde(with = "rfc3339")]
    pub until: DateTime<Utc>,
    /// Who and what took part.
    pub entities: Vec<Entity>,
    /// The objects that were taken.
    pub stolen_objects: Vec<StolenObject>,
    /// The ids of the findings that the incident raised.
    pub findings: Vec<String>,
}

/// Somebody or something that took part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entity {
    /// The part, in words: `leaked access key`, `outside address`, `bucket` …
    pub role: String,
    /// The kind, as `pivot --type` names it.
    #[serde(rename = "type")]
    pub kind: String,
    /// The text that names it.
    pub value: String,
    /// The time of the first row that names it.
    #[serde(with = "rfc3339")]
    pub first_seen: DateTime<Utc>,
    /// The time of the last row that names it.
    #[serde(with = "rfc3339")]
    pub last_seen: DateTime<Utc>,
    /// The rows over all tables in which any text (of any column, nested ones and map keys
    /// included) contains the value, case and all. Counted on what was written, background
    /// included.
    pub events: u64,
}

/// An object that was taken.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct StolenObject {
    /// The bucket's name.
    pub bucket: String,
    /// The object's key.
    pub key: String,
}
