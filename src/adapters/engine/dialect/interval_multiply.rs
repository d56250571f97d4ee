//! `interval * number`, which the planner's arithmetic lacks.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, IntervalMonthDayNanoArray};
use arrow::compute::cast;
use arrow::datatypes::{
    DataType, Float64Type, Int64Type, IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalUnit,
};
use datafusion::common::{Result, exec_datafusion_err, exec_err, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
};

use super::interval::MULTIPLY;

const INTERVAL: DataType = DataType::Interval(IntervalUnit::MonthDayNano);
const DAY_NANOS: f64 = 86_400e9;

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct IntervalMultiply {
    signature: Signature,
}

impl Default for IntervalMultiply {
    fn default() -> Self {
        Self {
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for IntervalMultiply {
    fn name(&self) -> &str {
        MULTIPLY
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        match arg_types {
            [_, number] if number.is_integer() || number.is_null() => {
                Ok(vec![INTERVAL, DataType::Int64])
            }
            [_, number] if number.is_numeric() => Ok(vec![INTERVAL, DataType::Float64]),
            _ => plan_err!("An interval is multiplied by a number"),
        }
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        Ok(INTERVAL)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let [intervals, numbers] = arrays.as_slice() else {
            return exec_err!("an interval is multiplied by one number");
        };
        let intervals = intervals.as_primitive::<IntervalMonthDayNanoType>();
        let whole = numbers.data_type().is_integer();
        let exact = cast(numbers, &DataType::Int64)?;
        let rough = cast(numbers, &DataType::Float64)?;
        let (exact, rough) = (
            exact.as_primitive::<Int64Type>(),
            rough.as_primitive::<Float64Type>(),
        );
        let products = (0..intervals.len())
            .map(|row| {
                if intervals.is_null(row) || numbers.is_null(row) {
                    return Ok(None);
                }
                let interval = intervals.value(row);
                let product = if whole {
                    by_integer(interval, exact.value(row))
                } else {
                    by_double(interval, rough.value(row))
                };
                product
                    .map(Some)
                    .ok_or_else(|| exec_datafusion_err!("The interval is too long"))
            })
            .collect::<Result<IntervalMonthDayNanoArray>>()?;
        let products: ArrayRef = Arc::new(products);
        Ok(ColumnarValue::Array(products))
    }
}

fn by_integer(interval: IntervalMonthDayNano, factor: i64) -> Option<IntervalMonthDayNano> {
    let small = |value: i32| i32::try_from(i64::from(value).checked_mul(factor)?).ok();
    Some(IntervalMonthDayNano::new(
        small(interval.months)?,
        small(interval.days)?,
        interval.nanoseconds.checked_mul(factor)?,
    ))
}

/// Months are rounded to whole ones, the rest to milliseconds.
fn by_double(interval: IntervalMonthDayNano, factor: f64) -> Option<IntervalMonthDayNano> {
    let whole = |value: f64, limit: f64| (value.abs() < limit).then(|| value.round());
    let months = whole(f64::from(interval.months) * factor, f64::from(i32::MAX))?;
    #[allow(
        clippy::cast_precision_loss,
        reason = "a span of nanoseconds beyond 2^53 is 104 days"
    )]
    let nanos = (f64::from(interval.days) * DAY_NANOS + interval.nanoseconds as f64) * factor;
    let millis = whole(nanos / 1e6, 9e12)?;
    #[allow(
        clippy::cast_possible_truncation,
        reason = "the limits were checked above"
    )]
    Some(IntervalMonthDayNano::new(
        months as i32,
        0,
        (millis as i64) * 1_000_000,
    ))
}
