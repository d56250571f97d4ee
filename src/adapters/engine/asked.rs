//! What a statement asks for, read off its syntax before it is planned.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use datafusion::datasource::TableProvider;
use datafusion::sql::sqlparser::ast::{
    Expr, Ident, ObjectName, Query, Select, SelectItem, Statement, TableFactor, Visitor,
};

use super::information::{INFORMATION_SCHEMA, INFORMATION_TABLES};
use super::lake::{Names, PATH_COLUMN};
use super::unknown_table;
use crate::domain::query::{QueryError, TextPosition};

/// The tables and columns that a statement names.
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// Whether it asks for all columns of something.
    pub everything: bool,
    /// Whether it names the hidden column that tells each row's file.
    pub path: bool,
    /// Whether it asks for a table's columns, not for its rows.
    pub described: bool,
    /// Its tables, as written.
    tables: Vec<ObjectName>,
    /// Names that it defines itself in WITH, lower-case.
    defined: BTreeSet<String>,
}

impl Asked {
    /// The parts of each table's name.
    pub(super) fn tables(&self) -> impl Iterator<Item = Vec<&str>> {
        self.tables.iter().map(|table| {
            let idents = table.0.iter().filter_map(|part| part.as_ident());
            idents.map(|ident| ident.value.as_str()).collect()
        })
    }

    /// Refuses a table that nobody has.
    pub(super) fn check(
        &self,
        names: &Names,
        attached: &BTreeMap<String, Arc<dyn TableProvider>>,
    ) -> Result<(), QueryError> {
        for table in &self.tables {
            let idents: Vec<&Ident> = table.0.iter().filter_map(|part| part.as_ident()).collect();
            let parts: Vec<&str> = idents.iter().map(|ident| ident.value.as_str()).collect();
            let known = match parts.as_slice() {
                [name] => {
                    let name = name.to_lowercase();
                    self.defined.contains(&name) || attached.contains_key(&name)
                }
                [.., database, table] if database.eq_ignore_ascii_case(INFORMATION_SCHEMA) => {
                    INFORMATION_TABLES.contains(table)
                }
                [_, ..] => false,
                [] => true,
            };
            if known || names.find(&parts).is_some() {
                continue;
            }
            let error = unknown_table(&parts.join("."), names);
            return Err(match idents.first().and_then(|ident| place(ident)) {
                Some(position) => error.at(position),
                None => error,
            });
        }
        Ok(())
    }
}

/// Where an identifier stands in the text; `None` for one that the rewriting made.
fn place(ident: &Ident) -> Option<TextPosition> {
    let start = ident.span.start;
    (start.line > 0 && start.column > 0).then_some(TextPosition {
        line: usize::try_from(start.line).unwrap_or(usize::MAX),
        column: usize::try_from(start.column).unwrap_or(usize::MAX),
    })
}

impl Visitor for Asked {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        let tables = query.with.iter().flat_map(|with| &with.cte_tables);
        self.defined
            .extend(tables.map(|table| table.alias.name.value.to_lowercase()));
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        self.everything |= select.projection.iter().any(|item| {
            matches!(
                item,
                SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(_, _)
            )
        });
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        let name = match expr {
            Expr::Identifier(name) => Some(name),
            Expr::CompoundIdentifier(names) => names.last(),
            _ => None,
        };
        self.path |= name.is_some_and(|name| name.value == PATH_COLUMN);
        ControlFlow::Continue(())
    }

    fn pre_visit_statement(&mut self, statement: &Statement) -> ControlFlow<()> {
        if let Statement::ExplainTable { table_name, .. } = statement {
            self.tables.push(table_name.clone());
            self.everything = true;
            self.described = true;
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        if let TableFactor::Table {
            name, args: None, ..
        } = factor
        {
            self.tables.push(name.clone());
        }
        ControlFlow::Continue(())
    }
}
