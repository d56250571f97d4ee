//! Correlations over events as they arrive: what matched lately, by the values that a correlation
//! groups by, in the events' own time.
//!
//! Events arrive late and out of order, so what matched is kept for twice the span and looked at
//! around each new match. A storm is one detection: after one, none follows within the span. Memory
//! is bounded: of too many groups the ones that were quiet longest are forgotten, of too many matches
//! of one group the oldest.

use std::collections::{BTreeSet, HashMap, VecDeque};

use super::book::{Correlated, Read};
use super::judge::{Hit, What};
use crate::domain::sigma::{Bound, CorrelationKind, Order};
use crate::sql::sigma::correlated_fields;

/// The most groups of all correlations together.
const MOST_GROUPS: usize = 50_000;
/// The most matches that are kept of one group.
const MOST_MATCHES: usize = 4_096;
/// The longest value of a key that is kept, in bytes.
const LONGEST_KEY: usize = 512;

/// What correlations remember.
#[derive(Debug, Default)]
pub(super) struct Windows {
    groups: HashMap<(usize, Vec<String>), Group>,
    /// Counts up with every match.
    clock: u64,
}

#[derive(Debug, Default)]
struct Group {
    /// By time.
    matches: VecDeque<Match>,
    /// When it was told, in the events' time; at most as many as fit twice into the span.
    told: VecDeque<i64>,
    used: u64,
}

/// A match as a correlation remembers it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Match {
    pub(super) at_ms: i64,
    /// What is counted: the rule, or the value.
    pub(super) what: String,
}

/// A match that a correlation counts.
pub(super) struct Counted<'h> {
    pub(super) hit: &'h Hit,
    pub(super) one: &'h Correlated,
    /// The values that it groups by.
    pub(super) key: Vec<String>,
    pub(super) new: Match,
}

impl Windows {
    /// The matches of an object that correlations count, in the order of their times.
    pub(super) fn counted<'h>(read: &'h Read, hits: &'h [Hit]) -> Vec<Counted<'h>> {
        let fields = correlated_fields(&read.book.rules.correlations);
        let mut counted: Vec<(&Hit, usize, i64)> = hits
            .iter()
            .filter_map(|hit| match (hit.what, hit.at_ms) {
                (What::Meaning(meaning), Some(at)) if read.is_counted(meaning) => {
                    Some((hit, meaning, at))
                }
                _ => None,
            })
            .collect();
        counted.sort_by_key(|(_, _, at)| *at);
        let mut all = Vec::new();
        for (hit, meaning, at_ms) in counted {
            for one in read
                .correlations
                .iter()
                .filter(|one| one.rules.contains(&meaning))
            {
                let value = |name: &String| {
                    let place = fields.iter().position(|field| field == name)?;
                    hit.keys.get(place)?.as_deref().map(cut)
                };
                let names = one.correlation.group_by.iter();
                let Some(key) = names.map(value).collect::<Option<Vec<String>>>() else {
                    continue;
                };
                let what = match &one.correlation.kind {
                    CorrelationKind::Events => Some(String::new()),
                    CorrelationKind::Rules => Some(meaning.to_string()),
                    CorrelationKind::Values(field) => value(field),
                };
                let Some(what) = what else { continue };
                all.push(Counted {
                    hit,
                    one,
                    key,
                    new: Match { at_ms, what },
                });
            }
        }
        all
    }

    /// Takes a match; says whether the correlation is told at it.
    pub(super) fn add(&mut self, one: &Correlated, key: Vec<String>, new: Match) -> bool {
        self.clock += 1;
        if self.groups.len() > MOST_GROUPS {
            self.forget();
        }
        let group = self.groups.entry((one.meaning, key)).or_default();
        group.used = self.clock;
        group.add(one, new)
    }

    /// Forgets the quarter of the groups that was quiet longest.
    fn forget(&mut self) {
        let mut used: Vec<u64> = self.groups.values().map(|group| group.used).collect();
        let (_, limit, _) = used.select_nth_unstable(MOST_GROUPS / 4);
        let limit = *limit;
        self.groups.retain(|_, group| group.used > limit);
    }
}

