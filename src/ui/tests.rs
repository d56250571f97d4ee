//! The whole screen: pictures at three sizes, and no panic at any size with any text.

use insta::assert_snapshot;
use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;

use super::Painter;
use super::theme::Depth;
use crate::domain::lake::{Arrival, LakeFacts, Notification, ObjectKey};
use crate::store::command::COMMANDS;
use crate::store::event::Event;
use crate::store::testing::{finished, noon, press, rows, state};
use crate::store::{State, run_command, update};

const KEY: &str =
    "aws/VPC_FLOW/2.0/region=us-east-1/accountId=000011112222/eventDay=20260301/a.gz.parquet";

/// A state in which every pane shows something.
fn busy(width: u16, height: u16, text: &str) -> State {
    let mut state = state(width, height);
    let key = format!("{KEY}{text}");
    let notification = Notification {
        bucket: "lake".into(),
        key: ObjectKey::parse(&key).unwrap_or_else(|_| ObjectKey::foreign(&key)),
        size: Some(1),
        etag: None,
        sequencer: None,
        time: Some(noon()),
    };
    let arrival = |events| Arrival {
        notification: notification.clone(),
        path: None,
        events,
        seen: Some(noon()),
    };
    update(&mut state, Event::Arrived(vec![arrival(Ok(1_234))]), noon());
    let facts = LakeFacts {
        accounts: vec!["000011112222".into(), "333344445555".into()],
        regions: vec!["us-east-1".into()],
        days: Some(("20260301".into(), "20260307".into())),
        files: 1_204,
        bytes: 10,
    };
    update(&mut state, Event::Lake(Ok(facts)), noon());
    update(
        &mut state,
        Event::Paste(format!("SELECT * FROM vpc_flow -- {text}")),
        noon(),
    );
    let owned = text.to_owned();
    finished(&mut state, rows(200, move |n| format!("row {n} {owned}")));
    state
}

fn painted(state: &State, depth: Depth) -> Buffer {
    let mut painter = Painter::new(depth, Default::default());
    let mut buffer = Buffer::empty(Rect::new(0, 0, state.screen.width, state.screen.height));
    painter.paint(&mut buffer, state);
    buffer
}

fn picture(state: &State) -> String {
    let buffer = painted(state, Depth::True);
    let width = usize::from(buffer.area.width.max(1));
    let rows = buffer.content.chunks(width);
    let line = |cells: &[ratatui::buffer::Cell]| {
        cells
            .iter()
            .map(|cell| cell.symbol())
            .collect::<String>()
            .trim_end()
            .to_owned()
    };
    rows.map(line).collect::<Vec<_>>().join("\n")
}

#[test]
fn four_panes_are_readable_at_once() {
    assert_snapshot!(picture(&busy(120, 40, "")));
}

#[test]
fn a_small_terminal_shows_one_pane_and_the_names_of_the_others() {
    assert_snapshot!(picture(&busy(80, 24, "")));
}

#[test]
fn a_large_terminal_is_used() {
    let mut state = busy(200, 60, "");
    press(&mut state, "alt-3 enter");
    assert_snapshot!(picture(&state));
}

#[test]
fn overlays_lie_over_the_panes() {
    let mut state = busy(100, 30, "");
    press(&mut state, "ctrl-t enter");
    assert_snapshot!("form", picture(&state));
    press(&mut state, "esc alt-3 ?");
    assert_snapshot!("help", picture(&state));
    press(&mut state, "esc ctrl-p \"theme");
    assert_snapshot!("palette", picture(&state));
}

#[test]
fn without_colours_none_is_used_and_the_selection_still_shows() {
    let mut state = busy(120, 40, "");
    press(&mut state, "alt-1");
    let buffer = painted(&state, Depth::None);
    assert!(
        buffer
            .content
            .iter()
            .all(|cell| cell.fg == Color::Reset && cell.bg == Color::Reset)
    );
    let modified = buffer
        .content
        .iter()
        .filter(|cell| !cell.modifier.is_empty())
        .count();
    assert!(modified > 20, "{modified} cells stand out");
}

#[test]
fn the_focus_is_seen() {
    let style_of = |state: &State| painted(state, Depth::True)[(0, 1)].style();
    let mut state = busy(120, 40, "");
    let without = style_of(&state);
    press(&mut state, "alt-1");
    assert_ne!(style_of(&state), without);
}

/// No cell of the screen may steer a terminal.
fn is_harmless(buffer: &Buffer) -> bool {
    buffer.content.iter().flat_map(|cell| cell.symbol().chars()).all(|c| {
        !c.is_control()
            && !matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
    })
}

#[test]
fn hostile_text_steers_nothing() {
    let hostile = "\u{1b}]52;c;eA==\u{7}\u{202e}evil\u{9b}2J\0\r\n\t\u{200b}e\u{301}\u{301}";
    for keys in [
        "alt-1",
        "alt-2",
        "alt-3",
        "alt-3 enter",
        "alt-3 i",
        "ctrl-p",
    ] {
        let mut state = busy(120, 40, hostile);
        press(&mut state, keys);
        assert!(is_harmless(&painted(&state, Depth::True)), "{keys}");
    }
}

#[test]
fn every_size_from_nothing_up_is_drawn() {
    for width in (0..40).chain([79, 80, 99, 100, 300]) {
        for height in (0..12).chain([23, 24, 100]) {
            let mut state = busy(width, height, "漢字\u{1b}");
            for keys in [
                "alt-1", "alt-2", "alt-3", "enter", "alt-4", "ctrl-t", "enter", "esc",
            ] {
                press(&mut state, keys);
                let buffer = painted(&state, Depth::True);
                assert_eq!(buffer.area.area(), u32::from(width) * u32::from(height));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_command_at_any_size_breaks_the_drawing(
        width in 0u16..220, height in 0u16..70, text in "\\PC{0,20}|[\u{0}-\u{9f}\u{202a}-\u{202e}]{0,20}",
        commands in prop::collection::vec(0usize..COMMANDS.len(), 0..25),
    ) {
        let mut state = busy(width, height, &text);
        for command in commands {
            run_command(&mut state, COMMANDS[command].command);
            prop_assert!(is_harmless(&painted(&state, Depth::Sixteen)));
        }
    }
}
