//! The most surprising rows first: what is asked, what is shown, and the way back.

use arrow::array::{ArrayRef, RecordBatch, StringArray};

use super::*;
use crate::domain::rarity::Score;
use crate::sql::pivot::PivotTable;
use crate::store::event::Event;
use crate::store::testing::{OnePage, finished, noon, press, rows, state as plain_state};
use crate::store::update;

/// A state over a lake of calls, with a result of two of them.
fn state() -> State {
    let mut state = plain_state(120, 40);
    let column = |name: &str, kind: &str| (name.to_owned(), kind.to_owned());
    let table = PivotTable {
        name: "calls".to_owned(),
        label: "calls".to_owned(),
        source: None,
        columns: vec![
            column("time_dt", "timestamp"),
            column("api", "struct<operation:string>"),
            column(
                "actor",
                "struct<user:struct<uid:string,credential_uid:string>>",
            ),
        ],
    };
    update(&mut state, Event::Tables(vec![table].into()), noon());
    let text = |values: [&str; 2]| -> ArrayRef { Arc::new(StringArray::from(values.to_vec())) };
    let columns = vec![
        ("who", text(["ann", "bob"])),
        ("operation", text(["GetObject", "StopLogging"])),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    finished(&mut state, Arc::new(OnePage::of(batch)));
    press(&mut state, "alt-3");
    state
}

fn judgement(effects: &[Effect]) -> Option<(OrderId, Option<&QueryRequest>)> {
    effects.iter().find_map(|effect| match effect {
        Effect::Judge { id, past, .. } => Some((*id, past.as_deref())),
        _ => None,
    })
}

fn ranking() -> Arc<Ranking> {
    let score = |surprise, reason: &str| Score {
        surprise,
        reason: reason.into(),
    };
    Arc::new(Ranking {
        scores: vec![
            score(0.5, "seen 9 × before: GetObject"),
            score(12.25, "first StopLogging in 6 days"),
        ],
        against: "9 events in 7 days of the lake".to_owned(),
    })
}

#[test]
fn rows_are_judged_then_ordered_then_as_they_came_again() {
    let mut state = state();
    let effects = press(&mut state, "S");
    let (id, past) = judgement(&effects).unwrap();
    assert!(past.unwrap().sql.contains("date_trunc('hour', \"time\")"));
    let effects = update(
        &mut state,
        Event::Judged {
            id,
            ranking: ranking(),
        },
        noon(),
    );
    let order = effects.iter().find_map(|effect| match effect {
        Effect::Order { id, spec, .. } if spec.surprise.is_some() => Some(*id),
        _ => None,
    });
    let event = Event::Ordered {
        id: order.unwrap(),
        rows: Arc::from([1, 0]),
    };
    update(&mut state, event, noon());
    assert_eq!(state.results.tab().unwrap().selected_row(), Some(1));
    let told = &state.message.as_ref().unwrap().text;
    assert!(told.contains("9 events in 7 days of the lake"), "{told}");
    press(&mut state, "S");
    let tab = state.results.tab().unwrap();
    assert!(tab.spec.is_plain() && tab.order.is_none());
}

#[test]
fn a_sort_takes_the_place_of_surprise_and_the_other_way_round() {
    let mut state = state();
    press(&mut state, "s");
    let (id, _) = judgement(&press(&mut state, "S")).unwrap();
    update(
        &mut state,
        Event::Judged {
            id,
            ranking: ranking(),
        },
        noon(),
    );
    let spec = |state: &State| state.results.tab().unwrap().spec.clone();
    assert!(spec(&state).surprise.is_some() && spec(&state).sort.is_none());
    press(&mut state, "s");
    assert!(spec(&state).surprise.is_none() && spec(&state).sort.is_some());
}

#[test]
fn on_aws_the_lake_is_not_counted_unasked() {
    let mut state = state();
    state.setting.on_aws = true;
    let effects = press(&mut state, "S");
    let (_, past) = judgement(&effects).unwrap();
    assert_eq!(past, None);
}

#[test]
fn columns_that_tell_nobody_are_not_judged() {
    let mut state = plain_state(120, 40);
    finished(&mut state, rows(3, |n| n.to_string()));
    assert!(judgement(&press(&mut state, "alt-3 S")).is_none());
    assert!(state.message.is_some());
}
