//! The work of a queue's source: rounds, as many at once as the queue has messages for, and what is
//! told between them.

#![allow(
    clippy::disallowed_methods,
    reason = "this room owns the tasks that receive, and the clock that stamps what came"
)]

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use chrono::Utc;
use tokio::task::JoinSet;

use super::super::tally::Tally;
use super::super::telling::Teller;
use super::queue::{Attributes, BATCH, Queue, Refusal};
use super::round::{Broken, Brought, Round};
use super::{QueueKind, SqsSource};
use crate::adapters::aws::{Fault, pause};
use crate::domain::lake::Arrival;
use crate::ports::FeedNews;

/// How long a request waits for messages: the longest that SQS waits.
const LONG_POLL: Duration = Duration::from_secs(20);

/// The same where the end of the queue is looked for. It asks all of SQS's servers, as a request
/// that does not wait would not.
const SHORT_POLL: Duration = Duration::from_secs(1);

/// Rounds at once while the queue is full.
const MOST_ROUNDS: usize = 4;

/// The first pause after a failure; the next ones are longer, up to some seconds.
const FIRST_PAUSE: Duration = Duration::from_millis(400);

/// Failures in a row after which a source that is to end ends.
const TRIES_ONCE: u32 = 8;

/// How long what is looked at without deleting is left alone when it brought nothing new.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

/// How often the queue is asked what waits.
const ASK_EVERY: Duration = Duration::from_secs(60);

/// How often the counts are told while messages come.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// Messages whose refusal is remembered, so that it is told once.
const REMEMBERED: usize = 1_000;

/// Watches until nobody listens; a source that looks once, until the queue is empty.
pub(super) async fn run(source: SqsSource, teller: Teller) {
    let mut watch = Watch::new(source, teller);
    let mut failures = 0;
    loop {
        let broken = match watch.open().await {
            Ok(queue) => watch.rounds(&queue, &mut failures).await,
            Err(refusal) => Some(refusal),
        };
        // Without a failure, the queue is empty or nobody listens.
        let Some(refusal) = broken else { break };
        failures += 1;
        let may_pass = refusal.fault.may_pass() || refusal.fault == Fault::Credentials;
        if watch.fails(refusal.words()).await.is_err()
            || (watch.source.once && (!may_pass || failures >= TRIES_ONCE))
        {
            break;
        }
        tokio::time::sleep(pause(FIRST_PAUSE, failures)).await;
    }
}

/// Nobody listens any more.
struct Unheard;

struct Watch {
    source: SqsSource,
    teller: Teller,
    tally: Tally,
    refused: VecDeque<String>,
    asked: Option<Instant>,
    may_ask: bool,
    told: Option<Instant>,
    /// Set where messages stay by the queue's own rule.
    has_dead_letters: Option<bool>,
}

impl Watch {
    fn new(source: SqsSource, teller: Teller) -> Self {
        let mut tally = Tally::new(&source.name);
        if source.kind == QueueKind::Peek {
            tally.note(format!(
                "only looks: nothing is deleted, but each message that is looked at is hidden for \
                 {} s from whoever the queue belongs to, and counts as received once more: after \
                 as many receives as the queue's redrive policy allows, SQS moves it to the \
                 dead-letter queue",
                source.visibility.as_secs()
            ));
        }
        Self {
            source,
            teller,
            tally,
            refused: VecDeque::new(),
            asked: None,
            may_ask: true,
            told: None,
            has_dead_letters: None,
        }
    }

    /// The queue that is read: of dead letters, the one that the redrive policy names.
    async fn open(&mut self) -> Result<Queue, Refusal> {
        let opened = self.source.door.open().await;
        let access = opened.map_err(|error| Refusal {
            fault: Fault::Refused,
            error,
        })?;
        let queue = Queue::new(access, &self.source.url);
        if self.source.kind != QueueKind::DeadLetters {
            return Ok(queue);
        }
        let attributes = queue.attributes().await?;
        let Some(arn) = attributes.dead_letters else {
            return Err(Refusal {
                fault: Fault::Refused,
                error: crate::domain::query::QueryError::new(
                    crate::domain::query::QueryErrorKind::Refused,
                    format!("the queue {} has no dead-letter queue", self.source.url),
                )
                .with_hint("name the dead-letter queue itself as `sqs:URL`"),
            });
        };
        queue.by_arn(&arn).await
    }

    /// Rounds until one breaks, the queue is empty or nobody listens.
    async fn rounds(&mut self, queue: &Queue, failures: &mut u32) -> Option<Refusal> {
        let round = Round {
            queue: queue.clone(),
            inbox: std::sync::Arc::clone(&self.source.inbox),
            source: self.source.name.clone(),
            wait: if self.source.once {
                SHORT_POLL
            } else {
                LONG_POLL
            },
            hidden: self.source.visibility,
            deletes: self.source.kind != QueueKind::Peek,
        };
        let mut rounds = JoinSet::new();
        let mut wanted = 1;
        if self.source.kind != QueueKind::DeadLetters {
            self.look(queue).await;
        }
        loop {
            while rounds.len() < wanted {
                let mut next = round.clone();
                if self.told.is_none() {
                    // An empty queue too says soon that it is watched.
                    next.wait = SHORT_POLL;
                }
                rounds.spawn(next.run());
            }
            let brought = match rounds.join_next().await?.ok()? {
                Ok(brought) => brought,
                Err(broken) => {
                    // The others are let go on: what they have in hand is written down and told.
                    let refusal = broken.into_refusal();
                    while let Some(Ok(other)) = rounds.join_next().await {
                        if let Ok(other) = other {
                            self.take(other).await.ok()?;
                        }
                    }
                    return Some(refusal);
                }
            };
            *failures = 0;
            let (messages, new) = (brought.messages, brought.new.len());
            // What is refused comes again, and is no reason to go on.
            let is_all_refused = messages == brought.refused.len();
            let is_full = messages >= usize::try_from(BATCH).unwrap_or(usize::MAX);
            let is_news = self.tally.well();
            self.take(brought).await.ok()?;
            if self.told.is_none_or(|told| told.elapsed() >= TELL_EVERY) || is_news || messages == 0
            {
                self.look(queue).await;
                self.tell().await.ok()?;
            }
            wanted = match self.source.kind {
                QueueKind::Peek => 1,
                _ if is_full => (wanted + 1).min(MOST_ROUNDS),
                _ if is_all_refused => 1,
                _ => wanted,
            };
            if self.source.kind == QueueKind::Peek && new == 0 && messages > 0 {
                if self.source.once {
                    return self.end().await;
                }
                tokio::time::sleep(LOOK_AGAIN).await;
            }
            if self.source.once && is_all_refused && rounds.is_empty() {
                return self.end().await;
            }
        }
    }

