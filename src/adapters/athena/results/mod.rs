//! The rows of a run that has succeeded: all of them, typed by the result's own metadata.
//!
//! Knows nothing of how the run came to its end.

mod paging;
mod types;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use futures::stream::BoxStream;

use crate::domain::query::QueryError;
use crate::domain::rows::Column;

/// The clients that reading a result takes.
#[derive(Debug, Clone)]
pub(super) struct Clients {
    /// For the result's metadata and its pages.
    pub(super) athena: aws_sdk_athena::Client,
    /// For the result's object.
    #[allow(
        dead_code,
        reason = "the object at the output location is read through it"
    )]
    pub(super) s3: aws_sdk_s3::Client,
}

/// A run that has succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FinishedRun {
    /// Athena's name of it.
    pub(super) execution_id: String,
    /// The object that holds the result, `s3://bucket/key`.
    pub(super) output_location: Option<String>,
    /// `DML`, `DDL` or `UTILITY`.
    pub(super) statement_type: Option<String>,
}

/// The rows as they arrive.
pub(super) struct ResultRows {
    /// The display names.
    pub(super) columns: Vec<Column>,
    /// As many fields as columns, with unique names.
    pub(super) schema: SchemaRef,
    /// The rows in order; ends after the first error.
    pub(super) batches: BoxStream<'static, Result<RecordBatch, QueryError>>,
    /// Bytes that came over the network so far.
    pub(super) fetched: Arc<AtomicU64>,
    /// Requests made so far.
    pub(super) requests: Arc<AtomicU64>,
}

/// Opens the rows of a run.
///
/// # Errors
///
/// Whatever the service says, as a person's words.
pub(super) async fn open(clients: &Clients, run: &FinishedRun) -> Result<ResultRows, QueryError> {
    paging::open(&clients.athena, run).await
}
