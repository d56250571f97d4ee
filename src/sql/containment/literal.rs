//! Constants, points in time among them, and how they compare.

use std::cmp::Ordering;

use chrono::{DateTime, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use sqlparser::ast::{DateTimeField, Expr, Interval, Value, ValueWithSpan};

use crate::sql::parameters::quote_text;

/// Digits of a number that every engine keeps exactly, also as a double.
const EXACT_DIGITS: usize = 15;

/// Digits of a number that is a bigint for sure.
const BIGINT_DIGITS: usize = 18;

/// A constant of a statement.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    /// A varchar.
    Text(String),
    /// A whole number that is exact as a double.
    Int(i64),
    /// A point in time, or two between which it lies.
    Moment {
        earliest: DateTime<Utc>,
        latest: DateTime<Utc>,
        /// Written with a zone.
        zoned: bool,
    },
    /// A date.
    Day(NaiveDate),
    /// true, false, null and other numbers, as their text: equal or not, nothing else is known.
    Plain(String),
}

/// The end of a moment's span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Earliest,
    Latest,
}

/// A constant that has a place in an order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Ordered<'a> {
    Text(&'a str),
    Int(i64),
    Moment(DateTime<Utc>),
    Day(NaiveDate),
}

impl Ordered<'_> {
    /// Their order; `None` for two that do not compare.
    pub(super) fn order(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Text(a), Ordered::Text(b)) => Some(a.cmp(b)),
            (Self::Int(a), Ordered::Int(b)) => Some(a.cmp(&b)),
            (Self::Moment(a), Ordered::Moment(b)) => Some(a.cmp(&b)),
            (Self::Day(a), Ordered::Day(b)) => Some(a.cmp(&b)),
            _ => None,
        }
    }
}

impl Literal {
    pub(super) fn moment(earliest: DateTime<Utc>, latest: DateTime<Utc>, zoned: bool) -> Self {
        Self::Moment {
            earliest,
            latest,
            zoned,
        }
    }

    /// Its place in an order.
    pub(super) fn at(&self, end: End) -> Option<Ordered<'_>> {
        Some(match self {
            Self::Text(text) => Ordered::Text(text),
            Self::Int(number) => Ordered::Int(*number),
            Self::Moment {
                earliest, latest, ..
            } => Ordered::Moment(match end {
                End::Earliest => *earliest,
                End::Latest => *latest,
            }),
            Self::Day(day) => Ordered::Day(*day),
            Self::Plain(_) => return None,
        })
    }

    /// Its place in an order where there is only one that it can have.
    pub(super) fn certain(&self) -> Option<Ordered<'_>> {
        match self {
            Self::Moment {
                earliest, latest, ..
            } if earliest != latest => None,
            other => other.at(End::Earliest),
        }
    }

    /// A constant of the parser's.
    pub(super) fn read(value: &Value) -> Option<Self> {
        Some(match value {
            Value::SingleQuotedString(text) => Self::Text(text.clone()),
            Value::Number(digits, false) => Self::number(digits, false)?,
            Value::Boolean(value) => Self::Plain(value.to_string()),
            Value::Null => Self::Plain("NULL".to_owned()),
            _ => return None,
        })
    }

    pub(super) fn number(digits: &str, negative: bool) -> Option<Self> {
        let sign = if negative { "-" } else { "" };
        let whole = digits.bytes().all(|byte| byte.is_ascii_digit());
        match digits.len() {
            length if whole && length <= EXACT_DIGITS => {
                format!("{sign}{digits}").parse().ok().map(Self::Int)
            }
            length if whole && length <= BIGINT_DIGITS || length <= EXACT_DIGITS => digits
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'.')
                .then(|| Self::Plain(format!("{sign}{digits}"))),
            _ => None,
        }
    }

    /// `TIMESTAMP '…'` without a zone or in UTC, to the millisecond; `DATE '…'`.
    pub(super) fn typed(data_type: &str, value: &Value) -> Option<Self> {
        let Value::SingleQuotedString(text) = value else {
            return None;
        };
        if data_type == "DATE" {
            return day(text).map(Self::Day);
        }
        if data_type != "TIMESTAMP" {
            return None;
        }
        let (clock, zoned) = match text.strip_suffix(" UTC") {
            Some(clock) => (clock, true),
            None => (text.as_str(), false),
        };
        let time = wall_clock(clock)?.and_utc();
        Some(Self::moment(time, time, zoned))
    }

    /// A point in time moved by an interval, or a date moved by days.
    pub(super) fn moved(&self, interval: &Interval, back: bool) -> Option<Self> {
        let (count, unit) = span(interval)?;
        let count = if back { count.checked_neg()? } else { count };
        match self {
            Self::Moment {
                earliest,
                latest,
                zoned,
            } => Some(Self::moment(
                shift(*earliest, count, &unit)?,
                shift(*latest, count, &unit)?,
                *zoned,
            )),
            Self::Day(day) if unit == DateTimeField::Day => {
                let days = Days::new(count.unsigned_abs());
                if count < 0 {
                    day.checked_sub_days(days)
                } else {
                    day.checked_add_days(days)
                }
                .map(Self::Day)
            }
            _ => None,
        }
    }

    /// As SQL; `None` where it is not known to the millisecond.
    pub(super) fn sql(&self) -> Option<String> {
        Some(match self {
            Self::Text(text) => quote_text(text),
            Self::Int(number) => number.to_string(),
            Self::Moment {
                earliest,
                latest,
                zoned,
            } => {
                if earliest != latest {
                    return None;
                }
                let zone = if *zoned { " UTC" } else { "" };
                let text = earliest.format("%Y-%m-%d %H:%M:%S%.3f");
                format!("TIMESTAMP {}", quote_text(&format!("{text}{zone}")))
            }
            Self::Day(day) => format!("DATE {}", quote_text(&day.format("%Y-%m-%d").to_string())),
            Self::Plain(text) => text.clone(),
        })
    }
}

