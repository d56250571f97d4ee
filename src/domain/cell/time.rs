//! Times: in Athena's form, in a shown zone, and as RFC 3339.

use std::fmt::Write;

use arrow::datatypes::{IntervalDayTime, IntervalMonthDayNano, TimeUnit};
use chrono::{
    DateTime, Datelike as _, FixedOffset, NaiveDateTime, Offset as _, TimeZone as _, Timelike as _,
};
use chrono_tz::Tz;

/// How points in time are written as text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeStyle {
    /// As in Athena's result files: in the value's own zone, which is named where the type has one.
    Athena,
    /// In a zone of the reader's choice. Where it is not UTC, each value carries its offset; the
    /// head of the column names the zone ([`TimeStyle::zone_name`]).
    Shown(Tz),
}

impl TimeStyle {
    /// What the head of a time column says, such as `UTC` or `Europe/Berlin`.
    pub fn zone_name(self) -> &'static str {
        match self {
            Self::Athena => "UTC",
            Self::Shown(zone) => zone.name(),
        }
    }
}

/// A point in time. Without a zone it is UTC, as every time of a lake is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timestamp<'a> {
    /// Units since 1970-01-01T00:00:00Z.
    pub value: i64,
    /// The unit.
    pub unit: TimeUnit,
    /// The type's zone: a name of the tz database or an offset.
    pub zone: Option<&'a str>,
}

impl Timestamp<'_> {
    /// The point in time; `None` beyond the calendar's reach (some 262,000 years).
    pub fn utc(&self) -> Option<NaiveDateTime> {
        let nanos = |value: i64| u32::try_from(value).ok();
        let utc = match self.unit {
            TimeUnit::Second => DateTime::from_timestamp(self.value, 0),
            TimeUnit::Millisecond => DateTime::from_timestamp_millis(self.value),
            TimeUnit::Microsecond => DateTime::from_timestamp_micros(self.value),
            TimeUnit::Nanosecond => DateTime::from_timestamp(
                self.value.div_euclid(1_000_000_000),
                nanos(self.value.rem_euclid(1_000_000_000))?,
            ),
        };
        utc.map(|time| time.naive_utc())
    }

    pub(super) fn write(
        &self,
        style: TimeStyle,
        nested: bool,
        out: &mut impl Write,
    ) -> std::fmt::Result {
        let Some(utc) = self.utc() else {
            return write!(
                out,
                "{} {} since 1970 UTC",
                self.value,
                unit_name(self.unit)
            );
        };
        match style {
            TimeStyle::Shown(Tz::UTC) => {
                write_datetime(utc, self.unit, ' ', out)?;
                // In a nested value no column's head tells the zone.
                if nested {
                    out.write_str(" UTC")
                } else {
                    Ok(())
                }
            }
            TimeStyle::Shown(zone) => {
                let offset = zone.offset_from_utc_datetime(&utc).fix();
                write_datetime(utc + offset, self.unit, ' ', out)?;
                write!(out, " {offset}")
            }
            TimeStyle::Athena => match self.zone {
                None => write_datetime(utc, milliseconds_at_least(self.unit), ' ', out),
                Some(zone) => {
                    let (offset, name) = own_zone(zone, utc);
                    write_datetime(utc + offset, milliseconds_at_least(self.unit), ' ', out)?;
                    write!(out, " {name}")
                }
            },
        }
    }

    /// RFC 3339 in UTC, with `Z`; years beyond 9999 keep their sign, as ISO 8601 has it.
    pub(super) fn rfc3339(&self) -> String {
        let mut out = String::with_capacity(30);
        match self.utc() {
            Some(utc) => {
                let _ = write_datetime(utc, self.unit, 'T', &mut out);
                out.push('Z');
            }
            None => {
                let _ = self.write(TimeStyle::Athena, false, &mut out);
            }
        }
        out
    }
}

/// Athena writes no fewer than three digits of a second.
fn milliseconds_at_least(unit: TimeUnit) -> TimeUnit {
    if unit == TimeUnit::Second {
        TimeUnit::Millisecond
    } else {
        unit
    }
}

/// The offset and the name of a type's own zone.
fn own_zone(zone: &str, utc: NaiveDateTime) -> (FixedOffset, &str) {
    let zero = chrono::Utc.fix();
    if matches!(zone, "UTC" | "Z" | "+00:00" | "Etc/UTC") {
        return (zero, "UTC");
    }
    if let Ok(named) = zone.parse::<Tz>() {
        return (named.offset_from_utc_datetime(&utc).fix(), zone);
    }
    match zone.parse::<FixedOffset>() {
        Ok(offset) => (offset, zone),
        Err(_) => (zero, "UTC"),
    }
}

/// Digits by hand: a screen of times is formatted for every frame.
fn write_datetime(
    time: NaiveDateTime,
    unit: TimeUnit,
    between: char,
    out: &mut impl Write,
) -> std::fmt::Result {
    write_date(time.year(), time.month(), time.day(), out)?;
    out.write_char(between)?;
    write_clock(time.hour(), time.minute(), time.second(), out)?;
    write_fraction(u64::from(time.nanosecond() % 1_000_000_000), unit, out)
}

fn write_date(year: i32, month: u32, day: u32, out: &mut impl Write) -> std::fmt::Result {
    if (0..=9999).contains(&year) {
        write_digits(year.unsigned_abs(), 4, out)?;
    } else {
        write!(out, "{year:+05}")?;
    }
    out.write_char('-')?;
    write_digits(month, 2, out)?;
    out.write_char('-')?;
    write_digits(day, 2, out)
}

