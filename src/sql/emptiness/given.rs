//! What the statement's own text tells: units, formats, case, the window.

use std::ops::Range;

use chrono::TimeDelta;
use sqlparser::ast::{BinaryOperator, Expr};

use super::misfit::{day_misfits, unit_changes};
use super::text::Text;
use super::values::replacement;
use super::window::{Said, TimeColumn};
use super::{Condition, Judge, Term, moment_told};
use crate::domain::emptiness::{Cause, Correction, Explanation, NearValue};

/// How far into the future a local time may lie that was taken for UTC.
const ZONES: i64 = 14;

impl Judge<'_> {
    /// What is told without asking.
    pub(super) fn given(&self, term: &Term<'_>) -> Option<Explanation> {
        self.slip(term)
            .or_else(|| self.wrong_call(term))
            .or_else(|| self.window(term))
            .or_else(|| self.covered(term))
    }

    /// A condition on time that holds for no event.
    fn slip(&self, term: &Term<'_>) -> Option<Explanation> {
        let never = term.conditions.iter().find_map(|c| match &c.said {
            Said::Never(misfit) => Some((c, misfit)),
            _ => None,
        });
        let (condition, misfit) = never?;
        if misfit.format {
            return Some(self.format(term, &condition.told()));
        }
        let mut changes: Vec<(Range<usize>, String)> = Vec::new();
        for other in &term.conditions {
            let Some(expr) = &other.expr else { continue };
            let found = unit_changes(other.text, expr, self.question.now);
            let start = other.range.start;
            changes.extend(
                found
                    .into_iter()
                    .map(|(range, text)| (range.start + start..range.end + start, text)),
            );
        }
        let told = format!("`{}` holds for no event: {}", condition.told(), misfit.told);
        let mut told = Explanation::new(Cause::Slip, told);
        told.correction = if changes.is_empty() {
            term.changed(condition, &misfit.better, "in the column's unit")
        } else {
            term.edited(changes, "in the column's unit")
        };
        Some(told)
    }

    /// Days of partitions that are written otherwise.
    pub(super) fn format(&self, term: &Term<'_>, condition: &str) -> Explanation {
        let mut changes: Vec<(Range<usize>, String)> = Vec::new();
        let mut near: Vec<NearValue> = Vec::new();
        for other in &term.conditions {
            let Some(expr) = &other.expr else { continue };
            for misfit in day_misfits(other.text, expr, self.question.now) {
                let start = other.range.start;
                changes.extend(
                    misfit
                        .better
                        .into_iter()
                        .map(|(range, text)| (range.start + start..range.end + start, text)),
                );
                near.extend(misfit.near.map(|value| NearValue {
                    value,
                    rows: 0,
                    differs: "another format",
                }));
            }
        }
        near.dedup();
        let mut told = Explanation::new(
            Cause::CannotMatch,
            format!(
                "`{condition}` cannot hold as it is meant: `eventday` holds days as YYYYMMDD, and the value is written otherwise"
            ),
        );
        told.correction = term.edited(changes, "with the day as YYYYMMDD");
        told.nearest = near;
        told
    }

    /// `lower(x)` compared with capitals, and the like.
    fn wrong_call(&self, term: &Term<'_>) -> Option<Explanation> {
        for condition in &term.conditions {
            // One of several alternatives may be wrong without harm.
            let [leaf] = condition.leaves.as_slice() else {
                continue;
            };
            if condition.expr.as_ref().is_some_and(is_either) {
                continue;
            }
            let turned = |value: &str| match leaf.called.as_deref() {
                Some("lower") => Some(value.to_lowercase()),
                Some("upper") => Some(value.to_uppercase()),
                _ => None,
            };
            let better: Vec<(Range<usize>, String, String)> = leaf
                .values
                .iter()
                .filter(|written| !written.number)
                .filter_map(|written| {
                    let better = turned(&written.value).filter(|b| *b != written.value)?;
                    let text = replacement(written, &better);
                    Some((written.range.clone(), text, better))
                })
                .collect();
            if better.is_empty() || better.len() < leaf.values.len() {
                continue;
            }
            let told = format!(
                "`{}` holds for no row: what is compared is all in one case, the value is not",
                condition.told()
            );
            let mut told = Explanation::new(Cause::CannotMatch, told);
            let near = |value: &String| NearValue {
                value: value.clone(),
                rows: 0,
                differs: "another case",
            };
            told.nearest = better.iter().map(|(_, _, value)| near(value)).collect();
            let edits: Vec<_> = better.into_iter().map(|(at, text, _)| (at, text)).collect();
            told.correction = term.changed(condition, &edits, "in that case");
            return Some(told);
        }
        None
    }

    /// A window that is empty or lies in the future.
    fn window(&self, term: &Term<'_>) -> Option<Explanation> {
        let (from, to) = term.times();
        let bounds: Vec<&Condition<'_>> = term.conditions.iter().filter(|c| c.bounds()).collect();
        let named = || {
            let told: Vec<String> = bounds.iter().map(|c| format!("`{}`", c.told())).collect();
            told.join(" and ")
        };
        if term.window.is_empty() {
            if let Some(misfit) = self.misfit_of_a_day(term) {
                return Some(self.format(term, &misfit));
            }
            let (from, to) = (from?, to?);
            let days =
                |c: &&&Condition<'_>| matches!(c.said, Said::Within(_, TimeColumn::EventDay));
            let day = bounds.iter().find(days);
            let contradict = day.is_some() && bounds.iter().any(|c| !days(&c));
            let told = if contradict {
                "the day and the time that are asked about exclude each other".to_owned()
            } else {
                format!("the window ends before it begins: {}", named())
            };
            let mut told = Explanation::new(Cause::Slip, told).with(format!(
                "it would begin at {} and end before {}",
                moment_told(from),
                moment_told(to)
            ));
            told.correction = match day {
                Some(day) if contradict => term.without(day),
                _ => swapped(term, &bounds),
            };
            return Some(told);
        }
        let from = from.filter(|from| *from > self.question.now)?;
        let told = format!("the window lies in the future: {}", named());
        let mut told = Explanation::new(Cause::Slip, told).with(format!(
            "it begins at {}, and it is {} now",
            moment_told(from),
            moment_told(self.question.now)
        ));
        if from - self.question.now <= TimeDelta::hours(ZONES) {
            told = told.with("times without a zone are UTC: a local time east of it lies ahead");
        }
        Some(told)
    }

    /// The first condition whose day is written otherwise.
    pub(super) fn misfit_of_a_day(&self, term: &Term<'_>) -> Option<String> {
        let wrong = |c: &&Condition<'_>| {
            c.expr
                .as_ref()
                .is_some_and(|expr| !day_misfits(c.text, expr, self.question.now).is_empty())
        };
        term.conditions.iter().find(wrong).map(Condition::told)
    }
}

