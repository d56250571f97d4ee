//! `sequence`: arrays of integers, dates and times at regular steps.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array, ListArray};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Date32Type, Field, Int64Type, IntervalMonthDayNanoType, IntervalUnit, TimeUnit,
};
use chrono::{DateTime, Months, NaiveDateTime, TimeDelta};
use datafusion::common::{Result, exec_datafusion_err, exec_err, internal_err};

use super::super::kernel::{Call, Function};
use super::super::types;
use super::array;
use super::build::MOST;

const INTERVAL: DataType = DataType::Interval(IntervalUnit::MonthDayNano);

pub(super) fn functions() -> Vec<Function> {
    vec![
        array(
            "sequence",
            "sequence(first, last [, step])",
            "The values from the first to the last; of dates and times by days or by an interval",
        )
        .takes_custom(accept, |types| Ok(types::list(types[0].clone())), sequence),
    ]
}

fn accept(given: &[DataType]) -> Result<Option<Vec<DataType>>> {
    use DataType as T;
    let (ends, step) = match given {
        [first, last] => ([first, last], None),
        [first, last, step] => ([first, last], Some(step)),
        _ => return Ok(None),
    };
    if ends.iter().all(|end| end.is_integer() || end.is_null()) {
        let whole = step.is_none_or(|step| step.is_integer() || step.is_null());
        return Ok(whole.then(|| vec![T::Int64; given.len()]));
    }
    let end = match ends {
        [T::Date32, T::Date32] => T::Date32,
        [T::Timestamp(_, zone), T::Timestamp(_, _) | T::Date32]
        | [T::Date32, T::Timestamp(_, zone)] => T::Timestamp(TimeUnit::Millisecond, zone.clone()),
        _ => return Ok(None),
    };
    match step {
        None => Ok(Some(vec![end.clone(), end])),
        Some(T::Interval(_) | T::Duration(_)) => Ok(Some(vec![end.clone(), end, INTERVAL])),
        Some(_) => Ok(None),
    }
}

fn sequence(call: &Call<'_>) -> Result<ArrayRef> {
    let (first, last) = (numbers(&call.expanded(0)?)?, numbers(&call.expanded(1)?)?);
    let step = (call.count() > 2).then(|| call.expanded(2)).transpose()?;
    let DataType::List(item) = call.returns() else {
        return internal_err!("sequence gives arrays");
    };
    let mut values: Vec<i64> = Vec::new();
    let (mut lengths, mut valid) = (Vec::new(), Vec::new());
    for row in 0..call.rows {
        let before = values.len();
        valid.push(!call.is_null(row));
        if !call.is_null(row) {
            let (first, last) = (first.value(row), last.value(row));
            match (item.data_type(), &step) {
                (DataType::Int64, step) => {
                    let default = if first <= last { 1 } else { -1 };
                    let step = step
                        .as_ref()
                        .map_or(default, |step| step.as_primitive::<Int64Type>().value(row));
                    regular(first, last, step, &mut values)?;
                }
                (other, None) => {
                    let day = if *other == DataType::Date32 {
                        1
                    } else {
                        86_400_000
                    };
                    regular(
                        first,
                        last,
                        if first <= last { day } else { -day },
                        &mut values,
                    )?;
                }
                (other, Some(step)) => {
                    let step = step.as_primitive::<IntervalMonthDayNanoType>().value(row);
                    by_interval(other, first, last, step, &mut values)?;
                }
            }
        }
        lengths.push(values.len() - before);
    }
    let values: ArrayRef = Arc::new(Int64Array::from(values));
    let values = match item.data_type() {
        DataType::Int64 => values,
        DataType::Date32 => cast(&cast(&values, &DataType::Int32)?, &DataType::Date32)?,
        other => cast(&values, other)?,
    };
    let field = Arc::new(Field::new_list_field(item.data_type().clone(), true));
    Ok(Arc::new(ListArray::try_new(
        field,
        OffsetBuffer::from_lengths(lengths),
        values,
        Some(NullBuffer::from(valid)),
    )?))
}

/// Integers, days since 1970 or milliseconds since 1970.
fn numbers(array: &ArrayRef) -> Result<Int64Array> {
    let array = match array.data_type() {
        DataType::Date32 => {
            let days = array.as_primitive::<Date32Type>();
            return Ok(days.unary(i64::from));
        }
        _ => cast(array, &DataType::Int64)?,
    };
    Ok(array.as_primitive::<Int64Type>().clone())
}

