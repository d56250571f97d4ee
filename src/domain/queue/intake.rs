//! Which item a detection joins. Decided once, against the queue as it is and what the same batch
//! has decided before; what was decided is written down.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::item::{MOST_STORMED, bounded};
use super::replay::Key;
use super::{
    Act, Item, ItemId, MOST_ITEMS, Opening, Queue, QueueEvent, STORM_OF, STORM_WITHIN, Seen, Status,
};
use crate::domain::detection::{Cause, Detection};
use crate::domain::mark::of_parts;

impl Queue {
    /// What detections that have arrived change, as events that follow the last one. Those that
    /// are known already are passed over: delivery is at least once. Nothing counts before the
    /// events are applied.
    pub fn take_in(&self, detections: &[Detection], now: DateTime<Utc>) -> Vec<QueueEvent> {
        let mut plan = Plan::new(self);
        for detection in detections {
            plan.take(detection);
        }
        let mut number = self.last_event();
        let mut event = |act| {
            number += 1;
            let mut event = self.next(act, None, now);
            event.number = number;
            event
        };
        let mut events: Vec<QueueEvent> = plan
            .seen
            .into_iter()
            .map(|seen| event(Act::Detected(Box::new(seen.trimmed()))))
            .collect();
        if plan.beyond > 0 {
            events.push(event(Act::Beyond { count: plan.beyond }));
        }
        events
    }
}

/// What a batch has decided so far.
struct Plan<'a> {
    queue: &'a Queue,
    seen: Vec<Seen>,
    /// The place in `seen` of what joins an item.
    places: HashMap<ItemId, usize>,
    /// Items that are new for a key.
    keys: HashMap<Key, ItemId>,
    storms: HashMap<Cause, ItemId>,
    /// Items that the batch opened, by cause, with the time; no storms.
    opened: HashMap<Cause, Vec<(DateTime<Utc>, ItemId)>>,
    /// Items that a storm of the batch takes in.
    taken: HashSet<ItemId>,
    /// Entities that storms have got.
    stormed: HashMap<ItemId, usize>,
    marks: HashSet<u64>,
    last_item: u64,
    /// Items more than before.
    more: usize,
    beyond: u64,
}

impl<'a> Plan<'a> {
    fn new(queue: &'a Queue) -> Self {
        Self {
            queue,
            seen: Vec::new(),
            places: HashMap::new(),
            keys: HashMap::new(),
            storms: HashMap::new(),
            opened: HashMap::new(),
            taken: HashSet::new(),
            stormed: HashMap::new(),
            marks: HashSet::new(),
            last_item: queue.last_item(),
            more: 0,
            beyond: 0,
        }
    }

    fn take(&mut self, detection: &Detection) {
        let mark = mark(detection);
        if self.queue.index.known.contains(&mark) || !self.marks.insert(mark) {
            return;
        }
        // Its cause is cut like everything else of it: found as it is kept.
        let detection = &bounded(detection);
        let key: Key = (detection.cause.clone(), detection.entity.clone());
        if let Some(item) = self.known(&key) {
            self.join(item, None, detection, mark);
        } else if let Some(storm) = self.storm(detection) {
            self.join_storm(storm, detection, mark);
        } else if self.queue.live() + self.more >= MOST_ITEMS {
            self.beyond += 1;
        } else {
            self.open(key, detection, mark);
        }
    }

    /// The open item of a key.
    fn known(&self, key: &Key) -> Option<ItemId> {
        let here = self.keys.get(key).copied();
        here.or_else(|| self.queue.index.open.get(key).copied())
    }

    /// The storm of a cause that still takes in entities that are new to it.
    fn storm(&self, detection: &Detection) -> Option<ItemId> {
        let cause = &detection.cause;
        if let Some(storm) = self.storms.get(cause) {
            return Some(*storm);
        }
        let storm = *self.queue.index.storms.get(cause)?;
        let item = self.queue.item(storm)?;
        (detection.seen - item.joined <= STORM_WITHIN).then_some(storm)
    }

    fn join(
        &mut self,
        item: ItemId,
        opening: Option<Opening>,
        detection: &Detection,
        mark: u64,
    ) -> usize {
        let seen = &mut self.seen;
        let place = *self.places.entry(item).or_insert_with(|| {
            seen.push(Seen::new(item, opening, detection));
            seen.len() - 1
        });
        if let Some(seen) = self.seen.get_mut(place) {
            seen.add(detection, mark);
        }
        place
    }

