//! Single fields of a date or timestamp, as `EXTRACT` and the functions of their names give them.

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use chrono::{Datelike, NaiveDateTime, Timelike};
use datafusion::common::Result;

use super::super::kernel::Param::Instant;
use super::super::kernel::{Call, Function};
use super::date;

/// A field of the wall clock.
fn field(
    name: &'static str,
    signature: &'static str,
    purpose: &'static str,
    eval: fn(&Call<'_>) -> Result<ArrayRef>,
) -> Function {
    date(name, signature, purpose).takes(&[Instant], DataType::Int64, eval)
}

fn of(call: &Call<'_>, value: fn(NaiveDateTime) -> u32) -> Result<ArrayRef> {
    let instants = call.instants(0)?;
    call.to_ints(|row| Ok(Some(i64::from(value(instants.local(row)?)))))
}

fn year_of(call: &Call<'_>, value: fn(NaiveDateTime) -> i32) -> Result<ArrayRef> {
    let instants = call.instants(0)?;
    call.to_ints(|row| Ok(Some(i64::from(value(instants.local(row)?)))))
}

fn offset(call: &Call<'_>, value: fn(i32) -> i32) -> Result<ArrayRef> {
    let instants = call.instants(0)?;
    call.to_ints(|row| {
        let utc = super::super::kernel::utc_time(instants.micros(row))?;
        let seconds = instants.zone.map_or(0, |zone| zone.offset_seconds(utc));
        Ok(Some(i64::from(value(seconds))))
    })
}

pub(super) fn functions() -> Vec<Function> {
    vec![
        field("year", "year(x)", "The year", |call| {
            year_of(call, |time| time.year())
        }),
        field("quarter", "quarter(x)", "The quarter, 1 to 4", |call| {
            of(call, |time| time.month0() / 3 + 1)
        }),
        field("month", "month(x)", "The month, 1 to 12", |call| {
            of(call, |time| time.month())
        }),
        field("week", "week(x)", "The ISO week, 1 to 53", |call| {
            of(call, |time| time.iso_week().week())
        })
        .alias(&["week_of_year"]),
        field(
            "year_of_week",
            "year_of_week(x)",
            "The year of the ISO week",
            |call| year_of(call, |time| time.iso_week().year()),
        )
        .alias(&["yow"]),
        field("day", "day(x)", "The day of the month", |call| {
            of(call, |time| time.day())
        })
        .alias(&["day_of_month"]),
        field(
            "day_of_week",
            "day_of_week(x)",
            "The day of the week, Monday 1 to Sunday 7",
            |call| of(call, |time| time.weekday().number_from_monday()),
        )
        .alias(&["dow"]),
        field(
            "day_of_year",
            "day_of_year(x)",
            "The day of the year, 1 to 366",
            |call| of(call, |time| time.ordinal()),
        )
        .alias(&["doy"]),
        field("hour", "hour(x)", "The hour, 0 to 23", |call| {
            of(call, |time| time.hour())
        }),
        field("minute", "minute(x)", "The minute", |call| {
            of(call, |time| time.minute())
        }),
        field("second", "second(x)", "The second", |call| {
            of(call, |time| time.second())
        }),
        field(
            "millisecond",
            "millisecond(x)",
            "The milliseconds of the second",
            |call| of(call, |time| time.nanosecond() / 1_000_000),
        ),
        field(
            "timezone_hour",
            "timezone_hour(x)",
            "The hours from UTC",
            |call| offset(call, |seconds| seconds / 3600),
        ),
        field(
            "timezone_minute",
            "timezone_minute(x)",
            "The minutes from UTC beyond the hours",
            |call| offset(call, |seconds| seconds / 60 % 60),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{fails, gives};

    #[test]
    fn fields_of_a_timestamp() {
        let time = "TIMESTAMP '2026-01-03 04:05:06.789'";
        for (name, expected) in [
            ("year", "2026"),
            ("quarter", "1"),
            ("month", "1"),
            ("week", "1"),
            ("day", "3"),
            ("day_of_week", "6"),
            ("dow", "6"),
            ("day_of_year", "3"),
            ("hour", "4"),
            ("minute", "5"),
            ("second", "6"),
            ("millisecond", "789"),
        ] {
            gives(&format!("{name}({time})"), expected);
        }
        gives("year_of_week(DATE '2027-01-01')", "2026");
        gives("week(DATE '2027-01-01')", "53");
        gives("hour(DATE '2027-01-01')", "0");
        gives("day(NULL)", "NULL");
        fails("year('2026-01-01')", "Unexpected parameters (varchar)");
    }

    #[test]
    fn wall_clocks_are_those_of_the_zone() {
        let time = "at_timezone(TIMESTAMP '2026-07-01 01:30:00', 'America/New_York')";
        gives(&format!("hour({time})"), "21");
        gives(&format!("day({time})"), "30");
        gives(&format!("timezone_hour({time})"), "-4");
        gives(
            "timezone_minute(at_timezone(TIMESTAMP '2026-07-01 01:30:00', '+05:30'))",
            "30",
        );
    }
}
