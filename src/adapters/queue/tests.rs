use std::fs;

use super::*;
use crate::domain::queue::tests::{detection, noon};
use crate::domain::queue::{Act, Disposition, ItemId, Mute};

/// Does to a queue and its journal what the console does.
fn see(journal: &mut QueueJournal, queue: &mut Queue, from: i64, count: i64) {
    let detections: Vec<_> = (from..from + count)
        .map(|n| detection("a", &format!("user{}", n % 4), n))
        .collect();
    let events = queue.take_in(&detections, noon());
    journal.append(&events).unwrap();
    events.into_iter().for_each(|event| queue.apply(event));
}

fn act(journal: &mut QueueJournal, queue: &mut Queue, act: Act) {
    let event = queue.next(act, Some("ana".into()), noon());
    journal.append(std::slice::from_ref(&event)).unwrap();
    queue.apply(event);
}

fn work(journal: &mut QueueJournal, queue: &mut Queue) {
    see(journal, queue, 0, 8);
    let items = vec![ItemId(1), ItemId(2)];
    let assigned = Act::Assigned {
        items: items.clone(),
        to: Some("ana".into()),
    };
    act(journal, queue, assigned);
    let disposition = Disposition::FalsePositive;
    act(journal, queue, Act::Closed { items, disposition });
    let mute = Mute {
        id: queue.next_mute(),
        cause: None,
        entity: None,
        account: Some("000011112222".into()),
        region: None,
        operation: None,
        until: Some(noon()),
    };
    act(journal, queue, Act::Muted(mute));
    let (of, _) = queue.undoable().unwrap();
    act(journal, queue, Act::Undone { of });
    see(journal, queue, 8, 8);
}

#[test]
fn what_was_done_is_there_after_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/queue.sqlite");
    let (mut journal, mut queue) = QueueJournal::open(&path).unwrap();
    work(&mut journal, &mut queue);
    drop(journal);
    let (_, mut again) = QueueJournal::open(&path).unwrap();
    again.reindex();
    queue.reindex();
    assert_eq!(again, queue);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "only its owner may read it");
    }
}

#[test]
fn a_snapshot_takes_the_place_of_detections_and_leaves_what_people_did() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue.sqlite");
    let (mut journal, mut queue) = QueueJournal::open(&path).unwrap();
    work(&mut journal, &mut queue);
    journal.snapshot(&queue).unwrap();
    let kinds = |journal: &QueueJournal| -> Vec<String> {
        let mut statement = journal
            .connection
            .prepare("SELECT kind FROM event")
            .unwrap();
        let kinds = statement.query_map([], |row| row.get(0)).unwrap();
        kinds.collect::<Result<_, _>>().unwrap()
    };
    assert_eq!(kinds(&journal), ["assigned", "closed", "muted", "undone"]);
    see(&mut journal, &mut queue, 16, 3);
    drop(journal);
    let (journal, mut again) = QueueJournal::open(&path).unwrap();
    assert_eq!(kinds(&journal).len(), 7);
    again.reindex();
    queue.reindex();
    assert_eq!(again, queue);
}

#[test]
fn events_cannot_be_changed_nor_removed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue.sqlite");
    let (mut journal, mut queue) = QueueJournal::open(&path).unwrap();
    work(&mut journal, &mut queue);
    for forged in [
        "UPDATE event SET body = '{}'",
        "DELETE FROM event WHERE kind = 'closed'",
        "DELETE FROM event WHERE kind = 'detected'",
    ] {
        assert!(journal.connection.execute(forged, []).is_err(), "{forged}");
    }
}

#[test]
fn one_process_writes_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue.sqlite");
    let held = QueueJournal::open(&path).unwrap();
    let told = QueueJournal::open(&path).unwrap_err();
    assert!(matches!(told, QueueError::Busy { .. }), "{told}");
    drop(held);
    assert!(QueueJournal::open(&path).is_ok());
}

#[test]
fn what_is_no_queue_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue.sqlite");
    fs::write(
        &path,
        "this is a letter, not a database, and long enough to be read as one",
    )
    .unwrap();
    let before = fs::read(&path).unwrap();
    let told = QueueJournal::open(&path).unwrap_err().to_string();
    assert!(told.contains("no journal of a queue"), "{told}");
    assert_eq!(fs::read(&path).unwrap(), before);

    let path = folder.path().join("damaged.sqlite");
    let (journal, _) = QueueJournal::open(&path).unwrap();
    let odd = "INSERT INTO event VALUES (1, 'detected', '{\"number\": \"none\"}')";
    journal.connection.execute(odd, []).unwrap();
    drop(journal);
    let told = QueueJournal::open(&path).unwrap_err().to_string();
    assert!(told.contains("its event 1 cannot be read"), "{told}");
}

#[test]
fn events_of_an_item_are_a_line_each_and_odd_ones_are_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let events = [
        "{\n \"a\": 1}".to_owned(),
        String::new(),
        "[1]".to_owned(),
        "{\"a\": \"x\\ny\"}".to_owned(),
    ];
    let path = write_rows(folder.path(), "item-1", &events).unwrap();
    let text = fs::read_to_string(path).unwrap();
    assert_eq!(text, "{\"a\":1}\n{\"a\":\"x\\ny\"}\n");
    assert!(write_rows(folder.path(), "item-2", &events[1..3]).is_err());
}
