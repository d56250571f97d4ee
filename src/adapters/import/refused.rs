//! What could not be imported, kept with its place and the reason: one JSON object a line.

#![allow(
    clippy::disallowed_methods,
    reason = "this room keeps what an import refuses"
)]

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use super::ImportError;

/// Characters of a refused record that are kept; its place leads to the rest.
const KEPT: usize = 1 << 20;

/// One refused record.
#[derive(Debug, Serialize)]
pub(super) struct Refused<'a> {
    pub(super) file: String,
    /// Where it begins in the unpacked file.
    pub(super) offset: u64,
    /// How many bytes it has.
    pub(super) bytes: usize,
    pub(super) reason: &'a str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) cut: bool,
    pub(super) text: String,
}

impl<'a> Refused<'a> {
    pub(super) fn new(file: &Path, offset: u64, bytes: &[u8], reason: &'a str) -> Self {
        let kept = bytes.get(..bytes.len().min(KEPT)).unwrap_or_default();
        Self {
            file: file.display().to_string(),
            offset,
            bytes: bytes.len(),
            reason,
            cut: kept.len() < bytes.len(),
            text: String::from_utf8_lossy(kept).into_owned(),
        }
    }
}

/// The file of refused records, made at the first of them.
pub(super) struct RefusedFile {
    path: PathBuf,
    file: Mutex<Option<BufWriter<File>>>,
}

impl RefusedFile {
    pub(super) fn new(path: PathBuf) -> Self {
        let file = Mutex::default();
        Self { path, file }
    }

    /// Keeps one.
    pub(super) fn keep(&self, refused: &Refused<'_>) -> Result<(), ImportError> {
        self.write(refused).map_err(|error| ImportError::Write {
            path: self.path.clone(),
            why: error.to_string(),
        })
    }

    fn write(&self, refused: &Refused<'_>) -> std::io::Result<()> {
        let mut line = serde_json::to_vec(refused)?;
        line.push(b'\n');
        let mut held = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if held.is_none() {
            *held = Some(BufWriter::new(File::create(&self.path)?));
        }
        match held.as_mut() {
            Some(file) => file.write_all(&line),
            None => Ok(()),
        }
    }

    /// The file, where anything was refused.
    pub(super) fn finish(self) -> Result<Option<PathBuf>, ImportError> {
        let held = self
            .file
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        let Some(mut file) = held else {
            return Ok(None);
        };
        file.flush().map_err(|error| ImportError::Write {
            path: self.path.clone(),
            why: error.to_string(),
        })?;
        Ok(Some(self.path))
    }
}
