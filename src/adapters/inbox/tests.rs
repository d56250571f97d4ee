mod room;

use std::collections::BTreeMap;

use chrono::TimeDelta;
use proptest::prelude::*;

use super::*;
use crate::domain::lake::ObjectKey;

fn notification(number: u32, etag: Option<&str>) -> Notification {
    let key = format!(
        "aws/WAF/2.0/region=eu-west-1/accountId=000011112222/eventDay=20260301/{number}.gz.parquet"
    );
    Notification {
        bucket: "lake".to_owned(),
        key: ObjectKey::parse(&key).unwrap(),
        size: Some(7),
        etag: etag.map(str::to_owned),
        sequencer: Some(format!("{number:018X}")),
        time: DateTime::from_timestamp_micros(1_772_000_000_123_456),
    }
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000 + seconds, 0).unwrap()
}

fn unreadable(again: Option<DateTime<Utc>>) -> Unreadable {
    Unreadable {
        cause: "not there yet".to_owned(),
        again,
    }
}

/// Takes the right to read what these sources bring.
async fn claim(inbox: &DiskInbox, sources: &[&str]) -> Vec<ReadElsewhere> {
    let sources: Vec<String> = sources.iter().map(|name| (*name).to_owned()).collect();
    inbox.claim(&sources).await.unwrap()
}

fn numbers(waiting: &[Waiting]) -> Vec<i64> {
    waiting.iter().map(|waiting| waiting.id).collect()
}

#[tokio::test]
async fn what_comes_twice_is_there_once_over_restarts() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data").join("inbox.sqlite");
    let first = notification(1, Some("e"));
    let rewritten = notification(1, Some("f"));
    let inbox = DiskInbox::open(&path).unwrap();
    let both = vec![first.clone(), first.clone()];
    let new = inbox.receive("sqs:a", both).await.unwrap();
    assert_eq!(new, std::slice::from_ref(&first));
    drop(inbox);
    let inbox = DiskInbox::open(&path).unwrap();
    let new = inbox.receive("sqs:b", vec![first.clone(), rewritten.clone()]);
    assert_eq!(new.await.unwrap(), std::slice::from_ref(&rewritten));
    assert_eq!(inbox.take(10, at(0)).await.unwrap(), []);
    assert_eq!(claim(&inbox, &["sqs:a", "sqs:b"]).await, []);
    let taken = inbox.take(10, at(0)).await.unwrap();
    let told: Vec<_> = taken
        .iter()
        .map(|w| (&*w.source, &w.notification))
        .collect();
    assert_eq!(told, [("sqs:a", &first), ("sqs:b", &rewritten)]);
}

#[tokio::test]
async fn each_is_given_once_until_it_is_settled_with_another_try() {
    let folder = tempfile::tempdir().unwrap();
    let inbox = DiskInbox::open(&folder.path().join("inbox.sqlite")).unwrap();
    let five = (0..5).map(|n| notification(n, None)).collect();
    inbox.receive("s", five).await.unwrap();
    inbox.arrived().await;
    claim(&inbox, &["s"]).await;
    assert_eq!(numbers(&inbox.take(2, at(0)).await.unwrap()), [1, 2]);
    assert_eq!(numbers(&inbox.take(1, at(0)).await.unwrap()), [3]);
    inbox.settle(1, Ok(4)).await.unwrap();
    inbox.settle(2, Err(unreadable(Some(at(9))))).await.unwrap();
    inbox.settle(3, Err(unreadable(None))).await.unwrap();
    assert_eq!(inbox.next_try().await.unwrap(), Some(at(9)));
    // Before it is due there is only what is new; then both, each for half the room.
    assert_eq!(numbers(&inbox.take(1, at(8)).await.unwrap()), [4]);
    let taken = inbox.take(2, at(9)).await.unwrap();
    assert_eq!(numbers(&taken), [2, 5]);
    assert_eq!(taken[0].tries, 1);
    assert_eq!(inbox.next_try().await.unwrap(), None);
    assert_eq!(inbox.take(10, at(99)).await.unwrap(), []);
    let count = InboxCount {
        source: "s".to_owned(),
        received: 2,
        read: 1,
        failed: 2,
    };
    assert_eq!(inbox.counts().await.unwrap(), [count]);
    let recent = inbox.recent("s", 4).await.unwrap();
    let outcomes: Vec<_> = recent.into_iter().map(|arrival| arrival.events).collect();
    let failed = || Some(Err("not there yet".to_owned()));
    assert_eq!(outcomes, [failed(), failed(), None, None]);
}

