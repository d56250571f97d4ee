//! Subqueries over UNNEST of an outer column: `EXISTS (SELECT 1 FROM UNNEST(t.xs) AS u(x) WHERE …)`
//! and `y IN (SELECT x FROM UNNEST(t.xs) AS u(x))`. They ask about one row's array, so they
//! become a lambda over it; the planner cannot correlate them otherwise.

use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, Expr, GroupByExpr, Ident, Query, Select, SelectItem, SetExpr, TableFactor,
    UnaryOperator, VisitMut, VisitorMut,
};

use super::access;
use super::ast::{boolean, call, lambda};
use super::errors::unsupported;
use super::rewrite::take;
use crate::domain::query::QueryError;

/// `[NOT] EXISTS (…)` as a match of any element, where it asks about one array.
pub(super) fn exists(subquery: &Query, negated: bool) -> Result<Option<Expr>, QueryError> {
    let Some(source) = Source::read(subquery)? else {
        return Ok(None);
    };
    let condition = source.condition().unwrap_or_else(|| boolean(true));
    // An element for which the condition is unknown is no match.
    let condition = call("coalesce", vec![condition, boolean(false)]);
    let found = source.any(source.array.clone(), condition);
    Ok(Some(negate(
        call("coalesce", vec![found, boolean(false)]),
        negated,
    )))
}

/// `value [NOT] IN (SELECT x FROM UNNEST(array) AS u(x) [WHERE …])` as a match of equal elements.
pub(super) fn in_subquery(
    value: &mut Expr,
    subquery: &Query,
    negated: bool,
) -> Result<Option<Expr>, QueryError> {
    let Some(source) = Source::read(subquery)? else {
        return Ok(None);
    };
    let [SelectItem::ExprWithAlias { expr, .. } | SelectItem::UnnamedExpr(expr)] =
        source.select.projection.as_slice()
    else {
        return Ok(None);
    };
    let array = match source.condition() {
        Some(condition) => call(
            "array_filter",
            vec![
                source.array.clone(),
                lambda(source.column.clone(), condition),
            ],
        ),
        None => source.array.clone(),
    };
    let equal = Expr::BinaryOp {
        left: Box::new(source.bound(expr.clone())),
        op: BinaryOperator::Eq,
        right: Box::new(Expr::Nested(Box::new(take(value)))),
    };
    // A NULL array gives no rows, so that nothing is in it, not even perhaps.
    let found = Expr::Nested(Box::new(Expr::BinaryOp {
        left: Box::new(Expr::IsNotNull(Box::new(array.clone()))),
        op: BinaryOperator::And,
        right: Box::new(source.any(array, equal)),
    }));
    Ok(Some(negate(found, negated)))
}

fn negate(expr: Expr, negated: bool) -> Expr {
    if negated {
        Expr::UnaryOp {
            op: UnaryOperator::Not,
            expr: Box::new(expr),
        }
    } else {
        expr
    }
}

/// The parts of `SELECT … FROM UNNEST(array) AS relation(column) WHERE …`.
struct Source<'a> {
    select: &'a Select,
    array: Expr,
    relation: Ident,
    column: Ident,
}

impl<'a> Source<'a> {
    /// The parts, or `None` for a subquery over anything else.
    fn read(query: &'a Query) -> Result<Option<Self>, QueryError> {
        let SetExpr::Select(select) = query.body.as_ref() else {
            return Ok(None);
        };
        let [from] = select.from.as_slice() else {
            return Ok(None);
        };
        let TableFactor::UNNEST {
            alias,
            array_exprs,
            with_ordinality: false,
            ..
        } = &from.relation
        else {
            return Ok(None);
        };
        let plain = query.with.is_none()
            && query.order_by.is_none()
            && query.limit_clause.is_none()
            && from.joins.is_empty()
            && select.distinct.is_none()
            && select.having.is_none()
            && matches!(&select.group_by, GroupByExpr::Expressions(keys, _) if keys.is_empty())
            && select.projection.iter().all(is_plain);
        let [array] = array_exprs.as_slice() else {
            return Ok(None);
        };
        if !plain {
            return Ok(None);
        }
        let columns = alias.as_ref().map_or(&[][..], |alias| &alias.columns);
        let (Some(alias), [column]) = (alias, columns) else {
            return Err(
                unsupported("UNNEST in a subquery without one name for its column")
                    .with_hint("Write UNNEST(array) AS t(element) and use element.field"),
            );
        };
        Ok(Some(Self {
            select,
            array: array.clone(),
            relation: alias.name.clone(),
            column: column.name.clone(),
        }))
    }

    fn any(&self, array: Expr, condition: Expr) -> Expr {
        call(
            "array_any_match",
            vec![array, lambda(self.column.clone(), condition)],
        )
    }

    fn condition(&self) -> Option<Expr> {
        let condition = self.select.selection.clone()?;
        Some(self.bound(condition))
    }

    /// An expression of the subquery with its column as a lambda's parameter.
    fn bound(&self, mut expr: Expr) -> Expr {
        let mut bind = Bind {
            relation: &self.relation.value,
            column: &self.column,
        };
        match VisitMut::visit(&mut expr, &mut bind) {
            ControlFlow::Continue(()) | ControlFlow::Break(()) => expr,
        }
    }
}

/// Whether a column of the subquery neither counts nor sums: a count has a row over no rows.
fn is_plain(item: &SelectItem) -> bool {
    match item {
        SelectItem::Wildcard(_) => true,
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
            matches!(
                expr,
                Expr::Identifier(_) | Expr::CompoundIdentifier(_) | Expr::Value(_)
            )
        }
        _ => false,
    }
}

struct Bind<'a> {
    relation: &'a str,
    column: &'a Ident,
}

impl VisitorMut for Bind<'_> {
    type Break = ();

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Expr::CompoundIdentifier(names) = expr {
            let qualified = names.len() > 1
                && names[0].value == self.relation
                && names[1].value == self.column.value;
            let names = &names[usize::from(qualified)..];
            if let Some((first, fields)) = names.split_first()
                && first.value == self.column.value
            {
                let start = Expr::Identifier(self.column.clone());
                *expr = fields.iter().fold(start, access::field);
            }
        }
        ControlFlow::Continue(())
    }
}
