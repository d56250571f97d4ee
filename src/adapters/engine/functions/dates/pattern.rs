//! A date pattern, whichever language it was written in: how it prints a time and reads one.

use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Weekday};

use super::super::kernel::Zone;
use super::iso8601::offset_text;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = [
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

/// What a piece of a pattern stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Era,
    Century,
    Year,
    /// Two digits; read as 1970 to 2069.
    ShortYear,
    WeekYear,
    Week,
    DayOfWeek,
    DayName,
    DayAbbreviation,
    DayOfYear,
    Month,
    MonthName,
    MonthAbbreviation,
    Day,
    HalfDay,
    /// 0 to 11.
    HourOfHalfDay,
    /// 1 to 12.
    ClockHourOfHalfDay,
    /// 0 to 23.
    Hour,
    /// 1 to 24.
    ClockHour,
    Minute,
    Second,
    /// Digits of the second's fraction.
    Fraction,
    /// `+0200`.
    Offset,
    /// `+02:00`.
    OffsetWithColon,
    /// `Europe/Berlin`.
    ZoneName,
    /// `CET`.
    ZoneAbbreviation,
}

/// One piece of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// Text that stands for itself.
    Literal(String),
    /// A field: at least `width` digits printed, at most `most` read.
    Field {
        field: Field,
        width: usize,
        most: usize,
    },
}

/// A compiled pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern(pub(super) Vec<Piece>);

impl Pattern {
    /// The text of a wall clock in a zone whose distance from UTC then is `offset` seconds.
    pub(super) fn print(&self, time: NaiveDateTime, zone: Option<&Zone>, offset: i32) -> String {
        let mut text = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Literal(literal) => text.push_str(literal),
                Piece::Field { field, width, .. } => {
                    text.push_str(&print_field(*field, *width, time, zone, offset));
                }
            }
        }
        text
    }

    /// The wall clock and, where the text names one, the zone; or the byte at which it goes wrong.
    pub(super) fn read(&self, text: &str) -> Result<(NaiveDateTime, Option<Zone>), usize> {
        let mut read = Read::default();
        let mut rest = text;
        let at = |rest: &str| text.len() - rest.len();
        for piece in &self.0 {
            rest = match piece {
                Piece::Literal(literal) => rest.strip_prefix(literal.as_str()),
                Piece::Field { field, most, .. } => read.field(*field, *most, rest),
            }
            .ok_or_else(|| at(rest))?;
        }
        if !rest.is_empty() {
            return Err(at(rest));
        }
        read.time().map(|time| (time, read.zone)).ok_or(0)
    }
}

fn print_field(
    field: Field,
    width: usize,
    time: NaiveDateTime,
    zone: Option<&Zone>,
    offset: i32,
) -> String {
    let number = |value: i64| {
        let sign = if value < 0 { "-" } else { "" };
        format!("{sign}{:0width$}", value.unsigned_abs())
    };
    let name = |names: &[&str], place: u32| {
        names
            .get(place as usize)
            .copied()
            .unwrap_or_default()
            .to_owned()
    };
    let short = |name: String| name.chars().take(3).collect::<String>();
    let (hour, month0, day0) = (
        time.hour(),
        time.month0(),
        time.weekday().num_days_from_monday(),
    );
    match field {
        Field::Era => if time.year() > 0 { "AD" } else { "BC" }.to_owned(),
        Field::Century => number(i64::from(time.year().div_euclid(100))),
        Field::Year => number(i64::from(time.year())),
        Field::ShortYear => format!("{:02}", time.year().rem_euclid(100)),
        Field::WeekYear => number(i64::from(time.iso_week().year())),
        Field::Week => number(i64::from(time.iso_week().week())),
        Field::DayOfWeek => number(i64::from(day0 + 1)),
        Field::DayName => name(&DAYS, day0),
        Field::DayAbbreviation => short(name(&DAYS, day0)),
        Field::DayOfYear => number(i64::from(time.ordinal())),
        Field::Month => number(i64::from(month0 + 1)),
        Field::MonthName => name(&MONTHS, month0),
        Field::MonthAbbreviation => short(name(&MONTHS, month0)),
        Field::Day => number(i64::from(time.day())),
        Field::HalfDay => if hour < 12 { "AM" } else { "PM" }.to_owned(),
        Field::HourOfHalfDay => number(i64::from(hour % 12)),
        Field::ClockHourOfHalfDay => number(i64::from((hour + 11) % 12 + 1)),
        Field::Hour => number(i64::from(hour)),
        Field::ClockHour => number(i64::from((hour + 23) % 24 + 1)),
        Field::Minute => number(i64::from(time.minute())),
        Field::Second => number(i64::from(time.second())),
        Field::Fraction => {
            let digits = format!("{:09}", time.nanosecond());
            format!("{digits:0<width$}").chars().take(width).collect()
        }
        Field::Offset => offset_text(offset, false).replace(':', ""),
        Field::OffsetWithColon => offset_text(offset, false),
        Field::ZoneName => zone.map_or_else(|| "UTC".to_owned(), Zone::name),
        Field::ZoneAbbreviation => zone.map_or_else(
            || "UTC".to_owned(),
            |zone| zone.abbreviation(time - TimeDelta::seconds(offset.into())),
        ),
    }
}

