//! A query as data: what is asked, how far it is, what it cost, why it failed.

use std::fmt;
use std::path::PathBuf;

use chrono::{DateTime, Utc};

use super::cost::Usd;
use super::lake::ObjectVersion;

/// Names one run of one statement for as long as the program lives; never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QueryId(pub u64);

impl fmt::Display for QueryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "q{}", self.0)
    }
}

/// Which engine answers a statement on a lake that more than one can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Route {
    /// The lake's own: Athena for one on AWS, the embedded engine for a folder.
    #[default]
    Service,
    /// The embedded engine, which reads the lake's objects from S3 itself.
    Direct,
}

/// One statement to run.
#[derive(Debug, Clone, PartialEq)]
pub struct QueryRequest {
    /// Echoed in everything that answers this request.
    pub id: QueryId,
    /// One statement of Athena SQL, at most 262,144 bytes; `?` stands for a parameter.
    pub sql: String,
    /// SQL literals for the `?` in order, quoted by [`crate::sql::parameters`].
    pub parameters: Vec<String>,
    /// Files that this statement may name as tables.
    pub attached: Vec<AttachedFile>,
    /// The rows come as they stand in the attached file, where the statement asks for no order.
    pub in_order: bool,
    /// Refuse to start when more bytes than this would be read.
    pub max_bytes: Option<u64>,
    /// Which engine answers.
    pub route: Route,
    /// Take up the run of this token instead of starting one.
    pub resume: Option<String>,
    /// The lake itself is asked, though rows kept from an earlier run may hold the answer.
    pub fresh: bool,
    /// A person waits for the answer and can be asked ([`QueryErrorKind::Unconfirmed`]).
    pub attended: bool,
    /// A person has agreed to what the service asks about before it starts: a statement that
    /// writes, a budget that would be passed.
    pub confirmed: bool,
}

impl QueryRequest {
    /// A request without parameters, attached files or limits.
    pub fn new(id: QueryId, sql: impl Into<String>) -> Self {
        Self {
            id,
            sql: sql.into(),
            parameters: Vec::new(),
            attached: Vec::new(),
            in_order: false,
            max_bytes: None,
            route: Route::default(),
            resume: None,
            fresh: false,
            attended: false,
            confirmed: false,
        }
    }
}

/// A run that an earlier start of the program handed to a service and did not see to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnfinishedRun {
    /// What it is taken up by.
    pub token: String,
    /// The statement as it was sent.
    pub sql: String,
    /// The literals for its `?`.
    pub parameters: Vec<String>,
    /// When it was begun.
    pub begun_at: DateTime<Utc>,
}

/// A CSV, Parquet, NDJSON or JSON file that is a table for one query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachedFile {
    /// The table name.
    pub name: String,
    /// The file; of an object of S3 its location, such as `s3://bucket/key`.
    pub path: PathBuf,
}

/// What a run is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stage {
    /// It is made ready: planned, or handed to the service.
    #[default]
    Planning,
    /// The account runs as many queries as it may; the run is handed in when one of them ends.
    Waiting,
    /// The service has it and has not begun.
    Queued,
    /// It reads.
    Running,
    /// It is done where it ran, and its rows are fetched.
    Fetching,
}

/// How far a running query is. Every count only grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QueryProgress {
    /// What the run is doing.
    pub stage: Stage,
    /// Files that the plan has to read, after pruning.
    pub files_total: u64,
    /// Files read to their end.
    pub files_done: u64,
    /// Bytes of those files' needed columns read so far; on Athena the bytes scanned, which are
    /// what is paid for.
    pub bytes_read: u64,
    /// Bytes of the result, or of the lake's objects, that came over the network.
    pub bytes_fetched: u64,
    /// Requests made for them.
    pub requests: u64,
    /// Rows that the files opened so far hold: what was searched, whether it passed a filter or
    /// not. 0 where nobody counts them.
    pub rows_searched: u64,
    /// Rows that left the scans so far.
    pub rows_scanned: u64,
    /// Rows of the result so far.
    pub rows_out: u64,
}

