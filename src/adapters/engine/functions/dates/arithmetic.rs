//! Truncating, adding and counting calendar units.

use arrow::datatypes::DataType;
use chrono::{
    DateTime, Datelike, Days, Months, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike,
};
use datafusion::common::{Result, exec_datafusion_err, exec_err};

use super::super::kernel::Function;
use super::super::kernel::Param::{Date, Instant, Int, Text};
use super::date;

/// A calendar unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Unit {
    fn parse(name: &str) -> Result<Self> {
        Ok(match name.to_ascii_lowercase().as_str() {
            "millisecond" => Self::Millisecond,
            "second" => Self::Second,
            "minute" => Self::Minute,
            "hour" => Self::Hour,
            "day" => Self::Day,
            "week" => Self::Week,
            "month" => Self::Month,
            "quarter" => Self::Quarter,
            "year" => Self::Year,
            _ => {
                return exec_err!(
                    "'{name}' is not a unit; the units are millisecond, second, minute, hour, day, week, month, quarter and year"
                );
            }
        })
    }

    /// As [`Self::parse`], without the units below a day.
    fn of_date(name: &str) -> Result<Self> {
        match Self::parse(name)? {
            Self::Millisecond | Self::Second | Self::Minute | Self::Hour => {
                exec_err!("'{name}' is not a unit of a date")
            }
            unit => Ok(unit),
        }
    }

    /// In UTC: the length in microseconds and where one begins, for units of constant length.
    fn grid(self) -> Option<(i64, i64)> {
        const DAY: i64 = 86_400_000_000;
        match self {
            Self::Day => Some((DAY, 0)),
            // 1970-01-05 was a Monday.
            Self::Week => Some((7 * DAY, 4 * DAY)),
            other => Some((other.length()?.num_microseconds()?, 0)),
        }
    }

    /// The length, where it is always the same.
    fn length(self) -> Option<TimeDelta> {
        match self {
            Self::Millisecond => Some(TimeDelta::milliseconds(1)),
            Self::Second => Some(TimeDelta::seconds(1)),
            Self::Minute => Some(TimeDelta::minutes(1)),
            Self::Hour => Some(TimeDelta::hours(1)),
            _ => None,
        }
    }
}

pub(super) fn functions() -> Vec<Function> {
    vec![
        date(
            "date_trunc",
            "date_trunc(unit, x)",
            "The beginning of the unit in which a time lies",
        )
        .takes(&[Text, Date], DataType::Date32, |call| {
            let (unit, days) = (call.texts(0)?, call.days(1)?);
            call.to_days(|row| {
                let unit = Unit::of_date(unit.at(row))?;
                Ok(Some(to_days(truncate(unit, from_days(days.at(row))?)?)))
            })
        })
        .takes_as(
            &[Text, Instant],
            |types| Ok(types[1].clone()),
            |call| {
                let (unit, instants) = (call.texts(0)?, call.instants(1)?);
                // The common case is a division: a constant unit of constant length, in UTC.
                if call.is_constant(0)
                    && instants.is_utc()
                    && let Some((length, origin)) = Unit::parse(unit.at(0))?.grid()
                {
                    return call.to_instants(|row| {
                        let micros = instants.micros(row);
                        Ok(Some(micros - (micros - origin).rem_euclid(length)))
                    });
                }
                call.to_instants(|row| {
                    let unit = Unit::parse(unit.at(row))?;
                    Ok(Some(
                        instants.instant(truncate(unit, instants.local(row)?)?),
                    ))
                })
            },
        ),
        date(
            "date_add",
            "date_add(unit, n, x)",
            "The time so many units later; earlier where negative",
        )
        .takes(&[Text, Int, Date], DataType::Date32, |call| {
            let (unit, number, days) = (call.texts(0)?, call.ints(1)?, call.days(2)?);
            call.to_days(|row| {
                let unit = Unit::of_date(unit.at(row))?;
                Ok(Some(to_days(add(
                    unit,
                    number.at(row),
                    from_days(days.at(row))?,
                )?)))
            })
        })
        .takes_as(
            &[Text, Int, Instant],
            |types| Ok(types[2].clone()),
            |call| {
                let (unit, number, instants) = (call.texts(0)?, call.ints(1)?, call.instants(2)?);
                call.to_instants(|row| {
                    let (unit, number) = (Unit::parse(unit.at(row))?, number.at(row));
                    if unit.length().is_some() {
                        let utc = super::super::kernel::utc_time(instants.micros(row))?;
                        return Ok(Some(add(unit, number, utc)?.and_utc().timestamp_micros()));
                    }
                    Ok(Some(instants.instant(add(
                        unit,
                        number,
                        instants.local(row)?,
                    )?)))
                })
            },
        ),
        date(
            "date_diff",
            "date_diff(unit, from, to)",
            "How many full units lie between two times; negative where the second is earlier",
        )
        .takes(&[Text, Date, Date], DataType::Int64, |call| {
            let (unit, from, to) = (call.texts(0)?, call.days(1)?, call.days(2)?);
            call.to_ints(|row| {
                let unit = Unit::of_date(unit.at(row))?;
                Ok(Some(difference(
                    unit,
                    from_days(from.at(row))?,
                    from_days(to.at(row))?,
                )))
            })
        })
        .takes(&[Text, Instant, Instant], DataType::Int64, |call| {
            let (unit, from, to) = (call.texts(0)?, call.instants(1)?, call.instants(2)?);
            call.to_ints(|row| {
                let unit = Unit::parse(unit.at(row))?;
                // Both on the first one's clock, as Trino does.
                let to = super::super::kernel::utc_time(to.micros(row))?;
                let to = from.zone.map_or(to, |zone| zone.local(to));
                Ok(Some(difference(unit, from.local(row)?, to)))
            })
        }),
        date(
            "last_day_of_month",
            "last_day_of_month(x)",
            "The last day of the month",
        )
        .takes(&[Instant], DataType::Date32, |call| {
            let instants = call.instants(0)?;
            call.to_days(|row| {
                let day = instants.local(row)?.date();
                let last = day.with_day(u32::from(day.num_days_in_month()));
                Ok(Some(to_days(last.unwrap_or(day).and_time(NaiveTime::MIN))))
            })
        }),
    ]
}

