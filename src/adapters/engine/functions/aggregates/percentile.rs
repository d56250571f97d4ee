//! `approx_percentile`: exact while there are few values, by a t-digest beyond that.

use std::f64::consts::PI;
use std::ops::Range;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array, ListArray, UInt64Array};
use arrow::buffer::OffsetBuffer;
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, Field, Float64Type};
use datafusion::common::{Result, exec_err};

use super::super::casts::round_to;
use super::super::kernel::{Param, element_of};
use super::super::types;
use super::doc;
use super::entries::{Entries, Groups};
use super::gather::Gather;

/// Up to so many values are kept one by one.
const EXACT: usize = 20_000;

/// The t-digest's compression: the number of clusters is of this order.
const COMPRESSION: f64 = 2_000.0;

pub(super) fn functions() -> Vec<Gather> {
    let mut percentile = Gather::new(doc(
        "approx_percentile",
        "approx_percentile(x [, weight], fraction | array of fractions)",
        "The value below which a fraction of all values lies; arrays give arrays",
    ));
    percentile.doc.note =
        "exact up to 20,000 values in a group; the fraction is taken from a group's first row";
    percentile.accept = accept;
    // Value, weight, fractions.
    percentile.entry = |_| {
        vec![
            DataType::Float64,
            DataType::Float64,
            types::list(DataType::Float64),
        ]
    };
    percentile.returns = |types| {
        let (x, fraction) = (&types[0], types.last().unwrap_or(&DataType::Null));
        Ok(if fraction.is_nested() {
            types::list(x.clone())
        } else {
            x.clone()
        })
    };
    percentile.prepare = prepare;
    percentile.shrink = |entries, _| shrink(entries);
    percentile.finish = finish;
    vec![percentile]
}

fn accept(given: &[DataType]) -> Result<Option<Vec<DataType>>> {
    let (x, weight, fraction) = match given {
        [x, fraction] => (x, None, fraction),
        [x, weight, fraction] => (x, Some(weight), fraction),
        _ => return Ok(None),
    };
    let fraction = match element_of(fraction) {
        Some(element) if element.is_numeric() => types::list(DataType::Float64),
        None if fraction.is_numeric() => DataType::Float64,
        _ => return Ok(None),
    };
    let x = match x {
        x if x.is_integer() || x.is_null() => DataType::Int64,
        DataType::Float32 => DataType::Float32,
        x if x.is_numeric() => DataType::Float64,
        _ => return Ok(None),
    };
    Ok(match weight {
        None => Some(vec![x, fraction]),
        Some(weight) => Param::Double
            .accept(weight)
            .map(|weight| vec![x, weight, fraction]),
    })
}

fn prepare(entries: Entries) -> Result<Entries> {
    let mut entries = entries.keep_valid(0)?;
    if entries.columns.len() == 3 {
        entries = entries.keep_valid(1)?;
    }
    let columns = &entries.columns;
    let (value, fraction) = (
        cast(&columns[0], &DataType::Float64)?,
        &columns[columns.len() - 1],
    );
    let weight = match columns.len() {
        3 => Arc::clone(&columns[1]),
        _ => Arc::new(Float64Array::from(vec![1.0; value.len()])),
    };
    let fractions = match fraction.data_type() {
        DataType::Float64 => cast(fraction, &types::list(DataType::Float64))?,
        _ => Arc::clone(fraction),
    };
    Ok(Entries {
        columns: vec![value, weight, fractions],
        groups: entries.groups,
    })
}

/// A group's values with their weights in ascending order.
fn sorted(columns: &[ArrayRef], range: Range<usize>) -> Vec<(f64, f64)> {
    let numbers = |column: &ArrayRef| {
        let numbers = column.as_primitive::<Float64Type>().values();
        numbers[range.clone()].to_vec()
    };
    let pairs = numbers(&columns[0]).into_iter().zip(numbers(&columns[1]));
    let mut pairs: Vec<(f64, f64)> = pairs.filter(|(_, weight)| *weight > 0.0).collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    pairs
}

