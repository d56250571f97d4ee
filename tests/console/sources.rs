//! The sources of notifications: several at once, each with a switch.

use super::LAKE;
use super::terminal::{Home, Terminal};

#[test]
fn a_configured_source_brings_objects_beside_the_lakes_own_and_can_be_switched_off() {
    let home = Home::new();
    let other = tempfile::tempdir().unwrap();
    let source = format!("dir:{}", other.path().display());
    std::fs::write(home.config(), format!("[feed]\nsources = ['{source}']\n")).unwrap();
    let mut console = Terminal::start(&home, &LAKE.path(), (240, 50));
    // While a query runs, leaving asks.
    console.wait_for("✓ new-findings");
    console.wait_for("following · 2 sources");
    // Renamed into place, as writers do.
    let part = other.path().join("part");
    std::fs::write(&part, "no Parquet").unwrap();
    std::fs::rename(part, other.path().join("arrived.parquet")).unwrap();
    console.wait_for("arrived.parquet");
    console.press(&["alt-s"]);
    console.wait_until("both sources", |screen| {
        screen.matches("watching ").count() == 2 && screen.contains(&source)
    });
    console.press(&["space"]);
    console.wait_until("one switched off", |screen| {
        screen.matches("watching ").count() == 1
            && screen
                .lines()
                .any(|line| line.contains("off ") && line.contains(&source))
    });
    console.press(&["q"]);
    console.wait_until("the panes", |screen| !screen.contains("off/on"));
    console.press(&["ctrl-q"]);
    assert_eq!(console.wait_for_end(), 0);
}

#[test]
fn a_second_console_says_that_the_first_one_reads_and_takes_over_when_it_is_killed() {
    let home = Home::new();
    let mut one = Terminal::start(&home, &LAKE.path(), (160, 44));
    one.wait_for("✓ new-findings");
    let mut other = Terminal::start(&home, &LAKE.path(), (160, 44));
    other.wait_for("ctrl-q quit");
    other.press_until(&["alt-s"], "off/on");
    other.wait_for("reading");
    let note = format!("another lakehound (process {})", one.pid());
    other.press_until(&["down"], &note);
    one.signal("KILL");
    one.wait_for_end();
    other.wait_until("it takes over", |screen| !screen.contains(&note));
    other.press(&["q"]);
    other.wait_until("the panes", |screen| !screen.contains("off/on"));
    other.wait_for_rest();
    other.press(&["ctrl-q"]);
    assert_eq!(other.wait_for_end(), 0);
}
