//! Text of several lines (a statement, a playbook's step) as safe lines.

use std::borrow::Cow;

use ratatui::buffer::CellWidth as _;
use unicode_segmentation::UnicodeSegmentation as _;

use super::SafeText;

/// Columns between tab stops.
const TAB: usize = 4;

/// The lines of a text whose line breaks and tabs are its layout: breaks end a line (`\n`,
/// `\r\n`), a tab fills up to the next fourth column, everything else is made safe.
pub fn safe_lines(text: &str) -> impl Iterator<Item = SafeText<'static>> {
    text.split('\n').map(|line| {
        let line = line.strip_suffix('\r').unwrap_or(line);
        SafeText::new(&expand_tabs(line)).into_owned()
    })
}

fn expand_tabs(line: &str) -> Cow<'_, str> {
    if !line.contains('\t') {
        return Cow::Borrowed(line);
    }
    let mut out = String::with_capacity(line.len() + TAB);
    let mut column = 0;
    for (index, part) in line.split('\t').enumerate() {
        if index > 0 {
            let fill = TAB - column % TAB;
            out.extend(std::iter::repeat_n(' ', fill));
            column += fill;
        }
        out.push_str(part);
        column += SafeText::new(part).width();
    }
    Cow::Owned(out)
}

/// Breaks a text into lines of at most `columns` columns, between words where that is possible.
/// An empty text is one empty line; with no columns there is nothing.
pub fn wrap(text: &SafeText<'_>, columns: usize) -> Vec<SafeText<'static>> {
    if columns == 0 {
        return Vec::new();
    }
    let mut lines = Vec::new();
    let (mut start, mut at) = (0, 0);
    // The column after the last space: where the line may break.
    let mut chance = 0;
    for cluster in text.as_str().graphemes(true) {
        let next = at + usize::from(cluster.cell_width());
        if cluster == " " {
            // A space may hang over the edge: it is cut off there.
            chance = next;
        } else if next - start > columns && at > start {
            let end = if chance > start { chance } else { at };
            lines.push(text.slice(start..end).trimmed_end().truncated(columns));
            start = end;
        }
        at = next;
    }
    lines.push(text.slice(start..at).trimmed_end().truncated(columns));
    lines
}
