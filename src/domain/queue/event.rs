//! What can happen in a queue. As JSON these are the bodies of its journal: fields are added with a
//! default, never renamed or given another meaning; a new kind is a new variant.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Disposition, Few, ItemId, KEPT, Mute, MuteId, to_millis};
use crate::domain::detection::{Cause, Detection};
use crate::domain::entity::Entity;
use crate::domain::entity::facts::Fact;
use crate::domain::{rfc3339, severity};

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct QueueEvent {
    /// Its number in its queue, from 1; never used again.
    pub number: u64,
    /// When.
    #[serde(with = "rfc3339")]
    pub at: DateTime<Utc>,
    /// Who did it; `None` for what happens by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// What.
    pub act: Act,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Detections joined an item, or opened it.
    Detected(Box<Seen>),
    /// Detections for which the queue has no room.
    Beyond {
        /// How many.
        count: u64,
    },
    /// A trigger had the entity of an item looked up.
    Learned {
        /// Which.
        item: ItemId,
        /// What is known of its entity; takes the place of what was learned before.
        facts: Vec<Fact>,
    },
    /// Somebody knows of the items.
    Acknowledged {
        /// Which.
        items: Vec<ItemId>,
    },
    /// The items are somebody's, or nobody's any more.
    Assigned {
        /// Which.
        items: Vec<ItemId>,
        /// Whose.
        to: Option<String>,
    },
    /// The work on the items is done.
    Closed {
        /// Which.
        items: Vec<ItemId>,
        /// What they turned out to be.
        disposition: Disposition,
    },
    /// Items with some properties are out of sight for a time.
    Muted(Mute),
    /// They are in sight again.
    Unmuted {
        /// Which mute has ended.
        mute: MuteId,
    },
    /// The last action that was not undone is undone.
    Undone {
        /// Its number.
        of: u64,
    },
}

impl Act {
    /// Whether a person did it.
    pub fn is_of_a_person(&self) -> bool {
        !matches!(
            self,
            Self::Detected(_) | Self::Beyond { .. } | Self::Learned { .. }
        )
    }

    /// The kind of it, in a word.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Detected(_) => "detected",
            Self::Beyond { .. } => "beyond",
            Self::Learned { .. } => "learned",
            Self::Acknowledged { .. } => "acknowledged",
            Self::Assigned { .. } => "assigned",
            Self::Closed { .. } => "closed",
            Self::Muted(_) => "muted",
            Self::Unmuted { .. } => "unmuted",
            Self::Undone { .. } => "undone",
        }
    }
}

/// Detections of one batch that joined one item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// The item.
    pub item: ItemId,
    /// What it is, where they opened it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opening: Option<Opening>,
    /// How many.
    pub count: u64,
    /// The earliest event.
    #[serde(with = "rfc3339")]
    pub first: DateTime<Utc>,
    /// The latest event.
    #[serde(with = "rfc3339")]
    pub last: DateTime<Utc>,
    /// When the last one was read.
    #[serde(with = "rfc3339")]
    pub joined: DateTime<Utc>,
    /// The name of their highest severity.
    pub severity: String,
    /// Why.
    pub reason: String,
    /// The accounts that they name.
    pub accounts: Few<String>,
    /// The Regions.
    pub regions: Few<String>,
    /// What was done.
    pub operations: Few<String>,
    /// Entities that are new to the storm.
    #[serde(default)]
    pub entities: Vec<Entity>,
    /// Whether the storm has more entities than it counts.
    #[serde(default)]
    pub more_entities: bool,
    /// Other entities.
    pub others: Few<Entity>,
    /// The newest of them in full, the newest last.
    pub newest: Vec<Detection>,
    /// What tells each of them when it comes a second time.
    pub marks: Vec<u64>,
}

/// What a new item is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Opening {
    /// Who says that it matters.
    pub cause: Cause,
    /// What it is about, in a few words.
    pub title: String,
    /// Whom or what it is about.
    pub entity: Option<Entity>,
    /// Whether it stands for many entities.
    #[serde(default)]
    pub storm: bool,
    /// The item of the same cause and entity that was closed before.
    #[serde(default)]
    pub again: Option<ItemId>,
    /// Items that it takes in: they were the beginning of the storm.
    #[serde(default)]
    pub takes: Vec<ItemId>,
}

impl Seen {
    /// Nothing yet.
    pub(super) fn new(item: ItemId, opening: Option<Opening>, detection: &Detection) -> Self {
        let time = to_millis(detection.time.unwrap_or(detection.seen));
        Self {
            item,
            opening,
            count: 0,
            first: time,
            last: time,
            joined: to_millis(detection.seen),
            severity: String::new(),
            reason: String::new(),
            accounts: Few::default(),
            regions: Few::default(),
            operations: Few::default(),
            entities: Vec::new(),
            more_entities: false,
            others: Few::default(),
            newest: Vec::new(),
            marks: Vec::new(),
        }
    }

    /// Takes a detection in whose parts are no longer than they may be.
    pub(super) fn add(&mut self, detection: &Detection, mark: u64) {
        const NAMES: usize = 64;
        let time = detection.time.unwrap_or(detection.seen);
        self.count += 1;
        self.first = self.first.min(time);
        self.last = self.last.max(time);
        self.joined = self.joined.max(detection.seen);
        if self.severity.is_empty()
            || severity::rank(&detection.severity) > severity::rank(&self.severity)
        {
            self.severity.clone_from(&detection.severity);
            self.reason.clone_from(&detection.reason);
        }
        self.accounts.add(detection.account.clone(), NAMES);
        self.regions.add(detection.region.clone(), NAMES);
        self.operations.add(detection.operation.clone(), NAMES);
        for other in &detection.others {
            self.others.add(Some(other.clone()), NAMES);
        }
        self.marks.push(mark);
        // The newest are kept; room for twice as many makes throwing away rare.
        self.newest.push(detection.clone());
        if self.newest.len() >= 2 * KEPT {
            self.newest.drain(..KEPT);
        }
    }

    /// No more in full than an item keeps.
    pub(super) fn trimmed(mut self) -> Self {
        let beyond = self.newest.len().saturating_sub(KEPT);
        self.newest.drain(..beyond);
        self
    }
}
