//! A cell as one line of text, in Athena's manner: `[a, b]`, `{k=v}`, `null` inside.

use std::fmt::{self, Write};

use super::number::java_float;
use super::time::write_day;
use super::{Cell, TimeStyle};

/// What NULL is called inside a nested value.
const INNER_NULL: &str = "null";

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
