//! From a result to the timeline, by the brush to the next question, and to a file.

use super::LAKE;
use super::terminal::{Home, Terminal};

#[test]
fn a_result_is_seen_by_time_and_its_brush_narrows_the_next_question() {
    let home = Home::new();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("timeline.json");
    let mut console = Terminal::start(&home, &LAKE.path(), (160, 40));
    console.wait_for("✓ new-findings");
    let text = console.text();
    let rows = text.split(" rows").next().unwrap();
    let rows: usize = rows.rsplit(' ').next().unwrap().parse().unwrap();
    console.press(&["alt-t"]);
    console.wait_for("Nothing is pinned");
    console.press(&["t"]);
    console.wait_for(&format!("Timeline, {rows} events"));
    console.wait_for("1 whole result");
    // The whole time is brushed, and taken on.
    console.press(&["[", "a"]);
    console.wait_for("look at");
    console.press(&["esc"]);
    console.wait_until("the panes", |screen| !screen.contains("Timeline,"));
    console.press(&["alt-3", "p"]);
    console.wait_for("Pivot, within 20");
    console.press(&["esc"]);
    console.wait_until("the panes", |screen| !screen.contains("Pivot,"));
    console.press(&["alt-t", "e"]);
    console.wait_for("Write the timeline to");
    console.type_text(&format!("{}\r", file.display()));
    console.wait_for(&format!("wrote {rows} rows"));
    console.press(&["ctrl-q"]);
    assert_eq!(console.wait_for_end(), 0);
    let written = std::fs::read_to_string(&file).unwrap();
    let written: Vec<serde_json::Value> = serde_json::from_str(&written).unwrap();
    assert_eq!(written.len(), rows);
    let times: Vec<&str> = written
        .iter()
        .map(|row| row["event_time"].as_str().unwrap())
        .collect();
    assert!(times.is_sorted(), "{times:?}");
}
