//! Looks after the runs that are at work: one task asks for all of them, early at first and then
//! ever more seldom, many in one call.

#![allow(
    clippy::disallowed_methods,
    reason = "this room owns the one task that polls; it ends when no run is watched"
)]

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_sdk_athena::Client;
use aws_sdk_athena::types::{QueryExecution, QueryExecutionState};
use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use crate::adapters::aws::{Fault, explain, fault_of};
use crate::domain::query::{QueryError, QueryErrorKind};

/// Milliseconds from one look to the next, where its answer is there by then; the last one stays.
/// Close together at first: most of what an analyst waits for by the second ends there.
const SCHEDULE: [u64; 10] = [150, 100, 100, 150, 250, 400, 700, 1_000, 1_500, 2_000];

/// Ids in one BatchGetQueryExecution.
const BATCH: usize = 50;

/// Looks that are due within this are taken along.
const TOGETHER: Duration = Duration::from_millis(100);

/// Looks in a row that may fail, each after the SDK's own attempts: about half a minute.
const FAILURES: u32 = 12;

/// What was last seen of a run.
pub(super) type Seen = Option<Result<Arc<QueryExecution>, QueryError>>;

/// The runs that are looked after.
#[derive(Debug)]
pub(super) struct Watcher {
    client: Client,
    runs: Mutex<Runs>,
    wake: Notify,
    /// Set where the batch call is not permitted: then each run is asked for by itself.
    singly: AtomicBool,
}

#[derive(Debug, Default)]
struct Runs {
    watched: HashMap<String, Watched>,
    polling: bool,
}

#[derive(Debug)]
struct Watched {
    due: Instant,
    /// When the last look was sent.
    sent: Instant,
    step: usize,
    failures: u32,
    seen: watch::Sender<Seen>,
}

impl Watcher {
    /// Looks after nothing yet.
    pub(super) fn new(client: Client) -> Arc<Self> {
        Arc::new(Self {
            client,
            runs: Mutex::default(),
            wake: Notify::new(),
            singly: AtomicBool::new(false),
        })
    }

    /// Looks after a run until it has ended or the receiver is dropped. A run that is not `fresh` is
    /// looked at now.
    pub(super) fn watch(self: &Arc<Self>, id: &str, fresh: bool) -> watch::Receiver<Seen> {
        let mut runs = self.runs();
        let wait = if fresh { pause(id, 0) } else { Duration::ZERO };
        let due = Instant::now() + wait;
        let receiver = match runs.watched.get_mut(id) {
            Some(known) => {
                known.due = known.due.min(due);
                known.seen.subscribe()
            }
            None => {
                let (seen, receiver) = watch::channel(None);
                let watched = Watched {
                    due,
                    sent: due,
                    step: 0,
                    failures: 0,
                    seen,
                };
                runs.watched.insert(id.to_owned(), watched);
                receiver
            }
        };
        if runs.polling {
            self.wake.notify_one();
        } else {
            runs.polling = true;
            let polling = Polling(Some(Arc::clone(self)));
            tokio::spawn(polling.poll());
        }
        receiver
    }

    /// Looks at a run soon, and often from then on: it was asked to stop.
    pub(super) fn hurry(&self, id: &str) {
        if let Some(watched) = self.runs().watched.get_mut(id) {
            watched.step = 0;
            watched.due = Instant::now() + pause(id, 0);
        }
        self.wake.notify_one();
    }

    /// The runs to look at now, and when the next look is due; `None` where nobody watches.
    fn due(&self) -> Option<(Vec<String>, Instant)> {
        let mut runs = self.runs();
        runs.watched
            .retain(|_, watched| watched.seen.receiver_count() > 0);
        let Some(next) = runs.watched.values().map(|watched| watched.due).min() else {
            runs.polling = false;
            return None;
        };
        let now = Instant::now();
        if next > now {
            return Some((Vec::new(), next));
        }
        let mut due: Vec<(Instant, &String)> = runs
            .watched
            .iter()
            .filter(|(_, watched)| watched.due <= now + TOGETHER)
            .map(|(id, watched)| (watched.due, id))
            .collect();
        due.sort();
        let ids = due.into_iter().take(BATCH).map(|(_, id)| id.clone());
        Some((ids.collect(), next))
    }

    async fn look(&self, ids: &[String]) {
        if ids.len() > 1 && !self.singly.load(Ordering::Relaxed) {
            match self.look_at_all(ids).await {
                Ok(()) => return,
                Err(error) if error.kind == QueryErrorKind::Denied => {
                    self.singly.store(true, Ordering::Relaxed);
                }
                Err(error) => {
                    let passes = passes(&error);
                    for id in ids {
                        self.failed(id, &error, passes);
                    }
                    return;
                }
            }
        }
        for id in ids {
            self.asked(id);
            let answer = self
                .client
                .get_query_execution()
                .query_execution_id(id)
                .send()
                .await;
            match answer {
                Ok(answer) => match answer.query_execution {
                    Some(execution) => self.seen(id, execution),
                    None => self.failed(id, &unknown(id), true),
                },
                Err(error) => {
                    let passes = fault_of(&error).may_pass();
                    let error = match fault_of(&error) {
                        Fault::Refused | Fault::Missing => unknown(id),
                        _ => explain("athena:GetQueryExecution", &error),
                    };
                    self.failed(id, &error, passes);
                }
            }
        }
    }

