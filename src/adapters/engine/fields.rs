//! The names nearest to that of a field that is none: those of the row that it was looked for in,
//! or of any row of the statement's tables.

use std::sync::Arc;

use arrow::datatypes::{DataType, FieldRef, Fields, SchemaRef};

use super::dialect::Translated;
use crate::domain::nearest::did_you_mean;
use crate::domain::query::{QueryError, QueryErrorKind};

/// The same failure with the nearest names, where it is about a field and some are near.
pub(super) fn offer(
    mut error: QueryError,
    translated: &Translated,
    tables: impl Fn() -> Vec<SchemaRef>,
) -> QueryError {
    let name = error
        .message
        .strip_prefix("there is no field `")
        .and_then(|rest| rest.strip_suffix('`'))
        .map(str::to_owned);
    let Some(name) = name.filter(|_| error.kind == QueryErrorKind::UnknownName) else {
        return error;
    };
    let tables = tables();
    let path = error
        .position
        .map(|place| translated.path_before(place))
        .unwrap_or_default();
    // The first part may be a table's alias.
    let paths = [path.as_slice(), path.get(1..).unwrap_or_default()];
    let mut known: Vec<String> = Vec::new();
    for path in paths.into_iter().filter(|path| !path.is_empty()) {
        for table in &tables {
            let inner = path
                .iter()
                .try_fold(table.fields().clone(), |fields, part| {
                    fields_of(&fields, part)
                });
            known.extend(inner.iter().flatten().map(|field| field.name().clone()));
        }
    }
    if known.is_empty() {
        for table in &tables {
            collect(table.fields(), &mut known);
        }
    }
    known.sort();
    known.dedup();
    if let Some(hint) = did_you_mean(&name, known.iter().map(String::as_str)) {
        error.hint = Some(hint);
    }
    error
}

/// The fields of a row by its name.
fn fields_of(fields: &Fields, name: &str) -> Option<Fields> {
    let field = fields.iter().find(|field| field.name() == name)?;
    row_of(field.data_type()).cloned()
}

/// The fields of a row, or of the rows in an array.
fn row_of(data_type: &DataType) -> Option<&Fields> {
    match data_type {
        DataType::Struct(fields) => Some(fields),
        DataType::List(item) => row_of(item.data_type()),
        _ => None,
    }
}

/// The names of all fields inside columns, at any depth.
fn collect(columns: &Fields, names: &mut Vec<String>) {
    let mut rows: Vec<FieldRef> = columns.iter().map(Arc::clone).collect();
    while let Some(row) = rows.pop() {
        for field in row_of(row.data_type()).into_iter().flatten() {
            names.push(field.name().clone());
            rows.push(Arc::clone(field));
        }
    }
}
