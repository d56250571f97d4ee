//! The folder source: objects of a local lake as they appear, with the notification files that the
//! demo lake drops beside them.
//!
//! It starts with the newest objects that are there already, then tells of every new one: at once
//! when a notification file says so, or when the object itself appears and no file does. The
//! operating system reports changes; nothing is polled. Where reports are lost, or were never made
//! because a folder is too new to be watched, the folder is searched.

#![allow(
    clippy::disallowed_methods,
    reason = "this room owns the lake's folder and the clock that stamps what appears in it"
)]

mod arrivals;
mod follower;
mod reports;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::sync::mpsc;

use self::arrivals::{NOTIFICATIONS, absolute};
use self::follower::{End, Follower};
use crate::ports::{FeedNews, Inbox, NotificationSource};

/// Objects told of at the start.
const AT_START: usize = 500;
/// News that wait for the loop before the watcher waits too.
const WAITING: usize = 256;

/// The name of the source over the lake that is open.
const NAME: &str = "folder";
/// Reports of the operating system that wait; where more come the folder is searched.
const REPORTS: usize = 4_096;
/// From a failure to the next try.
const RETRY: Duration = Duration::from_secs(5);
/// How long a file that cannot be read must be left alone before it counts as damaged.
const QUIET: Duration = Duration::from_secs(5);

/// Watches a lake's folder.
#[derive(Clone)]
pub struct FolderSource {
    name: String,
    lake: PathBuf,
    inbox: Option<Arc<dyn Inbox>>,
    /// How many of the objects that are there at the start are told.
    at_start: usize,
    /// Whether objects that are in the inbox already are told at the start.
    known_too: bool,
    once: bool,
    retry: Duration,
    quiet: Duration,
    /// Reports of the system that wait.
    reports: usize,
}

impl FolderSource {
    /// A source over a lake's folder, or over the folder of the notifications in it. The newest
    /// objects are told at every start.
    pub fn new(lake: PathBuf) -> Self {
        // The system reports absolute paths.
        let lake = std::path::absolute(&lake).unwrap_or(lake);
        let lake = match lake.parent() {
            Some(parent) if lake.ends_with(NOTIFICATIONS) => parent.to_owned(),
            _ => lake,
        };
        Self {
            name: NAME.to_owned(),
            lake,
            inbox: None,
            at_start: AT_START,
            known_too: true,
            once: false,
            retry: RETRY,
            quiet: QUIET,
            reports: REPORTS,
        }
    }

    /// Calls it something else.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Writes what appears down in an inbox before it is told.
    #[must_use]
    pub fn into_inbox(mut self, inbox: Arc<dyn Inbox>) -> Self {
        self.inbox = Some(inbox);
        self
    }

    /// Tells of every object that is not in the inbox: those too that appeared while nobody watched.
    #[must_use]
    pub fn where_it_left_off(mut self) -> Self {
        self.at_start = usize::MAX;
        self.known_too = false;
        self
    }

    /// Ends when what is there has been told.
    #[must_use]
    pub fn once(mut self) -> Self {
        self.once = true;
        self
    }

    /// Whoever reads its objects finds them by it.
    fn in_the_inbox(&self) -> String {
        format!("dir:{}", absolute(&self.lake).display())
    }
}

impl NotificationSource for FolderSource {
    fn name(&self) -> &str {
        &self.name
    }

    fn name_in_the_inbox(&self) -> String {
        self.in_the_inbox()
    }

    fn watch(&self) -> BoxStream<'static, FeedNews> {
        let (sender, receiver) = mpsc::channel(WAITING);
        let source = self.clone();
        // A thread, not a task: it blocks on the operating system's reports. It ends when nobody
        // takes its news any more.
        std::thread::spawn(move || run(&source, &sender));
        futures::stream::unfold(receiver, |mut receiver| async move {
            receiver.recv().await.map(|news| (news, receiver))
        })
        .boxed()
    }
}

/// Follows the folder, again and again where that fails: a disk that was full, a folder that is not
/// mounted yet.
fn run(source: &FolderSource, sender: &mpsc::Sender<FeedNews>) {
    let mut follower = Follower::new(source, sender);
    while let End::Failed(reason) = follower.follow() {
        if !follower.failed(reason) || source.once {
            return;
        }
        std::thread::park_timeout(source.retry);
    }
}

#[cfg(test)]
mod tests;
