//! The record view: one row as a tree, a line for each value.
//!
//! The tree itself, its folds and paths are [`crate::domain::record`]; here its lines become cells.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::grid::{group_digits, value};
use crate::domain::cell::{Cell, TimeStyle};
use crate::domain::record::{Line, RecordView};
use crate::ui::text::SafeText;
use crate::ui::theme::{Role, Theme};

/// Names take at most so many columns, and no more than half of the width.
const WIDEST_NAME: usize = 44;

/// Columns for each level of depth.
const INDENT: usize = 2;

/// A record, ready to be drawn.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// Its lines, as [`crate::domain::record::lines`] gives them.
    pub lines: &'a [Line<'a>],
    /// What is selected and in sight.
    pub view: &'a RecordView,
    /// A text to be highlighted.
    pub find: Option<&'a str>,
    /// How times are written.
    pub times: TimeStyle,
    /// Whether the keys go here.
    pub focused: bool,
    /// How it looks.
    pub theme: &'a Theme,
}

impl Record<'_> {
    /// Draws the lines in sight.
    pub fn draw(&self, area: Rect, buffer: &mut Buffer) {
        let area = area.intersection(*buffer.area());
        if area.is_empty() {
            return;
        }
        let mut view = RecordView {
            top: self.view.top,
            line: self.view.line,
            ..RecordView::default()
        };
        view.fit(self.lines.len(), usize::from(area.height));
        let names = self.name_columns(area.width);
        let shown = self.lines.iter().enumerate().skip(view.top);
        for ((index, line), y) in shown.zip(area.y..area.bottom()) {
            let row = Rect {
                y,
                height: 1,
                ..area
            };
            self.draw_line(line, index == view.line, row, names, buffer);
        }
    }

    /// The columns of the names with their indent, the same for the whole record.
    fn name_columns(&self, width: u16) -> u16 {
        let name = |line: &Line<'_>| {
            let label = line.label();
            (line.depth + 1) * INDENT + SafeText::bounded(&label, WIDEST_NAME).width()
        };
        let widest = self
            .lines
            .iter()
            .map(name)
            .max()
            .unwrap_or_default()
            .min(WIDEST_NAME);
        u16::try_from(widest).unwrap_or(width).min(width / 2)
    }

    fn draw_line(
        &self,
        line: &Line<'_>,
        selected: bool,
        row: Rect,
        names: u16,
        buffer: &mut Buffer,
    ) {
        let theme = self.theme;
        let escape = theme.style(Role::Escape);
        if selected {
            let role = if self.focused {
                Role::Cursor
            } else {
                Role::Selection
            };
            buffer.set_style(row, theme.style(role));
        }
        // The ground is the line's, and on the cursor its colour too.
        let style = |role| match selected && self.focused {
            true => theme.style(Role::Cursor),
            false => Style {
                bg: None,
                ..theme.style(role)
            },
        };
        let sign = match line.fold {
            Some(true) => "▾",
            Some(false) => "▸",
            None => " ",
        };
        let indent = u16::try_from(line.depth * INDENT).unwrap_or(row.width);
        let at = row.x.saturating_add(indent).min(row.right());
        let name = SafeText::bounded(&line.label(), WIDEST_NAME).into_owned();
        let end = (row.x + names)
            .max(at.saturating_add(INDENT as u16))
            .min(row.right());
        SafeText::new(sign).draw(buffer, (at, row.y), end - at, style(Role::Dim), escape);
        let at = at.saturating_add(INDENT as u16).min(end);
        let room = usize::from(end - at);
        name.truncated(room)
            .draw(buffer, (at, row.y), end - at, style(Role::Header), escape);
        let start = (end + 2).min(row.right());
        let room = row.right() - start;
        let (text, role) = self.value(line, usize::from(room));
        text.draw(buffer, (start, row.y), room, style(role), escape);
        for found in self.find.iter().flat_map(|needle| text.find(needle)) {
            let from = start.saturating_add(u16::try_from(found.start).unwrap_or(room));
            let width = u16::try_from(found.len()).unwrap_or(room);
            let place = Rect {
                x: from,
                y: row.y,
                width,
                height: 1,
            };
            buffer.set_style(place.intersection(row), theme.style(Role::Match));
        }
    }

    fn value(&self, line: &Line<'_>, columns: usize) -> (SafeText<'static>, Role) {
        if line.left_out > 0 {
            let more = format!("  … and {} more", group_digits(line.left_out as u64));
            let (text, role) = value(&line.value, self.times, columns.saturating_sub(more.len()));
            let both = format!("{text}{more}");
            return (SafeText::bounded(&both, columns).into_owned(), role);
        }
        if line.fold == Some(true) {
            let size = match &line.value {
                Cell::Struct(fields) => count(fields.len(), "field"),
                Cell::List(list) => count(list.len(), "element"),
                Cell::Map(map) => count(map.len(), "entry"),
                _ => String::new(),
            };
            return (SafeText::bounded(&size, columns).into_owned(), Role::Dim);
        }
        // No column's head tells the zone here.
        let (text, role) = value(&line.value, self.times, columns);
        if matches!(line.value, Cell::Timestamp(_))
            && self.times == TimeStyle::Shown(chrono_tz::UTC)
        {
            let with_zone = format!("{text} UTC");
            return (SafeText::bounded(&with_zone, columns).into_owned(), role);
        }
        (text, role)
    }
}

fn count(size: usize, noun: &str) -> String {
    let noun = match (size, noun) {
        (1, noun) => noun.to_owned(),
        (_, "entry") => "entries".to_owned(),
        (_, noun) => format!("{noun}s"),
    };
    format!("{} {noun}", group_digits(size as u64))
}

#[cfg(test)]
mod tests;
