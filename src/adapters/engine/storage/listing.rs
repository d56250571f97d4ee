//! Listing the lake's folder again and again, cheaply: a folder that has not changed is not read
//! a second time.

#![allow(
    clippy::disallowed_methods,
    reason = "this room lists the folders of a lake, and compares their age with now"
)]

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

/// Folders deeper than this are not entered; it also ends loops of symbolic links.
const MAX_DEPTH: usize = 24;

/// A folder changed so shortly before it was read may change again within the same tick of the
/// file system's clock, so its listing is not trusted the next time.
const SETTLED: Duration = Duration::from_secs(2);

/// A Parquet file as the file system lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct FoundFile {
    /// Its path, below the root as it was given.
    pub path: PathBuf,
    /// Its size in bytes.
    pub size: u64,
    /// When it was last changed.
    pub modified: SystemTime,
}

/// One folder as it was read.
#[derive(Debug)]
struct Folder {
    changed: SystemTime,
    settled: bool,
    folders: Vec<PathBuf>,
    files: Vec<FoundFile>,
}

/// What a listing found.
#[derive(Debug)]
pub(crate) struct Found {
    /// Every Parquet file, in the order of the paths.
    pub files: Vec<FoundFile>,
    /// Folders that could not be read, with the reason.
    pub problems: Vec<String>,
    /// Whether nothing differs from the listing before.
    pub unchanged: bool,
}

/// Lists one folder's tree.
#[derive(Debug)]
pub(crate) struct Lister {
    root: PathBuf,
    known: Mutex<HashMap<PathBuf, Arc<Folder>>>,
}

impl Lister {
    pub(crate) fn new(root: PathBuf) -> Self {
        Self {
            root,
            known: Mutex::default(),
        }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Walks the tree, reading only folders that are new or changed.
    pub(crate) fn list(&self) -> Found {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = HashMap::with_capacity(known.len());
        let mut found = Found {
            files: Vec::new(),
            problems: Vec::new(),
            unchanged: !known.is_empty(),
        };
        let mut waiting = vec![(self.root.clone(), 0)];
        while let Some((path, depth)) = waiting.pop() {
            let folder = match read_folder(&path, known.get(&path), &mut found.unchanged) {
                Ok(folder) => folder,
                Err(error) => {
                    found.unchanged = false;
                    found.problems.push(format!(
                        "cannot read the folder {}: {error}",
                        path.display()
                    ));
                    continue;
                }
            };
            if depth < MAX_DEPTH {
                waiting.extend(folder.folders.iter().map(|path| (path.clone(), depth + 1)));
            }
            found.files.extend(folder.files.iter().cloned());
            next.insert(path, folder);
        }
        found.unchanged &= next.len() == known.len();
        *known = next;
        found.files.sort_by(|a, b| a.path.cmp(&b.path));
        found
    }
}

fn read_folder(
    path: &Path,
    known: Option<&Arc<Folder>>,
    unchanged: &mut bool,
) -> std::io::Result<Arc<Folder>> {
    let changed = fs::metadata(path)?
        .modified()
        .unwrap_or(SystemTime::UNIX_EPOCH);
    if let Some(folder) = known
        && folder.settled
        && folder.changed == changed
    {
        return Ok(Arc::clone(folder));
    }
    let settled = SystemTime::now()
        .duration_since(changed)
        .is_ok_and(|age| age > SETTLED);
    let mut folders = Vec::new();
    let mut files = Vec::new();
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name();
        // Hive's convention: such names are not data (`_SUCCESS`, `.part.crc`).
        if matches!(name.as_encoded_bytes().first(), Some(b'.' | b'_')) {
            continue;
        }
        let mut kind = entry.file_type()?;
        if kind.is_symlink() {
            let Ok(target) = fs::metadata(entry.path()) else {
                continue;
            };
            kind = target.file_type();
            if kind.is_dir() && encloses(&entry.path(), path) {
                continue;
            }
        }
        if kind.is_dir() {
            folders.push(entry.path());
        } else if is_parquet(Path::new(&name)) {
            // Gone between the listing and this look: not part of the lake any more.
            let Ok(data) = fs::metadata(entry.path()) else {
                continue;
            };
            files.push(FoundFile {
                path: entry.path(),
                size: data.len(),
                modified: data.modified().unwrap_or(SystemTime::UNIX_EPOCH),
            });
        }
    }
    folders.sort();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    if known.is_none_or(|folder| folder.files != files || folder.folders != folders) {
        *unchanged = false;
    }
    Ok(Arc::new(Folder {
        changed,
        settled,
        folders,
        files,
    }))
}

/// Whether a link leads to a folder that holds the link itself: entering it would never end.
fn encloses(link: &Path, folder: &Path) -> bool {
    match (fs::canonicalize(link), fs::canonicalize(folder)) {
        (Ok(target), Ok(folder)) => folder.starts_with(target),
        _ => true,
    }
}

/// Whether a name is a Parquet file's.
pub(crate) fn is_parquet(name: &Path) -> bool {
    name.extension().is_some_and(|extension| {
        extension.eq_ignore_ascii_case("parquet") || extension.eq_ignore_ascii_case("parq")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(found: &Found) -> Vec<String> {
        found
            .files
            .iter()
            .map(|file| {
                file.path
                    .file_name()
                    .unwrap()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect()
    }

    #[test]
    fn new_and_removed_files_are_seen_and_hidden_ones_are_not() {
        let dir = tempfile::tempdir().unwrap();
        let sub = dir.path().join("a/b");
        fs::create_dir_all(&sub).unwrap();
        fs::write(sub.join("one.parquet"), b"x").unwrap();
        fs::write(sub.join("_SUCCESS.parquet"), b"").unwrap();
        fs::write(sub.join("notes.txt"), b"").unwrap();
        let lister = Lister::new(dir.path().to_path_buf());
        let first = lister.list();
        assert_eq!(names(&first), ["one.parquet"]);
        assert!(!first.unchanged);
        assert!(lister.list().unchanged);

        fs::write(sub.join("two.PARQUET"), b"yy").unwrap();
        let second = lister.list();
        assert_eq!(names(&second), ["one.parquet", "two.PARQUET"]);
        assert!(!second.unchanged);

        fs::remove_file(sub.join("one.parquet")).unwrap();
        assert_eq!(names(&lister.list()), ["two.PARQUET"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_loop_of_links_gives_each_file_once() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("one.parquet"), b"x").unwrap();
        std::os::unix::fs::symlink(dir.path(), dir.path().join("again")).unwrap();
        let found = Lister::new(dir.path().to_path_buf()).list();
        assert_eq!(names(&found), ["one.parquet"]);
    }
}
