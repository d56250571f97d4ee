//! An item: what people work on.

use std::collections::VecDeque;
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Few, KEPT, LONGEST_EVENT, Seen};
use crate::domain::detection::{Cause, Detection};
use crate::domain::entity::Entity;
use crate::domain::entity::facts::Fact;
use crate::domain::{rfc3339, severity};

/// Accounts, Regions and operations of one item that are told apart.
const MOST_NAMES: usize = 50;
/// Entities beside the one that it is about.
const MOST_OTHERS: usize = 64;
/// Entities of a storm that are counted.
pub(super) const MOST_STORMED: usize = 1_000;

/// Names an item; never used again.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Default,
)]
#[serde(transparent)]
pub struct ItemId(pub u64);

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", self.0)
    }
}

/// How far the work on an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Nobody has looked at it.
    Open,
    /// Somebody knows of it.
    Acknowledged,
    /// The work is done.
    Closed(Disposition),
}

impl Status {
    /// Whether the work is done.
    pub fn is_closed(self) -> bool {
        matches!(self, Self::Closed(_))
    }

    /// It in words.
    pub fn told(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Closed(disposition) => disposition.name(),
        }
    }
}

/// What an item turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    /// It was what the rule looks for, and it was bad.
    TruePositive,
    /// It was what the rule looks for, and it was meant to be.
    Benign,
    /// It was not what the rule looks for.
    FalsePositive,
    /// Another item tells of it.
    Duplicate,
}

impl Disposition {
    /// Every disposition.
    pub const ALL: [Self; 4] = [
        Self::TruePositive,
        Self::Benign,
        Self::FalsePositive,
        Self::Duplicate,
    ];

    /// It in words.
    pub fn name(self) -> &'static str {
        match self {
            Self::TruePositive => "true positive",
            Self::Benign => "benign",
            Self::FalsePositive => "false positive",
            Self::Duplicate => "duplicate",
        }
    }

    /// What it means, for whoever chooses one.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::TruePositive => "it is what the rule looks for, and it is bad",
            Self::Benign => "it is what the rule looks for, and it was meant to be",
            Self::FalsePositive => "it is not what the rule looks for",
            Self::Duplicate => "another item tells of it",
        }
    }
}

impl FromStr for Disposition {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|known| known.name() == name);
        known.ok_or(())
    }
}

/// Detections of one cause about one entity, or a storm of one cause about many.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Which one.
    pub id: ItemId,
    /// Who says that it matters.
    pub cause: Cause,
    /// What it is about, in a few words.
    pub title: String,
    /// The name of the highest severity of its detections.
    pub severity: String,
    /// Why it has that severity.
    pub reason: String,
    /// Whom or what it is about; `None` where no event names anybody, and for a storm.
    pub entity: Option<Entity>,
    /// Whether it stands for many entities.
    #[serde(default)]
    pub storm: bool,
    /// The item of the same cause and entity that was closed before this one was opened.
    #[serde(default)]
    pub again: Option<ItemId>,
    /// When it was opened.
    #[serde(with = "rfc3339")]
    pub opened: DateTime<Utc>,
    /// The earliest of its events.
    #[serde(with = "rfc3339")]
    pub first: DateTime<Utc>,
    /// The latest of its events.
    #[serde(with = "rfc3339")]
    pub last: DateTime<Utc>,
    /// When the last detection joined it.
    #[serde(with = "rfc3339")]
    pub joined: DateTime<Utc>,
    /// Its detections.
    pub count: u64,
    /// The accounts that they name.
    pub accounts: Few<String>,
    /// The Regions.
    pub regions: Few<String>,
    /// What was done.
    pub operations: Few<String>,
    /// The entities of a storm.
    pub entities: Few<Entity>,
    /// Other entities of the events.
    pub others: Few<Entity>,
    /// How far the work is.
    pub status: Status,
    /// Whose it is.
    #[serde(default)]
    pub assignee: Option<String>,
    /// What a trigger had looked up of its entity.
    #[serde(default)]
    pub facts: Vec<Fact>,
    /// The newest detections in full, the newest last.
    pub newest: VecDeque<Detection>,
}

impl Item {
    /// An item that a detection opens, before it joins.
    pub(super) fn opened(seen: &Seen) -> Option<Self> {
        let opening = seen.opening.as_ref()?;
        Some(Self {
            id: seen.item,
            cause: opening.cause.clone(),
            title: opening.title.clone(),
            severity: String::new(),
            reason: String::new(),
            entity: opening.entity.clone(),
            storm: opening.storm,
            again: opening.again,
            opened: seen.joined,
            first: seen.first,
            last: seen.last,
            joined: seen.joined,
            count: 0,
            accounts: Few::default(),
            regions: Few::default(),
            operations: Few::default(),
            entities: Few::default(),
            others: Few::default(),
            status: Status::Open,
            assignee: None,
            facts: Vec::new(),
            newest: VecDeque::new(),
        })
    }

