//! What was seen, counted by value, by pair and by the hour.

use std::collections::{HashMap, HashSet};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};

use super::roles::{Roles, Values};
use super::{DIMENSIONS, PAIRS};

/// A dimension that the rows do not tell.
pub(super) const ABSENT: u32 = u32::MAX;

/// The hour of rows without a time.
const TIMELESS: i32 = i32::MIN;

/// A row's values, by their numbers.
pub(super) type Features = [u32; DIMENSIONS];

/// The values of one dimension, numbered.
#[derive(Debug, Clone, Default)]
pub(super) struct Dictionary {
    numbers: HashMap<String, u32>,
    names: Vec<String>,
}

impl Dictionary {
    pub(super) fn number(&self, text: &str) -> Option<u32> {
        self.numbers.get(text).copied()
    }

    pub(super) fn name(&self, number: u32) -> Option<&str> {
        self.names.get(number as usize).map(String::as_str)
    }

    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    pub(super) fn intern(&mut self, text: &str) -> u32 {
        if let Some(number) = self.number(text) {
            return number;
        }
        // So many values do not fit in memory; the last number stands for the rest.
        let number = u32::try_from(self.names.len()).unwrap_or(ABSENT - 1);
        self.numbers.insert(text.to_owned(), number);
        self.names.push(text.to_owned());
        number
    }
}

/// How often something was seen, up to each hour in which it was.
#[derive(Debug, Clone, Default)]
pub(super) struct Tally {
    /// Hour and count up to its end, ascending.
    hours: Vec<(i32, u64)>,
}

impl Tally {
    fn add(&mut self, hour: i32, count: u64) {
        let before = self.total();
        match self.hours.last_mut() {
            Some(last) if last.0 == hour => last.1 = before.saturating_add(count),
            _ => self.hours.push((hour, before.saturating_add(count))),
        }
    }

    pub(super) fn total(&self) -> u64 {
        self.hours.last().map_or(0, |(_, count)| *count)
    }

    /// The count up to the end of an hour.
    pub(super) fn until(&self, hour: i32) -> u64 {
        let after = self.hours.partition_point(|(at, _)| *at <= hour);
        let last = after.checked_sub(1).and_then(|at| self.hours.get(at));
        last.map_or(0, |(_, count)| *count)
    }
}

/// Takes rows; [`Builder::build`] makes the history.
#[derive(Debug, Default)]
pub struct Builder {
    values: [Dictionary; DIMENSIONS],
    counts: HashMap<(i32, Features), u64>,
    /// Time and values of the rows so far.
    seen: HashSet<(i64, Features)>,
}

/// What was seen before.
#[derive(Debug, Default)]
pub struct History {
    pub(super) values: [Dictionary; DIMENSIONS],
    /// By dimension, and by the value's number.
    pub(super) singles: [Vec<Tally>; DIMENSIONS],
    pub(super) pairs: [HashMap<(u32, u32), Tally>; PAIRS.len()],
    /// All rows.
    pub(super) all: Tally,
    /// The entropy of each dimension in bits; `None` where no row tells it.
    pub(super) entropy: [Option<f64>; DIMENSIONS],
    /// The first and the last hour; `None` where no row has a time.
    pub(super) span: Option<(i32, i32)>,
}

impl Builder {
    /// Takes the rows of a batch. Where they are counts of a GROUP BY, `weight` is the column that
    /// holds how many events a row stands for.
    pub fn add(&mut self, batch: &RecordBatch, roles: &Roles, weight: Option<usize>) {
        let values = roles.values(batch);
        let weights = weight.and_then(|at| {
            let array = cast(batch.columns().get(at)?, &DataType::Int64).ok()?;
            Some(array.as_primitive_opt::<Int64Type>()?.clone())
        });
        for row in 0..batch.num_rows() {
            let count = weights.as_ref().map_or(1, |weights| {
                let weight = weights.is_valid(row).then(|| weights.value(row));
                weight
                    .and_then(|weight| u64::try_from(weight).ok())
                    .unwrap_or(0)
            });
            let features = self.features(&values, row);
            let hour = values.hour(row).unwrap_or(TIMELESS);
            if let Some(time) = values.time(row) {
                self.seen.insert((time, features));
            }
            *self.counts.entry((hour, features)).or_default() += count;
        }
    }

