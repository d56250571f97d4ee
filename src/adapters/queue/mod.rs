//! The journal of a lake's queue: one SQLite file of events, append-only, written by one process.
//!
//! An event is on the disk when [`QueueJournal::append`] returns; several come in one commit. The
//! queue is what its events replay to. So that the file does not grow for ever, a snapshot of the
//! queue takes the place of the detections before it; what people did stays.
//!
//! Calls block on the disk.

#![allow(
    clippy::disallowed_methods,
    reason = "this room owns the queue's files"
)]

mod rows;
#[cfg(test)]
mod tests;

use std::fs::{self, File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, params};

use crate::adapters::private::{OpenFault, make_durable, open_database, private};
use crate::domain::queue::{Queue, QueueEvent};

pub use rows::write_rows;

/// Marks a file as the journal of a queue: `lhqu`.
const APPLICATION_ID: i32 = 0x6c68_7175;

/// The layout that this program reads and writes.
const LAYOUT: i32 = 1;

/// Events after the last snapshot from which another one is due.
const MOST_EVENTS: u64 = 20_000;

/// Bytes of events after the last snapshot from which another one is due.
const MOST_BYTES: u64 = 128 << 20;

const SCHEMA: &str = "
    CREATE TABLE event (
        number INTEGER PRIMARY KEY,
        kind   TEXT NOT NULL,
        body   TEXT NOT NULL
    ) STRICT;
    CREATE TABLE snapshot (
        id     INTEGER PRIMARY KEY CHECK (id = 1),
        number INTEGER NOT NULL,
        body   TEXT NOT NULL
    ) STRICT;
    CREATE TRIGGER events_stay BEFORE UPDATE ON event
        BEGIN SELECT RAISE(ABORT, 'events of the queue are never changed'); END;
    CREATE TRIGGER people_remain BEFORE DELETE ON event
        WHEN old.kind NOT IN ('detected', 'beyond')
            OR old.number > (SELECT coalesce(max(number), 0) FROM snapshot)
        BEGIN SELECT RAISE(ABORT, 'this event of the queue is never removed'); END;
";

/// Why the journal of a queue cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// Another process writes it.
    #[error(
        "another console keeps the queue of this lake ({}): what is done in this one is not kept",
        path.display()
    )]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// The file is something else, or damaged.
    #[error("{} is no journal of a queue: {reason}; move it away to begin a new one", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file was written by a later version of the program.
    #[error("the queue {} was written by a later version (layout {layout})", path.display())]
    Later {
        /// The file.
        path: PathBuf,
        /// Its layout.
        layout: i32,
    },
    /// The file cannot be opened, read or written.
    #[error("the queue {} cannot be {action}: {reason}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried: `opened`, `read` or `written`.
        action: &'static str,
        /// What the system or SQLite says.
        reason: String,
    },
}

/// The journal of a queue, held by this process alone.
#[derive(Debug)]
pub struct QueueJournal {
    path: PathBuf,
    connection: Connection,
    /// Events since the last snapshot, and their bytes.
    since: (u64, u64),
    /// Held for its lock.
    _lock: File,
}

