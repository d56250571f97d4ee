//! How the columns of an object are read: which leaves of the file, and how what comes is made into
//! the columns that predicates are planned over. A column or field that a file lacks is NULL.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray as _, RecordBatch, RecordBatchOptions, StringViewArray, StructArray,
    new_null_array,
};
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};
use arrow::error::ArrowError;
use datafusion::common::format::DEFAULT_CAST_OPTIONS;
use datafusion::common::nested_struct::cast_column;
use parquet::schema::types::SchemaDescriptor;

use crate::adapters::engine::lake::TableKey;
use crate::adapters::engine::schema::{TableColumns, reading_schema};
use crate::domain::lake::{Source, athena_type};

/// What objects have in common that are read the same way.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct LayoutKey {
    pub(super) table: TableKey,
    pub(super) fields: Fields,
}

/// The columns of objects, and how they are read.
#[derive(Debug)]
pub(crate) struct Layout {
    table: TableKey,
    columns: TableColumns,
    all: SchemaRef,
    reading: SchemaRef,
}

impl Layout {
    pub(super) fn of(table: &TableKey, file: &SchemaRef) -> Self {
        let columns = TableColumns::of(table, std::slice::from_ref(file));
        Self {
            table: table.clone(),
            all: columns.all(),
            reading: reading_schema(file, &columns.file),
            columns,
        }
    }

    /// The native source.
    pub(crate) fn source(&self) -> Option<Source> {
        match &self.table {
            TableKey::Native(source, _) => Some(*source),
            TableKey::Custom(_) | TableKey::Folder(_) => None,
        }
    }

    /// What its rows are told to come from.
    pub(crate) fn label(&self) -> &str {
        match &self.table {
            TableKey::Native(source, _) => source.alias(),
            TableKey::Custom(name) | TableKey::Folder(name) => name,
        }
    }

    /// Every column that a predicate may name.
    pub(crate) fn columns(&self) -> &SchemaRef {
        &self.all
    }

    /// The same with types as Athena's DDL spells them.
    pub(crate) fn athena_columns(&self) -> Vec<(String, String)> {
        let fields = self.all.fields().iter();
        fields
            .map(|field| (field.name().clone(), athena_type(field.data_type())))
            .collect()
    }

    pub(super) fn reading(&self) -> &SchemaRef {
        &self.reading
    }
}

/// A column, or a field inside one, by the names on the way to it.
pub(crate) type FieldPath = Vec<String>;

/// Columns that are asked for.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// `None` for all.
    paths: Option<BTreeSet<FieldPath>>,
    schema: SchemaRef,
    /// Columns of the schema that the object's key tells, from this one on.
    partitions: Vec<FieldRef>,
}

impl Wanted {
    /// These, and nothing else of them.
    pub(crate) fn some(layout: &Layout, paths: &BTreeSet<FieldPath>) -> Self {
        let mut fields: Vec<FieldRef> = Vec::new();
        for field in layout.all.fields() {
            let below: Vec<&[String]> = paths
                .iter()
                .filter(|path| path.first() == Some(field.name()))
                .filter_map(|path| path.get(1..))
                .collect();
            if !below.is_empty() {
                fields.push(pruned(field, &below));
            }
        }
        Self {
            paths: Some(paths.clone()),
            schema: Arc::new(Schema::new(fields)),
            partitions: layout.columns.partitions.clone(),
        }
    }

    /// All columns.
    pub(crate) fn all(layout: &Layout) -> Self {
        Self {
            paths: None,
            schema: Arc::clone(&layout.all),
            partitions: layout.columns.partitions.clone(),
        }
    }

    /// The columns that batches have.
    pub(crate) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The leaves of a file that are read.
    pub(super) fn leaves(&self, file: &SchemaDescriptor) -> Vec<usize> {
        let columns = file.columns().iter().enumerate();
        let Some(paths) = &self.paths else {
            return columns.map(|(at, _)| at).collect();
        };
        let is_partition = |name: &str| self.partitions.iter().any(|field| field.name() == name);
        columns
            .filter(|(_, column)| {
                let parts = column.path().parts();
                parts.first().is_some_and(|name| !is_partition(name))
                    && paths.iter().any(|path| parts.starts_with(path))
            })
            .map(|(at, _)| at)
            .collect()
    }

    /// Makes a batch of a file's columns into one of the columns that were asked for.
    pub(super) fn fit(
        &self,
        batch: &RecordBatch,
        path_values: &[Option<Arc<str>>; 4],
    ) -> Result<RecordBatch, ArrowError> {
        let rows = batch.num_rows();
        let columns = self.schema.fields().iter().map(|field| {
            let partition = self
                .partitions
                .iter()
                .position(|known| known.name() == field.name());
            if let Some(at) = partition {
                let value = path_values.get(at).and_then(Option::as_deref);
                return Arc::new(StringViewArray::from_iter(std::iter::repeat_n(value, rows)))
                    as ArrayRef;
            }
            match batch.column_by_name(field.name()) {
                Some(found) => fitted(found, field.data_type()),
                None => new_null_array(field.data_type(), rows),
            }
        });
        let columns: Vec<ArrayRef> = columns.collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)
    }
}

/// A column with nothing but what lies at these paths below it.
fn pruned(field: &FieldRef, below: &[&[String]]) -> FieldRef {
    let DataType::Struct(children) = field.data_type() else {
        return Arc::clone(field);
    };
    if below.iter().any(|path| path.is_empty()) {
        return Arc::clone(field);
    }
    let mut kept: Vec<FieldRef> = Vec::new();
    for child in children {
        let inside: Vec<&[String]> = below
            .iter()
            .filter(|path| path.first() == Some(child.name()))
            .filter_map(|path| path.get(1..))
            .collect();
        if !inside.is_empty() {
            kept.push(pruned(child, &inside));
        }
    }
    let data_type = DataType::Struct(kept.into());
    Arc::new(Field::new(field.name(), data_type, true))
}

/// A column in the type that it is wanted in; one that has nothing in common with it is NULL, as it
/// is for queries.
fn fitted(found: &ArrayRef, wanted: &DataType) -> ArrayRef {
    if found.data_type() == wanted {
        return Arc::clone(found);
    }
    if let (DataType::Struct(_), DataType::Struct(fields)) = (found.data_type(), wanted) {
        let parts = found.as_struct();
        let columns: Vec<ArrayRef> = fields
            .iter()
            .map(|field| match parts.column_by_name(field.name()) {
                Some(part) => fitted(part, field.data_type()),
                None => new_null_array(field.data_type(), found.len()),
            })
            .collect();
        let nulls = found.nulls().cloned();
        if let Ok(made) =
            StructArray::try_new_with_length(fields.clone(), columns, nulls, found.len())
        {
            return Arc::new(made);
        }
    }
    cast_column(found, wanted, &DEFAULT_CAST_OPTIONS)
        .unwrap_or_else(|_| new_null_array(wanted, found.len()))
}
