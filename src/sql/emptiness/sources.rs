//! What the lake's objects tell: absent sources, accounts and Regions, and times without an object.

use std::ops::Range;

use super::expression::Compared;
use super::given::is_either;
use super::near::nearest;
use super::values::replacement;
use super::{Judge, Term, count_told, moment_told};
use crate::domain::coverage::{Coverage, Part, Stretch};
use crate::domain::emptiness::{Cause, Explanation};
use crate::domain::lake::{Source, SourceVersion, told_by_name};

impl Judge<'_> {
    /// What the lake's objects tell.
    pub(super) fn covered(&self, term: &Term<'_>) -> Option<Explanation> {
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
            let of = |stretch: &Stretch| match scope {
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
            let like = leaf.compared == Compared::Like;
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
                return Some(self.format(term, &misfit));
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
