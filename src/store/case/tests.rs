//! Sessions of a case, with a journal in memory in the place of the runtime.

use super::{CaseLine, CaseNews, CaseWork, OpenedCase, pinned_rows};
use crate::domain::case::{Author, CaseState, Draft, EvidenceRow, History, Outcome, Pin, What};
use crate::domain::query::{QueryError, QueryErrorKind, QuerySummary};
use crate::store::effect::Effect;
use crate::store::event::{Event, QueryNews};
use crate::store::results::{LastEnd, Origin, Phase};
use crate::store::session::Session;
use crate::store::testing::{finished, noon, press, rows, state};
use crate::store::{State, update};

/// The journal of a case, written as the runtime would.
struct Journal {
    history: History,
    author: Author,
    other: Vec<CaseWork>,
}

impl Journal {
    fn new() -> Self {
        let mut journal = Self {
            history: History::new(),
            author: Author {
                analyst: "ana".to_owned(),
                tool: "lakehound test".to_owned(),
            },
            other: Vec::new(),
        };
        let what = What::Opened {
            name: "leak".to_owned(),
            nonce: "00".to_owned(),
        };
        journal.write(&[Draft { at: noon(), what }]);
        journal
    }

    fn write(&mut self, drafts: &[Draft]) -> CaseNews {
        let written = self.history.write(drafts, &self.author).unwrap();
        for sealed in &written {
            self.history.add(sealed.clone()).unwrap();
        }
        CaseNews::Written(written)
    }

    fn opened(&self) -> CaseNews {
        CaseNews::Opened(Box::new(OpenedCase {
            id: self.history.id().unwrap().short(),
            session: "abcd".to_owned(),
            analyst: "ana".to_owned(),
            state: CaseState::of(&self.history),
        }))
    }

    fn open(&self, state: &mut State) -> Vec<Effect> {
        update(state, Event::Case(self.opened()), noon())
    }

    /// Does what was asked of the case, and keeps what this journal cannot do.
    fn perform(&mut self, state: &mut State, effects: Vec<Effect>) {
        for effect in effects {
            let news = match effect {
                Effect::Case(CaseWork::Append(drafts)) => self.write(&drafts),
                Effect::Case(CaseWork::Pin(order)) => {
                    let tab = state.results.by_query(order.query).unwrap();
                    let held = tab.rows.clone().unwrap();
                    let drafts = order.rows.iter().map(|(number, key)| {
                        let page = held.page(*number).unwrap();
                        let row = EvidenceRow::of(&page.batch, held.columns(), *number).unwrap();
                        let pin = Pin {
                            pin: key.clone(),
                            event_time: None,
                            tags: Vec::new(),
                            note: String::new(),
                            source: order.source_of(*number),
                            row_sha256: row.sha256(),
                            row,
                        };
                        let what = What::Pinned(Box::new(pin));
                        Draft { at: order.at, what }
                    });
                    let drafts: Vec<Draft> = drafts.collect();
                    self.write(&drafts)
                }
                Effect::Case(work) => {
                    self.other.push(work);
                    continue;
                }
                _ => continue,
            };
            update(state, Event::Case(news), noon());
        }
    }

    fn state(&self) -> CaseState {
        CaseState::of(&self.history)
    }

    fn kinds(&self) -> Vec<String> {
        let kind = |sealed: &crate::domain::case::Sealed| {
            let entry: serde_json::Value = serde_json::from_str(sealed.text()).unwrap();
            entry["what"]["kind"].as_str().unwrap().to_owned()
        };
        self.history.entries().iter().map(kind).collect()
    }
}

fn working() -> (State, Journal) {
    let journal = Journal::new();
    let mut state = state(120, 40);
    journal.open(&mut state);
    (state, journal)
}

#[test]
fn without_a_case_nothing_is_noted_and_evidence_says_how_to_make_one() {
    let mut state = state(120, 40);
    finished(&mut state, rows(5, |n| n.to_string()));
    let effects = press(&mut state, "alt-3 +");
    assert!(
        effects
            .iter()
            .all(|effect| !matches!(effect, Effect::Case(_)))
    );
    let told = &state.message.as_ref().unwrap().text;
    assert!(
        told.contains("no case is open") && told.contains("f3"),
        "{told}"
    );
}

