//! The shipped templates, pivots and playbooks: each is well formed, runs, and finds what it is for.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "all of this is test: it owns its files, prints what it counted, and fails by panic"
)]

mod correlations;
mod detections;
mod entities;
mod json_fields;
mod lake;
mod matching;
mod pivots;
mod playbooks;
mod published;
mod techniques;
mod templates;
