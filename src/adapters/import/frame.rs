//! Where one record ends and the next begins, in bytes that come piece by piece.
//!
//! Nothing is taken apart here: brackets and quotes are counted, so that a document of any size is
//! cut into records with no more memory than the longest of them takes.

use memchr::{memchr, memchr2, memmem};

/// A record that is longer is refused.
pub(super) const MAX_RECORD: usize = 16 << 20;

/// How records follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Framing {
    /// One on each line.
    Lines,
    /// JSON values one behind another, and a JSON array is as many as it has elements; so is
    /// `{"Records": […]}`.
    Document(Inside),
}

/// Where in a document the next record is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Inside {
    /// Between top values.
    Top,
    /// In an array; `true` where that is the `Records` of an object.
    Array(bool),
    /// Behind the `Records` of an object.
    Tail,
}

/// A stretch of the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) start: usize,
    pub(super) end: usize,
    /// Why it is no record; `None` where it may be one.
    pub(super) fault: Option<&'static str>,
}

/// Cuts what is complete, and gives how many bytes are done with. With `ended` nothing follows, and
/// then all of the bytes are done with.
pub(super) fn cut(
    framing: &mut Framing,
    bytes: &[u8],
    ended: bool,
    pieces: &mut Vec<Piece>,
) -> usize {
    match framing {
        Framing::Lines => lines(bytes, ended, pieces),
        Framing::Document(inside) => {
            let mut document = Document {
                bytes,
                ended,
                at: 0,
                inside: *inside,
                pieces,
            };
            while document.step() {}
            *inside = document.inside;
            document.at
        }
    }
}

fn lines(bytes: &[u8], ended: bool, pieces: &mut Vec<Piece>) -> usize {
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let (length, next) = match memchr(b'\n', rest) {
            Some(length) => (length, at + length + 1),
            None if ended => (rest.len(), bytes.len()),
            None if rest.len() > MAX_RECORD => {
                let fault = Some(TOO_LONG);
                pieces.push(Piece {
                    start: at,
                    end: bytes.len(),
                    fault,
                });
                return bytes.len();
            }
            None => break,
        };
        let line = &rest[..length];
        if !line.trim_ascii().is_empty() {
            let fault = (length > MAX_RECORD).then_some(TOO_LONG);
            pieces.push(Piece {
                start: at,
                end: at + length,
                fault,
            });
        }
        at = next;
    }
    at
}

const TOO_LONG: &str = "it is longer than 16 MiB";
const CUT_OFF: &str = "the file ends inside of a record";

struct Document<'a> {
    bytes: &'a [u8],
    ended: bool,
    at: usize,
    inside: Inside,
    pieces: &'a mut Vec<Piece>,
}

