//! Regular expressions, by the `regex` crate: linear in the text's length whatever the pattern, so
//! without look-around and back-references.

use std::sync::Arc;

use arrow::array::{ArrayRef, ListBuilder, StringBuilder};
use arrow::datatypes::DataType;
use datafusion::common::{Result, exec_datafusion_err, exec_err};
use regex::{Captures, Regex};

use super::kernel::Param::{Int, Text};
use super::kernel::{Call, Family, Function, Texts};
use super::types;

const TEXT: DataType = DataType::Utf8;
const BIGINT: DataType = DataType::Int64;

fn regexp(name: &'static str, signature: &'static str, purpose: &'static str) -> Function {
    Function::new(Family::Regexp, name, signature, purpose)
}

pub(super) fn functions() -> Vec<Function> {
    vec![
        regexp(
            "regexp_like",
            "regexp_like(text, pattern)",
            "Whether the pattern occurs in the text",
        )
        .note("no look-around and no back-references in any pattern")
        .takes(&[Text, Text], DataType::Boolean, |call| {
            let text = call.texts(0)?;
            let mut patterns = Patterns::new(call)?;
            call.to_bools(|row| Ok(Some(patterns.at(row)?.is_match(text.at(row)))))
        }),
        regexp(
            "regexp_extract",
            "regexp_extract(text, pattern [, group])",
            "The first match, or its group; NULL where there is none",
        )
        .takes(&[Text, Text], TEXT, |call| {
            let text = call.texts(0)?;
            let mut patterns = Patterns::new(call)?;
            call.to_texts(|row| {
                Ok(patterns
                    .at(row)?
                    .find(text.at(row))
                    .map(|found| found.as_str()))
            })
        })
        .takes(&[Text, Text, Int], TEXT, |call| {
            let (text, group) = (call.texts(0)?, call.ints(2)?);
            let mut patterns = Patterns::new(call)?;
            call.to_texts(|row| {
                let pattern = patterns.at(row)?;
                let group = group_of(pattern, group.at(row))?;
                let captures = pattern.captures(text.at(row));
                Ok(captures
                    .and_then(|captures| captures.get(group))
                    .map(|found| found.as_str()))
            })
        }),
        regexp(
            "regexp_extract_all",
            "regexp_extract_all(text, pattern [, group])",
            "Every match, or its group",
        )
        .takes(&[Text, Text], types::list(TEXT), |call| {
            each_list(call, |pattern, text, _, parts| {
                for found in pattern.find_iter(text) {
                    parts.append_value(found.as_str());
                }
                Ok(())
            })
        })
        .takes(&[Text, Text, Int], types::list(TEXT), |call| {
            each_list(call, |pattern, text, group, parts| {
                let group = group_of(pattern, group)?;
                for captures in pattern.captures_iter(text) {
                    parts.append_option(captures.get(group).map(|found| found.as_str()));
                }
                Ok(())
            })
        }),
        regexp(
            "regexp_split",
            "regexp_split(text, pattern)",
            "The parts between matches",
        )
        .takes(&[Text, Text], types::list(TEXT), |call| {
            each_list(call, |pattern, text, _, parts| {
                for part in pattern.split(text) {
                    parts.append_value(part);
                }
                Ok(())
            })
        }),
        regexp(
            "regexp_replace",
            "regexp_replace(text, pattern [, replacement])",
            "The text with every match replaced, or removed; `$1` and `${name}` stand for groups",
        )
        .takes(&[Text, Text], TEXT, |call| {
            let text = call.texts(0)?;
            let mut patterns = Patterns::new(call)?;
            call.to_texts(|row| Ok(Some(patterns.at(row)?.replace_all(text.at(row), ""))))
        })
        .takes(&[Text, Text, Text], TEXT, |call| {
            let (text, with) = (call.texts(0)?, call.texts(2)?);
            let mut patterns = Patterns::new(call)?;
            call.to_texts(|row| {
                let pattern = patterns.at(row)?;
                let template = Template::parse(with.at(row), pattern)?;
                Ok(Some(
                    pattern.replace_all(text.at(row), |captures: &Captures<'_>| {
                        template.fill(captures)
                    }),
                ))
            })
        }),
        regexp(
            "regexp_count",
            "regexp_count(text, pattern)",
            "How often the pattern matches",
        )
        .takes(&[Text, Text], BIGINT, |call| {
            let text = call.texts(0)?;
            let mut patterns = Patterns::new(call)?;
            call.to_ints(|row| {
                Ok(Some(
                    patterns.at(row)?.find_iter(text.at(row)).count() as i64
                ))
            })
        }),
        regexp(
            "regexp_position",
            "regexp_position(text, pattern [, start [, occurrence]])",
            "The place, from 1, of the n-th match at or after a place; -1 where there is none",
        )
        .takes(&[Text, Text], BIGINT, position)
        .takes(&[Text, Text, Int], BIGINT, position)
        .takes(&[Text, Text, Int, Int], BIGINT, position),
    ]
}

