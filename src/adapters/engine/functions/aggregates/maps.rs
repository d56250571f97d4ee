//! Aggregates that give maps.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Int64Array};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{DataType, Int64Type};
use arrow::row::Row;
use datafusion::common::{Result, exec_err};

use super::super::kernel::{Param, comparable};
use super::super::{maps, types};
use super::doc;
use super::gather::{Gather, keep_places, keep_valid};

pub(super) fn functions() -> Vec<Gather> {
    let mut map_agg = Gather::new(doc(
        "map_agg",
        "map_agg(key, value)",
        "The map of all keys with one of their values",
    ));
    map_agg.accept = |given| Ok((given.len() == 2).then(|| given.to_vec()));
    map_agg.returns = |types| Ok(types::map(types[0].clone(), types[1].clone()));
    map_agg.prepare = |columns| keep_valid(columns, 0);
    map_agg.shrink = |entries, _| first_of_each(entries);
    map_agg.finish = |entries, _| one_map(&entries[0], &entries[1]);

    let mut multimap_agg = Gather::new(doc(
        "multimap_agg",
        "multimap_agg(key, value)",
        "The map from each key to the array of its values",
    ));
    multimap_agg.accept = |given| Ok((given.len() == 2).then(|| given.to_vec()));
    multimap_agg.returns = |types| Ok(types::map(types[0].clone(), types::list(types[1].clone())));
    multimap_agg.prepare = |columns| keep_valid(columns, 0);
    multimap_agg.finish = |entries, _| {
        maps::multimap(
            std::iter::once(Some(0..entries[0].len())),
            &entries[0],
            &entries[1],
        )
    };

    let mut map_union = Gather::new(doc(
        "map_union",
        "map_union(map)",
        "The entries of all maps",
    ));
    map_union.accept = |given| {
        Ok(match given {
            [map] => Param::Map.accept(map).map(|map| vec![map]),
            _ => None,
        })
    };
    map_union.entry = |types| {
        let (key, value) =
            types::map_types(&types[0]).unwrap_or((&DataType::Null, &DataType::Null));
        vec![key.clone(), value.clone()]
    };
    map_union.returns = |types| {
        let (key, value) =
            types::map_types(&types[0]).unwrap_or((&DataType::Null, &DataType::Null));
        Ok(types::map(key.clone(), value.clone()))
    };
    map_union.prepare = |columns| {
        let map = columns[0].as_map();
        let offsets = map.value_offsets();
        let rows = (0..map.len()).filter(|row| map.is_valid(*row));
        let places = rows.flat_map(|row| offsets[row] as u64..offsets[row + 1] as u64);
        keep_places(
            &[Arc::clone(map.keys()), Arc::clone(map.values())],
            places.collect(),
        )
    };
    map_union.shrink = |entries, _| first_of_each(entries);
    map_union.finish = |entries, _| one_map(&entries[0], &entries[1]);

    let mut histogram = Gather::new(doc(
        "histogram",
        "histogram(x)",
        "The map from each value to how often it occurs",
    ));
    histogram.accept = |given| Ok((given.len() == 1).then(|| given.to_vec()));
    histogram.entry = |types| vec![types[0].clone(), DataType::Int64];
    histogram.returns = |types| Ok(types::map(types[0].clone(), DataType::Int64));
    histogram.prepare = |columns| with_ones(&keep_valid(columns, 0)?[0]);
    histogram.shrink = |entries, _| add_up(entries);
    histogram.finish = |entries, _| one_map(&entries[0], &entries[1]);

    let mut frequent = Gather::new(doc(
        "approx_most_frequent",
        "approx_most_frequent(n, x, capacity)",
        "The map of the n most frequent values to how often they occur",
    ));
    frequent.doc.note = "counts exactly, whatever the capacity";
    frequent.accept = |given| {
        Ok(match given {
            [n, x, capacity] if n.is_integer() && capacity.is_integer() => {
                Some(vec![DataType::Int64, x.clone(), DataType::Int64])
            }
            _ => None,
        })
    };
    frequent.entry = |types| vec![types[1].clone(), DataType::Int64, DataType::Int64];
    frequent.returns = |types| Ok(types::map(types[1].clone(), DataType::Int64));
    frequent.prepare = |columns| {
        let columns = keep_valid(columns, 1)?;
        let mut entries = with_ones(&columns[1])?;
        entries.push(Arc::clone(&columns[0]));
        Ok(entries)
    };
    frequent.shrink = |entries, _| add_up(entries);
    frequent.finish = |entries, _| {
        let counts = entries[1].as_primitive::<Int64Type>();
        let Ok(most) = usize::try_from(entries[2].as_primitive::<Int64Type>().value(0)) else {
            return exec_err!("approx_most_frequent: the number must be positive");
        };
        let mut places: Vec<u64> = (0..counts.len() as u64).collect();
        places.sort_by_key(|place| std::cmp::Reverse(counts.value(*place as usize)));
        places.truncate(most);
        let entries = keep_places(&entries[..2], places)?;
        one_map(&entries[0], &entries[1])
    };
    vec![map_agg, multimap_agg, map_union, histogram, frequent]
}

fn with_ones(values: &ArrayRef) -> Result<Vec<ArrayRef>> {
    Ok(vec![
        Arc::clone(values),
        Arc::new(Int64Array::from(vec![1; values.len()])),
    ])
}

/// One map of keys that occur once.
fn one_map(keys: &ArrayRef, values: &ArrayRef) -> Result<ArrayRef> {
    let offsets = OffsetBuffer::from_lengths([keys.len()]);
    maps::build(
        Arc::clone(keys),
        Arc::clone(values),
        offsets,
        NullBuffer::new_valid(1),
    )
}

/// The first entry of each key.
fn first_of_each(entries: &[ArrayRef]) -> Result<Vec<ArrayRef>> {
    let rows = comparable(&[&entries[0]])?;
    let mut seen = std::collections::HashSet::new();
    let places = (0..entries[0].len()).filter(|at| seen.insert(rows[0].row(*at)));
    let places = places.map(|at| at as u64).collect();
    keep_places(entries, places)
}

/// One entry for each value with the sum of its counts.
fn add_up(entries: &[ArrayRef]) -> Result<Vec<ArrayRef>> {
    let rows = comparable(&[&entries[0]])?;
    let counts = entries[1].as_primitive::<Int64Type>();
    let mut known: HashMap<Row<'_>, usize> = HashMap::new();
    let (mut places, mut sums): (Vec<u64>, Vec<i64>) = (Vec::new(), Vec::new());
    for at in 0..counts.len() {
        let place = *known.entry(rows[0].row(at)).or_insert_with(|| {
            places.push(at as u64);
            sums.push(0);
            sums.len() - 1
        });
        sums[place] += counts.value(at);
    }
    let mut kept = keep_places(entries, places)?;
    kept[1] = Arc::new(Int64Array::from(sums));
    Ok(kept)
}
