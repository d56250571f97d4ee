//! Taking a capsule in: as a new case, or merged into the copy that is here.
//!
//! The capsule is first unpacked aside and held against everything that it says of itself. Only a
//! whole one goes further. What a crash leaves aside is known by its lock that nobody holds, and
//! goes at the next import.

#![allow(
    clippy::disallowed_methods,
    reason = "this room owns the folder of cases"
)]

use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

use super::file::{CaseFile, make, random};
use super::keep::CaseFiles;
use super::lock::WriterLock;
use super::{CaseError, JOURNAL, Problem, capsule, make_folder};
use crate::domain::case::{Author, EntryHash};

/// What the names of folders begin with that hold what is not a case yet.
pub(super) const ASIDE: [&str; 2] = [".incoming-", ".new-"];

/// What was taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The first 16 digits of the case's identity.
    pub id: String,
    /// The case's name after it.
    pub name: String,
    /// Whether the case was not here before.
    pub new: bool,
    /// Entries that came.
    pub entries_added: u64,
    /// Entries that are here after it.
    pub entries: u64,
    /// Results, manifests and playbooks that came.
    pub files_added: u64,
    /// The entries that no other follows.
    pub heads: Vec<EntryHash>,
}

/// Takes a capsule in.
pub(super) fn import(cases: &Path, path: &Path) -> Result<Imported, CaseError> {
    let fault = |error: io::Error| CaseError::io(cases, "written", error);
    let source = File::open(path).map_err(|error| CaseError::io(path, "read", error))?;
    make_folder(cases).map_err(fault)?;
    clear(cases).map_err(fault)?;
    let aside = Aside::make(cases)?;
    let unpacked = CaseFiles::new(aside.folder.clone());
    let mut source = BufReader::with_capacity(1 << 18, source);
    let (report, history) = capsule::read(&mut source, Some(&unpacked))?;
    let report = report.finish();
    let refused = |problem: Problem| CaseError::Capsule {
        path: path.to_owned(),
        problem,
    };
    if let Some(problem) = report.problems.into_iter().next() {
        return Err(refused(problem));
    }
    let Some((history, id)) = history.and_then(|history| history.id().map(|id| (history, id)))
    else {
        return Err(refused(Problem {
            file: None,
            byte: None,
            entry: None,
            problem: "it has no entries".to_owned(),
        }));
    };
    let id = id.short();
    let folder = cases.join(&id);
    let files = unpacked.files()?;
    if !folder.join(JOURNAL).exists() {
        let entries = history.ordered();
        make(cases, &aside.folder, &entries)?;
        return Ok(Imported {
            id,
            name: report.name.unwrap_or_default(),
            new: true,
            entries_added: entries.len() as u64,
            entries: entries.len() as u64,
            files_added: files.len() as u64,
            heads: history.heads().collect(),
        });
    }
    let author = Author {
        analyst: "an import".to_owned(),
        tool: String::new(),
    };
    let mut case = CaseFile::open(folder, author)?;
    // Files first: an entry that names a result never stands there without it.
    case.history().missing_from(&history)?;
    let kept = case.kept();
    let there = kept.files()?;
    let mut files_added = 0;
    for (kind, hash) in files {
        if !there.contains(&(kind, hash)) {
            files_added += 1;
        }
        let from = unpacked.path(kind, &hash);
        let mut file = File::open(&from).map_err(|error| CaseError::io(&from, "read", error))?;
        kept.store(kind, &mut file, Some(hash))?;
    }
    let entries_added = case.merge(&history)? as u64;
    Ok(Imported {
        id,
        name: case.state().name.clone(),
        new: false,
        entries_added,
        entries: case.history().entries().len() as u64,
        files_added,
        heads: case.history().heads().collect(),
    })
}

/// A folder for what is not a case yet. Gone when dropped, unless it was moved to its place.
struct Aside {
    folder: PathBuf,
    /// Tells others that this is no leaving of a crash.
    _lock: WriterLock,
}

impl Aside {
    fn make(cases: &Path) -> Result<Self, CaseError> {
        let [incoming, _] = ASIDE;
        let folder = cases.join(format!("{incoming}{}", random()?));
        make_folder(&folder).map_err(|error| CaseError::io(&folder, "written", error))?;
        let lock = WriterLock::take(&folder, "that comes in", "an import")?;
        Ok(Self {
            folder,
            _lock: lock,
        })
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Removes what crashes left behind; who is at work keeps theirs.
fn clear(cases: &Path) -> io::Result<()> {
    for entry in fs::read_dir(cases)? {
        let path = entry?.path();
        let name = path.file_name().map(|name| name.to_string_lossy());
        let is_aside = name.is_some_and(|name| ASIDE.iter().any(|begin| name.starts_with(begin)));
        if is_aside && WriterLock::is_free(&path) {
            // Another process may be faster.
            let _ = fs::remove_dir_all(&path);
        }
    }
    Ok(())
}
