//! The file of what correlations have counted: of each object and correlation the matches that count
//! and the rows at which it was told, in the order in which they were taken.
//!
//! What is written is on the disk at the end of a commit. Its texts are of strangers; its size is
//! bounded: what is too old for its correlation goes, and of more than fits the oldest.

#![allow(
    clippy::disallowed_methods,
    reason = "this room owns the file of what is counted"
)]

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::types::Type;
use rusqlite::{
    Connection, OpenFlags, OptionalExtension as _, Row, Transaction, TransactionBehavior, params,
};
use serde::{Deserialize, Serialize};

use super::counting::Mark;
use crate::adapters::private::{make_durable, open_database};

/// Marks a file as one of these: `lhct`.
const APPLICATION_ID: i32 = 0x6c68_6374;

/// The layout that this program reads and writes.
const LAYOUT: i32 = 1;

/// How long another process may hold the file.
const BUSY_WITHIN: Duration = Duration::from_secs(10);

/// Bytes of matches that are kept.
const MOST_BYTES: i64 = 16 << 20;

/// Commits between two looks for what is to go.
const COMMITS_BETWEEN: u32 = 1_024;

const SCHEMA: &str = "
    CREATE TABLE counted (
        id          INTEGER PRIMARY KEY AUTOINCREMENT,
        correlation BLOB NOT NULL,
        object      BLOB NOT NULL,
        until       INTEGER NOT NULL,
        matches     TEXT NOT NULL,
        told        TEXT NOT NULL,
        UNIQUE (correlation, object)
    ) STRICT;
    CREATE INDEX to_go ON counted (until);
";

/// The columns that [`entry`] reads.
const ENTRY: &str = "id, correlation, object, until, matches, told";

/// Why the file was not read or written.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{} {why}", path.display())]
pub(super) struct LedgerError {
    path: PathBuf,
    why: String,
}

impl LedgerError {
    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

/// What one correlation counted of one object.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Entry {
    pub(super) object: Mark,
    pub(super) correlation: Mark,
    /// How long it may count.
    pub(super) until: DateTime<Utc>,
    pub(super) matches: Vec<Line>,
    /// Row groups and rows.
    pub(super) told: Vec<(usize, u64)>,
}

/// A match that counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Line {
    /// The values that it is grouped by.
    #[serde(rename = "k")]
    pub(super) key: Vec<String>,
    /// When it happened.
    #[serde(rename = "t")]
    pub(super) at_ms: i64,
    /// What is counted.
    #[serde(rename = "w")]
    pub(super) what: String,
}

/// The file, open.
#[derive(Debug)]
pub(super) struct Ledger {
    path: PathBuf,
    connection: Connection,
    commits: u32,
}

/// One commit that is not made yet. Dropped, nothing of it is.
pub(super) struct Writing<'a> {
    path: &'a Path,
    transaction: Transaction<'a>,
}

impl Ledger {
    /// Opens the file, or makes an empty one that its owner alone may read; what is too old goes.
    pub(super) fn open(path: &Path, now: DateTime<Utc>) -> Result<Self, LedgerError> {
        let connection = open_database(path, OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .map_err(|error| failed(path, "opened", &error))?;
        let mut ledger = Self {
            path: path.to_owned(),
            connection,
            commits: 0,
        };
        ledger.prepare()?;
        ledger.forget(now)?;
        Ok(ledger)
    }

    /// Sees whose file it is before anything is written into it.
    fn prepare(&mut self) -> Result<(), LedgerError> {
        let path = self.path.clone();
        let fault = |error: rusqlite::Error| failed(&path, "opened", &error);
        self.connection.busy_timeout(BUSY_WITHIN).map_err(fault)?;
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(fault)?;
        let tables: i64 = transaction
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
            .map_err(fault)?;
        if tables == 0 {
            transaction.execute_batch(SCHEMA).map_err(fault)?;
            for (name, value) in [("application_id", APPLICATION_ID), ("user_version", LAYOUT)] {
                transaction
                    .pragma_update(None, name, value)
                    .map_err(fault)?;
            }
        }
        let number = |name: &str| {
            transaction
                .pragma_query_value(None, name, |row| row.get::<_, i32>(0))
                .map_err(fault)
        };
        if number("application_id")? != APPLICATION_ID || number("user_version")? != LAYOUT {
            return Err(LedgerError {
                path: path.to_owned(),
                why: "is another file, or of another version of lakehound; move it away".to_owned(),
            });
        }
        transaction.commit().map_err(fault)?;
        make_durable(&self.connection).map_err(fault)
    }

    /// Now and then drops what is to go.
    pub(super) fn forget_old(&mut self, now: DateTime<Utc>) -> Result<(), LedgerError> {
        self.commits += 1;
        match self.commits >= COMMITS_BETWEEN {
            true => self.forget(now),
            false => Ok(()),
        }
    }

    fn forget(&mut self, now: DateTime<Utc>) -> Result<(), LedgerError> {
        self.forget_beyond(now, MOST_BYTES)
    }

    pub(super) fn forget_beyond(
        &mut self,
        now: DateTime<Utc>,
        most: i64,
    ) -> Result<(), LedgerError> {
        self.commits = 0;
        let old = self.connection.execute(
            "DELETE FROM counted WHERE until < ?1",
            params![now.timestamp_millis()],
        );
        let beyond = old.and_then(|_| {
            self.connection.execute(
                "DELETE FROM counted WHERE id <= (
                     SELECT max(id) FROM (
                         SELECT id, sum(length(matches)) OVER (ORDER BY id DESC) AS bytes
                         FROM counted)
                     WHERE bytes > ?1)",
                params![most],
            )
        });
        beyond
            .map(|_| ())
            .map_err(|error| failed(&self.path, "written", &error))
    }

