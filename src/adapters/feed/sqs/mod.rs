//! The queue of a subscriber.
//!
//! A message is received, decoded and written down in the inbox; then it is deleted, and then its
//! notifications are told. A body that is no notification is not deleted: it is told with the cause,
//! and goes to the dead-letter queue by the queue's own redrive policy. Nothing that goes wrong ends
//! the source: it says so, waits and goes on.

#![allow(
    clippy::disallowed_methods,
    reason = "this room owns the tasks that receive, and the clock that stamps what came"
)]

mod queue;
mod round;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use futures::stream::BoxStream;

use super::door::AwsDoor;
use super::telling::telling;
use crate::ports::{FeedNews, Inbox, NotificationSource};

/// How long a message that was received is hidden from others, unless said otherwise.
pub(super) const VISIBILITY: Duration = Duration::from_secs(120);

/// The same where a queue is only looked at.
const PEEKED: Duration = Duration::from_secs(5);

/// What is done with a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum QueueKind {
    /// Its messages are ours: each is deleted when its notifications are in the inbox.
    Ours,
    /// Its messages are another's: nothing is deleted, and each is hidden from the other one for a
    /// few seconds.
    Peek,
    /// The messages of its dead-letter queue are taken in again, and deleted there.
    DeadLetters,
}

/// A queue as a source of notifications.
#[derive(Clone)]
pub struct SqsSource {
    name: String,
    url: String,
    kind: QueueKind,
    door: AwsDoor,
    inbox: Arc<dyn Inbox>,
    visibility: Duration,
    once: bool,
}

impl SqsSource {
    /// A source over a queue by its URL. `name` is what it is called in the inbox and on the screen.
    pub fn new(
        name: impl Into<String>,
        url: impl Into<String>,
        kind: QueueKind,
        door: &AwsDoor,
        inbox: Arc<dyn Inbox>,
    ) -> Self {
        let url = url.into();
        Self {
            name: name.into(),
            door: door.to_queue(&url),
            url,
            kind,
            inbox,
            visibility: match kind {
                QueueKind::Peek => PEEKED,
                QueueKind::Ours | QueueKind::DeadLetters => VISIBILITY,
            },
            once: false,
        }
    }

    /// Hides a received message for so long; it is hidden for longer while its notifications are not
    /// in the inbox.
    #[must_use]
    pub fn hiding_for(mut self, visibility: Duration) -> Self {
        if self.kind != QueueKind::Peek {
            self.visibility = visibility.max(Duration::from_secs(1));
        }
        self
    }

    /// Ends when the queue gives nothing more.
    #[must_use]
    pub fn once(mut self) -> Self {
        self.once = true;
        self
    }
}

impl NotificationSource for SqsSource {
    fn name(&self) -> &str {
        &self.name
    }

    fn watch(&self) -> BoxStream<'static, FeedNews> {
        let source = self.clone();
        telling(move |teller| watch::run(source, teller))
    }
}