/// The compiled patterns of a call; one that repeats is compiled once.
struct Patterns<'a> {
    texts: Texts<'a>,
    last: Option<(String, Regex)>,
}

impl<'a> Patterns<'a> {
    fn new(call: &'a Call<'_>) -> Result<Self> {
        Ok(Self {
            texts: call.texts(1)?,
            last: None,
        })
    }

    fn at(&mut self, row: usize) -> Result<&Regex> {
        let text = self.texts.at(row);
        let known = self.last.take().filter(|(known, _)| known == text);
        let compiled = match known {
            Some(known) => known,
            None => (text.to_owned(), compile(text)?),
        };
        Ok(&self.last.insert(compiled).1)
    }
}

fn compile(pattern: &str) -> Result<Regex> {
    Regex::new(pattern).map_err(|error| {
        let cause = error.to_string();
        let cause = cause
            .lines()
            .last()
            .unwrap_or_default()
            .trim_start_matches("error: ")
            .to_owned();
        exec_datafusion_err!("the pattern '{pattern}' cannot be used: {cause}")
    })
}

fn group_of(pattern: &Regex, group: i64) -> Result<usize> {
    match usize::try_from(group) {
        Ok(group) if group < pattern.captures_len() => Ok(group),
        _ => exec_err!(
            "the pattern '{pattern}' has {} groups, not {group}",
            pattern.captures_len() - 1
        ),
    }
}

fn each_list(
    call: &Call<'_>,
    mut fill: impl FnMut(&Regex, &str, i64, &mut StringBuilder) -> Result<()>,
) -> Result<ArrayRef> {
    let text = call.texts(0)?;
    let group = (call.count() > 2).then(|| call.ints(2)).transpose()?;
    let mut patterns = Patterns::new(call)?;
    let mut built = ListBuilder::new(StringBuilder::new());
    for row in 0..call.rows {
        if call.is_null(row) {
            built.append_null();
            continue;
        }
        let group = group.as_ref().map_or(0, |group| group.at(row));
        fill(patterns.at(row)?, text.at(row), group, built.values())?;
        built.append(true);
    }
    Ok(Arc::new(built.finish()))
}

fn position(call: &Call<'_>) -> Result<ArrayRef> {
    let text = call.texts(0)?;
    let start = (call.count() > 2).then(|| call.ints(2)).transpose()?;
    let occurrence = (call.count() > 3).then(|| call.ints(3)).transpose()?;
    let mut patterns = Patterns::new(call)?;
    call.to_ints(|row| {
        let text = text.at(row);
        let start = start.as_ref().map_or(1, |start| start.at(row));
        let occurrence = occurrence
            .as_ref()
            .map_or(1, |occurrence| occurrence.at(row));
        let (Ok(start @ 1..), Ok(occurrence @ 1..)) =
            (usize::try_from(start), usize::try_from(occurrence))
        else {
            return exec_err!("regexp_position: start and occurrence count from 1");
        };
        let Some((begin, _)) = text
            .char_indices()
            .chain([(text.len(), ' ')])
            .nth(start - 1)
        else {
            return Ok(Some(-1));
        };
        let pattern = patterns.at(row)?;
        let found = pattern
            .find_iter(text)
            .filter(|found| found.start() >= begin)
            .nth(occurrence - 1);
        Ok(Some(found.map_or(-1, |found| {
            text[..found.start()].chars().count() as i64 + 1
        })))
    })
}

enum Piece {
    Literal(String),
    Group(usize),
}

