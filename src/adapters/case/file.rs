//! The journal of one case: a SQLite file, append-only.
//!
//! A row is an entry's number, its hash and its bytes; triggers forbid that one is changed or
//! removed. What `append` has returned outlives a loss of power (write-ahead log, a full sync at
//! every commit). Entries that were appended together are there together or not at all.

#![allow(
    clippy::disallowed_methods,
    reason = "this room owns the folder of cases"
)]

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OpenFlags, TransactionBehavior, params};

use super::import::ASIDE;
use super::keep::CaseFiles;
use super::lock::WriterLock;
use super::{CaseError, JOURNAL, make_folder, sync_folder};
use crate::adapters::private::{make_durable, private};
use crate::domain::case::{Author, CaseState, Draft, EntryHash, History, Sealed, What};

/// Marks a file as the journal of a case: `lhcj`.
const APPLICATION_ID: i64 = 0x6c68_636a;

/// The layout that this program reads and writes.
const LAYOUT: i64 = 1;

/// How long a reader may hold the file.
const BUSY_WITHIN: Duration = Duration::from_secs(5);

const SCHEMA: &str = "
    CREATE TABLE entry (
        number INTEGER PRIMARY KEY,
        hash   TEXT NOT NULL UNIQUE,
        body   TEXT NOT NULL
    ) STRICT;
    CREATE TRIGGER entries_stay BEFORE UPDATE ON entry
        BEGIN SELECT RAISE(ABORT, 'entries of a case are never changed'); END;
    CREATE TRIGGER entries_remain BEFORE DELETE ON entry
        BEGIN SELECT RAISE(ABORT, 'entries of a case are never removed'); END;
";

/// An entry that is on the disk.
#[derive(Debug, Clone, PartialEq)]
pub struct Appended {
    /// Its number in this copy of the case, from 1.
    pub number: u64,
    /// The entry, for [`CaseState::apply`].
    pub sealed: Sealed,
}

impl Appended {
    /// The hash of its bytes.
    pub fn hash(&self) -> EntryHash {
        self.sealed.hash()
    }
}

/// A case that is open for writing, by this process alone until it is dropped.
#[derive(Debug)]
pub struct CaseFile {
    folder: PathBuf,
    connection: Connection,
    history: History,
    state: CaseState,
    author: Author,
    session: String,
    _lock: WriterLock,
}

impl CaseFile {
    /// Makes a case. It appears in its folder as a whole or not at all.
    pub(super) fn create(
        cases: &Path,
        name: &str,
        author: Author,
        at: DateTime<Utc>,
    ) -> Result<Self, CaseError> {
        let random = random()?;
        let mut history = History::new();
        let what = What::Opened {
            name: name.to_owned(),
            nonce: random.clone(),
        };
        for sealed in history.write(&[Draft { at, what }], &author)? {
            history.add(sealed)?;
        }
        let entries: Vec<&Sealed> = history.entries().iter().collect();
        let [_, new] = ASIDE;
        let part = cases.join(format!("{new}{random}"));
        make_folder(&part).map_err(|error| CaseError::io(&part, "written", error))?;
        // While it is held nobody takes the folder for what a crash left behind.
        let lock = WriterLock::take(&part, "that is made", &author.analyst)?;
        let folder = make(cases, &part, &entries)?;
        drop(lock);
        Self::open(folder, author)
    }

    /// Opens a case for writing.
    pub(super) fn open(folder: PathBuf, author: Author) -> Result<Self, CaseError> {
        let path = folder.join(JOURNAL);
        let id = name_of(&folder);
        let lock = WriterLock::take(&folder, &id, &author.analyst)?;
        let connection = connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        sound(&path, &connection)?;
        durable(&path, &connection)?;
        let history = load(&path, &connection)?;
        let state = CaseState::of(&history);
        let session = random()?.get(..8).unwrap_or_default().to_owned();
        Ok(Self {
            folder,
            connection,
            history,
            state,
            author,
            session,
            _lock: lock,
        })
    }

    /// The first 16 digits of the case's identity, which name its folder.
    pub fn id(&self) -> String {
        name_of(&self.folder)
    }

    /// Eight random digits that no other opening of this case has: what keys of pins, queries and
    /// notes begin with, so that two analysts never give the same.
    pub fn session(&self) -> &str {
        &self.session
    }

    /// What happened so far.
    pub fn history(&self) -> &History {
        &self.history
    }

