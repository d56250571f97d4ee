//! The thread that writes a case.

use super::*;

/// An answer, which is there within the test or never.
fn answer(pending: Pending) -> Result<Vec<Appended>, CaseError> {
    pending.blocking_recv().unwrap()
}

#[test]
fn batches_are_written_in_order_and_each_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let cases = Cases::at(folder.path());
    let writer = CaseWriter::start(cases.create("x", author("ana"), at(0)).unwrap()).unwrap();
    let id = writer.id().to_owned();
    let pending: Vec<Pending> = (0..200)
        .map(|number| {
            writer.append(vec![
                draft(number, renamed(&format!("{number}a"))),
                draft(number, renamed(&format!("{number}b"))),
            ])
        })
        .collect();
    let mut number = 2;
    for pending in pending {
        let appended = answer(pending).unwrap();
        assert_eq!(
            appended
                .iter()
                .map(|entry| entry.number)
                .collect::<Vec<_>>(),
            [number, number + 1]
        );
        number += 2;
    }
    assert_eq!(cases.read(&id).unwrap().entries().len(), 401);
    let case = writer.close().unwrap();
    assert_eq!(case.state().name, "199b");
}

#[test]
fn nothing_is_lost_by_leaving_without_waiting() {
    let folder = tempfile::tempdir().unwrap();
    let cases = Cases::at(folder.path());
    let writer = CaseWriter::start(cases.create("x", author("ana"), at(0)).unwrap()).unwrap();
    let id = writer.id().to_owned();
    for number in 0..50 {
        // Nobody waits for the answers.
        drop(writer.append(vec![draft(number, renamed(&number.to_string()))]));
    }
    drop(writer);
    // And the case is let go of.
    let writer = CaseWriter::open(&cases, &id, author("ben")).unwrap();
    assert_eq!(writer.opened_state().name, "49");
    assert_eq!(writer.opened_state().entries, 51);
    assert_eq!(writer.session().len(), 8);
}

#[test]
fn what_cannot_be_written_is_said_and_hides_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let cases = Cases::at(folder.path());
    let case = cases.create("x", author("ana"), at(0)).unwrap();
    let id = case.id();
    // What a full disk does: an insert fails, and later one comes through.
    let other = rusqlite::Connection::open(folder.path().join(&id).join(JOURNAL)).unwrap();
    other
        .execute_batch(
            "CREATE TRIGGER full BEFORE INSERT ON entry WHEN NEW.body LIKE '%too much%'
             BEGIN SELECT RAISE(ABORT, 'the disk is full'); END;",
        )
        .unwrap();
    let writer = CaseWriter::start(case).unwrap();
    let pending: Vec<Pending> = ["one", "too much", "two"]
        .into_iter()
        .map(|name| writer.append(vec![draft(1, renamed(name))]))
        .collect();
    let answers: Vec<Result<_, _>> = pending.into_iter().map(answer).collect();
    let error = answers[1].as_ref().unwrap_err().to_string();
    assert!(error.contains("the disk is full"), "{error}");
    assert_eq!(answers[0].as_ref().unwrap()[0].number, 2);
    assert_eq!(answers[2].as_ref().unwrap()[0].number, 3);
    assert_eq!(writer.close().unwrap().state().name, "two");
    assert!(cases.verify(&id, None).unwrap().ok);
}
