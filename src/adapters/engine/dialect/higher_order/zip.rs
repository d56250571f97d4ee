//! `zip_with(array, array, (x, y) -> …)`: the shorter array is filled up with NULLs.

use std::sync::Arc;

use arrow::array::{ArrayRef, ListArray, UInt32Array, UInt32Builder};
use arrow::buffer::NullBuffer;
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, HigherOrderFunctionArgs, HigherOrderReturnFieldArgs, HigherOrderSignature,
    HigherOrderUDFImpl, LambdaParametersProgress, ValueOrLambda, Volatility,
};

use super::super::lists::{ListView, element, index, offsets};
use super::evaluate;

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct ZipWith {
    signature: HigherOrderSignature,
}

impl Default for ZipWith {
    fn default() -> Self {
        Self {
            signature: HigherOrderSignature::exact(
                vec![
                    ValueOrLambda::Value(()),
                    ValueOrLambda::Value(()),
                    ValueOrLambda::Lambda(()),
                ],
                Volatility::Immutable,
            ),
        }
    }
}

impl HigherOrderUDFImpl for ZipWith {
    fn name(&self) -> &str {
        "zip_with"
    }

    fn signature(&self) -> &HigherOrderSignature {
        &self.signature
    }

    fn coerce_value_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        Ok(arg_types.to_vec())
    }

    fn lambda_parameters(
        &self,
        _step: usize,
        fields: &[ValueOrLambda<FieldRef, Option<FieldRef>>],
    ) -> Result<LambdaParametersProgress> {
        match fields {
            [ValueOrLambda::Value(left), ValueOrLambda::Value(right), _] => {
                Ok(LambdaParametersProgress::Complete(vec![vec![
                    element(left)?,
                    element(right)?,
                ]]))
            }
            _ => plan_err!("zip_with takes two arrays and a lambda"),
        }
    }

    fn return_field_from_args(&self, args: HigherOrderReturnFieldArgs<'_>) -> Result<FieldRef> {
        match args.arg_fields {
            [_, _, ValueOrLambda::Lambda(result)] => {
                let item = Field::new_list_field(result.data_type().clone(), true);
                let list = DataType::List(Arc::new(item));
                Ok(Arc::new(Field::new(self.name(), list, true)))
            }
            _ => plan_err!("zip_with takes two arrays and a lambda"),
        }
    }

    fn invoke_with_args(&self, args: HigherOrderFunctionArgs) -> Result<ColumnarValue> {
        let [
            ValueOrLambda::Value(left),
            ValueOrLambda::Value(right),
            ValueOrLambda::Lambda(lambda),
        ] = args.args.as_slice()
        else {
            return plan_err!("zip_with takes two arrays and a lambda");
        };
        let left = ListView::new(&left.to_array(args.number_rows)?)?;
        let right = ListView::new(&right.to_array(args.number_rows)?)?;
        let mut rows = Vec::new();
        let mut lefts = UInt32Builder::new();
        let mut rights = UInt32Builder::new();
        let mut lengths = Vec::with_capacity(args.number_rows);
        let mut valid = Vec::with_capacity(args.number_rows);
        for row in 0..args.number_rows {
            let (Some(a), Some(b)) = (left.range(row), right.range(row)) else {
                lengths.push(0);
                valid.push(false);
                continue;
            };
            let length = a.len().max(b.len());
            for place in 0..length {
                rows.push(index(row));
                lefts.append_option((place < a.len()).then(|| index(a.start + place)));
                rights.append_option((place < b.len()).then(|| index(b.start + place)));
            }
            lengths.push(length);
            valid.push(true);
        }
        let values = [
            take(&left.values, &lefts.finish(), None)?,
            take(&right.values, &rights.finish(), None)?,
        ];
        let values = evaluate(lambda, &values, &UInt32Array::from(rows))?;
        let item = Arc::new(Field::new_list_field(values.data_type().clone(), true));
        let nulls = NullBuffer::from(valid);
        let list: ArrayRef = Arc::new(ListArray::try_new(
            item,
            offsets(lengths),
            values,
            Some(nulls),
        )?);
        Ok(ColumnarValue::Array(list))
    }
}