    /// The last word of a source that looks once.
    async fn end(&mut self) -> Option<Refusal> {
        let _ = self.tell().await;
        None
    }

    /// Tells what a round brought.
    async fn take(&mut self, brought: Brought) -> Result<(), Unheard> {
        let now = Utc::now();
        self.tally.took(brought.notifications, &brought.new, now);
        for (id, cause) in brought.refused {
            if self.refused.contains(&id) {
                continue;
            }
            let whereto = match self.has_dead_letters {
                Some(true) => {
                    "it is not deleted, and goes to the dead-letter queue by the redrive policy"
                }
                Some(false) => {
                    "it is not deleted, and comes again until the queue's retention ends: the queue has no dead-letter queue"
                }
                None => {
                    "it is not deleted, and goes to the dead-letter queue if the queue has a redrive policy"
                }
            };
            self.tally
                .refused(format!("the message {id}: {cause}; {whereto}"), now);
            self.refused.push_back(id);
            if self.refused.len() > REMEMBERED {
                self.refused.pop_front();
            }
            self.tell().await?;
        }
        if let Some(refusal) = brought.undeleted {
            let words = format!(
                "messages that are in the inbox could not be deleted; they come again and are known then: {}",
                refusal.words()
            );
            self.tally.stumbled(words, now);
            self.tell().await?;
        }
        if brought.new.is_empty() {
            return Ok(());
        }
        let arrivals = brought.new.into_iter().map(|notification| Arrival {
            notification,
            path: None,
            events: None,
            seen: Some(now),
        });
        let arrived = FeedNews::Arrived(arrivals.collect());
        self.teller.send(arrived).await.map_err(|_| Unheard)
    }

    /// Asks now and then what waits. Not to be allowed to is a note: all else works.
    async fn look(&mut self, queue: &Queue) {
        if !self.may_ask || self.asked.is_some_and(|asked| asked.elapsed() < ASK_EVERY) {
            return;
        }
        self.asked = Some(Instant::now());
        match queue.attributes().await {
            Ok(attributes) => {
                self.has_dead_letters = Some(attributes.dead_letters.is_some());
                let mut backlog = attributes.backlog;
                backlog.dead = self.dead_letters(queue, &attributes).await;
                self.tally.set_backlog(Some(backlog));
            }
            Err(refusal) if refusal.fault == Fault::Denied => {
                self.may_ask = false;
                self.tally.note(
                    "what waits in the queue is not known: sqs:GetQueueAttributes is not granted; \
                     nothing else needs it",
                );
            }
            // What is wrong with the queue the next round says.
            Err(_) => {}
        }
    }

    /// How many dead letters there are, where they may be looked at.
    async fn dead_letters(&mut self, queue: &Queue, attributes: &Attributes) -> Option<u64> {
        let arn = attributes.dead_letters.as_deref()?;
        let counted = match queue.by_arn(arn).await {
            Ok(dead) => dead.attributes().await,
            Err(refusal) => Err(refusal),
        };
        match counted {
            Ok(dead) => {
                let count = dead.backlog.waiting + dead.backlog.in_flight;
                if count > 0 && self.source.kind == QueueKind::Ours {
                    self.tally.note(format!(
                        "there are messages in the dead-letter queue: the source `sqs-dlq:{}` takes them in again",
                        self.source.url
                    ));
                }
                Some(count)
            }
            Err(_) => {
                self.tally.note(format!(
                    "the dead-letter queue {arn} may not be looked at: sqs:GetQueueUrl and \
                     sqs:GetQueueAttributes on it would be needed"
                ));
                None
            }
        }
    }

    async fn fails(&mut self, reason: String) -> Result<(), Unheard> {
        if self.tally.failed(reason, Utc::now()) {
            return self.tell().await;
        }
        if self.teller.is_closed() {
            return Err(Unheard);
        }
        Ok(())
    }

    async fn tell(&mut self) -> Result<(), Unheard> {
        self.told = Some(Instant::now());
        let news = self.tally.news(Utc::now());
        self.teller.send(news).await.map_err(|_| Unheard)
    }
}

impl Broken {
    fn into_refusal(self) -> Refusal {
        match self {
            Self::Queue(refusal) => refusal,
            Self::Inbox(error) => Refusal {
                fault: Fault::Failing,
                error: crate::domain::query::QueryError::new(
                    crate::domain::query::QueryErrorKind::Storage,
                    error.0,
                ),
            },
        }
    }
}
