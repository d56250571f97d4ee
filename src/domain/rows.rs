//! The rows of a result as a handle: state and panes hold it, an adapter owns the bytes.

use std::fmt::Debug;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, SchemaRef};

/// The key in a field's metadata of the type that the query service gave its column. A text under
/// another type than `varchar` is how the service prints a value, not the value.
pub const SERVICE_TYPE: &str = "service_type";

/// Whether a field holds the service's print of values that are no texts, such as `[a, b]` for an
/// array: which values it stands for is not certain.
pub fn is_printed(field: &Field) -> bool {
    let is_text = matches!(
        field.data_type(),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View
    );
    let service_type = field.metadata().get(SERVICE_TYPE);
    is_text && service_type.is_some_and(|name| name != "varchar")
}

/// A column of a result as a person sees it. Names may repeat, as in Trino.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The display name.
    pub name: String,
}

/// A run of rows that lie in one batch.
#[derive(Debug, Clone)]
pub struct Page {
    /// The rows.
    pub batch: RecordBatch,
    /// The number, from 0, of the batch's first row in the result.
    pub first_row: usize,
}

/// Rows that may still be arriving and may partly lie on disk. Cheap to ask: a page that is not in
/// memory is one read of at most a few megabytes.
pub trait Rows: Send + Sync + Debug {
    /// The display names, as many as the schema has fields.
    fn columns(&self) -> &[Column];
    /// The Arrow schema; its field names are unique, unlike the display names.
    fn schema(&self) -> SchemaRef;
    /// Rows that have arrived so far.
    fn len(&self) -> usize;
    /// Whether nothing has arrived.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The page that holds a row, or `None` past the end or when its file cannot be read.
    fn page(&self, row: usize) -> Option<Page>;
}

/// Shared rows.
pub type RowsHandle = Arc<dyn Rows>;
