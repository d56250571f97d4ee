//! The whole screen: pictures at three sizes, and no panic at any size with any text.

mod queue;
mod sources;
mod timeline;
mod zero;

use insta::assert_snapshot;
use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Color;

use super::Painter;
use super::theme::Depth;
use crate::domain::cost::Usd;
use crate::domain::lake::{Arrival, LakeFacts, Notification, ObjectKey};
use crate::domain::query::{QueryError, QueryErrorKind, ScanEstimate};
use crate::store::command::COMMANDS;
use crate::store::effect::{Effect, TimerId};
use crate::store::event::{Event, QueryNews};
use crate::store::results::AnsweredFrom;
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
        events: Some(events),
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
fn a_question_shows_its_yes_once_it_listens() {
    let mut state = busy(100, 30, "");
    press(&mut state, "alt-2 f5");
    let query = state.results.tab().unwrap().query;
    let asked = "it may scan 1.2 TB to 3.4 TB, which costs 6.00 USD to 17.00 USD; 5.00 USD are \
                 what one query may cost";
    let error = QueryError::new(QueryErrorKind::Unconfirmed, asked);
    let news = QueryNews::Failed(error);
    update(&mut state, Event::Query(query, news), noon());
    let seen = picture(&state);
    assert!(!seen.contains("y run it"), "{seen}");
    update(&mut state, Event::Timer(TimerId::Listen), noon());
    assert_snapshot!("question", picture(&state));
    press(&mut state, "n");
    let seen = picture(&state);
    assert!(
        seen.contains("it was not run") && seen.contains("r asks again"),
        "{seen}"
    );
}

#[test]
fn the_page_of_an_opened_object_names_the_state_in_which_it_was_read() {
    let mut state = busy(80, 24, "");
    let object = crate::domain::lake::ObjectVersion {
        bucket: "lake".to_owned(),
        key: format!("aws/{}/end.parquet", "long".repeat(30)),
        version_id: None,
        etag: Some("0123abcd".to_owned()),
        size: Some(20_400),
    };
    let place = object.location().into();
    state.open_object(
        "object",
        place,
        "SELECT * FROM notified_object",
        Some(object),
    );
    press(&mut state, "alt-3 i");
    let seen = picture(&state);
    for part in [
        "end.parquet",
        "tag            0123abcd",
        "size           20.4 kB",
    ] {
        assert!(seen.contains(part), "no {part} in\n{seen}");
    }
    assert!(!seen.contains("version"), "{seen}");
}

#[test]
fn the_bill_stands_under_the_statement() {
    let mut state = busy(100, 30, "");
    state.setting.on_aws = true;
    press(&mut state, "alt-2 \"x");
    let effects = update(&mut state, Event::Timer(TimerId::Estimate), noon());
    let Some(Effect::Estimate(request)) = effects.first() else {
        panic!("an estimate: {effects:?}")
    };
    let mut bill = ScanEstimate {
        bytes: 1_200_000_000,
        bytes_at_most: Some(3_400_000_000),
        cost: Some((Usd(0.01), Some(Usd(0.02)))),
        ..ScanEstimate::default()
    };
    let mut shown = |bill: &ScanEstimate| {
        let answer = Event::Estimated(request.id, Ok(bill.clone()));
        update(&mut state, answer, noon());
        picture(&state)
    };
    let seen = shown(&bill);
    assert!(
        seen.contains("scans 1.2 GB to 3.4 GB · 0.01 to 0.02 USD"),
        "{seen}"
    );
    bill.cutoff_bytes = Some(2_000_000_000);
    let seen = shown(&bill);
    assert!(
        seen.contains("the workgroup stops it at 2.0 GB · scans"),
        "{seen}"
    );
    let seen = shown(&ScanEstimate::default());
    assert!(seen.contains("what it scans is not known"), "{seen}");
}

#[test]
fn rows_that_were_not_asked_of_the_lake_say_so() {
    let mut state = busy(140, 40, "");
    let tab = state.results.tab_mut().unwrap();
    tab.answered = Some(AnsweredFrom {
        name: "result_3".into(),
        ended: noon(),
    });
    let seen = picture(&state);
    assert!(
        seen.contains("from result_3 of 14:13 UTC · r asks embedded"),
        "{seen}"
    );
}

