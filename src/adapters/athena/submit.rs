//! Handing a run to Athena, once: the token is on the disk before the first try, and every further
//! try sends the same one.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_athena::config::Builder;
use aws_sdk_athena::config::retry::RetryConfig;
use aws_sdk_athena::error::SdkError;
use aws_sdk_athena::operation::start_query_execution::StartQueryExecutionError;
use aws_sdk_athena::types::{QueryExecutionContext, ResultConfiguration, ThrottleReason};

use super::queue::Slot;
use super::{AthenaService, cancelled, errors, journal_failed};
use crate::adapters::aws::{Fault, fault_of};
use crate::adapters::journal::{BegunRun, Hold, JournalError, RunEnd, RunJournal};
use crate::domain::query::{QueryError, QueryErrorKind, QueryProgress, Stage};
use crate::ports::RunControl;

/// The permission, and what messages name.
const ACTION: &str = "athena:StartQueryExecution";

/// How often a start is tried that the service did not answer, or answered with a failure.
const TRIES: u32 = 6;

/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Notes a run in the journal and holds it. Not to be started where this fails.
pub(super) async fn begin(journal: &Arc<RunJournal>, run: &BegunRun) -> Result<Hold, QueryError> {
    let (journal, run) = (Arc::clone(journal), run.clone());
    noted(move || journal.begin(&run)).await
}

/// Holds a run that is to be taken up; `None` where somebody looks after it.
pub(super) async fn hold(
    journal: &Arc<RunJournal>,
    token: &str,
) -> Result<Option<Hold>, QueryError> {
    let (journal, token) = (Arc::clone(journal), token.to_owned());
    noted(move || journal.hold(&token)).await
}

/// Notes Athena's name of a run.
pub(super) async fn started(
    journal: &Arc<RunJournal>,
    token: &str,
    id: &str,
) -> Result<(), QueryError> {
    let (journal, token, id) = (Arc::clone(journal), token.to_owned(), id.to_owned());
    noted(move || journal.started(&token, &id)).await
}

/// Notes how a run ended. A failure only means that it is offered again: it is logged.
pub(super) async fn ended(journal: &Arc<RunJournal>, token: &str, outcome: &'static str) {
    let (journal, token) = (Arc::clone(journal), token.to_owned());
    if let Err(error) = noted(move || journal.ended(&token, outcome)).await {
        tracing::warn!(%error, outcome, "the end of a run is not in the journal");
    }
}

/// The same with what Athena tells of the run.
pub(super) async fn ended_with(journal: &Arc<RunJournal>, token: &str, end: RunEnd) {
    let (journal, token) = (Arc::clone(journal), token.to_owned());
    let outcome = end.outcome.clone();
    if let Err(error) = noted(move || journal.ended_with(&token, &end)).await {
        tracing::warn!(%error, outcome, "the end of a run is not in the journal");
    }
}

/// Writes on a thread that may wait for the disk.
async fn noted<T: Send + 'static>(
    write: impl FnOnce() -> Result<T, JournalError> + Send + 'static,
) -> Result<T, QueryError> {
    match tokio::task::spawn_blocking(write).await {
        Ok(Ok(noted)) => Ok(noted),
        Ok(Err(error)) => Err(journal_failed(&error)),
        Err(_) => Err(QueryError::new(
            QueryErrorKind::Internal,
            "the journal's thread failed",
        )),
    }
}

