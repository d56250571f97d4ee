//! `value[index]` with Trino's rules: arrays count from 1, a place outside is an error, and so is
//! a key that a map does not hold; `element_at` is the one that gives NULL.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, UInt32Builder};
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, Field, FieldRef, Int64Type};
use datafusion::common::{Result, ScalarValue, exec_err, plan_err};
use datafusion::functions::core::get_field;
use datafusion::logical_expr::simplify::{ExprSimplifyResult, SimplifyContext};
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility,
    lit,
};

use super::access::SUBSCRIPT;
use super::lists::{ListView, index};

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct SubscriptFunction {
    signature: Signature,
}

impl Default for SubscriptFunction {
    fn default() -> Self {
        Self {
            signature: Signature::user_defined(Volatility::Immutable),
        }
    }
}

impl ScalarUDFImpl for SubscriptFunction {
    fn name(&self) -> &str {
        SUBSCRIPT
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arg_types: &[DataType]) -> Result<Vec<DataType>> {
        let [value, key] = arg_types else {
            return plan_err!("A subscript is one value in brackets");
        };
        let wanted = match value {
            DataType::Map(entries, _) => match entries.data_type() {
                DataType::Struct(fields) if fields.len() == 2 => fields[0].data_type().clone(),
                other => return plan_err!("A map of {other} has no keys"),
            },
            DataType::List(_)
            | DataType::LargeList(_)
            | DataType::FixedSizeList(..)
            | DataType::Struct(_) => {
                if !key.is_integer() && !key.is_null() {
                    return plan_err!(
                        "The subscript of an array is a whole number, not {key}: {UNSUPPORTED_HINT}"
                    );
                }
                DataType::Int64
            }
            DataType::Null => return Ok(arg_types.to_vec()),
            other => return plan_err!("A value of type {other} has no subscript"),
        };
        Ok(vec![value.clone(), wanted])
    }

    fn return_type(&self, _arg_types: &[DataType]) -> Result<DataType> {
        plan_err!("The type of a subscript follows from its arguments' fields")
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> Result<FieldRef> {
        let data_type = match args.arg_fields[0].data_type() {
            DataType::List(element)
            | DataType::LargeList(element)
            | DataType::FixedSizeList(element, _) => element.data_type().clone(),
            DataType::Map(entries, _) => match entries.data_type() {
                DataType::Struct(fields) if fields.len() == 2 => fields[1].data_type().clone(),
                other => return plan_err!("A map of {other} has no values"),
            },
            DataType::Struct(fields) => {
                let place = literal_place(args.scalar_arguments.get(1).copied().flatten())?;
                match fields.get(place) {
                    Some(field) => field.data_type().clone(),
                    None => {
                        return plan_err!(
                            "The row has {} fields, and {} is asked for",
                            fields.len(),
                            place + 1
                        );
                    }
                }
            }
            other => other.clone(),
        };
        Ok(Arc::new(Field::new(self.name(), data_type, true)))
    }

    /// The place in a row is a plain field access, which is pushed into the scan.
    fn simplify(&self, args: Vec<Expr>, info: &SimplifyContext) -> Result<ExprSimplifyResult> {
        if let [row, Expr::Literal(place, _)] = args.as_slice()
            && let DataType::Struct(fields) = info.get_data_type(row)?
            && let Some(field) = fields.get(literal_place(Some(place))?)
        {
            let access = get_field().call(vec![row.clone(), lit(field.name())]);
            return Ok(ExprSimplifyResult::Simplified(access));
        }
        Ok(ExprSimplifyResult::Original(args))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> Result<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let [value, key] = arrays.as_slice() else {
            return exec_err!("a subscript has two arguments");
        };
        let found = match value.data_type() {
            DataType::Map(..) => map_values(value, key)?,
            DataType::Struct(_) => {
                let row = value.as_struct();
                match args.args.get(1) {
                    Some(ColumnarValue::Scalar(place)) => {
                        Arc::clone(row.column(literal_place(Some(place))?))
                    }
                    _ => return exec_err!("the place in a row is a literal"),
                }
            }
            DataType::Null => Arc::clone(value),
            _ => array_elements(value, key)?,
        };
        Ok(ColumnarValue::Array(found))
    }
}

const UNSUPPORTED_HINT: &str = "the key of a map is in quotes, a field of a row after a dot";

fn literal_place(place: Option<&ScalarValue>) -> Result<usize> {
    match place.map(|place| place.cast_to(&DataType::Int64)) {
        Some(Ok(ScalarValue::Int64(Some(place)))) if place >= 1 => {
            Ok(usize::try_from(place - 1).unwrap_or(usize::MAX))
        }
        _ => plan_err!("The place in a row is a literal from 1"),
    }
}

fn array_elements(value: &ArrayRef, key: &ArrayRef) -> Result<ArrayRef> {
    let lists = ListView::new(value)?;
    let keys = key.as_primitive::<Int64Type>();
    let mut picks = UInt32Builder::with_capacity(lists.len());
    for row in 0..lists.len() {
        let Some(range) = lists.range(row).filter(|_| keys.is_valid(row)) else {
            picks.append_null();
            continue;
        };
        let place = keys.value(row);
        if place == 0 {
            return exec_err!("Array subscripts start at 1, and here is a 0");
        }
        if place < 0 {
            return exec_err!(
                "An array subscript is negative: {place}; element_at(array, {place}) counts from the end"
            );
        }
        match usize::try_from(place)
            .ok()
            .filter(|place| *place <= range.len())
        {
            Some(place) => picks.append_value(index(range.start + place - 1)),
            None => {
                return exec_err!(
                    "The array has {} elements, and element {place} is asked for; element_at(array, {place}) gives NULL there",
                    range.len()
                );
            }
        }
    }
    Ok(take(&lists.values, &picks.finish(), None)?)
}

fn map_values(value: &ArrayRef, key: &ArrayRef) -> Result<ArrayRef> {
    let maps = ListView::new(value)?;
    let entries = maps.values.as_struct();
    let (keys, values) = (entries.column(0), entries.column(1));
    let wanted = cast(key, keys.data_type())?;
    let comparator = arrow::array::make_comparator(keys, &wanted, Default::default())?;
    let mut picks = UInt32Builder::with_capacity(maps.len());
    for row in 0..maps.len() {
        let Some(mut range) = maps.range(row).filter(|_| wanted.is_valid(row)) else {
            picks.append_null();
            continue;
        };
        match range.find(|entry| comparator(*entry, row).is_eq()) {
            Some(entry) => picks.append_value(index(entry)),
            None => {
                let shown = arrow::util::display::array_value_to_string(&wanted, row)?;
                return exec_err!(
                    "The map has no key {shown}; element_at(map, '{shown}') gives NULL there"
                );
            }
        }
    }
    Ok(take(values, &picks.finish(), None)?)
}
