//! Finds what a document says under the names that tools give it.

use serde_json::{Map, Value};

/// The most keys of one object that are looked at.
const MOST_KEYS: usize = 1_000;
/// The longest text that is taken over, in characters.
const LONGEST_TEXT: usize = 512;

/// A document, and the objects in it that speak of the same thing: what EventBridge or SNS wrapped,
/// the first finding of a list, what stands under `finding` or `alert`. The innermost speaks first.
pub(super) struct Fields<'a> {
    layers: Vec<&'a Map<String, Value>>,
}

/// Under which names the thing itself lies.
const INNER: [&str; 8] = [
    "detail",
    "findings",
    "alerts",
    "finding",
    "alert",
    "detection",
    "data",
    "attributes",
];
/// How deep such names are followed.
const MOST_LAYERS: usize = 4;

impl<'a> Fields<'a> {
    pub(super) fn of(document: &'a Value) -> Self {
        let mut layers = Vec::new();
        let mut at = document.as_object();
        while let Some(object) = at
            && layers.len() < MOST_LAYERS
        {
            layers.push(object);
            at = INNER.iter().find_map(|name| match child(object, name)? {
                Value::Object(inner) => Some(inner),
                Value::Array(elements) => elements.first()?.as_object(),
                _ => None,
            });
        }
        layers.reverse();
        Self { layers }
    }

    /// The first of the dotted paths that leads to something that the reader takes. Names are the
    /// same whatever their case, with or without `_`, `-` and `@`.
    pub(super) fn find<T>(
        &self,
        paths: &[&str],
        read: impl Fn(&'a Value) -> Option<T>,
    ) -> Option<T> {
        paths.iter().find_map(|path| {
            let found = self.layers.iter().filter_map(|layer| at_path(layer, path));
            found.filter_map(&read).next()
        })
    }

    /// A text, cut, that is not empty; the first one of a list of texts.
    pub(super) fn text(&self, paths: &[&str]) -> Option<String> {
        self.find(paths, text)
    }

    /// A whole number.
    pub(super) fn integer(&self, paths: &[&str]) -> Option<i64> {
        self.find(paths, |value| match value {
            Value::String(text) => text.trim().parse().ok(),
            other => other.as_i64(),
        })
    }
}

fn text(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim(),
        Value::Array(elements) => elements.first()?.as_str()?.trim(),
        _ => return None,
    };
    (!text.is_empty()).then(|| text.chars().take(LONGEST_TEXT).collect())
}

fn at_path<'a>(object: &'a Map<String, Value>, path: &str) -> Option<&'a Value> {
    let mut parts = path.split('.');
    let mut value = child(object, parts.next()?)?;
    for part in parts {
        value = child(value.as_object()?, part)?;
    }
    Some(value)
}

/// The value of a name; as it is written, or else by any spelling of it.
fn child<'a>(object: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    object.get(name).or_else(|| {
        let mut keys = object.iter().take(MOST_KEYS);
        keys.find(|(key, _)| same_name(key, name))
            .map(|(_, value)| value)
    })
}

fn same_name(one: &str, other: &str) -> bool {
    letters(one).eq(letters(other))
}

fn letters(name: &str) -> impl Iterator<Item = u8> + '_ {
    name.bytes()
        .filter(|byte| !matches!(byte, b'_' | b'-' | b'@'))
        .map(|byte| byte.to_ascii_lowercase())
}