impl AthenaService {
    /// Starts a run that is in the journal and gives Athena's name of it.
    ///
    /// While the account has no room it waits, for as long as it takes. Where no answer comes at
    /// all the run stays unfinished in the journal, because it may have begun.
    pub(super) async fn submit(
        &self,
        run: &BegunRun,
        slot: &mut Slot,
        control: &RunControl,
    ) -> Result<String, QueryError> {
        let mut tries = 0;
        let mut waits = 0;
        // Whether every try so far was answered with a refusal, so that nothing can have begun.
        let mut surely_not_begun = true;
        loop {
            if control.is_stopping() && surely_not_begun {
                ended(&self.journal, &run.token, "stopped before it began").await;
                return Err(cancelled(0, self.price()));
            }
            let error = match self.send(run).await {
                Ok(id) => {
                    slot.accepted();
                    started(&self.journal, &run.token, &id).await?;
                    return Ok(id);
                }
                Err(error) => error,
            };
            let fault = fault_of(&error);
            if fault == Fault::Busy && is_full(&error) {
                slot.refuse();
                control.tell(QueryProgress {
                    stage: Stage::Waiting,
                    ..QueryProgress::default()
                });
                pause(waits, slot, control).await;
                waits += 1;
                continue;
            }
            if !matches!(fault, Fault::Busy) && fault.may_pass() {
                surely_not_begun = false;
            }
            tries += 1;
            if fault.may_pass() && tries < TRIES {
                pause(tries, slot, control).await;
                continue;
            }
            let mut explained = self.refusal(fault, &error);
            if fault.may_pass() && !surely_not_begun {
                explained.hint = Some(
                    "the query may have begun: take it up again, which starts no second one"
                        .to_owned(),
                );
            } else if fault == Fault::Credentials {
                // With fresh credentials the same token is sent again.
            } else {
                ended(&self.journal, &run.token, "refused").await;
            }
            return Err(explained);
        }
    }

    pub(super) async fn send(
        &self,
        run: &BegunRun,
    ) -> Result<String, SdkError<StartQueryExecutionError>> {
        let context = QueryExecutionContext::builder()
            .set_database(run.database.clone())
            .set_catalog(run.catalog.clone())
            .build();
        let named = run.database.is_some() || run.catalog.is_some();
        let result = run.output_location.as_ref().map(|location| {
            ResultConfiguration::builder()
                .output_location(location)
                .build()
        });
        let parameters = (!run.parameters.is_empty()).then(|| run.parameters.clone());
        // The tries are counted here, where a full account is told from a slow network.
        let once = Builder::new().retry_config(RetryConfig::disabled());
        let answer = self
            .clients
            .athena
            .start_query_execution()
            .query_string(&run.sql)
            .client_request_token(&run.token)
            .set_execution_parameters(parameters)
            .set_work_group(run.workgroup.clone())
            .set_query_execution_context(named.then_some(context))
            .set_result_configuration(result)
            .customize()
            .config_override(once)
            .send()
            .await?;
        Ok(answer.query_execution_id.unwrap_or_default())
    }

    /// What a start that Athena did not take means.
    pub(super) fn refusal(
        &self,
        fault: Fault,
        error: &SdkError<StartQueryExecutionError>,
    ) -> QueryError {
        let service = error.as_service_error();
        if let Some(StartQueryExecutionError::InvalidRequestException(invalid)) = service
            && fault == Fault::Refused
            && let Some(text) = &invalid.message
        {
            let mut explained = errors::of_text(text);
            if explained.kind == QueryErrorKind::Execution {
                explained.kind = QueryErrorKind::Refused;
            }
            return explained;
        }
        self.access.fault(ACTION, error)
    }
}

/// Whether the account has as many active queries as it may. A throttled call is something else:
/// it passes in a moment.
fn is_full(error: &SdkError<StartQueryExecutionError>) -> bool {
    match error.as_service_error() {
        Some(StartQueryExecutionError::TooManyRequestsException(full)) => {
            let words = full.message.as_deref().unwrap_or_default().to_lowercase();
            full.reason == Some(ThrottleReason::ConcurrentQueryLimitExceeded)
                || words.contains("concurren")
                || words.contains("number of queries")
                || words.contains("active quer")
        }
        _ => false,
    }
}

/// Waits before the next try: longer each time, until another run ends or the run is stopped.
async fn pause(tries: u32, slot: &Slot, control: &RunControl) {
    let pause = Duration::from_millis(250 * u64::from(2_u32.pow(tries.min(8))));
    tokio::select! {
        () = tokio::time::sleep(pause.min(LONGEST_PAUSE)) => {}
        () = slot.another_ends() => {}
        () = control.stopping() => {}
    }
}
