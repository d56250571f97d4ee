//! Arrays out of others, and text out of arrays.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, StructArray, UInt64Array};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, Fields};
use datafusion::common::{Result, exec_err, plan_err};

use super::super::casts::text;
use super::super::kernel::Param::{Any, Int, List, Text};
use super::super::kernel::{Call, Function, Picks, element_of};
use super::super::types;
use super::{array, element_type};

/// The most elements that a function makes of a few arguments in one row.
pub(super) const MOST: i64 = 100_000;

pub(super) fn functions() -> Vec<Function> {
    vec![
        array(
            "array_join",
            "array_join(array, separator [, for NULL])",
            "The elements as text with a separator between; NULLs are passed over or replaced",
        )
        .takes(&[List, Text], DataType::Utf8, join)
        .takes(&[List, Text, Text], DataType::Utf8, join),
        array(
            "flatten",
            "flatten(array of arrays)",
            "The elements of the inner arrays",
        )
        .takes_as(
            &[List],
            |types| {
                let inner = element_of(&types[0]);
                match inner.and_then(|inner| List.accept(inner)) {
                    Some(inner) => Ok(inner),
                    None => plan_err!("flatten takes an array of arrays"),
                }
            },
            |call| {
                let lists = call.lists(0)?;
                let Some(inner) = lists.values().as_list_opt::<i32>() else {
                    return exec_err!("flatten takes an array of arrays");
                };
                let offsets = inner.value_offsets();
                Picks::rows(call, |row, picked| {
                    for at in lists.at(row).filter(|at| inner.is_valid(*at)) {
                        picked.extend((offsets[at] as usize..offsets[at + 1] as usize).map(Some));
                    }
                    Ok(true)
                })?
                .into_lists(inner.values())
            },
        ),
        array(
            "repeat",
            "repeat(value, n)",
            "An array of one value so many times",
        )
        .takes_as(
            &[Any, Int],
            |types| Ok(types::list(types[0].clone())),
            |call| {
                let (value, number) = (call.column(0)?, call.ints(1)?);
                Picks::rows(call, |row, picked| {
                    if number.is_null(row) {
                        return Ok(false);
                    }
                    let number = number.at(row);
                    if number > MOST {
                        return exec_err!("repeat makes at most {MOST} elements");
                    }
                    let place = if call.is_constant(0) { 0 } else { row };
                    picked.extend((0..number.max(0)).map(|_| Some(place)));
                    Ok(true)
                })?
                .into_lists(value)
            },
        )
        .sees_nulls(),
        array(
            "zip",
            "zip(a, b, …)",
            "Rows of the elements at each place; NULL where an array is shorter",
        )
        .takes_custom(lists, zipped, zip),
        array(
            "ngrams",
            "ngrams(array, n)",
            "Every run of n neighbouring elements",
        )
        .takes_as(
            &[List, Int],
            |types| Ok(types::list(types::list(element_type(types)?))),
            |call| {
                nested(call, |length, n| {
                    if n >= length {
                        vec![(0..length).collect()]
                    } else {
                        (0..=length - n)
                            .map(|skip| (skip..skip + n).collect())
                            .collect()
                    }
                })
            },
        ),
        array(
            "combinations",
            "combinations(array, n)",
            "Every choice of n elements, n up to 5",
        )
        .takes_as(
            &[List, Int],
            |types| Ok(types::list(types::list(element_type(types)?))),
            |call| nested(call, choices),
        ),
    ]
}

fn join(call: &Call<'_>) -> Result<ArrayRef> {
    let (lists, separator) = (call.lists(0)?, call.texts(1)?);
    let for_null = (call.count() > 2).then(|| call.texts(2)).transpose()?;
    let values = arrow::compute::cast(&text(lists.values())?, &DataType::Utf8)?;
    let values = values.as_string::<i32>();
    call.to_texts(|row| {
        let for_null = for_null.as_ref().map(|text| text.at(row));
        let parts = lists.at(row).filter_map(|at| match values.is_null(at) {
            true => for_null,
            false => Some(values.value(at)),
        });
        Ok(Some(parts.collect::<Vec<_>>().join(separator.at(row))))
    })
}

fn lists(given: &[DataType]) -> Result<Option<Vec<DataType>>> {
    Ok(match given.len() {
        2..=5 => given.iter().map(|given| List.accept(given)).collect(),
        _ => None,
    })
}

fn row_fields(types: &[DataType]) -> Fields {
    let elements = types
        .iter()
        .map(|list| element_of(list).cloned().unwrap_or(DataType::Null));
    elements
        .enumerate()
        .map(|(place, element)| Field::new(format!("field{place}"), element, true))
        .collect()
}

fn zipped(types: &[DataType]) -> Result<DataType> {
    Ok(types::list(DataType::Struct(row_fields(types))))
}

