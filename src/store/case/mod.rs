//! The case in which the console works. What is done is noted in its journal; what it holds is what
//! the journal replays to, and nothing else.
//!
//! Entries are gathered while an event is handled and handed over together at its end
//! ([`CaseDesk::take_work`]), before anything else that the event asks for. An entry counts when
//! the runtime says that it is on the disk.

mod evidence;
mod menu;
mod page;
mod queries;
mod update;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use chrono::{DateTime, Utc};

pub(super) use evidence::{annotate, mark, mark_all, pin, take_back};
pub use evidence::{marked_rows, pinned_rows};
pub use menu::{CaseList, CaseMenu, MenuLine, lines};
pub(super) use menu::{choose, choose_other, count, remove};
pub(super) use page::verdict_told;
pub use page::{Line as PageLine, lines as page_lines};
pub use queries::finished;
pub(super) use queries::{begun, entity_ref, hand_over, news as query_news, of_session, pivoted};
pub(super) use update::{
    answer, command, news, note_export, note_from_queue, restore, step_noted, step_ticked,
};

use super::entity::EntityPage;
use super::overlay::{Overlay, Prompt, PromptKind};
use super::state::State;
use crate::domain::case::{CaseState, Draft, Key, ObjectRow, ResultRef, Sealed, Source, What};
use crate::domain::query::{QueryId, QuerySummary};

/// Work on cases for the runtime.
#[derive(Debug, Clone, PartialEq)]
pub enum CaseWork {
    /// List the cases.
    List,
    /// Make a case and work in it.
    New {
        /// Its name.
        name: String,
    },
    /// Work in a case.
    Open {
        /// Its id.
        id: String,
    },
    /// Work in no case any more.
    Leave,
    /// Append entries, all of them or none.
    Append(Vec<Draft>),
    /// Keep rows as evidence.
    Pin(PinOrder),
    /// A query has ended and its rows are kept: take them into the case, and note the end.
    KeepResult {
        /// The query.
        query: Key,
        /// The name under which its rows are kept.
        name: String,
        /// What the run did.
        summary: QuerySummary,
        /// When it ended.
        at: DateTime<Utc>,
    },
    /// Take the text of a playbook into the case, and note that it is worked down.
    KeepPlaybook {
        /// The file's name.
        file: String,
        /// Its text.
        text: String,
        /// When its first step was done.
        at: DateTime<Utc>,
    },
    /// A file was written: note its hash.
    NoteExport {
        /// What it holds: `result` or `timeline`.
        subject: &'static str,
        /// The file.
        path: PathBuf,
        /// The format's name.
        format: String,
        /// Its rows.
        rows: u64,
        /// When.
        at: DateTime<Utc>,
    },
    /// Show a result of the case.
    Load {
        /// The run whose tab shows it.
        query: QueryId,
        /// Which.
        result: ResultRef,
    },
}

/// Rows that are to be kept as evidence.
#[derive(Debug, Clone, PartialEq)]
pub struct PinOrder {
    /// The run whose rows they are.
    pub query: QueryId,
    /// Their numbers in the result, from 0, each with the key of its pin.
    pub rows: Vec<(usize, Key)>,
    /// Where they came from; the row is filled in.
    pub source: Source,
    /// The objects in which some of them stand, by their numbers.
    pub objects: BTreeMap<usize, ObjectRow>,
    /// When.
    pub at: DateTime<Utc>,
}

impl PinOrder {
    /// Where the row with a number came from.
    pub fn source_of(&self, number: usize) -> Source {
        let mut source = self.source.at_row(number as u64 + 1);
        if let Source::Run { object, .. } = &mut source
            && let Some(of_row) = self.objects.get(&number)
        {
            *object = Some(Box::new(of_row.clone()));
        }
        source
    }
}

/// News of cases.
#[derive(Debug, Clone)]
pub enum CaseNews {
    /// The cases that there are, the one last worked on first.
    Listed(Vec<CaseLine>),
    /// A case is open for writing.
    Opened(Box<OpenedCase>),
    /// A case could not be opened, or the cases not be listed.
    NotOpened(String),
    /// The case is left; everything is on the disk.
    Left,
    /// What was handed over is on the disk.
    Written(Vec<Sealed>),
    /// What was handed over is not, and why.
    NotWritten(String),
}

