//! The hidden column `"$path"`, which tells each row's file: it is there where a statement names it,
//! and never part of a `*`.

use std::collections::BTreeSet;

use sqlparser::ast::{
    ExcludeSelectItem, ObjectName, Query, Select, SelectItem, TableFactor,
    WildcardAdditionalOptions,
};

use super::ast::ident;
use super::errors::unsupported;
use super::text::SqlText;
use crate::domain::query::QueryError;

const PATH: &str = "$path";

/// Whether a statement names the column, and what must be known to leave it out of a `*`.
pub(super) struct Hidden {
    asked: bool,
    /// Names that WITH defines: these have no hidden column.
    defined: BTreeSet<String>,
}

impl Hidden {
    /// Looks for the column in a statement's text.
    pub(super) fn asked(text: &SqlText) -> Self {
        Self {
            asked: text.find_word(PATH, false).is_some(),
            defined: BTreeSet::new(),
        }
    }

    /// Notes the names that a query's WITH defines.
    pub(super) fn define(&mut self, query: &Query) {
        if self.asked {
            let tables = query.with.iter().flat_map(|with| &with.cte_tables);
            self.defined
                .extend(tables.map(|table| table.alias.name.value.clone()));
        }
    }

    /// Leaves the column out of every `*` of a SELECT.
    pub(super) fn exclude(&self, select: &mut Select) -> Result<(), QueryError> {
        if !self.asked || !select.projection.iter().any(|item| star(item).is_some()) {
            return Ok(());
        }
        let factors = select.from.iter().flat_map(|from| {
            let joined = from.joins.iter().map(|join| &join.relation);
            std::iter::once(&from.relation).chain(joined)
        });
        let tables = factors
            .clone()
            .filter(|factor| self.has_path(factor))
            .count();
        if tables == 0 {
            return Ok(());
        }
        if factors.count() > 1 {
            return Err(
                unsupported("\"$path\" in a statement with * over several tables")
                    .with_hint("Name the columns in place of the *"),
            );
        }
        for item in &mut select.projection {
            if let SelectItem::Wildcard(options) | SelectItem::QualifiedWildcard(_, options) = item
            {
                let name = ObjectName::from(vec![ident(PATH)]);
                options.opt_exclude = Some(ExcludeSelectItem::Single(name));
            }
        }
        Ok(())
    }

    fn has_path(&self, factor: &TableFactor) -> bool {
        match factor {
            TableFactor::Table {
                name, args: None, ..
            } => match name.0.as_slice() {
                [name] => name
                    .as_ident()
                    .is_some_and(|name| !self.defined.contains(&name.value)),
                _ => true,
            },
            _ => false,
        }
    }
}

fn star(item: &SelectItem) -> Option<&WildcardAdditionalOptions> {
    match item {
        SelectItem::Wildcard(options) | SelectItem::QualifiedWildcard(_, options) => Some(options),
        _ => None,
    }
}
