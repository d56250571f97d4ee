//! The case: what can happen in an investigation as plain data, the history that entries form, and
//! the state that they replay to.
//!
//! An [`Entry`] names the entries that were the last when it was written, by the SHA-256 of their
//! bytes: so entries form a chain, and a chain that was continued on two machines forks and joins.
//! [`History`] holds them, tells a merge of two copies, and puts them into the one order that every
//! copy with the same entries has. [`CaseState`] is the fold over that order. Nothing here does
//! I/O: `adapters::case` owns files.
//!
//! # Rules where two analysts differ
//!
//! Entries are never lost in a merge. What they change is decided by the order alone: an edit made
//! in the knowledge of another comes after it and wins; of two edits made apart the later by its
//! time wins, and at the same time the one with the greater hash. That holds for names, ticks, step
//! notes, tags, notes and verdicts. An un-pinned pin stays un-pinned, and a removed note removed,
//! whatever was edited elsewhere at that time: the edit is kept and shown with it.

mod entry;
mod evidence;
mod fold;
mod history;
mod shape;
mod state;
mod trail;
mod what;

#[cfg(test)]
mod tests;

pub use entry::{Author, Draft, Entry, EntryHash, Happening, Sealed, Unfit};
pub use evidence::{EvidenceColumn, EvidenceRow};
pub use history::History;
pub use shape::{Unit, ValueType};
pub use state::{
    CaseState, Closing, Decision, ExportState, NoteState, PinState, ResultState, Stamp, StepState,
    VerdictState,
};
pub use trail::{Trail, TrailNode};
pub use what::{
    About, EntityRef, Key, ObjectRow, Outcome, Pin, PivotFrom, ResultRef, Source, Verdict, What,
};