/// What a query did, known when its last batch has left.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct QuerySummary {
    /// The final counts.
    pub progress: QueryProgress,
    /// Files that the lake holds for the tables asked, before pruning.
    pub files_known: u64,
    /// What a person must know to read the result rightly, such as a damaged file passed over.
    pub notes: Vec<String>,
    /// What the service tells of the run, where it ran on one.
    pub execution: Option<Execution>,
    /// Attached objects of S3, in the state in which they were read.
    pub objects: Vec<ObjectVersion>,
}

/// What a query service tells of a run that it has ended.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Execution {
    /// The service's name of the run.
    pub id: String,
    /// The workgroup that it ran in.
    pub workgroup: Option<String>,
    /// Where the service wrote the result.
    pub output_location: Option<String>,
    /// Bytes scanned, which are what is paid for.
    pub scanned_bytes: u64,
    /// Milliseconds in the service's queue.
    pub queued_ms: u64,
    /// Milliseconds of planning.
    pub planning_ms: u64,
    /// Milliseconds of the engine's work.
    pub engine_ms: u64,
    /// Milliseconds from the start to the end.
    pub total_ms: u64,
    /// Whether an earlier result was used again, which costs nothing.
    pub reused: bool,
}

/// What a query would read, without running it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ScanEstimate {
    /// Files left after pruning by partition, time and statistics.
    pub files: u64,
    /// Files of the tables before pruning.
    pub files_known: u64,
    /// Compressed bytes of the needed columns in those files; at least, where that is not known.
    pub bytes: u64,
    /// The same at most: equal to `bytes` where it is known, `None` where nothing tells.
    pub bytes_at_most: Option<u64>,
    /// What it costs, at least and at most; `None` where reading costs nothing.
    pub cost: Option<(Usd, Option<Usd>)>,
    /// The bytes at which the service stops a run by itself, and bills it.
    pub cutoff_bytes: Option<u64>,
    /// What the figures stand on, a line each; empty where they were counted.
    pub basis: Vec<String>,
    /// Rows in those files, as their footers say.
    pub rows: u64,
    /// Tables read, with their share: name, files, bytes.
    pub tables: Vec<(String, u64, u64)>,
    /// The physical plan, one line an operator.
    pub plan: String,
    /// Damaged or unreadable files.
    pub notes: Vec<String>,
    /// What the service would ask a person before it starts the query, such as a budget that would
    /// be passed; `None` where it would start it at once.
    pub question: Option<String>,
}

/// A place in a statement's text, both 1-based; the column counts characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextPosition {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl fmt::Display for TextPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// The kinds of failure that lead to different next steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueryErrorKind {
    /// The text is no statement.
    Syntax,
    /// The statement is none that is run here (DDL, INSERT, several statements …).
    Refused,
    /// It may run once a person has agreed: the message is what to ask.
    Unconfirmed,
    /// A syntax or function of Athena that the embedded engine does not have.
    Unsupported,
    /// A table, column or function that does not exist.
    UnknownName,
    /// Types that do not fit, a wrong number of arguments and the like.
    Invalid,
    /// The statement is right, but a value at run time is not (a cast, a division by zero).
    Execution,
    /// More bytes would be read than allowed.
    TooLarge,
    /// Memory or disk ran out.
    Resources,
    /// The lake's files or the service could not be reached or read.
    Storage,
    /// Credentials are missing or have expired.
    Credentials,
    /// Rights are missing.
    Denied,
    /// The service has no room for the query now.
    Busy,
    /// Stopped on demand.
    Cancelled,
    /// A fault of the program itself.
    Internal,
}

/// A failed query: what happened, where, and what to do next.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct QueryError {
    /// What kind of failure.
    pub kind: QueryErrorKind,
    /// What happened, one sentence without a full stop.
    pub message: String,
    /// Where in the statement, where that is known.
    pub position: Option<TextPosition>,
    /// What to do next.
    pub hint: Option<String>,
}

impl QueryError {
    /// A failure without a place or a hint.
    pub fn new(kind: QueryErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            position: None,
            hint: None,
        }
    }

    /// The same failure with its place in the text.
    #[must_use]
    pub fn at(mut self, position: TextPosition) -> Self {
        self.position = Some(position);
        self
    }

    /// The same failure with what to do next.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
