//! Correlations as windows over the matches of a statement. A match is told where a count begins to
//! fit its bounds, so that a storm of matches is one row and not as many as it has events.

use std::collections::{BTreeMap, BTreeSet};

use super::family::{Family, Route};
use super::field::Reached;
use super::statement::listed;
use crate::domain::sigma::{Correlation, CorrelationKind, Rule};
use crate::sql::pivot::PivotTable;
use crate::sql::pivot::outline::Leaf;

/// The fields that correlations group by and count values of, each a column of all matches.
pub(super) struct Keys(Vec<String>);

impl Keys {
    pub(super) fn of(correlations: &[&Correlation]) -> Self {
        let fields = correlations.iter().flat_map(|one| one.fields());
        let names: BTreeSet<String> = fields.map(str::to_owned).collect();
        Self(names.into_iter().collect())
    }

    /// The columns in a table's part.
    pub(super) fn columns(&self, family: Family, leaves: &[Leaf]) -> String {
        let mut sql = String::new();
        for (place, name) in self.0.iter().enumerate() {
            let value = Reached::find(family, leaves, name)
                .map_or_else(|_| "CAST(NULL AS varchar)".to_owned(), |field| field.text());
            sql.push_str(&format!("\n      {value} AS k{place},"));
        }
        sql
    }

    /// The columns' names.
    pub(super) fn names(&self) -> Vec<String> {
        (0..self.0.len()).map(|place| format!("k{place}")).collect()
    }

    fn column(&self, name: &str) -> Option<String> {
        let place = self.0.iter().position(|known| known == name)?;
        Some(format!("k{place}"))
    }
}

/// The rules that a correlation may name.
pub(super) struct Known<'a> {
    pub(super) usable: &'a [&'a Rule],
    /// Those that cannot be used, with the reason.
    pub(super) lost: &'a [(&'a Rule, String)],
    pub(super) all: &'a [Correlation],
}

impl Known<'_> {
    fn rule(&self, name: &str) -> Result<&Rule, String> {
        if let Some(rule) = self.usable.iter().find(|rule| rule.about.is_called(name)) {
            return Ok(rule);
        }
        let lost = self
            .lost
            .iter()
            .find(|(rule, _)| rule.about.is_called(name));
        Err(match lost {
            Some((rule, why)) if rule.part_of.is_some() => why.clone(),
            Some((_, why)) => format!("its rule `{name}` cannot be used: {why}"),
            None if self.all.iter().any(|one| one.about.is_called(name)) => {
                format!(
                    "its rule `{name}` is a correlation itself, and correlations of these cannot be run here"
                )
            }
            None => format!("its rule `{name}` is not here"),
        })
    }
}

/// Whether a correlation can be asked with these rules.
pub(super) fn check(
    correlation: &Correlation,
    known: &Known<'_>,
    tables: &[(&PivotTable, Vec<Leaf>)],
) -> Result<(), String> {
    for name in &correlation.rules {
        let rule = known.rule(name)?;
        let route = Route::of(&rule.logs)?;
        for field in correlation.names() {
            let field = correlation.field_of(field, &rule.about);
            let fits = |(table, leaves): &&(&PivotTable, Vec<Leaf>)| route.fits(table, leaves);
            let found = tables
                .iter()
                .filter(fits)
                .any(|(_, leaves)| Reached::find(route.family, leaves, field).is_ok());
            if !found {
                return Err(match rule.part_of {
                    Some(_) => format!("its field `{field}` has no place in these rows"),
                    None => format!("its field `{field}` has no place in the rows of `{name}`"),
                });
            }
        }
    }
    Ok(())
}

/// The places of the rules that are there for correlations alone.
pub(super) fn without_matches_of_their_own(
    rules: &[&Rule],
    correlations: &[&Correlation],
) -> Vec<usize> {
    let hidden = |rule: &Rule| {
        let mut meant = correlations
            .iter()
            .filter(|one| one.rules.iter().any(|name| rule.about.is_called(name)))
            .peekable();
        let is_counted = meant.peek().is_some();
        rule.part_of.is_some() || is_counted && meant.all(|one| !one.shows_rules)
    };
    let places = rules.iter().enumerate();
    places
        .filter(|(_, rule)| hidden(rule))
        .map(|(place, _)| place)
        .collect()
}

