//! What a timeline shows line by line: items by time, in groups, with gaps between.

use std::collections::HashMap;

use super::item::{Grouping, Moment, UNDATED};
use super::merge::merge;
use super::{gaps, stage};

/// An item by its time and its place: what is held of a row until it is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// When it happened.
    pub at: Moment,
    /// The run that it is of, from 0.
    pub run: u32,
    /// Its number in the run's source, from 0.
    pub row: u32,
}

/// Items that belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// What they share; `None` for those that have nothing of the kind.
    pub name: Option<String>,
    /// How many.
    pub items: u32,
    /// The moment of the first.
    pub first: Moment,
    /// The moment of the last that has a time.
    pub last: Moment,
    /// How long a gap in it is worth a line, in microseconds.
    pub threshold: Moment,
}

/// A line of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// The head of a group, by its number.
    Group(u32),
    /// An item, by the number of its mark.
    Item(u32),
    /// Nothing for longer than the threshold of the group, or of everything.
    Gap {
        /// How long, in microseconds.
        span: Moment,
    },
}

/// The threshold that the usual rule gives for ascending moments.
fn rule(moments: impl Iterator<Item = Moment> + Clone) -> Moment {
    let dated = moments.take_while(|at| *at != UNDATED);
    let later = dated.clone().skip(1);
    let gaps = dated.zip(later).map(|(one, next)| next.saturating_sub(one));
    gaps::threshold(gaps.collect())
}

/// A whole timeline.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Outline {
    /// All items by time, those without a time last.
    pub marks: Vec<Mark>,
    /// How many of them have a time.
    pub dated: usize,
    /// How long a gap is worth a line where nothing is grouped, in microseconds.
    pub threshold: Moment,
    /// The groups in the order of their lines; none where nothing is grouped.
    pub groups: Vec<Group>,
    /// The lines.
    pub lines: Vec<Line>,
}

impl Outline {
    /// Merges runs, each of moments and row numbers sorted by moment, and puts them into groups.
    /// `groups` names the groups of an item; it is asked of every item where something is grouped,
    /// in the order of time. `threshold` is how long a gap is worth a line, where the rule of
    /// [`gaps::threshold`] is not to decide.
    pub fn new<R>(
        runs: impl IntoIterator<Item = R>,
        grouping: Grouping,
        threshold: Option<Moment>,
        mut groups: impl FnMut(Mark) -> Vec<String>,
    ) -> Self
    where
        R: IntoIterator<Item = (Moment, u32)>,
    {
        let runs = (0_u32..)
            .zip(runs)
            .map(|(run, rows)| rows.into_iter().map(move |(at, row)| Mark { at, run, row }));
        let marks: Vec<Mark> = merge(runs, |mark: &Mark| mark.at).collect();
        let dated = marks.partition_point(|mark| mark.at != UNDATED);
        let of_all = threshold.unwrap_or_else(|| rule(marks.iter().map(|mark| mark.at)));
        let mut outline = Self {
            marks,
            dated,
            threshold: of_all,
            groups: Vec::new(),
            lines: Vec::new(),
        };
        if grouping == Grouping::None {
            let all: Vec<u32> = (0..).zip(&outline.marks).map(|(place, _)| place).collect();
            outline.write_items(&all, of_all);
        } else {
            let parts = outline.parts(grouping, &mut groups);
            for (name, places) in parts {
                outline.write_group(name, &places, threshold);
            }
        }
        outline
    }

    /// The places of marks by group: stages in their order, the rest by their first item; what has
    /// no group last.
    fn parts(
        &self,
        grouping: Grouping,
        groups: &mut impl FnMut(Mark) -> Vec<String>,
    ) -> Vec<(Option<String>, Vec<u32>)> {
        let mut parts: Vec<(Option<String>, Vec<u32>)> = Vec::new();
        let mut places: HashMap<Option<String>, usize> = HashMap::new();
        for (place, mark) in (0_u32..).zip(&self.marks) {
            let mut names: Vec<Option<String>> = groups(*mark).into_iter().map(Some).collect();
            if names.is_empty() {
                names.push(None);
            }
            for name in names {
                let part = *places.entry(name).or_insert_with_key(|name| {
                    parts.push((name.clone(), Vec::new()));
                    parts.len() - 1
                });
                if let Some((_, items)) = parts.get_mut(part) {
                    items.push(place);
                }
            }
        }
        if grouping == Grouping::Stage {
            parts.sort_by(|(one, _), (other, _)| match (one, other) {
                (Some(one), Some(other)) => stage::order(one, other),
                _ => one.is_none().cmp(&other.is_none()),
            });
        } else {
            parts.sort_by_key(|(name, _)| name.is_none());
        }
        parts
    }

    fn write_group(&mut self, name: Option<String>, places: &[u32], threshold: Option<Moment>) {
        let at = |place: &u32| self.mark(*place).map_or(UNDATED, |mark| mark.at);
        let first = places.first().map_or(UNDATED, at);
        let last = places.iter().rev().map(at).find(|at| *at != UNDATED);
        let threshold = threshold.unwrap_or_else(|| rule(places.iter().map(at)));
        let number = u32::try_from(self.groups.len()).unwrap_or(u32::MAX);
        self.groups.push(Group {
            name,
            items: u32::try_from(places.len()).unwrap_or(u32::MAX),
            first,
            last: last.unwrap_or(UNDATED),
            threshold,
        });
        self.lines.push(Line::Group(number));
        self.write_items(places, threshold);
    }

    fn write_items(&mut self, places: &[u32], threshold: Moment) {
        let mut before: Option<Moment> = None;
        for place in places {
            let Some(at) = self.mark(*place).map(|mark| mark.at) else {
                continue;
            };
            if let Some(before) = before.filter(|_| at != UNDATED) {
                let span = at.saturating_sub(before);
                if span > threshold {
                    self.lines.push(Line::Gap { span });
                }
            }
            self.lines.push(Line::Item(*place));
            before = Some(at);
        }
    }

    /// A mark by its number.
    pub fn mark(&self, number: u32) -> Option<&Mark> {
        self.marks.get(number as usize)
    }

    /// The marks that have a time, ascending.
    pub fn dated(&self) -> &[Mark] {
        self.marks.get(..self.dated).unwrap_or_default()
    }

    /// Items within a half-open range of milliseconds since 1970.
    pub fn within(&self, from: i64, to: i64) -> usize {
        let before = |edge: i64| {
            let edge = edge.saturating_mul(1_000);
            self.dated().partition_point(|mark| mark.at < edge)
        };
        before(to).saturating_sub(before(from))
    }
}