/// Whether one of several alternatives is enough, or something is denied.
pub(super) fn is_either(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => is_either(inner),
        Expr::BinaryOp { op, .. } => *op == BinaryOperator::Or,
        Expr::UnaryOp { .. } => true,
        _ => false,
    }
}

/// The statement with the ends of its window the other way round.
fn swapped(term: &Term<'_>, bounds: &[&Condition<'_>]) -> Option<Correction> {
    let told = "with the ends of the window swapped";
    let low = |condition: &Condition<'_>| {
        let text = Text::new(condition.text);
        let between = text.find(&text.all(), &["BETWEEN"])?;
        let and = text.find(&(between..text.all().end), &["AND"])?;
        let place = |range: Range<usize>| text.bytes(&range);
        Some((place(between + 1..and), place(and + 1..text.all().end)))
    };
    if let [only] = bounds {
        let (a, b) = low(only)?;
        let text = |range: &Range<usize>| only.text.get(range.clone()).map(str::to_owned);
        let edits = [(a.clone(), text(&b)?), (b.clone(), text(&a)?)];
        return term.changed(only, &edits, told);
    }
    let [one, other] = bounds else { return None };
    let right = |condition: &Condition<'_>| {
        let text = Text::new(condition.text);
        let operator = text.find(&text.all(), &["<", "<=", ">", ">="])?;
        let place = text.bytes(&(operator + 1..text.all().end));
        let start = condition.range.start;
        Some(place.start + start..place.end + start)
    };
    let (a, b) = (right(one)?, right(other)?);
    let text = |range: &Range<usize>| term.sql.get(range.clone()).map(str::to_owned);
    let edits = vec![(a.clone(), text(&b)?), (b.clone(), text(&a)?)];
    term.edited(edits, told)
}