#[tokio::test]
async fn an_old_entry_goes_when_it_is_done_with_and_its_identity_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("inbox.sqlite");
    let inbox = DiskInbox::open(&path).unwrap();
    let all: Vec<_> = (1..6).map(|n| notification(n, None)).collect();
    inbox.receive("s", all.clone()).await.unwrap();
    inbox.settle(1, Ok(1)).await.unwrap();
    inbox.settle(3, Err(unreadable(None))).await.unwrap();
    inbox.settle(4, Err(unreadable(Some(at(5))))).await.unwrap();
    inbox.settle(5, Ok(1)).await.unwrap();
    let mut file = InboxFile::open(&path).unwrap();
    file.forget(Utc::now() - TimeDelta::days(1), 9);
    assert_eq!(inbox.recent("s", 9).await.unwrap().len(), 5);
    file.forget(Utc::now() + TimeDelta::days(1), 2);
    claim(&inbox, &["s"]).await;
    let left = inbox.recent("s", 9).await.unwrap();
    assert_eq!(left.len(), 3);
    assert_eq!(left[2].notification, all[4]);
    assert_eq!(numbers(&inbox.take(9, at(9)).await.unwrap()), [4, 2]);
    assert_eq!(inbox.receive("s", all).await.unwrap(), []);
}

#[tokio::test]
async fn a_line_is_owed_until_it_is_written_where_lines_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("inbox.sqlite");
    let console = DiskInbox::open(&path).unwrap();
    let watch = DiskInbox::open(&path).unwrap().owing_lines();
    let all: Vec<_> = (0..4).map(|n| notification(n, None)).collect();
    console.receive("s", all[..1].to_vec()).await.unwrap();
    watch.receive("s", all[..3].to_vec()).await.unwrap();
    watch.receive("other", all[3..].to_vec()).await.unwrap();
    assert_eq!(watch.untold("s", 9).await.unwrap(), all[1..3]);
    watch.told(all[1..2].to_vec()).await.unwrap();
    assert_eq!(console.untold("s", 9).await.unwrap(), all[2..3]);
}

/// Lets an inbox go, as the end of its process does.
async fn ended(inbox: DiskInbox) {
    let (ending, ended) = oneshot::channel();
    let leave = move |desk: &mut Desk| desk.ending = Some(ending);
    assert!(inbox.jobs.send(Job::Read(Box::new(leave))).await.is_ok());
    drop(inbox);
    ended.await.unwrap_err();
}

#[tokio::test(start_paused = true)]
async fn what_a_source_brings_is_read_by_one_and_by_another_when_that_one_has_ended() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("inbox.sqlite");
    let one = DiskInbox::open(&path).unwrap();
    let other = DiskInbox::open(&path).unwrap();
    assert_eq!(claim(&one, &["a", "b"]).await, []);
    let elsewhere = claim(&other, &["b", "c"]).await;
    assert_eq!(elsewhere.len(), 1);
    assert_eq!(elsewhere[0].source, "b");
    let process = format!("process {}", std::process::id());
    assert_eq!(elsewhere[0].reader, process);
    assert!(one.neighbours.is_some(), "nothing is polled");
    // Both may receive; what the other one brought is given out by who reads it.
    let brought = [("a", 1), ("b", 2), ("c", 3), ("d", 4)];
    for (source, number) in brought {
        let came = vec![notification(number, None)];
        other.receive(source, came).await.unwrap();
    }
    one.arrived().await;
    assert_eq!(numbers(&one.take(9, at(0)).await.unwrap()), [1, 2]);
    assert_eq!(numbers(&other.take(9, at(0)).await.unwrap()), [3]);
    one.settle(1, Ok(1)).await.unwrap();
    let again = Err(unreadable(Some(at(5))));
    one.settle(2, again).await.unwrap();
    assert_eq!(other.next_try().await.unwrap(), None);
    ended(one).await;
    assert_eq!(claim(&other, &["a", "b"]).await, []);
    assert_eq!(numbers(&other.take(9, at(9)).await.unwrap()), [2]);
    // What came earlier from a source that is read from now on is not passed over, and what is in
    // hand not given out again.
    assert_eq!(claim(&other, &["d"]).await, []);
    assert_eq!(numbers(&other.take(9, at(9)).await.unwrap()), [4]);
}

#[tokio::test]
async fn marks_are_kept_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let inbox = DiskInbox::open(&folder.path().join("inbox.sqlite")).unwrap();
    inbox.set_mark("a", "1").await.unwrap();
    inbox.set_mark("a", "2").await.unwrap();
    assert_eq!(inbox.mark("a").await.unwrap().as_deref(), Some("2"));
    assert_eq!(inbox.mark("b").await.unwrap(), None);
}

