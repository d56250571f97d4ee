//! What a trigger judges: an item of the queue, as it is when detections have joined it.

use chrono::{DateTime, Utc};

use crate::domain::detection::{Cause, Detection, ObjectName};
use crate::domain::entity::Entity;
use crate::domain::queue::Item;

/// An item as triggers see it.
#[derive(Debug, Clone, PartialEq)]
pub struct Subject {
    /// Who says that it matters.
    pub cause: Cause,
    /// What it is about, in a few words.
    pub title: String,
    /// The name of its highest severity.
    pub severity: String,
    /// Whom or what it is about; `None` for a storm, which is about many.
    pub entity: Option<Entity>,
    /// The accounts that its detections name.
    pub accounts: Vec<String>,
    /// The Regions.
    pub regions: Vec<String>,
    /// What was done.
    pub operations: Vec<String>,
    /// Its newest detection, which says what the item as a whole does not.
    pub newest: Option<Newest>,
    /// Its detections.
    pub count: u64,
    /// How many of them it had before; 0 where it is opened now.
    pub before: u64,
}

/// What the newest detection of an item says of its event.
#[derive(Debug, Clone, PartialEq)]
pub struct Newest {
    pub(super) account: Option<String>,
    pub(super) region: Option<String>,
    pub(super) operation: Option<String>,
    pub(super) time: Option<DateTime<Utc>>,
    pub(super) object: ObjectName,
}

impl From<&Detection> for Newest {
    fn from(detection: &Detection) -> Self {
        Self {
            account: detection.account.clone(),
            region: detection.region.clone(),
            operation: detection.operation.clone(),
            time: detection.time,
            object: detection.object.clone(),
        }
    }
}

impl Subject {
    /// An item that had so many detections before.
    pub fn of(item: &Item, before: u64) -> Self {
        Self {
            cause: item.cause.clone(),
            title: item.title.clone(),
            severity: item.severity.clone(),
            entity: item.entity.clone(),
            accounts: item.accounts.values().to_vec(),
            regions: item.regions.values().to_vec(),
            operations: item.operations.values().to_vec(),
            newest: item.newest.back().map(Newest::from),
            count: item.count,
            before,
        }
    }
}

impl From<&Detection> for Subject {
    /// The item that a detection opens.
    fn from(detection: &Detection) -> Self {
        let one = |name: &Option<String>| name.iter().cloned().collect();
        Self {
            cause: detection.cause.clone(),
            title: detection.title.clone(),
            severity: detection.severity.clone(),
            entity: detection.entity.clone(),
            accounts: one(&detection.account),
            regions: one(&detection.region),
            operations: one(&detection.operation),
            newest: Some(Newest::from(detection)),
            count: 1,
            before: 0,
        }
    }
}
