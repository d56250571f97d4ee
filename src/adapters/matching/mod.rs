//! Matching: what a lake's objects hold that somebody wants to be told of.
//!
//! Owns what is looked for ([`Book`]: Sigma rules, standing watches, conditions, findings), how it is
//! planned once for all objects of the same columns ([`program`]), and how an object's rows are judged
//! ([`judge`]). An object is read from its folder or from S3 with the engine's own reader, and what
//! rules ask is Athena's SQL in the engine's own dialect, so that the feed and `lakehound detect` mean
//! the same. Knows nothing of where notifications come from ([`hydrate`] asks the inbox alone), and
//! nothing of what becomes of detections.
//!
//! Everything that is read was written by strangers: nothing panics, nothing is unbounded, and a rule
//! that fails on an event stops no other.

mod again;
mod book;
mod counting;
mod detections;
mod hydrate;
mod judge;
mod ledger;
mod pool;
mod program;
mod reload;
mod watchlist;
mod windows;

use std::collections::{BTreeMap, HashMap};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use tokio::sync::Notify;

pub use again::events_of;
pub use book::Book;
use book::{Meaning, Read};
use counting::Counting;
use detections::Event;
pub use hydrate::{Hydrator, READING, RULES, Reader};
use judge::{Hit, Judge, Verdict, What};
use program::Program;
pub use reload::{Watching, on_change};
pub use watchlist::{MOST_WATCHES, Watchlist, WatchlistError};

use crate::adapters::engine::object::{Expressions, LayoutKey, OpenObject, Rows, Wanted};
use crate::adapters::engine::{ObjectFault, ObjectStore};
use crate::domain::detection::{Contents, ObjectName};
use crate::domain::query::QueryError;
use crate::domain::sigma::About;
use crate::sql::sigma::Unusable;

/// The most detections that are kept of one object; the others are counted.
pub const MOST_DETECTIONS: usize = 1_000;

/// Kinds of objects, by their columns, that are planned for at a time.
const MOST_PROGRAMS: usize = 64;

/// The most words about unusable rules that wait to be asked for.
const MOST_NOTES: usize = 1_000;

/// Where an object's bytes are.
#[derive(Clone)]
pub enum Place {
    /// A file of this machine.
    Disk(PathBuf),
    /// S3.
    S3(ObjectStore),
}

impl Place {
    fn open(&self, object: &ObjectName) -> Result<OpenObject, ObjectFault> {
        let (bucket, key) = (&object.bucket, &object.key);
        match self {
            Self::Disk(path) => OpenObject::disk(path, bucket, key),
            Self::S3(store) => OpenObject::s3(store, bucket, key),
        }
    }
}

/// Judges objects. Shared by all threads that read.
pub struct Matcher {
    planner: Expressions,
    shelf: Mutex<Shelf>,
    counting: Mutex<Counting>,
    notes: Mutex<Vec<Unusable>>,
    noted: Notify,
}

/// What is looked for now, and what is planned of it.
struct Shelf {
    read: Arc<Read>,
    programs: HashMap<LayoutKey, Arc<Program>>,
}

impl Matcher {
    /// A matcher for what a book says.
    ///
    /// # Errors
    ///
    /// The engine's session cannot be made.
    pub fn new(book: Book) -> Result<Self, QueryError> {
        let (read, unusable) = Read::of(book);
        let matcher = Self {
            planner: Expressions::new()?,
            shelf: Mutex::new(Shelf {
                read: Arc::new(read),
                programs: HashMap::new(),
            }),
            counting: Mutex::default(),
            notes: Mutex::default(),
            noted: Notify::new(),
        };
        matcher.note(unusable);
        Ok(matcher)
    }

    /// Keeps what correlations count in a file, so that the next start goes on where this one ends.
    /// It is opened when the first match is counted.
    pub fn count_in(&self, file: PathBuf) {
        lock(&self.counting).keep_in(file);
    }

    /// Looks for something else from the next object on. Without a file, what correlations have
    /// counted so far is forgotten.
    pub fn set_book(&self, book: Book) {
        let (read, unusable) = Read::of(book);
        let mut shelf = lock(&self.shelf);
        shelf.read = Arc::new(read);
        shelf.programs.clear();
        drop(shelf);
        self.note(unusable);
    }

    /// What is looked for now.
    pub fn book(&self) -> Book {
        lock(&self.shelf).read.book.clone()
    }

    /// Rules that turned out to be of no use since this was last asked, with the reason: each once.
    pub fn take_notes(&self) -> Vec<Unusable> {
        std::mem::take(&mut *lock(&self.notes))
    }

    /// Says of a rule, or of a file of rules, what whoever asks for the notes should know.
    pub fn note(&self, unusable: Vec<Unusable>) {
        let mut notes = lock(&self.notes);
        for one in unusable {
            if notes.len() < MOST_NOTES && !notes.contains(&one) {
                notes.push(one);
            }
        }
        if !notes.is_empty() {
            self.noted.notify_one();
        }
    }

    /// Resolves when there may be notes that were not there before.
    async fn noted(&self) {
        self.noted.notified().await;
    }

