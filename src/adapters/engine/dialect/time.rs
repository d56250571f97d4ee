//! Points in time: literals, the query's own time, AT TIME ZONE.
//!
//! Athena's timestamps count milliseconds. A literal becomes a constant of exactly the type that
//! the lake's time columns have, so that a comparison needs no cast of the column and prunes.

use arrow::datatypes::{DataType, TimeUnit};
use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone};
use chrono_tz::Tz;
use sqlparser::ast::{Expr, TypedString};

use super::ast::{call, integer, string, string_literal};
use super::errors::{invalid, unsupported};
use super::text::span_position;
use super::types::TrinoType;
use crate::domain::query::QueryError;

/// The planner's cast to a type that SQL has no spelling for.
const ARROW_CAST: &str = "arrow_cast";

/// The type of an instant.
pub(super) const INSTANT: &str = "Timestamp(ms, \"UTC\")";

/// The type of a date and time without a zone.
pub(super) const WALL_CLOCK: &str = "Timestamp(ms)";

/// The same for the planner.
pub(super) const WALL_CLOCK_TYPE: DataType = DataType::Timestamp(TimeUnit::Millisecond, None);

/// `arrow_cast(value, type)`
pub(super) fn cast_to(value: Expr, arrow_type: &str) -> Expr {
    call(ARROW_CAST, vec![value, string(arrow_type)])
}

/// The instant at which the query started, in milliseconds; one and the same in all its places.
pub(super) fn now() -> Expr {
    cast_to(call("now", Vec::new()), INSTANT)
}

/// The query's own time by the name of a keyword or call, where the name is one of those.
pub(super) fn current(name: &str) -> Option<Expr> {
    match name {
        "now" | "current_timestamp" => Some(now()),
        "localtimestamp" => Some(cast_to(now(), WALL_CLOCK)),
        "current_date" => Some(cast_to(now(), "Date32")),
        "current_time" | "localtime" => Some(cast_to(now(), "Time32(ms)")),
        _ => None,
    }
}

/// `TIMESTAMP '…'`, `DATE '…'`, `TIME '…'`; `None` for a literal of another type.
pub(super) fn literal(
    typed: &TypedString,
    data_type: &TrinoType,
) -> Option<Result<Expr, QueryError>> {
    let sqlparser::ast::Value::SingleQuotedString(text) = &typed.value.value else {
        return None;
    };
    let parsed = match data_type {
        TrinoType::Timestamp | TrinoType::TimestampWithZone => timestamp(text),
        TrinoType::Date => date(text),
        TrinoType::Time => time(text),
        _ => return None,
    };
    Some(
        parsed.map_err(|error| match span_position(typed.value.span) {
            Some(place) => error.at(place),
            None => error,
        }),
    )
}

/// `value AT TIME ZONE 'zone'`: the same instant, shown in the zone. A value without a zone is
/// read as UTC first, which is the zone of every Athena session.
pub(super) fn at_time_zone(value: Expr, zone: &Expr) -> Result<Expr, QueryError> {
    let name = string_literal(zone)
        .ok_or_else(|| unsupported("AT TIME ZONE with a zone that is no string literal"))?;
    Ok(cast_to(cast_to(value, INSTANT), &zoned(name)?))
}

/// The type of an instant that is shown in a zone.
fn zoned(name: &str) -> Result<String, QueryError> {
    Ok(format!("Timestamp(ms, \"{}\")", Zone::read(name)?.name()))
}

enum Zone {
    Named(Tz),
    Offset(String, TimeDelta),
}

impl Zone {
    fn read(text: &str) -> Result<Self, QueryError> {
        let text = text.trim();
        if matches!(text, "Z" | "UTC" | "GMT" | "UT") {
            return Ok(Self::Named(Tz::UTC));
        }
        if let Some(zone) = Self::offset(text) {
            return Ok(zone);
        }
        text.parse()
            .or_else(|_| {
                chrono_tz::TZ_VARIANTS
                    .iter()
                    .find(|zone| zone.name().eq_ignore_ascii_case(text))
                    .copied()
                    .ok_or(())
            })
            .map(Self::Named)
            .map_err(|()| {
                invalid(format!("There is no time zone “{text}”"))
                    .with_hint("Write a name such as Europe/Berlin or an offset such as +02:00")
            })
    }

