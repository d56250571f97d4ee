//! The form of a mute: which properties of an item, for how long; below it what it would have
//! hidden.

use chrono::TimeDelta;

use super::journal::wake_for_mutes;
use super::{alerts, key, update};
use crate::domain::queue::{Act, Item, ItemId, Mute, Queue};
use crate::store::command::Command;
use crate::store::effect::Effect;
use crate::store::key::{Chord, KeyCode};
use crate::store::overlay::Overlay;
use crate::store::state::State;

/// How long a mute may last, in hours, and in words; 0 is for ever.
const DURATIONS: [(i64, &str); 6] = [
    (1, "1 hour"),
    (8, "8 hours"),
    (24, "1 day"),
    (7 * 24, "7 days"),
    (30 * 24, "30 days"),
    (0, "until it is taken back"),
];

/// The place of a day in [`DURATIONS`].
const A_DAY: usize = 2;

/// A property of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property {
    /// What it is.
    pub name: &'static str,
    /// What the item has there.
    pub value: String,
    /// Whether the mute asks for it.
    pub is_on: bool,
}

/// A mute being made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MuteForm {
    /// The item whose properties they are.
    pub item: ItemId,
    /// Its properties; those that it has more than one of are none.
    pub properties: Vec<Property>,
    /// The chosen line: a property, or behind them the duration.
    pub current: usize,
    duration: usize,
}

impl MuteForm {
    /// The properties of an item: its cause and its entity are on.
    pub(super) fn of(item: &Item) -> Self {
        let one = |few: &crate::domain::queue::Few<String>| {
            let first = few.first()?;
            few.is_only(first).then(|| first.clone())
        };
        let known = [
            (item.cause.kind(), Some(item.cause.name().to_owned()), true),
            (
                "entity",
                item.entity.as_ref().map(ToString::to_string),
                true,
            ),
            ("account", one(&item.accounts), false),
            ("Region", one(&item.regions), false),
            ("operation", one(&item.operations), false),
        ];
        let property = |(name, value, is_on): (&'static str, Option<String>, bool)| {
            let value = value?;
            Some(Property { name, value, is_on })
        };
        Self {
            item: item.id,
            properties: known.into_iter().filter_map(property).collect(),
            current: 0,
            duration: A_DAY,
        }
    }

    /// The mute as the form has it; `None` where the item is gone.
    pub fn mute(&self, queue: &Queue, now: chrono::DateTime<chrono::Utc>) -> Option<Mute> {
        let item = queue.item(self.item)?;
        let is_on = |name: &str| {
            let mut properties = self.properties.iter();
            properties.any(|property| property.name == name && property.is_on)
        };
        let text = |name: &str, few: &crate::domain::queue::Few<String>| {
            few.first().filter(|_| is_on(name)).cloned()
        };
        let hours = DURATIONS.get(self.duration).map_or(1, |(hours, _)| *hours);
        Some(Mute {
            id: queue.next_mute(),
            cause: is_on(item.cause.kind()).then(|| item.cause.clone()),
            entity: item.entity.clone().filter(|_| is_on("entity")),
            account: text("account", &item.accounts),
            region: text("Region", &item.regions),
            operation: text("operation", &item.operations),
            until: (hours > 0).then(|| {
                let until = now + TimeDelta::hours(hours);
                let millis = until.timestamp_millis();
                chrono::DateTime::from_timestamp_millis(millis).unwrap_or(until)
            }),
        })
    }

    /// Goes to another line.
    pub(in crate::store) fn step(&mut self, to: impl Fn(usize) -> usize) {
        self.current = to(self.current).min(self.properties.len());
    }

    /// A key that is no command: space takes a property or leaves it, left and right change how
    /// long.
    pub(in crate::store) fn press(&mut self, chord: Chord) {
        let last = DURATIONS.len() - 1;
        match chord.code {
            KeyCode::Left => self.duration = self.duration.saturating_sub(1),
            KeyCode::Right => self.duration = (self.duration + 1).min(last),
            _ if chord.typed() == Some(' ') => match self.properties.get_mut(self.current) {
                Some(property) => property.is_on = !property.is_on,
                None => self.duration = (self.duration + 1) % DURATIONS.len(),
            },
            _ => {}
        }
    }
}

/// How long the mute of a form lasts, in words.
pub fn duration_told(form: &MuteForm) -> &'static str {
    DURATIONS.get(form.duration).map_or("", |(_, told)| told)
}

/// Mutes as the form has it.
pub(in crate::store) fn confirm(state: &mut State, form: MuteForm) -> Vec<Effect> {
    let Some(mute) = form.mute(&state.queue.queue, state.now) else {
        return Vec::new();
    };
    if mute.is_blank() {
        state.warn("a mute without a property would hide everything: choose one".to_owned());
        state.overlay = Some(Overlay::Mute(form));
        return Vec::new();
    }
    let hidden = mute.preview(&state.queue.queue).hidden.len();
    let told = mute.to_string();
    update::done(state, Act::Muted(mute), "queue.mute", &told);
    let undo = key(state, Command::QueueUndo);
    state.inform(format!(
        "muted {told}: {} out of sight; {undo} takes it back",
        crate::store::case::count(hidden, "item", "items")
    ));
    let mut effects: Vec<Effect> = wake_for_mutes(state).into_iter().collect();
    effects.extend(alerts::titled(state));
    effects
}
