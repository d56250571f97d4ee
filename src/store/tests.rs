//! Whole stories: keys and answers in, state and effects out.

mod money;
mod stories;

use std::sync::Arc;

use proptest::prelude::*;

use super::command::{COMMANDS, Command};
use super::effect::{Effect, OrderSpec, Sort, TimerId};
use super::event::{Event, QueryNews};
use super::overlay::{Overlay, Question};
use super::results::{LastEnd, Phase};
use super::screen::Pane;
use super::session::Session;
use super::testing::{finished, noon, press, rows, state};
use super::{run_command, update};
use crate::domain::query::{QueryError, QueryErrorKind, TextPosition};

fn started(effects: &[Effect]) -> Option<&crate::domain::query::QueryRequest> {
    effects.iter().find_map(|effect| match effect {
        Effect::StartQuery(request) => Some(request),
        _ => None,
    })
}

#[test]
fn typing_and_running_a_statement_opens_a_result() {
    let mut state = state(120, 40);
    press(&mut state, "\"SELECT space \"1; space \"SELECT space \"2");
    let effects = press(&mut state, "f5");
    assert_eq!(started(&effects).unwrap().sql, "SELECT 2");
    assert_eq!(state.results.tab().unwrap().phase, Phase::Running);
}

#[test]
fn pasted_text_is_never_run() {
    let mut state = state(120, 40);
    let effects = update(
        &mut state,
        Event::Paste("SELECT 1;\n\u{1b}[15~".into()),
        noon(),
    );
    assert_eq!(started(&effects), None);
    assert_eq!(state.editor.buffer().lines().len(), 2);
    press(&mut state, "alt-1");
    update(&mut state, Event::Paste("q".into()), noon());
    assert_eq!(
        state.editor.buffer().lines().len(),
        2,
        "other panes take no paste"
    );
}

#[test]
fn a_fault_is_shown_where_the_statement_stands() {
    let mut state = state(120, 40);
    update(
        &mut state,
        Event::Paste("SELECT 1;\n\n  SELECT x".into()),
        noon(),
    );
    let effects = press(&mut state, "f5");
    let query = started(&effects).unwrap().id;
    let error = QueryError::new(QueryErrorKind::UnknownName, "no column x")
        .at(TextPosition { line: 1, column: 8 });
    update(
        &mut state,
        Event::Query(query, QueryNews::Failed(error)),
        noon(),
    );
    let fault = state.editor.buffer().fault.clone().unwrap();
    assert_eq!(
        fault.position,
        TextPosition {
            line: 3,
            column: 10
        }
    );
    press(&mut state, "\"y");
    assert_eq!(
        state.editor.buffer().fault,
        None,
        "a change takes the mark away"
    );
}

#[test]
fn a_template_is_filled_in_checked_and_run() {
    let mut state = state(120, 40);
    press(&mut state, "ctrl-t \"addr enter");
    press(&mut state, "\"nonsense enter");
    let Some(Overlay::Form(form)) = &state.overlay else {
        panic!("the form stays open")
    };
    assert!(form.fields[0].error.is_some());
    for _ in 0.."nonsense".len() {
        press(&mut state, "backspace");
    }
    let effects = press(&mut state, "\"203.0.113.9 enter");
    let sql = &started(&effects).unwrap().sql;
    assert!(sql.contains("/* :ip */ '203.0.113.9'"), "{sql}");
    assert!(state.overlay.is_none());
}

#[test]
fn sort_goes_up_down_and_away() {
    let mut state = state(120, 40);
    let query = finished(&mut state, rows(5, |n| n.to_string()));
    press(&mut state, "alt-3");
    for (descending, expected) in [(false, true), (true, true)] {
        let effects = press(&mut state, "s");
        let spec = OrderSpec {
            sort: Some(Sort {
                column: 0,
                descending,
            }),
            ..OrderSpec::default()
        };
        let asked = effects.iter().any(
            |effect| matches!(effect, Effect::Order { query: q, spec: s, .. } if *q == query && *s == spec),
        );
        assert_eq!(asked, expected);
    }
    assert_eq!(press(&mut state, "s"), []);
    assert_eq!(state.results.tab().unwrap().order, None);
}

#[test]
fn a_stale_order_is_dropped() {
    let mut state = state(120, 40);
    finished(&mut state, rows(5, |n| n.to_string()));
    press(&mut state, "alt-3");
    let first = order_id(&press(&mut state, "s"));
    let second = order_id(&press(&mut state, "s"));
    let answer = |id| Event::Ordered {
        id,
        rows: Arc::from([4, 3, 2, 1, 0]),
    };
    update(&mut state, answer(first), noon());
    assert_eq!(state.results.tab().unwrap().order, None);
    update(&mut state, answer(second), noon());
    assert_eq!(state.results.tab().unwrap().row_at(0), Some(4));
}

