//! What a webhook has seen, shared by its tasks.

#![allow(
    clippy::disallowed_methods,
    reason = "this room owns the clock that stamps what arrives"
)]

use std::sync::{Mutex, PoisonError};

use chrono::{DateTime, Utc};
use tokio::sync::Notify;

use super::super::tally::Tally;
use crate::ports::FeedNews;

/// Counts, and says that they changed.
#[derive(Debug)]
pub(super) struct Counts {
    tally: Mutex<Tally>,
    changed: Notify,
}

impl Counts {
    pub(super) fn new(name: &str) -> Self {
        Self {
            tally: Mutex::new(Tally::new(name)),
            changed: Notify::new(),
        }
    }

    /// Counts something, and lets it be told.
    pub(super) fn count<T>(&self, what: impl FnOnce(&mut Tally, DateTime<Utc>) -> T) -> T {
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        let counted = what(&mut tally, Utc::now());
        drop(tally);
        self.changed.notify_one();
        counted
    }

    /// Resolves when there is something new to tell.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// As news.
    pub(super) fn news(&self) -> FeedNews {
        let mut tally = self.tally.lock().unwrap_or_else(PoisonError::into_inner);
        tally.news(Utc::now())
    }
}
