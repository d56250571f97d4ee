//! A private temporary file of pages: one Arrow IPC stream after the other.

#![allow(
    clippy::disallowed_methods,
    reason = "this room owns the temporary files of results"
)]

use std::fs::{self, File, OpenOptions};
use std::io::{Cursor, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::RecordBatch;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;

use super::ResultError;

/// Tells the files of one process apart.
static NUMBER: AtomicU64 = AtomicU64::new(0);

/// The file, removed with its last user.
#[derive(Debug)]
struct TempFile {
    path: PathBuf,
    file: Mutex<File>,
}

impl Drop for TempFile {
    fn drop(&mut self) {
        // Where it is gone already, nothing is left to do.
        let _ = fs::remove_file(&self.path);
    }
}

/// A file that takes pages.
#[derive(Debug)]
pub(super) struct SpillFile {
    file: Arc<TempFile>,
    len: u64,
}

/// Where a page lies in its file.
#[derive(Debug, Clone)]
pub(super) struct Place {
    file: Arc<TempFile>,
    start: u64,
    len: usize,
}

impl SpillFile {
    /// Makes a file that only its owner may read.
    pub(super) fn create(folder: &Path) -> Result<Self, ResultError> {
        let failed = |error: std::io::Error| ResultError::Create {
            folder: folder.to_path_buf(),
            reason: error.to_string(),
        };
        fs::create_dir_all(folder).map_err(failed)?;
        let path = folder.join(format!(
            "lakehound-result-{}-{}.arrows",
            std::process::id(),
            NUMBER.fetch_add(1, Ordering::Relaxed)
        ));
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = match options.open(&path) {
            // What a process of the same number left behind when it was killed.
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {
                fs::remove_file(&path).map_err(failed)?;
                options.open(&path)
            }
            opened => opened,
        }
        .map_err(failed)?;
        // A name is not needed where a file lives on without one; then no crash leaves it behind.
        #[cfg(unix)]
        fs::remove_file(&path).map_err(failed)?;
        Ok(Self {
            file: Arc::new(TempFile {
                path,
                file: Mutex::new(file),
            }),
            len: 0,
        })
    }

    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Appends a page.
    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<Place, ResultError> {
        let bytes = encode(batch).map_err(|error| ResultError::Write(error.to_string()))?;
        let mut file = self
            .file
            .file
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(self.len))
            .and_then(|_| file.write_all(&bytes))
            .map_err(|error| ResultError::Write(error.to_string()))?;
        let place = Place {
            file: Arc::clone(&self.file),
            start: self.len,
            len: bytes.len(),
        };
        self.len += bytes.len() as u64;
        Ok(place)
    }
}

impl Place {
    /// Reads the page back; `None` where the disk fails.
    pub(super) fn read(&self) -> Option<RecordBatch> {
        let mut bytes = vec![0; self.len];
        {
            let mut file = self
                .file
                .file
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            file.seek(SeekFrom::Start(self.start)).ok()?;
            file.read_exact(&mut bytes).ok()?;
        }
        StreamReader::try_new(Cursor::new(bytes), None)
            .ok()?
            .next()?
            .ok()
    }
}

fn encode(batch: &RecordBatch) -> Result<Vec<u8>, arrow::error::ArrowError> {
    let mut writer = StreamWriter::try_new(Vec::new(), batch.schema_ref())?;
    writer.write(batch)?;
    writer.into_inner()
}
