use std::fs;
use std::io::Write;

use proptest::prelude::*;

use super::*;

fn run(token: &str) -> BegunRun {
    BegunRun {
        token: token.to_owned(),
        sql: "SELECT 'it''s'\n-- ∑".to_owned(),
        parameters: vec![
            "'a'".to_owned(),
            "TIMESTAMP '2024-01-01 00:00:00.000'".to_owned(),
        ],
        profile: "prod".to_owned(),
        workgroup: Some("ir".to_owned()),
        database: None,
        catalog: None,
        output_location: Some("s3://results/x/".to_owned()),
        expected: None,
    }
}

#[test]
fn what_was_begun_and_has_not_ended_is_found_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/runs.db");
    let journal = RunJournal::open(&path).unwrap();
    for token in ["a", "b", "c"] {
        journal.begin(&run(token)).unwrap();
    }
    journal.started("b", "id-b").unwrap();
    journal.started("c", "id-c").unwrap();
    journal.ended("c", "succeeded").unwrap();
    drop(journal);

    let found = RunJournal::open(&path).unwrap().unfinished().unwrap();
    let told: Vec<_> = found
        .iter()
        .map(|found| (found.run.clone(), found.execution_id.as_deref()))
        .collect();
    assert_eq!(told, [(run("a"), None), (run("b"), Some("id-b"))]);
    assert!(found[0].begun_at <= found[1].begun_at);
}

#[test]
fn a_token_begins_once_and_entries_stay() {
    let journal = RunJournal::in_memory().unwrap();
    journal.begin(&run("a")).unwrap();
    assert!(journal.begin(&run("a")).is_err());
    let connection = journal.connection();
    for statement in ["UPDATE entry SET body = ''", "DELETE FROM entry"] {
        let error = connection.execute(statement, []).unwrap_err().to_string();
        assert!(error.contains("never"), "{error}");
    }
}

#[test]
fn tokens_are_long_enough_and_differ() {
    let journal = RunJournal::in_memory().unwrap();
    let tokens: std::collections::HashSet<String> =
        (0..100).map(|_| journal.new_token().unwrap()).collect();
    assert_eq!(tokens.len(), 100);
    assert!(tokens.iter().all(|token| token.len() == 64));
}

/// What a kill leaves is the files as they are: a copy of them, taken while the journal is open and
/// nothing was closed or checkpointed, holds every run whose `begin` has returned.
#[test]
fn a_begun_run_outlives_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    let journal = RunJournal::open(&path).unwrap();
    for number in 0..20 {
        let token = format!("token-{number}");
        journal.begin(&run(&token)).unwrap();
        let after = folder.path().join(format!("after-{number}"));
        fs::create_dir(&after).unwrap();
        for end in ["", "-wal"] {
            let name = format!("runs.db{end}");
            fs::copy(folder.path().join(&name), after.join(&name)).unwrap();
        }
        let found = RunJournal::open(&after.join("runs.db"))
            .unwrap()
            .unfinished()
            .unwrap();
        assert_eq!(found.len(), number + 1);
        assert_eq!(found[number].run.token, token);
    }
}

#[test]
fn a_torn_last_entry_does_not_hide_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    let journal = RunJournal::open(&path).unwrap();
    journal.begin(&run("a")).unwrap();
    let wal = folder.path().join("runs.db-wal");
    let whole = fs::metadata(&wal).unwrap().len();
    journal.begin(&run("b")).unwrap();
    let torn = folder.path().join("torn");
    fs::create_dir(&torn).unwrap();
    fs::copy(&path, torn.join("runs.db")).unwrap();
    let bytes = fs::read(&wal).unwrap();
    let cut = usize::try_from(whole).unwrap() + 100;
    fs::write(torn.join("runs.db-wal"), &bytes[..cut]).unwrap();
    let found = RunJournal::open(&torn.join("runs.db"))
        .unwrap()
        .unfinished()
        .unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].run.token, "a");
}

#[test]
fn something_else_is_named_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    fs::write(
        &text,
        "no database, but long enough to be looked at. ".repeat(50),
    )
    .unwrap();
    let before = fs::read(&text).unwrap();
    let error = RunJournal::open(&text).unwrap_err();
    assert!(matches!(error, JournalError::Foreign { .. }), "{error}");
    assert!(error.to_string().contains("notes.txt"), "{error}");
    assert_eq!(fs::read(&text).unwrap(), before);

    let other = folder.path().join("other.db");
    Connection::open(&other)
        .unwrap()
        .execute_batch("CREATE TABLE t (x)")
        .unwrap();
    let before = fs::read(&other).unwrap();
    let error = RunJournal::open(&other).unwrap_err();
    assert!(matches!(error, JournalError::Foreign { .. }), "{error}");
    assert_eq!(fs::read(&other).unwrap(), before);

    let later = folder.path().join("later.db");
    drop(RunJournal::open(&later).unwrap());
    Connection::open(&later)
        .unwrap()
        .pragma_update(None, "user_version", LAYOUT + 1)
        .unwrap();
    let error = RunJournal::open(&later).unwrap_err();
    assert!(
        matches!(error, JournalError::Later { layout: 2, .. }),
        "{error}"
    );
}

