//! A run from Athena's name of it to its last row.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arrow::array::RecordBatch;
use aws_sdk_athena::types::{QueryExecution, QueryExecutionState};
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, StreamExt};

use super::queue::Slot;
use super::results::{self, FinishedRun};
use super::watcher::ended as has_ended;
use super::{AthenaService, bill, cancelled, errors, scanned, submit};
use crate::adapters::aws::{Fault, explain, fault_of};
use crate::adapters::journal::{Expected, Hold, RunEnd, RunJournal};
use crate::domain::query::{
    Execution, QueryError, QueryErrorKind, QueryProgress, QuerySummary, Stage,
};
use crate::ports::{QueryMonitor, RunControl, RunningQuery};

/// What is known of a run besides its name.
pub(super) struct Followed {
    /// Athena's name of it.
    pub(super) id: String,
    /// Its token in the journal; `None` for one that somebody else started.
    pub(super) token: Option<String>,
    /// Says in the journal that it is looked after.
    pub(super) hold: Option<Hold>,
    /// What it was expected to scan.
    pub(super) expected: Option<Expected>,
    /// Stop it where it has scanned more bytes than this.
    pub(super) max_bytes: Option<u64>,
    /// Whether it was started just now.
    pub(super) fresh: bool,
}

impl AthenaService {
    /// Waits for the end of a run and opens its rows. A run that is to stop is stopped, and the
    /// error comes when Athena has confirmed that nothing runs any more.
    pub(super) async fn follow(
        &self,
        run: Followed,
        slot: Slot,
        control: &RunControl,
    ) -> Result<RunningQuery, QueryError> {
        let execution = self.until_ended(&run, control).await?;
        drop(slot);
        let status = execution.status();
        let bytes = scanned(&execution);
        let price = self.price();
        let failure = match status.and_then(|status| status.state()) {
            _ if control.is_stopping() => Some((cancelled(bytes, price), "stopped")),
            Some(QueryExecutionState::Succeeded) => None,
            _ if run.max_bytes.is_some_and(|most| bytes > most) => {
                Some((self.too_large(&run, bytes), "stopped"))
            }
            Some(QueryExecutionState::Cancelled) => {
                let mut error = errors::of_execution(&execution);
                if error.kind == QueryErrorKind::Execution {
                    error = cancelled(bytes, price);
                    "the query was stopped at Athena, and not from here"
                        .clone_into(&mut error.message);
                }
                Some((error, "cancelled"))
            }
            _ => Some((errors::of_execution(&execution), "failed")),
        };
        if let Some((error, outcome)) = failure {
            if let Some(token) = &run.token {
                let end = ending(&told(&execution), outcome);
                submit::ended_with(&self.journal, token, end).await;
            }
            return Err(error);
        }
        control.tell(QueryProgress {
            stage: Stage::Fetching,
            bytes_read: bytes,
            ..QueryProgress::default()
        });
        let finished = FinishedRun::of(&run.id, &execution);
        let opened = tokio::select! {
            biased;
            () = control.stopping() => Err(cancelled(bytes, price)),
            opened = results::open(&self.clients, &finished) => opened,
        };
        let rows = match opened {
            Ok(rows) => rows,
            Err(error) => {
                let error = self.access.renewable(error);
                if let (Some(outcome), Some(token)) = (outcome_of(&error), &run.token) {
                    let end = ending(&told(&execution), outcome);
                    submit::ended_with(&self.journal, token, end).await;
                }
                return Err(error);
            }
        };
        let execution = told(&execution);
        let mut notes = rows.notes;
        if !execution.reused {
            notes.extend(bill::truth(run.expected, bytes));
        }
        let monitor = Arc::new(Monitor {
            execution,
            fetched: rows.fetched,
            requests: rows.requests,
            rows: AtomicU64::new(0),
            notes,
            charge: Mutex::new(run.token.map(|token| Charge {
                journal: Arc::clone(&self.journal),
                token,
                _hold: run.hold,
            })),
        });
        let reading = Reading {
            batches: rows.batches,
            control: control.clone(),
            monitor: Arc::clone(&monitor),
            at_the_end: false,
            stopped: cancelled(bytes, price),
            service: self.access.clone(),
        };
        Ok(RunningQuery {
            columns: rows.columns,
            schema: rows.schema,
            batches: reading.stream(),
            monitor,
        })
    }

