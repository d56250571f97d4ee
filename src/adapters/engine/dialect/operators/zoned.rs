//! A span added to an instant on a zone's clock: months move the clock, days and less move the
//! instant, so that a day is 24 hours also when the clocks change. And a span added to a date,
//! which has no hours to add to.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array, IntervalMonthDayNanoArray};
use arrow::compute::{CastOptions, cast, cast_with_options, kernels::numeric};
use arrow::datatypes::{
    DataType, Int64Type, IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalUnit, TimeUnit,
};
use arrow::util::display::FormatOptions;
use datafusion::common::{Result, exec_datafusion_err, exec_err, internal_err, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

const SPAN: DataType = DataType::Interval(IntervalUnit::MonthDayNano);
const DAY_NANOS: i64 = 86_400_000_000_000;

/// A cast that fails where a value does not fit.
const STRICT: CastOptions<'static> = CastOptions {
    safe: false,
    format_options: FormatOptions::new(),
};

/// Whether a type is that of instants on the clock of a zone other than UTC.
pub(super) fn is_zoned(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Timestamp(_, Some(zone)) if !matches!(zone.as_ref(), "UTC" | "+00:00"))
}

/// The instant so much later, or earlier.
pub(super) fn shifted((time, span): (Expr, Expr), earlier: bool) -> Expr {
    let shift = Shift {
        earlier,
        signature: Signature::user_defined(Volatility::Immutable),
    };
    ScalarUDF::from(shift).call(vec![time, span])
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Shift {
    earlier: bool,
    signature: Signature,
}

impl ScalarUDFImpl for Shift {
    fn name(&self) -> &'static str {
        if self.earlier {
            "zoned_minus"
        } else {
            "zoned_plus"
        }
    }

    fn display_name(&self, args: &[Expr]) -> Result<String> {
        match args {
            [time, span] => Ok(format!(
                "{time} {} {span}",
                if self.earlier { '-' } else { '+' }
            )),
            _ => internal_err!("an operator has two operands"),
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        match given {
            [time, DataType::Interval(_) | DataType::Duration(_)] => Ok(vec![time.clone(), SPAN]),
            _ => plan_err!("an interval is added to a time"),
        }
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        Ok(types.first().cloned().unwrap_or(DataType::Null))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let [times, spans] = arrays.as_slice() else {
            return internal_err!("an operator has two operands");
        };
        let unit = match times.data_type() {
            DataType::Timestamp(unit, _) => nanos_in(*unit),
            DataType::Date32 => DAY_NANOS,
            _ => return internal_err!("an interval is added to a time"),
        };
        let sign = if self.earlier { -1 } else { 1 };
        let spans = spans.as_primitive::<IntervalMonthDayNanoType>();
        let months: IntervalMonthDayNanoArray = spans
            .iter()
            .map(|span| span.map(|span| IntervalMonthDayNano::new(sign * span.months, 0, 0)))
            .collect();
        let rest: Int64Array = spans
            .iter()
            .map(|span| {
                let Some(span) = span else { return Ok(None) };
                let nanos = i64::from(span.days)
                    .checked_mul(DAY_NANOS)
                    .and_then(|days| days.checked_add(span.nanoseconds))
                    .ok_or_else(|| exec_datafusion_err!("The interval is too long"))?;
                if unit == DAY_NANOS && nanos % DAY_NANOS != 0 {
                    return exec_err!(
                        "A date has no hours, minutes or seconds to add to: CAST it AS timestamp"
                    );
                }
                Ok(Some(i64::from(sign) * nanos / unit))
            })
            .collect::<Result<_>>()?;
        let moved = if months
            .values()
            .iter()
            .all(|months| *months == IntervalMonthDayNano::ZERO)
        {
            Arc::clone(times)
        } else {
            numeric::add(&times, &months)?
        };
        // A date counts in 32 bits, and becomes a longer number only by way of them.
        let moved = match moved.data_type() {
            DataType::Date32 => cast(&moved, &DataType::Int32)?,
            _ => moved,
        };
        let moved = cast(&moved, &DataType::Int64)?;
        let moved: ArrayRef = Arc::new(moved.as_primitive::<Int64Type>().clone());
        let moved = numeric::add(&moved, &rest)?;
        let moved = match times.data_type() {
            DataType::Date32 => cast_with_options(&moved, &DataType::Int32, &STRICT)?,
            _ => moved,
        };
        Ok(ColumnarValue::Array(cast(&moved, times.data_type())?))
    }
}

const fn nanos_in(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1_000_000_000,
        TimeUnit::Millisecond => 1_000_000,
        TimeUnit::Microsecond => 1_000,
        TimeUnit::Nanosecond => 1,
    }
}
