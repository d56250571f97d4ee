//! Ranges of objects on this machine's disk: what was fetched once is not fetched again.
//!
//! An entry is a file of its own, named after bucket, key, ETag, size and range; it begins with a
//! checksum of its name and its bytes, so that a damaged one, or one that bears another's name, is no
//! entry. It appears under its name as a whole, so that two processes can share the folder. Past the
//! budget the oldest entries are removed. Nothing here is needed for an answer to be right: every failure of
//! the disk means that a range is fetched.

#![allow(
    clippy::disallowed_methods,
    reason = "this room owns the folder of fetched ranges"
)]

use std::fmt::Write as _;
use std::fs;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{Read, Write as _};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::SystemTime;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use super::place::S3Object;

/// The first bytes of an entry: what it is, and how its layout is numbered.
const MAGIC: &[u8; 8] = b"LHRANGE1";

/// Bytes of a checksum.
const SUM: usize = 32;

/// Bytes before an entry's own.
const HEAD: usize = MAGIC.len() + SUM;

/// How the name of an entry ends that is still written.
const UNFINISHED: &str = "part";

/// Where fetched ranges are kept, and how much of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheOptions {
    /// The folder; made where it is missing.
    pub folder: PathBuf,
    /// Bytes that it may hold.
    pub budget: u64,
}

/// The folder of one lake's ranges.
#[derive(Debug)]
pub(super) struct DiskCache {
    options: CacheOptions,
    /// Bytes in the folder as far as is known; unknown before the first entry is written.
    held: AtomicU64,
    counted: AtomicBool,
}

impl DiskCache {
    pub(super) fn new(options: CacheOptions) -> Self {
        Self {
            options,
            held: AtomicU64::new(0),
            counted: AtomicBool::new(false),
        }
    }

    /// A kept range; `None` where it is not there or damaged. Blocks.
    pub(super) fn get(&self, object: &S3Object, range: &Range<u64>) -> Option<Bytes> {
        let path = self.path(object, range)?;
        let mut file = fs::File::open(&path).ok()?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).ok()?;
        let whole = Bytes::from(bytes);
        let entry = entry(&whole, range, &path);
        if entry.is_none() {
            // Damaged: it makes room for a sound one.
            let _ = fs::remove_file(&path);
        }
        entry
    }

    /// Keeps a range. Blocks.
    pub(super) fn put(&self, object: &S3Object, range: &Range<u64>, bytes: &[u8]) {
        let Some(path) = self.path(object, range) else {
            return;
        };
        if let Err(error) = self.write(&path, bytes) {
            tracing::debug!(%error, path = %path.display(), "a range is not kept");
        }
    }

    /// Where a range is kept; `None` for an object that has no mark of its state.
    fn path(&self, object: &S3Object, range: &Range<u64>) -> Option<PathBuf> {
        let etag = object.etag.as_deref().filter(|etag| !etag.is_empty())?;
        let mut digest = Sha256::new();
        for part in [&object.bucket, &object.key, etag] {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part.as_bytes());
        }
        for number in [object.size, range.start, range.end] {
            digest.update(number.to_le_bytes());
        }
        let mut name = String::with_capacity(64);
        for byte in digest.finalize() {
            // Writing to a string never fails.
            let _ = write!(name, "{byte:02x}");
        }
        Some(self.options.folder.join(name))
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
        let size = (HEAD + bytes.len()) as u64;
        if size > self.options.budget {
            return Ok(());
        }
        make_private(&self.options.folder)?;
        if !self.counted.swap(true, Ordering::Relaxed) {
            let entries = self.entries();
            let held = entries.iter().map(|entry| entry.size).sum();
            self.held.store(held, Ordering::Relaxed);
        }
        // A name that nobody else has: not another cache of this process, not another process, and
        // not one of another machine that shares the folder.
        let chance = RandomState::new().hash_one(std::process::id());
        let making = self
            .options
            .folder
            .join(format!("{chance:016x}.{UNFINISHED}"));
        let mut file = new_private_file(&making)?;
        let written = file
            .write_all(MAGIC)
            .and_then(|()| file.write_all(&checksum(path, bytes)))
            .and_then(|()| file.write_all(bytes));
        drop(file);
        if let Err(error) = written.and_then(|()| fs::rename(&making, path)) {
            let _ = fs::remove_file(&making);
            return Err(error);
        }
        let held = self.held.fetch_add(size, Ordering::Relaxed) + size;
        if held > self.options.budget {
            self.shrink();
        }
        Ok(())
    }

    /// Removes the oldest entries, down to three quarters of the budget, so that not every new one
    /// reads the folder again.
    fn shrink(&self) {
        let mut entries = self.entries();
        entries.sort_by_key(|entry| entry.modified);
        let mut held: u64 = entries.iter().map(|entry| entry.size).sum();
        let goal = self.options.budget / 4 * 3;
        for entry in entries {
            if held <= goal {
                break;
            }
            // Another process may have removed it.
            let _ = fs::remove_file(&entry.path);
            held = held.saturating_sub(entry.size);
        }
        self.held.store(held, Ordering::Relaxed);
    }

    fn entries(&self) -> Vec<Entry> {
        let Ok(found) = fs::read_dir(&self.options.folder) else {
            return Vec::new();
        };
        found
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let data = entry.metadata().ok().filter(fs::Metadata::is_file)?;
                Some(Entry {
                    path: entry.path(),
                    size: data.len(),
                    modified: data.modified().unwrap_or(SystemTime::UNIX_EPOCH),
                })
            })
            .collect()
    }
}

