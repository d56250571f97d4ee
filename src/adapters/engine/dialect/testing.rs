//! Runs statements over small tables in memory, for the tests of this folder.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::datasource::MemTable;
use datafusion::execution::context::SessionContext;
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::prelude::SessionConfig;

use super::{Translated, register, translate};
use crate::adapters::engine::errors::explain;
use crate::adapters::engine::functions;
use crate::domain::query::QueryError;

/// A session as the engine makes it, without a lake.
pub(super) fn session() -> SessionContext {
    let mut config = SessionConfig::new().with_target_partitions(2);
    config.options_mut().sql_parser.collect_spans = true;
    config
        .options_mut()
        .optimizer
        .enable_leaf_expression_pushdown = false;
    let state = SessionStateBuilder::new()
        .with_config(config)
        .with_default_features();
    let context = SessionContext::new_with_state(register(state).build());
    functions::register(&context);
    context
}

/// Registers a table made by a statement.
pub(super) fn create(context: &SessionContext, name: &str, sql: &str) {
    let (_, batches) = run_in(context, sql, &[]).unwrap();
    let schema = batches[0].schema();
    let table = MemTable::try_new(schema, vec![batches]).unwrap();
    context.register_table(name, Arc::new(table)).unwrap();
}

/// Runs a statement and gives its batches.
pub(super) fn run_in(
    context: &SessionContext,
    sql: &str,
    parameters: &[String],
) -> Result<(Translated, Vec<RecordBatch>), QueryError> {
    let translated = translate(sql, parameters)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let batches = runtime.block_on(async {
        let plan = context
            .state()
            .statement_to_plan(translated.plannable())
            .await?;
        let frame = context.execute_logical_plan(plan).await?;
        let schema = Arc::clone(frame.schema().inner());
        let batches = frame.collect().await?;
        Ok::<_, datafusion::common::DataFusionError>(if batches.is_empty() {
            vec![RecordBatch::new_empty(schema)]
        } else {
            batches
        })
    });
    match batches {
        Ok(batches) => Ok((translated, batches)),
        Err(error) => Err(translated.locate(explain(&error))),
    }
}

/// The rows of a statement, a line each, values separated by ` | `, NULL as `NULL`.
pub(super) fn rows_in(context: &SessionContext, sql: &str) -> Vec<String> {
    let (_, batches) = run_in(context, sql, &[]).unwrap_or_else(|error| panic!("{sql}\n{error:?}"));
    let options = FormatOptions::default().with_null("NULL");
    let mut rows = Vec::new();
    for batch in &batches {
        let columns: Vec<_> = batch
            .columns()
            .iter()
            .map(|column| ArrayFormatter::try_new(column.as_ref(), &options).unwrap())
            .collect();
        for row in 0..batch.num_rows() {
            let cells: Vec<String> = columns
                .iter()
                .map(|column| column.value(row).to_string())
                .collect();
            rows.push(cells.join(" | "));
        }
    }
    rows
}

/// The rows of a statement over no table.
pub(super) fn rows(sql: &str) -> Vec<String> {
    rows_in(&session(), sql)
}

/// The one value of a statement `SELECT expression`.
pub(super) fn value(expression: &str) -> String {
    rows(&format!("SELECT {expression}")).join("\n")
}

/// The failure of a statement, while it is translated, planned or run.
pub(super) fn failure_in(context: &SessionContext, sql: &str) -> QueryError {
    match run_in(context, sql, &[]) {
        Ok((_, batches)) => panic!("{sql}\nran: {batches:?}"),
        Err(error) => error,
    }
}

/// The failure of a statement over no table.
pub(super) fn failure(sql: &str) -> QueryError {
    failure_in(&session(), sql)
}

/// The display names of a statement's columns.
pub(super) fn names_in(context: &SessionContext, sql: &str) -> Vec<String> {
    let (translated, batches) = run_in(context, sql, &[]).unwrap();
    translated
        .columns(&batches[0].schema())
        .into_iter()
        .map(|column| column.name)
        .collect()
}
