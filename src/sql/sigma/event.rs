//! Rules as predicates over single rows of one table, for who judges events as they arrive.

use std::collections::BTreeSet;

use super::family::Route;
use super::field::Reached;
use super::predicate::Writer;
use crate::domain::sigma::{Correlation, LogSource, Rule};
use crate::sql::pivot::PivotTable;
use crate::sql::pivot::outline::leaves;

/// A rule over the rows of one table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventTest {
    /// The rule's place among those that were given.
    pub rule: usize,
    /// Athena SQL that is true of a row that matches; NULL is not true.
    pub predicate: String,
    /// The operations (`api.operation`, in lower case) without one of which it cannot be true; `None`
    /// where it can be true of any.
    pub operations: Option<BTreeSet<String>>,
    /// The values of the keys that were given, as SQL; `None` where the table has no place for one.
    pub keys: Vec<Option<String>>,
}

/// The rules that are about a table, as predicates over its rows, and why others of them cannot be
/// used on it. A rule about other logs is in neither.
pub fn event_tests(
    rules: &[Rule],
    keys: &[String],
    table: &PivotTable,
) -> (Vec<EventTest>, Vec<(usize, String)>) {
    let outline = leaves(&table.columns);
    let mut tests = Vec::new();
    let mut unusable = Vec::new();
    for (place, rule) in rules.iter().enumerate() {
        let Ok(route) = Route::of(&rule.logs) else {
            continue;
        };
        if !route.fits(table, &outline) {
            continue;
        }
        let writer = Writer {
            family: route.family,
            leaves: &outline,
        };
        match writer.rule(rule) {
            Ok(predicate) => tests.push(EventTest {
                rule: place,
                predicate,
                operations: writer.operations(rule),
                keys: keys
                    .iter()
                    .map(|key| Reached::find(route.family, &outline, key).ok())
                    .map(|found| found.map(|field| field.text()))
                    .collect(),
            }),
            Err(why) => unusable.push((place, why)),
        }
    }
    (tests, unusable)
}

/// Why a rule is about no logs that a lake holds; `None` if it is about some.
pub fn foreign(logs: &LogSource) -> Option<String> {
    Route::of(logs).err()
}

/// The fields that correlations group by and count the values of, each once.
pub fn correlated_fields(correlations: &[Correlation]) -> Vec<String> {
    let mut names = BTreeSet::new();
    for correlation in correlations {
        names.extend(correlation.fields().into_iter().map(str::to_owned));
    }
    names.into_iter().collect()
}
