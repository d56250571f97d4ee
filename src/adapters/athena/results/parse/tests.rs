use chrono::{DateTime, NaiveDate, NaiveTime, Timelike as _};
use proptest::prelude::*;

use super::*;

/// Milliseconds of a UTC time as RFC 3339.
fn at(text: &str) -> Option<i64> {
    Some(
        text.parse::<DateTime<chrono::Utc>>()
            .unwrap()
            .timestamp_millis(),
    )
}

#[test]
fn numbers_are_exact_or_none() {
    for (text, value) in [
        ("0", Some(0)),
        ("-42", Some(-42)),
        ("9223372036854775807", Some(i64::MAX)),
        ("-9223372036854775808", Some(i64::MIN)),
        ("9223372036854775808", None),
        ("-9223372036854775809", None),
        ("99999999999999999999", None),
        ("", None),
        ("-", None),
        ("1.0", None),
        ("1e3", None),
        (" 1", None),
        ("--1", None),
    ] {
        assert_eq!(integer(text.as_bytes()), value, "{text:?}");
    }
    for (text, value) in [
        ("1.50", Some(150)),
        ("-0.07", Some(-7)),
        ("12", Some(1200)),
        (".5", Some(50)),
        ("1.500", Some(150)),
        ("1.505", None),
        ("999.99", Some(99_999)),
        ("1000.00", None),
        ("", None),
        (".", None),
        ("1.2.3", None),
        ("1,5", None),
    ] {
        assert_eq!(decimal(text.as_bytes(), 5, 2), value, "{text:?}");
    }
    let most = "9".repeat(38);
    assert_eq!(decimal(most.as_bytes(), 38, 0), most.parse().ok());
    assert_eq!(decimal("9".repeat(60).as_bytes(), 38, 0), None);
}

#[test]
fn times_are_exact_or_none() {
    for (text, value) in [
        ("2026-03-04 05:06:07.089", at("2026-03-04T05:06:07.089Z")),
        ("2026-03-04 05:06:07", at("2026-03-04T05:06:07Z")),
        ("2026-03-04 05:06:07.5", at("2026-03-04T05:06:07.5Z")),
        ("2026-03-04 05:06:07.123000", at("2026-03-04T05:06:07.123Z")),
        ("1969-12-31 23:59:59.999", Some(-1)),
        ("0001-01-01 00:00:00.000", at("0001-01-01T00:00:00Z")),
        ("+12026-01-01 00:00:00.000", at("+12026-01-01T00:00:00Z")),
        ("2026-03-04 05:06:07.123456", None),
        ("2026-02-29 00:00:00.000", None),
        ("2026-03-04 24:00:00.000", None),
        ("2026-03-04 23:59:60.000", None),
        ("2026-03-04T05:06:07.089", None),
        ("2026-03-04 05:06:07.089 ", None),
        ("2026-03-04", None),
        ("", None),
    ] {
        assert_eq!(timestamp(text.as_bytes()), value, "{text:?}");
    }
    for (text, value) in [
        (
            "2026-03-04 05:06:07.089 UTC",
            at("2026-03-04T05:06:07.089Z"),
        ),
        (
            "2026-03-04 05:06:07.089 +02:00",
            at("2026-03-04T03:06:07.089Z"),
        ),
        (
            "2026-03-04 05:06:07.089 -03:30",
            at("2026-03-04T08:36:07.089Z"),
        ),
        (
            "2026-07-04 12:00:00.000 Europe/Berlin",
            at("2026-07-04T10:00:00Z"),
        ),
        (
            "2026-01-04 12:00:00.000 America/New_York",
            at("2026-01-04T17:00:00Z"),
        ),
        // This hour comes twice, and the text does not say which is meant.
        ("2026-10-25 02:30:00.000 Europe/Berlin", None),
        // This hour never came.
        ("2026-03-29 02:30:00.000 Europe/Berlin", None),
        ("2026-03-04 05:06:07.089 Mars/Olympus", None),
        ("2026-03-04 05:06:07.089 +2", None),
        ("2026-03-04 05:06:07.089", None),
        ("", None),
    ] {
        assert_eq!(zoned_timestamp(text.as_bytes(), false), value, "{text:?}");
        let named = text.ends_with("Berlin") || text.ends_with("York");
        let fixed = value.filter(|_| !named);
        assert_eq!(zoned_timestamp(text.as_bytes(), true), fixed, "{text:?}");
    }
    assert_eq!(time(b"01:02:03.004"), Some(3_723_004));
    assert_eq!(time(b"1:02:03.004"), None);
    assert_eq!(date(b"1970-01-02"), Some(1));
    assert_eq!(date(b"1970-13-02"), None);
    assert_eq!(
        date(b"-0001-01-01"),
        date(b"0000-01-01").map(|days| days - 365)
    );
}

