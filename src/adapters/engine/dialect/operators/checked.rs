//! `+`, `-` and `*` of whole numbers: what grows out of its type is an error, as in Trino, where
//! the planner's own operators would begin again at the other end.

use std::hash::{Hash, Hasher};

use arrow::array::{ArrayRef, Datum};
use arrow::compute::kernels::numeric;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use datafusion::common::{DataFusionError, Result, ScalarValue, internal_err, plan_err};
use datafusion::logical_expr::type_coercion::binary::BinaryTypeCoercer;
use datafusion::logical_expr::{
    ColumnarValue, Expr, Operator, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility,
};
use sqlparser::ast::BinaryOperator;

use super::super::errors::planning;
use crate::domain::query::{QueryError, QueryErrorKind, TextPosition};

/// The operation on two whole numbers; `None` for another operator.
pub(super) fn operation(op: &BinaryOperator, (left, right): (Expr, Expr)) -> Option<Expr> {
    let op = match op {
        BinaryOperator::Plus => Operator::Plus,
        BinaryOperator::Minus => Operator::Minus,
        BinaryOperator::Multiply => Operator::Multiply,
        _ => return None,
    };
    let checked = Checked {
        op,
        place: place(&left).or_else(|| place(&right)),
        signature: Signature::user_defined(Volatility::Immutable),
    };
    Some(ScalarUDF::from(checked).call(vec![left, right]))
}

/// Where an operand that is a column stands in the text.
fn place(expr: &Expr) -> Option<TextPosition> {
    let Expr::Column(column) = expr else {
        return None;
    };
    let start = column.spans.first()?.start;
    Some(TextPosition {
        line: usize::try_from(start.line).ok().filter(|at| *at > 0)?,
        column: usize::try_from(start.column).ok().filter(|at| *at > 0)?,
    })
}

#[derive(Debug)]
struct Checked {
    op: Operator,
    /// Told in the failure; two operations that differ in it alone are the same.
    place: Option<TextPosition>,
    signature: Signature,
}

impl PartialEq for Checked {
    fn eq(&self, other: &Self) -> bool {
        self.op == other.op
    }
}

impl Eq for Checked {}

impl Hash for Checked {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.op.hash(state);
    }
}

impl ScalarUDFImpl for Checked {
    fn name(&self) -> &str {
        match self.op {
            Operator::Plus => "checked_plus",
            Operator::Minus => "checked_minus",
            _ => "checked_multiply",
        }
    }

    fn display_name(&self, args: &[Expr]) -> Result<String> {
        match args {
            [left, right] => Ok(format!("{left} {} {right}", self.op)),
            _ => internal_err!("an operator has two operands"),
        }
    }

    fn schema_name(&self, args: &[Expr]) -> Result<String> {
        match args {
            [left, right] => Ok(format!(
                "{} {} {}",
                left.schema_name(),
                self.op,
                right.schema_name()
            )),
            _ => internal_err!("an operator has two operands"),
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> Result<Vec<DataType>> {
        let [left, right] = given else {
            return plan_err!("{} has two operands", self.op);
        };
        let (left, right) = BinaryTypeCoercer::new(left, &self.op, right).get_input_types()?;
        Ok(vec![left, right])
    }

    fn return_type(&self, types: &[DataType]) -> Result<DataType> {
        match types {
            [left, right] => BinaryTypeCoercer::new(left, &self.op, right).get_result_type(),
            _ => plan_err!("{} has two operands", self.op),
        }
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let [left, right] = args.args.as_slice() else {
            return internal_err!("an operator has two operands");
        };
        let constant = matches!(
            (left, right),
            (ColumnarValue::Scalar(_), ColumnarValue::Scalar(_))
        );
        let (left, right) = (datum(left)?, datum(right)?);
        let result = match self.op {
            Operator::Plus => numeric::add(left.as_ref(), right.as_ref()),
            Operator::Minus => numeric::sub(left.as_ref(), right.as_ref()),
            _ => numeric::mul(left.as_ref(), right.as_ref()),
        };
        let result = result.map_err(|error| self.failure(error, args.return_type()))?;
        Ok(if constant {
            ColumnarValue::Scalar(ScalarValue::try_from_array(&result, 0)?)
        } else {
            ColumnarValue::Array(result)
        })
    }
}

impl Checked {
    fn failure(&self, error: ArrowError, data_type: &DataType) -> DataFusionError {
        let ArrowError::ArithmeticOverflow(text) = &error else {
            return error.into();
        };
        let name = match self.op {
            Operator::Plus => "addition",
            Operator::Minus => "subtraction",
            _ => "multiplication",
        };
        let numbers = text.rsplit(": ").next().unwrap_or(text);
        let error = QueryError::new(
            QueryErrorKind::Execution,
            format!(
                "{} {name} overflow: {numbers}",
                crate::adapters::engine::functions::type_name(data_type)
            ),
        )
        .with_hint("CAST one side AS decimal(38, 0) or double, or write try(…) for NULL");
        planning(match self.place {
            Some(place) => error.at(place),
            None => error,
        })
    }
}

fn datum(value: &ColumnarValue) -> Result<Box<dyn Datum>> {
    Ok(match value {
        ColumnarValue::Array(array) => Box::new(ArrayRef::clone(array)),
        ColumnarValue::Scalar(scalar) => Box::new(scalar.to_scalar()?),
    })
}
