//! Keeps the variables of lambdas apart from columns.
//!
//! DataFusion gives a lambda's variable the place behind the columns of its filter's input, and
//! never again another. Where later rules give the filter an input with more columns, that place
//! is a column's, and the lambda is evaluated on it: `Field of physical LambdaVariable … doesn't
//! match batch field`. Before any rule has moved a filter, its variables are given places that no
//! input has.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_expr::expressions::LambdaVariable;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::filter::{FilterExec, FilterExecBuilder};

/// More columns than any input has.
const APART: usize = 1 << 24;

/// The rule. It has to be the first.
#[derive(Debug)]
pub(super) struct LambdasApart;

impl PhysicalOptimizerRule for LambdasApart {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|node| {
            Ok(match apart(&node)? {
                Some(filter) => Transformed::yes(filter),
                None => Transformed::no(node),
            })
        })
        .data()
    }

    fn name(&self) -> &str {
        "lambdas_apart"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// A filter with a lambda, with the variables moved.
fn apart(node: &Arc<dyn ExecutionPlan>) -> Result<Option<Arc<dyn ExecutionPlan>>> {
    let Some(filter) = node.downcast_ref::<FilterExec>() else {
        return Ok(None);
    };
    let predicate = lambdas_apart(Arc::clone(filter.predicate()))?;
    if !predicate.transformed {
        return Ok(None);
    }
    let moved = FilterExecBuilder::from(filter)
        .with_predicate(predicate.data)
        .build()?;
    Ok(Some(Arc::new(moved)))
}

/// An expression with its lambdas' variables moved.
pub(super) fn lambdas_apart(
    expr: Arc<dyn PhysicalExpr>,
) -> Result<Transformed<Arc<dyn PhysicalExpr>>> {
    expr.transform_up(|expr| {
        let moved = expr.downcast_ref::<LambdaVariable>().and_then(|variable| {
            let place = variable.index();
            let field = Arc::clone(variable.field());
            (place < APART).then(|| LambdaVariable::new(place + APART, field))
        });
        Ok(match moved {
            Some(variable) => Transformed::yes(Arc::new(variable) as Arc<dyn PhysicalExpr>),
            None => Transformed::no(expr),
        })
    })
}
