//! One walk over the parsed statement that turns Athena's syntax into what the planner reads.
//! The walk only routes: every rewrite lives in the file of its concern.

use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, Expr, OrderBy, OrderByExpr, OrderByKind, Query, Select, Statement, TableFactor,
    TypedString, VisitMut, VisitorMut,
};
use sqlparser::tokenizer::Span;

use super::access;
use super::ast::call;
use super::calls;
use super::cast;
use super::clauses;
use super::derived;
use super::exists;
use super::guard;
use super::hidden;
use super::interval;
use super::like;
use super::membership;
use super::multisets;
use super::names::OutputNames;
use super::sample;
use super::scope::Scope;
use super::subqueries::Subqueries;
use super::text::{SqlText, span_position};
use super::time;
use super::types::TrinoType;
use super::unnest;
use crate::domain::query::QueryError;

/// Rewrites a statement in place and gives the names of its output columns, and its subqueries.
pub(super) fn rewrite(
    statement: &mut Statement,
    text: &SqlText,
) -> Result<(OutputNames, Subqueries), QueryError> {
    let mut rewriter = Rewriter {
        text,
        names: OutputNames::default(),
        scope: Scope::default(),
        place: Span::empty(),
        derived: 0,
        subqueries: Subqueries::default(),
        hidden: hidden::Hidden::asked(text),
    };
    match VisitMut::visit(statement, &mut rewriter) {
        ControlFlow::Continue(()) => Ok((rewriter.names, rewriter.subqueries)),
        ControlFlow::Break(error) => Err(*error),
    }
}

struct Rewriter<'a> {
    text: &'a SqlText,
    names: OutputNames,
    scope: Scope,
    /// The last place seen, for failures of parts that have none of their own.
    place: Span,
    /// How many relations were seen, for names of those that have none.
    derived: usize,
    subqueries: Subqueries,
    hidden: hidden::Hidden,
}

type Flow = ControlFlow<Box<QueryError>>;

impl Rewriter<'_> {
    fn fail(&self, error: QueryError) -> Flow {
        let error = match (error.position, span_position(self.place)) {
            (None, Some(place)) => error.at(place),
            _ => error,
        };
        ControlFlow::Break(Box::new(error))
    }

    fn flow(&self, result: Result<(), QueryError>) -> Flow {
        match result {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => self.fail(error),
        }
    }

    /// The expression that takes the place of one whose parts are rewritten already.
    fn replacement(&self, expr: &mut Expr) -> Result<Option<Expr>, QueryError> {
        Ok(match expr {
            Expr::CompoundIdentifier(names) => access::dotted_name(names, &self.scope),
            Expr::CompoundFieldAccess { root, access_chain } => Some(access::chain(
                take(root),
                std::mem::take(access_chain),
                &self.scope,
            )?),
            Expr::Interval(literal) => Some(interval::literal(literal)?),
            Expr::BinaryOp {
                left,
                op: BinaryOperator::Multiply,
                right,
            } => interval::product(left, right),
            Expr::BinaryOp { left, op, right } => guard::ordered(left, op, right),
            Expr::AtTimeZone {
                timestamp,
                time_zone,
            } => Some(time::at_time_zone(take(timestamp), time_zone)?),
            Expr::TypedString(typed) => Some(typed_literal(typed)?),
            Expr::Cast {
                kind,
                expr,
                data_type,
                ..
            } => Some(cast::rewrite(kind, take(expr), data_type)?),
            Expr::InList {
                expr,
                list,
                negated,
            } => membership::in_list(expr, list, *negated),
            Expr::AnyOp { .. } | Expr::AllOp { .. } => membership::quantified(expr),
            Expr::Exists { subquery, negated } => exists::exists(subquery, *negated)?,
            Expr::InSubquery {
                expr,
                subquery,
                negated,
            } => match exists::in_subquery(expr, subquery, *negated)? {
                Some(found) => Some(found),
                None => membership::in_rows(expr, subquery, *negated)?,
            },
            _ => calls::rewrite(expr)?,
        })
    }
}