    async fn look_at_all(&self, ids: &[String]) -> Result<(), QueryError> {
        for id in ids {
            self.asked(id);
        }
        let answer = self
            .client
            .batch_get_query_execution()
            .set_query_execution_ids(Some(ids.to_vec()))
            .send()
            .await
            .map_err(|error| explain("athena:BatchGetQueryExecution", &error))?;
        let mut unanswered: HashSet<&String> = ids.iter().collect();
        for execution in answer.query_executions.unwrap_or_default() {
            if let Some(id) = execution.query_execution_id.clone() {
                unanswered.remove(&id);
                self.seen(&id, execution);
            }
        }
        for missed in answer.unprocessed_query_execution_ids.unwrap_or_default() {
            if let Some(id) = &missed.query_execution_id {
                unanswered.remove(id);
                self.failed(id, &unknown(id), false);
            }
        }
        // What was not answered at all is asked again, and not at once.
        for id in unanswered {
            self.put_off(id);
        }
        Ok(())
    }

    fn seen(&self, id: &str, execution: QueryExecution) {
        let ended = ended(&execution);
        let mut runs = self.runs();
        if let Some(watched) = runs.watched.get_mut(id) {
            watched.failures = 0;
            watched.next(id);
            watched.seen.send_replace(Some(Ok(Arc::new(execution))));
            if ended {
                runs.watched.remove(id);
            }
        }
    }

    fn failed(&self, id: &str, error: &QueryError, passes: bool) {
        let mut runs = self.runs();
        if let Some(watched) = runs.watched.get_mut(id) {
            watched.failures += 1;
            // From now, and not from when it was sent: what fails is asked more seldom.
            watched.sent = Instant::now();
            watched.next(id);
            if !passes || watched.failures >= FAILURES {
                watched.seen.send_replace(Some(Err(error.clone())));
                runs.watched.remove(id);
            }
        }
    }

    fn put_off(&self, id: &str) {
        if let Some(watched) = self.runs().watched.get_mut(id) {
            watched.sent = Instant::now();
            watched.next(id);
        }
    }

    /// A look is sent.
    fn asked(&self, id: &str) {
        if let Some(watched) = self.runs().watched.get_mut(id) {
            watched.sent = Instant::now();
        }
    }

    fn runs(&self) -> MutexGuard<'_, Runs> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The task that polls. Where it ends before its time, with its runtime, whoever waits is told.
struct Polling(Option<Arc<Watcher>>);

impl Polling {
    async fn poll(mut self) {
        while let Some(watcher) = &self.0 {
            match watcher.due() {
                None => self.0 = None,
                Some((ids, next)) if ids.is_empty() => tokio::select! {
                    () = tokio::time::sleep_until(next) => {}
                    () = watcher.wake.notified() => {}
                },
                Some((ids, _)) => watcher.look(&ids).await,
            }
        }
    }
}

impl Drop for Polling {
    fn drop(&mut self) {
        if let Some(watcher) = &self.0 {
            let mut runs = watcher.runs();
            runs.polling = false;
            runs.watched.clear();
        }
    }
}

impl Watched {
    fn next(&mut self, id: &str) {
        self.step += 1;
        let pause = pause(id, self.step);
        // A service that answers late is not asked without a pause for all that.
        self.due = (self.sent + pause).max(Instant::now() + pause / 4);
    }
}

/// Whether a run does nothing any more.
pub(super) fn ended(execution: &QueryExecution) -> bool {
    matches!(
        execution.status().and_then(|status| status.state()),
        Some(
            QueryExecutionState::Succeeded
                | QueryExecutionState::Failed
                | QueryExecutionState::Cancelled
        )
    )
}

fn passes(error: &QueryError) -> bool {
    matches!(error.kind, QueryErrorKind::Busy | QueryErrorKind::Storage)
}

fn unknown(id: &str) -> QueryError {
    QueryError::new(
        QueryErrorKind::UnknownName,
        format!("Athena does not know the query {id}"),
    )
    .with_hint("look at the Region and the workgroup; Athena forgets a query after 45 days")
}

/// The pause before a look, a fifth shorter or longer by chance, so that many runs and many people
/// do not ask at the same moments.
fn pause(id: &str, step: usize) -> Duration {
    let last = SCHEDULE.len() - 1;
    let base = SCHEDULE.get(step.min(last)).copied().unwrap_or(2_000);
    if step == 0 {
        return Duration::from_millis(base);
    }
    let mut hasher = DefaultHasher::new();
    (id, step).hash(&mut hasher);
    let share = hasher.finish() % 401;
    Duration::from_micros(base * (800 + share))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_first_look_is_early() {
        assert_eq!(pause("a", 0), Duration::from_millis(150));
    }

    proptest! {
        #[test]
        fn pauses_stay_near_their_schedule(id in "[0-9a-f-]{36}", step in 1_usize..1_000) {
            let base = SCHEDULE[step.min(SCHEDULE.len() - 1)];
            let pause = pause(&id, step);
            prop_assert!(pause >= Duration::from_millis(base * 8 / 10));
            prop_assert!(pause <= Duration::from_millis(base * 12 / 10));
        }
    }
}
