//! Where everything stands on the screen, in cells. The store computes it, because a page's height
//! and the pane under the mouse depend on it; the drawing follows it.
//!
//! ```text
//! 120×40                                   80×24, or zoomed
//! ┌status───────────────────────────┐      ┌status────────────┐
//! ├feed───┬editor────────┬playbook──┤      ├Feed Editor … ────┤  (the panes' names)
//! │       │              │          │      │                  │
//! │       ├results───────┤          │      │  the focused one │
//! │       │              │          │      │                  │
//! ├footer─┴──────────────┴──────────┤      ├footer────────────┤
//! └─────────────────────────────────┘      └──────────────────┘
//! ```

use super::screen::{Pane, Screen};

/// A rectangle of cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Area {
    /// The first column.
    pub x: u16,
    /// The first row.
    pub y: u16,
    /// Columns.
    pub width: u16,
    /// Rows.
    pub height: u16,
}

impl Area {
    /// Whether a cell lies in it.
    pub fn contains(&self, column: u16, row: u16) -> bool {
        let inside = |at: u16, start: u16, length: u16| at >= start && at - start < length;
        inside(column, self.x, self.width) && inside(row, self.y, self.height)
    }

    /// The area within a one-cell frame.
    pub fn inner(&self) -> Self {
        if self.width < 2 || self.height < 2 {
            return Self {
                width: 0,
                height: 0,
                ..*self
            };
        }
        Self {
            x: self.x + 1,
            y: self.y + 1,
            width: self.width - 2,
            height: self.height - 2,
        }
    }

    fn split_columns(self, left: u16) -> (Self, Self) {
        let left = left.min(self.width);
        let first = Self {
            width: left,
            ..self
        };
        (
            first,
            Self {
                x: self.x + left,
                width: self.width - left,
                ..self
            },
        )
    }

    fn split_rows(self, top: u16) -> (Self, Self) {
        let top = top.min(self.height);
        let first = Self {
            height: top,
            ..self
        };
        (
            first,
            Self {
                y: self.y + top,
                height: self.height - top,
                ..self
            },
        )
    }
}

/// The screen cut up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Layout {
    /// The status line.
    pub status: Area,
    /// The names of the panes, where only one is shown.
    pub tabs: Option<Area>,
    /// The panes that are shown, in the order of [`Pane::ALL`].
    pub panes: [Option<Area>; 4],
    /// The footer.
    pub footer: Area,
}

impl Layout {
    /// Cuts a screen up.
    pub fn of(screen: &Screen) -> Self {
        let whole = Area {
            x: 0,
            y: 0,
            width: screen.width,
            height: screen.height,
        };
        let (status, rest) = whole.split_rows(1);
        let (body, footer) = rest.split_rows(rest.height.saturating_sub(1));
        let mut layout = Self {
            status,
            tabs: None,
            panes: [None; 4],
            footer,
        };
        if screen.shows_one_pane() {
            let (tabs, body) = body.split_rows(u16::from(body.height > 4));
            layout.tabs = (tabs.height > 0).then_some(tabs);
            layout.panes[index(screen.focus)] = Some(body);
            return layout;
        }
        let share = |percent: u16, of: u16| {
            u16::try_from(u32::from(of) * u32::from(percent) / 100).unwrap_or(of)
        };
        let borders = screen.borders;
        // The middle column keeps at least a third, however far the borders were moved.
        let sides = (borders.feed + borders.playbook).max(1);
        let fit = |percent: u16| {
            if sides > 66 {
                percent * 66 / sides
            } else {
                percent
            }
        };
        let (feed, rest) = body.split_columns(share(fit(borders.feed), body.width));
        let playbook_width = share(fit(borders.playbook), body.width);
        let (middle, playbook) = rest.split_columns(rest.width.saturating_sub(playbook_width));
        let (editor, results) = middle.split_rows(share(borders.editor, middle.height));
        layout.panes = [Some(feed), Some(editor), Some(results), Some(playbook)];
        layout
    }

    /// Where a pane stands, if it is shown.
    pub fn pane(&self, pane: Pane) -> Option<Area> {
        self.panes[index(pane)]
    }

    /// The pane at a cell.
    pub fn pane_at(&self, column: u16, row: u16) -> Option<Pane> {
        let hit = |pane: &Pane| {
            self.pane(*pane)
                .is_some_and(|area| area.contains(column, row))
        };
        Pane::ALL.into_iter().find(hit)
    }

    /// Rows inside a pane's frame; 0 where it is not shown.
    pub fn inner_height(&self, pane: Pane) -> usize {
        self.pane(pane)
            .map_or(0, |area| usize::from(area.inner().height))
    }
}

fn index(pane: Pane) -> usize {
    match pane {
        Pane::Feed => 0,
        Pane::Editor => 1,
        Pane::Results => 2,
        Pane::Playbook => 3,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::store::screen::Borders;

    #[test]
    fn four_panes_fill_a_wide_screen() {
        let layout = Layout::of(&Screen::new(120, 40));
        let widths: Vec<u16> = Pane::ALL
            .iter()
            .map(|pane| layout.pane(*pane).unwrap().width)
            .collect();
        assert_eq!(widths[0] + widths[1] + widths[3], 120);
        assert_eq!(layout.pane_at(0, 1), Some(Pane::Feed));
        assert_eq!(layout.pane_at(119, 38), Some(Pane::Playbook));
        assert_eq!(layout.pane_at(0, 0), None);
    }

    #[test]
    fn a_small_screen_shows_the_focused_pane_and_the_names_of_all() {
        let layout = Layout::of(&Screen::new(80, 24));
        assert_eq!(layout.panes.iter().flatten().count(), 1);
        assert_eq!(layout.tabs.unwrap().y, 1);
        assert_eq!(layout.pane(Pane::Editor).unwrap().height, 21);
    }

    proptest! {
        #[test]
        fn no_area_leaves_the_screen(
            width in 0u16..400, height in 0u16..200,
            feed in 10u16..70, playbook in 10u16..70, editor in 10u16..70, zoomed: bool,
        ) {
            let mut screen = Screen::new(width, height);
            screen.borders = Borders { feed, playbook, editor };
            screen.zoomed = zoomed;
            let layout = Layout::of(&screen);
            let areas = layout.panes.iter().flatten().chain([&layout.status, &layout.footer]);
            for area in areas {
                prop_assert!(area.x + area.width <= width && area.y + area.height <= height);
            }
        }
    }
}
