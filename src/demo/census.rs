//! Counts the rows that name the entities of a scenario, on the very batches that are written.

use arrow::array::{Array, AsArray, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Int64Type};
use regex::bytes::Regex;

/// Rows that name one entity, with the first and last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Sightings {
    pub(crate) events: u64,
    /// First and last, epoch milliseconds.
    pub(crate) span: Option<(i64, i64)>,
}

impl Sightings {
    fn see(&mut self, time: i64) {
        self.events += 1;
        let (first, last) = self.span.unwrap_or((time, time));
        self.span = Some((first.min(time), last.max(time)));
    }

    /// Adds what was counted elsewhere.
    pub(crate) fn add(&mut self, other: &Self) {
        self.events += other.events;
        self.span = match (self.span, other.span) {
            (Some(a), Some(b)) => Some((a.0.min(b.0), a.1.max(b.1))),
            (a, b) => a.or(b),
        };
    }
}

/// What is searched for. Plain texts, compared byte by byte.
#[derive(Debug, Clone)]
pub(crate) struct Census {
    /// Any of the texts: most columns hold none of them and are done with after one look.
    any: Option<Regex>,
    each: Vec<Regex>,
}

impl Census {
    /// A census of these texts.
    pub(crate) fn new<'a>(texts: impl Iterator<Item = &'a str>) -> Result<Self, regex::Error> {
        let texts: Vec<String> = texts.map(regex::escape).collect();
        Ok(Self {
            any: match texts.is_empty() {
                true => None,
                false => Some(Regex::new(&texts.join("|"))?),
            },
            each: texts
                .iter()
                .map(|text| Regex::new(text))
                .collect::<Result<_, _>>()?,
        })
    }

    /// Counts the rows of a batch, once for each text that they name anywhere.
    pub(crate) fn count(&self, batch: &RecordBatch, totals: &mut [Sightings]) {
        let Some(any) = &self.any else {
            return;
        };
        let mut named = vec![Vec::new(); self.each.len()];
        for column in batch.columns() {
            self.search(column, &|row| row, any, &mut named);
        }
        let times = batch
            .column_by_name("time")
            .and_then(|c| c.as_primitive_opt::<Int64Type>());
        for (rows, total) in named.iter_mut().zip(totals) {
            rows.sort_unstable();
            rows.dedup();
            for &row in rows.iter() {
                total.see(times.map_or(0, |times| times.value(row)));
            }
        }
    }

    /// Walks down to the texts; `row` leads from an element back to its row.
    fn search(
        &self,
        array: &dyn Array,
        row: &dyn Fn(usize) -> usize,
        any: &Regex,
        named: &mut [Vec<usize>],
    ) {
        match array.data_type() {
            DataType::Utf8 => self.search_texts(array.as_string(), row, any, named),
            DataType::Struct(_) => {
                for child in array.as_struct().columns() {
                    self.search(child, row, any, named);
                }
            }
            DataType::List(_) => {
                let list = array.as_list::<i32>();
                let owner = owners(list.offsets());
                self.search(list.values(), &|at| row(owner(at)), any, named);
            }
            DataType::Map(_, _) => {
                let map = array.as_map();
                let owner = owners(map.offsets());
                self.search(map.entries(), &|at| row(owner(at)), any, named);
            }
            _ => {}
        }
    }

    fn search_texts(
        &self,
        texts: &StringArray,
        row: &dyn Fn(usize) -> usize,
        any: &Regex,
        named: &mut [Vec<usize>],
    ) {
        let (bytes, offsets) = (texts.value_data(), texts.value_offsets());
        if !any.is_match(bytes) {
            return;
        }
        let owner = owners(offsets);
        for (regex, rows) in self.each.iter().zip(named) {
            let mut from = 0;
            while let Some(found) = regex.find_at(bytes, from) {
                from = found.start() + 1;
                let at = owner(found.start());
                // The values lie end to end: what runs over the end of one is none of its text.
                if found.end() <= offsets[at + 1] as usize {
                    rows.push(row(at));
                }
            }
        }
    }
}

/// From a place in the values to the element that owns it.
fn owners(offsets: &[i32]) -> impl Fn(usize) -> usize + '_ {
    |at| offsets.partition_point(|&offset| offset as usize <= at) - 1
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Int64Array, ListBuilder, StringBuilder};

    use super::*;

    #[test]
    fn rows_count_once_and_values_do_not_run_together() {
        let times = Int64Array::from(vec![10, 20, 30]);
        let plain = StringArray::from(vec!["xx-ab", "c-yy", "abc"]);
        let mut lists = ListBuilder::new(StringBuilder::new());
        lists.append_value([Some("abc"), Some("zabcz")]);
        lists.append_null();
        lists.append_value([Some("nothing")]);
        let batch = RecordBatch::try_from_iter([
            ("time", Arc::new(times) as _),
            ("plain", Arc::new(plain) as _),
            ("lists", Arc::new(lists.finish()) as _),
        ])
        .unwrap();
        let census = Census::new(["abc", "c-yy", "none"].into_iter()).unwrap();
        let mut totals = [Sightings::default(); 3];
        census.count(&batch, &mut totals);
        assert_eq!(totals[0].events, 2);
        assert_eq!(totals[0].span, Some((10, 30)));
        assert_eq!(totals[1].events, 1);
        assert_eq!(totals[2], Sightings::default());
    }
}
