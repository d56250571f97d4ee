//! The folder of a lake on disk: made beside its place and put there at once, so that nobody ever
//! sees half a lake and no folder of another kind is destroyed.

#![allow(
    clippy::disallowed_methods,
    reason = "this room writes the demo lake's files"
)]

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::scenario::Scenario;
use super::{DemoError, SCENARIO_FILE};

fn failed(what: &'static str, path: &Path) -> impl FnOnce(io::Error) -> DemoError {
    let path = path.to_path_buf();
    move |source| DemoError::Io { what, path, source }
}

/// A lake being made, in a hidden folder beside its place. Dropped before it is published, it
/// leaves nothing behind.
pub(super) struct Site {
    target: PathBuf,
    making: PathBuf,
    lock: Option<File>,
}

const LOCK: &str = ".making";

impl Site {
    /// Prepares to make `target`, which must be absent, empty or a demo lake.
    pub(super) fn new(target: &Path) -> Result<Self, DemoError> {
        let target = std::path::absolute(target).map_err(failed("find", target))?;
        check_replaceable(&target)?;
        let making = sibling(&target, "making");
        if making.exists() {
            // Left by a process that was killed, or in use by one that is at work.
            if let Ok(lock) = File::open(making.join(LOCK))
                && lock.try_lock().is_err()
            {
                return Err(DemoError::Busy { path: target });
            }
            fs::remove_dir_all(&making).map_err(failed("remove", &making))?;
        }
        fs::create_dir_all(&making).map_err(failed("make", &making))?;
        let lock = File::create(making.join(LOCK)).map_err(failed("make", &making))?;
        lock.try_lock().map_err(|_| DemoError::Busy {
            path: target.clone(),
        })?;
        Ok(Self {
            target,
            making,
            lock: Some(lock),
        })
    }

    /// Writes one object.
    pub(super) fn write(&self, key: &str, bytes: &[u8]) -> Result<(), DemoError> {
        let path = self.making.join(key);
        make_parent(&path)?;
        fs::write(&path, bytes).map_err(failed("write", &path))
    }

    /// Writes the answer key and puts the lake in its place.
    pub(super) fn publish(mut self, scenario: &Scenario) -> Result<(), DemoError> {
        let mut text = serde_json::to_vec_pretty(scenario)
            .map_err(|error| io::Error::other(error.to_string()))
            .map_err(failed("write", &self.making))?;
        text.push(b'\n');
        self.write(SCENARIO_FILE, &text)?;
        // Windows removes no file that is open.
        self.lock = None;
        let lock = self.making.join(LOCK);
        fs::remove_file(&lock).map_err(failed("remove", &lock))?;
        let old = sibling(&self.target, "old");
        if old.exists() {
            fs::remove_dir_all(&old).map_err(failed("remove", &old))?;
        }
        let had = self.target.exists();
        if had {
            check_replaceable(&self.target)?;
            fs::rename(&self.target, &old).map_err(failed("move", &self.target))?;
        }
        if let Err(error) = fs::rename(&self.making, &self.target) {
            if had {
                fs::rename(&old, &self.target).map_err(failed("move back", &old))?;
            }
            return Err(failed("move", &self.making)(error));
        }
        if had {
            fs::remove_dir_all(&old).map_err(failed("remove", &old))?;
        }
        Ok(())
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // After publishing there is nothing at this path; an error here hides the first one.
        let _ = fs::remove_dir_all(&self.making);
    }
}

/// `.<name>.lakehound-<what>` beside a folder.
fn sibling(target: &Path, what: &str) -> PathBuf {
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    target.with_file_name(format!(".{name}.lakehound-{what}"))
}

fn check_replaceable(target: &Path) -> Result<(), DemoError> {
    let mut entries = match fs::read_dir(target) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed("read", target)(error)),
    };
    if entries.next().is_none() || read_scenario(target).is_ok() {
        return Ok(());
    }
    Err(DemoError::NotADemoLake {
        path: target.to_path_buf(),
    })
}

/// Reads the answer key of a demo lake.
pub(super) fn read_scenario(lake: &Path) -> Result<Scenario, DemoError> {
    let path = lake.join(SCENARIO_FILE);
    let text = fs::read(&path).map_err(failed("read", &path))?;
    serde_json::from_slice(&text).map_err(|error| DemoError::NotAScenario {
        path,
        why: error.to_string(),
    })
}

/// Held by the one process that goes on writing a lake.
pub(super) struct LiveLock {
    path: PathBuf,
    _file: File,
}

impl LiveLock {
    /// Takes the lock, or fails at once where another process has it.
    pub(super) fn new(lake: &Path) -> Result<Self, DemoError> {
        let path = lake.join(".live");
        let file = File::create(&path).map_err(failed("make", &path))?;
        file.try_lock().map_err(|_| DemoError::Live {
            path: lake.to_path_buf(),
        })?;
        Ok(Self { path, _file: file })
    }
}

impl Drop for LiveLock {
    fn drop(&mut self) {
        // A lock file that stays holds nobody up.
        let _ = fs::remove_file(&self.path);
    }
}

/// Writes a file of a lake so that it appears whole or not at all; under the [`LiveLock`].
pub(super) fn put(lake: &Path, key: &str, bytes: &[u8]) -> Result<(), DemoError> {
    let path = lake.join(key);
    make_parent(&path)?;
    let partial = lake.join(".partial");
    let mut file = File::create(&partial).map_err(failed("write", &partial))?;
    file.write_all(bytes).map_err(failed("write", &partial))?;
    drop(file);
    fs::rename(&partial, &path).map_err(failed("write", &path))
}

/// The file with the highest name in a folder of the lake, read whole; `None` where there is none.
pub(super) fn last_file(lake: &Path, folder: &str) -> Result<Option<(String, Vec<u8>)>, DemoError> {
    let folder = lake.join(folder);
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed("read", &folder)(error)),
    };
    let mut last = None;
    for entry in entries {
        let name = entry.map_err(failed("read", &folder))?.file_name();
        last = last.max(Some(name.to_string_lossy().into_owned()));
    }
    let Some(name) = last else {
        return Ok(None);
    };
    let path = folder.join(&name);
    let bytes = fs::read(&path).map_err(failed("read", &path))?;
    Ok(Some((name, bytes)))
}

fn make_parent(path: &Path) -> Result<(), DemoError> {
    match path.parent() {
        Some(parent) => fs::create_dir_all(parent).map_err(failed("make", parent)),
        None => Ok(()),
    }
}
