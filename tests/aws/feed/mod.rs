//! The feed against real protocol peers: every object that was put is in the inbox once, whatever is
//! killed and whatever goes wrong on the way.

mod console;
mod faults;
mod kills;
mod objects;
mod opened;
mod repeater;
mod sources;
mod ways;
mod webhook;
mod wiring;

use std::io::Write as _;
use std::time::Duration;

use serde_json::Value;

use crate::home::Home;

/// A home whose binary hides what it receives for a moment only: what a killed one had in hand comes
/// again soon.
fn home(endpoint: &str) -> Home {
    let home = Home::of(endpoint);
    let mut config = std::fs::OpenOptions::new()
        .append(true)
        .open(home.path("config.toml"))
        .unwrap();
    config
        .write_all(b"[feed]\nvisibility_seconds = 1\n")
        .unwrap();
    home
}

/// `watch --once` over sources: the lines that it tells, which it ends well after.
fn watch_once(home: &Home, sources: &[String]) -> Vec<Value> {
    let mut arguments = vec!["watch", "--once", "--unread"];
    for source in sources {
        arguments.extend(["--from", source]);
    }
    let (code, stdout, stderr) = home.run(&arguments);
    assert_eq!(code, Some(0), "{stderr}");
    lines(&stdout)
}

/// The lines of a whole output.
fn lines(stdout: &str) -> Vec<Value> {
    let lines = stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The bucket and key of every notification among lines.
fn notified(lines: &[Value]) -> Vec<(String, String)> {
    let of = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
    let told = lines.iter().filter(|line| line["kind"] == "notification");
    told.map(|line| (of(line, "bucket"), of(line, "key")))
        .collect()
}

/// How many of something, as the environment says.
fn setting(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

/// A number that nobody foresees, below a bound.
fn any_below(bound: u64) -> u64 {
    use std::hash::{BuildHasher as _, RandomState};
    RandomState::new().hash_one(bound) % bound.max(1)
}

/// A moment that nobody foresees.
fn any_moment() -> Duration {
    Duration::from_micros(any_below(20_000))
}
