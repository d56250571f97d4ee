//! What a condition says of an event's time: from when to when, and slips of unit and format.

use chrono::{DateTime, NaiveDate, Utc};
use sqlparser::ast::{BinaryOperator, Expr, FunctionArg, FunctionArgExpr, FunctionArguments};

use super::expression::{path, place};
use super::misfit::{Misfit, changed, day_misfit, division};
use super::moment::{Constant, constant};

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// Numbers below this are seconds since 1970, not milliseconds: it lies in 1973 and in 5138.
const MILLISECONDS: f64 = 100_000_000_000.0;

/// Numbers from here on are microseconds or nanoseconds.
const MICROSECONDS: f64 = 100_000_000_000_000.0;

/// The columns that tell when an event was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimeColumn {
    /// A timestamp.
    TimeDt,
    /// Milliseconds since 1970.
    Time,
    /// The day of the partition, `YYYYMMDD`.
    EventDay,
    /// A timestamp made of [`Self::Time`] as if that were seconds.
    TimeAsSeconds,
}

/// A stretch of time in milliseconds since 1970: from, and before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Window {
    pub(super) from: Option<i64>,
    pub(super) to: Option<i64>,
}

impl Window {
    pub(super) fn and(self, other: Self) -> Self {
        Self {
            from: self.from.max(other.from),
            to: match (self.to, other.to) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            },
        }
    }

    pub(super) fn is_empty(self) -> bool {
        matches!((self.from, self.to), (Some(from), Some(to)) if from >= to)
    }
}

/// What a condition says of the event's time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Said {
    /// Nothing that is understood.
    Nothing,
    /// It lies in this window.
    Within(Window, TimeColumn),
    /// It holds for no event.
    Never(Misfit),
}

/// Reads a condition.
pub(super) fn said(text: &str, expr: &Expr, now: DateTime<Utc>) -> Said {
    match expr {
        Expr::Nested(inner) => said(text, inner, now),
        Expr::BinaryOp { left, op, right } => match (column(left), column(right)) {
            (Some(column), None) => compared(text, column, left, op, right, now),
            (None, Some(column)) => match turned(op) {
                Some(op) => compared(text, column, right, &op, left, now),
                None => Said::Nothing,
            },
            _ => Said::Nothing,
        },
        Expr::Between {
            expr,
            negated: false,
            low,
            high,
        } => {
            let Some(column) = column(expr) else {
                return Said::Nothing;
            };
            let low = compared(text, column, expr, &BinaryOperator::GtEq, low, now);
            let high = compared(text, column, expr, &BinaryOperator::LtEq, high, now);
            match (low, high) {
                (Said::Within(a, column), Said::Within(b, _)) => Said::Within(a.and(b), column),
                (Said::Never(misfit), _) | (_, Said::Never(misfit)) => Said::Never(misfit),
                _ => Said::Nothing,
            }
        }
        Expr::InList {
            expr,
            list,
            negated: false,
        } => among(text, expr, list, now),
        _ => Said::Nothing,
    }
}

/// One of a list of days, or of times: between the first and the last.
fn among(text: &str, expr: &Expr, list: &[Expr], now: DateTime<Utc>) -> Said {
    let Some(column) = column(expr) else {
        return Said::Nothing;
    };
    let mut hull: Option<Window> = None;
    let mut never = None;
    for value in list {
        match compared(text, column, expr, &BinaryOperator::Eq, value, now) {
            Said::Within(window, _) => {
                hull = Some(hull.map_or(window, |hull| Window {
                    from: hull.from.min(window.from),
                    to: hull.to.max(window.to),
                }));
            }
            Said::Never(misfit) => never = Some(misfit),
            Said::Nothing => return Said::Nothing,
        }
    }
    match (hull, never) {
        (Some(hull), _) => Said::Within(hull, column),
        (None, Some(misfit)) => Said::Never(misfit),
        (None, None) => Said::Nothing,
    }
}

fn turned(op: &BinaryOperator) -> Option<BinaryOperator> {
    Some(match op {
        BinaryOperator::Eq => BinaryOperator::Eq,
        BinaryOperator::Lt => BinaryOperator::Gt,
        BinaryOperator::Gt => BinaryOperator::Lt,
        BinaryOperator::LtEq => BinaryOperator::GtEq,
        BinaryOperator::GtEq => BinaryOperator::LtEq,
        _ => return None,
    })
}

