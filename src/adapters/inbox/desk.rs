//! The thread that has the inbox's file: it writes what has gathered in one commit, and knows what
//! it gave out in the life of this process.

use std::collections::HashSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rusqlite::Transaction;
use tokio::sync::{Notify, mpsc, oneshot};

use super::file::InboxFile;
use super::rows;
use crate::domain::detection::Unreadable;
use crate::domain::lake::Notification;
use crate::ports::{InboxError, Waiting};

/// Writes of one commit at most.
const TOGETHER: usize = 128;

/// Commits between two looks for what is old enough to go.
const COMMITS_BETWEEN: u32 = 4_096;

/// What is to be written.
#[derive(Debug)]
pub(super) enum Write {
    /// Notifications that came in.
    Receive {
        source: String,
        notifications: Arc<[Notification]>,
        at: DateTime<Utc>,
        /// Whether a line is owed for each.
        owed: bool,
    },
    /// The lines of notifications are written.
    Told(Vec<Notification>),
    /// How the reading of an object went.
    Settle {
        id: i64,
        outcome: Result<u64, Unreadable>,
    },
    /// How far a source has come.
    Mark { name: String, value: String },
}

impl Write {
    /// Writes it; says of each notification whether it is new.
    fn apply(&self, transaction: &Transaction<'_>) -> rusqlite::Result<Vec<bool>> {
        match self {
            Self::Receive {
                source,
                notifications,
                at,
                owed,
            } => notifications
                .iter()
                .map(|notification| rows::insert(transaction, source, notification, *at, *owed))
                .collect(),
            Self::Told(notifications) => {
                for notification in notifications {
                    rows::told(transaction, notification)?;
                }
                Ok(Vec::new())
            }
            Self::Settle { id, outcome } => {
                rows::settle(transaction, *id, outcome).map(|()| Vec::new())
            }
            Self::Mark { name, value } => {
                rows::set_mark(transaction, name, value).map(|()| Vec::new())
            }
        }
    }
}

/// The answer to a write: which of its notifications are new.
type Answer = oneshot::Sender<Result<Vec<bool>, InboxError>>;

/// What the thread is asked for.
pub(super) enum Job {
    /// To write, and to say when it is on the disk.
    Write(Write, Answer),
    /// To look something up.
    Read(Box<dyn FnOnce(&mut Desk) + Send>),
}

/// What the thread has.
pub(super) struct Desk {
    file: InboxFile,
    arrived: Arc<Notify>,
    /// What came in up to here was given out in the life of this process.
    given: i64,
    /// What was given out to be tried again and is not settled.
    trying: HashSet<i64>,
    commits: u32,
}

impl Desk {
    pub(super) fn new(file: InboxFile, arrived: Arc<Notify>) -> Self {
        Self {
            file,
            arrived,
            given: 0,
            trying: HashSet::new(),
            commits: 0,
        }
    }

    pub(super) fn file(&self) -> &InboxFile {
        &self.file
    }

    /// Works until nobody can ask for anything more, and everything that was asked for.
    pub(super) fn run(mut self, mut jobs: mpsc::Receiver<Job>) {
        let mut next = None;
        while let Some(job) = next.take().or_else(|| jobs.blocking_recv()) {
            let (write, answer) = match job {
                Job::Read(look) => {
                    look(&mut self);
                    continue;
                }
                Job::Write(write, answer) => (write, answer),
            };
            let mut together = vec![(write, answer)];
            while together.len() < TOGETHER {
                match jobs.try_recv() {
                    Ok(Job::Write(write, answer)) => together.push((write, answer)),
                    // It may ask for what is written before it.
                    Ok(read) => {
                        next = Some(read);
                        break;
                    }
                    Err(_) => break,
                }
            }
            self.write(together);
        }
    }

    fn write(&mut self, together: Vec<(Write, Answer)>) {
        let outcome = self.file.commit(|transaction| {
            let each = together.iter();
            each.map(|(write, _)| write.apply(transaction)).collect()
        });
        let told: Vec<Vec<bool>> = match outcome {
            Ok(told) => told,
            Err(error) => {
                for (_, answer) in together {
                    let _ = answer.send(Err(error.clone()));
                }
                return;
            }
        };
        let mut is_new = false;
        for ((write, answer), new) in together.into_iter().zip(told) {
            if let Write::Settle { id, .. } = write {
                self.trying.remove(&id);
            }
            is_new |= new.contains(&true);
            // Whoever asked may have gone: it is written all the same.
            let _ = answer.send(Ok(new));
        }
        if is_new {
            self.arrived.notify_one();
        }
        self.commits += 1;
        if self.commits >= COMMITS_BETWEEN {
            self.commits = 0;
            self.file.forget_old();
        }
    }

    /// The oldest that are to be read. What is to be tried again has at most half the room while
    /// something new waits, so that neither keeps the other out.
    pub(super) fn take(
        &mut self,
        most: usize,
        now: DateTime<Utc>,
    ) -> Result<Vec<Waiting>, InboxError> {
        let room = most.div_ceil(2);
        let mut again = self.file.due(most, now, &self.trying)?;
        let mut new = self
            .file
            .waiting(self.given, most.saturating_sub(again.len().min(room)))?;
        again.truncate(most.saturating_sub(new.len()));
        if let Some(last) = new.last() {
            self.given = last.id;
        }
        self.trying.extend(again.iter().map(|waiting| waiting.id));
        again.append(&mut new);
        Ok(again)
    }

    pub(super) fn next_try(&mut self) -> Result<Option<DateTime<Utc>>, InboxError> {
        self.file.next_try(&self.trying)
    }
}
