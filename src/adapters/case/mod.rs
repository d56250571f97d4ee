//! Cases on disk: the journal of each, the results and playbooks that belong to it, and its capsule.
//!
//! Owns one folder. A case is a folder in it, named by the first 16 digits of the case's identity:
//! `case.sqlite` with the journal ([`mod@file`]), `writer.lock` held by the one process that writes,
//! `results/` and `playbooks/` with files named by the SHA-256 of their bytes ([`keep`]). A capsule
//! ([`capsule`]) is all of that as one file. Calls block on the disk; [`CaseWriter`] is for those
//! who must not wait. Holds statements, parameters and rows, never a credential.
//!
//! # What the chain proves, and what it does not
//!
//! Every entry names the hash of those before it, so a byte that is changed, an entry that is taken
//! out, put in or moved is found. Who rewrites *everything* after some place, or cuts the newest
//! entries off, makes a chain that fits again: no chain can tell by itself. Against that its heads
//! are printed wherever a case is shown, exported or verified; a head that was noted elsewhere and
//! is given to [`Cases::verify`] proves that everything up to it is still as it was.

#![allow(
    clippy::disallowed_methods,
    reason = "this room owns the folder of cases"
)]

mod capsule;
mod file;
mod import;
mod keep;
mod lock;
mod verify;
mod writer;

#[cfg(test)]
mod tests;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use crate::domain::case::{Author, CaseState, EntryHash, History, Unfit};
use crate::domain::nearest::nearest;
pub use capsule::{Exported, verify_capsule};
pub use file::{Appended, CaseFile};
pub use import::Imported;
pub use keep::hash;
pub use keep::{CaseFiles, CaseResult, StoredFiles};
pub use verify::{Looked, Problem, Report};
pub use writer::{CaseWriter, Pending};

/// The name of a case's journal in its folder.
const JOURNAL: &str = "case.sqlite";

/// Why a case cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum CaseError {
    /// No case is meant by that.
    #[error("there is no case `{given}`{}", offer(nearest.as_deref()))]
    Unknown {
        /// What was given.
        given: String,
        /// A name that may have been meant.
        nearest: Option<String>,
    },
    /// More than one case is meant by that.
    #[error("`{given}` may be any of the cases {}: give more of its id", ids.join(", "))]
    Ambiguous {
        /// What was given.
        given: String,
        /// The cases.
        ids: Vec<String>,
    },
    /// Another process writes the case.
    #[error("the case {id} is open elsewhere ({holder}): close it there, or work there")]
    Busy {
        /// The case.
        id: String,
        /// Who holds it.
        holder: String,
    },
    /// A file is not what it should be.
    #[error("{} is no journal of a case: {reason}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file was written by a later version of the program.
    #[error("{} was written by a later version of the program (layout {layout}): update this one", path.display())]
    Later {
        /// The file.
        path: PathBuf,
        /// Its layout.
        layout: i64,
    },
    /// An entry of a journal does not fit.
    #[error("entry {entry} of {} does not fit: {reason}; `lakehound case verify` tells more", path.display())]
    Damaged {
        /// The journal.
        path: PathBuf,
        /// The entry's number.
        entry: u64,
        /// What is wrong.
        reason: Unfit,
    },
    /// A file cannot be opened, read or written.
    #[error("{} cannot be {action}: {reason}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried: `opened`, `read` or `written`.
        action: &'static str,
        /// What the system or SQLite says.
        reason: String,
    },
    /// An entry cannot be written.
    #[error("it cannot be noted in the case: {0}")]
    Unfit(#[from] Unfit),
    /// A kept file is not what its name says.
    #[error("{} is not what was kept: the SHA-256 of its bytes is {found}", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
        /// The hash of its bytes.
        found: String,
    },
    /// A file is no capsule, or a damaged one.
    #[error("{} is not taken in, for it does not fit: {problem}", path.display())]
    Capsule {
        /// The file.
        path: PathBuf,
        /// The first thing that is wrong.
        problem: Problem,
    },
    /// The writer of the case has more to do than it can remember, or has ended.
    #[error("it was not noted in the case: {0}")]
    Writer(&'static str),
}

fn offer(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!(", did you mean `{name}`?"))
}

impl CaseError {
    fn io(path: &Path, action: &'static str, error: impl std::fmt::Display) -> Self {
        Self::Io {
            path: path.to_owned(),
            action,
            reason: error.to_string(),
        }
    }
}

/// A case as a list shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseSummary {
    /// The first 16 digits of its identity.
    pub id: String,
    /// Its state.
    pub state: CaseState,
    /// The entries that no other follows.
    pub heads: Vec<EntryHash>,
}

/// Every case of a folder.
#[derive(Debug, Default)]
pub struct Listing {
    /// The cases, the one last worked on first.
    pub cases: Vec<CaseSummary>,
    /// Those that cannot be read.
    pub unreadable: Vec<CaseError>,
}

/// The cases of one folder. Cheap to clone; other processes may share the folder.
#[derive(Debug, Clone)]
pub struct Cases {
    folder: PathBuf,
}

impl Cases {
    /// The cases of a folder, which need not exist.
    pub fn at(folder: impl Into<PathBuf>) -> Self {
        Self {
            folder: folder.into(),
        }
    }

