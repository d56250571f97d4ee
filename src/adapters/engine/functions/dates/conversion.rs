//! From and to seconds since 1970, dates, durations.

use std::sync::Arc;

use arrow::array::{ArrayRef, IntervalMonthDayNanoArray};
use arrow::datatypes::{DataType, IntervalMonthDayNano, IntervalUnit, TimeUnit};
use chrono::{NaiveDate, NaiveTime};
use datafusion::common::{Result, exec_datafusion_err, exec_err};

use super::super::kernel::Param::{Double, Instant, Int, Text};
use super::super::kernel::{Call, Function};
use super::super::types;
use super::arithmetic::to_days;
use super::{date, zones};

pub(super) fn functions() -> Vec<Function> {
    vec![
        date(
            "from_unixtime",
            "from_unixtime(seconds [, zone])",
            "The time so many seconds after 1970, with a zone",
        )
        .note("the zone must be a constant")
        .takes(&[Double], types::timestamp_utc(), from_seconds)
        .takes_field(
            &[Double, Text],
            |args| zones::constant_zone(args, 1),
            from_seconds,
        ),
        date(
            "from_unixtime_nanos",
            "from_unixtime_nanos(nanoseconds)",
            "The time so many nanoseconds after 1970, in UTC",
        )
        .takes(
            &[Int],
            DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())),
            |call| {
                let nanos = call.ints(0)?;
                call.to_instants(|row| Ok(Some(nanos.at(row).div_euclid(1_000))))
            },
        )
        .note("to the microsecond"),
        date(
            "to_unixtime",
            "to_unixtime(x)",
            "The seconds since 1970, with their fraction",
        )
        .takes(&[Instant], DataType::Float64, |call| {
            let instants = call.instants(0)?;
            call.to_doubles(|row| Ok(Some(instants.micros(row) as f64 / 1e6)))
        }),
        date(
            "date",
            "date(x)",
            "The day of a timestamp or of a text such as 2026-01-31",
        )
        .takes(&[Text], DataType::Date32, |call| {
            let text = call.texts(0)?;
            call.to_days(|row| Ok(Some(parse_date(text.at(row))?)))
        })
        .takes(&[Instant], DataType::Date32, |call| {
            let instants = call.instants(0)?;
            if instants.is_utc() {
                let day = |row| instants.micros(row).div_euclid(86_400_000_000);
                return call.to_days(|row| Ok(i32::try_from(day(row)).ok()));
            }
            call.to_days(|row| Ok(Some(to_days(instants.local(row)?))))
        }),
        date(
            "current_timezone",
            "current_timezone()",
            "The session's zone, which is UTC",
        )
        .takes(&[], DataType::Utf8, |call| {
            call.to_texts(|_| Ok(Some("UTC")))
        }),
        date(
            "human_readable_seconds",
            "human_readable_seconds(seconds)",
            "A number of seconds in words",
        )
        .takes(&[Double], DataType::Utf8, |call| {
            let seconds = call.doubles(0)?;
            call.to_texts(|row| Ok(Some(in_words(seconds.at(row))?)))
        }),
        date(
            "parse_duration",
            "parse_duration(text)",
            "The interval of a text such as 42.5 ms",
        )
        .takes(
            &[Text],
            DataType::Interval(IntervalUnit::MonthDayNano),
            |call| {
                let text = call.texts(0)?;
                let mut built = Vec::with_capacity(call.rows);
                call.each(
                    |row| Ok(Some(duration(text.at(row))?)),
                    |value| built.push(value),
                )?;
                Ok(Arc::new(IntervalMonthDayNanoArray::from(built)))
            },
        ),
    ]
}

fn from_seconds(call: &Call<'_>) -> Result<ArrayRef> {
    let seconds = call.doubles(0)?;
    call.to_instants(|row| {
        let millis = (seconds.at(row) * 1e3).round();
        // What chrono can show; the comparison is false for what is no number.
        if millis.abs() <= 8e15 {
            Ok(Some(millis as i64 * 1_000))
        } else {
            exec_err!(
                "from_unixtime: {} seconds are out of range",
                seconds.at(row)
            )
        }
    })
}

