//! The inbox's file: opening it, one commit, and what is asked of it.

#![allow(
    clippy::disallowed_methods,
    reason = "this room owns the inbox's file and the time at which something came in"
)]

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, OpenFlags, Params, Row, Transaction, TransactionBehavior, params};

use super::rows::{self, DONE, SCHEMA, WAITING};
use crate::adapters::private::{make_durable, open_database};
use crate::domain::lake::Arrival;
use crate::ports::{InboxCount, InboxError, Waiting};

/// Marks a file as an inbox: `lhin`.
const APPLICATION_ID: i32 = 0x6c68_696e;

/// The layout that this program reads and writes.
const LAYOUT: i32 = 1;

/// How long another process may hold the file.
const BUSY_WITHIN: Duration = Duration::from_secs(10);

/// How long an entry stays that was read, or will never be. No service delivers a notification for so long.
const KEPT: TimeDelta = TimeDelta::days(60);

/// Entries that go at the start.
const FORGOTTEN_AT_START: usize = 10_000;

/// The file of an inbox, open in one thread.
#[derive(Debug)]
pub(super) struct InboxFile {
    path: PathBuf,
    connection: Connection,
}

impl InboxFile {
    pub(super) fn open(path: &Path) -> Result<Self, InboxError> {
        let connection = open_database(path, OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .map_err(|error| failed(path, "opened", &error))?;
        let mut file = Self {
            path: path.to_owned(),
            connection,
        };
        file.prepare()?;
        file.forget_old(FORGOTTEN_AT_START);
        Ok(file)
    }

    /// Makes the tables of an empty file; of another one sees to it that it is an inbox, before
    /// anything is written.
    fn prepare(&mut self) -> Result<(), InboxError> {
        let path = self.path.clone();
        let fault = |error: rusqlite::Error| failed(&path, "opened", &error);
        self.connection.busy_timeout(BUSY_WITHIN).map_err(fault)?;
        if self.tables().map_err(fault)? == 0 {
            self.create().map_err(fault)?;
        }
        if self.pragma("application_id").map_err(fault)? != APPLICATION_ID {
            return Err(InboxError(format!(
                "{} is no inbox of lakehound: it is a database of something else; move it away",
                path.display()
            )));
        }
        let layout = self.pragma("user_version").map_err(fault)?;
        if layout > LAYOUT {
            return Err(InboxError(format!(
                "the inbox {} was written by a later version of lakehound (layout {layout}); \
                 use that version",
                path.display()
            )));
        }
        // After the file has proved to be ours: these write into it.
        make_durable(&self.connection).map_err(fault)?;
        self.find_what_is_done().map_err(fault)
    }

    /// Sees to it that what may go is found at once, in a file of an earlier version too.
    fn find_what_is_done(&self) -> rusqlite::Result<()> {
        let index = "SELECT 1 FROM sqlite_schema WHERE type = 'index' AND name = 'done'";
        if self.connection.prepare(index)?.exists([])? {
            return Ok(());
        }
        let sql = format!("CREATE INDEX IF NOT EXISTS done ON entry (came) WHERE {DONE}");
        self.connection.execute_batch(&sql)
    }

    fn tables(&self) -> rusqlite::Result<i64> {
        self.connection
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
    }

    fn pragma(&self, name: &str) -> rusqlite::Result<i32> {
        self.connection
            .pragma_query_value(None, name, |row| row.get(0))
    }

    /// Where another process is faster, its tables stay.
    fn create(&mut self) -> rusqlite::Result<()> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let tables: i64 =
            transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        if tables == 0 {
            transaction.execute_batch(SCHEMA)?;
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
            transaction.pragma_update(None, "user_version", LAYOUT)?;
        }
        transaction.commit()
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Everything that is written in it is on the disk when this returns, or nothing is.
    pub(super) fn commit<T>(
        &mut self,
        write: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>,
    ) -> Result<T, InboxError> {
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate);
        let written = transaction.and_then(|transaction| {
            let told = write(&transaction)?;
            transaction.commit()?;
            Ok(told)
        });
        written.map_err(|error| failed(&self.path, "written", &error))
    }

    /// Drops what was read long ago, and what was found to be never readable, at most so many; the
    /// identities stay. Not to be able to is no fault: the next time is soon.
    pub(super) fn forget_old(&mut self, most: usize) {
        self.forget(Utc::now() - KEPT, most);
    }

