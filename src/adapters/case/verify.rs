//! Recomputing everything: what was looked at, and what does not fit.

#![allow(
    clippy::disallowed_methods,
    reason = "this room owns the folder of cases"
)]

use std::collections::BTreeSet;
use std::fmt;
use std::fs::File;
use std::io;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};
use serde::Serialize;

use super::keep::{CaseFiles, Kind, ManifestHead, copy};
use super::{CaseError, JOURNAL, file};
use crate::domain::case::{CaseState, EntryHash, Happening, History, What};

/// A file that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Looked {
    /// Its name in the capsule or in the case's folder.
    pub name: String,
    /// Its bytes.
    pub bytes: u64,
    /// The SHA-256 of its bytes, where it has one that counts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    /// Whether it fits.
    pub ok: bool,
}

/// Something that does not fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// The file in the capsule or in the case's folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The place in the capsule, in bytes from 0: the first that does not fit, or the beginning of
    /// the smallest part that has a hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub byte: Option<u64>,
    /// The number of the entry, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entry: Option<u64>,
    /// What is wrong.
    pub problem: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}: ")?;
        }
        if let Some(entry) = self.entry {
            write!(f, "entry {entry}: ")?;
        }
        if let Some(byte) = self.byte {
            write!(f, "byte {byte}: ")?;
        }
        f.write_str(&self.problem)
    }
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether everything fits.
    pub ok: bool,
    /// What was verified: `case` or `capsule`.
    pub subject: &'static str,
    /// The case's identity, as far as it can be read.
    pub case: Option<EntryHash>,
    /// Its name.
    pub name: Option<String>,
    /// Entries that fit, counted from the first.
    pub entries: u64,
    /// Pins whose rows were held against their hashes.
    pub pins: u64,
    /// The entries that no other follows. Note them elsewhere: who has them can prove later that
    /// nothing up to them was changed or cut off.
    pub heads: Vec<EntryHash>,
    /// Whether the noted entry is there, where one was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub noted: Option<bool>,
    /// Results that the journal names and whose rows are not there. They may never have been kept.
    pub absent: Vec<String>,
    /// The files that were looked at.
    pub looked_at: Vec<Looked>,
    /// What does not fit, the first one first.
    pub problems: Vec<Problem>,
}

impl Report {
    pub(super) fn new(subject: &'static str) -> Self {
        Self {
            ok: false,
            subject,
            case: None,
            name: None,
            entries: 0,
            pins: 0,
            heads: Vec::new(),
            noted: None,
            absent: Vec::new(),
            looked_at: Vec::new(),
            problems: Vec::new(),
        }
    }

    pub(super) fn problem(
        &mut self,
        file: &str,
        byte: Option<u64>,
        entry: Option<u64>,
        problem: impl Into<String>,
    ) {
        self.problems.push(Problem {
            file: Some(file.to_owned()),
            byte,
            entry,
            problem: problem.into(),
        });
    }

    /// Whether something of a file does not fit.
    pub(super) fn complains_of(&self, file: &str) -> bool {
        self.problems
            .iter()
            .any(|problem| problem.file.as_deref() == Some(file))
    }

    /// What the history tells of itself, and its pins held against their hashes.
    pub(super) fn take(&mut self, history: &History, journal: &str) -> CaseState {
        let state = CaseState::of(history);
        self.case = history.id();
        self.name = Some(state.name.clone());
        self.entries = history.entries().len() as u64;
        self.heads = history.heads().collect();
        for (number, sealed) in (1..).zip(history.entries()) {
            let Happening::Known(What::Pinned(pin)) = &sealed.entry().what else {
                continue;
            };
            self.pins += 1;
            let found = pin.row.sha256();
            if found != pin.row_sha256 {
                let what = format!(
                    "the row of pin {} does not give its hash: {} is written, {found} is what it gives",
                    pin.pin, pin.row_sha256
                );
                self.problem(journal, None, Some(number), what);
            }
        }
        state
    }

    /// Holds the noted entry against the history.
    pub(super) fn check_noted(&mut self, noted: Option<EntryHash>, history: Option<&History>) {
        let Some(noted) = noted else { return };
        let there = history.is_some_and(|history| history.contains(&noted));
        self.noted = Some(there);
        if !there {
            self.problems.push(Problem {
                file: None,
                byte: None,
                entry: None,
                problem: format!(
                    "the noted entry {noted} is not there: the newest entries were cut off, or all of them written anew"
                ),
            });
        }
    }

    /// Which results of the journal have no rows here.
    pub(super) fn check_results(&mut self, state: &CaseState, rows: &BTreeSet<EntryHash>) {
        let absent: BTreeSet<String> = state
            .results
            .iter()
            .filter(|kept| {
                let hash = kept.result.sha256.parse::<EntryHash>();
                !hash.is_ok_and(|hash| rows.contains(&hash))
            })
            .map(|kept| format!("{} ({})", kept.result.name, kept.result.sha256))
            .collect();
        self.absent = absent.into_iter().collect();
    }

