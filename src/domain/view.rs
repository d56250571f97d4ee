//! How a person looks at rows: plain numbers, no widget. The store keeps them, the grid draws them.

use std::collections::BTreeMap;

/// A step through a grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// One row up.
    Up,
    /// One row down.
    Down,
    /// One column to the left.
    Left,
    /// One column to the right.
    Right,
    /// A page of rows up.
    PageUp,
    /// A page of rows down.
    PageDown,
    /// To the first row.
    Top,
    /// To the last row.
    Bottom,
    /// To the first column.
    FirstColumn,
    /// To the last column.
    LastColumn,
    /// To a row by its place in the shown order.
    Row(usize),
    /// To a column.
    Column(usize),
}

/// What of a grid is in sight and what is selected. Rows count in the shown order, from 0.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GridView {
    /// The selected row.
    pub row: usize,
    /// The selected column.
    pub column: usize,
    /// The first row in sight.
    pub top: usize,
    /// The first column in sight right of the frozen ones.
    pub left: usize,
    /// Columns kept in sight on the left.
    pub frozen: usize,
    /// Widths that a person set, by column, in cells.
    pub widths: BTreeMap<usize, u16>,
}

impl GridView {
    /// Takes a step in a grid of `rows` × `columns` of which `page` rows are in sight.
    pub fn step(&mut self, step: Step, rows: usize, columns: usize, page: usize) {
        let page = page.max(1);
        match step {
            Step::Up => self.row = self.row.saturating_sub(1),
            Step::Down => self.row += 1,
            Step::PageUp => {
                self.row = self.row.saturating_sub(page);
                self.top = self.top.saturating_sub(page);
            }
            Step::PageDown => {
                self.row += page;
                self.top += page;
            }
            Step::Top => self.row = 0,
            Step::Bottom => self.row = usize::MAX,
            Step::Row(row) => self.row = row,
            Step::Left => self.column = self.column.saturating_sub(1),
            Step::Right => self.column += 1,
            Step::FirstColumn => self.column = 0,
            Step::LastColumn => self.column = usize::MAX,
            Step::Column(column) => self.column = column,
        }
        self.fit(rows, columns, page);
    }

    /// Brings everything back into bounds and the selected row into sight, as after a filter or a
    /// resize. Which columns fit is known to the widget alone, which scrolls to the selected one.
    pub fn fit(&mut self, rows: usize, columns: usize, page: usize) {
        let page = page.max(1);
        self.row = self.row.min(rows.saturating_sub(1));
        self.column = self.column.min(columns.saturating_sub(1));
        self.frozen = self.frozen.min(columns.saturating_sub(1));
        let lowest = self.row.saturating_sub(page - 1);
        self.top = self
            .top
            .clamp(lowest, self.row)
            .min(rows.saturating_sub(page).max(lowest));
    }

    /// Keeps one column more, or fewer, in sight on the left.
    pub fn freeze(&mut self, by: isize, columns: usize) {
        let most = columns.saturating_sub(1);
        self.frozen = self.frozen.saturating_add_signed(by).min(most);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn going_back_up_does_not_scroll_until_the_edge() {
        let mut view = GridView::default();
        for _ in 0..12 {
            view.step(Step::Down, 100, 5, 10);
        }
        assert_eq!((view.row, view.top), (12, 3));
        view.step(Step::Up, 100, 5, 10);
        assert_eq!((view.row, view.top), (11, 3));
        view.step(Step::PageDown, 100, 5, 10);
        assert_eq!((view.row, view.top), (21, 13));
    }

    proptest! {
        #[test]
        fn the_selection_is_in_bounds_and_in_sight(
            rows in 0usize..200,
            columns in 0usize..20,
            page in 0usize..30,
            steps in prop::collection::vec((0u8..12, 0usize..300), 0..60),
        ) {
            let mut view = GridView::default();
            for (kind, number) in steps {
                let step = match kind {
                    0 => Step::Up, 1 => Step::Down, 2 => Step::Left, 3 => Step::Right,
                    4 => Step::PageUp, 5 => Step::PageDown, 6 => Step::Top, 7 => Step::Bottom,
                    8 => Step::FirstColumn, 9 => Step::LastColumn, 10 => Step::Row(number),
                    _ => Step::Column(number),
                };
                view.step(step, rows, columns, page);
                prop_assert!(view.row < rows.max(1) && view.column < columns.max(1));
                prop_assert!(view.top <= view.row && view.row < view.top + page.max(1));
            }
        }
    }
}
