//! The loop with a screen and a query service of paper, in time that stands still.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arrow::datatypes::Schema;
use async_trait::async_trait;
use futures::StreamExt;
use tokio::sync::{Notify, mpsc};

use super::effects::{Casework, Effects, Services};
use super::event_loop::{EventLoop, Screen};
use super::signals::Signal;
use crate::adapters::case::Cases;
use crate::domain::case::Author;
use crate::domain::cell::TimeStyle;
use crate::domain::emptiness::{Cause, Explanation};
use crate::domain::estimate::Effort;
use crate::domain::lake::{Arrival, Notification, ObjectKey};
use crate::domain::query::{
    QueryError, QueryErrorKind, QueryProgress, QueryRequest, QuerySummary, ScanEstimate,
};
use crate::ports::{Clock, QueryMonitor, QueryService, RunControl, RunningQuery};
use crate::store::State;
use crate::store::content::Content;
use crate::store::event::Event;
use crate::store::results::Phase;
use crate::store::testing::{noon, state};

/// Counts what is drawn, and is ready at once.
#[derive(Default)]
struct Paper {
    draws: Arc<AtomicUsize>,
    copied: Vec<String>,
}

impl Screen for Paper {
    fn ready(&self) -> bool {
        true
    }
    async fn written(&self) {
        std::future::pending().await
    }
    fn draw(&mut self, _: &State) -> io::Result<()> {
        self.draws.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
    fn forget(&mut self) {}
    fn copy(&mut self, text: &str) -> io::Result<()> {
        self.copied.push(text.to_owned());
        Ok(())
    }
    fn capture_mouse(&mut self, _: bool) -> io::Result<()> {
        Ok(())
    }
    fn suspend(&mut self) -> io::Result<Option<(u16, u16)>> {
        Ok(Some((100, 30)))
    }
}

struct Noon;

impl Clock for Noon {
    fn now(&self) -> chrono::DateTime<chrono::Utc> {
        noon()
    }
}

/// Queries that never end by themselves, and tell when one was started.
#[derive(Default)]
struct Endless {
    started: Arc<Notify>,
}

impl QueryMonitor for Endless {
    fn progress(&self) -> QueryProgress {
        QueryProgress::default()
    }
    fn summary(&self) -> QuerySummary {
        QuerySummary::default()
    }
}

#[async_trait]
impl QueryService for Endless {
    fn name(&self) -> &str {
        "endless"
    }
    async fn start(
        &self,
        _: QueryRequest,
        control: RunControl,
    ) -> Result<RunningQuery, QueryError> {
        self.started.notify_one();
        Ok(RunningQuery {
            columns: Vec::new(),
            schema: Arc::new(Schema::empty()),
            batches: futures::stream::once(async move {
                control.stopping().await;
                Err(QueryError::new(QueryErrorKind::Cancelled, "stopped"))
            })
            .boxed(),
            monitor: Arc::new(Endless::default()),
        })
    }
    async fn estimate(&self, _: QueryRequest, _: Effort) -> Result<ScanEstimate, QueryError> {
        Ok(ScanEstimate::default())
    }
}

fn services() -> Services {
    Services {
        queries: Arc::new(Endless::default()),
        load_content: Arc::new(Content::default),
        load_catalogue: Arc::new(|| Ok(Default::default())),
        explain_empty: Arc::new(|_, _| Ok(Explanation::new(Cause::Unknown, "nobody knows"))),
        load_coverage: Arc::new(|| Ok(None)),
        save_session: Arc::new(|_| Ok(())),
        save_template: Arc::new(|_, _| Err("no".into())),
        demo_live: Arc::new(|_| Ok(())),
        keeping: None,
        casework: Casework {
            cases: Cases::at(std::env::temp_dir().join("lakehound-without-cases")),
            author: Author {
                analyst: "ana".to_owned(),
                tool: "lakehound".to_owned(),
            },
        },
        access: None,
        times: TimeStyle::Athena,
        result_bytes: 1 << 20,
        spill_dir: std::env::temp_dir(),
    }
}

struct Bench {
    input: mpsc::Sender<Event>,
    answers: mpsc::Sender<Event>,
    signals: mpsc::Sender<Signal>,
    draws: Arc<AtomicUsize>,
    turning: EventLoop<Paper>,
}

fn bench(services: Services) -> Bench {
    let (input, keys) = mpsc::channel(64);
    let (answers, inbox) = mpsc::channel(4_096);
    let (signals, signalled) = mpsc::channel(4);
    let screen = Paper::default();
    let draws = Arc::clone(&screen.draws);
    let effects = Effects::new(services, tokio::runtime::Handle::current(), answers.clone());
    let turning = EventLoop::new(
        state(120, 40),
        effects,
        screen,
        Arc::new(Noon),
        keys,
        inbox,
        signalled,
    );
    Bench {
        input,
        answers,
        signals,
        draws,
        turning,
    }
}

async fn press(input: &mpsc::Sender<Event>, keys: &str) {
    for key in keys.split_whitespace() {
        input.send(Event::Key(key.parse().unwrap())).await.unwrap();
    }
}

fn arrival(number: usize) -> Event {
    Event::Arrived(vec![Arrival {
        notification: Notification {
            bucket: "b".into(),
            key: ObjectKey::foreign(&number.to_string()),
            size: None,
            etag: None,
            sequencer: None,
            time: None,
        },
        path: None,
        events: Some(Ok(1)),
        seen: None,
    }])
}

#[tokio::test(start_paused = true)]
async fn a_key_goes_before_a_flood_of_answers() {
    let bench = bench(services());
    for number in 0..4_000 {
        bench.answers.try_send(arrival(number)).unwrap();
    }
    press(&bench.input, "ctrl-q").await;
    let (_, state) = bench.turning.run(Vec::new()).await.unwrap();
    assert!(
        state.feed.total() < 4_000,
        "{} answers went before the key",
        state.feed.total()
    );
}

#[tokio::test(start_paused = true)]
async fn a_flood_costs_few_frames_and_rest_costs_none() {
    let Bench {
        input,
        answers,
        draws,
        turning,
        signals,
    } = bench(services());
    let counted = Arc::clone(&draws);
    let feeding = async move {
        for number in 0..3_000 {
            answers.send(arrival(number)).await.unwrap();
        }
        tokio::time::advance(Duration::from_secs(1)).await;
        let after_flood = counted.load(Ordering::Relaxed);
        tokio::time::advance(Duration::from_secs(3_600)).await;
        let after_rest = counted.load(Ordering::Relaxed);
        press(&input, "ctrl-q").await;
        drop(signals);
        (after_flood, after_rest)
    };
    let (ended, (after_flood, after_rest)) = tokio::join!(turning.run(Vec::new()), feeding);
    assert_eq!(ended.unwrap().1.feed.total(), 3_000);
    assert!(after_flood < 200, "{after_flood} frames");
    assert!(
        after_rest <= after_flood + 1,
        "{after_rest} frames after an hour of rest"
    );
}

#[tokio::test(start_paused = true)]
async fn a_query_that_never_ends_is_stopped_by_a_key() {
    let Bench {
        input,
        turning,
        signals,
        ..
    } = bench(services());
    let person = async move {
        input.send(Event::Paste("SELECT 1".into())).await.unwrap();
        press(&input, "f5").await;
        tokio::time::advance(Duration::from_secs(5)).await;
        press(&input, "ctrl-c").await;
        tokio::time::advance(Duration::from_secs(5)).await;
        press(&input, "ctrl-q").await;
        drop(signals);
    };
    let (ended, ()) = tokio::join!(turning.run(Vec::new()), person);
    assert_eq!(
        ended.unwrap().1.results.tab().unwrap().phase,
        Phase::Cancelled
    );
}

#[tokio::test(start_paused = true)]
async fn a_termination_ends_the_loop_whatever_runs_and_writes_the_session() {
    let saved = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&saved);
    let started = Arc::new(Notify::new());
    let services = Services {
        queries: Arc::new(Endless {
            started: Arc::clone(&started),
        }),
        save_session: Arc::new(move |_| {
            count.fetch_add(1, Ordering::Relaxed);
            Ok(())
        }),
        ..services()
    };
    let Bench {
        input,
        turning,
        signals,
        ..
    } = bench(services);
    let person = async {
        input.send(Event::Paste("SELECT 1".into())).await.unwrap();
        press(&input, "f5").await;
        started.notified().await;
        signals.send(Signal::Terminate).await.unwrap();
    };
    let (ended, ()) = tokio::join!(turning.run(Vec::new()), person);
    assert!(ended.unwrap().1.results.running().next().is_some());
    assert!(saved.load(Ordering::Relaxed) >= 1);
}

#[tokio::test(start_paused = true)]
async fn a_copy_reaches_the_screen_between_two_frames() {
    let Bench {
        input,
        turning,
        signals,
        ..
    } = bench(services());
    let person = async move {
        input.send(Event::Paste("SELECT 1".into())).await.unwrap();
        press(&input, "alt-c ctrl-q").await;
        drop(signals);
    };
    let (ended, ()) = tokio::join!(turning.run(Vec::new()), person);
    assert_eq!(ended.unwrap().0.copied, ["SELECT 1"]);
}
