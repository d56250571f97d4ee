//! The menu on rows and notifications, what it asks, and the way back.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray, TimestampMillisecondArray};

use super::*;
use crate::domain::lake::Source;
use crate::domain::query::{QueryRequest, QuerySummary};
use crate::store::event::{Event, QueryNews};
use crate::store::testing::{OnePage, finished, noon, press, state as plain_state};
use crate::store::update;

const KEY: &str = "AKIAIOSFODNN7EXAMPLE";

/// A state over a lake of one table, with two questions and a row that names an address and a key.
fn state() -> State {
    let mut state = plain_state(120, 40);
    let everything = "-- name: all-events\n-- purpose: Every event that names it.\n-- types: any\n\
        -- group: events\nSELECT \"time\", source FROM events_naming;\n";
    let around = "-- name: around-this-time\n-- purpose: What happened around it.\n-- types: any\n\
        -- group: events\n-- window: around\nSELECT \"time\", source FROM events_naming;\n";
    let files = [("all-events.sql", everything), ("around.sql", around)];
    let templates = PivotTemplates::read(files);
    assert_eq!(templates.problems, []);
    state.content.pivots = Arc::new(templates);
    let column = |name: &str, kind: &str| (name.to_owned(), kind.to_owned());
    let table = PivotTable {
        name: "cloud_trail_mgmt".to_owned(),
        label: "cloud_trail_mgmt".to_owned(),
        source: Some(Source::CloudTrailMgmt),
        columns: vec![
            column("time_dt", "timestamp"),
            column("src_endpoint", "struct<ip:string>"),
            column(
                "actor",
                "struct<user:struct<uid:string,credential_uid:string>>",
            ),
            column("eventday", "string"),
        ],
    };
    update(&mut state, Event::Tables(vec![table].into()), noon());
    let columns: Vec<(&str, ArrayRef)> = vec![
        (
            "time_dt",
            Arc::new(
                TimestampMillisecondArray::from(vec![noon().timestamp_millis()])
                    .with_timezone("UTC"),
            ),
        ),
        ("ip", Arc::new(StringArray::from(vec!["198.51.100.7"]))),
        ("access_key", Arc::new(StringArray::from(vec![KEY]))),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    finished(&mut state, Arc::new(OnePage::of(batch)));
    press(&mut state, "alt-3");
    state
}

fn asked(effects: &[Effect]) -> Option<&QueryRequest> {
    effects.iter().find_map(|effect| match effect {
        Effect::StartQuery(request) => Some(request),
        _ => None,
    })
}

#[test]
fn the_selected_cell_is_asked_about_first_and_its_value_is_a_parameter() {
    let mut state = state();
    // The third column is the key's.
    press(&mut state, "right right p");
    let Some(Overlay::Pivot(menu)) = &state.overlay else {
        panic!("the menu is open")
    };
    assert_eq!(menu.found[0].entity.value, KEY);
    assert!(menu.found.len() >= 2, "{:?}", menu.found);
    let effects = press(&mut state, "enter");
    let request = asked(&effects).unwrap();
    assert!(!request.sql.contains(KEY), "{}", request.sql);
    assert!(
        request
            .parameters
            .iter()
            .any(|literal| literal.contains(KEY))
    );
    let tab = state.results.tab().unwrap();
    assert_eq!(tab.origin.title, format!("all-events {KEY}"));
}

#[test]
fn a_question_leads_back_to_where_it_was_asked_also_after_a_rerun() {
    let mut state = state();
    let first = state.results.tab().unwrap().query;
    let asked_for = asked(&press(&mut state, "p enter")).unwrap().id;
    let done = QueryNews::Finished(QuerySummary::default());
    update(&mut state, Event::Query(asked_for, done), noon());
    press(&mut state, "r");
    press(&mut state, "backspace");
    assert_eq!(state.results.tab().unwrap().query, first);
    press(&mut state, "backspace");
    assert_eq!(
        state.results.tab().unwrap().query,
        first,
        "nothing is before it"
    );
}

#[test]
fn around_an_event_is_as_wide_as_it_was_last_chosen() {
    let mut state = state();
    let parameters = |state: &mut State, keys: &str| {
        let effects = press(state, keys);
        asked(&effects).unwrap().parameters.clone()
    };
    let near = parameters(&mut state, "p \"around enter");
    press(&mut state, "backspace");
    let wide = parameters(&mut state, "p tab \"around enter");
    assert_ne!(near, wide);
    press(&mut state, "backspace");
    assert_eq!(
        parameters(&mut state, "p \"around enter"),
        wide,
        "it is remembered"
    );
    press(&mut state, "backspace");
    assert_eq!(parameters(&mut state, "p shift-tab \"around enter"), near);
}

#[test]
fn what_names_nobody_opens_nothing() {
    let mut state = plain_state(120, 40);
    press(&mut state, "alt-3 p");
    assert!(state.overlay.is_none());
    press(&mut state, "alt-1 p");
    assert!(state.overlay.is_none());
}

#[test]
fn events_are_shown_as_they_are_found_and_put_in_order_at_the_end() {
    let mut state = state();
    let mut templates = String::from(
        "-- name: all-events\n-- purpose: Every event.\n-- types: any\n-- group: events\n",
    );
    templates += "-- order: \"time\", source\nSELECT \"time\", source FROM events_naming;\n";
    let read = PivotTemplates::read([("all-events.sql", templates.as_str())]);
    state.content.pivots = Arc::new(read);
    let effects = press(&mut state, "p enter");
    let request = asked(&effects).unwrap();
    assert!(
        !request.sql.to_lowercase().contains("order by"),
        "{}",
        request.sql
    );
    let query = request.id;
    let times = TimestampMillisecondArray::from(vec![30, 10, 20]).with_timezone("UTC");
    let columns: Vec<(&str, ArrayRef)> = vec![("time", Arc::new(times))];
    let rows = Arc::new(OnePage::of(RecordBatch::try_from_iter(columns).unwrap()));
    update(
        &mut state,
        Event::Query(query, QueryNews::Planned(rows)),
        noon(),
    );
    // The analyst is on the last row by then, and stays there.
    press(&mut state, "alt-3 G");
    let done = QueryNews::Finished(QuerySummary::default());
    let effects = update(&mut state, Event::Query(query, done), noon());
    let order = effects.iter().find_map(|effect| match effect {
        Effect::Order { id, spec, .. } => Some((*id, spec.sort.unwrap())),
        _ => None,
    });
    let (id, sort) = order.unwrap();
    assert_eq!((sort.column, sort.descending), (0, false));
    let ordered = Event::Ordered {
        id,
        rows: vec![1, 2, 0].into(),
    };
    update(&mut state, ordered, noon());
    let tab = state.results.tab().unwrap();
    assert_eq!((tab.view.row, tab.selected_row()), (1, Some(2)));
}

#[test]
fn what_is_here_already_is_looked_through_and_told() {
    let mut state = state();
    let before = state.results.tab().unwrap().query;
    let effects = press(&mut state, "p enter");
    let query = asked(&effects).unwrap().id;
    let here = effects.iter().find_map(|effect| match effect {
        Effect::FindHere { query, among, text } => Some((*query, among.clone(), text.clone())),
        _ => None,
    });
    let (of, among, text) = here.unwrap();
    assert_eq!((of, among.as_slice()), (query, [before].as_slice()));
    assert!(!text.is_empty());
    let found = QueryNews::Here(vec![(before, 4)]);
    update(&mut state, Event::Query(query, found), noon());
    let told = &state.message.as_ref().unwrap().text;
    assert!(told.contains("4 in 1 test"), "{told}");
}

#[test]
fn the_newest_objects_of_the_feed_are_looked_into_first() {
    let mut state = state();
    let arrival = |key: &str, seen| Arrival {
        seen,
        ..crate::store::feed::tests::arrival(key)
    };
    // The one that was there before the start is a part of the lake like any other.
    let arrivals = vec![arrival("old", None), arrival("new", Some(noon()))];
    update(&mut state, Event::Arrived(arrivals), noon());
    let effects = press(&mut state, "p enter");
    let query = asked(&effects).unwrap().id;
    let in_feed = effects.iter().find_map(|effect| match effect {
        Effect::FindInFeed { request, objects } => Some((request.clone(), *objects)),
        _ => None,
    });
    let (request, objects) = in_feed.unwrap();
    assert_eq!((request.id, objects), (query, 1));
    assert!(request.sql.contains("\"$path\" IN (?)"), "{}", request.sql);
    let last = request.parameters.last().map(String::as_str);
    assert_eq!(last, Some("'s3://lake/new'"));
    let found = QueryNews::InFeed { rows: 3, objects };
    update(&mut state, Event::Query(query, found), noon());
    let told = &state.message.as_ref().unwrap().text;
    assert!(told.ends_with("3 in the 1 object of the feed"), "{told}");
}

#[test]
fn the_folder_of_a_local_lake_is_no_bucket_to_ask_about() {
    let key =
        "aws/VPC_FLOW/2.0/region=us-east-1/accountId=000011112222/eventDay=20260301/a.parquet";
    for (bucket, kinds) in [
        (LOCAL_BUCKET, vec![EntityType::Account]),
        ("lake", vec![EntityType::Resource, EntityType::Account]),
    ] {
        let mut state = state();
        let mut arrival = crate::store::feed::tests::arrival(key);
        arrival.notification.bucket = bucket.to_owned();
        update(&mut state, Event::Arrived(vec![arrival]), noon());
        press(&mut state, "alt-1");
        let found = of_notification(&state);
        let found: Vec<EntityType> = found.iter().map(|found| found.entity.kind).collect();
        assert_eq!(found, kinds);
    }
}
