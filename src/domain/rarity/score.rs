//! The surprise of rows against a history.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::RecordBatch;

use super::history::{ABSENT, Dictionary, Features, History, Tally};
use super::roles::Roles;
use super::words::{Reason, Seen};
use super::{DIMENSIONS, HOUR, PAIRS};

/// Hours before a row that do not count as its past.
const LAG: i32 = 24;

/// The least past that counts as one: hours, and events.
const LEAST_HOURS: i32 = 24;
const LEAST_EVENTS: u64 = 500;

/// What is added to every count, so that what was never seen is not infinitely surprising.
const SMOOTHING: f64 = 0.5;

/// How surprising a row is.
#[derive(Debug, Clone, PartialEq)]
pub struct Score {
    /// In bits; 0 and below is nothing special.
    pub surprise: f64,
    /// Why, in words. Holds data.
    pub reason: Arc<str>,
}

/// The scores of a result's rows, by the number of the row.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ranking {
    /// One for each row that was there.
    pub scores: Vec<Score>,
    /// What they were judged against, in words.
    pub against: String,
}

impl Ranking {
    /// How surprising a row is; what came later is at the end.
    pub fn surprise(&self, row: usize) -> f64 {
        self.scores
            .get(row)
            .map_or(f64::NEG_INFINITY, |score| score.surprise)
    }
}

impl History {
    /// The scores of a batch's rows, in order. The rows may be part of the history.
    pub fn score(&self, batch: &RecordBatch, roles: &Roles) -> Vec<Score> {
        let mut judge = Judge {
            history: self,
            more: Default::default(),
            known: HashMap::new(),
        };
        let values = roles.values(batch);
        (0..batch.num_rows())
            .map(|row| {
                let mut features = [ABSENT; DIMENSIONS];
                for (dimension, feature) in features.iter_mut().enumerate() {
                    if let Some(text) = values.text(dimension, row) {
                        *feature = judge.number(dimension, &text);
                    }
                }
                judge.score(features, values.hour(row))
            })
            .collect()
    }
}

/// Judges rows; equal rows of one hour once.
struct Judge<'a> {
    history: &'a History,
    /// Values that the history does not have, numbered after its own.
    more: [Dictionary; DIMENSIONS],
    known: HashMap<(Features, Option<i32>), Score>,
}

/// The counts that a row is judged by.
#[derive(Clone, Copy)]
struct Past {
    /// The last hour that counts; `None` for all of them but the row itself.
    until: Option<i32>,
    /// Events in it.
    events: u64,
    /// Its length in hours, where times are known.
    hours: Option<u32>,
}

impl Past {
    fn count(self, tally: Option<&Tally>) -> u64 {
        let Some(tally) = tally else { return 0 };
        match self.until {
            Some(hour) => tally.until(hour),
            None => tally.total().saturating_sub(1),
        }
    }
}

impl Judge<'_> {
    fn number(&mut self, dimension: usize, text: &str) -> u32 {
        let (Some(known), Some(more)) = (
            self.history.values.get(dimension),
            self.more.get_mut(dimension),
        ) else {
            return ABSENT;
        };
        known.number(text).unwrap_or_else(|| {
            let after = u32::try_from(known.len()).unwrap_or(ABSENT - 1);
            after.saturating_add(more.intern(text)).min(ABSENT - 1)
        })
    }

    fn name(&self, dimension: usize, number: u32) -> Option<&str> {
        let known = self.history.values.get(dimension)?;
        known.name(number).or_else(|| {
            let after = u32::try_from(known.len()).ok()?;
            self.more.get(dimension)?.name(number.checked_sub(after)?)
        })
    }

    fn score(&mut self, features: Features, hour: Option<i32>) -> Score {
        if let Some(score) = self.known.get(&(features, hour)) {
            return score.clone();
        }
        let score = self.judge(features, hour);
        self.known.insert((features, hour), score.clone());
        score
    }

    fn past(&self, hour: Option<i32>) -> Past {
        let history = self.history;
        let before = hour.zip(history.span).and_then(|(hour, (first, _))| {
            let until = hour.checked_sub(LAG)?;
            let hours = until.checked_sub(first)?.checked_add(1)?;
            let events = history.all.until(until);
            (hours >= LEAST_HOURS && events >= LEAST_EVENTS).then_some(Past {
                until: Some(until),
                events,
                hours: u32::try_from(hours).ok(),
            })
        });
        before.unwrap_or(Past {
            until: None,
            events: history.events().saturating_sub(1),
            hours: history.hours(),
        })
    }

    fn judge(&self, features: Features, hour: Option<i32>) -> Score {
        let past = self.past(hour);
        let history = self.history;
        let single = |dimension: usize| -> Option<&Tally> {
            let number = *features.get(dimension)? as usize;
            history.singles.get(dimension)?.get(number)
        };
        let told = |dimension: usize| {
            features[dimension] != ABSENT && history.entropy[dimension].is_some()
        };
        let events = past.events as f64;
        let mut best: Option<(f64, Vec<usize>, u64, Option<f64>)> = None;
        let mut offer = |bits: f64, of: Vec<usize>, seen: u64, expected: Option<f64>| {
            if best.as_ref().is_none_or(|(most, ..)| bits > *most) {
                best = Some((bits, of, seen, expected));
            }
        };
        for dimension in (0..DIMENSIONS).filter(|dimension| told(*dimension)) {
            let seen = past.count(single(dimension));
            let kinds = history.singles[dimension].len() as f64;
            let usual = history.entropy[dimension].unwrap_or_default();
            let bits = ((events + SMOOTHING * (kinds + 1.0)) / (seen as f64 + SMOOTHING)).log2();
            offer(bits - usual, vec![dimension], seen, None);
        }
        for (at, (one, other)) in PAIRS.into_iter().enumerate() {
            if !told(one) || !told(other) || past.events == 0 {
                continue;
            }
            let seen = past.count(history.pairs[at].get(&(features[one], features[other])));
            let of_one = past.count(single(one)) as f64;
            let expected = of_one * past.count(single(other)) as f64 / events;
            let bits = ((expected + SMOOTHING) / (seen as f64 + SMOOTHING)).log2();
            offer(bits, vec![one, other], seen, Some(expected));
        }
        let Some((surprise, of, seen, expected)) = best else {
            return Score {
                surprise: 0.0,
                reason: Arc::from("nothing to judge it by"),
            };
        };
        // Before its own hour, but within the day that does not count.
        let lately = match (past.until, hour, of.as_slice()) {
            (Some(_), Some(hour), [one]) => single(*one).map_or(0, |tally| tally.until(hour - 1)),
            (Some(_), Some(hour), [one, other]) => {
                let at = PAIRS.iter().position(|pair| *pair == (*one, *other));
                at.and_then(|at| history.pairs[at].get(&(features[*one], features[*other])))
                    .map_or(0, |tally| tally.until(hour - 1))
            }
            _ => 0,
        };
        let mut names: [Option<&str>; DIMENSIONS] = [None; DIMENSIONS];
        for dimension in &of {
            names[*dimension] = self.name(*dimension, features[*dimension]);
        }
        let reason = Reason {
            names,
            hours: past.hours,
            expected,
            seen: match (past.until, seen) {
                (Some(_), 0) if lately == 0 => Seen::First,
                (Some(_), 0) => Seen::Lately,
                (None, 0) => Seen::Only,
                (_, seen) => Seen::Times(seen),
            },
            is_hour: of == [HOUR],
        };
        Score {
            surprise,
            reason: Arc::from(reason.to_string()),
        }
    }
}
