//! Dereference and subscript: `a.b.c`, `resources[1].uid`, `o.value` in a lambda's body.
//!
//! A plain column keeps its dotted name: the planner makes a chain of field accesses of it, which
//! is pushed into the Parquet scan. Only what the planner cannot read becomes a call here.

use sqlparser::ast::{AccessExpr, Expr, Ident, Subscript};

use super::ast::{call, call_at, string};
use super::errors::{invalid, unsupported};
use super::scope::Scope;
use crate::domain::query::QueryError;

/// The function that stands for `value[index]`.
pub(super) const SUBSCRIPT: &str = "subscript";

/// The planner's own field access, by name.
const GET_FIELD: &str = "get_field";

/// `value.field`
pub(super) fn field(value: Expr, field: &Ident) -> Expr {
    call_at(
        GET_FIELD,
        vec![value, string(field.value.clone())],
        field.span,
    )
}

/// Rewrites a dotted name where its first part is a lambda's parameter, or where it reaches into
/// a column of an enclosing query: the planner knows neither.
pub(super) fn dotted_name(parts: &[Ident], scope: &Scope) -> Option<Expr> {
    let (first, rest) = parts.split_first()?;
    if scope.is_lambda_parameter(&first.value) {
        let start = Expr::Identifier(first.clone());
        return Some(rest.iter().fold(start, field));
    }
    if parts.len() > 2 && scope.is_outer_relation(&first.value) {
        let start = Expr::CompoundIdentifier(parts[..2].to_vec());
        return Some(parts[2..].iter().fold(start, field));
    }
    None
}

/// Rewrites a root with a chain of `.name` and `[index]`.
pub(super) fn chain(
    root: Expr,
    accesses: Vec<AccessExpr>,
    scope: &Scope,
) -> Result<Expr, QueryError> {
    let mut accesses = accesses.into_iter().peekable();
    let mut names = match root {
        Expr::Identifier(name) => vec![name],
        Expr::CompoundIdentifier(names) => names,
        other => {
            return accesses.try_fold(other, access);
        }
    };
    while let Some(AccessExpr::Dot(Expr::Identifier(name))) =
        accesses.next_if(|access| matches!(access, AccessExpr::Dot(Expr::Identifier(_))))
    {
        names.push(name);
    }
    let start = match dotted_name(&names, scope) {
        Some(start) => start,
        None if names.len() > 1 => Expr::CompoundIdentifier(names),
        None => names
            .pop()
            .map(Expr::Identifier)
            .ok_or_else(|| invalid("A name is missing before a subscript"))?,
    };
    accesses.try_fold(start, access)
}

fn access(value: Expr, access: AccessExpr) -> Result<Expr, QueryError> {
    match access {
        AccessExpr::Dot(Expr::Identifier(name)) => Ok(field(value, &name)),
        AccessExpr::Dot(other) => Err(unsupported(&format!(".{other}"))),
        AccessExpr::Subscript(Subscript::Index { index }) => {
            Ok(call(SUBSCRIPT, vec![value, index]))
        }
        AccessExpr::Subscript(Subscript::Slice { .. }) => Err(unsupported("[from:to]")
            .with_hint("Athena has no such subscript; use slice(array, start, length)")),
    }
}
