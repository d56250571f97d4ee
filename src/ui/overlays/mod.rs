//! What lies over the panes, one file a kind.

mod coverage;
mod form;
mod lineage;
mod mute;
mod page;
mod picker;
mod prompt;
pub(in crate::ui) mod question;
mod sources;
mod timeline;

pub(in crate::ui) use timeline::TimelineMemo;

use ratatui::buffer::Buffer;

use super::screen::Cursor;
use super::text::SafeText;
use super::theme::Theme;
use crate::store::State;
use crate::store::line_input::LineInput;
use crate::store::overlay::Overlay;

/// Draws the open overlay, and tells where the text cursor stands.
pub(in crate::ui) fn draw(
    state: &State,
    overlay: &Overlay,
    memo: &mut TimelineMemo,
    theme: &Theme,
    buffer: &mut Buffer,
) -> Cursor {
    match overlay {
        Overlay::Palette(picker) => picker::palette(state, picker, theme, buffer),
        Overlay::Templates(picker) => picker::templates(state, picker, theme, buffer),
        Overlay::Playbooks(picker) => picker::playbooks(state, picker, theme, buffer),
        Overlay::Pivot(menu) => picker::pivots(state, menu, theme, buffer),
        Overlay::Case(menu) => picker::case(state, menu, theme, buffer),
        Overlay::Queue(menu) => picker::queue(state, menu, theme, buffer),
        Overlay::Mute(form) => mute::draw(state, form, theme, buffer),
        Overlay::Timeline => timeline::draw(state, memo, theme, buffer),
        Overlay::Coverage(view) => coverage::draw(state, view, theme, buffer),
        Overlay::Lineage(tree) => lineage::draw(state, tree, theme, buffer),
        Overlay::Sources(page) => sources::draw(state, page, theme, buffer),
        Overlay::Form(form) => form::draw(form, theme, buffer),
        Overlay::Prompt(prompt) => prompt::draw(prompt, theme, buffer),
        Overlay::Page(page) => page::draw(state, page, theme, buffer),
        Overlay::Question(asked) => question::draw(state, asked, theme, buffer),
    }
}

/// The part of a line that fits, with the column of the cursor in it.
fn visible_input(input: &LineInput, room: u16) -> (SafeText<'static>, u16) {
    let room = usize::from(room.max(1));
    let text = input.text();
    let end = text
        .char_indices()
        .nth(input.cursor())
        .map_or(text.len(), |(at, _)| at);
    let before = SafeText::new(&text[..end]).width();
    let left = (before + 1).saturating_sub(room);
    let shown = SafeText::new(text).slice(left..left + room);
    (shown, u16::try_from(before - left).unwrap_or(0))
}
