//! What the lake's objects cover, as their paths and footers tell.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use chrono::{DateTime, NaiveDate, Utc};

use super::footer::{Footer, FooterCache};
use super::lake::{LakeFile, Snapshot, TableKey};
use crate::domain::coverage::{Coverage, SeenObject, Stretch};
use crate::domain::lake::SourceVersion;

/// Footers that are read at most for one answer, the newest days first; the next answer reads on.
const MOST_FOOTERS: usize = 4_000;

/// What footers have told of files, in few bytes each: footers themselves are kept only up to a
/// budget of memory.
#[derive(Debug, Default)]
pub(super) struct Told(Mutex<HashMap<PathBuf, OfFile>>);

/// What is kept of one file.
#[derive(Debug, Clone, Copy)]
struct OfFile {
    size: u64,
    modified: SystemTime,
    span: Option<(DateTime<Utc>, DateTime<Utc>)>,
    rows: Option<u64>,
}

impl OfFile {
    fn read(file: &LakeFile, footer: Option<&Footer>) -> Self {
        let time = |at: i64| DateTime::<Utc>::from_timestamp_millis(at);
        let span = footer
            .and_then(|footer| footer.time_dt.or(footer.time))
            .and_then(|(first, last)| time(first).zip(time(last)));
        Self {
            size: file.size,
            modified: file.modified,
            span,
            rows: footer.map(|footer| footer.rows),
        }
    }

    fn is_of(&self, file: &LakeFile) -> bool {
        self.size == file.size && self.modified == file.modified
    }
}

/// What the objects of a folder cover. Reads footers: call it where blocking is allowed.
pub(super) fn coverage(
    snapshot: &Snapshot,
    told: &Told,
    footers: &FooterCache,
    threads: usize,
) -> Coverage {
    let mut files = distinct(snapshot);
    files.sort_by(|(_, a), (_, b)| b.event_day().cmp(&a.event_day()));
    let before = std::mem::take(&mut *told.0.lock().unwrap_or_else(PoisonError::into_inner));
    let known = |file: &LakeFile| before.get(&file.path).filter(|of| of.is_of(file)).copied();
    let unread: Vec<Arc<LakeFile>> = files
        .iter()
        .map(|(_, file)| file)
        .filter(|file| known(file).is_none())
        .take(MOST_FOOTERS)
        .map(Arc::clone)
        .collect();
    let read = footers.get_all(&unread, threads);
    let mut now: HashMap<PathBuf, OfFile> = unread
        .iter()
        .zip(&read)
        .map(|(file, footer)| {
            let footer = footer.as_ref().ok().map(AsRef::as_ref);
            (file.path.clone(), OfFile::read(file, footer))
        })
        .collect();
    for (_, file) in &files {
        if let Some(of) = known(file) {
            now.insert(file.path.clone(), of);
        }
    }
    let objects = files
        .iter()
        .map(|(source, file)| seen(source, file, now.get(&file.path)));
    let coverage = Coverage::of(objects, true);
    *told.0.lock().unwrap_or_else(PoisonError::into_inner) = now;
    coverage
}

/// Every file once, with the table that it belongs to first of all: a file of a plain folder can be
/// of its source's table, too, and of several folders'.
fn distinct(snapshot: &Snapshot) -> Vec<(Arc<str>, Arc<LakeFile>)> {
    let rank = |key: &TableKey| match key {
        TableKey::Native(..) => 0,
        TableKey::Custom(_) => 1,
        TableKey::Folder(_) => 2,
    };
    let mut tables: Vec<_> = snapshot.tables.iter().collect();
    tables.sort_by_key(|(key, _)| rank(key));
    let mut taken = HashSet::new();
    let mut files = Vec::new();
    for (key, list) in tables {
        let source: Arc<str> = label(key).into();
        for file in list {
            if taken.insert(Arc::as_ptr(file)) {
                files.push((Arc::clone(&source), Arc::clone(file)));
            }
        }
    }
    files
}

fn label(key: &TableKey) -> String {
    match key {
        TableKey::Native(source, SourceVersion::V2) => source.alias().to_owned(),
        TableKey::Native(source, version) => format!("{}_{}", source.alias(), version.suffix()),
        TableKey::Custom(name) | TableKey::Folder(name) => name.clone(),
    }
}

fn seen(source: &Arc<str>, file: &LakeFile, of: Option<&OfFile>) -> SeenObject {
    let part = |at: usize| {
        file.partitions
            .get(at)
            .cloned()
            .flatten()
            .unwrap_or_default()
    };
    SeenObject {
        stretch: Stretch {
            source: Arc::clone(source),
            account: part(0),
            region: part(1),
        },
        day: file
            .event_day()
            .and_then(|day| NaiveDate::parse_from_str(day, "%Y%m%d").ok()),
        span: of.and_then(|of| of.span),
        bytes: file.size,
        rows: of.and_then(|of| of.rows),
    }
}
