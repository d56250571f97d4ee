//! One round with a queue: receive, decode, write down, delete.

use std::sync::Arc;
use std::time::Duration;

use aws_sdk_sqs::types::Message;

use super::queue::{Queue, Refusal};
use crate::domain::lake::Notification;
use crate::domain::lake::notification::decode;
use crate::ports::{Inbox, InboxError};

/// What a round works with.
#[derive(Clone)]
pub(super) struct Round {
    pub(super) queue: Queue,
    pub(super) inbox: Arc<dyn Inbox>,
    pub(super) source: String,
    pub(super) wait: Duration,
    pub(super) hidden: Duration,
    /// Whether what is in the inbox is deleted.
    pub(super) deletes: bool,
}

/// How a round went.
#[derive(Debug, Default)]
pub(super) struct Brought {
    /// Messages that were received.
    pub(super) messages: usize,
    /// Notifications in them.
    pub(super) notifications: usize,
    /// Those that are new.
    pub(super) new: Vec<Notification>,
    /// Messages that are no notification: their ids, and why.
    pub(super) refused: Vec<(String, String)>,
    /// Why what is in the inbox could not be deleted.
    pub(super) undeleted: Option<Refusal>,
}

/// Why a round brought nothing.
#[derive(Debug)]
pub(super) enum Broken {
    /// The queue gave nothing.
    Queue(Refusal),
    /// The inbox took nothing: the messages come again.
    Inbox(InboxError),
}

impl Round {
    pub(super) async fn run(self) -> Result<Brought, Broken> {
        let received = self.queue.receive(self.wait, self.hidden).await;
        let messages = received.map_err(Broken::Queue)?;
        let mut brought = Brought {
            messages: messages.len(),
            ..Brought::default()
        };
        let (notifications, receipts) = self.decode(messages, &mut brought);
        brought.notifications = notifications.len();
        let receive = self.inbox.receive(&self.source, notifications);
        brought.new = self
            .hiding(&receipts, receive)
            .await
            .map_err(Broken::Inbox)?;
        // From here on nothing is lost: what is not deleted comes again and is known.
        if self.deletes && !receipts.is_empty() {
            brought.undeleted = self.queue.delete(receipts).await.err();
        }
        Ok(brought)
    }

    /// The notifications of the messages, and the receipts of those that may be deleted.
    fn decode(
        &self,
        messages: Vec<Message>,
        brought: &mut Brought,
    ) -> (Vec<Notification>, Vec<String>) {
        let (mut notifications, mut receipts) = (Vec::new(), Vec::new());
        for message in messages {
            let body = message.body.unwrap_or_default();
            match decode(&body) {
                Ok(mut read) => {
                    notifications.append(&mut read);
                    receipts.extend(message.receipt_handle);
                }
                Err(error) => {
                    let id = message.message_id.unwrap_or_default();
                    brought.refused.push((id, error.to_string()));
                }
            }
        }
        (notifications, receipts)
    }

    /// Hides the messages for longer as long as the work goes on.
    async fn hiding<T>(&self, receipts: &[String], work: impl Future<Output = T>) -> T {
        tokio::pin!(work);
        loop {
            match tokio::time::timeout(self.hidden / 2, &mut work).await {
                Ok(done) => return done,
                Err(_) if receipts.is_empty() => {}
                Err(_) => self.queue.hide(receipts, self.hidden).await,
            }
        }
    }
}
