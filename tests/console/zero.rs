//! An empty result explained where its rows would be, and the lake's coverage.

use super::LAKE;
use super::terminal::{Home, Terminal};

/// Whether the results' title tells of rows.
fn has_rows(screen: &str) -> bool {
    screen.lines().any(|line| {
        line.split("Results ")
            .nth(1)
            .is_some_and(|title| title.contains(" rows") && !title.contains(" 0 rows"))
    })
}

#[test]
fn an_empty_result_is_explained_and_put_right_by_two_keys() {
    let home = Home::new();
    let mut console = Terminal::start(&home, &LAKE.path(), (220, 50));
    console.wait_for("✓ new-findings");
    console.press(&["alt-2", "ctrl-n"]);
    console.paste("SELECT 1 FROM cloud_trail_mgmt WHERE status = 'failed'");
    console.press(&["f5"]);
    console.wait_for("cannot match: ‘failed’ never occurs");
    console.wait_for("near: Failure");
    console.press(&["alt-3", "W"]);
    console.wait_for("status = 'Failure'");
    console.press(&["f5"]);
    console.wait_until("rows", has_rows);
}

#[test]
fn the_page_of_coverage_opens_over_everything_and_closes() {
    let home = Home::new();
    let mut console = Terminal::start(&home, &LAKE.path(), (120, 40));
    console.wait_for("✓ new-findings");
    console.press(&["alt-v"]);
    console.wait_for("a sign is");
    console.wait_for("vpc_flow");
    console.press(&["q"]);
    console.wait_until("the panes", |screen| !screen.contains("a sign is"));
}