/// A replacement in Java's syntax.
struct Template(Vec<Piece>);

impl Template {
    fn parse(text: &str, pattern: &Regex) -> Result<Self> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            match character {
                '\\' => match characters.next() {
                    Some(escaped) => literal.push(escaped),
                    None => return exec_err!("the replacement '{text}' ends with a backslash"),
                },
                '$' => {
                    let group = if characters.next_if_eq(&'{').is_some() {
                        let name: String = characters.by_ref().take_while(|c| *c != '}').collect();
                        pattern
                            .capture_names()
                            .position(|known| known == Some(name.as_str()))
                    } else {
                        numbered(&mut characters, pattern.captures_len())
                    };
                    let Some(group) = group else {
                        return exec_err!(
                            "the replacement '{text}' names a group that the pattern '{pattern}' lacks"
                        );
                    };
                    pieces.push(Piece::Literal(std::mem::take(&mut literal)));
                    pieces.push(Piece::Group(group));
                }
                other => literal.push(other),
            }
        }
        pieces.push(Piece::Literal(literal));
        Ok(Self(pieces))
    }

    fn fill(&self, captures: &Captures<'_>) -> String {
        let parts = self.0.iter().map(|piece| match piece {
            Piece::Literal(text) => text.as_str(),
            Piece::Group(group) => captures.get(*group).map_or("", |found| found.as_str()),
        });
        parts.collect()
    }
}

/// As many digits as still name a group.
fn numbered(
    characters: &mut std::iter::Peekable<std::str::Chars<'_>>,
    groups: usize,
) -> Option<usize> {
    let mut number: Option<usize> = None;
    while let Some(digit) = characters
        .peek()
        .and_then(|character| character.to_digit(10))
    {
        let longer = number.unwrap_or(0) * 10 + usize::try_from(digit).ok()?;
        if longer >= groups {
            break;
        }
        number = Some(longer);
        characters.next();
    }
    number
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::testing::{fails, gives, gives_rows};
    use super::*;

    #[test]
    fn searching() {
        gives("regexp_like('1a 2b', '\\d+b')", "true");
        gives("regexp_like(NULL, 'a')", "NULL");
        gives("regexp_extract('1a 2b', '\\d+')", "1");
        gives("regexp_extract('1a 2b', '(\\d+)([a-z])', 2)", "a");
        gives("regexp_extract('xyz', '\\d')", "NULL");
        gives("regexp_extract_all('1a 2b', '(\\d)([a-z])', 2)", "[a, b]");
        gives("regexp_split('1a 2b', '\\s*[a-z]\\s*')", "[1, 2, ]");
        gives("regexp_count('1a 2b 14m', '\\s*[a-z]+\\s*')", "3");
        gives("regexp_position('äa b', '\\s')", "3");
        gives("regexp_position('a b c', '\\s', 3)", "4");
        gives("regexp_position('a b', 'x')", "-1");
        gives_rows(
            "regexp_extract('a1b2', v)",
            "('\\d'), (NULL), ('b.')",
            &["1", "NULL", "b2"],
        );
    }

    #[test]
    fn every_match_is_replaced() {
        gives("regexp_replace('1a 2b', '\\d')", "a b");
        gives(
            "regexp_replace('1a 2b', '(\\d)([a-z])', '$2-$1')",
            "a-1 b-2",
        );
        gives("regexp_replace('a', '(?<x>a)', '${x}$0')", "aa");
        gives("regexp_replace('a', 'a', '\\$1')", "$1");
        gives("regexp_replace('ab', '(a)', '$12')", "a2b");
        fails("regexp_replace('a', 'a', '$1')", "lacks");
    }

    #[test]
    fn faults_are_named() {
        fails("regexp_like('a', '(?=a)')", "look-around");
        fails("regexp_extract('a', '(a)', 2)", "1 groups");
    }

    proptest! {
        #[test]
        fn any_replacement_is_read_without_panic(text in ".*") {
            let pattern = Regex::new("(a)(?<n>b)?").unwrap();
            if let Ok(template) = Template::parse(&text, &pattern) {
                let captures = pattern.captures("ab").unwrap();
                prop_assert!(template.fill(&captures).len() <= text.len() * 2);
            }
        }
    }
}
