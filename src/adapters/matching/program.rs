//! What is looked for, planned for objects that have the same columns.
//!
//! Most events match nothing, and most columns are long: so each test is split. What it says of short
//! columns is asked of every row (its operations by one look into a table, shared by all rules); only
//! of rows that are left are the long columns read, and the whole test asked.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};

use super::book::Read;
use crate::adapters::engine::object::{
    BoundExpression, Expressions, FieldPath, Layout, RowExpression, Sql, Wanted,
};
use crate::domain::sigma::{About, Rule};
use crate::sql::condition;
use crate::sql::pivot::{PivotTable, names_entity};
use crate::sql::sigma::{EventTest, Unusable, correlated_fields, event_tests};

/// A test of rows.
pub(super) struct Test {
    /// What a match means.
    pub(super) meaning: usize,
    pub(super) whole: RowExpression,
    /// What it says of short columns, for batches of these.
    pub(super) gate: Option<BoundExpression>,
    /// Whether the gate is all that it says, and nothing else is wanted of a match.
    pub(super) is_settled: bool,
    /// Whether it is asked only of rows with its operations.
    pub(super) by_operation: bool,
    /// Whether correlations count its matches.
    pub(super) is_counted: bool,
    /// What they want to know of a match.
    pub(super) keys: Vec<Option<RowExpression>>,
    /// Set when it failed on rows: it is told once, and not asked again.
    broken: AtomicBool,
}

impl Test {
    pub(super) fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
    }

    /// Marks it as broken; `true` the first time.
    pub(super) fn breaks(&self) -> bool {
        !self.broken.swap(true, Ordering::Relaxed)
    }

    /// What the whole test and its keys read.
    pub(super) fn needs(&self) -> impl Iterator<Item = &FieldPath> {
        let keys = self.keys.iter().flatten();
        self.whole
            .needs()
            .iter()
            .chain(keys.flat_map(RowExpression::needs))
    }
}

/// All tests for objects with the same columns.
pub(super) struct Program {
    pub(super) layout: Layout,
    pub(super) tests: Vec<Test>,
    /// The tests by the operations (in lower case) that they need.
    pub(super) operations: HashMap<String, Vec<usize>>,
    /// The columns that are read of every row.
    pub(super) first: Wanted,
}

/// A test before it is planned.
struct Draft {
    meaning: usize,
    sql: Sql,
    operations: Option<BTreeSet<String>>,
    keys: Vec<Option<String>>,
    about: About,
}

/// The columns that every row is counted by, and the one that rules are sorted by.
pub(super) const CLASS: &str = "class_uid";
pub(super) const SEVERITY: &str = "severity_id";
const OPERATION: [&str; 2] = ["api", "operation"];
/// The times of an event, the better one first.
pub(super) const TIMES: [&str; 2] = ["time_dt", "time"];

impl Program {
    /// Plans everything that a book looks for; with what cannot be asked of these columns.
    pub(super) fn of(read: &Read, layout: Layout, planner: &Expressions) -> (Self, Vec<Unusable>) {
        let table = PivotTable {
            name: "rows".to_owned(),
            label: layout.label().to_owned(),
            source: layout.source(),
            columns: layout.athena_columns(),
        };
        let (drafts, mut unusable) = drafts(read, &table);
        let sql: Vec<Sql> = drafts.iter().map(|draft| draft.sql.clone()).collect();
        let planned = planner.plan(layout.columns(), &sql);
        let mut whole = Vec::new();
        for (draft, planned) in drafts.into_iter().zip(planned) {
            match planned {
                Ok(expression) => whole.push((draft, expression)),
                Err(error) => unusable.push(Unusable {
                    about: draft.about,
                    why: error.message,
                }),
            }
        }
        let mut first: BTreeSet<FieldPath> = BTreeSet::new();
        for name in [CLASS, SEVERITY] {
            first.insert(vec![name.to_owned()]);
        }
        let mut operations: HashMap<String, Vec<usize>> = HashMap::new();
        let mut tests = Vec::new();
        let mut gates = Vec::new();
        for (draft, expression) in whole {
            let (gate, is_whole) = expression.cheap_part(is_cheap);
            first.extend(gate.iter().flat_map(|gate| gate.needs().iter().cloned()));
            if let Some(names) = &draft.operations {
                for name in names {
                    operations
                        .entry(name.clone())
                        .or_default()
                        .push(tests.len());
                }
            }
            gates.push(gate);
            let keys = planned_keys(planner, &layout, &draft.keys);
            tests.push(Test {
                meaning: draft.meaning,
                whole: expression,
                gate: None,
                is_settled: is_whole && !read.is_counted(draft.meaning),
                is_counted: read.is_counted(draft.meaning),
                by_operation: draft.operations.is_some(),
                keys,
                broken: AtomicBool::new(false),
            });
        }
        if !operations.is_empty() {
            first.insert(OPERATION.map(str::to_owned).to_vec());
        }
        let first = Wanted::some(&layout, &first);
        for (test, gate) in tests.iter_mut().zip(gates) {
            let bound = gate.map(|gate| gate.bound(first.schema()));
            // What cannot be asked early is asked late.
            test.gate = bound.and_then(Result::ok);
            test.is_settled &= test.gate.is_some();
        }
        let program = Self {
            layout,
            tests,
            operations,
            first,
        };
        (program, unusable)
    }
}

