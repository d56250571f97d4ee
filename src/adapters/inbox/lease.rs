//! Who reads what a source brings: of several processes with one inbox, the one that has locked a
//! file beside it. The lock ends with its process, however that ends.

use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::adapters::private::{LockFault, LockedFile};
use crate::ports::InboxError;

/// What is added to the name of the inbox's file for the folder of locks.
const FOLDER: &str = ".readers";

/// The right to read what a source brings, given back when dropped.
#[derive(Debug)]
pub(super) struct Lease {
    /// Held for its lock.
    _file: LockedFile,
}

/// What became of asking for a lease.
#[derive(Debug)]
pub(super) enum Asked {
    /// It is had.
    Had(Lease),
    /// Another process has it: which one.
    Elsewhere(String),
}

impl Lease {
    /// Asks for the right to read what a source brings into an inbox.
    pub(super) fn ask(inbox: &Path, source: &str) -> Result<Asked, InboxError> {
        let path = file(inbox, source);
        let fault = |error: std::io::Error| {
            InboxError(format!(
                "the lock {} cannot be opened: {error}; look whether the disk is full and the file \
                 is yours",
                path.display()
            ))
        };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(fault)?;
        }
        match LockedFile::take(&path, &format!("process {}", std::process::id())) {
            Ok(file) => Ok(Asked::Had(Self { _file: file })),
            Err(LockFault::Held(holder)) => Ok(Asked::Elsewhere(holder)),
            Err(LockFault::Io(error)) => Err(fault(error)),
        }
    }
}

/// The file for a source, whose name may be anything.
fn file(inbox: &Path, source: &str) -> PathBuf {
    let digest = Sha256::digest(source);
    let mark: String = digest.iter().take(8).map(|b| format!("{b:02x}")).collect();
    let mut folder = inbox.as_os_str().to_owned();
    folder.push(FOLDER);
    Path::new(&folder).join(format!("{mark}.lock"))
}
