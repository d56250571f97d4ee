//! What one query reads, counted from all its threads, and what its reader must be told.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::estimate::Ends;
use super::storage::s3::Traffic;
use crate::domain::lake::ObjectVersion;
use crate::domain::query::{QueryProgress, QuerySummary, Stage};
use crate::ports::QueryMonitor;

/// More notes than this are counted, not shown.
const MAX_NOTES: usize = 50;

/// The counts and notes of one query.
#[derive(Debug, Default)]
pub(super) struct Watch {
    files_total: AtomicU64,
    files_known: AtomicU64,
    bytes_read: AtomicU64,
    rows_scanned: AtomicU64,
    rows_out: AtomicU64,
    stopped: AtomicBool,
    /// Whether the query will run; else it is planned for its estimate.
    runs: bool,
    /// Files that were searched without reading their rows.
    answered: AtomicU64,
    /// Files that surely hold what is looked for and that are not read to their end.
    sought: AtomicU64,
    done: Mutex<BTreeSet<OsString>>,
    opened: Mutex<BTreeSet<OsString>>,
    rows_searched: AtomicU64,
    notes: Mutex<Notes>,
    ends: Mutex<BTreeMap<String, Ends>>,
    /// Attached objects of S3.
    objects: Mutex<Vec<ObjectVersion>>,
    /// What came over the network; nothing for files of this machine.
    pub(super) traffic: Traffic,
}

#[derive(Debug, Default)]
struct Notes {
    shown: Vec<String>,
    seen: BTreeSet<String>,
}

impl Watch {
    /// A watch over a query that will run, or that is planned for its estimate.
    pub(super) fn of(runs: bool) -> Self {
        Self {
            runs,
            ..Self::default()
        }
    }

    /// Whether the query will run.
    pub(super) fn runs(&self) -> bool {
        self.runs
    }

    /// The plan is made: files of its tables, and files left to read after pruning. Those that are
    /// searched already count as well.
    pub(super) fn planned(&self, known: u64, left: u64) {
        let answered = self.answered.load(Ordering::Relaxed);
        self.files_known.store(known, Ordering::Relaxed);
        self.files_total.store(left + answered, Ordering::Relaxed);
    }

    /// A file was searched without reading its rows: none of them is looked for.
    pub(super) fn answered(&self, path: &OsStr, rows: u64) {
        self.file_opened(path, rows);
        if self.file_done(path) {
            self.answered.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// So many more files surely hold what is looked for.
    pub(super) fn sought(&self, files: usize) {
        self.sought.fetch_add(files as u64, Ordering::Relaxed);
    }

    /// One of them has been read.
    pub(super) fn sought_done(&self) {
        let less = |left: u64| Some(left.saturating_sub(1));
        let _ = self
            .sought
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    /// Whether there are such files that are not read to their end.
    pub(super) fn is_sought(&self) -> bool {
        self.sought.load(Ordering::Relaxed) > 0
    }

    /// A file is read to its end; tells whether it is the first time.
    pub(super) fn file_done(&self, path: &OsStr) -> bool {
        let mut done = self.done.lock().unwrap_or_else(PoisonError::into_inner);
        done.insert(path.to_owned())
    }

    /// A file is opened to be read; its rows count once, however often it is.
    pub(super) fn file_opened(&self, path: &OsStr, rows: u64) {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if opened.insert(path.to_owned()) {
            self.rows_searched.fetch_add(rows, Ordering::Relaxed);
        }
    }

    pub(super) fn bytes(&self, bytes: u64) {
        self.bytes_read.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn scanned(&self, rows: usize) {
        self.rows_scanned.fetch_add(rows as u64, Ordering::Relaxed);
    }

    pub(super) fn out(&self, rows: usize) {
        self.rows_out.fetch_add(rows as u64, Ordering::Relaxed);
    }

    /// Nobody waits for the rows any more.
    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Relaxed)
    }

    /// Something that a person must know to read the result rightly; said once.
    pub(super) fn note(&self, note: String) {
        let mut notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        if notes.seen.insert(note.clone()) && notes.shown.len() < MAX_NOTES {
            notes.shown.push(note);
        }
    }

    /// The ends of a table's objects were read; a table that is scanned twice counts once.
    pub(super) fn ends_read(&self, table: &str, ends: Ends) {
        let mut known = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(table.to_owned(), ends);
    }

    /// The ends of objects that were read, by table.
    pub(super) fn ends(&self) -> BTreeMap<String, Ends> {
        let ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        ends.clone()
    }

    /// An attached object of S3 is read in this state.
    pub(super) fn attaches(&self, object: ObjectVersion) {
        let mut objects = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
        objects.push(object);
    }

    /// Attached objects of S3.
    pub(super) fn objects(&self) -> Vec<ObjectVersion> {
        let objects = self.objects.lock().unwrap_or_else(PoisonError::into_inner);
        objects.clone()
    }

    pub(super) fn files_known(&self) -> u64 {
        self.files_known.load(Ordering::Relaxed)
    }

    pub(super) fn notes(&self) -> Vec<String> {
        let notes = self.notes.lock().unwrap_or_else(PoisonError::into_inner);
        let mut shown = notes.shown.clone();
        let more = notes.seen.len().saturating_sub(shown.len());
        if more > 0 {
            shown.push(format!("and {more} more notes of this kind"));
        }
        shown
    }
}

impl QueryMonitor for Watch {
    fn progress(&self) -> QueryProgress {
        let done = self
            .done
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .len() as u64;
        QueryProgress {
            stage: Stage::Running,
            files_total: self.files_total.load(Ordering::Relaxed),
            files_done: done,
            bytes_read: self.bytes_read.load(Ordering::Relaxed),
            bytes_fetched: self.traffic.bytes(),
            requests: self.traffic.requests(),
            rows_searched: self.rows_searched.load(Ordering::Relaxed),
            rows_scanned: self.rows_scanned.load(Ordering::Relaxed),
            rows_out: self.rows_out.load(Ordering::Relaxed),
        }
    }

    fn summary(&self) -> QuerySummary {
        QuerySummary {
            progress: self.progress(),
            files_known: self.files_known(),
            notes: self.notes(),
            execution: None,
            objects: self.objects(),
        }
    }
}
