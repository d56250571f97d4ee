//! The journal: append-only, durable, one writer, and nothing that is changed goes unseen.

use rusqlite::Connection;

use super::*;
use crate::adapters::case::file;

#[test]
fn what_was_appended_is_there_at_the_next_opening() {
    let folder = tempfile::tempdir().unwrap();
    let cases = Cases::at(folder.path().join("deep/cases"));
    assert!(cases.list().unwrap().cases.is_empty());
    let id = small_case(&cases);
    let mut case = cases.open("Leaked key", author("ben")).unwrap();
    assert_eq!(case.state().pins.len(), 1);
    let appended = case
        .append(&[draft(5, renamed("one")), draft(6, renamed("two"))])
        .unwrap();
    assert_eq!(
        appended
            .iter()
            .map(|entry| entry.number)
            .collect::<Vec<_>>(),
        [6, 7]
    );
    let heads: Vec<EntryHash> = case.history().heads().collect();
    assert_eq!(heads, [appended[1].hash()]);
    assert_eq!(case.state().name, "two");
    let state = case.state().clone();
    drop(case);
    let read = CaseState::of(&cases.read(&id[..5]).unwrap());
    assert_eq!(read, state);
    assert_eq!(read.last.unwrap().by, "ben");
    let listed = cases.list().unwrap().cases;
    assert_eq!((listed.len(), listed[0].id.as_str()), (1, id.as_str()));
    let report = cases.verify(&id, Some(appended[0].hash())).unwrap();
    assert!(report.ok, "{report:?}");
    assert_eq!(
        (report.entries, report.pins, report.noted),
        (7, 1, Some(true))
    );
    assert_eq!(report.absent, Vec::<String>::new());
    assert_eq!(report.looked_at.len(), 4);
}

#[test]
fn a_second_writer_is_told_who_has_the_case_and_readers_are_not_disturbed() {
    let folder = tempfile::tempdir().unwrap();
    let cases = Cases::at(folder.path());
    let mut case = cases.create("Leaked key", author("ana"), at(0)).unwrap();
    let error = cases.open(&case.id(), author("ben")).unwrap_err();
    let told = error.to_string();
    assert!(matches!(error, CaseError::Busy { .. }), "{told}");
    let process = format!("process {}, ana", std::process::id());
    assert!(told.contains(&process), "{told}");
    case.append(&[draft(1, renamed("x"))]).unwrap();
    assert_eq!(cases.read(&case.id()).unwrap().entries().len(), 2);
    assert!(cases.verify(&case.id(), None).unwrap().ok);
    let session = case.session().to_owned();
    drop(case);
    let again = cases.open("x", author("ben")).unwrap();
    assert_eq!(session.len(), 8);
    assert_ne!(again.session(), session);
}

#[test]
fn a_case_is_found_by_id_and_name() {
    let folder = tempfile::tempdir().unwrap();
    let cases = Cases::at(folder.path());
    let one = cases.create("Leaked key", author("ana"), at(0)).unwrap();
    let two = cases.create("Twice", author("ana"), at(0)).unwrap();
    let three = cases.create("Twice", author("ana"), at(0)).unwrap();
    let whole = one.history().id().unwrap().to_string();
    for given in [one.id(), whole, "Leaked key".to_owned()] {
        assert_eq!(cases.find(&given).unwrap(), one.id());
    }
    let error = cases.find("Leaked kei").unwrap_err().to_string();
    assert!(error.contains("did you mean `Leaked key`?"), "{error}");
    let error = cases.find("Twice").unwrap_err();
    assert!(matches!(error, CaseError::Ambiguous { .. }), "{error}");
    assert!(error.to_string().contains(&two.id()) && error.to_string().contains(&three.id()));
    assert!(matches!(cases.find(""), Err(CaseError::Unknown { .. })));
    assert!(matches!(cases.find("../x"), Err(CaseError::Unknown { .. })));
}

#[test]
fn entries_stay_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let cases = Cases::at(folder.path());
    let id = small_case(&cases);
    let connection = Connection::open(folder.path().join(&id).join(JOURNAL)).unwrap();
    for statement in ["UPDATE entry SET body = ''", "DELETE FROM entry"] {
        let error = connection.execute(statement, []).unwrap_err().to_string();
        assert!(error.contains("never"), "{error}");
    }
}