#[test]
fn a_foreign_file_is_named_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("inbox.sqlite");
    std::fs::write(&path, "not a database, but long enough to be looked at").unwrap();
    let before = std::fs::read(&path).unwrap();
    let error = DiskInbox::open(&path).unwrap_err().to_string();
    assert!(error.contains("inbox.sqlite cannot be opened"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), before);

    let other = folder.path().join("other.sqlite");
    let connection = rusqlite::Connection::open(&other).unwrap();
    connection.execute_batch("CREATE TABLE t (x)").unwrap();
    let error = DiskInbox::open(&other).unwrap_err().to_string();
    assert!(error.contains("a database of something else"), "{error}");
}

/// The count of an object's events, or when it is to be tried again.
type Outcome = Result<u64, Option<i64>>;

/// What may be done with an inbox.
#[derive(Debug, Clone)]
enum Step {
    Receive(Vec<u32>),
    Take(usize),
    Settle(usize, Outcome),
    Crash,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        4 => prop::collection::vec(0..12_u32, 1..5).prop_map(Step::Receive),
        3 => (1..6_usize).prop_map(Step::Take),
        4 => (any::<usize>(), prop::result::maybe_ok(0..9_u64, prop::option::of(0..40_i64)))
            .prop_map(|(which, outcome)| Step::Settle(which, outcome)),
        1 => Just(Step::Crash),
    ];
    prop::collection::vec(step, 1..20)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    /// Whatever is done in whatever order, and wherever the process ends: an object is in the inbox
    /// once, is given out until it was read, and not again afterwards.
    #[test]
    fn each_identity_is_there_once_and_none_is_lost(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("inbox.sqlite");
        runtime.block_on(async {
            let mut inbox = DiskInbox::open(&path).unwrap();
            claim(&inbox, &["s"]).await;
            // What is there, by its id: the number, and the outcome of its last reading.
            let mut there: BTreeMap<i64, (u32, Option<Outcome>)> = BTreeMap::new();
            let mut in_hand: Vec<i64> = Vec::new();
            let mut given = 0;
            let now = at(20);
            for step in steps {
                match step {
                    Step::Receive(came) => {
                        let sent = came.iter().map(|n| notification(*n, None)).collect();
                        let new = inbox.receive("s", sent).await.unwrap();
                        let mut expected = Vec::new();
                        for number in came {
                            if there.values().all(|(known, _)| *known != number) {
                                there.insert(there.len() as i64 + 1, (number, None));
                                expected.push(notification(number, None));
                            }
                        }
                        prop_assert_eq!(new, expected);
                    }
                    Step::Take(most) => {
                        let taken = inbox.take(most, now).await.unwrap();
                        prop_assert!(taken.len() <= most);
                        let due = |id: &i64| match there.get(id) {
                            Some((_, None)) => *id > given,
                            Some((_, Some(Err(Some(again))))) => *again <= 20,
                            _ => false,
                        };
                        let open = there.keys().filter(|id| due(id) && !in_hand.contains(id)).count();
                        prop_assert_eq!(taken.len(), open.min(most));
                        for waiting in taken {
                            prop_assert!(due(&waiting.id) && !in_hand.contains(&waiting.id));
                            prop_assert_eq!(&waiting.notification, &notification(there[&waiting.id].0, None));
                            in_hand.push(waiting.id);
                        }
                        let new = in_hand.iter().filter(|id| there[id].1.is_none());
                        given = new.max().copied().unwrap_or(0).max(given);
                    }
                    Step::Settle(which, outcome) if !in_hand.is_empty() => {
                        let id = in_hand.swap_remove(which % in_hand.len());
                        let told = outcome.map_err(|again| unreadable(again.map(at)));
                        inbox.settle(id, told).await.unwrap();
                        there.get_mut(&id).unwrap().1 = Some(outcome);
                    }
                    Step::Settle(..) => {}
                    Step::Crash => {
                        ended(inbox).await;
                        inbox = DiskInbox::open(&path).unwrap();
                        prop_assert_eq!(claim(&inbox, &["s"]).await, []);
                        in_hand.clear();
                        given = 0;
                    }
                }
            }
            // The last start reads what is left, and nothing else.
            ended(inbox).await;
            let inbox = DiskInbox::open(&path).unwrap();
            claim(&inbox, &["s"]).await;
            let mut left: Vec<i64> = numbers(&inbox.take(100, at(60)).await.unwrap());
            left.sort_unstable();
            let expected: Vec<i64> = there
                .iter()
                .filter(|(_, (_, outcome))| matches!(outcome, None | Some(Err(Some(_)))))
                .map(|(id, _)| *id)
                .collect();
            prop_assert_eq!(left, expected);
            let count: u64 = inbox.counts().await.unwrap().iter().map(InboxCount::total).sum();
            prop_assert_eq!(count, there.len() as u64);
            Ok(())
        })?;
    }
}
