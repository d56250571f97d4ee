//! JSON of strangers, read once: a strict check of the whole text and a flat list of its values,
//! each with its place, so that what is only passed on is never taken apart.
//!
//! The list is kept between records, so that a record costs no allocation of its own.

use std::borrow::Cow;

/// Objects and arrays inside each other, at most.
const MAX_DEPTH: usize = 128;

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Null,
    False,
    True,
    Number,
    /// A text without escapes.
    Text,
    /// A text with escapes.
    Escaped,
    Object,
    Array,
}

#[derive(Debug, Clone, Copy)]
struct Node {
    kind: Kind,
    /// Of a text: without the quotes.
    start: u32,
    end: u32,
    /// The first node behind this value and all in it.
    next: u32,
}

/// Why a text is no JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault {
    /// Bytes from the start of the text.
    pub(super) at: usize,
    /// What was wrong there.
    pub(super) what: &'static str,
}

/// The values of one text.
#[derive(Debug, Default)]
pub(super) struct Tape {
    nodes: Vec<Node>,
    /// Whether there is white space between tokens.
    spaced: bool,
}

impl Tape {
    /// Reads one value and nothing behind it.
    pub(super) fn read<'a>(&'a mut self, text: &'a str) -> Result<Value<'a>, Fault> {
        self.nodes.clear();
        self.spaced = false;
        if u32::try_from(text.len()).is_err() {
            let what = "it is longer than 4 GiB";
            return Err(Fault { at: 0, what });
        }
        let mut reader = Reader {
            bytes: text.as_bytes(),
            at: 0,
            tape: self,
        };
        reader.space();
        // White space around the whole value is no part of it.
        reader.tape.spaced = false;
        reader.value(0)?;
        let spaced = reader.tape.spaced;
        reader.space();
        if reader.at < text.len() {
            return Err(reader.fault("something follows the value"));
        }
        self.spaced = spaced;
        Ok(Value {
            tape: self,
            text,
            at: 0,
        })
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    tape: &'a mut Tape,
}

impl Reader<'_> {
    fn fault(&self, what: &'static str) -> Fault {
        Fault { at: self.at, what }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.tape.spaced = true;
            self.at += 1;
        }
    }

    fn push(&mut self, kind: Kind, start: usize, end: usize) -> usize {
        let place = self.tape.nodes.len();
        // The text is shorter than 4 GiB, and no value is shorter than a byte.
        self.tape.nodes.push(Node {
            kind,
            start: start as u32,
            end: end as u32,
            next: place as u32 + 1,
        });
        place
    }

    fn value(&mut self, depth: usize) -> Result<(), Fault> {
        let start = self.at;
        match self.peek() {
            Some(b'"') => self.string(),
            Some(b'{') => self.nested(Kind::Object, b'}', depth),
            Some(b'[') => self.nested(Kind::Array, b']', depth),
            Some(b't') => self.word(Kind::True, b"true", start),
            Some(b'f') => self.word(Kind::False, b"false", start),
            Some(b'n') => self.word(Kind::Null, b"null", start),
            Some(b'-' | b'0'..=b'9') => self.number(start),
            Some(_) => Err(self.fault("no value begins like this")),
            None => Err(self.fault("it ends where a value is due")),
        }
    }

    fn word(&mut self, kind: Kind, word: &[u8], start: usize) -> Result<(), Fault> {
        if !self.bytes[self.at..].starts_with(word) {
            return Err(self.fault("no value begins like this"));
        }
        self.at += word.len();
        self.push(kind, start, self.at);
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Fault> {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at == start {
            return Err(self.fault("a digit is missing"));
        }
        Ok(())
    }

    fn number(&mut self, start: usize) -> Result<(), Fault> {
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        self.push(Kind::Number, start, self.at);
        Ok(())
    }

    fn string(&mut self) -> Result<(), Fault> {
        self.at += 1;
        let start = self.at;
        let mut kind = Kind::Text;
        loop {
            let rest = &self.bytes[self.at..];
            let ends = |byte: &u8| *byte == b'"' || *byte == b'\\' || *byte < 0x20;
            let Some(skip) = rest.iter().position(ends) else {
                self.at = self.bytes.len();
                return Err(self.fault("a text does not end"));
            };
            self.at += skip;
            match self.bytes[self.at] {
                b'"' => break,
                b'\\' => {
                    kind = Kind::Escaped;
                    self.escape()?;
                }
                _ => return Err(self.fault("a control character stands in a text")),
            }
        }
        self.push(kind, start, self.at);
        self.at += 1;
        Ok(())
    }

    fn escape(&mut self) -> Result<(), Fault> {
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.at += 2,
            Some(b'u') => {
                let digits = self.bytes.get(self.at + 2..self.at + 6);
                if !digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit)) {
                    return Err(self.fault("four hexadecimal digits follow `\\u`"));
                }
                self.at += 6;
            }
            _ => return Err(self.fault("there is no such escape")),
        }
        Ok(())
    }

    fn nested(&mut self, kind: Kind, close: u8, depth: usize) -> Result<(), Fault> {
        if depth >= MAX_DEPTH {
            return Err(self.fault("it is nested deeper than 128 levels"));
        }
        let place = self.push(kind, self.at, self.at);
        self.at += 1;
        self.space();
        if self.peek() == Some(close) {
            self.at += 1;
        } else {
            loop {
                if kind == Kind::Object {
                    if self.peek() != Some(b'"') {
                        return Err(self.fault("a member's name is missing"));
                    }
                    self.string()?;
                    self.space();
                    if self.peek() != Some(b':') {
                        return Err(self.fault("`:` is missing behind a name"));
                    }
                    self.at += 1;
                    self.space();
                }
                self.value(depth + 1)?;
                self.space();
                match self.peek() {
                    Some(b',') => self.at += 1,
                    Some(byte) if byte == close => {
                        self.at += 1;
                        break;
                    }
                    Some(_) => return Err(self.fault("`,` or a closing bracket is missing")),
                    None => return Err(self.fault("it ends inside of a record")),
                }
                self.space();
            }
        }
        let next = self.tape.nodes.len() as u32;
        if let Some(node) = self.tape.nodes.get_mut(place) {
            node.end = self.at as u32;
            node.next = next;
        }
        Ok(())
    }
}

