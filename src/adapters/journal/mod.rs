//! The journal of runs: what was handed to a query service, on disk before it is handed over.
//!
//! One SQLite file, append-only: an entry is never changed or removed, and triggers in the file see
//! to that. A run is begun (its statement and its token), started (the service's name of it) and
//! ended; what was begun and has not ended can be taken up again after a crash, with the same token,
//! so that nothing is paid twice. Holds statements and parameters, never a credential.
//!
//! Several processes share a journal. Each holds the runs that it looks after ([`Hold`]), and what
//! another one holds is not there to be taken up.
//!
//! Calls block until the entry is on the disk: a few milliseconds.

#![allow(
    clippy::disallowed_methods,
    reason = "this room owns the journal's file"
)]

mod hold;
mod past;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OpenFlags, params};
use serde::{Deserialize, Serialize};

pub use hold::Hold;
pub use past::{Expected, PastRun, PastRuns, RunEnd};

use super::private::{make_durable, open_database};

/// Marks a file as a journal of runs: `lhrj`.
const APPLICATION_ID: i32 = 0x6c68_726a;

/// The layout that this program reads and writes.
const LAYOUT: i32 = 1;

/// How long another process may hold the file.
const BUSY_WITHIN: Duration = Duration::from_secs(5);

const SCHEMA: &str = "
    CREATE TABLE entry (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        at     TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),
        token  TEXT NOT NULL,
        kind   TEXT NOT NULL CHECK (kind IN ('begun', 'started', 'ended')),
        body   TEXT NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX one_beginning ON entry (token) WHERE kind = 'begun';
    CREATE INDEX by_token ON entry (token);
    CREATE TRIGGER entries_stay BEFORE UPDATE ON entry
        BEGIN SELECT RAISE(ABORT, 'entries of the journal are never changed'); END;
    CREATE TRIGGER entries_remain BEFORE DELETE ON entry
        BEGIN SELECT RAISE(ABORT, 'entries of the journal are never removed'); END;
";

/// Why the journal cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file is something else, or damaged.
    #[error("{} is no journal of runs: {reason}", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file was written by a later version of the program.
    #[error("the journal {} was written by a later version (layout {layout})", path.display())]
    Later {
        /// The file.
        path: PathBuf,
        /// Its layout.
        layout: i32,
    },
    /// The file cannot be opened, read or written.
    #[error("the journal {} cannot be {action}: {reason}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried: `opened`, `read`, `written` or `held`.
        action: &'static str,
        /// What the system or SQLite says.
        reason: String,
    },
}

/// A run as it is handed to a query service. Sent again with the same token it is the same run only
/// if everything else is the same too, so everything is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BegunRun {
    /// Names the run for the service: a repeat with the same token starts nothing new.
    pub token: String,
    /// The statement as it is sent.
    pub sql: String,
    /// The literals for its `?`.
    #[serde(default)]
    pub parameters: Vec<String>,
    /// The profile of the configuration.
    pub profile: String,
    /// The workgroup.
    #[serde(default)]
    pub workgroup: Option<String>,
    /// The database of names without one.
    #[serde(default)]
    pub database: Option<String>,
    /// The catalogue of names without one.
    #[serde(default)]
    pub catalog: Option<String>,
    /// Where the result is written.
    #[serde(default)]
    pub output_location: Option<String>,
    /// What it was expected to scan, where something told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected: Option<Expected>,
}

/// A run that was begun and has not ended, as far as the journal knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnfinishedRun {
    /// How it was begun.
    pub run: BegunRun,
    /// When.
    pub begun_at: DateTime<Utc>,
    /// The service's name of it; `None` where no answer to its start was seen.
    pub execution_id: Option<String>,
    /// Whether a process that lives looks after it, this one included.
    pub held: bool,
}

/// The journal. One writer at a time; share it behind an `Arc`.
#[derive(Debug)]
pub struct RunJournal {
    path: PathBuf,
    /// Where the files lie that say who looks after which run; `None` where no other process can.
    holds: Option<PathBuf>,
    connection: Mutex<Connection>,
}

