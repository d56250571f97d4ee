//! Small strokes that panes and overlays share.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::{Block, Borders, Widget};

use super::text::{SafeText, wrap};
use super::theme::{Role, Theme};
use crate::store::layout::Area;

/// A rectangle of the store's as the drawing library has it.
pub(in crate::ui) fn rect(area: Area) -> Rect {
    Rect {
        x: area.x,
        y: area.y,
        width: area.width,
        height: area.height,
    }
}

/// A row of cells that is written from left to right.
pub(in crate::ui) struct Pen<'a> {
    buffer: &'a mut Buffer,
    theme: &'a Theme,
    x: u16,
    y: u16,
    end: u16,
}

impl<'a> Pen<'a> {
    /// A pen at the start of a row of an area; a row outside it takes no ink.
    pub(in crate::ui) fn new(
        buffer: &'a mut Buffer,
        theme: &'a Theme,
        area: Rect,
        row: u16,
    ) -> Self {
        let area = area.intersection(*buffer.area());
        let end = if row < area.height {
            area.right()
        } else {
            area.x
        };
        Self {
            buffer,
            theme,
            x: area.x,
            y: area.y.saturating_add(row),
            end,
        }
    }

    /// Columns left.
    pub(in crate::ui) fn left(&self) -> u16 {
        self.end.saturating_sub(self.x)
    }

    /// Writes data, made safe and cut to what fits with `…`.
    pub(in crate::ui) fn data(&mut self, text: &str, style: Style) -> &mut Self {
        let left = self.left();
        self.safe(
            &SafeText::bounded(text, usize::from(left)).truncated(usize::from(left)),
            style,
        )
    }

    /// Writes data into a column of its own width, padded.
    pub(in crate::ui) fn column(&mut self, text: &str, width: u16, style: Style) -> &mut Self {
        let width = width.min(self.left());
        let safe = SafeText::bounded(text, usize::from(width)).truncated(usize::from(width));
        let start = self.x;
        self.safe(&safe, style);
        self.x = start + width;
        self
    }

    /// Writes a safe text.
    pub(in crate::ui) fn safe(&mut self, text: &SafeText<'_>, style: Style) -> &mut Self {
        let escape = self.theme.style(Role::Escape);
        if self.left() > 0 {
            let at = (self.x, self.y);
            self.x += text.draw(self.buffer, at, self.left(), style, escape);
        }
        self
    }

    /// Writes data in a role's style.
    pub(in crate::ui) fn role(&mut self, text: &str, role: Role) -> &mut Self {
        let style = self.theme.style(role);
        self.data(text, style)
    }

    /// Leaves columns free.
    pub(in crate::ui) fn skip(&mut self, columns: u16) -> &mut Self {
        self.x = self.x.saturating_add(columns).min(self.end);
        self
    }

    /// Goes on so that a text of this width ends at the right edge.
    pub(in crate::ui) fn skip_to_right(&mut self, width: u16) -> &mut Self {
        self.x = self.x.max(self.end.saturating_sub(width));
        self
    }
}

/// Fills an area with a style.
pub(in crate::ui) fn fill(buffer: &mut Buffer, area: Rect, style: Style) {
    buffer.set_style(area.intersection(*buffer.area()), style);
}

/// Clears an area for an overlay.
pub(in crate::ui) fn clear(buffer: &mut Buffer, area: Rect, style: Style) {
    let area = area.intersection(*buffer.area());
    ratatui::widgets::Clear.render(area, buffer);
    buffer.set_style(area, style);
}

/// Draws a frame with a title at the left and one at the right, and gives the area inside. Titles
/// are data: they are made safe and cut.
pub(in crate::ui) fn frame(
    buffer: &mut Buffer,
    theme: &Theme,
    area: Rect,
    focused: bool,
    title: &str,
    right: &str,
) -> Rect {
    let area = area.intersection(*buffer.area());
    let border = if focused {
        Role::BorderFocused
    } else {
        Role::Border
    };
    let block = Block::new()
        .borders(Borders::ALL)
        .border_style(theme.style(border));
    let inner = block.inner(area);
    block.render(area, buffer);
    let room = area.width.saturating_sub(4);
    if room > 0 {
        let heading = Rect {
            x: area.x + 2,
            width: room,
            height: 1,
            ..area
        };
        let right = SafeText::new(right).truncated(usize::from(room / 2));
        let right_width = u16::try_from(right.width()).unwrap_or(0);
        let mut title_area = heading;
        if right_width > 0 {
            title_area.width = room.saturating_sub(right_width + 3);
        }
        let role = if focused { Role::Title } else { Role::Dim };
        let mut pen = Pen::new(buffer, theme, title_area, 0);
        pen.role(title, role);
        if pen.left() > 0 {
            pen.role(" ", role);
        }
        if right_width > 0 {
            let style = theme.style(Role::Dim);
            Pen::new(buffer, theme, heading, 0)
                .skip_to_right(right_width)
                .safe(&right, style);
        }
    }
    inner
}

/// Writes into the lower edge of a frame: at the left what is in force inside it, at the right
/// where in it one is. Both are data; the left one gives way.
pub(in crate::ui) fn foot(
    buffer: &mut Buffer,
    theme: &Theme,
    area: Rect,
    left: (&str, Role),
    right: &str,
) {
    let area = area.intersection(*buffer.area());
    if area.height < 2 || area.width < 6 {
        return;
    }
    let line = Rect {
        x: area.x + 2,
        y: area.bottom() - 1,
        width: area.width - 4,
        height: 1,
    };
    let right = SafeText::new(right).truncated(usize::from(line.width));
    let right_width = u16::try_from(right.width()).unwrap_or(0);
    if right_width > 0 {
        let style = theme.style(Role::Dim);
        Pen::new(buffer, theme, line, 0)
            .skip_to_right(right_width)
            .safe(&right, style);
    }
    let rest = Rect {
        width: line.width.saturating_sub(right_width + 2),
        ..line
    };
    if rest.width > 3 {
        Pen::new(buffer, theme, rest, 0).role(left.0, left.1);
    }
}

/// How many lines lie above and below those in sight, as the lower edge of a list says it.
pub(in crate::ui) fn more(above: usize, below: usize) -> String {
    match (above, below) {
        (0, 0) => String::new(),
        (above, 0) => format!("▲ {above} more"),
        (0, below) => format!("▼ {below} more"),
        (above, below) => format!("▲ {above} ▼ {below} more"),
    }
}

/// Says in the middle of an empty area what would fill it.
pub(in crate::ui) fn placeholder(buffer: &mut Buffer, theme: &Theme, area: Rect, lines: &[String]) {
    let room = usize::from(area.width.saturating_sub(2));
    let lines: Vec<SafeText<'static>> = lines
        .iter()
        .flat_map(|line| wrap(&SafeText::new(line), room))
        .collect();
    let height = u16::try_from(lines.len()).unwrap_or(u16::MAX);
    let top = area.height.saturating_sub(height) / 2;
    for (row, line) in (top..area.height).zip(&lines) {
        let width = u16::try_from(line.width()).unwrap_or(u16::MAX);
        let mut pen = Pen::new(buffer, theme, area, row);
        pen.skip(area.width.saturating_sub(width) / 2)
            .safe(line, theme.style(Role::Placeholder));
    }
}