    /// Holds a manifest against the rows that are there.
    pub(super) fn check_manifest(
        &mut self,
        name: &str,
        byte: Option<u64>,
        text: &[u8],
        rows: &BTreeSet<EntryHash>,
    ) {
        let head = serde_json::from_slice::<ManifestHead>(text);
        let problem = match head {
            Err(error) => format!("it is no manifest of a result: {error}"),
            Ok(head) => match head.sha256.parse::<EntryHash>() {
                Ok(hash) if rows.contains(&hash) => return,
                _ => format!("the rows of {} are not there: {}", head.name, head.sha256),
            },
        };
        self.problem(name, byte, None, problem);
    }

    pub(super) fn finish(mut self) -> Self {
        // What has a place comes in the order of places; what has none, after it.
        self.problems
            .sort_by_key(|problem| problem.byte.unwrap_or(u64::MAX));
        self.ok = self.problems.is_empty();
        for looked in &mut self.looked_at {
            let complained = self
                .problems
                .iter()
                .any(|problem| problem.file.as_deref() == Some(looked.name.as_str()));
            looked.ok = !complained;
        }
        self
    }
}

/// Verifies the case of a folder.
pub(super) fn case(folder: &Path, id: &str, noted: Option<EntryHash>) -> Result<Report, CaseError> {
    let mut report = Report::new("case");
    let path = folder.join(JOURNAL);
    let history = journal(&path, &mut report)?;
    let files = CaseFiles::new(folder.to_owned());
    let mut rows = BTreeSet::new();
    let mut manifests = Vec::new();
    for (kind, hash) in files.files()? {
        let name = kind.name(&hash);
        let path = files.path(kind, &hash);
        let fault = |error: io::Error| CaseError::io(&path, "read", error);
        let mut file = File::open(&path).map_err(fault)?;
        let mut text = Vec::new();
        let found = if kind == Kind::Manifest {
            copy(&mut file, &mut text)
        } else {
            copy(&mut file, &mut io::sink())
        };
        let found = found.map_err(fault)?;
        report.looked_at.push(Looked {
            name: name.clone(),
            bytes: file.metadata().map_err(fault)?.len(),
            sha256: Some(found.to_string()),
            ok: true,
        });
        if found != hash {
            let what = format!("the SHA-256 of its bytes is {found} and should be its name");
            report.problem(&name, None, None, what);
        }
        match kind {
            Kind::Rows => {
                rows.insert(hash);
            }
            Kind::Manifest => manifests.push((name, text)),
            Kind::Playbook => {}
        }
    }
    for (name, text) in manifests {
        report.check_manifest(&name, None, &text, &rows);
    }
    if let Some(history) = &history {
        let state = report.take(history, JOURNAL);
        report.check_results(&state, &rows);
        if report.case.is_some_and(|case| case.short() != id) {
            let what = format!("its folder is named {id}, which is another case");
            report.problem(JOURNAL, None, Some(1), what);
        }
    }
    report.check_noted(noted, history.as_ref());
    Ok(report.finish())
}

/// Reads the journal as far as it fits.
fn journal(path: &Path, report: &mut Report) -> Result<Option<History>, CaseError> {
    let fault = |error: io::Error| CaseError::io(path, "read", error);
    report.looked_at.push(Looked {
        name: JOURNAL.to_owned(),
        bytes: std::fs::metadata(path).map_err(fault)?.len(),
        sha256: None,
        ok: true,
    });
    let mut history = History::new();
    let read = file::connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY).and_then(|connection| {
        file::sound(path, &connection)?;
        guards(path, &connection, report)?;
        file::rows(path, &connection, |number, hash, body| {
            file::add(&mut history, number, &hash, body).map_err(|reason| CaseError::Damaged {
                path: path.to_owned(),
                entry: u64::try_from(number).unwrap_or(0),
                reason,
            })
        })
    });
    match read {
        Ok(()) if history.entries().is_empty() => {
            report.problem(JOURNAL, None, None, "it has no entries");
        }
        Ok(()) => {}
        Err(CaseError::Damaged { entry, reason, .. }) => {
            report.problem(JOURNAL, None, Some(entry), reason.to_string());
        }
        Err(CaseError::Foreign { reason, .. }) => {
            report.problem(JOURNAL, None, None, reason);
        }
        Err(error) => return Err(error),
    }
    Ok((!history.entries().is_empty()).then_some(history))
}

/// The triggers that keep entries as they are were taken out by nobody.
fn guards(path: &Path, connection: &Connection, report: &mut Report) -> Result<(), CaseError> {
    let guards: i64 = connection
        .query_row(
            "SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = 'entry'
             AND name IN ('entries_stay', 'entries_remain') AND sql LIKE '%RAISE(ABORT%'",
            [],
            |row| row.get(0),
        )
        .map_err(|error| CaseError::io(path, "read", error))?;
    if guards != 2 {
        let what = "the triggers that keep entries as they are were taken out";
        report.problem(JOURNAL, None, None, what);
    }
    Ok(())
}