fn too_long<T>() -> Result<T> {
    exec_err!("sequence makes at most {MOST} elements")
}

fn regular(first: i64, last: i64, step: i64, values: &mut Vec<i64>) -> Result<()> {
    if step == 0 || (first < last && step < 0) || (first > last && step > 0) {
        return exec_err!("sequence: the step must lead from the first value to the last");
    }
    let distance = (i128::from(last) - i128::from(first)) / i128::from(step);
    if distance >= i128::from(MOST) {
        return too_long();
    }
    for place in 0..=distance {
        values.extend(i64::try_from(i128::from(first) + place * i128::from(step)).ok());
    }
    Ok(())
}

fn by_interval(
    unit: &DataType,
    first: i64,
    last: i64,
    step: arrow::datatypes::IntervalMonthDayNano,
    values: &mut Vec<i64>,
) -> Result<()> {
    let dates = *unit == DataType::Date32;
    let scale = if dates { 86_400_000 } else { 1 };
    let forward = (step.months, step.days, step.nanoseconds) >= (0, 0, 0);
    let start = time(first * scale)?;
    let mut value = first;
    for place in 0.. {
        if (forward && value > last) || (!forward && value < last) {
            break;
        }
        if place > MOST {
            return too_long();
        }
        values.push(value);
        let next = advance(start, step, place + 1)
            .ok_or_else(|| exec_datafusion_err!("sequence: a time is out of range"))?;
        let next = next.and_utc().timestamp_millis().div_euclid(scale);
        if next == value {
            return exec_err!("sequence: the step must lead from the first value to the last");
        }
        value = next;
    }
    Ok(())
}

fn time(millis: i64) -> Result<NaiveDateTime> {
    match DateTime::from_timestamp_millis(millis) {
        Some(time) => Ok(time.naive_utc()),
        None => exec_err!("sequence: a time is out of range"),
    }
}

/// The start and so many steps; counted from the start so that ends of months do not drift.
fn advance(
    start: NaiveDateTime,
    step: arrow::datatypes::IntervalMonthDayNano,
    times: i64,
) -> Option<NaiveDateTime> {
    let months = i64::from(step.months).checked_mul(times)?;
    let size = Months::new(u32::try_from(months.unsigned_abs()).ok()?);
    let moved = if months < 0 {
        start.checked_sub_months(size)?
    } else {
        start.checked_add_months(size)?
    };
    let days = TimeDelta::try_days(i64::from(step.days).checked_mul(times)?)?;
    let rest = TimeDelta::nanoseconds(step.nanoseconds.checked_mul(times)?);
    moved.checked_add_signed(days)?.checked_add_signed(rest)
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{fails, gives};

    #[test]
    fn integers() {
        gives("sequence(1, 4)", "[1, 2, 3, 4]");
        gives("sequence(3, 1)", "[3, 2, 1]");
        gives("sequence(0, 10, 4)", "[0, 4, 8]");
        gives("sequence(1, 1)", "[1]");
        gives("sequence(1, NULL)", "NULL");
        fails("sequence(1, 5, 0)", "step");
        fails("sequence(1, 5, -1)", "step");
        fails("sequence(1, 9223372036854775807)", "at most");
    }

    #[test]
    fn dates_and_times() {
        gives(
            "sequence(DATE '2026-01-30', DATE '2026-02-01')",
            "[2026-01-30, 2026-01-31, 2026-02-01]",
        );
        gives(
            "sequence(DATE '2026-01-31', DATE '2026-03-31', INTERVAL '1' MONTH)",
            "[2026-01-31, 2026-02-28, 2026-03-31]",
        );
        gives(
            "sequence(TIMESTAMP '2026-01-01 00:00:00', TIMESTAMP '2026-01-01 01:00:00', INTERVAL '30' MINUTE)",
            "[2026-01-01T00:00:00, 2026-01-01T00:30:00, 2026-01-01T01:00:00]",
        );
        gives(
            "sequence(DATE '2026-01-03', DATE '2026-01-01', INTERVAL '-1' DAY)",
            "[2026-01-03, 2026-01-02, 2026-01-01]",
        );
    }
}
