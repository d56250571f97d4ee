//! The thread that has the inbox's file: it writes what has gathered in one commit, and knows what
//! it gave out in the life of this process.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rusqlite::Transaction;
use tokio::sync::{Notify, mpsc, oneshot};

use super::file::InboxFile;
use super::lease::{Asked, Lease};
use super::rows;
use crate::domain::detection::Unreadable;
use crate::domain::lake::Notification;
use crate::ports::{InboxError, ReadElsewhere, Waiting};

/// Writes of one commit at most.
const TOGETHER: usize = 128;

/// Entries that come in between two looks for what is old enough to go.
const ENTRIES_BETWEEN: usize = 4_096;

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
    /// Notifications of objects that nobody is to read.
    PassedOver(Vec<Notification>),
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
            Self::PassedOver(notifications) => {
                for notification in notifications {
                    rows::pass_over(transaction, notification)?;
                }
                Ok(Vec::new())
            }
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
    /// The sources whose objects this process reads.
    leases: BTreeMap<String, Lease>,
    /// What came in from them up to here was given out.
    given: i64,
    /// What was given out and is not settled.
    in_hand: HashSet<i64>,
    /// How far others had written when it was last looked for something to give out.
    others: Option<i64>,
    /// Entries that came in since it was last looked what may go.
    came: usize,
    /// Dropped last: tells a test that all else is.
    #[cfg(test)]
    pub(super) ending: Option<oneshot::Sender<()>>,
}

impl Desk {
    pub(super) fn new(file: InboxFile, arrived: Arc<Notify>) -> Self {
        Self {
            file,
            arrived,
            leases: BTreeMap::new(),
            given: 0,
            in_hand: HashSet::new(),
            others: None,
            came: 0,
            #[cfg(test)]
            ending: None,
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
        let mut came = 0;
        for ((write, answer), new) in together.into_iter().zip(told) {
            if let Write::Settle { id, .. } = write {
                self.in_hand.remove(&id);
            }
            came += new.iter().filter(|is_new| **is_new).count();
            // Whoever asked may have gone: it is written all the same.
            let _ = answer.send(Ok(new));
        }
        if came > 0 {
            self.arrived.notify_one();
        }
        self.came += came;
        if self.came >= ENTRIES_BETWEEN {
            // More than came in, so that what is old enough gets less.
            self.file.forget_old(self.came * 2);
            self.came = 0;
        }
    }

    /// Takes the right to read what sources bring, where no other process has it.
    pub(super) fn claim(&mut self, sources: &[String]) -> Result<Vec<ReadElsewhere>, InboxError> {
        let mut elsewhere = Vec::new();
        for source in sources {
            if self.leases.contains_key(source) {
                continue;
            }
            match Lease::ask(self.file.path(), source)? {
                Asked::Had(lease) => {
                    self.leases.insert(source.clone(), lease);
                    // What it brought earlier waits among what was passed over.
                    self.given = 0;
                }
                Asked::Elsewhere(reader) => elsewhere.push(ReadElsewhere {
                    source: source.clone(),
                    reader,
                }),
            }
        }
        Ok(elsewhere)
    }

    /// The oldest that are to be read, of the sources that this process reads. What is to be tried
    /// again has at most half the room while something new waits, so that neither keeps the other
    /// out.
    pub(super) fn take(
        &mut self,
        most: usize,
        now: DateTime<Utc>,
    ) -> Result<Vec<Waiting>, InboxError> {
        self.others = Some(self.file.version()?);
        if self.leases.is_empty() {
            return Ok(Vec::new());
        }
        let sources = rows::names(self.leases.keys());
        let room = most.div_ceil(2);
        let mut again = self.file.due(&sources, most, now, &self.in_hand)?;
        let mut new = self.unseen(&sources, most.saturating_sub(again.len().min(room)))?;
        again.truncate(most.saturating_sub(new.len()));
        again.append(&mut new);
        self.in_hand.extend(again.iter().map(|waiting| waiting.id));
        Ok(again)
    }

    /// The oldest that came in and were not given out.
    fn unseen(&mut self, sources: &str, most: usize) -> Result<Vec<Waiting>, InboxError> {
        if most == 0 {
            return Ok(Vec::new());
        }
        // Asked first: what comes in meanwhile comes after it.
        let newest = self.file.newest()?;
        let among = most.saturating_add(self.in_hand.len());
        let mut new = self.file.waiting(sources, self.given, among)?;
        let is_all = new.len() < among;
        new.retain(|waiting| !self.in_hand.contains(&waiting.id));
        if is_all && new.len() <= most {
            // Nor need what others bring be passed over again.
            self.given = self.given.max(newest);
        }
        new.truncate(most);
        if let Some(last) = new.last() {
            self.given = self.given.max(last.id);
        }
        Ok(new)
    }

    pub(super) fn next_try(&mut self) -> Result<Option<DateTime<Utc>>, InboxError> {
        let sources = rows::names(self.leases.keys());
        self.file.next_try(&sources, &self.in_hand)
    }

    /// Whether another process has written something since then.
    pub(super) fn others_wrote(&mut self) -> Result<bool, InboxError> {
        Ok(self.others != Some(self.file.version()?))
    }
}
