//! The files that are meant: those that are named, and all that folders hold, in a fixed order.

#![allow(
    clippy::disallowed_methods,
    reason = "this room finds the logs that are imported"
)]

use std::fs;
use std::path::{Path, PathBuf};

use super::ImportError;

/// A file to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) index: usize,
    pub(super) path: PathBuf,
    /// Whether it was named, rather than found in a folder.
    pub(super) named: bool,
}

/// Ends of names that no log has.
const NO_LOGS: [&str; 3] = ["parquet", "crc", "md"];

/// All files, each once, those of a folder in the order of their paths.
pub(super) fn files(paths: &[PathBuf]) -> Result<Vec<Found>, ImportError> {
    let failed = |path: &Path, error: &std::io::Error| ImportError::Read {
        path: path.to_owned(),
        why: error.to_string(),
    };
    let mut found = Vec::new();
    for path in paths {
        let data = fs::metadata(path).map_err(|error| failed(path, &error))?;
        if !data.is_dir() {
            found.push((path.clone(), true));
            continue;
        }
        let mut inside = Vec::new();
        let mut folders = vec![path.clone()];
        while let Some(folder) = folders.pop() {
            let entries = fs::read_dir(&folder).map_err(|error| failed(&folder, &error))?;
            for entry in entries {
                let entry = entry.map_err(|error| failed(&folder, &error))?;
                if entry.file_name().as_encoded_bytes().first() == Some(&b'.') {
                    continue;
                }
                let path = entry.path();
                let kind = entry.file_type().map_err(|error| failed(&path, &error))?;
                // A link to a folder is not followed: it may lead back here.
                if kind.is_dir() {
                    folders.push(path);
                } else if path.is_file() && !ends_like_none(&path) {
                    inside.push((path, false));
                }
            }
        }
        inside.sort();
        found.extend(inside);
    }
    let number = |(index, (path, named))| Found { index, path, named };
    Ok(found.into_iter().enumerate().map(number).collect())
}

fn ends_like_none(path: &Path) -> bool {
    let end = path
        .extension()
        .map(|end| end.to_string_lossy().to_ascii_lowercase());
    end.is_some_and(|end| NO_LOGS.contains(&end.as_str()))
}
