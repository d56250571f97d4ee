//! The statement that runs a set of rules over a lake: one part for each table, which reads it once
//! for all rules, and the parts of correlations over what these find.

use std::collections::BTreeSet;

use super::correlation::{self, Keys};
use super::family::Route;
use super::field::joined;
use super::predicate::Writer;
use super::set::RuleSet;
use crate::domain::sigma::{About, Correlation, Rule};
use crate::sql::parameters::quote_text;
use crate::sql::pivot::columns::{COLUMNS, expression};
use crate::sql::pivot::outline::{Holds, Leaf, identifier, leaves};
use crate::sql::pivot::relations::Time;
use crate::sql::pivot::{LONGEST_STATEMENT, PivotTable};

/// The columns of a match after its rule, its time and its table, from those that pivots have, too.
const SHOWN: [&str; 14] = [
    "account",
    "region",
    "who",
    "access_key",
    "role",
    "address",
    "agent",
    "what",
    "resource",
    "object",
    "result",
    "error",
    "peer",
    "event_id",
];

/// In which form matches come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Columns {
    /// A column for each thing that is told.
    Flat,
    /// The rule and the row as records, for JSON.
    Nested,
}

/// A statement ready to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detect {
    /// Athena SQL.
    pub sql: String,
    /// The labels of the tables that are read.
    pub tables: Vec<String>,
    /// How many rules and correlations it runs.
    pub rules: usize,
}

/// A rule that cannot be used on a lake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable {
    /// The rule.
    pub about: About,
    /// Why.
    pub why: String,
}

/// The statements for a set of rules over a lake's tables: one, or more where one would be longer
/// than Athena takes; and the rules that cannot be used, with the reason. `condition` is SQL about
/// the columns of a match.
pub fn statements(
    set: &RuleSet,
    tables: &[PivotTable],
    condition: Option<&str>,
    columns: Columns,
) -> (Vec<Detect>, Vec<Unusable>) {
    let outlines: Vec<(&PivotTable, Vec<Leaf>)> = tables
        .iter()
        .map(|table| (table, leaves(&table.columns)))
        .collect();
    let mut lost = Vec::new();
    let mut usable = Vec::new();
    for rule in &set.rules {
        match usable_on(rule, &outlines) {
            Ok(()) => usable.push(rule),
            Err(why) => lost.push((rule, why)),
        }
    }
    // What is a part of another rule is not told by itself.
    let mut unusable: Vec<Unusable> = lost
        .iter()
        .filter(|(rule, _)| rule.part_of.is_none())
        .map(|(rule, why)| Unusable {
            about: rule.about.clone(),
            why: why.clone(),
        })
        .collect();
    let mut correlations = Vec::new();
    for correlation in &set.correlations {
        let known = correlation::Known {
            usable: &usable,
            lost: &lost,
            all: &set.correlations,
        };
        match correlation::check(correlation, &known, &outlines) {
            Ok(()) => correlations.push(correlation),
            Err(why) => unusable.push(Unusable {
                about: correlation.about.clone(),
                why,
            }),
        }
    }
    let is_counted = |rule: &Rule| {
        let mut correlations = correlations.iter();
        correlations
            .any(|one: &&Correlation| one.rules.iter().any(|name| rule.about.is_called(name)))
    };
    usable.retain(|rule| rule.part_of.is_none() || is_counted(rule));
    let writer = Set {
        tables: &outlines,
        condition,
        columns,
    };
    let mut written = Vec::new();
    if usable.is_empty() {
        return (written, unusable);
    }
    let whole = writer.write(&usable, &correlations);
    if whole.sql.len() <= LONGEST_STATEMENT {
        return (vec![whole], unusable);
    }
    if !correlations.is_empty() {
        // Correlations need all of their rules in one statement.
        let (meant, others): (Vec<&Rule>, Vec<&Rule>) =
            usable.iter().partition(|rule| is_counted(rule));
        let detect = writer.write(&meant, &correlations);
        if detect.sql.len() <= LONGEST_STATEMENT {
            written.push(detect);
        } else {
            unusable.extend(correlations.iter().map(|correlation| Unusable {
                about: correlation.about.clone(),
                why: "its statement would be longer than Athena takes".to_owned(),
            }));
        }
        usable = others;
    }
    writer.split(&usable, &mut written, &mut unusable);
    (written, unusable)
}

