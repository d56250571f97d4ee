//! The editor's state: buffers of SQL, completion, hints.
//!
//! A buffer holds a `ratatui-textarea` editor: the one widget whose state lives in the store,
//! because text, cursor, selection and undo history are what the user edits. It is never drawn by
//! its own widget: the pane draws the lines, highlighted and made safe.

pub mod bill;
mod buffer;
mod undo;
mod update;

use std::collections::HashMap;

pub use buffer::{Buffer, widget_input};
pub use update::{complete, edit, paste, update, walks};

use crate::domain::query::{QueryId, TextPosition};
use crate::sql::completion::Completions;
use crate::sql::lint::Hint;

/// A fault shown in the text: the statement's run says where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where, in the buffer's text.
    pub position: TextPosition,
    /// What.
    pub message: String,
}

/// Candidates offered for the word before the cursor.
#[derive(Debug, Clone, PartialEq)]
pub struct Completion {
    /// What can be put there; never empty.
    pub offered: Completions,
    /// The chosen one.
    pub selected: usize,
    /// Whether a person asked for the list or walked it: only then enter takes a candidate.
    pub wanted: bool,
}

/// Closed buffers that can be opened again.
const CLOSED: usize = 20;

/// The editor.
#[derive(Debug)]
pub struct Editor {
    /// Never empty.
    buffers: Vec<Buffer>,
    current: usize,
    /// Where a running statement stands: its buffer's serial number and its first line, so that a
    /// failure's position can be shown in the text.
    origins: HashMap<QueryId, Origin>,
    next_serial: u64,
    /// Closed buffers with something in them, the last one closed at the end.
    closed: Vec<Buffer>,
    /// A word was typed and completion has not looked at it yet.
    pub awaits_completion: bool,
    /// The open list of candidates.
    pub completion: Option<Completion>,
    /// Hints on the current buffer.
    pub hints: Vec<Hint>,
    /// The bill of the statement under the cursor.
    pub bill: Option<bill::Bill>,
    /// Rows of text that the pane shows: how far a page reaches.
    pub page: usize,
}

#[derive(Debug, Clone, Copy)]
struct Origin {
    serial: u64,
    start: TextPosition,
}

impl Editor {
    /// One buffer with a text.
    pub fn new(text: &str) -> Self {
        let mut editor = Self {
            buffers: Vec::new(),
            current: 0,
            origins: HashMap::new(),
            next_serial: 0,
            closed: Vec::new(),
            awaits_completion: false,
            completion: None,
            hints: Vec::new(),
            bill: None,
            page: 10,
        };
        editor.open(None, text);
        editor
    }

    /// Opens a buffer and goes to it. An empty, unnamed one gives way.
    pub fn open(&mut self, name: Option<&str>, text: &str) {
        self.next_serial += 1;
        let serial = self.next_serial;
        let name = name.map_or_else(|| format!("query {serial}"), str::to_owned);
        self.show(Buffer::new(serial, name, text));
    }

    /// Goes to a buffer that is not among the open ones.
    fn show(&mut self, buffer: Buffer) {
        match self.buffers.get_mut(self.current) {
            Some(blank) if blank.is_blank() => *blank = buffer,
            _ => {
                self.buffers.push(buffer);
                self.current = self.buffers.len() - 1;
            }
        }
        self.completion = None;
        self.refresh_hints();
    }

    /// Closes the current buffer; the last one leaves an empty one behind. Gives the name of a
    /// buffer with something in it, which [`Self::reopen`] opens again.
    pub fn close(&mut self) -> Option<String> {
        self.end_completion();
        let closed = self.buffers.remove(self.current);
        if self.buffers.is_empty() {
            self.next_serial += 1;
            let serial = self.next_serial;
            let empty = Buffer::new(serial, format!("query {serial}"), "");
            self.buffers.push(empty);
        }
        self.current = self.current.min(self.buffers.len() - 1);
        self.refresh_hints();
        if closed.is_blank() {
            return None;
        }
        let name = closed.name.clone();
        self.closed.push(closed);
        if self.closed.len() > CLOSED {
            self.closed.remove(0);
        }
        Some(name)
    }

    /// Opens the buffer that was closed last, as it was, undo and all. Tells whether there was one.
    pub fn reopen(&mut self) -> bool {
        let Some(buffer) = self.closed.pop() else {
            return false;
        };
        self.show(buffer);
        true
    }

    /// No list of candidates is open, and none opens by itself before a word is typed.
    pub fn end_completion(&mut self) {
        self.completion = None;
        self.awaits_completion = false;
    }

    /// Goes `by` buffers further, round the end.
    pub fn step(&mut self, by: isize) {
        let count = self.buffers.len().cast_signed();
        self.go_to(
            (self.current.cast_signed() + by)
                .rem_euclid(count)
                .cast_unsigned(),
        );
    }

    /// Goes to a buffer by its number from 0; past the end is the last.
    pub fn go_to(&mut self, number: usize) {
        self.current = number.min(self.buffers.len() - 1);
        self.completion = None;
        self.refresh_hints();
    }

    /// The current buffer.
    pub fn buffer(&self) -> &Buffer {
        &self.buffers[self.current]
    }

    /// The current buffer, to be changed.
    pub fn buffer_mut(&mut self) -> &mut Buffer {
        &mut self.buffers[self.current]
    }

    /// All buffers and the number of the current one.
    pub fn buffers(&self) -> (&[Buffer], usize) {
        (&self.buffers, self.current)
    }

    /// Remembers where a statement that now runs began.
    pub fn remember_origin(&mut self, query: QueryId, start: TextPosition) {
        let serial = self.buffer().serial();
        self.origins.insert(query, Origin { serial, start });
        self.buffer_mut().fault = None;
    }

    /// Another run has taken the place of one that had not ended.
    pub fn hand_over(&mut self, from: QueryId, to: QueryId) {
        if let Some(origin) = self.origins.remove(&from) {
            self.origins.insert(to, origin);
        }
    }

    /// A statement ended: shows its fault where it stands, if the buffer still exists.
    pub fn settle(&mut self, query: QueryId, fault: Option<(TextPosition, String)>) {
        let Some(origin) = self.origins.remove(&query) else {
            return;
        };
        let Some((position, message)) = fault else {
            return;
        };
        let Some(buffer) = self
            .buffers
            .iter_mut()
            .find(|b| b.serial() == origin.serial)
        else {
            return;
        };
        let first_line = position.line == 1;
        buffer.fault = Some(Fault {
            position: TextPosition {
                line: origin.start.line + position.line - 1,
                column: position.column
                    + if first_line {
                        origin.start.column - 1
                    } else {
                        0
                    },
            },
            message,
        });
    }

    /// Looks the current buffer over again.
    pub fn refresh_hints(&mut self) {
        self.hints = crate::sql::lint::lint(&self.buffer().text());
    }
}
