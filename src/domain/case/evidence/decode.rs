//! The JSON of evidence as Arrow arrays. It may come from another machine: every value is held
//! against its type.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Decimal128Array, Decimal256Array, ListArray, MapArray,
    NullArray, PrimitiveArray, StringArray, StructArray,
};
use arrow::buffer::{NullBuffer, OffsetBuffer};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Field, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, IntervalMonthDayNano, IntervalMonthDayNanoType, Time32MillisecondType,
    Time32SecondType, Time64MicrosecondType, Time64NanosecondType, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type, i256,
};
use serde_json::Value;

use crate::domain::case::shape::{Unit, ValueType};

/// What a value of no place is.
static NULL: Value = Value::Null;

type Decoded<T> = Result<T, String>;

/// An array of these values; the error says what is wrong.
pub(super) fn array(value_type: &ValueType, values: &[&Value]) -> Decoded<ArrayRef> {
    Ok(match value_type {
        ValueType::Null => {
            each(values, |_| {
                Decoded::<()>::Err("a value where only NULL can be".to_owned())
            })?;
            Arc::new(NullArray::new(values.len()))
        }
        ValueType::Boolean => {
            let flag = |value: &Value| value.as_bool().ok_or_else(|| wrong("true or false", value));
            Arc::new(BooleanArray::from(each(values, flag)?))
        }
        ValueType::Int8 => integers::<Int8Type>(values)?,
        ValueType::Int16 => integers::<Int16Type>(values)?,
        ValueType::Int32 => integers::<Int32Type>(values)?,
        ValueType::Int64 => integers::<Int64Type>(values)?,
        ValueType::Uint8 => naturals::<UInt8Type>(values)?,
        ValueType::Uint16 => naturals::<UInt16Type>(values)?,
        ValueType::Uint32 => naturals::<UInt32Type>(values)?,
        ValueType::Uint64 => naturals::<UInt64Type>(values)?,
        ValueType::Real => parsed::<Float32Type>(values)?,
        ValueType::Double => parsed::<Float64Type>(values)?,
        ValueType::Decimal(precision, scale) => decimals(*precision, *scale, values)?,
        ValueType::Text | ValueType::Printed(_) => {
            Arc::new(StringArray::from(each(values, as_text)?))
        }
        ValueType::Bytes => {
            let bytes = each(values, |value| unhex(as_text(value)?))?;
            Arc::new(BinaryArray::from_iter(bytes))
        }
        ValueType::Timestamp(unit, zone) => {
            let zone = zone.as_deref();
            match unit {
                Unit::Second => stamps::<TimestampSecondType>(values, zone)?,
                Unit::Millisecond => stamps::<TimestampMillisecondType>(values, zone)?,
                Unit::Microsecond => stamps::<TimestampMicrosecondType>(values, zone)?,
                Unit::Nanosecond => stamps::<TimestampNanosecondType>(values, zone)?,
            }
        }
        ValueType::Date => integers::<Date32Type>(values)?,
        ValueType::Time(Unit::Second) => integers::<Time32SecondType>(values)?,
        ValueType::Time(Unit::Millisecond) => integers::<Time32MillisecondType>(values)?,
        ValueType::Time(Unit::Microsecond) => integers::<Time64MicrosecondType>(values)?,
        ValueType::Time(Unit::Nanosecond) => integers::<Time64NanosecondType>(values)?,
        ValueType::Interval => {
            let spans = each(values, span)?;
            Arc::new(PrimitiveArray::<IntervalMonthDayNanoType>::from(spans))
        }
        ValueType::List(element) => list(element, values)?,
        ValueType::Struct(fields) => rows(fields, values)?,
        ValueType::Map(key, value) => maps(key, value, values)?,
    })
}

/// Reads every value that is not NULL.
fn each<'a, T>(
    values: &[&'a Value],
    read: impl Fn(&'a Value) -> Decoded<T>,
) -> Decoded<Vec<Option<T>>> {
    let one = |value: &&'a Value| match *value {
        Value::Null => Ok(None),
        value => read(value).map(Some),
    };
    values.iter().map(one).collect()
}

