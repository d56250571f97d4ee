//! The file of documents: its layout, and what is asked of it.

#![allow(
    clippy::disallowed_methods,
    reason = "this room owns the documents' file and the time at which it is tidied up"
)]

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use rusqlite::{Connection, OpenFlags, TransactionBehavior, params};

use super::DocumentsError;
use crate::adapters::private::{bytes_in_use, make_durable, open_database};
use crate::domain::document::{Document, Kept};

/// Marks a file as one of documents: `lhdo`.
const APPLICATION_ID: i64 = 0x6c68_646f;

/// The layout that this program reads and writes.
const LAYOUT: i64 = 1;

/// How long another process may hold the file.
const BUSY_WITHIN: Duration = Duration::from_secs(5);

const SCHEMA: &str = "
    CREATE TABLE document (
        number   INTEGER PRIMARY KEY AUTOINCREMENT,
        identity TEXT NOT NULL UNIQUE,
        source   TEXT NOT NULL,
        received TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
        told     INTEGER NOT NULL DEFAULT 0 CHECK (told IN (0, 1)),
        body     TEXT NOT NULL
    ) STRICT;
    CREATE INDEX untold ON document (source, number) WHERE told = 0;
";

/// Finds what was told and is there in full. Made where an earlier version made the file.
const TAKEN: &str = "
    CREATE INDEX IF NOT EXISTS taken ON document (number) WHERE told = 1 AND body <> ''";

/// What is kept of what was told.
#[derive(Debug, Clone, Copy)]
pub(super) struct Retention {
    /// For how long, in full.
    pub(super) age: TimeDelta,
    /// How large the file may be before the oldest goes sooner, in bytes.
    pub(super) bytes: u64,
}

/// As the inbox keeps what was read; no sender repeats a document for so long.
pub(super) const RETENTION: Retention = Retention {
    age: TimeDelta::days(60),
    bytes: 1 << 30,
};

/// Documents that go at once.
const FORGOTTEN_AT_ONCE: i64 = 1_000;

/// The same where the file is too large, and how often in a row.
const FORGOTTEN_FOR_SIZE: i64 = 100;
const ROUNDS: u32 = 1_000;

/// The open file.
#[derive(Debug)]
pub(super) struct DocumentFile {
    path: PathBuf,
    connection: Connection,
}

impl DocumentFile {
    pub(super) fn open(path: &Path) -> Result<Self, DocumentsError> {
        let io = |reason: String| DocumentsError::Io {
            path: path.to_owned(),
            action: "opened",
            reason,
        };
        let connection =
            open_database(path, OpenFlags::empty()).map_err(|error| io(error.to_string()))?;
        let mut file = Self {
            path: path.to_owned(),
            connection,
        };
        file.prepare()?;
        file.forget(RETENTION);
        Ok(file)
    }

