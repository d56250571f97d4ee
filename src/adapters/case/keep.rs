//! The files that belong to a case: rows of results, their manifests, texts of playbooks. Each is
//! named by the SHA-256 of its bytes, so that two copies of a case never have two files of one name,
//! and a merge is a union.

#![allow(
    clippy::disallowed_methods,
    reason = "this room owns the folder of cases"
)]

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{CaseError, make_folder, sync_folder};
use crate::adapters::private::private;
use crate::domain::case::EntryHash;

/// What a kept file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// The text of a playbook.
    Playbook,
    /// The manifest of a result.
    Manifest,
    /// The rows of a result.
    Rows,
}

impl Kind {
    /// Folder and ending.
    fn parts(self) -> (&'static str, &'static str) {
        match self {
            Self::Playbook => ("playbooks", "md"),
            Self::Manifest => ("results", "json"),
            Self::Rows => ("results", "parquet"),
        }
    }

    /// The path of a file below the case's folder, which is also its name in a capsule.
    pub(super) fn name(self, hash: &EntryHash) -> String {
        let (folder, ending) = self.parts();
        format!("{folder}/{hash}.{ending}")
    }

    /// What a name below the case's folder stands for.
    pub(super) fn of(name: &str) -> Option<(Self, EntryHash)> {
        [Self::Playbook, Self::Manifest, Self::Rows]
            .into_iter()
            .find_map(|kind| {
                let (folder, ending) = kind.parts();
                let hash = name
                    .strip_prefix(folder)?
                    .strip_prefix('/')?
                    .strip_suffix(ending)?
                    .strip_suffix('.')?;
                Some((kind, hash.parse().ok()?))
            })
    }
}

/// A result that was taken into the case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StoredFiles {
    /// SHA-256 of the rows' file.
    pub rows: EntryHash,
    /// SHA-256 of the manifest.
    pub manifest: EntryHash,
}

/// A result that belongs to a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseResult {
    /// Its name where it was kept; two results of a merged case may have one name.
    pub name: String,
    /// SHA-256 of the rows' file.
    pub sha256: EntryHash,
    /// The rows' file.
    pub rows: PathBuf,
    /// The manifest.
    pub manifest: PathBuf,
}

/// What this room reads of a manifest; the rest is for those who show results.
#[derive(Debug, Deserialize)]
pub(super) struct ManifestHead {
    /// The result's name.
    pub(super) name: String,
    /// SHA-256 of the rows.
    pub(super) sha256: String,
}

/// The results and playbooks that belong to one case. Cheap to clone, for any thread: files are
/// only ever added, each as a whole.
#[derive(Debug, Clone)]
pub struct CaseFiles {
    folder: PathBuf,
}

impl CaseFiles {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Takes a kept result into the case: its rows and its manifest, as they are.
    ///
    /// # Errors
    ///
    /// [`CaseError::Changed`] where the rows are not those of the manifest, [`CaseError::Foreign`]
    /// where that is no manifest, [`CaseError::Io`] of the disk.
    pub fn keep_result(&self, rows: &Path, manifest: &Path) -> Result<StoredFiles, CaseError> {
        let text = fs::read(manifest).map_err(|error| CaseError::io(manifest, "read", error))?;
        let head: ManifestHead =
            serde_json::from_slice(&text).map_err(|error| CaseError::Foreign {
                path: manifest.to_owned(),
                reason: format!("it is no manifest of a result: {error}"),
            })?;
        let mut file = File::open(rows).map_err(|error| CaseError::io(rows, "read", error))?;
        let rows_hash = self.store(Kind::Rows, &mut file, None)?;
        if rows_hash.to_string() != head.sha256 {
            return Err(CaseError::Changed {
                path: rows.to_owned(),
                found: rows_hash.to_string(),
            });
        }
        // Without its manifest nothing looks like a result: it comes last.
        let manifest_hash = self.store(Kind::Manifest, &mut text.as_slice(), None)?;
        Ok(StoredFiles {
            rows: rows_hash,
            manifest: manifest_hash,
        })
    }

    /// Takes the text of a playbook into the case; gives the SHA-256 of its bytes.
    ///
    /// # Errors
    ///
    /// [`CaseError::Io`] of the disk.
    pub fn keep_playbook(&self, text: &str) -> Result<EntryHash, CaseError> {
        self.store(Kind::Playbook, &mut text.as_bytes(), None)
    }