/// Opens the journal as somebody would who wants to change it.
fn tamper(folder: &Path, statements: &str) {
    let connection = Connection::open(folder.join(JOURNAL)).unwrap();
    connection
        .execute_batch("DROP TRIGGER entries_stay; DROP TRIGGER entries_remain;")
        .unwrap();
    connection.execute_batch(statements).unwrap();
    connection
        .execute_batch(
            "CREATE TRIGGER entries_stay BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'never'); END;
             CREATE TRIGGER entries_remain BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'never'); END;",
        )
        .unwrap();
}

#[test]
fn what_is_changed_behind_its_back_is_named_by_entry() {
    for (statements, entry, part) in [
        (
            "UPDATE entry SET body = replace(body, '192.0.2.7', '192.0.2.8') WHERE number = 5",
            5,
            "bytes",
        ),
        (
            "UPDATE entry SET body = replace(body, 'it''''s', 'is') WHERE number = 3",
            3,
            "bytes",
        ),
        (
            "UPDATE entry SET hash = replace(hash, substr(hash, 1, 1), 'x') WHERE number = 2",
            2,
            "SHA-256",
        ),
        ("DELETE FROM entry WHERE number = 3", 4, "missing"),
        ("DELETE FROM entry WHERE number = 1", 2, "missing"),
        (
            "DELETE FROM entry WHERE number = 3;
             UPDATE entry SET number = number - 1 WHERE number > 3",
            3,
            "not there",
        ),
        (
            "UPDATE entry SET number = 100 WHERE number = 4;
             UPDATE entry SET number = 4 WHERE number = 5;
             UPDATE entry SET number = 5 WHERE number = 100",
            4,
            "not there",
        ),
        (
            "INSERT INTO entry SELECT 6, upper(hash), body FROM entry WHERE number = 5",
            6,
            "SHA-256",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let cases = Cases::at(folder.path());
        let id = small_case(&cases);
        tamper(&folder.path().join(&id), statements);
        let report = cases.verify(&id, None).unwrap();
        assert!(!report.ok, "{statements}");
        let problem = &report.problems[0];
        assert_eq!(problem.entry, Some(entry), "{statements}: {problem}");
        assert!(problem.problem.contains(part), "{statements}: {problem}");
        let error = cases.open(&id, author("ana")).unwrap_err();
        assert!(matches!(error, CaseError::Damaged { .. }), "{error}");
        assert!(cases.export(&id, &mut Vec::new()).is_err());
        let listing = cases.list().unwrap();
        assert_eq!((listing.cases.len(), listing.unreadable.len()), (0, 1));
    }
}

#[test]
fn what_a_chain_cannot_tell_a_noted_head_does() {
    let folder = tempfile::tempdir().unwrap();
    let cases = Cases::at(folder.path());
    let id = small_case(&cases);
    let noted = cases.verify(&id, None).unwrap().heads[0];
    tamper(
        &folder.path().join(&id),
        "DELETE FROM entry WHERE number = 5",
    );
    let report = cases.verify(&id, None).unwrap();
    assert!(report.ok, "what is left is a whole chain: {report:?}");
    let report = cases.verify(&id, Some(noted)).unwrap();
    assert_eq!((report.ok, report.noted), (false, Some(false)));
    assert!(report.problems[0].problem.contains("cut off"), "{report:?}");
}

#[test]
fn missing_guards_and_damaged_files_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let cases = Cases::at(folder.path());
    let id = small_case(&cases);
    Connection::open(folder.path().join(&id).join(JOURNAL))
        .unwrap()
        .execute_batch("DROP TRIGGER entries_stay")
        .unwrap();
    let report = cases.verify(&id, None).unwrap();
    assert!(
        report.problems[0].problem.contains("triggers"),
        "{report:?}"
    );

    let id = small_case(&cases);
    let results = folder.path().join(&id).join("results");
    for name in names(&results) {
        let mut bytes = fs::read(results.join(&name)).unwrap();
        bytes[2] ^= 1;
        fs::write(results.join(&name), bytes).unwrap();
        let report = cases.verify(&id, None).unwrap();
        let complains = format!("results/{name}");
        assert!(report.complains_of(&complains), "{report:?}");
        let looked = report
            .looked_at
            .iter()
            .find(|looked| looked.name == complains);
        assert!(!looked.unwrap().ok);
        assert!(matches!(
            cases.export(&id, &mut Vec::new()),
            Err(CaseError::Changed { .. })
        ));
    }
    fs::remove_dir_all(&results).unwrap();
    let report = cases.verify(&id, None).unwrap();
    assert!(
        report.ok,
        "a result that was not kept is no damage: {report:?}"
    );
    assert_eq!(report.absent.len(), 1);
}

