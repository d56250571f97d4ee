//! Explains why a statement has no row.
//!
//! Owns the questions to ask the lake and the verdict on the answers; no lake, no I/O. [`judge`] is
//! a pure function of the statement, of what is known of the lake and of the answers so far: it
//! gives the explanation, or the next statement to run ([`Probe`]). Most causes are told by the
//! statement and the lake's coverage alone, without any answer.
//!
//! A probe is Athena SQL made of the statement's own text, so that it means the same on every
//! engine. It keeps the conditions on time, so that it reads no more than the statement did; on a
//! lake that is paid for by bytes nothing is asked without one. The steps, a file each:
//!
//! 1. [`blocks`] takes the statement apart into its SELECTs and their conditions; what is between the
//!    words stays as it was written.
//! 2. [`expression`] looks into a condition; [`window`] and [`moment`] read what it says of the time.
//!    [`misfit`] what is in another unit or format.
//! 3. [`given`] judges by the text alone, [`sources`] by the objects of the lake.
//! 4. [`counts`] counts the rows of the window, those that pass each condition alone, and those that
//!    pass all but one.
//! 5. [`values`] looks for the values that occur where the asked one does not; [`near`] says which of
//!    them was meant.

mod blocks;
mod counts;
mod expression;
mod given;
mod misfit;
mod moment;
mod near;
mod sources;
#[cfg(test)]
mod tests;
mod text;
mod values;
mod window;

use std::collections::HashMap;
use std::ops::Range;

use chrono::{DateTime, Utc};
use sqlparser::ast::Expr;

use crate::domain::coverage::Coverage;
use crate::domain::emptiness::{Cause, Correction, Explanation};
use blocks::{Query, Select};
use expression::{Leaf, leaves, parse};
use window::{Said, Window, said};

/// Statements that are run at most to explain one result.
const MOST_PROBES: usize = 24;

/// A statement without a row, and what is known of the lake.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The statement, its parameters filled in ([`crate::sql::parameters::in_place`]).
    pub sql: &'a str,
    /// Its `current_timestamp`.
    pub now: DateTime<Utc>,
    /// The objects of the lake, as far as they are known.
    pub coverage: Option<&'a Coverage>,
    /// Whether bytes that are read cost money.
    pub paid: bool,
}

/// A statement to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// The statement.
    pub sql: String,
    /// What it finds out, for people.
    pub purpose: &'static str,
}

/// The rows of a probe, each value as text.
pub type Cells = Vec<Vec<Option<String>>>;

/// What the probes have answered so far.
#[derive(Debug, Clone, Default)]
pub struct Answers(HashMap<String, Result<Cells, String>>);

impl Answers {
    /// Takes the answer to a probe: its rows, or why it failed.
    pub fn add(&mut self, probe: &Probe, answer: Result<Cells, String>) {
        self.0.insert(probe.sql.clone(), answer);
    }

    /// Probes that were answered.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether nothing was asked.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The explanation.
///
/// # Errors
///
/// The next probe to run, where the answers are not enough yet. Asking and judging in turn ends
/// after a few probes.
pub fn judge(question: &Question<'_>, answers: &Answers) -> Result<Explanation, Probe> {
    let judge = Judge { question, answers };
    judge
        .statement()
        .map_err(|Stop::Ask(probe)| probe)
        .map(|told| Explanation {
            probes: answers.len(),
            ..told
        })
}

/// Judging has to wait for an answer.
enum Stop {
    Ask(Probe),
}

struct Judge<'a> {
    question: &'a Question<'a>,
    answers: &'a Answers,
}

/// A condition of a SELECT.
struct Condition<'a> {
    text: &'a str,
    range: Range<usize>,
    expr: Option<Expr>,
    said: Said,
    leaves: Vec<Leaf>,
}

impl Condition<'_> {
    /// Whether it bounds the time in a way that is understood.
    fn bounds(&self) -> bool {
        matches!(self.said, Said::Within(..))
    }

    /// The condition in one line, cut where it is long.
    fn told(&self) -> String {
        let mut told = self.text.split_whitespace().collect::<Vec<_>>().join(" ");
        if told.chars().count() > LONGEST_TOLD {
            told = told.chars().take(LONGEST_TOLD).collect();
            told.push('…');
        }
        told
    }
}

/// Characters of a condition that a person is shown.
const LONGEST_TOLD: usize = 120;

/// A SELECT with its conditions read.
struct Term<'a> {
    sql: &'a str,
    select: &'a Select,
    conditions: Vec<Condition<'a>>,
    window: Window,
}

impl<'a> Term<'a> {
    fn read(sql: &'a str, select: &'a Select, now: DateTime<Utc>) -> Self {
        let read = |range: &Range<usize>| {
            let text = sql.get(range.clone()).unwrap_or_default();
            let expr = parse(text);
            Condition {
                text,
                range: range.clone(),
                said: expr
                    .as_ref()
                    .map_or(Said::Nothing, |expr| said(text, expr, now)),
                leaves: expr
                    .as_ref()
                    .map_or_else(Vec::new, |expr| leaves(text, expr)),
                expr,
            }
        };
        let conditions: Vec<Condition<'a>> = select.conditions.iter().map(read).collect();
        let window =
            conditions
                .iter()
                .fold(Window::default(), |all, condition| match condition.said {
                    Said::Within(window, _) => all.and(window),
                    _ => all,
                });
        Self {
            sql,
            select,
            conditions,
            window,
        }
    }

