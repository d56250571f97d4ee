//! Statements against the functions alone, without the dialect: DataFusion's own SQL.

use arrow::array::ArrayRef;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use datafusion::common::Result;
use datafusion::execution::context::SessionContext;

/// A session with the functions registered.
pub(crate) fn session() -> SessionContext {
    let context = SessionContext::new();
    super::register(&context);
    context
}

/// The single column of a statement's result.
pub(crate) fn column(sql: &str) -> Result<ArrayRef> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let frame = session().sql(sql).await?;
        let batches = frame.collect().await?;
        let columns: Vec<_> = batches
            .iter()
            .map(|batch| batch.column(0).as_ref())
            .collect();
        Ok(arrow::compute::concat(&columns)?)
    })
}

/// A column's values as text; NULL reads `NULL`.
pub(crate) fn shown(column: &ArrayRef) -> Vec<String> {
    let options = FormatOptions::new().with_null("NULL");
    let formatter = ArrayFormatter::try_new(column.as_ref(), &options).unwrap();
    (0..column.len())
        .map(|row| formatter.value(row).to_string())
        .collect()
}

/// Asserts what an expression gives, once as a constant and once for each of three rows.
#[track_caller]
pub(crate) fn gives(expression: &str, expected: &str) {
    let constant = column(&format!("SELECT {expression}")).unwrap();
    assert_eq!(shown(&constant), [expected], "{expression}");
}

/// Asserts what an expression over the column `v` gives for each of some values.
#[track_caller]
pub(crate) fn gives_rows(expression: &str, values: &str, expected: &[&str]) {
    let rows = column(&format!(
        "SELECT {expression} FROM (VALUES {values}) AS t(v)"
    ))
    .unwrap();
    assert_eq!(shown(&rows), expected, "{expression}");
}

/// Asserts that an expression fails with a message that holds this.
#[track_caller]
pub(crate) fn fails(expression: &str, message: &str) {
    match column(&format!("SELECT {expression}")) {
        Ok(column) => panic!("{expression} gave {:?}", shown(&column)),
        Err(error) => {
            let error = error.to_string();
            assert!(error.contains(message), "{expression}: {error}");
        }
    }
}
