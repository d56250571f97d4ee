//! A compact notation for nested Arrow types: `name` alone is a text, `name: {…}` a record,
//! `name: [kind]` a list, `name: int` (`long`, `bool`, `time` …) a value of that kind.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, TimeUnit};

/// Fields in the notation above, all of them nullable.
macro_rules! fields {
    ($($name:ident $(: $kind:tt)?),* $(,)?) => {
        vec![$(arrow::datatypes::Field::new(stringify!($name), kind!($($kind)?), true)),*]
    };
}

/// The type of one kind in the notation above.
macro_rules! kind {
    () => { arrow::datatypes::DataType::Utf8 };
    (text) => { arrow::datatypes::DataType::Utf8 };
    (int) => { arrow::datatypes::DataType::Int32 };
    (long) => { arrow::datatypes::DataType::Int64 };
    (float) => { arrow::datatypes::DataType::Float32 };
    (bool) => { arrow::datatypes::DataType::Boolean };
    (score) => { arrow::datatypes::DataType::Decimal128(3, 1) };
    (degrees) => { arrow::datatypes::DataType::Decimal128(9, 6) };
    (time) => { crate::domain::lake::schema::notation::timestamp() };
    (map) => { crate::domain::lake::schema::notation::text_map() };
    ({ $($fields:tt)* }) => { arrow::datatypes::DataType::Struct(fields![$($fields)*].into()) };
    ([ $($element:tt)* ]) => {
        arrow::datatypes::DataType::new_list(kind!($($element)*), true)
    };
    (($shared:ident)) => { $shared() };
}

pub(super) use {fields, kind};

/// Milliseconds since the epoch, in UTC: what Security Lake writes as `…_dt`.
pub(super) fn timestamp() -> DataType {
    DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()))
}

/// A map of texts to texts, with the group names of the Parquet specification.
pub(super) fn text_map() -> DataType {
    let entry = DataType::Struct(
        vec![
            Field::new("key", DataType::Utf8, false),
            Field::new("value", DataType::Utf8, true),
        ]
        .into(),
    );
    DataType::Map(Arc::new(Field::new("key_value", entry, false)), false)
}
