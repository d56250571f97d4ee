//! From an inbox to readings: each object once, again later where that may help, never more at a time
//! than there is room for.

#![allow(
    clippy::disallowed_methods,
    reason = "tests make the files that are read"
)]

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use chrono::TimeDelta;
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use futures::{FutureExt as _, StreamExt as _};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::domain::detection::{Reading, Unreadable};
use crate::domain::lake::{Notification, ObjectKey, SourceNews};
use crate::domain::query::QueryErrorKind;
use crate::ports::{
    Clock, FeedNews, Inbox, InboxError, NotificationSource, ReadElsewhere, Waiting,
};

/// An inbox in memory, with all that was said to it.
#[derive(Default)]
struct Fake {
    source: String,
    state: Mutex<State>,
    arrived: Notify,
}

#[derive(Default)]
struct State {
    waiting: BTreeMap<i64, (Notification, u32, Option<DateTime<Utc>>)>,
    given: Vec<i64>,
    settled: Vec<(i64, Result<u64, Unreadable>)>,
    fails: bool,
    /// Who reads instead.
    read_by: Option<String>,
    claims: usize,
}

impl Fake {
    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sources(&self) -> Vec<String> {
        vec![self.source.clone()]
    }

    fn put(&self, key: &str) {
        let mut state = self.state();
        let id = state.waiting.len() as i64;
        state.waiting.insert(id, (notification(key), 0, None));
        drop(state);
        self.arrived.notify_one();
    }
}

fn notification(key: &str) -> Notification {
    Notification {
        bucket: "local".to_owned(),
        key: ObjectKey::foreign(key),
        size: None,
        etag: None,
        sequencer: None,
        time: None,
    }
}

#[async_trait]
impl Inbox for Fake {
    async fn receive(
        &self,
        _: &str,
        notifications: Vec<Notification>,
    ) -> Result<Vec<Notification>, InboxError> {
        Ok(notifications)
    }

    async fn claim(&self, sources: &[String]) -> Result<Vec<ReadElsewhere>, InboxError> {
        assert_eq!(sources, self.sources());
        let mut state = self.state();
        state.claims += 1;
        let reader = state.read_by.clone().into_iter();
        Ok(reader
            .map(|reader| ReadElsewhere {
                source: self.source.clone(),
                reader,
            })
            .collect())
    }

    async fn take(&self, most: usize, now: DateTime<Utc>) -> Result<Vec<Waiting>, InboxError> {
        let mut state = self.state();
        if state.read_by.is_some() {
            return Ok(Vec::new());
        }
        if state.fails {
            return Err(InboxError("the disk is full".to_owned()));
        }
        let given = state.given.clone();
        let due: Vec<Waiting> = state
            .waiting
            .iter()
            .filter(|(id, (_, _, again))| {
                !given.contains(id) && again.is_none_or(|again| again <= now)
            })
            .take(most)
            .map(|(id, (notification, tries, _))| Waiting {
                id: *id,
                source: self.source.clone(),
                notification: notification.clone(),
                tries: *tries,
            })
            .collect();
        state.given.extend(due.iter().map(|one| one.id));
        Ok(due)
    }

    async fn settle(&self, id: i64, outcome: Result<u64, Unreadable>) -> Result<(), InboxError> {
        let mut state = self.state();
        if let Err(Unreadable {
            again: Some(again), ..
        }) = &outcome
        {
            state.given.retain(|given| *given != id);
            let waiting = state.waiting.get_mut(&id).unwrap();
            waiting.1 += 1;
            waiting.2 = Some(*again);
        }
        state.settled.push((id, outcome));
        Ok(())
    }

    async fn arrived(&self) {
        self.arrived.notified().await;
    }

    async fn next_try(&self) -> Result<Option<DateTime<Utc>>, InboxError> {
        let state = self.state();
        let times = state
            .waiting
            .iter()
            .filter(|(id, _)| !state.given.contains(id));
        Ok(times.filter_map(|(_, (_, _, again))| *again).min())
    }
}

/// The runtime's clock, which tests move.
struct Moved(tokio::time::Instant);