fn parse_date(text: &str) -> Result<i32> {
    match NaiveDate::parse_from_str(text.trim(), "%Y-%m-%d") {
        Ok(day) => Ok(to_days(day.and_time(NaiveTime::MIN))),
        Err(_) => exec_err!("'{text}' is not a date such as 2026-01-31"),
    }
}

fn in_words(seconds: f64) -> Result<String> {
    // Beyond 2^53 a double holds no single seconds.
    if seconds.is_nan() || seconds.abs() > 9e15 {
        return exec_err!("human_readable_seconds: {seconds} is out of range");
    }
    let mut rest = seconds.abs().round() as i64;
    let mut words = Vec::new();
    for (name, length) in [
        ("week", 604_800),
        ("day", 86_400),
        ("hour", 3_600),
        ("minute", 60),
        ("second", 1),
    ] {
        let number = rest / length;
        rest %= length;
        if number > 0 || (length == 1 && words.is_empty()) {
            words.push(format!(
                "{number} {name}{}",
                if number == 1 { "" } else { "s" }
            ));
        }
    }
    Ok(words.join(", "))
}

fn duration(text: &str) -> Result<IntervalMonthDayNano> {
    let text = text.trim();
    let at = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .unwrap_or(text.len());
    let (number, unit) = (&text[..at], text[at..].trim());
    let nanos = match unit {
        "ns" => 1.0,
        "us" => 1e3,
        "ms" => 1e6,
        "s" => 1e9,
        "m" => 6e10,
        "h" => 3.6e12,
        "d" => 8.64e13,
        _ => {
            return exec_err!(
                "'{text}' is not a duration such as 42.5 ms; the units are ns, us, ms, s, m, h and d"
            );
        }
    };
    let number: f64 = number
        .parse()
        .map_err(|_| exec_datafusion_err!("'{text}' is not a duration such as 42.5 ms"))?;
    // To the millisecond, as Trino's intervals are.
    let millis = (number * nanos / 1e6).round();
    if millis.abs() > 9e12 {
        return exec_err!("the duration '{text}' is out of range");
    }
    Ok(IntervalMonthDayNano::new(0, 0, millis as i64 * 1_000_000))
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{fails, gives};

    #[test]
    fn unix_times() {
        gives("from_unixtime(1700000000)", "2023-11-14T22:13:20Z");
        gives("from_unixtime(1700000000.1236)", "2023-11-14T22:13:20.124Z");
        gives(
            "from_unixtime(1700000000, 'Europe/Berlin')",
            "2023-11-14T23:13:20+01:00",
        );
        gives(
            "from_unixtime_nanos(1700000000123456789)",
            "2023-11-14T22:13:20.123456Z",
        );
        gives("to_unixtime(TIMESTAMP '1970-01-01 00:00:01.5')", "1.5");
        gives("to_unixtime(from_unixtime(-1))", "-1.0");
        fails("from_unixtime(1e300)", "out of range");
        fails("from_unixtime(1, 'Nowhere/None')", "not a time zone");
    }

    #[test]
    fn dates_and_durations() {
        gives("date('2026-01-31')", "2026-01-31");
        gives("date(TIMESTAMP '2026-01-31 23:59:59')", "2026-01-31");
        fails("date('31.01.2026')", "not a date");
        gives("human_readable_seconds(96)", "1 minute, 36 seconds");
        gives("human_readable_seconds(0)", "0 seconds");
        gives(
            "human_readable_seconds(694861)",
            "1 week, 1 day, 1 hour, 1 minute, 1 second",
        );
        gives(
            "TIMESTAMP '2026-01-01 00:00:00' + parse_duration('1.5 h')",
            "2026-01-01T01:30:00",
        );
        fails("parse_duration('5 parsecs')", "units");
        gives("current_timezone()", "UTC");
    }
}
