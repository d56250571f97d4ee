//! AND and OR whose right side may fail: it is evaluated only for the rows that the left side
//! leaves open, as Trino does row by row. The planner's own operators look at whole batches.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, UInt32Array, UInt32Builder};
use arrow::compute::{and_kleene, cast, or_kleene, take};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, HigherOrderFunctionArgs, HigherOrderReturnFieldArgs, HigherOrderSignature,
    HigherOrderUDFImpl, LambdaParametersProgress, ValueOrLambda, Volatility,
};

use super::super::lists::index;
use super::evaluate;

/// The function that stands for `left AND right`.
pub(in super::super) const AND_THEN: &str = "and_then";

/// The function that stands for `left OR right`.
pub(in super::super) const OR_ELSE: &str = "or_else";

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Guard {
    conjunction: bool,
    signature: HigherOrderSignature,
}

impl Guard {
    pub(super) fn both() -> [Self; 2] {
        [true, false].map(|conjunction| Self {
            conjunction,
            signature: HigherOrderSignature::exact(
                vec![ValueOrLambda::Value(()), ValueOrLambda::Lambda(())],
                Volatility::Immutable,
            ),
        })
    }
}

impl HigherOrderUDFImpl for Guard {
    fn name(&self) -> &str {
        if self.conjunction { AND_THEN } else { OR_ELSE }
    }

    fn signature(&self) -> &HigherOrderSignature {
        &self.signature
    }

    fn coerce_value_types(&self, _arg_types: &[DataType]) -> Result<Vec<DataType>> {
        Ok(vec![DataType::Boolean])
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

    fn return_field_from_args(&self, _args: HigherOrderReturnFieldArgs<'_>) -> Result<FieldRef> {
        Ok(Arc::new(Field::new(self.name(), DataType::Boolean, true)))
    }

    fn invoke_with_args(&self, args: HigherOrderFunctionArgs) -> Result<ColumnarValue> {
        let [ValueOrLambda::Value(left), ValueOrLambda::Lambda(right)] = args.args.as_slice()
        else {
            return plan_err!("{} takes a condition and a lambda", self.name());
        };
        let left = cast(&left.to_array(args.number_rows)?, &DataType::Boolean)?;
        let left = left.as_boolean();
        let decided = |row: usize| left.is_valid(row) && left.value(row) != self.conjunction;
        let open: UInt32Array = (0..left.len())
            .filter(|row| !decided(*row))
            .map(index)
            .collect::<Vec<_>>()
            .into();
        if open.is_empty() {
            return Ok(ColumnarValue::Array(Arc::new(left.clone())));
        }
        let row: ArrayRef = Arc::new(BooleanArray::from(vec![true; open.len()]));
        let found = evaluate(right, &[row], &open)?;
        let found = cast(&found, &DataType::Boolean)?;
        let mut places = UInt32Builder::with_capacity(left.len());
        let mut next = 0;
        for row in 0..left.len() {
            if decided(row) {
                places.append_null();
            } else {
                places.append_value(index(next));
                next += 1;
            }
        }
        let found = take(&found, &places.finish(), None)?;
        let result = if self.conjunction {
            and_kleene(left, found.as_boolean())?
        } else {
            or_kleene(left, found.as_boolean())?
        };
        Ok(ColumnarValue::Array(Arc::new(result)))
    }
}
