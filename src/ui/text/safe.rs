//! [`SafeText`]: one line of data, made safe, with its width in columns.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;

use ratatui::buffer::{Buffer, CellWidth as _};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_segmentation::UnicodeSegmentation as _;

use super::builder::Builder;
use super::classify::is_plain_ascii;

/// The mark of a text that goes on.
const ELLIPSIS: char = '…';

/// Bytes of input read for each column wanted. A column of honest text takes at most a few; only
/// floods of marks take more, and those are cut here instead of being read to their end.
const BYTES_PER_COLUMN: usize = 64;

/// Where a text stands in a field wider than itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Align {
    /// At the left edge: texts, times.
    #[default]
    Left,
    /// At the right edge: numbers.
    Right,
    /// In the middle.
    Center,
}

/// One line of text that is safe to put on a screen: no control, no bidi or zero-width character,
/// no line break, a bounded number of marks on a base. What was there instead is shown as an
/// escape, and the places of the escapes are known, so that they can be drawn apart from a text
/// that merely spells one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SafeText<'a> {
    text: Cow<'a, str>,
    width: usize,
    /// Byte ranges of the escapes, in order.
    escapes: Vec<Range<usize>>,
    /// One byte is one column.
    ascii: bool,
}

impl<'a> SafeText<'a> {
    /// Makes a whole text safe. Costs as much as the text is long: where only so many columns are
    /// shown, use [`SafeText::bounded`].
    pub fn new(data: &'a str) -> Self {
        if is_plain_ascii(data.as_bytes()) {
            return Self::ascii(Cow::Borrowed(data));
        }
        let mut builder = Builder::default();
        for cluster in data.graphemes(true) {
            builder.push(cluster);
        }
        builder.finish()
    }

    /// Makes the first `columns` columns of a text safe, with `…` in the last one when the text
    /// goes on. Reads no more than that needs, however long the text is.
    pub fn bounded(data: &'a str, columns: usize) -> Self {
        let bytes = data.as_bytes();
        if bytes.len() <= columns && is_plain_ascii(bytes) {
            return Self::ascii(Cow::Borrowed(data));
        }
        if columns == 0 {
            return Self::ascii(Cow::Borrowed(""));
        }
        if bytes.len() > columns && is_plain_ascii(&bytes[..columns]) {
            let mut text = String::with_capacity(columns + 2);
            text.push_str(&data[..columns - 1]);
            text.push(ELLIPSIS);
            return Self {
                text: Cow::Owned(text),
                width: columns,
                escapes: Vec::new(),
                ascii: false,
            };
        }
        let limit = (columns + 1).saturating_mul(BYTES_PER_COLUMN);
        let head = &data[..data.floor_char_boundary(limit)];
        let mut builder = Builder::default();
        for cluster in head.graphemes(true) {
            builder.push(cluster);
            if builder.width > columns {
                break;
            }
        }
        let cut_short = head.len() < data.len() && builder.width <= columns;
        let text = builder.finish();
        if cut_short {
            text.with_ellipsis(columns)
        } else {
            text.truncated(columns)
        }
    }

    /// What a builder has collected.
    pub(super) fn from_parts(text: String, width: usize, escapes: Vec<Range<usize>>) -> Self {
        Self {
            ascii: width == text.len() && text.is_ascii(),
            text: Cow::Owned(text),
            width,
            escapes,
        }
    }

    fn ascii(text: Cow<'a, str>) -> Self {
        Self {
            width: text.len(),
            text,
            escapes: Vec::new(),
            ascii: true,
        }
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Its width in columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Whether nothing would be drawn.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Whether anything had to be shown as an escape.
    pub fn has_escapes(&self) -> bool {
        !self.escapes.is_empty()
    }

    /// The same text, owning its bytes.
    pub fn into_owned(self) -> SafeText<'static> {
        SafeText {
            text: Cow::Owned(self.text.into_owned()),
            width: self.width,
            escapes: self.escapes,
            ascii: self.ascii,
        }
    }

    /// At most `columns` columns, with `…` as the last when anything was cut.
    #[must_use]
    pub fn truncated(self, columns: usize) -> Self {
        if self.width <= columns {
            self
        } else {
            self.with_ellipsis(columns)
        }
    }

    /// The columns before the last of `columns`, then `…`.
    fn with_ellipsis(self, columns: usize) -> Self {
        if columns == 0 {
            return Self::ascii(Cow::Borrowed(""));
        }
        let mut cut = self.head(columns - 1);
        cut.text.to_mut().push(ELLIPSIS);
        cut.width += 1;
        cut.ascii = false;
        cut
    }

    /// At most `columns` columns; a wide character that does not fit is left out.
    fn head(self, columns: usize) -> Self {
        if self.width <= columns {
            return self;
        }
        let (end, width) = if self.ascii {
            (columns, columns)
        } else {
            let mut width = 0;
            let mut end = 0;
            for cluster in self.text.graphemes(true) {
                let next = width + usize::from(cluster.cell_width());
                if next > columns {
                    break;
                }
                width = next;
                end += cluster.len();
            }
            (end, width)
        };
        let text = match self.text {
            Cow::Borrowed(text) => Cow::Borrowed(&text[..end]),
            Cow::Owned(mut text) => {
                text.truncate(end);
                Cow::Owned(text)
            }
        };
        let mut escapes = self.escapes;
        escapes.retain_mut(|range| {
            range.end = range.end.min(end);
            range.start < range.end
        });
        Self {
            text,
            width,
            escapes,
            ascii: self.ascii,
        }
    }