fn order_id(effects: &[Effect]) -> super::effect::OrderId {
    let id = |effect: &Effect| match effect {
        Effect::Order { id, .. } => Some(*id),
        _ => None,
    };
    effects.iter().find_map(id).unwrap()
}

#[test]
fn find_goes_to_the_next_match_round_the_end() {
    let mut state = state(120, 40);
    finished(&mut state, rows(9, |n| n.to_string()));
    let effects = press(&mut state, "alt-3 / \"x enter");
    let id = effects.iter().find_map(|effect| match effect {
        Effect::Find { id, .. } => Some(*id),
        _ => None,
    });
    update(
        &mut state,
        Event::Found {
            id: id.unwrap(),
            rows: Arc::from([3, 7]),
        },
        noon(),
    );
    let row = |state: &super::State| state.results.tab().unwrap().view.row;
    assert_eq!(row(&state), 3);
    press(&mut state, "n");
    assert_eq!(row(&state), 7);
    press(&mut state, "n");
    assert_eq!(row(&state), 3);
    press(&mut state, "N");
    assert_eq!(row(&state), 7);
}

#[test]
fn cancel_waits_for_the_confirmation() {
    let mut state = state(120, 40);
    press(&mut state, "\"SELECT space \"1");
    let effects = press(&mut state, "f5");
    let query = started(&effects).unwrap().id;
    let effects = press(&mut state, "ctrl-c");
    assert_eq!(effects, [Effect::CancelQuery(query)]);
    assert_eq!(state.results.tab().unwrap().phase, Phase::Stopping);
    let stopped = QueryError::new(QueryErrorKind::Cancelled, "stopped");
    update(
        &mut state,
        Event::Query(query, QueryNews::Failed(stopped)),
        noon(),
    );
    assert_eq!(state.results.tab().unwrap().phase, Phase::Cancelled);
}

#[test]
fn news_of_a_closed_result_is_dropped() {
    let mut state = state(120, 40);
    press(&mut state, "\"SELECT space \"1");
    let query = started(&press(&mut state, "f5")).unwrap().id;
    let effects = press(&mut state, "alt-3 x");
    assert!(effects.contains(&Effect::CancelQuery(query)));
    assert!(effects.contains(&Effect::DropRows(query)));
    let late = Event::Query(query, QueryNews::Planned(rows(1, |_| String::new())));
    assert_eq!(update(&mut state, late, noon()), []);
    assert!(state.results.tab().is_none());
}

#[test]
fn leaving_asks_while_something_runs_and_stops_it() {
    let mut state = state(120, 40);
    press(&mut state, "\"SELECT space \"1");
    let query = started(&press(&mut state, "f5")).unwrap().id;
    assert_eq!(press(&mut state, "ctrl-q"), []);
    assert!(matches!(
        state.overlay,
        Some(Overlay::Question(Question::Leave))
    ));
    let effects = press(&mut state, "y");
    assert!(effects.contains(&Effect::CancelQuery(query)));
    let waits = |e: &Effect| matches!(e, Effect::SetTimer(TimerId::LeaveAnyway, _));
    assert!(effects.iter().any(waits));
    let stopped = QueryError::new(QueryErrorKind::Cancelled, "stopped");
    let news = Event::Query(query, QueryNews::Failed(stopped));
    assert!(update(&mut state, news, noon()).contains(&Effect::Quit));
}

#[test]
fn the_question_whether_to_leave_goes_away_when_nothing_runs_and_the_console_stays() {
    let mut state = state(120, 40);
    press(&mut state, "\"SELECT space \"1");
    let query = started(&press(&mut state, "f5")).unwrap().id;
    press(&mut state, "ctrl-q");
    let done = QueryNews::Finished(crate::domain::query::QuerySummary::default());
    let effects = update(&mut state, Event::Query(query, done), noon());
    assert!(!effects.contains(&Effect::Quit));
    assert!(state.overlay.is_none());
}

