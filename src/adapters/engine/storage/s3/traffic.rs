//! What one query moved over the network.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::domain::query::{QueryProgress, Stage};
use crate::ports::RunControl;

/// Requests and bytes of one query, counted from all its threads.
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    bytes: AtomicU64,
    requests: AtomicU64,
    /// Who is told while the query is planned; its monitor tells from then on.
    listener: Mutex<Option<RunControl>>,
}

impl Traffic {
    /// Tells a run that is being planned how far it is.
    pub(crate) fn tell(&self, control: RunControl) {
        *self.listener.lock().unwrap_or_else(PoisonError::into_inner) = Some(control);
    }

    /// A request is sent.
    pub(crate) fn request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.told();
    }

    /// Bytes of an object came, those of broken answers included.
    pub(crate) fn received(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
        self.told();
    }

    /// Bytes of objects so far; those of listings are not counted.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Requests so far, those of listings included.
    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    fn told(&self) {
        let listener = self.listener.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(control) = listener.as_ref() {
            control.tell(QueryProgress {
                stage: Stage::Planning,
                bytes_fetched: self.bytes(),
                requests: self.requests(),
                ..QueryProgress::default()
            });
        }
    }
}
