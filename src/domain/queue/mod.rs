//! The queue: what detections become, so that people can work through them.
//!
//! A detection joins the open *item* of the same cause and entity, or opens one. Everything that
//! happens is an append-only [`QueueEvent`]; a [`Queue`] is what its events replay to and nothing
//! else. What depends on a rule of this room (which item a detection joins, what is a storm) is
//! decided once, in [`Queue::take_in`], and recorded: a later version of the program replays what
//! was decided then.
//!
//! Detections come from hostile data and in floods: texts, lists, kept rows and items are bounded,
//! and what does not fit is counted.

mod event;
mod few;
mod intake;
mod item;
mod mute;
mod replay;
mod view;

#[cfg(test)]
pub(crate) mod tests;

pub use event::{Act, Opening, QueueEvent, Seen};
pub use few::Few;
pub use item::{Disposition, Item, ItemId, Status};
pub use mute::{Mute, MuteId, Preview};
pub use replay::Queue;
pub use view::{Grouping, Line, Scope};

use chrono::{DateTime, TimeDelta, Utc};

/// Items of one cause opened within [`STORM_WITHIN`] from which the next one is a storm.
pub const STORM_OF: usize = 10;

/// How soon after one another items of one cause make a storm, and how long a storm takes in
/// entities that are new to it.
pub const STORM_WITHIN: TimeDelta = TimeDelta::minutes(10);

/// Detections that an item keeps in full: the newest.
pub const KEPT: usize = 20;

/// The longest event of a detection that is kept, in bytes.
const LONGEST_EVENT: usize = 64 << 10;

/// Bytes of events that all items keep together.
const MOST_BYTES: usize = 48 << 20;

/// Items in the queue, closed ones included.
pub const MOST_ITEMS: usize = 10_000;

/// Detections that are known again when they come a second time.
const MOST_KNOWN: usize = 200_000;

/// Actions that can be undone, one after the other.
const MOST_UNDO: usize = 100;

/// Times are kept to the millisecond, as the journal writes them.
fn to_millis(time: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(time.timestamp_millis()).unwrap_or(time)
}