#[test]
fn a_damaged_journal_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    let journal = RunJournal::open(&path).unwrap();
    for number in 0..200 {
        journal.begin(&run(&format!("token-{number}"))).unwrap();
    }
    drop(journal);
    let size = fs::metadata(&path).unwrap().len();
    assert!(size > 8192, "{size}");
    let mut file = fs::OpenOptions::new().write(true).open(&path).unwrap();
    std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(4096)).unwrap();
    file.write_all(&vec![0xff; usize::try_from(size).unwrap() - 4096])
        .unwrap();
    drop(file);
    let error = RunJournal::open(&path).unwrap_err();
    assert!(matches!(error, JournalError::Foreign { .. }), "{error}");
}

#[cfg(unix)]
#[test]
fn only_its_owner_may_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    let journal = RunJournal::open(&path).unwrap();
    journal.begin(&run("a")).unwrap();
    for end in ["", "-wal", "-shm"] {
        let file = folder.path().join(format!("runs.db{end}"));
        let mode = fs::metadata(file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{end}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_text_is_kept_as_it_was(sql in any::<String>(), parameter in any::<String>()) {
        let journal = RunJournal::in_memory().unwrap();
        let begun = BegunRun { sql, parameters: vec![parameter], ..run("a") };
        journal.begin(&begun).unwrap();
        let found = journal.unfinished().unwrap();
        prop_assert_eq!(found.len(), 1);
        prop_assert_eq!(&found[0].run, &begun);
    }
}

#[test]
fn what_somebody_looks_after_is_not_to_be_taken_up() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    let (one, other) = (
        RunJournal::open(&path).unwrap(),
        RunJournal::open(&path).unwrap(),
    );
    let held = |journal: &RunJournal| {
        let known = journal.unfinished().unwrap();
        known.iter().map(|known| known.held).collect::<Vec<_>>()
    };
    let first = one.begin(&run("a")).unwrap();
    let second = one.begin(&run("b")).unwrap();
    assert_eq!((held(&one), held(&other)), (vec![true; 2], vec![true; 2]));
    assert!(other.hold("a").unwrap().is_none());
    // Let go of, it is there for anybody, once.
    drop(first);
    assert_eq!(held(&other), [false, true]);
    let taken = other.hold("a").unwrap().unwrap();
    assert!(one.hold("a").unwrap().is_none());
    assert_eq!(held(&one), [true, true]);
    drop((second, taken));
    assert_eq!(held(&one), [false, false]);
    let files = fs::read_dir(folder.path().join("runs.db.held")).unwrap();
    assert_eq!(
        files.count(),
        1,
        "no file is left of a run that was let go of"
    );
}

#[test]
fn a_file_without_its_process_holds_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    let journal = RunJournal::open(&path).unwrap();
    drop(journal.begin(&run("a")).unwrap());
    // As a process leaves it that was killed.
    fs::write(folder.path().join("runs.db.held/a"), "").unwrap();
    assert!(!journal.unfinished().unwrap()[0].held);
    assert!(journal.hold("a").unwrap().is_some());
    for wrong in ["", "../a", "a/b", "."] {
        assert!(journal.hold(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn many_threads_take_a_run_once_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("runs.db");
    let at_once = std::sync::atomic::AtomicUsize::new(0);
    let taken = std::sync::atomic::AtomicUsize::new(0);
    drop(RunJournal::open(&path).unwrap().begin(&run("a")).unwrap());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let journal = RunJournal::open(&path).unwrap();
                for _ in 0..200 {
                    if let Some(hold) = journal.hold("a").unwrap() {
                        use std::sync::atomic::Ordering::SeqCst;
                        assert_eq!(at_once.fetch_add(1, SeqCst), 0);
                        taken.fetch_add(1, SeqCst);
                        at_once.fetch_sub(1, SeqCst);
                        drop(hold);
                    }
                    journal.unfinished().unwrap();
                }
            });
        }
    });
    assert!(taken.into_inner() > 0);
}
