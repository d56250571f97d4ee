//! Constants of a condition that tell a time, worked out.

use chrono::{DateTime, Months, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use sqlparser::ast::{
    BinaryOperator, DateTimeField, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments,
    Interval, UnaryOperator, Value,
};

/// A constant.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Constant {
    /// A point in time, in milliseconds since 1970.
    Time(i64),
    /// A number.
    Number(f64),
    Text(String),
}

/// Works out a constant; `None` where it is none, or is not understood.
pub(super) fn constant(expr: &Expr, now: DateTime<Utc>) -> Option<Constant> {
    match expr {
        Expr::Nested(inner) => constant(inner, now),
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => Some(Constant::Text(text.clone())),
            Value::Number(digits, _) => digits.parse().ok().map(Constant::Number),
            _ => None,
        },
        Expr::UnaryOp {
            op: UnaryOperator::Minus,
            expr,
        } => match constant(expr, now)? {
            Constant::Number(number) => Some(Constant::Number(-number)),
            _ => None,
        },
        Expr::TypedString(typed) => match &typed.value.value {
            Value::SingleQuotedString(text) => point(text).map(Constant::Time),
            _ => None,
        },
        Expr::AtTimeZone { timestamp, .. } => constant(timestamp, now),
        Expr::Cast {
            expr, data_type, ..
        } => cast(constant(expr, now)?, &data_type.to_string().to_uppercase()),
        Expr::BinaryOp { left, op, right } => binary(left, op, right, now),
        Expr::Function(function) => call(function, now),
        _ => None,
    }
}

fn cast(value: Constant, to: &str) -> Option<Constant> {
    match (value, to) {
        (Constant::Text(text), to) if to.starts_with("TIMESTAMP") || to == "DATE" => {
            point(&text).map(Constant::Time)
        }
        (Constant::Time(at), "DATE") => Some(Constant::Time(day_start(at))),
        (Constant::Time(at), to) if to.starts_with("TIMESTAMP") => Some(Constant::Time(at)),
        (Constant::Number(number), "BIGINT" | "INTEGER" | "INT" | "DOUBLE" | "DECIMAL") => {
            Some(Constant::Number(number))
        }
        (Constant::Text(text), "VARCHAR") => Some(Constant::Text(text)),
        _ => None,
    }
}

fn binary(left: &Expr, op: &BinaryOperator, right: &Expr, now: DateTime<Utc>) -> Option<Constant> {
    if let Expr::Interval(interval) = right {
        let back = match op {
            BinaryOperator::Plus => false,
            BinaryOperator::Minus => true,
            _ => return None,
        };
        let Constant::Time(at) = constant(left, now)? else {
            return None;
        };
        let (count, unit) = span(interval)?;
        return moved(at, if back { -count } else { count }, &unit).map(Constant::Time);
    }
    let (Constant::Number(a), Constant::Number(b)) = (constant(left, now)?, constant(right, now)?)
    else {
        return None;
    };
    Some(Constant::Number(match op {
        BinaryOperator::Plus => a + b,
        BinaryOperator::Minus => a - b,
        BinaryOperator::Multiply => a * b,
        BinaryOperator::Divide if b != 0.0 => a / b,
        _ => return None,
    }))
}

