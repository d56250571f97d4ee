//! Stories of runs that cost something: asked about first, estimated, answered without being paid.

use std::sync::Arc;

use super::super::results::{AnsweredFrom, Tab};
use super::super::testing::OnePage;
use super::*;
use crate::domain::cost::Usd;
use crate::domain::query::{Execution, QueryId, QuerySummary, Route, ScanEstimate};
use crate::domain::rows::SERVICE_TYPE;
use crate::store::State;
use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};

fn on_aws() -> State {
    let mut state = state(120, 40);
    state.setting.on_aws = true;
    state
}

/// Types a statement and runs it.
fn run(state: &mut State) -> QueryId {
    press(state, "\"INSERT space \"1");
    started(&press(state, "f5")).unwrap().id
}

fn refuse(state: &mut State, query: QueryId) -> Vec<Effect> {
    let error = QueryError::new(QueryErrorKind::Unconfirmed, "INSERT writes");
    let news = QueryNews::Failed(error);
    update(state, Event::Query(query, news), noon())
}

/// No key has come for a while.
fn rest(state: &mut State) {
    assert_eq!(update(state, Event::Timer(TimerId::Listen), noon()), []);
}

fn asks(state: &State) -> bool {
    matches!(state.overlay, Some(Overlay::Question(Question::Run { .. })))
}

#[test]
fn a_run_that_needs_a_yes_is_asked_about_and_then_confirmed() {
    let mut state = on_aws();
    let query = run(&mut state);
    refuse(&mut state, query);
    assert!(asks(&state));
    rest(&mut state);
    let effects = press(&mut state, "y");
    let request = started(&effects).unwrap();
    assert!(request.confirmed && request.fresh && request.attended);
    assert_eq!(request.sql, "INSERT 1");
    assert_eq!(state.results.tabs.len(), 1, "it runs in its place");
    // Its fault is shown where the statement stands, as if it had run at once.
    let error = QueryError::new(QueryErrorKind::UnknownName, "no table")
        .at(TextPosition { line: 1, column: 8 });
    let again = state.results.tab().unwrap().query;
    update(
        &mut state,
        Event::Query(again, QueryNews::Failed(error)),
        noon(),
    );
    assert!(state.editor.buffer().fault.is_some());
}

#[test]
fn a_run_that_nobody_agrees_to_stays_away_until_it_is_asked_for_again() {
    let mut state = on_aws();
    let query = run(&mut state);
    refuse(&mut state, query);
    assert_eq!(started(&press(&mut state, "n")), None);
    assert!(state.overlay.is_none());
    assert!(
        state
            .results
            .tab()
            .is_some_and(|tab| tab.question().is_some())
    );
    press(&mut state, "alt-3");
    let request = started(&press(&mut state, "r")).cloned().unwrap();
    assert!(!request.confirmed, "the next try asks again");
}

#[test]
fn a_key_typed_for_the_editor_is_no_answer() {
    let mut state = on_aws();
    let query = run(&mut state);
    let effects = refuse(&mut state, query);
    let listen_later = |effects: &[Effect]| {
        let timer = |effect: &Effect| matches!(effect, Effect::SetTimer(TimerId::Listen, _));
        effects.iter().any(timer)
    };
    assert!(listen_later(&effects));
    for key in ["y", "x", "enter", "Y"] {
        let effects = press(&mut state, key);
        assert_eq!(started(&effects), None, "{key}");
        assert!(listen_later(&effects), "{key} makes it wait anew");
    }
    assert!(asks(&state), "it still asks");
    rest(&mut state);
    let effects = press(&mut state, "y");
    assert!(started(&effects).is_some_and(|request| request.confirmed));
}

#[test]
fn what_runs_at_athena_may_run_on_when_the_console_is_left() {
    let mut state = on_aws();
    let query = run(&mut state);
    let effects = press(&mut state, "ctrl-q l");
    assert!(effects.contains(&Effect::Quit));
    assert!(effects.contains(&Effect::DropRows(query)));
    assert!(!effects.contains(&Effect::CancelQuery(query)), "it goes on");
    let saved = effects.iter().find_map(|effect| match effect {
        Effect::SaveSession(session) => Some(session),
        _ => None,
    });
    assert!(saved.unwrap().tabs[0].was_running);

    let mut folder = super::state(120, 40);
    run(&mut folder);
    assert_eq!(press(&mut folder, "ctrl-q l"), [], "here nothing runs on");
}

#[test]
fn a_question_opens_over_nothing_else() {
    let mut state = on_aws();
    let query = run(&mut state);
    press(&mut state, "ctrl-p");
    refuse(&mut state, query);
    assert!(matches!(state.overlay, Some(Overlay::Palette(_))));
    assert!(
        state
            .results
            .tab()
            .is_some_and(|tab| tab.question().is_some())
    );
}

#[test]
fn the_bill_is_asked_for_when_the_text_rests_and_goes_when_it_changes() {
    let mut state = on_aws();
    let effects = press(&mut state, "\"SELECT space \"1");
    let timer = |effects: &[Effect]| {
        let estimate = |effect: &Effect| matches!(effect, Effect::SetTimer(TimerId::Estimate, _));
        effects.iter().any(estimate)
    };
    assert!(timer(&effects));
    let rest = |state: &mut State| update(state, Event::Timer(TimerId::Estimate), noon());
    let effects = rest(&mut state);
    let [Effect::Estimate(request)] = effects.as_slice() else {
        panic!("one estimate: {effects:?}")
    };
    assert_eq!(request.sql, "SELECT 1");
    assert_eq!(rest(&mut state), [], "the same text is not estimated twice");
    let estimate = ScanEstimate {
        bytes: 1_200_000_000,
        bytes_at_most: Some(3_400_000_000),
        cost: Some((Usd(0.01), Some(Usd(0.02)))),
        ..ScanEstimate::default()
    };
    let of_another = Event::Estimated(QueryId(999), Ok(ScanEstimate::default()));
    update(&mut state, of_another, noon());
    let known = |state: &State| state.editor.bill.as_ref()?.estimate.clone();
    assert_eq!(known(&state), None);
    let answer = Event::Estimated(request.id, Ok(estimate.clone()));
    update(&mut state, answer, noon());
    assert_eq!(known(&state), Some(estimate));
    press(&mut state, "\"2");
    assert_eq!(known(&state), None);
}

