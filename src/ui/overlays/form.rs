//! The form of a saved query.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::visible_input;
use crate::store::overlay::{Field, Form};
use crate::ui::paint::{Pen, fill, frame};
use crate::ui::screen::{Cursor, overlay_area};
use crate::ui::text::{SafeText, wrap};
use crate::ui::theme::{Role, Theme};

/// Rows that a field takes: label, value, help or fault.
const FIELD_ROWS: u16 = 3;

/// Draws the form, and tells where the text cursor stands.
pub(in crate::ui) fn draw(form: &Form, theme: &Theme, buffer: &mut Buffer) -> Cursor {
    let fields = u16::try_from(form.fields.len()).unwrap_or(u16::MAX);
    let width = buffer.area().width.min(84);
    let purpose = SafeText::new(&form.template.purpose);
    let purpose = wrap(&purpose, usize::from(width.saturating_sub(4)));
    let head = u16::try_from(purpose.len()).unwrap_or(1) + 1;
    let height = fields.saturating_mul(FIELD_ROWS).saturating_add(head + 2);
    let area = overlay_area(buffer, theme, width, height);
    let inner = frame(
        buffer,
        theme,
        area,
        true,
        &form.template.name,
        "saved query",
    );
    for (row, line) in (0..inner.height).zip(&purpose) {
        Pen::new(buffer, theme, inner, row)
            .skip(1)
            .safe(line, theme.style(Role::Dim));
    }
    // Fields that do not fit scroll so that the current one is in sight.
    let room = inner.height.saturating_sub(head) / FIELD_ROWS;
    let current = u16::try_from(form.current).unwrap_or(0);
    let first = (current + 1).saturating_sub(room.max(1));
    let mut cursor = None;
    for (place, field) in form.fields.iter().enumerate().skip(usize::from(first)) {
        let row = u16::try_from(place).unwrap_or(0).saturating_sub(first) * FIELD_ROWS + head;
        if row + 1 >= inner.height {
            break;
        }
        let is_current = place == form.current;
        let at = draw_field(field, is_current, inner, row, theme, buffer);
        if is_current {
            cursor = at;
        }
    }
    cursor
}

fn draw_field(
    field: &Field,
    current: bool,
    inner: Rect,
    row: u16,
    theme: &Theme,
    buffer: &mut Buffer,
) -> Cursor {
    let label = if current { Role::Key } else { Role::InputLabel };
    Pen::new(buffer, theme, inner, row)
        .skip(1)
        .role(&field.name, label)
        .skip(1)
        .role(field.kind.name(), Role::Dim);
    let value = Rect {
        x: inner.x + 1,
        y: inner.y + row + 1,
        width: inner.width.saturating_sub(2),
        height: 1,
    };
    fill(buffer, value, theme.style(Role::Input));
    let (shown, column) = visible_input(&field.input, value.width.saturating_sub(1));
    let mut pen = Pen::new(buffer, theme, value, 0);
    if field.input.text().is_empty() {
        pen.role(&field.default, Role::Placeholder);
    } else {
        pen.safe(&shown, theme.style(Role::Input));
    }
    if row + 2 < inner.height {
        let mut pen = Pen::new(buffer, theme, inner, row + 2);
        pen.skip(1);
        match &field.error {
            Some(error) => pen.role(&format!("✗ {error}"), Role::Error),
            None => pen.role(&field.help, Role::Dim),
        };
    }
    Some((value.x + column, value.y))
}
