//! Stopping a query inside operators that never wait.
//!
//! A task is aborted only where it waits. A join or an UNNEST can make batches out of what it holds
//! for minutes without waiting for anything, with an aggregate or a sort above it that eats them up;
//! so their output is watched, and ends with an error once the reader has gone.

use std::fmt;
use std::sync::Arc;

use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::common::{DataFusionError, Result, internal_err};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use futures::StreamExt;

use super::run;
use super::watch::Watch;

/// Puts a watchman above every operator that can make many batches of few.
pub(super) fn make_stoppable(
    plan: Arc<dyn ExecutionPlan>,
    watch: &Arc<Watch>,
) -> Result<Arc<dyn ExecutionPlan>> {
    plan.transform_up(|node| {
        let name = node.name();
        if name.contains("Join") || name.contains("Unnest") || name.contains("Recursive") {
            Ok(Transformed::yes(
                Arc::new(Stoppable::over(node, watch)) as Arc<dyn ExecutionPlan>
            ))
        } else {
            Ok(Transformed::no(node))
        }
    })
    .data()
}

/// Hands its input's batches on until the query is stopped.
#[derive(Debug)]
struct Stoppable {
    input: Arc<dyn ExecutionPlan>,
    properties: Arc<PlanProperties>,
    watch: Arc<Watch>,
}

impl Stoppable {
    fn over(input: Arc<dyn ExecutionPlan>, watch: &Arc<Watch>) -> Self {
        Self {
            properties: Arc::clone(input.properties()),
            input,
            watch: Arc::clone(watch),
        }
    }
}

impl DisplayAs for Stoppable {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stoppable")
    }
}

impl ExecutionPlan for Stoppable {
    fn name(&self) -> &str {
        "Stoppable"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn benefits_from_input_partitioning(&self) -> Vec<bool> {
        vec![false]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        match (children.pop(), children.is_empty()) {
            (Some(input), true) => Ok(Arc::new(Self::over(input, &self.watch))),
            _ => internal_err!("a stoppable operator has one input"),
        }
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let input = self.input.execute(partition, context)?;
        let watch = Arc::clone(&self.watch);
        let watched = input.map(move |batch| {
            if watch.is_stopped() {
                Err(stopped())
            } else {
                batch
            }
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(
            self.schema(),
            watched,
        )))
    }
}

/// The end of a stopped query.
pub(super) fn stopped() -> DataFusionError {
    DataFusionError::External(Box::new(run::stopped()))
}
