//! Where documents of the webhook are written down: one SQLite file, in which each document is once,
//! in full, with whether it was told to whoever works on it.
//!
//! One thread owns the file. Requests that arrive together are written in one commit, each is
//! answered after it, and what was answered outlives a loss of power. They are told again after a
//! crash until somebody took them. From then on their text stays for 60 days, or for less where the
//! file grows too large; that they came stays for good, so that they are not new when they come again.

#![allow(
    clippy::disallowed_methods,
    reason = "this room owns the documents' file and the one thread that writes it"
)]

mod file;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use tokio::sync::{mpsc, oneshot};

use crate::domain::document::{Document, Kept};
use crate::ports::{Documents, InboxError};
use file::{DocumentFile, RETENTION};

/// Jobs that wait for the thread; beyond them their senders wait.
const WAITING: usize = 256;
/// The most jobs of one commit.
const MOST_AT_ONCE: usize = 256;
/// Rounds of the thread between two looks for what may go.
const ROUNDS_BETWEEN: u32 = 64;

/// Why the file of documents cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DocumentsError {
    /// The file is something else, or damaged.
    #[error("{} is no file of documents: {reason}; move it away", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The file was written by a later version of the program.
    #[error(
        "the documents {} were written by a later version (layout {layout}); use that one",
        path.display()
    )]
    Later {
        /// The file.
        path: PathBuf,
        /// Its layout.
        layout: i64,
    },
    /// The file cannot be opened, read or written.
    #[error("the documents {} cannot be {action}: {reason}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried: `opened`, `read` or `written`.
        action: &'static str,
        /// What the system or SQLite says.
        reason: String,
    },
}

/// The documents on disk. Clones share the thread, which ends with the last of them.
#[derive(Debug, Clone)]
pub struct DocumentStore {
    jobs: mpsc::Sender<Job>,
}

type Answer<T> = oneshot::Sender<Result<T, InboxError>>;

#[derive(Debug)]
enum Job {
    Receive(String, Vec<Document>, Answer<usize>),
    Untold(String, i64, usize, Answer<Vec<Kept>>),
    Told(Vec<i64>, Answer<()>),
}

impl DocumentStore {
    /// Opens the file, or makes an empty one readable by its owner alone.
    ///
    /// # Errors
    ///
    /// A file that is something else, damaged or of a later version, and every failure of the file
    /// system. Nothing is written into such a file.
    pub fn open(path: &Path) -> Result<Self, DocumentsError> {
        Ok(Self::start(DocumentFile::open(path)?))
    }

    fn start(file: DocumentFile) -> Self {
        let (jobs, waiting) = mpsc::channel(WAITING);
        // A thread, not a task: it waits for the disk. It ends when nobody can send it a job.
        std::thread::spawn(move || work(file, waiting));
        Self { jobs }
    }

    async fn ask<T>(&self, job: impl FnOnce(Answer<T>) -> Job) -> Result<T, InboxError> {
        let ended = || InboxError("the writer of the webhook's documents has ended".to_owned());
        let (answer, answered) = oneshot::channel();
        self.jobs.send(job(answer)).await.map_err(|_| ended())?;
        answered.await.map_err(|_| ended())?
    }
}

fn work(mut file: DocumentFile, mut waiting: mpsc::Receiver<Job>) {
    let mut rounds = 0;
    while let Some(first) = waiting.blocking_recv() {
        let mut received = Vec::new();
        let mut others = Vec::new();
        let mut sort = |job| match job {
            Job::Receive(source, documents, answer) => received.push((source, documents, answer)),
            other => others.push(other),
        };
        sort(first);
        for _ in 1..MOST_AT_ONCE {
            match waiting.try_recv() {
                Ok(job) => sort(job),
                Err(_) => break,
            }
        }
        receive(&mut file, received);
        for job in others {
            // Who does not wait for the answer any more needs none.
            match job {
                Job::Untold(source, after, most, answer) => {
                    let _ = answer.send(said(file.untold(&source, after, most)));
                }
                Job::Told(numbers, answer) => {
                    let _ = answer.send(said(file.told(&numbers)));
                }
                Job::Receive(..) => {}
            }
        }
        rounds += 1;
        if rounds >= ROUNDS_BETWEEN {
            rounds = 0;
            file.forget(RETENTION);
        }
    }
}

fn receive(file: &mut DocumentFile, requests: Vec<(String, Vec<Document>, Answer<usize>)>) {
    if requests.is_empty() {
        return;
    }
    let (bodies, answers): (Vec<_>, Vec<_>) = requests
        .into_iter()
        .map(|(source, documents, answer)| ((source, documents), answer))
        .unzip();
    match said(file.receive(&bodies)) {
        Ok(counts) => {
            for (answer, count) in answers.into_iter().zip(counts) {
                let _ = answer.send(Ok(count));
            }
        }
        Err(error) => {
            for answer in answers {
                let _ = answer.send(Err(error.clone()));
            }
        }
    }
}

fn said<T>(outcome: Result<T, DocumentsError>) -> Result<T, InboxError> {
    outcome.map_err(|error| InboxError(error.to_string()))
}

#[async_trait]
impl Documents for DocumentStore {
    async fn receive(&self, source: &str, documents: Vec<Document>) -> Result<usize, InboxError> {
        if documents.is_empty() {
            return Ok(0);
        }
        let source = source.to_owned();
        self.ask(|answer| Job::Receive(source, documents, answer))
            .await
    }

    async fn untold(&self, source: &str, after: i64, most: usize) -> Result<Vec<Kept>, InboxError> {
        let source = source.to_owned();
        self.ask(|answer| Job::Untold(source, after, most, answer))
            .await
    }

    async fn told(&self, numbers: Vec<i64>) -> Result<(), InboxError> {
        self.ask(|answer| Job::Told(numbers, answer)).await
    }
}
