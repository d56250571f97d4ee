//! Finding and cutting parts.

use std::sync::Arc;

use arrow::array::{ArrayRef, ListBuilder, StringBuilder};
use arrow::datatypes::DataType;
use datafusion::common::{Result, exec_err};

use super::super::kernel::Param::{self, Int, Text};
use super::super::kernel::{Bytes, Call, Function};
use super::super::types;
use super::{BIGINT, TEXT, count, size, string};

pub(super) fn functions() -> Vec<Function> {
    let mut all = searching();
    all.extend(cutting());
    all
}

fn searching() -> Vec<Function> {
    vec![
        string("length", "length(text | binary)", "The number of characters, or of bytes")
            .alias(&["char_length", "character_length"])
            .takes(&[Text], BIGINT, |call| {
                let text = call.texts(0)?;
                call.to_ints(|row| Ok(Some(count(text.at(row)))))
            })
            .takes(&[Param::Bytes], BIGINT, |call| {
                let bytes: Bytes<'_> = call.bytes(0)?;
                call.to_ints(|row| Ok(Some(size(bytes.at(row).len()))))
            }),
        string(
            "strpos",
            "strpos(text, part [, instance])",
            "The place of the n-th occurrence of a part, from the end where negative; 0 if there is none",
        )
        .takes(&[Text, Text], BIGINT, |call| {
            let (text, part) = (call.texts(0)?, call.texts(1)?);
            call.to_ints(|row| Ok(Some(place(text.at(row), part.at(row), 1)?)))
        })
        .takes(&[Text, Text, Int], BIGINT, |call| {
            let (text, part, instance) = (call.texts(0)?, call.texts(1)?, call.ints(2)?);
            call.to_ints(|row| Ok(Some(place(text.at(row), part.at(row), instance.at(row))?)))
        }),
        string("starts_with", "starts_with(text, start)", "Whether the text begins so").takes(
            &[Text, Text],
            DataType::Boolean,
            |call| {
                let (text, start) = (call.texts(0)?, call.texts(1)?);
                call.to_bools(|row| Ok(Some(text.at(row).starts_with(start.at(row)))))
            },
        ),
        string(
            "levenshtein_distance",
            "levenshtein_distance(a, b)",
            "How many single-character edits turn one text into the other",
        )
        .takes(&[Text, Text], BIGINT, |call| {
            let (a, b) = (call.texts(0)?, call.texts(1)?);
            call.to_ints(|row| Ok(Some(size(strsim::levenshtein(a.at(row), b.at(row))))))
        }),
        string(
            "hamming_distance",
            "hamming_distance(a, b)",
            "In how many places two texts of one length differ",
        )
        .takes(&[Text, Text], BIGINT, |call| {
            let (a, b) = (call.texts(0)?, call.texts(1)?);
            call.to_ints(|row| match strsim::hamming(a.at(row), b.at(row)) {
                Ok(distance) => Ok(Some(size(distance))),
                Err(_) => exec_err!("hamming_distance needs two texts of the same length"),
            })
        }),
        string("codepoint", "codepoint(character)", "The code point of the only character").takes(
            &[Text],
            DataType::Int64,
            |call| {
                let text = call.texts(0)?;
                call.to_ints(|row| {
                    let mut characters = text.at(row).chars();
                    match (characters.next(), characters.next()) {
                        (Some(only), None) => Ok(Some(i64::from(u32::from(only)))),
                        _ => exec_err!("codepoint needs a text of exactly one character"),
                    }
                })
            },
        ),
    ]
}

fn cutting() -> Vec<Function> {
    vec![
        string(
            "substr",
            "substr(text, start [, length])",
            "The part from a place on; a negative place counts from the end",
        )
        .alias(&["substring"])
        .takes(&[Text, Int], TEXT, |call| {
            let (text, start) = (call.texts(0)?, call.ints(1)?);
            call.to_texts(|row| Ok(Some(part(text.at(row), start.at(row), i64::MAX))))
        })
        .takes(&[Text, Int, Int], TEXT, |call| {
            let (text, start, length) = (call.texts(0)?, call.ints(1)?, call.ints(2)?);
            call.to_texts(|row| Ok(Some(part(text.at(row), start.at(row), length.at(row)))))
        }),
        string(
            "split",
            "split(text, delimiter [, limit])",
            "The parts between delimiters, at most `limit` of them",
        )
        .takes(&[Text, Text], types::list(TEXT), |call| split(call, None))
        .takes(&[Text, Text, Int], types::list(TEXT), |call| {
            split(call, Some(2))
        }),
        string(
            "split_part",
            "split_part(text, delimiter, index)",
            "The index-th part between delimiters, from 1; NULL past the last",
        )
        .takes(&[Text, Text, Int], TEXT, |call| {
            let (text, delimiter, index) = (call.texts(0)?, call.texts(1)?, call.ints(2)?);
            call.to_texts(|row| nth_part(text.at(row), delimiter.at(row), index.at(row)))
        }),
        string(
            "trim",
            "trim(text [, characters])",
            "The text without white space around it",
        )
        .alias(&["btrim"])
        .takes(&[Text], TEXT, trim::<true, true>)
        .takes(&[Text, Text], TEXT, trim::<true, true>),
        string(
            "ltrim",
            "ltrim(text [, characters])",
            "The text without white space before it",
        )
        .takes(&[Text], TEXT, trim::<true, false>)
        .takes(&[Text, Text], TEXT, trim::<true, false>),
        string(
            "rtrim",
            "rtrim(text [, characters])",
            "The text without white space after it",
        )
        .takes(&[Text], TEXT, trim::<false, true>)
        .takes(&[Text, Text], TEXT, trim::<false, true>),
    ]
}

