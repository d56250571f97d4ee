//! A cell as one line of text, in Athena's manner: `[a, b]`, `{k=v}`, `null` inside.

use std::borrow::Cow;
use std::fmt::{self, Write};

use super::number::java_float;
use super::time::write_day;
use super::{Cell, TimeStyle};

/// What NULL is called inside a nested value.
const INNER_NULL: &str = "null";

/// What SQL NULL looks like to a person. A text that spells it is quoted.
const SHOWN_NULL: &str = "NULL";

/// What an empty text looks like to a person.
const SHOWN_EMPTY: &str = "''";

/// What a person reads in a cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown<'a> {
    /// A sign that stands for no text: NULL, or the empty text.
    Sign(&'static str),
    /// A text.
    Text(Cow<'a, str>),
}

impl<'a> Cell<'a> {
    /// What a person reads: the text as far as about `limit` bytes (a text of its own is given
    /// whole, as it costs nothing), or a sign. A text that spells a sign is quoted as in SQL, so
    /// that no data can pass for NULL.
    pub fn shown(&self, style: TimeStyle, limit: usize) -> Shown<'a> {
        match self {
            Self::Null => Shown::Sign(SHOWN_NULL),
            Self::Text("") => Shown::Sign(SHOWN_EMPTY),
            Self::Text(text) if spells_a_sign(text) => {
                Shown::Text(Cow::Owned(format!("'{}'", text.replace('\'', "''"))))
            }
            Self::Text(text) => Shown::Text(Cow::Borrowed(text)),
            _ => Shown::Text(Cow::Owned(self.short(style, limit).unwrap_or_default())),
        }
    }
}

/// Whether a text would read as NULL, as an empty text, or as one that is quoted for that reason.
fn spells_a_sign(text: &str) -> bool {
    let quoted = text.len() >= 2 && text.starts_with('\'') && text.ends_with('\'');
    text == SHOWN_NULL || quoted && text.len() < 64
}

impl Cell<'_> {
    /// The whole text: what Athena writes into its result file. `None` for NULL.
    pub fn text(&self, style: TimeStyle) -> Option<String> {
        if self.is_null() {
            return None;
        }
        let mut out = String::new();
        // Writing into a String cannot fail.
        let _ = self.write(style, false, &mut out);
        Some(out)
    }

    /// The text as far as `limit` bytes, then `…`. Costs no more than that, however large the
    /// value is. `None` for NULL.
    pub fn short(&self, style: TimeStyle, limit: usize) -> Option<String> {
        if self.is_null() {
            return None;
        }
        let mut out = Limited {
            text: String::with_capacity(limit.min(64)),
            limit,
        };
        if self.write(style, false, &mut out).is_err() {
            out.text.push('…');
        }
        Some(out.text)
    }

    /// Appends the text to something that may refuse to take more. NULL is written as `null`.
    pub fn write(&self, style: TimeStyle, nested: bool, out: &mut impl Write) -> fmt::Result {
        match self {
            Self::Null => out.write_str(INNER_NULL),
            Self::Bool(value) => write!(out, "{value}"),
            Self::Int(value) => write!(out, "{value}"),
            Self::UInt(value) => write!(out, "{value}"),
            Self::Float(value) => out.write_str(&java_float(*value)),
            Self::Real(value) => out.write_str(&java_float(*value)),
            Self::Decimal(text) | Self::Other(text) => out.write_str(text),
            Self::Text(text) => out.write_str(text),
            Self::Bytes(bytes) => write_bytes(bytes, out),
            Self::Timestamp(time) => time.write(style, nested, out),
            Self::Date(days) => write_day(*days, out),
            Self::Time(time) => time.write(out),
            Self::Interval(interval) => interval.write(out),
            Self::List(list) => {
                out.write_char('[')?;
                for (index, cell) in list.iter().enumerate() {
                    separate(index, out)?;
                    cell.write(style, true, out)?;
                }
                out.write_char(']')
            }
            Self::Struct(fields) => {
                out.write_char('{')?;
                for (index, (name, cell)) in fields.iter().enumerate() {
                    separate(index, out)?;
                    out.write_str(name)?;
                    out.write_char('=')?;
                    cell.write(style, true, out)?;
                }
                out.write_char('}')
            }
            Self::Map(entries) => {
                out.write_char('{')?;
                for (index, (key, cell)) in entries.iter().enumerate() {
                    separate(index, out)?;
                    key.write(style, true, out)?;
                    out.write_char('=')?;
                    cell.write(style, true, out)?;
                }
                out.write_char('}')
            }
        }
    }
}

fn separate(index: usize, out: &mut impl Write) -> fmt::Result {
    if index > 0 {
        out.write_str(", ")
    } else {
        Ok(())
    }
}

/// Bytes as Athena prints VARBINARY: `68 65 6c`.
fn write_bytes(bytes: &[u8], out: &mut impl Write) -> fmt::Result {
    for (index, byte) in bytes.iter().enumerate() {
        if index > 0 {
            out.write_char(' ')?;
        }
        write!(out, "{byte:02x}")?;
    }
    Ok(())
}

/// Takes text up to a limit and fails on what goes beyond it, which ends the writing.
struct Limited {
    text: String,
    limit: usize,
}

impl Write for Limited {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        let room = self.limit - self.text.len();
        if piece.len() <= room {
            self.text.push_str(piece);
            return Ok(());
        }
        self.text
            .push_str(&piece[..piece.floor_char_boundary(room)]);
        // What follows must find no room, even where a character was too wide for the last bytes.
        self.limit = self.text.len();
        Err(fmt::Error)
    }
}