    /// `+hh:mm`, `+hhmm` or `+hh`.
    fn offset(text: &str) -> Option<Self> {
        let negative = match text.as_bytes().first()? {
            b'+' => false,
            b'-' => true,
            _ => return None,
        };
        let digits: String = text[1..].chars().filter(|ch| *ch != ':').collect();
        if !matches!(digits.len(), 1 | 2 | 4) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let (hours, minutes) = digits.split_at(digits.len().min(2));
        let hours: i64 = hours.parse().ok()?;
        let minutes: i64 = if minutes.is_empty() {
            0
        } else {
            minutes.parse().ok()?
        };
        if hours > 14 || minutes > 59 {
            return None;
        }
        let span = TimeDelta::minutes(hours * 60 + minutes);
        let sign = if negative { '-' } else { '+' };
        Some(Self::Offset(
            format!("{sign}{hours:02}:{minutes:02}"),
            if negative { -span } else { span },
        ))
    }

    fn name(&self) -> String {
        match self {
            Self::Named(zone) => zone.name().to_owned(),
            Self::Offset(name, _) => name.clone(),
        }
    }

    /// The instant of a wall-clock time, in milliseconds. A time that a change of the clocks
    /// skips or repeats is read with the offset that held before the change.
    fn millis(&self, local: NaiveDateTime) -> Option<i64> {
        match self {
            Self::Offset(_, span) => Some((local - *span).and_utc().timestamp_millis()),
            Self::Named(zone) => {
                let found = zone.from_local_datetime(&local).earliest().or_else(|| {
                    let before = local.checked_sub_signed(TimeDelta::hours(3))?;
                    let start = zone.from_local_datetime(&before).earliest()?;
                    start.checked_add_signed(TimeDelta::hours(3))
                });
                found.map(|instant| instant.timestamp_millis())
            }
        }
    }
}

fn timestamp(text: &str) -> Result<Expr, QueryError> {
    let wrong = || {
        let error = invalid(format!("“{text}” is no timestamp"));
        if text.contains('T') {
            error.with_hint("Write a space in place of the T, or use from_iso8601_timestamp('…')")
        } else {
            error.with_hint("Write TIMESTAMP 'YYYY-MM-DD hh:mm:ss', with a zone after it or none")
        }
    };
    let (local, zone) = read_timestamp(text).ok_or_else(wrong)?;
    if zone.is_empty() {
        return Ok(cast_to(
            integer(local.and_utc().timestamp_millis()),
            WALL_CLOCK,
        ));
    }
    let zone = Zone::read(zone)?;
    let millis = zone.millis(local).ok_or_else(wrong)?;
    let instant = cast_to(integer(millis), INSTANT);
    Ok(match zone.name().as_str() {
        "UTC" => instant,
        name => cast_to(instant, &format!("Timestamp(ms, \"{name}\")")),
    })
}

/// Splits `YYYY-MM-DD [hh:mm[:ss[.fraction]]] [zone]`.
fn read_timestamp(text: &str) -> Option<(NaiveDateTime, &str)> {
    let trimmed = text.trim();
    let (day, rest) = match trimmed.split_once(' ') {
        Some((day, rest)) => (day, rest.trim_start()),
        None => (trimmed, ""),
    };
    let day = read_date(day)?;
    let clock_end = rest
        .find(|ch: char| !ch.is_ascii_digit() && !matches!(ch, ':' | '.'))
        .unwrap_or(rest.len());
    let (clock, zone) = rest.split_at(clock_end);
    let clock = if clock.is_empty() {
        TimeDelta::zero()
    } else {
        read_clock(clock)?
    };
    let local = day.and_time(NaiveTime::MIN).checked_add_signed(clock)?;
    Some((local, zone.trim()))
}

fn date(text: &str) -> Result<Expr, QueryError> {
    let day = read_date(text.trim()).ok_or_else(|| {
        invalid(format!("“{text}” is no date")).with_hint("Write DATE 'YYYY-MM-DD'")
    })?;
    Ok(cast_to(
        string(day.format("%Y-%m-%d").to_string()),
        "Date32",
    ))
}

fn time(text: &str) -> Result<Expr, QueryError> {
    let clock = read_clock(text.trim())
        .filter(|clock| clock.num_hours() < 24)
        .ok_or_else(|| {
            invalid(format!("“{text}” is no time of day")).with_hint("Write TIME 'hh:mm:ss'")
        })?;
    let clock = NaiveTime::MIN + clock;
    Ok(cast_to(
        string(clock.format("%H:%M:%S%.3f").to_string()),
        "Time32(ms)",
    ))
}