    /// The text of a playbook as it was when it was kept.
    ///
    /// # Errors
    ///
    /// [`CaseError::Io`] where it is not there, [`CaseError::Changed`] where it is another.
    pub fn playbook(&self, sha256: &EntryHash) -> Result<String, CaseError> {
        let path = self.path(Kind::Playbook, sha256);
        let text =
            fs::read_to_string(&path).map_err(|error| CaseError::io(&path, "read", error))?;
        let found = EntryHash::of(text.as_bytes());
        if found == *sha256 {
            Ok(text)
        } else {
            Err(CaseError::Changed {
                path,
                found: found.to_string(),
            })
        }
    }

    /// The results of the case, by name; those whose manifest or rows are not there are left out.
    ///
    /// # Errors
    ///
    /// [`CaseError::Io`] where the folder cannot be listed.
    pub fn results(&self) -> Result<Vec<CaseResult>, CaseError> {
        let mut results = Vec::new();
        for (kind, hash) in self.files()? {
            let manifest = self.path(kind, &hash);
            if kind != Kind::Manifest {
                continue;
            }
            let head = fs::read(&manifest)
                .ok()
                .and_then(|text| serde_json::from_slice::<ManifestHead>(&text).ok());
            let Some((head, sha256)) =
                head.and_then(|head| head.sha256.parse().ok().map(|hash| (head, hash)))
            else {
                continue;
            };
            let rows = self.path(Kind::Rows, &sha256);
            if rows.exists() {
                results.push(CaseResult {
                    name: head.name,
                    sha256,
                    rows,
                    manifest,
                });
            }
        }
        results.sort_by(|a, b| (&a.name, a.sha256).cmp(&(&b.name, b.sha256)));
        Ok(results)
    }

    /// Every file that belongs to the case, in one order.
    pub(super) fn files(&self) -> Result<Vec<(Kind, EntryHash)>, CaseError> {
        let mut found = Vec::new();
        for sub in ["playbooks", "results"] {
            let folder = self.folder.join(sub);
            let fault = |error: io::Error| CaseError::io(&folder, "read", error);
            let entries = match fs::read_dir(&folder) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                entries => entries.map_err(fault)?,
            };
            for entry in entries {
                let name = entry.map_err(fault)?.file_name();
                found.extend(Kind::of(&format!("{sub}/{}", name.to_string_lossy())));
            }
        }
        found.sort_by_key(|(kind, hash)| kind.name(hash));
        Ok(found)
    }

    /// Where a file lies.
    pub(super) fn path(&self, kind: Kind, hash: &EntryHash) -> PathBuf {
        self.folder.join(kind.name(hash))
    }

    /// Stores bytes under their hash, on the disk when it returns; a file that is there stays.
    /// `expected` refuses other bytes.
    pub(super) fn store(
        &self,
        kind: Kind,
        bytes: &mut dyn Read,
        expected: Option<EntryHash>,
    ) -> Result<EntryHash, CaseError> {
        let (sub, _) = kind.parts();
        let folder = self.folder.join(sub);
        let fault = |error: io::Error| CaseError::io(&folder, "written", error);
        make_folder(&folder).map_err(fault)?;
        let part = Part(folder.join(format!(".{}.part", super::file::random()?)));
        let mut file = private(OpenOptions::new().write(true).create_new(true))
            .open(&part.0)
            .map_err(fault)?;
        let hash = copy(bytes, &mut file).map_err(fault)?;
        let path = self.path(kind, &hash);
        if expected.is_some_and(|expected| expected != hash) {
            return Err(CaseError::Changed {
                path,
                found: hash.to_string(),
            });
        }
        // A file that is there and is not what its name says was damaged: the whole one goes there.
        if !path.exists() || !is_whole(&path, &hash) {
            file.sync_all()
                .and_then(|()| fs::rename(&part.0, &path))
                .and_then(|()| sync_folder(&folder))
                .map_err(fault)?;
        }
        Ok(hash)
    }
}

/// A file that is being written: gone when dropped, unless it was moved to its place.
struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

fn is_whole(path: &Path, hash: &EntryHash) -> bool {
    let found = File::open(path).and_then(|mut file| copy(&mut file, &mut io::sink()));
    found.is_ok_and(|found| found == *hash)
}

/// The SHA-256 of everything that a reader gives.
///
/// # Errors
///
/// Those of the reader.
pub fn hash(from: &mut dyn Read) -> io::Result<EntryHash> {
    copy(from, &mut io::sink())
}

/// Copies bytes and hashes them on their way.
pub(super) fn copy(from: &mut dyn Read, to: &mut dyn Write) -> io::Result<EntryHash> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = match from.read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read?,
        };
        if read == 0 {
            return Ok(EntryHash::from_digest(hash.finalize().into()));
        }
        let bytes = buffer.get(..read).unwrap_or_default();
        hash.update(bytes);
        to.write_all(bytes)?;
    }
}