    /// Takes the rows of another result. Two results may tell of one event: a row counts only where
    /// none of that time with these values came before, and none without a time does.
    pub fn add_other(&mut self, batch: &RecordBatch, roles: &Roles) {
        let values = roles.values(batch);
        for row in 0..batch.num_rows() {
            let (Some(time), Some(hour)) = (values.time(row), values.hour(row)) else {
                continue;
            };
            let features = self.features(&values, row);
            if self.seen.insert((time, features)) {
                *self.counts.entry((hour, features)).or_default() += 1;
            }
        }
    }

    /// Events so far.
    pub fn events(&self) -> u64 {
        self.counts.values().sum()
    }

    fn features(&mut self, values: &Values, row: usize) -> Features {
        let mut features = [ABSENT; DIMENSIONS];
        for (dimension, (feature, known)) in features.iter_mut().zip(&mut self.values).enumerate() {
            if let Some(text) = values.text(dimension, row) {
                *feature = known.intern(&text);
            }
        }
        features
    }

    /// The history of all rows taken.
    pub fn build(self) -> History {
        let mut counts: Vec<((i32, Features), u64)> = self.counts.into_iter().collect();
        counts.sort_unstable();
        let mut history = History {
            values: self.values,
            ..History::default()
        };
        let timed = |((hour, _), _): &&((i32, Features), u64)| *hour != TIMELESS;
        let first = counts.iter().find(timed).map(|((hour, _), _)| *hour);
        let last = counts.last().map(|((hour, _), _)| *hour);
        history.span = first.zip(last);
        for ((hour, features), count) in counts {
            history.add(hour, features, count);
        }
        let mut entropy = [None; DIMENSIONS];
        for (bits, tallies) in entropy.iter_mut().zip(&history.singles) {
            *bits = entropy_of(tallies);
        }
        history.entropy = entropy;
        history
    }
}

impl History {
    /// The history of some rows of the same columns.
    pub fn from_batches<'a>(
        batches: impl IntoIterator<Item = &'a RecordBatch>,
        roles: &Roles,
    ) -> Self {
        let mut builder = Builder::default();
        for batch in batches {
            builder.add(batch, roles, None);
        }
        builder.build()
    }

    /// Events that it counts.
    pub fn events(&self) -> u64 {
        self.all.total()
    }

    /// The hours from its first event to its last.
    pub fn hours(&self) -> Option<u32> {
        let (first, last) = self.span?;
        u32::try_from(i64::from(last) - i64::from(first) + 1).ok()
    }

    fn add(&mut self, hour: i32, features: Features, count: u64) {
        self.all.add(hour, count);
        for (tallies, feature) in self.singles.iter_mut().zip(features) {
            if feature == ABSENT {
                continue;
            }
            let at = feature as usize;
            if tallies.len() <= at {
                tallies.resize_with(at + 1, Tally::default);
            }
            if let Some(tally) = tallies.get_mut(at) {
                tally.add(hour, count);
            }
        }
        for (tallies, (one, other)) in self.pairs.iter_mut().zip(PAIRS) {
            let pair = (features[one], features[other]);
            if pair.0 != ABSENT && pair.1 != ABSENT {
                tallies.entry(pair).or_default().add(hour, count);
            }
        }
    }
}

fn entropy_of(tallies: &[Tally]) -> Option<f64> {
    let total: u64 = tallies.iter().map(Tally::total).sum();
    if total == 0 {
        return None;
    }
    let bits = |tally: &Tally| {
        let share = tally.total() as f64 / total as f64;
        if share > 0.0 {
            -share * share.log2()
        } else {
            0.0
        }
    };
    Some(tallies.iter().map(bits).sum())
}
