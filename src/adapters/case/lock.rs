//! The right to write a case: a locked file. The lock ends with its process, however that ends.

#![allow(
    clippy::disallowed_methods,
    reason = "this room owns the folder of cases"
)]

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek as _, Write as _};
use std::path::Path;

use super::CaseError;
use crate::adapters::private::private;

/// The name of the locked file in a case's folder.
const LOCK: &str = "writer.lock";

/// The right to write; given back when dropped.
#[derive(Debug)]
pub(super) struct WriterLock {
    /// Held for its lock.
    _file: File,
}

impl WriterLock {
    /// Takes the right to write the case of a folder, and says in the file who has it.
    pub(super) fn take(folder: &Path, id: &str, analyst: &str) -> Result<Self, CaseError> {
        let path = folder.join(LOCK);
        let fault = |error: io::Error| CaseError::io(&path, "opened", error);
        let mut file = private(OpenOptions::new().create(true).append(true))
            .open(&path)
            .map_err(fault)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => {
                let holder = fs::read_to_string(&path).unwrap_or_default();
                let holder = holder.lines().next().unwrap_or_default().trim();
                return Err(CaseError::Busy {
                    id: id.to_owned(),
                    holder: if holder.is_empty() {
                        "by another process".to_owned()
                    } else {
                        holder.to_owned()
                    },
                });
            }
            Err(fs::TryLockError::Error(error)) => return Err(fault(error)),
        }
        let line = format!("process {}, {analyst}", std::process::id());
        // For people alone: a file that cannot tell who has the lock still is the lock.
        let _ = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| writeln!(file, "{}", line.replace(['\n', '\r'], " ")));
        Ok(Self { _file: file })
    }

    /// Whether nobody writes what lies in a folder: what a crash left behind.
    pub(super) fn is_free(folder: &Path) -> bool {
        File::open(folder.join(LOCK)).is_ok_and(|file| file.try_lock().is_ok())
    }
}
