//! JSON as any value: objects as maps or rows, arrays as arrays or rows.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, AsArray, BooleanArray, Int64Array, ListArray, StringArray, StructArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field};
use datafusion::common::{Result, exec_datafusion_err, exec_err};

use super::super::json::Json;
use super::target::Target;
use super::value::{build_map, leaf, limited};

/// The values of JSON texts.
pub(super) fn convert(array: &ArrayRef, target: &Target) -> Result<ArrayRef> {
    let texts = cast(array, &DataType::Utf8)?;
    let texts = texts.as_string::<i32>();
    let parsed = texts
        .iter()
        .map(|text| match text {
            None => Ok(None),
            Some(text) => match Json::parse(text) {
                Some(value) => Ok(Some(value)),
                None => exec_err!("'{text}' is not JSON"),
            },
        })
        .collect::<Result<Vec<_>>>()?;
    let parsed: Vec<Option<&Json<'_>>> = parsed.iter().map(Option::as_ref).collect();
    build(&parsed, target)
}

/// A column of values, of which `None` and JSON's null are NULL.
fn build(values: &[Option<&Json<'_>>], target: &Target) -> Result<ArrayRef> {
    if *target == Target::Json {
        let texts: StringArray = values
            .iter()
            .map(|value| value.map(Json::to_text))
            .collect();
        return Ok(Arc::new(texts));
    }
    let values: Vec<Option<&Json<'_>>> = values
        .iter()
        .map(|value| value.filter(|value| **value != Json::Null))
        .collect();
    match target {
        Target::Array(element) => {
            let mut elements = Vec::new();
            let lengths = each(
                &values,
                |value| match value {
                    Json::List(list) => {
                        elements.extend(list.iter().map(Some));
                        Some(list.len())
                    }
                    _ => None,
                },
                target,
            )?;
            let field = Arc::new(Field::new_list_field(element.arrow(), true));
            let offsets = OffsetBuffer::from_lengths(lengths);
            Ok(Arc::new(ListArray::try_new(
                field,
                offsets,
                build(&elements, element)?,
                validity(&values),
            )?))
        }
        Target::Map(key, value) => {
            let (mut keys, mut members) = (Vec::new(), Vec::new());
            let lengths = each(
                &values,
                |value| match value {
                    Json::Object(object) => {
                        keys.extend(object.iter().map(|(key, _)| Json::Text(key.clone())));
                        members.extend(object.iter().map(|(_, value)| Some(value)));
                        Some(object.len())
                    }
                    _ => None,
                },
                target,
            )?;
            let keys: Vec<Option<&Json<'_>>> = keys.iter().map(Some).collect();
            let (keys, members) = (build(&keys, key)?, build(&members, value)?);
            build_map(
                target,
                keys,
                members,
                OffsetBuffer::from_lengths(lengths),
                validity(&values),
            )
        }
        Target::Row(fields) => row(&values, fields, target),
        Target::Varchar(limit) => limited(texts(&values, target)?, *limit),
        Target::Arrow(data_type) => number_or_text(&values, data_type, target),
        other => {
            let texts = texts(&values, target)?;
            super::value::convert(&texts, false, other)
        }
    }
}

fn validity(values: &[Option<&Json<'_>>]) -> Option<NullBuffer> {
    Some(
        values
            .iter()
            .map(Option::is_some)
            .collect::<Vec<bool>>()
            .into(),
    )
}

fn misfit(value: &Json<'_>, target: &Target) -> datafusion::error::DataFusionError {
    exec_datafusion_err!("Cannot cast the JSON {} to {target}", value.to_text())
}

/// The length of each value; 0 for NULL.
fn each<'a>(
    values: &[Option<&'a Json<'a>>],
    mut length: impl FnMut(&'a Json<'a>) -> Option<usize>,
    target: &Target,
) -> Result<Vec<usize>> {
    values
        .iter()
        .map(|value| match value {
            None => Ok(0),
            Some(value) => length(value).ok_or_else(|| misfit(value, target)),
        })
        .collect()
}

fn row(
    values: &[Option<&Json<'_>>],
    fields: &[(String, Target)],
    target: &Target,
) -> Result<ArrayRef> {
    let mut columns: Vec<Vec<Option<&Json<'_>>>> =
        vec![Vec::with_capacity(values.len()); fields.len()];
    for value in values {
        for (place, ((name, _), column)) in fields.iter().zip(&mut columns).enumerate() {
            column.push(match value {
                None => None,
                Some(Json::Object(members)) => members
                    .iter()
                    .find(|(key, _)| key.eq_ignore_ascii_case(name))
                    .map(|(_, value)| value),
                Some(Json::List(elements)) if elements.len() == fields.len() => elements.get(place),
                Some(other) => return Err(misfit(other, target)),
            });
        }
    }
    let columns = columns
        .iter()
        .zip(fields)
        .map(|(column, (_, target))| build(column, target))
        .collect::<Result<Vec<_>>>()?;
    Ok(Arc::new(StructArray::try_new(
        target.fields(),
        columns,
        validity(values),
    )?))
}

fn texts(values: &[Option<&Json<'_>>], target: &Target) -> Result<ArrayRef> {
    let texts = values
        .iter()
        .map(|value| match value {
            None => Ok(None),
            Some(value) => value
                .scalar()
                .map(Some)
                .ok_or_else(|| misfit(value, target)),
        })
        .collect::<Result<StringArrayOf<'_>>>()?;
    Ok(Arc::new(StringArray::from(texts)))
}

type StringArrayOf<'a> = Vec<Option<&'a str>>;

fn number_or_text(
    values: &[Option<&Json<'_>>],
    data_type: &DataType,
    target: &Target,
) -> Result<ArrayRef> {
    match data_type {
        DataType::Boolean => {
            let truths = values
                .iter()
                .map(|value| match value {
                    None => Ok(None),
                    Some(Json::Bool(truth)) => Ok(Some(*truth)),
                    Some(Json::Number(number)) => {
                        Ok(number.parse::<f64>().ok().map(|number| number != 0.0))
                    }
                    Some(Json::Text(text)) if text.eq_ignore_ascii_case("true") => Ok(Some(true)),
                    Some(Json::Text(text)) if text.eq_ignore_ascii_case("false") => Ok(Some(false)),
                    Some(other) => Err(misfit(other, target)),
                })
                .collect::<Result<BooleanArray>>()?;
            Ok(Arc::new(truths))
        }
        data_type if data_type.is_integer() => {
            let numbers = values
                .iter()
                .map(|value| match value {
                    None => Ok(None),
                    Some(value) => whole(value).map(Some).ok_or_else(|| misfit(value, target)),
                })
                .collect::<Result<Vec<Option<i64>>>>()?;
            leaf(
                &(Arc::new(Int64Array::from(numbers)) as ArrayRef),
                data_type,
                false,
            )
        }
        _ => leaf(&texts(values, target)?, data_type, false),
    }
}

fn whole(value: &Json<'_>) -> Option<i64> {
    match value {
        Json::Bool(truth) => Some(i64::from(*truth)),
        Json::Number(text) => text.parse().ok().or_else(|| {
            let rounded = text.parse::<f64>().ok()?.round();
            // Within the doubles that are exact integers of 64 bits.
            (rounded.abs() < 9.2e18).then_some(rounded as i64)
        }),
        Json::Text(text) => text.parse().ok(),
        _ => None,
    }
}