fn call(function: &Function, now: DateTime<Utc>) -> Option<Constant> {
    let name = function.name.to_string().to_lowercase();
    let arguments: Vec<&Expr> = match &function.args {
        FunctionArguments::None => Vec::new(),
        FunctionArguments::List(list) => list
            .args
            .iter()
            .map(|argument| match argument {
                FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
                _ => None,
            })
            .collect::<Option<_>>()?,
        FunctionArguments::Subquery(_) => return None,
    };
    let present = now.timestamp_millis();
    let value = |at: usize| constant(arguments.get(at)?, now);
    let text = |at: usize| match value(at)? {
        Constant::Text(text) => Some(text),
        _ => None,
    };
    let time = |at: usize| match value(at)? {
        Constant::Time(time) => Some(time),
        _ => None,
    };
    match (name.as_str(), arguments.len()) {
        ("now" | "current_timestamp" | "localtimestamp", 0) => Some(Constant::Time(present)),
        ("current_date", 0) => Some(Constant::Time(day_start(present))),
        ("date", 1) => match value(0)? {
            Constant::Time(at) => Some(Constant::Time(day_start(at))),
            Constant::Text(text) => point(&text).map(Constant::Time),
            Constant::Number(_) => None,
        },
        ("from_iso8601_timestamp" | "from_iso8601_date", 1) => point(&text(0)?).map(Constant::Time),
        ("from_unixtime", 1) => match value(0)? {
            Constant::Number(seconds) => whole(seconds * 1_000.0).map(Constant::Time),
            _ => None,
        },
        #[allow(
            clippy::cast_precision_loss,
            reason = "times of this age are exact as doubles"
        )]
        ("to_unixtime", 1) => Some(Constant::Number(time(0)? as f64 / 1_000.0)),
        ("date_trunc", 2) if text(0)?.eq_ignore_ascii_case("day") => {
            Some(Constant::Time(day_start(time(1)?)))
        }
        ("date_trunc", 2) if text(0)?.eq_ignore_ascii_case("hour") => {
            let at = time(1)?;
            Some(Constant::Time(at - at.rem_euclid(3_600_000)))
        }
        ("date_add", 3) => {
            let unit = unit(&text(0)?)?;
            let Constant::Number(count) = value(1)? else {
                return None;
            };
            moved(time(2)?, whole(count)?, &unit).map(Constant::Time)
        }
        ("date_format", 2) => formatted(time(0)?, &text(1)?).map(Constant::Text),
        ("format_datetime", 2) => match text(1)?.as_str() {
            "yyyyMMdd" => formatted(time(0)?, "%Y%m%d").map(Constant::Text),
            "yyyy-MM-dd" => formatted(time(0)?, "%Y-%m-%d").map(Constant::Text),
            _ => None,
        },
        ("date_parse", 2) => match (text(0)?, text(1)?.as_str()) {
            (value, "%Y%m%d") => NaiveDate::parse_from_str(&value, "%Y%m%d")
                .ok()
                .and_then(start)
                .map(Constant::Time),
            (value, "%Y-%m-%d" | "%Y-%m-%d %H:%i:%s" | "%Y-%m-%d %T") => {
                point(&value).map(Constant::Time)
            }
            _ => None,
        },
        ("cast", _) => None,
        _ => None,
    }
}

/// A whole number that is surely exact.
#[allow(
    clippy::cast_possible_truncation,
    reason = "the range is checked, and the fraction is dropped on purpose"
)]
fn whole(number: f64) -> Option<i64> {
    (number.abs() < 9.0e15).then_some(number as i64)
}

/// MySQL's way of writing a time, as `date_format` takes it; only the parts of a day and an hour.
fn formatted(at: i64, format: &str) -> Option<String> {
    let time = DateTime::from_timestamp_millis(at)?;
    let mut text = String::new();
    let mut letters = format.chars();
    while let Some(letter) = letters.next() {
        if letter != '%' {
            text.push(letter);
            continue;
        }
        let part = match letters.next()? {
            'Y' => time.format("%Y"),
            'm' => time.format("%m"),
            'd' => time.format("%d"),
            'H' => time.format("%H"),
            'i' => time.format("%M"),
            's' | 'S' => time.format("%S"),
            _ => return None,
        };
        text.push_str(&part.to_string());
    }
    Some(text)
}

fn day_start(at: i64) -> i64 {
    at - at.rem_euclid(86_400_000)
}

fn start(day: NaiveDate) -> Option<i64> {
    Some(day.and_hms_opt(0, 0, 0)?.and_utc().timestamp_millis())
}

/// `2026-01-02`, with or without a clock time, a `T` and a zone; in UTC where it names none.
pub(super) fn point(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.timestamp_millis());
    }
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return start(day);
    }
    if let Some(time) = wall_clock(text) {
        return Some(time.and_utc().timestamp_millis());
    }
    let (clock, zone) = text.rsplit_once(' ')?;
    let time = wall_clock(clock)?;
    if let Ok(zone) = zone.parse::<Tz>() {
        let local = zone.from_local_datetime(&time).earliest()?;
        return Some(local.timestamp_millis());
    }
    let offset = zone.parse::<chrono::FixedOffset>().ok()?;
    let local = offset.from_local_datetime(&time).single()?;
    Some(local.timestamp_millis())
}

fn wall_clock(text: &str) -> Option<NaiveDateTime> {
    const FORMATS: [&str; 4] = [
        "%Y-%m-%d %H:%M:%S%.f",
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y-%m-%d %H:%M",
        "%Y-%m-%dT%H:%M",
    ];
    let read = |format| NaiveDateTime::parse_from_str(text, format).ok();
    FORMATS.into_iter().find_map(read)
}

