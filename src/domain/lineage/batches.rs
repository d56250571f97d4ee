//! Records out of the rows that the statements of `sql::pivot::lineage` give.

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type, TimeUnit, TimestampMillisecondType};
use chrono::{DateTime, Utc};

use super::record::{Issue, Use};
use super::stitch::Stitcher;

/// The columns of the statement on credentials that were given out, in order.
pub const ISSUED: [&str; 12] = [
    "operation",
    "caller_key",
    "caller",
    "caller_account",
    "invoked_by",
    "issued_key",
    "issued_role",
    "session_arn",
    "session_name",
    "issued_user",
    "address",
    "first_time",
];

/// The columns of the statement on what was done with credentials, in order.
pub const USED: [&str; 12] = [
    "access_key",
    "principal",
    "principal_account",
    "role",
    "account",
    "service",
    "address",
    "first_time",
    "last_time",
    "calls",
    "failures",
    "session_began",
];

/// A batch that is no answer of its statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the answer's column {place} ({name}) {fault}")]
pub struct BatchError {
    /// The column's place, from 1.
    pub place: usize,
    /// What it should have held.
    pub name: &'static str,
    /// What is wrong with it.
    pub fault: &'static str,
}

/// Takes the rows of the statement on credentials that were given out.
///
/// # Errors
///
/// A column that is missing or of another type. Rows without a time are passed over.
pub fn take_issued(stitcher: &mut Stitcher, batch: &RecordBatch) -> Result<(), BatchError> {
    let text = |place: usize| texts(batch, place, ISSUED[place]);
    let (operation, caller_key, caller) = (text(0)?, text(1)?, text(2)?);
    let (caller_account, invoked_by, key) = (text(3)?, text(4)?, text(5)?);
    let (role, session_arn, session_name) = (text(6)?, text(7)?, text(8)?);
    let (user, address) = (text(9)?, text(10)?);
    let times = times(batch, 11, ISSUED[11])?;
    for row in 0..batch.num_rows() {
        let (Some(operation), Some(at)) = (at(&operation, row), time(&times, row)) else {
            continue;
        };
        stitcher.issue(&Issue {
            at,
            operation,
            caller_key: self::at(&caller_key, row),
            caller: self::at(&caller, row),
            caller_account: self::at(&caller_account, row),
            invoked_by: self::at(&invoked_by, row),
            key: self::at(&key, row),
            role: self::at(&role, row),
            session_arn: self::at(&session_arn, row),
            session_name: self::at(&session_name, row),
            user: self::at(&user, row),
            address: self::at(&address, row),
        });
    }
    Ok(())
}

/// Takes the rows of the statement on what was done with credentials.
///
/// # Errors
///
/// A column that is missing or of another type. Rows without a key or a time are passed over.
pub fn take_used(stitcher: &mut Stitcher, batch: &RecordBatch) -> Result<(), BatchError> {
    let text = |place: usize| texts(batch, place, USED[place]);
    let (key, principal, principal_account) = (text(0)?, text(1)?, text(2)?);
    let (role, account, service, address) = (text(3)?, text(4)?, text(5)?, text(6)?);
    let (first, last) = (times(batch, 7, USED[7])?, times(batch, 8, USED[8])?);
    let (calls, failures) = (counts(batch, 9, USED[9])?, counts(batch, 10, USED[10])?);
    let began = times(batch, 11, USED[11])?;
    for row in 0..batch.num_rows() {
        let (Some(key), Some(first)) = (at(&key, row), time(&first, row)) else {
            continue;
        };
        stitcher.used(&Use {
            key,
            principal: at(&principal, row),
            principal_account: at(&principal_account, row),
            role: at(&role, row),
            account: at(&account, row),
            service: at(&service, row),
            address: at(&address, row),
            first,
            last: time(&last, row).unwrap_or(first),
            calls: count(&calls, row),
            failures: count(&failures, row),
            began: time(&began, row),
        });
    }
    Ok(())
}

fn column(
    batch: &RecordBatch,
    place: usize,
    name: &'static str,
    wanted: &DataType,
) -> Result<ArrayRef, BatchError> {
    let fail = |fault| BatchError {
        place: place + 1,
        name,
        fault,
    };
    let array = batch
        .columns()
        .get(place)
        .ok_or_else(|| fail("is missing"))?;
    cast(array, wanted).map_err(|_| fail("is of another type"))
}

fn texts(batch: &RecordBatch, place: usize, name: &'static str) -> Result<StringArray, BatchError> {
    Ok(column(batch, place, name, &DataType::Utf8)?
        .as_string::<i32>()
        .clone())
}

/// Milliseconds.
fn times(batch: &RecordBatch, place: usize, name: &'static str) -> Result<Int64Array, BatchError> {
    let wanted = DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()));
    let array = column(batch, place, name, &wanted)?;
    let array = array.as_primitive::<TimestampMillisecondType>();
    Ok(array.reinterpret_cast::<Int64Type>())
}

fn counts(batch: &RecordBatch, place: usize, name: &'static str) -> Result<Int64Array, BatchError> {
    Ok(column(batch, place, name, &DataType::Int64)?
        .as_primitive::<Int64Type>()
        .clone())
}

fn at(array: &StringArray, row: usize) -> Option<&str> {
    array.is_valid(row).then(|| array.value(row))
}

fn time(array: &Int64Array, row: usize) -> Option<DateTime<Utc>> {
    array
        .is_valid(row)
        .then(|| DateTime::from_timestamp_millis(array.value(row)))?
}

fn count(array: &Int64Array, row: usize) -> u64 {
    match array.is_valid(row) {
        true => u64::try_from(array.value(row)).unwrap_or(0),
        false => 0,
    }
}
