//! When the event of a row happened, by the columns that tell it.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit, TimestampMillisecondType};
use chrono::{DateTime, Utc};

/// The columns that tell when an event happened, the most exact first. As a number it counts
/// milliseconds since 1970-01-01T00:00:00Z, as OCSF has it.
const COLUMNS: [&str; 2] = ["time_dt", "time"];

/// When the event of a row happened; `None` where the row does not say.
pub fn event_time(batch: &RecordBatch, row: usize) -> Option<DateTime<Utc>> {
    if row >= batch.num_rows() {
        return None;
    }
    let milliseconds = DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
    COLUMNS.into_iter().find_map(|name| {
        let column = batch.column_by_name(name)?.slice(row, 1);
        let is_time = matches!(
            column.data_type(),
            DataType::Timestamp(..) | DataType::Int64
        );
        let told = cast(&column, &milliseconds).ok().filter(|_| is_time)?;
        let told = told.as_primitive_opt::<TimestampMillisecondType>()?;
        told.is_valid(0)
            .then(|| DateTime::from_timestamp_millis(told.value(0)))?
    })
}
