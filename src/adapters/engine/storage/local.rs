//! Byte ranges of a file on this machine.

#![allow(
    clippy::disallowed_methods,
    reason = "this room reads the files of a lake"
)]

use std::fs::File;
use std::io::{Read, Result, Seek, SeekFrom};
use std::ops::Range;
use std::path::Path;

/// An open file. Its reads block.
#[derive(Debug)]
pub(in super::super) struct LocalFile {
    file: File,
}

impl LocalFile {
    /// Opens a file.
    pub(in super::super) fn open(path: &Path) -> Result<Self> {
        File::open(path).map(|file| Self { file })
    }

    /// Its size in bytes now.
    pub(in super::super) fn size(&self) -> Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// The bytes of a range, which must lie inside the file.
    pub(in super::super) fn read(&mut self, range: &Range<u64>) -> Result<Vec<u8>> {
        let length = range.end.saturating_sub(range.start);
        let length = usize::try_from(length).map_err(|_| std::io::ErrorKind::OutOfMemory)?;
        let mut bytes = vec![0; length];
        self.file.seek(SeekFrom::Start(range.start))?;
        self.file.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// The last bytes, at most so many.
    pub(in super::super) fn tail(&mut self, size: u64, most: u64) -> Result<Vec<u8>> {
        self.read(&(size.saturating_sub(most)..size))
    }
}
