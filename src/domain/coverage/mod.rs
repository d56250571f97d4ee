//! What a lake covers: source × account × Region × hour, from the objects that were seen.
//!
//! Owns the counts, the question whether a time was collected, and the gaps; no I/O. An object
//! counts for every hour that its events may lie in, as its footer says; where the footer is not
//! known, for every hour of the day in its key.

mod gaps;
mod strip;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

pub use gaps::Gap;
pub use strip::{Shade, Step, Strip};

/// Milliseconds of an hour.
const HOUR: i64 = 3_600_000;

/// The most hours that one object may mark: a file of odd times marks its ends.
const LONGEST: i64 = 24 * 400;

/// Where rows come from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Stretch {
    /// The table: a source's alias such as `vpc_flow`, `vpc_flow_1_0` for the older version, the
    /// name of a custom source, or a folder's.
    pub source: Arc<str>,
    /// The account in the key; empty where it names none.
    pub account: Arc<str>,
    /// The Region in the key; empty where it names none.
    pub region: Arc<str>,
}

/// An object of the lake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenObject {
    /// Where its rows come from.
    pub stretch: Stretch,
    /// The day in its key.
    pub day: Option<NaiveDate>,
    /// The times of its first and its last event, where its footer tells.
    pub span: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its rows, where its footer tells.
    pub rows: Option<u64>,
}

/// What lies in one hour. An object of several hours counts in each; its rows are shared out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cell {
    /// Objects that may have an event of the hour.
    pub objects: u64,
    /// Their rows, shared out over their hours; of those that tell them.
    pub rows: u64,
    /// Objects of which only the day is known.
    pub by_day: u64,
}

/// The hours of one source, account and Region.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Series {
    /// By hours since 1970.
    pub hours: BTreeMap<i64, Cell>,
    /// The first and the last moment that an event may have.
    pub extent: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// Objects.
    pub objects: u64,
    /// Their size in bytes.
    pub bytes: u64,
    /// Their rows, of those that tell them.
    pub rows: u64,
    /// Objects whose footer is not known.
    pub unread: u64,
}

/// What a lake covers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Coverage {
    series: BTreeMap<Stretch, Series>,
    complete: bool,
    last: Option<DateTime<Utc>>,
}

/// Which part of a lake is asked about; an empty list means any.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Part {
    /// The table, as [`Stretch::source`] has it.
    pub source: Option<String>,
    /// Accounts.
    pub accounts: Vec<String>,
    /// Regions.
    pub regions: Vec<String>,
}

impl Part {
    /// All of one table.
    pub fn of(source: &str) -> Self {
        Self {
            source: Some(source.to_owned()),
            ..Self::default()
        }
    }

    /// Whether rows from there belong to it.
    pub fn has(&self, stretch: &Stretch) -> bool {
        let among =
            |list: &[String], value: &str| list.is_empty() || list.iter().any(|one| one == value);
        self.source
            .as_deref()
            .is_none_or(|source| source == &*stretch.source)
            && among(&self.accounts, &stretch.account)
            && among(&self.regions, &stretch.region)
    }
}

/// What is known of a part of a lake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Extent {
    /// Objects.
    pub objects: u64,
    /// Their rows, of those that tell them.
    pub rows: u64,
    /// The first and the last moment that an event may have.
    pub between: Option<(DateTime<Utc>, DateTime<Utc>)>,
}

impl Coverage {
    /// What these objects cover; `complete` where they are all that the lake has.
    pub fn of(objects: impl IntoIterator<Item = SeenObject>, complete: bool) -> Self {
        let mut coverage = Self {
            complete,
            ..Self::default()
        };
        for object in objects {
            coverage.add(&object);
        }
        coverage
    }

    /// Counts one more object.
    pub fn add(&mut self, object: &SeenObject) {
        let series = self.series.entry(object.stretch.clone()).or_default();
        series.add(object);
        let last = series.extent.map(|(_, last)| last);
        self.last = self.last.max(last);
    }

    /// Whether every object of the lake is counted: what is not here is nowhere.
    pub fn is_complete(&self) -> bool {
        self.complete
    }

    /// Whether no object is known.
    pub fn is_empty(&self) -> bool {
        self.series.is_empty()
    }

    /// The last moment that an event of any source may have.
    pub fn last(&self) -> Option<DateTime<Utc>> {
        self.last
    }

