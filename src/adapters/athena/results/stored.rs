//! Rows from the object that Athena wrote: fetched by parts, read on the threads for blocking work,
//! handed on in order.

use std::collections::VecDeque;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use futures::stream::{self, BoxStream, StreamExt as _};
use tokio::task::spawn_blocking;

use super::csv::{CsvReader, ResultFault};
use super::ranged::{Object, Unreadable};
use super::retyped;
use crate::domain::query::{QueryError, QueryErrorKind};

/// The rows of an object whose first part has been read.
pub(super) struct StoredRows {
    /// The columns as they are read.
    pub(super) schema: SchemaRef,
    /// The rows in order; ends after the first error.
    pub(super) batches: BoxStream<'static, Result<RecordBatch, QueryError>>,
    /// What a person must know of them.
    pub(super) notes: Vec<String>,
}

/// Reads an object's first part, and the others as they are asked for.
///
/// # Errors
///
/// Where the beginning is no result with these columns.
pub(super) async fn read(object: Object, schema: Schema) -> Result<StoredRows, QueryError> {
    let ends = object.first.len() as u64 == object.size;
    let (first, parts) = object.parts();
    let declared = schema.clone();
    let (reader, ready) = on_a_thread(move || CsvReader::begin(&declared, &first, ends))
        .await?
        .map_err(|fault| explain(&fault))?;
    let notes = retyped(&schema, &reader.schema());
    let schema = reader.schema();
    let state = Reading {
        parts: parts.boxed(),
        reader: (!ends).then_some(reader),
        ready: ready.into(),
        fault: None,
    };
    let batches = stream::unfold(state, |mut state| async move {
        let next = state.next().await?;
        Some((next, state))
    });
    Ok(StoredRows {
        schema,
        batches: batches.boxed(),
        notes,
    })
}

/// Where the reading stands.
struct Reading {
    parts: BoxStream<'static, Result<Vec<u8>, Unreadable>>,
    /// `None` once the end or a fault has come.
    reader: Option<CsvReader>,
    ready: VecDeque<RecordBatch>,
    /// Told after the rows that are ready.
    fault: Option<QueryError>,
}

impl Reading {
    async fn next(&mut self) -> Option<Result<RecordBatch, QueryError>> {
        loop {
            if let Some(batch) = self.ready.pop_front() {
                return Some(Ok(batch));
            }
            if let Some(fault) = self.fault.take() {
                return Some(Err(fault));
            }
            let reader = self.reader.take()?;
            let part = self.parts.next().await;
            match on_a_thread(move || step(reader, part)).await {
                Ok(step) => {
                    self.ready = step.batches;
                    self.reader = step.reader;
                    self.fault = step.fault;
                }
                Err(fault) => self.fault = Some(fault),
            }
        }
    }
}

/// What one part gave.
struct Step {
    batches: VecDeque<RecordBatch>,
    reader: Option<CsvReader>,
    fault: Option<QueryError>,
}

/// Reads a part, the end, or what a fault of the network leaves.
fn step(mut reader: CsvReader, part: Option<Result<Vec<u8>, Unreadable>>) -> Step {
    let mut batches = VecDeque::new();
    let mut take = |batch| batches.push_back(batch);
    let (ended, outcome) = match part {
        Some(Ok(bytes)) => (false, reader.push(&bytes, &mut take)),
        Some(Err(unreadable)) => {
            let rest = reader.give_up(&mut take);
            return Step {
                batches,
                reader: None,
                fault: Some(rest.map_or_else(|fault| explain(&fault), |()| unreadable.error)),
            };
        }
        None => (true, reader.finish(&mut take)),
    };
    let fault = outcome.err().map(|fault| explain(&fault));
    Step {
        batches,
        reader: (!ended && fault.is_none()).then_some(reader),
        fault,
    }
}

/// Runs work for a processor where it holds up no request.
async fn on_a_thread<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, QueryError> {
    spawn_blocking(work).await.map_err(|_| {
        let message = "reading the rows of the result failed";
        QueryError::new(QueryErrorKind::Internal, message)
    })
}

/// Says what a fault of the result's text means.
fn explain(fault: &ResultFault) -> QueryError {
    let (kind, hint) = match fault {
        ResultFault::Misfit { .. } => (
            QueryErrorKind::Execution,
            "cast the column to varchar in the statement; the rows before it are complete",
        ),
        ResultFault::Malformed { .. } | ResultFault::Columns { .. } => (
            QueryErrorKind::Storage,
            "the result's file is damaged or was overwritten: open the result again, or run the query again",
        ),
        ResultFault::Batch(_) => {
            return QueryError::new(QueryErrorKind::Internal, fault.to_string());
        }
    };
    QueryError::new(kind, fault.to_string()).with_hint(hint)
}