#[test]
fn something_else_is_named_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let cases = Cases::at(folder.path());
    let place = folder.path().join("0123456789abcdef");
    fs::create_dir(&place).unwrap();
    let path = place.join(JOURNAL);
    let text = "no database, but long enough to be looked at. ".repeat(50);
    fs::write(&path, &text).unwrap();
    let error = cases.open("0123", author("ana")).unwrap_err();
    assert!(matches!(error, CaseError::Foreign { .. }), "{error}");
    assert!(!cases.verify("0123", None).unwrap().ok);
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    fs::remove_file(&path).unwrap();
    Connection::open(&path)
        .unwrap()
        .execute_batch("CREATE TABLE t (x)")
        .unwrap();
    let before = fs::read(&path).unwrap();
    let error = cases.open("0123", author("ana")).unwrap_err();
    assert!(matches!(error, CaseError::Foreign { .. }), "{error}");
    assert_eq!(fs::read(&path).unwrap(), before);

    let id = small_case(&cases);
    Connection::open(folder.path().join(&id).join(JOURNAL))
        .unwrap()
        .pragma_update(None, "user_version", 2)
        .unwrap();
    for error in [
        cases.open(&id, author("ana")).unwrap_err(),
        cases.verify(&id, None).unwrap_err(),
    ] {
        assert!(
            matches!(error, CaseError::Later { layout: 2, .. }),
            "{error}"
        );
    }
}

/// What a loss of power leaves is some first part of the write-ahead log: whatever it is, the
/// journal is whole, and every entry is there whose bytes are.
#[test]
fn a_torn_log_leaves_a_whole_journal() {
    let folder = tempfile::tempdir().unwrap();
    let cases = Cases::at(folder.path().join("cases"));
    let mut case = cases.create("Leaked key", author("ana"), at(0)).unwrap();
    let log = folder
        .path()
        .join("cases")
        .join(case.id())
        .join("case.sqlite-wal");
    // After each commit: the bytes of the log, and the entries.
    let mut commits = vec![(0_u64, 1)];
    for number in 0..6 {
        case.append(&[draft(number, pin(&format!("p{number}"), "x"))])
            .unwrap();
        let entries = case.history().entries().len();
        commits.push((fs::metadata(&log).unwrap().len(), entries));
    }
    let place = log.parent().unwrap().to_owned();
    let bytes = fs::read(&log).unwrap();
    assert_eq!(bytes.len() as u64, commits.last().unwrap().0);
    let torn = Cases::at(folder.path().join("torn"));
    let there = folder.path().join("torn").join(case.id());
    for cut in (0..=bytes.len()).step_by(509).chain([bytes.len()]) {
        let _ = fs::remove_dir_all(&there);
        fs::create_dir_all(&there).unwrap();
        fs::copy(place.join(JOURNAL), there.join(JOURNAL)).unwrap();
        fs::write(there.join("case.sqlite-wal"), &bytes[..cut]).unwrap();
        let expected = commits
            .iter()
            .filter(|(end, _)| *end <= cut as u64)
            .map(|(_, entries)| *entries)
            .max()
            .unwrap();
        let again = torn.open(&case.id(), author("ana")).unwrap();
        assert_eq!(again.history().entries().len(), expected, "cut at {cut}");
        drop(again);
        assert!(torn.verify(&case.id(), None).unwrap().ok, "cut at {cut}");
    }
}

#[cfg(unix)]
#[test]
fn only_its_owner_may_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let cases = Cases::at(folder.path().join("cases"));
    let id = small_case(&cases);
    let mut case = cases.open(&id, author("ana")).unwrap();
    case.append(&[draft(1, renamed("x"))]).unwrap();
    let place = folder.path().join("cases").join(&id);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&place), 0o700);
    for name in names(&place) {
        let path = place.join(&name);
        let expected = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode(&path), expected, "{name}");
    }
    for name in names(&place.join("results")) {
        assert_eq!(mode(&place.join("results").join(&name)), 0o600, "{name}");
    }
}

#[test]
fn a_journal_that_was_just_made_is_all_in_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let cases = Cases::at(folder.path());
    let case = cases.create("x", author("ana"), at(0)).unwrap();
    assert_eq!(names(folder.path()), [case.id()]);
    let place = folder.path().join(case.id());
    assert_eq!(file::read(&place.join(JOURNAL)).unwrap().entries().len(), 1);
}