#[test]
fn where_reading_costs_nothing_there_is_no_bill() {
    let mut state = state(120, 40);
    let effects = press(&mut state, "\"SELECT space \"1");
    let estimate = |effect: &Effect| matches!(effect, Effect::SetTimer(TimerId::Estimate, _));
    assert!(!effects.iter().any(estimate));
}

#[test]
fn the_engine_is_chosen_for_a_run_and_stays_its_own() {
    let mut state = on_aws();
    press(&mut state, "\"SELECT space \"1");
    let effects = press(&mut state, "f6");
    let request = started(&effects).unwrap().clone();
    assert_eq!(request.route, Route::Direct);
    let done = QueryNews::Finished(QuerySummary::default());
    update(&mut state, Event::Query(request.id, done), noon());
    press(&mut state, "alt-3");
    let again = started(&press(&mut state, "r")).cloned().unwrap();
    assert_eq!(again.route, Route::Direct);
    press(&mut state, "alt-2");
    let usual = started(&press(&mut state, "f5")).cloned().unwrap();
    assert_eq!(usual.route, Route::Service);

    let mut folder = super::state(120, 40);
    press(&mut folder, "\"SELECT space \"1");
    assert_eq!(started(&press(&mut folder, "f6")), None);
}

#[test]
fn an_answer_from_kept_rows_says_so_over_a_restart_and_again_asks_the_lake() {
    let mut state = on_aws();
    press(&mut state, "\"SELECT space \"1");
    let query = started(&press(&mut state, "f5")).unwrap().id;
    let from = AnsweredFrom {
        name: "result_3".into(),
        ended: noon(),
    };
    for news in [
        QueryNews::Answered(from.clone()),
        QueryNews::Planned(rows(2, |n| n.to_string())),
        QueryNews::Finished(QuerySummary::default()),
        QueryNews::KeptAs(Ok("result_4".into())),
    ] {
        update(&mut state, Event::Query(query, news), noon());
    }
    let session = Session::of(&state);
    let text = serde_json::to_string(&session).unwrap();
    let mut later = on_aws();
    let restored = Event::Restored(serde_json::from_str(&text).unwrap());
    update(&mut later, restored, noon());
    let shown = later.results.tab().and_then(|tab| tab.answered.clone());
    assert_eq!(shown, Some(from));
    press(&mut state, "alt-3");
    let again = started(&press(&mut state, "r")).cloned().unwrap();
    assert!(again.fresh && again.sql == "SELECT 1");
    let fresh = state.results.tab().unwrap();
    assert_eq!((fresh.answered.as_ref(), fresh.query), (None, again.id));
}

/// A finished result of one text and one array as the service prints it.
fn printed(state: &mut State) -> Tab {
    let of_type = |name: &str, service_type: &str| {
        let metadata = [(SERVICE_TYPE.to_owned(), service_type.to_owned())];
        Field::new(name, DataType::Utf8, true).with_metadata(metadata.into())
    };
    let schema = Schema::new(vec![of_type("who", "varchar"), of_type("tags", "array")]);
    let column = |text: &str| Arc::new(StringArray::from(vec![text])) as ArrayRef;
    let columns = vec![column("ann"), column("[a, b]")];
    let batch = RecordBatch::try_new(Arc::new(schema), columns).unwrap();
    let query = finished(state, Arc::new(OnePage::of(batch)));
    let tab = state.results.by_query(query).unwrap();
    let summary = QuerySummary {
        execution: Some(Execution {
            scanned_bytes: 1_200_000_000,
            ..Execution::default()
        }),
        ..QuerySummary::default()
    };
    tab.phase = Phase::Finished(summary);
    tab.clone()
}

#[test]
fn nested_values_come_exactly_once_a_person_has_seen_the_price() {
    let mut state = on_aws();
    printed(&mut state);
    press(&mut state, "alt-3");
    assert_eq!(started(&press(&mut state, "J")), None, "it asks first");
    let Some(Overlay::Question(Question::Run { text, .. })) = &state.overlay else {
        panic!("a question")
    };
    assert!(text.contains("1.2 GB"), "{text}");
    rest(&mut state);
    let effects = press(&mut state, "y");
    let request = started(&effects).unwrap();
    assert!(
        request
            .sql
            .contains("json_format(CAST(c2 AS JSON)) AS \"tags\""),
        "{}",
        request.sql
    );
    assert!(request.sql.contains("c1 AS \"who\"") && request.confirmed);
    assert_eq!(state.results.tabs.len(), 2, "the printed rows stay");
}

#[test]
fn a_result_without_printed_values_is_exact_already() {
    let mut state = on_aws();
    finished(&mut state, rows(2, |n| n.to_string()));
    press(&mut state, "alt-3");
    assert_eq!(started(&press(&mut state, "J")), None);
    assert!(!asks(&state) && state.results.tabs.len() == 1);
}
