//! The runtime: it feeds the store with events, does the work that the store asks for, and draws.
//!
//! Owns the event loop, tasks, timers and signals. It decides nothing: what an event means is the
//! store's, how the state looks is the screen's.

#![allow(
    clippy::disallowed_methods,
    reason = "this room owns tasks, the clock and the paths that people name for exports"
)]

pub mod effects;
mod event_loop;
mod input;
mod lineage;
mod pacer;
mod signals;
mod timers;

pub use effects::{
    Casework, Effects, Keeping, LakeContent, LoadAccess, QueueKeeping, ReadEvents, Services,
    WatchEntity,
};
pub use event_loop::{EventLoop, Screen};
pub use input::input;
pub use lineage::lineage;
pub use signals::{Signal, signals};

use chrono::{DateTime, Utc};

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl crate::ports::Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

#[cfg(test)]
mod tests;