/// One value of a text that was read.
#[derive(Clone, Copy)]
pub(super) struct Value<'a> {
    tape: &'a Tape,
    text: &'a str,
    at: u32,
}

impl<'a> Value<'a> {
    fn node(self) -> Node {
        // Every value stands for a node that is there.
        self.tape.nodes[self.at as usize]
    }

    fn span(self) -> &'a str {
        let node = self.node();
        &self.text[node.start as usize..node.end as usize]
    }

    /// What it is.
    pub(super) fn kind(self) -> Kind {
        self.node().kind
    }

    /// How many bytes it has.
    pub(super) fn size(self) -> usize {
        self.span().len()
    }

    /// Whether it is `null`.
    pub(super) fn is_null(self) -> bool {
        self.kind() == Kind::Null
    }

    /// A text's characters.
    pub(super) fn text(self) -> Option<Cow<'a, str>> {
        match self.kind() {
            Kind::Text => Some(Cow::Borrowed(self.span())),
            Kind::Escaped => Some(Cow::Owned(unescape(self.span()))),
            _ => None,
        }
    }

    /// The value as a cell: a text's characters, anything else as JSON; `None` for `null`.
    pub(super) fn cell(self) -> Option<Cow<'a, str>> {
        match self.kind() {
            Kind::Null => None,
            Kind::Text | Kind::Escaped => self.text(),
            _ => Some(self.json()),
        }
    }

    /// A number's or word's or text's plain characters, as written.
    pub(super) fn plain(self) -> &'a str {
        match self.kind() {
            Kind::Object | Kind::Array => "",
            _ => self.span(),
        }
    }

    /// The JSON without white space between tokens, every token as it was written.
    pub(super) fn json(self) -> Cow<'a, str> {
        match self.kind() {
            Kind::Text | Kind::Escaped => Cow::Owned(format!("\"{}\"", self.span())),
            Kind::Object | Kind::Array if self.tape.spaced => {
                let mut out = String::with_capacity(self.span().len());
                self.write_json(&mut out);
                Cow::Owned(out)
            }
            _ => Cow::Borrowed(self.span()),
        }
    }

    fn write_json(self, out: &mut String) {
        match self.kind() {
            Kind::Text | Kind::Escaped => {
                out.push('"');
                out.push_str(self.span());
                out.push('"');
            }
            Kind::Array => {
                out.push('[');
                for (index, item) in self.items().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    item.write_json(out);
                }
                out.push(']');
            }
            Kind::Object => {
                out.push('{');
                for (index, (name, value)) in self.pairs().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    name.write_json(out);
                    out.push(':');
                    value.write_json(out);
                }
                out.push('}');
            }
            _ => out.push_str(self.span()),
        }
    }

    fn children(self) -> impl Iterator<Item = Value<'a>> {
        let node = self.node();
        let nested = matches!(node.kind, Kind::Object | Kind::Array);
        let mut at = self.at + 1;
        std::iter::from_fn(move || {
            if !nested || at >= node.next {
                return None;
            }
            let child = Value { at, ..self };
            at = child.node().next;
            Some(child)
        })
    }

    /// The elements of an array; none of anything else.
    pub(super) fn items(self) -> impl Iterator<Item = Value<'a>> {
        let is_array = self.kind() == Kind::Array;
        self.children().filter(move |_| is_array)
    }

    fn pairs(self) -> impl Iterator<Item = (Value<'a>, Value<'a>)> {
        let is_object = self.kind() == Kind::Object;
        let mut children = self.children();
        std::iter::from_fn(move || {
            if !is_object {
                return None;
            }
            Some((children.next()?, children.next()?))
        })
    }

    /// The members of an object in order; none of anything else.
    pub(super) fn members(self) -> impl Iterator<Item = (Cow<'a, str>, Value<'a>)> {
        self.pairs()
            .filter_map(|(name, value)| Some((name.text()?, value)))
    }

    /// The first member of that name.
    pub(super) fn member(self, name: &str) -> Option<Value<'a>> {
        self.members()
            .find_map(|(found, value)| (found == name).then_some(value))
    }

    /// A name that an object holds twice.
    pub(super) fn twice(self) -> Option<String> {
        let names: Vec<Cow<'_, str>> = self.members().map(|(name, _)| name).collect();
        if names.len() <= 40 {
            let again = |(index, name): (usize, &Cow<'_, str>)| {
                let earlier = names.get(..index).unwrap_or_default();
                earlier.contains(name).then(|| name.to_string())
            };
            return names.iter().enumerate().find_map(again);
        }
        let mut seen = std::collections::HashSet::new();
        let mut names = names.iter();
        names
            .find(|name| !seen.insert((*name).clone()))
            .map(ToString::to_string)
    }
}

