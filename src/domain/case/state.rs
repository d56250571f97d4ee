//! What a case is after everything that happened in it. Made by replay alone.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};

use super::entry::EntryHash;
use super::trail::Trail;
use super::what::{About, EntityRef, Key, Outcome, Pin, ResultRef, Verdict};

/// Who did something, when, and the entry that tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// The analyst's name.
    pub by: String,
    /// When it was done: for a pin, when it was discovered.
    pub at: DateTime<Utc>,
    /// The entry.
    pub entry: EntryHash,
}

/// A closed case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// Who and when.
    pub stamp: Stamp,
    /// Why.
    pub reason: String,
}

/// A pin.
#[derive(Debug, Clone, PartialEq)]
pub struct PinState {
    /// As it was pinned: its own tags and note are those of that moment.
    pub pin: Pin,
    /// Who pinned it and when.
    pub pinned: Stamp,
    /// Its tags now.
    pub tags: Vec<String>,
    /// Its note now.
    pub note: String,
    /// Who changed tags or note, the last change last.
    pub annotated: Vec<Stamp>,
    /// Who took it back, and why.
    pub unpinned: Option<(Stamp, String)>,
}

/// A note.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoteState {
    /// The note.
    pub note: Key,
    /// What it is about.
    pub about: About,
    /// Its text now.
    pub text: String,
    /// Who wrote it and when.
    pub written: Stamp,
    /// Who changed it last.
    pub edited: Option<Stamp>,
    /// Who took it back.
    pub removed: Option<Stamp>,
}

/// A step of a playbook.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StepState {
    /// Whether it is done, and who said so last.
    pub tick: Option<(bool, Stamp)>,
    /// Its note, and who wrote it last.
    pub note: Option<(String, Stamp)>,
}

/// A decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// What was decided.
    pub decision: String,
    /// Why.
    pub reason: String,
    /// Who and when.
    pub stamp: Stamp,
}

/// What an entity is taken for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerdictState {
    /// The verdict now.
    pub verdict: Verdict,
    /// Why.
    pub reason: String,
    /// Every verdict that was given, the last one last.
    pub given: Vec<(Verdict, Stamp)>,
}

/// A kept result that belongs to the case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultState {
    /// Its name and hash.
    pub result: ResultRef,
    /// The query that it is of.
    pub query: Key,
    /// Its rows.
    pub rows: u64,
    /// When the query ended.
    pub ended: Stamp,
}

/// Something that left the case as a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportState {
    /// What.
    pub subject: String,
    /// The format.
    pub format: String,
    /// The file's name.
    pub file: String,
    /// Rows, where it has rows.
    pub rows: Option<u64>,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: String,
    /// Who and when.
    pub stamp: Stamp,
}

/// The state of a case.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CaseState {
    /// The case's identity; `None` before its first entry.
    pub id: Option<EntryHash>,
    /// Its name.
    pub name: String,
    /// Who opened it and when.
    pub opened: Option<Stamp>,
    /// Who closed it; `None` while it is open.
    pub closed: Option<Closing>,
    /// Who did the last thing in it.
    pub last: Option<Stamp>,
    /// Pins in the order of pinning, those that were taken back included.
    pub pins: Vec<PinState>,
    /// Notes in the order of writing, those that were taken back included.
    pub notes: Vec<NoteState>,
    /// The playbooks in use, each with the hash of the text last seen.
    pub playbooks: BTreeMap<String, String>,
    /// Steps by playbook and identity.
    pub steps: BTreeMap<(String, String), StepState>,
    /// Decisions in order.
    pub decisions: Vec<Decision>,
    /// Verdicts.
    pub verdicts: BTreeMap<EntityRef, VerdictState>,
    /// Which value led to which query.
    pub trail: Trail,
    /// Kept results in the order of their ends.
    pub results: Vec<ResultState>,
    /// Files that left the case.
    pub exports: Vec<ExportState>,
    /// Entries.
    pub entries: u64,
    /// Commands among them.
    pub commands: u64,
    /// Entries of kinds that this program does not know: they are kept and have no effect here.
    pub not_understood: Vec<(EntryHash, String)>,
    /// Entries that say something of a pin, note or query that is not there: without effect.
    pub without_effect: Vec<EntryHash>,
    /// Where each pin is.
    pub(super) pin_places: HashMap<Key, usize>,
    /// Where each note is.
    pub(super) note_places: HashMap<Key, usize>,
}

impl CaseState {
    /// The pins that were not taken back.
    pub fn live_pins(&self) -> impl Iterator<Item = &PinState> {
        self.pins.iter().filter(|pin| pin.unpinned.is_none())
    }

    /// The pin of a key.
    pub fn pin(&self, key: &Key) -> Option<&PinState> {
        self.pins.get(*self.pin_places.get(key)?)
    }

    /// What an entity is taken for.
    pub fn verdict(&self, entity: &EntityRef) -> Verdict {
        self.verdicts
            .get(entity)
            .map_or(Verdict::Unknown, |state| state.verdict)
    }

    /// Queries that were begun and have not ended, oldest first.
    pub fn running(&self) -> impl Iterator<Item = &super::trail::TrailNode> {
        self.trail
            .nodes()
            .iter()
            .filter(|node| node.begun.is_some() && node.outcome.is_none())
    }
}

/// Whether an outcome has rows that were kept.
pub(super) fn kept(outcome: &Outcome) -> Option<(&ResultRef, u64)> {
    match outcome {
        Outcome::Finished {
            result: Some(result),
            rows,
            ..
        } => Some((result, *rows)),
        _ => None,
    }
}
