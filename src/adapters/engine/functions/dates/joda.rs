//! `format_datetime` and `parse_datetime`, with Joda's patterns.

use arrow::array::ArrayRef;
use arrow::datatypes::DataType;
use datafusion::common::{Result, exec_datafusion_err, exec_err};

use super::super::kernel::Param::{Instant, Text};
use super::super::kernel::{Call, Function, Texts, utc_time};
use super::super::types;
use super::date;
use super::pattern::{Field, Pattern, Piece};

pub(super) fn functions() -> Vec<Function> {
    vec![
        date(
            "format_datetime",
            "format_datetime(x, pattern)",
            "A time as text, by a pattern such as yyyy-MM-dd HH:mm:ss",
        )
        .takes(&[Instant, Text], DataType::Utf8, |call| {
            print(call, compile)
        }),
        date(
            "parse_datetime",
            "parse_datetime(text, pattern)",
            "The time that a text shows by such a pattern",
        )
        .note("the result is in UTC, where Trino keeps the text's offset")
        .takes(&[Text, Text], types::timestamp_utc(), |call| {
            let text = call.texts(0)?;
            let mut patterns = Compiled::new(call, compile)?;
            call.to_instants(|row| {
                let text = text.at(row);
                let (time, zone) = patterns.at(row)?.read(text).map_err(|at| {
                    exec_datafusion_err!(
                        "parse_datetime: '{text}' does not fit the pattern from '{}' on",
                        &text[at..]
                    )
                })?;
                let utc = zone.map_or(time, |zone| zone.utc(time));
                Ok(Some(utc.and_utc().timestamp_micros()))
            })
        }),
    ]
}

/// The compiled patterns of a call's second argument; one that repeats is compiled once.
pub(super) struct Compiled<'a> {
    texts: Texts<'a>,
    compile: fn(&str) -> Result<Pattern>,
    last: Option<(&'a str, Pattern)>,
}

impl<'a> Compiled<'a> {
    pub(super) fn new(call: &'a Call<'_>, compile: fn(&str) -> Result<Pattern>) -> Result<Self> {
        Ok(Self {
            texts: call.texts(1)?,
            compile,
            last: None,
        })
    }

    pub(super) fn at(&mut self, row: usize) -> Result<&Pattern> {
        let text = self.texts.at(row);
        let compiled = match self.last.take().filter(|(known, _)| *known == text) {
            Some(known) => known,
            None => (text, (self.compile)(text)?),
        };
        Ok(&self.last.insert(compiled).1)
    }
}

/// Prints a call's times by its patterns.
pub(super) fn print(call: &Call<'_>, compile: fn(&str) -> Result<Pattern>) -> Result<ArrayRef> {
    let instants = call.instants(0)?;
    let mut patterns = Compiled::new(call, compile)?;
    call.to_texts(|row| {
        let offset = match &instants.zone {
            None => 0,
            Some(zone) => zone.offset_seconds(utc_time(instants.micros(row))?),
        };
        let local = instants.local(row)?;
        Ok(Some(patterns.at(row)?.print(
            local,
            instants.zone.as_ref(),
            offset,
        )))
    })
}

fn compile(text: &str) -> Result<Pattern> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        if letter == '\'' {
            let (literal, after) = quoted(rest, text)?;
            pieces.push(Piece::Literal(literal));
            rest = after;
            continue;
        }
        if !letter.is_ascii_alphabetic() {
            pieces.push(Piece::Literal(letter.to_string()));
            rest = &rest[letter.len_utf8()..];
            continue;
        }
        let width = rest.chars().take_while(|other| *other == letter).count();
        rest = &rest[width..];
        // A number directly before another one ends after as many digits as letters.
        let followed =
            rest.starts_with(|next: char| next.is_ascii_alphabetic() && !"EaGzZ".contains(next));
        let year_digits = if followed { width } else { 9 };
        let (field, most) = match (letter, width) {
            ('G', _) => (Field::Era, 0),
            ('C', _) => (Field::Century, 2),
            ('Y' | 'y', 2) => (Field::ShortYear, if followed { 2 } else { 9 }),
            ('Y' | 'y', _) => (Field::Year, year_digits),
            ('x', _) => (Field::WeekYear, year_digits),
            ('w', _) => (Field::Week, 2),
            ('e', _) => (Field::DayOfWeek, 1),
            ('E', 1..=3) => (Field::DayAbbreviation, 0),
            ('E', _) => (Field::DayName, 0),
            ('D', _) => (Field::DayOfYear, 3),
            ('M', 1 | 2) => (Field::Month, 2),
            ('M', 3) => (Field::MonthAbbreviation, 0),
            ('M', _) => (Field::MonthName, 0),
            ('d', _) => (Field::Day, 2),
            ('a', _) => (Field::HalfDay, 0),
            ('K', _) => (Field::HourOfHalfDay, 2),
            ('h', _) => (Field::ClockHourOfHalfDay, 2),
            ('H', _) => (Field::Hour, 2),
            ('k', _) => (Field::ClockHour, 2),
            ('m', _) => (Field::Minute, 2),
            ('s', _) => (Field::Second, 2),
            ('S', _) => (Field::Fraction, width.min(9)),
            ('z', ..=3) => (Field::ZoneAbbreviation, 0),
            ('z', _) => {
                return exec_err!(
                    "'zzzz' (a zone's full name) is not supported by the embedded engine; write z or ZZZ"
                );
            }
            ('Z', 1) => (Field::Offset, 0),
            ('Z', 2) => (Field::OffsetWithColon, 0),
            ('Z', _) => (Field::ZoneName, 0),
            _ => {
                return exec_err!(
                    "'{letter}' is not a letter of date patterns; quote text like 'this'"
                );
            }
        };
        pieces.push(Piece::Field { field, width, most });
    }
    Ok(Pattern(pieces))
}