    /// All cases, and those that cannot be read.
    ///
    /// # Errors
    ///
    /// Where the folder cannot be listed.
    pub fn list(&self) -> Result<Listing, CaseError> {
        let mut listing = Listing::default();
        for id in self.ids()? {
            match self.history(&id) {
                Ok(history) => listing.cases.push(CaseSummary {
                    id,
                    state: CaseState::of(&history),
                    heads: history.heads().collect(),
                }),
                Err(error) => listing.unreadable.push(error),
            }
        }
        let last = |case: &CaseSummary| case.state.last.as_ref().map(|stamp| stamp.at);
        listing
            .cases
            .sort_by(|a, b| last(b).cmp(&last(a)).then_with(|| a.id.cmp(&b.id)));
        Ok(listing)
    }

    /// The id of the case that is meant: by its id, by the beginning of it, or by its name.
    ///
    /// # Errors
    ///
    /// [`CaseError::Unknown`] with the nearest name, [`CaseError::Ambiguous`].
    pub fn find(&self, given: &str) -> Result<String, CaseError> {
        let ids = self.ids()?;
        let begins = |id: &String| !given.is_empty() && id.starts_with(given);
        // The whole identity is as good as the digits that name the folder.
        let whole = |id: &String| given.len() == 64 && given.starts_with(id.as_str());
        let mut meant: Vec<String> = ids
            .into_iter()
            .filter(|id| begins(id) || whole(id))
            .collect();
        let mut names = Vec::new();
        if meant.is_empty() {
            for case in self.list()?.cases {
                if case.state.name == given {
                    meant.push(case.id);
                } else {
                    names.push(case.state.name);
                }
            }
        }
        match meant.as_slice() {
            [only] => Ok(only.clone()),
            [] => Err(CaseError::Unknown {
                given: given.to_owned(),
                nearest: nearest(given, names.iter().map(String::as_str))
                    .first()
                    .map(|name| (*name).to_owned()),
            }),
            _ => Err(CaseError::Ambiguous {
                given: given.to_owned(),
                ids: meant,
            }),
        }
    }

    /// Makes a case and opens it for writing. On the disk when this returns.
    ///
    /// # Errors
    ///
    /// Those of the file system.
    pub fn create(
        &self,
        name: &str,
        author: Author,
        at: DateTime<Utc>,
    ) -> Result<CaseFile, CaseError> {
        CaseFile::create(&self.folder, name, author, at)
    }

    /// Opens a case for writing; one process at a time.
    ///
    /// # Errors
    ///
    /// As [`Self::find`]; [`CaseError::Busy`] while another process writes it,
    /// [`CaseError::Damaged`] where its journal does not fit.
    pub fn open(&self, given: &str, author: Author) -> Result<CaseFile, CaseError> {
        let id = self.find(given)?;
        CaseFile::open(self.folder.join(id), author)
    }

    /// What happened in a case so far, read without disturbing who writes it.
    ///
    /// # Errors
    ///
    /// As [`Self::find`]; [`CaseError::Damaged`] where its journal does not fit.
    pub fn read(&self, given: &str) -> Result<History, CaseError> {
        let id = self.find(given)?;
        self.history(&id)
    }

    /// The results and playbooks that belong to a case.
    ///
    /// # Errors
    ///
    /// As [`Self::find`].
    pub fn kept(&self, given: &str) -> Result<CaseFiles, CaseError> {
        let id = self.find(given)?;
        Ok(CaseFiles::new(self.folder.join(id)))
    }

    /// Recomputes every hash of a case. `noted` is the hash of an entry that was noted elsewhere.
    ///
    /// # Errors
    ///
    /// As [`Self::find`], and where files cannot be read. What does not fit is no error: it is in
    /// the report.
    pub fn verify(&self, given: &str, noted: Option<EntryHash>) -> Result<Report, CaseError> {
        let id = self.find(given)?;
        verify::case(&self.folder.join(&id), &id, noted)
    }

    /// Writes a case as one file. The same case gives the same bytes.
    ///
    /// # Errors
    ///
    /// As [`Self::find`]; [`CaseError::Damaged`] and [`CaseError::Changed`] where something of it
    /// does not fit; those of the writer.
    pub fn export(&self, given: &str, out: &mut dyn io::Write) -> Result<Exported, CaseError> {
        let id = self.find(given)?;
        let history = self.history(&id)?;
        let kept = CaseFiles::new(self.folder.join(&id));
        capsule::write(&history, &kept, out)
    }

    /// Takes a capsule in: as a new case, or merged into the copy that is here. A capsule that does
    /// not fit is refused as a whole.
    ///
    /// # Errors
    ///
    /// [`CaseError::Capsule`], [`CaseError::Busy`], and those of the file system.
    pub fn import(&self, capsule: &Path) -> Result<Imported, CaseError> {
        import::import(&self.folder, capsule)
    }

    fn history(&self, id: &str) -> Result<History, CaseError> {
        file::read(&self.folder.join(id).join(JOURNAL))
    }

    /// The folders that hold a journal.
    fn ids(&self) -> Result<Vec<String>, CaseError> {
        let fault = |error: io::Error| CaseError::io(&self.folder, "read", error);
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(fault)?,
        };
        let mut ids = Vec::new();
        for entry in entries {
            let path = entry.map_err(fault)?.path();
            let name = path.file_name().and_then(|name| name.to_str());
            if let Some(name) = name
                && is_id(name)
                && path.join(JOURNAL).exists()
            {
                ids.push(name.to_owned());
            }
        }
        ids.sort();
        Ok(ids)
    }
}

/// Whether a folder's name is that of a case.
fn is_id(name: &str) -> bool {
    name.len() == 16
        && name
            .bytes()
            .all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}

/// Makes a folder that only its owner can enter, with those above it.
fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Makes new names in a folder outlive a loss of power.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        fs::File::open(folder)?.sync_all()?;
    }
    Ok(())
}
