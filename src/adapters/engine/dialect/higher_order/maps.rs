//! `map_filter`, `transform_keys` and `transform_values`: a lambda of key and value over a map.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, MapArray, StructArray};
use arrow::compute::filter;
use arrow::datatypes::{DataType, Field, FieldRef, Fields};
use datafusion::common::{Result, exec_err, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, HigherOrderFunctionArgs, HigherOrderReturnFieldArgs, HigherOrderSignature,
    HigherOrderUDFImpl, LambdaParametersProgress, ValueOrLambda, Volatility,
};

use super::super::lists::{ListView, offsets};
use super::evaluate;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Filter,
    Keys,
    Values,
}

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct MapLambda {
    kind: Kind,
    signature: HigherOrderSignature,
}

impl MapLambda {
    pub(super) fn all() -> [Self; 3] {
        [Kind::Filter, Kind::Keys, Kind::Values].map(|kind| Self {
            kind,
            signature: HigherOrderSignature::exact(
                vec![ValueOrLambda::Value(()), ValueOrLambda::Lambda(())],
                Volatility::Immutable,
            ),
        })
    }

    /// The fields of key and value.
    fn entries(data_type: &DataType) -> Result<(FieldRef, FieldRef)> {
        if let DataType::Map(entries, _) = data_type
            && let DataType::Struct(fields) = entries.data_type()
            && let [key, value] = fields.as_ref()
        {
            return Ok((Arc::clone(key), Arc::clone(value)));
        }
        plan_err!("A map is expected, and this is of type {data_type}")
    }

    fn result(&self, map: &DataType, lambda: &DataType) -> Result<DataType> {
        let (key, value) = Self::entries(map)?;
        let (key, value) = match self.kind {
            Kind::Filter if *lambda == DataType::Boolean || lambda.is_null() => {
                (key.data_type().clone(), value.data_type().clone())
            }
            Kind::Filter => {
                return plan_err!(
                    "The lambda of map_filter is true or false, not of type {lambda}"
                );
            }
            Kind::Keys => (lambda.clone(), value.data_type().clone()),
            Kind::Values => (key.data_type().clone(), lambda.clone()),
        };
        Ok(map_type(key, value))
    }
}

fn map_type(key: DataType, value: DataType) -> DataType {
    let fields = Fields::from(vec![
        Field::new("key", key, false),
        Field::new("value", value, true),
    ]);
    let entries = Field::new("entries", DataType::Struct(fields), false);
    DataType::Map(Arc::new(entries), false)
}

impl HigherOrderUDFImpl for MapLambda {
    fn name(&self) -> &str {
        match self.kind {
            Kind::Filter => "map_filter",
            Kind::Keys => "transform_keys",
            Kind::Values => "transform_values",
        }
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
            [ValueOrLambda::Value(map), _] => {
                let (key, value) = Self::entries(map.data_type())?;
                Ok(LambdaParametersProgress::Complete(vec![vec![key, value]]))
            }
            _ => plan_err!("{} takes a map and a lambda", self.name()),
        }
    }

    fn return_field_from_args(&self, args: HigherOrderReturnFieldArgs<'_>) -> Result<FieldRef> {
        match args.arg_fields {
            [ValueOrLambda::Value(map), ValueOrLambda::Lambda(lambda)] => {
                let data_type = self.result(map.data_type(), lambda.data_type())?;
                Ok(Arc::new(Field::new(self.name(), data_type, true)))
            }
            _ => plan_err!("{} takes a map and a lambda", self.name()),
        }
    }

    fn invoke_with_args(&self, args: HigherOrderFunctionArgs) -> Result<ColumnarValue> {
        let [ValueOrLambda::Value(map), ValueOrLambda::Lambda(lambda)] = args.args.as_slice()
        else {
            return plan_err!("{} takes a map and a lambda", self.name());
        };
        let maps = ListView::new(&map.to_array(args.number_rows)?)?;
        let entries = maps.values.as_struct();
        let (keys, values) = (Arc::clone(entries.column(0)), Arc::clone(entries.column(1)));
        let computed = evaluate(
            lambda,
            &[Arc::clone(&keys), Arc::clone(&values)],
            &maps.rows(),
        )?;
        let lengths = maps.offsets.windows(2).map(|pair| pair[1] - pair[0]);
        let (keys, values, lengths): (_, _, Vec<usize>) = match self.kind {
            Kind::Keys => (computed, values, lengths.collect()),
            Kind::Values => (keys, computed, lengths.collect()),
            Kind::Filter => {
                let kept = keep(&computed)?;
                let count = |pair: &[usize]| {
                    (pair[0]..pair[1])
                        .filter(|entry| kept.value(*entry))
                        .count()
                };
                let lengths = maps.offsets.windows(2).map(count).collect();
                (filter(&keys, &kept)?, filter(&values, &kept)?, lengths)
            }
        };
        if self.kind == Kind::Keys {
            check_keys(&keys, &lengths)?;
        }
        let DataType::Map(field, _) =
            map_type(keys.data_type().clone(), values.data_type().clone())
        else {
            return exec_err!("a map has entries");
        };
        let DataType::Struct(fields) = field.data_type() else {
            return exec_err!("a map's entries are rows");
        };
        let entries = StructArray::try_new(fields.clone(), vec![keys, values], None)?;
        let map: ArrayRef = Arc::new(MapArray::try_new(
            field,
            offsets(lengths),
            entries,
            maps.nulls,
            false,
        )?);
        Ok(ColumnarValue::Array(map))
    }
}

/// Which entries stay: those for which the lambda is true, not those for which it is NULL.
fn keep(computed: &ArrayRef) -> Result<BooleanArray> {
    if computed.data_type().is_null() {
        return Ok(BooleanArray::from(vec![false; computed.len()]));
    }
    let kept = computed.as_boolean();
    Ok(match kept.nulls() {
        Some(nulls) => BooleanArray::new(kept.values() & nulls.inner(), None),
        None => kept.clone(),
    })
}

/// New keys are neither NULL nor the same twice in one map.
fn check_keys(keys: &ArrayRef, lengths: &[usize]) -> Result<()> {
    if keys.logical_null_count() > 0 {
        return exec_err!("A key of a map cannot be NULL");
    }
    let compare =
        arrow::array::make_comparator(keys, keys, arrow::compute::SortOptions::default())?;
    let mut start = 0;
    for length in lengths {
        let end = start + length;
        for first in start..end {
            if (first + 1..end).any(|second| compare(first, second).is_eq()) {
                return exec_err!("Two keys of one map became the same");
            }
        }
        start = end;
    }
    Ok(())
}
