//! The grid over [`Rows`]: only what is in sight is fetched and formatted, so that a frame costs
//! the same at a hundred rows and at a hundred million.
//!
//! Split into column sizing ([`memo`]), horizontal layout ([`columns`]), cell text and its style
//! ([`content`]) and drawing ([`draw`]). What a person chose (selection, scroll, widths) is a
//! [`GridView`]; what the grid found out by drawing is a [`GridMemo`].

mod columns;
mod content;
mod counts;
mod draw;
mod memo;

use std::collections::BTreeSet;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::domain::cell::{Cell, TimeStyle};
use crate::domain::rows::Rows;
use crate::domain::view::GridView;
use crate::ui::text::SafeText;
use crate::ui::theme::{Role, Theme};

pub use counts::{Rest, RowCount, group_digits};
pub use memo::{GridMemo, Hit};

/// A value as a grid shows it: safe text of at most so many columns, and its role. NULL, the empty
/// text and a text that spells either can be told apart.
pub fn value(cell: &Cell<'_>, times: TimeStyle, columns: usize) -> (SafeText<'static>, Role) {
    let content = content::format(cell, times, columns);
    (content.text.truncated(columns), content.role)
}

/// The column by which the rows are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SortMark {
    /// The column.
    pub column: usize,
    /// Largest first.
    pub descending: bool,
}

/// A grid, ready to be drawn.
#[derive(Debug, Clone, Copy)]
pub struct Grid<'a> {
    /// The result.
    pub rows: &'a dyn Rows,
    /// Which rows are shown in which order, by their numbers in the result; `None` shows all as
    /// they came.
    pub order: Option<&'a [u32]>,
    /// Selection, scroll and widths.
    pub view: &'a GridView,
    /// Marked rows, by their numbers in the result.
    pub marked: Option<&'a BTreeSet<usize>>,
    /// The order's sign in the head.
    pub sort: Option<SortMark>,
    /// A text to be highlighted.
    pub find: Option<&'a str>,
    /// How times are written.
    pub times: TimeStyle,
    /// Whether the keys go here: only then there is a cell cursor.
    pub focused: bool,
    /// How it looks.
    pub theme: &'a Theme,
}

impl Grid<'_> {
    /// Rows shown.
    fn len(&self) -> usize {
        self.order.map_or_else(|| self.rows.len(), <[u32]>::len)
    }

    /// The result's row number at a place in the shown order.
    fn row_at(&self, place: usize) -> Option<usize> {
        match self.order {
            Some(order) => order.get(place).map(|row| *row as usize),
            None => (place < self.rows.len()).then_some(place),
        }
    }

    /// Draws the head and the rows in sight. The memo keeps widths and scroll from frame to frame;
    /// one for each result, so that columns stay where they are.
    pub fn draw(&self, area: Rect, buffer: &mut Buffer, memo: &mut GridMemo) {
        draw::draw(self, area.intersection(*buffer.area()), buffer, memo);
    }

    /// How many rows are in sight in an area of that height.
    pub fn page(height: u16) -> usize {
        usize::from(height.saturating_sub(draw::HEAD))
    }
}

#[cfg(test)]
mod tests;