fn wrong(expected: &str, found: &Value) -> String {
    let kind = match found {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    format!("{kind} where {expected} should be")
}

fn as_text(value: &Value) -> Decoded<&str> {
    value.as_str().ok_or_else(|| wrong("a text", value))
}

fn as_array(value: &Value) -> Decoded<&Vec<Value>> {
    value.as_array().ok_or_else(|| wrong("an array", value))
}

fn as_integer(value: &Value) -> Decoded<i64> {
    value.as_i64().ok_or_else(|| wrong("an integer", value))
}

fn integers<T: ArrowPrimitiveType>(values: &[&Value]) -> Decoded<ArrayRef>
where
    T::Native: TryFrom<i64>,
{
    let read = |value: &Value| {
        T::Native::try_from(as_integer(value)?).map_err(|_| format!("{value} is out of range"))
    };
    Ok(Arc::new(PrimitiveArray::<T>::from_iter(each(
        values, read,
    )?)))
}

fn naturals<T: ArrowPrimitiveType>(values: &[&Value]) -> Decoded<ArrayRef>
where
    T::Native: TryFrom<u64>,
{
    let read = |value: &Value| {
        let number = value
            .as_u64()
            .ok_or_else(|| wrong("an integer without a sign", value))?;
        T::Native::try_from(number).map_err(|_| format!("{value} is out of range"))
    };
    Ok(Arc::new(PrimitiveArray::<T>::from_iter(each(
        values, read,
    )?)))
}

fn parsed<T: ArrowPrimitiveType>(values: &[&Value]) -> Decoded<ArrayRef>
where
    T::Native: std::str::FromStr,
{
    let read = |value: &Value| {
        let text = as_text(value)?;
        text.parse::<T::Native>()
            .map_err(|_| format!("`{text}` is no number"))
    };
    Ok(Arc::new(PrimitiveArray::<T>::from_iter(each(
        values, read,
    )?)))
}

fn stamps<T>(values: &[&Value], zone: Option<&str>) -> Decoded<ArrayRef>
where
    T: arrow::datatypes::ArrowTimestampType,
{
    let stamps = PrimitiveArray::<T>::from_iter(each(values, as_integer)?);
    Ok(Arc::new(stamps.with_timezone_opt(zone)))
}

fn decimals(precision: u8, scale: i8, values: &[&Value]) -> Decoded<ArrayRef> {
    let digits = |value| unscaled(as_text(value)?, scale);
    let not_one = |text: &str| format!("`{text}` is no decimal");
    let fault = |error: arrow::error::ArrowError| error.to_string();
    if precision <= 38 {
        let read = |value| {
            let text = digits(value)?;
            text.parse::<i128>().map_err(|_| not_one(&text))
        };
        let array = Decimal128Array::from(each(values, read)?)
            .with_precision_and_scale(precision, scale)
            .map_err(fault)?;
        array.validate_decimal_precision(precision).map_err(fault)?;
        return Ok(Arc::new(array));
    }
    let read = |value| {
        let text = digits(value)?;
        i256::from_string(&text).ok_or_else(|| not_one(&text))
    };
    let array = Decimal256Array::from(each(values, read)?)
        .with_precision_and_scale(precision, scale)
        .map_err(fault)?;
    array.validate_decimal_precision(precision).map_err(fault)?;
    Ok(Arc::new(array))
}

/// A decimal's digits without its point: the number in units of its last place.
fn unscaled(text: &str, scale: i8) -> Decoded<String> {
    let wrong = || format!("`{text}` is no decimal with {scale} digits behind the point");
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let sign = if whole.starts_with('-') { "-" } else { "" };
    let whole = whole.strip_prefix('-').unwrap_or(whole);
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let places = usize::try_from(scale).map_err(|_| wrong())?;
    if !digits(whole) || !digits(rest) || rest.len() != places || whole.len() > 80 {
        return Err(wrong());
    }
    let all = format!("{whole}{rest}");
    let significant = all.trim_start_matches('0');
    Ok(match significant {
        "" if all.is_empty() => return Err(wrong()),
        "" => "0".to_owned(),
        significant => format!("{sign}{significant}"),
    })
}

fn unhex(text: &str) -> Decoded<Vec<u8>> {
    let wrong = || "a text that is not of hexadecimal pairs where bytes should be".to_owned();
    if !text.len().is_multiple_of(2) || !text.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return Err(wrong());
    }
    let byte = |pair: &[u8]| {
        let pair = std::str::from_utf8(pair).map_err(|_| wrong())?;
        u8::from_str_radix(pair, 16).map_err(|_| wrong())
    };
    text.as_bytes().chunks(2).map(byte).collect()
}