struct Entry {
    path: PathBuf,
    size: u64,
    modified: SystemTime,
}

/// Of the name of an entry and its bytes.
fn checksum(path: &Path, bytes: &[u8]) -> [u8; SUM] {
    let mut digest = Sha256::new();
    let name = path.file_name().unwrap_or_default();
    digest.update(name.as_encoded_bytes());
    digest.update(bytes);
    digest.finalize().into()
}

/// The bytes of an entry, if they are those that were written under its name.
fn entry(whole: &Bytes, range: &Range<u64>, path: &Path) -> Option<Bytes> {
    let (magic, rest) = whole.split_at_checked(MAGIC.len())?;
    let (sum, body) = rest.split_at_checked(SUM)?;
    let sound = magic == MAGIC
        && body.len() as u64 == range.end.saturating_sub(range.start)
        && checksum(path, body) == sum;
    sound.then(|| whole.slice(HEAD..))
}

/// The lake's contents are for the eyes of one user alone.
#[cfg(unix)]
fn make_private(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt as _;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
}

#[cfg(not(unix))]
fn make_private(folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(unix)]
fn new_private_file(path: &Path) -> std::io::Result<fs::File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
}

#[cfg(not(unix))]
fn new_private_file(path: &Path) -> std::io::Result<fs::File> {
    fs::File::create_new(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(etag: &str) -> S3Object {
        S3Object {
            bucket: "b".to_owned(),
            key: "k".to_owned(),
            etag: Some(etag.to_owned()),
            version: None,
            size: 1_000,
            modified: SystemTime::UNIX_EPOCH,
        }
    }

    fn cache(folder: &Path, budget: u64) -> DiskCache {
        DiskCache::new(CacheOptions {
            folder: folder.join("ranges"),
            budget,
        })
    }

    #[test]
    fn a_range_comes_back_to_its_own_object_in_its_own_state_alone() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(folder.path(), 1 << 20);
        cache.put(&object("1"), &(0..4), b"abcd");
        assert_eq!(
            cache.get(&object("1"), &(0..4)).as_deref(),
            Some(&b"abcd"[..])
        );
        assert_eq!(cache.get(&object("2"), &(0..4)), None);
        assert_eq!(cache.get(&object("1"), &(0..5)), None);
        let unmarked = S3Object {
            etag: None,
            ..object("1")
        };
        cache.put(&unmarked, &(0..4), b"abcd");
        assert_eq!(cache.get(&unmarked, &(0..4)), None);
    }

    #[test]
    fn a_damaged_entry_is_none_whatever_byte_is_hit() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(folder.path(), 1 << 20);
        let path = cache.path(&object("1"), &(0..4)).unwrap();
        for at in 0..HEAD + 4 {
            cache.put(&object("1"), &(0..4), b"abcd");
            let mut bytes = fs::read(&path).unwrap();
            bytes[at] ^= 0x40;
            fs::write(&path, &bytes).unwrap();
            assert_eq!(cache.get(&object("1"), &(0..4)), None, "byte {at}");
            assert!(!path.exists(), "byte {at}: it makes room for a sound one");
        }
        cache.put(&object("1"), &(0..4), b"abcd");
        fs::write(&path, b"LH").unwrap();
        assert_eq!(cache.get(&object("1"), &(0..4)), None);
    }

    #[test]
    fn an_entry_under_another_name_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(folder.path(), 1 << 20);
        cache.put(&object("1"), &(0..4), b"abcd");
        let path = |etag| cache.path(&object(etag), &(0..4)).unwrap();
        fs::copy(path("1"), path("2")).unwrap();
        assert_eq!(cache.get(&object("2"), &(0..4)), None);
        assert!(cache.get(&object("1"), &(0..4)).is_some());
    }

    #[test]
    fn writers_of_one_folder_do_not_meet() {
        let folder = tempfile::tempdir().unwrap();
        let caches = [cache(folder.path(), 1 << 20), cache(folder.path(), 1 << 20)];
        let bytes = |at: u64| vec![u8::try_from(at % 251).unwrap(); 64];
        std::thread::scope(|scope| {
            for (who, cache) in caches.iter().enumerate() {
                scope.spawn(move || {
                    for at in 0..200 {
                        let etag = format!("{}", (at + who as u64) % 7);
                        cache.put(&object(&etag), &(at..at + 64), &bytes(at));
                    }
                });
            }
        });
        let mut found = 0;
        for at in 0..200 {
            for etag in 0..7 {
                if let Some(kept) = caches[0].get(&object(&etag.to_string()), &(at..at + 64)) {
                    assert_eq!(kept, bytes(at));
                    found += 1;
                }
            }
        }
        assert_eq!(found, 400);
    }

    #[test]
    fn the_oldest_entries_make_room() {
        let folder = tempfile::tempdir().unwrap();
        let cache = cache(folder.path(), 10 * (HEAD as u64 + 100));
        let bytes = [7; 100];
        for at in 0..40_u64 {
            let range = at * 100..(at + 1) * 100;
            cache.put(&object("1"), &range, &bytes);
            // A file system's clock may tick slowly.
            let path = cache.path(&object("1"), &range).unwrap();
            let file = fs::File::options().write(true).open(&path).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(at))
                .unwrap();
        }
        let held: u64 = cache.entries().iter().map(|entry| entry.size).sum();
        assert!(held <= 10 * (HEAD as u64 + 100), "{held}");
        assert!(cache.get(&object("1"), &(0..100)).is_none());
        assert!(cache.get(&object("1"), &(3_900..4_000)).is_some());
    }
}
