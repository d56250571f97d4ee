//! Correlations as windows over the matches of a statement. A match is told where a count begins to
//! fit its bounds, so that a storm of matches is one row and not as many as it has events.

use std::collections::BTreeSet;

use super::family::{Family, Route};
use super::field::Reached;
use super::statement::listed;
use crate::domain::sigma::{Bound, Correlation, CorrelationKind, Order, Rule};
use crate::sql::pivot::PivotTable;
use crate::sql::pivot::outline::Leaf;

/// The fields that correlations group by and count values of, each a column of all matches.
pub(super) struct Keys(Vec<String>);

impl Keys {
    pub(super) fn of(correlations: &[&Correlation]) -> Self {
        let mut names = BTreeSet::new();
        for correlation in correlations {
            names.extend(correlation.group_by.iter().cloned());
            if let CorrelationKind::Values(field) = &correlation.kind {
                names.insert(field.clone());
            }
        }
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

/// Whether a correlation can be asked with these rules.
pub(super) fn check(
    correlation: &Correlation,
    rules: &[&Rule],
    tables: &[(&PivotTable, Vec<Leaf>)],
) -> Result<(), String> {
    for name in &correlation.rules {
        let rule = rules.iter().find(|rule| rule.about.is_called(name));
        let Some(rule) = rule else {
            return Err(format!("its rule `{name}` is not here or cannot be used"));
        };
        let route = Route::of(&rule.logs)?;
        let mut fields = correlation.group_by.clone();
        if let CorrelationKind::Values(field) = &correlation.kind {
            fields.push(field.clone());
        }
        for field in fields {
            let fits = |(table, leaves): &&(&PivotTable, Vec<Leaf>)| route.fits(table, leaves);
            let found = tables
                .iter()
                .filter(fits)
                .any(|(_, leaves)| Reached::find(route.family, leaves, &field).is_ok());
            if !found {
                return Err(format!(
                    "its field `{field}` has no place in the rows of `{name}`"
                ));
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
        meant.peek().is_some() && meant.all(|one| !one.shows_rules)
    };
    let places = rules.iter().enumerate();
    places
        .filter(|(_, rule)| hidden(rule))
        .map(|(place, _)| place)
        .collect()
}

/// The parts of WITH and of the UNION ALL for a correlation that is the `place`th and whose number
/// among the rules is `number`.
pub(super) fn part(
    correlation: &Correlation,
    rules: &[&Rule],
    keys: &Keys,
    place: usize,
    number: usize,
    shown: &str,
) -> (String, String) {
    let meant: Vec<usize> = rules
        .iter()
        .enumerate()
        .filter(|(_, rule)| {
            correlation
                .rules
                .iter()
                .any(|name| rule.about.is_called(name))
        })
        .map(|(place, _)| place)
        .collect();
    let groups: Vec<String> = correlation
        .group_by
        .iter()
        .filter_map(|name| keys.column(name))
        .collect();
    let partition = match groups.is_empty() {
        true => String::new(),
        false => format!("PARTITION BY {} ", groups.join(", ")),
    };
    let known: String = groups
        .iter()
        .map(|group| format!(" AND {group} IS NOT NULL"))
        .collect();
    let window = format!(
        "({partition}ORDER BY at_ms RANGE BETWEEN {} PRECEDING AND CURRENT ROW)",
        correlation.span_ms
    );
    let count = match &correlation.kind {
        CorrelationKind::Events => format!("count(*) OVER {window}"),
        CorrelationKind::Rules => different("n", &window),
        CorrelationKind::Values(field) => {
            let column = keys.column(field).unwrap_or_else(|| "n".to_owned());
            different(&column, &window)
        }
    };
    let all = [Bound {
        order: Order::GreaterOrEqual,
        count: i64::try_from(meant.len()).unwrap_or(i64::MAX),
    }];
    let bounds = match correlation.bounds.as_slice() {
        [] => &all[..],
        bounds => bounds,
    };
    let fits = |column: &str| -> String {
        let bounds: Vec<String> = bounds
            .iter()
            .map(|bound| format!("{column} {} {}", bound.order.sign(), bound.count))
            .collect();
        bounds.join(" AND ")
    };
    let with = format!(
        ",\ncounted_{place} AS (\n  SELECT *, {count} AS counted\n  FROM (SELECT *, CAST(to_unixtime(\"time\") * 1000 AS bigint) AS at_ms FROM matches) AS timed\n  WHERE n IN ({}){known}\n),\nseen_{place} AS (\n  SELECT *, lag(counted) OVER ({partition}ORDER BY at_ms) AS counted_before FROM counted_{place}\n)",
        listed(&meant)
    );
    let select = format!(
        "\n  UNION ALL\n  SELECT {shown}, {number} AS n FROM seen_{place}\n  WHERE {} AND (counted_before IS NULL OR NOT ({}))",
        fits("counted"),
        fits("counted_before")
    );
    (with, select)
}

/// How many different values of a column a window has.
fn different(column: &str, window: &str) -> String {
    format!(
        "cardinality(array_distinct(filter(array_agg({column}) OVER {window}, v -> v IS NOT NULL)))"
    )
}
