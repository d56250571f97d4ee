//! `reduce(array, state, (state, element) -> state, state -> result)`.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, UInt32Array, new_null_array};
use arrow::compute::{cast, interleave, take};
use arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::{Result, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, HigherOrderFunctionArgs, HigherOrderReturnFieldArgs, HigherOrderSignature,
    HigherOrderUDFImpl, LambdaParametersProgress, ValueOrLambda, Volatility,
};

use super::super::lists::{ListView, element, index};
use super::evaluate;

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Reduce {
    signature: HigherOrderSignature,
}

impl Default for Reduce {
    fn default() -> Self {
        Self {
            signature: HigherOrderSignature::exact(
                vec![
                    ValueOrLambda::Value(()),
                    ValueOrLambda::Value(()),
                    ValueOrLambda::Lambda(()),
                    ValueOrLambda::Lambda(()),
                ],
                Volatility::Immutable,
            ),
        }
    }
}

impl HigherOrderUDFImpl for Reduce {
    fn name(&self) -> &str {
        "reduce"
    }

    fn signature(&self) -> &HigherOrderSignature {
        &self.signature
    }

    fn coerce_value_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        Ok(arg_types.to_vec())
    }

    /// The state starts with the type of the initial value and takes on the type that the first
    /// lambda gives, where that is another: `reduce(doubles, 0, (s, x) -> s + x, s -> s)`.
    fn lambda_parameters(
        &self,
        _step: usize,
        fields: &[ValueOrLambda<FieldRef, Option<FieldRef>>],
    ) -> Result<LambdaParametersProgress> {
        match fields {
            [
                ValueOrLambda::Value(array),
                ValueOrLambda::Value(initial),
                ValueOrLambda::Lambda(merged),
                _,
            ] => {
                let element = element(array)?;
                let state = |field: &FieldRef| {
                    Arc::new(Field::new("state", field.data_type().clone(), true))
                };
                Ok(match merged {
                    None => LambdaParametersProgress::Partial(vec![
                        Some(vec![state(initial), element]),
                        None,
                    ]),
                    Some(merged) => {
                        let state = state(merged);
                        LambdaParametersProgress::Complete(vec![
                            vec![Arc::clone(&state), element],
                            vec![state],
                        ])
                    }
                })
            }
            _ => plan_err!("{USAGE}"),
        }
    }

    fn coerce_values_for_lambdas(
        &self,
        fields: &[ValueOrLambda<DataType, DataType>],
    ) -> Result<Option<Vec<DataType>>> {
        match fields {
            [
                ValueOrLambda::Value(array),
                ValueOrLambda::Value(_),
                ValueOrLambda::Lambda(merged),
                _,
            ] => Ok(Some(vec![array.clone(), merged.clone()])),
            _ => Ok(None),
        }
    }

    fn return_field_from_args(&self, args: HigherOrderReturnFieldArgs<'_>) -> Result<FieldRef> {
        match args.arg_fields {
            [_, _, _, ValueOrLambda::Lambda(result)] => {
                Ok(Arc::new(result.as_ref().clone().with_nullable(true)))
            }
            _ => plan_err!("{USAGE}"),
        }
    }

    fn invoke_with_args(&self, args: HigherOrderFunctionArgs) -> Result<ColumnarValue> {
        let [
            ValueOrLambda::Value(array),
            ValueOrLambda::Value(initial),
            ValueOrLambda::Lambda(merge),
            ValueOrLambda::Lambda(finish),
        ] = args.args.as_slice()
        else {
            return plan_err!("{USAGE}");
        };
        let lists = ListView::new(&array.to_array(args.number_rows)?)?;
        let mut state = initial.to_array(args.number_rows)?;
        let longest = (0..lists.len())
            .map(|row| lists.range(row).map_or(0, |range| range.len()))
            .max()
            .unwrap_or(0);
        for place in 0..longest {
            state = step(&lists, place, &state, merge)?;
        }
        let all: UInt32Array = (0..args.number_rows).map(index).collect::<Vec<_>>().into();
        let result = evaluate(finish, &[state], &all)?;
        // A NULL array has no result, whatever the lambda would make of the initial state.
        let Some(nulls) = lists.nulls else {
            return Ok(ColumnarValue::Array(result));
        };
        let missing = new_null_array(result.data_type(), 1);
        let picks: Vec<(usize, usize)> = nulls
            .iter()
            .enumerate()
            .map(|(row, valid)| if valid { (0, row) } else { (1, 0) })
            .collect();
        Ok(ColumnarValue::Array(interleave(
            &[result.as_ref(), missing.as_ref()],
            &picks,
        )?))
    }
}

const USAGE: &str = "reduce takes an array, a state, (state, element) -> state and state -> result";

/// Brings the elements at one place of all arrays into the states of their rows.
fn step(
    lists: &ListView,
    place: usize,
    state: &ArrayRef,
    merge: &datafusion::logical_expr::LambdaArgument,
) -> Result<ArrayRef> {
    let mut rows = Vec::new();
    let mut elements = Vec::new();
    let mut picks: Vec<(usize, usize)> = (0..lists.len()).map(|row| (0, row)).collect();
    for (row, pick) in picks.iter_mut().enumerate() {
        if let Some(range) = lists.range(row).filter(|range| place < range.len()) {
            *pick = (1, rows.len());
            rows.push(index(row));
            elements.push(index(range.start + place));
        }
    }
    let rows = UInt32Array::from(rows);
    let before = take(state, &rows, None)?;
    let elements = take(&lists.values, &UInt32Array::from(elements), None)?;
    let merged = evaluate(merge, &[before, elements], &rows)?;
    let merged = cast(&merged, state.data_type())?;
    Ok(interleave(&[state.as_ref(), merged.as_ref()], &picks)?)
}
