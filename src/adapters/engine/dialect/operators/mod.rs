//! Operators that mean something else in Trino than in the planner: whole numbers that grow too
//! large, spans added to times on a zone's clock, days between dates, rows and arrays with NULLs
//! in them. Each becomes a function of the same looks while the statement is planned, as soon as
//! its operands have types.

mod checked;
mod nested;
mod spans;
mod zoned;

use arrow::datatypes::DataType;
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{Cast, Expr, ExprSchemable, Operator, binary_expr};
use sqlparser::ast::BinaryOperator;

use super::time::WALL_CLOCK_TYPE;

/// Plans such operators.
#[derive(Debug)]
pub(super) struct TrinoOperators;

impl ExprPlanner for TrinoOperators {
    fn plan_binary_op(
        &self,
        expr: RawBinaryExpr,
        schema: &DFSchema,
    ) -> Result<PlannerResult<RawBinaryExpr>> {
        let types = (expr.left.get_type(schema), expr.right.get_type(schema));
        let (Ok(left), Ok(right)) = types else {
            return Ok(PlannerResult::Original(expr));
        };
        Ok(match planned(&expr, &left, &right)? {
            Some(planned) => PlannerResult::Planned(planned),
            None => PlannerResult::Original(expr),
        })
    }
}

fn planned(expr: &RawBinaryExpr, left: &DataType, right: &DataType) -> Result<Option<Expr>> {
    let operands = || (expr.left.clone(), expr.right.clone());
    if let Some(comparison) = spans::comparison(&expr.op)
        && is_span(left)
        && is_span(right)
    {
        let (left, right) = operands();
        return Ok(Some(binary_expr(
            spans::in_one_unit(left),
            comparison,
            spans::in_one_unit(right),
        )));
    }
    let planned = match &expr.op {
        BinaryOperator::Plus | BinaryOperator::Minus | BinaryOperator::Multiply
            if left.is_integer() && right.is_integer() =>
        {
            checked::operation(&expr.op, operands())
        }
        BinaryOperator::Plus if takes_spans(left) && is_span(right) => {
            Some(zoned::shifted(operands(), false))
        }
        BinaryOperator::Plus if is_span(left) && takes_spans(right) => {
            let (span, time) = operands();
            Some(zoned::shifted((time, span), false))
        }
        BinaryOperator::Minus if takes_spans(left) && is_span(right) => {
            Some(zoned::shifted(operands(), true))
        }
        BinaryOperator::Minus if is_date(left) && is_date(right) => {
            let (left, right) = operands();
            let midnight = |day| Expr::Cast(Cast::new(Box::new(day), WALL_CLOCK_TYPE));
            Some(binary_expr(
                midnight(left),
                Operator::Minus,
                midnight(right),
            ))
        }
        BinaryOperator::Eq if nested::applies(left, right) => {
            Some(nested::equal(operands(), false))
        }
        BinaryOperator::NotEq if nested::applies(left, right) => {
            Some(nested::equal(operands(), true))
        }
        _ => None,
    };
    Ok(planned)
}

/// Whether adding a span to this type is ours to do.
fn takes_spans(data_type: &DataType) -> bool {
    zoned::is_zoned(data_type) || *data_type == DataType::Date32
}

fn is_date(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Date32 | DataType::Date64)
}

fn is_span(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Interval(_) | DataType::Duration(_))
}

#[cfg(test)]
mod tests;
