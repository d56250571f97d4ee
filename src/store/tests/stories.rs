//! Stories of what must not happen: a wrong run, a lost text, a key that does something else.

use super::super::results::Origin;
use super::*;
use crate::domain::lake::{Arrival, Notification, ObjectKey};
use crate::domain::query::{QueryId, QuerySummary};

fn fail(state: &mut super::super::State, query: QueryId, kind: QueryErrorKind) -> Vec<Effect> {
    let news = QueryNews::Failed(QueryError::new(kind, "it does not work"));
    update(state, Event::Query(query, news), noon())
}

/// Types a statement and runs it.
fn run(state: &mut super::super::State, keys: &str) -> QueryId {
    press(state, keys);
    started(&press(state, "f5")).unwrap().id
}

fn message(state: &super::super::State) -> &str {
    state.message.as_ref().map_or("", |message| &message.text)
}

#[test]
fn a_field_whose_default_is_only_an_example_wants_a_value() {
    let mut state = state(120, 40);
    let effects = press(&mut state, "ctrl-t \"addr enter enter");
    assert_eq!(started(&effects), None, "the example's value must not run");
    let Some(Overlay::Form(form)) = &state.overlay else {
        panic!("the form stays open")
    };
    assert_eq!(form.fields[0].error.as_deref(), Some("ip needs a value"));
    let effects = press(&mut state, "\"203.0.113.9 enter");
    assert!(started(&effects).is_some());
}

#[test]
fn leaving_twice_is_an_answer_and_enter_is_none() {
    let mut state = state(120, 40);
    let query = run(&mut state, "\"SELECT space \"1");
    press(&mut state, "ctrl-q enter");
    assert!(matches!(
        state.overlay,
        Some(Overlay::Question(Question::Leave))
    ));
    press(&mut state, "n");
    assert_eq!(
        (
            state.overlay.is_none(),
            state.editor.buffer().text().as_str()
        ),
        (true, "SELECT 1")
    );
    let effects = press(&mut state, "ctrl-q ctrl-q");
    assert!(effects.contains(&Effect::CancelQuery(query)) && state.leaving);
}

#[test]
fn leaving_works_from_everything_that_is_open() {
    for keys in [
        "ctrl-p",
        "ctrl-t",
        "ctrl-t \"addr enter",
        "f1",
        "ctrl-s",
        "alt-4 o",
    ] {
        let mut state = state(120, 40);
        press(&mut state, keys);
        assert!(state.overlay.is_some(), "{keys}");
        let effects = press(&mut state, "ctrl-q");
        assert!(effects.contains(&Effect::Quit), "{keys}");
    }
}

#[test]
fn a_closed_buffer_opens_again_with_its_history() {
    let mut state = state(120, 40);
    press(&mut state, "\"one ctrl-n \"two ctrl-w");
    assert!(message(&state).contains("alt-w opens it again"));
    assert_eq!(state.editor.buffer().text(), "one");
    press(&mut state, "alt-w");
    assert_eq!(state.editor.buffer().text(), "two");
    press(&mut state, "ctrl-u");
    assert_eq!(state.editor.buffer().text(), "");
    press(&mut state, "alt-w");
    assert_eq!(message(&state), "no buffer was closed");
}

#[test]
fn a_tab_says_after_a_restart_how_its_run_ended() {
    let mut state = state(120, 40);
    finished(&mut state, rows(7, |n| n.to_string()));
    state.editor.open(Some("two"), "SELECT x");
    let query = run(&mut state, "end");
    fail(&mut state, query, QueryErrorKind::Syntax);
    let restored = |state: &super::super::State| {
        let saved = serde_json::to_string(&Session::of(state)).unwrap();
        let mut fresh = super::super::testing::state(120, 40);
        let session: Session = serde_json::from_str(&saved).unwrap();
        update(&mut fresh, Event::Restored(session), noon());
        fresh
    };
    let once = restored(&state);
    let twice = restored(&once);
    for state in [once, twice] {
        let ends: Vec<_> = state
            .results
            .tabs
            .iter()
            .map(|tab| tab.last_end())
            .collect();
        let finished = LastEnd::Finished {
            rows: 7,
            took_ms: 0,
        };
        let failed = LastEnd::Failed {
            message: "it does not work".into(),
        };
        assert_eq!(ends, [Some(finished), Some(failed)]);
    }
}

