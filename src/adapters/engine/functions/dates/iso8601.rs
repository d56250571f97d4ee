//! ISO 8601 text.

use std::sync::LazyLock;

use arrow::datatypes::DataType;
use chrono::{NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Weekday};
use datafusion::common::{Result, exec_datafusion_err};
use regex::Regex;

use super::super::kernel::Param::{Date, Instant, Text};
use super::super::kernel::{Function, Zone};
use super::super::types;
use super::arithmetic::to_days;
use super::date;

static FORM: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(concat!(
        r"^(\d{4})(?:-(\d{2})(?:-(\d{2}))?|-?W(\d{2})(?:-?(\d))?|-(\d{3}))?",
        r"(?:T(?:(\d{2})(?::?(\d{2})(?::?(\d{2})(?:[.,](\d{1,9}))?)?)?)?)?",
        r"(Z|[+-]\d{2}(?::?\d{2})?)?$",
    ))
    .ok()
});

pub(super) fn functions() -> Vec<Function> {
    vec![
        date(
            "from_iso8601_timestamp",
            "from_iso8601_timestamp(text)",
            "The time of an ISO 8601 text; without an offset it is UTC",
        )
        .note("the result is in UTC, where Trino keeps the text's offset")
        .takes(&[Text], types::timestamp_utc(), |call| {
            let text = call.texts(0)?;
            call.to_instants(|row| {
                let (local, zone) = parse(text.at(row))?;
                let utc = zone.map_or(local, |zone| zone.utc(local));
                Ok(Some(utc.and_utc().timestamp_micros()))
            })
        }),
        date(
            "from_iso8601_date",
            "from_iso8601_date(text)",
            "The date of an ISO 8601 text",
        )
        .takes(&[Text], DataType::Date32, |call| {
            let text = call.texts(0)?;
            call.to_days(|row| Ok(Some(to_days(parse(text.at(row))?.0))))
        }),
        date(
            "to_iso8601",
            "to_iso8601(x)",
            "A date or time as ISO 8601 text",
        )
        .takes(&[Date], DataType::Utf8, |call| {
            let days = call.days(0)?;
            call.to_texts(|row| {
                let day = NaiveDate::default() + TimeDelta::days(i64::from(days.at(row)));
                Ok(Some(day.format("%Y-%m-%d").to_string()))
            })
        })
        .takes(&[Instant], DataType::Utf8, |call| {
            let instants = call.instants(0)?;
            call.to_texts(|row| {
                let local = instants.local(row)?;
                let mut text = local.format("%Y-%m-%dT%H:%M:%S%.3f").to_string();
                if let Some(zone) = &instants.zone {
                    let utc = super::super::kernel::utc_time(instants.micros(row))?;
                    text.push_str(&offset_text(zone.offset_seconds(utc), true));
                }
                Ok(Some(text))
            })
        }),
    ]
}

/// `Z`, or `+05:30`.
pub(super) fn offset_text(seconds: i32, zulu: bool) -> String {
    if seconds == 0 && zulu {
        return "Z".to_owned();
    }
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.abs() / 60;
    format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60)
}

/// The wall clock and the zone, where one is written.
fn parse(text: &str) -> Result<(NaiveDateTime, Option<Zone>)> {
    try_parse(text).ok_or_else(|| exec_datafusion_err!("'{text}' is not an ISO 8601 date or time"))
}

fn try_parse(text: &str) -> Option<(NaiveDateTime, Option<Zone>)> {
    let parts = FORM.as_ref()?.captures(text)?;
    let number = |group: usize| {
        parts
            .get(group)
            .and_then(|part| part.as_str().parse::<u32>().ok())
    };
    let year = i32::try_from(number(1)?).ok()?;
    let day = if let Some(week) = number(4) {
        let weekday = Weekday::try_from(u8::try_from(number(5).unwrap_or(1).checked_sub(1)?).ok()?);
        NaiveDate::from_isoywd_opt(year, week, weekday.ok()?)?
    } else if let Some(ordinal) = number(6) {
        NaiveDate::from_yo_opt(year, ordinal)?
    } else {
        NaiveDate::from_ymd_opt(year, number(2).unwrap_or(1), number(3).unwrap_or(1))?
    };
    let fraction = parts.get(10).map_or(0, |digits| {
        format!("{:0<9}", digits.as_str())
            .parse::<u32>()
            .unwrap_or_default()
    });
    let time = NaiveTime::from_hms_nano_opt(
        number(7).unwrap_or(0),
        number(8).unwrap_or(0),
        number(9).unwrap_or(0),
        fraction,
    )?;
    let zone = parts
        .get(11)
        .map(|zone| Zone::parse(zone.as_str()))
        .transpose()
        .ok()?;
    Some((day.and_time(time), zone))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::testing::{fails, gives};
    use super::*;

    #[test]
    fn texts_are_read() {
        gives(
            "from_iso8601_timestamp('2026-05-11T11:15:05Z')",
            "2026-05-11T11:15:05Z",
        );
        gives(
            "from_iso8601_timestamp('2026-05-11T11:15:05.055+01:00')",
            "2026-05-11T10:15:05.055Z",
        );
        gives(
            "from_iso8601_timestamp('2026-05-11')",
            "2026-05-11T00:00:00Z",
        );
        gives(
            "from_iso8601_timestamp('2026-05-11T11')",
            "2026-05-11T11:00:00Z",
        );
        gives("from_iso8601_date('2026-W10-2')", "2026-03-03");
        gives("from_iso8601_date('2026-123')", "2026-05-03");
        fails("from_iso8601_timestamp('11/05/2026')", "not an ISO 8601");
        fails("from_iso8601_date('2026-13-01')", "not an ISO 8601");
    }

    #[test]
    fn texts_are_written() {
        gives("to_iso8601(DATE '2026-05-11')", "2026-05-11");
        gives(
            "to_iso8601(TIMESTAMP '2026-05-11 01:02:03')",
            "2026-05-11T01:02:03.000",
        );
        gives("to_iso8601(from_unixtime(0))", "1970-01-01T00:00:00.000Z");
        gives(
            "to_iso8601(from_unixtime(0, '-03:30'))",
            "1969-12-31T20:30:00.000-03:30",
        );
    }

    proptest! {
        #[test]
        fn what_chrono_writes_is_read(seconds in 0i64..4_000_000_000) {
            let time = chrono::DateTime::from_timestamp(seconds, 0).unwrap();
            let (local, zone) = try_parse(&time.to_rfc3339()).unwrap();
            prop_assert_eq!(zone.unwrap().utc(local), time.naive_utc());
        }

        #[test]
        fn any_text_is_read_without_panic(text in "[0-9TWZ:+.-]{0,40}") {
            if let Some((local, _)) = try_parse(&text) {
                prop_assert!(text.len() >= 4, "{} gave {}", text, local);
            }
        }
    }
}
