//! Maps. A key occurs once and is never NULL.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, ListArray, MapArray, MapBuilder, StringBuilder, StructArray,
    UInt64Array,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, Fields};
use arrow::row::Row;
use datafusion::common::{Result, exec_err, internal_err, plan_err};

use super::casts::text;
use super::kernel::Param::{self, List, Text};
use super::kernel::{Call, Family, Function, Picks, common_type, comparable, element_of};
use super::types;

fn map(name: &'static str, signature: &'static str, purpose: &'static str) -> Function {
    Function::new(Family::Maps, name, signature, purpose)
}

pub(super) fn functions() -> Vec<Function> {
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
                entries.pick_all(call)?.from_values(entries.map.keys())
            },
        ),
        map("map_values", "map_values(map)", "The values").takes_as(
            &[Param::Map],
            |types| Ok(types::list(key_value(&types[0])?.1)),
            |call| {
                let entries = Entries::new(call, 0)?;
                entries.pick_all(call)?.from_values(entries.map.values())
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
                entries.pick_all(call)?.from_values(&rows)
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

/// A map argument.
pub(super) struct Entries {
    /// The whole column.
    pub(super) map: MapArray,
    constant: bool,
}

impl Entries {
    pub(super) fn new(call: &Call<'_>, arg: usize) -> Result<Self> {
        let column = call.column(arg)?;
        match column.as_map_opt() {
            Some(map) => Ok(Self {
                map: map.clone(),
                constant: call.is_constant(arg),
            }),
            None => internal_err!("{} is no map", column.data_type()),
        }
    }

    /// Where the row's entries lie; nothing for NULL.
    pub(super) fn at(&self, row: usize) -> std::ops::Range<usize> {
        let row = if self.constant { 0 } else { row };
        if self.map.is_null(row) {
            return 0..0;
        }
        let offsets = self.map.value_offsets();
        offsets[row] as usize..offsets[row + 1] as usize
    }

    fn pick_all(&self, call: &Call<'_>) -> Result<Picks> {
        Picks::rows(call, |row, picked| {
            picked.extend(self.at(row).map(Some));
            Ok(true)
        })
    }
}

/// `(map(K, V), K)`, the key cast to the map's.
pub(super) fn map_and_key(given: &[DataType]) -> Result<Option<Vec<DataType>>> {
    let [map, given] = given else {
        return Ok(None);
    };
    let Some((key, _)) = types::map_types(map) else {
        return Ok(None);
    };
    let common = common_type(key, given)?;
    let fits = common == *key || common.is_string() || common.is_integer();
    Ok(fits.then(|| vec![map.clone(), key.clone()]))
}

/// The value type of a map as the first argument.
pub(super) fn value_type(types: &[DataType]) -> Result<DataType> {
    Ok(key_value(&types[0])?.1)
}

/// The value of a key, or NULL.
pub(super) fn value_at(call: &Call<'_>) -> Result<ArrayRef> {
    let entries = Entries::new(call, 0)?;
    let wanted = call.column(1)?;
    let rows = comparable(&[entries.map.keys(), wanted])?;
    let mut chosen = Vec::with_capacity(call.rows);
    call.each(
        |row| {
            let wanted = rows[1].row(if call.is_constant(1) { 0 } else { row });
            Ok(entries
                .at(row)
                .find(|at| rows[0].row(*at) == wanted)
                .map(|at| at as u64))
        },
        |at| chosen.push(at),
    )?;
    Ok(take(
        entries.map.values(),
        &UInt64Array::from(chosen),
        None,
    )?)
}

fn key_value(map: &DataType) -> Result<(DataType, DataType)> {
    match types::map_types(map) {
        Some((key, value)) => Ok((key.clone(), value.clone())),
        None => plan_err!("{map} is no map"),
    }
}

fn entry_fields(key: DataType, value: DataType) -> Fields {
    vec![
        Field::new("key", key, false),
        Field::new("value", value, true),
    ]
    .into()
}

fn empty_maps(call: &Call<'_>) -> Result<ArrayRef> {
    let nothing = arrow::array::new_null_array(&DataType::Null, 0);
    let offsets = OffsetBuffer::from_lengths(std::iter::repeat_n(0, call.rows));
    build(
        Arc::clone(&nothing),
        nothing,
        offsets,
        NullBuffer::new_valid(call.rows),
    )
}

/// Maps of keys and values that lie one after another.
pub(super) fn build(
    keys: ArrayRef,
    values: ArrayRef,
    offsets: OffsetBuffer<i32>,
    nulls: NullBuffer,
) -> Result<ArrayRef> {
    let DataType::Map(field, sorted) =
        types::map(keys.data_type().clone(), values.data_type().clone())
    else {
        return internal_err!("a map type is none");
    };
    let fields = entry_fields(keys.data_type().clone(), values.data_type().clone());
    let entries = StructArray::try_new(fields, vec![keys, values], None)?;
    Ok(Arc::new(MapArray::try_new(
        field,
        offsets,
        entries,
        Some(nulls),
        sorted,
    )?))
}

/// Refuses NULL keys and keys that repeat.
fn unique<'a>(keys: &ArrayRef, entries: impl Iterator<Item = (usize, Row<'a>)>) -> Result<()> {
    let mut seen = std::collections::HashSet::new();
    for (at, row) in entries {
        if keys.is_null(at) || keys.data_type().is_null() {
            return exec_err!("a map's key cannot be NULL");
        }
        if !seen.insert(row) {
            let key =
                text(&keys.slice(at, 1)).map(|key| key.as_string::<i32>().value(0).to_owned());
            return exec_err!(
                "Duplicate map keys ({}) are not allowed",
                key.unwrap_or_default()
            );
        }
    }
    Ok(())
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

fn entry_lists(call: &Call<'_>) -> Result<(super::kernel::Lists, ArrayRef, ArrayRef)> {
    let lists = call.lists(0)?;
    let rows = lists.values().as_struct();
    if rows.null_count() > 0 {
        return exec_err!("a map's entry cannot be NULL");
    }
    let (keys, values) = (Arc::clone(rows.column(0)), Arc::clone(rows.column(1)));
    Ok((lists, keys, values))
}

/// Maps from each key of a range to the array of its values.
pub(super) fn multimap(
    ranges: impl Iterator<Item = Option<std::ops::Range<usize>>>,
    keys: &ArrayRef,
    values: &ArrayRef,
) -> Result<ArrayRef> {
    let rows = comparable(&[keys])?;
    let (mut key_at, mut value_at): (Vec<u64>, Vec<u64>) = (Vec::new(), Vec::new());
    let (mut inner, mut outer, mut valid) = (Vec::new(), Vec::new(), Vec::new());
    for range in ranges {
        valid.push(range.is_some());
        let mut places: HashMap<Row<'_>, usize> = HashMap::new();
        let mut groups: Vec<Vec<u64>> = Vec::new();
        for at in range.unwrap_or(0..0) {
            if keys.is_null(at) {
                return exec_err!("a map's key cannot be NULL");
            }
            let place = *places.entry(rows[0].row(at)).or_insert_with(|| {
                key_at.push(at as u64);
                groups.push(Vec::new());
                groups.len() - 1
            });
            groups[place].push(at as u64);
        }
        outer.push(groups.len());
        for group in groups {
            inner.push(group.len());
            value_at.extend(group);
        }
    }
    let values = take(values, &UInt64Array::from(value_at), None)?;
    let field = Arc::new(Field::new_list_field(values.data_type().clone(), true));
    let lists = ListArray::try_new(field, OffsetBuffer::from_lengths(inner), values, None)?;
    let keys = take(keys, &UInt64Array::from(key_at), None)?;
    build(
        keys,
        Arc::new(lists),
        OffsetBuffer::from_lengths(outer),
        NullBuffer::from(valid),
    )
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

#[cfg(test)]
mod tests {
    use super::super::testing::{fails, gives, gives_rows};

    const MAP: &str = "map(['a', 'b'], [1, NULL])";

    #[test]
    fn making_maps() {
        gives(MAP, "{a: 1, b: NULL}");
        gives(
            "map_from_entries([named_struct('k', 'x', 'v', 1)])",
            "{x: 1}",
        );
        gives(
            "multimap_from_entries([named_struct('k', 'x', 'v', 1), named_struct('k', 'x', 'v', 2)])",
            "{x: [1, 2]}",
        );
        gives(
            &format!("map_concat({MAP}, map(['b', 'c'], [2, 3]))"),
            "{a: 1, b: 2, c: 3}",
        );
        gives("split_to_map('a=1,b=2', ',', '=')", "{a: 1, b: 2}");
        fails("map(['a'], [1, 2])", "1 keys but 2 values");
        fails("map(['a', 'a'], [1, 2])", "Duplicate map keys (a)");
        fails("map([NULL], [1])", "cannot be NULL");
        fails("split_to_map('a', ',', '=')", "holds no");
    }

    #[test]
    fn reading_maps() {
        gives(&format!("element_at({MAP}, 'a')"), "1");
        gives(&format!("element_at({MAP}, 'z')"), "NULL");
        gives(&format!("map_keys({MAP})"), "[a, b]");
        gives(&format!("map_values({MAP})"), "[1, NULL]");
        gives(
            &format!("map_entries({MAP})"),
            "[{key: a, value: 1}, {key: b, value: NULL}]",
        );
        gives(&format!("cardinality({MAP})"), "2");
        gives("element_at(map([1, 2], ['x', 'y']), 2)", "y");
        gives_rows(
            &format!("element_at({MAP}, v)"),
            "('a'), (NULL), ('c')",
            &["1", "NULL", "NULL"],
        );
    }
}
