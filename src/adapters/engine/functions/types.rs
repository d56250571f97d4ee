//! Trino's types over Arrow's: their names, and the two that Arrow lacks (`json`, `ipaddress`).

use std::collections::HashMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, TimeUnit};

/// The key and value in a field's metadata that make text `json` (Arrow's own extension name).
const EXTENSION_KEY: &str = "ARROW:extension:name";
const EXTENSION_JSON: &str = "arrow.json";

/// `ipaddress`: sixteen bytes in network order, IPv4 mapped into IPv6, so that bytes compare as
/// addresses do. Nothing in a lake has this Arrow type.
pub(crate) const IPADDRESS: DataType = DataType::FixedSizeBinary(16);

/// A nullable `json` field.
pub(crate) fn json_field(name: &str) -> Field {
    Field::new(name, DataType::Utf8, true).with_metadata(HashMap::from([(
        EXTENSION_KEY.to_owned(),
        EXTENSION_JSON.to_owned(),
    )]))
}

/// Whether a field holds `json`.
pub(crate) fn is_json(field: &Field) -> bool {
    field.data_type().is_string()
        && field.metadata().get(EXTENSION_KEY).map(String::as_str) == Some(EXTENSION_JSON)
}

/// `array(element)`.
pub(crate) fn list(element: DataType) -> DataType {
    DataType::List(Arc::new(Field::new_list_field(element, true)))
}

/// `map(key, value)`.
pub(crate) fn map(key: DataType, value: DataType) -> DataType {
    let entries = Field::new(
        "entries",
        DataType::Struct(
            vec![
                Field::new("key", key, false),
                Field::new("value", value, true),
            ]
            .into(),
        ),
        false,
    );
    DataType::Map(Arc::new(entries), false)
}

/// Key and value types of a map type.
pub(crate) fn map_types(data_type: &DataType) -> Option<(&DataType, &DataType)> {
    let DataType::Map(entries, _) = data_type else {
        return None;
    };
    let DataType::Struct(fields) = entries.data_type() else {
        return None;
    };
    match fields.as_ref() {
        [key, value] => Some((key.data_type(), value.data_type())),
        _ => None,
    }
}

/// Timestamps as Athena's engine has them: milliseconds.
pub(crate) const TIMESTAMP: DataType = DataType::Timestamp(TimeUnit::Millisecond, None);

/// `timestamp(3) with time zone`, in UTC.
pub(crate) fn timestamp_utc() -> DataType {
    DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into()))
}

/// A type's name in Trino, for messages and `typeof`.
pub(crate) fn trino_name(data_type: &DataType) -> String {
    use DataType as T;
    match data_type {
        T::Null => "unknown".into(),
        T::Boolean => "boolean".into(),
        T::Int8 => "tinyint".into(),
        T::Int16 | T::UInt8 => "smallint".into(),
        T::Int32 | T::UInt16 => "integer".into(),
        T::Int64 | T::UInt32 | T::UInt64 => "bigint".into(),
        T::Float16 | T::Float32 => "real".into(),
        T::Float64 => "double".into(),
        T::Utf8 | T::LargeUtf8 | T::Utf8View => "varchar".into(),
        T::Binary | T::LargeBinary | T::BinaryView => "varbinary".into(),
        other if *other == IPADDRESS => "ipaddress".into(),
        T::Date32 | T::Date64 => "date".into(),
        T::Time32(_) | T::Time64(_) => "time".into(),
        T::Timestamp(unit, zone) => {
            let digits = match unit {
                TimeUnit::Second => 0,
                TimeUnit::Millisecond => 3,
                TimeUnit::Microsecond => 6,
                TimeUnit::Nanosecond => 9,
            };
            let zone = if zone.is_some() {
                " with time zone"
            } else {
                ""
            };
            format!("timestamp({digits}){zone}")
        }
        T::Interval(_) | T::Duration(_) => "interval".into(),
        T::Decimal128(precision, scale) | T::Decimal256(precision, scale) => {
            format!("decimal({precision},{scale})")
        }
        T::List(item) | T::LargeList(item) | T::FixedSizeList(item, _) | T::ListView(item) => {
            format!("array({})", trino_name(item.data_type()))
        }
        T::Struct(fields) => {
            let fields: Vec<String> = fields
                .iter()
                .map(|field| format!("{} {}", field.name(), trino_name(field.data_type())))
                .collect();
            format!("row({})", fields.join(", "))
        }
        T::Map(_, _) => match map_types(data_type) {
            Some((key, value)) => format!("map({}, {})", trino_name(key), trino_name(value)),
            None => "map".into(),
        },
        T::Dictionary(_, values) => trino_name(values),
        other => other.to_string().to_lowercase(),
    }
}
