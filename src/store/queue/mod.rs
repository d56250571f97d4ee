//! The queue in the console: what detections became, worked through in the pane of the feed, whose
//! second face it is.
//!
//! Owns which items are in sight, chosen and marked, and what is not on the disk yet. What happens
//! to items is an event of [`crate::domain::queue`]: applied here at once, and handed to the
//! journal at the end of the event that brought it ([`QueueDesk::take_work`]); one batch is on its
//! way at a time, and none is forgotten before the journal has it.

mod alerts;
mod journal;
mod menu;
mod mute;
mod update;

#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::OnceLock;

use chrono::{DateTime, Utc};

pub(super) use alerts::act_on_alert;
pub use alerts::{Alert, Alerts};
pub use journal::open;
pub(super) use journal::{mute_ended, news, read};
pub(super) use menu::choose;
pub use menu::{MenuLine, QueueList, QueueMenu, lines};
pub(super) use mute::confirm as confirm_mute;
pub use mute::{MuteForm, Property, duration_told};
pub(super) use update::{assign_to, case_opened, found, show, update};

use super::command::Command;
use super::state::State;
use crate::domain::detection::{Detection, ObjectName};
use crate::domain::queue::{Grouping, Item, ItemId, Line, Queue, QueueEvent, Scope};

/// Work on the queue for the runtime.
#[derive(Debug, Clone, PartialEq)]
pub enum QueueWork {
    /// Open the journal and replay it.
    Open,
    /// Append events, all of them or none.
    Append(Vec<QueueEvent>),
    /// Put the queue in the place of the detections that led to it.
    Snapshot(Box<Queue>),
    /// Write the events of items to a file that can be asked.
    Rows {
        /// What the result is called.
        title: String,
        /// The file's name without its ending.
        name: String,
        /// The events.
        events: Vec<ItemEvent>,
    },
}

/// Events of items in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownEvents {
    /// The file.
    pub path: PathBuf,
    /// The object of each of its rows, and the row in it, from 0.
    pub places: Vec<(ObjectName, u64)>,
    /// What is to be said of events that are not in it.
    pub missing: Option<String>,
}

/// An event of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemEvent {
    /// The object that it lies in.
    pub object: ObjectName,
    /// Its row there, counted from 0.
    pub row: u64,
    /// The event in full, as one JSON object; empty where only its object has it.
    pub event: String,
}

/// News of the queue.
#[derive(Debug, Clone)]
pub enum QueueNews {
    /// The journal is open, and what it replays to.
    Opened(Box<Queue>),
    /// The journal cannot be used, and why.
    NotOpened(String),
    /// The batch is on the disk.
    Written {
        /// Whether a snapshot is due.
        snapshot_due: bool,
    },
    /// The batch is not, and why.
    NotWritten(String),
    /// The events of items are in a file, or why not.
    Rows {
        /// What the result is called.
        title: String,
        /// What is there to be shown.
        outcome: Result<ShownEvents, String>,
    },
    /// Whoever tells of readings asks to be answered when all that was found so far is where it
    /// stays; by the number that [`Effect::Kept`](super::effect::Effect::Kept) echoes.
    IsKept(u64),
    /// An entity is watched from now on, or why not; in words.
    Watched(Result<String, String>),
}

/// Whether what happens is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Kept {
    /// No: there is no journal, or it cannot be used.
    #[default]
    No,
    /// The journal is being read; what arrives waits.
    Soon,
    /// Yes.
    Yes,
}

/// What is chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Chosen {
    Item(ItemId),
    Group(String),
}

/// The queue and the work on it.
#[derive(Debug, Default)]
pub struct QueueDesk {
    queue: Queue,
    /// Whether the pane shows the queue rather than the notifications.
    pub shown: bool,
    /// By what items are put together.
    pub grouping: Grouping,
    /// Which items are in sight.
    pub scope: Scope,
    /// The text that items in sight name; empty lets all through.
    filter: String,
    chosen: Option<Chosen>,
    /// Where the chosen line was: what is chosen once it is gone.
    place: usize,
    marked: BTreeSet<ItemId>,
    kept: Kept,
    /// Who asked whether everything is kept.
    asking: Vec<u64>,
    /// Detections that came before the journal was read.
    early: Vec<Detection>,
    /// What is not on the disk yet, in order.
    pending: Vec<QueueEvent>,
    /// How many of `pending` are on their way.
    sent: usize,
    snapshot_due: bool,
    /// Items of which the next opened case is told.
    for_case: Vec<ItemId>,
    alerting: alerts::Alerting,
    /// The lines, made when they are asked for, and how many items are muted.
    lines: OnceLock<(Vec<Line>, usize)>,
}

/// Lines in sight of a narrow pane take two rows: one would not tell what an item is about.
const WIDE: u16 = 64;

/// A line in sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    /// Its place among the lines.
    pub line: usize,
    /// Its first row in the pane, from 0.
    pub row: u16,
    /// Its rows.
    pub rows: u16,
}

impl QueueDesk {
    /// The queue.
    pub fn queue(&self) -> &Queue {
        &self.queue
    }

    /// Whether what happens is written down.
    pub fn kept(&self) -> Kept {
        self.kept
    }

    /// The filter in force.
    pub fn filter(&self) -> &str {
        &self.filter
    }

