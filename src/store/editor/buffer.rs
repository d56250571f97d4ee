//! One buffer: text, cursor, selection, undo, and the lexer's state at the start of each line.

use ratatui_textarea::{CursorMove, DataCursor, Input, Key, TextArea};

use super::Fault;
use crate::domain::playbook::placeholders;
use crate::domain::query::TextPosition;
use crate::sql::lexer::{LineState, Token, lex_line};
use crate::sql::statements::{self, Statement};
use crate::store::key::{Chord, KeyCode};

/// A text being edited.
#[derive(Debug, Clone)]
pub struct Buffer {
    serial: u64,
    /// What the tab calls it.
    pub name: String,
    area: TextArea<'static>,
    /// What each line starts inside of.
    states: Vec<LineState>,
    /// The fault of the last run.
    pub fault: Option<Fault>,
}

impl Buffer {
    /// A buffer with a text, the cursor at its start.
    pub fn new(serial: u64, name: String, text: &str) -> Self {
        let lines = plain(text).split('\n').map(str::to_owned).collect();
        let mut area = TextArea::new(lines);
        area.set_tab_length(TAB);
        area.set_max_histories(5_000);
        let mut buffer = Self {
            serial,
            name,
            area,
            states: Vec::new(),
            fault: None,
        };
        buffer.relex();
        buffer
    }

    /// Never reused.
    pub fn serial(&self) -> u64 {
        self.serial
    }

    /// Whether nothing is in it.
    pub fn is_blank(&self) -> bool {
        self.area.lines().iter().all(|line| line.trim().is_empty())
    }

    /// The lines.
    pub fn lines(&self) -> &[String] {
        self.area.lines()
    }

    /// The whole text.
    pub fn text(&self) -> String {
        self.area.lines().join("\n")
    }

    /// The tokens of a line, for highlighting.
    pub fn tokens(&self, line: usize) -> Vec<Token> {
        let state = self.states.get(line).copied().unwrap_or_default();
        self.area
            .lines()
            .get(line)
            .map(|text| lex_line(state, text).0)
            .unwrap_or_default()
    }

    /// The cursor: line and character, from 0.
    pub fn cursor(&self) -> (usize, usize) {
        let DataCursor(line, column) = self.area.cursor();
        (line, column)
    }

    /// The cursor as a place in the text.
    pub fn position(&self) -> TextPosition {
        let (line, column) = self.cursor();
        TextPosition {
            line: line + 1,
            column: column + 1,
        }
    }

    /// The selection: first and last (excluded) place as line and character, from 0.
    pub fn selection(&self) -> Option<((usize, usize), (usize, usize))> {
        self.area.selection_range()
    }

    /// The selected text.
    pub fn selected_text(&self) -> Option<String> {
        let ((first, from), (last, to)) = self.selection()?;
        let lines = self.area.lines().get(first..=last)?;
        let mut picked = String::new();
        for (at, line) in lines.iter().enumerate() {
            let from = if at == 0 { from } else { 0 };
            let to = if first + at == last { to } else { usize::MAX };
            if at > 0 {
                picked.push('\n');
            }
            picked.extend(line.chars().skip(from).take(to.saturating_sub(from)));
        }
        Some(picked)
    }

    /// The statement under the cursor.
    pub fn statement(&self) -> Option<Statement> {
        statements::at_position(&self.text(), self.position())
    }

    /// Edits with a key; tells whether the text changed.
    pub fn press(&mut self, chord: Chord, page: usize) -> bool {
        let pages = match chord.code {
            KeyCode::PageUp => Some(CursorMove::Up),
            KeyCode::PageDown => Some(CursorMove::Down),
            _ => None,
        };
        if let Some(direction) = pages {
            for _ in 0..page.max(1) {
                self.area.move_cursor(direction);
            }
            return false;
        }
        let changed = self.area.input(widget_input(chord));
        self.changed(changed)
    }

    /// Inserts a text at the cursor.
    pub fn insert(&mut self, text: &str) -> bool {
        let changed = self.area.insert_str(plain(text));
        self.changed(changed)
    }

    /// Replaces bytes of the text, as one step of undo per part.
    pub fn replace(&mut self, range: std::ops::Range<usize>, with: &str) {
        let text = self.text();
        let start = statements::position_of(&text, range.start);
        let count = text.get(range).map_or(0, |part| part.chars().count());
        self.go_to(start);
        self.area.delete_str(count);
        self.area.insert_str(with);
        self.changed(true);
    }

    /// Puts the cursor at a place.
    pub fn go_to(&mut self, position: TextPosition) {
        self.area.cancel_selection();
        self.area.move_cursor(jump(position));
    }

    /// Takes the last change back; of what was typed, a word at a time.
    pub fn undo(&mut self) -> bool {
        let changed = super::undo::undo(&mut self.area);
        self.changed(changed)
    }

    /// Makes the last undone change again; of what was typed, a word at a time.
    pub fn redo(&mut self) -> bool {
        let changed = super::undo::redo(&mut self.area);
        self.changed(changed)
    }

    /// Selects everything.
    pub fn select_all(&mut self) {
        self.area.select_all();
    }

    /// Selects the next placeholder behind the cursor, round the end; tells whether there is one.
    pub fn select_next_placeholder(&mut self) -> bool {
        let text = self.text();
        let found = placeholders(&text);
        let here = statements::offset_of(&text, self.position());
        let next = found.iter().find(|range| range.start >= here);
        let Some(range) = next.or(found.first()).cloned() else {
            return false;
        };
        self.go_to(statements::position_of(&text, range.start));
        self.area.start_selection();
        let end = statements::position_of(&text, range.end);
        self.area.move_cursor(jump(end));
        true
    }

    fn changed(&mut self, changed: bool) -> bool {
        if changed {
            self.fault = None;
            self.relex();
        }
        changed
    }

    fn relex(&mut self) {
        let mut state = LineState::default();
        self.states.clear();
        for line in self.area.lines() {
            self.states.push(state);
            state = lex_line(state, line).1;
        }
    }
}

/// Columns that a tab is worth: the editor's lines hold no tabs.
const TAB: u8 = 2;

/// A text as the editor keeps it: its own line breaks, spaces in the place of tabs.
fn plain(text: &str) -> String {
    text.replace("\r\n", "\n")
        .replace('\r', "\n")
        .replace('\t', &" ".repeat(usize::from(TAB)))
}

fn jump(position: TextPosition) -> CursorMove {
    let clamp = |n: usize| u16::try_from(n.saturating_sub(1)).unwrap_or(u16::MAX);
    CursorMove::Jump(clamp(position.line), clamp(position.column))
}

/// A chord as the text editor's widget takes it.
pub fn widget_input(chord: Chord) -> Input {
    let key = match chord.code {
        KeyCode::Char(c) => Key::Char(c),
        KeyCode::F(n) => Key::F(n),
        KeyCode::Enter => Key::Enter,
        KeyCode::Esc => Key::Esc,
        KeyCode::Tab => Key::Tab,
        KeyCode::Backspace => Key::Backspace,
        KeyCode::Delete => Key::Delete,
        KeyCode::Insert => Key::Null,
        KeyCode::Up => Key::Up,
        KeyCode::Down => Key::Down,
        KeyCode::Left => Key::Left,
        KeyCode::Right => Key::Right,
        KeyCode::Home => Key::Home,
        KeyCode::End => Key::End,
        KeyCode::PageUp => Key::PageUp,
        KeyCode::PageDown => Key::PageDown,
    };
    Input {
        key,
        ctrl: chord.ctrl,
        alt: chord.alt,
        shift: chord.shift,
    }
}
