//! The names nearest to that of a field that is none: those of the row that it was looked for in,
//! or of any row of the statement's tables.

use std::sync::Arc;

use arrow::datatypes::{DataType, FieldRef, Fields, SchemaRef};

use super::dialect::Translated;
use super::functions::type_name;
use crate::domain::nearest::did_you_mean;
use crate::domain::query::{QueryError, QueryErrorKind, TextPosition};

/// How the planner's complaint about a field of something that is no row begins.
const NO_ROW: &str = "Cannot access field at argument";

/// The same failure with the nearest names, where it is about a field and some are near.
pub(super) fn offer(
    mut error: QueryError,
    translated: &Translated,
    tables: impl Fn() -> Vec<SchemaRef>,
) -> QueryError {
    if error.message.starts_with(NO_ROW) {
        return no_row(translated, &tables());
    }
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

/// Says which part of which dotted name is no row.
fn no_row(translated: &Translated, tables: &[SchemaRef]) -> QueryError {
    for path in translated.dotted() {
        // The first part may be a table's alias.
        for path in [path.as_slice(), path.get(1..).unwrap_or_default()] {
            for table in tables {
                if let Some(error) = broken(path, table.fields()) {
                    return error;
                }
            }
        }
    }
    QueryError::new(
        QueryErrorKind::Invalid,
        "a field is asked of a value that is no row",
    )
    .with_hint("`DESCRIBE table` or the command `tables` lists the fields")
}

/// The failure of a dotted name in which something that is no row stands before a dot.
fn broken(path: &[(String, TextPosition)], columns: &Fields) -> Option<QueryError> {
    let mut fields = columns.clone();
    for pair in path.windows(2) {
        let [(name, _), (asked, place)] = pair else {
            return None;
        };
        let field = fields.iter().find(|field| field.name() == name)?;
        let Some(inner) = row_of(field.data_type()).cloned() else {
            let message = format!(
                "`{name}` is a {} and has no field `{asked}`",
                type_name(field.data_type())
            );
            return Some(QueryError::new(QueryErrorKind::Invalid, message).at(*place));
        };
        fields = inner;
    }
    None
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