    fn join_storm(&mut self, storm: ItemId, detection: &Detection, mark: u64) {
        let place = self.join(storm, None, detection, mark);
        let Some(entity) = detection.entity.clone() else {
            return;
        };
        let before = || {
            let item = self.queue.item(storm);
            item.map_or(0, |item| item.entities.values().len())
        };
        let count = self.stormed.entry(storm).or_insert_with(before);
        let has_room = *count < MOST_STORMED;
        *count += usize::from(has_room);
        if let Some(seen) = self.seen.get_mut(place) {
            if has_room {
                seen.entities.push(entity.clone());
                let key = (detection.cause.clone(), Some(entity));
                self.keys.insert(key, storm);
            } else {
                seen.more_entities = true;
            }
        }
    }

    fn open(&mut self, key: Key, detection: &Detection, mark: u64) {
        self.last_item += 1;
        let id = ItemId(self.last_item);
        let near = self.near(detection);
        let storm = near.len() + 1 >= STORM_OF;
        let mut takes = Vec::new();
        if storm {
            takes = near
                .into_iter()
                .filter(|id| self.is_untouched(*id))
                .collect();
        }
        let again_of = if storm {
            (key.0.clone(), None)
        } else {
            key.clone()
        };
        let again = self.queue.index.closed.get(&(again_of, storm)).copied();
        let opening = Opening {
            cause: key.0.clone(),
            title: if storm {
                title_of_storm(detection)
            } else {
                detection.title.clone()
            },
            entity: if storm { None } else { key.1.clone() },
            storm,
            again,
            takes: takes.clone(),
        };
        self.more += 1;
        if !storm {
            let opened = self.opened.entry(key.0.clone()).or_default();
            opened.push((detection.seen, id));
            self.keys.insert(key, id);
            self.join(id, Some(opening), detection, mark);
            return;
        }
        for taken in &takes {
            if let Some(entity) = self.entity_of(*taken) {
                self.keys.insert((key.0.clone(), entity), id);
            }
        }
        self.stormed.insert(id, takes.len());
        self.more = self.more.saturating_sub(takes.len());
        self.taken.extend(takes);
        self.storms.insert(key.0, id);
        let place = self.seen.len();
        self.seen.push(Seen::new(id, Some(opening), detection));
        self.places.insert(id, place);
        self.join_storm(id, detection, mark);
    }

    /// Items of the same cause that were opened shortly before, no more than make a storm.
    fn near(&self, detection: &Detection) -> Vec<ItemId> {
        let is_near = |opened: DateTime<Utc>| detection.seen - opened <= STORM_WITHIN;
        let here = self.opened.get(&detection.cause).into_iter().flatten();
        let here = here.rev().filter(|(at, _)| is_near(*at)).map(|(_, id)| *id);
        let before = self.queue.index.by_cause.get(&detection.cause);
        let before = before.into_iter().flatten().rev().copied().take(STORM_OF);
        let before = before.filter(|id| {
            let item = self.queue.item(*id);
            item.is_some_and(|item| is_near(item.opened))
        });
        here.chain(before)
            .filter(|id| !self.taken.contains(id))
            .take(STORM_OF)
            .collect()
    }

    /// Whether nobody has begun to work on an item.
    fn is_untouched(&self, id: ItemId) -> bool {
        let of_item = |item: &Item| item.status == Status::Open && item.assignee.is_none();
        self.queue.item(id).is_none_or(of_item)
    }

    /// What an item of the queue or of the batch is about.
    fn entity_of(&self, id: ItemId) -> Option<Option<crate::domain::entity::Entity>> {
        if let Some(item) = self.queue.item(id) {
            return Some(item.entity.clone());
        }
        let seen = self.seen.get(*self.places.get(&id)?)?;
        Some(seen.opening.as_ref()?.entity.clone())
    }
}

/// A rule has one title. Findings of one type have a title each: of many the type says more.
fn title_of_storm(detection: &Detection) -> String {
    match &detection.cause {
        Cause::Finding(kind) => kind.rsplit('/').next().unwrap_or(kind).to_owned(),
        Cause::Rule(_) | Cause::Watch(_) | Cause::Condition(_) => detection.title.clone(),
    }
}

/// What tells a detection when it comes a second time.
fn mark(detection: &Detection) -> u64 {
    let time = detection.time.map(|time| time.timestamp_millis());
    let parts: [&[u8]; 6] = [
        detection.cause.kind().as_bytes(),
        detection.cause.name().as_bytes(),
        detection.object.bucket.as_bytes(),
        detection.object.key.as_bytes(),
        &detection.row.to_le_bytes(),
        &time.unwrap_or(i64::MIN).to_le_bytes(),
    ];
    let mark = of_parts(parts.map(Some));
    let first = mark.iter().take(8);
    first.fold(0, |mark, byte| mark << 8 | u64::from(*byte))
}