fn planned_keys(
    planner: &Expressions,
    layout: &Layout,
    keys: &[Option<String>],
) -> Vec<Option<RowExpression>> {
    keys.iter()
        .map(|key| {
            let sql = Sql::plain(format!("CAST({} AS varchar)", key.as_ref()?));
            planner.plan(layout.columns(), &[sql]).pop()?.ok()
        })
        .collect()
}

fn drafts(read: &Read, table: &PivotTable) -> (Vec<Draft>, Vec<Unusable>) {
    let book = &read.book;
    let fields = correlated_fields(&book.rules.correlations);
    let (tests, unfit) = event_tests(&book.rules.rules, &fields, table);
    let mut unusable: Vec<Unusable> = unfit
        .into_iter()
        .filter_map(|(place, why)| {
            let about = shown(book.rules.rules.get(place)?).clone();
            Some(Unusable { about, why })
        })
        .collect();
    unusable.extend(uncounted(read, &fields, &tests, table));
    let mut drafts: Vec<Draft> = tests
        .into_iter()
        .filter_map(|test| {
            let about = shown(book.rules.rules.get(test.rule)?).clone();
            Some(Draft {
                meaning: test.rule,
                sql: Sql::plain(test.predicate),
                operations: test.operations,
                keys: match read.is_counted(test.rule) {
                    true => test.keys,
                    false => Vec::new(),
                },
                about,
            })
        })
        .collect();
    let named = |title: String| About {
        id: title.clone(),
        title,
        ..About::default()
    };
    for (place, watch) in book.watches.iter().enumerate() {
        // A table that cannot name the entity has no event of it.
        if let Some((text, parameters)) = names_entity(&watch.entity, table) {
            drafts.push(Draft {
                meaning: read.first_watch() + place,
                sql: Sql { text, parameters },
                operations: None,
                keys: Vec::new(),
                about: named(format!("watch on {}", watch.name())),
            });
        }
    }
    for (place, one) in book.conditions.iter().enumerate() {
        let about = named(format!("condition {}", one.name));
        match condition::predicate(one, table) {
            Ok(None) => {}
            Ok(Some(text)) => drafts.push(Draft {
                meaning: read.first_condition() + place,
                sql: Sql::plain(text),
                operations: None,
                keys: Vec::new(),
                about,
            }),
            Err(why) => unusable.push(Unusable { about, why }),
        }
    }
    (drafts, unusable)
}

/// Who a rule is to those who read of it: what it is a part of.
fn shown(rule: &Rule) -> &About {
    rule.part_of.as_deref().unwrap_or(&rule.about)
}

/// Correlations that want to know something of these rules' events that they do not have.
fn uncounted(
    read: &Read,
    fields: &[String],
    tests: &[EventTest],
    table: &PivotTable,
) -> Vec<Unusable> {
    let mut found = Vec::new();
    for test in tests {
        let Some(rule) = read.book.rules.rules.get(test.rule) else {
            continue;
        };
        for one in &read.correlations {
            let correlation = &one.correlation;
            let names = correlation
                .names()
                .filter(|_| one.rules.contains(&test.rule));
            for field in names.map(|name| correlation.field_of(name, &rule.about)) {
                let place = fields.iter().position(|known| known == field);
                let key = place.and_then(|place| test.keys.get(place)?.as_ref());
                if key.is_none() {
                    found.push(Unusable {
                        about: correlation.about.clone(),
                        why: format!(
                            "its field `{field}` has no place in rows of {}",
                            table.label
                        ),
                    });
                }
            }
        }
    }
    found
}

/// Whether a field is short, so that reading it of every row costs little.
fn is_cheap(path: &FieldPath) -> bool {
    let Some(root) = path.first().map(String::as_str) else {
        return true;
    };
    if matches!(
        root,
        "unmapped" | "observables" | "resources" | "raw_data" | "evidences" | "enrichments"
    ) {
        return false;
    }
    // A record as a whole holds whatever it holds; JSON texts are long.
    !matches!(
        path.last().map(String::as_str),
        Some("data" | "request" | "response" | "api" | "actor")
    )
}
