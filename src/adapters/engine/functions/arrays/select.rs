//! Single elements and runs of elements.

use arrow::array::{Array, ArrayRef, UInt64Array};
use arrow::datatypes::DataType;
use datafusion::common::{Result, exec_err};

use super::super::kernel::Param::{Int, List, Map};
use super::super::kernel::{Call, Function, Lists, Picks, comparable};
use super::super::maps;
use super::{array, element_type, same_type};

pub(super) fn functions() -> Vec<Function> {
    vec![
        array("cardinality", "cardinality(array | map)", "The number of elements or entries")
            .takes(&[List], DataType::Int64, |call| {
                let lists = call.lists(0)?;
                call.to_ints(|row| Ok(Some(lists.at(row).len() as i64)))
            })
            .takes(&[Map], DataType::Int64, |call| {
                let entries = maps::Entries::new(call, 0)?;
                call.to_ints(|row| Ok(Some(entries.at(row).len() as i64)))
            }),
        array(
            "element_at",
            "element_at(array, place) or element_at(map, key)",
            "The element at a place, from the end where negative, or the value of a key; NULL where there is none",
        )
        .takes_as(&[List, Int], element_type, |call| {
            let (lists, places) = (call.lists(0)?, call.ints(1)?);
            pick(call, &lists, |row| {
                let (elements, place) = (lists.at(row), places.at(row));
                let length = elements.len() as i64;
                match place {
                    0 => exec_err!("element_at: places in an array count from 1"),
                    1.. if place <= length => Ok(Some(elements.start + place as usize - 1)),
                    ..0 if -place <= length => Ok(Some(elements.end - place.unsigned_abs() as usize)),
                    _ => Ok(None),
                }
            })
        })
        .takes_custom(maps::map_and_key, maps::value_type, maps::value_at),
        array("array_first", "array_first(array)", "The first element").takes_as(&[List], element_type, |call| {
            let lists = call.lists(0)?;
            pick(call, &lists, |row| Ok(lists.at(row).next()))
        }),
        array("array_last", "array_last(array)", "The last element").takes_as(&[List], element_type, |call| {
            let lists = call.lists(0)?;
            pick(call, &lists, |row| Ok(lists.at(row).last()))
        }),
        array("slice", "slice(array, start, length)", "The elements from a place on, from the end where negative")
            .takes_as(&[List, Int, Int], same_type, |call| {
                let (lists, starts, lengths) = (call.lists(0)?, call.ints(1)?, call.ints(2)?);
                Picks::rows(call, |row, picked| {
                    let (elements, start, length) = (lists.at(row), starts.at(row), lengths.at(row));
                    if start == 0 || length < 0 {
                        return exec_err!("slice: places in an array count from 1, and the length is not negative");
                    }
                    let count = elements.len() as i64;
                    let first = if start > 0 { start - 1 } else { count.saturating_add(start) };
                    if (0..count).contains(&first) {
                        let end = first.saturating_add(length).min(count);
                        picked.extend((first..end).map(|at| Some(elements.start + at as usize)));
                    }
                    Ok(true)
                })?
                .into_lists(lists.values())
            }),
        array("trim_array", "trim_array(array, n)", "The array without its last elements").takes_as(
            &[List, Int],
            same_type,
            |call| {
                let (lists, numbers) = (call.lists(0)?, call.ints(1)?);
                Picks::rows(call, |row, picked| {
                    let elements = lists.at(row);
                    match usize::try_from(numbers.at(row)) {
                        Ok(number) if number <= elements.len() => {
                            picked.extend((elements.start..elements.end - number).map(Some));
                            Ok(true)
                        }
                        _ => exec_err!("trim_array: the number must lie between 0 and the array's length"),
                    }
                })?
                .into_lists(lists.values())
            },
        ),
        array("array_max", "array_max(array)", "The largest element; NULL if one is NULL")
            .takes_as(&[List], element_type, |call| extreme(call, |a, b| a > b)),
        array("array_min", "array_min(array)", "The smallest element; NULL if one is NULL")
            .takes_as(&[List], element_type, |call| extreme(call, |a, b| a < b)),
    ]
}

/// One element for each row.
fn pick(
    call: &Call<'_>,
    lists: &Lists,
    mut element: impl FnMut(usize) -> Result<Option<usize>>,
) -> Result<ArrayRef> {
    let mut chosen = Vec::with_capacity(call.rows);
    call.each(
        |row| Ok(element(row)?.map(|at| at as u64)),
        |at| chosen.push(at),
    )?;
    Ok(arrow::compute::take(
        lists.values(),
        &UInt64Array::from(chosen),
        None,
    )?)
}

fn extreme(
    call: &Call<'_>,
    better: fn(arrow::row::Row<'_>, arrow::row::Row<'_>) -> bool,
) -> Result<ArrayRef> {
    let lists = call.lists(0)?;
    let values = lists.values();
    let rows = comparable(&[values])?;
    pick(call, &lists, |row| {
        let elements = lists.at(row);
        if elements.clone().any(|at| values.is_null(at)) {
            return Ok(None);
        }
        Ok(elements.reduce(|best, at| {
            if better(rows[0].row(at), rows[0].row(best)) {
                at
            } else {
                best
            }
        }))
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{fails, gives, gives_rows};

    #[test]
    fn single_elements() {
        gives("element_at([1, 2, 3], 1)", "1");
        gives("element_at([1, 2, 3], -1)", "3");
        gives("element_at([1, 2, 3], 4)", "NULL");
        gives("element_at([1, 2, 3], -4)", "NULL");
        fails("element_at([1], 0)", "count from 1");
        gives("element_at([named_struct('a', 1)], 1)", "{a: 1}");
        gives("array_first([3, 4])", "3");
        gives("array_last([3, 4])", "4");
        gives_rows(
            "element_at(v, 2)",
            "([1, 2]), ([3]), (NULL)",
            &["2", "NULL", "NULL"],
        );
    }

    #[test]
    fn runs_of_elements() {
        gives("slice([1, 2, 3, 4], 2, 2)", "[2, 3]");
        gives("slice([1, 2, 3, 4], -2, 5)", "[3, 4]");
        gives("slice([1, 2], 3, 1)", "[]");
        fails("slice([1], 0, 1)", "count from 1");
        fails("slice([1], 1, -1)", "not negative");
        gives("trim_array([1, 2, 3], 2)", "[1]");
        fails("trim_array([1], 2)", "between");
        gives("cardinality([1, NULL])", "2");
        gives("cardinality([])", "0");
        gives("cardinality(NULL)", "NULL");
    }

    #[test]
    fn extremes() {
        gives("array_max([1, 3, 2])", "3");
        gives("array_min(['b', 'a'])", "a");
        gives("array_max([1, NULL])", "NULL");
        gives("array_max([])", "NULL");
        gives("array_min([-1.5, 2])", "-1.5");
    }
}
