//! Where a statement's subqueries stand. The planner makes joins of most of them; one that it
//! cannot is refused here by name and place, in place of the planner's own words.

use sqlparser::ast::{Expr, Query, SetExpr, Spanned, TableFactor};
use sqlparser::tokenizer::Span;

use super::errors::unsupported;
use super::text::span_position;
use crate::domain::query::{QueryError, QueryErrorKind, TextPosition};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Scalar,
    Exists,
    In,
    Lateral,
}

/// The subqueries of a statement in the order of its text.
#[derive(Debug, Clone, Default)]
pub(super) struct Subqueries(Vec<(Kind, Option<TextPosition>)>);

impl Subqueries {
    /// Notes an expression that is or holds a subquery; `last` is the last place before it.
    pub(super) fn note(&mut self, expr: &Expr, last: Span) {
        match expr {
            Expr::Subquery(query) => self.push(Kind::Scalar, query, last),
            Expr::Exists { subquery, .. } => self.push(Kind::Exists, subquery, last),
            Expr::InSubquery { subquery, .. } => self.push(Kind::In, subquery, last),
            _ => {}
        }
    }

    /// Notes a LATERAL subquery in FROM.
    pub(super) fn note_factor(&mut self, factor: &TableFactor, last: Span) {
        if let TableFactor::Derived {
            lateral: true,
            subquery,
            ..
        } = factor
        {
            self.push(Kind::Lateral, subquery, last);
        }
    }

    fn push(&mut self, kind: Kind, query: &Query, last: Span) {
        let place = match query.body.as_ref() {
            SetExpr::Select(select) => select.select_token.0.span,
            _ => query.span(),
        };
        let place = span_position(place).or_else(|| span_position(last));
        self.0.push((kind, place));
    }

    /// Says which subquery a failure of planning is about, where it is about one.
    pub(super) fn refuse(&self, error: QueryError) -> QueryError {
        let Some(wanted) = self.blamed(&error) else {
            return error;
        };
        let has = |kind| self.0.iter().find(|(known, _)| *known == kind);
        let found = wanted.iter().find_map(|kind| has(*kind));
        let Some((kind, place)) = found.or_else(|| self.0.first()) else {
            return error;
        };
        let refused = match kind {
            Kind::Scalar => unsupported("this correlated subquery").with_hint(
                "A subquery for one value is an aggregate, tied to the outer query by equalities alone; join the tables and group in place of others",
            ),
            Kind::Lateral => unsupported("this LATERAL subquery")
                .with_hint("Join the tables, or use CROSS JOIN UNNEST for arrays"),
            Kind::Exists => unsupported("EXISTS in this place")
                .with_hint("Use it in WHERE, or join the tables and count"),
            Kind::In => unsupported("IN with a subquery in this place")
                .with_hint("Use it in WHERE, or LEFT JOIN the subquery and ask whether it IS NOT NULL"),
        };
        match place {
            Some(place) => refused.at(*place),
            None => refused,
        }
    }

    /// The kinds that a failure may be about, likeliest first; `None` where it is about none.
    fn blamed(&self, error: &QueryError) -> Option<&'static [Kind]> {
        let text = &error.message;
        let has = |word: &str| text.contains(word);
        if has("InSubquery(") {
            Some(&[Kind::In])
        } else if has("Exists(") {
            Some(&[Kind::Exists])
        } else if has("OuterReferenceColumn") {
            Some(&[Kind::Lateral, Kind::Scalar, Kind::Exists, Kind::In])
        } else if has("ScalarSubquery")
            || has("Correlated")
            || has("__datafusion")
            || has("__scalar_sq")
            || has("__correlated_sq")
            || (error.kind == QueryErrorKind::Internal && !self.0.is_empty())
            || (error.kind == QueryErrorKind::UnknownName && error.position.is_none())
        {
            Some(&[Kind::Scalar, Kind::Lateral, Kind::Exists, Kind::In])
        } else {
            None
        }
    }
}