/// Matches with what correlations count of them.
pub(super) struct Counted {
    /// The parts of WITH after `matches`, which are read once for all correlations.
    pub(super) with: String,
    /// The last of these parts, which has every match with all counts.
    pub(super) name: String,
    /// Each correlation's number where it is told and NULL elsewhere, over the columns of that part.
    pub(super) told: Vec<String>,
}

/// What correlations count.
pub(super) fn counted(correlations: &[&Correlation], rules: &[&Rule], keys: &Keys) -> Counted {
    let all: Vec<Count<'_>> = correlations
        .iter()
        .enumerate()
        .map(|(place, correlation)| Count::of(correlation, rules, keys, place))
        .collect();
    let mut with = String::new();
    let mut from = "matches".to_owned();
    let mut step = |name: &str, columns: Vec<String>| {
        let columns = columns.join(",\n    ");
        with.push_str(&format!(
            ",\n{name} AS (\n  SELECT *,\n    {columns}\n  FROM {from}\n)"
        ));
        from = name.to_owned();
    };
    step(
        "timed",
        vec![
            "CAST(to_unixtime(\"time\") * 1000 AS bigint) AS at_ms".to_owned(),
            "row_number() OVER () AS place".to_owned(),
        ],
    );
    let grouped: Vec<String> = all.iter().flat_map(|one| one.values.clone()).collect();
    if !grouped.is_empty() {
        step("grouped", grouped);
    }
    step("parted", all.iter().map(Count::part).collect());
    // One after the other: so the rows of each are sorted once.
    for one in &all {
        let at = one.at;
        for (number, began) in one.began().into_iter().enumerate() {
            step(&format!("chained_{at}_{number}"), vec![began]);
        }
        step(&format!("counted_{at}"), vec![one.count()]);
        step(&format!("seen_{at}"), vec![one.before()]);
    }
    let told = (rules.len()..).zip(&all);
    Counted {
        told: told.map(|(number, one)| one.told(number)).collect(),
        name: from,
        with,
    }
}

/// How one correlation counts.
struct Count<'a> {
    correlation: &'a Correlation,
    /// Its place among the others, in the names of its columns.
    at: usize,
    /// The places of its rules.
    meant: Vec<usize>,
    /// What it groups by and counts the values of, as columns.
    values: Vec<String>,
    groups: Vec<String>,
    /// The places of the rules of each step, where the order counts.
    steps: Vec<Vec<usize>>,
}

impl<'a> Count<'a> {
    fn of(correlation: &'a Correlation, rules: &[&Rule], keys: &Keys, at: usize) -> Self {
        let places_of = |name: &String| -> Vec<usize> {
            let all = rules.iter().enumerate();
            let called = all.filter(|(_, rule)| rule.about.is_called(name));
            called.map(|(place, _)| place).collect()
        };
        let meant: BTreeSet<usize> = correlation.rules.iter().flat_map(places_of).collect();
        let meant: Vec<usize> = meant.into_iter().collect();
        let value = |name: &str| value_of(name, correlation, rules, &meant, keys);
        let mut values = Vec::new();
        let mut groups = Vec::new();
        for (place, name) in correlation.group_by.iter().enumerate() {
            let group = format!("g{at}_{place}");
            values.push(format!("{} AS {group}", value(name)));
            groups.push(group);
        }
        if let CorrelationKind::Values(field) = &correlation.kind {
            values.push(format!("{} AS v{at}", value(field)));
        }
        let steps = match correlation.kind {
            CorrelationKind::Ordered => correlation.rules.iter().map(places_of).collect(),
            _ => Vec::new(),
        };
        Self {
            correlation,
            at,
            meant,
            values,
            groups,
            steps,
        }
    }