    fn from(&self) -> &'a str {
        self.sql.get(self.select.from.clone()).unwrap_or_default()
    }

    /// The window's ends as times.
    fn times(&self) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
        let time = |at: Option<i64>| at.and_then(DateTime::from_timestamp_millis);
        (time(self.window.from), time(self.window.to))
    }

    /// The window in words.
    fn window_told(&self) -> String {
        match self.times() {
            (Some(from), Some(to)) => format!("from {} to {}", moment_told(from), moment_told(to)),
            (Some(from), None) => format!("from {} on", moment_told(from)),
            (None, Some(to)) => format!("before {}", moment_told(to)),
            (None, None) => "at any time".to_owned(),
        }
    }

    /// Where rows were counted, for people.
    fn place_told(&self) -> String {
        if self.window == Window::default() {
            "in all, at any time".to_owned()
        } else {
            format!("in the window ({})", self.window_told())
        }
    }

    /// The statement with texts of one condition changed.
    fn changed(
        &self,
        condition: &Condition<'_>,
        edits: &[(Range<usize>, String)],
        told: impl Into<String>,
    ) -> Option<Correction> {
        let start = condition.range.start;
        let edits: Vec<(Range<usize>, String)> = edits
            .iter()
            .map(|(range, text)| (range.start + start..range.end + start, text.clone()))
            .collect();
        self.edited(edits, told)
    }

    /// The statement with texts in the places of others.
    fn edited(
        &self,
        mut edits: Vec<(Range<usize>, String)>,
        told: impl Into<String>,
    ) -> Option<Correction> {
        edits.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
        let mut sql = self.sql.to_owned();
        for (range, text) in &edits {
            sql.get(range.clone())?;
            sql.replace_range(range.clone(), text);
        }
        (!edits.is_empty()).then(|| Correction {
            sql,
            told: told.into(),
        })
    }

    /// The statement without one of its conditions.
    fn without(&self, left_out: &Condition<'_>) -> Option<Correction> {
        let filter = self.select.filter.clone()?;
        let kept: Vec<String> = self
            .conditions
            .iter()
            .filter(|condition| condition.range != left_out.range)
            .map(|condition| counts::guarded(condition.text))
            .collect();
        let text = if kept.is_empty() {
            "true".to_owned()
        } else {
            kept.join("\n  AND ")
        };
        self.edited(vec![(filter, text)], format!("without {}", left_out.told()))
    }
}

impl Judge<'_> {
    fn statement(&self) -> Result<Explanation, Stop> {
        let Some(query) = blocks::read(self.question.sql) else {
            return Ok(Explanation::new(
                Cause::Unknown,
                "the statement is not understood well enough to explain its empty result",
            ));
        };
        if query.limit_zero {
            return Ok(Explanation::new(
                Cause::Filtered,
                "the statement ends with LIMIT 0, which keeps no row",
            ));
        }
        if let Some(told) = self.query(&query)? {
            return Ok(told);
        }
        Ok(if query.offset {
            Explanation::new(
                Cause::Filtered,
                "there are rows, and OFFSET skips all of them",
            )
        } else {
            Explanation::new(
                Cause::Unknown,
                "the lake has rows for these conditions now: run the statement again",
            )
        })
    }

    /// Why none of a query's SELECTs has a row; `None` where one has.
    fn query(&self, query: &Query) -> Result<Option<Explanation>, Stop> {
        let mut best: Option<Explanation> = None;
        for select in &query.terms {
            let Some(told) = self.select(select)? else {
                return Ok(None);
            };
            if best
                .as_ref()
                .is_none_or(|best| rank(told.cause) < rank(best.cause))
            {
                best = Some(told);
            }
        }
        let count = query.terms.len();
        Ok(best.map(|told| match count {
            0 | 1 => told,
            _ => told.with(format!(
                "the statement puts {count} SELECTs together, and none has a row; this is the one that tells most"
            )),
        }))
    }

    fn select(&self, select: &Select) -> Result<Option<Explanation>, Stop> {
        let term = Term::read(self.question.sql, select, self.question.now);
        if let Some(told) = self.given(&term) {
            return Ok(Some(told));
        }
        self.counted(&term)
    }

    /// The rows of a probe, or why there are none.
    fn ask(&self, sql: String, purpose: &'static str) -> Result<Result<&Cells, String>, Stop> {
        if let Some(answer) = self.answers.0.get(&sql) {
            return Ok(answer.as_ref().map_err(Clone::clone));
        }
        if self.answers.len() >= MOST_PROBES {
            return Ok(Err(format!("{MOST_PROBES} statements were run already")));
        }
        Err(Stop::Ask(Probe { sql, purpose }))
    }
}

/// Of several SELECTs without a row, the one with the lowest rank tells most.
fn rank(cause: Cause) -> u8 {
    match cause {
        Cause::Slip => 0,
        Cause::CannotMatch => 1,
        Cause::Filtered => 2,
        Cause::Quiet => 3,
        Cause::OutsideData => 4,
        Cause::SourceAbsent => 5,
        Cause::Unknown => 6,
    }
}

/// A time for people.
fn moment_told(time: DateTime<Utc>) -> String {
    let format = if time.timestamp_subsec_millis() == 0 {
        "%Y-%m-%d %H:%M:%S UTC"
    } else {
        "%Y-%m-%d %H:%M:%S%.3f UTC"
    };
    time.format(format).to_string()
}

/// A number of things for people: `1 row`, `12,345 rows`.
fn count_told(count: u64, what: &str) -> String {
    let digits = count.to_string();
    let mut told = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            told.push(',');
        }
        told.push(digit);
    }
    let plural = if count == 1 { "" } else { "s" };
    format!("{told} {what}{plural}")
}
