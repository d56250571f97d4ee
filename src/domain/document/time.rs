//! Times as tools write them.

use chrono::{DateTime, NaiveDateTime, Utc};
use serde_json::Value;

/// A time: RFC 3339, RFC 2822, `2026-03-01 10:00:00` (which is UTC, as in a lake), or a number since
/// 1970, whose size tells whether it counts seconds, milliseconds, microseconds or nanoseconds.
pub(super) fn time(value: &Value) -> Option<DateTime<Utc>> {
    match value {
        Value::Number(number) => match number.as_i64() {
            Some(whole) => since_1970(whole),
            None => seconds(number.as_f64()?),
        },
        Value::String(text) => of_text(text.trim()),
        _ => None,
    }
}

fn of_text(text: &str) -> Option<DateTime<Utc>> {
    if text.len() > 64 {
        return None;
    }
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    if let Ok(whole) = text.parse::<i64>() {
        return since_1970(whole);
    }
    if let Ok(time) = DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z") {
        return Some(time.to_utc());
    }
    if let Ok(time) = DateTime::parse_from_rfc2822(text) {
        return Some(time.to_utc());
    }
    let naive = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"]
        .into_iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())?;
    Some(naive.and_utc())
}

fn since_1970(count: i64) -> Option<DateTime<Utc>> {
    match count.unsigned_abs() {
        0..100_000_000_000 => DateTime::from_timestamp(count, 0),
        100_000_000_000..100_000_000_000_000 => DateTime::from_timestamp_millis(count),
        100_000_000_000_000..100_000_000_000_000_000 => DateTime::from_timestamp_micros(count),
        _ => Some(DateTime::from_timestamp_nanos(count)),
    }
}

/// Seconds with a fraction, of which milliseconds count.
fn seconds(count: f64) -> Option<DateTime<Utc>> {
    let millis = (count * 1_000.0).round();
    // Beyond this the cast would not be what was said.
    if !millis.is_finite() || millis.abs() > 1e15 {
        return None;
    }
    #[allow(clippy::cast_possible_truncation, reason = "bounded by the line above")]
    DateTime::from_timestamp_millis(millis as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn times_are_read_in_every_common_form() {
        for (value, expected) in [
            (json!("2026-03-01T10:00:00Z"), "2026-03-01T10:00:00+00:00"),
            (
                json!("2026-03-01T12:00:00+02:00"),
                "2026-03-01T10:00:00+00:00",
            ),
            (
                json!("2026-03-01T12:00:00.5+0200"),
                "2026-03-01T10:00:00.500+00:00",
            ),
            (json!("2026-03-01 10:00:00"), "2026-03-01T10:00:00+00:00"),
            (
                json!("Sun, 01 Mar 2026 10:00:00 +0000"),
                "2026-03-01T10:00:00+00:00",
            ),
            (json!(1_772_359_200), "2026-03-01T10:00:00+00:00"),
            (json!(1_772_359_200.25), "2026-03-01T10:00:00.250+00:00"),
            (json!("1772359200000"), "2026-03-01T10:00:00+00:00"),
            (
                json!(1_772_359_200_000_000_i64),
                "2026-03-01T10:00:00+00:00",
            ),
            (
                json!(1_772_359_200_000_000_000_i64),
                "2026-03-01T10:00:00+00:00",
            ),
        ] {
            let read = time(&value).map(|time| time.to_rfc3339());
            assert_eq!(read.as_deref(), Some(expected), "{value}");
        }
        for value in [json!("yesterday"), json!(null), json!(1e300), json!([1])] {
            assert_eq!(time(&value), None, "{value}");
        }
    }
}
