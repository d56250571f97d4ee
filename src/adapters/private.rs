//! Files that their owner alone may read, the databases in them, and locks: shared by the rooms that
//! write down what must not be lost.

#![allow(
    clippy::disallowed_methods,
    reason = "the rooms that own such files open them here"
)]

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Seek as _, Write as _};
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

/// Why a database was not opened.
#[derive(Debug, thiserror::Error)]
pub(super) enum OpenFault {
    /// The file system.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// SQLite.
    #[error(transparent)]
    Database(#[from] rusqlite::Error),
}

/// The same options, for a file that its owner alone may read.
pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Opens the database of a file, which is made, with its folder, where it is not there. Nothing is
/// written into it.
pub(super) fn open_database(path: &Path, more: OpenFlags) -> Result<Connection, OpenFault> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    // SQLite gives the files beside it the same rights.
    private(OpenOptions::new().append(true).create(true)).open(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | more;
    Ok(Connection::open_with_flags(path, flags)?)
}

/// Sees to it that what is committed outlives a loss of power. It writes into the file: first it has
/// to prove to be ours. The mode that is answered need not be the one that was asked for: some disks
/// have no shared memory, and there the other one is as safe.
pub(super) fn make_durable(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update_and_check(None, "journal_mode", "WAL", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")
}

/// What of a database's file is in use, in bytes: what was freed is used again before it grows.
pub(super) fn bytes_in_use(connection: &Connection) -> rusqlite::Result<u64> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let pages = number("page_count")?.saturating_sub(number("freelist_count")?);
    let bytes = pages.saturating_mul(number("page_size")?);
    Ok(bytes.try_into().unwrap_or(0))
}

/// A right that one process has at a time: a locked file. The lock ends with its process, however
/// that ends, and when this is dropped.
#[derive(Debug)]
pub(super) struct LockedFile {
    /// Held for its lock.
    _file: File,
}

/// Why a file was not locked.
#[derive(Debug, thiserror::Error)]
pub(super) enum LockFault {
    /// Another process has the lock: what it says of itself.
    #[error("{0}")]
    Held(String),
    /// The file system.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl LockedFile {
    /// Takes the lock of a file, which is made where it is not there, and says in it for people who
    /// has it, in a line.
    pub(super) fn take(path: &Path, who: &str) -> Result<Self, LockFault> {
        let mut file = private(OpenOptions::new().create(true).append(true)).open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let holder = fs::read_to_string(path).unwrap_or_default();
                let holder = holder.lines().next().unwrap_or_default().trim();
                return Err(LockFault::Held(holder.to_owned()));
            }
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        // A file that cannot tell who has the lock still is the lock.
        let _ = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", who.replace(['\n', '\r'], " ")));
        Ok(Self { _file: file })
    }
}
