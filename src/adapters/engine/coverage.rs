//! What the lake's objects cover, as their paths and footers tell.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};

use super::footer::{Footer, FooterCache};
use super::lake::{LakeFile, Snapshot, TableKey};
use crate::domain::coverage::{Coverage, SeenObject, Stretch};
use crate::domain::lake::SourceVersion;

/// Footers that are read at most to answer; those of the newest days.
const MOST_FOOTERS: usize = 4_000;

/// What the objects of a folder cover. Reads footers: call it where blocking is allowed.
pub(super) fn coverage(snapshot: &Snapshot, footers: &FooterCache, threads: usize) -> Coverage {
    let mut files = distinct(snapshot);
    files.sort_by(|(_, a), (_, b)| b.event_day().cmp(&a.event_day()));
    let read: Vec<Arc<LakeFile>> = files
        .iter()
        .take(MOST_FOOTERS)
        .map(|(_, file)| Arc::clone(file))
        .collect();
    let mut known = footers.get_all(&read, threads).into_iter();
    let objects = files.iter().map(|(source, file)| {
        let footer = match known.next() {
            Some(footer) => footer.ok(),
            None => footers.kept(file).and_then(Result::ok),
        };
        seen(source, file, footer.as_deref())
    });
    Coverage::of(objects, true)
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

fn seen(source: &Arc<str>, file: &LakeFile, footer: Option<&Footer>) -> SeenObject {
    let part = |at: usize| {
        file.partitions
            .get(at)
            .cloned()
            .flatten()
            .unwrap_or_default()
    };
    let time = |at: i64| DateTime::<Utc>::from_timestamp_millis(at);
    let span = footer
        .and_then(|footer| footer.time_dt.or(footer.time))
        .and_then(|(first, last)| time(first).zip(time(last)));
    SeenObject {
        stretch: Stretch {
            source: Arc::clone(source),
            account: part(0),
            region: part(1),
        },
        day: file
            .event_day()
            .and_then(|day| NaiveDate::parse_from_str(day, "%Y%m%d").ok()),
        span,
        bytes: file.size,
        rows: footer.map(|footer| footer.rows),
    }
}