impl VisitorMut for Rewriter<'_> {
    type Break = Box<QueryError>;

    fn pre_visit_query(&mut self, query: &mut Query) -> Flow {
        if let Err(error) = clauses::check_query(query) {
            return self.fail(error);
        }
        clauses::normalize_query(query);
        self.hidden.define(query);
        self.names.assign(query, self.text);
        order(&mut query.order_by);
        self.flow(multisets::number_copies(&mut query.body))
    }

    fn post_visit_query(&mut self, query: &mut Query) -> Flow {
        derived::type_nulls(&mut query.body);
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &mut Select) -> Flow {
        let result = clauses::check_select(select).and_then(|()| self.hidden.exclude(select));
        self.scope.enter_select(clauses::relations(select));
        self.flow(result)
    }

    fn post_visit_select(&mut self, select: &mut Select) -> Flow {
        self.scope.leave_select();
        unnest::fold(select);
        select.selection = select.selection.take().map(guard::expose);
        ControlFlow::Continue(())
    }

    fn post_visit_table_factor(&mut self, factor: &mut TableFactor) -> Flow {
        let result = sample::rewrite(factor);
        self.flow(result)
    }

    fn pre_visit_table_factor(&mut self, factor: &mut TableFactor) -> Flow {
        unnest::recognize(factor);
        self.subqueries.note_factor(factor, self.place);
        self.derived += 1;
        derived::name(factor, self.derived);
        let result = clauses::check_factor(factor);
        self.flow(result)
    }

    fn pre_visit_expr(&mut self, expr: &mut Expr) -> Flow {
        self.subqueries.note(expr, self.place);
        match expr {
            Expr::Identifier(name) => self.place = name.span,
            Expr::CompoundIdentifier(names) => {
                if let Some(name) = names.first() {
                    self.place = name.span;
                }
            }
            Expr::Value(value) => self.place = value.span,
            Expr::TypedString(typed) => self.place = typed.value.span,
            Expr::Function(function) => {
                if let Some(name) = calls::bare_name(function) {
                    self.place = name.span;
                    *expr = Expr::Identifier(name);
                    return ControlFlow::Continue(());
                }
                if let Some(name) = function.name.0.first().and_then(|part| part.as_ident()) {
                    self.place = name.span;
                }
                let result = calls::check(function);
                return self.flow(result);
            }
            Expr::Lambda(lambda) => {
                let parameters = lambda.params.iter();
                self.scope
                    .enter_lambda(parameters.map(|p| p.name.value.clone()).collect());
            }
            _ => {}
        }
        let result = calls::check_syntax(expr);
        self.flow(result)
    }

    fn post_visit_expr(&mut self, expr: &mut Expr) -> Flow {
        if matches!(expr, Expr::Lambda(_)) {
            self.scope.leave_lambda();
        }
        if let Expr::Like {
            pattern,
            escape_char,
            ..
        } = expr
            && let Err(error) = like::normalize(pattern, escape_char)
        {
            return self.fail(error);
        }
        match self.replacement(expr) {
            Ok(Some(replacement)) => {
                *expr = replacement;
                ControlFlow::Continue(())
            }
            Ok(None) => ControlFlow::Continue(()),
            Err(error) => self.fail(error),
        }
    }
}

/// A typed literal: points in time are worked out, other types are a cast of the text.
fn typed_literal(typed: &mut TypedString) -> Result<Expr, QueryError> {
    let data_type = TrinoType::of(&typed.data_type)
        .ok_or_else(|| super::errors::unsupported(&typed.data_type.to_string()))?;
    if let Some(literal) = time::literal(typed, &data_type) {
        return literal;
    }
    // A JSON literal is read, where a cast would make a JSON string of it.
    if data_type == TrinoType::Json {
        return Ok(call("json_parse", vec![Expr::Value(typed.value.clone())]));
    }
    let data_type = match (&data_type, &typed.value.value) {
        (TrinoType::Decimal(..), sqlparser::ast::Value::SingleQuotedString(digits)) => {
            super::types::carried(&decimal_of(digits)?)
        }
        _ => typed.data_type.clone(),
    };
    cast::rewrite(
        &sqlparser::ast::CastKind::Cast,
        Expr::Value(typed.value.clone()),
        &data_type,
    )
}

/// The type of `DECIMAL '…'`: as many digits as are written, and as many of them behind the point.
fn decimal_of(text: &str) -> Result<TrinoType, QueryError> {
    let unsigned = text.trim().trim_start_matches(['-', '+']);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.len() + fraction.len() == 0 || !is_digits(whole) || !is_digits(fraction) {
        return Err(super::errors::invalid(format!("“{text}” is no decimal")));
    }
    let whole = whole.trim_start_matches('0');
    let precision = (whole.len() + fraction.len()).max(1);
    match (u8::try_from(precision), i8::try_from(fraction.len())) {
        (Ok(precision @ 1..=38), Ok(scale)) => Ok(TrinoType::Decimal(precision, scale)),
        _ => Err(super::errors::invalid(format!(
            "“{text}” has {precision} digits, and a decimal has at most 38"
        ))),
    }
}

/// NULLs come last in both directions unless the statement says otherwise.
fn order(order_by: &mut Option<OrderBy>) {
    if let Some(OrderBy {
        kind: OrderByKind::Expressions(keys),
        ..
    }) = order_by
    {
        nulls_last(keys);
    }
}

/// NULLs come last in both directions unless the statement says otherwise.
pub(super) fn nulls_last(keys: &mut [OrderByExpr]) {
    for key in keys {
        key.options.nulls_first.get_or_insert(false);
    }
}

/// Takes an expression out of its place, for building a new one around it.
pub(super) fn take(expr: &mut Expr) -> Expr {
    std::mem::replace(
        expr,
        Expr::Value(sqlparser::ast::Value::Null.with_empty_span()),
    )
}