#[test]
fn a_failed_run_gives_its_tab_to_the_next_try() {
    let mut state = state(120, 40);
    let first = run(&mut state, "\"SELCT space \"1");
    fail(&mut state, first, QueryErrorKind::Syntax);
    let effects = press(&mut state, "f5");
    assert!(effects.contains(&Effect::DropRows(first)));
    assert_eq!(state.results.tabs.len(), 1);
    let second = state.results.tab().unwrap().query;
    let done = QueryNews::Finished(QuerySummary::default());
    update(&mut state, Event::Query(second, done), noon());
    press(&mut state, "f5");
    assert_eq!(state.results.tabs.len(), 2, "what finished stays");
}

#[test]
fn enter_takes_a_candidate_only_when_one_was_asked_for() {
    let mut state = with_a_table();
    press(&mut state, "\"SELECT space \"1 space \"FROM space \"vpc");
    update(&mut state, Event::Timer(TimerId::Complete), noon());
    assert!(state.editor.completion.is_some());
    press(&mut state, "enter");
    assert_eq!(state.editor.buffer().text(), "SELECT 1 FROM vpc\n");
    press(&mut state, "backspace ctrl-space enter");
    assert_eq!(state.editor.buffer().text(), "SELECT 1 FROM vpc_flow");
}

#[test]
fn candidates_go_when_the_statement_is_run_and_do_not_come_back() {
    let mut state = with_a_table();
    press(
        &mut state,
        "\"SELECT space \"1 space \"FROM space \"vpc ctrl-space f5",
    );
    assert!(state.editor.completion.is_none());
    press(&mut state, "\"_ f5");
    update(&mut state, Event::Timer(TimerId::Complete), noon());
    assert!(state.editor.completion.is_none());
}

fn with_a_table() -> super::super::State {
    let mut state = state(120, 40);
    let mut catalogue = crate::sql::completion::Catalogue::default();
    let columns = [("time_dt", "timestamp(3)")];
    catalogue.add_table("vpc_flow".to_owned(), None, columns);
    update(&mut state, Event::Catalogue(Arc::new(catalogue)), noon());
    state
}

#[test]
fn a_message_goes_by_itself() {
    let mut state = state(120, 40);
    let effects = press(&mut state, "alt-w");
    let timer = effects
        .iter()
        .any(|e| matches!(e, Effect::SetTimer(TimerId::Message, _)));
    assert!(timer && state.message.is_some());
    update(&mut state, Event::Timer(TimerId::Message), noon());
    assert_eq!(state.message, None);
}

#[test]
fn showing_all_rows_again_keeps_their_order() {
    let mut state = state(120, 40);
    finished(&mut state, rows(5, |n| n.to_string()));
    press(&mut state, "alt-3 s & \"x enter");
    let spec = |state: &super::super::State| state.results.tab().unwrap().spec.clone();
    assert_eq!(spec(&state).contains.as_deref(), Some("x"));
    let effects = press(&mut state, "esc");
    assert!(
        effects
            .iter()
            .any(|effect| matches!(effect, Effect::Order { .. }))
    );
    assert_eq!(
        (spec(&state).contains, spec(&state).sort.is_some()),
        (None, true)
    );
}

#[test]
fn keys_that_need_rows_are_answered_while_there_are_none() {
    let mut state = state(120, 40);
    run(&mut state, "\"SELECT space \"1");
    for keys in ["s", "enter"] {
        state.message = None;
        press(&mut state, "alt-3");
        press(&mut state, keys);
        assert!(message(&state).contains("not here yet"), "{keys}");
    }
}

#[test]
fn find_goes_to_the_cell_and_the_first_column_stays_in_sight() {
    let mut state = state(120, 40);
    finished(&mut state, rows(9, |n| format!("Word {n}")));
    assert_eq!(state.results.tab().unwrap().view.frozen, 1);
    let effects = press(&mut state, "alt-3 / \"word enter");
    let id = effects.iter().find_map(|effect| match effect {
        Effect::Find { id, .. } => Some(*id),
        _ => None,
    });
    let rows = Arc::from([3, 7]);
    update(
        &mut state,
        Event::Found {
            id: id.unwrap(),
            rows,
        },
        noon(),
    );
    let tab = state.results.tab().unwrap();
    assert_eq!(
        (tab.view.row, tab.view.column, tab.match_place()),
        (3, 1, Some((1, 2)))
    );
}

