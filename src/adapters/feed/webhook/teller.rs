//! Runs a webhook, and hands on what it wrote down: as a stream that somebody takes from, and that
//! ends everything when it is dropped.

#![allow(
    clippy::disallowed_methods,
    reason = "this room owns the tasks of the webhook"
)]

use std::sync::Arc;
use std::time::Duration;

use futures::stream::{BoxStream, StreamExt};
use tokio::sync::{Notify, mpsc};
use tokio::time::sleep;
use tokio_util::task::AbortOnDropHandle;

use super::Shared;
use super::counts::Counts;
use super::desk::Desk;
use super::door::Door;
use crate::domain::detection::Reading;
use crate::domain::document::Kept;
use crate::ports::FeedNews;

/// News that wait for whoever takes them before requests wait too.
const WAITING: usize = 64;
/// Documents that are told at a time.
const AT_A_TIME: usize = 32;
/// How often the counts are told at most.
const BETWEEN_COUNTS: Duration = Duration::from_secs(1);
/// How long it waits before it tries again to listen, at first and at most.
const TRY_AGAIN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// How long it waits before it tries again to read documents.
const READ_AGAIN: Duration = Duration::from_secs(5);

/// What is handed on.
pub(super) enum News {
    Feed(FeedNews),
    /// Documents, with their numbers.
    Documents(Vec<i64>, Vec<Reading>),
}

/// The stream's state.
struct Telling {
    news: mpsc::Receiver<News>,
    /// Documents that were handed on and not yet written down as told.
    handed: Vec<i64>,
    shared: Arc<Shared>,
    _work: AbortOnDropHandle<()>,
}

/// Starts a webhook. Needs tokio's runtime around it.
pub(super) fn start(shared: Arc<Shared>) -> BoxStream<'static, FeedNews> {
    let (sender, news) = mpsc::channel(WAITING);
    let work = tokio::spawn(run(Arc::clone(&shared), sender));
    let telling = Telling {
        news,
        handed: Vec::new(),
        shared,
        _work: AbortOnDropHandle::new(work),
    };
    futures::stream::unfold(telling, Telling::next).boxed()
}

impl Telling {
    async fn next(mut self) -> Option<(FeedNews, Self)> {
        // Whoever asks for the next news is done with the ones before. What cannot be written down
        // now is told once more at the next start.
        if !self.handed.is_empty() {
            let handed = std::mem::take(&mut self.handed);
            if let Err(error) = self.shared.documents.told(handed).await {
                tracing::warn!(%error, "documents stay untold");
            }
        }
        match self.news.recv().await? {
            News::Feed(news) => Some((news, self)),
            News::Documents(numbers, readings) => {
                self.handed = numbers;
                Some((FeedNews::Read(readings), self))
            }
        }
    }
}

impl Drop for Telling {
    fn drop(&mut self) {
        // Nobody listens any more where these lead.
        self.shared.set_urls(Vec::new());
    }
}

async fn run(shared: Arc<Shared>, news: mpsc::Sender<News>) {
    let bell = Arc::new(Notify::new());
    let counts = Arc::new(Counts::new(&shared.setup.name));
    if shared.once {
        tell_documents(&shared, &news, &bell, &counts).await;
        return;
    }
    tokio::select! {
        () = listen(&shared, &news, &bell, &counts) => {}
        () = tell_counts(&news, &counts) => {}
    }
}

/// Listens; where it cannot it says so and tries again, for the port may come free and the
/// certificate be put in place.
async fn listen(
    shared: &Arc<Shared>,
    news: &mpsc::Sender<News>,
    bell: &Arc<Notify>,
    counts: &Arc<Counts>,
) {
    let mut wait = TRY_AGAIN.0;
    loop {
        let desk = Desk::new(shared, news.clone(), Arc::clone(bell), Arc::clone(counts));
        let opened = match desk {
            Ok(desk) => Door::open(&shared.setup).await.map(|door| (desk, door)),
            Err(reason) => Err(reason),
        };
        let (desk, door) = match opened {
            Ok(opened) => opened,
            Err(reason) => {
                counts.count(|tally, now| tally.failed(reason, now));
                sleep(wait).await;
                wait = (wait * 2).min(TRY_AGAIN.1);
                continue;
            }
        };
        shared.set_urls(door.urls.clone());
        counts.count(|tally, _| {
            for note in notes(shared, &door.urls) {
                tally.note(note);
            }
            tally.well();
        });
        // Of several processes the one that listens tells the documents.
        tokio::select! {
            () = door.serve(desk.router()) => {}
            () = tell_documents(shared, news, bell, counts) => {}
        }
        return;
    }
}

/// What a person needs to set up a sender.
fn notes(shared: &Shared, urls: &[String]) -> Vec<String> {
    let setup = &shared.setup;
    let mut notes: Vec<String> = urls.iter().map(|url| format!("URL {url}")).collect();
    let (header, place) = (&setup.header, setup.key.place());
    notes.push(format!("key in the header {header}, from {place}"));
    if setup.tls.is_none() && !setup.address.ip().is_loopback() {
        notes.push("without TLS: keys and bodies can be read on the way".to_owned());
    }
    notes
}

/// Hands on the documents that are written down, those of earlier starts first.
async fn tell_documents(
    shared: &Shared,
    news: &mpsc::Sender<News>,
    bell: &Notify,
    counts: &Counts,
) {
    let name = &shared.setup.name;
    let mut after = 0;
    loop {
        match shared.documents.untold(name, after, AT_A_TIME).await {
            Ok(untold) if untold.is_empty() && shared.once => return,
            Ok(untold) if untold.is_empty() => bell.notified().await,
            Ok(untold) => {
                let numbers: Vec<i64> = untold.iter().map(|kept| kept.number).collect();
                after = numbers.last().copied().unwrap_or(after);
                let readings = untold.iter().map(Kept::reading).collect();
                if news.send(News::Documents(numbers, readings)).await.is_err() {
                    return;
                }
            }
            Err(error) => {
                counts.count(|tally, now| tally.stumbled(error.to_string(), now));
                if shared.once {
                    return;
                }
                sleep(READ_AGAIN).await;
            }
        }
    }
}

/// Tells the source's state when it changed, and not too often.
async fn tell_counts(news: &mpsc::Sender<News>, counts: &Counts) {
    loop {
        counts.changed().await;
        if news.send(News::Feed(counts.news())).await.is_err() {
            return;
        }
        sleep(BETWEEN_COUNTS).await;
    }
}
