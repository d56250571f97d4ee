//! The rows of a run that has succeeded: all of them, typed by the result's own metadata.
//!
//! Owns both ways to them: the object that Athena wrote, read by parts (`ranged`, `csv`, `stored`),
//! and the pages of GetQueryResults (`paging`), for results that no object of ours holds or that
//! may not be read. Knows nothing of how the run came to its end.

pub mod csv;
mod paging;
mod parse;
mod ranged;
mod stored;
pub mod types;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema, SchemaRef};
use aws_sdk_athena::types::{ColumnInfo, QueryExecution};
use futures::stream::BoxStream;

use crate::adapters::aws::{explain, fault_of, pause};
use crate::domain::names::unique_names;
use crate::domain::query::{QueryError, QueryErrorKind};
use crate::domain::rows::{Column, SERVICE_TYPE};
use ranged::{Counters, Object, Pace, Place, Reason, Unreadable};

/// The clients that reading a result takes.
#[derive(Debug, Clone)]
pub(super) struct Clients {
    /// For the result's metadata and its pages.
    pub(super) athena: aws_sdk_athena::Client,
    /// For the result's object.
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

impl FinishedRun {
    /// What Athena tells of an execution that has ended.
    pub(super) fn of(id: &str, execution: &QueryExecution) -> Self {
        Self {
            execution_id: id.to_owned(),
            output_location: execution
                .result_configuration()
                .and_then(|configuration| configuration.output_location())
                .map(str::to_owned),
            statement_type: execution
                .statement_type()
                .map(|kind| kind.as_str().to_owned()),
        }
    }
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
    /// What a person must know of them: the slow way and why, a column that stayed text.
    pub(super) notes: Vec<String>,
}

/// Opens the rows of a run. The object is the way where there is one and it may be read; what
/// stands in its way otherwise becomes a note.
///
/// # Errors
///
/// Whatever the services say, as a person's words; a result that is damaged.
pub(super) async fn open(clients: &Clients, run: &FinishedRun) -> Result<ResultRows, QueryError> {
    open_at(clients, run, Pace::default()).await
}

async fn open_at(
    clients: &Clients,
    run: &FinishedRun,
    pace: Pace,
) -> Result<ResultRows, QueryError> {
    let Some(place) = object_of(run) else {
        return paging::open(&clients.athena, run).await;
    };
    let counters = Counters::default();
    let shown = place.to_string();
    let (infos, object) = futures::join!(
        metadata(&clients.athena, run, &counters, pace),
        Object::open(&clients.s3, place, counters.clone(), pace)
    );
    let object = match object {
        Ok(object) => object,
        Err(unreadable) if unreadable.reason == Reason::Credentials => {
            return Err(unreadable.error);
        }
        Err(unreadable) => {
            return by_pages(clients, run, &counters, hindrance(&shown, &unreadable)).await;
        }
    };
    let infos = infos?;
    if infos.is_empty() {
        return paging::open(&clients.athena, run).await;
    }
    let (columns, schema) = described(&infos);
    let stored = match stored::read(object, schema).await {
        Ok(stored) => stored,
        // Not the file that Athena wrote; Athena still has the rows.
        Err(error) if error.kind == QueryErrorKind::Storage => {
            let why = format!("{shown} is not as Athena writes it ({})", error.message);
            return by_pages(clients, run, &counters, why).await;
        }
        Err(error) => return Err(error),
    };
    Ok(ResultRows {
        columns,
        schema: stored.schema,
        batches: stored.batches,
        fetched: counters.fetched,
        requests: counters.requests,
        notes: stored.notes,
    })
}

/// The rows page by page, with a note of why, and with what was counted until then.
async fn by_pages(
    clients: &Clients,
    run: &FinishedRun,
    counters: &Counters,
    why: String,
) -> Result<ResultRows, QueryError> {
    let mut rows = paging::open(&clients.athena, run).await?;
    rows.notes.push(format!(
        "{why}: the rows come through GetQueryResults, page by page, which is slower"
    ));
    for (from, to) in [
        (&counters.fetched, &rows.fetched),
        (&counters.requests, &rows.requests),
    ] {
        to.fetch_add(from.load(Ordering::Relaxed), Ordering::Relaxed);
    }
    Ok(rows)
}

/// The object that holds a run's rows as CSV. Statements other than queries leave a text of another
/// form, and managed results no object of ours.
fn object_of(run: &FinishedRun) -> Option<Place> {
    let query = run
        .statement_type
        .as_deref()
        .is_none_or(|kind| kind == "DML");
    let location = run.output_location.as_deref()?;
    (query && location.ends_with(".csv")).then(|| Place::of(location))?
}

/// The columns of a result as its metadata has them.
async fn metadata(
    client: &aws_sdk_athena::Client,
    run: &FinishedRun,
    counters: &Counters,
    pace: Pace,
) -> Result<Vec<ColumnInfo>, QueryError> {
    // With the SDK's own attempts each; an answer that breaks off it does not always ask for again.
    const TRIES: u32 = 3;
    let mut tries = 0;
    let page = loop {
        counters.requests.fetch_add(1, Ordering::Relaxed);
        let answer = client
            .get_query_results()
            .query_execution_id(&run.execution_id)
            .max_results(1)
            .send()
            .await;
        tries += 1;
        match answer {
            Ok(page) => break page,
            Err(error) if fault_of(&error).may_pass() && tries < TRIES => {
                tokio::time::sleep(pause(pace.wait, tries)).await;
            }
            Err(error) => return Err(explain("athena:GetQueryResults", &error)),
        }
    };
    Ok(page
        .result_set
        .and_then(|set| set.result_set_metadata)
        .and_then(|metadata| metadata.column_info)
        .unwrap_or_default())
}

/// Display names, and a schema with unique ones.
fn described(infos: &[ColumnInfo]) -> (Vec<Column>, Schema) {
    let columns: Vec<Column> = infos
        .iter()
        .map(|info| Column {
            name: info.name().to_owned(),
        })
        .collect();
    let fields = unique_names(&columns).into_iter().zip(infos);
    let fields: Vec<Field> = fields
        .map(|(name, info)| {
            let service_type = info.r#type().trim().to_ascii_lowercase();
            Field::new(name, types::arrow_type(info), true)
                .with_metadata([(SERVICE_TYPE.to_owned(), service_type)].into())
        })
        .collect();
    (columns, Schema::new(fields))
}

/// A note for each column that is read as text although its metadata names another type.
fn retyped(declared: &Schema, read: &Schema) -> Vec<String> {
    let pairs = declared.fields().iter().zip(read.fields());
    pairs
        .filter(|(declared, read)| declared.data_type() != read.data_type())
        .map(|(declared, _)| {
            format!(
                "column \"{}\" is shown as Athena's text: some of its values are not certainly of the type {}",
                declared.name(),
                types::athena_name(declared.data_type())
            )
        })
        .collect()
}

/// What keeps the object from being read.
fn hindrance(place: &str, unreadable: &Unreadable) -> String {
    match unreadable.reason {
        Reason::Denied => format!(
            "{place} may not be read (s3:GetObject on it is denied, or kms:Decrypt on its key)"
        ),
        Reason::Missing => format!("there is no object {place}"),
        _ => format!("{place} cannot be read ({})", unreadable.error.message),
    }
}

#[cfg(test)]
mod tests;