    /// Sees whose file it is before anything is written into it.
    fn prepare(&mut self) -> Result<(), DocumentsError> {
        let path = self.path.clone();
        let failed = |error: rusqlite::Error| match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase | rusqlite::ErrorCode::DatabaseCorrupt) => {
                DocumentsError::Foreign {
                    path: path.clone(),
                    reason: error.to_string(),
                }
            }
            _ => DocumentsError::Io {
                path: path.clone(),
                action: "opened",
                reason: error.to_string(),
            },
        };
        let connection = &mut self.connection;
        connection.busy_timeout(BUSY_WITHIN).map_err(failed)?;
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(failed)?;
        let number = |name: &str| {
            transaction
                .pragma_query_value(None, name, |row| row.get::<_, i64>(0))
                .map_err(failed)
        };
        let tables: i64 = transaction
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
            .map_err(failed)?;
        match (number("application_id")?, number("user_version")?) {
            (0, 0) if tables == 0 => {
                transaction.execute_batch(SCHEMA).map_err(failed)?;
                for (name, value) in [("application_id", APPLICATION_ID), ("user_version", LAYOUT)]
                {
                    transaction
                        .pragma_update(None, name, value)
                        .map_err(failed)?;
                }
            }
            (APPLICATION_ID, LAYOUT) => {}
            (APPLICATION_ID, layout) => {
                return Err(DocumentsError::Later {
                    path: self.path.clone(),
                    layout,
                });
            }
            _ => {
                return Err(DocumentsError::Foreign {
                    path: self.path.clone(),
                    reason: "another program made it".to_owned(),
                });
            }
        }
        transaction.execute_batch(TAKEN).map_err(failed)?;
        transaction.commit().map_err(failed)?;
        make_durable(&self.connection).map_err(failed)
    }

    /// Writes the documents of several requests in one commit; gives for each how many were new.
    pub(super) fn receive(
        &mut self,
        requests: &[(String, Vec<Document>)],
    ) -> Result<Vec<usize>, DocumentsError> {
        let written = |connection: &mut Connection| -> rusqlite::Result<Vec<usize>> {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let mut counts = Vec::with_capacity(requests.len());
            {
                let mut insert = transaction.prepare_cached(
                    "INSERT INTO document (identity, source, body) VALUES (?1, ?2, ?3)
                     ON CONFLICT (identity) DO NOTHING",
                )?;
                for (source, documents) in requests {
                    let mut new = 0;
                    for document in documents {
                        new += insert.execute(params![document.identity, source, document.json])?;
                    }
                    counts.push(new);
                }
            }
            transaction.commit()?;
            Ok(counts)
        };
        written(&mut self.connection).map_err(|error| self.io("written", &error))
    }

    /// Drops the text of what was told long ago, and of the oldest that was told while the file is
    /// too large; that it came stays. Not to be able to is no fault: the next time is soon.
    pub(super) fn forget(&self, kept: Retention) {
        if let Err(error) = self.try_to_forget(kept) {
            tracing::warn!(%error, "old documents stay");
        }
    }

    fn try_to_forget(&self, kept: Retention) -> rusqlite::Result<()> {
        let before = Utc::now().checked_sub_signed(kept.age);
        let before = before.unwrap_or(DateTime::UNIX_EPOCH);
        // As the file writes its times.
        let before = before.to_rfc3339_opts(SecondsFormat::Millis, true);
        self.connection.execute(
            "UPDATE document SET body = '' WHERE number IN (
                 SELECT number FROM document WHERE told = 1 AND body <> '' AND received < ?1
                 ORDER BY number LIMIT ?2)",
            params![before, FORGOTTEN_AT_ONCE],
        )?;
        for _ in 0..ROUNDS {
            if bytes_in_use(&self.connection)? <= kept.bytes {
                break;
            }
            let forgotten = self.connection.execute(
                "UPDATE document SET body = '' WHERE number IN (
                     SELECT number FROM document WHERE told = 1 AND body <> ''
                     ORDER BY number LIMIT ?1)",
                [FORGOTTEN_FOR_SIZE],
            )?;
            if forgotten == 0 {
                break;
            }
        }
        Ok(())
    }

    /// The oldest documents of a source after a number that nobody took, at most so many.
    pub(super) fn untold(
        &self,
        source: &str,
        after: i64,
        most: usize,
    ) -> Result<Vec<Kept>, DocumentsError> {
        let read = || -> rusqlite::Result<Vec<Kept>> {
            let mut select = self.connection.prepare_cached(
                "SELECT number, received, body FROM document
                 WHERE told = 0 AND source = ?1 AND number > ?2 ORDER BY number LIMIT ?3",
            )?;
            let most = i64::try_from(most).unwrap_or(i64::MAX);
            let rows = select.query_map(params![source, after, most], |row| {
                let received: String = row.get(1)?;
                Ok(Kept {
                    number: row.get(0)?,
                    received: time(&received),
                    json: row.get(2)?,
                })
            })?;
            rows.collect()
        };
        read().map_err(|error| self.io("read", &error))
    }

    /// Writes down that documents were taken.
    pub(super) fn told(&mut self, numbers: &[i64]) -> Result<(), DocumentsError> {
        let written = |connection: &mut Connection| -> rusqlite::Result<()> {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            {
                let mut update =
                    transaction.prepare_cached("UPDATE document SET told = 1 WHERE number = ?1")?;
                for number in numbers {
                    update.execute([number])?;
                }
            }
            transaction.commit()
        };
        written(&mut self.connection).map_err(|error| self.io("written", &error))
    }

    fn io(&self, action: &'static str, error: &rusqlite::Error) -> DocumentsError {
        DocumentsError::Io {
            path: self.path.clone(),
            action,
            reason: error.to_string(),
        }
    }
}

/// The file writes its times itself; one that somebody mended wrongly is the oldest of all.
fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap_or_default()
}
