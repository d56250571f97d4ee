//! Queries, results and access on AWS, against real protocol peers on the loopback: ministack for
//! Athena, Glue, S3 and STS, and microburst for faults between it and the SDK.
//!
//! Needs `python3` with `venv`; the packages come from PyPI by exact hash, once, into `target/`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "all of this is test: it owns its peers and files, and fails by panic"
)]

#[path = "../support/venv.rs"]
mod venv;

#[path = "../console/terminal.rs"]
#[allow(dead_code, reason = "the console's own tests use the rest of it")]
mod terminal;

mod bill;
mod console;
mod consoles;
mod direct;
mod exact;
mod faults;
mod feed;
mod headless;
mod home;
mod http;
mod kills;
mod mfa;
mod moments;
mod moto;
mod offers;
mod peer;
mod peers_own;
mod proxy;
mod queries;
mod relay;
mod results;
mod roles;
mod secrets;
mod support;
#[allow(dead_code, reason = "the benches use the rest of it")]
mod wire;
mod zero;
