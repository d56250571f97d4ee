//! Who may write which name: a locked file holds it while a result is being written.
//!
//! The lock ends with its process, however that ends. A claim without a lock is what a crash left
//! behind, and tells which files of it are no result.

#![allow(
    clippy::disallowed_methods,
    reason = "this room owns the folder of kept results"
)]

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use super::{KeptError, MANIFEST, ROWS, number};
use crate::sql::lexer::{TokenKind, lex};

/// The ending of a claim; its file is `.name.claim`.
const CLAIM: &str = "claim";

/// The file with the last number given to a result.
const NUMBERS: &str = ".last_number";

/// Characters of a name at most.
const LONGEST_NAME: usize = 64;

/// The right to write one name. Gone when dropped, and with it every file that is no result.
#[derive(Debug)]
pub(super) struct Claim {
    pub(super) folder: PathBuf,
    pub(super) name: String,
    /// Held for its lock.
    _file: File,
}

impl Claim {
    /// Claims a name that a person gave.
    pub(super) fn named(folder: &Path, name: &str) -> Result<Self, KeptError> {
        let wrong = |why: &str| {
            Err(KeptError::Name {
                name: name.to_owned(),
                why: why.to_owned(),
            })
        };
        let lower = name.to_lowercase();
        let starts_well = lower.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
        let is_word = lower
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if !starts_well || !is_word {
            return wrong("write letters, digits and _, and no digit first");
        }
        if lower.len() > LONGEST_NAME {
            return wrong("it is longer than 64 characters");
        }
        if !matches!(lex(&lower).as_slice(), [only] if only.kind == TokenKind::Identifier) {
            return wrong("it is a word of SQL's own; add something to it");
        }
        if number(&lower).is_some() {
            return wrong("`result_` and a number are given by the program; choose another");
        }
        Self::take(folder, &lower)
            .map_err(|error| fault(folder, &error))?
            .ok_or(KeptError::Taken(lower))
    }

    /// Claims the next number, one that no result ever had.
    pub(super) fn numbered(folder: &Path) -> Result<Self, KeptError> {
        Self::next(folder).map_err(|error| fault(folder, &error))
    }

    fn next(folder: &Path) -> io::Result<Self> {
        let mut numbers = private(OpenOptions::new().read(true).write(true).create(true))
            .open(folder.join(NUMBERS))?;
        numbers.lock()?;
        let mut text = String::new();
        numbers.read_to_string(&mut text)?;
        // The file may be lost: no number on disk is given again either.
        let mut last = text.trim().parse().unwrap_or(0_u64).max(highest(folder)?);
        loop {
            last += 1;
            if let Some(claim) = Self::take(folder, &format!("result_{last}"))? {
                numbers.rewind()?;
                numbers.set_len(0)?;
                writeln!(numbers, "{last}")?;
                numbers.sync_all()?;
                return Ok(claim);
            }
        }
    }

    /// `None` where the name is in use or being written.
    fn take(folder: &Path, name: &str) -> io::Result<Option<Self>> {
        let path = claim_path(folder, name);
        let file = match private(OpenOptions::new().write(true).create_new(true)).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
            opened => opened?,
        };
        // Somebody who clears may have taken it for one that was left, before it was locked.
        if file.try_lock().is_err() || !is_still_there(&file, &path) {
            return Ok(None);
        }
        if is_used(folder, name) {
            fs::remove_file(&path)?;
            return Ok(None);
        }
        Ok(Some(Self {
            folder: folder.to_path_buf(),
            name: name.to_owned(),
            _file: file,
        }))
    }

    /// The rows' file while it is being written.
    pub(super) fn part(&self) -> PathBuf {
        part(&self.folder, &self.name, ROWS)
    }

    /// The manifest while it is being written.
    pub(super) fn manifest_part(&self) -> PathBuf {
        part(&self.folder, &self.name, MANIFEST)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // What cannot be removed now is at the next start.
        let _ = remove_leavings(&self.folder, &self.name);
    }
}

fn claim_path(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!(".{name}.{CLAIM}"))
}

fn part(folder: &Path, name: &str, ending: &str) -> PathBuf {
    folder.join(format!(".{name}.{ending}.part"))
}

/// Whether the file is the one that has this name now.
fn is_still_there(file: &File, path: &Path) -> bool {
    let (Ok(held), Ok(named)) = (file.metadata(), fs::metadata(path)) else {
        return false;
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        (held.dev(), held.ino()) == (named.dev(), named.ino())
    }
    #[cfg(not(unix))]
    {
        held.created().ok() == named.created().ok()
    }
}

fn is_used(folder: &Path, name: &str) -> bool {
    [ROWS, MANIFEST]
        .iter()
        .any(|ending| folder.join(format!("{name}.{ending}")).exists())
}

/// The highest number of a result or of a claim in the folder.
fn highest(folder: &Path) -> io::Result<u64> {
    let mut highest = 0;
    for entry in fs::read_dir(folder)? {
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        let stem = name.trim_start_matches('.').split('.').next();
        highest = highest.max(stem.and_then(number).unwrap_or(0));
    }
    Ok(highest)
}

/// Removes what crashed writers left behind; those that are at work keep theirs.
pub(super) fn clear(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .and_then(|name| name.strip_prefix('.')?.strip_suffix(".claim"));
        let Some(name) = name else { continue };
        let Ok(file) = private(OpenOptions::new().write(true)).open(&path) else {
            continue;
        };
        if file.try_lock().is_ok() {
            remove_leavings(folder, name)?;
        }
    }
    Ok(())
}

/// Removes every file of a name that is no whole result, the claim last.
fn remove_leavings(folder: &Path, name: &str) -> io::Result<()> {
    remove(&part(folder, name, ROWS))?;
    remove(&part(folder, name, MANIFEST))?;
    if !folder.join(format!("{name}.{MANIFEST}")).exists() {
        remove(&folder.join(format!("{name}.{ROWS}")))?;
    }
    remove(&claim_path(folder, name))
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Files that only their owner may read.
pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

fn fault(folder: &Path, error: &io::Error) -> KeptError {
    KeptError::Folder {
        folder: folder.to_path_buf(),
        reason: error.to_string(),
    }
}