impl Document<'_> {
    /// One record further, or one bracket; false where more bytes are needed or none are left.
    fn step(&mut self) -> bool {
        let between =
            |byte: &u8| byte.is_ascii_whitespace() || (*byte == b',' && self.inside != Inside::Top);
        let rest = &self.bytes[self.at..];
        self.at += rest.iter().take_while(|byte| between(byte)).count();
        let Some(first) = self.bytes.get(self.at).copied() else {
            return false;
        };
        match (self.inside, first) {
            (Inside::Top, b'[') => self.enter(self.at + 1, Inside::Array(false)),
            (Inside::Top, b'{') => match records(&self.bytes[self.at..]) {
                Some(skip) => self.enter(self.at + skip, Inside::Array(true)),
                None => self.record(),
            },
            (Inside::Top, _) => self.garbage(),
            (Inside::Array(false), b']') | (Inside::Tail, b'}') => {
                self.enter(self.at + 1, Inside::Top)
            }
            (Inside::Array(true), b']') => self.enter(self.at + 1, Inside::Tail),
            (Inside::Array(_), _) => self.record(),
            (Inside::Tail, _) => self.skip(),
        }
    }

    fn enter(&mut self, at: usize, inside: Inside) -> bool {
        self.at = at;
        self.inside = inside;
        true
    }

    fn record(&mut self) -> bool {
        match end_of_value(self.bytes, self.at, self.ended) {
            Some(end) if end - self.at <= MAX_RECORD => {
                self.take(end, None);
                true
            }
            Some(end) => {
                self.take(end, Some(TOO_LONG));
                true
            }
            None if self.ended => self.resume(CUT_OFF),
            None if self.bytes.len() - self.at > MAX_RECORD => self.resume(TOO_LONG),
            None => false,
        }
    }

    fn take(&mut self, end: usize, fault: Option<&'static str>) {
        let start = self.at;
        // A bracket that closes nothing here is no value: it alone is passed over, as a fault.
        let end = end.max(start + 1);
        self.pieces.push(Piece { start, end, fault });
        self.at = end;
    }

    /// Behind a record that does not end: the next line that begins an object, where there is one.
    fn resume(&mut self, fault: &'static str) -> bool {
        let rest = &self.bytes[self.at..];
        let next = memmem::find(rest, b"\n{").filter(|_| self.inside == Inside::Top);
        let end = next.map_or(self.bytes.len(), |next| self.at + next + 1);
        self.take(end, Some(fault));
        true
    }

    fn garbage(&mut self) -> bool {
        let rest = &self.bytes[self.at..];
        match memchr(b'\n', rest) {
            Some(length) => self.take(self.at + length, Some("it is no JSON")),
            None if self.ended || rest.len() > MAX_RECORD => {
                self.take(self.bytes.len(), Some("it is no JSON"));
            }
            None => return false,
        }
        true
    }

    /// Passes over a name, a colon or a value behind the records.
    fn skip(&mut self) -> bool {
        if self.bytes.get(self.at) == Some(&b':') {
            self.at += 1;
            return true;
        }
        match end_of_value(self.bytes, self.at, self.ended) {
            Some(end) => {
                self.at = end.max(self.at + 1);
                true
            }
            None if self.ended || self.bytes.len() - self.at > MAX_RECORD => {
                self.take(
                    self.bytes.len(),
                    Some("the file ends inside of its last object"),
                );
                true
            }
            None => false,
        }
    }
}

/// Where the elements of `Records` begin, in an object that begins with it or with short members
/// before it.
fn records(bytes: &[u8]) -> Option<usize> {
    let mut at = 1;
    let skip = |mut at: usize, also: u8| {
        while bytes
            .get(at)
            .is_some_and(|byte| byte.is_ascii_whitespace() || *byte == also)
        {
            at += 1;
        }
        at
    };
    loop {
        at = skip(at, b',');
        if bytes.get(at) != Some(&b'"') {
            return None;
        }
        let end = end_of_value(bytes, at, false)?;
        let name = bytes.get(at..end)?;
        at = skip(end, b':');
        match bytes.get(at)? {
            b'[' if name == b"\"Records\"" => return Some(at + 1),
            b'{' | b'[' => return None,
            _ => at = end_of_value(bytes, at, false)?,
        }
    }
}

/// Where the value that begins at `at` ends; `None` where that is not among the bytes.
fn end_of_value(bytes: &[u8], at: usize, ended: bool) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = at;
    loop {
        match bytes.get(at)? {
            b'"' => {
                at = end_of_text(bytes, at + 1)?;
                if depth == 0 {
                    return Some(at);
                }
            }
            b'{' | b'[' => {
                depth += 1;
                at += 1;
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                at += 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ if depth > 0 => at += 1,
            _ => {
                // A number or a word; its end shows in what follows.
                let ends = |byte: &u8| byte.is_ascii_whitespace() || b",]}[{\"".contains(byte);
                return match bytes[at..].iter().position(ends) {
                    Some(length) => Some(at + length),
                    None => ended.then_some(bytes.len()),
                };
            }
        }
    }
}

fn end_of_text(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes.get(at) == Some(&b'"') {
            return Some(at + 1);
        }
        at += 2;
    }
}
