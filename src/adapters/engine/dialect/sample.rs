//! `TABLESAMPLE BERNOULLI (p)` and `SYSTEM (p)`: each row stays with a chance of p in a hundred.

use sqlparser::ast::{
    BinaryOperator, Expr, Ident, Query, SetExpr, Statement, TableAlias, TableFactor, TableSample,
    TableSampleKind, TableSampleMethod,
};
use sqlparser::parser::Parser;

use super::ast::{call, string};
use super::athena::Athena;
use super::errors::unsupported;
use super::time::cast_to;
use crate::domain::query::{QueryError, QueryErrorKind};

/// Replaces a sampled relation by a query that draws from it.
pub(super) fn rewrite(factor: &mut TableFactor) -> Result<(), QueryError> {
    let (kind, alias) = match factor {
        TableFactor::Table {
            sample: sample @ Some(_),
            alias,
            name,
            ..
        } => {
            let own_name = name.0.last().and_then(|part| part.as_ident()).cloned();
            (sample.take(), alias.take().or_else(|| own_name.map(named)))
        }
        TableFactor::Derived {
            sample: sample @ Some(_),
            alias,
            ..
        } => (sample.take(), alias.take()),
        _ => return Ok(()),
    };
    let Some(TableSampleKind::BeforeTableAlias(sample) | TableSampleKind::AfterTableAlias(sample)) =
        kind
    else {
        return Ok(());
    };
    let percent = percent(*sample)?;
    let drawn = Expr::BinaryOp {
        left: Box::new(Expr::BinaryOp {
            left: Box::new(call("random", Vec::new())),
            op: BinaryOperator::Multiply,
            right: Box::new(cast_to(string("100"), "Float64")),
        }),
        op: BinaryOperator::Lt,
        right: Box::new(percent),
    };
    let mut query = select_all()?;
    if let SetExpr::Select(select) = query.body.as_mut()
        && let Some(from) = select.from.first_mut()
    {
        std::mem::swap(&mut from.relation, factor);
        select.selection = Some(drawn);
    }
    *factor = TableFactor::Derived {
        lateral: false,
        subquery: Box::new(query),
        alias,
        sample: None,
    };
    Ok(())
}

fn percent(sample: TableSample) -> Result<Expr, QueryError> {
    let known = matches!(
        sample.name,
        Some(TableSampleMethod::Bernoulli | TableSampleMethod::System)
    );
    match sample.quantity {
        Some(quantity)
            if known
                && quantity.unit.is_none()
                && sample.seed.is_none()
                && sample.bucket.is_none()
                && sample.offset.is_none() =>
        {
            Ok(quantity.value)
        }
        _ => Err(unsupported("this form of TABLESAMPLE")
            .with_hint("Write TABLESAMPLE BERNOULLI (10) for a tenth of the rows")),
    }
}

/// `SELECT * FROM` some relation that is put in later.
pub(super) fn select_all() -> Result<Query, QueryError> {
    let statement = Parser::new(&Athena)
        .try_with_sql("SELECT * FROM relation")
        .and_then(|mut parser| parser.parse_statement());
    match statement {
        Ok(Statement::Query(query)) => Ok(*query),
        _ => Err(QueryError::new(
            QueryErrorKind::Internal,
            "a query cannot be built",
        )),
    }
}

fn named(name: Ident) -> TableAlias {
    TableAlias {
        explicit: true,
        name,
        columns: Vec::new(),
        at: None,
    }
}
