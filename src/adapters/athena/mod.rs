//! Queries on Athena: handed over once, watched, stopped when asked, all of their rows read.
//!
//! Stands on [`aws`](super::aws) for access and on [`journal`](super::journal), which knows every
//! run before Athena does.
//!
//! # The life of a run
//!
//! 1. [`admit`]: one statement, and none that writes unless that is allowed and confirmed.
//! 2. [`bill`]: what it may scan and cost; past a budget, and within a minute of the same
//!    statement, a person is asked.
//! 3. [`queue`]: as many at work as the account lets.
//! 4. [`submit`]: a token is made and journalled, then sent, again and again if need be; the same
//!    token starts nothing twice.
//! 5. [`watcher`]: one task asks how all of them are.
//! 6. [`running`]: the end, confirmed: rows, or [`errors`].
//! 7. [`results`]: the rows.
//!
//! Dropping a run lets it go on at Athena; it stays unfinished in the journal until
//! [`AthenaService::resume`] or [`AthenaService::attach`] takes it up and reads its rows. As long as a
//! process looks after a run, it holds it in the journal, and no other one is offered it.

mod admit;
mod bill;
mod errors;
mod queue;
pub mod results;
mod running;
mod submit;
mod watcher;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_athena::types::QueryExecution;

use crate::adapters::aws::AwsAccess;
use crate::adapters::journal::{BegunRun, JournalError, RunJournal, UnfinishedRun};
use crate::domain::cost::Price;
use crate::domain::estimate::Effort;
use crate::domain::query::{
    QueryError, QueryErrorKind, QueryProgress, QueryRequest, ScanEstimate, Stage,
};
use crate::ports::{Catalog, QueryService, RunControl, RunningQuery};
use bill::Bill;
use queue::{Queue, Slot};
use results::Clients;
use running::Followed;
use watcher::Watcher;

/// How queries run.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct AthenaOptions {
    /// The profile's name, for the journal.
    pub profile: String,
    /// The workgroup; Athena's `primary` where `None`.
    pub workgroup: Option<String>,
    /// Where results are written, `s3://bucket/prefix/`; the workgroup's where `None`.
    pub output_location: Option<String>,
    /// The database of table names without one.
    pub database: Option<String>,
    /// The catalogue of table names without one.
    pub catalog: Option<String>,
    /// Whether statements that write may run once a person has confirmed each.
    pub allow_writes: bool,
    /// Whether nothing may be changed at all.
    pub read_only: bool,
    /// What scanning costs, to tell what a stopped run is billed; nothing is told where `None`.
    pub price: Option<Price>,
    /// US dollars that the runs of a day may cost before a person is asked.
    pub budget_usd: Option<f64>,
    /// US dollars that one run may cost before a person is asked.
    pub query_budget_usd: Option<f64>,
}

/// Athena in one account, Region and workgroup.
pub struct AthenaService {
    access: AwsAccess,
    clients: Clients,
    options: AthenaOptions,
    journal: Arc<RunJournal>,
    queue: Arc<Queue>,
    watcher: Arc<Watcher>,
    bill: Bill,
}

