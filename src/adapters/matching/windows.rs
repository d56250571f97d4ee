//! Correlations over events as they arrive: what matched lately, by the values that a correlation
//! groups by, in the events' own time.
//!
//! Events arrive late and out of order, so what matched is kept for twice the span and looked at
//! around each new match. A storm is one detection: after one, none follows within the span. Memory
//! is bounded: of too many groups, or matches of them all, the ones that were quiet longest are
//! forgotten, of too many matches of one group the oldest. A correlation that would have to remember
//! more of one group is refused when it is read ([`too_many`]).

use std::collections::{HashMap, HashSet, VecDeque};
use std::ops::Range;

use super::book::{Correlated, Read};
use super::judge::{Hit, What};
use crate::domain::sigma::{Correlation, CorrelationKind, Order};
use crate::sql::sigma::correlated_fields;

/// The most groups of all correlations together.
const MOST_GROUPS: usize = 50_000;
/// The most matches that are kept of all groups together.
const MOST_HELD: usize = 2_000_000;
/// The fewest matches for which there is room in one group; one that counts further has more.
const LEAST_MATCHES: usize = 4_096;
/// How far events can be counted in one group.
const MOST_EVENTS: usize = 100_000;
/// How far different values can be counted in one group.
const MOST_VALUES: usize = 10_000;
/// Matches before a new one that are looked through for the same value.
const MOST_LOOKED_AT: usize = 64;
/// The longest value of a key that is kept, in bytes.
const LONGEST_KEY: usize = 512;

