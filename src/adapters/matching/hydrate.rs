//! From notifications to readings: each object is read and judged on threads of their own, as many at
//! a time as there are threads. What waits stays where it is, on disk in the inbox: a burst of
//! notifications grows nothing here.

use std::collections::VecDeque;
use std::path::{Component, Path};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, FuturesUnordered, StreamExt as _};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::pool::Pool;
use super::{Matcher, Place};
use crate::adapters::engine::{ObjectFault, ObjectStore};
use crate::domain::detection::{Contents, ObjectName, Reading, Unreadable};
use crate::domain::lake::SourceNews;
use crate::domain::lake::notification::url_decoded;
use crate::ports::{Clock, FeedNews, Inbox, InboxError, NotificationSource, Waiting};

/// The source's name.
pub const READING: &str = "reading";
/// The name under which rules that are of no use are told.
pub const RULES: &str = "rules";

/// Notifications that are taken from the inbox at a time.
const AT_ONCE: usize = 64;
/// The wait before the second try, doubled each time.
const FIRST_WAIT: TimeDelta = TimeDelta::seconds(5);
const LONGEST_WAIT: TimeDelta = TimeDelta::minutes(15);
/// Tries of an object that is not there: it may be told of before it can be read, not for ever.
const TRIES_OF_WHAT_IS_GONE: u32 = 10;
/// Words about rules that are told at a time.
const MOST_NOTES: usize = 20;

/// How a source is called in the inbox whose objects are files below a folder.
const OF_A_FOLDER: &str = "dir:";

/// Where the object is that a source's notification names.
fn place(store: &ObjectStore, source: &str, key: &str) -> Result<Place, ObjectFault> {
    let Some(folder) = source.strip_prefix(OF_A_FOLDER) else {
        return Ok(Place::S3(store.clone()));
    };
    let below = Path::new(key);
    // A key is what a stranger wrote: it leads nowhere but below the folder.
    let mut parts = below.components();
    match !key.is_empty() && parts.all(|part| matches!(part, Component::Normal(_))) {
        true => Ok(Place::Disk(Path::new(folder).join(below))),
        false => Err(ObjectFault::Damaged(
            "its key names no file below the folder of its source".to_owned(),
        )),
    }
}

/// Reads objects, on threads of its own.
#[derive(Clone)]
pub struct Reader {
    matcher: Arc<Matcher>,
    store: ObjectStore,
    pool: Pool,
    clock: Arc<dyn Clock>,
}

impl Reader {
    /// A reader with so many threads.
    pub fn new(
        matcher: Arc<Matcher>,
        store: ObjectStore,
        threads: usize,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            matcher,
            store,
            pool: Pool::new(threads),
            clock,
        }
    }

    /// Reads the object of a notification.
    async fn read(&self, waiting: Waiting) -> Reading {
        let object = ObjectName::from(&waiting.notification);
        let tries = waiting.tries;
        let read = {
            let (matcher, store) = (Arc::clone(&self.matcher), self.store.clone());
            let (object, now) = (object.clone(), self.clock.now());
            self.pool
                .run(move || read_here(&matcher, &store, &waiting.source, &object, now))
                .await
        };
        let read =
            read.unwrap_or_else(|| Err(ObjectFault::Damaged("whoever read it failed".to_owned())));
        let outcome = read.map_err(|fault| unreadable(&fault, tries, self.clock.now()));
        Reading { object, outcome }
    }

    /// What is to be told of rules now.
    fn notes(&self) -> Option<FeedNews> {
        let mut notes: Vec<String> = self
            .matcher
            .take_notes()
            .into_iter()
            .map(|one| {
                format!(
                    "not used: {} ({}): {}",
                    one.about.title, one.about.id, one.why
                )
            })
            .collect();
        if notes.is_empty() {
            return None;
        }
        let more = notes.len().saturating_sub(MOST_NOTES);
        notes.truncate(MOST_NOTES);
        if more > 0 {
            notes.push(format!(
                "and {more} more; `lakehound detect --check` lists rules that cannot be used"
            ));
        }
        Some(FeedNews::State(SourceNews {
            notes,
            ..SourceNews::watching(RULES)
        }))
    }
}

