//! CSV: Athena's own, and one that a spreadsheet may open.

use std::io::Write;

use arrow::array::RecordBatch;

use super::{ExportError, Sink};
use crate::domain::cell::{Cell, TimeStyle};
use crate::domain::rows::Column;

/// The last column of the spreadsheet-safe CSV: which of a row's values are altered.
const ALTERED: &str = "altered_by_lakehound";

/// What keeps a spreadsheet from reading a value as a formula.
const GUARD: char = '\'';

/// Athena's convention: every value quoted, NULL bare and empty, the empty text `""`, `\n` after
/// each line. The safe variant puts `'` before every text that a spreadsheet might run, and a
/// last column that names the columns altered in that row.
pub(super) struct Csv {
    /// The names, guarded, in the safe variant.
    guarded: Option<Vec<String>>,
    line: String,
}

impl Csv {
    pub(super) fn exact(columns: &[Column], out: &mut impl Write) -> Result<Self, ExportError> {
        Self::begin(columns.iter().map(|column| column.name.clone()), None, out)
    }

    pub(super) fn safe(columns: &[Column], out: &mut impl Write) -> Result<Self, ExportError> {
        let guarded: Vec<String> = columns
            .iter()
            .map(|column| {
                let mut name = column.name.clone();
                guard(&mut name);
                name
            })
            .collect();
        let head = guarded.clone().into_iter().chain([ALTERED.to_owned()]);
        Self::begin(head, Some(guarded), out)
    }

    fn begin(
        names: impl Iterator<Item = String>,
        guarded: Option<Vec<String>>,
        out: &mut impl Write,
    ) -> Result<Self, ExportError> {
        let mut line = String::new();
        for (index, name) in names.enumerate() {
            push(&mut line, index, Some(&name));
        }
        line.push('\n');
        out.write_all(line.as_bytes())?;
        Ok(Self { guarded, line })
    }
}

impl<W: Write> Sink<W> for Csv {
    fn write(&mut self, batch: &RecordBatch, out: &mut W) -> Result<(), ExportError> {
        for row in 0..batch.num_rows() {
            self.line.clear();
            let mut altered = Vec::new();
            for (index, array) in batch.columns().iter().enumerate() {
                match Cell::of(array.as_ref(), row) {
                    Cell::Text(text) if self.guarded.is_none() => {
                        push(&mut self.line, index, Some(text));
                    }
                    cell => {
                        let mut text = cell.text(TimeStyle::Athena);
                        // What comes of a number or a time is no formula, whatever its sign.
                        let free = matches!(cell, Cell::Text(_) | Cell::Other(_));
                        if let (Some(names), Some(text)) = (&self.guarded, &mut text)
                            && free
                            && guard(text)
                        {
                            altered.extend(names.get(index).map(String::as_str));
                        }
                        push(&mut self.line, index, text.as_deref());
                    }
                }
            }
            if self.guarded.is_some() {
                let altered = altered.join("; ");
                push(&mut self.line, batch.num_columns(), Some(&altered));
            }
            self.line.push('\n');
            out.write_all(self.line.as_bytes())?;
        }
        Ok(())
    }

    fn finish(&mut self, _out: &mut W) -> Result<(), ExportError> {
        Ok(())
    }
}

fn push(line: &mut String, index: usize, value: Option<&str>) {
    if index > 0 {
        line.push(',');
    }
    let Some(value) = value else { return };
    line.push('"');
    for (index, part) in value.split('"').enumerate() {
        if index > 0 {
            line.push_str("\"\"");
        }
        line.push_str(part);
    }
    line.push('"');
}

/// Puts the guard before a text that a spreadsheet might run. Leading spaces and a guard of the
/// data's own do not hide a formula.
fn guard(text: &mut String) -> bool {
    let first = text.trim_start_matches([' ', '\u{a0}']).chars().next();
    let risky = matches!(
        first,
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠')
    );
    if risky {
        text.insert(0, GUARD);
    }
    risky
}