    /// What it replays to.
    pub fn state(&self) -> &CaseState {
        &self.state
    }

    /// The results and playbooks that belong to the case.
    pub fn kept(&self) -> CaseFiles {
        CaseFiles::new(self.folder.clone())
    }

    /// Appends what happened, in this order, and has it on the disk when it returns: all of it, or
    /// after an error nothing.
    ///
    /// # Errors
    ///
    /// [`CaseError::Io`] of the disk.
    pub fn append(&mut self, drafts: &[Draft]) -> Result<Vec<Appended>, CaseError> {
        let first = self.history.entries().len() as u64 + 1;
        let written = self.history.write(drafts, &self.author)?;
        let entries: Vec<&Sealed> = written.iter().collect();
        self.insert(&entries)?;
        for sealed in &written {
            if self.history.add(sealed.clone())? {
                self.state.apply(sealed);
            }
        }
        let numbered = (first..).zip(written);
        Ok(numbered
            .map(|(number, sealed)| Appended { number, sealed })
            .collect())
    }

    /// Adds what another copy of the case has; gives how many entries that were.
    ///
    /// # Errors
    ///
    /// [`CaseError::Unfit`] for another case, [`CaseError::Io`] of the disk.
    pub fn merge(&mut self, other: &History) -> Result<usize, CaseError> {
        let missing = self.history.missing_from(other)?;
        self.insert(&missing)?;
        let count = missing.len();
        self.history.merge(other)?;
        if count > 0 {
            self.state = CaseState::of(&self.history);
        }
        Ok(count)
    }

    fn insert(&mut self, entries: &[&Sealed]) -> Result<(), CaseError> {
        let path = self.folder.join(JOURNAL);
        let first = self.history.entries().len() as u64 + 1;
        let Err(error) = insert(&mut self.connection, first, entries) else {
            return Ok(());
        };
        // Whether the commit came through is not certain: what is on the disk counts.
        if let Ok(history) = load(&path, &self.connection) {
            self.state = CaseState::of(&history);
            self.history = history;
        }
        let is_there = |sealed: &&Sealed| self.history.contains(&sealed.hash());
        if entries.iter().all(is_there) {
            Ok(())
        } else {
            Err(CaseError::io(&path, "written", error))
        }
    }
}

/// Makes the folder of a case with these entries: written aside, then moved to its place.
pub(super) fn make(cases: &Path, part: &Path, entries: &[&Sealed]) -> Result<PathBuf, CaseError> {
    let fault = |error: std::io::Error| CaseError::io(part, "written", error);
    let id = entries
        .first()
        .map(|first| first.hash().short())
        .unwrap_or_default();
    let path = part.join(JOURNAL);
    let mut options = OpenOptions::new();
    private(options.append(true).create(true))
        .open(&path)
        .map_err(fault)?;
    let mut connection = connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let failed = |error: rusqlite::Error| CaseError::io(&path, "written", error);
    connection
        .execute_batch(SCHEMA)
        .and_then(|()| connection.pragma_update(None, "application_id", APPLICATION_ID))
        .and_then(|()| connection.pragma_update(None, "user_version", LAYOUT))
        .map_err(failed)?;
    insert(&mut connection, 1, entries).map_err(failed)?;
    // Before the folder gets its name: everything in one file, and that on the disk.
    connection.close().map_err(|(_, error)| failed(error))?;
    let folder = cases.join(id);
    std::fs::File::open(&path)
        .and_then(|file| file.sync_all())
        .and_then(|()| sync_folder(part))
        .and_then(|()| std::fs::rename(part, &folder))
        .and_then(|()| sync_folder(cases))
        .map_err(fault)?;
    Ok(folder)
}

/// Reads a journal without disturbing who writes it.
pub(super) fn read(path: &Path) -> Result<History, CaseError> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    sound(path, &connection)?;
    load(path, &connection)
}

/// Opens a journal's file as it is, to look at it.
pub(super) fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, CaseError> {
    let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(|error| CaseError::io(path, "opened", error))?;
    connection
        .busy_timeout(BUSY_WITHIN)
        .map_err(|error| CaseError::io(path, "opened", error))?;
    Ok(connection)
}

