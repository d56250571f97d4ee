//! What a record holds and no column takes: into `unmapped`, under its path in the record. And the
//! small readings that several kinds of logs share.

use std::net::IpAddr;

use chrono::DateTime;

use super::json::{Kind, Value};
use crate::domain::lake::frame::Frame;

/// A text longer than this is not repeated in `unmapped` where a column holds the JSON around it.
const SHORT: usize = 1_024;

/// Puts a value into `unmapped`: objects member by member, lists as JSON, NULL not at all.
pub(super) fn flatten(frame: &mut Frame, path: &str, value: Value<'_>) {
    leaves_of(path, value, usize::MAX, &mut |path, cell| {
        frame.leftover(path, cell)
    });
}

/// The same for a value that a column holds as JSON: only what is short, and no lists.
pub(super) fn flatten_short(frame: &mut Frame, path: &str, value: Value<'_>) {
    leaves_of(path, value, SHORT, &mut |path, cell| {
        frame.leftover(path, cell)
    });
}

/// Gives every value that is not an object, with its path.
pub(super) fn leaves_of(
    path: &str,
    value: Value<'_>,
    longest: usize,
    give: &mut dyn FnMut(&str, &str),
) {
    if value.kind() == Kind::Object {
        let mut inner = String::with_capacity(path.len() + 24);
        let mut is_empty = true;
        for (name, value) in value.members() {
            is_empty = false;
            inner.clear();
            inner.push_str(path);
            inner.push('.');
            inner.push_str(&name);
            leaves_of(&inner, value, longest, give);
        }
        if is_empty && longest == usize::MAX {
            give(path, "{}");
        }
        return;
    }
    if value.kind() == Kind::Array && longest < usize::MAX {
        return;
    }
    if let Some(cell) = value.cell().filter(|cell| cell.len() <= longest) {
        give(path, &cell);
    }
}

/// Whether a text is an IP address, also with leading zeros in its numbers.
pub(super) fn is_address(text: &str) -> bool {
    if text.parse::<IpAddr>().is_ok() {
        return true;
    }
    let number = |part: &str| {
        (1..=3).contains(&part.len()) && part.parse::<u16>().is_ok_and(|number| number < 256)
    };
    text.split('.').count() == 4 && text.split('.').all(number)
}

/// A time as epoch milliseconds: RFC 3339, also with a blank between day and time, or without zone,
/// which then is UTC. Years 1 to 9999.
pub(super) fn millis(text: &str) -> Option<i64> {
    let parsed = DateTime::parse_from_rfc3339(text).or_else(|_| {
        let zoned = format!("{}Z", text.replacen(' ', "T", 1).trim_end_matches(" UTC"));
        DateTime::parse_from_rfc3339(&zoned)
    });
    sane(parsed.ok()?.timestamp_millis())
}

/// A time of the years 1 to 9999, whose day has eight digits.
pub(super) fn sane(millis: i64) -> Option<i64> {
    (-62_135_596_800_000..253_402_300_800_000)
        .contains(&millis)
        .then_some(millis)
}

/// A field of a text log, where it has a value.
pub(super) fn known(text: &str) -> Option<&str> {
    (text != "-" && !text.is_empty()).then_some(text)
}