#[test]
fn a_query_is_noted_before_it_is_begun_and_its_end_with_its_rows() {
    let (mut state, mut journal) = working();
    press(&mut state, "alt-2 \"SELECT\" space \"1\"");
    let effects = press(&mut state, "f5");
    let begun = effects
        .iter()
        .position(|effect| matches!(effect, Effect::Case(CaseWork::Append(_))));
    let started = effects
        .iter()
        .position(|effect| matches!(effect, Effect::StartQuery(_)));
    assert!(begun.unwrap() < started.unwrap(), "{effects:?}");
    journal.perform(&mut state, effects);
    assert_eq!(state.case.open().unwrap().state, journal.state());
    assert_eq!(journal.state().running().count(), 1);

    let query = state.results.tab().unwrap().query;
    let done = QueryNews::Finished(QuerySummary::default());
    let effects = update(&mut state, Event::Query(query, done), noon());
    journal.perform(&mut state, effects);
    assert_eq!(
        journal.state().running().count(),
        1,
        "its rows are still being kept"
    );
    let kept = QueryNews::KeptAs(Ok("result_1".to_owned()));
    let effects = update(&mut state, Event::Query(query, kept), noon());
    journal.perform(&mut state, effects);
    let [CaseWork::KeepResult { name, query, .. }] = journal.other.as_slice() else {
        panic!("{:?}", journal.other);
    };
    assert_eq!((name.as_str(), query.0.as_str()), ("result_1", "abcd-q1"));
}

#[test]
fn the_end_of_a_query_is_noted_though_its_tab_was_closed() {
    let (mut state, mut journal) = working();
    let (query, _) = state.run(Origin::statement("test", "SELECT 1"));
    let effects = press(&mut state, "alt-3 x");
    journal.perform(&mut state, effects);
    let stopped = QueryError::new(QueryErrorKind::Cancelled, "stopped");
    let effects = update(
        &mut state,
        Event::Query(query, QueryNews::Failed(stopped)),
        noon(),
    );
    journal.perform(&mut state, effects);
    let held = journal.state();
    assert_eq!(held.trail.nodes()[0].outcome, Some(Outcome::Cancelled));
}

#[test]
fn marked_rows_become_evidence_that_is_written_on_and_taken_back() {
    let (mut state, mut journal) = working();
    finished(&mut state, rows(9, |n| format!("text {n}")));
    let effects = press(&mut state, "alt-3 j space j space +");
    journal.perform(&mut state, effects);
    let held = journal.state();
    let texts: Vec<_> = held
        .live_pins()
        .map(|pin| pin.pin.row.columns[1].value.clone())
        .collect();
    assert_eq!(texts, ["text 1", "text 3"]);
    let tab = state.results.tab().unwrap();
    assert!(tab.marked.is_empty());
    let pinned: Vec<usize> = pinned_rows(&state, tab).into_keys().collect();
    assert_eq!(pinned, [1, 3]);

    // The rows that are pinned already are not pinned again.
    let effects = press(&mut state, "k k k space + ");
    let entries = journal.history.entries().len();
    journal.perform(&mut state, effects);
    assert_eq!(journal.history.entries().len(), entries);
    let effects = press(
        &mut state,
        "g j t \"#key\" space \"#key\" space \"left\" space \"home\" enter",
    );
    journal.perform(&mut state, effects);
    let held = journal.state();
    let pin = held.live_pins().next().unwrap();
    assert_eq!(
        (pin.tags.as_slice(), pin.note.as_str()),
        (["key".to_owned()].as_slice(), "left home")
    );

    let effects = press(&mut state, "g j -");
    journal.perform(&mut state, effects);
    let held = journal.state();
    assert_eq!((held.live_pins().count(), held.pins.len()), (1, 2));
    assert_eq!(state.case.open().unwrap().state, held);
}

#[test]
fn a_result_from_before_the_case_is_taken_into_it_with_its_first_evidence() {
    let journal = Journal::new();
    let mut state = state(120, 40);
    let query = finished(&mut state, rows(3, |n| n.to_string()));
    let kept = QueryNews::KeptAs(Ok("result_7".to_owned()));
    update(&mut state, Event::Query(query, kept), noon());
    let mut journal = journal;
    journal.open(&mut state);
    let effects = press(&mut state, "alt-3 +");
    journal.perform(&mut state, effects);
    assert_eq!(journal.kinds(), ["opened", "query_begun", "pinned"]);
    assert!(matches!(
        journal.other.as_slice(),
        [CaseWork::KeepResult { name, .. }] if name == "result_7"
    ));
}

