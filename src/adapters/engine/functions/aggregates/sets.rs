//! Aggregates that give arrays.

use std::cmp::Ordering;
use std::collections::HashSet;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::{DataType, Int64Type};
use datafusion::common::{Result, exec_err};

use super::super::kernel::{Param, comparable, element_of};
use super::super::types;
use super::doc;
use super::gather::{Gather, keep_places, one_list};

pub(super) fn functions() -> Vec<Gather> {
    let mut set_agg = Gather::new(doc(
        "set_agg",
        "set_agg(x)",
        "The array of all distinct values, NULL too",
    ));
    set_agg.accept = |given| Ok((given.len() == 1).then(|| given.to_vec()));
    set_agg.returns = |types| Ok(types::list(types[0].clone()));
    set_agg.shrink = |entries, _| distinct(entries);
    set_agg.finish = |entries, _| one_list(&entries[0]);

    let mut set_union = Gather::new(doc(
        "set_union",
        "set_union(array)",
        "The array of all distinct elements of all arrays",
    ));
    set_union.accept = |given| {
        Ok(match given {
            [list] => Param::List.accept(list).map(|list| vec![list]),
            _ => None,
        })
    };
    set_union.entry = |types| vec![element_of(&types[0]).cloned().unwrap_or(DataType::Null)];
    set_union.prepare = |columns| {
        let lists = columns[0].as_list::<i32>();
        let offsets = lists.value_offsets();
        let rows = (0..lists.len()).filter(|row| lists.is_valid(*row));
        let places = rows.flat_map(|row| offsets[row] as u64..offsets[row + 1] as u64);
        keep_places(std::slice::from_ref(lists.values()), places.collect())
    };
    set_union.shrink = |entries, _| distinct(entries);
    set_union.finish = |entries, _| one_list(&entries[0]);
    vec![set_agg, set_union]
}

fn distinct(entries: &[ArrayRef]) -> Result<Vec<ArrayRef>> {
    let rows = comparable(&[&entries[0]])?;
    let mut seen = HashSet::new();
    let places = (0..entries[0].len()).filter(|at| seen.insert(rows[0].row(*at)));
    let places = places.map(|at| at as u64).collect();
    keep_places(entries, places)
}

/// The n best entries `(x, y, n)` by y, best first.
pub(super) fn shrink_top(entries: &[ArrayRef], order: Option<Ordering>) -> Result<Vec<ArrayRef>> {
    let rows = comparable(&[&entries[1]])?;
    let most = match usize::try_from(entries[2].as_primitive::<Int64Type>().value(0)) {
        Ok(most @ 1..=10_000) => most,
        _ => return exec_err!("the number of values must lie between 1 and 10,000"),
    };
    let mut places: Vec<u64> = (0..entries[1].len() as u64).collect();
    places.sort_by(|a, b| {
        let ascending = rows[0].row(*a as usize).cmp(&rows[0].row(*b as usize));
        if order == Some(Ordering::Greater) {
            ascending.reverse()
        } else {
            ascending
        }
    });
    places.truncate(most);
    keep_places(entries, places)
}
