//! The list of candidates for the word before the cursor, over all panes.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Block, Borders, Widget};

use crate::store::editor::Completion;
use crate::ui::paint::{Pen, clear, fill};
use crate::ui::text::SafeText;
use crate::ui::theme::{Role, Theme};

/// Candidates shown at once.
const MOST: usize = 8;

/// Columns of a candidate, and of what goes with it.
const WIDEST: (usize, usize) = (48, 24);

/// Draws the list below the cursor, or above it where there is more room.
pub(in crate::ui) fn draw(
    open: &Completion,
    theme: &Theme,
    (x, y): (u16, u16),
    buffer: &mut Buffer,
) {
    let screen = *buffer.area();
    let candidates = &open.offered.candidates;
    let widest = |text: fn(&crate::sql::completion::Candidate) -> &str| {
        let widths = candidates.iter().map(|c| SafeText::new(text(c)).width());
        widths.max().unwrap_or(0)
    };
    let detail = widest(|c| &c.detail).min(WIDEST.1);
    let room = usize::from(screen.width).saturating_sub(detail + 5);
    let label = widest(|c| &c.text).min(WIDEST.0).min(room.max(8));
    let cells = |columns: usize| u16::try_from(columns).unwrap_or(u16::MAX);
    let width = cells(label + detail + 5);
    let below = screen.bottom().saturating_sub(y + 1);
    let above = y.saturating_sub(screen.y);
    let wanted = cells(candidates.len().min(MOST)) + 2;
    let is_below = below >= wanted || below >= above;
    let height = wanted.min(if is_below { below } else { above });
    let area = Rect {
        x: x.min(screen.right().saturating_sub(width)),
        y: if is_below { y + 1 } else { y - height },
        width,
        height,
    }
    .intersection(screen);
    if area.height < 3 {
        return;
    }
    clear(buffer, area, theme.style(Role::Overlay));
    let block = Block::new()
        .borders(Borders::ALL)
        .border_style(theme.style(Role::Border));
    let inner = block.inner(area);
    block.render(area, buffer);
    let rows = usize::from(inner.height);
    let top = (open.selected + 1).saturating_sub(rows);
    let shown = candidates.iter().enumerate().skip(top);
    for (row, (at, candidate)) in (0..inner.height).zip(shown) {
        let line = Rect {
            y: inner.y + row,
            height: 1,
            ..inner
        };
        let mut pen = Pen::new(buffer, theme, line, 0);
        let start = pen.left();
        pen.skip(1).safe(
            &cut_in_the_middle(&candidate.text, label),
            theme.style(Role::Text),
        );
        let used = start - pen.left();
        pen.skip((cells(label) + 2).saturating_sub(used))
            .role(&candidate.detail, Role::Dim);
        if at == open.selected {
            fill(buffer, line, theme.style(Role::Cursor));
        }
    }
}

/// A text cut where names of one lake are alike: its beginning and, more of it, its end stay.
fn cut_in_the_middle(text: &str, columns: usize) -> SafeText<'static> {
    let safe = SafeText::new(text);
    let width = safe.width();
    if width <= columns {
        return safe.into_owned();
    }
    let kept = columns.saturating_sub(1);
    let head = kept / 3;
    let tail = kept - head;
    let cut = format!(
        "{}…{}",
        safe.slice(0..head),
        safe.slice(width - tail..width)
    );
    SafeText::bounded(&cut, columns).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_that_begin_alike_still_differ() {
        let cut = |text| cut_in_the_middle(text, 24).to_string();
        let one = cut("amazon_security_lake_table_us_east_1_vpc_flow_2_0");
        let other = cut("amazon_security_lake_table_us_east_1_s3_data_2_0");
        assert_ne!(one, other);
        assert!(one.ends_with("vpc_flow_2_0"), "{one}");
        assert_eq!(SafeText::new(&one).width(), 24);
        assert_eq!(cut("short"), "short");
    }
}
