//! The form of a mute, and below it what it would have hidden of what is there.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::queue::{Item, Preview};
use crate::domain::severity;
use crate::store::State;
use crate::store::queue::{MuteForm, duration_told};
use crate::ui::paint::{Pen, fill, foot, frame, more};
use crate::ui::screen::{Cursor, overlay_area};
use crate::ui::theme::{Role, Theme};
use crate::ui::widgets::grid::group_digits;

/// Columns of a property's name.
const NAME: u16 = 11;

/// Columns of a count of detections, with the free one before it.
const COUNT: u16 = 8;

/// Draws the form. It never has a text cursor.
pub(in crate::ui) fn draw(
    state: &State,
    form: &MuteForm,
    theme: &Theme,
    buffer: &mut Buffer,
) -> Cursor {
    let queue = state.queue.queue();
    let mute = form.mute(queue, state.now);
    let preview = mute.map(|mute| mute.preview(queue)).unwrap_or_default();
    let lines = form.properties.len() + preview.hidden.len() + preview.partly.len();
    let height = u16::try_from(lines).unwrap_or(u16::MAX).saturating_add(8);
    let screen = *buffer.area();
    let area = overlay_area(buffer, theme, screen.width.min(96), height.min(30));
    let title = format!("Mute items like {}", form.item);
    let inner = frame(buffer, theme, area, true, &title, "space ← → change");
    let mut row = 0;
    for (at, property) in form.properties.iter().enumerate() {
        let sign = if property.is_on { "[×]" } else { "[ ]" };
        let role = if property.is_on {
            Role::Text
        } else {
            Role::Dim
        };
        let mut pen = Pen::new(buffer, theme, inner, row);
        pen.skip(1).role(sign, Role::Key).skip(1);
        pen.column(property.name, NAME, theme.style(Role::InputLabel))
            .role(&property.value, role);
        select(form, at, inner, row, theme, buffer);
        row += 1;
    }
    let mut pen = Pen::new(buffer, theme, inner, row);
    pen.skip(1).role("◂ ▸", Role::Key).skip(1);
    pen.column("for", NAME, theme.style(Role::InputLabel))
        .role(duration_told(form), Role::Text);
    select(form, form.properties.len(), inner, row, theme, buffer);
    row += 2;
    let told = told(&preview);
    Pen::new(buffer, theme, inner, row)
        .skip(1)
        .role(&told, Role::Warn);
    row += 1;
    list(state, &preview, area, inner, row, theme, buffer);
    None
}

fn select(form: &MuteForm, at: usize, inner: Rect, row: u16, theme: &Theme, buffer: &mut Buffer) {
    if at == form.current && row < inner.height {
        let line = Rect {
            y: inner.y + row,
            height: 1,
            ..inner
        };
        fill(buffer, line, theme.style(Role::Cursor));
    }
}

/// What the mute would have done, in words.
fn told(preview: &Preview) -> String {
    let items = preview.hidden.len();
    let noun = |count: usize| if count == 1 { "item" } else { "items" };
    let mut told = match items {
        0 => "it would have hidden nothing of what is here".to_owned(),
        _ => format!(
            "it would have hidden {items} {} with {} {}",
            noun(items),
            group_digits(preview.detections),
            if preview.detections == 1 {
                "detection"
            } else {
                "detections"
            }
        ),
    };
    match preview.partly.len() {
        0 => {}
        partly => told += &format!("; {partly} {} only in part, they stay", noun(partly)),
    }
    told
}

/// The items that would be hidden, then those that stay.
fn list(
    state: &State,
    preview: &Preview,
    area: Rect,
    inner: Rect,
    from: u16,
    theme: &Theme,
    buffer: &mut Buffer,
) {
    let hidden = preview.hidden.iter().map(|id| (id, true));
    let all: Vec<_> = hidden
        .chain(preview.partly.iter().map(|id| (id, false)))
        .collect();
    let room = usize::from(inner.height.saturating_sub(from));
    let below = more(0, all.len().saturating_sub(room));
    foot(buffer, theme, area, ("", Role::Dim), &below);
    for ((id, is_hidden), row) in all.into_iter().zip(from..inner.height) {
        let Some(item) = state.queue.queue().item(*id) else {
            continue;
        };
        draw_item(item, is_hidden, inner, row, theme, buffer);
    }
}

fn draw_item(
    item: &Item,
    is_hidden: bool,
    inner: Rect,
    row: u16,
    theme: &Theme,
    buffer: &mut Buffer,
) {
    let role = Role::severity(severity::id(&item.severity).unwrap_or(0));
    let count = group_digits(item.count);
    let digits = u16::try_from(count.chars().count()).unwrap_or(COUNT);
    let mut pen = Pen::new(buffer, theme, inner, row);
    pen.skip(1)
        .role(if is_hidden { "−" } else { "·" }, Role::Dim)
        .skip(1)
        .column(&item.severity, 9, theme.style(role))
        .skip(1);
    let room = pen.left().saturating_sub(COUNT + 1);
    let style = theme.style(if is_hidden { Role::Text } else { Role::Dim });
    pen.column(&item.title, room / 2, style)
        .skip(1)
        .column(&item.about(), room - room / 2, theme.style(Role::Entity))
        .skip_to_right(digits)
        .role(&count, Role::Number);
}
