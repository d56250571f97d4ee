//! Time zones as Trino names them: `UTC`, `Z`, `+05:30`, `Europe/Berlin`.

use chrono::{FixedOffset, LocalResult, NaiveDateTime, Offset, TimeDelta, TimeZone};
use chrono_tz::OffsetName;
use datafusion::common::{Result, exec_err};

/// A zone in which an instant has a wall clock.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Zone {
    /// At a constant distance from UTC.
    Fixed(FixedOffset),
    /// By the zone database.
    Named(chrono_tz::Tz),
}

impl Zone {
    /// Reads a zone's name.
    pub(crate) fn parse(name: &str) -> Result<Self> {
        if name.eq_ignore_ascii_case("utc") || name.eq_ignore_ascii_case("z") {
            return Ok(Self::Fixed(
                FixedOffset::east_opt(0).unwrap_or_else(|| chrono::Utc.fix()),
            ));
        }
        if let Some(offset) = parse_offset(name) {
            return Ok(Self::Fixed(offset));
        }
        match name.parse::<chrono_tz::Tz>() {
            Ok(zone) => Ok(Self::Named(zone)),
            Err(_) => exec_err!(
                "'{name}' is not a time zone; write a name such as Europe/Berlin or an offset such as +05:30"
            ),
        }
    }

    /// Whether it is UTC itself.
    pub(crate) fn is_utc(&self) -> bool {
        matches!(self, Self::Fixed(offset) if offset.local_minus_utc() == 0)
    }

    /// The wall clock of an instant.
    pub(crate) fn local(&self, utc: NaiveDateTime) -> NaiveDateTime {
        match self {
            Self::Fixed(offset) => offset.from_utc_datetime(&utc).naive_local(),
            Self::Named(zone) => zone.from_utc_datetime(&utc).naive_local(),
        }
    }

    /// The instant of a wall clock. Of two, the earlier; in a gap, as if the clocks had not been
    /// put forward yet, as Trino does.
    pub(crate) fn utc(&self, local: NaiveDateTime) -> NaiveDateTime {
        match self {
            Self::Fixed(offset) => resolve(offset, local),
            Self::Named(zone) => resolve(zone, local),
        }
    }

    /// The distance from UTC at an instant, in seconds to the east.
    pub(crate) fn offset_seconds(&self, utc: NaiveDateTime) -> i32 {
        match self {
            Self::Fixed(offset) => offset.local_minus_utc(),
            Self::Named(zone) => zone.offset_from_utc_datetime(&utc).fix().local_minus_utc(),
        }
    }

    /// The zone's name as Trino prints it.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Fixed(offset) if offset.local_minus_utc() == 0 => "UTC".to_owned(),
            Self::Fixed(offset) => offset.to_string(),
            Self::Named(zone) => zone.name().to_owned(),
        }
    }

    /// The short name of the zone's time at an instant, such as `CET`; its offset where it has
    /// none.
    pub(crate) fn abbreviation(&self, utc: NaiveDateTime) -> String {
        match self {
            Self::Fixed(_) => self.name(),
            Self::Named(zone) => {
                let offset = zone.offset_from_utc_datetime(&utc);
                match offset.abbreviation() {
                    Some(name) if name.chars().all(char::is_alphabetic) => name.to_owned(),
                    _ => offset.fix().to_string(),
                }
            }
        }
    }
}

fn resolve<Z: TimeZone>(zone: &Z, local: NaiveDateTime) -> NaiveDateTime {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(time) | LocalResult::Ambiguous(time, _) => time.naive_utc(),
        LocalResult::None => {
            let before = local - TimeDelta::hours(3);
            let offset = zone.offset_from_local_datetime(&before).earliest();
            let seconds = offset.map_or(0, |offset| offset.fix().local_minus_utc());
            local - TimeDelta::seconds(i64::from(seconds))
        }
    }
}

/// `+05:30`, `-0800`, `+02`.
pub(crate) fn parse_offset(text: &str) -> Option<FixedOffset> {
    let (sign, rest) = match text.as_bytes().first()? {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    let digits: String = rest.chars().filter(|c| *c != ':').collect();
    if !digits.chars().all(|c| c.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes) = match digits.len() {
        1 | 2 => (digits.parse::<i32>().ok()?, 0),
        4 => (digits[..2].parse().ok()?, digits[2..].parse().ok()?),
        _ => return None,
    };
    if hours > 14 || minutes > 59 {
        return None;
    }
    FixedOffset::east_opt(sign * (hours * 3600 + minutes * 60))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> NaiveDateTime {
        text.parse().unwrap()
    }

    #[test]
    fn zones_are_read_by_name_and_offset() {
        assert_eq!(Zone::parse("UTC").unwrap().name(), "UTC");
        assert_eq!(Zone::parse("+05:30").unwrap().name(), "+05:30");
        assert_eq!(
            Zone::parse("Europe/Berlin").unwrap().name(),
            "Europe/Berlin"
        );
        assert!(Zone::parse("Middle/Earth").is_err());
        assert!(Zone::parse("+99:00").is_err());
    }

    #[test]
    fn wall_clocks_follow_the_zone_database() {
        let zone = Zone::parse("America/New_York").unwrap();
        assert_eq!(
            zone.local(at("2026-07-01T12:00:00")),
            at("2026-07-01T08:00:00")
        );
        assert_eq!(
            zone.utc(at("2026-01-01T08:00:00")),
            at("2026-01-01T13:00:00")
        );
        // 02:30 does not exist on that day.
        assert_eq!(
            zone.utc(at("2026-03-08T02:30:00")),
            at("2026-03-08T07:30:00")
        );
    }
}