    /// The given columns, for a text scrolled sideways. A wide character that lies across an edge
    /// becomes spaces, so that every column stays where it is.
    pub fn slice(&self, columns: Range<usize>) -> SafeText<'static> {
        let columns = columns.start.min(self.width)..columns.end.min(self.width);
        let mut builder = Builder::default();
        let mut at = 0;
        let mut byte = 0;
        for cluster in self.text.graphemes(true) {
            let width = usize::from(cluster.cell_width());
            let next = at + width;
            if at >= columns.end {
                break;
            }
            if next > columns.start {
                if at >= columns.start && next <= columns.end {
                    builder.push_safe(cluster, width, self.is_escape(byte));
                } else {
                    let inside = next.min(columns.end) - at.max(columns.start);
                    builder.push_spaces(inside);
                }
            }
            at = next;
            byte += cluster.len();
        }
        builder.finish()
    }

    /// Exactly `columns` columns: cut with `…` or filled with spaces.
    #[must_use]
    pub fn aligned(self, columns: usize, align: Align) -> Self {
        let mut text = self.truncated(columns);
        let missing = columns - text.width;
        if missing == 0 {
            return text;
        }
        let before = match align {
            Align::Left => 0,
            Align::Right => missing,
            Align::Center => missing / 2,
        };
        let inner = text.text.to_mut();
        if before > 0 {
            inner.insert_str(0, &" ".repeat(before));
            for range in &mut text.escapes {
                *range = range.start + before..range.end + before;
            }
        }
        inner.extend(std::iter::repeat_n(' ', missing - before));
        text.width = columns;
        text
    }

    /// Without spaces at the end.
    pub(super) fn trimmed_end(self) -> Self {
        let width = self.width - (self.text.len() - self.text.trim_end_matches(' ').len());
        self.head(width)
    }

    fn is_escape(&self, byte: usize) -> bool {
        let after = self.escapes.partition_point(|range| range.end <= byte);
        self.escapes
            .get(after)
            .is_some_and(|range| range.start <= byte)
    }

    /// The columns where a text stands in this one, ASCII letters of either case alike. What is
    /// looked for is made safe first, so that a control is found by its escape.
    pub fn find(&self, needle: &str) -> Vec<Range<usize>> {
        let needle = SafeText::new(needle);
        let (text, needle) = (self.text.as_bytes(), needle.text.as_bytes());
        let mut found = Vec::new();
        if needle.is_empty() {
            return found;
        }
        let mut at = 0;
        while let Some(window) = text.get(at..at + needle.len()) {
            // A needle of whole characters matches only at a character's edge.
            if window.eq_ignore_ascii_case(needle) {
                let column = |byte: usize| match self.ascii {
                    true => byte,
                    false => SafeText::new(&self.text[..byte]).width(),
                };
                found.push(column(at)..column(at + needle.len()));
                at += needle.len();
            } else {
                at += 1;
            }
        }
        found
    }

    /// The pieces in order, each with whether it is an escape.
    pub fn pieces(&self) -> impl Iterator<Item = (&str, bool)> {
        let mut at = 0;
        let mut escapes = self.escapes.iter();
        let mut pending: Option<&Range<usize>> = None;
        std::iter::from_fn(move || {
            if at >= self.text.len() {
                return None;
            }
            pending = pending.take().or_else(|| escapes.next());
            let (end, escape) = match pending {
                Some(range) if range.start == at => {
                    let end = range.end;
                    pending = None;
                    (end, true)
                }
                Some(range) => (range.start, false),
                None => (self.text.len(), false),
            };
            let piece = &self.text[at..end];
            at = end;
            Some((piece, escape))
        })
    }

    /// The text as a line, with `escape` laid over `style` where an escape stands.
    pub fn to_line(&self, style: Style, escape: Style) -> Line<'static> {
        self.pieces()
            .map(|(piece, is_escape)| {
                let style = if is_escape {
                    style.patch(escape)
                } else {
                    style
                };
                Span::styled(piece.to_owned(), style)
            })
            .collect()
    }

    /// Draws the text from a place on, within `columns` columns and the buffer, with `escape` laid
    /// over `style` where an escape stands. Gives the columns used.
    pub fn draw(
        &self,
        buffer: &mut Buffer,
        (x, y): (u16, u16),
        columns: u16,
        style: Style,
        escape: Style,
    ) -> u16 {
        let area = *buffer.area();
        if y < area.y || y >= area.bottom() || x < area.x || x >= area.right() {
            return 0;
        }
        let columns = columns.min(area.right() - x);
        // Most of a screen is ASCII, cut or whole: a byte is a column, and nothing is segmented.
        let body = self.text.strip_suffix(ELLIPSIS).unwrap_or(&self.text);
        if self.escapes.is_empty() && body.is_ascii() {
            let first = buffer.index_of(x, y);
            let shown = self.width.min(usize::from(columns));
            let cells = &mut buffer.content[first..first + shown];
            let signs = body.bytes().map(char::from).chain([ELLIPSIS]);
            for (cell, sign) in cells.iter_mut().zip(signs) {
                cell.set_char(sign).set_style(style);
            }
            return u16::try_from(shown).unwrap_or(columns);
        }
        let mut at = x;
        for (piece, is_escape) in self.pieces() {
            let style = if is_escape {
                style.patch(escape)
            } else {
                style
            };
            let left = usize::from(x + columns - at);
            at = buffer.set_stringn(at, y, piece, left, style).0;
        }
        at - x
    }
}

impl fmt::Display for SafeText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
