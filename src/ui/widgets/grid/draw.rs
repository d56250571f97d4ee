//! Drawing: head, row numbers, cells, selection, highlights.

use arrow::array::UInt32Array;
use arrow::compute::take_record_batch;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::columns::{Layout, Shown, layout};
use super::content::{Content, Head};
use super::memo::{GridMemo, Places};
use super::{Grid, group_digits};
use crate::domain::rows::Page;
use crate::ui::text::{Align, SafeText};
use crate::ui::theme::Role;

/// Screen rows of the head.
pub(super) const HEAD: u16 = 1;

/// A row in sight.
#[derive(Debug)]
pub(super) struct Line {
    /// Its number in the result.
    pub(super) row: usize,
    /// The page that holds it; `None` when it cannot be read.
    pub(super) page: Option<Page>,
}

pub(super) fn draw(grid: &Grid<'_>, area: Rect, buffer: &mut Buffer, memo: &mut GridMemo) {
    memo.about(grid);
    memo.places = Places::default();
    if area.is_empty() || memo.heads.is_empty() {
        return;
    }
    let page = Grid::page(area.height);
    let (top, left) = memo.scrolled(grid.view, grid.len(), page);
    let lines = lines(grid, top, page, memo);
    let gutter = gutter_width(grid).min(area.width);
    let room = area.x + gutter..area.right();
    let layout = layout(grid, &lines, room, left, memo);
    memo.places = Places {
        head: Some(area.y),
        // An area's edge fits into a screen's coordinates.
        rows: area.y + HEAD..area.y + HEAD + lines.len() as u16,
        first: top,
        gutter: area.x..area.x + gutter,
        columns: layout
            .shown
            .iter()
            .map(|shown| (shown.column, shown.span.clone()))
            .collect(),
    };
    draw_head(grid, area, buffer, memo, &layout);
    for (y, (index, line)) in (area.y + HEAD..).zip(lines.iter().enumerate()) {
        let row = Rect {
            y,
            height: 1,
            ..area
        };
        let look = RowLook {
            selected: top + index == grid.view.row,
            marked: grid.marked.is_some_and(|marked| marked.contains(&line.row)),
        };
        draw_row(grid, row, buffer, memo, &layout, index, line, look);
    }
}

/// The rows in sight. Rows of one page share it: a page is asked for once. In an order of their own
/// neighbours may lie on pages far apart, some of them on disk: there each row is copied out when
/// it comes into sight and kept while it stays, so that a step down reads one page and not all.
fn lines(grid: &Grid<'_>, top: usize, count: usize, memo: &mut GridMemo) -> Vec<Line> {
    let kept = std::mem::take(&mut memo.kept);
    let mut lines: Vec<Line> = Vec::with_capacity(count);
    for place in top..top.saturating_add(count) {
        let Some(row) = grid.row_at(place) else { break };
        let holds =
            |page: &Page| (page.first_row..page.first_row + page.batch.num_rows()).contains(&row);
        let page = match grid.order {
            None => {
                let mut above = lines.iter().rev().filter_map(|line| line.page.as_ref());
                let known = above.find(|page| holds(page)).cloned();
                known.or_else(|| grid.rows.page(row).filter(holds))
            }
            Some(_) => kept.get(&row).cloned().or_else(|| {
                let page = grid.rows.page(row).filter(holds)?;
                let index = u32::try_from(row - page.first_row).ok()?;
                let batch = take_record_batch(&page.batch, &UInt32Array::from(vec![index])).ok()?;
                Some(Page {
                    batch,
                    first_row: row,
                })
            }),
        };
        lines.push(Line { row, page });
    }
    if grid.order.is_some() {
        let page = |line: &Line| Some((line.row, line.page.clone()?));
        memo.kept = lines.iter().filter_map(page).collect();
    }
    lines
}

/// Screen columns of the row numbers, their mark and a space; the same for the whole result.
fn gutter_width(grid: &Grid<'_>) -> u16 {
    let digits = group_digits(grid.rows.len() as u64).len();
    u16::try_from(digits + 2).unwrap_or(u16::MAX)
}

fn draw_head(grid: &Grid<'_>, area: Rect, buffer: &mut Buffer, memo: &GridMemo, layout: &Layout) {
    let style = grid.theme.style(Role::Header);
    let dim = grid.theme.style(Role::Dim);
    for shown in &layout.shown {
        let Some(head) = memo.heads.get(shown.column) else {
            continue;
        };
        let sort = grid.sort.filter(|sort| sort.column == shown.column);
        let sign = sort.map(|sort| if sort.descending { "▼" } else { "▲" });
        let selected = shown.column == grid.view.column;
        let style = if selected {
            style.patch(grid.theme.style(Role::Selection))
        } else {
            style
        };
        draw_name(buffer, head, shown, area.y, sign, style, dim);
    }
    if layout.more_left {
        put(buffer, area.x, area.y, "‹", dim);
    }
    if layout.more_right {
        put(buffer, area.right() - 1, area.y, "›", dim);
    }
    draw_fence(grid, buffer, area.y, layout);
}

