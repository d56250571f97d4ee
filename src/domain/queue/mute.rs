//! Mutes: items with some properties are out of sight for a time. Nothing is thrown away: what a
//! mute hides joins its item as ever, and is in sight again when the mute ends, or when a detection
//! joins that the mute does not speak of.

use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Item, ItemId, Queue};
use crate::domain::detection::{Cause, Detection};
use crate::domain::entity::Entity;
use crate::domain::rfc3339;

/// Names a mute; never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MuteId(pub u64);

/// The properties of what is muted: all that are given must hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mute {
    /// Which mute.
    pub id: MuteId,
    /// Who says that it matters.
    #[serde(default)]
    pub cause: Option<Cause>,
    /// Whom or what it is about.
    #[serde(default)]
    pub entity: Option<Entity>,
    /// The account.
    #[serde(default)]
    pub account: Option<String>,
    /// The Region.
    #[serde(default)]
    pub region: Option<String>,
    /// What was done.
    #[serde(default)]
    pub operation: Option<String>,
    /// When it ends by itself.
    #[serde(default, with = "rfc3339::optional")]
    pub until: Option<DateTime<Utc>>,
}

/// What a mute would have hidden of what is there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Preview {
    /// Items that would be out of sight, the most severe first.
    pub hidden: Vec<ItemId>,
    /// Their detections.
    pub detections: u64,
    /// Items that stay in sight although some of their detections have the properties.
    pub partly: Vec<ItemId>,
}

impl Mute {
    /// Whether it has no property at all: it would hide everything, and is never made.
    pub fn is_blank(&self) -> bool {
        self.cause.is_none()
            && self.entity.is_none()
            && self.account.is_none()
            && self.region.is_none()
            && self.operation.is_none()
    }

    /// Whether it holds at a time.
    pub fn holds_at(&self, now: DateTime<Utc>) -> bool {
        self.until.is_none_or(|until| now < until)
    }

    /// Whether every detection of an item has its properties, as far as the item tells.
    pub fn hides(&self, item: &Item) -> bool {
        let cause = self.cause.as_ref().is_none_or(|cause| *cause == item.cause);
        let about = |wanted: &Entity| match &item.entity {
            Some(entity) => entity == wanted,
            None => item.storm && item.entities.is_only(wanted),
        };
        let only = |wanted: &Option<String>, named: &super::Few<String>| {
            wanted.as_ref().is_none_or(|wanted| named.is_only(wanted))
        };
        !self.is_blank()
            && cause
            && self.entity.as_ref().is_none_or(about)
            && only(&self.account, &item.accounts)
            && only(&self.region, &item.regions)
            && only(&self.operation, &item.operations)
    }

    /// Whether a detection has its properties.
    pub fn is_of(&self, detection: &Detection) -> bool {
        let same =
            |wanted: &Option<String>, named: &Option<String>| wanted.is_none() || wanted == named;
        !self.is_blank()
            && self.cause.as_ref().is_none_or(|c| *c == detection.cause)
            && (self.entity.is_none() || self.entity == detection.entity)
            && same(&self.account, &detection.account)
            && same(&self.region, &detection.region)
            && same(&self.operation, &detection.operation)
    }

    /// What it would have hidden of the items that are not closed.
    pub fn preview(&self, queue: &Queue) -> Preview {
        let mut preview = Preview::default();
        let mut live: Vec<&Item> = queue
            .items()
            .filter(|item| !item.status.is_closed())
            .collect();
        live.sort_by_key(|item| super::view::order(item));
        for item in live {
            if self.hides(item) {
                preview.hidden.push(item.id);
                preview.detections = preview.detections.saturating_add(item.count);
            } else if item.newest.iter().any(|known| self.is_of(known)) {
                preview.partly.push(item.id);
            }
        }
        preview
    }
}

impl fmt::Display for Mute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut between = "";
        let mut part = |f: &mut fmt::Formatter<'_>, word: &str, value: &dyn fmt::Display| {
            let told = write!(f, "{between}{word} {value}");
            between = ", ";
            told
        };
        if let Some(cause) = &self.cause {
            part(f, cause.kind(), &cause.name())?;
        }
        if let Some(entity) = &self.entity {
            part(f, entity.kind.name(), &entity.value)?;
        }
        if let Some(account) = &self.account {
            part(f, "in account", account)?;
        }
        if let Some(region) = &self.region {
            part(f, "in", region)?;
        }
        if let Some(operation) = &self.operation {
            part(f, "doing", operation)?;
        }
        Ok(())
    }
}
