//! The columns of a kept result: names that SQL can say, types that Parquet has.

use std::collections::HashSet;

use arrow::datatypes::{DataType, Schema};

use super::{KeptColumn, KeptError};
use crate::domain::rows::Column;
use crate::sql::containment::ColumnKind;

/// The columns as they are kept.
pub(super) fn kept(
    columns: &[Column],
    schema: &Schema,
    raw: &[usize],
) -> Result<Vec<KeptColumn>, KeptError> {
    if columns.len() != schema.fields().len() {
        return Err(KeptError::Columns("the new result".to_owned()));
    }
    let tables = table_names(columns);
    let described = columns.iter().zip(schema.fields()).zip(tables);
    described
        .enumerate()
        .map(|(place, ((column, field), table))| {
            let data_type = field.data_type();
            if !is_storable(data_type) {
                return Err(KeptError::Type {
                    column: column.name.clone(),
                    data_type: data_type.to_string(),
                });
            }
            Ok(KeptColumn {
                display: column.name.clone(),
                field: field.name().clone(),
                table,
                kind: if raw.contains(&place) {
                    ColumnKind::Opaque
                } else {
                    kind(data_type)
                },
            })
        })
        .collect()
}

/// Names for SQL: the display names in lower case, told apart by a number where two become one.
fn table_names(columns: &[Column]) -> Vec<String> {
    let lower: Vec<String> = columns
        .iter()
        .enumerate()
        .map(|(place, column)| match column.name.to_lowercase() {
            name if name.is_empty() => format!("_col{place}"),
            name => name,
        })
        .collect();
    let own: HashSet<&str> = lower.iter().map(String::as_str).collect();
    let mut taken = HashSet::new();
    let mut names = Vec::with_capacity(lower.len());
    for base in &lower {
        let mut name = base.clone();
        let mut number = 2_usize;
        while taken.contains(&name) || name != *base && own.contains(name.as_str()) {
            name = format!("{base}_{number}");
            number += 1;
        }
        taken.insert(name.clone());
        names.push(name);
    }
    names
}

/// Whether Parquet has a place for the type from which it comes back as it was.
fn is_storable(data_type: &DataType) -> bool {
    match data_type {
        DataType::Null
        | DataType::Boolean
        | DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32
        | DataType::UInt64
        | DataType::Float16
        | DataType::Float32
        | DataType::Float64
        | DataType::Timestamp(..)
        | DataType::Date32
        | DataType::Date64
        | DataType::Time32(_)
        | DataType::Time64(_)
        | DataType::Duration(_)
        | DataType::Decimal32(..)
        | DataType::Decimal64(..)
        | DataType::Decimal128(..)
        | DataType::Decimal256(..)
        | DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View
        | DataType::Binary
        | DataType::LargeBinary
        | DataType::BinaryView => true,
        DataType::FixedSizeBinary(width) => *width > 0,
        DataType::Dictionary(_, value) => value.is_string(),
        DataType::List(item) | DataType::LargeList(item) => is_storable(item.data_type()),
        DataType::Struct(fields) => {
            !fields.is_empty() && fields.iter().all(|field| is_storable(field.data_type()))
        }
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(pair) => pair.iter().all(|field| is_storable(field.data_type())),
            _ => false,
        },
        _ => false,
    }
}

/// What values of a type are to SQL.
fn kind(data_type: &DataType) -> ColumnKind {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => ColumnKind::Text,
        DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::UInt8
        | DataType::UInt16
        | DataType::UInt32 => ColumnKind::Integer,
        DataType::Boolean => ColumnKind::Boolean,
        DataType::Timestamp(..) => ColumnKind::Timestamp,
        DataType::Date32 => ColumnKind::Date,
        DataType::Struct(fields) => ColumnKind::Row(
            fields
                .iter()
                .map(|field| (field.name().to_lowercase(), kind(field.data_type())))
                .collect(),
        ),
        DataType::Map(entries, _) => match entries.data_type() {
            DataType::Struct(pair) => match pair.as_ref() {
                [key, value] if key.data_type().is_string() => {
                    ColumnKind::Map(Box::new(kind(value.data_type())))
                }
                _ => ColumnKind::Opaque,
            },
            _ => ColumnKind::Opaque,
        },
        _ => ColumnKind::Opaque,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(displays: &[&str]) -> Vec<String> {
        let columns: Vec<Column> = displays
            .iter()
            .map(|name| Column {
                name: (*name).to_owned(),
            })
            .collect();
        table_names(&columns)
    }

    #[test]
    fn names_in_sql_are_lower_case_and_unique() {
        assert_eq!(
            names(&["name", "Name", "name_2", "", "a b"]),
            ["name", "name_3", "name_2", "_col3", "a b"]
        );
        assert_eq!(names(&["_col1", ""]), ["_col1", "_col1_2"]);
    }
}