/// Replaces the values of each group that has many by clusters.
fn shrink(entries: Entries) -> Result<Entries> {
    if entries.len() <= EXACT {
        return Ok(entries);
    }
    let count = entries
        .groups
        .iter()
        .max()
        .map_or(0, |last| *last as usize + 1);
    let groups = entries.clone().grouped(count)?;
    if groups.ranges().all(|range| range.len() <= EXACT) {
        return Ok(entries);
    }
    let (mut values, mut weights) = (Vec::new(), Vec::new());
    let (mut owners, mut places) = (Vec::new(), Vec::new());
    for (group, range) in groups.ranges().enumerate() {
        let first = range.start as u64;
        let pairs = sorted(&groups.columns, range);
        let pairs = if pairs.len() <= EXACT {
            pairs
        } else {
            clustered(pairs)
        };
        owners.extend(std::iter::repeat_n(group as u32, pairs.len()));
        places.extend(std::iter::repeat_n(first, pairs.len()));
        for (value, weight) in pairs {
            values.push(value);
            weights.push(weight);
        }
    }
    let fractions = take(&groups.columns[2], &UInt64Array::from(places), None)?;
    Ok(Entries {
        groups: owners,
        columns: vec![
            Arc::new(Float64Array::from(values)),
            Arc::new(Float64Array::from(weights)),
            fractions,
        ],
    })
}

/// Merges neighbours into clusters that are small at both ends, as Dunning's t-digest does.
fn clustered(pairs: Vec<(f64, f64)>) -> Vec<(f64, f64)> {
    let total: f64 = pairs.iter().map(|(_, weight)| weight).sum();
    let scale =
        |quantile: f64| COMPRESSION / (2.0 * PI) * (2.0 * quantile.clamp(0.0, 1.0) - 1.0).asin();
    let mut clusters: Vec<(f64, f64)> = Vec::new();
    let (mut before, mut begun) = (0.0, scale(0.0));
    for (value, weight) in pairs {
        match clusters.last_mut() {
            Some((mean, size)) if scale((before + *size + weight) / total) - begun <= 1.0 => {
                *size += weight;
                *mean += (value - *mean) * weight / *size;
            }
            last => {
                before += last.map_or(0.0, |(_, size)| *size);
                begun = scale(before / total);
                clusters.push((value, weight));
            }
        }
    }
    clusters
}

fn finish(groups: &Groups, returns: &DataType) -> Result<ArrayRef> {
    let mut found: Vec<Option<f64>> = Vec::new();
    let mut lengths = Vec::new();
    for range in groups.ranges() {
        let before = found.len();
        match range.is_empty() {
            true => found.extend((!returns.is_nested()).then_some(None)),
            false => percentiles(groups, range, &mut found)?,
        }
        lengths.push(found.len() - before);
    }
    let found: ArrayRef = Arc::new(Float64Array::from(found));
    match element_of(returns) {
        Some(element) => Ok(Arc::new(ListArray::try_new(
            Arc::new(Field::new_list_field(element.clone(), true)),
            OffsetBuffer::from_lengths(lengths),
            round_to(&found, element)?,
            Some(groups.nulls()),
        )?)),
        None => round_to(&found, returns),
    }
}

/// The values at the fractions that a group's first entry names.
fn percentiles(groups: &Groups, range: Range<usize>, found: &mut Vec<Option<f64>>) -> Result<()> {
    let fractions = groups.columns[2].as_list::<i32>().value(range.start);
    let pairs = sorted(&groups.columns, range);
    let total: f64 = pairs.iter().map(|(_, weight)| weight).sum();
    for fraction in fractions.as_primitive::<Float64Type>() {
        let Some(fraction) = fraction.filter(|fraction| (0.0..=1.0).contains(fraction)) else {
            return exec_err!("approx_percentile: a fraction must lie between 0 and 1");
        };
        let mut before = 0.0;
        let reached = pairs.iter().find(|(_, weight)| {
            before += weight;
            before > fraction * total
        });
        found.push(reached.or(pairs.last()).map(|(value, _)| *value));
    }
    Ok(())
}
