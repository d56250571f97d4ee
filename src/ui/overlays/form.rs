//! The form of a saved query.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::visible_input;
use crate::store::overlay::{Field, Form};
use crate::ui::paint::{Pen, fill, foot, frame, more};
use crate::ui::screen::{Cursor, overlay_area};
use crate::ui::text::{SafeText, wrap};
use crate::ui::theme::{Role, Theme};

/// Draws the form, and tells where the text cursor stands.
pub(in crate::ui) fn draw(form: &Form, theme: &Theme, buffer: &mut Buffer) -> Cursor {
    let width = buffer.area().width.min(84);
    let room = usize::from(width.saturating_sub(4));
    let purpose = wrap(&SafeText::new(&form.template.purpose), room);
    let head = rows(purpose.len().max(1) + 1);
    let heights: Vec<u16> = form
        .fields
        .iter()
        .map(|field| height(field, room))
        .collect();
    let wanted = heights
        .iter()
        .fold(head + 1, |sum, rows| sum.saturating_add(*rows));
    let area = overlay_area(buffer, theme, width, wanted);
    let place = format!(
        "saved query · field {} of {}",
        form.current + 1,
        form.fields.len()
    );
    let inner = frame(buffer, theme, area, true, &form.template.name, &place);
    for (row, line) in (0..inner.height).zip(&purpose) {
        Pen::new(buffer, theme, inner, row)
            .skip(1)
            .safe(line, theme.style(Role::Dim));
    }
    let (first, last) = in_sight(&heights, form.current, inner.height.saturating_sub(head));
    let below = form.fields.len().saturating_sub(last);
    foot(buffer, theme, area, ("", Role::Dim), &more(first, below));
    let mut cursor = None;
    let mut row = head;
    for (at, field) in form.fields.iter().enumerate().take(last).skip(first) {
        let is_current = at == form.current;
        let place = draw_field(field, is_current, inner, row, theme, buffer);
        if is_current {
            cursor = place;
        }
        row = row.saturating_add(heights.get(at).copied().unwrap_or(0));
    }
    cursor
}

fn rows(count: usize) -> u16 {
    u16::try_from(count).unwrap_or(u16::MAX)
}

/// Rows of a field: label, value, what is wrong with it, and a free one to the next.
fn height(field: &Field, room: usize) -> u16 {
    rows(3 + fault(field, room).len())
}

/// What is wrong with a value, read to its end.
fn fault(field: &Field, room: usize) -> Vec<SafeText<'static>> {
    let text = field.error.as_ref().map(|error| format!("✗ {error}"));
    text.map_or_else(Vec::new, |text| wrap(&SafeText::new(&text), room))
}

/// The first field in sight and the one after the last: as many as fit, the current one among them.
fn in_sight(heights: &[u16], current: usize, room: u16) -> (usize, usize) {
    // The free row after the last field may be cut off.
    let fits = |from: usize, to: usize| {
        let used: u32 = heights[from..to].iter().map(|rows| u32::from(*rows)).sum();
        used <= u32::from(room) + 1
    };
    let current = current.min(heights.len().saturating_sub(1));
    let mut last = (current + 1).min(heights.len());
    let mut first = current.min(last);
    while first > 0 && fits(first - 1, last) {
        first -= 1;
    }
    while last < heights.len() && fits(first, last + 1) {
        last += 1;
    }
    (first, last)
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
        .role(field.kind.name(), Role::Dim)
        .skip(2)
        .role(&field.help, Role::Dim);
    if row + 1 >= inner.height {
        return None;
    }
    let value = Rect {
        x: inner.x + 1,
        y: inner.y + row + 1,
        width: inner.width.saturating_sub(2),
        height: 1,
    };
    fill(buffer, value, theme.style(Role::Input));
    let (shown, column) = visible_input(&field.input, value.width.saturating_sub(1));
    let mut pen = Pen::new(buffer, theme, value, 0);
    if !field.input.text().is_empty() {
        let role = if current && field.input.is_selected() {
            Role::Selection
        } else {
            Role::Input
        };
        pen.safe(&shown, theme.style(role));
    } else if field.wants_value {
        pen.role("for example ", Role::Placeholder)
            .role(&field.default, Role::Placeholder);
    } else {
        pen.role(&field.default, Role::Placeholder);
    }
    let room = usize::from(inner.width.saturating_sub(2));
    let rest = row.saturating_add(2)..inner.height;
    for (row, line) in rest.zip(fault(field, room)) {
        Pen::new(buffer, theme, inner, row)
            .skip(1)
            .safe(&line, theme.style(Role::Error));
    }
    Some((value.x + column, value.y))
}