    /// Which matches are looked at together: those of its rules that have all groups. Each other one
    /// is by itself, so that it costs nothing.
    fn part(&self) -> String {
        let known: String = self
            .groups
            .iter()
            .map(|group| format!(" AND {group} IS NOT NULL"))
            .collect();
        format!(
            "CASE WHEN n IN ({}){known} THEN 0 ELSE place END AS p{}",
            listed(&self.meant),
            self.at
        )
    }

    /// The rows of a window function.
    fn over(&self, frame: &str) -> String {
        let at = self.at;
        let groups: String = self
            .groups
            .iter()
            .map(|group| format!(", {group}"))
            .collect();
        format!("OVER (PARTITION BY p{at}{groups} ORDER BY at_ms{frame})")
    }

    /// When the latest chain of each length begins that ends with the match or before it: a chain of
    /// one is a match of the first rule, and one of the next rule makes it longer.
    fn began(&self) -> Vec<String> {
        let at = self.at;
        let over = self.over(" RANGE BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW");
        let mut start = "at_ms".to_owned();
        let mut all = Vec::new();
        for (step, rules) in self.steps.iter().enumerate() {
            all.push(format!(
                "max(CASE WHEN n IN ({}) THEN {start} END) {over} AS b{at}_{step}",
                listed(rules)
            ));
            start = format!("b{at}_{step}");
        }
        all
    }

    fn count(&self) -> String {
        let (at, span) = (self.at, self.correlation.span_ms);
        let over = self.over(&format!(" RANGE BETWEEN {span} PRECEDING AND CURRENT ROW"));
        let different = |column: &str| {
            format!(
                "cardinality(array_distinct(filter(array_agg({column}) {over}, v -> v IS NOT NULL)))"
            )
        };
        let count = match &self.correlation.kind {
            CorrelationKind::Events => format!("count(*) {over}"),
            CorrelationKind::Rules => different("n"),
            CorrelationKind::Values(_) => different(&format!("v{at}")),
            CorrelationKind::Ordered => {
                let all = self.steps.len();
                let last = all.saturating_sub(1);
                format!("CASE WHEN b{at}_{last} >= at_ms - {span} THEN {all} ELSE 0 END")
            }
        };
        format!("{count} AS c{at}")
    }

    fn before(&self) -> String {
        let at = self.at;
        format!("lag(c{at}) {} AS l{at}", self.over(""))
    }

    fn told(&self, number: usize) -> String {
        let at = self.at;
        let fits = |column: String| -> String {
            let bounds = self.correlation.all_bounds().into_iter();
            let bounds: Vec<String> = bounds
                .map(|bound| format!("{column} {} {}", bound.order.sign(), bound.count))
                .collect();
            bounds.join(" AND ")
        };
        format!(
            "CASE WHEN p{at} = 0 AND {} AND (l{at} IS NULL OR NOT ({})) THEN {number} END",
            fits(format!("c{at}")),
            fits(format!("l{at}"))
        )
    }
}

/// What a correlation's name means in the matches of each of its rules, over columns of the matches.
fn value_of(
    name: &str,
    correlation: &Correlation,
    rules: &[&Rule],
    meant: &[usize],
    keys: &Keys,
) -> String {
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for place in meant {
        let about = rules.get(*place).map(|rule| &rule.about);
        let field = about.map_or(name, |about| correlation.field_of(name, about));
        places.entry(field).or_default().push(*place);
    }
    let column = |field: &str| {
        let column = keys.column(field);
        column.unwrap_or_else(|| "CAST(NULL AS varchar)".to_owned())
    };
    if let (1, Some(field)) = (places.len(), places.keys().next()) {
        return column(field);
    }
    let cases: Vec<String> = places
        .iter()
        .map(|(field, places)| format!("WHEN n IN ({}) THEN {}", listed(places), column(field)))
        .collect();
    format!("CASE {} END", cases.join(" "))
}
