//! Converting whole columns.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, FixedSizeBinaryBuilder, ListArray, MapArray, StringArray,
    StringBuilder, StructArray, TimestampMicrosecondArray,
};
use arrow::compute::{CastOptions, cast, cast_with_options};
use arrow::datatypes::{DataType, Field, Float32Type, Float64Type, TimeUnit};
use arrow::util::display::FormatOptions;
use datafusion::common::{Result, exec_datafusion_err, exec_err, plan_err};

use super::super::kernel::{Zone, utc_time};
use super::super::network::address;
use super::super::types::IPADDRESS;
use super::target::Target;
use super::{from_json, nulls, to_json};

/// Converts; a value that cannot be converted becomes NULL.
pub(super) fn try_convert(array: &ArrayRef, json: bool, target: &Target) -> Result<ArrayRef> {
    if let Target::Arrow(data_type) = target
        && !json
    {
        return leaf(array, data_type, true);
    }
    // Most columns convert as a whole; only where one fails is each row tried alone.
    if let Ok(converted) = convert(array, json, target) {
        return Ok(converted);
    }
    let rows = (0..array.len()).map(|row| {
        convert(&array.slice(row, 1), json, target).unwrap_or_else(|_| nulls(target, 1))
    });
    let rows: Vec<ArrayRef> = rows.collect();
    let rows: Vec<&dyn Array> = rows.iter().map(|row| row.as_ref()).collect();
    Ok(arrow::compute::concat(&rows)?)
}

/// Converts; a value that cannot be converted is an error.
pub(super) fn convert(array: &ArrayRef, json: bool, target: &Target) -> Result<ArrayRef> {
    if array.data_type().is_null() {
        return Ok(nulls(target, array.len()));
    }
    if json {
        return from_json::convert(array, target);
    }
    match target {
        Target::Json => to_json::convert(array),
        Target::Varchar(limit) => limited(text(array)?, *limit),
        Target::Address => to_address(array),
        Target::Array(element) => {
            let list = as_list(array)?;
            let list = list.as_list::<i32>();
            let values = convert(list.values(), false, element)?;
            let field = Arc::new(Field::new_list_field(element.arrow(), true));
            Ok(Arc::new(ListArray::try_new(
                field,
                list.offsets().clone(),
                values,
                list.nulls().cloned(),
            )?))
        }
        Target::Map(key, value) => {
            let map = array.as_map();
            let keys = convert(map.keys(), false, key)?;
            let values = convert(map.values(), false, value)?;
            build_map(
                target,
                keys,
                values,
                map.offsets().clone(),
                map.nulls().cloned(),
            )
        }
        Target::Row(fields) => {
            let from = array.as_struct();
            let columns = fields
                .iter()
                .zip(from.columns())
                .map(|((_, target), column)| convert(column, false, target))
                .collect::<Result<Vec<_>>>()?;
            Ok(Arc::new(StructArray::try_new(
                target.fields(),
                columns,
                from.nulls().cloned(),
            )?))
        }
        Target::Arrow(data_type) => leaf(array, data_type, false),
    }
}

/// A map column of the target's type.
pub(super) fn build_map(
    target: &Target,
    keys: ArrayRef,
    values: ArrayRef,
    offsets: arrow::buffer::OffsetBuffer<i32>,
    nulls: Option<arrow::buffer::NullBuffer>,
) -> Result<ArrayRef> {
    let DataType::Map(field, sorted) = target.arrow() else {
        return plan_err!("{target} is no map");
    };
    let DataType::Struct(fields) = field.data_type() else {
        return plan_err!("{target} is no map");
    };
    let entries = StructArray::try_new(fields.clone(), vec![keys, values], None)?;
    Ok(Arc::new(MapArray::try_new(
        field, offsets, entries, nulls, sorted,
    )?))
}

fn as_list(array: &ArrayRef) -> Result<ArrayRef> {
    match array.data_type() {
        DataType::List(_) => Ok(Arc::clone(array)),
        DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            Ok(cast(array, &DataType::List(Arc::clone(item)))?)
        }
        other => plan_err!("{other} is no array"),
    }
}

/// A cast between types that Arrow has, with Trino's rounding.
pub(super) fn leaf(array: &ArrayRef, target: &DataType, safe: bool) -> Result<ArrayRef> {
    let options = CastOptions {
        safe,
        format_options: FormatOptions::default(),
    };
    let to = |array: &ArrayRef, target: &DataType| cast_with_options(array, target, &options);
    let source = array.data_type();
    let array = match source {
        DataType::Float64 | DataType::Float32 if target.is_integer() => {
            let wide = to(array, &DataType::Float64)?;
            Arc::new(
                wide.as_primitive::<Float64Type>()
                    .unary::<_, Float64Type>(f64::round),
            ) as ArrayRef
        }
        // Rescaling rounds, where a direct cast truncates.
        DataType::Decimal128(precision, scale) if target.is_integer() && *scale > 0 => {
            to(array, &DataType::Decimal128(*precision, 0))?
        }
        DataType::Timestamp(_, Some(zone)) if matches!(target, DataType::Timestamp(_, None)) => {
            wall_clock(array, &Zone::parse(zone)?)?
        }
        DataType::FixedSizeBinary(16) if *target == DataType::Binary => {
            to(array, &DataType::Binary)?
        }
        _ => Arc::clone(array),
    };
    to(&array, target)
        .map_err(|error| exec_datafusion_err!("{}", error.to_string().replace("Cast error: ", "")))
}

