//! The inbox: notifications on disk before their sender is told that they arrived, each one once,
//! until their objects were read and after.
//!
//! One SQLite file (write-ahead log, a full sync at every commit), written by a thread of its own
//! that puts what has gathered into one commit. Several processes may have the file open and bring
//! what they receive; what a source brings is read by one of them ([`lease`]). What a person may read
//! again and again is never in memory as a whole: a page at a time is taken from the disk.

#![allow(
    clippy::disallowed_methods,
    reason = "this room owns the inbox's file and the time at which something came in"
)]

mod desk;
mod file;
mod lease;
mod neighbours;
mod rows;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use tokio::sync::{Notify, mpsc, oneshot};

use crate::domain::detection::Unreadable;
use crate::domain::lake::{Arrival, Notification};
use crate::ports::{Inbox, InboxCount, InboxError, ReadElsewhere, Waiting};
use desk::{Desk, Job, Write};
use file::InboxFile;
use neighbours::Neighbours;

/// Jobs that wait for the disk before those who bring them wait too.
const WAITING: usize = 256;

/// How often it is looked whether other processes have brought something, where the system does not
/// report it.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The inbox in a file. Cheap to clone; its thread ends with the last clone, after what waits is
/// written.
#[derive(Debug, Clone)]
pub struct DiskInbox {
    path: PathBuf,
    jobs: mpsc::Sender<Job>,
    arrived: Arc<Notify>,
    neighbours: Option<Arc<Neighbours>>,
    owes_lines: bool,
}

impl DiskInbox {
    /// Opens the file, or makes an empty one that its owner alone may read, and starts the thread.
    /// Blocks on the disk.
    ///
    /// # Errors
    ///
    /// A file that is something else, damaged or of a later version, in which nothing is written;
    /// what the system says of a file that cannot be opened.
    pub fn open(path: &Path) -> Result<Self, InboxError> {
        let file = InboxFile::open(path)?;
        let (jobs, waiting) = mpsc::channel(WAITING);
        let arrived = Arc::new(Notify::new());
        let desk = Desk::new(file, Arc::clone(&arrived));
        // A thread, not a task: it blocks on the disk.
        std::thread::Builder::new()
            .name("inbox".to_owned())
            .spawn(move || desk.run(waiting))
            .map_err(|error| {
                InboxError(format!(
                    "the inbox {} cannot be opened: the system has no room for a thread ({error})",
                    path.display()
                ))
            })?;
        Ok(Self {
            path: path.to_owned(),
            jobs,
            arrived,
            neighbours: Neighbours::of(path).map(Arc::new),
            owes_lines: false,
        })
    }

    /// For a process that writes a line for each notification that comes in: what it did not say of
    /// as written is [`Inbox::untold`].
    #[must_use]
    pub fn owing_lines(mut self) -> Self {
        self.owes_lines = true;
        self
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    async fn send<T>(
        &self,
        job: Job,
        answer: oneshot::Receiver<Result<T, InboxError>>,
    ) -> Result<T, InboxError> {
        if self.jobs.send(job).await.is_err() {
            return Err(self.ended());
        }
        answer.await.unwrap_or_else(|_| Err(self.ended()))
    }

    async fn read<T: Send + 'static>(
        &self,
        look: impl FnOnce(&mut Desk) -> Result<T, InboxError> + Send + 'static,
    ) -> Result<T, InboxError> {
        let (answer, told) = oneshot::channel();
        let look = move |desk: &mut Desk| {
            // Whoever asked may have gone.
            let _ = answer.send(look(desk));
        };
        self.send(Job::Read(Box::new(look)), told).await
    }

    async fn write(&self, write: Write) -> Result<Vec<bool>, InboxError> {
        let (answer, told) = oneshot::channel();
        self.send(Job::Write(write, answer), told).await
    }

    fn ended(&self) -> InboxError {
        InboxError(format!(
            "the inbox {} is closed: its writer has ended; start lakehound again",
            self.path.display()
        ))
    }
}

#[async_trait]
impl Inbox for DiskInbox {
    async fn receive(
        &self,
        source: &str,
        notifications: Vec<Notification>,
    ) -> Result<Vec<Notification>, InboxError> {
        if notifications.is_empty() {
            return Ok(notifications);
        }
        let notifications: Arc<[Notification]> = notifications.into();
        let write = Write::Receive {
            source: source.to_owned(),
            notifications: Arc::clone(&notifications),
            at: Utc::now(),
            owed: self.owes_lines,
        };
        let new = self.write(write).await?;
        let told = notifications.iter().zip(new);
        Ok(told
            .filter(|(_, new)| *new)
            .map(|(notification, _)| notification.clone())
            .collect())
    }

    async fn pass_over(&self, notifications: Vec<Notification>) -> Result<(), InboxError> {
        let write = Write::PassedOver(notifications);
        self.write(write).await.map(|_| ())
    }

    async fn claim(&self, sources: &[String]) -> Result<Vec<ReadElsewhere>, InboxError> {
        let sources = sources.to_owned();
        self.read(move |desk| desk.claim(&sources)).await
    }

    async fn take(&self, most: usize, now: DateTime<Utc>) -> Result<Vec<Waiting>, InboxError> {
        self.read(move |desk| desk.take(most, now)).await
    }

    async fn settle(&self, id: i64, outcome: Result<u64, Unreadable>) -> Result<(), InboxError> {
        self.write(Write::Settle { id, outcome }).await.map(|_| ())
    }

    async fn arrived(&self) {
        let arrived = self.arrived.notified();
        tokio::pin!(arrived);
        loop {
            let others = async {
                match &self.neighbours {
                    Some(neighbours) => neighbours.wrote().await,
                    None => tokio::time::sleep(LOOK_EVERY).await,
                }
            };
            tokio::select! {
                () = &mut arrived => return,
                () = others => {}
            }
            // A file that cannot be read is told by who takes from it.
            if self.read(Desk::others_wrote).await.unwrap_or(true) {
                return;
            }
        }
    }

    async fn next_try(&self) -> Result<Option<DateTime<Utc>>, InboxError> {
        self.read(|desk| desk.next_try()).await
    }

    async fn counts(&self) -> Result<Vec<InboxCount>, InboxError> {
        self.read(|desk| desk.file().counts()).await
    }

    async fn recent(&self, source: &str, most: usize) -> Result<Vec<Arrival>, InboxError> {
        let source = source.to_owned();
        self.read(move |desk| desk.file().recent(&source, most))
            .await
    }

    async fn untold(&self, source: &str, most: usize) -> Result<Vec<Notification>, InboxError> {
        let source = source.to_owned();
        let untold = self.read(move |desk| desk.file().untold(&source, most));
        let notifications = untold.await?.into_iter();
        Ok(notifications.map(|waiting| waiting.notification).collect())
    }

    async fn told(&self, notifications: Vec<Notification>) -> Result<(), InboxError> {
        self.write(Write::Told(notifications)).await.map(|_| ())
    }

    async fn mark(&self, name: &str) -> Result<Option<String>, InboxError> {
        let name = name.to_owned();
        self.read(move |desk| desk.file().mark(&name)).await
    }

    async fn set_mark(&self, name: &str, value: &str) -> Result<(), InboxError> {
        let write = Write::Mark {
            name: name.to_owned(),
            value: value.to_owned(),
        };
        self.write(write).await.map(|_| ())
    }
}