    /// The execution at its end.
    async fn until_ended(
        &self,
        run: &Followed,
        control: &RunControl,
    ) -> Result<Arc<QueryExecution>, QueryError> {
        let mut seen = self.watcher.watch(&run.id, run.fresh);
        let mut asked_to_stop = false;
        loop {
            tokio::select! {
                biased;
                () = control.stopping(), if !asked_to_stop => {
                    asked_to_stop = true;
                    self.stop(&run.id).await?;
                    self.watcher.hurry(&run.id);
                    continue;
                }
                changed = seen.changed() => {
                    // What was sent last is seen before the sender's end is.
                    if changed.is_err() {
                        return Err(lost(&run.id, None));
                    }
                }
            }
            let last = seen.borrow_and_update().clone();
            let execution = match last {
                None => continue,
                Some(Err(error)) => return Err(lost(&run.id, Some(self.access.renewable(error)))),
                Some(Ok(execution)) => execution,
            };
            if has_ended(&execution) {
                return Ok(execution);
            }
            let bytes = scanned(&execution);
            let queued = execution.status().and_then(|status| status.state())
                == Some(&QueryExecutionState::Queued);
            control.tell(QueryProgress {
                stage: if queued {
                    Stage::Queued
                } else {
                    Stage::Running
                },
                bytes_read: bytes,
                ..QueryProgress::default()
            });
            if !asked_to_stop && run.max_bytes.is_some_and(|most| bytes > most) {
                asked_to_stop = true;
                self.stop(&run.id).await?;
                self.watcher.hurry(&run.id);
            }
        }
    }

    /// Asks Athena to stop a run. Asked again where the call did not get through.
    async fn stop(&self, id: &str) -> Result<(), QueryError> {
        const TRIES: u32 = 3;
        let mut tries = 0;
        loop {
            let stopped = self
                .clients
                .athena
                .stop_query_execution()
                .query_execution_id(id)
                .send()
                .await;
            let Err(error) = stopped else {
                return Ok(());
            };
            tries += 1;
            let fault = fault_of(&error);
            if fault.may_pass() && tries < TRIES {
                continue;
            }
            // One that has ended meanwhile cannot be stopped, and need not.
            if fault == Fault::Refused {
                return Ok(());
            }
            let error = self
                .access
                .renewable(explain("athena:StopQueryExecution", &error));
            let hint = error.hint.clone().unwrap_or_default();
            return Err(error.with_hint(format!("the query {id} still runs and is billed; {hint}")));
        }
    }

    fn too_large(&self, run: &Followed, bytes: u64) -> QueryError {
        QueryError::new(
            QueryErrorKind::TooLarge,
            format!(
                "stopped after {bytes} bytes were scanned, which is more than the {} allowed",
                run.max_bytes.unwrap_or_default()
            ),
        )
        .with_hint(format!(
            "what was scanned is billed: {}; narrow the time range or the partitions",
            self.price().of(bytes)
        ))
    }
}

/// The end of looking after a run that itself goes on.
fn lost(id: &str, error: Option<QueryError>) -> QueryError {
    let error = error.unwrap_or_else(|| {
        QueryError::new(
            QueryErrorKind::Storage,
            format!("the query {id} was lost sight of"),
        )
    });
    if error.kind == QueryErrorKind::UnknownName {
        return error;
    }
    let hint = error.hint.clone().unwrap_or_default();
    error.with_hint(format!(
        "{hint}; the query goes on at Athena as {id} and can be taken up again"
    ))
}

/// What Athena tells of a run that has ended.
fn told(execution: &QueryExecution) -> Execution {
    let statistics = execution.statistics();
    let of = |count: Option<i64>| {
        count
            .and_then(|count| u64::try_from(count).ok())
            .unwrap_or(0)
    };
    let milliseconds =
        |get: fn(&aws_sdk_athena::types::QueryExecutionStatistics) -> Option<i64>| {
            of(statistics.and_then(get))
        };
    Execution {
        id: execution
            .query_execution_id()
            .unwrap_or_default()
            .to_owned(),
        workgroup: execution.work_group().map(str::to_owned),
        output_location: execution
            .result_configuration()
            .and_then(|configuration| configuration.output_location())
            .map(str::to_owned),
        scanned_bytes: scanned(execution),
        queued_ms: milliseconds(|all| all.query_queue_time_in_millis()),
        planning_ms: milliseconds(|all| all.query_planning_time_in_millis()),
        engine_ms: milliseconds(|all| all.engine_execution_time_in_millis()),
        total_ms: milliseconds(|all| all.total_execution_time_in_millis()),
        reused: statistics
            .and_then(|all| all.result_reuse_information())
            .is_some_and(|reuse| reuse.reused_previous_result()),
    }
}

