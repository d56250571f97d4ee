//! The webhook: an HTTP(S) address to which EventBridge API destinations send notifications, and any
//! other tool its detections as JSON.
//!
//! A request is answered with 200 only after everything in it is on the disk. Whoever has no key is
//! turned away before the body is read; who has one is held to limits of size, rate and time, so
//! that neither a crowd nor a slow client takes memory or the place of others.
//!
//! `door` listens, `desk` answers, `teller` hands on what was written down.

#![allow(
    clippy::disallowed_methods,
    reason = "this room owns its listener, the tasks that serve it, and the clock that stamps what arrives"
)]

mod counts;
mod desk;
mod door;
mod key;
mod rate;
mod teller;
#[cfg(test)]
mod tests;
mod tls;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::StreamExt;
use futures::stream::BoxStream;

pub use key::{ApiKey, KeyError, KeyPlace, SHORTEST_KEY};
pub use tls::TlsFiles;

use crate::ports::{Documents, FeedNews, Inbox, NotificationSource};

/// The header that holds the key where nobody chose another.
pub const HEADER: &str = "x-api-key";
/// The path of the URL where nobody chose another.
pub const PATH: &str = "/lakehound";

/// What a webhook is made of.
#[derive(Debug, Clone)]
pub struct WebhookSetup {
    /// The source's name, as the configuration spells it.
    pub name: String,
    /// Where it listens; port 0 is any free one.
    pub address: SocketAddr,
    /// The paths that it answers to.
    pub paths: Vec<String>,
    /// The header that holds the key.
    pub header: String,
    /// Where the key comes from.
    pub key: KeyPlace,
    /// The files of TLS; `None` for plain HTTP, behind a proxy.
    pub tls: Option<TlsFiles>,
    /// Whether plain HTTP may be listened for on an address that others reach.
    pub insecure_plain: bool,
    /// What the outside calls it, such as `https://hooks.example.com`, where a proxy stands between.
    pub public_url: Option<String>,
    /// What a request may be.
    pub limits: Limits,
}

/// What a request, a connection and all of them together may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The longest body, in bytes.
    pub body: usize,
    /// Requests a second, of those with the right key.
    pub per_second: u32,
    /// Connections at a time; more wait.
    pub connections: usize,
    /// How long a client may take to say what it wants, TLS included, and to stay silent.
    pub head_time: Duration,
    /// How long a client may take to send a body.
    pub body_time: Duration,
    /// How long a connection lives.
    pub connection_time: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 256 << 10,
            per_second: 300,
            connections: 256,
            head_time: Duration::from_secs(10),
            body_time: Duration::from_secs(10),
            connection_time: Duration::from_secs(300),
        }
    }
}

/// A webhook. It listens while somebody takes its news.
#[derive(Clone)]
pub struct WebhookSource {
    shared: Arc<Shared>,
}

/// What the parts of a webhook have in common.
struct Shared {
    setup: WebhookSetup,
    inbox: Arc<dyn Inbox>,
    documents: Arc<dyn Documents>,
    /// The URLs to give to senders, once it listens.
    urls: Mutex<Vec<String>>,
    /// Whether it ends when the documents of earlier starts are told, and does not listen.
    once: bool,
}

impl Shared {
    fn set_urls(&self, urls: Vec<String>) {
        *self.urls.lock().unwrap_or_else(PoisonError::into_inner) = urls;
    }
}

impl WebhookSource {
    /// A webhook that writes notifications into an inbox and documents beside it. Nothing is opened
    /// before it is watched; what is wrong with the set-up is told as the source's state.
    pub fn new(setup: WebhookSetup, inbox: Arc<dyn Inbox>, documents: Arc<dyn Documents>) -> Self {
        Self::of(setup, inbox, documents, false)
    }

    /// One that does not listen: it tells the documents that were written down and not told, and
    /// ends.
    pub fn once(setup: WebhookSetup, inbox: Arc<dyn Inbox>, documents: Arc<dyn Documents>) -> Self {
        Self::of(setup, inbox, documents, true)
    }

    fn of(
        setup: WebhookSetup,
        inbox: Arc<dyn Inbox>,
        documents: Arc<dyn Documents>,
        once: bool,
    ) -> Self {
        let shared = Shared {
            setup,
            inbox,
            documents,
            urls: Mutex::default(),
            once,
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// The URLs to give to senders, one a path; none while it does not listen.
    pub fn urls(&self) -> Vec<String> {
        let urls = self.shared.urls.lock();
        urls.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl NotificationSource for WebhookSource {
    fn name(&self) -> &str {
        &self.shared.setup.name
    }

    fn watch(&self) -> BoxStream<'static, FeedNews> {
        let shared = Arc::clone(&self.shared);
        futures::stream::once(async move { teller::start(shared) })
            .flatten()
            .boxed()
    }
}
