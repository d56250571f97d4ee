//! The command line from outside: the real binary, its output, its files and its exit codes.

#![allow(
    clippy::disallowed_methods,
    reason = "these tests make the files that the binary reads"
)]

mod bad_input;
mod config;
mod content;
mod demo;
mod help;
#[cfg(unix)]
mod interrupts;
mod lakes;
mod query;
mod support;
