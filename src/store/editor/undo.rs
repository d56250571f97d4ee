//! Undo and redo by words. The widget remembers every character as a change of its own; here those
//! that were typed one after the other go together.

use ratatui_textarea::{DataCursor, TextArea};

/// A character that was typed: where it stands, and which it is.
#[derive(Debug, Clone, Copy)]
struct Typed {
    line: usize,
    column: usize,
    c: char,
}

/// Takes the last change back, of what was typed a word; tells whether there was one.
pub(super) fn undo(area: &mut TextArea<'static>) -> bool {
    step(area, TextArea::undo, TextArea::redo, true)
}

/// Makes the last undone change again, of what was typed a word; tells whether there was one.
pub(super) fn redo(area: &mut TextArea<'static>) -> bool {
    step(area, TextArea::redo, TextArea::undo, false)
}

type Go = fn(&mut TextArea<'static>) -> bool;

fn step(area: &mut TextArea<'static>, go: Go, back: Go, backwards: bool) -> bool {
    let before = area.lines().to_vec();
    if !go(area) {
        return false;
    }
    let mut last = typed(&before, area, backwards);
    while let Some(this) = last {
        let before = area.lines().to_vec();
        if !go(area) {
            break;
        }
        last = typed(&before, area, backwards).filter(|next| match backwards {
            true => continues(*next, this),
            false => continues(this, *next),
        });
        if last.is_none() {
            // One change too far: it belongs to another word.
            back(area);
        }
    }
    true
}

/// The one character by which the text before and after a step differ, if that is all.
fn typed(before: &[String], area: &TextArea<'static>, backwards: bool) -> Option<Typed> {
    let DataCursor(line, column) = area.cursor();
    let after = area.lines();
    if before.len() != after.len() {
        return None;
    }
    let (newer, older, column) = if backwards {
        (before.get(line)?, after.get(line)?, column)
    } else {
        // The cursor stands behind what was typed.
        (after.get(line)?, before.get(line)?, column.checked_sub(1)?)
    };
    let c = newer.chars().nth(column)?;
    let rest = newer.chars().take(column);
    let rest = rest.chain(newer.chars().skip(column + 1));
    rest.eq(older.chars()).then_some(Typed { line, column, c })
}

/// Whether a character goes on with the word of the one before it. Spaces end a word.
fn continues(first: Typed, second: Typed) -> bool {
    let adjacent = first.line == second.line && first.column + 1 == second.column;
    adjacent && (!first.c.is_whitespace() || second.c.is_whitespace())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::Buffer;
    use crate::store::key::{Chord, KeyCode};

    fn typed(text: &str) -> Buffer {
        let mut buffer = Buffer::new(1, "q".to_owned(), "");
        for c in text.chars() {
            buffer.press(Chord::char(c), 10);
        }
        buffer
    }

    #[test]
    fn a_word_is_undone_at_once_and_redone_at_once() {
        let mut buffer = typed("SELECT one, two");
        for left in ["SELECT one, ", "SELECT ", ""] {
            assert!(buffer.undo());
            assert_eq!(buffer.text(), left);
        }
        assert!(!buffer.undo());
        for made in ["SELECT ", "SELECT one, ", "SELECT one, two"] {
            assert!(buffer.redo());
            assert_eq!(buffer.text(), made);
        }
        assert!(!buffer.redo());
    }

    #[test]
    fn what_was_typed_elsewhere_is_another_change() {
        let mut buffer = typed("ab");
        buffer.press(Chord::plain(KeyCode::Home), 10);
        buffer.press(Chord::char('x'), 10);
        buffer.undo();
        assert_eq!(buffer.text(), "ab");
        buffer.undo();
        assert_eq!(buffer.text(), "");
    }

    proptest! {
        #[test]
        fn undoing_all_and_redoing_all_gives_the_text_again(
            keys in prop::collection::vec("[a-c \n<>]", 0..40),
        ) {
            let mut buffer = Buffer::new(1, "q".to_owned(), "");
            for key in &keys {
                let chord = match key.as_str() {
                    "\n" => Chord::plain(KeyCode::Enter),
                    "<" => Chord::plain(KeyCode::Left),
                    ">" => Chord::plain(KeyCode::Backspace),
                    other => Chord::char(other.chars().next().unwrap()),
                };
                buffer.press(chord, 10);
            }
            let text = buffer.text();
            while buffer.undo() {}
            prop_assert_eq!(buffer.text(), "");
            while buffer.redo() {}
            prop_assert_eq!(buffer.text(), text);
        }
    }
}
