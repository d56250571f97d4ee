//! Files that their owner alone may read, and the databases in them: shared by the rooms that write
//! down what must not be lost.

#![allow(
    clippy::disallowed_methods,
    reason = "the rooms that own such files open them here"
)]

use std::fs::OpenOptions;
use std::io;
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