/// The place, from 1, of the `instance`-th occurrence; occurrences may overlap.
fn place(text: &str, part: &str, instance: i64) -> Result<i64> {
    let found = match instance {
        0 => return exec_err!("strpos: the instance counts from 1, or from -1 for the last"),
        _ if part.is_empty() => Some(0),
        1 => text.find(part),
        -1 => text.rfind(part),
        nth => {
            let places = text.char_indices().map(|(at, _)| at);
            let mut places = places.filter(|at| text[*at..].starts_with(part));
            let steps = usize::try_from(nth.unsigned_abs() - 1).unwrap_or(usize::MAX);
            if nth > 0 {
                places.nth(steps)
            } else {
                let all: Vec<usize> = places.collect();
                all.iter().rev().nth(steps).copied()
            }
        }
    };
    Ok(found.map_or(0, |at| count(&text[..at]) + 1))
}

/// The part of `length` characters from a place; empty where the place is outside.
pub(super) fn part(text: &str, start: i64, length: i64) -> &str {
    let skip = match start {
        0 => return "",
        1.. => start - 1,
        _ => {
            let skip = count(text).saturating_add(start);
            if skip < 0 {
                return "";
            }
            skip
        }
    };
    if length <= 0 {
        return "";
    }
    let begin = byte_of(text, skip);
    let rest = &text[begin..];
    &rest[..byte_of(rest, length)]
}

/// The byte at which the character of this number (from 0) begins.
fn byte_of(text: &str, character: i64) -> usize {
    let Ok(character) = usize::try_from(character) else {
        return text.len();
    };
    if text.is_ascii() {
        return character.min(text.len());
    }
    text.char_indices()
        .nth(character)
        .map_or(text.len(), |(at, _)| at)
}

fn split(call: &Call<'_>, limit: Option<usize>) -> Result<ArrayRef> {
    let (text, delimiter) = (call.texts(0)?, call.texts(1)?);
    let limit = limit.map(|arg| call.ints(arg)).transpose()?;
    let mut built = ListBuilder::new(StringBuilder::new());
    for row in 0..call.rows {
        if call.is_null(row) {
            built.append_null();
            continue;
        }
        let delimiter = delimiter.at(row);
        if delimiter.is_empty() {
            return exec_err!("split: the delimiter may not be empty");
        }
        let most = limit.as_ref().map_or(i64::MAX, |limit| limit.at(row));
        if most <= 0 {
            return exec_err!("split: the limit must be positive");
        }
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        for part in text.at(row).splitn(most, delimiter) {
            built.values().append_value(part);
        }
        built.append(true);
    }
    Ok(Arc::new(built.finish()))
}

fn nth_part<'a>(text: &'a str, delimiter: &str, index: i64) -> Result<Option<&'a str>> {
    if index <= 0 {
        return exec_err!("split_part: the index counts from 1");
    }
    let skip = usize::try_from(index - 1).unwrap_or(usize::MAX);
    if delimiter.is_empty() {
        let found = text.char_indices().nth(skip);
        return Ok(found.map(|(at, character)| &text[at..at + character.len_utf8()]));
    }
    Ok(text.split(delimiter).nth(skip))
}

fn trim<const START: bool, const END: bool>(call: &Call<'_>) -> Result<ArrayRef> {
    let text = call.texts(0)?;
    let characters = (call.count() > 1).then(|| call.texts(1)).transpose()?;
    call.to_texts(|row| {
        let mut text = text.at(row);
        let within = |character: char| match &characters {
            None => character.is_whitespace(),
            Some(characters) => characters.at(row).contains(character),
        };
        if START {
            text = text.trim_start_matches(within);
        }
        if END {
            text = text.trim_end_matches(within);
        }
        Ok(Some(text))
    })
}