/// The fields read so far.
#[derive(Default)]
struct Read {
    year: Option<i32>,
    week_year: Option<i32>,
    week: Option<u32>,
    weekday: Option<Weekday>,
    ordinal: Option<u32>,
    month: Option<u32>,
    day: Option<u32>,
    hour: Option<u32>,
    half_hour: Option<u32>,
    afternoon: bool,
    minute: u32,
    second: u32,
    nanosecond: u32,
    zone: Option<Zone>,
}

impl Read {
    /// Takes a field from the text's beginning and gives the rest.
    fn field<'a>(&mut self, field: Field, most: usize, text: &'a str) -> Option<&'a str> {
        match field {
            Field::MonthName | Field::MonthAbbreviation => {
                let (place, rest) = one_of(&MONTHS, text)?;
                self.month = Some(place + 1);
                return Some(rest);
            }
            Field::DayName | Field::DayAbbreviation => {
                let (place, rest) = one_of(&DAYS, text)?;
                self.weekday = Weekday::try_from(u8::try_from(place).ok()?).ok();
                return Some(rest);
            }
            Field::HalfDay => {
                let (place, rest) = one_of(&["AM", "PM"], text)?;
                self.afternoon = place == 1;
                return Some(rest);
            }
            Field::Era => return one_of(&["AD"], text).map(|(_, rest)| rest),
            // An abbreviation may mean several zones: it is written and not read.
            Field::ZoneAbbreviation => return None,
            Field::Offset | Field::OffsetWithColon | Field::ZoneName => {
                let within = |c: char| !c.is_ascii_alphanumeric() && !"+-:/_".contains(c);
                let end = text.find(within).unwrap_or(text.len());
                self.zone = Some(Zone::parse(&text[..end]).ok()?);
                return Some(&text[end..]);
            }
            _ => {}
        }
        let digits = text
            .bytes()
            .take(most)
            .take_while(u8::is_ascii_digit)
            .count();
        let (digits, rest) = text.split_at(digits);
        let value: u32 = digits.parse().ok()?;
        let within = |low: u32, high: u32| (low..=high).contains(&value).then_some(value);
        match field {
            Field::Year => self.year = Some(i32::try_from(value).ok()?),
            Field::ShortYear => {
                let value = i32::try_from(value).ok()?;
                self.year = Some(match digits.len() {
                    1 | 2 if value < 70 => 2000 + value,
                    1 | 2 => 1900 + value,
                    _ => value,
                });
            }
            Field::WeekYear => self.week_year = Some(i32::try_from(value).ok()?),
            Field::Week => self.week = Some(within(1, 53)?),
            Field::DayOfWeek => {
                self.weekday = Weekday::try_from(u8::try_from(within(1, 7)? - 1).ok()?).ok()
            }
            Field::DayOfYear => self.ordinal = Some(within(1, 366)?),
            Field::Month => self.month = Some(within(1, 12)?),
            Field::Day => self.day = Some(within(1, 31)?),
            Field::Hour => self.hour = Some(within(0, 23)?),
            Field::ClockHour => self.hour = Some(within(1, 24)? % 24),
            Field::HourOfHalfDay => self.half_hour = Some(within(0, 11)?),
            Field::ClockHourOfHalfDay => self.half_hour = Some(within(1, 12)? % 12),
            Field::Minute => self.minute = within(0, 59)?,
            Field::Second => self.second = within(0, 59)?,
            Field::Fraction => {
                let scale = u32::try_from(9usize.checked_sub(digits.len())?).ok()?;
                self.nanosecond = value * 10u32.pow(scale);
            }
            // A century alone names no year.
            _ => return None,
        }
        Some(rest)
    }

    fn time(&self) -> Option<NaiveDateTime> {
        let year = self.year.unwrap_or(1970);
        let date = if let Some(week) = self.week {
            let year = self.week_year.unwrap_or(year);
            NaiveDate::from_isoywd_opt(year, week, self.weekday.unwrap_or(Weekday::Mon))?
        } else if let Some(ordinal) = self.ordinal {
            NaiveDate::from_yo_opt(year, ordinal)?
        } else {
            NaiveDate::from_ymd_opt(year, self.month.unwrap_or(1), self.day.unwrap_or(1))?
        };
        let half = self.half_hour.unwrap_or(0) + if self.afternoon { 12 } else { 0 };
        let hour = self.hour.unwrap_or(half);
        Some(date.and_time(NaiveTime::from_hms_nano_opt(
            hour,
            self.minute,
            self.second,
            self.nanosecond,
        )?))
    }
}

/// The longest way in which one of the names (in full or its first three letters) begins the text.
fn one_of<'a>(names: &[&str], text: &'a str) -> Option<(u32, &'a str)> {
    let starts = |name: &str| {
        text.get(..name.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(name))
    };
    let full = names.iter().position(|name| starts(name));
    let (place, length) = match full {
        Some(place) => (place, names[place].len()),
        None => (
            names
                .iter()
                .position(|name| starts(name.get(..3).unwrap_or(name)))?,
            3,
        ),
    };
    Some((u32::try_from(place).ok()?, &text[length..]))
}
