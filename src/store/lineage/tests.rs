//! A tree asked for from a row, folded, walked, and left for the events of a credential.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, StringArray};

use super::*;
use crate::domain::lake::Source;
use crate::domain::lineage::{Issue, Stitcher, Use};
use crate::domain::query::QueryRequest;
use crate::sql::pivot::{PivotTable, PivotTemplates};
use crate::store::event::Event;
use crate::store::testing::{OnePage, finished, noon, press, state as plain_state};
use crate::store::update;

const ROOT: &str = "AKIAIOSFODNN7EXAMPLE";
const FIRST: &str = "ASIAIOSFODNN7EXAMPL1";
const SECOND: &str = "ASIAIOSFODNN7EXAMPL2";

/// A state over a lake with calls, and a row that names the first session's key.
fn state() -> State {
    let mut state = plain_state(120, 40);
    let everything = "-- name: all-events\n-- purpose: Every event that names it.\n-- types: any\n\
        -- group: events\nSELECT \"time\", source FROM events_naming;\n";
    let templates = PivotTemplates::read([("all-events.sql", everything)]);
    assert_eq!(templates.problems, []);
    state.content.pivots = Arc::new(templates);
    let column = |name: &str, kind: &str| (name.to_owned(), kind.to_owned());
    let table = PivotTable {
        name: "cloud_trail_mgmt".to_owned(),
        label: "cloud_trail_mgmt".to_owned(),
        source: Some(Source::CloudTrailMgmt),
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
    let columns: Vec<(&str, ArrayRef)> =
        vec![("access_key", Arc::new(StringArray::from(vec![FIRST])))];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    finished(&mut state, Arc::new(OnePage::of(batch)));
    press(&mut state, "alt-3");
    state
}

/// Opens a tree of three credentials, for pictures.
pub(crate) fn show_a_tree(state: &mut State) {
    let window = crate::sql::pivot::Window::EVER;
    let calls = PivotTable {
        name: "calls".to_owned(),
        label: "calls".to_owned(),
        source: None,
        columns: [
            ("time_dt", "timestamp"),
            ("api", "struct<operation:string>"),
            ("actor", "struct<user:struct<credential_uid:string>>"),
        ]
        .map(|(name, kind)| (name.to_owned(), kind.to_owned()))
        .into(),
    };
    let waiting = Waiting {
        entity: Entity::parse(EntityType::AccessKey, FIRST).unwrap(),
        requests: lineage(&[calls], window)
            .unwrap()
            .requests([QueryId(1), QueryId(2)]),
        place: Default::default(),
    };
    show(state, LineageTree::new(waiting, forest()));
}

fn forest() -> Arc<Forest> {
    let mut stitcher = Stitcher::default();
    for (by, key, name) in [(ROOT, FIRST, "release"), (FIRST, SECOND, "export")] {
        stitcher.issue(&Issue {
            caller_key: Some(by),
            key: Some(key),
            role: Some("arn:aws:iam::111122223333:role/deployer"),
            session_name: Some(name),
            ..Issue::new(noon(), "AssumeRole")
        });
    }
    for (key, calls) in [(ROOT, 3), (FIRST, 20), (SECOND, 1_400)] {
        stitcher.used(&Use {
            key,
            principal: None,
            principal_account: None,
            role: None,
            account: Some("111122223333"),
            service: Some("s3.amazonaws.com"),
            address: Some("198.51.100.7"),
            first: noon(),
            last: noon(),
            calls,
            failures: 1,
            began: None,
        });
    }
    Arc::new(stitcher.finish())
}

fn requests(effects: &[Effect]) -> Option<&LineageRequests> {
    effects.iter().find_map(|effect| match effect {
        Effect::Lineage(requests) => Some(requests.as_ref()),
        _ => None,
    })
}

fn asked(effects: &[Effect]) -> Option<&QueryRequest> {
    effects.iter().find_map(|effect| match effect {
        Effect::StartQuery(request) => Some(request),
        _ => None,
    })
}

fn tree(state: &State) -> &LineageTree {
    match &state.overlay {
        Some(Overlay::Lineage(tree)) => tree,
        other => panic!("no tree is open: {other:?}"),
    }
}

fn opened() -> State {
    let mut state = state();
    let id = requests(&press(&mut state, "alt-l")).unwrap().issued.id;
    update(&mut state, Event::Lineage(id, Ok(forest())), noon());
    state
}

#[test]
fn the_tree_opens_on_what_was_asked_for() {
    let state = opened();
    let tree = tree(&state);
    assert_eq!(tree.lines.len(), 3);
    assert_eq!(tree.node().unwrap().id, FIRST);
}

#[test]
fn it_folds_and_unfolds_and_leads_up_and_down() {
    let mut state = opened();
    press(&mut state, "h");
    assert_eq!(
        tree(&state).lines.len(),
        2,
        "the last session is folded away"
    );
    press(&mut state, "left");
    assert_eq!(tree(&state).node().unwrap().id, ROOT);
    press(&mut state, "j l l");
    assert_eq!(tree(&state).lines.len(), 3);
    assert_eq!(tree(&state).node().unwrap().id, SECOND);
    press(&mut state, "down pgdn k k k");
    assert_eq!(tree(&state).node().unwrap().id, ROOT);
}

#[test]
fn enter_asks_for_all_events_and_the_tree_is_there_again() {
    let mut state = opened();
    let first = state.results.tab().unwrap().query;
    let effects = press(&mut state, "down enter");
    let request = asked(&effects).unwrap();
    assert!(
        request
            .parameters
            .iter()
            .any(|value| value.contains(SECOND))
    );
    assert!(!request.sql.contains(SECOND), "a value is a parameter");
    let tab = state.results.tab().unwrap();
    assert_eq!(tab.from, Some(first));
    assert!(state.overlay.is_none());
    // The new result has no row yet, so the tree is shown again as it was left.
    press(&mut state, "alt-l");
    assert_eq!(tree(&state).node().unwrap().id, SECOND);
    press(&mut state, "q");
    assert!(state.overlay.is_none());
}

#[test]
fn a_tree_can_be_asked_for_again() {
    let mut state = opened();
    let again = requests(&press(&mut state, "r")).unwrap().issued.id;
    update(&mut state, Event::Lineage(again, Ok(forest())), noon());
    assert_eq!(tree(&state).node().unwrap().id, FIRST);
}

#[test]
fn a_stale_tree_is_dropped_and_a_newer_question_stops_the_older() {
    let mut state = state();
    let old = requests(&press(&mut state, "alt-l")).unwrap().issued.id;
    let effects = press(&mut state, "alt-l");
    assert!(effects.contains(&Effect::CancelQuery(old)));
    let new = requests(&effects).unwrap().issued.id;
    update(&mut state, Event::Lineage(old, Ok(forest())), noon());
    assert!(state.overlay.is_none());
    let effects = press(&mut state, "ctrl-c");
    assert!(effects.contains(&Effect::CancelQuery(new)));
    update(&mut state, Event::Lineage(new, Ok(forest())), noon());
    assert!(state.overlay.is_none());
}

#[test]
fn what_costs_is_asked_about_first() {
    let mut state = state();
    state.setting.on_aws = true;
    let asked_for = requests(&press(&mut state, "alt-l")).unwrap().clone();
    assert!(!asked_for.used.confirmed && asked_for.used.attended);
    let error = QueryError::new(QueryErrorKind::Unconfirmed, "1 TB is much");
    update(
        &mut state,
        Event::Lineage(asked_for.issued.id, Err(error)),
        noon(),
    );
    update(
        &mut state,
        Event::Timer(crate::store::effect::TimerId::Listen),
        noon(),
    );
    let effects = press(&mut state, "y");
    let again = requests(&effects).unwrap();
    assert!(again.issued.confirmed && again.used.confirmed);
    update(
        &mut state,
        Event::Lineage(again.issued.id, Ok(forest())),
        noon(),
    );
    assert_eq!(tree(&state).lines.len(), 3);
}

#[test]
fn the_pivot_menu_leads_to_the_tree() {
    let mut state = state();
    let effects = press(&mut state, "p \"lineage enter");
    let id = requests(&effects).unwrap().issued.id;
    update(&mut state, Event::Lineage(id, Ok(Arc::default())), noon());
    assert!(state.overlay.is_none());
    let told = &state.message.as_ref().unwrap().text;
    assert!(
        told.contains(FIRST) && told.contains("none of the 0"),
        "{told}"
    );
}
