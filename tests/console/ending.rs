//! However the console ends, the terminal is sane and the session is there at the next start.

use super::LAKE;
use super::terminal::{Home, Terminal, contains};

/// What gives a terminal back: bracketed paste off, the main screen, the cursor shown.
const GIVEN_BACK: [&[u8]; 3] = [b"\x1b[?2004l", b"\x1b[?1049l", b"\x1b[?25h"];

/// A statement that no machine finishes while a test waits.
const ENDLESS: &str = "\
SELECT count(*)
FROM vpc_flow a CROSS JOIN vpc_flow b CROSS JOIN vpc_flow c
WHERE a.traffic.bytes + b.traffic.bytes + c.traffic.bytes = -1";

fn with_a_running_query(home: &Home) -> Terminal {
    let mut console = Terminal::start(home, &LAKE.path(), (120, 40));
    console.wait_for("✓ new-findings");
    console.press(&["ctrl-n"]);
    console.paste(ENDLESS);
    console.wait_for("CROSS JOIN");
    console.press(&["f5"]);
    console.wait_for("1 running");
    console
}

#[test]
fn a_termination_in_mid_query_gives_the_terminal_back_and_keeps_the_session() {
    for signal in ["TERM", "HUP"] {
        let home = Home::new();
        let mut console = with_a_running_query(&home);
        console.signal(signal);
        assert_eq!(console.wait_for_end(), 0);
        for sequence in GIVEN_BACK {
            assert!(
                contains(&console.bytes, sequence),
                "{}",
                sequence.escape_ascii()
            );
        }
        let mut again = Terminal::start(&home, &LAKE.path(), (120, 40));
        again.wait_for("cut off when the console ended");
        again.wait_for("CROSS JOIN");
        again.press(&["ctrl-q"]);
        again.wait_for_end();
    }
}

/// Whether a session's file has the endless query as running.
fn runs_the_endless_one(text: &str) -> bool {
    let session: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    let tabs = session["tabs"].as_array().cloned().unwrap_or_default();
    tabs.iter()
        .any(|tab| tab["origin"]["sql"] == ENDLESS && tab["was_running"] == true)
}

#[test]
fn a_kill_in_mid_query_loses_nothing_that_was_there_before() {
    let home = Home::new();
    let mut console = with_a_running_query(&home);
    // The session is written a moment after a change: the file tells when.
    console.wait_until("the session's file", |_| {
        let files = std::fs::read_dir(home.data()).unwrap().flatten();
        // The file beside it is one that is being written.
        let kept = files.filter(|file| file.path().extension().is_some_and(|end| end == "json"));
        let mut texts = kept.filter_map(|file| std::fs::read_to_string(file.path()).ok());
        texts.any(|text| runs_the_endless_one(&text))
    });
    console.signal("KILL");
    console.wait_for_end();
    let mut again = Terminal::start(&home, &LAKE.path(), (120, 40));
    again.wait_for("cut off when the console ended");
    again.wait_for("CROSS JOIN");
    again.press(&["ctrl-q"]);
    assert_eq!(again.wait_for_end(), 0);
}

/// Whether a session's file names the result that the first tab's rows are kept as.
fn knows_what_is_kept(text: &str) -> bool {
    let session: serde_json::Value = serde_json::from_str(text).unwrap_or_default();
    session["tabs"][0]["kept"] == "result_1"
}

#[test]
fn rows_of_a_finished_result_outlive_a_kill_and_are_a_table() {
    let home = Home::new();
    let mut console = Terminal::start(&home, &LAKE.path(), (140, 44));
    console.wait_for("result_1");
    console.wait_until("the session's file", |_| {
        let files = std::fs::read_dir(home.data()).unwrap().flatten();
        let kept = files.filter(|file| file.path().extension().is_some_and(|end| end == "json"));
        let mut texts = kept.filter_map(|file| std::fs::read_to_string(file.path()).ok());
        texts.any(|text| knows_what_is_kept(&text))
    });
    console.signal("KILL");
    console.wait_for_end();
    let mut again = Terminal::start(&home, &LAKE.path(), (140, 44));
    again.wait_for("✓ new-findings");
    again.wait_until("its rows", |screen| {
        screen.contains("result_1") && screen.contains("Critical")
    });
    again.press(&["ctrl-n"]);
    again.wait_for("Editor query");
    again.paste("SELECT 40 + 2 AS answer, count(*) AS kept FROM result_1");
    again.wait_for("FROM result_1");
    again.press(&["f5"]);
    again.wait_for("result_2");
    again.press(&["ctrl-q"]);
    assert_eq!(again.wait_for_end(), 0);
}

#[test]
fn a_query_is_stopped_at_once_and_leaving_asks() {
    let home = Home::new();
    let mut console = with_a_running_query(&home);
    console.press(&["ctrl-q"]);
    console.wait_for("Stop and leave?");
    console.type_text("n");
    console.wait_until("the question gone", |screen| {
        !screen.contains("Stop and leave?")
    });
    console.press(&["ctrl-c"]);
    console.wait_for("stopped, not all rows");
    console.press(&["ctrl-q"]);
    assert_eq!(console.wait_for_end(), 0);
}

#[test]
fn ctrl_z_gives_the_terminal_to_the_shell_and_takes_it_again() {
    let home = Home::new();
    let mut console = Terminal::start(&home, &LAKE.path(), (120, 40));
    console.wait_for("✓ new-findings");
    console.press(&["ctrl-z"]);
    console.wait_for_state('T');
    for sequence in GIVEN_BACK {
        console.wait_for_bytes(sequence);
    }
    console.bytes.clear();
    console.signal("CONT");
    console.wait_for_bytes(b"\x1b[?1049h");
    console.wait_for("✓ new-findings");
    console.press(&["ctrl-q"]);
    assert_eq!(console.wait_for_end(), 0);
}

/// Whether the panes reach down to the footer on the last of so many rows.
fn fills(screen: &str, rows: usize) -> bool {
    let lines: Vec<&str> = screen.lines().collect();
    lines.len() == rows && lines[rows - 2].starts_with('└')
}

#[test]
fn any_size_of_window_is_borne() {
    let home = Home::new();
    let mut console = Terminal::start(&home, &LAKE.path(), (120, 40));
    console.wait_for("✓ new-findings");
    console.resize(10, 3);
    console.press(&["alt-3", "down", "alt-4", "down"]);
    console.resize(80, 24);
    console.wait_for("Feed alt-1");
    console.press(&["ctrl-q"]);
    assert_eq!(console.wait_for_end(), 0);
}

/// A size that changes in the same moment as a key arrives is heard of.
#[test]
fn no_change_of_size_is_lost_among_keys() {
    let home = Home::new();
    let mut console = Terminal::start(&home, &LAKE.path(), (120, 40));
    console.wait_for("✓ new-findings");
    for round in 0..60 {
        let rows = 24 + round % 20;
        console.press(&["down"]);
        console.resize(100, rows);
        console.press(&["down"]);
        console.wait_until("the new size", |screen| fills(screen, usize::from(rows)));
    }
    console.press(&["ctrl-q"]);
    assert_eq!(console.wait_for_end(), 0);
}
