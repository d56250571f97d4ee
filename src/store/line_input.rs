//! One line of text that a person types: a prompt's answer, a form's field, a palette's filter.
//!
//! Holds a `ratatui-textarea` editor, as the SQL editor does: the one place where the store keeps
//! a widget's state, because its undo history and cursor rules are part of what the user edits.

use ratatui_textarea::{CursorMove, TextArea};

use super::key::{Chord, KeyCode};

/// A single line being edited.
#[derive(Debug, Clone)]
pub struct LineInput {
    area: TextArea<'static>,
}

impl LineInput {
    /// A line that holds a text, the cursor behind it.
    pub fn new(text: &str) -> Self {
        let mut area = TextArea::new(vec![single_line(text)]);
        area.move_cursor(CursorMove::End);
        Self { area }
    }

    /// A line whose text is only a proposal: all of it is selected, so that the first character
    /// typed takes its place and a movement of the cursor keeps it.
    pub fn replaceable(text: &str) -> Self {
        let mut line = Self::new(text);
        if !text.is_empty() {
            line.area.select_all();
        }
        line
    }

    /// Whether the next character takes the place of a selected text.
    pub fn is_selected(&self) -> bool {
        self.area
            .selection_range()
            .is_some_and(|(from, to)| from != to)
    }

    /// The text.
    pub fn text(&self) -> &str {
        self.area.lines().first().map_or("", String::as_str)
    }

    /// The cursor's place, in characters from the start.
    pub fn cursor(&self) -> usize {
        self.area.cursor().1
    }

    /// Edits the line with a key; tells whether the text changed.
    pub fn press(&mut self, chord: Chord) -> bool {
        if chord.code == KeyCode::Enter {
            return false;
        }
        self.area.input(super::editor::widget_input(chord))
    }

    /// Inserts pasted text; line breaks become spaces.
    pub fn paste(&mut self, text: &str) -> bool {
        self.area.insert_str(single_line(text))
    }
}

impl Default for LineInput {
    fn default() -> Self {
        Self::new("")
    }
}

fn single_line(text: &str) -> String {
    text.replace("\r\n", " ").replace(['\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_and_pasting_keep_one_line() {
        let mut line = LineInput::new("ab");
        assert!(line.press(Chord::char('c')));
        assert!(line.paste("d\ne"));
        assert!(!line.press(Chord::plain(KeyCode::Enter)));
        assert_eq!((line.text(), line.cursor()), ("abcd e", 6));
    }

    #[test]
    fn a_proposal_gives_way_to_what_is_typed_and_stays_when_the_cursor_moves() {
        let mut line = LineInput::replaceable("2026-01-01");
        assert!(line.is_selected());
        line.press(Chord::char('7'));
        assert_eq!(line.text(), "7");
        let mut line = LineInput::replaceable("2026-01-01");
        line.press(Chord::plain(KeyCode::End));
        assert!(!line.is_selected());
        line.press(Chord::char('7'));
        assert_eq!(line.text(), "2026-01-017");
    }
}
