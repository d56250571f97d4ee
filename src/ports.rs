//! The traits through which the runtime reaches the outside world. Adapters implement them; tests
//! put fakes in their place.

use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use futures::stream::BoxStream;
use tokio_util::sync::CancellationToken;

use crate::domain::coverage::Coverage;
use crate::domain::detection::{Reading, Unreadable};
use crate::domain::document::{Document, Kept};
use crate::domain::estimate::{Effort, TableSize};
use crate::domain::lake::{
    Arrival, LakeFacts, Notification, Source, SourceNews, SourceVersion, TableName,
};
use crate::domain::query::{
    QueryError, QueryProgress, QueryRequest, QuerySummary, ScanEstimate, UnfinishedRun,
};
use crate::domain::rows::Column;

/// Holds a run from outside, from before its start to its end: tells how far it is while it waits
/// for its first row, and asks it to stop. Clones hold the same run.
#[derive(Debug, Clone, Default)]
pub struct RunControl {
    stop: CancellationToken,
    waiting: Arc<Mutex<QueryProgress>>,
}

impl RunControl {
    /// Asks the run to stop. Its start or its rows then end with an error of the kind `Cancelled`,
    /// once whoever runs it has confirmed.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Whether the run was asked to stop.
    pub fn is_stopping(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Resolves when the run is asked to stop.
    pub async fn stopping(&self) {
        self.stop.cancelled().await;
    }

    /// How far the run is while it has no rows; its [`QueryMonitor`] tells from then on.
    pub fn waiting(&self) -> QueryProgress {
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For the service: how far the run is while it has no rows.
    pub fn tell(&self, progress: QueryProgress) {
        *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) = progress;
    }
}

/// A query that has rows to give. Dropping it stops one that runs in this process, and lets go of
/// one that runs elsewhere, which then runs on and can be attached to; [`RunControl::stop`] stops
/// either.
pub struct RunningQuery {
    /// The display names of the result's columns.
    pub columns: Vec<Column>,
    /// The result's schema: as many fields as columns, with unique names.
    pub schema: SchemaRef,
    /// The rows, in order. Ends after the first error.
    pub batches: BoxStream<'static, Result<RecordBatch, QueryError>>,
    /// Counts while it runs and the summary after its end.
    pub monitor: Arc<dyn QueryMonitor>,
}

/// Tells how far a query is, from any thread, at any time.
pub trait QueryMonitor: Send + Sync {
    /// The counts so far.
    fn progress(&self) -> QueryProgress;
    /// The counts and notes; complete once the batches have ended.
    fn summary(&self) -> QuerySummary;
    /// For whoever reads the batches, after the last one: the rows are where they outlive this
    /// process, or where the user wants them. A run elsewhere that nobody says this of is offered to
    /// be taken up again.
    fn settle(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// Runs Athena SQL somewhere.
#[async_trait]
pub trait QueryService: Send + Sync {
    /// What the status line calls it, such as `embedded`.
    fn name(&self) -> &str;
    /// Plans the statement, starts it and waits until it has rows to give, or fails.
    async fn start(
        &self,
        request: QueryRequest,
        control: RunControl,
    ) -> Result<RunningQuery, QueryError>;
    /// The runs that an earlier start of the program left and that may still be at work, oldest
    /// first; none where runs end with the program.
    async fn unfinished(&self) -> Result<Vec<UnfinishedRun>, QueryError> {
        Ok(Vec::new())
    }
    /// Says what the statement would read, as far as can be told with this effort; runs nothing.
    async fn estimate(
        &self,
        request: QueryRequest,
        effort: Effort,
    ) -> Result<ScanEstimate, QueryError>;
}

/// A table as the catalogue lists it.
#[derive(Debug, Clone, PartialEq)]
pub struct TableInfo {
    /// Database and table.
    pub name: TableName,
    /// The short name, where the table has one.
    pub alias: Option<String>,
    /// The native source that it holds.
    pub source: Option<Source>,
    /// The version of the source's schema.
    pub version: Option<SourceVersion>,
    /// Columns in order, partition columns last.
    pub columns: Vec<ColumnInfo>,
    /// Where its objects lie, such as `s3://bucket/prefix/`; `None` where nothing tells.
    pub location: Option<String>,
    /// Files, where counted.
    pub files: Option<u64>,
    /// Their size in bytes.
    pub bytes: Option<u64>,
}

/// A column as the catalogue lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnInfo {
    /// The column's name.
    pub name: String,
    /// The type as Athena's DDL spells it, such as `struct<uid:string>`.
    pub type_text: String,
    /// Whether it comes from the path.
    pub partition: bool,
}

/// Lists tables and their columns.
#[async_trait]
pub trait Catalog: Send + Sync {
    /// Every table, sorted by name.
    async fn tables(&self) -> Result<Vec<TableInfo>, QueryError>;
    /// One table by any of its names; an unknown one is an error that offers the nearest.
    async fn table(&self, name: &str) -> Result<TableInfo, QueryError>;
    /// How large a table is, as its statistics tell with this effort; `None` where nothing tells.
    async fn size(&self, _table: &TableName, _effort: Effort) -> Option<TableSize> {
        None
    }
    /// What the lake holds, as far as its object keys tell.
    async fn facts(&self) -> Result<LakeFacts, QueryError>;
    /// What the lake's objects cover by the hour; `None` where they are not listed.
    async fn coverage(&self) -> Result<Option<Coverage>, QueryError> {
        Ok(None)
    }
}

/// What a notification source tells.
#[derive(Debug, Clone, PartialEq)]
pub enum FeedNews {
    /// Notifications arrived, oldest first.
    Arrived(Vec<Arrival>),
    /// The source watches, or why it does not.
    State(SourceNews),
    /// Objects were read.
    Read(Vec<Reading>),
}

/// Tells of objects as they arrive.
pub trait NotificationSource: Send + Sync {
    /// The source's name, such as `folder`.
    fn name(&self) -> &str;
    /// What its notifications are of in the inbox.
    fn name_in_the_inbox(&self) -> String {
        self.name().to_owned()
    }
    /// What it tells, until it is dropped.
    fn watch(&self) -> BoxStream<'static, FeedNews>;
}

/// A notification that is written down and whose object waits to be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Waiting {
    /// Its number in the inbox; never used again.
    pub id: i64,
    /// The source that brought it.
    pub source: String,
    /// What it says.
    pub notification: Notification,
    /// How often its object was tried and could not be read.
    pub tries: u32,
}

/// Why the inbox did not take or give: the disk, in words with the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InboxError(pub String);

/// Where notifications are written down before their sender is told that they arrived, and where
/// they wait until their objects were read. It outlives the process: what is in it is in it once.
#[async_trait]
pub trait Inbox: Send + Sync {
    /// Writes notifications down in one commit, which is on disk when this returns. Gives those
    /// that were not in it before: delivery is at least once.
    async fn receive(
        &self,
        source: &str,
        notifications: Vec<Notification>,
    ) -> Result<Vec<Notification>, InboxError>;
    /// Takes the right to read what sources bring. One process has it at a time, and keeps it until
    /// it ends. Gives the sources that another one reads.
    async fn claim(&self, _sources: &[String]) -> Result<Vec<ReadElsewhere>, InboxError> {
        Ok(Vec::new())
    }
    /// The oldest ones whose objects are to be read by `now`, at most so many, of the sources that
    /// were claimed. Each is given once in the life of a process, until it is settled with a time to
    /// try again.
    async fn take(&self, most: usize, now: DateTime<Utc>) -> Result<Vec<Waiting>, InboxError>;
    /// Says how the reading of an object went: its count of events, or why there is none.
    async fn settle(&self, id: i64, outcome: Result<u64, Unreadable>) -> Result<(), InboxError>;
    /// Resolves when there may be something to take that was not there before.
    async fn arrived(&self);
    /// When the next one of those to be tried again is due; `None` if none is.
    async fn next_try(&self) -> Result<Option<DateTime<Utc>>, InboxError>;
    /// How many there are of each source, by what became of them.
    async fn counts(&self) -> Result<Vec<InboxCount>, InboxError> {
        Ok(Vec::new())
    }
    /// The newest ones of a source, oldest first, at most so many: what a console that starts again
    /// shows of it.
    async fn recent(&self, _source: &str, _most: usize) -> Result<Vec<Arrival>, InboxError> {
        Ok(Vec::new())
    }
    /// The oldest ones of a source, at most so many, that a process which writes a line for each has
    /// written down and died before it wrote the line.
    async fn untold(&self, _source: &str, _most: usize) -> Result<Vec<Notification>, InboxError> {
        Ok(Vec::new())
    }
    /// Says that their lines are written.
    async fn told(&self, _notifications: Vec<Notification>) -> Result<(), InboxError> {
        Ok(())
    }
    /// How far a source has come, as it wrote down itself.
    async fn mark(&self, _name: &str) -> Result<Option<String>, InboxError> {
        Ok(None)
    }
    /// Writes down how far a source has come.
    async fn set_mark(&self, _name: &str, _value: &str) -> Result<(), InboxError> {
        Ok(())
    }
}

/// A source whose objects another process reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadElsewhere {
    /// The source.
    pub source: String,
    /// The process, in words such as `process 4711`.
    pub reader: String,
}

/// How many notifications of a source are in the inbox.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InboxCount {
    /// The source.
    pub source: String,
    /// Their objects wait to be read.
    pub received: u64,
    /// Their objects were read.
    pub read: u64,
    /// Their objects could not be read.
    pub failed: u64,
}

impl InboxCount {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.received + self.read + self.failed
    }
}

/// Where documents that other tools send are written down before their sender is told that they
/// arrived. Each is told to whoever works on it, once more after a crash in between.
#[async_trait]
pub trait Documents: Send + Sync {
    /// Writes documents down in one commit, which is on disk when this returns. Gives how many of
    /// them were not there before: delivery is at least once.
    async fn receive(&self, source: &str, documents: Vec<Document>) -> Result<usize, InboxError>;
    /// The oldest ones of a source after a number that were not told, at most so many.
    async fn untold(&self, source: &str, after: i64, most: usize) -> Result<Vec<Kept>, InboxError>;
    /// Writes down that they were told.
    async fn told(&self, numbers: Vec<i64>) -> Result<(), InboxError>;
}

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now, in UTC.
    fn now(&self) -> DateTime<Utc>;
}
