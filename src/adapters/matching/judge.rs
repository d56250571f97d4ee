//! The rows of an object that match, a window of rows at a time: first by what is short, then what is
//! left by everything.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{Array as _, ArrayRef, AsArray as _, BooleanArray, RecordBatch, UInt64Array};
use arrow::compute::{cast, take_record_batch};
use arrow::datatypes::{DataType, Int64Type, TimeUnit, TimestampMillisecondType};

use super::program::{CLASS, Program, SEVERITY, TIMES};
use crate::adapters::engine::ObjectFault;
use crate::adapters::engine::object::{BoundExpression, FieldPath, Prepared, Rows, Wanted};

/// Rows that are judged at a time: what they leave to be looked at again stays in memory.
const WINDOW: u64 = 262_144;

/// The classes of findings that other products write.
const FINDINGS: std::ops::RangeInclusive<i64> = 2001..=2004;

/// A row that matches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hit {
    /// The row group.
    pub(super) group: usize,
    /// The row in it.
    pub(super) row: u64,
    pub(super) what: What,
    /// When it happened, in milliseconds, where a correlation wants to know.
    pub(super) at_ms: Option<i64>,
    /// What correlations want to know of it.
    pub(super) keys: Vec<Option<String>>,
}

/// What a row matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    /// The meaning with this number.
    Meaning(usize),
    /// A finding says so of itself.
    Finding,
}

/// Everything that judging an object brings.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    pub(super) by_class: BTreeMap<i64, u64>,
    pub(super) by_severity: BTreeMap<i64, u64>,
    /// In the object's order.
    pub(super) hits: Vec<Hit>,
    /// Matches that are not among the hits, because there are too many.
    pub(super) more: u64,
    /// Tests that failed on rows: their meanings, and why.
    pub(super) failed: Vec<(usize, String)>,
}

/// How judging goes about it.
pub(super) struct Judge<'a> {
    pub(super) program: &'a Program,
    pub(super) prepared: &'a Prepared<'a>,
    /// Whether findings are detections.
    pub(super) findings: bool,
    /// The most hits.
    pub(super) most: usize,
}