fn zip(call: &Call<'_>) -> Result<ArrayRef> {
    let lists = (0..call.count())
        .map(|arg| call.lists(arg))
        .collect::<Result<Vec<_>>>()?;
    let mut chosen: Vec<Vec<Option<u64>>> = vec![Vec::new(); lists.len()];
    let (mut lengths, mut valid) = (Vec::new(), Vec::new());
    for row in 0..call.rows {
        valid.push(!call.is_null(row));
        let ranges = lists.iter().map(|list| {
            if call.is_null(row) {
                0..0
            } else {
                list.at(row)
            }
        });
        let ranges: Vec<_> = ranges.collect();
        let longest = ranges.iter().map(ExactSizeIterator::len).max().unwrap_or(0);
        for (range, chosen) in ranges.into_iter().zip(&mut chosen) {
            let missing = longest - range.len();
            chosen.extend(
                range
                    .map(|at| Some(at as u64))
                    .chain(std::iter::repeat_n(None, missing)),
            );
        }
        lengths.push(longest);
    }
    let columns = lists
        .iter()
        .zip(chosen)
        .map(|(list, chosen)| Ok(take(list.values(), &UInt64Array::from(chosen), None)?))
        .collect::<Result<Vec<_>>>()?;
    let types: Vec<DataType> = columns
        .iter()
        .map(|column| types::list(column.data_type().clone()))
        .collect();
    let rows = StructArray::try_new(row_fields(&types), columns, None)?;
    list_array(Arc::new(rows), lengths, Some(valid))
}

fn list_array(values: ArrayRef, lengths: Vec<usize>, valid: Option<Vec<bool>>) -> Result<ArrayRef> {
    let field = Arc::new(Field::new_list_field(values.data_type().clone(), true));
    let nulls = valid.map(NullBuffer::from);
    Ok(Arc::new(ListArray::try_new(
        field,
        OffsetBuffer::from_lengths(lengths),
        values,
        nulls,
    )?))
}

/// Arrays of arrays: `groups` names, for an array's length and n, the places of each inner array.
fn nested(call: &Call<'_>, groups: fn(usize, usize) -> Vec<Vec<usize>>) -> Result<ArrayRef> {
    let (lists, numbers) = (call.lists(0)?, call.ints(1)?);
    let mut chosen: Vec<u64> = Vec::new();
    let (mut inner, mut outer, mut valid) = (Vec::new(), Vec::new(), Vec::new());
    for row in 0..call.rows {
        valid.push(!call.is_null(row));
        if call.is_null(row) {
            outer.push(0);
            continue;
        }
        let elements = lists.at(row);
        let number = match usize::try_from(numbers.at(row)) {
            Ok(number @ 1..) => number,
            _ => return exec_err!("the size of a group must be positive"),
        };
        let groups = groups(elements.len(), number);
        if groups.len() as i64 > MOST {
            return exec_err!("more than {MOST} groups of elements");
        }
        outer.push(groups.len());
        for group in groups {
            inner.push(group.len());
            chosen.extend(group.iter().map(|place| (elements.start + place) as u64));
        }
    }
    let values = take(lists.values(), &UInt64Array::from(chosen), None)?;
    list_array(list_array(values, inner, None)?, outer, Some(valid))
}

/// Every ascending choice of n of so many places; none for an n above 5.
fn choices(length: usize, n: usize) -> Vec<Vec<usize>> {
    let mut all: Vec<Vec<usize>> = vec![Vec::new()];
    if n > 5 {
        return Vec::new();
    }
    for _ in 0..n {
        let longer = all.iter().flat_map(|choice| {
            let next = choice.last().map_or(0, |last| last + 1);
            (next..length).map(|place| choice.iter().copied().chain([place]).collect::<Vec<_>>())
        });
        // One more than is allowed is enough to be refused.
        all = longer.take(MOST as usize + 1).collect();
    }
    all
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{fails, gives, gives_rows};

    #[test]
    fn joining() {
        gives("array_join(['a', NULL, 'c'], '-')", "a-c");
        gives("array_join(['a', NULL, 'c'], '-', '?')", "a-?-c");
        gives("array_join([1, 2], ', ')", "1, 2");
        gives("array_join([], ',')", "");
        gives_rows(
            "array_join(v, '|')",
            "(['x', 'y']), (NULL)",
            &["x|y", "NULL"],
        );
    }

    #[test]
    fn building() {
        gives("flatten([[1, 2], NULL, [3]])", "[1, 2, 3]");
        gives("repeat('a', 3)", "[a, a, a]");
        gives("repeat(NULL, 2)", "[NULL, NULL]");
        gives("repeat(1, -1)", "[]");
        fails("repeat(1, 1000000)", "at most");
        gives(
            "zip([1, 2], ['a'])",
            "[{field0: 1, field1: a}, {field0: 2, field1: NULL}]",
        );
        gives("ngrams(['a', 'b', 'c'], 2)", "[[a, b], [b, c]]");
        gives("ngrams(['a', 'b'], 5)", "[[a, b]]");
        gives("combinations([1, 2, 3], 2)", "[[1, 2], [1, 3], [2, 3]]");
        fails("ngrams([1], 0)", "positive");
        fails("flatten([1])", "array of arrays");
    }
}