/// What a zone's clock shows at each instant.
fn wall_clock(array: &ArrayRef, zone: &Zone) -> Result<ArrayRef> {
    let micros = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let micros = cast(&cast(array, &micros)?, &DataType::Int64)?;
    let micros = micros.as_primitive::<arrow::datatypes::Int64Type>();
    let local: TimestampMicrosecondArray = micros
        .iter()
        .map(|value| {
            let Some(value) = value else { return Ok(None) };
            let local = zone.local(utc_time(value)?);
            Ok(Some(local.and_utc().timestamp_micros()))
        })
        .collect::<Result<_>>()?;
    Ok(Arc::new(local))
}

/// Doubles as a number type, rounded where that is whole.
pub(crate) fn round_to(doubles: &ArrayRef, target: &DataType) -> Result<ArrayRef> {
    leaf(doubles, target, false)
}

/// The values as Trino prints them.
pub(crate) fn text(array: &ArrayRef) -> Result<ArrayRef> {
    let rows = array.len();
    let mut built = StringBuilder::with_capacity(rows, rows * 16);
    match array.data_type() {
        DataType::Float64 => {
            array
                .as_primitive::<Float64Type>()
                .iter()
                .for_each(|value| built.append_option(value.map(float_text)));
        }
        DataType::Float32 => {
            let values = array.as_primitive::<Float32Type>();
            for value in values {
                built.append_option(value.map(|value| {
                    scientific(
                        &format!("{value:e}"),
                        value.is_finite(),
                        value.is_nan(),
                        value > 0.0,
                    )
                }));
            }
        }
        DataType::Timestamp(_, zone) => {
            let zone = zone.as_deref().map(Zone::parse).transpose()?;
            let micros = cast(
                array,
                &DataType::Timestamp(arrow::datatypes::TimeUnit::Microsecond, None),
            );
            let micros = match &zone {
                None => micros?,
                // The numbers, whatever the zone says.
                Some(_) => cast(
                    &cast(
                        array,
                        &DataType::Timestamp(
                            arrow::datatypes::TimeUnit::Microsecond,
                            Some("UTC".into()),
                        ),
                    )?,
                    &DataType::Int64,
                )?,
            };
            let micros = cast(&micros, &DataType::Int64)?;
            let micros = micros.as_primitive::<arrow::datatypes::Int64Type>();
            for value in micros {
                built.append_option(match value {
                    None => None,
                    Some(value) => {
                        let utc = utc_time(value)?;
                        let local = zone.map_or(utc, |zone| zone.local(utc));
                        let name =
                            zone.map_or_else(String::new, |zone| format!(" {}", zone.name()));
                        Some(format!("{}{name}", local.format("%Y-%m-%d %H:%M:%S%.3f")))
                    }
                });
            }
        }
        other if *other == IPADDRESS => {
            let addresses = array.as_fixed_size_binary();
            for row in 0..rows {
                let value = addresses
                    .is_valid(row)
                    .then(|| address::to_text(addresses.value(row)));
                built.append_option(value);
            }
        }
        other if other.is_nested() => {
            return plan_err!(
                "Cannot cast {} to varchar",
                super::super::types::trino_name(other)
            );
        }
        _ => return Ok(cast(array, &DataType::Utf8)?),
    }
    Ok(Arc::new(built.finish()))
}

/// A double as Trino prints it: `1.5E0`.
fn float_text(value: f64) -> String {
    scientific(
        &format!("{value:e}"),
        value.is_finite(),
        value.is_nan(),
        value > 0.0,
    )
}

fn scientific(rust: &str, finite: bool, nan: bool, positive: bool) -> String {
    if !finite {
        return if nan {
            "NaN"
        } else if positive {
            "Infinity"
        } else {
            "-Infinity"
        }
        .to_owned();
    }
    match rust.split_once('e') {
        Some((mantissa, exponent)) if mantissa.contains('.') => format!("{mantissa}E{exponent}"),
        Some((mantissa, exponent)) => format!("{mantissa}.0E{exponent}"),
        None => rust.to_owned(),
    }
}

/// Cuts texts to a number of characters.
pub(super) fn limited(texts: ArrayRef, limit: Option<usize>) -> Result<ArrayRef> {
    let Some(limit) = limit else {
        return Ok(texts);
    };
    let cut = |text: &str| text.chars().take(limit).collect::<String>();
    let texts = cast(&texts, &DataType::Utf8)?;
    let cut: StringArray = texts
        .as_string::<i32>()
        .iter()
        .map(|text| text.map(cut))
        .collect();
    Ok(Arc::new(cut))
}

fn to_address(array: &ArrayRef) -> Result<ArrayRef> {
    let mut built = FixedSizeBinaryBuilder::with_capacity(array.len(), 16);
    match array.data_type() {
        other if *other == IPADDRESS => return Ok(Arc::clone(array)),
        other if other.is_string() => {
            let texts = cast(array, &DataType::Utf8)?;
            for text in texts.as_string::<i32>() {
                match text {
                    None => built.append_null(),
                    Some(text) => built.append_value(address::parse(text)?)?,
                }
            }
        }
        _ => {
            let bytes = cast(array, &DataType::Binary)?;
            for bytes in bytes.as_binary::<i32>() {
                match bytes {
                    None => built.append_null(),
                    Some(bytes) => match address::from_bytes(bytes) {
                        Some(address) => built.append_value(address)?,
                        None => {
                            return exec_err!(
                                "an ipaddress has 4 or 16 bytes, not {}",
                                bytes.len()
                            );
                        }
                    },
                }
            }
        }
    }
    Ok(Arc::new(built.finish()))
}