fn read_here(
    matcher: &Matcher,
    store: &ObjectStore,
    source: &str,
    object: &ObjectName,
    now: DateTime<Utc>,
) -> Result<Contents, ObjectFault> {
    let read = |key: &str| {
        let place = place(store, source, key)?;
        let named = ObjectName {
            bucket: object.bucket.clone(),
            key: key.to_owned(),
        };
        matcher.read(&place, &named, now)
    };
    let raw = read(&object.key);
    // Some senders write keys as URLs do.
    if matches!(raw, Err(ObjectFault::Gone)) && object.key.contains(['%', '+']) {
        let decoded = url_decoded(&object.key);
        if decoded != object.key
            && let Ok(contents) = read(&decoded)
        {
            return Ok(contents);
        }
    }
    raw
}

/// Why an object was not read, and when it is tried again.
fn unreadable(fault: &ObjectFault, tries: u32, now: DateTime<Utc>) -> Unreadable {
    let again = match fault {
        ObjectFault::Damaged(_) => false,
        ObjectFault::Gone => tries + 1 < TRIES_OF_WHAT_IS_GONE,
        ObjectFault::Passing(_) => true,
    };
    let factor = 1_i32.checked_shl(tries.min(16)).unwrap_or(i32::MAX);
    let wait = FIRST_WAIT
        .checked_mul(factor)
        .unwrap_or(LONGEST_WAIT)
        .min(LONGEST_WAIT);
    Unreadable {
        cause: format!("the object {fault}"),
        again: again.then(|| now.checked_add_signed(wait)).flatten(),
    }
}

/// Reads what sources have brought into an inbox, as long as it is listened to. Of several processes
/// one reads what a source brings; where it ends, another takes over.
pub struct Hydrator {
    inbox: Arc<dyn Inbox>,
    sources: Vec<String>,
    reader: Reader,
    ending: CancellationToken,
}

impl Hydrator {
    /// Over an inbox and sources, by their names in it.
    pub fn new(inbox: Arc<dyn Inbox>, sources: Vec<String>, reader: Reader) -> Self {
        Self {
            inbox,
            sources,
            reader,
            ending: CancellationToken::new(),
        }
    }

    /// Ends, once this is cancelled and nothing is left that can be read now.
    #[must_use]
    pub fn until(mut self, ending: CancellationToken) -> Self {
        self.ending = ending;
        self
    }
}

impl NotificationSource for Hydrator {
    fn name(&self) -> &str {
        READING
    }

    fn watch(&self) -> BoxStream<'static, FeedNews> {
        let turn = Turn {
            inbox: Arc::clone(&self.inbox),
            unclaimed: self.sources.clone(),
            claim_next: Instant::now(),
            notes: Vec::new(),
            reader: self.reader.clone(),
            waiting: VecDeque::new(),
            running: FuturesUnordered::new(),
            told: Vec::new(),
            failing: false,
            ending: self.ending.clone(),
        };
        stream::unfold(turn, |mut turn| async move {
            let news = turn.next().await?;
            Some((news, turn))
        })
        .boxed()
    }
}

/// The state of one who listens to a hydrator.
struct Turn {
    inbox: Arc<dyn Inbox>,
    /// The sources that are not read here: another process reads them.
    unclaimed: Vec<String>,
    /// When it is looked again whether they still are.
    claim_next: Instant,
    /// Who reads them.
    notes: Vec<String>,
    reader: Reader,
    waiting: VecDeque<Waiting>,
    running: FuturesUnordered<BoxFuture<'static, (i64, Reading)>>,
    /// How those went that were told of last. They are settled when more is asked for: by then
    /// whoever listens has what was found where a kill does not lose it.
    told: Vec<(i64, Result<u64, Unreadable>)>,
    /// Whether the inbox failed the last time.
    failing: bool,
    ending: CancellationToken,
}

/// How often it is looked whether another process still reads.
const CLAIM_EVERY: Duration = Duration::from_secs(1);

/// The pause after the inbox has failed: the disk may be full, and is not asked in a circle.
const AFTER_FAULT: Duration = Duration::from_secs(5);

