//! Capsules: they hold everything, they are the same for the same case, they merge.

use proptest::prelude::*;
use std::io::Read as _;

use super::*;

fn import(cases: &Cases, capsule: &[u8]) -> Result<Imported, CaseError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.lhcase");
    fs::write(&path, capsule).unwrap();
    cases.import(&path)
}

#[test]
fn a_capsule_brings_everything_to_another_machine() {
    let folder = tempfile::tempdir().unwrap();
    let (here, there) = (
        Cases::at(folder.path().join("here")),
        Cases::at(folder.path().join("there")),
    );
    let id = small_case(&here);
    let capsule = capsule_of(&here, &id);
    assert_eq!(
        capsule_of(&here, &id),
        capsule,
        "the same case, the same bytes"
    );
    let mut out = Vec::new();
    let exported = here.export(&id, &mut out).unwrap();
    assert_eq!(exported.sha256, EntryHash::of(&capsule));
    assert_eq!(exported.bytes, capsule.len() as u64);
    assert_eq!((exported.entries, exported.files), (5, 2));
    let report = super::super::capsule::verify(&mut capsule.as_slice(), None).unwrap();
    assert!(report.ok, "{report:?}");
    assert_eq!(report.heads, exported.heads);
    assert_eq!((report.entries, report.pins), (5, 1));

    let imported = import(&there, &capsule).unwrap();
    assert_eq!((imported.id.as_str(), imported.new), (id.as_str(), true));
    assert_eq!((imported.entries_added, imported.files_added), (5, 3));
    assert_eq!(
        CaseState::of(&there.read(&id).unwrap()),
        CaseState::of(&here.read(&id).unwrap())
    );
    assert!(there.verify(&id, None).unwrap().ok);
    let results = there.kept(&id).unwrap().results().unwrap();
    assert_eq!(results.len(), 1);
    assert_eq!(results[0].name, "result_1");
    assert_eq!(fs::read(&results[0].rows).unwrap(), b"PAR1 rows PAR1");
    let state = CaseState::of(&there.read(&id).unwrap());
    let playbook = state.playbooks["plan.md"].parse().unwrap();
    let text = there.kept(&id).unwrap().playbook(&playbook).unwrap();
    assert!(text.starts_with("# Plan"));
    assert_eq!(capsule_of(&there, &id), capsule);

    // Once more changes nothing, and nothing is left aside.
    let again = import(&there, &capsule).unwrap();
    assert_eq!(
        (again.new, again.entries_added, again.files_added),
        (false, 0, 0)
    );
    assert_eq!(capsule_of(&there, &id), capsule);
    assert_eq!(names(&folder.path().join("there")), [id]);
}

/// Another reader of tar, and a check of the sums that knows nothing of ours.
#[test]
fn any_reader_of_tar_unpacks_it_and_the_sums_are_right() {
    let folder = tempfile::tempdir().unwrap();
    let cases = Cases::at(folder.path());
    let capsule = capsule_of(&cases, &small_case(&cases));
    let mut archive = tar::Archive::new(capsule.as_slice());
    let mut members = Vec::new();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().to_string_lossy().into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        members.push((name, bytes));
    }
    let (name, sums) = members.remove(0);
    assert_eq!(name, "SHA256SUMS");
    let expected: String = members
        .iter()
        .map(|(name, bytes)| format!("{}  {name}\n", EntryHash::of(bytes)))
        .collect();
    assert_eq!(String::from_utf8(sums).unwrap(), expected);
    let names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names[..3], ["README.txt", "capsule.json", "journal.ndjson"]);
    assert_eq!(names.len(), 6);
    // Every line of the journal is JSON by itself, and its hash is that of the bytes in it.
    let journal = std::str::from_utf8(&members[2].1).unwrap();
    for line in journal.lines() {
        let json: serde_json::Value = serde_json::from_str(line).unwrap();
        let (_, entry) = line.split_once("\",\"entry\":").unwrap();
        let entry = entry.strip_suffix('}').unwrap();
        assert_eq!(json["hash"], EntryHash::of(entry.as_bytes()).to_string());
    }
    let contents: serde_json::Value = serde_json::from_slice(&members[1].1).unwrap();
    assert_eq!(contents["entries"], 5);
    assert_eq!(contents["results"][0]["name"], "result_1");
    assert_eq!(contents["results"][0]["included"], true);
}