/// What correlations remember.
#[derive(Debug, Default)]
pub(super) struct Windows {
    groups: HashMap<(usize, Vec<String>), Group>,
    /// Counts up with every match.
    clock: u64,
    /// The matches of all groups.
    held: usize,
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

/// How far can be counted, of a correlation that would have to count further.
pub(super) fn too_many(correlation: &Correlation) -> Option<usize> {
    let most = match correlation.kind {
        CorrelationKind::Events => MOST_EVENTS,
        _ => MOST_VALUES,
    };
    (furthest(correlation) > most).then_some(most)
}

/// The count from which on nothing changes about a correlation's bounds.
fn furthest(correlation: &Correlation) -> usize {
    let bounds = correlation.all_bounds().into_iter();
    let counts = bounds.map(|bound| usize::try_from(bound.count).unwrap_or_default());
    counts.max().unwrap_or_default().saturating_add(1)
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
                let about = read.book.rules.rules.get(meaning).map(|rule| &rule.about);
                let value = |name: &String| {
                    let name = one.correlation.field_of(name, about?);
                    let place = fields.iter().position(|field| field == name)?;
                    hit.keys.get(place)?.as_deref().map(cut)
                };
                let names = one.correlation.group_by.iter();
                let Some(key) = names.map(value).collect::<Option<Vec<String>>>() else {
                    continue;
                };
                let what = match &one.correlation.kind {
                    CorrelationKind::Events => Some(String::new()),
                    CorrelationKind::Rules | CorrelationKind::Ordered => Some(meaning.to_string()),
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
        if self.groups.len() > MOST_GROUPS || self.held > MOST_HELD {
            self.forget();
        }
        let group = self.groups.entry((one.meaning, key)).or_default();
        group.used = self.clock;
        let before = group.matches.len();
        let told = group.add(one, new);
        self.held = (self.held + group.matches.len()).saturating_sub(before);
        told
    }

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

    /// Forgets the quarter of the groups that was quiet longest.
    fn forget(&mut self) {
        let mut used: Vec<u64> = self.groups.values().map(|group| group.used).collect();
        let quarter = used.len() / 4;
        if quarter < used.len() {
            let (_, limit, _) = used.select_nth_unstable(quarter);
            let limit = *limit;
            self.groups.retain(|_, group| group.used > limit);
        }
        self.held = self.groups.values().map(|group| group.matches.len()).sum();
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
        if adds_nothing(one, &self.matches, place, &new) {
            return false;
        }
        let is_newest = place == self.matches.len();
        let may_end = may_end(one, &new);
        self.matches.insert(place, new);
        let newest = self.matches.back().map_or(at, |newest| newest.at_ms);
        let oldest = newest.saturating_sub(span.saturating_mul(2));
        let most = LEAST_MATCHES.max(furthest(&one.correlation).saturating_mul(2));
        while self
            .matches
            .front()
            .is_some_and(|first| first.at_ms < oldest || self.matches.len() > most)
        {
            self.matches.pop_front();
        }
        self.told.retain(|told| *told >= oldest);
        let fits = match one.correlation.kind {
            // Nothing ends with what is no last rule and comes last.
            CorrelationKind::Ordered => (may_end || !is_newest) && self.is_in_order(one),
            _ => self.ends_within(at, span).any(|end| {
                let count = self.count(one, end.saturating_sub(span), end);
                holds(one, i64::try_from(count).unwrap_or(i64::MAX))
            }),
        };
        if fits {
            self.told.push_back(at);
            // Until the span is over nothing is told, and what was before is not counted again.
            self.matches.clear();
        }
        fits
    }

    /// What a correlation counts of the matches between two times.
    fn count(&self, one: &Correlated, start: i64, end: i64) -> usize {
        let inside = self.between(start, end);
        if one.correlation.kind == CorrelationKind::Events {
            return inside.len();
        }
        let inside = self.matches.range(inside);
        let different: HashSet<&str> = inside.map(|known| known.what.as_str()).collect();
        different.len()
    }

    fn between(&self, start: i64, end: i64) -> Range<usize> {
        let first = self.matches.partition_point(|known| known.at_ms < start);
        let last = self.matches.partition_point(|known| known.at_ms <= end);
        first..last.max(first)
    }

    /// Whether matches of all rules follow each other in order within the span: for each rule, when
    /// the latest chain of matches begins that ends with it.
    fn is_in_order(&self, one: &Correlated) -> bool {
        let rules: Vec<String> = one.rules.iter().map(usize::to_string).collect();
        let mut began: Vec<Option<i64>> = vec![None; rules.len()];
        let mut known = self.matches.iter().peekable();
        while let Some(first) = known.next() {
            // What happened at once is in any order.
            let mut at_once = vec![first.what.as_str()];
            while let Some(next) = known.next_if(|next| next.at_ms == first.at_ms) {
                at_once.push(next.what.as_str());
            }
            let mut before = Some(first.at_ms);
            for (rule, began) in rules.iter().zip(&mut began) {
                if at_once.contains(&rule.as_str()) {
                    *began = before.max(*began);
                }
                before = *began;
            }
            let start = first.at_ms.saturating_sub(one.correlation.span_ms);
            if before.is_some_and(|began| began >= start) {
                return true;
            }
        }
        false
    }

    /// The ends of the windows that a match at this time lies in, the last one first; of many some,
    /// from all over.
    fn ends_within(&self, at: i64, span: i64) -> impl Iterator<Item = i64> {
        const MOST_ENDS: usize = 64;
        let ends = self.between(at, at.saturating_add(span));
        let every = ends.len().div_ceil(MOST_ENDS).max(1);
        let ends = self.matches.range(ends).rev().step_by(every);
        let mut ends: Vec<i64> = ends.map(|known| known.at_ms).collect();
        ends.dedup();
        ends.into_iter()
    }
}

/// Whether a match adds nothing to what is known: where only different values count, one that was
/// there just before.
fn adds_nothing(one: &Correlated, matches: &VecDeque<Match>, place: usize, new: &Match) -> bool {
    let near = match one.correlation.kind {
        CorrelationKind::Events => return false,
        // A chain may begin with the later one.
        CorrelationKind::Ordered => 0,
        CorrelationKind::Values(_) | CorrelationKind::Rules => {
            one.correlation.span_ms.unsigned_abs() / 64
        }
    };
    matches
        .range(place.saturating_sub(MOST_LOOKED_AT)..place)
        .rev()
        .take_while(|known| new.at_ms.abs_diff(known.at_ms) <= near)
        .any(|known| known.what == new.what)
}

/// Whether a match can be the last of a chain.
fn may_end(one: &Correlated, new: &Match) -> bool {
    let last = one.rules.last();
    last.is_some_and(|last| last.to_string() == new.what)
}

/// Whether a count fits a correlation's bounds; all of its rules, where it has none.
fn holds(one: &Correlated, count: i64) -> bool {
    let mut bounds = one.correlation.all_bounds().into_iter();
    bounds.all(|bound| match bound.order {
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

#[cfg(test)]
mod tests {
    use super::super::book::Book;
    use super::*;
    use crate::domain::sigma::read;

    /// A correlation over one rule, of this type and with this bound.
    fn counting(kind: &str, condition: &str) -> (Read, Vec<String>) {
        let text = format!(
            "title: r\nid: r\nlogsource: {{product: aws, service: cloudtrail}}\ndetection:\n  s: {{eventName: x}}\n  condition: s\n---\n\
             title: c\nid: c\ncorrelation:\n  type: {kind}\n  rules: [r]\n  group-by: [who]\n  timespan: 1h\n  condition: {{{condition}}}\n"
        );
        let mut book = Book::default();
        for document in read(&text) {
            book.rules.add(document.unwrap());
        }
        let (read, unusable) = Read::of(book);
        (read, unusable.into_iter().map(|one| one.why).collect())
    }

    /// A match of the rule: when, what its value is, and whose it is.
    fn hit(at_ms: i64, value: &str, who: &str) -> Hit {
        Hit {
            group: 0,
            row: 0,
            what: What::Meaning(0),
            at_ms: Some(at_ms),
            keys: vec![Some(value.to_owned()), Some(who.to_owned())],
        }
    }

    /// How often correlations are told at these matches.
    fn take(windows: &mut Windows, read: &Read, hits: &[Hit]) -> usize {
        let counted = Windows::counted(read, hits).into_iter();
        counted
            .filter_map(|one| windows.add(one.one, one.key, one.new).then_some(()))
            .count()
    }

    #[test]
    fn what_counts_far_is_counted_to_its_end() {
        // Keys are in the order of their names: the value, then the group.
        let (read, unusable) = counting("value_count", "gte: 600, field: value");
        assert_eq!(unusable, Vec::<String>::new());
        let mut windows = Windows::default();
        let told = |windows: &mut Windows, hits: Vec<Hit>| take(windows, &read, &hits);
        let values = |range: Range<i64>| -> Vec<Hit> {
            range.map(|n| hit(n * 1_000, &n.to_string(), "w")).collect()
        };
        assert_eq!(told(&mut windows, values(0..599)), 0);
        assert_eq!(
            told(&mut windows, values(0..599)),
            0,
            "values that were there"
        );
        assert_eq!(told(&mut windows, values(599..602)), 1);

        let (read, unusable) = counting("event_count", "gte: 8000");
        assert_eq!(unusable, Vec::<String>::new());
        let mut windows = Windows::default();
        let events = |count: i64| -> Vec<Hit> {
            (0..count)
                .map(|n| Hit {
                    keys: vec![Some("w".to_owned())],
                    ..hit(n, "", "")
                })
                .collect()
        };
        assert_eq!(take(&mut windows, &read, &events(7_999)), 0);
        assert_eq!(windows.held, 7_999);
        assert_eq!(take(&mut windows, &read, &events(2)), 1);
        assert_eq!(windows.held, 0);
    }

    #[test]
    fn what_would_have_to_remember_too_much_is_refused() {
        for (kind, condition) in [
            ("event_count", "gt: 100000"),
            ("event_count", "gte: 5, lt: 999999999999999999"),
            ("value_count", "gte: 10001, field: value"),
        ] {
            let (read, unusable) = counting(kind, condition);
            assert!(read.correlations.is_empty(), "{condition}");
            assert!(
                unusable[0].contains("`lakehound detect` can run it"),
                "{unusable:?}"
            );
        }
        assert_eq!(
            counting("event_count", "gte: 99999").1,
            Vec::<String>::new()
        );
    }

    #[test]
    fn values_that_take_turns_are_not_piled_up() {
        let (read, _) = counting("value_count", "gte: 50, field: value");
        let mut windows = Windows::default();
        let hits: Vec<Hit> = (0..2_000)
            .map(|n| hit(n, &(n % 40).to_string(), "w"))
            .collect();
        assert_eq!(take(&mut windows, &read, &hits), 0);
        assert_eq!(windows.held, 40);
    }

    #[test]
    fn groups_that_were_quiet_longest_are_forgotten_first() {
        let (read, _) = counting("value_count", "gte: 50, field: value");
        let mut windows = Windows::default();
        for group in 0..8 {
            take(&mut windows, &read, &[hit(group, "v", &group.to_string())]);
        }
        windows.forget();
        assert_eq!((windows.groups.len(), windows.held), (5, 5));
        let is_there = |who: &str| {
            windows
                .groups
                .keys()
                .any(|(_, key)| key == &[who.to_owned()])
        };
        assert!(is_there("7") && !is_there("0"));
    }
}
