//! Athena's types as Arrow's, and columns of them made from Athena's texts. What is not exact as a
//! number or a truth value stays the text that Athena printed.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Float64Builder, Int32Builder, Int64Builder, StringBuilder,
};
use arrow::datatypes::DataType;
use aws_sdk_athena::types::ColumnInfo;

/// The type of a result's column, by its metadata.
pub(super) fn arrow_type(column: &ColumnInfo) -> DataType {
    match column.r#type() {
        "boolean" => DataType::Boolean,
        "tinyint" | "smallint" | "integer" | "int" => DataType::Int32,
        "bigint" => DataType::Int64,
        "double" => DataType::Float64,
        _ => DataType::Utf8,
    }
}

/// A text that is none of its column's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a text that is none of its column's type")]
pub(super) struct Misfit;

/// An array of one type in the making.
#[derive(Debug)]
pub(super) enum ColumnBuilder {
    /// `boolean`.
    Boolean(BooleanBuilder),
    /// The integers of up to 32 bits.
    Int32(Int32Builder),
    /// `bigint`.
    Int64(Int64Builder),
    /// `double`.
    Float64(Float64Builder),
    /// Everything else.
    Text(StringBuilder),
}

impl ColumnBuilder {
    /// For one of the types that [`arrow_type`] gives; any other is kept as text.
    pub(super) fn new(data_type: &DataType) -> Self {
        match data_type {
            DataType::Boolean => Self::Boolean(BooleanBuilder::new()),
            DataType::Int32 => Self::Int32(Int32Builder::new()),
            DataType::Int64 => Self::Int64(Int64Builder::new()),
            DataType::Float64 => Self::Float64(Float64Builder::new()),
            _ => Self::Text(StringBuilder::new()),
        }
    }

    /// Appends one value; `None` is NULL. A misfit is not appended.
    pub(super) fn push(&mut self, value: Option<&str>) -> Result<(), Misfit> {
        fn read<T: std::str::FromStr>(value: Option<&str>) -> Result<Option<T>, Misfit> {
            value
                .map(|text| text.parse().map_err(|_| Misfit))
                .transpose()
        }
        match self {
            Self::Boolean(builder) => builder.append_option(read(value)?),
            Self::Int32(builder) => builder.append_option(read(value)?),
            Self::Int64(builder) => builder.append_option(read(value)?),
            Self::Float64(builder) => builder.append_option(match value {
                Some("Infinity") => Some(f64::INFINITY),
                Some("-Infinity") => Some(f64::NEG_INFINITY),
                value => read(value)?,
            }),
            Self::Text(builder) => builder.append_option(value),
        }
        Ok(())
    }

    /// The array of all values since the last one.
    pub(super) fn finish(&mut self) -> ArrayRef {
        match self {
            Self::Boolean(builder) => Arc::new(builder.finish()),
            Self::Int32(builder) => Arc::new(builder.finish()),
            Self::Int64(builder) => Arc::new(builder.finish()),
            Self::Float64(builder) => Arc::new(builder.finish()),
            Self::Text(builder) => Arc::new(builder.finish()),
        }
    }
}