fn day(text: &str) -> Option<NaiveDate> {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    (text.len() == 10 && digits == 8)
        .then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok())
        .flatten()
}

/// `YYYY-MM-DD[ hh:mm[:ss[.fff]]]`, exactly so.
fn wall_clock(text: &str) -> Option<NaiveDateTime> {
    let Some((date, clock)) = text.split_once(' ') else {
        return day(text).map(|day| day.and_time(NaiveTime::MIN));
    };
    let clock = match clock.len() {
        5 => NaiveTime::parse_from_str(clock, "%H:%M"),
        8 => NaiveTime::parse_from_str(clock, "%H:%M:%S"),
        10..=12 if clock.get(8..9) == Some(".") => NaiveTime::parse_from_str(clock, "%H:%M:%S%.f"),
        _ => return None,
    }
    .ok()?;
    // A leap second is one more second to chrono and none to SQL.
    let exact = chrono::Timelike::nanosecond(&clock) < 1_000_000_000;
    exact.then_some(day(date)?.and_time(clock))
}

/// `INTERVAL '7' DAY` as count and unit.
fn span(interval: &Interval) -> Option<(i64, DateTimeField)> {
    let plain = interval.leading_precision.is_none()
        && interval.last_field.is_none()
        && interval.fractional_seconds_precision.is_none();
    let Expr::Value(ValueWithSpan {
        value: Value::SingleQuotedString(text),
        ..
    }) = interval.value.as_ref()
    else {
        return None;
    };
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !plain || !digits {
        return None;
    }
    Some((text.parse().ok()?, interval.leading_field.clone()?))
}

fn shift(time: DateTime<Utc>, count: i64, unit: &DateTimeField) -> Option<DateTime<Utc>> {
    let months = |each: i64| {
        let months = Months::new(u32::try_from(count.checked_mul(each)?.unsigned_abs()).ok()?);
        if count < 0 {
            time.checked_sub_months(months)
        } else {
            time.checked_add_months(months)
        }
    };
    let seconds =
        |each: i64| time.checked_add_signed(TimeDelta::try_seconds(count.checked_mul(each)?)?);
    match unit {
        DateTimeField::Year => months(12),
        DateTimeField::Month => months(1),
        DateTimeField::Day => seconds(86_400),
        DateTimeField::Hour => seconds(3_600),
        DateTimeField::Minute => seconds(60),
        DateTimeField::Second => seconds(1),
        _ => None,
    }
}