impl Group {
    fn add(&mut self, one: &Correlated, new: Match) -> bool {
        let span = one.correlation.span_ms;
        let at = new.at_ms;
        if self
            .told
            .iter()
            .any(|told| told.abs_diff(at) <= span.unsigned_abs())
        {
            return false;
        }
        let place = self.matches.partition_point(|known| known.at_ms <= at);
        // Where only different values count, one that was there just before adds nothing.
        let counts_values = one.correlation.kind != CorrelationKind::Events;
        let near = |known: &Match| {
            known.what == new.what && at.abs_diff(known.at_ms) <= span.unsigned_abs() / 64
        };
        let before = place
            .checked_sub(1)
            .and_then(|before| self.matches.get(before));
        if counts_values && before.is_some_and(near) {
            return false;
        }
        self.matches.insert(place, new);
        let newest = self.matches.back().map_or(at, |newest| newest.at_ms);
        let oldest = newest.saturating_sub(span.saturating_mul(2));
        while self
            .matches
            .front()
            .is_some_and(|first| first.at_ms < oldest || self.matches.len() > MOST_MATCHES)
        {
            self.matches.pop_front();
        }
        self.told.retain(|told| *told >= oldest);
        let fits = self.ends_within(at, span).any(|end| {
            let start = end.saturating_sub(span);
            let inside = self
                .matches
                .iter()
                .filter(|known| known.at_ms >= start && known.at_ms <= end);
            let count = match counts_values {
                false => inside.count(),
                true => {
                    let different: BTreeSet<&str> =
                        inside.map(|known| known.what.as_str()).collect();
                    different.len()
                }
            };
            holds(one, i64::try_from(count).unwrap_or(i64::MAX))
        });
        if fits {
            self.told.push_back(at);
            // Until the span is over nothing is told, and what was before is not counted again.
            self.matches.clear();
        }
        fits
    }

    /// The ends of the windows that a match at this time lies in: at most some, the earliest first.
    fn ends_within(&self, at: i64, span: i64) -> impl Iterator<Item = i64> {
        const MOST_ENDS: usize = 64;
        let mut ends: Vec<i64> = self
            .matches
            .iter()
            .map(|known| known.at_ms)
            .filter(|end| *end >= at && *end <= at.saturating_add(span))
            .take(MOST_ENDS)
            .collect();
        ends.dedup();
        ends.into_iter()
    }
}

/// Whether a count fits a correlation's bounds; all of its rules, where it has none.
fn holds(one: &Correlated, count: i64) -> bool {
    let all = [Bound {
        order: Order::GreaterOrEqual,
        count: i64::try_from(one.rules.len()).unwrap_or(i64::MAX),
    }];
    let bounds = match one.correlation.bounds.as_slice() {
        [] => &all[..],
        bounds => bounds,
    };
    bounds.iter().all(|bound| match bound.order {
        Order::Greater => count > bound.count,
        Order::GreaterOrEqual => count >= bound.count,
        Order::Less => count < bound.count,
        Order::LessOrEqual => count <= bound.count,
        Order::Equal => count == bound.count,
        Order::NotEqual => count != bound.count,
    })
}

fn cut(text: &str) -> String {
    match text.len() <= LONGEST_KEY {
        true => text.to_owned(),
        false => {
            let end = text.floor_char_boundary(LONGEST_KEY);
            text.get(..end).unwrap_or_default().to_owned()
        }
    }
}

impl Windows {
    /// Whether a match is remembered.
    pub(super) fn remembers(&self, one: &Correlated, key: &[String], known: &Match) -> bool {
        // The map's keys are owned.
        let Some(group) = self.groups.get(&(one.meaning, key.to_vec())) else {
            return false;
        };
        let matches = &group.matches;
        let first = matches.partition_point(|one| one.at_ms < known.at_ms);
        let at_once = matches.iter().skip(first);
        let mut at_once = at_once.take_while(|one| one.at_ms == known.at_ms);
        at_once.any(|one| one == known)
    }
}
