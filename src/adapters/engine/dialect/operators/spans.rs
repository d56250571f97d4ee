//! Comparisons of spans: two days are 48 hours, which the planner's intervals keep apart.

use std::sync::Arc;

use arrow::array::{AsArray, IntervalMonthDayNanoArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, IntervalMonthDayNano, IntervalMonthDayNanoType, IntervalUnit};
use datafusion::common::{Result, exec_datafusion_err, internal_err, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, Expr, Operator, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility,
};
use sqlparser::ast::BinaryOperator;

const SPAN: DataType = DataType::Interval(IntervalUnit::MonthDayNano);

/// The planner's comparison; `None` for another operator.
pub(super) fn comparison(op: &BinaryOperator) -> Option<Operator> {
    Some(match op {
        BinaryOperator::Eq => Operator::Eq,
        BinaryOperator::NotEq => Operator::NotEq,
        BinaryOperator::Lt => Operator::Lt,
        BinaryOperator::LtEq => Operator::LtEq,
        BinaryOperator::Gt => Operator::Gt,
        BinaryOperator::GtEq => Operator::GtEq,
        _ => return None,
    })
}

/// A span whose days are counted in its smallest unit.
pub(super) fn in_one_unit(span: Expr) -> Expr {
    ScalarUDF::from(InOneUnit {
        signature: Signature::user_defined(Volatility::Immutable),
    })
    .call(vec![span])
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct InOneUnit {
    signature: Signature,
}

impl ScalarUDFImpl for InOneUnit {
    fn name(&self) -> &'static str {
        "span_in_one_unit"
    }

    fn display_name(&self, args: &[Expr]) -> Result<String> {
        match args {
            [span] => Ok(span.to_string()),
            _ => internal_err!("a span stands alone"),
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        match given {
            [DataType::Interval(_) | DataType::Duration(_)] => Ok(vec![SPAN]),
            _ => plan_err!("an interval is compared with an interval"),
        }
    }

    fn return_type(&self, _types: &[DataType]) -> Result<DataType> {
        Ok(SPAN)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let [spans] = arrays.as_slice() else {
            return internal_err!("a span stands alone");
        };
        let spans = cast(spans, &SPAN)?;
        let spans: IntervalMonthDayNanoArray = spans
            .as_primitive::<IntervalMonthDayNanoType>()
            .iter()
            .map(|span| {
                let Some(span) = span else { return Ok(None) };
                let days = i64::from(span.days).checked_mul(86_400_000_000_000);
                days.and_then(|days| days.checked_add(span.nanoseconds))
                    .map(|nanos| Some(IntervalMonthDayNano::new(span.months, 0, nanos)))
                    .ok_or_else(|| exec_datafusion_err!("The interval is too long"))
            })
            .collect::<Result<_>>()?;
        Ok(ColumnarValue::Array(Arc::new(spans)))
    }
}