    /// Every source, account and Region with its hours.
    pub fn series(&self) -> impl Iterator<Item = (&Stretch, &Series)> {
        self.series.iter()
    }

    /// Those of a part.
    pub fn part<'a>(&'a self, part: &'a Part) -> impl Iterator<Item = (&'a Stretch, &'a Series)> {
        self.series().filter(|(stretch, _)| part.has(stretch))
    }

    /// The different values of one kind in a part, sorted.
    pub fn distinct(&self, part: &Part, of: impl Fn(&Stretch) -> &Arc<str>) -> Vec<String> {
        let mut found: Vec<String> = self
            .part(part)
            .map(|(stretch, _)| of(stretch).to_string())
            .filter(|value| !value.is_empty())
            .collect();
        found.sort();
        found.dedup();
        found
    }

    /// What is known of a part.
    pub fn extent(&self, part: &Part) -> Extent {
        let mut extent = Extent::default();
        for (_, series) in self.part(part) {
            extent.objects += series.objects;
            extent.rows += series.rows;
            extent.between = joined(extent.between, series.extent);
        }
        extent
    }

    /// Objects of a part that may have an event at or after `from` and before `to`; an object
    /// counts once for each hour that it touches.
    pub fn objects_in(
        &self,
        part: &Part,
        from: Option<DateTime<Utc>>,
        to: Option<DateTime<Utc>>,
    ) -> u64 {
        let first = from.map_or(i64::MIN, hour_of);
        let end = to.map_or(i64::MAX, |to| hour_of(to - TimeDelta::milliseconds(1)));
        if first > end {
            return 0;
        }
        self.part(part)
            .flat_map(|(_, series)| series.hours.range(first..=end))
            .map(|(_, cell)| cell.objects)
            .sum()
    }

    /// The last moment before a time, and the first one behind it, at which an event may be.
    pub fn around(
        &self,
        part: &Part,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
        let mut before: Option<i64> = None;
        let mut after: Option<i64> = None;
        for (_, series) in self.part(part) {
            let earlier = series.hours.range(..hour_of(from)).next_back();
            before = before.max(earlier.map(|(hour, _)| *hour));
            let later = series.hours.range(hour_of(to)..).next();
            after = match (after, later.map(|(hour, _)| *hour)) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
        // The hour before has ended when the next one begins.
        (
            before.and_then(|hour| start_of(hour + 1)),
            after.and_then(start_of),
        )
    }
}

impl Series {
    fn add(&mut self, object: &SeenObject) {
        self.objects += 1;
        self.bytes += object.bytes;
        self.rows += object.rows.unwrap_or(0);
        self.unread += u64::from(object.span.is_none());
        let by_day = object.span.is_none();
        let Some((first, last)) = object.span.or_else(|| whole_day(object.day?)) else {
            return;
        };
        self.extent = joined(self.extent, Some((first, last)));
        let (first, last) = (hour_of(first), hour_of(last.max(first)));
        let hours: Vec<i64> = if last - first > LONGEST {
            vec![first, last]
        } else {
            (first..=last).collect()
        };
        let count = hours.len() as u64;
        let rows = object.rows.unwrap_or(0);
        for (place, hour) in (0_u64..).zip(hours) {
            let cell = self.hours.entry(hour).or_default();
            cell.objects += 1;
            cell.by_day += u64::from(by_day);
            // Shares whose sum is the whole.
            cell.rows += rows / count + u64::from(place < rows % count);
        }
    }
}

fn joined(
    one: Option<(DateTime<Utc>, DateTime<Utc>)>,
    other: Option<(DateTime<Utc>, DateTime<Utc>)>,
) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    match (one, other) {
        (Some((a, b)), Some((c, d))) => Some((a.min(c), b.max(d))),
        (one, other) => one.or(other),
    }
}

fn whole_day(day: NaiveDate) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
    let start = day.and_hms_opt(0, 0, 0)?.and_utc();
    let end = start.checked_add_signed(TimeDelta::milliseconds(24 * HOUR - 1))?;
    Some((start, end))
}

/// Hours since 1970.
fn hour_of(time: DateTime<Utc>) -> i64 {
    time.timestamp_millis().div_euclid(HOUR)
}

/// When an hour begins.
fn start_of(hour: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(hour.checked_mul(HOUR)?)
}
