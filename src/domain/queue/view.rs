//! The queue as lines: which items are in sight, in which order, put together by what.

use std::cmp::Reverse;
use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Item, ItemId, Queue};
use crate::domain::detection::Cause;

/// By what items are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Grouping {
    /// Not at all.
    #[default]
    None,
    /// By who says that they matter.
    Rule,
    /// By whom or what they are about.
    Entity,
    /// By account.
    Account,
}

impl Grouping {
    /// The next one, round the end.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::None => Self::Rule,
            Self::Rule => Self::Entity,
            Self::Entity => Self::Account,
            Self::Account => Self::None,
        }
    }

    /// It in words.
    pub fn told(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Rule => "by rule",
            Self::Entity => "by entity",
            Self::Account => "by account",
        }
    }
}

/// Which items are in sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Scope {
    /// Those that are to be worked on: neither closed nor muted.
    #[default]
    Work,
    /// The muted ones too.
    Muted,
    /// All.
    All,
}

impl Scope {
    /// The next one, round the end.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Work => Self::Muted,
            Self::Muted => Self::All,
            Self::All => Self::Work,
        }
    }

    /// It in words, where it is not the usual one.
    pub fn told(self) -> &'static str {
        match self {
            Self::Work => "",
            Self::Muted => "with muted",
            Self::All => "all",
        }
    }
}

/// A line.
#[derive(Debug, Clone, PartialEq)]
pub enum Line {
    /// The head of a group.
    Group {
        /// What its items have in common.
        label: String,
        /// Its items, in order.
        items: Vec<ItemId>,
        /// Their detections.
        count: u64,
        /// The name of their highest severity.
        severity: String,
    },
    /// An item.
    Item(ItemId),
}

/// The most severe first, of those the one that something joined last.
pub(super) fn order(item: &Item) -> (Reverse<u8>, Reverse<DateTime<Utc>>, Reverse<ItemId>) {
    (Reverse(item.rank()), Reverse(item.last), Reverse(item.id))
}

impl Queue {
    /// Whether a mute keeps an item out of sight.
    pub fn is_muted(&self, item: &Item, now: DateTime<Utc>) -> bool {
        let mut mutes = self.mutes().filter(|mute| mute.holds_at(now));
        mutes.any(|mute| mute.hides(item))
    }

    /// The lines at a time, and how many items are muted. A filter, in lower case, lets items
    /// through that name it; an empty one lets all through.
    pub fn lines(
        &self,
        grouping: Grouping,
        scope: Scope,
        filter: &str,
        now: DateTime<Utc>,
    ) -> (Vec<Line>, usize) {
        let mut muted = 0;
        let mut in_sight: Vec<&Item> = Vec::new();
        for item in self.items() {
            let is_closed = item.status.is_closed();
            let is_muted = !is_closed && self.is_muted(item, now);
            muted += usize::from(is_muted);
            let is_wanted =
                (scope == Scope::All || !is_closed) && (scope != Scope::Work || !is_muted);
            if is_wanted && (filter.is_empty() || names(item, filter)) {
                in_sight.push(item);
            }
        }
        in_sight.sort_by_key(|item| (item.status.is_closed(), order(item)));
        if grouping == Grouping::None {
            return (
                in_sight.iter().map(|item| Line::Item(item.id)).collect(),
                muted,
            );
        }
        (grouped(&in_sight, grouping), muted)
    }
}

/// Whether an item names a text, given in lower case.
fn names(item: &Item, text: &str) -> bool {
    let has = |name: &str| name.to_lowercase().contains(text);
    has(&item.title)
        || has(item.cause.name())
        || has(&item.severity)
        || item.assignee.as_deref().is_some_and(has)
        || item.named().any(|entity| has(&entity.value))
        || item.accounts.values().iter().any(|name| has(name))
        || item.operations.values().iter().any(|name| has(name))
}

/// Items under the heads of their groups; a group stands where its first item would.
fn grouped(items: &[&Item], grouping: Grouping) -> Vec<Line> {
    let mut groups: Vec<(String, Vec<&Item>)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for item in items {
        let label = label(item, grouping);
        let place = *places.entry(label.clone()).or_insert_with(|| {
            groups.push((label, Vec::new()));
            groups.len() - 1
        });
        if let Some((_, group)) = groups.get_mut(place) {
            group.push(item);
        }
    }
    let mut lines = Vec::with_capacity(items.len() + groups.len());
    for (label, group) in groups {
        let highest = group.iter().max_by_key(|item| item.rank());
        lines.push(Line::Group {
            label,
            items: group.iter().map(|item| item.id).collect(),
            count: group.iter().fold(0, |sum, item| sum + item.count),
            severity: highest.map_or_else(String::new, |item| item.severity.clone()),
        });
        lines.extend(group.iter().map(|item| Line::Item(item.id)));
    }
    lines
}

fn label(item: &Item, grouping: Grouping) -> String {
    match grouping {
        Grouping::None => String::new(),
        Grouping::Rule => match &item.cause {
            // Its id says nothing to a person.
            Cause::Rule(_) => format!("rule {}", item.title),
            cause => format!("{} {}", cause.kind(), cause.name()),
        },
        Grouping::Entity => match &item.entity {
            Some(entity) => entity.to_string(),
            None if item.storm => "many entities".to_owned(),
            None => "no entity".to_owned(),
        },
        Grouping::Account => match item.accounts.values() {
            [] => "no account".to_owned(),
            [one] => format!("account {one}"),
            _ => "several accounts".to_owned(),
        },
    }
}
