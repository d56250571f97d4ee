//! The terminal: entering and leaving it, and writing whole frames to it.
//!
//! Nothing here knows the state. Whatever enters leaves again: on drop, on a panic, on a signal and
//! before the program is put into the background.

#![allow(
    clippy::disallowed_methods,
    reason = "this room owns standard output and the thread that writes to it"
)]

pub mod frame;
mod session;

pub use session::{TerminalError, TerminalSession};