impl Clock for Moved {
    fn now(&self) -> DateTime<Utc> {
        let passed = self.0.elapsed();
        DateTime::UNIX_EPOCH + TimeDelta::from_std(passed).unwrap()
    }
}

struct House {
    folder: tempfile::TempDir,
    inbox: Arc<Fake>,
    reader: Reader,
}

fn house(threads: usize) -> House {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("whole.parquet"), &*BYTES).unwrap();
    std::fs::write(folder.path().join("broken.parquet"), b"PAR1").unwrap();
    let book = Book {
        rules: rules(RULES),
        ..Book::default()
    };
    let matcher = Arc::new(Matcher::new(book).unwrap());
    matcher.take_notes();
    let none = || -> BoxFuture<'static, _> {
        let why = QueryError::new(QueryErrorKind::Storage, "nobody may read it");
        Box::pin(std::future::ready(Err(why)))
    };
    let runtime = tokio::runtime::Handle::current();
    let store = ObjectStore::new(none, runtime);
    let clock = Arc::new(Moved(tokio::time::Instant::now()));
    House {
        inbox: Arc::new(Fake {
            source: format!("dir:{}", folder.path().display()),
            ..Fake::default()
        }),
        folder,
        reader: Reader::new(matcher, store, threads, clock),
    }
}

impl House {
    fn watch(&self) -> BoxStream<'static, FeedNews> {
        let inbox = Arc::clone(&self.inbox) as Arc<dyn Inbox>;
        Hydrator::new(inbox, self.inbox.sources(), self.reader.clone()).watch()
    }
}

/// The readings that come next.
async fn readings(news: &mut BoxStream<'static, FeedNews>) -> Vec<Reading> {
    loop {
        if let FeedNews::Read(readings) = news.next().await.unwrap() {
            return readings;
        }
    }
}