/// A quoted text at the beginning, and what follows it. Two quotes stand for one.
fn quoted<'a>(rest: &'a str, pattern: &str) -> Result<(String, &'a str)> {
    let inside = &rest[1..];
    if let Some(after) = inside.strip_prefix('\'') {
        return Ok(("'".to_owned(), after));
    }
    let mut literal = String::new();
    let mut inside = inside;
    loop {
        let Some(end) = inside.find('\'') else {
            return exec_err!("the pattern {pattern} has an open quote");
        };
        literal.push_str(&inside[..end]);
        inside = &inside[end + 1..];
        match inside.strip_prefix('\'') {
            Some(after) => {
                literal.push('\'');
                inside = after;
            }
            None => return Ok((literal, inside)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::testing::{fails, gives};
    use super::*;

    #[test]
    fn formatting() {
        let time = "TIMESTAMP '2026-01-03 14:05:06.789'";
        gives(
            &format!("format_datetime({time}, 'yyyy-MM-dd HH:mm:ss')"),
            "2026-01-03 14:05:06",
        );
        gives(
            &format!("format_datetime({time}, 'EEEE EEE MMMM MMM d/M/yy')"),
            "Saturday Sat January Jan 3/1/26",
        );
        gives(
            &format!("format_datetime({time}, 'h:mm a K k SSS S D e w x')"),
            "2:05 PM 2 14 789 7 3 6 1 2026",
        );
        gives(
            &format!("format_datetime({time}, 'yyyy''T''Z''Z''')"),
            "2026T+0000Z",
        );
        gives(
            "format_datetime(from_unixtime(0, 'Europe/Berlin'), 'HH:mm ZZ ZZZ')",
            "01:00 +01:00 Europe/Berlin",
        );
        gives(
            "format_datetime(from_unixtime(0, 'Europe/Berlin'), 'HH:mm z zzz')",
            "01:00 CET CET",
        );
        gives(
            "format_datetime(from_unixtime(1751328000, 'America/New_York'), 'zzz')",
            "EDT",
        );
        gives(&format!("format_datetime({time}, 'zzz')"), "UTC");
        fails(&format!("format_datetime({time}, 'zzzz')"), "full name");
        fails(
            &format!("format_datetime({time}, 'b')"),
            "'b' is not a letter",
        );
        fails(&format!("format_datetime({time}, '''x')"), "open quote");
    }

    #[test]
    fn parsing() {
        gives(
            "parse_datetime('2026-01-03 04:05', 'yyyy-MM-dd HH:mm')",
            "2026-01-03T04:05:00Z",
        );
        gives(
            "parse_datetime('20260103', 'yyyyMMdd')",
            "2026-01-03T00:00:00Z",
        );
        gives(
            "parse_datetime('2026-01-03T04:05:06.070+02:00', 'yyyy-MM-dd''T''HH:mm:ss.SSSZ')",
            "2026-01-03T02:05:06.070Z",
        );
        gives(
            "parse_datetime('3 March 2026 1 PM', 'd MMMM yyyy h a')",
            "2026-03-03T13:00:00Z",
        );
        fails("parse_datetime('x', 'yyyy')", "from 'x' on");
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read(seconds in 0i64..4_000_000_000) {
            let time = chrono::DateTime::from_timestamp(seconds, 0).unwrap().naive_utc();
            for pattern in ["yyyy-MM-dd HH:mm:ss", "EEE d MMM yyyy hh:mm:ss a", "yyyyDDDHHmmss"] {
                let pattern = compile(pattern).unwrap();
                prop_assert_eq!(pattern.read(&pattern.print(time, None, 0)).unwrap().0, time);
            }
        }

        #[test]
        fn any_pattern_is_compiled_without_panic(pattern in ".{0,20}", text in ".{0,20}") {
            if let Ok(pattern) = compile(&pattern)
                && let Err(at) = pattern.read(&text)
            {
                prop_assert!(text.is_char_boundary(at));
            }
        }
    }
}
