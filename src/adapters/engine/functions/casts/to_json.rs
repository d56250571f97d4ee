//! Any value as JSON: rows as objects, maps with their keys in order, times as text.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringBuilder};
use arrow::datatypes::{DataType, Float32Type, Float64Type};
use datafusion::common::Result;

use super::super::json::escape_into;
use super::value;

/// The values' JSON texts; NULL stays NULL.
pub(super) fn convert(array: &ArrayRef) -> Result<ArrayRef> {
    let writer = Writer::new(array)?;
    let mut built = StringBuilder::with_capacity(array.len(), array.len() * 32);
    for row in 0..array.len() {
        if array.is_null(row) {
            built.append_null();
            continue;
        }
        let mut text = String::new();
        writer.write(row, &mut text);
        built.append_value(text);
    }
    Ok(Arc::new(built.finish()))
}

/// A column made ready to be written value by value.
enum Writer {
    /// Values whose text is JSON already.
    Plain(ArrayRef),
    /// Texts to be quoted.
    Quoted(ArrayRef),
    List(ArrayRef, Box<Writer>),
    Map(ArrayRef, ArrayRef, Box<Writer>),
    Row(ArrayRef, Vec<(String, Writer)>),
}

impl Writer {
    fn new(array: &ArrayRef) -> Result<Self> {
        use DataType as T;
        Ok(match array.data_type() {
            T::Boolean => Self::Plain(arrow::compute::cast(array, &T::Utf8)?),
            T::Float64 => {
                let values = array.as_primitive::<Float64Type>().iter();
                let texts: arrow::array::StringArray =
                    values.map(|value| value.map(java_double)).collect();
                Self::Plain(Arc::new(texts))
            }
            T::Float32 => {
                let values = array.as_primitive::<Float32Type>().iter();
                let texts: arrow::array::StringArray = values
                    .map(|value| value.map(|value| java_double(value.into())))
                    .collect();
                Self::Plain(Arc::new(texts))
            }
            other if other.is_numeric() => Self::Plain(arrow::compute::cast(array, &T::Utf8)?),
            T::List(_) => {
                let values = Self::new(array.as_list::<i32>().values())?;
                Self::List(Arc::clone(array), Box::new(values))
            }
            T::LargeList(item) | T::FixedSizeList(item, _) => {
                return Self::new(&arrow::compute::cast(array, &T::List(Arc::clone(item)))?);
            }
            T::Map(_, _) => {
                let map = array.as_map();
                let keys = value::text(map.keys())?;
                Self::Map(
                    Arc::clone(array),
                    arrow::compute::cast(&keys, &T::Utf8)?,
                    Box::new(Self::new(map.values())?),
                )
            }
            T::Struct(fields) => {
                let columns = fields.iter().zip(array.as_struct().columns());
                let columns =
                    columns.map(|(field, column)| Ok((field.name().clone(), Self::new(column)?)));
                Self::Row(Arc::clone(array), columns.collect::<Result<_>>()?)
            }
            T::Null => Self::Plain(arrow::compute::cast(array, &T::Utf8)?),
            _ => Self::Quoted(arrow::compute::cast(&value::text(array)?, &T::Utf8)?),
        })
    }

    fn write(&self, row: usize, text: &mut String) {
        let array = match self {
            Self::Plain(array)
            | Self::Quoted(array)
            | Self::List(array, _)
            | Self::Map(array, _, _)
            | Self::Row(array, _) => array,
        };
        if array.is_null(row) {
            text.push_str("null");
            return;
        }
        match self {
            Self::Plain(texts) => text.push_str(texts.as_string::<i32>().value(row)),
            Self::Quoted(texts) => escape_into(texts.as_string::<i32>().value(row), text),
            Self::List(lists, values) => {
                text.push('[');
                for (place, at) in range(lists.as_list::<i32>().value_offsets(), row).enumerate() {
                    if place > 0 {
                        text.push(',');
                    }
                    values.write(at, text);
                }
                text.push(']');
            }
            Self::Map(maps, keys, values) => {
                let keys = keys.as_string::<i32>();
                let mut entries: Vec<usize> = range(maps.as_map().value_offsets(), row).collect();
                entries.sort_by_key(|at| keys.value(*at));
                text.push('{');
                for (place, at) in entries.into_iter().enumerate() {
                    if place > 0 {
                        text.push(',');
                    }
                    escape_into(keys.value(at), text);
                    text.push(':');
                    values.write(at, text);
                }
                text.push('}');
            }
            Self::Row(_, fields) => {
                text.push('{');
                for (place, (name, values)) in fields.iter().enumerate() {
                    if place > 0 {
                        text.push(',');
                    }
                    escape_into(name, text);
                    text.push(':');
                    values.write(row, text);
                }
                text.push('}');
            }
        }
    }
}

fn range(offsets: &[i32], row: usize) -> std::ops::Range<usize> {
    let at = |place: usize| usize::try_from(offsets[place]).unwrap_or_default();
    at(row)..at(row + 1)
}

/// A double as Java prints it, which is how Trino writes it into JSON.
fn java_double(value: f64) -> String {
    let size = value.abs();
    if !value.is_finite() {
        let name = if value.is_nan() {
            "NaN"
        } else if value > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        };
        return format!("\"{name}\"");
    }
    if size != 0.0 && !(1e-3..1e7).contains(&size) {
        let text = format!("{value:e}");
        return match text.split_once('e') {
            Some((mantissa, exponent)) if !mantissa.contains('.') => {
                format!("{mantissa}.0E{exponent}")
            }
            _ => text.replace('e', "E"),
        };
    }
    format!("{value:?}")
}
