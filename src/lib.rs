//! lakehound: a terminal console in which one analyst takes an incident from the first
//! notification to a signed report, on Amazon Security Lake or on a folder of the same files.
//!
//! # Where is what
//!
//! | room | owns |
//! | --- | --- |
//! | [`domain`] | values and rules, no I/O: lake keys, sources and schemas, queries, rows, templates, playbooks |
//! | [`sql`] | SQL as text: lexer, statements, parameters, completion, lint, table names, containment |
//! | [`store`] | THE store: state, events, effects, the pure update, commands and key map |
//! | [`ports`] | the traits that the runtime calls |
//! | [`adapters`] | the outside world: embedded engine, Athena, catalogue, journal, results, feed, files |
//! | [`runtime`] | event loop, effect runner, task registry, frame pacer, input, shutdown |
//! | [`ui`] | drawing: screen, panes, overlays, widgets, safe text, themes |
//! | [`terminal`] | entering and leaving the terminal, synchronized frames |
//! | [`export`] | rows into bytes: one writer for each format |
//! | [`demo`] | the demo lake: a deterministic generator with an incident inside |
//! | [`config`] | configuration file, paths, shipped content |
//! | [`cli`] | one file for each subcommand; the only readers of clap types |
//! | [`app`] | the composition root |
//!
//! # Invariants
//!
//! - Dependencies run one way: `domain ◄ sql ◄ store ◄ ui` and `domain ◄ ports ◄ adapters`; only
//!   `runtime`, `app` and `cli` see everything. `tests/architecture.rs` reads the `use` lines.
//! - `store` knows no tokio, ratatui, AWS, file system or clock: its update is a pure function.
//! - Data becomes screen text only through [`ui::text`], SQL only through [`sql::parameters`].
//! - Time is UTC inside and always shown with its zone.

pub mod adapters;
pub mod app;
pub mod cli;
pub mod config;
pub mod demo;
pub mod domain;
pub mod export;
pub mod ports;
pub mod runtime;
pub mod sql;
pub mod store;
pub mod terminal;
pub mod ui;
