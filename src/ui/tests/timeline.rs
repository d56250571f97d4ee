//! The timeline's page.

use insta::assert_snapshot;

use super::{busy, is_harmless, painted, picture};
use crate::store::State;
use crate::store::testing::{merged, pinned, press};
use crate::store::timeline::pins_changed;
use crate::ui::theme::Depth;

/// The timeline over five pins, opened.
fn open(width: u16, height: u16, text: &str) -> State {
    let mut state = busy(width, height, text);
    let pins = vec![
        pinned("eve", 4, &["initial-access"], "AssumeRole · Success"),
        pinned("eve", 70, &["discovery", "loud"], "ListBuckets · Success"),
        pinned(
            "mallory",
            95,
            &["loud"],
            &format!("GetObject · customers.csv{text}"),
        ),
        pinned("mallory", 130, &[], "GetObject · keys.csv"),
        pinned("eve", 50_700, &["exfiltration"], "DeleteTrail · Failure"),
    ];
    pins_changed(&mut state, pins);
    let effects = press(&mut state, "alt-t");
    merged(&mut state, &effects);
    state
}

#[test]
fn the_timeline_is_a_page_of_its_own() {
    let mut state = open(120, 40, "");
    assert_snapshot!("timeline", picture(&state));
    let effects = press(&mut state, "g g");
    merged(&mut state, &effects);
    press(&mut state, "down b } }");
    assert_snapshot!("timeline_by_tag_with_a_brush", picture(&state));
}

#[test]
fn the_timeline_is_read_on_a_small_screen() {
    let mut state = open(80, 24, "");
    // The 200 rows of the shown result begin long before the pins.
    let effects = press(&mut state, "t");
    merged(&mut state, &effects);
    press(&mut state, "end");
    assert_snapshot!("timeline_small", picture(&state));
}

#[test]
fn an_empty_timeline_says_what_would_fill_it() {
    let mut state = busy(80, 24, "");
    press(&mut state, "alt-t");
    let seen = picture(&state);
    assert!(
        seen.contains("Nothing is pinned") && seen.contains("t puts the whole"),
        "{seen}"
    );
}

#[test]
fn the_brush_is_seen_without_colours() {
    let mut state = open(80, 24, "");
    let styles = |state: &State| {
        let buffer = painted(state, Depth::None);
        (0..80).map(|x| buffer[(x, 2)].style()).collect::<Vec<_>>()
    };
    let without = styles(&state);
    press(&mut state, "b");
    assert_ne!(styles(&state), without);
}

#[test]
fn the_range_in_force_stays_in_sight_on_a_small_screen() {
    let mut state = open(80, 24, "");
    press(&mut state, "b a esc");
    let range = "within 2026-09-21 14:13:24 to 14:24:13 UTC";
    let seen = picture(&state);
    assert!(seen.lines().next().unwrap().contains(range), "{seen}");
}

#[test]
fn hostile_pins_steer_nothing_at_any_size() {
    let hostile = "\u{1b}]52;c;eA==\u{7}\u{202e}evil\u{9b}2J\0\r\n\t\u{200b}e\u{301}";
    for (width, height) in [(0, 0), (1, 1), (3, 5), (20, 6), (79, 24), (120, 40)] {
        let mut state = open(width, height, hostile);
        for keys in ["", "b ] {", "z", "enter", "esc alt-t e"] {
            press(&mut state, keys);
            let buffer = painted(&state, Depth::True);
            assert!(is_harmless(&buffer), "{width}×{height} {keys}");
        }
    }
}
