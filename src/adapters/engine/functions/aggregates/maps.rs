//! Aggregates that give maps.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Int64Array};
use arrow::datatypes::{DataType, Int64Type};
use arrow::row::Row;
use datafusion::common::{Result, exec_err};

use super::super::kernel::{Param, comparable};
use super::super::{maps, types};
use super::doc;
use super::entries::{Entries, Groups};
use super::gather::Gather;

pub(super) fn functions() -> Vec<Gather> {
    let mut map_agg = Gather::new(doc(
        "map_agg",
        "map_agg(key, value)",
        "The map of all keys with one of their values",
    ));
    map_agg.accept = |given| Ok((given.len() == 2).then(|| given.to_vec()));
    map_agg.returns = |types| Ok(types::map(types[0].clone(), types[1].clone()));
    map_agg.prepare = |entries| entries.keep_valid(0);
    map_agg.shrink = |entries, _| entries.distinct();
    map_agg.finish = |groups, _| maps_of(groups);

    let mut multimap_agg = Gather::new(doc(
        "multimap_agg",
        "multimap_agg(key, value)",
        "The map from each key to the array of its values",
    ));
    multimap_agg.accept = |given| Ok((given.len() == 2).then(|| given.to_vec()));
    multimap_agg.returns = |types| Ok(types::map(types[0].clone(), types::list(types[1].clone())));
    multimap_agg.prepare = |entries| entries.keep_valid(0);
    multimap_agg.finish = |groups, _| {
        let ranges = groups
            .ranges()
            .map(|range| (!range.is_empty()).then_some(range));
        maps::multimap(ranges, &groups.columns[0], &groups.columns[1])
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
    map_union.prepare = Entries::unnested;
    map_union.shrink = |entries, _| entries.distinct();
    map_union.finish = |groups, _| maps_of(groups);

    let mut histogram = Gather::new(doc(
        "histogram",
        "histogram(x)",
        "The map from each value to how often it occurs",
    ));
    histogram.accept = |given| Ok((given.len() == 1).then(|| given.to_vec()));
    histogram.entry = |types| vec![types[0].clone(), DataType::Int64];
    histogram.returns = |types| Ok(types::map(types[0].clone(), DataType::Int64));
    histogram.prepare = |entries| Ok(with_ones(entries.keep_valid(0)?, 0));
    histogram.shrink = |entries, _| add_up(entries);
    histogram.finish = |groups, _| maps_of(groups);

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
    frequent.prepare = |entries| {
        let mut entries = entries.keep_valid(1)?;
        let wanted = Arc::clone(&entries.columns[0]);
        entries = with_ones(entries, 1);
        entries.columns.push(wanted);
        Ok(entries)
    };
    frequent.shrink = |entries, _| add_up(entries);
    frequent.finish = |groups, _| {
        let counts = groups.columns[1].as_primitive::<Int64Type>();
        let wanted = groups.columns[2].as_primitive::<Int64Type>();
        let (mut kept, mut owners) = (Vec::new(), Vec::new());
        for (group, range) in groups.ranges().enumerate().filter(|(_, r)| !r.is_empty()) {
            let Ok(most) = usize::try_from(wanted.value(range.start)) else {
                return exec_err!("approx_most_frequent: the number must be positive");
            };
            let mut places: Vec<u64> = range.map(|place| place as u64).collect();
            places.sort_by_key(|place| std::cmp::Reverse(counts.value(*place as usize)));
            places.truncate(most);
            owners.extend(std::iter::repeat_n(group as u32, places.len()));
            kept.extend(places);
        }
        let all = Entries {
            groups: vec![0; counts.len()],
            columns: groups.columns[..2].to_vec(),
        };
        let mut kept = all.keep_places(kept)?;
        kept.groups = owners;
        maps_of(&kept.grouped(groups.ranges().count())?)
    };
    vec![map_agg, multimap_agg, map_union, histogram, frequent]
}

/// Each value of a column with the count of one.
fn with_ones(entries: Entries, column: usize) -> Entries {
    let ones = Int64Array::from(vec![1; entries.len()]);
    Entries {
        columns: vec![Arc::clone(&entries.columns[column]), Arc::new(ones)],
        groups: entries.groups,
    }
}

/// A map for each group, of keys that occur once in it.
fn maps_of(groups: &Groups) -> Result<ArrayRef> {
    maps::build(
        Arc::clone(&groups.columns[0]),
        Arc::clone(&groups.columns[1]),
        groups.offsets()?,
        groups.nulls(),
    )
}

/// One entry for each value in each group, with the sum of its counts.
fn add_up(entries: Entries) -> Result<Entries> {
    let rows = comparable(&[&entries.columns[0]])?;
    let counts = entries.columns[1].as_primitive::<Int64Type>();
    let mut known: HashMap<(u32, Row<'_>), usize> = HashMap::new();
    let (mut places, mut sums): (Vec<u64>, Vec<i64>) = (Vec::new(), Vec::new());
    for at in 0..entries.len() {
        let value = (entries.groups[at], rows[0].row(at));
        let place = *known.entry(value).or_insert_with(|| {
            places.push(at as u64);
            sums.push(0);
            sums.len() - 1
        });
        sums[place] += counts.value(at);
    }
    let mut kept = entries.keep_places(places)?;
    kept.columns[1] = Arc::new(Int64Array::from(sums));
    Ok(kept)
}
