//! Finding values in arrays. NULL is equal to nothing; where it could be the value, the answer is
//! NULL.

use arrow::array::Array;
use arrow::datatypes::DataType;

use super::super::kernel::Param::{Address, Text};
use super::super::kernel::{Function, Picks, comparable};
use super::super::network::network_contains;
use super::{array, list_and_element, same_type, two_lists};

pub(super) fn functions() -> Vec<Function> {
    vec![
        array(
            "contains",
            "contains(array, value) or contains(network, address)",
            "Whether an array holds a value, or a network such as 10.0.0.0/8 an ipaddress",
        )
        .takes(&[Text, Address], DataType::Boolean, network_contains)
        .takes_custom(
            list_and_element,
            |_| Ok(DataType::Boolean),
            |call| {
                let lists = call.lists(0)?;
                let (values, wanted) = (lists.values(), call.column(1)?);
                let rows = comparable(&[values, wanted])?;
                call.to_bools(|row| {
                    let wanted = rows[1].row(if call.is_constant(1) { 0 } else { row });
                    let elements = lists.at(row);
                    if elements
                        .clone()
                        .any(|at| values.is_valid(at) && rows[0].row(at) == wanted)
                    {
                        return Ok(Some(true));
                    }
                    let unsure = elements.into_iter().any(|at| values.is_null(at));
                    Ok((!unsure).then_some(false))
                })
            },
        ),
        array(
            "array_position",
            "array_position(array, value)",
            "The place of a value's first occurrence; 0 where there is none",
        )
        .takes_custom(
            list_and_element,
            |_| Ok(DataType::Int64),
            |call| {
                let lists = call.lists(0)?;
                let (values, wanted) = (lists.values(), call.column(1)?);
                let rows = comparable(&[values, wanted])?;
                call.to_ints(|row| {
                    let wanted = rows[1].row(if call.is_constant(1) { 0 } else { row });
                    let mut elements = lists.at(row);
                    let place =
                        elements.position(|at| values.is_valid(at) && rows[0].row(at) == wanted);
                    Ok(Some(place.map_or(0, |place| place as i64 + 1)))
                })
            },
        ),
        array(
            "array_remove",
            "array_remove(array, value)",
            "The array without a value",
        )
        .takes_custom(list_and_element, same_type, |call| {
            let lists = call.lists(0)?;
            let (values, unwanted) = (lists.values(), call.column(1)?);
            let rows = comparable(&[values, unwanted])?;
            Picks::rows(call, |row, picked| {
                let unwanted = rows[1].row(if call.is_constant(1) { 0 } else { row });
                picked.extend(
                    lists
                        .at(row)
                        .filter(|at| rows[0].row(*at) != unwanted)
                        .map(Some),
                );
                Ok(true)
            })?
            .into_lists(values)
        }),
        array(
            "arrays_overlap",
            "arrays_overlap(a, b)",
            "Whether two arrays have an element in common",
        )
        .takes_custom(
            two_lists,
            |_| Ok(DataType::Boolean),
            |call| {
                let (a, b) = (call.lists(0)?, call.lists(1)?);
                let rows = comparable(&[a.values(), b.values()])?;
                call.to_bools(|row| {
                    let known: std::collections::HashSet<_> = b
                        .at(row)
                        .filter(|at| b.values().is_valid(*at))
                        .map(|at| rows[1].row(at))
                        .collect();
                    let mut elements = a.at(row);
                    if elements
                        .any(|at| a.values().is_valid(at) && known.contains(&rows[0].row(at)))
                    {
                        return Ok(Some(true));
                    }
                    let unsure = a.at(row).any(|at| a.values().is_null(at))
                        || b.at(row).any(|at| b.values().is_null(at));
                    let either_empty = a.at(row).is_empty() || b.at(row).is_empty();
                    Ok((!unsure || either_empty).then_some(false))
                })
            },
        ),
        array(
            "contains_sequence",
            "contains_sequence(array, part)",
            "Whether the elements of a part follow one another in an array",
        )
        .takes_custom(
            two_lists,
            |_| Ok(DataType::Boolean),
            |call| {
                let (whole, part) = (call.lists(0)?, call.lists(1)?);
                let rows = comparable(&[whole.values(), part.values()])?;
                call.to_bools(|row| {
                    let (whole, part) = (whole.at(row), part.at(row));
                    let Some(last) = whole.len().checked_sub(part.len()) else {
                        return Ok(Some(false));
                    };
                    Ok(Some((0..=last).any(|skip| {
                        part.clone().enumerate().all(|(place, at)| {
                            rows[0].row(whole.start + skip + place) == rows[1].row(at)
                        })
                    })))
                })
            },
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::super::super::testing::{fails, gives, gives_rows};

    #[test]
    fn membership_knows_nulls() {
        gives("contains([1, 2], 2)", "true");
        gives("contains([1, 2], 3)", "false");
        gives("contains([1, NULL], 3)", "NULL");
        gives("contains([1, NULL], 1)", "true");
        gives("contains([1, 2], NULL)", "NULL");
        gives("contains([1, 2], 2.0)", "true");
        gives(
            "contains([named_struct('a', 'x')], named_struct('a', 'x'))",
            "true",
        );
        gives_rows(
            "contains(v, 'a')",
            "(['a']), ([]), (NULL)",
            &["true", "false", "NULL"],
        );
        fails("contains([1], 'a')", "no common type");
    }

    #[test]
    fn networks_contain_addresses() {
        gives(
            "contains('172.16.0.0/12', cast_value('172.31.0.9', 'ipaddress'))",
            "true",
        );
        gives(
            "contains('172.16.0.0/12', cast_value('172.32.0.9', 'ipaddress'))",
            "false",
        );
        gives(
            "contains('2001:db8::/32', cast_value('2001:db8::1', 'ipaddress'))",
            "true",
        );
        gives(
            "contains('10.0.0.0/8', cast_value(NULL, 'ipaddress'))",
            "NULL",
        );
        fails(
            "contains('10.0.0.0/8', '10.1.1.1')",
            "Unexpected parameters (varchar, varchar)",
        );
    }

    #[test]
    fn places_and_removal() {
        gives("array_position(['a', 'b', 'b'], 'b')", "2");
        gives("array_position(['a'], 'z')", "0");
        gives("array_remove([1, 2, NULL, 2], 2)", "[1, NULL]");
        gives("contains_sequence([1, 2, 3, 4], [2, 3])", "true");
        gives("contains_sequence([1, 2, 3, 4], [3, 2])", "false");
    }

    #[test]
    fn overlap() {
        gives("arrays_overlap([1, 2], [2, 3])", "true");
        gives("arrays_overlap([1, 2], [3])", "false");
        gives("arrays_overlap([1, NULL], [3])", "NULL");
        gives("arrays_overlap([1, NULL], [1])", "true");
    }
}
