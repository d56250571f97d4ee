//! Aggregates that give arrays.

use std::cmp::Ordering;

use arrow::array::AsArray;
use arrow::datatypes::{DataType, Int64Type};
use datafusion::common::{Result, exec_err};

use super::super::kernel::{Param, comparable, element_of};
use super::super::types;
use super::doc;
use super::entries::Entries;
use super::gather::Gather;

pub(super) fn functions() -> Vec<Gather> {
    let mut set_agg = Gather::new(doc(
        "set_agg",
        "set_agg(x)",
        "The array of all distinct values, NULL too",
    ));
    set_agg.accept = |given| Ok((given.len() == 1).then(|| given.to_vec()));
    set_agg.returns = |types| Ok(types::list(types[0].clone()));
    set_agg.shrink = |entries, _| entries.distinct();

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
    set_union.prepare = Entries::unnested;
    set_union.shrink = |entries, _| entries.distinct();
    vec![set_agg, set_union]
}

/// The n best entries `(x, y, n)` of each group by y, best first.
pub(super) fn shrink_top(entries: Entries, order: Option<Ordering>) -> Result<Entries> {
    let rows = comparable(&[&entries.columns[1]])?;
    let numbers = entries.columns[2].as_primitive::<Int64Type>();
    let mut places: Vec<u64> = (0..entries.len() as u64).collect();
    places.sort_by(|a, b| {
        let (a, b) = (*a as usize, *b as usize);
        let ascending = rows[0].row(a).cmp(&rows[0].row(b));
        entries.groups[a].cmp(&entries.groups[b]).then(match order {
            Some(Ordering::Greater) => ascending.reverse(),
            _ => ascending,
        })
    });
    let mut kept = Vec::new();
    let (mut group, mut left) = (None, 0);
    for place in places {
        let at = place as usize;
        if group != Some(entries.groups[at]) {
            group = Some(entries.groups[at]);
            left = match usize::try_from(numbers.value(at)) {
                Ok(most @ 1..=10_000) => most,
                _ => return exec_err!("the number of values must lie between 1 and 10,000"),
            };
        }
        if left > 0 {
            left -= 1;
            kept.push(place);
        }
    }
    entries.keep_places(kept)
}
