//! The columns of a table: the documented ones and every one that its files have, by name.

use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};

use super::lake::TableKey;
use crate::domain::lake::{documented_schema, partition_columns};

/// A table's columns: those of its files and those of its files' paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TableColumns {
    /// The columns that files hold.
    pub file: SchemaRef,
    /// The columns that paths tell, in the order of [`partition_columns`].
    pub partitions: Vec<FieldRef>,
}

impl TableColumns {
    /// The documented columns of a table's source, in the types that the engine computes with,
    /// and after them what the files add.
    pub(super) fn of(key: &TableKey, found: &[SchemaRef]) -> Self {
        let documented = match key {
            TableKey::Native(source, version) => documented_schema(*source, *version),
            TableKey::Custom(_) | TableKey::Folder(_) => None,
        };
        let partitions: Vec<FieldRef> = partition_columns()
            .into_iter()
            .map(|field| Arc::new(field.with_data_type(DataType::Utf8View)))
            .collect();
        let mut fields: Vec<FieldRef> = Vec::new();
        for schema in documented.iter().chain(found) {
            let from_file: Fields = schema
                .fields()
                .iter()
                .filter(|field| partitions.iter().all(|path| path.name() != field.name()))
                .cloned()
                .collect();
            union(&mut fields, &from_file);
        }
        Self {
            file: Arc::new(Schema::new(fields)),
            partitions,
        }
    }

    /// The columns of files that lie outside every lake: their own, none from the path.
    pub(super) fn of_file(found: &SchemaRef) -> Self {
        let mut fields = Vec::new();
        union(&mut fields, found.fields());
        Self {
            file: Arc::new(Schema::new(fields)),
            partitions: Vec::new(),
        }
    }

    /// All columns, the path's last.
    pub(super) fn all(&self) -> SchemaRef {
        let fields: Vec<FieldRef> = self
            .file
            .fields()
            .iter()
            .chain(&self.partitions)
            .cloned()
            .collect();
        Arc::new(Schema::new(fields))
    }
}

/// Adds the fields that are not there by name, and widens those that are.
fn union(fields: &mut Vec<FieldRef>, more: &Fields) {
    for field in more {
        let wide = engine_type(field.data_type());
        match fields.iter_mut().find(|known| known.name() == field.name()) {
            Some(known) if *known.data_type() == wide => {}
            Some(known) => {
                // Types that have nothing in common: the first stays, and `readable` tells for
                // each file whether it can be read as that.
                if let Some(merged) = merge(known.data_type(), &wide) {
                    *known = Arc::new(Field::new(field.name(), merged, true));
                }
            }
            None => fields.push(Arc::new(Field::new(field.name(), wide, true))),
        }
    }
}

/// The type in which the engine computes: text as views, which the Parquet reader makes without
/// copying, one width of list, everything nullable, no metadata.
pub(super) fn engine_type(found: &DataType) -> DataType {
    match found {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8View,
        DataType::LargeBinary => DataType::Binary,
        DataType::Dictionary(_, value) => engine_type(value),
        DataType::List(item) | DataType::LargeList(item) | DataType::FixedSizeList(item, _) => {
            DataType::new_list(engine_type(item.data_type()), true)
        }
        DataType::Struct(fields) => DataType::Struct(
            fields
                .iter()
                .map(|field| Field::new(field.name(), engine_type(field.data_type()), true))
                .collect(),
        ),
        DataType::Map(entry, sorted) => match entry.data_type() {
            DataType::Struct(pair) if pair.len() == 2 => {
                let entry = DataType::Struct(
                    vec![
                        Field::new("key", engine_type(pair[0].data_type()), false),
                        Field::new("value", engine_type(pair[1].data_type()), true),
                    ]
                    .into(),
                );
                DataType::Map(Arc::new(Field::new("entries", entry, false)), *sorted)
            }
            _ => found.clone(),
        },
        other => other.clone(),
    }
}