/// The column of the event's time that an expression is, bare or made a timestamp.
pub(super) fn column(expr: &Expr) -> Option<TimeColumn> {
    if let Some(path) = path(expr) {
        // One name, or a table's alias before it.
        return match path.as_slice() {
            [name] | [_, name] => named(name),
            _ => None,
        };
    }
    match expr {
        Expr::Nested(inner) => column(inner),
        Expr::Function(function) => {
            let FunctionArguments::List(list) = &function.args else {
                return None;
            };
            let [FunctionArg::Unnamed(FunctionArgExpr::Expr(argument))] = list.args.as_slice()
            else {
                return None;
            };
            if !function
                .name
                .to_string()
                .eq_ignore_ascii_case("from_unixtime")
            {
                return None;
            }
            match argument {
                Expr::BinaryOp {
                    left,
                    op: BinaryOperator::Divide,
                    ..
                } => (column(left)? == TimeColumn::Time).then_some(TimeColumn::TimeDt),
                other => (column(other)? == TimeColumn::Time).then_some(TimeColumn::TimeAsSeconds),
            }
        }
        _ => None,
    }
}

fn named(name: &str) -> Option<TimeColumn> {
    match name {
        "time_dt" => Some(TimeColumn::TimeDt),
        "time" => Some(TimeColumn::Time),
        "eventday" => Some(TimeColumn::EventDay),
        _ => None,
    }
}

pub(super) fn compared(
    text: &str,
    column: TimeColumn,
    what: &Expr,
    op: &BinaryOperator,
    value: &Expr,
    now: DateTime<Utc>,
) -> Said {
    let Some(constant) = constant(value, now) else {
        return Said::Nothing;
    };
    match (column, constant) {
        (TimeColumn::TimeDt, Constant::Time(at)) => within(column, op, at, 1),
        (TimeColumn::TimeDt, Constant::Text(written)) => match super::moment::point(&written) {
            Some(at) => within(column, op, at, 1),
            None => Said::Nothing,
        },
        (TimeColumn::Time, Constant::Number(number)) => numbered(text, op, number, value),
        (TimeColumn::EventDay, Constant::Text(written)) => match day(&written) {
            Some(start) => within(column, op, start, DAY),
            None => odd_day(text, op, &written, value),
        },
        (TimeColumn::TimeAsSeconds, Constant::Time(_)) => match op {
            // Such a time lies in a year past 50000: after everything that is asked about.
            BinaryOperator::Gt | BinaryOperator::GtEq => Said::Nothing,
            _ => Said::Never(Misfit {
                told: "`time` holds milliseconds, and from_unixtime takes seconds",
                better: division(text, what).into_iter().collect(),
                near: None,
                format: false,
            }),
        },
        _ => Said::Nothing,
    }
}

/// A comparison with a stretch that begins at a time and is so long.
fn within(column: TimeColumn, op: &BinaryOperator, at: i64, length: i64) -> Said {
    let (from, to) = match op {
        BinaryOperator::Eq => (Some(at), Some(at.saturating_add(length))),
        BinaryOperator::GtEq => (Some(at), None),
        BinaryOperator::Gt => (Some(at.saturating_add(length)), None),
        BinaryOperator::Lt => (None, Some(at)),
        BinaryOperator::LtEq => (None, Some(at.saturating_add(length))),
        _ => return Said::Nothing,
    };
    Said::Within(Window { from, to }, column)
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "checked to be far below the largest whole number"
)]
fn numbered(text: &str, op: &BinaryOperator, number: f64, value: &Expr) -> Said {
    let seconds = (1.0..MILLISECONDS).contains(&number);
    let finer = number >= MICROSECONDS;
    let kills_seconds = !matches!(op, BinaryOperator::Gt | BinaryOperator::GtEq);
    let kills_finer = !matches!(op, BinaryOperator::Lt | BinaryOperator::LtEq);
    let literal = match value {
        Expr::Value(value) => place(text, value),
        _ => None,
    };
    if seconds && kills_seconds {
        return Said::Never(Misfit {
            told: "`time` holds milliseconds since 1970, and the value is in seconds",
            better: changed(text, literal, "* 1000"),
            near: None,
            format: false,
        });
    }
    if finer && kills_finer {
        let by = if number >= MICROSECONDS * 1_000.0 {
            "/ 1000000"
        } else {
            "/ 1000"
        };
        return Said::Never(Misfit {
            told: "`time` holds milliseconds since 1970, and the value is in a finer unit",
            better: changed(text, literal, by),
            near: None,
            format: false,
        });
    }
    if seconds || finer || number.abs() >= MICROSECONDS {
        return Said::Nothing;
    }
    within(TimeColumn::Time, op, number as i64, 1)
}

/// The beginning of a day that is written as partitions are.
pub(super) fn day(written: &str) -> Option<i64> {
    let digits = written.len() == 8 && written.bytes().all(|byte| byte.is_ascii_digit());
    let day = NaiveDate::parse_from_str(written, "%Y%m%d").ok();
    let day = day.filter(|_| digits)?;
    Some(day.and_hms_opt(0, 0, 0)?.and_utc().timestamp_millis())
}