fn from_days(days: i32) -> Result<NaiveDateTime> {
    match DateTime::from_timestamp(i64::from(days) * 86_400, 0) {
        Some(time) => Ok(time.naive_utc()),
        None => exec_err!("the date {days} days after 1970-01-01 is out of range"),
    }
}

pub(super) fn to_days(time: NaiveDateTime) -> i32 {
    // A NaiveDate's whole range fits.
    i32::try_from(time.and_utc().timestamp().div_euclid(86_400)).unwrap_or_default()
}

fn truncate(unit: Unit, time: NaiveDateTime) -> Result<NaiveDateTime> {
    let day = time.date();
    let first = |month: u32| NaiveDate::from_ymd_opt(day.year(), month, 1);
    let begins = |day: Option<NaiveDate>| day.map(|day| day.and_time(NaiveTime::MIN));
    let truncated = match unit {
        Unit::Millisecond => time.with_nanosecond(time.nanosecond() / 1_000_000 * 1_000_000),
        Unit::Second => time.with_nanosecond(0),
        Unit::Minute => day.and_hms_opt(time.hour(), time.minute(), 0),
        Unit::Hour => day.and_hms_opt(time.hour(), 0, 0),
        Unit::Day => begins(Some(day)),
        Unit::Week => {
            let since_monday = u64::from(day.weekday().num_days_from_monday());
            begins(day.checked_sub_days(Days::new(since_monday)))
        }
        Unit::Month => begins(first(day.month())),
        Unit::Quarter => begins(first(day.month0() / 3 * 3 + 1)),
        Unit::Year => begins(first(1)),
    };
    truncated.ok_or_else(|| exec_datafusion_err!("{time} cannot be truncated"))
}

fn add(unit: Unit, number: i64, time: NaiveDateTime) -> Result<NaiveDateTime> {
    let months = |per_unit: i64| {
        let months = number.checked_mul(per_unit)?;
        let size = Months::new(u32::try_from(months.unsigned_abs()).ok()?);
        if months < 0 {
            time.checked_sub_months(size)
        } else {
            time.checked_add_months(size)
        }
    };
    let days = |per_unit: i64| {
        let days = number.checked_mul(per_unit)?;
        time.checked_add_signed(TimeDelta::try_days(days)?)
    };
    let added = match unit {
        Unit::Day => days(1),
        Unit::Week => days(7),
        Unit::Month => months(1),
        Unit::Quarter => months(3),
        Unit::Year => months(12),
        _ => unit.length().and_then(|length| {
            let millis = number.checked_mul(length.num_milliseconds())?;
            time.checked_add_signed(TimeDelta::try_milliseconds(millis)?)
        }),
    };
    added.ok_or_else(|| exec_datafusion_err!("{time} plus {number} such units is out of range"))
}

fn difference(unit: Unit, from: NaiveDateTime, to: NaiveDateTime) -> i64 {
    if to < from {
        return -difference(unit, to, from);
    }
    let full = |length: TimeDelta| (to - from).num_milliseconds() / length.num_milliseconds();
    match unit {
        Unit::Day => full(TimeDelta::days(1)),
        Unit::Week => full(TimeDelta::weeks(1)),
        Unit::Month => months(from, to),
        Unit::Quarter => months(from, to) / 3,
        Unit::Year => months(from, to) / 12,
        _ => unit.length().map_or(0, full),
    }
}

