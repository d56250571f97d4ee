//! Lets rows out as they are found.
//!
//! A filter of DataFusion's gathers what passes until it has a whole batch: of a rare value all
//! rows would come with the last of them. Where nothing between a filter and the result has to see
//! all rows anyway, each batch that has rows goes on at once.

use std::sync::Arc;

use datafusion::common::Result;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::filter::{FilterExec, FilterExecBuilder};
use datafusion::physical_plan::limit::{GlobalLimitExec, LocalLimitExec};
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::union::UnionExec;

/// A filter with this target lets every batch through that has a row.
const AT_ONCE: usize = 1;

/// The rule. It has to be the last, for it looks at the plan as it will run.
#[derive(Debug)]
pub(super) struct RowsEarly;

impl PhysicalOptimizerRule for RowsEarly {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _: &ConfigOptions,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        early(plan)
    }

    fn name(&self) -> &str {
        "rows_early"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// The plan with the filters below it that are reached through nothing but what passes rows on.
fn early(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    let is_filter = plan.is::<FilterExec>();
    if !is_filter && !passes_on(plan.as_ref()) {
        return Ok(plan);
    }
    let plan = plan
        .map_children(|child| early(child).map(Transformed::yes))?
        .data;
    match plan.downcast_ref::<FilterExec>() {
        Some(filter) => {
            let early = FilterExecBuilder::from(filter)
                .with_batch_size(AT_ONCE)
                .build()?;
            Ok(Arc::new(early))
        }
        None => Ok(plan),
    }
}

/// Whether an operator gives each batch on as it comes.
fn passes_on(plan: &dyn ExecutionPlan) -> bool {
    plan.is::<ProjectionExec>()
        || plan.is::<UnionExec>()
        || plan.is::<CoalescePartitionsExec>()
        || plan.is::<CooperativeExec>()
        || plan.is::<GlobalLimitExec>()
        || plan.is::<LocalLimitExec>()
}
