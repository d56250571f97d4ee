//! A cell as JSON: nested values as they are, times RFC 3339 in UTC, NULL `null`.
//!
//! What JSON has no number for (`NaN`, infinities, decimals of more digits than a double keeps) is
//! a text, so that nothing is rounded or lost. Bytes are the text that Athena prints.

use serde::ser::{Serialize, SerializeMap as _, SerializeSeq as _, Serializer};

use super::number::java_float;
use super::{Cell, TimeStyle};

/// Decimal digits that a double keeps exactly.
const DOUBLE_DIGITS: usize = 15;

impl Cell<'_> {
    /// The value as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

impl Serialize for Cell<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Int(value) => serializer.serialize_i64(*value),
            Self::UInt(value) => serializer.serialize_u64(*value),
            Self::Float(value) if value.is_finite() => serializer.serialize_f64(*value),
            Self::Float(value) => serializer.serialize_str(&java_float(*value)),
            Self::Real(value) if value.is_finite() => serializer.serialize_f32(*value),
            Self::Real(value) => serializer.serialize_str(&java_float(*value)),
            Self::Decimal(text) => serialize_decimal(text, serializer),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Timestamp(time) => serializer.serialize_str(&time.rfc3339()),
            Self::Bytes(_) | Self::Date(_) | Self::Time(_) | Self::Interval(_) | Self::Other(_) => {
                let text = self.text(TimeStyle::Athena).unwrap_or_default();
                serializer.serialize_str(&text)
            }
            Self::List(list) => {
                let mut sequence = serializer.serialize_seq(Some(list.len()))?;
                for cell in list.iter() {
                    sequence.serialize_element(&cell)?;
                }
                sequence.end()
            }
            Self::Struct(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (name, cell) in fields.iter() {
                    map.serialize_entry(name, &cell)?;
                }
                map.end()
            }
            Self::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for (key, cell) in entries.iter() {
                    let key = key.text(TimeStyle::Athena).unwrap_or_default();
                    map.serialize_entry(&key, &cell)?;
                }
                map.end()
            }
        }
    }
}

fn serialize_decimal<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    if let Ok(whole) = text.parse::<i64>() {
        return serializer.serialize_i64(whole);
    }
    match text.parse::<f64>() {
        Ok(value) if digits <= DOUBLE_DIGITS => serializer.serialize_f64(value),
        _ => serializer.serialize_str(text),
    }
}
