//! Functions that take a lambda, beyond the three that the planner brings (any match, filter and
//! transform of an array). Each evaluates its lambda over all elements of a batch at once.

mod attempt;
mod fold;
mod guard;
mod maps;
mod zip;

use std::sync::Arc;

use arrow::array::{ArrayRef, UInt32Array};
use arrow::compute::take_arrays;
use datafusion::common::Result;
use datafusion::logical_expr::{HigherOrderUDF, LambdaArgument};

pub(super) use attempt::TRY;
pub(super) use guard::{AND_THEN, OR_ELSE};

/// All functions of this folder.
pub(super) fn functions() -> Vec<Arc<HigherOrderUDF>> {
    let functions = [
        HigherOrderUDF::new_from_impl(attempt::Attempt::default()),
        HigherOrderUDF::new_from_impl(fold::Reduce::default()),
        HigherOrderUDF::new_from_impl(zip::ZipWith::default()),
    ];
    let maps = maps::MapLambda::all().map(HigherOrderUDF::new_from_impl);
    let guards = guard::Guard::both().map(HigherOrderUDF::new_from_impl);
    functions
        .into_iter()
        .chain(maps)
        .chain(guards)
        .map(Arc::new)
        .collect()
}

/// Evaluates a lambda for elements that come from the given rows of a batch.
fn evaluate(lambda: &LambdaArgument, values: &[ArrayRef], rows: &UInt32Array) -> Result<ArrayRef> {
    let closures: Vec<_> = values
        .iter()
        .map(|values| move || Ok(Arc::clone(values)))
        .collect();
    let parameters: Vec<&dyn Fn() -> Result<ArrayRef>> = closures
        .iter()
        .map(|closure| closure as &dyn Fn() -> Result<ArrayRef>)
        .collect();
    lambda
        .evaluate(&parameters, |captures| {
            Ok(take_arrays(captures, rows, None)?)
        })?
        .into_array(rows.len())
}