/// Whether the file is a journal that this program reads. Writes nothing.
pub(super) fn sound(path: &Path, connection: &Connection) -> Result<(), CaseError> {
    let pragma = |name: &str| {
        connection
            .pragma_query_value(None, name, |row| row.get::<_, i64>(0))
            .map_err(|error| not_ours(path, &error))
    };
    let foreign = |reason: String| CaseError::Foreign {
        path: path.to_owned(),
        reason,
    };
    if pragma("application_id")? != APPLICATION_ID {
        return Err(foreign("it is a database of something else".to_owned()));
    }
    let layout = pragma("user_version")?;
    if layout > LAYOUT {
        return Err(CaseError::Later {
            path: path.to_owned(),
            layout,
        });
    }
    let check: String = connection
        .pragma_query_value(None, "integrity_check", |row| row.get(0))
        .map_err(|error| not_ours(path, &error))?;
    if check != "ok" {
        return Err(foreign(format!("it is damaged: {check}")));
    }
    Ok(())
}

fn not_ours(path: &Path, error: &rusqlite::Error) -> CaseError {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    match error.sqlite_error_code() {
        Some(NotADatabase | DatabaseCorrupt) => CaseError::Foreign {
            path: path.to_owned(),
            reason: error.to_string(),
        },
        _ => CaseError::io(path, "read", error),
    }
}

/// Sees to it that what is committed outlives a loss of power, and that entries stay.
fn durable(path: &Path, connection: &Connection) -> Result<(), CaseError> {
    make_durable(connection).map_err(|error| CaseError::io(path, "opened", error))
}

/// The rows of a journal, one after the other: number, hash and body.
pub(super) fn rows(
    path: &Path,
    connection: &Connection,
    mut each: impl FnMut(i64, String, String) -> Result<(), CaseError>,
) -> Result<(), CaseError> {
    let failed = |error: rusqlite::Error| not_ours(path, &error);
    let mut statement = connection
        .prepare("SELECT number, hash, body FROM entry ORDER BY number")
        .map_err(failed)?;
    let mut rows = statement.query([]).map_err(failed)?;
    while let Some(row) = rows.next().map_err(failed)? {
        let number = row.get(0).map_err(failed)?;
        each(
            number,
            row.get(1).map_err(failed)?,
            row.get(2).map_err(failed)?,
        )?;
    }
    Ok(())
}

/// Reads every entry and holds it against its hash and its place.
fn load(path: &Path, connection: &Connection) -> Result<History, CaseError> {
    let mut history = History::new();
    rows(path, connection, |number, hash, body| {
        add(&mut history, number, &hash, body).map_err(|reason| CaseError::Damaged {
            path: path.to_owned(),
            entry: u64::try_from(number).unwrap_or(0),
            reason,
        })
    })?;
    if history.entries().is_empty() {
        return Err(CaseError::Foreign {
            path: path.to_owned(),
            reason: "it has no entries, not even the one that opens a case".to_owned(),
        });
    }
    Ok(history)
}

/// Adds a row of the table to a history.
pub(super) fn add(
    history: &mut History,
    number: i64,
    hash: &str,
    body: String,
) -> Result<(), crate::domain::case::Unfit> {
    use crate::domain::case::Unfit;
    let expected = history.entries().len() as i128 + 1;
    if i128::from(number) != expected {
        return Err(Unfit::NotAnEntry(format!(
            "its number should be {expected}: entries between are missing"
        )));
    }
    let sealed = Sealed::read_as(body, hash.parse()?)?;
    if history.add(sealed)? {
        Ok(())
    } else {
        Err(Unfit::NotAnEntry("it is there twice".to_owned()))
    }
}

fn insert(connection: &mut Connection, first: u64, entries: &[&Sealed]) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    {
        let mut statement = transaction
            .prepare_cached("INSERT INTO entry (number, hash, body) VALUES (?1, ?2, ?3)")?;
        for (number, sealed) in (first..).zip(entries) {
            let number = i64::try_from(number).unwrap_or(i64::MAX);
            statement.execute(params![number, sealed.hash().to_string(), sealed.text()])?;
        }
    }
    transaction.commit()
}

/// 32 random digits, from SQLite's generator, which is seeded by the system's.
pub(super) fn random() -> Result<String, CaseError> {
    Connection::open_in_memory()
        .and_then(|memory| {
            memory.query_row("SELECT lower(hex(randomblob(16)))", [], |row| row.get(0))
        })
        .map_err(|error| CaseError::io(Path::new("random digits"), "made", error))
}

fn name_of(folder: &Path) -> String {
    let name = folder.file_name().map(|name| name.to_string_lossy());
    name.unwrap_or_default().into_owned()
}
