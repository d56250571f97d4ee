//! Rules over a million calls of CloudTrail, beside the fastest open tool that does the same job here.
//!
//! `cargo bench --bench detect` makes the calls once, below `target/`: as a lake for `detect`, as lines
//! of JSON for the peer, which is rsigma 0.23 (`cargo install rsigma --version 0.23.0
//! --locked --root target/tmp/rsigma`; `LAKEHOUND_BENCH_RSIGMA` names another
//! place of it). Both run the same 60 files of rules and have to find as many matches. As lines of
//! JSON are not what a lake holds, the time to import them is told as well.
//! `LAKEHOUND_BENCH_CALLS` and `LAKEHOUND_BENCH_RUNS` change the size and the number of runs.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a bench measures the clock, prints, and stops where it cannot measure"
)]

#[path = "support/calls.rs"]
#[allow(dead_code, reason = "this bench reads whole lakes, not objects")]
mod calls;
#[path = "peer/environment.rs"]
#[allow(dead_code, reason = "the peer is a program, not a Python package")]
mod environment;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

fn main() {
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let home = target.join("calls");
    std::fs::create_dir_all(&home).expect("a folder");
    let events = environment::number("LAKEHOUND_BENCH_CALLS", 1_000_000);
    let runs = environment::number("LAKEHOUND_BENCH_RUNS", 3).max(1);
    let begin = Instant::now();
    let lines = calls::lines(&home, events);
    let made = begin.elapsed();
    let lake = calls::lake(&home, events);
    println!(
        "made: {:.1} s for the lines, {:.1} s for the import (nothing where they were there)",
        made.as_secs_f64(),
        (begin.elapsed() - made).as_secs_f64()
    );
    let (rules, count) = calls::rule_files(&home);
    println!("{events} calls, {count} rules");
    let peer = std::env::var_os("LAKEHOUND_BENCH_RSIGMA")
        .map_or_else(|| target.join("rsigma/bin/rsigma"), PathBuf::from);
    assert!(
        peer.exists(),
        "there is no {}: the top of benches/detect.rs says how to get it",
        peer.display()
    );
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        ours.push(run(Command::new(env!("CARGO_BIN_EXE_lakehound"))
            .args(["detect", "--format", "ndjson", "--lake"])
            .arg(&lake)
            .arg("--rules")
            .arg(&rules)));
        theirs.push(run(&mut eval(&peer, &rules, &lines)));
    }
    let (ours, ours_found) = median(ours);
    let (theirs, theirs_found) = median(theirs);
    println!(
        "lakehound detect: {:.2} s, {ours_found} matches",
        ours.as_secs_f64()
    );
    println!(
        "rsigma eval:      {:.2} s, {theirs_found} matches",
        theirs.as_secs_f64()
    );
    println!("ratio: {:.1}", theirs.as_secs_f64() / ours.as_secs_f64());
}

fn eval(peer: &Path, rules: &Path, lines: &Path) -> Command {
    let mut command = Command::new(peer);
    command
        .args(["engine", "eval", "--rules"])
        .arg(rules)
        .arg("--event")
        .arg(format!("@{}", lines.display()));
    command
}

/// How long a program takes, and how many lines it prints.
fn run(command: &mut Command) -> (Duration, usize) {
    let begin = Instant::now();
    let made = command.stderr(Stdio::null()).output().expect("a program");
    let took = begin.elapsed();
    assert!(made.status.success(), "{command:?}");
    let lines = made.stdout.iter().filter(|byte| **byte == b'\n').count();
    (took, lines)
}

fn median(mut runs: Vec<(Duration, usize)>) -> (Duration, usize) {
    runs.sort();
    runs.get(runs.len() / 2).copied().expect("a run")
}
