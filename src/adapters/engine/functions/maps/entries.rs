//! Reading and building map columns.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, ListArray, MapArray, StructArray, UInt64Array};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, Fields};
use arrow::row::Row;
use datafusion::common::{Result, exec_err, internal_err, plan_err};

use super::super::casts::text;
use super::super::kernel::{Call, Picks, common_type, comparable};
use super::super::types;

/// A map argument.
pub(crate) struct Entries {
    /// The whole column.
    pub(crate) map: MapArray,
    constant: bool,
}

impl Entries {
    pub(crate) fn new(call: &Call<'_>, arg: usize) -> Result<Self> {
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
    pub(crate) fn at(&self, row: usize) -> std::ops::Range<usize> {
        let row = if self.constant { 0 } else { row };
        if self.map.is_null(row) {
            return 0..0;
        }
        let offsets = self.map.value_offsets();
        offsets[row] as usize..offsets[row + 1] as usize
    }

    pub(crate) fn pick_all(&self, call: &Call<'_>) -> Result<Picks> {
        Picks::rows(call, |row, picked| {
            picked.extend(self.at(row).map(Some));
            Ok(true)
        })
    }
}

/// `(map(K, V), K)`, the key cast to the map's.
pub(crate) fn map_and_key(given: &[DataType]) -> Result<Option<Vec<DataType>>> {
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
pub(crate) fn value_type(types: &[DataType]) -> Result<DataType> {
    Ok(key_value(&types[0])?.1)
}

/// The value of a key, or NULL.
pub(crate) fn value_at(call: &Call<'_>) -> Result<ArrayRef> {
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

pub(crate) fn key_value(map: &DataType) -> Result<(DataType, DataType)> {
    match types::map_types(map) {
        Some((key, value)) => Ok((key.clone(), value.clone())),
        None => plan_err!("{map} is no map"),
    }
}

pub(crate) fn entry_fields(key: DataType, value: DataType) -> Fields {
    vec![
        Field::new("key", key, false),
        Field::new("value", value, true),
    ]
    .into()
}

pub(crate) fn empty_maps(call: &Call<'_>) -> Result<ArrayRef> {
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
pub(crate) fn build(
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
pub(crate) fn unique<'a>(
    keys: &ArrayRef,
    entries: impl Iterator<Item = (usize, Row<'a>)>,
) -> Result<()> {
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

/// Maps from each key of a range to the array of its values.
pub(crate) fn multimap(
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
