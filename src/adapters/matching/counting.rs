//! What correlations have counted, over objects and over starts of the program.
//!
//! An object is counted once: where it is read again, because the program was killed before anybody
//! had what was found in it, or because a part of it could not be had, the same is told of it again
//! and nothing is counted twice. With a file ([`Ledger`]) that outlives the program: what is counted
//! is on the disk before anything is told of it, and a start remembers the matches that the file
//! has. Several processes that share it count together.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::book::{Correlated, Read};
use super::judge::Hit;
use super::ledger::{Entry, Ledger, LedgerError, Line};
use super::windows::{Counted, Match, Windows};
use crate::domain::detection::ObjectName;
use crate::domain::mark::of_parts;
use crate::domain::sigma::{About, CorrelationKind};
use crate::sql::sigma::Unusable;

/// Objects of correlations that are known again without a look into the file.
const MOST_KNOWN: usize = 10_000;

/// How long what was counted is kept at least: events arrive late.
const KEPT: TimeDelta = TimeDelta::days(1);

/// How long a file that failed is left alone.
const AFTER_FAULT: TimeDelta = TimeDelta::minutes(1);

/// What tells an object in one state from every other.
pub(super) type Mark = [u8; 16];

/// The mark of an object in a state.
pub(super) fn mark(object: &ObjectName, state: &str) -> Mark {
    digest(&[&object.bucket, &object.key, state])
}

fn digest(parts: &[&str]) -> Mark {
    of_parts(parts.iter().map(|part| Some(part.as_bytes())))
}

/// The matches at which a correlation is told: the match, and the correlation's meaning.
type Told<'h> = Vec<(&'h Hit, usize)>;

/// The rows of an object at which a correlation is told: row group and row.
type Rows = Vec<(usize, u64)>;

/// What is counted.
#[derive(Debug, Default)]
pub(super) struct Counting {
    windows: Windows,
    /// What the numbers in the windows mean.
    read: Option<Arc<Read>>,
    /// The marks of the correlations, by their meanings.
    marks: HashMap<usize, Mark>,
    /// Correlations whose part of the file is in the windows.
    recalled: HashSet<Mark>,
    /// The last line of the file that is in the windows, where its correlation is.
    last: i64,
    file: Place,
    /// What was told of objects, the oldest first in the order.
    known: HashMap<(Mark, Mark), Rows>,
    order: VecDeque<(Mark, Mark)>,
}

/// Where it is kept.
#[derive(Debug, Default)]
enum Place {
    /// In memory alone.
    #[default]
    Nowhere,
    /// In a file that is opened at the first match, from a time on.
    At(PathBuf, DateTime<Utc>),
    Open(Ledger),
}

impl Counting {
    /// Keeps in a file what is counted from now on, and goes on with what is in it.
    pub(super) fn keep_in(&mut self, file: PathBuf) {
        self.file = Place::At(file, DateTime::<Utc>::MIN_UTC);
    }

