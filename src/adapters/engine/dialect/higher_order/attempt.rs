//! `TRY(expression)`: NULL where the expression fails. The expression arrives as a lambda, so that
//! its failure is met here, row by row.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, new_null_array};
use arrow::compute::concat;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{DataFusionError, Result, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, HigherOrderFunctionArgs, HigherOrderReturnFieldArgs, HigherOrderSignature,
    HigherOrderUDFImpl, LambdaArgument, LambdaParametersProgress, ValueOrLambda, Volatility,
};

use crate::domain::query::{QueryError, QueryErrorKind};

/// The function that stands for TRY.
pub(in super::super) const TRY: &str = "try_lambda";

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Attempt {
    signature: HigherOrderSignature,
}

impl Default for Attempt {
    fn default() -> Self {
        Self {
            signature: HigherOrderSignature::exact(
                vec![ValueOrLambda::Lambda(())],
                Volatility::Immutable,
            ),
        }
    }
}

impl HigherOrderUDFImpl for Attempt {
    fn name(&self) -> &str {
        TRY
    }

    fn signature(&self) -> &HigherOrderSignature {
        &self.signature
    }

    /// The lambda has one parameter, which no expression can name: it only gives the row count.
    fn lambda_parameters(
        &self,
        _step: usize,
        _fields: &[ValueOrLambda<FieldRef, Option<FieldRef>>],
    ) -> Result<LambdaParametersProgress> {
        let row = Arc::new(Field::new("row", DataType::Boolean, false));
        Ok(LambdaParametersProgress::Complete(vec![vec![row]]))
    }

    fn coerce_value_types(&self, _arg_types: &[DataType]) -> Result<Vec<DataType>> {
        Ok(Vec::new())
    }

    fn return_field_from_args(&self, args: HigherOrderReturnFieldArgs<'_>) -> Result<FieldRef> {
        match args.arg_fields {
            [ValueOrLambda::Lambda(result)] => {
                Ok(Arc::new(result.as_ref().clone().with_nullable(true)))
            }
            _ => plan_err!("TRY takes one expression"),
        }
    }

    fn invoke_with_args(&self, args: HigherOrderFunctionArgs) -> Result<ColumnarValue> {
        let [ValueOrLambda::Lambda(body)] = args.args.as_slice() else {
            return plan_err!("TRY takes one expression");
        };
        let all = evaluate(body, 0, args.number_rows);
        if !matches!(&all, Err(error) if is_recoverable(error)) {
            return all.map(ColumnarValue::Array);
        }
        let rows = (0..args.number_rows)
            .map(|row| match evaluate(body, row, 1) {
                Err(error) if is_recoverable(&error) => Ok(new_null_array(args.return_type(), 1)),
                other => other,
            })
            .collect::<Result<Vec<_>>>()?;
        let rows: Vec<_> = rows.iter().map(AsRef::as_ref).collect();
        if rows.is_empty() {
            return Ok(ColumnarValue::Array(new_null_array(args.return_type(), 0)));
        }
        Ok(ColumnarValue::Array(concat(&rows)?))
    }
}

fn evaluate(body: &LambdaArgument, start: usize, count: usize) -> Result<ArrayRef> {
    let row = || -> Result<ArrayRef> { Ok(Arc::new(BooleanArray::from(vec![true; count]))) };
    body.evaluate(&[&row], |captures| {
        Ok(captures
            .iter()
            .map(|array| array.slice(start, count))
            .collect())
    })?
    .into_array(count)
}

/// Whether a failure lies in the values. TRY does not hide a lack of memory or a broken file.
fn is_recoverable(error: &DataFusionError) -> bool {
    match error.find_root() {
        DataFusionError::ArrowError(..) | DataFusionError::Execution(_) => true,
        DataFusionError::External(ours) => ours
            .downcast_ref::<QueryError>()
            .is_some_and(|ours| ours.kind == QueryErrorKind::Execution),
        _ => false,
    }
}
