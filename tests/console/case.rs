//! A case in the console under kill -9: whatever the moment, what the screen had shown as done is in
//! the journal, the journal verifies, and the next start goes on from there.

use std::collections::BTreeSet;
use std::process::Command;

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use serde_json::Value;

use super::LAKE;
use super::terminal::{Home, Terminal};

/// How many kills: some in the suite, 200 for the full proof.
const KILLS: &str = "LAKEHOUND_CONSOLE_KILLS";

/// Kills of one case; then the next one, for tabs and entries grow.
const OF_ONE_CASE: u64 = 10;

/// What the analyst has seen done.
#[derive(Debug, Default)]
struct Seen {
    notes: BTreeSet<String>,
    decisions: usize,
    /// Rows that are evidence, as the page counts them.
    pinned: usize,
    /// Pins that were made, those that were taken back included.
    pins: usize,
    queries: usize,
}

fn lakehound(home: &Home, arguments: &[&str]) -> (bool, Value) {
    let output = Command::new(env!("CARGO_BIN_EXE_lakehound"))
        .args(arguments)
        .env("LAKEHOUND_DATA", home.data())
        .env("LAKEHOUND_CONFIG", home.config())
        .output()
        .unwrap();
    let told = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!(
            "{error}: {}{}",
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        )
    });
    (output.status.success(), told)
}

/// Does the script up to the step at which it is killed, and notes what the screen confirms.
fn work(console: &mut Terminal, round: u64, steps: u64, seen: &mut Seen) {
    for step in 0..steps {
        match step % 4 {
            0 => {
                let note = format!("note {round}.{step}");
                console.press(&["alt-o"]);
                console.wait_for("Note in the case");
                console.type_text(&format!("{note}\r"));
                // The page shows what the journal replays to.
                console.press(&["\x1bOS"]);
                console.wait_for(&note);
                close_page(console);
                seen.notes.insert(note);
            }
            1 => {
                run(console, round, step, seen);
                console.press(&["alt-3", "+"]);
                console.wait_for("kept as evidence");
                console.press(&["\x1bOS"]);
                console.wait_for(&format!("Evidence ({})", seen.pinned + 1));
                close_page(console);
                seen.pinned += 1;
                seen.pins += 1;
            }
            2 => {
                console.press(&["alt-d"]);
                console.wait_for("Decision");
                console.type_text(&format!("step {round}.{step} because of it\r"));
                console.press(&["\x1bOS"]);
                console.wait_for(&format!("Decisions ({})", seen.decisions + 1));
                close_page(console);
                seen.decisions += 1;
            }
            _ => run(console, round, step, seen),
        }
    }
}

/// Closes the page, and waits for it: an escape right before another key is that key with `alt`.
fn close_page(console: &mut Terminal) {
    console.press(&["esc"]);
    console.wait_until("the page closes", |screen| !screen.contains("esc closes"));
}

/// Runs a statement and waits for its row.
fn run(console: &mut Terminal, round: u64, step: u64, seen: &mut Seen) {
    console.press(&["alt-2", "ctrl-n"]);
    console.paste(&format!(
        "SELECT concat('<', '{round}.{step}', '>') AS mark"
    ));
    console.wait_for(&format!("'{round}.{step}'"));
    console.press(&["f5"]);
    console.wait_for(&format!("<{round}.{step}>"));
    seen.queries += 1;
}

#[test]
fn what_the_screen_showed_as_done_survives_a_kill_at_any_moment() {
    let kills = std::env::var(KILLS).map_or(2, |kills| kills.parse().unwrap());
    let mut random = ChaCha8Rng::seed_from_u64(7);
    let mut below = |limit: u64| random.next_u64() % limit;
    let mut killed = 0;
    while killed < kills {
        let home = Home::new();
        let mut seen = Seen::default();
        for round in 0..OF_ONE_CASE.min(kills - killed) {
            let mut console = Terminal::start(&home, &LAKE.path(), (160, 50));
            if round == 0 {
                console.wait_for("✓ new-findings");
                console.press(&["\x1bOR"]);
                console.wait_for("Cases");
                console.type_text("leak\r");
            }
            console.wait_for("case leak");
            work(&mut console, round, 1 + below(5), &mut seen);
            // In the middle of the next thing.
            let more: &[&str] = match below(4) {
                0 => &["alt-o", "cut off", "enter"],
                1 => &["alt-3", "+", "-", "+"],
                2 => &["f5", "f5", "f5"],
                _ => &["alt-4", "n", "space", "space"],
            };
            console.press(more);
            console.signal("KILL");
            console.wait_for_end();
            killed += 1;
            check(&home, &mut seen);
        }
        let mut console = Terminal::start(&home, &LAKE.path(), (160, 50));
        console.wait_for("case leak");
        console.press(&["ctrl-q"]);
        assert_eq!(console.wait_for_end(), 0);
        check(&home, &mut seen);
    }
}

/// The journal verifies, and holds at least what was seen. What was on its way may be there, and
/// then counts as the next start shows it.
fn check(home: &Home, seen: &mut Seen) {
    let (_, cases) = lakehound(home, &["case", "list", "--format", "json"]);
    let id = cases[0]["id"].as_str().unwrap().to_owned();
    let (ok, report) = lakehound(home, &["case", "verify", &id]);
    assert!(ok, "{report}");
    let (_, case) = lakehound(home, &["case", "show", &id, "--format", "json"]);
    let count = |name: &str| case[name].as_u64().unwrap() as usize;
    let pins = case["pins"].as_array().unwrap();
    let is_live = |pin: &&Value| pin["unpinned"].is_null();
    assert!(count("decisions") >= seen.decisions, "{case}");
    assert!(pins.len() >= seen.pins, "{} of {}", pins.len(), seen.pins);
    assert!(count("notes") >= seen.notes.len(), "{case}");
    assert!(count("queries") >= seen.queries, "{case}");
    seen.pins = pins.len();
    seen.pinned = pins.iter().filter(is_live).count();
    seen.decisions = count("decisions");
    seen.queries = count("queries");
}
