//! A source that first tells of what it brought before the start.

use std::sync::Arc;

use futures::StreamExt as _;
use futures::stream::{self, BoxStream};

use crate::ports::{FeedNews, Inbox, NotificationSource};

/// Notifications that are told again.
const MOST: usize = 500;

/// A source, and the newest of what the inbox has of it: a console that starts again shows where it
/// was.
pub struct WithPast {
    source: Arc<dyn NotificationSource>,
    inbox: Arc<dyn Inbox>,
}

impl WithPast {
    /// Over a source that writes into the inbox under its own name.
    pub fn new(source: Arc<dyn NotificationSource>, inbox: Arc<dyn Inbox>) -> Self {
        Self { source, inbox }
    }
}

impl NotificationSource for WithPast {
    fn name(&self) -> &str {
        self.source.name()
    }

    fn watch(&self) -> BoxStream<'static, FeedNews> {
        let (inbox, name) = (Arc::clone(&self.inbox), self.name().to_owned());
        let past = async move {
            // Where it cannot be read the source says so when it has something to write.
            let recent = inbox.recent(&name, MOST).await.unwrap_or_default();
            let news = (!recent.is_empty()).then_some(FeedNews::Arrived(recent));
            stream::iter(news)
        };
        stream::once(past)
            .flatten()
            .chain(self.source.watch())
            .boxed()
    }
}
