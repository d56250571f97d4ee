//! Aligned columns for a person at a terminal.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use super::{ExportError, Sink};
use crate::domain::cell::{Cell, Kind, Shown, TimeStyle};
use crate::domain::rows::Column;
use crate::ui::text::{Align, SafeText};

/// No value takes more columns than this; longer ones end in `…`.
const WIDEST: usize = 60;

/// Rows by which the widths are found before they are written.
const BLOCK: usize = 1_000;

/// Times are in UTC, and the head says so.
const TIMES: TimeStyle = TimeStyle::Shown(chrono_tz::UTC);

/// Rows in blocks: a block is held back until its widths are known. Widths only grow.
pub(super) struct Table {
    heads: Vec<SafeText<'static>>,
    aligns: Vec<Align>,
    widths: Vec<usize>,
    block: Vec<Vec<SafeText<'static>>>,
    rows: u64,
}

impl Table {
    pub(super) fn new(schema: &SchemaRef, columns: &[Column]) -> Self {
        let kinds = schema
            .fields()
            .iter()
            .map(|field| Kind::of(field.data_type()));
        let head = |(column, kind): (&Column, Kind)| {
            let zone = if kind == Kind::Timestamp { " UTC" } else { "" };
            SafeText::bounded(&format!("{}{zone}", column.name), WIDEST).into_owned()
        };
        let heads: Vec<_> = columns.iter().zip(kinds.clone()).map(head).collect();
        let align = |kind| {
            if kind == Kind::Number {
                Align::Right
            } else {
                Align::Left
            }
        };
        Self {
            widths: heads.iter().map(SafeText::width).collect(),
            heads,
            aligns: kinds.map(align).collect(),
            block: Vec::new(),
            rows: 0,
        }
    }

    fn flush(&mut self, out: &mut impl Write) -> Result<(), ExportError> {
        let is_first = self.rows == 0;
        for row in &self.block {
            for (width, text) in self.widths.iter_mut().zip(row) {
                *width = (*width).max(text.width());
            }
        }
        if is_first {
            self.write_row(&self.heads, out)?;
            let rule: Vec<String> = self.widths.iter().map(|width| "─".repeat(*width)).collect();
            writeln!(out, "{}", rule.join("  "))?;
        }
        for row in &self.block {
            self.write_row(row, out)?;
        }
        self.rows += self.block.len() as u64;
        self.block.clear();
        Ok(())
    }

    fn write_row(
        &self,
        row: &[SafeText<'static>],
        out: &mut impl Write,
    ) -> Result<(), ExportError> {
        let mut line = String::new();
        for (index, ((text, width), align)) in
            row.iter().zip(&self.widths).zip(&self.aligns).enumerate()
        {
            if index > 0 {
                line.push_str("  ");
            }
            line.push_str(text.clone().aligned(*width, *align).as_str());
        }
        writeln!(out, "{}", line.trim_end())?;
        Ok(())
    }
}

impl<W: Write> Sink<W> for Table {
    fn write(&mut self, batch: &RecordBatch, out: &mut W) -> Result<(), ExportError> {
        for row in 0..batch.num_rows() {
            let text = |array: &arrow::array::ArrayRef| match Cell::of(array.as_ref(), row)
                .shown(TIMES, WIDEST * 4)
            {
                Shown::Sign(sign) => SafeText::new(sign),
                Shown::Text(text) => SafeText::bounded(&text, WIDEST).into_owned(),
            };
            self.block.push(batch.columns().iter().map(text).collect());
            if self.block.len() == BLOCK {
                self.flush(out)?;
            }
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut W) -> Result<(), ExportError> {
        if self.rows == 0 || !self.block.is_empty() {
            self.flush(out)?;
        }
        let noun = if self.rows == 1 { "row" } else { "rows" };
        writeln!(out, "({} {noun})", self.rows)?;
        Ok(())
    }
}