impl Turn {
    async fn next(&mut self) -> Option<FeedNews> {
        self.settle_told().await;
        loop {
            if let Some(notes) = self.reader.notes() {
                return Some(notes);
            }
            if self.failing {
                tokio::time::sleep(AFTER_FAULT).await;
            }
            let is_news = match self.claim().await {
                Ok(is_news) => is_news,
                Err(fault) => return Some(self.fails(&fault)),
            };
            if let Err(fault) = self.fill().await {
                return Some(self.fails(&fault));
            }
            if self.failing || is_news {
                self.failing = false;
                return Some(FeedNews::State(SourceNews {
                    notes: self.notes.clone(),
                    ..SourceNews::watching(READING)
                }));
            }
            if self.running.is_empty() {
                if self.ending.is_cancelled() {
                    return None;
                }
                self.idle().await;
                continue;
            }
            let can_take = self.waiting.is_empty() && self.running.len() < self.most();
            let done = tokio::select! {
                biased;
                done = self.running.next() => done,
                () = self.inbox.arrived(), if can_take => None,
            };
            if let Some(done) = done {
                return Some(self.tell(done));
            }
        }
    }

    /// Objects that are read or wait for a thread.
    fn most(&self) -> usize {
        self.reader.pool.threads() * 2
    }

    fn fails(&mut self, fault: &InboxError) -> FeedNews {
        self.failing = true;
        FeedNews::State(SourceNews {
            notes: self.notes.clone(),
            ..SourceNews::failing(READING, fault.to_string())
        })
    }

    /// Takes over what no other process reads. Whether who reads is news.
    async fn claim(&mut self) -> Result<bool, InboxError> {
        if self.unclaimed.is_empty() || Instant::now() < self.claim_next {
            return Ok(false);
        }
        self.claim_next = Instant::now() + CLAIM_EVERY;
        let elsewhere = self.inbox.claim(&self.unclaimed).await?;
        let notes = elsewhere.iter().map(|one| {
            format!(
                "another lakehound ({}) reads what {} brings, and tells what it finds there; this \
                 one takes over when that one ends",
                one.reader, one.source
            )
        });
        let notes: Vec<String> = notes.collect();
        self.unclaimed = elsewhere.into_iter().map(|one| one.source).collect();
        let is_news = notes != self.notes;
        self.notes = notes;
        Ok(is_news)
    }

    /// Starts to read as many objects as there is room for.
    async fn fill(&mut self) -> Result<(), InboxError> {
        while self.running.len() < self.most() {
            if self.waiting.is_empty() {
                let now = self.reader.clock.now();
                self.waiting.extend(self.inbox.take(AT_ONCE, now).await?);
            }
            let Some(next) = self.waiting.pop_front() else {
                break;
            };
            let reader = self.reader.clone();
            self.running.push(Box::pin(async move {
                let id = next.id;
                (id, reader.read(next).await)
            }));
        }
        Ok(())
    }

    /// Waits until there may be something to take.
    async fn idle(&mut self) {
        let now = self.reader.clock.now();
        let due = match self.inbox.next_try().await {
            Ok(Some(due)) => Some((due - now).to_std().unwrap_or_default()),
            Ok(None) => None,
            Err(_) => Some(AFTER_FAULT),
        };
        let timer = async {
            match due {
                // A moment more, so that it is due when it is asked for.
                Some(wait) => tokio::time::sleep(wait + Duration::from_millis(1)).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = self.inbox.arrived() => {}
            () = self.reader.matcher.noted() => {}
            () = self.ending.cancelled() => {}
            () = tokio::time::sleep_until(self.claim_next), if !self.unclaimed.is_empty() => {}
            () = timer => {}
        }
    }

    /// Says how those readings went that were told of last.
    async fn settle_told(&mut self) {
        for (id, outcome) in std::mem::take(&mut self.told) {
            // What could not be settled is read again after the next start.
            self.failing |= self.inbox.settle(id, outcome).await.is_err();
        }
    }

    /// Tells of the reading that is done, and of those that are done by now.
    fn tell(&mut self, first: (i64, Reading)) -> FeedNews {
        let mut done = vec![first];
        while let Some(Some(next)) = futures::FutureExt::now_or_never(self.running.next()) {
            done.push(next);
        }
        let readings = done.into_iter().map(|(id, reading)| {
            let outcome = match &reading.outcome {
                Ok(contents) => Ok(contents.events),
                Err(unreadable) => Err(unreadable.clone()),
            };
            self.told.push((id, outcome));
            reading
        });
        FeedNews::Read(readings.collect())
    }
}