/// A case that was opened for writing.
#[derive(Debug, Clone)]
pub struct OpenedCase {
    /// The first 16 digits of its identity.
    pub id: String,
    /// What keys of queries, pins and notes begin with.
    pub session: String,
    /// Who writes.
    pub analyst: String,
    /// What it replays to.
    pub state: CaseState,
}

/// A case in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseLine {
    /// The first 16 digits of its identity.
    pub id: String,
    /// Its name.
    pub name: String,
    /// When the last thing was done in it.
    pub last: Option<DateTime<Utc>>,
    /// Pins that were not taken back.
    pub pins: usize,
    /// Whether the work in it is done.
    pub closed: bool,
}

/// A run that the case knows.
#[derive(Debug, Clone)]
struct Begun {
    key: Key,
    /// What it did, once all its rows are there.
    summary: Option<QuerySummary>,
    /// Whether its end is noted.
    ended: bool,
}

/// The case that is open.
#[derive(Debug)]
pub struct OpenCase {
    /// The first 16 digits of its identity.
    pub id: String,
    /// What it holds, as far as it is on the disk.
    pub state: CaseState,
    /// Pieces of work that were handed over and are not on the disk yet.
    pub waiting: usize,
    session: String,
    next: u64,
    queries: HashMap<QueryId, Begun>,
    work: Vec<CaseWork>,
}

impl OpenCase {
    /// A new key; the letter says of what.
    fn fresh_key(&mut self, of: char) -> Key {
        self.next += 1;
        Key(format!("{}-{of}{}", self.session, self.next))
    }

    /// What happened will be appended with everything else of this event.
    fn note(&mut self, at: DateTime<Utc>, what: What) {
        let draft = Draft { at, what };
        match self.work.last_mut() {
            Some(CaseWork::Append(drafts)) => drafts.push(draft),
            _ => self.work.push(CaseWork::Append(vec![draft])),
        }
    }

    /// The key of a run that belongs to the case.
    pub fn key_of(&self, query: QueryId) -> Option<&Key> {
        self.queries.get(&query).map(|begun| &begun.key)
    }
}

/// The case that the last session had open, and which of its queries each tab showed.
#[derive(Debug)]
pub(super) struct Wanted {
    id: String,
    keys: Vec<(QueryId, Key)>,
}

/// The open case, if one is, and those to choose from.
#[derive(Debug, Default)]
pub struct CaseDesk {
    open: Option<OpenCase>,
    /// The cases to choose from, as they were listed last.
    pub known: Vec<CaseLine>,
    wanted: Option<Wanted>,
    /// The pins or the query that an open prompt asks about.
    subject: Vec<Key>,
    /// The page on whose entity an open prompt asks for a note; `None` where it is on the case.
    note_from: Option<EntityPage>,
}

impl CaseDesk {
    /// The open case.
    pub fn open(&self) -> Option<&OpenCase> {
        self.open.as_ref()
    }

    /// What the last event asks of the open case.
    pub(super) fn take_work(&mut self) -> Vec<CaseWork> {
        let Some(case) = &mut self.open else {
            return Vec::new();
        };
        case.waiting += case.work.len();
        std::mem::take(&mut case.work)
    }
}

/// Notes what happened, where a case is open.
pub(super) fn note(state: &mut State, what: What) {
    let now = state.now;
    if let Some(case) = &mut state.case.open {
        case.note(now, what);
    }
}

/// Whether a case is open; without one a person is told how to make one.
pub(super) fn is_open_or_told(state: &mut State) -> bool {
    open_or_tell(state).is_some()
}

/// Asks for a note on an entity; its page comes back after the answer.
pub(super) fn ask_note(state: &mut State, page: EntityPage) {
    if open_or_tell(state).is_some() {
        state.case.note_from = Some(page);
        state.overlay = Some(Overlay::Prompt(Prompt::new(PromptKind::CaseNote, "")));
    }
}

/// The open case; without one a person is told how to make one.
fn open_or_tell(state: &mut State) -> Option<&mut OpenCase> {
    if state.case.open.is_none() {
        let key = state
            .setting
            .keymap
            .label(super::command::Command::CaseChoose);
        let key = key.map_or_else(String::new, |key| format!("; {key} makes or chooses one"));
        state.warn(format!("no case is open{key}"));
    }
    state.case.open.as_mut()
}
