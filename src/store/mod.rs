//! THE store: one state, changed by one pure function.
//!
//! `update(&mut State, Event, now) -> Vec<Effect>` is the only writer. It knows no clock, file, task
//! or randomness: time comes in with the event, work goes out as effects, and every answer echoes
//! the id of the effect that asked for it, so that a stale answer is dropped where ids are looked
//! up and nowhere else.

pub mod case;
pub mod command;
pub mod content;
pub mod coverage;
pub mod editor;
pub mod effect;
pub mod entity;
pub mod event;
pub mod feed;
pub mod key;
pub mod keymap;
pub mod layout;
pub mod line_input;
pub mod lineage;
mod mouse;
pub mod overlay;
pub mod pivot;
pub mod playbook;
pub mod queue;
mod restore;
pub mod results;
pub mod screen;
pub mod session;
pub mod state;
pub mod timeline;
pub mod triggers;
mod unfinished;
mod update;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use state::State;
pub use update::{run_command, update};
