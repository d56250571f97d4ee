//! A value of a result as the JSON of evidence.

use std::collections::HashSet;
use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::domain::case::shape::ValueType;
use crate::domain::cell::{Cell, TimeStyle};

/// The JSON of a cell of this type.
pub(super) fn value(value_type: &ValueType, cell: &Cell<'_>) -> Value {
    match (value_type, cell) {
        (_, Cell::Null) => Value::Null,
        (ValueType::Printed(_), cell) => text(cell),
        (_, Cell::Bool(value)) => Value::from(*value),
        (_, Cell::Int(value)) => Value::from(*value),
        (_, Cell::UInt(value)) => Value::from(*value),
        // The shortest text that reads back as the same number.
        (_, Cell::Float(value)) => Value::from(format!("{value:?}")),
        (_, Cell::Real(value)) => Value::from(format!("{value:?}")),
        (_, Cell::Decimal(digits)) => Value::from(digits.as_str()),
        (_, Cell::Text(value)) => Value::from(*value),
        (_, Cell::Bytes(bytes)) => Value::from(hex(bytes)),
        (_, Cell::Timestamp(time)) => Value::from(time.value),
        (_, Cell::Date(days)) => Value::from(*days),
        (_, Cell::Time(time)) => Value::from(time.value),
        (_, Cell::Interval(span)) => {
            Value::from(vec![i64::from(span.months), span.days, span.nanoseconds])
        }
        (ValueType::List(element), Cell::List(list)) => {
            list.iter().map(|cell| value(element, &cell)).collect()
        }
        (ValueType::Struct(types), Cell::Struct(fields)) => {
            let values: Vec<(&str, Value)> = types
                .iter()
                .zip(fields.iter())
                .map(|((_, part), (name, cell))| (name, value(part, &cell)))
                .collect();
            row(values)
        }
        (ValueType::Map(key, of), Cell::Map(entries)) => entries
            .iter()
            .map(|(name, cell)| Value::from(vec![value(key, &name), value(of, &cell)]))
            .collect(),
        // Types and cells are made of the same array, so nothing else comes here.
        (_, cell) => text(cell),
    }
}

/// An object where every name is there once, else an array: nothing is left out.
fn row(values: Vec<(&str, Value)>) -> Value {
    let names: HashSet<&str> = values.iter().map(|(name, _)| *name).collect();
    if names.len() < values.len() {
        return values.into_iter().map(|(_, value)| value).collect();
    }
    let fields: Map<String, Value> = values
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    Value::Object(fields)
}

fn text(cell: &Cell<'_>) -> Value {
    cell.text(TimeStyle::Athena)
        .map_or(Value::Null, Value::from)
}

fn hex(bytes: &[u8]) -> String {
    let mut digits = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(digits, "{byte:02x}");
    }
    digits
}
