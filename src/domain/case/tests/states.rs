//! What entries do to the state.

use super::*;

fn ip(value: &str) -> EntityRef {
    EntityRef {
        entity_type: "ip".to_owned(),
        value: value.to_owned(),
    }
}

fn pin(name: &str) -> What {
    let row = EvidenceRow {
        columns: Vec::new(),
    };
    What::Pinned(Box::new(Pin {
        pin: key(name),
        event_time: Some(at(-1_000)),
        tags: vec!["first".to_owned()],
        note: "as pinned".to_owned(),
        source: Source::Run {
            query: Some(key("q1")),
            sql: "SELECT 1".to_owned(),
            parameters: Vec::new(),
            engine: "embedded".to_owned(),
            profile: None,
            execution_id: None,
            result: None,
            object: None,
            row: 3,
        },
        row_sha256: row.sha256(),
        row,
    }))
}

fn begun(query: &str) -> What {
    What::QueryBegun {
        query: key(query),
        sql: format!("SELECT '{query}'"),
        parameters: vec!["'x'".to_owned()],
        engine: "embedded".to_owned(),
        profile: Some("prod".to_owned()),
        files: Vec::new(),
    }
}

fn pivot(from: &str, to: &str) -> What {
    What::Pivoted {
        from: PivotFrom {
            query: Some(key(from)),
            row: Some(7),
            path: Some("src_endpoint.ip".to_owned()),
            entity: ip("192.0.2.1"),
        },
        template: "everything".to_owned(),
        query: key(to),
    }
}

fn replay(whats: &[What]) -> CaseState {
    let mut history = opened();
    for (number, what) in (1..).zip(whats) {
        write(&mut history, "ana", number, what.clone());
    }
    CaseState::of(&history)
}

#[test]
fn a_pin_that_is_taken_back_stays_in_sight() {
    let state = replay(&[
        pin("p1"),
        pin("p2"),
        What::Annotated {
            pin: key("p1"),
            tags: Some(vec!["theft".to_owned()]),
            note: None,
        },
        What::Unpinned {
            pin: key("p1"),
            reason: "a test".to_owned(),
        },
        What::Annotated {
            pin: key("p1"),
            tags: None,
            note: Some("still known".to_owned()),
        },
    ]);
    let taken = state.pin(&key("p1")).unwrap();
    assert_eq!(taken.tags, ["theft"]);
    assert_eq!(taken.note, "still known");
    assert_eq!(taken.pin.note, "as pinned");
    assert_eq!(taken.annotated.len(), 2);
    assert_eq!(taken.unpinned.as_ref().unwrap().1, "a test");
    assert_eq!(taken.pinned.at, at(1));
    let live: Vec<&str> = state
        .live_pins()
        .map(|pin| pin.pin.pin.0.as_str())
        .collect();
    assert_eq!(live, ["p2"]);
    assert_eq!(state.without_effect, []);
}

#[test]
fn what_speaks_of_nothing_is_told_and_has_no_effect() {
    let state = replay(&[
        What::Unpinned {
            pin: key("p1"),
            reason: String::new(),
        },
        pin("p1"),
        pin("p1"),
        What::QueryEnded {
            query: key("q1"),
            outcome: Outcome::Cancelled,
        },
        What::NoteRemoved { note: key("n1") },
        What::TrailNamed {
            query: key("q1"),
            name: "x".to_owned(),
        },
    ]);
    assert_eq!(state.without_effect.len(), 5);
    assert_eq!(state.pins.len(), 1);
    assert!(state.pins[0].unpinned.is_none());
    assert!(state.trail.nodes().is_empty());
}

#[test]
fn the_trail_is_a_tree_that_can_be_walked_back() {
    let result = ResultRef {
        name: "result_1".to_owned(),
        sha256: "00".repeat(32),
    };
    let state = replay(&[
        begun("q1"),
        What::QueryEnded {
            query: key("q1"),
            outcome: Outcome::Finished {
                result: Some(result.clone()),
                rows: 9,
                scanned_bytes: 10,
                execution_id: None,
            },
        },
        pivot("q1", "q2"),
        begun("q2"),
        // The pivot may also be written after its query.
        begun("q3"),
        pivot("q1", "q3"),
        pivot("q3", "q4"),
        begun("q4"),
        What::TrailNamed {
            query: key("q4"),
            name: "the bucket".to_owned(),
        },
        // A ring is no tree.
        pivot("q4", "q1"),
        pivot("q2", "q2"),
    ]);
    let trail = &state.trail;
    let place = |query: &str| trail.node(&key(query)).unwrap().0;
    assert_eq!(
        trail.roots().collect::<Vec<_>>(),
        [place("q1"), place("q2")]
    );
    assert_eq!(
        trail.children(place("q1")).collect::<Vec<_>>(),
        [place("q3")]
    );
    assert_eq!(
        trail.way_up(place("q4")),
        [place("q4"), place("q3"), place("q1")]
    );
    let (_, last) = trail.node(&key("q4")).unwrap();
    assert_eq!(last.name.as_deref(), Some("the bucket"));
    assert_eq!(last.sql, "SELECT 'q4'");
    assert_eq!(last.pivot.as_ref().unwrap().0.row, Some(7));
    assert_eq!(state.results[0].result, result);
    assert_eq!(state.results[0].rows, 9);
    let running: Vec<&str> = state.running().map(|node| node.query.0.as_str()).collect();
    assert_eq!(running, ["q2", "q3", "q4"]);
}

