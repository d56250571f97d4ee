//! Events judged as they arrive: how long from an object's arrival to what matches in it, how many
//! events a second when they keep coming, and whether memory stays flat.
//!
//! `cargo bench --bench feed` makes its objects once, below `target/`: 5,000 calls of CloudTrail each,
//! judged by 60 rules. `LAKEHOUND_BENCH_CALLS` (1,000,000) changes how many calls there are,
//! `LAKEHOUND_SOAK_SECONDS` (5) how long notifications are read for memory's sake; ten minutes and
//! more say something, and `LAKEHOUND_SOAK_NOTIFICATIONS` ends it after so many.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::indexing_slicing,
    reason = "a bench measures the clock, prints, and stops where it cannot measure"
)]

#[path = "support/calls.rs"]
mod calls;
#[path = "peer/environment.rs"]
#[allow(dead_code, reason = "this bench has no peer, only numbers")]
mod environment;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use chrono::Utc;
use futures::StreamExt;
use futures::future::BoxFuture;
use lakehound::adapters::engine::ObjectStore;
use lakehound::adapters::feed::FolderSource;
use lakehound::adapters::inbox::DiskInbox;
use lakehound::adapters::matching::{Book, Hydrator, Matcher, Place, Reader};
use lakehound::app::RuleFiles;
use lakehound::domain::detection::ObjectName;
use lakehound::domain::lake::{Arrival, Notification, ObjectKey};
use lakehound::domain::query::{QueryError, QueryErrorKind};
use lakehound::ports::{FeedNews, Inbox, NotificationSource};
use lakehound::runtime::SystemClock;
use lakehound::store::event::Event;
use lakehound::store::queue::Alerts;
use lakehound::store::state::Setting;
use lakehound::store::{State, update};

/// The program's own allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let home = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("calls");
    std::fs::create_dir_all(&home).expect("a folder");
    let events = environment::number("LAKEHOUND_BENCH_CALLS", 1_000_000);
    let lake = calls::lake(&home, events);
    let objects = calls::objects(&lake);
    let (rules, count) = calls::rule_files(&home);
    let loaded = RuleFiles::new(vec![rules], PathBuf::new())
        .read()
        .expect("rules");
    assert_eq!(loaded.faults, vec![]);
    let book = Book {
        rules: loaded.set,
        ..Book::default()
    };
    println!("{} objects, {events} calls, {count} rules", objects.len());
    let matcher = Arc::new(Matcher::new(book).expect("a matcher"));
    for threads in [1, 2] {
        sustained(&matcher, &objects, threads);
    }
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(arrivals(&matcher, &objects));
    runtime.block_on(soak(&matcher, &home));
}

/// Every object once, on so many threads.
fn sustained(matcher: &Arc<Matcher>, objects: &[(PathBuf, String)], threads: usize) {
    let mut best: Option<(Duration, u64, usize)> = None;
    for _ in 0..3 {
        let next = AtomicUsize::new(0);
        let begin = Instant::now();
        let (events, found) = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..threads)
                .map(|_| {
                    scope.spawn(|| {
                        let (mut events, mut found) = (0, 0);
                        while let Some((path, key)) =
                            objects.get(next.fetch_add(1, Ordering::Relaxed))
                        {
                            let contents = matcher
                                .read(&Place::Disk(path.clone()), &named(key), Utc::now())
                                .expect("an object");
                            events += contents.events;
                            found += contents.detections.len();
                        }
                        (events, found)
                    })
                })
                .collect();
            let done = workers
                .into_iter()
                .map(|worker| worker.join().expect("a worker"));
            done.fold((0, 0), |all, one| (all.0 + one.0, all.1 + one.1))
        });
        let took = begin.elapsed();
        if best.is_none_or(|(known, ..)| took < known) {
            best = Some((took, events, found));
        }
    }
    let (took, events, found) = best.expect("a run");
    println!(
        "sustained, {threads} threads: {:.0} events/s ({events} events in {:.2} s, {found} detections)",
        events as f64 / took.as_secs_f64(),
        took.as_secs_f64()
    );
}

fn named(key: &str) -> ObjectName {
    ObjectName {
        bucket: "local".to_owned(),
        key: key.to_owned(),
    }
}

/// From the moment at which an object is in its place to what matches in it.
async fn arrivals(matcher: &Arc<Matcher>, objects: &[(PathBuf, String)]) {
    let runs = environment::number("LAKEHOUND_BENCH_RUNS", 60);
    let folder = tempfile::tempdir().expect("a folder");
    let lake = folder.path().join("lake");
    let (path, key) = objects.get(objects.len() / 2).expect("an object");
    let place = lake.join(key);
    let place = place.parent().expect("a folder").to_owned();
    std::fs::create_dir_all(&place).expect("a folder");
    let inbox = DiskInbox::open(&folder.path().join("inbox.sqlite")).expect("an inbox");
    let inbox: Arc<dyn Inbox> = Arc::new(inbox);
    let source = FolderSource::new(lake.clone()).into_inbox(Arc::clone(&inbox));
    let sources = vec![source.name_in_the_inbox()];
    let hydrator = Hydrator::new(inbox, sources, reader(matcher));
    let mut news = futures::stream::select(source.watch(), hydrator.watch());
    // It watches when it says so.
    while !matches!(news.next().await, Some(FeedNews::State(_))) {}
    let mut times = Vec::new();
    for run in 0..runs {
        let beside = folder.path().join("beside");
        std::fs::copy(path, &beside).expect("a copy");
        let begin = Instant::now();
        std::fs::rename(&beside, place.join(format!("{run:032x}.gz.parquet"))).expect("a move");
        let found = loop {
            match news.next().await.expect("news") {
                FeedNews::Read(readings) => {
                    let contents = readings[0].outcome.clone().expect("an object");
                    break contents.detections.len();
                }
                FeedNews::Arrived(_) | FeedNews::State(_) => {}
            }
        };
        assert!(found > 0);
        times.push(begin.elapsed());
    }
    times.sort();
    let at = |part: usize| times[(times.len() * part / 100).min(times.len() - 1)];
    println!(
        "arrival to matched rows: median {:.1} ms, p95 {:.1} ms, worst {:.1} ms ({runs} objects)",
        at(50).as_secs_f64() * 1e3,
        at(95).as_secs_f64() * 1e3,
        at(100).as_secs_f64() * 1e3
    );
}

