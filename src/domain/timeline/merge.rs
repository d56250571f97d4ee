//! Sorted runs into one: the merge that holds one item of each run.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The items of several sorted runs in one order. Of items with equal keys, those of an earlier run
/// go first, and within a run they keep their order.
#[derive(Debug)]
pub struct Merge<I: Iterator, K, F> {
    runs: Vec<I>,
    /// The first item of each run that has one.
    heads: Vec<Option<I::Item>>,
    /// Their keys, the smallest on top.
    order: BinaryHeap<Reverse<(K, usize)>>,
    key: F,
}

/// Merges runs, each sorted by `key`. Nothing but the first item of each run is held.
pub fn merge<I, K, F>(runs: impl IntoIterator<Item = I>, key: F) -> Merge<I, K, F>
where
    I: Iterator,
    K: Ord,
    F: Fn(&I::Item) -> K,
{
    let mut merge = Merge {
        runs: runs.into_iter().collect(),
        heads: Vec::new(),
        order: BinaryHeap::new(),
        key,
    };
    for run in 0..merge.runs.len() {
        merge.heads.push(None);
        merge.advance(run);
    }
    merge
}

impl<I, K, F> Merge<I, K, F>
where
    I: Iterator,
    K: Ord,
    F: Fn(&I::Item) -> K,
{
    /// Takes a run's next item as its head, and gives the head before.
    fn advance(&mut self, run: usize) -> Option<I::Item> {
        let next = self.runs.get_mut(run)?.next();
        if let Some(item) = &next {
            self.order.push(Reverse(((self.key)(item), run)));
        }
        std::mem::replace(self.heads.get_mut(run)?, next)
    }
}

impl<I, K, F> Iterator for Merge<I, K, F>
where
    I: Iterator,
    K: Ord,
    F: Fn(&I::Item) -> K,
{
    type Item = I::Item;

    fn next(&mut self) -> Option<Self::Item> {
        let Reverse((_, run)) = self.order.pop()?;
        self.advance(run)
    }
}
