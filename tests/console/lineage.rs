//! The tree of credentials and the rare rows, from end to end.

use super::LAKE;
use super::terminal::{Home, Terminal};

/// A console whose results show the calls of CloudTrail that hold this predicate.
fn with_calls(home: &Home, predicate: &str, rows: &str) -> Terminal {
    let mut console = Terminal::start(home, &LAKE.path(), (120, 40));
    console.wait_for("✓ new-findings");
    console.press(&["alt-2", "ctrl-n"]);
    console.wait_for("(2 of 2)");
    console.paste(&format!(
        "SELECT actor.user.credential_uid AS access_key, actor.user.uid AS who, api.operation, \
         src_endpoint.ip AS address, time_dt FROM cloud_trail_mgmt WHERE {predicate}"
    ));
    console.press(&["f5"]);
    console.wait_for(rows);
    console.press(&["alt-3", "z"]);
    console.wait_for("access_key");
    console.wait_for_rest();
    // The accounts stand in the status line once the lake's tables are known, which are asked next.
    console.wait_for(" +4 ");
    console
}

#[test]
fn from_a_key_up_to_the_leaked_one_and_down_to_the_last_session() {
    let home = Home::new();
    let keys = [
        "leaked access key",
        "second access key",
        "first session key",
        "second session key",
    ]
    .map(|role| LAKE.value_of(role));
    let predicate = format!("actor.user.credential_uid = '{}'", keys[1]);
    let mut console = with_calls(&home, &predicate, "2 rows");
    console.press(&["alt-l"]);
    console.wait_for(&format!("Credentials of access-key {}", keys[1]));
    console.wait_for("4 in sight");
    let text = console.text();
    let places: Vec<usize> = keys.iter().map(|key| text.find(key).unwrap()).collect();
    // The title names the key before the tree does.
    assert!(places[0] < places[2] && places[2] < places[3], "{text}");
    // Folded, the sessions are out of sight; unfolded, the last is one step away.
    console.press(&["h"]);
    console.wait_for("2 in sight");
    console.press(&["l", "j", "j", "enter"]);
    console.wait_for(&format!("Results all-events {}", keys[3]));
    let rows = LAKE.entity("second session key").events;
    console.wait_for(&format!("{rows} rows"));
    console.wait_for_rest();
    console.press(&["ctrl-q"]);
    assert_eq!(console.wait_for_end(), 0);
}

#[test]
fn the_rows_of_the_incident_are_the_most_surprising_calls() {
    let home = Home::new();
    let mut console = with_calls(&home, "actor.user.uid IS NOT NULL", " rows");
    console.press(&["S"]);
    console.wait_for("by surprise");
    console.wait_for("from 198.51.0.0/16");
    console.wait_for(" bits: ");
    let address = LAKE.value_of("outside address");
    console.wait_until("the outside address", |screen| screen.contains(address));
    console.press(&["ctrl-q"]);
    assert_eq!(console.wait_for_end(), 0);
}
