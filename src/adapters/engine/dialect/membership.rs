//! Rows in lists and in subqueries: `(a, b) IN ((1, 2), (3, 4))`, `(a, b) IN (SELECT c, d …)`.
//! The planner compares one value with one column. And `= ANY (…)`, `>= ALL (…)`: the planner
//! takes a column of the outer query for the subquery's where both have the same name.

use sqlparser::ast::{
    BinaryOperator, Expr, Ident, Query, Select, SetExpr, TableAlias, TableFactor, UnaryOperator,
};
use sqlparser::parser::Parser;

use super::ast::{call_name, ident, plain_args};
use super::athena::Athena;
use super::errors::unsupported;
use super::rewrite::take;
use crate::domain::query::QueryError;

/// The name of the subquery that a row is looked up in.
const RELATION: &str = "#in";

/// `row [NOT] IN (row, …)` as comparisons; `None` where the value is no row.
pub(super) fn in_list(value: &mut Expr, list: &mut [Expr], negated: bool) -> Option<Expr> {
    row_values(value)?;
    let value = take(value);
    let found = list
        .iter_mut()
        .map(|item| binary(value.clone(), BinaryOperator::Eq, take(item)))
        .reduce(|all, one| binary(all, BinaryOperator::Or, one))?;
    let found = Expr::Nested(Box::new(found));
    Some(if negated {
        Expr::UnaryOp {
            op: UnaryOperator::Not,
            expr: Box::new(found),
        }
    } else {
        found
    })
}

/// `row IN (subquery of several columns)` as EXISTS; `None` where the value is no row.
pub(super) fn in_rows(
    value: &Expr,
    subquery: &Query,
    negated: bool,
) -> Result<Option<Expr>, QueryError> {
    let Some(values) = row_values(value) else {
        return Ok(None);
    };
    if negated {
        return Err(unsupported("NOT IN of a row and a subquery")
            .with_hint("Write NOT EXISTS (SELECT … WHERE …) with a comparison of each value"));
    }
    let columns: Vec<Ident> = (0..values.len())
        .map(|at| ident(format!("#c{at}")))
        .collect();
    let equal = values
        .into_iter()
        .zip(&columns)
        .map(|(value, column)| {
            let column = Expr::CompoundIdentifier(vec![ident(RELATION), column.clone()]);
            binary(value, BinaryOperator::Eq, column)
        })
        .reduce(|all, one| binary(all, BinaryOperator::And, one));
    Ok(frame().and_then(|mut frame| {
        let select = select_of(&mut frame)?;
        select.selection = equal;
        let TableFactor::Derived {
            subquery: inner,
            alias: Some(alias),
            ..
        } = &mut select.from.first_mut()?.relation
        else {
            return None;
        };
        **inner = subquery.clone();
        alias.columns = named(alias, &columns)?;
        Some(Expr::Exists {
            subquery: Box::new(frame),
            negated: false,
        })
    }))
}

/// A comparison with `ANY`, `SOME` or `ALL` rows of a subquery, as IN where it is that, else over a
/// subquery whose column has a name of its own.
pub(super) fn quantified(expr: &mut Expr) -> Option<Expr> {
    let (left, op, right, all) = match expr {
        Expr::AnyOp {
            left,
            compare_op,
            right,
            ..
        } => (left, compare_op, right, false),
        Expr::AllOp {
            left,
            compare_op,
            right,
        } => (left, compare_op, right, true),
        _ => return None,
    };
    let Expr::Subquery(subquery) = right.as_mut() else {
        return None;
    };
    if let (BinaryOperator::Eq, false) | (BinaryOperator::NotEq, true) = (&*op, all) {
        return Some(Expr::InSubquery {
            expr: Box::new(take(left)),
            subquery: subquery.clone(),
            negated: all,
        });
    }
    let text = "SELECT \"#q\" AS \"#0\" FROM (SELECT 1) AS \"#quantified\"(\"#q\")";
    let mut parser = Parser::new(&Athena).try_with_sql(text).ok()?;
    let mut outer = parser.parse_query().ok()?;
    let TableFactor::Derived {
        subquery: inner, ..
    } = &mut select_of(&mut outer)?.from.first_mut()?.relation
    else {
        return None;
    };
    std::mem::swap(inner, subquery);
    *subquery = outer;
    None
}

