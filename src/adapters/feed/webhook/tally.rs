//! What a webhook has seen, as the state of its source.

#![allow(
    clippy::disallowed_methods,
    reason = "this room owns the clock that stamps what arrives"
)]

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use tokio::sync::Notify;

use crate::domain::lake::SourceNews;

/// Counts, and says that they changed.
#[derive(Debug, Default)]
pub(super) struct Tally {
    counts: Mutex<Counts>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Counts {
    state: Option<Result<Vec<String>, String>>,
    received: u64,
    duplicates: u64,
    refused: BTreeMap<u16, u64>,
    newest: Option<DateTime<Utc>>,
    last_error: Option<(DateTime<Utc>, String)>,
}

impl Tally {
    /// It listens, with what a person should know; or why it does not.
    pub(super) fn state(&self, state: Result<Vec<String>, String>) {
        let mut counts = self.lock();
        if let Err(reason) = &state {
            counts.last_error = Some((Utc::now(), reason.clone()));
        }
        counts.state = Some(state);
        drop(counts);
        self.changed.notify_one();
    }

    pub(super) fn took(&self, new: usize, known: usize) {
        let mut counts = self.lock();
        counts.received += new as u64;
        counts.duplicates += known as u64;
        drop(counts);
        self.changed.notify_one();
    }

    pub(super) fn newest(&self, time: Option<DateTime<Utc>>) {
        let mut counts = self.lock();
        counts.newest = counts.newest.max(time);
    }

    pub(super) fn refused(&self, status: u16) {
        *self.lock().refused.entry(status).or_default() += 1;
        self.changed.notify_one();
    }

    pub(super) fn failed(&self, reason: &str) {
        self.lock().last_error = Some((Utc::now(), reason.to_owned()));
        self.changed.notify_one();
    }

    /// Resolves when there is something new to say.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    pub(super) fn news(&self, name: &str) -> Option<SourceNews> {
        let counts = self.lock();
        let state = counts.state.as_ref()?;
        Some(SourceNews {
            name: name.to_owned(),
            state: state.as_ref().map(|_| ()).map_err(Clone::clone),
        })
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
