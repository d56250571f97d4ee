//! From complete objects to a lake that has them: all or none, also where the power fails between
//! two of them.
//!
//! `.lakehound/` in the lake's folder holds a lock, the objects under way, and for each import a
//! record of what was read. What is to be done is written down before it is done; the next import
//! finishes what one that was killed had begun, or clears it away.

#![allow(
    clippy::disallowed_methods,
    reason = "this room writes the objects of a lake"
)]

use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::objects::Staged;
use super::{ImportError, hex};

const HOME: &str = ".lakehound";
const LOCK: &str = "import.lock";
const STAGING: &str = "staging";
const PLAN: &str = "plan.json";
const RECORDS: &str = "imports";

/// A file that was read.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub(super) struct ReadFile {
    pub(super) sha256: String,
    pub(super) path: String,
}

/// An object and where it comes from.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
struct Move {
    from: String,
    to: String,
    rows: u64,
}

/// What an import did, or is about to do.
#[derive(Debug, Serialize, Deserialize)]
struct Plan {
    files: Vec<ReadFile>,
    objects: Vec<Move>,
}

/// A lake's folder, held by one import.
pub(super) struct Site {
    lake: PathBuf,
    home: PathBuf,
    known: HashSet<String>,
    _lock: File,
}

fn failed(path: &Path) -> impl Fn(io::Error) -> ImportError + '_ {
    |error| ImportError::Write {
        path: path.to_owned(),
        why: error.to_string(),
    }
}

impl Site {
    /// Takes the lake for one import; finishes or clears away what an earlier one left.
    pub(super) fn open(lake: &Path) -> Result<Self, ImportError> {
        let home = lake.join(HOME);
        let records = home.join(RECORDS);
        fs::create_dir_all(&records).map_err(failed(&records))?;
        let path = home.join(LOCK);
        let lock = File::create(&path).map_err(failed(&path))?;
        if lock.try_lock().is_err() {
            let lake = lake.to_owned();
            return Err(ImportError::Busy { lake });
        }
        let mut site = Self {
            lake: lake.to_owned(),
            home,
            known: HashSet::new(),
            _lock: lock,
        };
        let staging = site.staging();
        let plan = staging.join(PLAN);
        if let Ok(text) = fs::read(&plan)
            && let Ok(plan) = serde_json::from_slice::<Plan>(&text)
        {
            site.carry_out(&plan)?;
        }
        if staging.exists() {
            fs::remove_dir_all(&staging).map_err(failed(&staging))?;
        }
        fs::create_dir_all(&staging).map_err(failed(&staging))?;
        site.known = site.read_records(&records)?;
        Ok(site)
    }

    fn read_records(&self, records: &Path) -> Result<HashSet<String>, ImportError> {
        let mut known = HashSet::new();
        for entry in fs::read_dir(records).map_err(failed(records))? {
            let path = entry.map_err(failed(records))?.path();
            let text = fs::read(&path).map_err(failed(&path))?;
            let plan: Plan =
                serde_json::from_slice(&text).map_err(|error| ImportError::Record {
                    path: path.clone(),
                    why: error.to_string(),
                })?;
            known.extend(plan.files.into_iter().map(|file| file.sha256));
        }
        Ok(known)
    }

    /// Where objects are made.
    pub(super) fn staging(&self) -> PathBuf {
        self.home.join(STAGING)
    }

    /// The hashes of all files that are in the lake already.
    pub(super) fn known(&self) -> &HashSet<String> {
        &self.known
    }

    /// Puts all objects into their places, and notes what was read.
    pub(super) fn publish(
        self,
        mut files: Vec<ReadFile>,
        staged: &[Staged],
    ) -> Result<(), ImportError> {
        files.sort_by(|a, b| a.sha256.cmp(&b.sha256));
        let run = run_of(&files);
        let mut objects = Vec::with_capacity(staged.len());
        let mut part = 0;
        let mut last = None;
        for object in staged {
            let folder = object.partition.folder();
            part = if last.as_ref() == Some(&folder) {
                part + 1
            } else {
                0
            };
            let name = Sha256::digest(format!("{run}/{folder}/{part}").as_bytes());
            let name = hex(&name);
            let name = name.get(..32).unwrap_or(&name);
            objects.push(Move {
                from: object.file.clone(),
                to: format!("{folder}/{name}.gz.parquet"),
                rows: object.rows,
            });
            last = Some(folder);
        }
        let plan = Plan { files, objects };
        let path = self.staging().join(PLAN);
        let text = serde_json::to_vec_pretty(&plan)
            .map_err(io::Error::other)
            .map_err(failed(&path))?;
        let part = self.staging().join("plan.part");
        write_synced(&part, &text).map_err(failed(&part))?;
        sync_folder(&self.staging()).map_err(failed(&path))?;
        fs::rename(&part, &path).map_err(failed(&path))?;
        sync_folder(&self.staging()).map_err(failed(&path))?;
        self.carry_out(&plan)
    }

    fn carry_out(&self, plan: &Plan) -> Result<(), ImportError> {
        let staging = self.staging();
        let mut folders = HashSet::new();
        for object in &plan.objects {
            let from = staging.join(&object.from);
            let to = self.lake.join(&object.to);
            if let Some(folder) = to.parent() {
                fs::create_dir_all(folder).map_err(failed(folder))?;
                folders.insert(folder.to_owned());
            }
            match fs::rename(&from, &to) {
                Ok(()) => {}
                // Moved already, before the import was cut off.
                Err(error) if error.kind() == io::ErrorKind::NotFound && to.exists() => {}
                Err(error) => return Err(failed(&to)(error)),
            }
        }
        for folder in &folders {
            sync_folder(folder).map_err(failed(folder))?;
        }
        let record = self
            .home
            .join(RECORDS)
            .join(format!("{}.json", run_of(&plan.files)));
        fs::rename(staging.join(PLAN), &record).map_err(failed(&record))?;
        sync_folder(&self.home.join(RECORDS)).map_err(failed(&record))?;
        fs::remove_dir_all(&staging).map_err(failed(&staging))
    }

    /// Leaves nothing of what was under way.
    pub(super) fn abandon(self) {
        // The next import clears away what cannot be removed now.
        let _ = fs::remove_dir_all(self.staging());
    }
}

/// What names an import: the content of all that it read.
fn run_of(files: &[ReadFile]) -> String {
    let mut hash = Sha256::new();
    for file in files {
        hash.update(file.sha256.as_bytes());
    }
    hex(&hash.finalize())
}

/// Appends what was refused to the file that keeps it.
pub(super) fn append_refused(from: &Path, to: &Path) -> Result<(), ImportError> {
    let mut source = File::open(from).map_err(failed(from))?;
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder).map_err(failed(folder))?;
    }
    let mut target = OpenOptions::new()
        .create(true)
        .append(true)
        .open(to)
        .map_err(failed(to))?;
    io::copy(&mut source, &mut target).map_err(failed(to))?;
    target.sync_all().map_err(failed(to))
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
