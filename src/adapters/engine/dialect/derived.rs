//! Relations without a name: each subquery in FROM gets one, so that its columns can be told from
//! those of the select list; columns of VALUES lose the names that the planner would give them.

use sqlparser::ast::{
    Expr, Query, SetExpr, TableAlias, TableAliasColumnDef, TableFactor, Value, Values,
};

use super::ast::{call, call_name, ident, plain_args, string, string_literal};
use super::cast::{CAST, TRY_CAST};
use super::rewrite::take;
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

/// Gives the NULLs of a column of VALUES the type JSON where another of its values has it: the
/// planner knows JSON from text by a mark that a bare NULL lacks.
pub(super) fn type_nulls(body: &mut SetExpr) {
    let SetExpr::Values(values) = body else {
        return;
    };
    let width = values.rows.iter().map(|row| row.len()).max().unwrap_or(0);
    for place in 0..width {
        let json = |row: &[Expr]| row.get(place).is_some_and(is_json);
        if !values.rows.iter().any(|row| json(row)) {
            continue;
        }
        let cells = values.rows.iter_mut().filter_map(|row| row.get_mut(place));
        for cell in cells {
            if matches!(cell, Expr::Value(value) if value.value == Value::Null) {
                *cell = call(CAST, vec![take(cell), string("json")]);
            }
        }
    }
}

fn is_json(value: &Expr) -> bool {
    let Expr::Function(function) = value else {
        return false;
    };
    match call_name(function) {
        Some("json_parse" | "json_extract" | "json_array_get") => true,
        Some(CAST | TRY_CAST) => {
            let args = plain_args(function).unwrap_or_default();
            args.get(1).and_then(|name| string_literal(name)) == Some("json")
        }
        _ => false,
    }
}

fn values_width(body: &SetExpr) -> Option<usize> {
    match body {
        SetExpr::Values(Values { rows, .. }) => rows.first().map(|row| row.len()),
        SetExpr::Query(query) => values_width(&query.body),
        _ => None,
    }
}