/// Full months. The last day of a shorter month ends a month that began on a later day.
fn months(from: NaiveDateTime, to: NaiveDateTime) -> i64 {
    let whole = |time: NaiveDateTime| i64::from(time.year()) * 12 + i64::from(time.month0());
    let last_day = u32::from(to.date().num_days_in_month());
    let begun_on = if to.day() == last_day {
        from.day().min(to.day())
    } else {
        from.day()
    };
    let full = (to.day(), to.time()) >= (begun_on, from.time());
    whole(to) - whole(from) - i64::from(!full)
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{fails, gives, gives_rows};

    #[test]
    fn truncating_keeps_the_type() {
        let time = "TIMESTAMP '2026-11-22 14:35:59.123'";
        for (unit, expected) in [
            ("second", "2026-11-22T14:35:59"),
            ("minute", "2026-11-22T14:35:00"),
            ("hour", "2026-11-22T14:00:00"),
            ("day", "2026-11-22T00:00:00"),
            ("week", "2026-11-16T00:00:00"),
            ("month", "2026-11-01T00:00:00"),
            ("quarter", "2026-10-01T00:00:00"),
            ("YEAR", "2026-01-01T00:00:00"),
        ] {
            gives(&format!("date_trunc('{unit}', {time})"), expected);
        }
        gives("date_trunc('month', DATE '2026-11-22')", "2026-11-01");
        fails(
            "date_trunc('hour', DATE '2026-11-22')",
            "not a unit of a date",
        );
        fails(
            &format!("date_trunc('decade', {time})"),
            "'decade' is not a unit",
        );
    }

    #[test]
    fn truncating_by_division_gives_what_the_calendar_gives() {
        let times = "(TIMESTAMP '1969-12-31 23:59:59.999'), (TIMESTAMP '2026-11-22 14:35:59.123')";
        for unit in ["millisecond", "second", "minute", "hour", "day", "week"] {
            // A unit that is no constant takes the way through the calendar.
            let by_calendar =
                format!("date_trunc(concat('{unit}', substr(CAST(v AS varchar), 1, 0)), v)");
            gives_rows(
                &format!("date_trunc('{unit}', v) = {by_calendar}").replace("substr", "\"substr\""),
                times,
                &["true", "true"],
            );
        }
    }

    #[test]
    fn truncating_follows_the_zone() {
        let time = "at_timezone(TIMESTAMP '2026-11-22 02:00:00', 'America/New_York')";
        gives(
            &format!("date_trunc('day', {time})"),
            "2026-11-21T00:00:00-05:00",
        );
    }

    #[test]
    fn adding() {
        gives("date_add('month', 1, DATE '2026-01-31')", "2026-02-28");
        gives(
            "date_add('day', -7, TIMESTAMP '2026-01-03 10:00:00')",
            "2025-12-27T10:00:00",
        );
        gives(
            "date_add('millisecond', 1500, TIMESTAMP '2026-01-01 00:00:00')",
            "2026-01-01T00:00:01.500",
        );
        gives(
            "date_add('week', 1, from_unixtime(0))",
            "1970-01-08T00:00:00Z",
        );
        fails(
            "date_add('year', 9223372036854775807, DATE '2026-01-01')",
            "out of range",
        );
    }

    #[test]
    fn differences_count_full_units() {
        gives(
            "date_diff('day', TIMESTAMP '2026-01-01 23:00:00', TIMESTAMP '2026-01-02 22:59:59')",
            "0",
        );
        gives(
            "date_diff('hour', TIMESTAMP '2026-01-01 00:30:00', TIMESTAMP '2026-01-01 02:00:00')",
            "1",
        );
        gives(
            "date_diff('day', DATE '2026-01-03', DATE '2026-01-01')",
            "-2",
        );
        gives(
            "date_diff('month', DATE '2026-01-31', DATE '2026-02-28')",
            "1",
        );
        gives(
            "date_diff('month', DATE '2026-01-15', DATE '2026-03-14')",
            "1",
        );
        gives(
            "date_diff('year', DATE '2024-02-29', DATE '2025-02-28')",
            "1",
        );
        gives(
            "date_diff('quarter', DATE '2026-01-01', DATE '2026-12-31')",
            "3",
        );
        gives("date_diff('week', DATE '2026-01-01', NULL)", "NULL");
        gives("last_day_of_month(DATE '2028-02-03')", "2028-02-29");
    }
}