#[test]
fn steps_are_those_of_the_case_while_it_is_open() {
    let mut state = state(120, 40);
    press(&mut state, "alt-4 n space");
    assert_eq!(state.playbook.progress().0, 1);
    let mut journal = Journal::new();
    journal.open(&mut state);
    assert_eq!(
        state.playbook.progress().0,
        0,
        "nothing was done in the case"
    );
    let effects = press(&mut state, "n space t \"done\" space \"so\" enter");
    journal.perform(&mut state, effects);
    assert!(
        journal
            .kinds()
            .ends_with(&["step_ticked".to_owned(), "step_noted".to_owned()])
    );
    assert!(matches!(
        journal.other.as_slice(),
        [CaseWork::KeepPlaybook { .. }, ..]
    ));

    // Another console that opens the case sees the same.
    let mut second = super::tests::state(120, 40);
    journal.open(&mut second);
    assert_eq!(second.playbook.progress().0, 1);
    // Outside the case it is as it was, and so the session has it.
    assert_eq!(Session::of(&state).runs[0].ticks.len(), 1);
    update(&mut state, Event::Case(CaseNews::Left), noon());
    assert_eq!(state.playbook.progress().0, 1);
    assert!(state.case.open().is_none());
}

#[test]
fn notes_and_decisions_and_names() {
    let (mut state, mut journal) = working();
    let effects = press(
        &mut state,
        "alt-o \"called\" space \"the\" space \"owner\" enter \
         alt-d \"block\" space \"it\" space \"because\" space \"it\" space \"leaks\" enter",
    );
    journal.perform(&mut state, effects);
    let held = journal.state();
    assert_eq!(held.notes[0].text, "called the owner");
    let decision = &held.decisions[0];
    assert_eq!(
        (decision.decision.as_str(), decision.reason.as_str()),
        ("block it", "it leaks")
    );
}

#[test]
fn a_restart_brings_the_case_its_tabs_and_what_ran_back() {
    let (mut state, mut journal) = working();
    let (_, _) = state.run(Origin::statement("first", "SELECT 1"));
    let effects = press(&mut state, "alt-3");
    journal.perform(&mut state, effects);
    let session = Session::of(&state);
    // Begun after the session was written: only the journal knows it.
    let (_, _) = state.run(Origin::statement("second", "SELECT 2"));
    let effects = press(&mut state, "alt-2");
    journal.perform(&mut state, effects);
    assert_eq!(journal.state().running().count(), 2);

    let mut again = super::tests::state(120, 40);
    let effects = update(&mut again, Event::Restored(session), noon());
    let id = journal.history.id().unwrap().short();
    assert!(effects.contains(&Effect::Case(CaseWork::Open { id })));
    let effects = journal.open(&mut again);
    journal.perform(&mut again, effects);
    let sql: Vec<&str> = again
        .results
        .tabs
        .iter()
        .map(|tab| tab.origin.sql.as_str())
        .collect();
    assert_eq!(sql, ["SELECT 1", "SELECT 2"]);
    let cut_off = Phase::NotLoaded(LastEnd::CutOff);
    assert!(again.results.tabs.iter().all(|tab| tab.phase == cut_off));
    // Here nothing goes on without the program: both have ended.
    assert_eq!(journal.state().running().count(), 0);
}

#[test]
fn the_trail_goes_back_to_results_that_are_no_longer_open() {
    let (mut state, mut journal) = working();
    let (query, _) = state.run(Origin::statement("first", "SELECT 1"));
    let effects = press(&mut state, "alt-3 x");
    journal.perform(&mut state, effects);
    assert!(state.results.tabs.is_empty());
    let _ = query;
    press(&mut state, "f7 enter");
    assert_eq!(state.results.tab().unwrap().origin.sql, "SELECT 1");
    let effects = press(&mut state, "f7 tab \"the\" space \"key\" enter esc");
    journal.perform(&mut state, effects);
    assert_eq!(
        journal.state().trail.nodes()[0].name.as_deref(),
        Some("the key")
    );
}

#[test]
fn a_case_is_made_chosen_and_left_from_one_list() {
    let mut state = state(120, 40);
    let effects = press(&mut state, "f3 \"Leaked\" space \"key\" enter");
    let name = "Leaked key".to_owned();
    assert!(effects.contains(&Effect::Case(CaseWork::New { name })));
    let journal = Journal::new();
    journal.open(&mut state);
    let known = CaseLine {
        id: "0123456789abcdef".to_owned(),
        name: "other".to_owned(),
        last: Some(noon()),
        pins: 2,
        closed: false,
    };
    press(&mut state, "f3");
    update(
        &mut state,
        Event::Case(CaseNews::Listed(vec![known])),
        noon(),
    );
    let effects = press(&mut state, "enter");
    let id = "0123456789abcdef".to_owned();
    assert!(effects.contains(&Effect::Case(CaseWork::Open { id })));
    let effects = press(&mut state, "f3 down enter");
    assert!(effects.contains(&Effect::Case(CaseWork::Leave)));
}