/// A chain of pivots longer than any person makes costs no more than its length.
#[test]
fn a_very_long_chain_of_pivots_is_cut() {
    let name = |number: usize| format!("q{number}");
    let whats: Vec<What> = (0..2_500)
        .map(|number| pivot(&name(number), &name(number + 1)))
        .collect();
    let mut state = CaseState::default();
    let mut history = opened();
    for sealed in history
        .write(
            &whats
                .into_iter()
                .map(|what| draft(1, what))
                .collect::<Vec<_>>(),
            &author("eve"),
        )
        .unwrap()
    {
        state.apply(&sealed);
        history.add(sealed).unwrap();
    }
    assert_eq!(state.trail.nodes().len(), 2_501);
    assert_eq!(state.trail.roots().count(), 3);
}

#[test]
fn ticks_notes_verdicts_and_decisions_are_as_last_said() {
    let tick = |done| What::StepTicked {
        playbook: "plan.md".to_owned(),
        step: "abc".to_owned(),
        done,
    };
    let judge = |verdict| What::Judged {
        entity: ip("192.0.2.1"),
        verdict,
        reason: "seen".to_owned(),
    };
    let state = replay(&[
        What::PlaybookOpened {
            playbook: "plan.md".to_owned(),
            sha256: "11".repeat(32),
        },
        tick(true),
        tick(false),
        tick(true),
        What::StepNoted {
            playbook: "plan.md".to_owned(),
            step: "abc".to_owned(),
            text: "done twice".to_owned(),
        },
        judge(Verdict::Suspicious),
        judge(Verdict::Malicious),
        What::Decided {
            decision: "disable the key".to_owned(),
            reason: "it is used from outside".to_owned(),
        },
        What::Noted {
            note: key("n1"),
            about: About::Entity {
                entity: ip("192.0.2.1"),
            },
            text: "who?".to_owned(),
        },
        What::NoteEdited {
            note: key("n1"),
            text: "who is it?".to_owned(),
        },
        named("Key leaked on GitHub"),
        What::Closed {
            reason: "contained".to_owned(),
        },
        What::Command {
            name: "results.pin".to_owned(),
            detail: String::new(),
        },
    ]);
    let step = &state.steps[&("plan.md".to_owned(), "abc".to_owned())];
    let (done, by) = step.tick.as_ref().unwrap();
    assert!(*done);
    assert_eq!((by.at, by.by.as_str()), (at(4), "ana"));
    assert_eq!(step.note.as_ref().unwrap().0, "done twice");
    assert_eq!(state.verdict(&ip("192.0.2.1")), Verdict::Malicious);
    assert_eq!(state.verdict(&ip("192.0.2.2")), Verdict::Unknown);
    assert_eq!(state.verdicts[&ip("192.0.2.1")].given.len(), 2);
    assert_eq!(state.decisions[0].decision, "disable the key");
    assert_eq!(state.notes[0].text, "who is it?");
    assert_eq!(state.notes[0].edited.as_ref().unwrap().at, at(10));
    assert_eq!(state.name, "Key leaked on GitHub");
    assert_eq!(state.closed.as_ref().unwrap().reason, "contained");
    assert_eq!((state.entries, state.commands), (14, 1));
}

/// Two analysts un-pin, annotate and tick apart: the written rules decide.
#[test]
fn what_was_done_apart_is_decided_by_the_rules() {
    let mut ana = opened();
    write(&mut ana, "ana", 1, pin("p1"));
    let mut ben = ana.clone();
    let tick = |done| What::StepTicked {
        playbook: "plan.md".to_owned(),
        step: "abc".to_owned(),
        done,
    };
    write(
        &mut ana,
        "ana",
        10,
        What::Unpinned {
            pin: key("p1"),
            reason: "mine".to_owned(),
        },
    );
    write(&mut ana, "ana", 11, named("ana's"));
    write(&mut ana, "ana", 30, tick(true));
    write(
        &mut ben,
        "ben",
        20,
        What::Annotated {
            pin: key("p1"),
            tags: None,
            note: Some("ben's".to_owned()),
        },
    );
    write(&mut ben, "ben", 21, tick(false));
    write(&mut ben, "ben", 22, named("ben's"));
    ana.merge(&ben).unwrap();
    let state = CaseState::of(&ana);
    let pin = state.pin(&key("p1")).unwrap();
    assert!(pin.unpinned.is_some(), "taken back stays taken back");
    assert_eq!(pin.note, "ben's", "and what was written is kept");
    let (done, by) = state.steps.values().next().unwrap().tick.clone().unwrap();
    assert!(done);
    assert_eq!(by.by, "ana", "the later tick");
    assert_eq!(state.name, "ben's", "the later name");
    // Who has seen the other's name and gives one again has the last word, whatever the clock says.
    write(&mut ana, "ana", 2, named("agreed"));
    assert_eq!(CaseState::of(&ana).name, "agreed");
}
