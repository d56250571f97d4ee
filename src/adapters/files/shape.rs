//! JSON values in the order of their file, and the types that hold all of a column's values.

use std::fmt;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Fields};
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap as _, SerializeSeq as _, Serializer};

/// A JSON value whose objects keep the order of their keys.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    Number(serde_json::Number),
    Text(String),
    List(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor)
    }
}

struct JsonVisitor;

impl<'de> Visitor<'de> for JsonVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }
    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }
    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }
    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }
    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Number(value.into()))
    }
    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(serde_json::Number::from_f64(value).map_or(Json::Null, Json::Number))
    }
    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }
    fn visit_string<E>(self, value: String) -> Result<Json, E> {
        Ok(Json::Text(value))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(value) = access.next_element()? {
            list.push(value);
        }
        Ok(Json::List(list))
    }
    fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Json, A::Error> {
        let mut fields = Vec::new();
        while let Some(field) = access.next_entry()? {
            fields.push(field);
        }
        Ok(Json::Object(fields))
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Null => serializer.serialize_unit(),
            Self::Bool(value) => serializer.serialize_bool(*value),
            Self::Number(value) => value.serialize(serializer),
            Self::Text(value) => serializer.serialize_str(value),
            Self::List(values) => {
                let mut list = serializer.serialize_seq(Some(values.len()))?;
                for value in values {
                    list.serialize_element(value)?;
                }
                list.end()
            }
            Self::Object(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (name, value) in fields {
                    map.serialize_entry(name, value)?;
                }
                map.end()
            }
        }
    }
}

/// What all values seen at one place have in common.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) enum Shape {
    /// Nothing but nulls.
    #[default]
    Empty,
    Bool,
    Int,
    Float,
    Text,
    List(Box<Shape>),
    Object(Vec<(String, Shape)>),
    /// Values of kinds that have no type in common: kept as their JSON text.
    Mixed,
}

impl Shape {
    /// Widens the shape so that a value fits in.
    pub(super) fn add(&mut self, value: &Json) {
        let next = match (std::mem::take(self), value) {
            (shape, Json::Null) => shape,
            (Self::Empty | Self::Bool, Json::Bool(_)) => Self::Bool,
            (shape @ (Self::Empty | Self::Int | Self::Float), Json::Number(number)) => {
                match (shape, number.as_i64()) {
                    (Self::Float, Some(_)) => Self::Float,
                    (_, Some(_)) => Self::Int,
                    // A whole number beyond 64 bits would lose digits as a double.
                    (_, None) if number.is_u64() => Self::Mixed,
                    (_, None) => Self::Float,
                }
            }
            (Self::Empty | Self::Text, Json::Text(_)) => Self::Text,
            (Self::Empty, Json::List(values)) => {
                Self::List(Box::new(Self::of_all(Self::Empty, values)))
            }
            (Self::List(inner), Json::List(values)) => {
                Self::List(Box::new(Self::of_all(*inner, values)))
            }
            (Self::Empty, Json::Object(fields)) => Self::of_fields(Vec::new(), fields),
            (Self::Object(known), Json::Object(fields)) => Self::of_fields(known, fields),
            _ => Self::Mixed,
        };
        *self = next;
    }

    fn of_all(mut inner: Self, values: &[Json]) -> Self {
        for value in values {
            inner.add(value);
        }
        inner
    }

    fn of_fields(mut known: Vec<(String, Self)>, fields: &[(String, Json)]) -> Self {
        for (place, (name, value)) in fields.iter().enumerate() {
            // Rows mostly have the same keys in the same order.
            let at = match known.get(place) {
                Some((other, _)) if other == name => Some(place),
                _ => known.iter().position(|(other, _)| other == name),
            };
            match at.and_then(|at| known.get_mut(at)) {
                Some((_, shape)) => shape.add(value),
                None => {
                    let mut shape = Self::Empty;
                    shape.add(value);
                    known.push((name.clone(), shape));
                }
            }
        }
        Self::Object(known)
    }

    /// The Arrow type of such values.
    pub(super) fn data_type(&self) -> DataType {
        match self {
            Self::Bool => DataType::Boolean,
            Self::Int => DataType::Int64,
            Self::Float => DataType::Float64,
            Self::Empty | Self::Text | Self::Mixed => DataType::Utf8,
            Self::List(inner) => {
                DataType::List(Arc::new(Field::new_list_field(inner.data_type(), true)))
            }
            // Arrow has no use for a row value without fields.
            Self::Object(fields) if fields.is_empty() => DataType::Utf8,
            Self::Object(fields) => DataType::Struct(Self::fields(fields)),
        }
    }

    /// The Arrow fields of an object.
    pub(super) fn fields(fields: &[(String, Self)]) -> Fields {
        let field = |(name, shape): &(String, Self)| Field::new(name, shape.data_type(), true);
        fields.iter().map(field).collect()
    }
}

/// Turns what the type at its place cannot hold into its JSON text.
pub(super) fn conform(value: &mut Json, data_type: &DataType) {
    match (&mut *value, data_type) {
        (Json::List(values), DataType::List(field)) => {
            for value in values {
                conform(value, field.data_type());
            }
        }
        (Json::Object(entries), DataType::Struct(fields)) => {
            for (name, value) in entries {
                if let Some((_, field)) = fields.find(name) {
                    conform(value, field.data_type());
                }
            }
        }
        (Json::Null | Json::Text(_), _) => {}
        (other, DataType::Utf8) => {
            // A value of strings, numbers and maps with text keys always has a JSON text.
            *value = Json::Text(serde_json::to_string(other).unwrap_or_default());
        }
        _ => {}
    }
}
