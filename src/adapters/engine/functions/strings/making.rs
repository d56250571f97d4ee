//! Making texts out of others.

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::DataType;
use datafusion::common::{Result, exec_err};

use super::super::kernel::Param::{self, Int, List, Text, TextList};
use super::super::kernel::{Call, Function, Picks};
use super::parts::part;
use super::{TEXT, count, one_list_type, string};

pub(super) fn functions() -> Vec<Function> {
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
            let values = AsArray::as_string::<i32>(&values);
            call.to_texts(|row| {
                let parts = lists.at(row).filter(|at| Array::is_valid(values, *at));
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
                .into_lists(lists.values())
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
    .into_lists_of(&sources)
}