    pub(super) fn forget(&mut self, before: DateTime<Utc>, most: usize) {
        let sql = format!(
            "DELETE FROM entry WHERE id IN (
                 SELECT id FROM entry WHERE {DONE} AND came < ?1 ORDER BY came LIMIT ?2)"
        );
        let parameters = params![before.timestamp_micros(), limit(most)];
        if let Err(error) = self.connection.execute(&sql, parameters) {
            tracing::warn!(%error, "old entries of the inbox stay");
        }
    }

    /// What came in from sources after an entry and was not read, oldest first.
    pub(super) fn waiting(
        &self,
        sources: &str,
        after: i64,
        most: usize,
    ) -> Result<Vec<Waiting>, InboxError> {
        let sql = format!(
            "SELECT {WAITING} FROM entry WHERE state = 'received' AND id > ?1
             AND source IN (SELECT value FROM json_each(?2)) ORDER BY id LIMIT ?3"
        );
        self.all(&sql, params![after, sources, limit(most)], rows::waiting)
    }

    /// The number of what came in last.
    pub(super) fn newest(&self) -> Result<i64, InboxError> {
        let newest = self.all("SELECT coalesce(max(id), 0) FROM entry", [], |row| {
            row.get(0)
        })?;
        Ok(newest.first().copied().unwrap_or(0))
    }

    /// Another number where another process has written in between.
    pub(super) fn version(&self) -> Result<i64, InboxError> {
        self.connection
            .pragma_query_value(None, "data_version", |row| row.get(0))
            .map_err(|error| failed(&self.path, "read", &error))
    }

    /// What of sources is to be tried again by now and is not in hand, the longest due first.
    pub(super) fn due(
        &self,
        sources: &str,
        most: usize,
        now: DateTime<Utc>,
        in_hand: &HashSet<i64>,
    ) -> Result<Vec<Waiting>, InboxError> {
        let sql = format!(
            "SELECT {WAITING} FROM entry WHERE state = 'failed' AND next_try <= ?1
             AND source IN (SELECT value FROM json_each(?2)) ORDER BY next_try, id LIMIT ?3"
        );
        let among = limit(most.saturating_add(in_hand.len()));
        let parameters = params![now.timestamp_micros(), sources, among];
        let mut due = self.all(&sql, parameters, rows::waiting)?;
        due.retain(|waiting| !in_hand.contains(&waiting.id));
        due.truncate(most);
        Ok(due)
    }

    /// When the next one of sources is due of those that are not in hand.
    pub(super) fn next_try(
        &self,
        sources: &str,
        in_hand: &HashSet<i64>,
    ) -> Result<Option<DateTime<Utc>>, InboxError> {
        let next: Vec<(i64, i64)> = self.all(
            "SELECT id, next_try FROM entry WHERE state = 'failed' AND next_try IS NOT NULL
             AND source IN (SELECT value FROM json_each(?1)) ORDER BY next_try LIMIT ?2",
            params![sources, limit(in_hand.len().saturating_add(1))],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        let next = next.into_iter().find(|(id, _)| !in_hand.contains(id));
        Ok(next.and_then(|(_, at)| DateTime::from_timestamp_micros(at)))
    }

    /// The newest of a source, oldest first.
    pub(super) fn recent(&self, source: &str, most: usize) -> Result<Vec<Arrival>, InboxError> {
        let sql =
            format!("SELECT {WAITING} FROM entry WHERE source = ?1 ORDER BY id DESC LIMIT ?2");
        let mut recent = self.all(&sql, params![source, limit(most)], rows::arrival)?;
        recent.reverse();
        Ok(recent)
    }

    /// The oldest of a source whose lines are owed.
    pub(super) fn untold(&self, source: &str, most: usize) -> Result<Vec<Waiting>, InboxError> {
        let sql = format!(
            "SELECT {WAITING} FROM entry WHERE owed = 1 AND source = ?1 ORDER BY id LIMIT ?2"
        );
        self.all(&sql, params![source, limit(most)], rows::waiting)
    }

    pub(super) fn counts(&self) -> Result<Vec<InboxCount>, InboxError> {
        self.all(
            "SELECT source, sum(state = 'received'), sum(state = 'read'), sum(state = 'failed')
             FROM entry GROUP BY source ORDER BY source",
            [],
            |row| {
                let count = |at: usize| -> rusqlite::Result<u64> {
                    Ok(row.get::<_, i64>(at)?.try_into().unwrap_or(0))
                };
                Ok(InboxCount {
                    source: row.get(0)?,
                    received: count(1)?,
                    read: count(2)?,
                    failed: count(3)?,
                })
            },
        )
    }

    /// What of the file is in use.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> Result<u64, InboxError> {
        crate::adapters::private::bytes_in_use(&self.connection)
            .map_err(|error| failed(&self.path, "read", &error))
    }

    pub(super) fn mark(&self, name: &str) -> Result<Option<String>, InboxError> {
        rows::mark(&self.connection, name).map_err(|error| failed(&self.path, "read", &error))
    }

    fn all<T>(
        &self,
        sql: &str,
        parameters: impl Params,
        each: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, InboxError> {
        let read = || -> rusqlite::Result<Vec<T>> {
            let mut statement = self.connection.prepare_cached(sql)?;
            statement.query_map(parameters, each)?.collect()
        };
        read().map_err(|error| failed(&self.path, "read", &error))
    }
}

fn limit(most: usize) -> i64 {
    i64::try_from(most).unwrap_or(i64::MAX)
}

fn failed(path: &Path, action: &str, error: &dyn std::fmt::Display) -> InboxError {
    InboxError(format!(
        "the inbox {} cannot be {action}: {error}; look whether the disk is full and the file is yours",
        path.display()
    ))
}
