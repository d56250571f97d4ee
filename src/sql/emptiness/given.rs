//! What is told without asking: units, formats, the window, and which objects the lake has.

use std::ops::Range;

use chrono::TimeDelta;
use sqlparser::ast::{BinaryOperator, Expr};

use super::near::nearest;
use super::text::Text;
use super::values::replacement;
use super::window::{Said, TimeColumn, day_misfits, unit_changes};
use super::{Condition, Judge, Term, count_told, moment_told};
use crate::domain::coverage::{Coverage, Part};
use crate::domain::emptiness::{Cause, Correction, Explanation, NearValue};
use crate::domain::lake::{Source, SourceVersion, told_by_name};

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
            return Some(self.format(term, condition.told()));
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
    fn format(&self, term: &Term<'_>, condition: String) -> Explanation {
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
                return Some(self.format(term, misfit));
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
    fn misfit_of_a_day(&self, term: &Term<'_>) -> Option<String> {
        let wrong = |c: &&Condition<'_>| {
            c.expr
                .as_ref()
                .is_some_and(|expr| !day_misfits(c.text, expr, self.question.now).is_empty())
        };
        term.conditions.iter().find(wrong).map(Condition::told)
    }

    /// What the lake's objects tell.
    fn covered(&self, term: &Term<'_>) -> Option<Explanation> {
        let coverage = self
            .question
            .coverage
            .filter(|coverage| coverage.is_complete())?;
        let single = term.select.tables.len() == 1 && term.select.inner.is_empty();
        for (path, place) in &term.select.tables {
            let Some(table) = table(path, coverage) else {
                continue;
            };
            if coverage.extent(&table.part).objects == 0 {
                return Some(absent(term, &table, place, coverage));
            }
            if single {
                let mut part = table.part.clone();
                if let Some(told) = self.scope(term, coverage, &table, &mut part) {
                    return Some(told);
                }
                return self.outside(term, coverage, &table, &part);
            }
        }
        None
    }

    /// An account or a Region of which the source has nothing. Narrows the part to those asked.
    fn scope(
        &self,
        term: &Term<'_>,
        coverage: &Coverage,
        table: &Table,
        part: &mut Part,
    ) -> Option<Explanation> {
        for condition in &term.conditions {
            if condition.expr.as_ref().is_none_or(is_either) {
                continue;
            }
            let [leaf] = condition.leaves.as_slice() else {
                continue;
            };
            let Some(scope) = leaf.path.as_deref().and_then(scope_of) else {
                continue;
            };
            let of = |stretch: &crate::domain::coverage::Stretch| match scope {
                Scope::Account => stretch.account.clone(),
                Scope::Region => stretch.region.clone(),
            };
            let mut known: Vec<String> = coverage
                .part(&table.part)
                .map(|(stretch, _)| of(stretch).to_string())
                .filter(|value| !value.is_empty())
                .collect();
            known.sort();
            known.dedup();
            if known.is_empty() {
                continue;
            }
            let asked: Vec<String> = leaf.values.iter().map(|v| v.value.clone()).collect();
            if asked.iter().any(|asked| known.contains(asked)) {
                match scope {
                    Scope::Account => part.accounts = asked,
                    Scope::Region => part.regions = asked,
                }
                continue;
            }
            let seen: Vec<(String, u64)> = known.iter().map(|value| (value.clone(), 0)).collect();
            let like = leaf.compared == super::expression::Compared::Like;
            let first = leaf.values.first()?;
            let near = nearest(&first.value, like, &seen);
            let what = match scope {
                Scope::Account => ("account", "accounts"),
                Scope::Region => ("Region", "Regions"),
            };
            let listed = format!("{} of {} in the lake: {}", what.1, table.told, some(&known));
            if let Some(best) = near.first() {
                let told = format!(
                    "`{}` holds for no row: no {} of the lake is written so",
                    condition.told(),
                    what.0
                );
                let mut told = Explanation::new(Cause::CannotMatch, told).with(listed);
                let edit = (first.range.clone(), replacement(first, &best.value));
                let with = format!("with {} {}", what.0, best.value);
                told.correction = term.changed(condition, &[edit], with);
                told.nearest = near;
                return Some(told);
            }
            if like {
                continue;
            }
            let told = format!(
                "{} is not collected for {} {}",
                table.told,
                what.0,
                asked.join(", ")
            );
            return Some(Explanation::new(Cause::SourceAbsent, told).with(listed));
        }
        None
    }

    /// A window without an object.
    fn outside(
        &self,
        term: &Term<'_>,
        coverage: &Coverage,
        table: &Table,
        part: &Part,
    ) -> Option<Explanation> {
        let extent = coverage.extent(part);
        let (first, last) = extent.between?;
        let (from, to) = term.times();
        if extent.objects == 0 || (from.is_none() && to.is_none()) {
            return None;
        }
        let known = format!(
            "{} of {}, with events from {} to {}",
            count_told(extent.objects, "object"),
            table.told,
            moment_told(first),
            moment_told(last)
        );
        let window = term.window_told();
        let outside = |told: String| {
            if let Some(misfit) = self.misfit_of_a_day(term) {
                return Some(self.format(term, misfit));
            }
            Some(Explanation::new(Cause::OutsideData, told).with(known.clone()))
        };
        if to.is_some_and(|to| to <= first) {
            return outside(format!(
                "the window ({window}) lies before the first event of {}: outside retention, or not collected yet",
                table.told
            ));
        }
        if from.is_some_and(|from| from > last) {
            return outside(format!(
                "the window ({window}) lies after the last event of {}: data that has not arrived yet",
                table.told
            ));
        }
        let objects = coverage.objects_in(part, from, to);
        if objects > 0 {
            return None;
        }
        let (from, to) = (from?, to?);
        let is_gap = coverage
            .gaps()
            .into_iter()
            .any(|gap| part.has(&gap.stretch) && gap.from <= from && to <= gap.to);
        let (before, after) = coverage.around(part, from, to);
        let mut told = if is_gap {
            outside(format!(
                "the window ({window}) lies in a gap: no object of {} has an event then",
                table.told
            ))?
        } else {
            Explanation::new(
                Cause::Quiet,
                format!("{} has no event in the window ({window})", table.told),
            )
            .with(known)
        };
        if let Some(before) = before {
            told = told.with(format!("objects before it: until {}", moment_told(before)));
        }
        if let Some(after) = after {
            told = told.with(format!("objects after it: from {}", moment_told(after)));
        }
        Some(told)
    }
}

