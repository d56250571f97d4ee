//! What a lake holds: its files, where each belongs, and the tables that they make. A folder is
//! listed as a whole; of buckets only what a query may need ([`remote`]).
//! Knows paths and names only; opening a file is [`super::footer`]'s.

mod names;
mod place;
pub(super) mod remote;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use arrow::datatypes::SchemaRef;

use super::storage::listing::{FoundFile, Lister};
use super::storage::s3::S3Object;
use crate::domain::lake::{LakeFacts, recognise};
pub(super) use names::{NamedTable, Names};
pub(super) use place::{Place, TableKey, table_word};

/// The database of the tables that plain folders and files make.
pub(super) const FOLDER_DATABASE: &str = "default";

/// The hidden column that tells each row's file.
pub(super) const PATH_COLUMN: &str = "$path";

/// How the names of Security Lake's buckets begin.
const BUCKET: &str = "aws-security-data-lake-";

/// Where a file's bytes are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Home {
    /// On this machine, under the file's path.
    Disk,
    /// On S3.
    S3(Arc<S3Object>),
    /// Nowhere: it stands for all files below a prefix, whose partitions it has so far.
    Prefix,
}

/// A Parquet file of the lake with its partition values.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct LakeFile {
    /// The path to open; of an object its location as it is written. Two files are the same if
    /// their paths are, letter by letter.
    pub path: PathBuf,
    /// Where its bytes are.
    pub home: Home,
    /// The path below the lake's root, for people; of an object its location.
    pub name: String,
    /// Its size in bytes.
    pub size: u64,
    /// When it was last changed.
    pub modified: SystemTime,
    /// The Region whose table it belongs to: the bucket's, else the partition's.
    pub lake_region: Option<Arc<str>>,
    /// The path's values in the order of [`crate::domain::lake::partition_columns`]: account,
    /// Region, source version, day.
    pub partitions: [Option<Arc<str>>; 4],
}

impl LakeFile {
    /// `eventDay=`, `YYYYMMDD`.
    pub(super) fn event_day(&self) -> Option<&str> {
        self.partitions[3].as_deref()
    }

    /// The value of a column that the path tells, by its place: the partitions' first, then
    /// [`PATH_COLUMN`]'s.
    pub(super) fn path_value(&self, at: usize) -> Option<Cow<'_, str>> {
        match self.partitions.get(at) {
            Some(value) => value.as_deref().map(Cow::Borrowed),
            None if self.home == Home::Prefix => None,
            None => Some(Cow::Owned(self.location())),
        }
    }

    /// Of what stands for all files below a prefix: a location before all of theirs, and one behind.
    pub(super) fn locations_below(&self) -> Option<(String, String)> {
        let prefix = self.name.strip_suffix('-')?;
        (self.home == Home::Prefix).then(|| (prefix.to_owned(), format!("{prefix}{}", char::MAX)))
    }

    /// Where the file lies, as Athena's `"$path"` tells it: bucket and key where the folders name
    /// Security Lake's bucket, else the path on this machine.
    fn location(&self) -> String {
        if let Home::S3(object) = &self.home {
            return object.to_string();
        }
        let parts: Vec<Cow<'_, str>> = self
            .path
            .components()
            .map(|part| part.as_os_str().to_string_lossy())
            .collect();
        let bucket = parts.iter().rposition(|part| part.starts_with(BUCKET));
        match bucket.and_then(|at| parts.get(at..)) {
            Some(key) => format!("s3://{}", key.join("/")),
            None => self.path.display().to_string(),
        }
    }

    /// A file outside any lake, without partition values.
    pub(super) fn alone(path: &Path, size: u64, modified: SystemTime) -> Self {
        Self {
            path: path.to_path_buf(),
            home: Home::Disk,
            name: path.display().to_string(),
            size,
            modified,
            lake_region: None,
            partitions: [None, None, None, None],
        }
    }

    /// An object of S3.
    pub(super) fn object(object: S3Object) -> Self {
        let location = object.to_string();
        let place = Place::of_key(&object.bucket, &object.key);
        Self {
            path: PathBuf::from(&location),
            name: location,
            size: object.size,
            modified: object.modified,
            lake_region: place.bucket_region.or_else(|| place.region.clone()),
            partitions: [
                place.account,
                place.region,
                place.asl_version,
                place.event_day,
            ],
            home: Home::S3(Arc::new(object)),
        }
    }

    /// What stands for all objects below a prefix, which ends with a slash.
    pub(super) fn below(bucket: &str, prefix: &str) -> Self {
        let object = S3Object {
            bucket: bucket.to_owned(),
            key: format!("{prefix}-"),
            etag: None,
            version: None,
            size: 0,
            modified: SystemTime::UNIX_EPOCH,
        };
        Self {
            home: Home::Prefix,
            ..Self::object(object)
        }
    }
}

/// The lake at one moment.
#[derive(Debug, Default)]
pub(super) struct Snapshot {
    /// Counts the changes of the lake that were seen.
    pub generation: u64,
    /// The files of each table.
    pub tables: BTreeMap<TableKey, Vec<Arc<LakeFile>>>,
    /// Folders that could not be read.
    pub problems: Vec<String>,
}

