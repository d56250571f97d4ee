//! Clauses of a query: which are taken, and which are brought into the planner's form. The planner
//! passes some clauses over in silence; whatever it would pass over is refused here.

use sqlparser::ast::{
    Distinct, Expr, GroupByExpr, Join, JoinOperator, LimitClause, Query, Select, SelectFlavor,
    SetExpr, TableAlias, TableFactor, Value,
};

use super::errors::{invalid, refused, unsupported};
use crate::domain::query::QueryError;

/// Refuses clauses of other dialects around a query's body.
pub(super) fn check_query(query: &Query) -> Result<(), QueryError> {
    if !query.locks.is_empty() {
        return Err(unsupported("FOR UPDATE"));
    }
    if query.for_clause.is_some() || query.settings.is_some() || query.format_clause.is_some() {
        return Err(unsupported("clauses after ORDER BY and LIMIT"));
    }
    if !query.pipe_operators.is_empty() {
        return Err(unsupported("|>"));
    }
    if let Some(fetch) = &query.fetch {
        if fetch.with_ties {
            return Err(unsupported("FETCH FIRST … WITH TIES")
                .with_hint("Number the rows with rank() OVER (ORDER BY …) and filter by it"));
        }
        if fetch.percent {
            return Err(unsupported("FETCH FIRST … PERCENT"));
        }
        if matches!(
            query.limit_clause,
            Some(LimitClause::LimitOffset { limit: Some(_), .. })
        ) {
            return Err(invalid("LIMIT and FETCH FIRST stand in one query")
                .with_hint("Keep one of the two"));
        }
    }
    match &query.limit_clause {
        Some(LimitClause::OffsetCommaLimit { .. }) => {
            return Err(unsupported("LIMIT offset, count").with_hint("Write OFFSET n LIMIT m"));
        }
        Some(LimitClause::LimitOffset { limit_by, .. }) if !limit_by.is_empty() => {
            return Err(unsupported("LIMIT … BY"));
        }
        _ => {}
    }
    check_body(&query.body)
}

fn check_body(body: &SetExpr) -> Result<(), QueryError> {
    match body {
        SetExpr::Select(_) | SetExpr::Query(_) | SetExpr::Values(_) => Ok(()),
        SetExpr::SetOperation { left, right, .. } => {
            check_body(left)?;
            check_body(right)
        }
        SetExpr::Table(_) => Err(unsupported("TABLE name").with_hint("Write SELECT * FROM name")),
        SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => Err(
            refused("A statement that changes data stands in the query, and only queries run here")
                .with_hint("Ask with SELECT"),
        ),
    }
}

/// Brings `FETCH FIRST n ROWS ONLY` into the form of LIMIT; it means the same.
pub(super) fn normalize_query(query: &mut Query) {
    let Some(fetch) = query.fetch.take() else {
        return;
    };
    let one = || Expr::Value(Value::Number("1".to_owned(), false).with_empty_span());
    let count = fetch.quantity.unwrap_or_else(one);
    match &mut query.limit_clause {
        Some(LimitClause::LimitOffset { limit, .. }) => *limit = Some(count),
        clause => {
            *clause = Some(LimitClause::LimitOffset {
                limit: Some(count),
                offset: None,
                limit_by: Vec::new(),
            });
        }
    }
}

