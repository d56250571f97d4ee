//! What the events of a queue replay to.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::item::{MOST_STORMED, bounded_facts};
use super::{
    Act, Item, ItemId, MOST_BYTES, MOST_ITEMS, MOST_KNOWN, MOST_UNDO, Mute, MuteId, QueueEvent,
    Seen, Status, to_millis,
};
use crate::domain::detection::Cause;
use crate::domain::entity::Entity;
use crate::domain::entity::facts::Fact;

/// Closed items that go at once, where there are too many items.
const DROPPED_AT_ONCE: usize = 500;

/// What a detection has in common with those of its item.
pub(super) type Key = (Cause, Option<Entity>);

/// The queue as it is after its events.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Queue {
    items: BTreeMap<ItemId, Item>,
    mutes: BTreeMap<MuteId, Mute>,
    /// What takes the last actions back, the last one last.
    undo: VecDeque<Done>,
    /// Marks of the detections that are known, the oldest first.
    known: VecDeque<u64>,
    /// Detections for which there was no room.
    beyond: u64,
    last_event: u64,
    last_item: u64,
    last_mute: u64,
    /// Where things are; made of the rest.
    #[serde(skip)]
    pub(super) index: Index,
}

/// What finds items.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Index {
    /// Items that are not closed; the entities of storms lead to them.
    pub(super) open: HashMap<Key, ItemId>,
    /// Storms that are not closed.
    pub(super) storms: HashMap<Cause, ItemId>,
    /// The last closed item, storms apart.
    pub(super) closed: HashMap<(Key, bool), ItemId>,
    /// Items that are no storms.
    pub(super) by_cause: HashMap<Cause, BTreeSet<ItemId>>,
    pub(super) known: HashSet<u64>,
    /// Items that are not closed.
    pub(super) live: usize,
    bytes: usize,
}

/// An action that can be undone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Done {
    number: u64,
    name: String,
    before: Before,
}

/// What was before an action.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Before {
    Items(Vec<(ItemId, Status, Option<String>)>),
    Muted(MuteId),
    Unmuted(Mute),
}

