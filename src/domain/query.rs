//! A query as data: what is asked, how far it is, what it cost, why it failed.

use std::fmt;
use std::path::PathBuf;

/// Names one run of one statement for as long as the program lives; never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct QueryId(pub u64);

impl fmt::Display for QueryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "q{}", self.0)
    }
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
    /// Refuse to start when more bytes than this would be read.
    pub max_bytes: Option<u64>,
}

impl QueryRequest {
    /// A request without parameters, attached files or limits.
    pub fn new(id: QueryId, sql: impl Into<String>) -> Self {
        Self {
            id,
            sql: sql.into(),
            parameters: Vec::new(),
            attached: Vec::new(),
            max_bytes: None,
        }
    }
}

/// A CSV, Parquet, NDJSON or JSON file that is a table for one query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AttachedFile {
    /// The table name.
    pub name: String,
    /// The file.
    pub path: PathBuf,
}

/// How far a running query is. Every count only grows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct QueryProgress {
    /// Files that the plan has to read, after pruning.
    pub files_total: u64,
    /// Files read to their end.
    pub files_done: u64,
    /// Bytes of those files' needed columns read so far.
    pub bytes_read: u64,
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
}

/// What a query would read, without running it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ScanEstimate {
    /// Files left after pruning by partition, time and statistics.
    pub files: u64,
    /// Files of the tables before pruning.
    pub files_known: u64,
    /// Compressed bytes of the needed columns in those files.
    pub bytes: u64,
    /// Rows in those files, as their footers say.
    pub rows: u64,
    /// Tables read, with their share: name, files, bytes.
    pub tables: Vec<(String, u64, u64)>,
    /// The physical plan, one line an operator.
    pub plan: String,
    /// Damaged or unreadable files.
    pub notes: Vec<String>,
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
