//! One value of a result: an Arrow array and a row seen as a [`Cell`], as text in Athena's manner,
//! and as JSON.
//!
//! A cell borrows from its array and is taken apart one level at a time, so that a value of ten
//! megabytes costs no more than what is shown of it. What comes out is *data*: it reaches a screen
//! only through `ui::text`.

mod json;
mod nested;
mod number;
mod path;
mod text;
mod time;

use arrow::array::{Array, AsArray as _, BooleanArray};
use arrow::datatypes::{
    DataType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type,
    DecimalType, DurationMicrosecondType, DurationMillisecondType, DurationNanosecondType,
    DurationSecondType, Field, Float16Type, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, IntervalDayTimeType, IntervalMonthDayNanoType, IntervalUnit,
    IntervalYearMonthType, Time32MillisecondType, Time32SecondType, Time64MicrosecondType,
    Time64NanosecondType, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};
use arrow::util::display::{ArrayFormatter, FormatOptions};

pub use nested::{List, Map, Struct};
pub use path::{Step, display_path};
pub use text::Shown;
pub use time::{Interval, TimeOfDay, TimeStyle, Timestamp};

/// One value.
#[derive(Debug, Clone)]
pub enum Cell<'a> {
    /// SQL NULL.
    Null,
    /// A boolean.
    Bool(bool),
    /// A signed integer of any width.
    Int(i64),
    /// An unsigned integer of any width.
    UInt(u64),
    /// A double, or a half.
    Float(f64),
    /// A single, kept apart because its shortest text is not the double's.
    Real(f32),
    /// A decimal as its exact text.
    Decimal(String),
    /// A text. May be empty, which is not NULL.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
    /// A point in time.
    Timestamp(Timestamp<'a>),
    /// Days since 1970-01-01.
    Date(i32),
    /// A time of day.
    Time(TimeOfDay),
    /// A span of months, days and nanoseconds.
    Interval(Interval),
    /// An array.
    List(List<'a>),
    /// A row with named fields.
    Struct(Struct<'a>),
    /// A map.
    Map(Map<'a>),
    /// A value of a type that no result of ours has (a union), as Arrow prints it.
    Other(String),
}

/// What a column holds, as far as its looks go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Numbers, which align at the right.
    Number,
    /// Points in time, which carry a zone.
    Timestamp,
    /// Texts, booleans, dates, times of day, bytes.
    Plain,
    /// Arrays, rows, maps.
    Nested,
}

impl Kind {
    /// The kind of a type.
    pub fn of(data_type: &DataType) -> Self {
        match data_type {
            DataType::Timestamp(..) => Self::Timestamp,
            DataType::List(_)
            | DataType::LargeList(_)
            | DataType::FixedSizeList(..)
            | DataType::ListView(_)
            | DataType::LargeListView(_)
            | DataType::Struct(_)
            | DataType::Map(..) => Self::Nested,
            DataType::Dictionary(_, values) => Self::of(values),
            DataType::RunEndEncoded(_, values) => Self::of(values.data_type()),
            numeric if numeric.is_numeric() => Self::Number,
            _ => Self::Plain,
        }
    }
}

/// Whether a column's texts are JSON, by Arrow's canonical mark for it.
pub fn is_json(field: &Field) -> bool {
    let name = field.metadata().get("ARROW:extension:name");
    field.data_type().is_string() && name.is_some_and(|name| name == "arrow.json")
}

macro_rules! primitive {
    ($array:expr, $row:expr, $($arrow:pat => $type:ty => $make:expr,)+ ; $($rest:tt)+) => {
        match $array.data_type() {
            $($arrow => $make($array.as_primitive::<$type>().value($row)),)+
            $($rest)+
        }
    };
}

impl<'a> Cell<'a> {
    /// The value of a row; past the end it is NULL.
    pub fn of(array: &'a dyn Array, row: usize) -> Self {
        if row >= array.len() || array.is_null(row) {
            return Self::Null;
        }
        let stamp = |value, unit, zone: &'a Option<std::sync::Arc<str>>| {
            Self::Timestamp(Timestamp {
                value,
                unit,
                zone: zone.as_deref(),
            })
        };
        let time = |value, unit| Self::Time(TimeOfDay { value, unit });
        let span = |value, unit| Self::Interval(Interval::of_duration(value, unit));
        use TimeUnit::{Microsecond, Millisecond, Nanosecond, Second};
        primitive! { array, row,
            DataType::Int8 => Int8Type => |value| Self::Int(i64::from(value)),
            DataType::Int16 => Int16Type => |value| Self::Int(i64::from(value)),
            DataType::Int32 => Int32Type => |value| Self::Int(i64::from(value)),
            DataType::Int64 => Int64Type => Self::Int,
            DataType::UInt8 => UInt8Type => |value| Self::UInt(u64::from(value)),
            DataType::UInt16 => UInt16Type => |value| Self::UInt(u64::from(value)),
            DataType::UInt32 => UInt32Type => |value| Self::UInt(u64::from(value)),
            DataType::UInt64 => UInt64Type => Self::UInt,
            DataType::Float16 => Float16Type => |value| Self::Float(f64::from(value)),
            DataType::Float32 => Float32Type => Self::Real,
            DataType::Float64 => Float64Type => Self::Float,
            DataType::Timestamp(Second, zone) => TimestampSecondType => |value| stamp(value, Second, zone),
            DataType::Timestamp(Millisecond, zone) => TimestampMillisecondType => |value| stamp(value, Millisecond, zone),
            DataType::Timestamp(Microsecond, zone) => TimestampMicrosecondType => |value| stamp(value, Microsecond, zone),
            DataType::Timestamp(Nanosecond, zone) => TimestampNanosecondType => |value| stamp(value, Nanosecond, zone),
            DataType::Date32 => Date32Type => Self::Date,
            DataType::Date64 => Date64Type => |value| stamp(value, Millisecond, &None),
            DataType::Time32(Second) => Time32SecondType => |value| time(i64::from(value), Second),
            DataType::Time32(_) => Time32MillisecondType => |value| time(i64::from(value), Millisecond),
            DataType::Time64(Microsecond) => Time64MicrosecondType => |value| time(value, Microsecond),
            DataType::Time64(_) => Time64NanosecondType => |value| time(value, Nanosecond),
            DataType::Duration(Second) => DurationSecondType => |value| span(value, Second),
            DataType::Duration(Millisecond) => DurationMillisecondType => |value| span(value, Millisecond),
            DataType::Duration(Microsecond) => DurationMicrosecondType => |value| span(value, Microsecond),
            DataType::Duration(Nanosecond) => DurationNanosecondType => |value| span(value, Nanosecond),
            DataType::Interval(IntervalUnit::YearMonth) => IntervalYearMonthType => |months| Self::Interval(Interval { months, days: 0, nanoseconds: 0 }),
            DataType::Interval(IntervalUnit::DayTime) => IntervalDayTimeType => |value| Self::Interval(Interval::from(value)),
            DataType::Interval(IntervalUnit::MonthDayNano) => IntervalMonthDayNanoType => |value| Self::Interval(Interval::from(value)),
            ;
            DataType::Null => Self::Null,
            DataType::Boolean => bool_at(array.as_boolean(), row),
            DataType::Decimal32(precision, scale) => decimal::<Decimal32Type>(array, row, *precision, *scale),
            DataType::Decimal64(precision, scale) => decimal::<Decimal64Type>(array, row, *precision, *scale),
            DataType::Decimal128(precision, scale) => decimal::<Decimal128Type>(array, row, *precision, *scale),
            DataType::Decimal256(precision, scale) => decimal::<Decimal256Type>(array, row, *precision, *scale),
            DataType::Utf8 => Self::Text(array.as_string::<i32>().value(row)),
            DataType::LargeUtf8 => Self::Text(array.as_string::<i64>().value(row)),
            DataType::Utf8View => Self::Text(array.as_string_view().value(row)),
            DataType::Binary => Self::Bytes(array.as_binary::<i32>().value(row)),
            DataType::LargeBinary => Self::Bytes(array.as_binary::<i64>().value(row)),
            DataType::BinaryView => Self::Bytes(array.as_binary_view().value(row)),
            DataType::FixedSizeBinary(_) => Self::Bytes(array.as_fixed_size_binary().value(row)),
            DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..)
            | DataType::ListView(_) | DataType::LargeListView(_) => {
                List::of(array, row).map_or_else(|| other(array, row), Self::List)
            }
            DataType::Struct(_) => Self::Struct(Struct { array: array.as_struct(), row }),
            DataType::Map(..) => Self::Map(Map::of(array.as_map(), row)),
            DataType::Dictionary(..) => {
                let dictionary = array.as_any_dictionary();
                let key = match Self::of(dictionary.keys(), row) {
                    Self::Int(key) => usize::try_from(key).ok(),
                    Self::UInt(key) => usize::try_from(key).ok(),
                    _ => None,
                };
                key.map_or(Self::Null, |key| Self::of(dictionary.values().as_ref(), key))
            }
            _ => other(array, row),
        }
    }

    /// Whether this is SQL NULL.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Whether there is something inside to unfold.
    pub fn is_nested(&self) -> bool {
        matches!(self, Self::List(_) | Self::Struct(_) | Self::Map(_))
    }
}

fn bool_at<'a>(array: &BooleanArray, row: usize) -> Cell<'a> {
    Cell::Bool(array.value(row))
}

fn decimal<'a, T: DecimalType>(
    array: &dyn Array,
    row: usize,
    precision: u8,
    scale: i8,
) -> Cell<'a> {
    let value = array.as_primitive::<T>().value(row);
    Cell::Decimal(T::format_decimal(value, precision, scale))
}

/// A value that has no case of its own.
fn other<'a>(array: &dyn Array, row: usize) -> Cell<'a> {
    let options = FormatOptions::default();
    let text = ArrayFormatter::try_new(array, &options)
        .and_then(|formatter| formatter.value(row).try_to_string());
    Cell::Other(text.unwrap_or_else(|error| format!("unreadable: {error}")))
}

#[cfg(test)]
mod tests;