    /// Detections join it.
    pub(super) fn join(&mut self, seen: Seen) {
        self.raise(&seen.severity, &seen.reason);
        self.first = self.first.min(seen.first);
        self.last = self.last.max(seen.last);
        self.joined = self.joined.max(seen.joined);
        self.count = self.count.saturating_add(seen.count);
        self.accounts.add_all(seen.accounts, MOST_NAMES);
        self.regions.add_all(seen.regions, MOST_NAMES);
        self.operations.add_all(seen.operations, MOST_NAMES);
        self.others.add_all(seen.others, MOST_OTHERS);
        self.newest.extend(seen.newest);
        self.trim();
    }

    /// Takes in another item, which is no item any more.
    pub(super) fn take_in(&mut self, other: Self) {
        self.raise(&other.severity, &other.reason);
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.count = self.count.saturating_add(other.count);
        self.accounts.add_all(other.accounts, MOST_NAMES);
        self.regions.add_all(other.regions, MOST_NAMES);
        self.operations.add_all(other.operations, MOST_NAMES);
        self.others.add_all(other.others, MOST_OTHERS);
        self.entities.add(other.entity, MOST_STORMED);
        let newer = std::mem::take(&mut self.newest);
        self.newest = other.newest;
        self.newest.extend(newer);
        self.trim();
    }

    /// A higher severity counts, with its reason.
    fn raise(&mut self, name: &str, reason: &str) {
        if self.severity.is_empty() || severity::rank(name) > severity::rank(&self.severity) {
            name.clone_into(&mut self.severity);
            reason.clone_into(&mut self.reason);
        }
    }

    fn trim(&mut self) {
        while self.newest.len() > KEPT {
            self.newest.pop_front();
        }
    }

    /// Bytes of the events that it keeps.
    pub(super) fn bytes(&self) -> usize {
        self.newest.iter().map(|known| known.event.len()).sum()
    }

    /// Keeps no more than so many detections.
    pub(super) fn keep(&mut self, most: usize) {
        while self.newest.len() > most {
            self.newest.pop_front();
        }
    }

    /// What it is about, in a word: an entity, or how many.
    pub fn about(&self) -> String {
        match &self.entity {
            Some(entity) => entity.to_string(),
            None if self.storm => format!("{} entities", self.entities.count()),
            None => "-".to_owned(),
        }
    }

    /// The rank of its severity, 0 for one that nobody knows.
    pub fn rank(&self) -> u8 {
        severity::rank(&self.severity).unwrap_or(0)
    }

    /// The entities that it names: the one that it is about first.
    pub fn named(&self) -> impl Iterator<Item = &Entity> {
        let about = self.entity.iter();
        about
            .chain(self.entities.values())
            .chain(self.others.values())
    }
}

/// What is known of an entity, no more and no longer than an item keeps.
pub(super) fn bounded_facts(facts: &[Fact]) -> Vec<Fact> {
    const MOST: usize = 40;
    let cut = |text: &str| text[..text.floor_char_boundary(300)].to_owned();
    let bounded = facts.iter().take(MOST).map(|fact| Fact {
        source: cut(&fact.source),
        name: cut(&fact.name),
        text: cut(&fact.text),
    });
    bounded.collect()
}

/// A detection whose parts are no longer than they may be.
pub(super) fn bounded(detection: &Detection) -> Detection {
    let cut = |text: &str, most: usize| text[..text.floor_char_boundary(most)].to_owned();
    let name = |text: &Option<String>| text.as_ref().map(|text| cut(text, 256));
    let cause = |text: &str| cut(text, 512);
    Detection {
        cause: match &detection.cause {
            Cause::Rule(text) => Cause::Rule(cause(text)),
            Cause::Finding(text) => Cause::Finding(cause(text)),
            Cause::Watch(text) => Cause::Watch(cause(text)),
            Cause::Condition(text) => Cause::Condition(cause(text)),
        },
        title: cut(&detection.title, 400),
        severity: cut(&detection.severity, 40),
        reason: cut(&detection.reason, 400),
        entity: detection.entity.clone(),
        others: detection.others.iter().take(32).cloned().collect(),
        time: detection.time.map(super::to_millis),
        seen: super::to_millis(detection.seen),
        account: name(&detection.account),
        region: name(&detection.region),
        operation: name(&detection.operation),
        class: detection.class,
        object: detection.object.clone(),
        row: detection.row,
        // Half of a JSON object is none: one that is too long is found in its object.
        event: if detection.event.len() > LONGEST_EVENT {
            String::new()
        } else {
            detection.event.clone()
        },
    }
}
