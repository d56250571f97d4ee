//! Aggregates over numbers whose state is a few sums.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array};
use arrow::datatypes::{DataType, Float64Type};
use datafusion::common::Result;

use super::super::kernel::Param;
use super::doc;
use super::gather::{Gather, keep_valid};

pub(super) fn functions() -> Vec<Gather> {
    let mut geometric_mean = Gather::new(doc(
        "geometric_mean",
        "geometric_mean(x)",
        "The geometric mean",
    ));
    geometric_mean.accept = one_double;
    geometric_mean.entry = |_| vec![DataType::Float64; 2];
    geometric_mean.returns = |_| Ok(DataType::Float64);
    geometric_mean.prepare = |columns| powers(columns, |x| vec![1.0, x.ln()]);
    geometric_mean.shrink = |entries, _| add_up(entries);
    geometric_mean.finish = |entries, _| {
        let sums = sums(entries);
        Ok(Arc::new(Float64Array::from(vec![
            (sums[1] / sums[0]).exp(),
        ])))
    };

    let mut skewness = Gather::new(doc(
        "skewness",
        "skewness(x)",
        "The skewness; NULL for fewer than 3 values",
    ));
    skewness.accept = one_double;
    skewness.entry = |_| vec![DataType::Float64; 4];
    skewness.returns = |_| Ok(DataType::Float64);
    skewness.prepare = |columns| powers(columns, |x| vec![1.0, x, x * x, x * x * x]);
    skewness.shrink = |entries, _| add_up(entries);
    skewness.finish = |entries, _| {
        let sums = sums(entries);
        let (n, mean) = (sums[0], sums[1] / sums[0]);
        let second = sums[2] - n * mean * mean;
        let third = sums[3] - 3.0 * mean * sums[2] + 2.0 * n * mean * mean * mean;
        let skewness = (n >= 3.0).then(|| n.sqrt() * third / second.powf(1.5));
        Ok(Arc::new(Float64Array::from(vec![skewness])))
    };
    vec![geometric_mean, skewness]
}

fn one_double(given: &[DataType]) -> Result<Option<Vec<DataType>>> {
    Ok(match given {
        [x] => Param::Double.accept(x).map(|x| vec![x]),
        _ => None,
    })
}

/// One column for each of a value's terms, added up already.
fn powers(columns: &[ArrayRef], terms: fn(f64) -> Vec<f64>) -> Result<Vec<ArrayRef>> {
    let valid = keep_valid(columns, 0)?;
    let values = valid[0].as_primitive::<Float64Type>();
    let mut sums: Vec<f64> = vec![0.0; terms(1.0).len()];
    for value in values.values() {
        for (sum, term) in sums.iter_mut().zip(terms(*value)) {
            *sum += term;
        }
    }
    let rows = usize::from(!values.is_empty());
    Ok(sums
        .into_iter()
        .map(|sum| Arc::new(Float64Array::from(vec![sum; rows])) as ArrayRef)
        .collect())
}

fn sums(entries: &[ArrayRef]) -> Vec<f64> {
    entries
        .iter()
        .map(|column| column.as_primitive::<Float64Type>().values().iter().sum())
        .collect()
}

fn add_up(entries: &[ArrayRef]) -> Result<Vec<ArrayRef>> {
    let sums = sums(entries).into_iter();
    Ok(sums
        .map(|sum| Arc::new(Float64Array::from(vec![sum])) as ArrayRef)
        .collect())
}