impl RunJournal {
    /// Opens a journal, or makes an empty one readable by its owner alone.
    ///
    /// # Errors
    ///
    /// A file that is something else, damaged or of a later version, and every failure of the file
    /// system. Nothing is written into such a file.
    pub fn open(path: &Path) -> Result<Self, JournalError> {
        let io = |reason: String| JournalError::Io {
            path: path.to_owned(),
            action: "opened",
            reason,
        };
        let connection =
            open_database(path, OpenFlags::empty()).map_err(|error| io(error.to_string()))?;
        let mut holds = path.as_os_str().to_owned();
        holds.push(".held");
        let mut journal = Self::prepare(path.to_owned(), connection)?;
        journal.holds = Some(PathBuf::from(holds));
        Ok(journal)
    }

    /// A journal that ends with the process.
    ///
    /// # Errors
    ///
    /// Where SQLite has no memory.
    pub fn in_memory() -> Result<Self, JournalError> {
        let path = PathBuf::from("in memory");
        let connection = Connection::open_in_memory().map_err(|error| JournalError::Io {
            path: path.clone(),
            action: "opened",
            reason: error.to_string(),
        })?;
        Self::prepare(path, connection)
    }

    fn prepare(path: PathBuf, mut connection: Connection) -> Result<Self, JournalError> {
        let failed = |error: &rusqlite::Error| opening_failed(&path, error);
        connection
            .busy_timeout(BUSY_WITHIN)
            .map_err(|error| failed(&error))?;
        let pragma = |connection: &Connection, name: &str| {
            connection
                .pragma_query_value(None, name, |row| row.get::<_, i32>(0))
                .map_err(|error| failed(&error))
        };
        let foreign = |reason: &str| JournalError::Foreign {
            path: path.clone(),
            reason: reason.to_owned(),
        };
        let tables: i64 = connection
            .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
            .map_err(|error| failed(&error))?;
        if tables == 0 {
            create(&mut connection).map_err(|error| failed(&error))?;
        }
        if pragma(&connection, "application_id")? != APPLICATION_ID {
            return Err(foreign("it is a database of something else"));
        }
        let layout = pragma(&connection, "user_version")?;
        if layout > LAYOUT {
            return Err(JournalError::Later { path, layout });
        }
        let sound: String = connection
            .pragma_query_value(None, "quick_check", |row| row.get(0))
            .map_err(|error| failed(&error))?;
        if sound != "ok" {
            return Err(foreign(&format!("it is damaged: {sound}")));
        }
        // After the file has proved to be ours: these write into it.
        make_durable(&connection).map_err(|error| failed(&error))?;
        Ok(Self {
            path,
            holds: None,
            connection: Mutex::new(connection),
        })
    }

    /// The journal's file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A token that no other run has: 64 random hexadecimal digits.
    ///
    /// # Errors
    ///
    /// Where SQLite fails.
    pub fn new_token(&self) -> Result<String, JournalError> {
        // SQLite's generator is seeded by the system's.
        self.connection()
            .query_row("SELECT lower(hex(randomblob(32)))", [], |row| row.get(0))
            .map_err(|error| self.failed("read", &error))
    }

    /// Notes that a run is about to be handed over, and holds it. On the disk when this returns.
    ///
    /// # Errors
    ///
    /// Where it cannot be written, or the token was begun before: then the run must not be started.
    pub fn begin(&self, run: &BegunRun) -> Result<Hold, JournalError> {
        let body = serde_json::to_string(run).map_err(|error| JournalError::Io {
            path: self.path.clone(),
            action: "written",
            reason: error.to_string(),
        })?;
        // Held before anybody can read of it.
        let Some(hold) = self.hold(&run.token)? else {
            return Err(JournalError::Io {
                path: self.path.clone(),
                action: "written",
                reason: "another process has begun a run with the same token".to_owned(),
            });
        };
        self.append(&run.token, "begun", &body)?;
        Ok(hold)
    }

    /// Holds a run, to take it up; `None` where somebody looks after it already. What is read of the
    /// run afterwards is what whoever held it before has left.
    ///
    /// # Errors
    ///
    /// Where the file system fails.
    pub fn hold(&self, token: &str) -> Result<Option<Hold>, JournalError> {
        match &self.holds {
            None => Ok(Some(Hold::of_nothing())),
            Some(folder) => Hold::take(folder, token).map_err(|error| self.unheld(&error)),
        }
    }

    fn unheld(&self, error: &std::io::Error) -> JournalError {
        JournalError::Io {
            path: self.path.clone(),
            action: "held",
            reason: error.to_string(),
        }
    }

    /// Notes the service's name of a run.
    ///
    /// # Errors
    ///
    /// Where it cannot be written.
    pub fn started(&self, token: &str, execution_id: &str) -> Result<(), JournalError> {
        self.append(token, "started", execution_id)
    }