/// A type that holds the values of both, or `None` where there is none.
fn merge(one: &DataType, other: &DataType) -> Option<DataType> {
    use DataType::{
        Boolean, Date32, Float32, Float64, Int8, Int16, Int32, Int64, List, Map, Null, Struct,
        Timestamp, UInt8, UInt16, UInt32, Utf8View,
    };
    Some(match (one, other) {
        _ if one == other => one.clone(),
        (Null, known) | (known, Null) => known.clone(),
        (Struct(one), Struct(other)) => {
            let mut fields = one.to_vec();
            union(&mut fields, other);
            Struct(fields.into())
        }
        (List(one), List(other)) => {
            DataType::new_list(merge(one.data_type(), other.data_type())?, true)
        }
        (Map(one, sorted), Map(other, _)) => {
            let (Struct(one), Struct(other)) = (one.data_type(), other.data_type()) else {
                return None;
            };
            let entry = Struct(
                vec![
                    Field::new(
                        "key",
                        merge(one[0].data_type(), other[0].data_type())?,
                        false,
                    ),
                    Field::new(
                        "value",
                        merge(one[1].data_type(), other[1].data_type())?,
                        true,
                    ),
                ]
                .into(),
            );
            Map(Arc::new(Field::new("entries", entry, false)), *sorted)
        }
        (
            Int8 | Int16 | Int32 | Int64 | UInt8 | UInt16 | UInt32,
            Int8 | Int16 | Int32 | Int64 | UInt8 | UInt16 | UInt32,
        ) => Int64,
        (
            Float32 | Float64 | Int8 | Int16 | Int32 | Int64,
            Float32 | Float64 | Int8 | Int16 | Int32 | Int64,
        ) => Float64,
        (Timestamp(_, _), Timestamp(_, _)) => one.clone(),
        (Utf8View, Int8 | Int16 | Int32 | Int64 | Float32 | Float64 | Boolean | Date32)
        | (Int8 | Int16 | Int32 | Int64 | Float32 | Float64 | Boolean | Date32, Utf8View) => {
            Utf8View
        }
        _ => return None,
    })
}

/// The type that the Parquet reader is asked for, so that it makes text as views itself: the
/// file's own type with views in the place of text, and of bytes where the table has text.
pub(super) fn reading_type(found: &DataType, table: Option<&DataType>) -> DataType {
    let field = |field: &FieldRef, table: Option<&DataType>| {
        let read = reading_type(field.data_type(), table);
        Arc::new(field.as_ref().clone().with_data_type(read))
    };
    match (found, table) {
        (DataType::Utf8 | DataType::LargeUtf8, _)
        | (DataType::Binary, Some(DataType::Utf8View)) => DataType::Utf8View,
        (DataType::List(item), Some(DataType::List(wanted))) => {
            DataType::List(field(item, Some(wanted.data_type())))
        }
        (DataType::List(item), _) => DataType::List(field(item, None)),
        (DataType::Struct(fields), table) => DataType::Struct(
            fields
                .iter()
                .map(|child| field(child, child_type(table, child.name())))
                .collect(),
        ),
        (DataType::Map(entry, sorted), table) => {
            let pair = match table {
                Some(DataType::Map(wanted, _)) => Some(wanted.data_type()),
                _ => None,
            };
            // Maps are matched by position, not by the names of their parts.
            let read = match (entry.data_type(), pair) {
                (DataType::Struct(parts), Some(DataType::Struct(wanted)))
                    if parts.len() == wanted.len() =>
                {
                    DataType::Struct(
                        parts
                            .iter()
                            .zip(wanted)
                            .map(|(part, wanted)| field(part, Some(wanted.data_type())))
                            .collect(),
                    )
                }
                (entry, _) => reading_type(entry, None),
            };
            DataType::Map(
                Arc::new(entry.as_ref().clone().with_data_type(read)),
                *sorted,
            )
        }
        (other, _) => other.clone(),
    }
}

fn child_type<'a>(table: Option<&'a DataType>, name: &str) -> Option<&'a DataType> {
    match table? {
        DataType::Struct(fields) => fields
            .iter()
            .find(|field| field.name() == name)
            .map(|field| field.data_type()),
        _ => None,
    }
}

/// The schema to ask the Parquet reader for.
pub(super) fn reading_schema(file: &Schema, table: &Schema) -> SchemaRef {
    let fields: Vec<FieldRef> = file
        .fields()
        .iter()
        .map(|field| {
            let wanted = table.field_with_name(field.name()).ok();
            let read = reading_type(field.data_type(), wanted.map(Field::data_type));
            Arc::new(field.as_ref().clone().with_data_type(read))
        })
        .collect();
    Arc::new(Schema::new(fields))
}
