//! Notifications as rows of the inbox's file, and back.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};

use crate::domain::detection::Unreadable;
use crate::domain::lake::{Arrival, Notification, ObjectKey};
use crate::domain::mark::of_parts;
use crate::ports::Waiting;

/// Characters of a cause that are kept.
const CAUSE_CHARS: usize = 1_000;

/// The tables. An identity outlives its entry: what was dropped is not new when it comes again.
pub(super) const SCHEMA: &str = "
    CREATE TABLE known (identity BLOB PRIMARY KEY, entry INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE entry (
        id        INTEGER PRIMARY KEY AUTOINCREMENT,
        source    TEXT NOT NULL,
        came      INTEGER NOT NULL,
        bucket    TEXT NOT NULL,
        key       TEXT NOT NULL,
        size      INTEGER,
        etag      TEXT,
        sequencer TEXT,
        time      INTEGER,
        state     TEXT NOT NULL DEFAULT 'received'
                  CHECK (state IN ('received', 'read', 'failed')),
        tries     INTEGER NOT NULL DEFAULT 0,
        next_try  INTEGER,
        events    INTEGER,
        cause     TEXT,
        owed      INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX to_read ON entry (id) WHERE state = 'received';
    CREATE INDEX to_tell ON entry (id) WHERE owed = 1;
    CREATE INDEX to_try ON entry (next_try) WHERE state = 'failed';
    CREATE TABLE mark (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
";

/// Of an entry: its object was read or never will be, and no line is owed for it.
pub(super) const DONE: &str =
    "(state = 'read' OR (state = 'failed' AND next_try IS NULL)) AND owed = 0";

/// What makes two notifications the same, as 16 bytes.
pub(super) fn identity(notification: &Notification) -> [u8; 16] {
    let (bucket, key, state) = notification.identity();
    of_parts([Some(bucket), Some(key), state].map(|part| part.map(str::as_bytes)))
}

/// Writes a notification down, with or without a line that is owed; whether it is new.
pub(super) fn insert(
    transaction: &Transaction<'_>,
    source: &str,
    notification: &Notification,
    at: DateTime<Utc>,
    owed: bool,
) -> rusqlite::Result<bool> {
    let identity = identity(notification);
    let is_known = transaction
        .prepare_cached("SELECT 1 FROM known WHERE identity = ?1")?
        .exists(params![identity.as_slice()])?;
    if is_known {
        return Ok(false);
    }
    transaction
        .prepare_cached(
            "INSERT INTO entry (source, came, bucket, key, size, etag, sequencer, time, owed)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            source,
            at.timestamp_micros(),
            notification.bucket,
            notification.key.key,
            notification.size.and_then(|size| i64::try_from(size).ok()),
            notification.etag,
            notification.sequencer,
            notification.time.map(|time| time.timestamp_micros()),
            owed,
        ])?;
    transaction
        .prepare_cached("INSERT INTO known (identity, entry) VALUES (?1, ?2)")?
        .execute(params![
            identity.as_slice(),
            transaction.last_insert_rowid()
        ])?;
    Ok(true)
}

/// Makes a notification known that has no entry.
pub(super) fn pass_over(
    transaction: &Transaction<'_>,
    notification: &Notification,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("INSERT OR IGNORE INTO known (identity, entry) VALUES (?1, 0)")?
        .execute(params![identity(notification).as_slice()])
        .map(|_| ())
}

/// Writes down that the line of a notification is written.
pub(super) fn told(
    transaction: &Transaction<'_>,
    notification: &Notification,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "UPDATE entry SET owed = 0
             WHERE id = (SELECT entry FROM known WHERE identity = ?1) AND owed = 1",
        )?
        .execute(params![identity(notification).as_slice()])
        .map(|_| ())
}

/// Writes down how the reading of an object went. What another process has read stays read.
pub(super) fn settle(
    transaction: &Transaction<'_>,
    id: i64,
    outcome: &Result<u64, Unreadable>,
) -> rusqlite::Result<()> {
    match outcome {
        Ok(events) => transaction
            .prepare_cached(
                "UPDATE entry SET state = 'read', events = ?2, next_try = NULL, cause = NULL
                 WHERE id = ?1",
            )?
            .execute(params![id, i64::try_from(*events).unwrap_or(i64::MAX)])?,
        Err(unreadable) => transaction
            .prepare_cached(
                "UPDATE entry SET state = 'failed', tries = tries + 1, next_try = ?2, cause = ?3
                 WHERE id = ?1 AND state <> 'read'",
            )?
            .execute(params![
                id,
                unreadable.again.map(|again| again.timestamp_micros()),
                unreadable
                    .cause
                    .chars()
                    .take(CAUSE_CHARS)
                    .collect::<String>(),
            ])?,
    };
    Ok(())
}

/// Writes down how far a source has come.
pub(super) fn set_mark(
    transaction: &Transaction<'_>,
    name: &str,
    value: &str,
) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO mark (name, value) VALUES (?1, ?2)
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )?
        .execute(params![name, value])
        .map(|_| ())
}

/// How far a source has come.
pub(super) fn mark(connection: &Connection, name: &str) -> rusqlite::Result<Option<String>> {
    connection
        .prepare_cached("SELECT value FROM mark WHERE name = ?1")?
        .query_row(params![name], |row| row.get(0))
        .optional()
}

/// Names of sources as one parameter of a statement.
pub(super) fn names<'a>(sources: impl Iterator<Item = &'a String>) -> String {
    serde_json::Value::from_iter(sources.map(String::as_str)).to_string()
}

/// The columns that [`waiting`] reads.
pub(super) const WAITING: &str =
    "id, source, bucket, key, size, etag, sequencer, time, tries, events, cause, state";

/// A row of [`WAITING`] as what waits to be read.
pub(super) fn waiting(row: &Row<'_>) -> rusqlite::Result<Waiting> {
    Ok(Waiting {
        id: row.get(0)?,
        source: row.get(1)?,
        notification: notification(row)?,
        tries: row.get::<_, i64>(8)?.try_into().unwrap_or(u32::MAX),
    })
}

/// A row of [`WAITING`] as what came earlier.
pub(super) fn arrival(row: &Row<'_>) -> rusqlite::Result<Arrival> {
    let events = match row.get::<_, String>(11)?.as_str() {
        "read" => {
            let events: Option<i64> = row.get(9)?;
            Some(Ok(events.and_then(|n| n.try_into().ok()).unwrap_or(0)))
        }
        "failed" => Some(Err(row.get::<_, Option<String>>(10)?.unwrap_or_default())),
        _ => None,
    };
    Ok(Arrival {
        notification: notification(row)?,
        path: None,
        events,
        seen: None,
    })
}

fn notification(row: &Row<'_>) -> rusqlite::Result<Notification> {
    let key: String = row.get(3)?;
    let size: Option<i64> = row.get(4)?;
    let time: Option<i64> = row.get(7)?;
    Ok(Notification {
        bucket: row.get(2)?,
        key: ObjectKey::parse(&key).unwrap_or_else(|_| ObjectKey::foreign(&key)),
        size: size.and_then(|size| size.try_into().ok()),
        etag: row.get(5)?,
        sequencer: row.get(6)?,
        time: time.and_then(DateTime::from_timestamp_micros),
    })
}
