//! Relations without a name: each subquery in FROM gets one, so that its columns can be told from
//! those of the select list; columns of VALUES lose the names that the planner would give them.

use sqlparser::ast::{Query, SetExpr, TableAlias, TableAliasColumnDef, TableFactor, Values};

use super::ast::ident;
use super::sample::select_all;
use crate::domain::query::QueryError;

/// Names a subquery in FROM. `number` is another for each.
pub(super) fn name(factor: &mut TableFactor, number: usize) {
    let TableFactor::Derived {
        subquery, alias, ..
    } = factor
    else {
        return;
    };
    let alias = alias.get_or_insert_with(|| TableAlias {
        explicit: true,
        name: ident(format!("#derived{number}")),
        columns: Vec::new(),
        at: None,
    });
    if alias.columns.is_empty()
        && let Some(width) = values_width(&subquery.body)
    {
        alias.columns = (0..width)
            .map(|place| TableAliasColumnDef {
                name: ident(format!("#{place}")),
                data_type: None,
            })
            .collect();
    }
}

/// Makes `VALUES …` as a whole statement a selection from them.
pub(super) fn select_values(query: &mut Query) -> Result<(), QueryError> {
    if values_width(&query.body).is_none() {
        return Ok(());
    }
    let mut outer = select_all()?;
    std::mem::swap(&mut outer.with, &mut query.with);
    std::mem::swap(&mut outer.order_by, &mut query.order_by);
    std::mem::swap(&mut outer.limit_clause, &mut query.limit_clause);
    std::mem::swap(&mut outer, query);
    if let SetExpr::Select(select) = query.body.as_mut()
        && let Some(from) = select.from.first_mut()
    {
        from.relation = TableFactor::Derived {
            lateral: false,
            subquery: Box::new(outer),
            alias: None,
            sample: None,
        };
    }
    Ok(())
}

fn values_width(body: &SetExpr) -> Option<usize> {
    match body {
        SetExpr::Values(Values { rows, .. }) => rows.first().map(|row| row.len()),
        SetExpr::Query(query) => values_width(&query.body),
        _ => None,
    }
}