#[test]
fn a_value_of_a_record_is_shown_in_full() {
    let mut state = state(120, 40);
    finished(
        &mut state,
        rows(3, |n| format!("{n} {}", "long ".repeat(100))),
    );
    press(&mut state, "alt-3 enter down enter");
    let Some(Overlay::Page(page)) = &state.overlay else {
        panic!("the value is a page")
    };
    let expected = super::super::overlay::PageContent::Value {
        path: "text".into(),
        text: format!("0 {}", "long ".repeat(100)),
    };
    assert_eq!(page.content, expected);
}

fn notified(key: &str) -> Arrival {
    Arrival {
        notification: Notification {
            bucket: "lake".into(),
            key: ObjectKey::parse(key).unwrap(),
            size: None,
            etag: None,
            sequencer: None,
            time: None,
        },
        path: Some("/lake/object".into()),
        events: Some(Ok(3)),
        seen: None,
    }
}

#[test]
fn an_object_shows_first_what_counts_and_else_what_is_there() {
    let mut state = state(120, 40);
    let key =
        "aws/VPC_FLOW/2.0/region=us-east-1/accountId=000011112222/eventDay=20260301/a.parquet";
    update(&mut state, Event::Arrived(vec![notified(key)]), noon());
    let effects = press(&mut state, "alt-1 enter");
    let request = started(&effects).unwrap();
    assert!(
        request.sql.starts_with("SELECT time_dt, src_endpoint.ip"),
        "{}",
        request.sql
    );
    assert!(
        request.sql.ends_with(", * FROM notified_object"),
        "{}",
        request.sql
    );
    // A file without these columns is shown as it is.
    let effects = fail(&mut state, request.id, QueryErrorKind::UnknownName);
    let again = started(&effects).unwrap();
    assert_eq!(again.sql, "SELECT * FROM notified_object");
    assert_eq!(again.attached, request.attached);
    assert_eq!(state.results.tabs.len(), 1);
    // And that is the last try.
    let effects = fail(&mut state, again.id, QueryErrorKind::UnknownName);
    assert_eq!(started(&effects), None);
    assert!(matches!(
        state.results.tab().unwrap().phase,
        Phase::Failed(_)
    ));
}

#[test]
fn a_retry_in_the_background_leaves_the_shown_tab_alone() {
    let mut state = state(120, 40);
    let path = "/lake/object".into();
    let effects = state.open_object("one", path, "SELECT x, * FROM notified_object", None);
    let object = started(&effects).unwrap().id;
    let (shown, _) = state.run(Origin::statement("two", "SELECT 2"));
    fail(&mut state, object, QueryErrorKind::UnknownName);
    assert_eq!(state.results.tab().unwrap().query, shown);
    assert_eq!(state.results.tabs.len(), 2);
}

#[test]
fn the_cursor_goes_from_placeholder_to_placeholder() {
    let mut state = state(120, 40);
    let sql = "SELECT * FROM t WHERE a = '<bucket-name>' AND b = '<key-name>'";
    state.editor.open(Some("step"), sql);
    for expected in ["<bucket-name>", "<key-name>", "<bucket-name>"] {
        press(&mut state, "alt-n");
        assert_eq!(
            state.editor.buffer().selected_text().as_deref(),
            Some(expected)
        );
    }
    press(&mut state, "\"x");
    assert_eq!(
        state.editor.buffer().text(),
        "SELECT * FROM t WHERE a = 'x' AND b = '<key-name>'"
    );
}

#[test]
fn the_palette_has_every_pane_and_forgives_gaps() {
    let mut state = state(120, 40);
    finished(&mut state, rows(5, |n| n.to_string()));
    press(&mut state, "alt-2 ctrl-p \"srtby enter");
    assert_eq!(state.screen.focus, Pane::Results);
    assert!(state.results.tab().unwrap().spec.sort.is_some());
}

#[test]
fn pasted_tabs_become_spaces() {
    let mut state = state(120, 40);
    update(&mut state, Event::Paste("SELECT\n\t1".into()), noon());
    assert_eq!(state.editor.buffer().text(), "SELECT\n  1");
}
