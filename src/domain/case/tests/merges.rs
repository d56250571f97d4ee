//! Two analysts work on copies of one case, exchange them now and then, and merge them in the end:
//! whatever the sequence, the copies are equal.

use proptest::prelude::*;

use super::*;

/// What one analyst does next.
#[derive(Debug, Clone)]
enum Move {
    Edit {
        second: bool,
        what: What,
        step: i64,
    },
    /// One takes over what the other has so far.
    Take {
        second: bool,
    },
}

fn small_key(prefix: &'static str) -> impl Strategy<Value = Key> {
    (0..4_u8).prop_map(move |number| Key(format!("{prefix}{number}")))
}

/// Anything that two analysts may say of the same few things.
pub(super) fn any_what() -> impl Strategy<Value = What> {
    let text = "[a-z\u{e4}\u{202e}\"\\\\]{0,6}";
    let entity = (0..3_u8).prop_map(|number| EntityRef {
        entity_type: "ip".to_owned(),
        value: format!("192.0.2.{number}"),
    });
    let verdict = prop_oneof![
        Just(Verdict::Unknown),
        Just(Verdict::Benign),
        Just(Verdict::Malicious)
    ];
    let step = (0..3_u8).prop_map(|number| format!("step{number}"));
    let playbook = || "plan.md".to_owned();
    prop_oneof![
        text.prop_map(|name| What::Renamed { name }),
        text.prop_map(|reason| What::Closed { reason }),
        Just(What::Reopened {}),
        (small_key("p"), text).prop_map(|(pin, note)| What::Pinned(Box::new(pinned(pin, note)))),
        (small_key("p"), text).prop_map(|(pin, reason)| What::Unpinned { pin, reason }),
        (small_key("p"), proptest::option::of(text)).prop_map(|(pin, note)| What::Annotated {
            pin,
            tags: note.clone().map(|tag| vec![tag]),
            note
        }),
        (small_key("n"), text).prop_map(|(note, text)| What::Noted {
            note,
            about: About::Case,
            text
        }),
        (small_key("n"), text).prop_map(|(note, text)| What::NoteEdited { note, text }),
        small_key("n").prop_map(|note| What::NoteRemoved { note }),
        (step.clone(), any::<bool>()).prop_map(move |(step, done)| What::StepTicked {
            playbook: playbook(),
            step,
            done
        }),
        (step, text).prop_map(move |(step, text)| What::StepNoted {
            playbook: playbook(),
            step,
            text
        }),
        (entity.clone(), verdict, text).prop_map(|(entity, verdict, reason)| What::Judged {
            entity,
            verdict,
            reason
        }),
        (small_key("q"), text).prop_map(|(query, sql)| What::QueryBegun {
            query,
            sql,
            parameters: Vec::new(),
            engine: "embedded".to_owned(),
            profile: None,
            files: Vec::new(),
        }),
        small_key("q").prop_map(|query| What::QueryEnded {
            query,
            outcome: Outcome::Cancelled
        }),
        (small_key("q"), small_key("q"), entity).prop_map(|(from, query, entity)| {
            What::Pivoted {
                from: PivotFrom {
                    query: Some(from),
                    row: Some(1),
                    path: None,
                    entity,
                },
                template: "everything".to_owned(),
                query,
            }
        }),
    ]
}

fn pinned(pin: Key, note: String) -> Pin {
    let row = EvidenceRow {
        columns: Vec::new(),
    };
    Pin {
        pin,
        event_time: None,
        tags: Vec::new(),
        note,
        source: Source::Object {
            bucket: None,
            key: "x.parquet".to_owned(),
            version_id: None,
            etag: None,
            size: None,
            row: Some(1),
        },
        row_sha256: row.sha256(),
        row,
    }
}

fn any_move() -> impl Strategy<Value = Move> {
    prop_oneof![
        // Clocks go back now and then, and stand still.
        8 => (any::<bool>(), any_what(), -5..20_i64)
            .prop_map(|(second, what, step)| Move::Edit { second, what, step }),
        1 => any::<bool>().prop_map(|second| Move::Take { second }),
    ]
}

