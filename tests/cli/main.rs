//! The command line from outside: the real binary, its output, its files and its exit codes.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "all of this is test: it makes the files that the binary reads, and fails by panic"
)]

mod bad_input;
mod case;
mod config;
mod content;
mod demo;
mod detect;
mod help;
mod import;
#[cfg(unix)]
mod interrupts;
mod lakes;
mod lineage;
mod pivot;
mod query;
mod storm;
mod support;
mod timeline;
mod trigger;
mod watch;
mod webhook;
mod zero;
