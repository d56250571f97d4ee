//! Rows by GetQueryResults: at most a thousand a page, two pages ahead of the reader. The way for
//! results that no object of ours holds; everywhere permitted, and slow.

#![allow(
    clippy::disallowed_methods,
    reason = "this room owns the task that fetches ahead; it ends when its reader lets go"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use aws_sdk_athena::Client;
use aws_sdk_athena::operation::get_query_results::GetQueryResultsOutput;
use aws_sdk_athena::types::{ColumnInfo, Row};
use futures::stream::{self, StreamExt};
use tokio::sync::mpsc;

use super::types::ColumnBuilder;
use super::{FinishedRun, ResultRows, described, retyped};
use crate::adapters::aws::{explain, fault_of};
use crate::domain::query::{QueryError, QueryErrorKind};

/// Pages that are fetched before they are asked for.
const AHEAD: usize = 2;

/// Rows in a page: the most that Athena gives.
const PAGE: i32 = 1_000;

/// How often a page is asked for, each time with the SDK's own attempts.
const TRIES: u32 = 3;

/// The pause before it is asked for again; twice as long the next time.
const PAUSE: Duration = Duration::from_millis(300);

/// Opens the rows of a run; its first page has arrived when this returns.
pub(super) async fn open(client: &Client, run: &FinishedRun) -> Result<ResultRows, QueryError> {
    let fetched = Arc::new(AtomicU64::new(0));
    let requests = Arc::new(AtomicU64::new(0));
    let pages = Pages {
        client: client.clone(),
        id: run.execution_id.clone(),
        fetched: Arc::clone(&fetched),
        requests: Arc::clone(&requests),
    };
    let first = pages.get(None).await?;
    let infos: Vec<ColumnInfo> = first
        .result_set()
        .and_then(|set| set.result_set_metadata())
        .map(|metadata| metadata.column_info().to_vec())
        .unwrap_or_default();
    // What Athena made a table of has its header as first row; what SHOW and the like print has not.
    let header = usize::from(run.statement_type.as_deref() == Some("DML"));
    let (columns, declared) = described(&infos);
    let schema = fitting(&declared, rows(&first).get(header..).unwrap_or_default());
    let notes = retyped(&declared, &schema);
    let schema: SchemaRef = Arc::new(schema);
    let maker = Maker {
        infos,
        schema: Arc::clone(&schema),
        rows: 0,
    };
    let (sender, receiver) = mpsc::channel(AHEAD);
    tokio::spawn(pages.pump(first, header, maker, sender));
    let batches = stream::unfold(receiver, |mut receiver| async move {
        let next = receiver.recv().await?;
        Some((next, receiver))
    })
    .boxed();
    Ok(ResultRows {
        columns,
        schema,
        batches,
        fetched,
        requests,
        notes,
    })
}

/// The pages of one result.
struct Pages {
    client: Client,
    id: String,
    fetched: Arc<AtomicU64>,
    requests: Arc<AtomicU64>,
}

impl Pages {
    /// One page. Asked for again where its answer broke off, which the SDK does not always do.
    async fn get(&self, token: Option<String>) -> Result<GetQueryResultsOutput, QueryError> {
        let mut tries = 0;
        let page = loop {
            self.requests.fetch_add(1, Ordering::Relaxed);
            let answer = self
                .client
                .get_query_results()
                .query_execution_id(&self.id)
                .max_results(PAGE)
                .set_next_token(token.clone())
                .send()
                .await;
            tries += 1;
            match answer {
                Ok(page) => break page,
                Err(error) if fault_of(&error).may_pass() && tries < TRIES => {
                    tokio::time::sleep(PAUSE * tries).await;
                }
                Err(error) => return Err(explain("athena:GetQueryResults", &error)),
            }
        };
        let bytes: usize = rows(&page)
            .iter()
            .flat_map(Row::data)
            .map(|datum| datum.var_char_value().map_or(0, str::len))
            .sum();
        self.fetched.fetch_add(bytes as u64, Ordering::Relaxed);
        Ok(page)
    }

    /// Sends a batch a page until the last one, an error, or a reader that has let go.
    async fn pump(
        self,
        first: GetQueryResultsOutput,
        header: usize,
        mut maker: Maker,
        sender: mpsc::Sender<Result<RecordBatch, QueryError>>,
    ) {
        let mut page = first;
        let mut skip = header;
        loop {
            let batch = maker.batch(rows(&page).get(skip..).unwrap_or_default());
            skip = 0;
            let failed = batch.is_err();
            let empty = batch.as_ref().is_ok_and(|batch| batch.num_rows() == 0);
            if (!empty && sender.send(batch).await.is_err()) || failed {
                return;
            }
            let Some(token) = page.next_token.take() else {
                return;
            };
            page = match self.get(Some(token)).await {
                Ok(page) => page,
                Err(error) => {
                    // The reader may have gone: then nobody waits for this.
                    let _ = sender.send(Err(error)).await;
                    return;
                }
            };
        }
    }
}

fn rows(page: &GetQueryResultsOutput) -> &[Row] {
    page.result_set().map(|set| set.rows()).unwrap_or_default()
}

/// A row's text in a column. A row that ends early has NULL in what it lacks.
fn text(row: &Row, column: usize) -> Option<&str> {
    row.data()
        .get(column)
        .and_then(|datum| datum.var_char_value())
}

/// The columns, those as text whose texts on the first page do not fit.
fn fitting(declared: &Schema, rows: &[Row]) -> Schema {
    let fields = declared.fields().iter().enumerate();
    let fields: Vec<Field> = fields
        .map(|(column, field)| {
            let mut builder = ColumnBuilder::new(field.data_type());
            builder.set_on_trial(true);
            let fits = rows
                .iter()
                .all(|row| builder.push(text(row, column)).is_ok());
            let data_type = if fits {
                field.data_type().clone()
            } else {
                DataType::Utf8
            };
            field.as_ref().clone().with_data_type(data_type)
        })
        .collect();
    Schema::new(fields)
}

/// Makes batches of rows of texts.
struct Maker {
    infos: Vec<ColumnInfo>,
    schema: SchemaRef,
    /// Rows made so far.
    rows: u64,
}

impl Maker {
    fn batch(&mut self, rows: &[Row]) -> Result<RecordBatch, QueryError> {
        let arrays = self
            .schema
            .fields()
            .iter()
            .zip(&self.infos)
            .enumerate()
            .map(|(column, (field, info))| {
                let mut builder = ColumnBuilder::new(field.data_type());
                for (row, number) in rows.iter().zip(self.rows + 1..) {
                    let value = text(row, column);
                    if builder.push(value).is_err() {
                        return Err(misfit(number, info, value.unwrap_or_default()));
                    }
                }
                Ok(builder.finish())
            })
            .collect::<Result<Vec<ArrayRef>, QueryError>>()?;
        self.rows += rows.len() as u64;
        let options = RecordBatchOptions::new().with_row_count(Some(rows.len()));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &options)
            .map_err(|error| QueryError::new(QueryErrorKind::Internal, error.to_string()))
    }
}

fn misfit(row: u64, column: &ColumnInfo, text: &str) -> QueryError {
    let shown: String = text.chars().take(60).collect();
    QueryError::new(
        QueryErrorKind::Execution,
        format!(
            "row {row} of the result has `{shown}` in the column `{}`, which is no {}",
            column.name(),
            column.r#type()
        ),
    )
    .with_hint("cast the column to varchar to see its texts as they are")
}