/// Every entry in the common order, as it would stand in a capsule.
fn journal(history: &History) -> Vec<String> {
    let text = |sealed: &Sealed| sealed.text().to_owned();
    history.ordered().into_iter().map(text).collect()
}

/// Random interleavings: some in the suite, as many as the environment says in full.
fn interleavings() -> u32 {
    let asked = std::env::var("LAKEHOUND_INTERLEAVINGS").ok();
    asked.map_or(150, |count| count.parse().unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(interleavings()))]

    #[test]
    fn interleaved_edits_merge_to_equal_copies(moves in proptest::collection::vec(any_move(), 0..40)) {
        let mut copies = [opened(), opened()];
        let names = ["ana", "ben"];
        let mut clocks = [0_i64; 2];
        let mut written = vec![copies[0].id().unwrap()];
        for next in moves {
            match next {
                Move::Edit { second, what, step } => {
                    let who = usize::from(second);
                    clocks[who] += step;
                    written.push(write(&mut copies[who], names[who], clocks[who], what));
                }
                Move::Take { second } => {
                    let (who, other) = (usize::from(second), usize::from(!second));
                    let theirs = copies[other].clone();
                    copies[who].merge(&theirs).unwrap();
                }
            }
        }
        let [mut ana, mut ben] = copies;
        let before = ana.clone();
        ana.merge(&ben).unwrap();
        ben.merge(&before).unwrap();
        prop_assert_eq!(journal(&ana), journal(&ben));
        prop_assert_eq!(CaseState::of(&ana), CaseState::of(&ben));
        prop_assert!(ana.heads().eq(ben.heads()));
        // Nothing is lost, and nothing comes twice.
        written.sort();
        written.dedup();
        prop_assert_eq!(ana.entries().len(), written.len());
        prop_assert!(written.iter().all(|hash| ana.contains(hash)));
        // Merging again changes nothing.
        let merged = journal(&ana);
        prop_assert_eq!(ana.merge(&ben).unwrap(), 0);
        prop_assert_eq!(journal(&ana), merged);
        // What is written next joins both branches, and the state goes on by it alone.
        let mut state = CaseState::of(&ana);
        write(&mut ana, "ana", clocks[0], named("joined"));
        state.apply(ana.entries().last().unwrap());
        prop_assert_eq!(&state, &CaseState::of(&ana));
        prop_assert_eq!(ana.heads().count(), 1);
        prop_assert_eq!(state.name.as_str(), "joined");
    }

    /// Three copies, merged in any sequence.
    #[test]
    fn the_sequence_of_merges_does_not_matter(
        edits in proptest::collection::vec((0..3_usize, any_what()), 0..24),
        sequence in Just(vec![0_usize, 1, 2]).prop_shuffle(),
    ) {
        let mut copies = [opened(), opened(), opened()];
        for (number, (who, what)) in (1..).zip(edits) {
            write(&mut copies[who], ["ana", "ben", "eve"][who], number, what);
        }
        let mut left = copies[0].clone();
        left.merge(&copies[1]).unwrap();
        left.merge(&copies[2]).unwrap();
        let mut any = opened();
        for place in sequence {
            any.merge(&copies[place]).unwrap();
        }
        prop_assert_eq!(journal(&left), journal(&any));
        prop_assert_eq!(CaseState::of(&left), CaseState::of(&any));
    }

    /// Every kind of entry comes back from its bytes as it was.
    #[test]
    fn entries_read_back_as_they_were(what in any_what()) {
        let sealed = Sealed::write(&draft(5, what.clone()), &author("a\u{202e}na"), Vec::new()).unwrap();
        prop_assert_eq!(&sealed.entry().what, &Happening::Known(what));
        prop_assert_eq!(sealed.entry().at, at(5));
        prop_assert_eq!(sealed.entry().analyst.as_str(), "a\u{202e}na");
    }
}