fn write_clock(hour: u32, minute: u32, second: u32, out: &mut impl Write) -> std::fmt::Result {
    write_digits(hour, 2, out)?;
    out.write_char(':')?;
    write_digits(minute, 2, out)?;
    out.write_char(':')?;
    write_digits(second, 2, out)
}

fn write_fraction(nanoseconds: u64, unit: TimeUnit, out: &mut impl Write) -> std::fmt::Result {
    let (digits, divisor) = match unit {
        TimeUnit::Second => return Ok(()),
        TimeUnit::Millisecond => (3, 1_000_000),
        TimeUnit::Microsecond => (6, 1_000),
        TimeUnit::Nanosecond => (9, 1),
    };
    out.write_char('.')?;
    // Below 10^9, so it fits.
    write_digits((nanoseconds / divisor) as u32, digits, out)
}

fn write_digits(value: u32, digits: u32, out: &mut impl Write) -> std::fmt::Result {
    let mut scale = 10_u32.pow(digits.saturating_sub(1));
    for _ in 0..digits {
        let digit = u8::try_from(value / scale % 10).unwrap_or_default();
        out.write_char(char::from(b'0' + digit))?;
        scale = (scale / 10).max(1);
    }
    Ok(())
}

/// A date as `2025-01-31`, from days since 1970-01-01.
pub(super) fn write_day(days: i32, out: &mut impl Write) -> std::fmt::Result {
    match DateTime::from_timestamp(i64::from(days) * 86_400, 0) {
        Some(day) => write_date(day.year(), day.month(), day.day(), out),
        None => write!(out, "{days} days since 1970"),
    }
}

/// A time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TimeOfDay {
    /// Units since midnight.
    pub value: i64,
    /// The unit.
    pub unit: TimeUnit,
}

impl TimeOfDay {
    pub(super) fn write(&self, out: &mut impl Write) -> std::fmt::Result {
        let nanoseconds = self
            .value
            .unsigned_abs()
            .saturating_mul(nanoseconds_in(self.unit));
        let seconds = nanoseconds / 1_000_000_000;
        // A day has 86,400 seconds: the casts lose nothing.
        let seconds = (seconds % 86_400) as u32;
        write_clock(seconds / 3600, seconds / 60 % 60, seconds % 60, out)?;
        write_fraction(
            nanoseconds % 1_000_000_000,
            milliseconds_at_least(self.unit),
            out,
        )
    }
}

/// A span of time in Trino's two parts: months, and days to nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// Whole months.
    pub months: i32,
    /// Whole days.
    pub days: i64,
    /// Less than that.
    pub nanoseconds: i64,
}

impl Interval {
    pub(super) fn of_duration(value: i64, unit: TimeUnit) -> Self {
        let per_day = 86_400_000_000_000_i128;
        let nanoseconds = i128::from(value) * i128::from(nanoseconds_in(unit));
        Self {
            months: 0,
            days: i64::try_from(nanoseconds / per_day).unwrap_or(i64::MAX),
            nanoseconds: i64::try_from(nanoseconds % per_day).unwrap_or_default(),
        }
    }

    /// `1-2` years and months, `3 04:05:06.789` days to seconds, or both.
    pub(super) fn write(&self, out: &mut impl Write) -> std::fmt::Result {
        let has_days = self.days != 0 || self.nanoseconds != 0 || self.months == 0;
        if self.months != 0 {
            let sign = if self.months < 0 { "-" } else { "" };
            let months = self.months.unsigned_abs();
            write!(out, "{sign}{}-{}", months / 12, months % 12)?;
            if has_days {
                out.write_char(' ')?;
            }
        }
        if has_days {
            let total =
                i128::from(self.days) * 86_400_000 + i128::from(self.nanoseconds / 1_000_000);
            let sign = if total < 0 { "-" } else { "" };
            let total = total.unsigned_abs();
            let (seconds, milliseconds) = (total / 1000, total % 1000);
            write!(
                out,
                "{sign}{} {:02}:{:02}:{:02}.{milliseconds:03}",
                seconds / 86_400,
                seconds / 3600 % 24,
                seconds / 60 % 60,
                seconds % 60,
            )?;
        }
        Ok(())
    }
}

impl From<IntervalDayTime> for Interval {
    fn from(value: IntervalDayTime) -> Self {
        Self {
            months: 0,
            days: i64::from(value.days),
            nanoseconds: i64::from(value.milliseconds) * 1_000_000,
        }
    }
}

impl From<IntervalMonthDayNano> for Interval {
    fn from(value: IntervalMonthDayNano) -> Self {
        Self {
            months: value.months,
            days: i64::from(value.days),
            nanoseconds: value.nanoseconds,
        }
    }
}

fn nanoseconds_in(unit: TimeUnit) -> u64 {
    match unit {
        TimeUnit::Second => 1_000_000_000,
        TimeUnit::Millisecond => 1_000_000,
        TimeUnit::Microsecond => 1_000,
        TimeUnit::Nanosecond => 1,
    }
}

fn unit_name(unit: TimeUnit) -> &'static str {
    match unit {
        TimeUnit::Second => "s",
        TimeUnit::Millisecond => "ms",
        TimeUnit::Microsecond => "µs",
        TimeUnit::Nanosecond => "ns",
    }
}
