//! Pivots: from a value to everything that names it, as one statement over all tables.
//!
//! Owns the templates ([`PivotTemplate`]), which are bound to types of entities and never to column
//! names, and the relations that they read ([`relations`]): written out for the tables that a lake
//! has, each column chosen from those that exist. A value stands in a statement only as `?`, and
//! which statement it is depends on the type alone, never on the value.

pub(in crate::sql) mod columns;
mod history;
mod lineage;
mod naming;
pub(in crate::sql) mod outline;
pub(in crate::sql) mod relations;
mod template;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::domain::entity::{Entity, EntityType};
use crate::domain::lake::Source;
use outline::{Leaf, leaves};
use relations::Relation;

pub use history::history;
pub use lineage::{LineageRequests, LineageStatements, lineage};
pub use naming::names_entity;
pub use relations::{COMMON_COLUMNS, RELATIONS};
pub use template::{PivotTemplate, PivotTemplates};

/// The most bytes of a statement that Athena takes.
pub(in crate::sql) const LONGEST_STATEMENT: usize = 262_144;

/// A table that a pivot may ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PivotTable {
    /// Its name as it stands in a statement, quoted where it has to be.
    pub name: String,
    /// What its rows are told to come from, such as `vpc_flow`.
    pub label: String,
    /// The native source that it holds.
    pub source: Option<Source>,
    /// Its columns in order: name, and type as Athena's DDL spells it.
    pub columns: Vec<(String, String)>,
}

/// A span of time: from its beginning up to, not including, its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The beginning.
    pub since: DateTime<Utc>,
    /// The end.
    pub until: DateTime<Utc>,
}

impl Window {
    /// So much before and after a time.
    pub fn around(time: DateTime<Utc>, by: chrono::Duration) -> Self {
        let by = by.abs();
        Self {
            since: time.checked_sub_signed(by).unwrap_or(Self::EVER.since),
            // The time itself is inside, whatever the span.
            until: time
                .checked_add_signed(by + chrono::Duration::milliseconds(1))
                .unwrap_or(Self::EVER.until),
        }
    }

    /// All time that logs tell of.
    pub const EVER: Self = Self {
        since: DateTime::UNIX_EPOCH,
        until: match DateTime::from_timestamp(7_258_118_400, 0) {
            Some(time) => time,
            None => DateTime::UNIX_EPOCH,
        },
    };
}

/// A statement ready to run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PivotStatement {
    /// Athena SQL with `?` where values go.
    pub sql: String,
    /// The SQL literals for the `?`, in order.
    pub parameters: Vec<String>,
    /// The labels of the tables that are asked.
    pub asked: Vec<String>,
    /// The tables that are not asked, and why.
    pub left_out: Vec<(String, &'static str)>,
}

/// Why a pivot has no statement.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PivotError {
    /// The template is for other types.
    #[error("`{template}` is no question about a {kind}; it is for: {types}")]
    OtherType {
        /// The template's name.
        template: String,
        /// The entity's type.
        kind: EntityType,
        /// The types that it is for.
        types: String,
    },
    /// The lake has no table that could answer.
    #[error(
        "no table of this lake has a column that can name a {kind}: `{template}` cannot be asked here"
    )]
    NoTable {
        /// The template's name.
        template: String,
        /// The entity's type.
        kind: EntityType,
    },
    /// There are too many tables for one statement.
    #[error(
        "the statement over {tables} tables would have {bytes} bytes, and Athena takes at most {LONGEST_STATEMENT}; give a profile with fewer databases"
    )]
    TooLong {
        /// The tables.
        tables: usize,
        /// The bytes.
        bytes: usize,
    },
}

/// Writes out a template for an entity over a lake's tables. With `ordered`, rows come in the
/// template's order, which costs the wait for the last of them; without it they come as they are
/// found, which suits a screen that sorts by itself.
///
/// # Errors
///
/// A template for other types, tables of which none can answer, a statement that grows too long.
pub fn statement(
    template: &PivotTemplate,
    entity: &Entity,
    tables: &[PivotTable],
    window: Window,
    ordered: bool,
) -> Result<PivotStatement, PivotError> {
    if !template.is_for(entity.kind) {
        return Err(PivotError::OtherType {
            template: template.name.clone(),
            kind: entity.kind,
            types: template.types_told(),
        });
    }
    let outlines: Vec<(&PivotTable, Vec<Leaf>)> = tables
        .iter()
        .map(|table| (table, leaves(&table.columns)))
        .collect();
    let mut writer = Writer::new(entity, window);
    let mut asked = BTreeMap::new();
    for relation in template.relations() {
        let written = writer.relation(relation, template, &outlines);
        if written.is_empty() {
            return Err(PivotError::NoTable {
                template: template.name.clone(),
                kind: entity.kind,
            });
        }
        for label in written {
            asked.insert(label, ());
        }
    }
    writer.body(template, ordered);
    if writer.sql.len() > LONGEST_STATEMENT {
        return Err(PivotError::TooLong {
            tables: asked.len(),
            bytes: writer.sql.len(),
        });
    }
    let asked: Vec<String> = asked.into_keys().collect();
    let left_out = writer
        .left_out
        .into_iter()
        .filter(|(label, _)| !asked.contains(label))
        .collect();
    Ok(PivotStatement {
        sql: writer.sql,
        parameters: writer.parameters,
        asked,
        left_out,
    })
}

/// A statement under way. Every `?` that it writes has its literal at the same place in
/// `parameters`.
struct Writer<'a> {
    entity: &'a Entity,
    window: Window,
    sql: String,
    parameters: Vec<String>,
    relations: usize,
    left_out: BTreeMap<String, &'static str>,
}

impl<'a> Writer<'a> {
    fn new(entity: &'a Entity, window: Window) -> Self {
        Self {
            entity,
            window,
            sql: String::new(),
            parameters: Vec::new(),
            relations: 0,
            left_out: BTreeMap::new(),
        }
    }

    /// Writes one relation as the next part of the WITH, and gives the labels of its tables.
    fn relation(
        &mut self,
        relation: &Relation,
        template: &PivotTemplate,
        tables: &[(&PivotTable, Vec<Leaf>)],
    ) -> Vec<String> {
        let mut parts = Vec::new();
        let mut labels = Vec::new();
        let mut parameters = Vec::new();
        for (table, leaves) in tables {
            match relations::part(relation, template, table, leaves, self.entity, self.window) {
                Ok(part) => {
                    parts.push(part.sql);
                    parameters.extend(part.parameters);
                    labels.push(table.label.clone());
                }
                Err(why) => {
                    self.left_out.insert(table.label.clone(), why);
                }
            }
        }
        if parts.is_empty() {
            return labels;
        }
        let lead = match self.relations {
            0 => "WITH ",
            _ => ",\n",
        };
        self.relations += 1;
        self.sql.push_str(lead);
        self.sql.push_str(relation.name);
        self.sql.push_str(" AS (\n");
        self.sql.push_str(&parts.join("\nUNION ALL\n"));
        self.sql.push_str("\n)");
        self.parameters.extend(parameters);
        labels
    }

    fn body(&mut self, template: &PivotTemplate, ordered: bool) {
        self.sql.push_str(if template.begins_with_with() {
            ",\n"
        } else {
            "\n"
        });
        let (sql, values) = template.body(self.entity, self.window);
        self.sql.push_str(&sql);
        self.parameters.extend(values);
        if let (true, Some(order)) = (ordered, &template.order) {
            self.sql.push_str("\nORDER BY ");
            self.sql.push_str(order);
        }
    }
}

#[cfg(test)]
mod tests;