impl QueueJournal {
    /// Opens a journal, or makes an empty one readable by its owner alone, and replays it.
    ///
    /// # Errors
    ///
    /// Another process that has it, a file that is something else, damaged or of a later version,
    /// and every failure of the file system. Nothing is written into such a file.
    pub fn open(path: &Path) -> Result<(Self, Queue), QueueError> {
        let io = |error: std::io::Error| QueueError::Io {
            path: path.to_owned(),
            action: "opened",
            reason: error.to_string(),
        };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(io)?;
        }
        let mut beside = path.as_os_str().to_owned();
        beside.push(".lock");
        let lock = private(OpenOptions::new().create(true).append(true))
            .open(PathBuf::from(beside))
            .map_err(io)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(QueueError::Busy {
                    path: path.to_owned(),
                });
            }
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
        let connection = open_database(path, OpenFlags::empty()).map_err(|fault| match fault {
            OpenFault::Io(error) => io(error),
            OpenFault::Database(error) => failed(path, "opened", &error),
        })?;
        let mut journal = Self {
            path: path.to_owned(),
            connection,
            since: (0, 0),
            _lock: lock,
        };
        journal.prepare()?;
        let queue = journal.replay()?;
        if journal.is_full() {
            journal.snapshot(&queue)?;
        }
        Ok((journal, queue))
    }

    fn prepare(&mut self) -> Result<(), QueueError> {
        let path = self.path.clone();
        let opened = |error: rusqlite::Error| failed(&path, "opened", &error);
        let tables: i64 = self
            .connection
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
            .map_err(opened)?;
        if tables == 0 {
            self.create().map_err(opened)?;
        }
        let pragma = |name: &str| {
            let value = |row: &rusqlite::Row<'_>| row.get::<_, i32>(0);
            self.connection.pragma_query_value(None, name, value)
        };
        if pragma("application_id").map_err(opened)? != APPLICATION_ID {
            return Err(QueueError::Foreign {
                path,
                reason: "it is a database of something else".to_owned(),
            });
        }
        let layout = pragma("user_version").map_err(opened)?;
        if layout > LAYOUT {
            return Err(QueueError::Later { path, layout });
        }
        make_durable(&self.connection).map_err(opened)
    }

    fn create(&mut self) -> rusqlite::Result<()> {
        let transaction = self.connection.transaction()?;
        transaction.execute_batch(SCHEMA)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", LAYOUT)?;
        transaction.commit()
    }

    /// The queue as the file tells it.
    fn replay(&mut self) -> Result<Queue, QueueError> {
        let path = self.path.clone();
        let read = |error: rusqlite::Error| failed(&path, "read", &error);
        let foreign = |what: &str, error: serde_json::Error| QueueError::Foreign {
            path: path.clone(),
            reason: format!("{what} cannot be read: {error}"),
        };
        let mut queue = Queue::default();
        let mut from = 0_i64;
        let mut since = (0, 0);
        {
            let mut snapshot = self
                .connection
                .prepare("SELECT number, body FROM snapshot")
                .map_err(read)?;
            let mut rows = snapshot.query([]).map_err(read)?;
            if let Some(row) = rows.next().map_err(read)? {
                from = row.get(0).map_err(read)?;
                let body: String = row.get(1).map_err(read)?;
                queue =
                    serde_json::from_str(&body).map_err(|error| foreign("its snapshot", error))?;
                queue.reindex();
            }
            let mut events = self
                .connection
                .prepare("SELECT number, body FROM event WHERE number > ?1 ORDER BY number")
                .map_err(read)?;
            let mut rows = events.query([from]).map_err(read)?;
            while let Some(row) = rows.next().map_err(read)? {
                let number: i64 = row.get(0).map_err(read)?;
                let body: String = row.get(1).map_err(read)?;
                let event = serde_json::from_str(&body)
                    .map_err(|error| foreign(&format!("its event {number}"), error))?;
                queue.apply(event);
                since = (since.0 + 1, since.1 + body.len() as u64);
            }
        }
        self.since = since;
        Ok(queue)
    }

    /// Appends events in one commit. They are on the disk when this returns. Tells whether a
    /// snapshot is due.
    ///
    /// # Errors
    ///
    /// Where they cannot be written: then none of them is.
    pub fn append(&mut self, events: &[QueueEvent]) -> Result<bool, QueueError> {
        let path = self.path.clone();
        let written = |error: rusqlite::Error| failed(&path, "written", &error);
        let mut bytes = 0;
        let transaction = self.connection.transaction().map_err(written)?;
        {
            let mut insert = transaction
                .prepare_cached("INSERT INTO event (number, kind, body) VALUES (?1, ?2, ?3)")
                .map_err(written)?;
            for event in events {
                let body = serde_json::to_string(event).map_err(|error| QueueError::Io {
                    path: self.path.clone(),
                    action: "written",
                    reason: error.to_string(),
                })?;
                let number = i64::try_from(event.number).unwrap_or(i64::MAX);
                insert
                    .execute(params![number, event.act.name(), body])
                    .map_err(written)?;
                bytes += body.len() as u64;
            }
        }
        transaction.commit().map_err(written)?;
        self.since = (self.since.0 + events.len() as u64, self.since.1 + bytes);
        Ok(self.is_full())
    }

    fn is_full(&self) -> bool {
        self.since.0 > MOST_EVENTS || self.since.1 > MOST_BYTES
    }

    /// Puts a queue in the place of the detections that led to it, in one commit.
    ///
    /// # Errors
    ///
    /// Where it cannot be written: then everything stays as it was.
    pub fn snapshot(&mut self, queue: &Queue) -> Result<(), QueueError> {
        let path = self.path.clone();
        let written = |error: rusqlite::Error| failed(&path, "written", &error);
        let body = serde_json::to_string(queue).map_err(|error| QueueError::Io {
            path: self.path.clone(),
            action: "written",
            reason: error.to_string(),
        })?;
        let number = i64::try_from(queue.last_event()).unwrap_or(i64::MAX);
        let transaction = self.connection.transaction().map_err(written)?;
        transaction
            .execute(
                "INSERT INTO snapshot (id, number, body) VALUES (1, ?1, ?2)
                 ON CONFLICT (id) DO UPDATE SET number = excluded.number, body = excluded.body",
                params![number, body],
            )
            .map_err(written)?;
        transaction
            .execute(
                "DELETE FROM event WHERE kind IN ('detected', 'beyond') AND number <= ?1",
                [number],
            )
            .map_err(written)?;
        transaction.commit().map_err(written)?;
        self.since = (0, 0);
        Ok(())
    }
}

fn failed(path: &Path, action: &'static str, error: &rusqlite::Error) -> QueueError {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    match error.sqlite_error_code() {
        Some(NotADatabase | DatabaseCorrupt) => QueueError::Foreign {
            path: path.to_owned(),
            reason: error.to_string(),
        },
        _ => QueueError::Io {
            path: path.to_owned(),
            action,
            reason: error.to_string(),
        },
    }
}