    /// Notes that nothing of a run is left to do, and how it ended.
    ///
    /// # Errors
    ///
    /// Where it cannot be written.
    pub fn ended(&self, token: &str, outcome: &str) -> Result<(), JournalError> {
        self.append(token, "ended", outcome)
    }

    /// The same with what the service tells of it.
    ///
    /// # Errors
    ///
    /// Where it cannot be written.
    pub fn ended_with(&self, token: &str, end: &RunEnd) -> Result<(), JournalError> {
        let body = serde_json::to_string(end).map_err(|error| JournalError::Io {
            path: self.path.clone(),
            action: "written",
            reason: error.to_string(),
        })?;
        self.append(token, "ended", &body)
    }

    /// What was begun and has not ended, oldest first, whoever looks after it.
    ///
    /// # Errors
    ///
    /// Where the journal cannot be read, or an entry is not what this program writes.
    pub fn unfinished(&self) -> Result<Vec<UnfinishedRun>, JournalError> {
        let mut runs = self.not_ended()?;
        if let Some(folder) = &self.holds {
            for known in &mut runs {
                known.held = Hold::is_taken(folder, &known.run.token)
                    .map_err(|error| self.unheld(&error))?;
            }
        }
        Ok(runs)
    }

    fn not_ended(&self) -> Result<Vec<UnfinishedRun>, JournalError> {
        let connection = self.connection();
        let read = |error: rusqlite::Error| self.failed("read", &error);
        let mut statement = connection
            .prepare_cached(
                "SELECT kind, token, at, body FROM entry
                 WHERE token NOT IN (SELECT token FROM entry WHERE kind = 'ended')
                 ORDER BY number",
            )
            .map_err(read)?;
        let mut rows = statement.query([]).map_err(read)?;
        let mut runs: Vec<UnfinishedRun> = Vec::new();
        let mut by_token: HashMap<String, usize> = HashMap::new();
        while let Some(row) = rows.next().map_err(read)? {
            let text = |at: usize| row.get::<_, String>(at).map_err(read);
            let (kind, token, at, body) = (text(0)?, text(1)?, text(2)?, text(3)?);
            if kind == "begun" {
                by_token.insert(token, runs.len());
                runs.push(self.begun(&at, &body)?);
            } else if let Some(run) = by_token.get(&token).and_then(|run| runs.get_mut(*run)) {
                run.execution_id = Some(body);
            }
        }
        Ok(runs)
    }

    fn begun(&self, at: &str, body: &str) -> Result<UnfinishedRun, JournalError> {
        let foreign = |reason: String| JournalError::Foreign {
            path: self.path.clone(),
            reason,
        };
        let run = serde_json::from_str(body)
            .map_err(|error| foreign(format!("an entry of {at} cannot be read: {error}")))?;
        let begun_at = DateTime::parse_from_rfc3339(at)
            .map_err(|error| foreign(format!("an entry's time `{at}` cannot be read: {error}")))?
            .with_timezone(&Utc);
        Ok(UnfinishedRun {
            run,
            begun_at,
            execution_id: None,
            held: false,
        })
    }

    fn append(&self, token: &str, kind: &str, body: &str) -> Result<(), JournalError> {
        self.connection()
            .prepare_cached("INSERT INTO entry (token, kind, body) VALUES (?1, ?2, ?3)")
            .and_then(|mut statement| statement.execute(params![token, kind, body]))
            .map(|_| ())
            .map_err(|error| self.failed("written", &error))
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self, action: &'static str, error: &rusqlite::Error) -> JournalError {
        JournalError::Io {
            path: self.path.clone(),
            action,
            reason: error.to_string(),
        }
    }
}

/// Makes the tables in one transaction. Where another process was faster, its tables stay.
fn create(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let tables: i64 =
        transaction.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if tables == 0 {
        transaction.execute_batch(SCHEMA)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", LAYOUT)?;
    }
    transaction.commit()
}

fn opening_failed(path: &Path, error: &rusqlite::Error) -> JournalError {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    match error.sqlite_error_code() {
        Some(NotADatabase | DatabaseCorrupt) => JournalError::Foreign {
            path: path.to_owned(),
            reason: error.to_string(),
        },
        _ => JournalError::Io {
            path: path.to_owned(),
            action: "opened",
            reason: error.to_string(),
        },
    }
}
