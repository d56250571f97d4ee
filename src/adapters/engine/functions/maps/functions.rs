//! The functions over maps.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, MapArray, MapBuilder, StringBuilder, StructArray, UInt64Array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::take;
use arrow::datatypes::DataType;
use arrow::row::Row;
use datafusion::common::{Result, exec_err, plan_err};

use super::super::kernel::Param::{self, List, Text};
use super::super::kernel::{Call, Family, Function, Picks, common_type, comparable, element_of};
use super::super::types;

use super::entries::{Entries, build, empty_maps, entry_fields, key_value, multimap, unique};

fn map(name: &'static str, signature: &'static str, purpose: &'static str) -> Function {
    Function::new(Family::Maps, name, signature, purpose)
}

pub(crate) fn functions() -> Vec<Function> {
    vec![
        map(
            "map",
            "map(keys, values)",
            "The map of an array of keys and one of values",
        )
        .takes(&[], types::map(DataType::Null, DataType::Null), empty_maps)
        .takes_as(
            &[List, List],
            |types| {
                let element = |list: &DataType| element_of(list).cloned().unwrap_or(DataType::Null);
                Ok(types::map(element(&types[0]), element(&types[1])))
            },
            |call| {
                let (keys, values) = (call.lists(0)?, call.lists(1)?);
                let rows = comparable(&[keys.values()])?;
                let (mut chosen_keys, mut chosen_values) = (Picks::default(), Picks::default());
                for row in 0..call.rows {
                    let valid = !call.is_null(row);
                    let (key_range, value_range) = if valid {
                        (keys.at(row), values.at(row))
                    } else {
                        (0..0, 0..0)
                    };
                    if key_range.len() != value_range.len() {
                        return exec_err!(
                            "map: there are {} keys but {} values",
                            key_range.len(),
                            value_range.len()
                        );
                    }
                    unique(
                        keys.values(),
                        key_range.clone().map(|at| (at, rows[0].row(at))),
                    )?;
                    chosen_keys.push(&key_range.map(Some).collect::<Vec<_>>(), valid);
                    chosen_values.push(&value_range.map(Some).collect::<Vec<_>>(), valid);
                }
                let (keys_at, offsets, nulls) = chosen_keys.into_parts();
                let (values_at, _, _) = chosen_values.into_parts();
                build(
                    take(keys.values(), &keys_at, None)?,
                    take(values.values(), &values_at, None)?,
                    offsets,
                    nulls,
                )
            },
        ),
        map("map_keys", "map_keys(map)", "The keys").takes_as(
            &[Param::Map],
            |types| Ok(types::list(key_value(&types[0])?.0)),
            |call| {
                let entries = Entries::new(call, 0)?;
                entries.pick_all(call)?.into_lists(entries.map.keys())
            },
        ),
        map("map_values", "map_values(map)", "The values").takes_as(
            &[Param::Map],
            |types| Ok(types::list(key_value(&types[0])?.1)),
            |call| {
                let entries = Entries::new(call, 0)?;
                entries.pick_all(call)?.into_lists(entries.map.values())
            },
        ),
        map(
            "map_entries",
            "map_entries(map)",
            "The entries as rows of key and value",
        )
        .takes_as(
            &[Param::Map],
            |types| {
                let (key, value) = key_value(&types[0])?;
                Ok(types::list(DataType::Struct(entry_fields(key, value))))
            },
            |call| {
                let entries = Entries::new(call, 0)?;
                let (key, value) = key_value(entries.map.data_type())?;
                let columns = vec![
                    Arc::clone(entries.map.keys()),
                    Arc::clone(entries.map.values()),
                ];
                let rows: ArrayRef = Arc::new(StructArray::try_new(
                    entry_fields(key, value),
                    columns,
                    None,
                )?);
                entries.pick_all(call)?.into_lists(&rows)
            },
        ),
        map(
            "map_from_entries",
            "map_from_entries(array of rows)",
            "The map of rows of key and value",
        )
        .takes_as(&[List], entries_map, |call| {
            let (lists, keys, values) = entry_lists(call)?;
            let rows = comparable(&[&keys])?;
            let picks = Picks::rows(call, |row, picked| {
                unique(&keys, lists.at(row).map(|at| (at, rows[0].row(at))))?;
                picked.extend(lists.at(row).map(Some));
                Ok(true)
            })?;
            let (chosen, offsets, nulls) = picks.into_parts();
            build(
                take(&keys, &chosen, None)?,
                take(&values, &chosen, None)?,
                offsets,
                nulls,
            )
        }),
        map(
            "multimap_from_entries",
            "multimap_from_entries(array of rows)",
            "The map from each key to the array of its values",
        )
        .takes_as(
            &[List],
            |types| {
                let map = entries_map(types)?;
                let (key, value) = key_value(&map)?;
                Ok(types::map(key, types::list(value)))
            },
            |call| {
                let (lists, keys, values) = entry_lists(call)?;
                let groups = (0..call.rows).map(|row| {
                    if call.is_null(row) {
                        None
                    } else {
                        Some(lists.at(row))
                    }
                });
                multimap(groups, &keys, &values)
            },
        ),
        map(
            "map_concat",
            "map_concat(a, b, …)",
            "The entries of all maps; of a key in several, the last one's value",
        )
        .takes_custom(one_map_type, |types| Ok(types[0].clone()), concat),
        map(
            "split_to_map",
            "split_to_map(text, entry delimiter, key delimiter)",
            "The map of a text such as a=1,b=2",
        )
        .takes(
            &[Text, Text, Text],
            types::map(DataType::Utf8, DataType::Utf8),
            split,
        ),
    ]
}

