//! Reading JSON text by a cursor that skips what is not asked for.

use std::borrow::Cow;

use super::path::Step;
use super::value::Json;

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

    pub(super) fn value(&mut self, depth: usize) -> Option<Json<'a>> {
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
