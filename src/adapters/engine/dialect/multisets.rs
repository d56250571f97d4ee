//! `EXCEPT ALL` and `INTERSECT ALL`: rows that occur several times. The planner keeps or drops all
//! copies of a row at once, so that the copies are numbered on both sides first: the third copy on
//! the left then stands against the third copy on the right.

use sqlparser::ast::{Query, SelectItem, SetExpr, SetOperator, SetQuantifier, TableFactor};
use sqlparser::parser::Parser;

use super::athena::Athena;
use super::errors::unsupported;
use crate::domain::query::QueryError;

/// Numbers the copies wherever a body has such an operation.
pub(super) fn number_copies(body: &mut SetExpr) -> Result<(), QueryError> {
    let SetExpr::SetOperation {
        op,
        set_quantifier,
        left,
        right,
    } = body
    else {
        return Ok(());
    };
    number_copies(left)?;
    number_copies(right)?;
    let (op, all) = (*op, *set_quantifier == SetQuantifier::All);
    if !all || !matches!(op, SetOperator::Except | SetOperator::Intersect) {
        return Ok(());
    }
    let names = column_names(left).ok_or_else(|| {
        unsupported(&format!("{op} ALL with *"))
            .with_hint("Name the columns of the first SELECT in place of the *")
    })?;
    let made = template(op, &names)
        .and_then(|mut query| {
            fill(&mut query, left, right)?;
            Some(query.body)
        })
        .ok_or_else(|| unsupported(&format!("{op} ALL of these queries")))?;
    *body = *made;
    Ok(())
}

/// The names of a body's columns; `None` where a `*` hides them.
fn column_names(body: &SetExpr) -> Option<Vec<String>> {
    match body {
        SetExpr::Select(select) => {
            let items = select.projection.iter().enumerate();
            let names = items.map(|(place, item)| match item {
                SelectItem::ExprWithAlias { alias, .. } => Some(alias.value.clone()),
                SelectItem::UnnamedExpr(_) => Some(format!("#{place}")),
                _ => None,
            });
            names.collect()
        }
        SetExpr::Values(values) => {
            let width = values.rows.first()?.len();
            Some((0..width).map(|place| format!("#{place}")).collect())
        }
        SetExpr::Query(query) => column_names(&query.body),
        SetExpr::SetOperation { left, .. } => column_names(left),
        _ => None,
    }
}

/// The query around the two sides, which are still to be put in.
fn template(op: SetOperator, names: &[String]) -> Option<Query> {
    let quoted: Vec<String> = names
        .iter()
        .map(|name| format!("\"{}\"", name.replace('"', "\"\"")))
        .collect();
    let columns = quoted.join(", ");
    let side = format!(
        "SELECT {columns}, row_number() OVER (PARTITION BY {columns}) AS \"#copy\" \
         FROM (SELECT 1) AS \"#side\"({columns})"
    );
    let text = format!("SELECT {columns} FROM ({side} {op} {side}) AS \"#all\"");
    let mut parser = Parser::new(&Athena).try_with_sql(&text).ok()?;
    parser.parse_query().ok().map(|query| *query)
}

/// Puts the two sides in.
fn fill(query: &mut Query, left: &SetExpr, right: &SetExpr) -> Option<()> {
    let SetExpr::SetOperation {
        left: first,
        right: second,
        ..
    } = source(&mut query.body)?.body.as_mut()
    else {
        return None;
    };
    *source(first)?.body = left.clone();
    *source(second)?.body = right.clone();
    Some(())
}

/// The subquery that a SELECT reads from.
fn source(body: &mut SetExpr) -> Option<&mut Query> {
    let SetExpr::Select(select) = body else {
        return None;
    };
    match &mut select.from.first_mut()?.relation {
        TableFactor::Derived { subquery, .. } => Some(subquery),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{failure, names_in, rows, session};

    #[test]
    fn copies_are_counted() {
        let left = "SELECT x, y FROM (VALUES (1, 'a'), (1, 'a'), (1, 'a'), (2, NULL), (3, 'c')) AS t(x, y)";
        let right = "SELECT * FROM (VALUES (1, 'a'), (1, 'a'), (2, NULL), (2, NULL)) AS t(x, y)";
        assert_eq!(
            rows(&format!("{left} EXCEPT ALL {right} ORDER BY 1")),
            ["1 | a", "3 | c"]
        );
        assert_eq!(
            rows(&format!("{left} INTERSECT ALL {right} ORDER BY x")),
            ["1 | a", "1 | a", "2 | NULL"]
        );
        assert_eq!(
            rows("SELECT count(*) FROM ((VALUES 1, 1, 2) EXCEPT ALL (VALUES 1))"),
            ["2"]
        );
        assert_eq!(
            rows(&format!("{left} EXCEPT {right}")),
            ["3 | c"],
            "without ALL each row counts once"
        );
    }

    #[test]
    fn names_stay_and_a_star_is_refused() {
        assert_eq!(
            names_in(&session(), "SELECT 1 AS Abc, 2 EXCEPT ALL SELECT 3, 4"),
            ["Abc", "_col1"]
        );
        let error = failure("SELECT * FROM (VALUES 1) AS t(x) EXCEPT ALL SELECT 1");
        assert!(error.message.contains("EXCEPT ALL with *"), "{error:?}");
        assert!(error.hint.is_some());
    }
}