    /// Takes the matches of an object; gives those at which a correlation is told, and what is to be
    /// said of the file.
    pub(super) fn take<'h>(
        &mut self,
        read: &'h Arc<Read>,
        object: Mark,
        hits: &'h [Hit],
        now: DateTime<Utc>,
    ) -> (Told<'h>, Option<Unusable>) {
        let mut of_each: BTreeMap<usize, Vec<Counted<'h>>> = BTreeMap::new();
        for counted in Windows::counted(read, hits) {
            of_each
                .entry(counted.one.meaning)
                .or_default()
                .push(counted);
        }
        if of_each.is_empty() {
            return (Vec::new(), None);
        }
        self.turn_to(read);
        let mut ledger = match std::mem::take(&mut self.file) {
            Place::Open(ledger) => Ok(ledger),
            Place::At(file, from) if from <= now => Ledger::open(&file, now),
            elsewhere => {
                self.file = elsewhere;
                return (self.in_memory(object, &of_each), None);
            }
        };
        let told = match &mut ledger {
            Ok(ledger) => self.on_disk(ledger, object, &of_each, now),
            Err(error) => Err(error.clone()),
        };
        match (told, ledger) {
            (Ok(told), Ok(ledger)) => {
                self.file = Place::Open(ledger);
                (told, None)
            }
            // Whoever counts goes on counting: what is in memory is not less than before.
            (Err(error), _) | (_, Err(error)) => {
                let again = now.checked_add_signed(AFTER_FAULT).unwrap_or(now);
                self.file = Place::At(error.path().to_owned(), again);
                (self.in_memory(object, &of_each), Some(unkept(&error)))
            }
        }
    }

    /// The numbers in the windows are those of a book: another one begins with empty windows, into
    /// which the file is read again.
    fn turn_to(&mut self, read: &Arc<Read>) {
        if self
            .read
            .as_ref()
            .is_some_and(|known| Arc::ptr_eq(known, read))
        {
            return;
        }
        self.windows = Windows::default();
        self.recalled.clear();
        self.marks = read
            .correlations
            .iter()
            .map(|one| (one.meaning, mark_of(read, one)))
            .collect();
        self.read = Some(Arc::clone(read));
    }

    fn mark_of(&self, one: &Correlated) -> Mark {
        self.marks.get(&one.meaning).copied().unwrap_or_default()
    }

    fn in_memory<'h>(
        &mut self,
        object: Mark,
        of_each: &BTreeMap<usize, Vec<Counted<'h>>>,
    ) -> Told<'h> {
        let mut told = Vec::new();
        for all in of_each.values() {
            let Some(first) = all.first() else { continue };
            let place = (object, self.mark_of(first.one));
            if let Some(rows) = self.known.get(&place) {
                told.extend(told_before(all, rows));
                continue;
            }
            let (rows, _) = self.count(all, &mut told);
            self.know(place, rows);
        }
        told
    }

    /// Counts what the file does not have, in one commit: what is told is on the disk.
    fn on_disk<'h>(
        &mut self,
        ledger: &mut Ledger,
        object: Mark,
        of_each: &BTreeMap<usize, Vec<Counted<'h>>>,
        now: DateTime<Utc>,
    ) -> Result<Told<'h>, LedgerError> {
        ledger.forget_old(now)?;
        let mut writing = ledger.begin()?;
        // What other processes have counted since.
        let read = self.read.clone();
        let correlations = read.iter().flat_map(|read| &read.correlations);
        let known: HashMap<Mark, &Correlated> = correlations
            .map(|one| (self.mark_of(one), one))
            .filter(|(mark, _)| self.recalled.contains(mark))
            .collect();
        let windows = &mut self.windows;
        self.last = match known.is_empty() {
            true => writing.newest()?,
            false => writing.after(self.last, |entry| {
                if let Some(one) = known.get(&entry.correlation) {
                    recall(windows, one, entry);
                }
            })?,
        };
        let mut told = Vec::new();
        for all in of_each.values() {
            let Some(first) = all.first() else { continue };
            let mark = self.mark_of(first.one);
            if self.recalled.insert(mark) {
                let windows = &mut self.windows;
                writing.of_correlation(mark, self.last, |entry| {
                    recall(windows, first.one, entry);
                })?;
            }
            let place = (object, mark);
            let before = match self.known.get(&place) {
                Some(rows) => Some(rows.clone()),
                None => writing.told(object, mark)?,
            };
            if let Some(rows) = before {
                told.extend(told_before(all, &rows));
                continue;
            }
            let (rows, matches) = self.count(all, &mut told);
            self.know(place, rows.clone());
            if matches.is_empty() {
                // Counted again, it changes nothing again.
                continue;
            }
            let span =
                TimeDelta::milliseconds(first.one.correlation.span_ms.clamp(0, i64::MAX / 4));
            let kept = KEPT.max(span.checked_mul(2).unwrap_or(span));
            self.last = writing.add(&Entry {
                object,
                correlation: mark,
                until: now
                    .checked_add_signed(kept)
                    .unwrap_or(DateTime::<Utc>::MAX_UTC),
                matches,
                told: rows,
            })?;
        }
        writing.commit()?;
        Ok(told)
    }

    /// Counts matches of one correlation; gives the rows at which it is told, and what it changed.
    fn count<'h>(&mut self, all: &[Counted<'h>], told: &mut Told<'h>) -> (Rows, Vec<Line>) {
        let (mut rows, mut matches) = (Vec::new(), Vec::new());
        for counted in all {
            let Counted { hit, one, key, new } = counted;
            let fires = self.windows.add(one, key.clone(), new.clone());
            if fires {
                rows.push((hit.group, hit.row));
                told.push((*hit, one.meaning));
            }
            // In a storm most change nothing: those are not written down.
            if fires || self.windows.remembers(one, key, new) {
                matches.push(Line {
                    key: key.clone(),
                    at_ms: new.at_ms,
                    what: written(one, &new.what),
                });
            }
        }
        (rows, matches)
    }

    fn know(&mut self, place: (Mark, Mark), rows: Rows) {
        if self.known.insert(place, rows).is_none() {
            self.order.push_back(place);
        }
        while self.order.len() > MOST_KNOWN {
            if let Some(old) = self.order.pop_front() {
                self.known.remove(&old);
            }
        }
    }
}

/// The matches of an object at which a correlation was told before.
fn told_before<'h>(all: &[Counted<'h>], rows: &Rows) -> Told<'h> {
    let of_row = |(group, row): &(usize, u64)| {
        let at = all
            .iter()
            .find(|counted| (counted.hit.group, counted.hit.row) == (*group, *row))?;
        Some((at.hit, at.one.meaning))
    };
    rows.iter().filter_map(of_row).collect()
}

/// Puts what was counted earlier into the windows. That it was told then is as it was.
fn recall(windows: &mut Windows, one: &Correlated, entry: Entry) {
    for line in entry.matches {
        if let Some(what) = read_back(one, line.what) {
            let at_ms = line.at_ms;
            windows.add(one, line.key, Match { at_ms, what });
        }
    }
}

/// What a match counts by, as it is written down: rules by their places in the correlation, because
/// their numbers are those of one start.
fn written(one: &Correlated, what: &str) -> String {
    match &one.correlation.kind {
        CorrelationKind::Events | CorrelationKind::Values(_) => what.to_owned(),
        _ => {
            let place = one.rules.iter().position(|rule| rule.to_string() == what);
            place.map_or_else(String::new, |place| place.to_string())
        }
    }
}

fn read_back(one: &Correlated, what: String) -> Option<String> {
    match &one.correlation.kind {
        CorrelationKind::Events | CorrelationKind::Values(_) => Some(what),
        _ => {
            let place = what.parse::<usize>().ok()?;
            Some(one.rules.get(place)?.to_string())
        }
    }
}

/// The mark of a correlation with its rules: what it has counted is its own as long as it says the
/// same.
fn mark_of(read: &Read, one: &Correlated) -> Mark {
    let rules = one
        .rules
        .iter()
        .map(|rule| read.book.rules.rules.get(*rule));
    let rules: Vec<String> = rules.map(|rule| format!("{rule:?}")).collect();
    digest(&[&format!("{:?}", one.correlation), &rules.concat()])
}

fn unkept(error: &LedgerError) -> Unusable {
    let title = "the file of what correlations count".to_owned();
    Unusable {
        about: About {
            id: title.clone(),
            title,
            ..About::default()
        },
        why: format!("{error}; until it can be used they count in memory alone"),
    }
}