#[tokio::test]
async fn each_object_is_read_and_settled_once_and_damage_is_not_tried_again() {
    let house = house(2);
    let mut news = house.watch();
    for key in [
        "whole.parquet",
        "broken.parquet",
        "../whole.parquet",
        "whole%2eparquet",
    ] {
        house.inbox.put(key);
    }
    let mut done = Vec::new();
    while done.len() < 4 {
        done.extend(readings(&mut news).await);
    }
    done.sort_by(|one, other| one.object.cmp(&other.object));
    let events: Vec<Option<u64>> = done
        .iter()
        .map(|reading| {
            reading
                .outcome
                .as_ref()
                .ok()
                .map(|contents| contents.events)
        })
        .collect();
    // A key that leads out of the folder leads nowhere; one as URLs have it is read.
    assert_eq!(events, [None, None, Some(4), Some(4)]);
    let damaged = done[1].outcome.as_ref().unwrap_err();
    assert!(
        damaged.again.is_none() && damaged.cause.contains("damaged"),
        "{damaged:?}"
    );
    // The last ones are settled when more is asked for: what was found in them is kept by then.
    assert!(house.inbox.state().settled.len() < 4);
    assert!(news.next().now_or_never().is_none());
    assert_eq!(house.inbox.state().settled.len(), 4);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_there_yet_is_tried_again_later_and_not_for_ever() {
    let house = house(1);
    let mut news = house.watch();
    house.inbox.put("late.parquet");
    let first = readings(&mut news).await.remove(0).outcome.unwrap_err();
    assert_eq!(
        first.again,
        Some(DateTime::UNIX_EPOCH + TimeDelta::seconds(5))
    );
    let second = readings(&mut news).await.remove(0).outcome.unwrap_err();
    assert!(second.again.unwrap() >= first.again.unwrap() + TimeDelta::seconds(10));
    std::fs::copy(
        house.folder.path().join("whole.parquet"),
        house.folder.path().join("late.parquet"),
    )
    .unwrap();
    assert!(readings(&mut news).await.remove(0).outcome.is_ok());

    house.inbox.put("never.parquet");
    let mut tries = 0;
    loop {
        tries += 1;
        let outcome = readings(&mut news).await.remove(0).outcome;
        if outcome.unwrap_err().again.is_none() {
            break;
        }
    }
    assert_eq!(tries, 10);
}

#[tokio::test]
async fn a_burst_waits_in_the_inbox() {
    let house = house(1);
    for _ in 0..150 {
        house.inbox.put("whole.parquet");
    }
    let mut news = house.watch();
    let mut read = readings(&mut news).await.len();
    // Nobody listens now: nothing more is taken than what was begun.
    assert!(house.inbox.state().given.len() <= 64 + 2);
    while read < 150 {
        read += readings(&mut news).await.len();
        let given = house.inbox.state().given.len();
        assert!(given <= read + 64 + 2, "{given} {read}");
    }
    assert!(news.next().now_or_never().is_none());
    assert_eq!(house.inbox.state().settled.len(), 150);
}

#[tokio::test(start_paused = true)]
async fn an_inbox_that_fails_is_told_and_asked_again() {
    let house = house(1);
    house.inbox.state().fails = true;
    let mut news = house.watch();
    let told = news.next().await.unwrap();
    assert!(
        matches!(&told, FeedNews::State(SourceNews { state: Err(why), .. }) if why.contains("full"))
    );
    house.inbox.put("whole.parquet");
    house.inbox.state().fails = false;
    let told = news.next().await.unwrap();
    assert!(matches!(
        &told,
        FeedNews::State(SourceNews { state: Ok(()), .. })
    ));
    assert!(readings(&mut news).await[0].outcome.is_ok());
}

#[tokio::test(start_paused = true)]
async fn what_another_process_reads_is_said_and_taken_over_when_that_one_ends() {
    let house = house(1);
    house.inbox.put("whole.parquet");
    house.inbox.state().read_by = Some("process 7".to_owned());
    let mut news = house.watch();
    let notes = |news: Option<FeedNews>| match news {
        Some(FeedNews::State(told)) if told.state.is_ok() => told.notes,
        other => panic!("{other:?}"),
    };
    let told = notes(news.next().await);
    assert!(
        told[0].contains("another lakehound (process 7) reads what dir:"),
        "{told:?}"
    );
    // It is looked again and again, and nothing is told while nothing changes.
    let next = tokio::time::timeout(std::time::Duration::from_secs(10), news.next());
    assert!(next.await.is_err());
    assert!(house.inbox.state().claims > 5);
    assert!(house.inbox.state().settled.is_empty());
    house.inbox.state().read_by = None;
    assert_eq!(notes(news.next().await), [""; 0]);
    assert!(readings(&mut news).await[0].outcome.is_ok());
    // What is had is not asked for again.
    let claims = house.inbox.state().claims;
    assert!(news.next().now_or_never().is_none());
    assert_eq!(house.inbox.state().claims, claims);
}

#[tokio::test]
async fn one_that_is_to_end_reads_what_is_there_and_ends() {
    let house = house(2);
    for _ in 0..20 {
        house.inbox.put("whole.parquet");
    }
    let inbox = Arc::clone(&house.inbox) as Arc<dyn Inbox>;
    let ending = CancellationToken::new();
    ending.cancel();
    let hydrator = Hydrator::new(inbox, house.inbox.sources(), house.reader.clone()).until(ending);
    let news: Vec<FeedNews> = hydrator.watch().collect().await;
    let read = |news: &FeedNews| match news {
        FeedNews::Read(readings) => readings.len(),
        FeedNews::Arrived(_) | FeedNews::State(_) => 0,
    };
    assert_eq!(news.iter().map(read).sum::<usize>(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_had_now_is_asked_for_again_with_the_reason() {
    let mut house = house(1);
    house.inbox = Arc::new(Fake {
        source: "sqs:queue".to_owned(),
        ..Fake::default()
    });
    house.inbox.put("key.parquet");
    let outcome = readings(&mut house.watch()).await.remove(0).outcome;
    let unreadable = outcome.unwrap_err();
    assert!(unreadable.cause.contains("nobody may read it") && unreadable.again.is_some());
}
