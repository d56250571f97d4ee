//! Intervals: `INTERVAL '7' DAY`, `INTERVAL '1-6' YEAR TO MONTH`, `INTERVAL '1 02:03:04' DAY TO
//! SECOND`, and their product with a number.
//!
//! Trino has two kinds, months and milliseconds; the planner's interval holds both, so that a
//! literal needs only its text worked out.

use sqlparser::ast::{DateTimeField, Expr, Interval, UnaryOperator, Value, ValueWithSpan};

use super::ast::{call, string, string_literal};
use super::errors::{invalid, unsupported};
use crate::domain::query::QueryError;

/// The function that stands for `interval * number`.
pub(super) const MULTIPLY: &str = "interval_multiply";

const DAY: i64 = 86_400_000;

/// A span of Trino's: months and milliseconds, one of which is zero in a literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    months: i64,
    millis: i64,
}

/// Works a literal out.
pub(super) fn literal(interval: &Interval) -> Result<Expr, QueryError> {
    let (text, negative) = value_text(&interval.value)?;
    let field = interval.leading_field.as_ref().ok_or_else(|| {
        invalid("An interval needs a unit after its value").with_hint("Write INTERVAL '7' DAY")
    })?;
    let span = match &interval.last_field {
        None => one_field(&text, field),
        Some(last) => two_fields(&text, field, last),
    };
    let span = span.ok_or_else(|| {
        let unit = match &interval.last_field {
            None => field.to_string(),
            Some(last) => format!("{field} TO {last}"),
        };
        match field {
            DateTimeField::Year
            | DateTimeField::Month
            | DateTimeField::Week(_)
            | DateTimeField::Day
            | DateTimeField::Hour
            | DateTimeField::Minute
            | DateTimeField::Second => invalid(format!("“{text}” is no interval in {unit}"))
                .with_hint("Write INTERVAL '7' DAY"),
            _ => unsupported(&format!("INTERVAL in {unit}"))
                .with_hint("Athena's units are YEAR, MONTH, DAY, HOUR, MINUTE and SECOND"),
        }
    })?;
    let span = if negative {
        Span {
            months: -span.months,
            millis: -span.millis,
        }
    } else {
        span
    };
    Ok(span.expr())
}

/// `interval * number` and `number * interval`, where one side is an interval's literal.
pub(super) fn product(left: &Expr, right: &Expr) -> Option<Expr> {
    let (interval, number) = if is_interval(left) {
        (left, right)
    } else if is_interval(right) {
        (right, left)
    } else {
        return None;
    };
    Some(call(MULTIPLY, vec![interval.clone(), number.clone()]))
}

fn is_interval(expr: &Expr) -> bool {
    match expr {
        Expr::Interval(_) => true,
        Expr::Nested(inner) => is_interval(inner),
        Expr::UnaryOp {
            op: UnaryOperator::Minus,
            expr,
        } => is_interval(expr),
        _ => false,
    }
}

fn value_text(value: &Expr) -> Result<(String, bool), QueryError> {
    match value {
        Expr::UnaryOp {
            op: UnaryOperator::Minus,
            expr,
        } => value_text(expr).map(|(text, negative)| (text, !negative)),
        Expr::UnaryOp {
            op: UnaryOperator::Plus,
            expr,
        } => value_text(expr),
        other => string_literal(other)
            .map(|text| (text.trim().to_owned(), false))
            .ok_or_else(|| {
                let error = invalid("An interval's value is a string");
                match other {
                    Expr::Value(ValueWithSpan {
                        value: Value::Number(digits, _),
                        ..
                    }) => error.with_hint(format!("Write INTERVAL '{digits}' with quotes")),
                    _ => error.with_hint("Write INTERVAL '1' DAY * number for a computed span"),
                }
            }),
    }
}

fn one_field(text: &str, field: &DateTimeField) -> Option<Span> {
    let millis = |unit: i64| {
        text.parse::<i64>()
            .ok()?
            .checked_mul(unit)
            .map(|millis| Span { months: 0, millis })
    };
    match field {
        DateTimeField::Year => Some(Span {
            months: text.parse::<i64>().ok()?.checked_mul(12)?,
            millis: 0,
        }),
        DateTimeField::Month => Some(Span {
            months: text.parse().ok()?,
            millis: 0,
        }),
        DateTimeField::Week(None) => millis(7 * DAY),
        DateTimeField::Day => millis(DAY),
        DateTimeField::Hour => millis(3_600_000),
        DateTimeField::Minute => millis(60_000),
        DateTimeField::Second => Some(Span {
            months: 0,
            millis: seconds(text)?,
        }),
        _ => None,
    }
}

