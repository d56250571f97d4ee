//! Reading JSON text: by a cursor that skips what is not asked for, or into a tree.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::path::Step;

/// How deep values may nest; deeper text counts as no JSON.
const DEPTH: usize = 256;

/// A place in a JSON text, before a value or a sign.
pub(crate) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    fn peek(&mut self) -> Option<u8> {
        let rest = &self.text.as_bytes()[self.at..];
        let blanks = rest
            .iter()
            .take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
            .count();
        self.at += blanks;
        rest.get(blanks).copied()
    }

    fn sign(&mut self, sign: u8) -> Option<()> {
        (self.peek()? == sign).then(|| self.at += 1)
    }

    /// Whether nothing but blanks follows.
    pub(super) fn at_end(&mut self) -> bool {
        self.peek().is_none()
    }

    /// The value here as it is written.
    pub(super) fn raw(&mut self) -> Option<&'a str> {
        self.peek()?;
        let start = self.at;
        self.skip(0)?;
        self.text.get(start..self.at)
    }

    fn skip(&mut self, depth: usize) -> Option<()> {
        match self.peek()? {
            b'{' | b'[' if depth >= DEPTH => None,
            b'{' => self.members(|cursor, _| cursor.skip(depth + 1)),
            b'[' => self.elements(|cursor, _| cursor.skip(depth + 1)),
            b'"' => self.string().map(drop),
            b't' => self.word("true"),
            b'f' => self.word("false"),
            b'n' => self.word("null"),
            _ => self.number().map(drop),
        }
    }

    fn word(&mut self, word: &str) -> Option<()> {
        self.text[self.at..]
            .starts_with(word)
            .then(|| self.at += word.len())
    }

    fn number(&mut self) -> Option<&'a str> {
        let bytes = &self.text.as_bytes()[self.at..];
        let digits = |from: usize| {
            bytes[from..]
                .iter()
                .take_while(|byte| byte.is_ascii_digit())
                .count()
        };
        let mut end = usize::from(bytes.first() == Some(&b'-'));
        let whole = digits(end);
        if whole == 0 || (whole > 1 && bytes[end] == b'0') {
            return None;
        }
        end += whole;
        if bytes.get(end) == Some(&b'.') {
            let fraction = digits(end + 1);
            if fraction == 0 {
                return None;
            }
            end += 1 + fraction;
        }
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            let exponent = digits(end + 1 + sign);
            if exponent == 0 {
                return None;
            }
            end += 1 + sign + exponent;
        }
        let number = &self.text[self.at..self.at + end];
        self.at += end;
        Some(number)
    }

    /// The text of the string here; borrowed where nothing in it is escaped.
    fn string(&mut self) -> Option<Cow<'a, str>> {
        self.sign(b'"')?;
        let rest = &self.text[self.at..];
        let end = rest
            .bytes()
            .position(|byte| byte == b'"' || byte == b'\\' || byte < 0x20)?;
        if rest.as_bytes()[end] == b'"' {
            self.at += end + 1;
            return Some(Cow::Borrowed(&rest[..end]));
        }
        let mut text = rest[..end].to_owned();
        self.at += end;
        loop {
            let next = self.text[self.at..].chars().next()?;
            self.at += next.len_utf8();
            match next {
                '"' => return Some(Cow::Owned(text)),
                '\\' => text.push(self.escape()?),
                control if control < ' ' => return None,
                other => text.push(other),
            }
        }
    }

    fn escape(&mut self) -> Option<char> {
        let letter = *self.text.as_bytes().get(self.at)?;
        self.at += 1;
        Some(match letter {
            b'"' | b'\\' | b'/' => char::from(letter),
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => {
                let unit = self.unit()?;
                if (0xD800..0xDC00).contains(&unit) && self.text[self.at..].starts_with("\\u") {
                    let back = self.at;
                    self.at += 2;
                    let low = self.unit()?;
                    if (0xDC00..0xE000).contains(&low) {
                        return char::from_u32(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00));
                    }
                    self.at = back;
                }
                // A lone half of a pair is no character.
                char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER)
            }
            _ => return None,
        })
    }

    fn unit(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }

    /// Stands before each member's value in turn; `each` has to pass over it.
    fn members(
        &mut self,
        mut each: impl FnMut(&mut Self, Cow<'a, str>) -> Option<()>,
    ) -> Option<()> {
        self.sign(b'{')?;
        if self.peek()? == b'}' {
            return self.sign(b'}');
        }
        loop {
            self.peek()?;
            let key = self.string()?;
            self.sign(b':')?;
            each(self, key)?;
            match self.peek()? {
                b',' => self.at += 1,
                _ => return self.sign(b'}'),
            }
        }
    }

    /// Stands before each element in turn; `each` has to pass over it.
    fn elements(&mut self, mut each: impl FnMut(&mut Self, usize) -> Option<()>) -> Option<()> {
        self.sign(b'[')?;
        if self.peek()? == b']' {
            return self.sign(b']');
        }
        let mut place = 0;
        loop {
            each(self, place)?;
            place += 1;
            match self.peek()? {
                b',' => self.at += 1,
                _ => return self.sign(b']'),
            }
        }
    }

    /// The value at a path below the value here, as it is written.
    pub(super) fn find(&mut self, path: &[Step]) -> Option<&'a str> {
        let Some((step, rest)) = path.split_first() else {
            return self.raw();
        };
        let mut found = None;
        // `None` from `each` ends the walk at the match.
        let _ = match (self.peek()?, step) {
            (b'{', Step::Key(wanted)) => self.members(|cursor, key| {
                if key == wanted.as_str() {
                    found = cursor.find(rest);
                    return None;
                }
                cursor.skip(0)
            }),
            (b'[', step) => {
                let wanted = match step {
                    Step::Place(place) => *place,
                    Step::Key(key) => key.parse().ok()?,
                };
                self.elements(|cursor, place| {
                    if place == wanted {
                        found = cursor.find(rest);
                        return None;
                    }
                    cursor.skip(0)
                })
            }
            (b'{', Step::Place(wanted)) => {
                let wanted = wanted.to_string();
                self.members(|cursor, key| {
                    if key == wanted {
                        found = cursor.find(rest);
                        return None;
                    }
                    cursor.skip(0)
                })
            }
            _ => None,
        };
        found
    }

    fn value(&mut self, depth: usize) -> Option<Json<'a>> {
        Some(match self.peek()? {
            b'{' | b'[' if depth >= DEPTH => return None,
            b'{' => {
                let mut members = Vec::new();
                self.members(|cursor, key| {
                    members.push((key, cursor.value(depth + 1)?));
                    Some(())
                })?;
                Json::Object(members)
            }
            b'[' => {
                let mut elements = Vec::new();
                self.elements(|cursor, _| {
                    elements.push(cursor.value(depth + 1)?);
                    Some(())
                })?;
                Json::List(elements)
            }
            b'"' => Json::Text(self.string()?),
            b't' => self.word("true").map(|()| Json::Bool(true))?,
            b'f' => self.word("false").map(|()| Json::Bool(false))?,
            b'n' => self.word("null").map(|()| Json::Null)?,
            _ => Json::Number(self.number()?),
        })
    }
}

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

    use super::super::path::parse_path;
    use super::*;

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
            if let Ok(path) = parse_path(&path) {
                if let Some(found) = Cursor::new(&text).find(&path) {
                    prop_assert!(found.len() <= text.len());
                }
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
