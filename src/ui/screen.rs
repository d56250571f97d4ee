//! One frame of the whole screen. Where the parts stand is drawn in `store::layout`.

use std::collections::HashMap;

use ratatui::buffer::Buffer;

use super::overlays::TimelineMemo;
use super::paint::{clear, fill, rect};
use super::theme::{Depth, Role, Theme};
use super::widgets::grid::GridMemo;
use super::{chrome, overlays, panes};
use crate::domain::query::QueryId;
use crate::store::State;
use crate::store::screen::Pane;

/// Draws states. Remembers what only the drawing needs: measured columns, and the theme as read.
pub struct Painter {
    themes: HashMap<String, Theme>,
    depth: Depth,
    grids: HashMap<QueryId, GridMemo>,
    timeline: TimelineMemo,
}

/// The cell in which a text cursor stands.
pub type Cursor = Option<(u16, u16)>;

impl Painter {
    /// A painter for a terminal of some depth of colour, with themes of the user's own beside the
    /// shipped ones.
    pub fn new(depth: Depth, themes: HashMap<String, Theme>) -> Self {
        Self {
            themes,
            depth,
            grids: HashMap::new(),
            timeline: TimelineMemo::default(),
        }
    }

    /// Draws a state into a buffer, and tells where the text cursor stands.
    pub fn paint(&mut self, buffer: &mut Buffer, state: &State) -> Cursor {
        let theme = self.theme(&state.theme);
        fill(buffer, *buffer.area(), theme.style(Role::Text));
        self.grids
            .retain(|query, _| state.results.tabs.iter().any(|tab| tab.query == *query));
        chrome::status(state, &theme, buffer);
        chrome::pane_names(state, &theme, buffer);
        let mut cursor = None;
        for pane in Pane::ALL {
            let Some(area) = state.layout.pane(pane).map(rect) else {
                continue;
            };
            let focused = pane == state.screen.focus && state.overlay.is_none();
            match pane {
                Pane::Feed if state.queue.shown => {
                    panes::queue::draw(state, &theme, area, focused, buffer);
                }
                Pane::Feed => panes::feed::draw(state, &theme, area, focused, buffer),
                Pane::Editor => {
                    let at = panes::editor::draw(state, &theme, area, focused, buffer);
                    cursor = cursor.or(at.filter(|_| focused));
                }
                Pane::Results => {
                    panes::results::draw(state, &theme, area, focused, buffer, &mut self.grids);
                }
                Pane::Playbook => panes::playbook::draw(state, &theme, area, focused, buffer),
            }
        }
        if let (Some(open), Some(at), None, Pane::Editor) = (
            &state.editor.completion,
            cursor,
            &state.overlay,
            state.screen.focus,
        ) {
            panes::candidates::draw(open, &theme, at, buffer);
        }
        chrome::footer(state, &theme, buffer);
        if let Some(overlay) = &state.overlay {
            cursor = overlays::draw(state, overlay, &mut self.timeline, &theme, buffer);
        }
        cursor
    }

    fn theme(&mut self, name: &str) -> Theme {
        let depth = self.depth;
        if depth != Depth::None
            && let Some(theme) = self.themes.get(name)
        {
            return theme.clone();
        }
        let theme = Theme::shipped(name, depth).unwrap_or_else(|_| Theme::plain());
        self.themes.insert(name.to_owned(), theme.clone());
        theme
    }
}

/// Clears the middle of the screen for an overlay and gives its area: `width` × `height` cells, or
/// what the screen has.
pub(super) fn overlay_area(
    buffer: &mut Buffer,
    theme: &Theme,
    width: u16,
    height: u16,
) -> ratatui::layout::Rect {
    let screen = *buffer.area();
    let width = width.min(screen.width);
    // The status line and the footer, which names the keys that count now, stay in sight.
    let around = if screen.height > 6 { 2 } else { 0 };
    let height = height.min(screen.height - around);
    let area = ratatui::layout::Rect {
        x: screen.x + (screen.width - width) / 2,
        y: screen.y + around / 2 + (screen.height - around - height) / 3,
        width,
        height,
    };
    clear(buffer, area, theme.style(Role::Overlay));
    area
}
