//! A Markdown table whose data stays data.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::{ExportError, Sink};
use crate::domain::cell::{Cell, Kind, Shown, TimeStyle};
use crate::domain::rows::Column;
use crate::ui::text::SafeText;

/// Times are in UTC, and the head says so.
const TIMES: TimeStyle = TimeStyle::Shown(chrono_tz::UTC);

/// Texts stand in code spans, in which no link, image or HTML comes alive.
pub(super) struct Markdown;

impl Markdown {
    pub(super) fn new(
        schema: &SchemaRef,
        columns: &[Column],
        out: &mut impl Write,
    ) -> Result<Self, ExportError> {
        let mut head = String::from("|");
        let mut rule = String::from("|");
        for (field, column) in schema.fields().iter().zip(columns) {
            let kind = Kind::of(field.data_type());
            head.push(' ');
            push_name(&mut head, &column.name);
            head.push_str(if kind == Kind::Timestamp {
                " UTC |"
            } else {
                " |"
            });
            rule.push_str(if kind == Kind::Number {
                " ---: |"
            } else {
                " --- |"
            });
        }
        writeln!(out, "{head}\n{rule}")?;
        Ok(Self)
    }
}

impl<W: Write> Sink<W> for Markdown {
    fn write(&mut self, batch: &RecordBatch, out: &mut W) -> Result<(), ExportError> {
        let mut line = String::new();
        for row in 0..batch.num_rows() {
            line.clear();
            line.push('|');
            for array in batch.columns() {
                line.push(' ');
                let cell = Cell::of(array.as_ref(), row);
                match cell.shown(TIMES, usize::MAX) {
                    Shown::Sign(sign) => line.push_str(sign),
                    Shown::Text(text) if is_harmless(&cell) => line.push_str(&text),
                    Shown::Text(text) => push_code(&mut line, SafeText::new(&text).as_str()),
                }
                line.push_str(" |");
            }
            writeln!(out, "{line}")?;
        }
        Ok(())
    }

    fn finish(&mut self, _out: &mut W) -> Result<(), ExportError> {
        Ok(())
    }
}

/// Values that are digits, signs and letters of ours.
fn is_harmless(cell: &Cell<'_>) -> bool {
    !matches!(
        cell,
        Cell::Text(_) | Cell::List(_) | Cell::Struct(_) | Cell::Map(_) | Cell::Other(_)
    )
}

fn push_name(line: &mut String, name: &str) {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '.');
    if !name.is_empty() && name.chars().all(plain) {
        line.push_str(name);
    } else {
        push_code(line, SafeText::new(name).as_str());
    }
}

/// A code span, with a fence longer than any run of backticks inside. A `|` would end the cell:
/// it is escaped, or shown as `\x7c` where a backslash before it would undo the escape.
fn push_code(line: &mut String, text: &str) {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    // Spaces next to the fences are dropped in pairs, and keep a backtick apart from its fence.
    let pad = text.is_empty() || text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']);
    let pad = if pad { " " } else { "" };
    line.push_str(&fence);
    line.push_str(pad);
    let mut before = ' ';
    for c in text.chars() {
        match c {
            '|' if before == '\\' => line.push_str("\\x7c"),
            '|' => line.push_str("\\|"),
            c => line.push(c),
        }
        before = c;
    }
    line.push_str(pad);
    line.push_str(&fence);
}