#[test]
fn a_session_restores_the_panes_and_says_what_was_cut_off() {
    let mut state = state(120, 40);
    press(
        &mut state,
        "\"SELECT space \"1 f5 alt-4 space alt-2 ctrl-n \"two alt-z",
    );
    let saved = serde_json::to_string(&Session::of(&state)).unwrap();
    let mut fresh = super::testing::state(120, 40);
    let session: Session = serde_json::from_str(&saved).unwrap();
    update(&mut fresh, Event::Restored(session), noon());
    assert_eq!(fresh.editor.buffers().0.len(), 2);
    assert_eq!(fresh.editor.buffer().text(), "two");
    assert!(fresh.screen.zoomed);
    assert_eq!(fresh.playbook.progress().0, 1);
    let cut_off = Phase::NotLoaded(LastEnd::CutOff);
    assert_eq!(fresh.results.tab().unwrap().phase, cut_off);
    assert!(fresh.message.clone().unwrap().text.contains("cut off"));
    let effects = press(&mut fresh, "alt-3 r");
    assert_eq!(started(&effects).unwrap().sql, "SELECT 1");
    assert_eq!(fresh.results.tabs.len(), 1, "it runs again in its place");
}

#[test]
fn a_session_opens_its_own_playbook_again() {
    let mut state = state(120, 40);
    press(&mut state, "alt-4 o \"zebra enter space");
    assert_eq!(state.playbook.file(), Some("zebra.md"));
    let session = Session::of(&state);
    let mut fresh = super::testing::state(120, 40);
    update(&mut fresh, Event::Restored(session), noon());
    assert_eq!(fresh.playbook.file(), Some("zebra.md"));
    assert_eq!(fresh.playbook.progress(), (1, 1));
}

#[test]
fn an_older_session_still_opens() {
    let session: Session = serde_json::from_str("{}").unwrap();
    let mut state = state(120, 40);
    update(&mut state, Event::Restored(session), noon());
    assert_eq!(state.screen.focus, Pane::Editor);
}

#[test]
fn the_playbook_ticks_and_sends_its_sql() {
    let mut state = state(120, 40);
    press(&mut state, "alt-4 space n");
    assert_eq!(state.playbook.progress(), (1, 3));
    press(&mut state, "s");
    assert_eq!(state.editor.buffer().text(), "SELECT 1");
    assert_eq!(state.screen.focus, Pane::Editor);
    press(&mut state, "alt-4 t \"seen enter");
    assert_eq!(state.playbook.note_text(), Some("seen"));
    press(&mut state, "space space");
    assert_eq!(state.playbook.progress(), (1, 3));
}

#[test]
fn the_palette_runs_what_was_chosen() {
    let mut state = state(120, 40);
    press(&mut state, "ctrl-p \"give space \"pane enter");
    assert!(state.screen.zoomed);
    assert!(state.overlay.is_none());
}

#[test]
fn a_press_in_the_feed_selects_the_line_under_it() {
    let mut state = state(120, 40);
    let arrivals = (0..100).map(|n| super::feed::tests::arrival(&n.to_string()));
    update(&mut state, Event::Arrived(arrivals.collect()), noon());
    press(&mut state, "alt-1 end");
    let mouse = super::event::Mouse {
        kind: super::event::MouseKind::Press,
        column: 3,
        row: 2,
    };
    update(&mut state, Event::Mouse(mouse), noon());
    let rows = state.layout.inner_height(Pane::Feed);
    assert_eq!(state.feed.selected, 100 - rows);
}

#[test]
fn only_a_demo_lake_goes_on() {
    let mut state = state(120, 40);
    assert_eq!(press(&mut state, "f8"), [Effect::DemoLive(true)]);
    state.setting.is_demo = false;
    let effects = press(&mut state, "f8");
    assert!(
        !effects
            .iter()
            .any(|effect| matches!(effect, Effect::DemoLive(_)))
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_sequence_of_commands_and_keys_breaks_the_state(
        steps in prop::collection::vec((0usize..COMMANDS.len(), any::<char>(), 0u8..4), 0..80),
        width in 0u16..200, height in 0u16..80,
    ) {
        let mut state = state(width, height);
        finished(&mut state, rows(40, |n| format!("row {n}")));
        for (command, typed, kind) in steps {
            let command = COMMANDS[command].command;
            match kind {
                0 => drop(press_char(&mut state, typed)),
                1 => drop(update(&mut state, Event::Paste(typed.to_string()), noon())),
                _ if command == Command::Suspend => {}
                _ => drop(run_command(&mut state, command)),
            }
            if let Some(tab) = state.results.tab() {
                prop_assert!(tab.view.row < tab.shown_rows().max(1));
            }
            prop_assert!(state.results.current <= state.results.tabs.len());
        }
        let session = serde_json::to_string(&Session::of(&state)).unwrap();
        prop_assert!(serde_json::from_str::<Session>(&session).is_ok());
    }
}

fn press_char(state: &mut super::State, c: char) -> Vec<Effect> {
    update(state, Event::Key(super::key::Chord::char(c)), noon())
}
