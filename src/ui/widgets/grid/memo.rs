//! What the grid learns by drawing and keeps for the next frame: widths, scroll, places.

use std::collections::HashMap;
use std::ops::Range;

use arrow::datatypes::SchemaRef;
use ratatui::layout::Position;

use super::Grid;
use super::content::Head;
use crate::domain::cell::{Kind, TimeStyle};
use crate::domain::rows::Page;
use crate::domain::view::GridView;

/// No column is narrower, unless a person wants it so.
const NARROWEST: u16 = 3;

/// Texts and nested values get at most so many columns of the screen by themselves.
const WIDEST: u16 = 40;

/// A column's name alone makes it at most that wide.
const WIDEST_NAME: u16 = 24;

/// Columns of the sign of the order behind a name.
const SORT_SIGN: u16 = 2;

/// Later growth goes in steps, so that columns settle quickly.
const STEP: u16 = 4;

/// What lies at a place of the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hit {
    /// The head of a column.
    Head {
        /// The column.
        column: usize,
    },
    /// A row's number.
    Row {
        /// The row's place in the shown order.
        row: usize,
    },
    /// A cell.
    Cell {
        /// The row's place in the shown order.
        row: usize,
        /// The column.
        column: usize,
    },
}

/// Kept by whoever draws a result, from frame to frame: one for each result, never passed on to
/// another. Begins afresh by itself when columns or the shown zone change.
#[derive(Debug, Default)]
pub struct GridMemo {
    schema: Option<SchemaRef>,
    times: Option<TimeStyle>,
    pub(super) heads: Vec<Head>,
    /// Widths found so far; 0 where a column has not been in sight.
    widths: Vec<u16>,
    /// The view's own scroll when it was last looked at, and where that led.
    asked: (usize, usize),
    top: usize,
    left: usize,
    /// Rows in sight, by their numbers, where they are shown in an order of their own.
    pub(super) kept: HashMap<usize, Page>,
    pub(super) places: Places,
}

/// Where things were drawn last.
#[derive(Debug, Default)]
pub(super) struct Places {
    pub(super) head: Option<u16>,
    /// Screen rows of the shown rows, and the first one's place in the order.
    pub(super) rows: Range<u16>,
    pub(super) first: usize,
    pub(super) gutter: Range<u16>,
    pub(super) columns: Vec<(usize, Range<u16>)>,
}

impl GridMemo {
    /// Forgets everything when it was about another result.
    pub(super) fn about(&mut self, grid: &Grid<'_>) {
        let schema = grid.rows.schema();
        let same = self.times == Some(grid.times)
            && self
                .schema
                .as_ref()
                .is_some_and(|known| std::sync::Arc::ptr_eq(known, &schema) || *known == schema);
        if !same {
            *self = Self {
                heads: Head::all(grid.rows.columns(), &schema, grid.times),
                widths: vec![0; schema.fields().len()],
                times: Some(grid.times),
                ..Self::default()
            };
        }
        self.schema = Some(schema);
    }

    /// The scroll in force: what the view asks for when it asks anew, else what it led to before;
    /// moved just so far that the selected row is among the `page` in sight.
    pub(super) fn scrolled(&mut self, view: &GridView, rows: usize, page: usize) -> (usize, usize) {
        if self.asked != (view.top, view.left) {
            (self.top, self.left) = (view.top, view.left);
            self.asked = (view.top, view.left);
        }
        let page = page.max(1);
        let selected = view.row.min(rows.saturating_sub(1));
        let lowest = (selected + 1).saturating_sub(page);
        self.top = self.top.clamp(lowest, selected);
        (self.top, self.left)
    }

    pub(super) fn set_left(&mut self, left: usize) {
        self.left = left;
    }

    /// The width of a column, given the widest of its cells in sight: never less than before, so
    /// that columns do not dance while rows scroll by.
    pub(super) fn width(
        &mut self,
        column: usize,
        widest: usize,
        is_sorted: bool,
        view: &GridView,
    ) -> u16 {
        let (Some(known), Some(head)) = (self.widths.get_mut(column), self.heads.get(column))
        else {
            return NARROWEST;
        };
        let cut = |width: usize, most: u16| u16::try_from(width).unwrap_or(most).min(most);
        let most = if matches!(head.kind, Kind::Plain | Kind::Nested) {
            WIDEST
        } else {
            u16::MAX / 2
        };
        let wanted = cut(widest, most)
            .max(cut(head.width(), WIDEST_NAME) + if is_sorted { SORT_SIGN } else { 0 })
            .max(NARROWEST);
        if *known == 0 {
            *known = wanted;
        } else if wanted > *known {
            *known = wanted.max(*known + STEP).min(most.max(wanted));
        }
        view.widths.get(&column).map_or(*known, |set| (*set).max(1))
    }

    /// The most columns that a cell's text may take.
    pub(super) fn limit(&self, column: usize, view: &GridView) -> usize {
        let set = view.widths.get(&column).copied().unwrap_or_default();
        usize::from(set.max(WIDEST))
    }

    /// What lies at a place of the screen, as last drawn.
    pub fn hit(&self, place: Position) -> Option<Hit> {
        let column = self
            .places
            .columns
            .iter()
            .find(|(_, range)| range.contains(&place.x))
            .map(|(column, _)| *column);
        if self.places.head == Some(place.y) {
            return column.map(|column| Hit::Head { column });
        }
        if !self.places.rows.contains(&place.y) {
            return None;
        }
        let row = self.places.first + usize::from(place.y - self.places.rows.start);
        match column {
            Some(column) => Some(Hit::Cell { row, column }),
            None if self.places.gutter.contains(&place.x) => Some(Hit::Row { row }),
            None => None,
        }
    }
}