impl Snapshot {
    /// What the keys of all files tell together.
    pub(super) fn facts(&self) -> LakeFacts {
        // A file of a plain folder can be of several tables.
        let mut seen = HashSet::new();
        let all: Vec<&LakeFile> = self
            .tables
            .values()
            .flatten()
            .filter(|file| seen.insert(Arc::as_ptr(file)))
            .map(AsRef::as_ref)
            .collect();
        let files = || all.iter().copied();
        let distinct = |at: usize| {
            let found: BTreeSet<&str> = files()
                .filter_map(|file| file.partitions[at].as_deref())
                .collect();
            found.into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        let days = files().filter_map(|file| file.event_day());
        let (first, last) = (days.clone().min(), days.max());
        LakeFacts {
            accounts: distinct(0),
            regions: distinct(1),
            days: first
                .zip(last)
                .map(|(first, last)| (first.to_owned(), last.to_owned())),
            files: files().count() as u64,
            bytes: files().map(|file| file.size).sum(),
        }
    }

    /// The files of a table.
    pub(super) fn files(&self, key: &TableKey) -> &[Arc<LakeFile>] {
        self.tables.get(key).map_or(&[], Vec::as_slice)
    }
}

/// A lake's folder, listed anew before every query.
#[derive(Debug)]
pub(super) struct Lake {
    lister: Lister,
    last: Mutex<Arc<Snapshot>>,
}

impl Lake {
    pub(super) fn new(root: PathBuf) -> Self {
        Self {
            lister: Lister::new(root),
            last: Mutex::default(),
        }
    }

    /// The lake as it is now. `columns` gives those of a file, to tell what a plain folder holds.
    /// Reads folders: call it where blocking is allowed.
    pub(super) fn snapshot(
        &self,
        columns: impl Fn(&LakeFile) -> Option<SchemaRef>,
    ) -> Arc<Snapshot> {
        let found = self.lister.list();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if found.unchanged && last.generation > 0 {
            return Arc::clone(&last);
        }
        let mut snapshot = sort_into_tables(self.lister.root(), found.files);
        add_recognised(&mut snapshot.tables, columns);
        snapshot.generation = last.generation + 1;
        snapshot.problems = found.problems;
        *last = Arc::new(snapshot);
        Arc::clone(&last)
    }
}

fn sort_into_tables(root: &Path, found: Vec<FoundFile>) -> Snapshot {
    let mut snapshot = Snapshot::default();
    let mut plain: BTreeMap<Vec<String>, Vec<Arc<LakeFile>>> = BTreeMap::new();
    for found in found {
        let relative = found.path.strip_prefix(root).unwrap_or(&found.path);
        let name = relative.display().to_string();
        let place = Place::of(&found.path, relative);
        let file = Arc::new(LakeFile {
            name,
            size: found.size,
            modified: found.modified,
            lake_region: place.bucket_region.or_else(|| place.region.clone()),
            partitions: [
                place.account,
                place.region,
                place.asl_version,
                place.event_day,
            ],
            path: found.path,
            home: Home::Disk,
        });
        match place.key {
            Some(key) => snapshot.tables.entry(key).or_default().push(file),
            None => plain.entry(place.folders).or_default().push(file),
        }
    }
    name_plain_folders(root, plain, &mut snapshot.tables);
    snapshot
}

/// The files of a plain folder that holds events of a documented source are that source's, too.
fn add_recognised(
    tables: &mut BTreeMap<TableKey, Vec<Arc<LakeFile>>>,
    columns: impl Fn(&LakeFile) -> Option<SchemaRef>,
) {
    let mut seen: HashSet<*const LakeFile> = HashSet::new();
    let mut recognised: Vec<(TableKey, Arc<LakeFile>)> = Vec::new();
    for (key, files) in tables.iter() {
        if !matches!(key, TableKey::Folder(_)) {
            continue;
        }
        let first = files.iter().find_map(|file| columns(file));
        let Some(schema) = first else { continue };
        let names = schema.fields().iter().map(|field| field.name().as_str());
        if let Some((source, version)) = recognise(names) {
            let new = files.iter().filter(|file| seen.insert(Arc::as_ptr(file)));
            let key = TableKey::Native(source, version);
            recognised.extend(new.map(|file| (key.clone(), Arc::clone(file))));
        }
    }
    for (source, file) in recognised {
        tables.entry(source).or_default().push(file);
    }
}

/// Up to so many files that lie in the opened folder itself are tables of their own.
const SINGLE_FILES: usize = 32;

/// A plain folder's table bears the folder's name, preceded by its parents' where two folders
/// share one. Files in the opened folder itself make one table each and one together.
fn name_plain_folders(
    root: &Path,
    plain: BTreeMap<Vec<String>, Vec<Arc<LakeFile>>>,
    tables: &mut BTreeMap<TableKey, Vec<Arc<LakeFile>>>,
) {
    let mut uses: BTreeMap<String, usize> = BTreeMap::new();
    for folders in plain.keys() {
        if let Some(last) = folders.last() {
            *uses.entry(table_word(last)).or_default() += 1;
        }
    }
    for (folders, files) in plain {
        let name = match folders.last().map(|last| table_word(last)) {
            Some(last) if uses.get(&last) == Some(&1) => last,
            Some(_) => table_word(&folders.join("_")),
            None => {
                if files.len() <= SINGLE_FILES {
                    for file in &files {
                        let key = TableKey::Folder(file_word(&file.path));
                        tables.entry(key).or_default().push(Arc::clone(file));
                    }
                }
                root_word(root)
            }
        };
        let together = tables.entry(TableKey::Folder(name)).or_default();
        if together.is_empty() {
            *together = files;
            continue;
        }
        // A file of its folder's name made this table already.
        for file in files {
            if !together.contains(&file) {
                together.push(file);
            }
        }
    }
}

/// A file's name up to its first dot as a table's name.
fn file_word(path: &Path) -> String {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    table_word(name.split('.').next().unwrap_or_default())
}

/// The opened folder's name as a table's name.
fn root_word(root: &Path) -> String {
    let root = std::path::absolute(root).unwrap_or_else(|_| root.to_path_buf());
    root.file_name().map_or_else(
        || "lake".to_owned(),
        |name| table_word(&name.to_string_lossy()),
    )
}
