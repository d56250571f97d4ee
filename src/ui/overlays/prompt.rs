//! Questions.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::visible_input;
use crate::store::State;
use crate::store::command::Command;
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

/// Queries run: leave?
pub(in crate::ui) fn confirm_quit(state: &State, theme: &Theme, buffer: &mut Buffer) -> Cursor {
    let running = state.results.running().count();
    let noun = if running == 1 {
        "query runs"
    } else {
        "queries run"
    };
    let area = overlay_area(buffer, theme, 56, 5);
    let inner = frame(buffer, theme, area, true, "Leave?", "");
    Pen::new(buffer, theme, inner, 0)
        .skip(1)
        .role(&format!("{running} {noun}. Stop and leave?"), Role::Text);
    let key = |command| state.setting.keymap.label(command).unwrap_or_default();
    Pen::new(buffer, theme, inner, 2)
        .skip(1)
        .role(&key(Command::QuestionYes), Role::Key)
        .role(" stop and leave   ", Role::Dim)
        .role(&key(Command::QuestionNo), Role::Key)
        .role(" stay", Role::Dim);
    None
}