impl Judge<'_> {
    /// Judges all rows.
    pub(super) fn judge(&self, groups: &[u64]) -> Result<Verdict, ObjectFault> {
        let mut verdict = Verdict::default();
        for (group, rows) in groups.iter().enumerate() {
            let mut start = 0;
            while start < *rows {
                let end = (start + WINDOW).min(*rows);
                self.window(group, start..end, &mut verdict)?;
                start = end;
            }
        }
        Ok(verdict)
    }

    fn window(
        &self,
        group: usize,
        span: std::ops::Range<u64>,
        verdict: &mut Verdict,
    ) -> Result<(), ObjectFault> {
        let mut left: Vec<(u64, usize)> = Vec::new();
        let mut hits: Vec<(u64, What)> = Vec::new();
        let mut base = span.start;
        let rows = Rows::Span(span);
        for batch in self.prepared.read(&self.program.first, group, &rows)? {
            let batch = batch?;
            self.count(&batch, base, &mut hits, verdict);
            self.sift(&batch, base, &mut left, &mut hits, verdict);
            base += batch.num_rows() as u64;
        }
        let mut found: Vec<Hit> = hits
            .into_iter()
            .map(|(row, what)| Hit {
                group,
                row,
                what,
                at_ms: None,
                keys: Vec::new(),
            })
            .collect();
        if !left.is_empty() {
            left.sort_unstable();
            self.weigh(group, &left, &mut found, verdict)?;
        }
        found.sort_by_key(|hit| (hit.row, hit.what));
        let room = self.most.saturating_sub(verdict.hits.len());
        verdict.more += found.len().saturating_sub(room) as u64;
        found.truncate(room);
        verdict.hits.append(&mut found);
        Ok(())
    }

    /// Counts rows, and finds the findings.
    fn count(
        &self,
        batch: &RecordBatch,
        base: u64,
        hits: &mut Vec<(u64, What)>,
        verdict: &mut Verdict,
    ) {
        for (name, counts) in [
            (CLASS, &mut verdict.by_class),
            (SEVERITY, &mut verdict.by_severity),
        ] {
            let Some(ids) = whole_numbers(batch, name) else {
                continue;
            };
            let ids = ids.as_primitive::<Int64Type>();
            // Runs of the same value are the rule.
            let mut run: Option<(i64, u64)> = None;
            for id in ids.iter().flatten() {
                match &mut run {
                    Some((known, count)) if *known == id => *count += 1,
                    run => {
                        if let Some((known, count)) = run.replace((id, 1)) {
                            tally(counts, known, count);
                        }
                    }
                }
            }
            if let Some((known, count)) = run {
                tally(counts, known, count);
            }
            if self.findings && name == CLASS {
                let places = (base..).zip(ids.iter());
                hits.extend(
                    places
                        .filter(|(_, id)| id.is_some_and(|id| FINDINGS.contains(&id)))
                        .map(|(row, _)| (row, What::Finding)),
                );
            }
        }
    }

    /// Asks of every row what can be asked of short columns.
    fn sift(
        &self,
        batch: &RecordBatch,
        base: u64,
        left: &mut Vec<(u64, usize)>,
        hits: &mut Vec<(u64, What)>,
        verdict: &mut Verdict,
    ) {
        let mut settle = |test: usize, row: u64| {
            let Some(of) = self.program.tests.get(test) else {
                return;
            };
            match of.is_settled {
                true => hits.push((base + row, What::Meaning(of.meaning))),
                false => left.push((base + row, test)),
            }
        };
        for (place, test) in self.program.tests.iter().enumerate() {
            if test.by_operation || test.is_broken() {
                continue;
            }
            match &test.gate {
                None => (0..batch.num_rows() as u64).for_each(|row| settle(place, row)),
                Some(gate) => {
                    if let Some(truth) = self.ask(gate, place, batch, verdict) {
                        each_true(&truth, |row| settle(place, row as u64));
                    }
                }
            }
        }
        let by_test = self.by_operation(batch);
        if by_test.is_empty() {
            return;
        }
        let rows: BTreeSet<u64> = by_test.values().flatten().copied().collect();
        let rows: Vec<u64> = rows.into_iter().collect();
        let Ok(small) = take_record_batch(batch, &UInt64Array::from(rows.clone())) else {
            return;
        };
        for (place, own) in &by_test {
            let Some(test) = self
                .program
                .tests
                .get(*place)
                .filter(|test| !test.is_broken())
            else {
                continue;
            };
            match &test.gate {
                None => own.iter().for_each(|row| settle(*place, *row)),
                Some(gate) => {
                    if let Some(truth) = self.ask(gate, *place, &small, verdict) {
                        each_true(&truth, |at| {
                            if let Some(row) = rows.get(at)
                                && own.binary_search(row).is_ok()
                            {
                                settle(*place, *row);
                            }
                        });
                    }
                }
            }
        }
    }

    /// The rows of a batch that have an operation of a test, by the tests.
    fn by_operation(&self, batch: &RecordBatch) -> BTreeMap<usize, Vec<u64>> {
        let mut found: BTreeMap<usize, Vec<u64>> = BTreeMap::new();
        let operations = &self.program.operations;
        let names = batch
            .column_by_name("api")
            .and_then(|api| api.as_struct_opt())
            .and_then(|api| api.column_by_name("operation"))
            .and_then(|names| names.as_string_view_opt());
        let Some(names) = names.filter(|_| !operations.is_empty()) else {
            return found;
        };
        let mut lower = String::new();
        // Neighbours are often the same call.
        let mut before: Option<(&str, Option<&Vec<usize>>)> = None;
        for row in 0..names.len() {
            if names.is_null(row) {
                continue;
            }
            let name = names.value(row);
            let tests = match before {
                Some((known, tests)) if known == name => tests,
                _ => {
                    let tests = match name.is_ascii() {
                        true => {
                            lower.clear();
                            lower.push_str(name);
                            lower.make_ascii_lowercase();
                            operations.get(lower.as_str())
                        }
                        false => operations.get(&name.to_lowercase()),
                    };
                    before = Some((name, tests));
                    tests
                }
            };
            for test in tests.into_iter().flatten() {
                found.entry(*test).or_default().push(row as u64);
            }
        }
        found
    }

    /// Asks whole tests of the rows that are left.
    fn weigh(
        &self,
        group: usize,
        left: &[(u64, usize)],
        found: &mut Vec<Hit>,
        verdict: &mut Verdict,
    ) -> Result<(), ObjectFault> {
        let program = self.program;
        let asked: BTreeSet<usize> = left.iter().map(|(_, test)| *test).collect();
        let mut paths: BTreeSet<FieldPath> = BTreeSet::new();
        for test in asked.iter().filter_map(|place| program.tests.get(*place)) {
            paths.extend(test.needs().cloned());
            if test.is_counted {
                paths.extend(TIMES.map(|name| vec![name.to_owned()]));
            }
        }
        let wanted = Wanted::some(&program.layout, &paths);
        let mut bound: BTreeMap<usize, Bound> = BTreeMap::new();
        for place in asked {
            let Some(test) = program.tests.get(place) else {
                continue;
            };
            let made = test.whole.bound(wanted.schema()).and_then(|whole| {
                let keys = test.keys.iter().map(|key| match key {
                    Some(key) => key.bound(wanted.schema()).map(Some),
                    None => Ok(None),
                });
                let keys: Result<Vec<_>, String> = keys.collect();
                Ok(Bound { whole, keys: keys? })
            });
            match made {
                Ok(made) => {
                    bound.insert(place, made);
                }
                Err(why) => self.broke(place, why, verdict),
            }
        }
        let mut rows: Vec<u64> = left.iter().map(|(row, _)| *row).collect();
        rows.dedup();
        let mut done = 0;
        let mut next = 0;
        for batch in self.prepared.read(&wanted, group, &Rows::Some(&rows))? {
            let batch = batch?;
            let here = rows.get(done..done + batch.num_rows()).unwrap_or_default();
            done += batch.num_rows();
            let mut by_test: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
            for (at, row) in here.iter().enumerate() {
                while let Some((of, test)) = left.get(next).filter(|(of, _)| of == row) {
                    debug_assert_eq!(of, row);
                    by_test.entry(*test).or_default().push(at);
                    next += 1;
                }
            }
            for (place, own) in by_test {
                let (Some(test), Some(bound)) = (program.tests.get(place), bound.get(&place))
                else {
                    continue;
                };
                if test.is_broken() {
                    continue;
                }
                let Some(truth) = self.ask(&bound.whole, place, &batch, verdict) else {
                    continue;
                };
                let matched: Vec<usize> = own
                    .into_iter()
                    .filter(|at| *at < truth.len() && truth.value(*at))
                    .collect();
                if matched.is_empty() {
                    continue;
                }
                let (times, keys) = self.known(test.is_counted, bound, &batch);
                for at in matched {
                    let Some(row) = here.get(at) else { continue };
                    found.push(Hit {
                        group,
                        row: *row,
                        what: What::Meaning(test.meaning),
                        at_ms: times.as_ref().and_then(|times| {
                            let times = times.as_primitive_opt::<Int64Type>()?;
                            times.is_valid(at).then(|| times.value(at))
                        }),
                        keys: keys.iter().map(|key| text_at(key.as_ref(), at)).collect(),
                    });
                }
            }
        }
        Ok(())
    }

    /// The times of a batch's rows, and what correlations want to know of them.
    fn known(
        &self,
        is_counted: bool,
        bound: &Bound,
        batch: &RecordBatch,
    ) -> (Option<ArrayRef>, Vec<Option<ArrayRef>>) {
        if !is_counted {
            return (None, Vec::new());
        }
        let times = TIMES.iter().find_map(|name| milliseconds(batch, name));
        let keys = bound.keys.iter().map(|key| {
            let values = key.as_ref()?.values(batch).ok()?;
            cast(&values, &DataType::Utf8View).ok()
        });
        (times, keys.collect())
    }

    fn ask(
        &self,
        expression: &BoundExpression,
        place: usize,
        batch: &RecordBatch,
        verdict: &mut Verdict,
    ) -> Option<BooleanArray> {
        match expression.test(batch) {
            Ok(truth) => Some(truth),
            Err(why) => {
                self.broke(place, why, verdict);
                None
            }
        }
    }

    fn broke(&self, place: usize, why: String, verdict: &mut Verdict) {
        if let Some(test) = self.program.tests.get(place)
            && test.breaks()
        {
            verdict.failed.push((test.meaning, why));
        }
    }
}

