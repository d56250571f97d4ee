//! The page of an entity on a lake of one table.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};

use super::*;
use crate::domain::lake::Source;
use crate::domain::query::QuerySummary;
use crate::sql::pivot::{PivotTable, PivotTemplates};
use crate::store::event::{Event, QueryNews};
use crate::store::testing::{OnePage, finished, noon, press, state as plain_state};
use crate::store::update;

const KEY: &str = "AKIAIOSFODNN7EXAMPLE";

/// A state on a row that names a key, with the two questions of the page.
fn state() -> State {
    let mut state = plain_state(120, 40);
    let seen = "-- name: by-source\n-- purpose: Where.\n-- types: any\n-- group: summary\n\
        SELECT source, class, count(*) AS events, min(\"time\") AS first_seen, \
        max(\"time\") AS last_seen FROM events_naming GROUP BY source, class;\n";
    let with = "-- name: neighbours\n-- purpose: With what.\n-- types: any\n-- group: summary\n\
        SELECT who, count(*) AS events FROM events_naming GROUP BY who;\n";
    let templates = PivotTemplates::read([("by-source.sql", seen), ("neighbours.sql", with)]);
    assert_eq!(templates.problems, []);
    state.content.pivots = Arc::new(templates);
    let column = |name: &str, kind: &str| (name.to_owned(), kind.to_owned());
    let table = PivotTable {
        name: "cloud_trail_mgmt".to_owned(),
        label: "cloud_trail_mgmt".to_owned(),
        source: Some(Source::CloudTrailMgmt),
        columns: vec![
            column("time_dt", "timestamp"),
            column(
                "actor",
                "struct<user:struct<uid:string,credential_uid:string>>",
            ),
            column("eventday", "string"),
        ],
    };
    update(&mut state, Event::Tables(vec![table].into()), noon());
    let key: ArrayRef = Arc::new(StringArray::from(vec![KEY]));
    let batch = RecordBatch::try_from_iter([("access_key", key)]).unwrap();
    finished(&mut state, Arc::new(OnePage::of(batch)));
    press(&mut state, "alt-3 p \"page\" enter");
    state
}

fn page(state: &State) -> EntityPage {
    match &state.overlay {
        Some(Overlay::Page(page)) => match &page.content {
            PageContent::Entity(page) => page.clone(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

fn finish(state: &mut State, query: QueryId, columns: Vec<(&str, ArrayRef)>) {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let rows = Arc::new(OnePage::of(batch));
    update(state, Event::Query(query, QueryNews::Planned(rows)), noon());
    let done = QueryNews::Finished(QuerySummary::default());
    update(state, Event::Query(query, done), noon());
}

fn texts(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

#[test]
fn it_tells_where_and_with_what_once_the_lake_has_answered() {
    let mut state = state();
    let open = page(&state);
    let said = |state: &State| format!("{:?}", parts(state, &page(state)));
    assert!(said(&state).contains("the lake is still asked"));
    finish(
        &mut state,
        open.seen.unwrap(),
        vec![
            ("source", texts(&["cloud_trail_mgmt", "s3_data"])),
            ("class", texts(&["API Activity", "API Activity"])),
            ("events", Arc::new(Int64Array::from(vec![7, 2]))),
            (
                "first_seen",
                texts(&["2026-11-20 10:00", "2026-11-19 09:00"]),
            ),
            (
                "last_seen",
                texts(&["2026-11-21 10:00", "2026-11-20 09:00"]),
            ),
        ],
    );
    finish(
        &mut state,
        open.neighbours.unwrap(),
        vec![
            ("who", texts(&["ci-user"])),
            ("events", Arc::new(Int64Array::from(vec![9]))),
        ],
    );
    let parts = parts(&state, &page(&state));
    let all: Vec<&Line> = parts.iter().flat_map(|(_, lines)| lines).collect();
    let has = |left: &str, text: &str| all.contains(&&pair(left, text));
    assert!(
        has("first", "2026-11-19 09:00") && has("last", "2026-11-21 10:00"),
        "{all:?}"
    );
    assert!(
        has(
            "s3_data",
            "2 API Activity, 2026-11-19 09:00 – 2026-11-20 09:00"
        ),
        "{all:?}"
    );
    assert!(has("9", "ci-user"), "{all:?}");
}

#[test]
fn a_verdict_needs_a_case() {
    let mut state = state();
    press(&mut state, "m");
    assert!(
        state
            .message
            .as_ref()
            .unwrap()
            .text
            .contains("no case is open")
    );
    let page = page(&state);
    assert!(format!("{:?}", parts(&state, &page)).contains("no case is open to judge it in"));
}

#[test]
fn a_note_on_it_comes_back_to_its_page() {
    let mut state = state();
    let opened = crate::store::case::OpenedCase {
        id: "0123456789abcdef".to_owned(),
        session: "abcd".to_owned(),
        analyst: "ana".to_owned(),
        state: Default::default(),
    };
    let news = crate::store::case::CaseNews::Opened(Box::new(opened));
    update(&mut state, Event::Case(news), noon());
    let effects = press(&mut state, "n \"mine\" enter");
    assert!(format!("{effects:?}").contains("Noted"), "{effects:?}");
    assert_eq!(page(&state).found.entity.value, KEY);
    let effects = press(&mut state, "m");
    assert!(format!("{effects:?}").contains("Malicious"), "{effects:?}");
}

#[test]
fn another_question_about_it_is_a_key_away() {
    let mut state = state();
    press(&mut state, "p");
    let Some(Overlay::Pivot(menu)) = &state.overlay else {
        panic!("{:?}", state.overlay);
    };
    assert_eq!(menu.found[0].entity.value, KEY);
}

#[test]
fn what_files_know_stands_on_the_page_of_its_entity_alone() {
    let mut state = state();
    let entity = page(&state).found.entity;
    let fact = |source: &str, name: &str, text: &str| Fact {
        source: source.to_owned(),
        name: name.to_owned(),
        text: text.to_owned(),
    };
    let facts = vec![
        fact(THE_VALUE, "kind", "long-lived, of a user"),
        fact("seen.csv", "note", "leaked before"),
    ];
    let known = |state: &State| {
        let parts = parts(state, &page(state)).into_iter();
        let mut known = parts.filter(|(heading, _)| heading == "Known");
        known.next().unwrap().1
    };
    let other = Entity::guess("10.0.0.1").unwrap();
    update(&mut state, Event::Enriched(other, facts.clone()), noon());
    let waits = pair("…", "lists and databases are looked into");
    assert_eq!(known(&state), [waits]);
    update(&mut state, Event::Enriched(entity, facts), noon());
    let told = [
        pair("kind", "long-lived, of a user"),
        pair("note", "leaked before (seen.csv)"),
    ];
    assert_eq!(known(&state), told);
}