/// A comparison with a day that is written otherwise, as texts compare.
fn odd_day(text: &str, op: &BinaryOperator, written: &str, value: &Expr) -> Said {
    let begun = written.get(..8).and_then(day);
    match (begun, op) {
        // `2026010213` comes after its day and before the next one.
        (Some(start), BinaryOperator::Gt | BinaryOperator::GtEq) => {
            within(TimeColumn::EventDay, &BinaryOperator::Gt, start, DAY)
        }
        (Some(start), BinaryOperator::Lt | BinaryOperator::LtEq) => {
            within(TimeColumn::EventDay, &BinaryOperator::LtEq, start, DAY)
        }
        // `2026-01-02` comes before every day of its year.
        (None, BinaryOperator::Gt | BinaryOperator::GtEq) => Said::Nothing,
        _ => Said::Never(day_misfit(text, written, value)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::expression::parse;
    use super::super::misfit::unit_changes;
    use super::super::moment::point;
    use super::*;

    fn told(sql: &str) -> String {
        let now = DateTime::from_timestamp_millis(point("2026-01-10T12:00:00Z").unwrap()).unwrap();
        let shown = |at: Option<i64>| {
            at.and_then(DateTime::from_timestamp_millis)
                .map_or("-".to_owned(), |at| {
                    at.format("%d %H:%M:%S%.3f").to_string()
                })
        };
        match said(sql, &parse(sql).unwrap(), now) {
            Said::Nothing => "nothing".to_owned(),
            Said::Within(window, _) => format!("{} to {}", shown(window.from), shown(window.to)),
            Said::Never(misfit) => {
                let better = misfit.better.iter();
                let better = better.map(|(at, text)| format!(": {} → {text}", &sql[at.clone()]));
                format!("never{}", better.collect::<String>())
            }
        }
    }

    #[test]
    fn windows_are_read() {
        for (sql, wanted) in [
            (
                "time_dt >= TIMESTAMP '2026-01-02 00:00:00'",
                "02 00:00:00.000 to -",
            ),
            (
                "v.time_dt > current_timestamp - INTERVAL '1' HOUR",
                "10 11:00:00.001 to -",
            ),
            ("DATE '2026-01-03' > time_dt", "- to 03 00:00:00.000"),
            (
                "time_dt BETWEEN TIMESTAMP '2026-01-02 01:00:00' AND TIMESTAMP '2026-01-02 02:00:00'",
                "02 01:00:00.000 to 02 02:00:00.001",
            ),
            ("time < 1767312000000", "- to 02 00:00:00.000"),
            ("time >= to_unixtime(now()) * 1000", "10 12:00:00.000 to -"),
            (
                "eventday = '20260102'",
                "02 00:00:00.000 to 03 00:00:00.000",
            ),
            ("eventDay > '20260102'", "03 00:00:00.000 to -"),
            (
                "eventday IN ('20260102', '20260104')",
                "02 00:00:00.000 to 05 00:00:00.000",
            ),
            (
                "eventday = date_format(current_date, '%Y%m%d')",
                "10 00:00:00.000 to 11 00:00:00.000",
            ),
            (
                "from_unixtime(time / 1000) < DATE '2026-01-03'",
                "- to 03 00:00:00.000",
            ),
            ("time >= 1767312000", "nothing"),
            ("eventday >= '2026-01-02'", "nothing"),
            ("eventday >= '2026010213'", "03 00:00:00.000 to -"),
            ("eventday <= '2026010213'", "- to 03 00:00:00.000"),
            ("actor.session.time = 1", "nothing"),
            ("status = 'x'", "nothing"),
        ] {
            assert_eq!(told(sql), wanted, "{sql}");
        }
    }

    #[test]
    fn slips_are_found_with_what_to_put_there() {
        for (sql, wanted) in [
            ("time < 1767312000", "never: 1767312000 → 1767312000 * 1000"),
            (
                "time BETWEEN 1767312000 AND 1767315600",
                "never: 1767315600 → 1767315600 * 1000",
            ),
            (
                "time > 1767312000000000",
                "never: 1767312000000000 → 1767312000000000 / 1000",
            ),
            (
                "eventday = '2026-01-02'",
                "never: '2026-01-02' → '20260102'",
            ),
            (
                "eventday = '2026010213'",
                "never: '2026010213' → '20260102'",
            ),
            ("eventday = 'yesterday'", "never"),
            ("from_unixtime(time) < now()", "never: time → time / 1000"),
        ] {
            assert_eq!(told(sql), wanted, "{sql}");
        }
        let call = "from_unixtime(time) < now()";
        let Said::Never(misfit) = said(call, &parse(call).unwrap(), DateTime::UNIX_EPOCH) else {
            panic!("{call}")
        };
        assert_eq!(misfit.better[0].0, 14..18);
        let both = "time BETWEEN 1767312000 AND 1767315600";
        assert_eq!(
            unit_changes(both, &parse(both).unwrap(), DateTime::UNIX_EPOCH).len(),
            2
        );
    }
}