#[test]
fn the_rest_is_exact_or_none() {
    assert_eq!(boolean(b"true"), Some(true));
    assert_eq!(boolean(b"false"), Some(false));
    assert_eq!(boolean(b"True"), None);
    let mut bytes = vec![1];
    for (text, value) in [
        ("", Some(&b""[..])),
        ("68 69 ff", Some(&b"hi\xff"[..])),
        ("6869", Some(&b"hi"[..])),
        ("68 69   6A\n6b", Some(&b"hijk"[..])),
        ("6", None),
        ("6 8", None),
        ("zz", None),
    ] {
        let read = binary(text.as_bytes(), &mut bytes).map(|()| bytes.clone());
        assert_eq!(read.as_deref(), value, "{text:?}");
    }
}

proptest! {
    #[test]
    fn what_is_printed_is_read(
        number in any::<i64>(),
        day in -700_000_i32..2_900_000,
        millis in 0_u32..86_400_000,
        minutes in -18 * 60_i32..=18 * 60,
        unscaled in -(10_i128.pow(18))..10_i128.pow(18),
        blob in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        prop_assert_eq!(integer(number.to_string().as_bytes()), Some(number));
        let date_of = NaiveDate::from_epoch_days(day).unwrap();
        prop_assert_eq!(date(date_of.to_string().as_bytes()), Some(day), "{}", date_of);
        let clock = NaiveTime::from_num_seconds_from_midnight_opt(millis / 1000, 0).unwrap();
        let clock = clock.with_nanosecond(millis % 1000 * 1_000_000).unwrap();
        let clock_text = clock.format("%H:%M:%S%.3f").to_string();
        prop_assert_eq!(time(clock_text.as_bytes()), i32::try_from(millis).ok());
        let local = i64::from(day) * MILLIS_A_DAY + i64::from(millis);
        let text = format!("{date_of} {clock_text}");
        prop_assert_eq!(timestamp(text.as_bytes()), Some(local));
        let sign = if minutes < 0 { '-' } else { '+' };
        let text = format!("{text} {sign}{:02}:{:02}", minutes.abs() / 60, minutes.abs() % 60);
        prop_assert_eq!(zoned_timestamp(text.as_bytes(), true), Some(local - i64::from(minutes) * 60_000));
        let sign = if unscaled < 0 { "-" } else { "" };
        let whole = unscaled.unsigned_abs();
        let text = format!("{sign}{}.{:04}", whole / 10_000, whole % 10_000);
        prop_assert_eq!(decimal(text.as_bytes(), 20, 4), Some(unscaled));
        let hex: Vec<String> = blob.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut read = Vec::new();
        prop_assert_eq!(binary(hex.join(" ").as_bytes(), &mut read), Some(()));
        prop_assert_eq!(read, blob);
    }

    #[test]
    fn any_text_is_a_value_or_none(text in prop_oneof![any::<String>(), "[-+:. 0-9a-zA-Z/]{0,30}"]) {
        let text = text.as_bytes();
        prop_assert!(integer(text).is_none() || decimal(text, 38, 0).is_some());
        prop_assert!(timestamp(text).is_none() || zoned_timestamp(text, false).is_none());
        prop_assert!(date(text).is_none() || time(text).is_none());
        let mut bytes = Vec::new();
        if binary(text, &mut bytes).is_some() {
            prop_assert!(bytes.len() * 2 <= text.len());
        }
    }
}