    /// Begins a commit; until its end no other process counts.
    pub(super) fn begin(&mut self) -> Result<Writing<'_>, LedgerError> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate);
        Ok(Writing {
            transaction: transaction.map_err(|error| failed(&self.path, "written", &error))?,
            path: &self.path,
        })
    }
}

impl Writing<'_> {
    /// The last line.
    pub(super) fn newest(&self) -> Result<i64, LedgerError> {
        let newest =
            self.transaction
                .query_row("SELECT coalesce(max(id), 0) FROM counted", [], |row| {
                    row.get(0)
                });
        newest.map_err(|error| failed(self.path, "read", &error))
    }

    /// What was taken after a line, in order; gives the last line.
    pub(super) fn after(&self, last: i64, mut each: impl FnMut(Entry)) -> Result<i64, LedgerError> {
        let mut newest = last;
        let sql = format!("SELECT {ENTRY} FROM counted WHERE id > ?1 ORDER BY id");
        self.each(&sql, params![last], |id, entry| {
            newest = id;
            each(entry);
        })?;
        Ok(newest)
    }

    /// What a correlation has counted up to a line, in order.
    pub(super) fn of_correlation(
        &self,
        correlation: Mark,
        last: i64,
        mut each: impl FnMut(Entry),
    ) -> Result<(), LedgerError> {
        let sql =
            format!("SELECT {ENTRY} FROM counted WHERE correlation = ?1 AND id <= ?2 ORDER BY id");
        self.each(&sql, params![correlation.as_slice(), last], |_, entry| {
            each(entry);
        })
    }

    fn each(
        &self,
        sql: &str,
        parameters: impl rusqlite::Params,
        mut each: impl FnMut(i64, Entry),
    ) -> Result<(), LedgerError> {
        let read = || -> rusqlite::Result<()> {
            let mut select = self.transaction.prepare_cached(sql)?;
            for found in select.query_map(parameters, entry)? {
                let (id, entry) = found?;
                each(id, entry);
            }
            Ok(())
        };
        read().map_err(|error| failed(self.path, "read", &error))
    }

    /// The rows of an object at which a correlation was told; `None` where it was not counted.
    pub(super) fn told(
        &self,
        object: Mark,
        correlation: Mark,
    ) -> Result<Option<Vec<(usize, u64)>>, LedgerError> {
        let told = self
            .transaction
            .prepare_cached("SELECT told FROM counted WHERE correlation = ?1 AND object = ?2")
            .and_then(|mut select| {
                select
                    .query_row(params![correlation.as_slice(), object.as_slice()], |row| {
                        json(row, 0)
                    })
                    .optional()
            });
        told.map_err(|error| failed(self.path, "read", &error))
    }

    /// Writes down what was counted; gives its line.
    pub(super) fn add(&mut self, entry: &Entry) -> Result<i64, LedgerError> {
        let text = |part: Result<String, serde_json::Error>| {
            part.map_err(|error| failed(self.path, "written", &error))
        };
        let matches = text(serde_json::to_string(&entry.matches))?;
        let told = text(serde_json::to_string(&entry.told))?;
        let added = self
            .transaction
            .prepare_cached(
                "INSERT INTO counted (correlation, object, until, matches, told)
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )
            .and_then(|mut insert| {
                insert.execute(params![
                    entry.correlation.as_slice(),
                    entry.object.as_slice(),
                    entry.until.timestamp_millis(),
                    matches,
                    told,
                ])
            });
        added.map_err(|error| failed(self.path, "written", &error))?;
        Ok(self.transaction.last_insert_rowid())
    }

    /// Everything that was added is on the disk when this returns, or nothing is.
    pub(super) fn commit(self) -> Result<(), LedgerError> {
        let path = self.path;
        let commit = self.transaction.commit();
        commit.map_err(|error| failed(path, "written", &error))
    }
}

fn entry(row: &Row<'_>) -> rusqlite::Result<(i64, Entry)> {
    let entry = Entry {
        correlation: row.get(1)?,
        object: row.get(2)?,
        until: DateTime::from_timestamp_millis(row.get(3)?).unwrap_or_default(),
        matches: json(row, 4)?,
        told: json(row, 5)?,
    };
    Ok((row.get(0)?, entry))
}

fn json<T: for<'a> Deserialize<'a>>(row: &Row<'_>, at: usize) -> rusqlite::Result<T> {
    let text = row.get_ref(at)?.as_str()?;
    serde_json::from_str(text)
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(at, Type::Text, Box::new(error)))
}

fn failed(path: &Path, action: &str, error: &dyn std::fmt::Display) -> LedgerError {
    LedgerError {
        path: path.to_owned(),
        why: format!("cannot be {action}: {error}"),
    }
}
