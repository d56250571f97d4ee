//! `approx_percentile`: exact while there are few values, by a t-digest beyond that.

use std::f64::consts::PI;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type};
use datafusion::common::{Result, exec_err};

use super::super::casts::round_to;
use super::super::kernel::{Param, element_of};
use super::super::types;
use super::doc;
use super::gather::{Gather, keep_valid, one_list};

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

fn prepare(columns: &[ArrayRef]) -> Result<Vec<ArrayRef>> {
    let mut columns = keep_valid(columns, 0)?;
    if columns.len() == 3 {
        columns = keep_valid(&columns, 1)?;
    }
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
    Ok(vec![value, weight, fractions])
}

/// Values with their weights in ascending order.
fn sorted(entries: &[ArrayRef]) -> Vec<(f64, f64)> {
    let (values, weights) = (
        entries[0].as_primitive::<Float64Type>(),
        entries[1].as_primitive::<Float64Type>(),
    );
    let pairs = values
        .values()
        .iter()
        .copied()
        .zip(weights.values().iter().copied());
    let mut pairs: Vec<(f64, f64)> = pairs.filter(|(_, weight)| *weight > 0.0).collect();
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0));
    pairs
}

/// Merges neighbours into clusters that are small at both ends, as Dunning's t-digest does.
fn shrink(entries: &[ArrayRef]) -> Result<Vec<ArrayRef>> {
    if entries[0].len() <= EXACT {
        return Ok(entries.to_vec());
    }
    let pairs = sorted(entries);
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
    let fractions = arrow::compute::take(
        &entries[2],
        &arrow::array::UInt64Array::from(vec![0; clusters.len()]),
        None,
    )?;
    let (values, weights): (Vec<f64>, Vec<f64>) = clusters.into_iter().unzip();
    Ok(vec![
        Arc::new(Float64Array::from(values)),
        Arc::new(Float64Array::from(weights)),
        fractions,
    ])
}

fn finish(entries: &[ArrayRef], returns: &DataType) -> Result<ArrayRef> {
    let pairs = sorted(entries);
    let total: f64 = pairs.iter().map(|(_, weight)| weight).sum();
    let fractions = entries[2].as_list::<i32>().value(0);
    let mut found: Vec<Option<f64>> = Vec::new();
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
    let found: ArrayRef = Arc::new(Float64Array::from(found));
    match element_of(returns) {
        Some(element) => one_list(&round_to(&found, element)?),
        None => round_to(&found, returns),
    }
}