#[test]
fn what_was_not_written_is_said() {
    let (mut state, _) = working();
    press(&mut state, "alt-o \"x\" enter");
    assert_eq!(state.case.open().unwrap().waiting, 1);
    let full = CaseNews::NotWritten("the disk is full".to_owned());
    update(&mut state, Event::Case(full), noon());
    assert_eq!(state.case.open().unwrap().waiting, 0);
    assert_eq!(state.message.as_ref().unwrap().text, "the disk is full");
}

#[test]
fn a_file_that_was_written_is_noted_with_what_it_holds() {
    let (mut state, mut journal) = working();
    finished(&mut state, rows(3, |n| n.to_string()));
    let wrote = |effects: &[Effect]| {
        let id = effects.iter().find_map(|effect| match effect {
            Effect::Export { id, .. } | Effect::ExportTimeline { id, .. } => Some(*id),
            _ => None,
        });
        let outcome = Ok(("/tmp/rows.csv".into(), 3));
        Event::Exported {
            id: id.unwrap(),
            outcome,
        }
    };
    let effects = press(&mut state, "alt-3 e enter");
    let event = wrote(&effects);
    let effects = update(&mut state, event, noon());
    journal.perform(&mut state, effects);
    assert!(matches!(
        journal.other.as_slice(),
        [
            ..,
            CaseWork::NoteExport {
                subject: "result",
                rows: 3,
                ..
            }
        ]
    ));
}

#[test]
fn a_pin_out_of_an_opened_object_names_its_state_and_the_row_in_it() {
    let (mut state, mut journal) = working();
    let arrival = crate::store::feed::tests::arrival("a/b.parquet");
    update(&mut state, Event::Arrived(vec![arrival]), noon());
    let effects = press(&mut state, "alt-1 enter");
    journal.perform(&mut state, effects);
    let query = state.results.tab().unwrap().query;
    let read = crate::domain::lake::ObjectVersion {
        bucket: "lake".to_owned(),
        key: "a/b.parquet".to_owned(),
        version_id: Some("v1".to_owned()),
        etag: Some("e".to_owned()),
        size: Some(10),
    };
    let summary = QuerySummary {
        objects: vec![read],
        ..QuerySummary::default()
    };
    for news in [
        QueryNews::Planned(rows(3, |n| n.to_string())),
        QueryNews::Finished(summary),
    ] {
        let effects = update(&mut state, Event::Query(query, news), noon());
        journal.perform(&mut state, effects);
    }
    let effects = press(&mut state, "alt-3 down +");
    journal.perform(&mut state, effects);
    let kept = journal.state();
    let pin = kept.live_pins().next().unwrap();
    let source = serde_json::to_value(&pin.pin.source).unwrap();
    assert_eq!(
        source["object"],
        serde_json::json!({"bucket": "lake", "key": "a/b.parquet", "version_id": "v1", "etag": "e",
            "size": 10, "row": 2})
    );
    assert_eq!(
        (&source["from"], &source["row"]),
        (&"run".into(), &2.into())
    );
    // Rows of many objects name theirs.
    use crate::domain::detection::ObjectName;
    let object = |key: &str| ObjectName {
        bucket: crate::domain::lake::LOCAL_BUCKET.to_owned(),
        key: key.to_owned(),
    };
    let shown = crate::store::queue::ShownEvents {
        path: "/tmp/item-1.ndjson".into(),
        places: vec![(object("a"), 7), (object("b"), 0), (object("a"), 8)],
        missing: None,
    };
    let shown = crate::store::queue::QueueNews::Rows {
        title: "item #1".to_owned(),
        outcome: Ok(shown),
    };
    let effects = update(&mut state, Event::Queue(shown), noon());
    journal.perform(&mut state, effects);
    let query = state.results.tab().unwrap().query;
    let planned = QueryNews::Planned(rows(3, |n| n.to_string()));
    update(&mut state, Event::Query(query, planned), noon());
    let effects = press(&mut state, "alt-3 * +");
    journal.perform(&mut state, effects);
    let of_item = journal.state();
    let mut places: Vec<String> = of_item
        .live_pins()
        .map(|pin| serde_json::to_value(&pin.pin.source).unwrap()["object"].clone())
        .filter(|object| object["bucket"].is_null())
        .map(|object| format!("{} {}", object["key"], object["row"]))
        .collect();
    places.sort();
    assert_eq!(places, ["\"a\" 8", "\"a\" 9", "\"b\" 1"]);
    // Rows of a statement of one's own are rows of no object.
    finished(&mut state, rows(3, |n| n.to_string()));
    let effects = press(&mut state, "alt-3 +");
    journal.perform(&mut state, effects);
    let kept = journal.state();
    let without = kept.live_pins().filter(|pin| {
        let source = serde_json::to_value(&pin.pin.source).unwrap();
        source.get("object").is_none()
    });
    assert_eq!(without.count(), 1);
}
