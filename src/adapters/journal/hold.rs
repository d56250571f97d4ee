//! Who looks after a run: a locked file for each, beside the journal.
//!
//! The lock ends with its process, however that ends, and a number that the system gives again to
//! another process means nothing here. A run whose file nobody has locked can be taken up; one whose
//! file is locked is shown by a console that lives.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use crate::adapters::private::private;

/// The file that is locked for the moment in which another one is looked at or changed, so that a
/// look is never taken for a hold.
const TURN: &str = ".turn";

/// The right to look after a run. Given back when dropped.
#[derive(Debug)]
pub struct Hold {
    _held: Option<Held>,
}

#[derive(Debug)]
struct Held {
    folder: PathBuf,
    path: PathBuf,
    /// Held for its lock.
    _file: File,
}

impl Hold {
    /// Of a run that no other process can see.
    pub(super) fn of_nothing() -> Self {
        Self { _held: None }
    }

    /// Takes a run; `None` where somebody has it.
    pub(super) fn take(folder: &Path, token: &str) -> io::Result<Option<Self>> {
        let path = place(folder, token)?;
        let _turn = turn(folder)?;
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false);
        let file = private(&mut options).open(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        let held = Held {
            folder: folder.to_owned(),
            path,
            _file: file,
        };
        Ok(Some(Self { _held: Some(held) }))
    }

    /// Whether somebody has a run.
    pub(super) fn is_taken(folder: &Path, token: &str) -> io::Result<bool> {
        let path = place(folder, token)?;
        if !path.exists() {
            return Ok(false);
        }
        let _turn = turn(folder)?;
        let file = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
            opened => opened?,
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        // Without a turn the file stays: unlocked, it says the same as none.
        if let Ok(_turn) = turn(&self.folder) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Waits for the folder's turn, which lasts as long as the file is open.
fn turn(folder: &Path) -> io::Result<File> {
    std::fs::create_dir_all(folder)?;
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    let file = private(&mut options).open(folder.join(TURN))?;
    file.lock()?;
    Ok(file)
}

/// A token's file. Tokens are read from the journal: one that is no plain word names no file.
fn place(folder: &Path, token: &str) -> io::Result<PathBuf> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if token.is_empty() || token.len() > 128 || !token.chars().all(plain) {
        return Err(io::Error::from(io::ErrorKind::InvalidFilename));
    }
    Ok(folder.join(token))
}
