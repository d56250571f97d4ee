//! Athena's types as Arrow types, and columns of them made from Athena's texts.
//!
//! A type is taken where its text is exact; arrays, maps, rows, JSON and whatever is not known stay
//! the text that Athena printed, because that text cannot be read back (`[a, b]` may be one value
//! or two). A `timestamp with time zone` is kept as its instant, where its texts tell that for
//! certain. A text that is none of its type is a [`Misfit`]: never a NULL, never a near value. What
//! follows from a misfit is the reader's to decide.

use std::sync::Arc;

use arrow::array::{
    Array as _, ArrayRef, ArrowPrimitiveType, BinaryBuilder, BooleanBuilder, PrimitiveBuilder,
    StringBuilder,
};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type,
    Int64Type, Time32MillisecondType, TimeUnit, TimestampMillisecondType,
};
use aws_sdk_athena::types::ColumnInfo;

use super::parse;
use crate::adapters::csv::{Value, Window, append_texts};

/// The zone of a `timestamp with time zone`: the instant is kept, its zone is not.
const ZONE: &str = "UTC";

/// The most digits of a decimal.
const MOST_DIGITS: u8 = 38;

/// The type of a result's column, by its metadata.
pub fn arrow_type(column: &ColumnInfo) -> DataType {
    type_named(column.r#type(), column.precision(), column.scale())
}

/// The type that Athena calls so, with a decimal's digits in all and behind the point.
pub fn type_named(name: &str, precision: i32, scale: i32) -> DataType {
    let name = name.trim().to_ascii_lowercase();
    let (bare, arguments) = match name.split_once('(') {
        Some((bare, rest)) => (bare.trim_end(), rest.split_once(')')),
        None => (name.as_str(), None),
    };
    let behind = arguments.map_or("", |(_, behind)| behind.trim());
    match (bare, behind) {
        ("boolean", "") => DataType::Boolean,
        ("tinyint", "") => DataType::Int8,
        ("smallint", "") => DataType::Int16,
        ("integer" | "int", "") => DataType::Int32,
        ("bigint", "") => DataType::Int64,
        ("float" | "real", "") => DataType::Float32,
        ("double", "") => DataType::Float64,
        ("decimal", "") => decimal(precision, scale, arguments.map(|(inside, _)| inside)),
        ("date", "") => DataType::Date32,
        ("time", "") => DataType::Time32(TimeUnit::Millisecond),
        ("timestamp", "") => DataType::Timestamp(TimeUnit::Millisecond, None),
        ("timestamp with time zone", "") | ("timestamp", "with time zone") => {
            DataType::Timestamp(TimeUnit::Millisecond, Some(ZONE.into()))
        }
        ("varbinary" | "binary", "") => DataType::Binary,
        _ => DataType::Utf8,
    }
}

fn decimal(precision: i32, scale: i32, inside: Option<&str>) -> DataType {
    let named = inside.and_then(|inside| {
        let (precision, scale) = inside.split_once(',').unwrap_or((inside, "0"));
        Some((precision.trim().parse().ok()?, scale.trim().parse().ok()?))
    });
    let (precision, scale) = named.unwrap_or((precision, scale));
    match (u8::try_from(precision), i8::try_from(scale)) {
        (Ok(digits @ 1..=MOST_DIGITS), Ok(places @ 0..)) if scale <= precision => {
            DataType::Decimal128(digits, places)
        }
        _ => DataType::Utf8,
    }
}

/// What Athena calls a type that [`type_named`] gives.
pub fn athena_name(data_type: &DataType) -> String {
    let name = match data_type {
        DataType::Boolean => "boolean",
        DataType::Int8 => "tinyint",
        DataType::Int16 => "smallint",
        DataType::Int32 => "integer",
        DataType::Int64 => "bigint",
        DataType::Float32 => "real",
        DataType::Float64 => "double",
        DataType::Decimal128(precision, scale) => return format!("decimal({precision},{scale})"),
        DataType::Date32 => "date",
        DataType::Time32(_) => "time",
        DataType::Timestamp(_, None) => "timestamp",
        DataType::Timestamp(_, Some(_)) => "timestamp with time zone",
        DataType::Binary => "varbinary",
        _ => "varchar",
    };
    name.to_owned()
}

/// A text that is none of its column's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a text that is none of its column's type")]
pub struct Misfit;

/// An array of one type in the making.
#[derive(Debug)]
pub struct ColumnBuilder {
    data_type: DataType,
    kind: Kind,
    /// Rows and bytes of text to expect in an array.
    rows: usize,
    bytes: usize,
    scratch: Vec<u8>,
    on_trial: bool,
}

#[derive(Debug)]
enum Kind {
    Boolean(BooleanBuilder),
    Int8(PrimitiveBuilder<Int8Type>),
    Int16(PrimitiveBuilder<Int16Type>),
    Int32(PrimitiveBuilder<Int32Type>),
    Int64(PrimitiveBuilder<Int64Type>),
    Float32(PrimitiveBuilder<Float32Type>),
    Float64(PrimitiveBuilder<Float64Type>),
    Decimal(PrimitiveBuilder<Decimal128Type>, u8, i8),
    Date(PrimitiveBuilder<Date32Type>),
    Time(PrimitiveBuilder<Time32MillisecondType>),
    Timestamp(PrimitiveBuilder<TimestampMillisecondType>),
    Zoned(PrimitiveBuilder<TimestampMillisecondType>),
    Binary(BinaryBuilder),
    Text(StringBuilder),
}

impl ColumnBuilder {
    /// For one of the types that [`arrow_type`] gives; any other is kept as text.
    pub fn new(data_type: &DataType) -> Self {
        Self::with_capacity(data_type, 0, 0)
    }

    /// The same with room for rows, and for bytes of text.
    pub fn with_capacity(data_type: &DataType, rows: usize, bytes: usize) -> Self {
        let (data_type, kind) = Kind::of(data_type, rows, bytes);
        Self {
            data_type,
            kind,
            rows,
            bytes,
            scratch: Vec::new(),
            on_trial: false,
        }
    }

    /// Whether it is still open what type the column has. Then a time of a named zone is a misfit:
    /// a later one may fall into an hour that the zone has twice, which no text tells apart.
    pub fn set_on_trial(&mut self, on_trial: bool) {
        self.on_trial = on_trial;
    }

    /// The type of the array that is made.
    pub fn data_type(&self) -> &DataType {
        &self.data_type
    }

    /// Appends one value; `None` is NULL. A misfit is not appended.
    pub fn push(&mut self, value: Option<&str>) -> Result<(), Misfit> {
        let value = value.map_or(Value::Null, Value::Text);
        self.extend(std::iter::once(value)).map_err(|_| Misfit)
    }

    /// Appends a column of a window of rows; a misfit ends it and is told by its row in the window.
    pub(super) fn extend_from(&mut self, window: &Window<'_>, column: usize) -> Result<(), usize> {
        self.extend(window.column(column))
    }

    fn extend<'a>(&mut self, values: impl Iterator<Item = Value<'a>>) -> Result<(), usize> {
        let (narrow, on_trial) = (parse::integer, self.on_trial);
        match &mut self.kind {
            Kind::Text(builder) => {
                append_texts(builder, values);
                Ok(())
            }
            Kind::Int8(to) => each(to, values, |text| narrow(text)?.try_into().ok()),
            Kind::Int16(to) => each(to, values, |text| narrow(text)?.try_into().ok()),
            Kind::Int32(to) => each(to, values, |text| narrow(text)?.try_into().ok()),
            Kind::Int64(to) => each(to, values, parse::integer),
            Kind::Float32(to) => each(to, values, float),
            Kind::Float64(to) => each(to, values, float),
            Kind::Decimal(to, precision, scale) => {
                let (precision, scale) = (*precision, *scale);
                each(to, values, |text| parse::decimal(text, precision, scale))
            }
            Kind::Date(to) => each(to, values, parse::date),
            Kind::Time(to) => each(to, values, parse::time),
            Kind::Timestamp(to) => each(to, values, parse::timestamp),
            Kind::Zoned(to) => each(to, values, |text| parse::zoned_timestamp(text, on_trial)),
            Kind::Boolean(to) => {
                for (row, value) in values.enumerate() {
                    match value {
                        Value::Null => to.append_null(),
                        Value::Text(text) => {
                            to.append_value(parse::boolean(text.as_bytes()).ok_or(row)?);
                        }
                        Value::Doubled(_) => return Err(row),
                    }
                }
                Ok(())
            }
            Kind::Binary(to) => {
                for (row, value) in values.enumerate() {
                    match value {
                        Value::Null => to.append_null(),
                        Value::Text(text) => {
                            parse::binary(text.as_bytes(), &mut self.scratch).ok_or(row)?;
                            to.append_value(&self.scratch);
                        }
                        Value::Doubled(_) => return Err(row),
                    }
                }
                Ok(())
            }
        }
    }

    /// The array of all values since the last one.
    pub fn finish(&mut self) -> ArrayRef {
        let (_, next) = Kind::of(&self.data_type, self.rows, self.bytes);
        let mut array: ArrayRef = match std::mem::replace(&mut self.kind, next) {
            Kind::Boolean(mut builder) => Arc::new(builder.finish()),
            Kind::Int8(mut builder) => Arc::new(builder.finish()),
            Kind::Int16(mut builder) => Arc::new(builder.finish()),
            Kind::Int32(mut builder) => Arc::new(builder.finish()),
            Kind::Int64(mut builder) => Arc::new(builder.finish()),
            Kind::Float32(mut builder) => Arc::new(builder.finish()),
            Kind::Float64(mut builder) => Arc::new(builder.finish()),
            Kind::Decimal(mut builder, ..) => Arc::new(builder.finish()),
            Kind::Date(mut builder) => Arc::new(builder.finish()),
            Kind::Time(mut builder) => Arc::new(builder.finish()),
            Kind::Timestamp(mut builder) | Kind::Zoned(mut builder) => Arc::new(builder.finish()),
            Kind::Binary(mut builder) => Arc::new(builder.finish()),
            Kind::Text(mut builder) => Arc::new(builder.finish()),
        };
        // Builders grow by doubling; a result that is kept gives back what it does not need.
        array.shrink_to_fit();
        array
    }
}