impl Queue {
    /// Every item, the oldest first.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.items.values()
    }

    /// An item.
    pub fn item(&self, id: ItemId) -> Option<&Item> {
        self.items.get(&id)
    }

    /// Every mute, the oldest first, those that have ended included.
    pub fn mutes(&self) -> impl Iterator<Item = &Mute> {
        self.mutes.values()
    }

    /// Detections for which there was no room.
    pub fn beyond(&self) -> u64 {
        self.beyond
    }

    /// Items that are not closed.
    pub fn live(&self) -> usize {
        self.index.live
    }

    /// The number of the last event.
    pub fn last_event(&self) -> u64 {
        self.last_event
    }

    pub(super) fn last_item(&self) -> u64 {
        self.last_item
    }

    /// A name for the next mute.
    pub fn next_mute(&self) -> MuteId {
        MuteId(self.last_mute + 1)
    }

    /// When the next mute ends.
    pub fn next_end(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let ends = self.mutes().filter_map(|mute| mute.until);
        ends.filter(|until| *until > now).min()
    }

    /// What would be undone: its number and its name.
    pub fn undoable(&self) -> Option<(u64, &str)> {
        self.undo
            .back()
            .map(|done| (done.number, done.name.as_str()))
    }

    /// An event that comes next; it counts once it is applied.
    pub fn next(&self, act: Act, by: Option<String>, at: DateTime<Utc>) -> QueueEvent {
        QueueEvent {
            number: self.last_event + 1,
            at: to_millis(at),
            by,
            act,
        }
    }

    /// The event that this is known of the entity of an item; it counts once it is applied.
    pub fn learned(&self, item: ItemId, facts: &[Fact], at: DateTime<Utc>) -> QueueEvent {
        let facts = bounded_facts(facts);
        self.next(Act::Learned { item, facts }, None, at)
    }

    /// Something happened.
    pub fn apply(&mut self, event: QueueEvent) {
        self.last_event = self.last_event.max(event.number);
        let name = event.act.name();
        let before = match event.act {
            Act::Detected(seen) => {
                self.detected(*seen, event.at);
                return;
            }
            Act::Beyond { count } => {
                self.beyond = self.beyond.saturating_add(count);
                return;
            }
            Act::Learned { item, facts } => {
                if let Some(item) = self.items.get_mut(&item) {
                    item.facts = facts;
                }
                return;
            }
            Act::Acknowledged { items } => self.change(&items, |item| {
                if item.status == Status::Open {
                    item.status = Status::Acknowledged;
                }
            }),
            Act::Assigned { items, to } => {
                self.change(&items, |item| item.assignee.clone_from(&to))
            }
            Act::Closed { items, disposition } => self.change(&items, |item| {
                item.status = Status::Closed(disposition);
            }),
            Act::Muted(mute) => {
                let id = mute.id;
                self.last_mute = self.last_mute.max(id.0);
                self.mutes.insert(id, mute);
                Before::Muted(id)
            }
            Act::Unmuted { mute } => match self.mutes.remove(&mute) {
                Some(mute) => Before::Unmuted(mute),
                None => return,
            },
            Act::Undone { of } => {
                if self.undo.back().is_some_and(|done| done.number == of)
                    && let Some(done) = self.undo.pop_back()
                {
                    self.take_back(done.before);
                }
                return;
            }
        };
        self.undo.push_back(Done {
            number: event.number,
            name: name.to_owned(),
            before,
        });
        if self.undo.len() > MOST_UNDO {
            self.undo.pop_front();
        }
    }

    /// Changes items, and gives how they were.
    fn change(&mut self, items: &[ItemId], how: impl Fn(&mut Item)) -> Before {
        let mut before = Vec::with_capacity(items.len());
        for id in items {
            if let Some(item) = self.items.get_mut(id) {
                before.push((*id, item.status, item.assignee.clone()));
                how(item);
            }
        }
        self.reindex();
        Before::Items(before)
    }

    fn take_back(&mut self, before: Before) {
        match before {
            Before::Items(items) => {
                // Backwards: an item that was named twice is as it was before the first time.
                for (id, status, assignee) in items.into_iter().rev() {
                    if let Some(item) = self.items.get_mut(&id) {
                        item.status = status;
                        item.assignee = assignee;
                    }
                }
                self.reindex();
            }
            Before::Muted(id) => {
                self.mutes.remove(&id);
            }
            Before::Unmuted(mute) => {
                self.mutes.insert(mute.id, mute);
            }
        }
    }

    fn detected(&mut self, mut seen: Seen, at: DateTime<Utc>) {
        self.mutes.retain(|_, mute| mute.holds_at(at));
        for mark in std::mem::take(&mut seen.marks) {
            if self.index.known.insert(mark) {
                self.known.push_back(mark);
            }
        }
        while self.known.len() > MOST_KNOWN {
            if let Some(mark) = self.known.pop_front() {
                self.index.known.remove(&mark);
            }
        }
        let id = seen.item;
        if let Some(item) = Item::opened(&seen) {
            self.open(item, &seen);
        }
        let entities = std::mem::take(&mut seen.entities);
        let more = seen.more_entities;
        let Some(item) = self.items.get_mut(&id) else {
            return;
        };
        let before = item.bytes();
        item.join(seen);
        for entity in entities {
            let key = (item.cause.clone(), Some(entity.clone()));
            item.entities.add_new(entity, MOST_STORMED);
            self.index.open.insert(key, id);
        }
        if more {
            item.entities.overflow();
        }
        self.index.bytes = (self.index.bytes + item.bytes()).saturating_sub(before);
        if self.index.bytes > MOST_BYTES {
            self.keep_less();
        }
    }

    /// An item is opened; a storm takes in those that were its beginning.
    fn open(&mut self, mut item: Item, seen: &Seen) {
        if self.items.len() >= MOST_ITEMS {
            self.drop_closed();
        }
        let id = item.id;
        self.last_item = self.last_item.max(id.0);
        let takes = seen.opening.as_ref().map(|opening| &opening.takes);
        for taken in takes.into_iter().flatten() {
            let Some(taken) = self.items.remove(taken) else {
                continue;
            };
            self.index.live = self.index.live.saturating_sub(1);
            if let Some(others) = self.index.by_cause.get_mut(&taken.cause) {
                others.remove(&taken.id);
            }
            self.index
                .open
                .insert((taken.cause.clone(), taken.entity.clone()), id);
            self.index.bytes = self.index.bytes.saturating_sub(taken.bytes());
            item.take_in(taken);
        }
        self.index.bytes += item.bytes();
        self.index.live += 1;
        if item.storm {
            self.index.storms.insert(item.cause.clone(), id);
        } else {
            let key = (item.cause.clone(), item.entity.clone());
            self.index.open.insert(key, id);
            let others = self.index.by_cause.entry(item.cause.clone()).or_default();
            others.insert(id);
        }
        self.items.insert(id, item);
    }

    /// Makes room: the oldest closed items go. The journal still tells of them.
    fn drop_closed(&mut self) {
        let closed = self.items.values().filter(|item| item.status.is_closed());
        let oldest: Vec<ItemId> = closed.map(|item| item.id).take(DROPPED_AT_ONCE).collect();
        for id in oldest {
            self.items.remove(&id);
        }
        self.reindex();
    }

    /// Keeps fewer detections in full, first of those items that nothing joined for the longest.
    fn keep_less(&mut self) {
        let mut by_age: Vec<(DateTime<Utc>, ItemId)> =
            self.items().map(|item| (item.joined, item.id)).collect();
        by_age.sort_unstable();
        for most in [1, 0] {
            for (_, id) in &by_age {
                if self.index.bytes <= MOST_BYTES / 4 * 3 {
                    return;
                }
                if let Some(item) = self.items.get_mut(id) {
                    let before = item.bytes();
                    item.keep(most);
                    self.index.bytes = self.index.bytes + item.bytes() - before;
                }
            }
        }
    }

    /// Makes the index anew: after what happens seldom, and after a snapshot was read.
    pub fn reindex(&mut self) {
        let mut index = Index {
            known: std::mem::take(&mut self.index.known),
            ..Index::default()
        };
        if index.known.len() != self.known.len() {
            index.known = self.known.iter().copied().collect();
        }
        // The oldest first: of several the newest is found.
        for item in self.items.values() {
            let key = (item.cause.clone(), item.entity.clone());
            index.bytes += item.bytes();
            if !item.storm {
                let others = index.by_cause.entry(item.cause.clone()).or_default();
                others.insert(item.id);
            }
            if item.status.is_closed() {
                index.closed.insert((key, item.storm), item.id);
                continue;
            }
            index.live += 1;
            if item.storm {
                index.storms.insert(item.cause.clone(), item.id);
                for entity in item.entities.values() {
                    let key = (item.cause.clone(), Some(entity.clone()));
                    index.open.insert(key, item.id);
                }
            } else {
                index.open.insert(key, item.id);
            }
        }
        self.index = index;
    }
}