/// Name, zone and sign in the column's width: the name gives way first.
fn draw_name(
    buffer: &mut Buffer,
    head: &Head,
    shown: &Shown,
    y: u16,
    sign: Option<&str>,
    style: Style,
    dim: Style,
) {
    let width = shown.span.end - shown.span.start;
    let after = sign.map_or(0, |_| 2) + head.zone.map_or(0, |zone| zone.len() + 1);
    let after = u16::try_from(after).unwrap_or(u16::MAX);
    // In a narrow column the name alone is worth its place.
    let (room, tail) = if after + 3 <= width {
        (width - after, true)
    } else {
        (width, false)
    };
    let name = head.name.clone().truncated(usize::from(room));
    let used = u16::try_from(name.width()).unwrap_or(room) + if tail { after } else { 0 };
    let mut at = shown.span.start;
    if head.align == Align::Right {
        at += width - used.min(width);
    }
    at += name.draw(buffer, (at, y), room, style, Style::new());
    if !tail {
        return;
    }
    if let Some(zone) = head.zone {
        at += 1;
        at += SafeText::new(zone).draw(buffer, (at, y), shown.span.end - at, dim, Style::new());
    }
    if let Some(sign) = sign {
        put(buffer, at + 1, y, sign, style);
    }
}

/// What makes a row stand out.
#[derive(Debug, Clone, Copy)]
struct RowLook {
    selected: bool,
    marked: bool,
}

#[expect(
    clippy::too_many_arguments,
    reason = "one row of one frame: all of it is needed and used once"
)]
fn draw_row(
    grid: &Grid<'_>,
    row: Rect,
    buffer: &mut Buffer,
    memo: &GridMemo,
    layout: &Layout,
    index: usize,
    line: &Line,
    look: RowLook,
) {
    let theme = grid.theme;
    if look.selected {
        buffer.set_style(row, theme.style(Role::Selection));
    }
    let number = group_digits(line.row as u64 + 1);
    let number_style = theme.style(if look.marked {
        Role::Marked
    } else {
        Role::RowNumber
    });
    let gutter = memo.places.gutter.clone();
    let digits = gutter.end.saturating_sub(gutter.start + 2);
    SafeText::new(&number)
        .aligned(usize::from(digits), Align::Right)
        .draw(
            buffer,
            (gutter.start, row.y),
            digits,
            number_style,
            Style::new(),
        );
    if look.marked && gutter.end >= gutter.start + 2 {
        put(buffer, gutter.end - 2, row.y, "●", number_style);
    }
    if line.page.is_none() {
        let text = SafeText::new("this row cannot be read");
        let room = row.right().saturating_sub(gutter.end);
        text.draw(
            buffer,
            (gutter.end, row.y),
            room,
            theme.style(Role::Error),
            Style::new(),
        );
        return;
    }
    for shown in &layout.shown {
        let Some(Some(content)) = shown.cells.get(index) else {
            continue;
        };
        let align = memo
            .heads
            .get(shown.column)
            .map_or(Align::Left, |head| head.align);
        let cursor = look.selected && grid.focused && shown.column == grid.view.column;
        draw_cell(grid, buffer, row.y, shown, content, align, cursor);
    }
    draw_fence(grid, buffer, row.y, layout);
}

fn draw_cell(
    grid: &Grid<'_>,
    buffer: &mut Buffer,
    y: u16,
    shown: &Shown,
    content: &Content,
    align: Align,
    cursor: bool,
) {
    let theme = grid.theme;
    let width = shown.span.end - shown.span.start;
    let whole = content.text.width();
    // A copy is made only where something must be cut.
    let cut =
        (whole > usize::from(width)).then(|| content.text.clone().truncated(usize::from(width)));
    let text = cut.as_ref().unwrap_or(&content.text);
    let used = u16::try_from(text.width()).unwrap_or(width);
    let start = match align {
        Align::Right => shown.span.end - used.min(width),
        _ => shown.span.start,
    };
    let style = if cursor {
        let style = theme.style(Role::Cursor);
        buffer.set_style(Rect::new(shown.span.start, y, width, 1), style);
        style
    } else {
        // The ground is the row's: the screen's, or the selection's.
        Style {
            bg: None,
            ..theme.style(content.role)
        }
    };
    text.draw(buffer, (start, y), width, style, theme.style(Role::Escape));
    let Some(needle) = grid.find.filter(|needle| !needle.is_empty()) else {
        return;
    };
    for found in text.find(needle) {
        let from = start + u16::try_from(found.start).unwrap_or(width);
        let to = (start + u16::try_from(found.end).unwrap_or(width)).min(shown.span.end);
        let place = Rect::new(from, y, to.saturating_sub(from), 1);
        buffer.set_style(place.intersection(*buffer.area()), theme.style(Role::Match));
    }
}

fn draw_fence(grid: &Grid<'_>, buffer: &mut Buffer, y: u16, layout: &Layout) {
    if let Some(x) = layout.fence {
        put(buffer, x, y, "│", grid.theme.style(Role::Border));
    }
}

/// One sign of our own, where there is room for it.
fn put(buffer: &mut Buffer, x: u16, y: u16, sign: &str, style: Style) {
    if let Some(cell) = buffer.cell_mut((x, y)) {
        cell.set_symbol(sign).set_style(style);
    }
}
