//! One item of a timeline.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};

use crate::domain::case::Key;
use crate::domain::entity::Entity;

/// A point in time: microseconds since 1970-01-01T00:00:00Z.
pub type Moment = i64;

/// The moment of what has no time: it stands behind everything that has one.
pub const UNDATED: Moment = i64::MAX;

/// The moment of a time.
pub fn moment(time: Option<DateTime<Utc>>) -> Moment {
    time.map_or(UNDATED, |time| time.timestamp_micros())
}

/// The time of a moment; `None` for [`UNDATED`] and beyond the calendar's reach.
pub fn time_of(moment: Moment) -> Option<DateTime<Utc>> {
    (moment != UNDATED)
        .then(|| DateTime::from_timestamp_micros(moment))
        .flatten()
}

/// Where an item comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A pin of the case.
    Pin(Key),
    /// A row of a result that is in the timeline as a whole.
    Row {
        /// What the result is called.
        result: String,
        /// The row as it came, from 1.
        row: u64,
    },
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pin(pin) => write!(f, "pin {pin}"),
            Self::Row { result, row } => write!(f, "{result} row {row}"),
        }
    }
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimelineItem {
    /// When it happened, as the data says; `None` where it says nothing.
    pub event_time: Option<DateTime<Utc>>,
    /// When the analyst kept it; `None` for rows that nobody pinned.
    pub discovered: Option<DateTime<Utc>>,
    /// What recorded it, such as `CLOUD_TRAIL_MGMT`.
    pub source: String,
    /// Who or what it is about first.
    pub entity: Option<Entity>,
    /// Its tags.
    pub tags: Vec<String>,
    /// The stage of the attack that it belongs to.
    pub stage: Option<String>,
    /// Why it matters.
    pub note: String,
    /// What happened, in one line.
    pub summary: String,
    /// Where it comes from.
    pub place: Place,
}

impl TimelineItem {
    /// The moment of its event.
    pub fn moment(&self) -> Moment {
        moment(self.event_time)
    }

    /// The groups that it belongs to: each of its tags, or the one entity or stage; none where it
    /// has none.
    pub fn groups(&self, grouping: Grouping) -> Vec<String> {
        match grouping {
            Grouping::None => Vec::new(),
            Grouping::Entity => self.entity.iter().map(Entity::to_string).collect(),
            Grouping::Tag => {
                let mut tags = self.tags.clone();
                tags.sort_unstable();
                tags.dedup();
                tags
            }
            Grouping::Stage => self.stage.iter().cloned().collect(),
        }
    }
}

/// By what items are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Grouping {
    /// By nothing: one list.
    #[default]
    None,
    /// By the entity that each is about first.
    Entity,
    /// By tag: an item with two tags stands in both groups.
    Tag,
    /// By the stage of the attack.
    Stage,
}

impl Grouping {
    /// Every grouping, in the order in which they are gone through.
    pub const ALL: [Self; 4] = [Self::None, Self::Entity, Self::Tag, Self::Stage];

    /// The name, such as `entity`.
    pub fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Entity => "entity",
            Self::Tag => "tag",
            Self::Stage => "stage",
        }
    }

    /// The next one, round the end.
    pub fn next(self) -> Self {
        match self {
            Self::None => Self::Entity,
            Self::Entity => Self::Tag,
            Self::Tag => Self::Stage,
            Self::Stage => Self::None,
        }
    }
}

impl FromStr for Grouping {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|grouping| grouping.name() == name)
            .ok_or_else(|| format!("`{name}` is no grouping; there are entity, tag and stage"))
    }
}
