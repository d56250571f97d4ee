//! Statements in a buffer: where each begins and ends, and which one a cursor stands in.

use std::ops::Range;

use crate::domain::query::TextPosition;

use super::lexer::{TokenKind, lex};

/// One statement of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// From its first meaningful token to its last, without the `;`. Comments before the first
    /// token are not in it, comments inside are.
    pub range: Range<usize>,
    /// The stretch of text that belongs to it, comments before it and its `;` included. The
    /// extents of a text's statements follow each other without a gap up to the last `;`.
    pub extent: Range<usize>,
}

impl Statement {
    /// The statement's text.
    pub fn text<'a>(&self, text: &'a str) -> &'a str {
        text.get(self.range.clone()).unwrap_or_default()
    }
}

/// Splits a text at every `;` that stands outside strings, quotes and comments. Empty statements
/// and stretches of comments only are left out.
pub fn split(text: &str) -> Vec<Statement> {
    let mut statements = Vec::new();
    let mut extent_start = 0;
    let mut range: Option<Range<usize>> = None;
    for token in lex(text) {
        let ends = token.kind == TokenKind::Punctuation && token.text(text) == ";";
        if ends {
            if let Some(range) = range.take() {
                statements.push(Statement {
                    range,
                    extent: extent_start..token.range.end,
                });
                extent_start = token.range.end;
            }
        } else if token.is_significant() {
            range = Some(range.map_or(token.range.clone(), |r| r.start..token.range.end));
        }
    }
    if let Some(range) = range {
        statements.push(Statement {
            range,
            extent: extent_start..text.len(),
        });
    }
    statements
}

/// The statement that a person means with the cursor at this byte: the one around it; right after
/// a `;`, with nothing else on the line, the one that it ends; behind the last one, the last.
pub fn at_offset(text: &str, offset: usize) -> Option<Statement> {
    let statements = split(text);
    let found = statements
        .iter()
        .position(|statement| offset < statement.extent.end)
        .unwrap_or(statements.len().saturating_sub(1));
    if let Some(previous) = found.checked_sub(1).and_then(|i| statements.get(i)) {
        let before = text.get(previous.extent.end..offset).unwrap_or("\n");
        let after = text.get(offset..).unwrap_or_default();
        let line_rest = after.split('\n').next().unwrap_or_default();
        if !before.contains('\n') && before.trim().is_empty() && line_rest.trim().is_empty() {
            return Some(previous.clone());
        }
    }
    statements.get(found).cloned()
}

/// The statement at a line and column.
pub fn at_position(text: &str, position: TextPosition) -> Option<Statement> {
    at_offset(text, offset_of(text, position))
}

/// The byte at a line and column; places past a line's or the text's end mean that end.
pub fn offset_of(text: &str, position: TextPosition) -> usize {
    let mut start = 0;
    for (number, line) in text.split('\n').enumerate() {
        if number + 1 == position.line.max(1) {
            let within = line
                .char_indices()
                .nth(position.column.saturating_sub(1))
                .map_or(line.len(), |(byte, _)| byte);
            return start + within;
        }
        start += line.len() + 1;
    }
    text.len()
}

/// The line and column of a byte.
pub fn position_of(text: &str, offset: usize) -> TextPosition {
    let mut end = offset.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let before = text.get(..end).unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
    TextPosition {
        line: before.matches('\n').count() + 1,
        column: before.get(line_start..).unwrap_or_default().chars().count() + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(text: &str) -> Vec<&str> {
        split(text).iter().map(|s| s.text(text)).collect()
    }

    #[test]
    fn semicolons_in_strings_quotes_and_comments_do_not_split() {
        let text = "SELECT ';' -- ;\n, \";\" /* ; */; SELECT 2 ;\n-- nothing\n;";
        assert_eq!(texts(text), vec!["SELECT ';' -- ;\n, \";\"", "SELECT 2"]);
    }

    #[test]
    fn an_open_string_keeps_the_rest_together() {
        assert_eq!(texts("SELECT 'a; SELECT 2"), vec!["SELECT 'a; SELECT 2"]);
    }

    #[test]
    fn the_cursor_means_the_statement_around_it() {
        let text = "SELECT 1;\n-- second\nSELECT 2;  \n\nSELECT 3";
        let at = |line, column| {
            at_position(text, TextPosition { line, column })
                .map(|s| s.text(text).to_owned())
                .unwrap_or_default()
        };
        assert_eq!(at(1, 1), "SELECT 1");
        assert_eq!(at(1, 10), "SELECT 1");
        assert_eq!(at(2, 3), "SELECT 2");
        assert_eq!(at(3, 11), "SELECT 2");
        assert_eq!(at(4, 1), "SELECT 3");
        assert_eq!(at(9, 9), "SELECT 3");
        assert_eq!(at_offset("  -- only\n", 3), None);
    }

    #[test]
    fn the_cursor_behind_the_last_semicolon_means_the_last_statement() {
        let text = "SELECT 1;\n\n\n";
        assert_eq!(at_offset(text, text.len()).map(|s| s.range), Some(0..8));
    }

    proptest! {
        #[test]
        fn positions_and_offsets_are_inverse(text in "([a-zß∑'; ]{0,6}\n){0,5}[a-zß]{0,6}") {
            for (offset, _) in text.char_indices() {
                prop_assert_eq!(offset_of(&text, position_of(&text, offset)), offset);
            }
        }

        #[test]
        fn extents_lie_in_order_and_hold_their_ranges(text in any::<String>()) {
            let mut end = 0;
            for statement in split(&text) {
                prop_assert_eq!(statement.extent.start, end);
                prop_assert!(statement.range.start >= statement.extent.start);
                prop_assert!(statement.range.end <= statement.extent.end);
                end = statement.extent.end;
            }
        }
    }
}
