//! Aggregates over numbers whose state is a few sums.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array};
use arrow::datatypes::{DataType, Float64Type};
use datafusion::common::Result;

use super::super::kernel::Param;
use super::doc;
use super::entries::{Entries, Groups};
use super::gather::Gather;

pub(super) fn functions() -> Vec<Gather> {
    let mut geometric_mean = Gather::new(doc(
        "geometric_mean",
        "geometric_mean(x)",
        "The geometric mean",
    ));
    geometric_mean.accept = one_double;
    geometric_mean.entry = |_| vec![DataType::Float64; 2];
    geometric_mean.returns = |_| Ok(DataType::Float64);
    geometric_mean.prepare = |entries| powers(entries, |x| vec![1.0, x.ln()]);
    geometric_mean.shrink = |entries, _| Ok(add_up(&entries));
    geometric_mean.finish = |groups, _| Ok(each(groups, |sums| Some((sums[1] / sums[0]).exp())));

    let mut skewness = Gather::new(doc(
        "skewness",
        "skewness(x)",
        "The skewness; NULL for fewer than 3 values",
    ));
    skewness.accept = one_double;
    skewness.entry = |_| vec![DataType::Float64; 4];
    skewness.returns = |_| Ok(DataType::Float64);
    skewness.prepare = |entries| powers(entries, |x| vec![1.0, x, x * x, x * x * x]);
    skewness.shrink = |entries, _| Ok(add_up(&entries));
    skewness.finish = |groups, _| {
        Ok(each(groups, |sums| {
            let (n, mean) = (sums[0], sums[1] / sums[0]);
            let second = sums[2] - n * mean * mean;
            let third = sums[3] - 3.0 * mean * sums[2] + 2.0 * n * mean * mean * mean;
            (n >= 3.0).then(|| n.sqrt() * third / second.powf(1.5))
        }))
    };
    vec![geometric_mean, skewness]
}

fn one_double(given: &[DataType]) -> Result<Option<Vec<DataType>>> {
    Ok(match given {
        [x] => Param::Double.accept(x).map(|x| vec![x]),
        _ => None,
    })
}

/// One column for each of a value's terms.
fn powers(entries: Entries, terms: fn(f64) -> Vec<f64>) -> Result<Entries> {
    let valid = entries.keep_valid(0)?;
    let values = valid.columns[0].as_primitive::<Float64Type>();
    let mut columns = vec![Vec::with_capacity(values.len()); terms(1.0).len()];
    for value in values.values() {
        for (column, term) in columns.iter_mut().zip(terms(*value)) {
            column.push(term);
        }
    }
    Ok(Entries {
        columns: columns.into_iter().map(doubles).collect(),
        groups: valid.groups,
    })
}

fn doubles(values: Vec<f64>) -> ArrayRef {
    Arc::new(Float64Array::from(values))
}

/// One entry for each group: the sums of its columns.
fn add_up(entries: &Entries) -> Entries {
    let mut known: HashMap<u32, usize> = HashMap::new();
    let mut groups = Vec::new();
    let places: Vec<usize> = entries
        .groups
        .iter()
        .map(|group| {
            *known.entry(*group).or_insert_with(|| {
                groups.push(*group);
                groups.len() - 1
            })
        })
        .collect();
    let columns = entries.columns.iter().map(|column| {
        let mut sums = vec![0.0; groups.len()];
        let values = column.as_primitive::<Float64Type>().values().iter();
        for (value, place) in values.zip(&places) {
            sums[*place] += value;
        }
        doubles(sums)
    });
    Entries {
        columns: columns.collect(),
        groups,
    }
}

/// A number for each group, of the sums of its columns.
fn each(groups: &Groups, result: fn(&[f64]) -> Option<f64>) -> ArrayRef {
    let results = groups.ranges().map(|range| {
        let sum = |column: &ArrayRef| {
            let values = column.as_primitive::<Float64Type>().values();
            values[range.clone()].iter().sum::<f64>()
        };
        let sums: Vec<f64> = groups.columns.iter().map(sum).collect();
        if range.is_empty() {
            None
        } else {
            result(&sums)
        }
    });
    Arc::new(results.collect::<Float64Array>())
}
