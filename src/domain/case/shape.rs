//! The types of kept values, as evidence names them: fewer than Arrow has, and stable.
//!
//! What differs only in how memory is laid out (long texts, views, dictionaries) is one type here.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields, IntervalUnit, TimeUnit};
use serde::{Deserialize, Serialize};

/// A unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Unit {
    /// Seconds.
    #[serde(rename = "s")]
    Second,
    /// Milliseconds.
    #[serde(rename = "ms")]
    Millisecond,
    /// Microseconds.
    #[serde(rename = "us")]
    Microsecond,
    /// Nanoseconds.
    #[serde(rename = "ns")]
    Nanosecond,
}

impl From<TimeUnit> for Unit {
    fn from(unit: TimeUnit) -> Self {
        match unit {
            TimeUnit::Second => Self::Second,
            TimeUnit::Millisecond => Self::Millisecond,
            TimeUnit::Microsecond => Self::Microsecond,
            TimeUnit::Nanosecond => Self::Nanosecond,
        }
    }
}

impl From<Unit> for TimeUnit {
    fn from(unit: Unit) -> Self {
        match unit {
            Unit::Second => Self::Second,
            Unit::Millisecond => Self::Millisecond,
            Unit::Microsecond => Self::Microsecond,
            Unit::Nanosecond => Self::Nanosecond,
        }
    }
}

/// A type. As JSON a word, or an object with one field for a type with parts:
/// `{"struct": [["uid", "text"]]}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueType {
    /// Nothing but NULL.
    Null,
    /// A boolean.
    Boolean,
    /// 8 bits with a sign.
    Int8,
    /// 16 bits with a sign.
    Int16,
    /// 32 bits with a sign.
    Int32,
    /// 64 bits with a sign.
    Int64,
    /// 8 bits without a sign.
    Uint8,
    /// 16 bits without a sign.
    Uint16,
    /// 32 bits without a sign.
    Uint32,
    /// 64 bits without a sign.
    Uint64,
    /// A single; its value is a text.
    Real,
    /// A double; its value is a text.
    Double,
    /// A decimal of so many digits, so many of them behind the point; its value is a text.
    Decimal(u8, i8),
    /// A text.
    Text,
    /// Bytes; the value is their hexadecimal digits.
    Bytes,
    /// A point in time as a number since 1970-01-01T00:00:00Z, and the type's zone.
    Timestamp(Unit, Option<String>),
    /// Days since 1970-01-01.
    Date,
    /// A time of day as a number since midnight.
    Time(Unit),
    /// Months, days and nanoseconds.
    Interval,
    /// An array.
    List(Box<ValueType>),
    /// A row with named fields; its value is an object, or an array where names repeat.
    Struct(Vec<(String, ValueType)>),
    /// A map; its value is an array of pairs.
    Map(Box<ValueType>, Box<ValueType>),
    /// A type that results do not have; its value is the text that it prints as.
    Printed(String),
}