/// The query around a subquery, whose parts are put in afterwards.
fn frame() -> Option<Query> {
    let text = format!("SELECT 1 AS \"#0\" FROM (SELECT 1) AS \"{RELATION}\"(c) WHERE true");
    let mut parser = Parser::new(&Athena).try_with_sql(&text).ok()?;
    parser.parse_query().ok().map(|query| *query)
}

fn select_of(query: &mut Query) -> Option<&mut Select> {
    match query.body.as_mut() {
        SetExpr::Select(select) => Some(select),
        _ => None,
    }
}

/// The columns of an alias under other names.
fn named(alias: &TableAlias, names: &[Ident]) -> Option<Vec<sqlparser::ast::TableAliasColumnDef>> {
    let pattern = alias.columns.first()?;
    let columns = names.iter().map(|name| {
        let mut column = pattern.clone();
        column.name = name.clone();
        column
    });
    Some(columns.collect())
}

/// The values of a ROW constructor.
fn row_values(value: &Expr) -> Option<Vec<Expr>> {
    let Expr::Function(function) = value else {
        return None;
    };
    if call_name(function) != Some("named_struct") {
        return None;
    }
    let args = plain_args(function)?;
    Some(args.chunks_exact(2).map(|pair| pair[1].clone()).collect())
}

fn binary(left: Expr, op: BinaryOperator, right: Expr) -> Expr {
    Expr::BinaryOp {
        left: Box::new(left),
        op,
        right: Box::new(right),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{create, failure, rows, rows_in, session, value};

    #[test]
    fn rows_are_looked_up_value_by_value() {
        assert_eq!(value("(1, 'a') IN ((1, 'b'), (1, 'a'))"), "true");
        assert_eq!(value("(1, 'a') IN ((1, 'b'), (2, 'a'))"), "false");
        assert_eq!(value("(1, 'a') NOT IN ((1, NULL))"), "NULL");
        let pairs = "(VALUES (1, 'a'), (2, 'b'), (3, NULL)) AS t(n, s)";
        assert_eq!(
            rows(&format!(
                "SELECT n FROM {pairs} WHERE (n, s) IN (VALUES (1, 'a'), (2, 'a'))"
            )),
            ["1"]
        );
        assert_eq!(rows("SELECT 1 WHERE (1, 2) IN (VALUES (1, 2))"), ["1"]);
        let error = failure(&format!(
            "SELECT n FROM {pairs} WHERE (n, s) NOT IN (VALUES (1, 'a'))"
        ));
        assert!(error.message.contains("NOT IN of a row"), "{error:?}");
    }

    #[test]
    fn quantifiers_take_values() {
        let numbers = "(VALUES 1, 2, 3) AS t(n)";
        for (condition, expected) in [
            ("n = ANY (VALUES 2, 3)", vec!["2", "3"]),
            ("n >= ALL (VALUES 2, 3)", vec!["3"]),
            ("n = ANY (SELECT 2)", vec!["2"]),
            ("n <> ALL (VALUES 2, 3)", vec!["1"]),
            ("n < ANY (VALUES 2, 3)", vec!["1", "2"]),
            ("n = SOME (VALUES 2)", vec!["2"]),
        ] {
            let found = rows(&format!(
                "SELECT n FROM {numbers} WHERE {condition} ORDER BY n"
            ));
            assert_eq!(found, expected, "{condition}");
        }
        // A name of the outer query is not taken for the subquery's own.
        let context = session();
        create(&context, "t", "SELECT * FROM (VALUES 1, 2, 3) AS v(n)");
        for (condition, expected) in [
            ("= ANY (SELECT n FROM t WHERE n = 1)", vec!["1"]),
            (">= ALL (SELECT n FROM t)", vec!["3"]),
            ("< ANY (SELECT n FROM t WHERE n = 2)", vec!["1"]),
            ("> ALL (SELECT n FROM t WHERE n > 5)", vec!["1", "2", "3"]),
        ] {
            let sql = format!("SELECT n FROM t WHERE n {condition} ORDER BY n");
            assert_eq!(rows_in(&context, &sql), expected, "{condition}");
        }
    }
}
