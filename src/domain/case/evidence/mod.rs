//! A row kept as evidence: every value with its type, as JSON that comes back exactly, and the hash
//! of it all.
//!
//! Owns the encoding of rows; what a pin is otherwise belongs to the case. Numbers that JSON's
//! readers round (floating point, decimals) are texts; times are numbers in the unit of their type.

mod decode;
mod encode;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use arrow::array::{RecordBatch, RecordBatchOptions};
use arrow::datatypes::{Field, Schema};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::shape::ValueType;
use crate::domain::cell::Cell;
use crate::domain::rows::Column;

/// A row in full.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EvidenceRow {
    /// Its columns in order.
    pub columns: Vec<EvidenceColumn>,
}

/// One column's value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct EvidenceColumn {
    /// The display name; may repeat.
    pub name: String,
    /// The type.
    #[serde(rename = "type")]
    pub value_type: ValueType,
    /// What else the result said of the column, such as the type that its service gave it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub metadata: BTreeMap<String, String>,
    /// The value.
    pub value: Value,
}

/// A value that its type cannot have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the value of column `{column}` does not fit its type: {reason}")]
pub struct NotAValue {
    /// The column's display name.
    pub column: String,
    /// What is wrong.
    pub reason: String,
}

impl EvidenceRow {
    /// A row of a batch, in full; `None` past the batch's end.
    pub fn of(batch: &RecordBatch, columns: &[Column], row: usize) -> Option<Self> {
        if row >= batch.num_rows() {
            return None;
        }
        let schema = batch.schema();
        let column = |(place, field): (usize, &Arc<Field>)| {
            let array = batch.column(place);
            let value_type = ValueType::of(field.data_type());
            let value = encode::value(&value_type, &Cell::of(array.as_ref(), row));
            let name = columns
                .get(place)
                .map_or(field.name(), |column| &column.name);
            EvidenceColumn {
                name: name.clone(),
                metadata: field.metadata().clone().into_iter().collect(),
                value_type,
                value,
            }
        };
        let columns = schema.fields().iter().enumerate().map(column).collect();
        Some(Self { columns })
    }

    /// The row as a batch of one row. Its fields have the display names, numbered where they
    /// repeat.
    ///
    /// # Errors
    ///
    /// [`NotAValue`] where the row was not made by [`Self::of`].
    pub fn batch(&self) -> Result<RecordBatch, NotAValue> {
        let mut fields: Vec<Field> = Vec::with_capacity(self.columns.len());
        let mut arrays = Vec::with_capacity(self.columns.len());
        let mut names = std::collections::HashSet::new();
        for column in &self.columns {
            let fault = |reason: String| NotAValue {
                column: column.name.clone(),
                reason,
            };
            let array = decode::array(&column.value_type, &[&column.value]).map_err(fault)?;
            let mut name = column.name.clone();
            let mut number = 1;
            while !names.insert(name.clone()) {
                number += 1;
                name = format!("{}:{number}", column.name);
            }
            let metadata = column.metadata.clone().into_iter().collect();
            fields.push(Field::new(name, array.data_type().clone(), true).with_metadata(metadata));
            arrays.push(array);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(1));
        RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options).map_err(
            |error| NotAValue {
                column: String::new(),
                reason: error.to_string(),
            },
        )
    }

    /// SHA-256 of the row's canonical text, in hexadecimal.
    ///
    /// The text is this row's JSON without white space, the names of every object in the order of
    /// their bytes: it does not depend on who wrote the JSON.
    pub fn sha256(&self) -> String {
        let mut text = String::new();
        // The types of a row have only names as keys, so this is always JSON.
        write_canonical(&serde_json::to_value(self).unwrap_or_default(), &mut text);
        let mut hex = String::with_capacity(64);
        for byte in Sha256::digest(text.as_bytes()) {
            let _ = write!(hex, "{byte:02x}");
        }
        hex
    }
}

fn write_canonical(value: &Value, out: &mut String) {
    match value {
        Value::Array(elements) => {
            out.push('[');
            for (place, element) in elements.iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                write_canonical(element, out);
            }
            out.push(']');
        }
        Value::Object(fields) => {
            let sorted: BTreeMap<&str, &Value> = fields
                .iter()
                .map(|(name, value)| (name.as_str(), value))
                .collect();
            out.push('{');
            for (place, (name, value)) in sorted.into_iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                let _ = write!(out, "{}:", Value::from(name));
                write_canonical(value, out);
            }
            out.push('}');
        }
        leaf => {
            let _ = write!(out, "{leaf}");
        }
    }
}
