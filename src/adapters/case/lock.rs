//! The right to write a case: a locked file. The lock ends with its process, however that ends.

#![allow(
    clippy::disallowed_methods,
    reason = "this room owns the folder of cases"
)]

use std::fs::File;
use std::path::Path;

use super::CaseError;
use crate::adapters::private::{LockFault, LockedFile};

/// The name of the locked file in a case's folder.
const LOCK: &str = "writer.lock";

/// The right to write; given back when dropped.
#[derive(Debug)]
pub(super) struct WriterLock {
    /// Held for its lock.
    _file: LockedFile,
}

impl WriterLock {
    /// Takes the right to write the case of a folder, and says in the file who has it.
    pub(super) fn take(folder: &Path, id: &str, analyst: &str) -> Result<Self, CaseError> {
        let path = folder.join(LOCK);
        let who = format!("process {}, {analyst}", std::process::id());
        match LockedFile::take(&path, &who) {
            Ok(file) => Ok(Self { _file: file }),
            Err(LockFault::Held(holder)) => Err(CaseError::Busy {
                id: id.to_owned(),
                holder: if holder.is_empty() {
                    "by another process".to_owned()
                } else {
                    holder
                },
            }),
            Err(LockFault::Io(error)) => Err(CaseError::io(&path, "opened", error)),
        }
    }

    /// Whether nobody writes what lies in a folder: what a crash left behind.
    pub(super) fn is_free(folder: &Path) -> bool {
        File::open(folder.join(LOCK)).is_ok_and(|file| file.try_lock().is_ok())
    }
}
