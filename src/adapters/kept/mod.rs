//! The case lake: every finished result kept on disk, typed, with what it came from.
//!
//! Owns one folder. A result is two files: `name.parquet` with the rows and `name.json`, its
//! manifest ([`KeptResult`]), which says what was asked, of whom, when, and the SHA-256 of the
//! rows. The manifest comes last: without it nothing looks like a result. While a result is being
//! written its name is held by a locked file ([`claim`]); what a crash leaves behind is known by
//! that file without its lock, and goes at the next start.
//!
//! A kept result is a table: [`KeptResults::attached`] names the files for the embedded engine.
//! Calls read and write files and may block.

#![allow(
    clippy::disallowed_methods,
    reason = "this room owns the folder of kept results"
)]

mod answer;
mod claim;
mod columns;
mod manifest;
mod rows;
#[cfg(test)]
mod tests;
mod writer;

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use crate::domain::nearest::nearest;
use crate::domain::query::AttachedFile;
use crate::domain::rows::Column;
pub use answer::AskKept;
use claim::Claim;
pub use manifest::{KeptColumn, KeptResult};
pub use rows::KeptRows;
pub use writer::KeptWriter;

/// The ending of the files with rows.
const ROWS: &str = "parquet";

/// The ending of the manifests.
const MANIFEST: &str = "json";

/// Why a result is not kept, or not given back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeptError {
    /// The folder cannot be used.
    #[error("cannot use the folder of kept results {}: {reason}", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system says.
        reason: String,
    },
    /// The name is none that a table can have.
    #[error("`{name}` cannot be the name of a result: {why}")]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it, and what to do.
        why: String,
    },
    /// The name is in use.
    #[error("there is a result `{0}` already: give another name, or remove that one first")]
    Taken(String),
    /// No result has the name.
    #[error("there is no kept result `{name}`{}", offer(nearest.as_deref()))]
    Unknown {
        /// The name.
        name: String,
        /// One that may have been meant.
        nearest: Option<String>,
    },
    /// A column has a type that Parquet has none for.
    #[error(
        "the result cannot be kept: column `{column}` is a {data_type}, which has no place in Parquet; CAST it to varchar"
    )]
    Type {
        /// The column's display name.
        column: String,
        /// The type.
        data_type: String,
    },
    /// A batch has other columns than the result.
    #[error("a batch for `{0}` has other columns than the result")]
    Columns(String),
    /// The files cannot be written.
    #[error("cannot keep `{name}`: {reason}")]
    Write {
        /// The result.
        name: String,
        /// What the system says.
        reason: String,
    },
    /// A file cannot be read.
    #[error("cannot read {}: {reason}", file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The rows are not those that were kept.
    #[error(
        "{} is not what was kept: its SHA-256 should be {expected} and is {found}",
        file.display()
    )]
    Changed {
        /// The file.
        file: PathBuf,
        /// The hash in the manifest.
        expected: String,
        /// The hash of the file as it is.
        found: String,
    },
}

fn offer(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!(", did you mean `{name}`?"))
}

/// What is known of a result before its first row.
#[derive(Debug, Clone, PartialEq)]
pub struct KeepRequest {
    /// A name of the user's; the next of `result_1`, `result_2`, … if `None`.
    pub name: Option<String>,
    /// The statement's exact text.
    pub sql: String,
    /// SQL literals for its `?`, in order.
    pub parameters: Vec<String>,
    /// The query service's name.
    pub engine: String,
    /// The profile that it ran with; for the embedded engine whatever tells one lake from another.
    pub profile: Option<String>,
    /// A mark of the settings that say what table names mean in that profile.
    pub settings: Option<String>,
    /// When the run was started.
    pub started: DateTime<Utc>,
    /// Places of columns whose values are the service's text of something else, such as the
    /// `[a, b]` of an array in Athena's CSV. They are kept and shown, and never computed with to
    /// answer another statement.
    pub raw_columns: Vec<usize>,
}

/// Everything that the folder holds.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Listing {
    /// The results, oldest first.
    pub results: Vec<KeptResult>,
    /// Manifests that cannot be read.
    pub unreadable: Vec<KeptError>,
}

