//! The console over the peer, in a real pseudo-terminal: a run that is watched, stopped, left by a
//! kill and taken up again.

use crate::consoles::{configure, console};
use crate::peer::{Peer, wait_until};
use crate::terminal::{Home, Terminal};

fn start(home: &Home, peer: &Peer) -> Terminal {
    configure(home, &peer.endpoint(), "");
    console(home, (140, 40))
}

/// Types a statement that the peer holds until it is stopped or released, and runs it.
fn run_a_held_query(console: &mut Terminal, peer: &Peer, begun: u64) {
    console.press(&["ctrl-n"]);
    console.wait_for("Editor query");
    console.paste("SELECT 'row' AS held /* peer: hold */, 1 AS n");
    console.wait_for("peer: hold");
    console.press(&["f5"]);
    console.wait_for(" scanned");
    wait_until("the run is begun", || peer.executions_started() == begun);
}

#[test]
fn a_run_is_watched_stopped_left_and_taken_up_by_keys_alone() {
    let peer = Peer::start();
    let home = Home::new();
    let mut console = start(&home, &peer);
    // With whose rights the lake is read.
    console.wait_for("peer · athena");
    console.wait_for("000000000000");
    run_a_held_query(&mut console, &peer, 1);
    console.press(&["ctrl-c"]);
    console.wait_for("stopped, not all rows");
    assert_eq!(peer.executions()[0]["state"], "CANCELLED");

    run_a_held_query(&mut console, &peer, 2);
    console.signal("KILL");
    console.wait_for_end();
    let mut again = start(&home, &peer);
    again.wait_for("1 left at Athena (alt-u)");
    again.press(&["alt-u"]);
    again.wait_for(" scanned");
    peer.release();
    again.wait_for("result_1");
    assert_eq!(peer.executions_started(), 2, "nothing is begun twice");
    again.press(&["ctrl-q"]);
    assert_eq!(again.wait_for_end(), 0);
}

#[test]
fn two_consoles_do_not_offer_each_other_what_they_look_after() {
    let peer = Peer::start();
    let home = Home::new();
    let mut one = start(&home, &peer);
    one.wait_for("000000000000");
    run_a_held_query(&mut one, &peer, 1);

    let mut other = start(&home, &peer);
    other.wait_for("000000000000");
    other.press_until(&["alt-u"], "no query is known that was begun");

    // Killed, it looks after nothing any more; the next start is offered what it left.
    one.signal("KILL");
    one.wait_for_end();
    let mut next = start(&home, &peer);
    next.wait_for("1 left at Athena (alt-u)");
    next.press(&["alt-u"]);
    next.wait_for(" scanned");
    // And again only one of them has it.
    let mut last = start(&home, &peer);
    last.wait_for("000000000000");
    last.press_until(&["alt-u"], "no query is known that was begun");
    peer.release();
    next.wait_for("result_1");
    assert_eq!(peer.executions_started(), 1, "nothing is begun twice");
    for console in [&other, &last] {
        assert!(!console.text().contains("left at Athena"));
    }
    for console in [&mut other, &mut last, &mut next] {
        console.press(&["ctrl-q"]);
        assert_eq!(console.wait_for_end(), 0);
    }
}
