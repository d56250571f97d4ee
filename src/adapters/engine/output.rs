//! From the engine's types to those that a result keeps: text as plain text, so that a row never
//! holds on to the page of Parquet that it came from, and names made unique.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use arrow::error::ArrowError;

use super::functions;
use crate::domain::cell::is_json;

/// The schema of a result: plain types, unique names.
pub(super) fn result_schema(planned: &Schema) -> SchemaRef {
    let mut used = HashSet::new();
    let fields: Vec<Field> = planned
        .fields()
        .iter()
        .map(|field| {
            let mut name = field.name().clone();
            let mut copy = 1;
            while !used.insert(name.clone()) {
                copy += 1;
                name = format!("{}_{copy}", field.name());
            }
            let data_type = plain_type(&functions::readable_type(field.data_type()));
            if is_json(field) {
                functions::json_field(&name)
            } else {
                Field::new(name, data_type, true)
            }
        })
        .collect();
    Arc::new(Schema::new(fields))
}

/// A batch in the result's schema.
pub(super) fn result_batch(
    batch: &RecordBatch,
    schema: &SchemaRef,
) -> Result<RecordBatch, ArrowError> {
    let columns: Vec<ArrayRef> = batch
        .columns()
        .iter()
        .zip(schema.fields())
        .map(|(column, field)| {
            if column.data_type() == field.data_type() {
                Ok(Arc::clone(column))
            } else {
                cast(&functions::readable(column)?, field.data_type())
            }
        })
        .collect::<Result<_, _>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options)
}

fn plain_type(planned: &DataType) -> DataType {
    let plain = |field: &FieldRef| {
        let data_type = plain_type(field.data_type());
        Arc::new(Field::new(field.name(), data_type, field.is_nullable()))
    };
    match planned {
        DataType::Utf8View | DataType::LargeUtf8 => DataType::Utf8,
        DataType::BinaryView | DataType::LargeBinary => DataType::Binary,
        DataType::Dictionary(_, value) => plain_type(value),
        DataType::List(item)
        | DataType::LargeList(item)
        | DataType::FixedSizeList(item, _)
        | DataType::ListView(item)
        | DataType::LargeListView(item) => DataType::List(plain(item)),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(plain).collect()),
        DataType::Map(entry, sorted) => DataType::Map(plain(entry), *sorted),
        other => other.clone(),
    }
}
