//! Subqueries that are tied to the outer query by a field or another expression of their own, such
//! as `WHERE c.src_endpoint.ip = a.src_endpoint.ip`. The planner ties by plain columns alone, so
//! that the expression becomes one below the condition.

use std::sync::Arc;

use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::Transformed;
use datafusion::common::{Column, Result};
use datafusion::logical_expr::utils::{conjunction, split_conjunction_owned};
use datafusion::logical_expr::{
    BinaryExpr, Expr, Filter, LogicalPlan, LogicalPlanBuilder, Operator,
};
use datafusion::optimizer::AnalyzerRule;

/// Makes such expressions columns.
#[derive(Debug)]
pub(super) struct CorrelatedKeys;

impl AnalyzerRule for CorrelatedKeys {
    fn name(&self) -> &str {
        "athena_correlated_keys"
    }

    fn analyze(&self, plan: LogicalPlan, _config: &ConfigOptions) -> Result<LogicalPlan> {
        let mut made = 0;
        let changed = plan.transform_up_with_subqueries(|node| match node {
            LogicalPlan::Filter(filter) if filter.predicate.contains_outer() => {
                with_columns(filter, &mut made)
            }
            other if made > 0 => Ok(Transformed::yes(other.recompute_schema()?)),
            other => Ok(Transformed::no(other)),
        })?;
        Ok(changed.data)
    }
}

fn with_columns(filter: Filter, made: &mut usize) -> Result<Transformed<LogicalPlan>> {
    let mut keys = Vec::new();
    let conditions = split_conjunction_owned(filter.predicate.clone());
    let conditions = conditions.into_iter().map(|condition| match condition {
        Expr::BinaryExpr(BinaryExpr {
            left,
            op: Operator::Eq,
            right,
        }) => {
            let mut column = |side: Box<Expr>, other: &Expr| {
                if !is_key(&side, other) {
                    return side;
                }
                *made += 1;
                let name = format!("#key{made}");
                keys.push(side.alias(name.clone()));
                Box::new(Expr::Column(Column::new_unqualified(name)))
            };
            let (a, b) = (left.clone(), right.clone());
            Expr::BinaryExpr(BinaryExpr {
                left: column(left, &b),
                op: Operator::Eq,
                right: column(right, &a),
            })
        }
        other => other,
    });
    let condition = conjunction(conditions.collect::<Vec<_>>());
    let (Some(condition), false) = (condition, keys.is_empty()) else {
        return Ok(Transformed::no(LogicalPlan::Filter(filter)));
    };
    let input = Arc::unwrap_or_clone(filter.input);
    let columns = input.schema().iter();
    let mut all: Vec<Expr> = columns
        .map(|(qualifier, field)| Expr::Column(Column::from((qualifier, field))))
        .collect();
    all.extend(keys);
    let plan = LogicalPlanBuilder::from(input)
        .project(all)?
        .filter(condition)?
        .build()?;
    Ok(Transformed::yes(plan))
}

/// Whether one side is an expression over columns of the subquery, and the other reads the outer
/// query alone.
fn is_key(side: &Expr, other: &Expr) -> bool {
    let own = |expr: &Expr| !expr.column_refs().is_empty();
    own(side)
        && !matches!(side, Expr::Column(_))
        && !side.contains_outer()
        && other.contains_outer()
        && !own(other)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{create, rows_in, session};

    #[test]
    fn fields_tie_a_subquery_to_the_query_around_it() {
        let context = session();
        create(
            &context,
            "flows",
            "SELECT CAST(ROW(ip) AS ROW(ip varchar)) AS src, CAST(ROW(n) AS ROW(bytes bigint)) AS traffic FROM (VALUES ('a', 1), ('a', 3), ('b', 5), (NULL, 7)) AS t(ip, n)",
        );
        for (sql, expected) in [
            (
                "SELECT f.traffic.bytes FROM flows f WHERE f.traffic.bytes > (SELECT avg(g.traffic.bytes) FROM flows g WHERE g.src.ip = f.src.ip) ORDER BY 1",
                vec!["3"],
            ),
            (
                "SELECT f.src.ip, (SELECT max(g.traffic.bytes) FROM flows g WHERE g.src.ip = f.src.ip) FROM flows f ORDER BY 1, f.traffic.bytes",
                vec!["a | 3", "a | 3", "b | 5", "NULL | NULL"],
            ),
            (
                "SELECT f.src.ip, (SELECT count(*) FROM flows g WHERE lower(g.src.ip) = f.src.ip AND g.traffic.bytes > 1) FROM flows f ORDER BY 1, f.traffic.bytes",
                vec!["a | 1", "a | 1", "b | 1", "NULL | 0"],
            ),
            (
                "SELECT count(*) FROM flows f WHERE EXISTS (SELECT 1 FROM flows g WHERE g.src.ip = f.src.ip AND g.traffic.bytes > f.traffic.bytes)",
                vec!["1"],
            ),
        ] {
            assert_eq!(rows_in(&context, sql), expected, "{sql}");
        }
    }
}