    /// Shows only what names the text.
    pub(super) fn set_filter(&mut self, text: &str) {
        text.clone_into(&mut self.filter);
        self.changed();
    }

    /// What happened and is not on the disk yet.
    pub fn unwritten(&self) -> usize {
        self.pending.len()
    }

    /// Whether an item is marked.
    pub fn is_marked(&self, id: ItemId) -> bool {
        self.marked.contains(&id)
    }

    /// Marked items.
    pub fn marked(&self) -> usize {
        self.marked.len()
    }

    /// The lines at a time.
    pub fn lines(&self, now: DateTime<Utc>) -> &[Line] {
        &self.made(now).0
    }

    /// How many items are muted at a time.
    pub fn muted(&self, now: DateTime<Utc>) -> usize {
        self.made(now).1
    }

    fn made(&self, now: DateTime<Utc>) -> &(Vec<Line>, usize) {
        let make = || {
            let filter = self.filter.to_lowercase();
            self.queue.lines(self.grouping, self.scope, &filter, now)
        };
        self.lines.get_or_init(make)
    }

    /// The lines have changed.
    fn changed(&mut self) {
        self.lines = OnceLock::new();
    }

    /// The chosen line's place.
    pub fn selected(&self, now: DateTime<Utc>) -> usize {
        let lines = self.lines(now);
        let is_chosen = |line: &Line| match (&self.chosen, line) {
            (Some(Chosen::Item(id)), Line::Item(item)) => id == item,
            (Some(Chosen::Group(name)), Line::Group { label, .. }) => name == label,
            _ => false,
        };
        let place = match &self.chosen {
            Some(_) => lines.iter().position(is_chosen),
            None => Some(0),
        };
        place
            .unwrap_or(self.place)
            .min(lines.len().saturating_sub(1))
    }

    /// Chooses a line.
    fn select(&mut self, place: usize, now: DateTime<Utc>) {
        let lines = self.lines(now);
        let place = place.min(lines.len().saturating_sub(1));
        let chosen = lines.get(place).map(|line| match line {
            Line::Item(id) => Chosen::Item(*id),
            Line::Group { label, .. } => Chosen::Group(label.clone()),
        });
        // The first line stays the first one, whatever comes in above it.
        self.chosen = chosen.filter(|_| place > 0);
        self.place = place;
    }

    /// Items of the chosen line: one, or those of a group.
    fn chosen_items(&self, now: DateTime<Utc>) -> Vec<ItemId> {
        match self.lines(now).get(self.selected(now)) {
            Some(Line::Item(id)) => vec![*id],
            Some(Line::Group { items, .. }) => items.clone(),
            None => Vec::new(),
        }
    }

    /// The chosen item; of a group the first one.
    pub fn item(&self, now: DateTime<Utc>) -> Option<&Item> {
        let first = self.chosen_items(now).first().copied();
        self.queue.item(first?)
    }

    /// What an action is about: the marked items, else those of the chosen line.
    fn targets(&self, now: DateTime<Utc>) -> Vec<ItemId> {
        if self.marked.is_empty() {
            return self.chosen_items(now);
        }
        let there = |id: &&ItemId| self.queue.item(**id).is_some();
        self.marked.iter().filter(there).copied().collect()
    }

    /// The lines in sight of a pane of so many columns and rows: the chosen one among them.
    pub fn in_sight(&self, width: u16, height: u16, now: DateTime<Utc>) -> Vec<Placed> {
        let lines = self.lines(now);
        let rows_of = |line: &Line| match line {
            Line::Item(_) if width < WIDE => 2,
            Line::Item(_) | Line::Group { .. } => 1,
        };
        // Wide, the first row names the columns.
        let head = u16::from(width >= WIDE && height > 1);
        let selected = self.selected(now);
        let mut first = 0;
        let mut used = head;
        for (place, line) in lines.iter().enumerate().take(selected + 1).rev() {
            used += rows_of(line);
            if used > height && place < selected {
                first = place + 1;
                break;
            }
        }
        let mut row = head;
        let mut placed = Vec::new();
        for (line, what) in lines.iter().enumerate().skip(first) {
            if row >= height {
                break;
            }
            let rows = rows_of(what).min(height - row);
            placed.push(Placed { line, row, rows });
            row += rows;
        }
        placed
    }

    /// Something happens: it counts at once, and is written soon.
    pub(super) fn happens(&mut self, event: QueueEvent) {
        if self.kept != Kept::No {
            self.pending.push(event.clone());
        }
        self.queue.apply(event);
        self.changed();
    }
}

/// Whether the pane of the feed shows the queue.
pub fn is_shown(state: &State) -> bool {
    state.queue.shown
}

/// The mouse has chosen a row of a pane of so many columns and rows.
pub(super) fn press_row(state: &mut State, width: u16, height: u16, row: usize) {
    let now = state.now;
    let placed = state.queue.in_sight(width, height, now);
    let on = |placed: &&Placed| {
        let first = usize::from(placed.row);
        (first..first + usize::from(placed.rows)).contains(&row)
    };
    if let Some(line) = placed.iter().find(on).map(|placed| placed.line) {
        state.queue.select(line, now);
    }
}

/// A key in words, for what says how to go on.
fn key(state: &State, command: Command) -> String {
    state.setting.keymap.label(command).unwrap_or_default()
}
