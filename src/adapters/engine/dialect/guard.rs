//! The order of AND and OR: `cardinality(a) > 0 AND a[1] = 'x'` never asks for an element that is
//! not there. The planner evaluates both sides over whole batches and may swap them, so a right
//! side that may fail is put behind its left side.

use std::ops::ControlFlow;

use sqlparser::ast::{BinaryOperator, Expr, Visit, Visitor};

use super::access::SUBSCRIPT;
use super::ast::{call, call_name, ident, lambda, plain_args, string_literal};
use super::cast::CAST;
use super::higher_order::{AND_THEN, OR_ELSE};
use super::rewrite::take;

/// Functions that fail for some values, beside subscripts and casts.
const FALLIBLE: &[&str] = &[
    "date_parse",
    "from_base",
    "from_base64",
    "from_hex",
    "from_iso8601_date",
    "from_iso8601_timestamp",
    "json_parse",
    "parse_datetime",
];

/// The expression that takes the place of AND or OR, where its right side may fail.
pub(super) fn ordered(left: &mut Expr, op: &BinaryOperator, right: &mut Expr) -> Option<Expr> {
    let name = match op {
        BinaryOperator::And => AND_THEN,
        BinaryOperator::Or => OR_ELSE,
        _ => return None,
    };
    if !may_fail(right) {
        return None;
    }
    let right = lambda(ident("#row"), take(right));
    Some(call(name, vec![take(left), right]))
}

/// Repeats the left sides of guarded conditions beside them in a WHERE, so that they still choose
/// files and row groups: `p AND then q` becomes `p AND (p AND then q)`.
pub(super) fn expose(selection: Expr) -> Expr {
    match selection {
        Expr::BinaryOp {
            left,
            op: BinaryOperator::And,
            right,
        } => Expr::BinaryOp {
            left: Box::new(expose(*left)),
            op: BinaryOperator::And,
            right,
        },
        Expr::Function(function) if call_name(&function) == Some(AND_THEN) => {
            let left = plain_args(&function).and_then(|args| args.first().copied().cloned());
            let guarded = Expr::Function(function);
            match left {
                Some(left) => Expr::BinaryOp {
                    left: Box::new(expose(left)),
                    op: BinaryOperator::And,
                    right: Box::new(guarded),
                },
                None => guarded,
            }
        }
        other => other,
    }
}

/// Whether an expression contains something that fails for some values of a column.
fn may_fail(expr: &Expr) -> bool {
    expr.visit(&mut Fallible).is_break()
}

struct Fallible;

impl Visitor for Fallible {
    type Break = ();

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        let fallible = match expr {
            Expr::Function(function) => match call_name(function) {
                Some(SUBSCRIPT) => true,
                // Anything can be written as text.
                Some(CAST) => {
                    let target = plain_args(function);
                    let target = target
                        .as_ref()
                        .and_then(|args| string_literal(args.get(1)?));
                    target != Some("varchar") && has_columns(expr)
                }
                Some(name) => FALLIBLE.contains(&name) && has_columns(expr),
                None => false,
            },
            Expr::BinaryOp {
                op: BinaryOperator::Divide | BinaryOperator::Modulo,
                right,
                ..
            } => has_columns(right),
            _ => false,
        };
        if fallible {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

fn has_columns(expr: &Expr) -> bool {
    struct Columns;
    impl Visitor for Columns {
        type Break = ();

        fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
            match expr {
                Expr::Identifier(_) | Expr::CompoundIdentifier(_) => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        }
    }
    expr.visit(&mut Columns).is_break()
}