/// Refuses clauses of other dialects within a SELECT.
pub(super) fn check_select(select: &Select) -> Result<(), QueryError> {
    let foreign = [
        (select.top.is_some(), "TOP"),
        (select.into.is_some(), "SELECT … INTO"),
        (!select.lateral_views.is_empty(), "LATERAL VIEW"),
        (select.prewhere.is_some(), "PREWHERE"),
        (!select.connect_by.is_empty(), "CONNECT BY"),
        (!select.cluster_by.is_empty(), "CLUSTER BY"),
        (!select.distribute_by.is_empty(), "DISTRIBUTE BY"),
        (!select.sort_by.is_empty(), "SORT BY"),
        (select.qualify.is_some(), "QUALIFY"),
        (select.value_table_mode.is_some(), "SELECT AS"),
        (select.exclude.is_some(), "EXCLUDE"),
        (
            matches!(select.distinct, Some(Distinct::On(_))),
            "DISTINCT ON",
        ),
        (
            matches!(select.group_by, GroupByExpr::All(_)),
            "GROUP BY ALL",
        ),
        (
            matches!(&select.group_by, GroupByExpr::Expressions(_, modifiers) if !modifiers.is_empty()),
            "GROUP BY … WITH",
        ),
        (
            !matches!(select.flavor, SelectFlavor::Standard),
            "FROM before SELECT",
        ),
    ];
    for (found, name) in foreign {
        if found {
            return Err(unsupported(name));
        }
    }
    let joins = select.from.iter().flat_map(|item| &item.joins);
    joins.into_iter().try_for_each(check_join)?;
    if select.from.is_empty() && select.projection.iter().any(is_star) {
        return Err(invalid("SELECT * needs a FROM"));
    }
    Ok(())
}

fn is_star(item: &sqlparser::ast::SelectItem) -> bool {
    matches!(item, sqlparser::ast::SelectItem::Wildcard(_))
}

/// Refuses relations that the planner would misread.
pub(super) fn check_factor(factor: &TableFactor) -> Result<(), QueryError> {
    match factor {
        TableFactor::Table {
            args,
            with_hints,
            version,
            partitions,
            json_path,
            index_hints,
            with_ordinality,
            ..
        } => {
            if args.is_some() || *with_ordinality {
                return Err(unsupported("table functions"));
            }
            if version.is_some() {
                return Err(unsupported("FOR TIMESTAMP and FOR VERSION AS OF"));
            }
            if !with_hints.is_empty()
                || !partitions.is_empty()
                || json_path.is_some()
                || !index_hints.is_empty()
            {
                return Err(unsupported("hints after a table's name"));
            }
            Ok(())
        }
        TableFactor::Derived { .. }
        | TableFactor::NestedJoin { .. }
        | TableFactor::UNNEST { .. } => Ok(()),
        TableFactor::MatchRecognize { .. } => Err(unsupported("MATCH_RECOGNIZE")),
        TableFactor::JsonTable { .. } => Err(unsupported("JSON_TABLE")),
        TableFactor::Pivot { .. } | TableFactor::Unpivot { .. } => {
            Err(unsupported("PIVOT and UNPIVOT"))
        }
        _ => Err(unsupported("table functions")),
    }
}

/// The names by which columns of a SELECT's relations can be qualified.
pub(super) fn relations(select: &Select) -> Vec<String> {
    let mut names = Vec::new();
    for item in &select.from {
        relation_names(&item.relation, &mut names);
        for join in &item.joins {
            relation_names(&join.relation, &mut names);
        }
    }
    names
}

fn relation_names(factor: &TableFactor, names: &mut Vec<String>) {
    let alias = match factor {
        TableFactor::Table { name, alias, .. } => {
            if alias.is_none()
                && let Some(last) = name.0.last().and_then(|part| part.as_ident())
            {
                names.push(last.value.clone());
            }
            alias
        }
        TableFactor::Derived { alias, .. } | TableFactor::UNNEST { alias, .. } => alias,
        TableFactor::NestedJoin {
            table_with_joins,
            alias,
        } => {
            relation_names(&table_with_joins.relation, names);
            for join in &table_with_joins.joins {
                relation_names(&join.relation, names);
            }
            alias
        }
        _ => return,
    };
    if let Some(TableAlias { name, .. }) = alias {
        names.push(name.value.clone());
    }
}

/// Refuses joins of other dialects.
fn check_join(join: &Join) -> Result<(), QueryError> {
    match join.join_operator {
        JoinOperator::Join(_)
        | JoinOperator::Inner(_)
        | JoinOperator::Left(_)
        | JoinOperator::LeftOuter(_)
        | JoinOperator::Right(_)
        | JoinOperator::RightOuter(_)
        | JoinOperator::FullOuter(_)
        | JoinOperator::CrossJoin(_) => Ok(()),
        _ => Err(unsupported("this kind of JOIN")),
    }
}