/// A whole test and its keys, for batches of what they need.
struct Bound {
    whole: BoundExpression,
    keys: Vec<Option<BoundExpression>>,
}

/// The most different ids that are counted: an object's are what its writer says.
const MOST_IDS: usize = 1_024;

fn tally(counts: &mut BTreeMap<i64, u64>, id: i64, count: u64) {
    if counts.len() < MOST_IDS || counts.contains_key(&id) {
        *counts.entry(id).or_default() += count;
    }
}

fn each_true(truth: &BooleanArray, act: impl FnMut(usize)) {
    truth.values().set_indices().for_each(act);
}

fn whole_numbers(batch: &RecordBatch, name: &str) -> Option<ArrayRef> {
    let column = batch.column_by_name(name)?;
    cast(column, &DataType::Int64).ok()
}

fn milliseconds(batch: &RecordBatch, name: &str) -> Option<ArrayRef> {
    let column = batch.column_by_name(name)?;
    if let DataType::Timestamp(..) = column.data_type() {
        let stamps = cast(column, &DataType::Timestamp(TimeUnit::Millisecond, None)).ok()?;
        let stamps = stamps.as_primitive_opt::<TimestampMillisecondType>()?;
        return Some(std::sync::Arc::new(stamps.reinterpret_cast::<Int64Type>()))
            .filter(|times: &std::sync::Arc<arrow::array::Int64Array>| {
                times.null_count() < times.len()
            })
            .map(|times| times as ArrayRef);
    }
    let numbers = cast(column, &DataType::Int64).ok()?;
    (numbers.null_count() < numbers.len()).then_some(numbers)
}

fn text_at(values: Option<&ArrayRef>, row: usize) -> Option<String> {
    let values = values?.as_string_view_opt()?;
    (row < values.len() && values.is_valid(row)).then(|| values.value(row).to_owned())
}