/// `INTERVAL '7' DAY` as count and unit.
fn span(interval: &Interval) -> Option<(i64, DateTimeField)> {
    let Expr::Value(value) = interval.value.as_ref() else {
        return None;
    };
    let count = match &value.value {
        Value::SingleQuotedString(text) => text.trim().parse().ok()?,
        Value::Number(digits, _) => digits.parse().ok()?,
        _ => return None,
    };
    interval.last_field.is_none().then_some(())?;
    Some((count, interval.leading_field.clone()?))
}

fn unit(name: &str) -> Option<DateTimeField> {
    Some(match name.to_lowercase().as_str() {
        "second" => DateTimeField::Second,
        "minute" => DateTimeField::Minute,
        "hour" => DateTimeField::Hour,
        "day" => DateTimeField::Day,
        "week" => DateTimeField::Week(None),
        "month" => DateTimeField::Month,
        "year" => DateTimeField::Year,
        _ => return None,
    })
}

fn moved(at: i64, count: i64, unit: &DateTimeField) -> Option<i64> {
    let milliseconds = |each: i64| {
        let delta = TimeDelta::try_milliseconds(count.checked_mul(each)?)?;
        at.checked_add(delta.num_milliseconds())
    };
    match unit {
        DateTimeField::Second => milliseconds(1_000),
        DateTimeField::Minute => milliseconds(60_000),
        DateTimeField::Hour => milliseconds(3_600_000),
        DateTimeField::Day => milliseconds(86_400_000),
        DateTimeField::Week(_) => milliseconds(7 * 86_400_000),
        DateTimeField::Month | DateTimeField::Year => {
            let each = if *unit == DateTimeField::Year { 12 } else { 1 };
            let months = u32::try_from(count.checked_mul(each)?.unsigned_abs()).ok()?;
            let time = DateTime::from_timestamp_millis(at)?;
            let moved = if count < 0 {
                time.checked_sub_months(Months::new(months))
            } else {
                time.checked_add_months(Months::new(months))
            };
            moved.map(|time| time.timestamp_millis())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::expression::parse;
    use super::*;

    #[test]
    fn times_are_worked_out() {
        let now = point("2026-01-10T12:30:00Z").and_then(DateTime::from_timestamp_millis);
        let now = now.unwrap();
        for (sql, wanted) in [
            (
                "TIMESTAMP '2026-01-02 03:04:05.678'",
                "2026-01-02T03:04:05.678Z",
            ),
            (
                "TIMESTAMP '2026-01-02 03:04:05 UTC'",
                "2026-01-02T03:04:05Z",
            ),
            (
                "TIMESTAMP '2026-01-02 03:04 Europe/Berlin'",
                "2026-01-02T02:04:00Z",
            ),
            (
                "TIMESTAMP '2026-01-02 03:04:05 +02:00'",
                "2026-01-02T01:04:05Z",
            ),
            (
                "DATE '2026-01-02' + INTERVAL '1' MONTH",
                "2026-02-02T00:00:00Z",
            ),
            (
                "current_timestamp - INTERVAL '1' DAY",
                "2026-01-09T12:30:00Z",
            ),
            ("now() - INTERVAL '90' MINUTE", "2026-01-10T11:00:00Z"),
            (
                "date_add('hour', -2, current_timestamp)",
                "2026-01-10T10:30:00Z",
            ),
            ("current_date", "2026-01-10T00:00:00Z"),
            ("from_unixtime(1767312000)", "2026-01-02T00:00:00Z"),
            (
                "from_iso8601_timestamp('2026-01-02T00:00:00+01:00')",
                "2026-01-01T23:00:00Z",
            ),
            (
                "CAST('2026-01-02 01:00:00' AS timestamp)",
                "2026-01-02T01:00:00Z",
            ),
            ("date_trunc('hour', now())", "2026-01-10T12:00:00Z"),
            ("date_parse('20260102', '%Y%m%d')", "2026-01-02T00:00:00Z"),
        ] {
            let expr = parse(sql).unwrap_or_else(|| panic!("{sql}"));
            let wanted = Constant::Time(point(wanted).unwrap());
            assert_eq!(constant(&expr, now), Some(wanted), "{sql}");
        }
        let text = parse("date_format(current_date - INTERVAL '1' DAY, '%Y%m%d')").unwrap();
        assert_eq!(
            constant(&text, now),
            Some(Constant::Text("20260109".to_owned()))
        );
        for sql in [
            "time_dt",
            "f(1)",
            "TIMESTAMP 'x'",
            "now() + 1",
            "date_add('x', 1, now())",
        ] {
            assert_eq!(constant(&parse(sql).unwrap(), now), None, "{sql}");
        }
    }
}