impl fmt::Debug for AthenaService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AthenaService")
            .field("access", &self.access)
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl AthenaService {
    /// A service over an opened access. Asks AWS nothing yet. Must be used on a tokio runtime.
    pub fn new(access: &AwsAccess, journal: Arc<RunJournal>, options: AthenaOptions) -> Self {
        let clients = Clients {
            athena: access.athena(),
            s3: access.s3(),
        };
        Self {
            access: access.clone(),
            bill: Bill::new(
                Arc::clone(&journal),
                clients.athena.clone(),
                options.workgroup.as_deref(),
            ),
            options,
            journal,
            queue: Queue::new(),
            watcher: Watcher::new(clients.athena.clone()),
            clients,
        }
    }

    /// The same service, which asks this catalogue how large the tables are that a statement reads.
    #[must_use]
    pub fn with_catalog(mut self, catalog: Arc<dyn Catalog>) -> Self {
        self.bill.set_catalog(catalog);
        self
    }

    /// The access that it stands on.
    pub fn access(&self) -> &AwsAccess {
        &self.access
    }

    /// What scanning costs, where the configuration says it.
    pub fn scan_price(&self) -> Option<Price> {
        self.options.price
    }

    /// Takes up a run by Athena's name of it: waits for its end where it still runs, and gives its
    /// rows. One that the journal knows as unfinished is ended there with its last row.
    ///
    /// # Errors
    ///
    /// As a start's; `UnknownName` where Athena does not know it (any more).
    pub async fn attach(
        &self,
        execution_id: &str,
        control: RunControl,
    ) -> Result<RunningQuery, QueryError> {
        let known = self.unfinished().await?.into_iter();
        let known = known
            .filter(|known| known.execution_id.as_deref() == Some(execution_id))
            .map(|known| known.run)
            .next();
        let hold = match &known {
            Some(run) => submit::hold(&self.journal, &run.token).await?,
            None => None,
        };
        let run = Followed {
            id: execution_id.to_owned(),
            expected: known.as_ref().and_then(|run| run.expected),
            // Whoever looks after it meanwhile also notes its end.
            token: known.map(|run| run.token).filter(|_| hold.is_some()),
            hold,
            max_bytes: None,
            fresh: false,
        };
        self.follow(run, self.queue.join(), &control).await
    }

    /// Takes up a run that the journal knows as unfinished. One whose start was never answered is
    /// sent again with its own token: if it had begun, Athena answers with the same execution.
    ///
    /// # Errors
    ///
    /// As a start's; `Busy` where somebody looks after it.
    pub async fn resume(
        &self,
        unfinished: UnfinishedRun,
        control: RunControl,
    ) -> Result<RunningQuery, QueryError> {
        let UnfinishedRun {
            run, execution_id, ..
        } = unfinished;
        let Some(hold) = submit::hold(&self.journal, &run.token).await? else {
            return Err(QueryError::new(
                QueryErrorKind::Busy,
                "another start of the program looks after this run",
            )
            .with_hint("its rows are shown there; when that one ends, the run can be taken up"));
        };
        let (id, slot, fresh) = match execution_id {
            Some(id) => (id, self.queue.join(), false),
            None => {
                let mut slot = self.enter(&control).await?;
                let id = self.submit(&run, &mut slot, &control).await?;
                (id, slot, true)
            }
        };
        let followed = Followed {
            id,
            token: Some(run.token),
            hold: Some(hold),
            expected: run.expected,
            max_bytes: None,
            fresh,
        };
        self.follow(followed, slot, &control).await
    }

    /// What this profile's journal knows as begun and not ended, and nobody looks after, oldest first.
    ///
    /// # Errors
    ///
    /// `Internal` where the journal cannot be read.
    pub async fn unfinished(&self) -> Result<Vec<UnfinishedRun>, QueryError> {
        let journal = Arc::clone(&self.journal);
        let profile = self.options.profile.clone();
        let read = tokio::task::spawn_blocking(move || journal.unfinished()).await;
        let runs = read
            .map_err(|_| QueryError::new(QueryErrorKind::Internal, "the journal's thread failed"))?
            .map_err(|error| journal_failed(&error))?;
        Ok(runs
            .into_iter()
            .filter(|unfinished| unfinished.run.profile == profile && !unfinished.held)
            .collect())
    }

    fn price(&self) -> Price {
        self.options.price.unwrap_or(Price {
            usd_per_tb: 0.0,
            minimum_bytes: 0,
        })
    }

    /// A place at work; `Cancelled` where the run is stopped while it waits for one.
    async fn enter(&self, control: &RunControl) -> Result<Slot, QueryError> {
        let waiting = || {
            control.tell(QueryProgress {
                stage: Stage::Waiting,
                ..QueryProgress::default()
            });
        };
        tokio::select! {
            biased;
            () = control.stopping() => Err(cancelled(0, self.price())),
            slot = self.queue.enter(waiting) => Ok(slot),
        }
    }
}

#[async_trait]
impl QueryService for AthenaService {
    fn name(&self) -> &str {
        "athena"
    }

    async fn start(
        &self,
        request: QueryRequest,
        control: RunControl,
    ) -> Result<RunningQuery, QueryError> {
        let (sql, writes) = match admit::admit(&request, &self.options) {
            Err(question) if question.kind == QueryErrorKind::Unconfirmed => {
                let mut agreed = request.clone();
                agreed.confirmed = true;
                (admit::admit(&agreed, &self.options)?, Some(question))
            }
            admitted => (admitted?, None),
        };
        let weighed = self.weigh(&request, &sql, writes).await?;
        let mut slot = self.enter(&control).await?;
        let token = self
            .journal
            .new_token()
            .map_err(|error| journal_failed(&error))?;
        let run = BegunRun {
            token,
            sql,
            parameters: request.parameters,
            profile: self.options.profile.clone(),
            workgroup: self.options.workgroup.clone(),
            database: self.options.database.clone(),
            catalog: self.options.catalog.clone(),
            output_location: self.options.output_location.clone(),
            expected: weighed.expected,
        };
        let hold = submit::begin(&self.journal, &run).await?;
        drop(weighed);
        let id = self.submit(&run, &mut slot, &control).await?;
        let followed = Followed {
            id,
            token: Some(run.token),
            hold: Some(hold),
            expected: run.expected,
            max_bytes: request.max_bytes,
            fresh: true,
        };
        self.follow(followed, slot, &control).await
    }

    async fn estimate(
        &self,
        mut request: QueryRequest,
        effort: Effort,
    ) -> Result<ScanEstimate, QueryError> {
        // Nothing runs, so that nobody need agree.
        request.confirmed = true;
        let sql = admit::admit(&request, &self.options)?;
        self.reckon(&request, &sql, effort).await
    }
}

/// Bytes that a run has scanned so far.
fn scanned(execution: &QueryExecution) -> u64 {
    execution
        .statistics()
        .and_then(|statistics| statistics.data_scanned_in_bytes())
        .and_then(|bytes| u64::try_from(bytes).ok())
        .unwrap_or(0)
}

/// The end of a run that was stopped, with what it costs.
fn cancelled(bytes: u64, price: Price) -> QueryError {
    let error = QueryError::new(QueryErrorKind::Cancelled, "the query was stopped");
    if bytes == 0 {
        return error;
    }
    let mut hint = format!("{bytes} bytes were scanned until then, which are billed");
    if price.usd_per_tb > 0.0 {
        hint.push_str(&format!(": {}", price.of(bytes)));
    }
    error.with_hint(hint)
}

fn journal_failed(error: &JournalError) -> QueryError {
    QueryError::new(QueryErrorKind::Internal, error.to_string())
        .with_hint("a query is not started unless the journal knows it: look at the disk's room and the file's rights")
}