#[test]
fn candidates_lie_over_all_panes() {
    let mut state = busy(120, 40, "");
    let mut catalogue = crate::sql::completion::Catalogue::default();
    let columns = [("time_dt", "timestamp(3)")];
    for table in ["vpc_flow_2_0", "s3_data_2_0"] {
        let name = format!("amazon_security_lake_table_us_east_1_of_a_long_name_{table}");
        catalogue.add_table(name, None, columns);
    }
    update(
        &mut state,
        Event::Catalogue(std::sync::Arc::new(catalogue)),
        noon(),
    );
    // Near the editor's right edge, where the list reaches over the playbook.
    press(&mut state, "ctrl-n");
    let text = format!("SELECT 1 AS one_two_three{}FROM amazon", " ".repeat(14));
    update(&mut state, Event::Paste(text), noon());
    press(&mut state, "ctrl-space");
    let seen = picture(&state);
    for end in ["vpc_flow_2_0", "s3_data_2_0"] {
        assert!(seen.contains(end), "{end}\n{seen}");
    }
    assert_snapshot!("candidates", seen);
}

#[test]
fn a_long_message_is_read_to_its_end() {
    let mut state = busy(80, 24, "");
    let words: Vec<String> = (0..30).map(|n| format!("word{n}")).collect();
    state.fail(words.join(" "));
    let seen = picture(&state);
    assert!(words.iter().all(|word| seen.contains(word)), "{seen}");
}

#[test]
fn what_is_filtered_sorted_and_found_is_said() {
    let mut state = busy(160, 40, "");
    press(&mut state, "alt-3 s right = / \"row enter down");
    let seen = picture(&state);
    for part in [
        "text = row 0",
        "by number ▲",
        "“row”",
        "row 2 of 200",
        "number ▲",
    ] {
        assert!(seen.contains(part), "{part}\n{seen}");
    }
}

#[test]
fn a_form_says_what_is_wrong_and_that_there_is_more() {
    let mut state = busy(80, 24, "");
    let params: Vec<String> = (0..9)
        .map(|n| format!("-- param: p{n} ip \"The address\"\n"))
        .collect();
    let uses: Vec<String> = (0..9).map(|n| format!("/* :p{n} */ '192.0.2.1'")).collect();
    let text = format!(
        "-- name: many\n-- purpose: Much to fill in.\n-- classes: 6003\n-- tables: x\n{}SELECT {}\n",
        params.concat(),
        uses.join(", ")
    );
    let template = crate::domain::template::Template::parse("many.sql", &text).unwrap();
    state.content.templates.push(std::sync::Arc::new(template));
    press(&mut state, "ctrl-t \"many enter shift-tab \"nonsense enter");
    let seen = picture(&state);
    assert!(
        seen.contains("field 1 of 9") && seen.contains("needs a value"),
        "{seen}"
    );
    assert!(seen.contains('▼') && seen.contains("next field"), "{seen}");
    press(&mut state, "shift-tab");
    let seen = picture(&state);
    assert!(
        seen.contains("field 9 of 9") && seen.contains('▲'),
        "{seen}"
    );
    assert!(seen.contains("nonsense"), "{seen}");
}

#[test]
fn the_light_theme_has_its_own_paper_on_sixteen_colours() {
    let mut state = busy(120, 40, "");
    state.theme = "light".to_owned();
    let buffer = painted(&state, Depth::Sixteen);
    let own = |colour| !matches!(colour, Color::Reset);
    assert!(
        buffer
            .content
            .iter()
            .all(|cell| own(cell.fg) && own(cell.bg))
    );
    assert!(
        buffer
            .content
            .iter()
            .all(|cell| cell.fg != cell.bg || cell.symbol() == " ")
    );
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
    for width in (0..8)
        .chain((8..40).step_by(8))
        .chain([79, 80, 99, 100, 300])
    {
        for height in (0..12).step_by(2).chain([3, 23, 24, 100]) {
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
    #![proptest_config(ProptestConfig::with_cases(32))]

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

#[test]
fn credentials_are_a_tree() {
    for (name, width, height) in [("credentials", 80, 24), ("credentials wide", 120, 40)] {
        let mut state = busy(width, height, "");
        press(&mut state, "alt-3");
        crate::store::lineage::tests::show_a_tree(&mut state);
        assert_snapshot!(name, picture(&state));
    }
}