#[test]
fn work_on_two_copies_merges_to_equal_copies() {
    let folder = tempfile::tempdir().unwrap();
    let (ana, ben) = (
        Cases::at(folder.path().join("ana")),
        Cases::at(folder.path().join("ben")),
    );
    let id = small_case(&ana);
    import(&ben, &capsule_of(&ana, &id)).unwrap();
    for (cases, name, rows) in [(&ana, "ana", b"PAR1 a"), (&ben, "ben", b"PAR1 b")] {
        let mut case = cases.open(&id, author(name)).unwrap();
        // Both keep a result of one name.
        let (rows, manifest) = result(folder.path(), "result_2", rows);
        let stored = case.kept().keep_result(&rows, &manifest).unwrap();
        let query = Key(format!("{}-q1", case.session()));
        case.append(&[
            draft(
                10,
                What::QueryBegun {
                    query: query.clone(),
                    sql: format!("SELECT '{name}'"),
                    parameters: Vec::new(),
                    engine: "embedded".to_owned(),
                    profile: None,
                    files: Vec::new(),
                },
            ),
            draft(
                11,
                What::QueryEnded {
                    query,
                    outcome: Outcome::Finished {
                        result: Some(ResultRef {
                            name: "result_2".to_owned(),
                            sha256: stored.rows.to_string(),
                        }),
                        rows: 1,
                        scanned_bytes: 0,
                        execution_id: None,
                    },
                },
            ),
            draft(12, renamed(&format!("{name}'s"))),
        ])
        .unwrap();
    }
    let (from_ana, from_ben) = (capsule_of(&ana, &id), capsule_of(&ben, &id));
    let merged = import(&ana, &from_ben).unwrap();
    assert_eq!(
        (merged.entries_added, merged.files_added, merged.entries),
        (3, 2, 11)
    );
    assert_eq!(merged.heads.len(), 2);
    import(&ben, &from_ana).unwrap();
    assert_eq!(
        capsule_of(&ana, &id),
        capsule_of(&ben, &id),
        "byte for byte"
    );
    assert!(ana.verify(&id, None).unwrap().ok && ben.verify(&id, None).unwrap().ok);
    let results = ana.kept(&id).unwrap().results().unwrap();
    let names: Vec<&str> = results.iter().map(|result| result.name.as_str()).collect();
    assert_eq!(names, ["result_1", "result_2", "result_2"]);
    // The next entry joins both branches.
    let mut case = ana.open(&id, author("ana")).unwrap();
    case.append(&[draft(20, renamed("ours"))]).unwrap();
    assert_eq!(case.history().heads().count(), 1);
    assert!(ana.verify(&id, None).unwrap().ok);
}

#[test]
fn a_case_that_is_open_elsewhere_takes_nothing_in() {
    let folder = tempfile::tempdir().unwrap();
    let (ana, ben) = (
        Cases::at(folder.path().join("ana")),
        Cases::at(folder.path().join("ben")),
    );
    let id = small_case(&ana);
    let capsule = capsule_of(&ana, &id);
    import(&ben, &capsule).unwrap();
    let open = ben.open(&id, author("ben")).unwrap();
    let error = import(&ben, &capsule).unwrap_err();
    assert!(matches!(error, CaseError::Busy { .. }), "{error}");
    assert!(error.to_string().contains("ben"), "{error}");
    // Reading and exporting go on.
    assert_eq!(capsule_of(&ben, &id), capsule);
    drop(open);
    import(&ben, &capsule).unwrap();
    assert_eq!(names(&folder.path().join("ben")), [id]);
}

#[test]
fn what_a_crash_left_aside_goes_at_the_next_import() {
    let folder = tempfile::tempdir().unwrap();
    let cases = Cases::at(folder.path().join("cases"));
    let capsule = {
        let other = Cases::at(folder.path().join("other"));
        capsule_of(&other, &small_case(&other))
    };
    let left = folder.path().join("cases/.incoming-0011");
    fs::create_dir_all(left.join("results")).unwrap();
    fs::write(left.join("writer.lock"), "process 1, an import\n").unwrap();
    assert!(cases.list().unwrap().cases.is_empty());
    let imported = import(&cases, &capsule).unwrap();
    assert_eq!(names(&folder.path().join("cases")), [imported.id]);
}

/// How many random exchanges over capsules; each writes some twenty files.
fn exchanges() -> u32 {
    std::env::var("LAKEHOUND_EXCHANGES").map_or(8, |count| count.parse().unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(exchanges()))]

    /// Two analysts edit apart and exchange capsules in between, in any sequence.
    #[test]
    fn exchanged_capsules_end_in_equal_copies(
        moves in proptest::collection::vec((any::<bool>(), 0..4_u8, -50..50_i64), 1..12)
    ) {
        let folder = tempfile::tempdir().unwrap();
        let copies = [Cases::at(folder.path().join("ana")), Cases::at(folder.path().join("ben"))];
        let id = small_case(&copies[0]);
        import(&copies[1], &capsule_of(&copies[0], &id)).unwrap();
        for (number, (second, what, time)) in (0..).zip(moves) {
            let (who, other) = (usize::from(second), usize::from(!second));
            if what == 0 {
                import(&copies[who], &capsule_of(&copies[other], &id)).unwrap();
                continue;
            }
            let mut case = copies[who].open(&id, author(["ana", "ben"][who])).unwrap();
            let key = Key(format!("{}-n{number}", case.session()));
            case.append(&[match what {
                1 => draft(time, renamed(&format!("name {number}"))),
                2 => draft(time, What::Unpinned { pin: Key("p1".to_owned()), reason: String::new() }),
                _ => draft(time, pin(&key.0, "x")),
            }]).unwrap();
        }
        let capsules = [capsule_of(&copies[0], &id), capsule_of(&copies[1], &id)];
        import(&copies[0], &capsules[1]).unwrap();
        import(&copies[1], &capsules[0]).unwrap();
        prop_assert_eq!(capsule_of(&copies[0], &id), capsule_of(&copies[1], &id));
        let states = [0, 1].map(|who| CaseState::of(&copies[who].read(&id).unwrap()));
        prop_assert_eq!(&states[0], &states[1]);
    }
}