fn entries_map(types: &[DataType]) -> Result<DataType> {
    match element_of(&types[0]) {
        Some(DataType::Struct(fields)) if fields.len() == 2 => Ok(types::map(
            fields[0].data_type().clone(),
            fields[1].data_type().clone(),
        )),
        _ => plan_err!("entries are an array of rows of two fields"),
    }
}

fn entry_lists(call: &Call<'_>) -> Result<(super::super::kernel::Lists, ArrayRef, ArrayRef)> {
    let lists = call.lists(0)?;
    let rows = lists.values().as_struct();
    if rows.null_count() > 0 {
        return exec_err!("a map's entry cannot be NULL");
    }
    let (keys, values) = (Arc::clone(rows.column(0)), Arc::clone(rows.column(1)));
    Ok((lists, keys, values))
}

fn one_map_type(given: &[DataType]) -> Result<Option<Vec<DataType>>> {
    let (mut key, mut value) = (DataType::Null, DataType::Null);
    for given in given {
        if given.is_null() {
            continue;
        }
        let Some((other_key, other_value)) = types::map_types(given) else {
            return Ok(None);
        };
        key = common_type(&key, other_key)?;
        value = common_type(&value, other_value)?;
    }
    let same = given
        .iter()
        .all(|given| types::map_types(given) == Some((&key, &value)));
    // Maps that agree stay as they are, whatever their inner fields are called.
    let first = given.iter().find(|given| !given.is_null()).cloned();
    let common = if same {
        first.unwrap_or(DataType::Null)
    } else {
        types::map(key, value)
    };
    Ok((given.len() > 1).then(|| vec![common; given.len()]))
}

fn concat(call: &Call<'_>) -> Result<ArrayRef> {
    let maps = (0..call.count())
        .map(|arg| Entries::new(call, arg))
        .collect::<Result<Vec<_>>>()?;
    let all = |column: fn(&MapArray) -> &ArrayRef| {
        let columns: Vec<&dyn Array> = maps
            .iter()
            .map(|entries| column(&entries.map).as_ref())
            .collect();
        arrow::compute::concat(&columns)
    };
    let (keys, values) = (all(MapArray::keys)?, all(MapArray::values)?);
    let rows = comparable(&[&keys])?;
    let (mut key_at, mut lengths, mut valid) = (Vec::<u64>::new(), Vec::new(), Vec::new());
    for row in 0..call.rows {
        valid.push(!call.is_null(row));
        let mut places: HashMap<Row<'_>, usize> = HashMap::new();
        let mut chosen: Vec<u64> = Vec::new();
        let mut start = 0;
        for entries in &maps {
            let range = if call.is_null(row) {
                0..0
            } else {
                entries.at(row)
            };
            for at in range.map(|at| start + at) {
                match places.get(&rows[0].row(at)) {
                    Some(place) => chosen[*place] = at as u64,
                    None => {
                        places.insert(rows[0].row(at), chosen.len());
                        chosen.push(at as u64);
                    }
                }
            }
            start += entries.map.keys().len();
        }
        lengths.push(chosen.len());
        key_at.extend(chosen);
    }
    let chosen = UInt64Array::from(key_at);
    let built = build(
        take(&keys, &chosen, None)?,
        take(&values, &chosen, None)?,
        OffsetBuffer::from_lengths(lengths),
        NullBuffer::from(valid),
    )?;
    // The same entries under the field names of the arguments.
    Ok(arrow::compute::cast(&built, call.returns())?)
}

fn split(call: &Call<'_>) -> Result<ArrayRef> {
    let (texts, entries, pairs) = (call.texts(0)?, call.texts(1)?, call.texts(2)?);
    let names = arrow::array::MapFieldNames {
        entry: "entries".into(),
        key: "key".into(),
        value: "value".into(),
    };
    let mut built = MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new());
    for row in 0..call.rows {
        if call.is_null(row) {
            built.append(false)?;
            continue;
        }
        let (text, entry, pair) = (texts.at(row), entries.at(row), pairs.at(row));
        if entry.is_empty() || pair.is_empty() || entry == pair {
            return exec_err!("split_to_map: the delimiters must differ and not be empty");
        }
        let mut seen = std::collections::HashSet::new();
        for part in text.split(entry).filter(|part| !part.is_empty()) {
            let Some((key, value)) = part.split_once(pair) else {
                return exec_err!("split_to_map: '{part}' holds no '{pair}'");
            };
            if !seen.insert(key) {
                return exec_err!("Duplicate map keys ({key}) are not allowed");
            }
            built.keys().append_value(key);
            built.values().append_value(value);
        }
        built.append(true)?;
    }
    Ok(Arc::new(built.finish()))
}
