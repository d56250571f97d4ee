//! Text. Places and lengths count characters (code points), from 1.

use std::sync::Arc;

use arrow::array::{ArrayRef, ListBuilder, StringBuilder};
use arrow::datatypes::DataType;
use datafusion::common::{Result, exec_err};

use super::kernel::Param::{self, Int, List, Text, TextList};
use super::kernel::{Bytes, Call, Family, Function, Picks, common_type};
use super::types;

const TEXT: DataType = DataType::Utf8;
const BIGINT: DataType = DataType::Int64;

fn string(name: &'static str, signature: &'static str, purpose: &'static str) -> Function {
    Function::new(Family::Strings, name, signature, purpose)
}

pub(super) fn functions() -> Vec<Function> {
    let mut all = searching();
    all.extend(cutting());
    all.extend(making());
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

fn making() -> Vec<Function> {
    vec![
        string(
            "concat",
            "concat(a, b, …)",
            "Texts, arrays or bytes joined; NULL if one is NULL",
        )
        .takes_more(&[Text, Text], Text, TEXT, |call| {
            let parts = (0..call.count()).map(|arg| call.texts(arg)).collect::<Result<Vec<_>>>()?;
            call.to_texts(|row| Ok(Some(parts.iter().map(|part| part.at(row)).collect::<String>())))
        })
        .takes_more(&[Param::Bytes, Param::Bytes], Param::Bytes, DataType::Binary, |call| {
            let parts = (0..call.count()).map(|arg| call.bytes(arg)).collect::<Result<Vec<_>>>()?;
            call.to_bytes(|row| Ok(Some(parts.iter().flat_map(|part| part.at(row)).copied().collect::<Vec<u8>>())))
        })
        .takes_custom(one_list_type, |types| Ok(types[0].clone()), concat_lists),
        string(
            "concat_ws",
            "concat_ws(separator, text, … | array)",
            "Texts joined with a separator; NULLs are passed over",
        )
        .takes(&[Text, TextList], TEXT, |call| {
            let (separator, lists) = (call.texts(0)?, call.lists(1)?);
            let values = arrow::compute::cast(lists.values(), &TEXT)?;
            let values = arrow::array::AsArray::as_string::<i32>(&values);
            call.to_texts(|row| {
                let parts = lists.at(row).filter(|at| arrow::array::Array::is_valid(values, *at));
                let parts: Vec<&str> = parts.map(|at| values.value(at)).collect();
                Ok(Some(parts.join(separator.at(row))))
            })
        })
        .takes_more(&[Text, Text], Text, TEXT, |call| {
            let separator = call.texts(0)?;
            let parts = (1..call.count()).map(|arg| call.texts(arg)).collect::<Result<Vec<_>>>()?;
            call.to_texts(|row| {
                let Some(separator) = separator.get(row) else {
                    return Ok(None);
                };
                let parts: Vec<&str> = parts.iter().filter_map(|part| part.get(row)).collect();
                Ok(Some(parts.join(separator)))
            })
        })
        .sees_nulls(),
        string(
            "replace",
            "replace(text, part [, replacement])",
            "The text with every occurrence of a part replaced, or removed",
        )
        .takes(&[Text, Text], TEXT, |call| {
            let (text, part) = (call.texts(0)?, call.texts(1)?);
            call.to_texts(|row| Ok(Some(text.at(row).replace(part.at(row), ""))))
        })
        .takes(&[Text, Text, Text], TEXT, |call| {
            let (text, part, with) = (call.texts(0)?, call.texts(1)?, call.texts(2)?);
            call.to_texts(|row| Ok(Some(text.at(row).replace(part.at(row), with.at(row)))))
        }),
        string("reverse", "reverse(text | array)", "The characters or elements in reverse order")
            .takes(&[Text], TEXT, |call| {
                let text = call.texts(0)?;
                call.to_texts(|row| Ok(Some(text.at(row).chars().rev().collect::<String>())))
            })
            .takes_as(&[List], |types| Ok(types[0].clone()), |call| {
                let lists = call.lists(0)?;
                Picks::rows(call, |row, picked| {
                    picked.extend(lists.at(row).rev().map(Some));
                    Ok(true)
                })?
                .from_values(lists.values())
            }),
        string(
            "translate",
            "translate(text, from, to)",
            "The text with each character of `from` replaced by the one at its place in `to`, or removed",
        )
        .takes(&[Text, Text, Text], TEXT, |call| {
            let (text, from, to) = (call.texts(0)?, call.texts(1)?, call.texts(2)?);
            call.to_texts(|row| {
                let (from, to): (Vec<char>, Vec<char>) =
                    (from.at(row).chars().collect(), to.at(row).chars().collect());
                let translated = text.at(row).chars().filter_map(|character| {
                    match from.iter().position(|other| *other == character) {
                        None => Some(character),
                        Some(place) => to.get(place).copied(),
                    }
                });
                Ok(Some(translated.collect::<String>()))
            })
        }),
        string(
            "lpad",
            "lpad(text, size, padding)",
            "The text filled on the left, or cut, to a size",
        )
        .takes(&[Text, Int, Text], TEXT, pad::<true>),
        string(
            "rpad",
            "rpad(text, size, padding)",
            "The text filled on the right, or cut, to a size",
        )
        .takes(&[Text, Int, Text], TEXT, pad::<false>),
        string("chr", "chr(n)", "The character of a code point").takes(&[Int], TEXT, |call| {
            let number = call.ints(0)?;
            call.to_texts(|row| {
                let number = number.at(row);
                match u32::try_from(number).ok().and_then(char::from_u32) {
                    Some(character) => Ok(Some(character.to_string())),
                    None => exec_err!("{number} is not a Unicode code point"),
                }
            })
        }),
    ]
}

fn size(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

fn count(text: &str) -> i64 {
    size(if text.is_ascii() {
        text.len()
    } else {
        text.chars().count()
    })
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
fn part(text: &str, start: i64, length: i64) -> &str {
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

fn pad<const LEFT: bool>(call: &Call<'_>) -> Result<ArrayRef> {
    let (text, size, padding) = (call.texts(0)?, call.ints(1)?, call.texts(2)?);
    call.to_texts(|row| {
        let (text, size, padding) = (text.at(row), size.at(row), padding.at(row));
        if padding.is_empty() {
            return exec_err!("the padding may not be empty");
        }
        // Trino's own bound on the size.
        if !(0..=i64::from(i32::MAX)).contains(&size) {
            return exec_err!("the size must lie between 0 and {}", i32::MAX);
        }
        let missing = size - count(text);
        if missing <= 0 {
            return Ok(Some(part(text, 1, size).to_owned()));
        }
        let missing = usize::try_from(missing).unwrap_or_default();
        let filling: String = padding.chars().cycle().take(missing).collect();
        Ok(Some(if LEFT {
            filling + text
        } else {
            text.to_owned() + &filling
        }))
    })
}

/// Casts arrays to the one type that holds the elements of all.
pub(super) fn one_list_type(given: &[DataType]) -> Result<Option<Vec<DataType>>> {
    let mut common = DataType::Null;
    for given in given {
        let Some(list) = List.accept(given) else {
            return Ok(None);
        };
        let element = super::kernel::element_of(&list).unwrap_or(&DataType::Null);
        common = common_type(&common, element)?;
    }
    Ok((given.len() > 1).then(|| vec![types::list(common); given.len()]))
}

fn concat_lists(call: &Call<'_>) -> Result<ArrayRef> {
    let lists = (0..call.count())
        .map(|arg| call.lists(arg))
        .collect::<Result<Vec<_>>>()?;
    let sources: Vec<&ArrayRef> = lists.iter().map(|list| list.values()).collect();
    Picks::rows(call, |row, picked| {
        let mut start = 0;
        for list in &lists {
            picked.extend(list.at(row).map(|at| Some(start + at)));
            start += list.values().len();
        }
        Ok(true)
    })?
    .from_all(&sources)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{fails, gives};

    #[test]
    fn places_count_characters_from_one() {
        gives("strpos('häuser', 'user')", "3");
        gives("strpos('abcabc', 'c', 2)", "6");
        gives("strpos('abcabc', 'c', -1)", "6");
        gives("strpos('abcabc', 'c', -3)", "0");
        gives("strpos('abc', '')", "1");
        gives("strpos(NULL, 'a')", "NULL");
        fails("strpos('abc', 'a', 0)", "instance");
    }

    #[test]
    fn substr_is_one_based_and_counts_back() {
        gives("\"substr\"('äbcde', 2)", "bcde");
        gives("\"substr\"('abcde', -2)", "de");
        gives("\"substr\"('abcde', 2, 2)", "bc");
        gives("\"substring\"('abcde', -4, 2)", "bc");
        gives("\"substr\"('abcde', 0)", "");
        gives("\"substr\"('abcde', 9)", "");
        gives("\"substr\"('abcde', -9)", "");
        gives("\"substr\"('abcde', 1, -1)", "");
    }

    #[test]
    fn splits() {
        gives("split('a,b,,c', ',')", "[a, b, , c]");
        gives("split('a,b,c', ',', 2)", "[a, b,c]");
        gives("split('', ',')", "[]");
        fails("split('a', '')", "delimiter");
        fails("split('a', ',', 0)", "limit");
        gives("split_part('a/b/c', '/', 3)", "c");
        gives("split_part('a/b/c', '/', 4)", "NULL");
        gives("split_part('abc', '', 2)", "b");
        fails("split_part('a', '/', 0)", "from 1");
    }

    #[test]
    fn nulls_swallow_concat_but_not_concat_ws() {
        gives("concat('a', 'b', 'c')", "abc");
        gives("concat('a', NULL)", "NULL");
        gives("concat_ws(',', 'a', NULL, 'c')", "a,c");
        gives("concat_ws(NULL, 'a', 'b')", "NULL");
        gives("concat_ws('-', ['a', NULL, 'c'])", "a-c");
        gives("concat([1, 2], [3])", "[1, 2, 3]");
        gives("concat([1, 2], [2.5])", "[1.0, 2.0, 2.5]");
    }

    #[test]
    fn padding_and_trimming() {
        gives("lpad('7', 3, '0')", "007");
        gives("rpad('abc', 2, 'x')", "ab");
        gives("rpad('a', 4, 'xy')", "axyx");
        fails("lpad('a', 3, '')", "padding");
        fails("lpad('a', -1, 'x')", "size");
        gives("trim('  a\t')", "a");
        gives("ltrim('xxaxx', 'x')", "axx");
        gives("rtrim('xxaxx', 'x')", "xxa");
    }

    #[test]
    fn making_texts() {
        gives("replace('banana', 'an')", "ba");
        gives("replace('banana', 'an', 'o')", "booa");
        gives("reverse('aäb')", "bäa");
        gives("reverse([1, 2, NULL])", "[NULL, 2, 1]");
        gives("translate('abcda', 'abc', 'xy')", "xydx");
        gives("chr(228)", "ä");
        fails("chr(-1)", "code point");
        gives("codepoint('ä')", "228");
        fails("codepoint('ab')", "one character");
        gives("length('häuser')", "6");
        gives("length(NULL)", "NULL");
        gives("levenshtein_distance('kitten', 'sitting')", "3");
        fails("hamming_distance('ab', 'a')", "same length");
    }

    #[test]
    fn wrong_types_are_named() {
        fails(
            "strpos(1, 'a')",
            "Unexpected parameters (bigint, varchar) for function strpos",
        );
    }
}