impl ValueType {
    /// The type of values of an Arrow type.
    pub fn of(data_type: &DataType) -> Self {
        let list = |field: &Field| Self::List(Box::new(Self::of(field.data_type())));
        match data_type {
            DataType::Null => Self::Null,
            DataType::Boolean => Self::Boolean,
            DataType::Int8 => Self::Int8,
            DataType::Int16 => Self::Int16,
            DataType::Int32 => Self::Int32,
            DataType::Int64 => Self::Int64,
            DataType::UInt8 => Self::Uint8,
            DataType::UInt16 => Self::Uint16,
            DataType::UInt32 => Self::Uint32,
            DataType::UInt64 => Self::Uint64,
            DataType::Float32 => Self::Real,
            DataType::Float16 | DataType::Float64 => Self::Double,
            DataType::Decimal32(precision, scale)
            | DataType::Decimal64(precision, scale)
            | DataType::Decimal128(precision, scale)
            | DataType::Decimal256(precision, scale)
                if *scale >= 0 =>
            {
                Self::Decimal(*precision, *scale)
            }
            DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Self::Text,
            DataType::Binary
            | DataType::LargeBinary
            | DataType::BinaryView
            | DataType::FixedSizeBinary(_) => Self::Bytes,
            DataType::Timestamp(unit, zone) => {
                Self::Timestamp((*unit).into(), zone.as_deref().map(str::to_owned))
            }
            DataType::Date32 => Self::Date,
            DataType::Date64 => Self::Timestamp(Unit::Millisecond, None),
            DataType::Time32(unit) | DataType::Time64(unit) => Self::Time((*unit).into()),
            DataType::Interval(_) => Self::Interval,
            DataType::List(field)
            | DataType::LargeList(field)
            | DataType::FixedSizeList(field, _)
            | DataType::ListView(field)
            | DataType::LargeListView(field) => list(field),
            DataType::Struct(fields) => {
                let part = |field: &Arc<Field>| (field.name().clone(), Self::of(field.data_type()));
                Self::Struct(fields.iter().map(part).collect())
            }
            DataType::Map(entries, _) => match entries.data_type() {
                DataType::Struct(fields) => match fields.as_ref() {
                    [key, value] => Self::Map(
                        Box::new(Self::of(key.data_type())),
                        Box::new(Self::of(value.data_type())),
                    ),
                    _ => Self::Printed(data_type.to_string()),
                },
                _ => Self::Printed(data_type.to_string()),
            },
            DataType::Dictionary(_, values) => Self::of(values),
            _ => Self::Printed(data_type.to_string()),
        }
    }

    /// The Arrow type that values come back in.
    pub fn arrow(&self) -> DataType {
        match self {
            Self::Null => DataType::Null,
            Self::Boolean => DataType::Boolean,
            Self::Int8 => DataType::Int8,
            Self::Int16 => DataType::Int16,
            Self::Int32 => DataType::Int32,
            Self::Int64 => DataType::Int64,
            Self::Uint8 => DataType::UInt8,
            Self::Uint16 => DataType::UInt16,
            Self::Uint32 => DataType::UInt32,
            Self::Uint64 => DataType::UInt64,
            Self::Real => DataType::Float32,
            Self::Double => DataType::Float64,
            Self::Decimal(precision, scale) if *precision <= 38 => {
                DataType::Decimal128(*precision, *scale)
            }
            Self::Decimal(precision, scale) => DataType::Decimal256(*precision, *scale),
            Self::Text | Self::Printed(_) => DataType::Utf8,
            Self::Bytes => DataType::Binary,
            Self::Timestamp(unit, zone) => {
                DataType::Timestamp((*unit).into(), zone.as_deref().map(Arc::from))
            }
            Self::Date => DataType::Date32,
            Self::Time(unit @ (Unit::Second | Unit::Millisecond)) => {
                DataType::Time32((*unit).into())
            }
            Self::Time(unit) => DataType::Time64((*unit).into()),
            Self::Interval => DataType::Interval(IntervalUnit::MonthDayNano),
            Self::List(element) => DataType::List(Self::element(element)),
            Self::Struct(fields) => DataType::Struct(Self::fields(fields)),
            Self::Map(key, value) => {
                let entries = DataType::Struct(Self::entries(key, value));
                DataType::Map(Arc::new(Field::new("entries", entries, false)), false)
            }
        }
    }

    /// The field of a list's elements.
    pub(super) fn element(element: &Self) -> Arc<Field> {
        Arc::new(Field::new("item", element.arrow(), true))
    }

    /// The fields of a row value.
    pub(super) fn fields(fields: &[(String, Self)]) -> Fields {
        let field = |(name, part): &(String, Self)| Field::new(name, part.arrow(), true);
        fields.iter().map(field).collect()
    }

    /// The fields of a map's entries.
    pub(super) fn entries(key: &Self, value: &Self) -> Fields {
        Fields::from(vec![
            Field::new("key", key.arrow(), false),
            Field::new("value", value.arrow(), true),
        ])
    }
}
