//! `date_format` and `date_parse`, with MySQL's patterns.

use arrow::datatypes::DataType;
use datafusion::common::{Result, exec_datafusion_err, exec_err};

use super::super::kernel::Function;
use super::super::kernel::Param::{Instant, Text};
use super::super::types;
use super::date;
use super::joda::{Compiled, print};
use super::pattern::{Field, Pattern, Piece};

pub(super) fn functions() -> Vec<Function> {
    vec![
        date(
            "date_format",
            "date_format(x, pattern)",
            "A time as text, by a pattern such as %Y-%m-%d %H:%i:%s",
        )
        .takes(&[Instant, Text], DataType::Utf8, |call| {
            print(call, compile)
        }),
        date(
            "date_parse",
            "date_parse(text, pattern)",
            "The time that a text shows by such a pattern",
        )
        .takes(&[Text, Text], types::TIMESTAMP, |call| {
            let text = call.texts(0)?;
            let mut patterns = Compiled::new(call, compile)?;
            call.to_instants(|row| {
                let text = text.at(row);
                let (time, _) = patterns.at(row)?.read(text).map_err(|at| {
                    exec_datafusion_err!(
                        "date_parse: '{text}' does not fit the pattern from '{}' on",
                        &text[at..]
                    )
                })?;
                Ok(Some(time.and_utc().timestamp_micros()))
            })
        }),
    ]
}

fn compile(text: &str) -> Result<Pattern> {
    let mut pieces = Vec::new();
    let mut characters = text.chars();
    let field = |field, width, most| Piece::Field { field, width, most };
    while let Some(character) = characters.next() {
        if character != '%' {
            match pieces.last_mut() {
                Some(Piece::Literal(literal)) => literal.push(character),
                _ => pieces.push(Piece::Literal(character.to_string())),
            }
            continue;
        }
        let Some(specifier) = characters.next() else {
            return exec_err!("the pattern '{text}' ends with %");
        };
        match specifier {
            'a' => pieces.push(field(Field::DayAbbreviation, 0, 0)),
            'b' => pieces.push(field(Field::MonthAbbreviation, 0, 0)),
            'c' => pieces.push(field(Field::Month, 1, 2)),
            'd' => pieces.push(field(Field::Day, 2, 2)),
            'e' => pieces.push(field(Field::Day, 1, 2)),
            'f' => pieces.push(field(Field::Fraction, 6, 9)),
            'H' => pieces.push(field(Field::Hour, 2, 2)),
            'h' | 'I' => pieces.push(field(Field::ClockHourOfHalfDay, 2, 2)),
            'i' => pieces.push(field(Field::Minute, 2, 2)),
            'j' => pieces.push(field(Field::DayOfYear, 3, 3)),
            'k' => pieces.push(field(Field::Hour, 1, 2)),
            'l' => pieces.push(field(Field::ClockHourOfHalfDay, 1, 2)),
            'M' => pieces.push(field(Field::MonthName, 0, 0)),
            'm' => pieces.push(field(Field::Month, 2, 2)),
            'p' => pieces.push(field(Field::HalfDay, 0, 0)),
            'r' => pieces.extend(compile("%I:%i:%S %p")?.0),
            'S' | 's' => pieces.push(field(Field::Second, 2, 2)),
            'T' => pieces.extend(compile("%H:%i:%S")?.0),
            'v' => pieces.push(field(Field::Week, 2, 2)),
            'W' => pieces.push(field(Field::DayName, 0, 0)),
            'x' => pieces.push(field(Field::WeekYear, 4, 4)),
            'Y' => pieces.push(field(Field::Year, 4, 4)),
            'y' => pieces.push(field(Field::ShortYear, 2, 2)),
            'D' | 'U' | 'u' | 'V' | 'w' | 'X' => {
                return exec_err!(
                    "%{specifier} is not supported in a date pattern, nor is it in Trino"
                );
            }
            other => pieces.push(Piece::Literal(other.to_string())),
        }
    }
    Ok(Pattern(pieces))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::super::testing::{fails, gives, gives_rows};
    use super::*;

    #[test]
    fn formatting() {
        let time = "TIMESTAMP '2026-01-03 04:05:06.789'";
        gives(
            &format!("date_format({time}, '%Y-%m-%d %H:%i:%s')"),
            "2026-01-03 04:05:06",
        );
        gives(
            &format!("date_format({time}, '%W %a %M %b %c %e %j %y')"),
            "Saturday Sat January Jan 1 3 003 26",
        );
        gives(
            &format!("date_format({time}, '%f %k %l %I %p %r %T %v %x %%')"),
            "789000 4 4 04 AM 04:05:06 AM 04:05:06 01 2026 %",
        );
        gives("date_format(DATE '2026-01-03', '%Y%m%d')", "20260103");
        gives(
            "date_format(at_timezone(TIMESTAMP '2026-01-03 00:00:00', '-01:00'), '%d')",
            "02",
        );
        gives_rows(
            "date_format(from_unixtime(v), '%H')",
            "(0), (NULL), (3600)",
            &["00", "NULL", "01"],
        );
        fails(&format!("date_format({time}, '%D')"), "%D is not supported");
    }

    #[test]
    fn parsing() {
        gives(
            "date_parse('2026-01-03 04:05:06', '%Y-%m-%d %H:%i:%s')",
            "2026-01-03T04:05:06",
        );
        gives("date_parse('20260103', '%Y%m%d')", "2026-01-03T00:00:00");
        gives(
            "date_parse('3 Jan 26 11:30 pm', '%e %b %y %h:%i %p')",
            "2026-01-03T23:30:00",
        );
        gives(
            "date_parse('2026-01-03T04:05:06.7Z', '%Y-%m-%dT%T.%fZ')",
            "2026-01-03T04:05:06.700",
        );
        fails("date_parse('2026-13-01', '%Y-%m-%d')", "from '13-01' on");
        fails("date_parse('2026-01-01x', '%Y-%m-%d')", "from 'x' on");
        fails("date_parse('2026-02-30', '%Y-%m-%d')", "does not fit");
    }

    proptest! {
        #[test]
        fn what_is_printed_is_read(seconds in 0i64..4_000_000_000) {
            let time = chrono::DateTime::from_timestamp(seconds, 0).unwrap().naive_utc();
            for pattern in ["%Y-%m-%d %H:%i:%s", "%e %M %Y %r", "%Y%j%T"] {
                let pattern = compile(pattern).unwrap();
                prop_assert_eq!(pattern.read(&pattern.print(time, None, 0)).unwrap().0, time);
            }
        }

        #[test]
        fn any_pattern_and_text_are_read_without_panic(pattern in "[%a-zA-Zä0-9]{0,12}", text in ".{0,12}") {
            if let Ok(pattern) = compile(&pattern)
                && let Err(at) = pattern.read(&text)
            {
                prop_assert!(text.is_char_boundary(at));
            }
        }
    }
}
