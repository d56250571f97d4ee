//! Functions that take a lambda, beyond the three that the planner brings (any match, filter and
//! transform of an array). Each evaluates the lambda once over all elements of a batch.

mod attempt;

use std::sync::Arc;

use datafusion::logical_expr::HigherOrderUDF;

pub(super) use attempt::TRY;

/// All functions of this folder.
pub(super) fn functions() -> Vec<Arc<HigherOrderUDF>> {
    vec![Arc::new(HigherOrderUDF::new_from_impl(
        attempt::Attempt::default(),
    ))]
}