/// A reader with one thread, as a machine of two cores has. Nothing here lies on S3.
fn reader(matcher: &Arc<Matcher>) -> Reader {
    let none = || -> BoxFuture<'static, _> {
        let why = QueryError::new(QueryErrorKind::Storage, "the bench has no S3");
        Box::pin(std::future::ready(Err(why)))
    };
    let store = ObjectStore::new(none, tokio::runtime::Handle::current());
    Reader::new(Arc::clone(matcher), store, 1, Arc::new(SystemClock))
}

/// Notifications as fast as they are read, through the inbox on disk into the console's state. Small
/// objects: what is measured is what a notification costs. In one of ten a rule matches.
async fn soak(matcher: &Arc<Matcher>, home: &Path) {
    const BURST: usize = 10_000;
    let seconds = environment::number("LAKEHOUND_SOAK_SECONDS", 5) as u64;
    let most = environment::number("LAKEHOUND_SOAK_NOTIFICATIONS", usize::MAX);
    let lakes = [12, 40].map(|events| calls::lake(home, events));
    let [(_, quiet), (_, loud)] = lakes.each_ref().map(|lake| calls::objects(lake).remove(0));
    let sources = lakes
        .each_ref()
        .map(|lake| format!("dir:{}", lake.display()));
    let folder = tempfile::tempdir().expect("a folder");
    let inbox = Arc::new(DiskInbox::open(&folder.path().join("inbox.sqlite")).expect("an inbox"));
    let of = Arc::clone(&inbox) as Arc<dyn Inbox>;
    let hydrator = Hydrator::new(of, sources.to_vec(), reader(matcher));
    let mut news = hydrator.watch();
    let mut state = console();
    let begin = Instant::now();
    let (mut sent, mut read, mut found) = (0, 0, 0);
    let mut marks = Vec::new();
    let mut next_mark = Duration::ZERO;
    while begin.elapsed() < Duration::from_secs(seconds) && read < most {
        if sent - read < BURST {
            // A burst at a time: they wait on disk.
            for _ in 0..10 {
                let numbers = sent..sent + BURST / 10;
                sent = numbers.end;
                for (source, key, is_loud) in
                    [(&sources[0], &quiet, false), (&sources[1], &loud, true)]
                {
                    let of_it = numbers.clone().filter(|n| (n % 10 == 0) == is_loud);
                    let burst: Vec<Notification> = of_it.map(|n| notification(key, n)).collect();
                    let count = burst.len();
                    let new = inbox.receive(source, burst).await.expect("an inbox");
                    assert_eq!(new.len(), count);
                    let arrivals = new.into_iter().map(arrival).collect();
                    update(&mut state, Event::Arrived(arrivals), Utc::now());
                }
            }
        }
        if let Some(FeedNews::Read(readings)) = news.next().await {
            read += readings.len();
            let contents = readings.iter().filter_map(|one| one.outcome.as_ref().ok());
            found += contents.map(|one| one.detections.len()).sum::<usize>();
            update(&mut state, Event::Read(readings), Utc::now());
        }
        if begin.elapsed() >= next_mark {
            marks.push((begin.elapsed(), read, resident()));
            next_mark = begin.elapsed() + Duration::from_secs((seconds / 10).max(1));
        }
    }
    marks.push((begin.elapsed(), read, resident()));
    for (at, read, bytes) in &marks {
        println!(
            "soak: {:>6.1} s {read:>9} notifications read, {:.1} MB resident",
            at.as_secs_f64(),
            *bytes as f64 / 1e6
        );
    }
    println!(
        "soak: {read} notifications in {:.0} s ({:.0}/s), {found} detections",
        begin.elapsed().as_secs_f64(),
        read as f64 / begin.elapsed().as_secs_f64()
    );
}

/// The state of a console on a terminal of 120 by 40.
fn console() -> State {
    let setting = Setting {
        lake_name: "soak".to_owned(),
        is_demo: false,
        on_aws: false,
        demo_speed: 1,
        engine: "embedded".to_owned(),
        zone: chrono_tz::UTC,
        themes: vec!["dark".to_owned()],
        analyst: "soak".to_owned(),
        alerts: Alerts::default(),
        keymap: Arc::default(),
    };
    State::new(setting, "dark".to_owned(), (120, 40), Utc::now())
}

fn arrival(notification: Notification) -> Arrival {
    Arrival {
        notification,
        path: None,
        events: None,
        seen: Some(Utc::now()),
    }
}

/// A notification of an object in its `number`th state.
fn notification(key: &str, number: usize) -> Notification {
    Notification {
        bucket: "local".to_owned(),
        key: ObjectKey::parse(key).expect("a key"),
        size: None,
        etag: Some(format!("{number:032x}")),
        sequencer: None,
        time: None,
    }
}

/// Resident memory of this process.
fn resident() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages: u64 = text
        .split_whitespace()
        .nth(1)
        .and_then(|pages| pages.parse().ok())
        .unwrap_or(0);
    pages * 4_096
}