/// Counts the rows that leave.
#[derive(Debug)]
struct Monitor {
    execution: Execution,
    fetched: Arc<AtomicU64>,
    requests: Arc<AtomicU64>,
    rows: AtomicU64,
    notes: Vec<String>,
    charge: Mutex<Option<Charge>>,
}

/// A run that this process looks after, until it is settled or let go of.
#[derive(Debug)]
struct Charge {
    journal: Arc<RunJournal>,
    token: String,
    _hold: Option<Hold>,
}

impl Monitor {
    /// Lets go of the run: it stays unfinished where `outcome` is `None`.
    async fn end(&self, outcome: Option<&'static str>) {
        let charge = self.charge().take();
        if let (Some(charge), Some(outcome)) = (charge, outcome) {
            let end = ending(&self.execution, outcome);
            submit::ended_with(&charge.journal, &charge.token, end).await;
        }
    }

    fn charge(&self) -> MutexGuard<'_, Option<Charge>> {
        self.charge.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl QueryMonitor for Monitor {
    fn progress(&self) -> QueryProgress {
        QueryProgress {
            stage: Stage::Fetching,
            bytes_read: self.execution.scanned_bytes,
            bytes_fetched: self.fetched.load(Ordering::Relaxed),
            requests: self.requests.load(Ordering::Relaxed),
            rows_out: self.rows.load(Ordering::Relaxed),
            ..QueryProgress::default()
        }
    }

    fn summary(&self) -> QuerySummary {
        QuerySummary {
            progress: self.progress(),
            notes: self.notes.clone(),
            execution: Some(self.execution.clone()),
            ..QuerySummary::default()
        }
    }

    fn settle(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.end(Some("succeeded")))
    }
}

/// The rows on their way out. The run ends in the journal when its reader settles it, so that one
/// that is cut off before can be taken up again.
struct Reading {
    batches: BoxStream<'static, Result<RecordBatch, QueryError>>,
    control: RunControl,
    monitor: Arc<Monitor>,
    /// Whether the last row has left: then the reader says what becomes of the run.
    at_the_end: bool,
    stopped: QueryError,
    service: crate::adapters::aws::AwsAccess,
}

impl Reading {
    fn stream(self) -> BoxStream<'static, Result<RecordBatch, QueryError>> {
        stream::unfold(Some(self), |reading| async move {
            let mut reading = reading?;
            let next = tokio::select! {
                biased;
                () = reading.control.stopping() => Some(Err(reading.stopped.clone())),
                next = reading.batches.next() => next,
            };
            match next {
                Some(Ok(batch)) => {
                    let rows = batch.num_rows() as u64;
                    reading.monitor.rows.fetch_add(rows, Ordering::Relaxed);
                    Some((Ok(batch), Some(reading)))
                }
                Some(Err(error)) => {
                    reading.monitor.end(outcome_of(&error)).await;
                    let error = reading.service.renewable(error);
                    Some((Err(error), None))
                }
                None => {
                    reading.at_the_end = true;
                    None
                }
            }
        })
        .boxed()
    }
}

impl Drop for Reading {
    fn drop(&mut self) {
        if !self.at_the_end {
            // The monitor may live on; the run can be taken up from now.
            self.monitor.charge().take();
        }
    }
}

/// What the journal notes of a run whose rows end with an error; `None` where another reading may
/// succeed, so that the run stays to be taken up.
fn outcome_of(error: &QueryError) -> Option<&'static str> {
    match error.kind {
        QueryErrorKind::Cancelled => Some("stopped"),
        // Its values are not what its metadata says, and never will be.
        QueryErrorKind::Execution | QueryErrorKind::Internal => Some("unreadable"),
        _ => None,
    }
}

/// The end of a run for the journal.
fn ending(execution: &Execution, outcome: &str) -> RunEnd {
    RunEnd {
        outcome: outcome.to_owned(),
        scanned_bytes: Some(execution.scanned_bytes),
        total_ms: Some(execution.total_ms),
        reused: execution.reused,
    }
}
