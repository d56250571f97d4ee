//! Arrays as sets, and in order. Here NULL is equal to NULL.

use std::collections::HashSet;

use arrow::array::{Array, ArrayRef};
use arrow::row::Row;
use datafusion::common::Result;

use super::super::kernel::Param::List;
use super::super::kernel::{Call, Function, Picks, comparable};
use super::{array, same_type, two_lists};

pub(super) fn functions() -> Vec<Function> {
    vec![
        array(
            "array_distinct",
            "array_distinct(array)",
            "Every element once, in the order of first occurrence",
        )
        .takes_as(&[List], same_type, |call| {
            let lists = call.lists(0)?;
            let rows = comparable(&[lists.values()])?;
            Picks::rows(call, |row, picked| {
                let mut seen = HashSet::new();
                picked.extend(
                    lists
                        .at(row)
                        .filter(|at| seen.insert(rows[0].row(*at)))
                        .map(Some),
                );
                Ok(true)
            })?
            .into_lists(lists.values())
        }),
        array(
            "array_sort",
            "array_sort(array)",
            "The elements in ascending order, NULLs last",
        )
        .note("the form with a lambda is not supported")
        .takes_as(&[List], same_type, |call| {
            let lists = call.lists(0)?;
            let values = lists.values();
            let rows = comparable(&[values])?;
            Picks::rows(call, |row, picked| {
                let mut elements: Vec<usize> = lists.at(row).collect();
                elements.sort_by(|a, b| {
                    let nulls = values.is_null(*a).cmp(&values.is_null(*b));
                    nulls.then_with(|| rows[0].row(*a).cmp(&rows[0].row(*b)))
                });
                picked.extend(elements.into_iter().map(Some));
                Ok(true)
            })?
            .into_lists(values)
        }),
        array(
            "array_union",
            "array_union(a, b)",
            "Every element of one of both, once",
        )
        .takes_custom(two_lists, same_type, |call| {
            combine(call, |_, _| true, true)
        }),
        array(
            "array_intersect",
            "array_intersect(a, b)",
            "Every element of both, once",
        )
        .takes_custom(two_lists, same_type, |call| {
            combine(call, |row, other| other.contains(row), false)
        }),
        array(
            "array_except",
            "array_except(a, b)",
            "Every element of the first but not of the second, once",
        )
        .takes_custom(two_lists, same_type, |call| {
            combine(call, |row, other| !other.contains(row), false)
        }),
    ]
}

/// Each element of the first array once, if it is `kept` in view of the second one's; then, for a
/// union, those of the second.
fn combine(
    call: &Call<'_>,
    kept: fn(&Row<'_>, &HashSet<Row<'_>>) -> bool,
    with_second: bool,
) -> Result<ArrayRef> {
    let (a, b) = (call.lists(0)?, call.lists(1)?);
    let rows = comparable(&[a.values(), b.values()])?;
    let start = a.values().len();
    Picks::rows(call, |row, picked| {
        let other: HashSet<Row<'_>> = b.at(row).map(|at| rows[1].row(at)).collect();
        let mut seen = HashSet::new();
        for at in a.at(row) {
            let element = rows[0].row(at);
            if kept(&element, &other) && seen.insert(element) {
                picked.push(Some(at));
            }
        }
        if with_second {
            picked.extend(
                b.at(row)
                    .filter(|at| seen.insert(rows[1].row(*at)))
                    .map(|at| Some(start + at)),
            );
        }
        Ok(true)
    })?
    .into_lists_of(&[a.values(), b.values()])
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{fails, gives};

    #[test]
    fn sets() {
        gives("array_distinct([3, 1, NULL, 3, NULL])", "[3, 1, NULL]");
        gives("array_union([1, 2], [2, 3, NULL])", "[1, 2, 3, NULL]");
        gives("array_intersect([1, 2, 2, 3], [2, 3])", "[2, 3]");
        gives("array_except([1, 2, 2, NULL], [1])", "[2, NULL]");
        gives(
            "array_distinct([named_struct('a', 1), named_struct('a', 1)])",
            "[{a: 1}]",
        );
        fails("array_union([1], ['a'])", "no common type");
        gives("array_union([1], NULL)", "NULL");
    }

    #[test]
    fn order() {
        gives("array_sort([3, NULL, 1, 2])", "[1, 2, 3, NULL]");
        gives("array_sort(['b', 'B', 'a'])", "[B, a, b]");
    }
}