/// The characters that a checked text with escapes stands for. Half a surrogate pair stands for no
/// character: its escape stays as it was written.
fn unescape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let (written, character) = match rest.as_bytes().get(1) {
            Some(b'u') => unicode(rest),
            Some(b'b') => (2, Some('\u{8}')),
            Some(b'f') => (2, Some('\u{c}')),
            Some(b'n') => (2, Some('\n')),
            Some(b'r') => (2, Some('\r')),
            Some(b't') => (2, Some('\t')),
            Some(byte) => (2, Some(char::from(*byte))),
            None => (1, None),
        };
        let (escape, behind) = rest.split_at(written.min(rest.len()));
        match character {
            Some(character) => out.push(character),
            None => out.push_str(escape),
        }
        rest = behind;
    }
    out.push_str(rest);
    out
}

/// How many bytes a `\u` escape takes, with its other half, and what it stands for.
fn unicode(text: &str) -> (usize, Option<char>) {
    let unit = |at: usize| {
        let escape = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u32::from_str_radix(escape, 16).ok()
    };
    let Some(first) = unit(0) else {
        return (2, None);
    };
    if let Some(character) = char::from_u32(first) {
        return (6, Some(character));
    }
    match unit(6) {
        Some(second) if first < 0xdc00 && (0xdc00..0xe000).contains(&second) => {
            let code = 0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00);
            (12, char::from_u32(code))
        }
        _ => (6, None),
    }
}