    /// Reads an object and judges every event in it.
    ///
    /// # Errors
    ///
    /// The object is not there, cannot be had now, or is damaged.
    pub fn read(
        &self,
        place: &Place,
        object: &ObjectName,
        now: DateTime<Utc>,
    ) -> Result<Contents, ObjectFault> {
        // Decoders were not written for hostile bytes in every corner.
        catch_unwind(AssertUnwindSafe(|| self.read_here(place, object, now)))
            .unwrap_or_else(|_| Err(ObjectFault::Damaged("its decoder failed".to_owned())))
    }

    fn read_here(
        &self,
        place: &Place,
        object: &ObjectName,
        now: DateTime<Utc>,
    ) -> Result<Contents, ObjectFault> {
        let open = place.open(object)?;
        let (read, program) = self.program(&open);
        let prepared = open.prepare(&program.layout)?;
        let judge = Judge {
            program: &program,
            prepared: &prepared,
            findings: read.book.findings,
            most: MOST_DETECTIONS,
        };
        let groups = open.groups();
        let mut verdict = judge.judge(&groups)?;
        for (meaning, why) in std::mem::take(&mut verdict.failed) {
            let meaning = read.meanings.get(meaning);
            let title = meaning.map_or_else(String::new, |meaning| meaning.title.clone());
            let about = About {
                id: title.clone(),
                title,
                ..About::default()
            };
            let why = format!("it failed on events of {}: {why}", program.layout.label());
            self.note(vec![Unusable { about, why }]);
        }
        let correlated = match read.correlations.is_empty() {
            true => Vec::new(),
            false => {
                let mark = counting::mark(object, &open.state());
                let (told, fault) = lock(&self.counting).take(&read, mark, &verdict.hits, now);
                self.note(fault.into_iter().collect());
                told
            }
        };
        let correlated: Vec<Hit> = correlated
            .into_iter()
            .map(|(hit, meaning)| Hit {
                what: What::Meaning(meaning),
                ..hit.clone()
            })
            .collect();
        verdict.hits.extend(correlated);
        let is_shown = |hit: &Hit| match hit.what {
            What::Finding => true,
            What::Meaning(meaning) => shown(&read, meaning).is_some(),
        };
        verdict.hits.retain(is_shown);
        verdict
            .hits
            .sort_by_key(|hit| (hit.group, hit.row, hit.what));
        let mut contents = Contents {
            events: open.rows(),
            by_class: std::mem::take(&mut verdict.by_class).into_iter().collect(),
            by_severity: std::mem::take(&mut verdict.by_severity)
                .into_iter()
                .collect(),
            detections: Vec::new(),
            more: verdict.more,
        };
        let whole = Wanted::all(&program.layout);
        for (group, rows) in rows_of(&verdict) {
            let before: u64 = groups.iter().take(group).sum();
            let batches = prepared.read(&whole, group, &Rows::Some(&rows))?;
            let mut next = rows.iter();
            for batch in batches {
                let batch = batch?;
                for (at, row) in (0..batch.num_rows()).zip(next.by_ref()) {
                    let event = Event::of(&batch, at);
                    let of_row = verdict
                        .hits
                        .iter()
                        .skip(
                            verdict
                                .hits
                                .partition_point(|hit| (hit.group, hit.row) < (group, *row)),
                        )
                        .take_while(|hit| (hit.group, hit.row) == (group, *row));
                    for hit in of_row {
                        let row = before + row;
                        match hit.what {
                            What::Finding
                                if event.is_open_finding()
                                    && event.is_at_least(&read.book.least) =>
                            {
                                contents.detections.push(event.finding(object, row, now));
                            }
                            What::Finding => {}
                            What::Meaning(meaning) => {
                                let meaning = shown(&read, meaning);
                                contents.detections.extend(
                                    meaning
                                        .map(|meaning| event.detection(meaning, object, row, now)),
                                );
                            }
                        }
                    }
                }
            }
        }
        Ok(contents)
    }

    /// The plan for objects with an object's columns.
    fn program(&self, open: &OpenObject) -> (Arc<Read>, Arc<Program>) {
        let key = open.layout_key();
        let mut shelf = lock(&self.shelf);
        if let Some(known) = shelf.programs.get(&key) {
            return (Arc::clone(&shelf.read), Arc::clone(known));
        }
        let (program, unusable) = Program::of(&shelf.read, open.layout(), &self.planner);
        let program = Arc::new(program);
        if shelf.programs.len() >= MOST_PROGRAMS {
            shelf.programs.clear();
        }
        shelf.programs.insert(key, Arc::clone(&program));
        let read = Arc::clone(&shelf.read);
        drop(shelf);
        self.note(unusable);
        (read, program)
    }
}

fn shown(read: &Read, meaning: usize) -> Option<&Meaning> {
    read.meanings.get(meaning).filter(|meaning| meaning.shown)
}

/// The rows with hits, by their groups, ascending.
fn rows_of(verdict: &Verdict) -> BTreeMap<usize, Vec<u64>> {
    let mut rows: BTreeMap<usize, Vec<u64>> = BTreeMap::new();
    for hit in &verdict.hits {
        let of_group = rows.entry(hit.group).or_default();
        if of_group.last() != Some(&hit.row) {
            of_group.push(hit.row);
        }
    }
    rows
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