/// A span that runs from a larger unit to a smaller one.
fn two_fields(text: &str, first: &DateTimeField, last: &DateTimeField) -> Option<Span> {
    let (negative, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let span = if matches!((first, last), (DateTimeField::Year, DateTimeField::Month)) {
        let (years, months) = text.split_once('-')?;
        let years: i64 = years.parse().ok()?;
        let months: i64 = months.parse().ok()?;
        Span {
            months: years.checked_mul(12)?.checked_add(months)?,
            millis: 0,
        }
    } else {
        let (from, to) = (rank(first)?, rank(last)?);
        let pieces: Vec<&str> = text.split([' ', ':']).collect();
        if from >= to || pieces.len() != to - from + 1 {
            return None;
        }
        let mut millis = 0_i64;
        for (offset, piece) in pieces.iter().enumerate() {
            let part = match from + offset {
                0 => piece.parse::<i64>().ok()?.checked_mul(DAY)?,
                1 => piece.parse::<i64>().ok()?.checked_mul(3_600_000)?,
                2 => piece.parse::<i64>().ok()?.checked_mul(60_000)?,
                _ => seconds(piece)?,
            };
            millis = millis.checked_add(part)?;
        }
        Span { months: 0, millis }
    };
    Some(if negative {
        Span {
            months: -span.months,
            millis: -span.millis,
        }
    } else {
        span
    })
}

fn rank(field: &DateTimeField) -> Option<usize> {
    match field {
        DateTimeField::Day => Some(0),
        DateTimeField::Hour => Some(1),
        DateTimeField::Minute => Some(2),
        DateTimeField::Second => Some(3),
        _ => None,
    }
}

/// Seconds with a fraction, in milliseconds.
fn seconds(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let fraction: i64 = format!("{fraction:0<3}").get(..3)?.parse().ok()?;
    let millis = whole
        .parse::<i64>()
        .ok()
        .filter(|seconds| *seconds >= 0)?
        .checked_mul(1_000)?
        .checked_add(fraction)?;
    Some(if negative { -millis } else { millis })
}

impl Span {
    /// The planner's literal. Whole days stay days, so that a date plus days is a date.
    fn expr(self) -> Expr {
        let text = if self.months != 0 {
            format!("{} months", self.months)
        } else if self.millis % DAY == 0 {
            format!("{} days", self.millis / DAY)
        } else {
            format!("{} milliseconds", self.millis)
        };
        Expr::Interval(Interval {
            value: Box::new(string(text)),
            leading_field: None,
            leading_precision: None,
            last_field: None,
            fractional_seconds_precision: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{failure, value};

    #[test]
    fn spans_are_added_and_multiplied() {
        let at = |span: &str| value(&format!("TIMESTAMP '2026-01-31 00:00:00' + {span}"));
        for (span, expected) in [
            ("INTERVAL '1' MONTH", "2026-02-28T00:00:00"),
            ("INTERVAL '1-1' YEAR TO MONTH", "2027-02-28T00:00:00"),
            ("INTERVAL '2' DAY", "2026-02-02T00:00:00"),
            (
                "INTERVAL '1 02:03:04.5' DAY TO SECOND",
                "2026-02-01T02:03:04.500",
            ),
            ("INTERVAL '90' MINUTE", "2026-01-31T01:30:00"),
            ("INTERVAL '-1' HOUR", "2026-01-30T23:00:00"),
            ("INTERVAL - '1' HOUR", "2026-01-30T23:00:00"),
            ("INTERVAL '1' HOUR * 3", "2026-01-31T03:00:00"),
            ("2 * INTERVAL '1' DAY", "2026-02-02T00:00:00"),
            ("INTERVAL '1' DAY * 1.5e0", "2026-02-01T12:00:00"),
            ("INTERVAL '1' WEEK", "2026-02-07T00:00:00"),
        ] {
            assert_eq!(at(span), expected, "{span}");
        }
        assert_eq!(value("DATE '2026-01-31' - INTERVAL '31' DAY"), "2025-12-31");
    }

    #[test]
    fn what_is_no_span_says_how_one_is_written() {
        for sql in [
            "SELECT INTERVAL 7 DAY",
            "SELECT INTERVAL 'x' DAY",
            "SELECT INTERVAL '1' CENTURY",
            "SELECT INTERVAL '1 2' HOUR TO DAY",
        ] {
            assert!(failure(sql).hint.is_some(), "{sql}: {:?}", failure(sql));
        }
    }
}
