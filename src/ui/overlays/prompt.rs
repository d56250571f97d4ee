//! Questions that one line answers.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::visible_input;
use crate::store::overlay::Prompt;
use crate::ui::paint::{Pen, fill, frame};
use crate::ui::screen::{Cursor, overlay_area};
use crate::ui::theme::{Role, Theme};

/// A question that one line answers.
pub(in crate::ui) fn draw(prompt: &Prompt, theme: &Theme, buffer: &mut Buffer) -> Cursor {
    let width = buffer.area().width.min(84);
    let area = overlay_area(buffer, theme, width, 3);
    let inner = frame(buffer, theme, area, true, prompt.kind.title(), "");
    let line = Rect {
        height: inner.height.min(1),
        ..inner
    };
    fill(buffer, line, theme.style(Role::Input));
    let (shown, column) = visible_input(&prompt.input, line.width.saturating_sub(1));
    let role = if prompt.input.is_selected() {
        Role::Selection
    } else {
        Role::Input
    };
    Pen::new(buffer, theme, line, 0).safe(&shown, theme.style(role));
    (line.height > 0).then_some((line.x + column, line.y))
}
