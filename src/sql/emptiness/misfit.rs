//! Values in another unit or format than their column, and what to put in their place.

use std::ops::Range;

use chrono::{DateTime, Utc};
use sqlparser::ast::{BinaryOperator, Expr};

use super::expression::{place, unquoted};
use super::moment::{Constant, constant};
use super::window::{Said, TimeColumn, column, compared, day};
use crate::sql::parameters::quote_text;

/// A value in another unit or format than its column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Misfit {
    /// What is wrong, as the end of a sentence.
    pub(super) told: &'static str,
    /// Texts to put in the place of what is wrong, each with its bytes in the condition.
    pub(super) better: Vec<(Range<usize>, String)>,
    /// The value as it should be, where that is another text for the same.
    pub(super) near: Option<String>,
    /// A format, not a unit.
    pub(super) format: bool,
}

/// `time / 1000` in the place of `time` inside of `from_unixtime(time)`.
pub(super) fn division(text: &str, what: &Expr) -> Option<(Range<usize>, String)> {
    let inside = match what {
        Expr::Function(function) => function.args.to_string(),
        _ => return None,
    };
    let inside = unquoted(inside.trim_matches(['(', ')']));
    let call = text.to_lowercase().find("from_unixtime")?;
    let open = call + text.get(call..)?.find('(')?;
    let start = open + text.get(open..)?.find(inside.as_str())?;
    Some((start..start + inside.len(), format!("{inside} / 1000")))
}

/// A number with a calculation behind it.
pub(super) fn changed(
    text: &str,
    literal: Option<Range<usize>>,
    by: &str,
) -> Vec<(Range<usize>, String)> {
    let change = |range: Range<usize>| {
        let digits = text.get(range.clone()).unwrap_or_default();
        let text = format!("{digits} {by}");
        (range, text)
    };
    literal.map(change).into_iter().collect()
}

/// The texts to put into a comparison whose unit is another one, whichever way it compares: where
/// one bound of a window is in seconds, so is the other.
pub(super) fn unit_changes(
    text: &str,
    expr: &Expr,
    now: DateTime<Utc>,
) -> Vec<(Range<usize>, String)> {
    let of = |column: TimeColumn, what: &Expr, value: &Expr| match compared(
        text,
        column,
        what,
        &BinaryOperator::Eq,
        value,
        now,
    ) {
        Said::Never(misfit) if !misfit.format => misfit.better,
        _ => Vec::new(),
    };
    match expr {
        Expr::Nested(inner) => unit_changes(text, inner, now),
        Expr::BinaryOp { left, right, .. } => match (column(left), column(right)) {
            (Some(column), None) => of(column, left, right),
            (None, Some(column)) => of(column, right, left),
            _ => Vec::new(),
        },
        Expr::Between {
            expr, low, high, ..
        } => match column(expr) {
            Some(column) => {
                let mut changes = of(column, expr, low);
                changes.extend(of(column, expr, high));
                changes.sort_by_key(|(range, _)| range.start);
                changes.dedup();
                changes
            }
            None => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// The days of a condition that are written otherwise, whichever way it compares.
pub(super) fn day_misfits(text: &str, expr: &Expr, now: DateTime<Utc>) -> Vec<Misfit> {
    let of = |what: &Expr, values: &[&Expr]| {
        if column(what) != Some(TimeColumn::EventDay) {
            return Vec::new();
        }
        let misfit = |value: &&Expr| match constant(value, now)? {
            Constant::Text(written) if day(&written).is_none() => {
                Some(day_misfit(text, &written, value))
            }
            _ => None,
        };
        values.iter().filter_map(misfit).collect()
    };
    match expr {
        Expr::Nested(inner) => day_misfits(text, inner, now),
        Expr::BinaryOp { left, right, .. } => {
            let mut found = of(left, &[right]);
            found.extend(of(right, &[left]));
            found
        }
        Expr::Between {
            expr, low, high, ..
        } => of(expr, &[low, high]),
        Expr::InList { expr, list, .. } => of(expr, &list.iter().collect::<Vec<_>>()),
        _ => Vec::new(),
    }
}

/// A day that is written otherwise: with dashes, with an hour behind it …
pub(super) fn day_misfit(text: &str, written: &str, value: &Expr) -> Misfit {
    let digits: String = written.chars().filter(char::is_ascii_digit).collect();
    let near = digits
        .get(..8)
        .filter(|digits| day(digits).is_some())
        .map(str::to_owned);
    let literal = match value {
        Expr::Value(value) => place(text, value),
        _ => None,
    };
    Misfit {
        told: "`eventday` holds days as YYYYMMDD, and the value is written otherwise",
        better: literal
            .zip(near.as_deref())
            .map(|(range, near)| (range, quote_text(near)))
            .into_iter()
            .collect(),
        near,
        format: true,
    }
}
