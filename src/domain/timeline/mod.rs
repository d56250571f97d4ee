//! The timeline: what happened, by the time at which it happened, over pins and whole results.
//!
//! Owns what an item is ([`TimelineItem`]), how a row is read as one ([`RowReader`]), the merge of
//! sorted runs ([`merge()`]), the outline of groups and gaps ([`Outline`]), the density strip with its
//! brush ([`Strip`], [`Brush`]) and the table that is exported ([`table()`]). Values and rules only.
//!
//! A whole result may have millions of rows: of each, only its time and its number are held
//! ([`Mark`]); the rows stay behind their handle and are read when they are looked at.

mod gaps;
mod item;
mod merge;
mod outline;
mod pins;
mod reader;
mod sources;
mod stage;
mod strip;
mod table;

#[cfg(test)]
mod tests;

pub use gaps::{span_told, threshold};
pub use item::{Grouping, Moment, Place, TimelineItem, UNDATED, moment, time_of};
pub use merge::{Merge, merge};
pub use outline::{Group, Line, Mark, Outline};
pub use pins::{item_of, items_of};
pub use reader::{RowReader, event_time, time_column};
pub use sources::Sources;
pub use strip::{Brush, Strip};
pub use table::{ItemTable, table};