impl Kind {
    fn of(data_type: &DataType, rows: usize, bytes: usize) -> (DataType, Self) {
        let kind = match data_type {
            DataType::Boolean => Self::Boolean(BooleanBuilder::with_capacity(rows)),
            DataType::Int8 => Self::Int8(primitive(data_type, rows)),
            DataType::Int16 => Self::Int16(primitive(data_type, rows)),
            DataType::Int32 => Self::Int32(primitive(data_type, rows)),
            DataType::Int64 => Self::Int64(primitive(data_type, rows)),
            DataType::Float32 => Self::Float32(primitive(data_type, rows)),
            DataType::Float64 => Self::Float64(primitive(data_type, rows)),
            DataType::Decimal128(precision, scale) => {
                Self::Decimal(primitive(data_type, rows), *precision, *scale)
            }
            DataType::Date32 => Self::Date(primitive(data_type, rows)),
            DataType::Time32(TimeUnit::Millisecond) => Self::Time(primitive(data_type, rows)),
            DataType::Timestamp(TimeUnit::Millisecond, None) => {
                Self::Timestamp(primitive(data_type, rows))
            }
            DataType::Timestamp(TimeUnit::Millisecond, Some(zone)) if &**zone == ZONE => {
                Self::Zoned(primitive(data_type, rows))
            }
            DataType::Binary => Self::Binary(BinaryBuilder::with_capacity(rows, bytes)),
            _ => {
                let builder = StringBuilder::with_capacity(rows, bytes);
                return (DataType::Utf8, Self::Text(builder));
            }
        };
        (data_type.clone(), kind)
    }
}

fn primitive<T: ArrowPrimitiveType>(data_type: &DataType, rows: usize) -> PrimitiveBuilder<T> {
    PrimitiveBuilder::with_capacity(rows).with_data_type(data_type.clone())
}

/// Appends values that have a fixed width.
#[inline]
fn each<'a, T: ArrowPrimitiveType>(
    to: &mut PrimitiveBuilder<T>,
    values: impl Iterator<Item = Value<'a>>,
    parse: impl Fn(&[u8]) -> Option<T::Native>,
) -> Result<(), usize> {
    for (row, value) in values.enumerate() {
        match value {
            Value::Null => to.append_null(),
            Value::Text(text) => to.append_value(parse(text.as_bytes()).ok_or(row)?),
            Value::Doubled(_) => return Err(row),
        }
    }
    Ok(())
}

/// A float. Java's spellings are a part of Rust's.
fn float<T: std::str::FromStr>(text: &[u8]) -> Option<T> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

#[cfg(test)]
mod tests;
