//! A JSON value as a tree.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::cursor::Cursor;

/// A JSON value. Numbers stay as they are written.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Json<'a> {
    /// `null`
    Null,
    /// `true`, `false`
    Bool(bool),
    /// A number's text.
    Number(&'a str),
    /// A string.
    Text(Cow<'a, str>),
    /// An array.
    List(Vec<Json<'a>>),
    /// An object's members in the order in which they are written.
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

impl<'a> Json<'a> {
    /// Reads a whole text; `None` where it is not exactly one JSON value.
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let mut cursor = Cursor::new(text);
        let value = cursor.value(0)?;
        cursor.at_end().then_some(value)
    }

    /// Orders the members of every object by their keys, as `json_parse` does.
    pub(super) fn sort(&mut self) {
        match self {
            Self::Object(members) => {
                members.sort_by(|a, b| a.0.cmp(&b.0));
                members.iter_mut().for_each(|(_, value)| value.sort());
            }
            Self::List(elements) => elements.iter_mut().for_each(Self::sort),
            _ => {}
        }
    }

    /// The text of a string, number or boolean; `None` for the rest.
    pub(crate) fn scalar(&self) -> Option<&str> {
        Some(match self {
            Self::Bool(true) => "true",
            Self::Bool(false) => "false",
            Self::Number(text) => text,
            Self::Text(text) => text,
            _ => return None,
        })
    }

    /// Appends the value without blanks.
    pub(crate) fn write(&self, text: &mut String) {
        match self {
            Self::Null => text.push_str("null"),
            Self::Text(value) => escape_into(value, text),
            Self::List(elements) => {
                text.push('[');
                for (place, element) in elements.iter().enumerate() {
                    if place > 0 {
                        text.push(',');
                    }
                    element.write(text);
                }
                text.push(']');
            }
            Self::Object(members) => {
                text.push('{');
                for (place, (key, value)) in members.iter().enumerate() {
                    if place > 0 {
                        text.push(',');
                    }
                    escape_into(key, text);
                    text.push(':');
                    value.write(text);
                }
                text.push('}');
            }
            scalar => text.push_str(scalar.scalar().unwrap_or_default()),
        }
    }

    /// The value without blanks.
    pub(crate) fn to_text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }
}

/// Appends a string in quotes.
pub(crate) fn escape_into(value: &str, text: &mut String) {
    text.push('"');
    for character in value.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            control if control < ' ' => {
                // Writing into a String cannot fail.
                let _ = write!(text, "\\u{:04X}", u32::from(control));
            }
            other => text.push(other),
        }
    }
    text.push('"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::cursor::Cursor;
    use super::super::path::parse_path;
    use super::Json;

    fn any_json() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(Into::into),
            any::<i64>().prop_map(Into::into),
            ".{0,8}".prop_map(Into::into),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
                proptest::collection::btree_map("[a-c\"\\\\ ]{0,3}", inner, 0..4).prop_map(
                    |members| members
                        .into_iter()
                        .collect::<serde_json::Map<_, _>>()
                        .into()
                ),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_serde_writes_is_read_and_written_alike(value in any_json()) {
            for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
                let parsed = Json::parse(&text).unwrap().to_text();
                prop_assert_eq!(&serde_json::from_str::<serde_json::Value>(&parsed).unwrap(), &value);
                prop_assert_eq!(Cursor::new(&text).raw().unwrap().trim(), text.trim());
            }
        }

        #[test]
        fn any_text_is_judged_as_serde_judges_it(text in "[\\[\\]{}:,\"a0-9eE.+\\\\ntruefals -]{0,12}") {
            let theirs = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
            prop_assert_eq!(Json::parse(&text).is_some(), theirs, "{}", text);
        }

        #[test]
        fn any_path_is_followed_without_panic(text in ".{0,20}", path in "\\$[.\\[\\]\"a-c0-9]{0,8}") {
            if let Ok(path) = parse_path(&path)
                && let Some(found) = Cursor::new(&text).find(&path)
            {
                prop_assert!(found.len() <= text.len());
            }
        }
    }

    #[test]
    fn deep_text_is_no_json() {
        let deep = "[".repeat(100_000);
        assert_eq!(Json::parse(&deep), None);
        assert_eq!(Cursor::new(&deep).raw(), None);
    }

    #[test]
    fn pairs_of_units_are_one_character() {
        assert_eq!(
            Json::parse(r#""\ud83d\ude00""#),
            Some(Json::Text("😀".into()))
        );
        assert_eq!(
            Json::parse(r#""\ud83dx""#),
            Some(Json::Text("\u{fffd}x".into()))
        );
    }
}