fn usable_on(rule: &Rule, tables: &[(&PivotTable, Vec<Leaf>)]) -> Result<(), String> {
    let route = Route::of(&rule.logs)?;
    let mut why = None;
    for (table, leaves) in tables {
        if !route.fits(table, leaves) {
            continue;
        }
        if Time::of(leaves).is_none() {
            continue;
        }
        let writer = Writer {
            family: route.family,
            leaves,
        };
        match writer.rule(rule) {
            Ok(_) => return Ok(()),
            Err(error) => why = Some(error),
        }
    }
    Err(why.unwrap_or_else(|| "the lake has no table of its logs".to_owned()))
}

struct Set<'a> {
    tables: &'a [(&'a PivotTable, Vec<Leaf>)],
    condition: Option<&'a str>,
    columns: Columns,
}

impl Set<'_> {
    /// As many statements as it takes.
    fn split(&self, rules: &[&Rule], written: &mut Vec<Detect>, unusable: &mut Vec<Unusable>) {
        if rules.is_empty() {
            return;
        }
        let detect = self.write(rules, &[]);
        match rules {
            _ if detect.sql.len() <= LONGEST_STATEMENT => written.push(detect),
            [rule] => unusable.push(Unusable {
                about: rule.about.clone(),
                why: "its statement would be longer than Athena takes".to_owned(),
            }),
            _ => {
                let (one, two) = rules.split_at(rules.len() / 2);
                self.split(one, written, unusable);
                self.split(two, written, unusable);
            }
        }
    }

    fn write(&self, rules: &[&Rule], correlations: &[&Correlation]) -> Detect {
        let keys = Keys::of(correlations);
        let mut parts = Vec::new();
        let mut labels = Vec::new();
        for (table, leaves) in self.tables {
            if let Some(part) = self.part(table, leaves, rules, &keys) {
                parts.push(part);
                labels.push(table.label.clone());
            }
        }
        let hidden = correlation::without_matches_of_their_own(rules, correlations);
        let abouts = rules
            .iter()
            .map(|rule| &rule.about)
            .chain(correlations.iter().map(|correlation| &correlation.about));
        let values: Vec<String> = abouts
            .enumerate()
            .map(|(place, about)| {
                format!(
                    "({place}, {}, {}, {})",
                    quote_text(&about.id),
                    quote_text(&about.title),
                    quote_text(about.level.name())
                )
            })
            .collect();
        let mut sql = format!(
            "WITH rules AS (\n  SELECT * FROM (VALUES\n    {}\n  ) AS r (n, rule_id, title, level)\n),\nmatches AS (\n{}\n)",
            values.join(",\n    "),
            parts.join("\nUNION ALL\n")
        );
        let shown = SHOWN.map(identifier).join(", ");
        let common = format!("\"time\", source, {shown}, file");
        let own = match hidden.is_empty() {
            true => "n".to_owned(),
            false => format!("CASE WHEN n NOT IN ({}) THEN n END", listed(&hidden)),
        };
        if correlations.is_empty() {
            sql.push_str(&format!(
                ",\nfound AS (\n  SELECT {common}, n FROM matches\n)\n"
            ));
        } else {
            let counted = correlation::counted(correlations, rules, &keys);
            let mut told = counted.told;
            told.insert(0, own);
            let told = told.join(",\n      ");
            let shown = SHOWN.map(|name| format!("s.{}", identifier(name)));
            sql.push_str(&format!(
                "{},\nfound AS (\n  SELECT s.\"time\", s.source, {}, s.file, t.n AS n FROM (\n    SELECT {common}, ARRAY[\n      {told}\n    ] AS told\n    FROM {}\n  ) AS s CROSS JOIN UNNEST(s.told) AS t (n)\n  WHERE t.n IS NOT NULL\n)\n",
                counted.with,
                shown.join(", "),
                counted.name
            ));
        }
        sql.push_str(&self.select());
        Detect {
            sql,
            tables: labels,
            rules: rules.iter().filter(|rule| rule.part_of.is_none()).count() + correlations.len(),
        }
    }

    fn select(&self) -> String {
        let order = "FROM found AS f JOIN rules AS r ON f.n = r.n\nORDER BY f.\"time\", r.rule_id";
        let shown = SHOWN.map(|name| format!("f.{}", identifier(name)));
        match self.columns {
            Columns::Flat => format!(
                "SELECT r.rule_id, r.title, r.level, f.\"time\", f.source, {}, f.file\n{order}",
                shown.join(", ")
            ),
            Columns::Nested => {
                let types = SHOWN.map(|name| format!("{} varchar", identifier(name)));
                format!(
                    "SELECT 'detection' AS kind,\n  CAST(ROW(r.rule_id, r.title, r.level) AS ROW(id varchar, title varchar, level varchar)) AS \"rule\",\n  coalesce(f.access_key, f.who, f.address, f.resource) AS entity,\n  f.file AS object,\n  f.\"time\" AS \"time\",\n  CAST(ROW(f.source, {}) AS ROW(source varchar, {})) AS \"row\"\n{order}",
                    shown.join(", "),
                    types.join(", ")
                )
            }
        }
    }

    /// What one table gives.
    fn part(
        &self,
        table: &PivotTable,
        leaves: &[Leaf],
        rules: &[&Rule],
        keys: &Keys,
    ) -> Option<String> {
        let time = Time::of(leaves)?;
        let mut cases = Vec::new();
        let mut always = Vec::new();
        let mut operations = BTreeSet::new();
        let mut of_family = None;
        for (place, rule) in rules.iter().enumerate() {
            let Ok(route) = Route::of(&rule.logs) else {
                continue;
            };
            if !route.fits(table, leaves) {
                continue;
            }
            let writer = Writer {
                family: route.family,
                leaves,
            };
            let Ok(predicate) = writer.rule(rule) else {
                continue;
            };
            of_family = Some(route.family);
            match writer.operations(rule) {
                Some(names) => operations.extend(names),
                None => always.push(predicate.clone()),
            }
            cases.push(format!("CASE WHEN {predicate} THEN {place} END"));
        }
        let family = of_family?;
        let operation = leaves
            .iter()
            .find(|leaf| leaf.path == "api.operation" && leaf.holds == Holds::Text);
        if let (Some(operation), false) = (operation, operations.is_empty()) {
            let names: Vec<String> = operations.iter().map(|name| quote_text(name)).collect();
            always.insert(
                0,
                format!("lower({}) IN ({})", operation.first(), names.join(", ")),
            );
        }
        let columns: Vec<String> = COLUMNS
            .iter()
            .filter(|(name, ..)| SHOWN.contains(name))
            .map(|column| format!("{} AS {}", expression(leaves, column), identifier(column.0)))
            .collect();
        let carried: String = keys
            .names()
            .iter()
            .map(|key| format!(", e.{key}"))
            .collect();
        let keys = keys.columns(family, leaves);
        let from = format!(
            "SELECT {} AS \"time\", {} AS source,\n      {},\n      \"$path\" AS file,{keys}\n      filter(ARRAY[\n        {}\n      ], hit -> hit IS NOT NULL) AS hits\n    FROM {}\n    WHERE {}",
            time.column(),
            quote_text(&table.label),
            columns.join(",\n      "),
            cases.join(",\n        "),
            table.name,
            joined(always, "\n      OR ")
        );
        let from = match self.condition {
            None => from,
            Some(condition) => {
                format!("SELECT * FROM (\n    {from}\n    ) AS rows_here WHERE (\n{condition}\n)")
            }
        };
        let shown = SHOWN.map(|name| format!("e.{}", identifier(name)));
        Some(format!(
            "  SELECT e.\"time\", e.source, {}, e.file{carried}, h.n AS n FROM (\n    {from}\n  ) AS e CROSS JOIN UNNEST(e.hits) AS h (n)",
            shown.join(", ")
        ))
    }
}

/// Numbers with commas between.
pub(super) fn listed(places: &[usize]) -> String {
    let places: Vec<String> = places.iter().map(usize::to_string).collect();
    places.join(", ")
}