fn span(value: &Value) -> Decoded<IntervalMonthDayNano> {
    let wrong = || wrong("months, days and nanoseconds", value);
    let [months, days, nanoseconds] = as_array(value)?.as_slice() else {
        return Err(wrong());
    };
    let small = |part| i32::try_from(as_integer(part)?).map_err(|_| wrong());
    Ok(IntervalMonthDayNano::new(
        small(months)?,
        small(days)?,
        as_integer(nanoseconds)?,
    ))
}

/// Where each row's elements begin, and which rows are not NULL.
fn lengths<T>(rows: &[Option<&Vec<T>>]) -> (OffsetBuffer<i32>, NullBuffer) {
    let count = |row: &Option<&Vec<T>>| row.map_or(0, Vec::len);
    (
        OffsetBuffer::from_lengths(rows.iter().map(count)),
        NullBuffer::from_iter(rows.iter().map(Option::is_some)),
    )
}

/// Elements of one array at most: one row of a result never comes near.
const MOST_ELEMENTS: usize = 50_000_000;

fn list(element: &ValueType, values: &[&Value]) -> Decoded<ArrayRef> {
    let lists = each(values, as_array)?;
    let elements: Vec<&Value> = lists
        .iter()
        .flatten()
        .flat_map(|list| list.iter())
        .collect();
    if elements.len() > MOST_ELEMENTS {
        return Err("more elements than a row can have".to_owned());
    }
    let (offsets, nulls) = lengths(&lists);
    let field = ValueType::element(element);
    ListArray::try_new(field, offsets, array(element, &elements)?, Some(nulls))
        .map(|list| Arc::new(list) as ArrayRef)
        .map_err(|error| error.to_string())
}

fn rows(fields: &[(String, ValueType)], values: &[&Value]) -> Decoded<ArrayRef> {
    for value in values {
        let fits = match value {
            Value::Null => true,
            Value::Object(row) => row
                .keys()
                .all(|name| fields.iter().any(|(field, _)| field == name)),
            Value::Array(row) => row.len() == fields.len(),
            _ => false,
        };
        if !fits {
            return Err(wrong("a row value with the fields of its type", value));
        }
    }
    let nulls = NullBuffer::from_iter(values.iter().map(|value| !value.is_null()));
    if fields.is_empty() {
        let empty = StructArray::new_empty_fields(values.len(), Some(nulls));
        return Ok(Arc::new(empty));
    }
    let mut columns = Vec::with_capacity(fields.len());
    for (place, (name, part)) in fields.iter().enumerate() {
        let inner: Vec<&Value> = values
            .iter()
            .map(|value| match value {
                Value::Object(row) => row.get(name).unwrap_or(&NULL),
                Value::Array(row) => row.get(place).unwrap_or(&NULL),
                _ => &NULL,
            })
            .collect();
        columns.push(array(part, &inner)?);
    }
    StructArray::try_new(ValueType::fields(fields), columns, Some(nulls))
        .map(|rows| Arc::new(rows) as ArrayRef)
        .map_err(|error| error.to_string())
}

fn maps(key: &ValueType, of: &ValueType, values: &[&Value]) -> Decoded<ArrayRef> {
    let entries = each(values, as_array)?;
    let mut keys = Vec::new();
    let mut inner = Vec::new();
    for pair in entries.iter().flatten().flat_map(|list| list.iter()) {
        let [name, value] = as_array(pair)?.as_slice() else {
            return Err(wrong("a pair of a map", pair));
        };
        keys.push(name);
        inner.push(value);
    }
    if keys.len() > MOST_ELEMENTS {
        return Err("more entries than a row can have".to_owned());
    }
    let (offsets, nulls) = lengths(&entries);
    let fault = |error: arrow::error::ArrowError| error.to_string();
    let fields = ValueType::entries(key, of);
    let columns = vec![array(key, &keys)?, array(of, &inner)?];
    let pairs = StructArray::try_new(fields.clone(), columns, None).map_err(fault)?;
    let field = Arc::new(Field::new("entries", DataType::Struct(fields), false));
    MapArray::try_new(field, offsets, pairs, Some(nulls), false)
        .map(|map| Arc::new(map) as ArrayRef)
        .map_err(fault)
}
