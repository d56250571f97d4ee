//! Types that Trino does not compare or add, and the planner would convert in silence: text with
//! a number, a time or a truth value. A comparison that is converted may be wrong (an account id
//! loses its leading zeros) and would fail in Athena.

use std::fmt;

use arrow::datatypes::DataType;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, Result};
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, Operator};
use datafusion::optimizer::AnalyzerRule;

use super::errors::{invalid, planning};

/// Refuses such comparisons before the planner's own coercion.
#[derive(Debug)]
pub(super) struct TypeChecks;

impl AnalyzerRule for TypeChecks {
    fn name(&self) -> &str {
        "athena_type_checks"
    }

    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        plan.apply_with_subqueries(|node| {
            check_node(node)?;
            Ok(TreeNodeRecursion::Continue)
        })?;
        Ok(plan)
    }
}

fn check_node(node: &LogicalPlan) -> Result<()> {
    let mut schema = DFSchema::empty();
    for input in node.inputs() {
        schema.merge(input.schema());
    }
    if let LogicalPlan::Join(join) = node {
        for (left, right) in &join.on {
            check_pair(left, right, "compared", &schema)?;
        }
    }
    node.apply_expressions(|expr| {
        expr.apply(|expr| {
            check_expr(expr, &schema)?;
            Ok(TreeNodeRecursion::Continue)
        })
    })?;
    Ok(())
}

fn check_expr(expr: &Expr, schema: &DFSchema) -> Result<()> {
    match expr {
        Expr::BinaryExpr(binary) => {
            let verb = match binary.op {
                Operator::Eq
                | Operator::NotEq
                | Operator::Lt
                | Operator::LtEq
                | Operator::Gt
                | Operator::GtEq
                | Operator::IsDistinctFrom
                | Operator::IsNotDistinctFrom => "compared",
                Operator::Plus
                | Operator::Minus
                | Operator::Multiply
                | Operator::Divide
                | Operator::Modulo => "put together in arithmetic",
                _ => return Ok(()),
            };
            check_pair(&binary.left, &binary.right, verb, schema)
        }
        Expr::Between(between) => {
            check_pair(&between.expr, &between.low, "compared", schema)?;
            check_pair(&between.expr, &between.high, "compared", schema)
        }
        Expr::InList(list) => list
            .list
            .iter()
            .try_for_each(|item| check_pair(&list.expr, item, "compared", schema)),
        Expr::Like(like) => {
            let kind = Kind::of(&like.expr, schema);
            match kind {
                Some(kind) if kind != Kind::Text => Err(planning(
                    invalid(format!(
                        "LIKE takes a varchar, and `{}` is a {kind}",
                        like.expr
                    ))
                    .with_hint("Write CAST(value AS varchar) LIKE 'pattern'"),
                )),
                _ => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

fn check_pair(left: &Expr, right: &Expr, verb: &str, schema: &DFSchema) -> Result<()> {
    let (Some(a), Some(b)) = (Kind::of(left, schema), Kind::of(right, schema)) else {
        return Ok(());
    };
    if a == b || a == Kind::Other || b == Kind::Other {
        return Ok(());
    }
    // A date or timestamp and an interval, or a number of days, is the planner's to judge.
    if a != Kind::Text && b != Kind::Text && verb != "compared" {
        return Ok(());
    }
    let hint = match (a, b) {
        (Kind::Time, Kind::Text) | (Kind::Text, Kind::Time) => {
            "Write a literal of the type, such as TIMESTAMP '2026-01-31 00:00:00', or CAST the text"
        }
        (Kind::Number, Kind::Text) | (Kind::Text, Kind::Number) => {
            "Write the number without quotes, or put quotes around a text such as an account id"
        }
        (Kind::Number, Kind::Time) | (Kind::Time, Kind::Number) => {
            "Write from_unixtime(seconds) for a number of seconds since 1970"
        }
        _ => "CAST one of the two to the type of the other",
    };
    Err(planning(
        invalid(format!(
            "a {a} and a {b} cannot be {verb}: `{left}` and `{right}`"
        ))
        .with_hint(hint),
    ))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Time,
    Truth,
    Other,
}

impl Kind {
    /// The kind of an expression's type; `None` where the type is not known here or is NULL's.
    fn of(expr: &Expr, schema: &DFSchema) -> Option<Self> {
        let data_type = expr.get_type(schema).ok()?;
        Some(match data_type {
            DataType::Null => return None,
            DataType::Boolean => Self::Truth,
            DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) => Self::Time,
            other if other.is_string() => Self::Text,
            other if other.is_numeric() => Self::Number,
            _ => Self::Other,
        })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "varchar",
            Self::Number => "number",
            Self::Time => "time",
            Self::Truth => "boolean",
            Self::Other => "value of another type",
        })
    }
}