/// A table that a statement names.
#[derive(Debug)]
pub(super) struct Table {
    /// Its part of the lake.
    pub(super) part: Part,
    /// What people call it.
    pub(super) told: String,
    native: Option<(Source, SourceVersion)>,
}

/// A table by its name: a documented one in any of its spellings, or one that the coverage knows.
pub(super) fn table(path: &[String], coverage: &Coverage) -> Option<Table> {
    let name = path.last()?;
    let label = |source: Source, version: SourceVersion| match version {
        SourceVersion::V2 => source.alias().to_owned(),
        SourceVersion::V1 => format!("{}_{}", source.alias(), version.suffix()),
    };
    let native = |source, version, region: Option<String>| Table {
        part: Part {
            regions: region.into_iter().collect(),
            ..Part::of(&label(source, version))
        },
        told: label(source, version),
        native: Some((source, version)),
    };
    if let Some((source, version)) = told_by_name(name)
        && let Some(rest) = name.strip_prefix("amazon_security_lake_table_")
    {
        let end = format!("_{}_{}", source.alias(), version.suffix());
        let region = rest.strip_suffix(&end)?.replace('_', "-");
        return Some(native(source, version, Some(region)));
    }
    for source in Source::ALL {
        for version in SourceVersion::ALL {
            if *name == format!("{}_{}", source.alias(), version.suffix()) {
                return Some(native(source, version, None));
            }
        }
        if name == source.alias() {
            // The bare name means the newer version, unless only the older has objects.
            let has = |version| coverage.extent(&Part::of(&label(source, version))).objects > 0;
            let older = has(SourceVersion::V1) && !has(SourceVersion::V2);
            let version = if older {
                SourceVersion::V1
            } else {
                SourceVersion::V2
            };
            return Some(native(source, version, None));
        }
    }
    let name = name.strip_prefix("ext_").unwrap_or(name);
    let part = Part::of(name);
    (coverage.extent(&part).objects > 0).then(|| Table {
        part,
        told: name.to_owned(),
        native: None,
    })
}

fn absent(
    term: &Term<'_>,
    table: &Table,
    place: &Range<usize>,
    coverage: &Coverage,
) -> Explanation {
    let region = match table.part.regions.as_slice() {
        [region] => format!(" of {region}"),
        _ => String::new(),
    };
    let there = coverage.distinct(&Part::default(), |stretch| &stretch.source);
    let mut told = Explanation::new(
        Cause::SourceAbsent,
        format!("the lake has no object of {}{region}", table.told),
    )
    .with(format!("sources that it has: {}", some(&there)));
    let Some((source, version)) = table.native else {
        return told;
    };
    let elsewhere = coverage.distinct(&Part::of(&table.told), |stretch| &stretch.region);
    if !elsewhere.is_empty() {
        told = told.with(format!("Regions that have it: {}", some(&elsewhere)));
    }
    let other = match version {
        SourceVersion::V1 => SourceVersion::V2,
        SourceVersion::V2 => SourceVersion::V1,
    };
    let name = format!("{}_{}", source.alias(), other.suffix());
    let label = match other {
        SourceVersion::V2 => source.alias().to_owned(),
        SourceVersion::V1 => name.clone(),
    };
    if coverage.extent(&Part::of(&label)).objects > 0 {
        told = told.with(format!(
            "it has the source in version {}",
            other.path_name()
        ));
        let text = term.sql.get(place.clone()).unwrap_or_default();
        let rest = text.find(char::is_whitespace).and_then(|at| text.get(at..));
        let text = format!("{name}{}", rest.unwrap_or_default());
        told.correction = term.edited(
            vec![(place.clone(), text)],
            format!("over version {}", other.path_name()),
        );
    }
    told
}

/// What a column of the path tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    Account,
    Region,
}

fn scope_of(path: &[String]) -> Option<Scope> {
    let parts: Vec<&str> = path.iter().map(String::as_str).collect();
    match parts.as_slice() {
        ["accountid"] | [_, "accountid"] => Some(Scope::Account),
        ["region"] => Some(Scope::Region),
        [alias, "region"] if *alias != "cloud" => Some(Scope::Region),
        ["cloud", "account", "uid"] | ["cloud", "account_uid"] => Some(Scope::Account),
        _ => None,
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

/// A few of many values.
pub(super) fn some(values: &[String]) -> String {
    const SHOWN: usize = 8;
    let mut told = values
        .iter()
        .take(SHOWN)
        .cloned()
        .collect::<Vec<_>>()
        .join(", ");
    if values.len() > SHOWN {
        told.push_str(&format!(" and {} more", values.len() - SHOWN));
    }
    if told.is_empty() {
        told.push_str("none");
    }
    told
}
