//! Which columns are in sight, where, and how wide.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Grid;
use super::content::{Content, format};
use super::draw::Line;
use super::memo::GridMemo;
use crate::domain::cell::Cell;

/// Columns of the screen between two columns of the result.
pub(super) const GAP: u16 = 2;

/// The column between the frozen columns and the others, its line included.
const FENCE: u16 = 3;

/// A column that would be cut to less than this by the screen's edge is left out.
const NARROWEST_CUT: u16 = 4;

/// A column in sight.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) column: usize,
    /// Screen columns, from the area's left edge.
    pub(super) span: Range<u16>,
    /// Its cells in the rows in sight; `None` where a row cannot be read.
    pub(super) cells: Vec<Option<Content>>,
}

/// The columns in sight.
#[derive(Debug, Default)]
pub(super) struct Layout {
    pub(super) shown: Vec<Shown>,
    /// Where the line right of the frozen columns stands.
    pub(super) fence: Option<u16>,
    /// Columns scrolled out of sight.
    pub(super) more_left: bool,
    pub(super) more_right: bool,
}

/// Formats columns when they are first asked for.
struct Formatter<'a, 'b> {
    grid: &'a Grid<'b>,
    lines: &'a [Line],
    ready: BTreeMap<usize, (u16, Vec<Option<Content>>)>,
}

impl Formatter<'_, '_> {
    fn width(&mut self, column: usize, memo: &mut GridMemo) -> u16 {
        if let Some((width, _)) = self.ready.get(&column) {
            return *width;
        }
        let limit = memo.limit(column, self.grid.view);
        let severities = memo.heads.get(column).is_some_and(|head| head.severities);
        let is_sorted = self.grid.sort.is_some_and(|sort| sort.column == column);
        let cells: Vec<_> = self
            .lines
            .iter()
            .map(|line| {
                let page = line.page.as_ref()?;
                let array = page.batch.columns().get(column)?;
                let cell = Cell::of(array.as_ref(), line.row - page.first_row);
                let content = format(&cell, self.grid.times, limit);
                Some(if severities {
                    content.into_severity()
                } else {
                    content
                })
            })
            .collect();
        let widest = cells.iter().flatten().map(|cell| cell.text.width()).max();
        let width = memo.width(
            column,
            widest.unwrap_or_default(),
            is_sorted,
            self.grid.view,
        );
        self.ready.insert(column, (width, cells));
        width
    }
}

/// Lays the columns out in so many screen columns from `start` on: the frozen ones, then those
/// from the scroll position on, moved just so far that the selected one is in sight.
pub(super) fn layout(
    grid: &Grid<'_>,
    lines: &[Line],
    room: Range<u16>,
    left: usize,
    memo: &mut GridMemo,
) -> Layout {
    let count = memo.heads.len();
    if count == 0 || room.is_empty() {
        return Layout::default();
    }
    let mut formatter = Formatter {
        grid,
        lines,
        ready: BTreeMap::new(),
    };
    let frozen = grid.view.frozen.min(count - 1);
    let selected = grid.view.column.min(count - 1);
    let mut layout = Layout::default();
    let mut at = room.start;
    // Frozen columns may take at most half of the room: the others must stay reachable.
    let mid = room.start + (room.end - room.start) / 2;
    let mut kept = 0;
    for column in 0..frozen {
        let width = formatter.width(column, memo).min(mid.saturating_sub(at));
        if width == 0 {
            break;
        }
        push(&mut layout, &mut formatter, column, at..at + width);
        at += width + GAP;
        kept += 1;
    }
    if kept > 0 {
        layout.fence = Some(at - 1).filter(|fence| *fence < room.end);
        at = at - GAP + FENCE;
    }
    let first = scroll(
        &mut formatter,
        memo,
        left.clamp(kept, count - 1),
        selected,
        kept,
        room.end.saturating_sub(at),
    );
    memo.set_left(first);
    layout.more_left = first > kept;
    let mut column = first;
    while column < count && at < room.end {
        let width = formatter.width(column, memo);
        let end = (at + width).min(room.end);
        if column > first && end - at < width.min(NARROWEST_CUT) {
            break;
        }
        layout.more_right = end - at < width;
        push(&mut layout, &mut formatter, column, at..end);
        at = end + GAP;
        column += 1;
    }
    layout.more_right |= column < count;
    layout
}

/// The first scrolled column in sight. Walks back from the selected one for as long as columns
/// fit, so that no more columns are formatted than a screen holds.
fn scroll(
    formatter: &mut Formatter<'_, '_>,
    memo: &mut GridMemo,
    left: usize,
    selected: usize,
    kept: usize,
    room: u16,
) -> usize {
    if selected < kept {
        return left;
    }
    if selected <= left {
        return selected;
    }
    let mut first = selected;
    let mut used = formatter.width(selected, memo);
    while first > left {
        used = used.saturating_add(GAP + formatter.width(first - 1, memo));
        if used > room {
            break;
        }
        first -= 1;
    }
    first
}

fn push(layout: &mut Layout, formatter: &mut Formatter<'_, '_>, column: usize, span: Range<u16>) {
    let cells = formatter
        .ready
        .remove(&column)
        .map(|(_, cells)| cells)
        .unwrap_or_default();
    layout.shown.push(Shown {
        column,
        span,
        cells,
    });
}