/// The kept results of one folder. Cheap to clone; clones and other processes may share the folder.
#[derive(Debug, Clone)]
pub struct KeptResults {
    folder: PathBuf,
}

impl KeptResults {
    /// Opens a folder, makes it where it is missing (for its owner alone), and clears what a crash
    /// left behind in it.
    ///
    /// # Errors
    ///
    /// [`KeptError::Folder`] where it cannot be made or listed.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, KeptError> {
        let folder = folder.into();
        let fault = |error: io::Error| KeptError::Folder {
            folder: folder.clone(),
            reason: error.to_string(),
        };
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&folder).map_err(fault)?;
        claim::clear(&folder).map_err(fault)?;
        Ok(Self { folder })
    }

    /// Begins to keep a result. Rows are handed to the writer batch by batch; until
    /// [`KeptWriter::finish`] nothing is there, and dropping the writer leaves nothing.
    ///
    /// # Errors
    ///
    /// [`KeptError::Name`] and [`KeptError::Taken`] for the name, [`KeptError::Type`] for a column
    /// that Parquet has no type for, [`KeptError::Folder`] and [`KeptError::Write`] of the disk.
    pub fn keep(
        &self,
        request: KeepRequest,
        columns: &[Column],
        schema: &SchemaRef,
    ) -> Result<KeptWriter, KeptError> {
        let columns = columns::kept(columns, schema, &request.raw_columns)?;
        let claim = match &request.name {
            Some(name) => Claim::named(&self.folder, name)?,
            None => Claim::numbered(&self.folder)?,
        };
        KeptWriter::begin(claim, request, columns, schema)
    }

    /// All results, oldest first, and the manifests that cannot be read.
    ///
    /// # Errors
    ///
    /// [`KeptError::Folder`] where the folder cannot be listed.
    pub fn list(&self) -> Result<Listing, KeptError> {
        let mut listing = Listing::default();
        for name in self.names()? {
            match self.manifest(&name) {
                Ok(result) => listing.results.push(result),
                Err(error) => listing.unreadable.push(error),
            }
        }
        listing.results.sort_by(|a, b| {
            (a.ended, number(&a.name), &a.name).cmp(&(b.ended, number(&b.name), &b.name))
        });
        Ok(listing)
    }

    /// One result by its name, in any case.
    ///
    /// # Errors
    ///
    /// [`KeptError::Unknown`] with the nearest name, [`KeptError::Read`] for a damaged manifest.
    pub fn get(&self, name: &str) -> Result<KeptResult, KeptError> {
        let wanted = name.to_lowercase();
        let names = self.names()?;
        if names.contains(&wanted) {
            return self.manifest(&wanted);
        }
        let near = nearest(&wanted, names.iter().map(String::as_str));
        let nearest = near.first().map(|name| (*name).to_owned());
        Err(KeptError::Unknown {
            name: name.to_owned(),
            nearest,
        })
    }

    /// The rows of a result, read page by page as they are asked for.
    ///
    /// # Errors
    ///
    /// As [`Self::get`]; [`KeptError::Read`] where the rows are missing or damaged.
    pub fn rows(&self, name: &str) -> Result<Arc<KeptRows>, KeptError> {
        let result = self.get(name)?;
        KeptRows::open(&self.path(&result.name, ROWS), &result).map(Arc::new)
    }

    /// Where a result lies: its rows and its manifest, to be taken elsewhere.
    ///
    /// # Errors
    ///
    /// As [`Self::get`].
    pub fn files(&self, name: &str) -> Result<(PathBuf, PathBuf), KeptError> {
        let name = self.get(name)?.name;
        Ok((self.path(&name, ROWS), self.path(&name, MANIFEST)))
    }

    /// A result that lies outside every folder of kept results, whatever its files are called.
    ///
    /// # Errors
    ///
    /// [`KeptError::Read`] where one of them is missing or damaged.
    pub fn open_files(
        rows: &Path,
        manifest: &Path,
    ) -> Result<(KeptResult, Arc<KeptRows>), KeptError> {
        let fault = |reason: String| KeptError::Read {
            file: manifest.to_owned(),
            reason,
        };
        let text = fs::read_to_string(manifest).map_err(|error| fault(error.to_string()))?;
        let result = KeptResult::parse(&text).map_err(fault)?;
        let rows = KeptRows::open(rows, &result)?;
        Ok((result, Arc::new(rows)))
    }

    /// Reads the rows' file through and compares its hash with the manifest's.
    ///
    /// # Errors
    ///
    /// [`KeptError::Changed`] with both hashes; else as [`Self::get`].
    pub fn verify(&self, name: &str) -> Result<KeptResult, KeptError> {
        let result = self.get(name)?;
        let file = self.path(&result.name, ROWS);
        let found = hash(&file).map_err(|error| KeptError::Read {
            file: file.clone(),
            reason: error.to_string(),
        })?;
        if found == result.sha256 {
            Ok(result)
        } else {
            Err(KeptError::Changed {
                file,
                expected: result.sha256,
                found,
            })
        }
    }

    /// Removes a result. Its number is never given to another.
    ///
    /// # Errors
    ///
    /// As [`Self::get`], and [`KeptError::Write`] of the disk.
    pub fn remove(&self, name: &str) -> Result<(), KeptError> {
        let name = match self.get(name) {
            Ok(result) => result.name,
            // A damaged manifest is no reason to keep it.
            Err(KeptError::Read { .. }) => name.to_lowercase(),
            Err(error) => return Err(error),
        };
        let fault = |error: io::Error| KeptError::Write {
            name: name.clone(),
            reason: error.to_string(),
        };
        // The rows alone are no result: the manifest goes first.
        fs::remove_file(self.path(&name, MANIFEST)).map_err(fault)?;
        match fs::remove_file(self.path(&name, ROWS)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(fault(error)),
            _ => {}
        }
        sync_folder(&self.folder).map_err(fault)
    }

    /// The results as tables for the embedded engine, which finds their columns by
    /// [`KeptColumn::table`]. Results without columns are no tables.
    ///
    /// # Errors
    ///
    /// As [`Self::list`].
    pub fn attached(&self) -> Result<Vec<AttachedFile>, KeptError> {
        let results = self.list()?.results;
        Ok(results
            .iter()
            .filter_map(|result| self.table(result))
            .collect())
    }

    /// The rows of a result as a table; `None` where it has no columns, and so is none.
    pub fn table(&self, result: &KeptResult) -> Option<AttachedFile> {
        (!result.columns.is_empty()).then(|| AttachedFile {
            path: self.path(&result.name, ROWS),
            name: result.name.clone(),
        })
    }

    fn path(&self, name: &str, ending: &str) -> PathBuf {
        self.folder.join(format!("{name}.{ending}"))
    }

    /// The names that have a manifest.
    fn names(&self) -> Result<Vec<String>, KeptError> {
        let fault = |error: io::Error| KeptError::Folder {
            folder: self.folder.clone(),
            reason: error.to_string(),
        };
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.folder).map_err(fault)? {
            let path = entry.map_err(fault)?.path();
            let name = path.file_stem().and_then(|name| name.to_str());
            if let Some(name) = name
                && path.extension().is_some_and(|ending| ending == MANIFEST)
                && !name.starts_with('.')
            {
                names.push(name.to_owned());
            }
        }
        names.sort();
        Ok(names)
    }

    fn manifest(&self, name: &str) -> Result<KeptResult, KeptError> {
        let file = self.path(name, MANIFEST);
        let fault = |reason: String| KeptError::Read {
            file: file.clone(),
            reason,
        };
        let text = fs::read_to_string(&file).map_err(|error| fault(error.to_string()))?;
        let result = KeptResult::parse(&text).map_err(fault)?;
        if result.name == name {
            Ok(result)
        } else {
            Err(fault(format!("it is the manifest of `{}`", result.name)))
        }
    }
}

/// The number in `result_12`.
fn number(name: &str) -> Option<u64> {
    name.strip_prefix("result_")?.parse().ok()
}

/// The SHA-256 of a file in hexadecimal.
fn hash(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(hex(&hash.finalize()));
        }
        hash.update(buffer.get(..read).unwrap_or_default());
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Makes new names in a folder outlive a loss of power.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}