/// `YYYY-M-D`, also with a sign and with more digits in the year.
fn read_date(text: &str) -> Option<NaiveDate> {
    let mut parts = text.rsplitn(3, '-');
    let day = parts.next()?.parse().ok()?;
    let month = parts.next()?.parse().ok()?;
    let year = parts.next()?;
    if year.trim_start_matches(['-', '+']).len() < 4 {
        return None;
    }
    NaiveDate::from_ymd_opt(year.parse().ok()?, month, day)
}

/// `h:mm[:ss[.fraction]]`, rounded to milliseconds.
fn read_clock(text: &str) -> Option<TimeDelta> {
    let mut parts = text.split(':');
    let hours: u32 = parts.next()?.parse().ok()?;
    let minutes: u32 = parts.next()?.parse().ok()?;
    let (seconds, fraction) = match parts.next() {
        Some(seconds) => seconds.split_once('.').unwrap_or((seconds, "0")),
        None => ("0", "0"),
    };
    let seconds: u32 = seconds.parse().ok()?;
    if parts.next().is_some() || hours > 23 || minutes > 59 || seconds > 59 {
        return None;
    }
    if fraction.is_empty() || fraction.len() > 12 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let micros: i64 = format!("{fraction:0<6}").get(..6)?.parse().ok()?;
    let whole = i64::from(hours * 3600 + minutes * 60 + seconds) * 1_000;
    Some(TimeDelta::milliseconds(whole + (micros + 500) / 1_000))
}

#[cfg(test)]
mod tests {
    use super::super::testing::{failure, value};
    use crate::domain::query::QueryErrorKind;

    #[test]
    fn literals_are_read_to_the_millisecond() {
        for (expression, expected) in [
            ("TIMESTAMP '2026-01-31'", "2026-01-31T00:00:00"),
            ("TIMESTAMP '2026-01-31 01:02'", "2026-01-31T01:02:00"),
            (
                "TIMESTAMP '2026-1-3 01:02:03.4567'",
                "2026-01-03T01:02:03.457",
            ),
            (
                "TIMESTAMP '2026-01-31 01:02:03 UTC'",
                "2026-01-31T01:02:03Z",
            ),
            (
                "TIMESTAMP '2026-01-31 01:02:03 +05:30'",
                "2026-01-31T01:02:03+05:30",
            ),
            (
                "TIMESTAMP '2026-07-01 00:00 Europe/Berlin'",
                "2026-07-01T00:00:00+02:00",
            ),
            (
                "TIMESTAMP '1969-12-31 23:59:59.999'",
                "1969-12-31T23:59:59.999",
            ),
            ("DATE '2024-02-29'", "2024-02-29"),
            ("TIME '23:59:59.5'", "23:59:59.500"),
        ] {
            assert_eq!(value(expression), expected, "{expression}");
        }
    }

    #[test]
    fn wrong_literals_say_so_at_their_place() {
        for literal in [
            "TIMESTAMP '2026-02-30'",
            "TIMESTAMP '2026-01-01T00:00:00'",
            "TIMESTAMP '2026-01-01 25:00'",
            "TIMESTAMP '2026-01-01 00:00 Mars/Base'",
            "DATE '31.01.2026'",
            "TIME 'noon'",
        ] {
            let error = failure(&format!("SELECT {literal}"));
            assert_eq!(error.kind, QueryErrorKind::Invalid, "{literal}: {error:?}");
            assert!(error.hint.is_some(), "{literal}");
            assert_eq!(error.position.map(|place| place.line), Some(1), "{literal}");
        }
    }

    #[test]
    fn at_time_zone_converts_from_utc() {
        for (expression, expected) in [
            (
                "TIMESTAMP '2026-01-01 12:00:00' AT TIME ZONE 'Asia/Tokyo'",
                "2026-01-01T21:00:00+09:00",
            ),
            (
                "TIMESTAMP '2026-01-01 12:00:00 UTC' AT TIME ZONE 'America/New_York'",
                "2026-01-01T07:00:00-05:00",
            ),
            (
                "TIMESTAMP '2026-01-01 12:00:00 UTC' AT TIME ZONE '+02:00'",
                "2026-01-01T14:00:00+02:00",
            ),
            (
                "hour(TIMESTAMP '2026-01-01 12:00:00' AT TIME ZONE 'asia/tokyo')",
                "21",
            ),
        ] {
            assert_eq!(value(expression), expected, "{expression}");
        }
        assert!(
            failure("SELECT now() AT TIME ZONE 'Nowhere'")
                .message
                .contains("Nowhere")
        );
    }
}
