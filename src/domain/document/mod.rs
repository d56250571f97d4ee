//! Documents: what other tools send to the webhook. Owns how a request's body is taken apart into
//! notifications of objects and documents ([`read`]), and how a document (an OCSF finding, one of
//! Security Hub or GuardDuty, or any JSON object with the usual names) becomes a
//! [`Detection`](super::detection::Detection).
//!
//! Whoever holds the webhook's key may send anything: nothing here panics, every text that is taken
//! over is cut, and what a document does not say stays unsaid.

mod body;
mod detection;
mod fields;
mod severity;
#[cfg(test)]
mod tests;
mod time;

pub use body::{Body, BodyError, MOST_DOCUMENTS, objects, read};

use chrono::{DateTime, Utc};

use super::detection::ObjectName;

/// What stands in the place of a bucket's name for documents.
pub const BUCKET: &str = "webhook";

/// A JSON object that another tool sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// What makes two deliveries the same: the id that EventBridge gave the event, or the digest of
    /// the text. A finding's own id does not count: its next state has it too.
    pub identity: String,
    /// The document in full, on one line, every literal as it was sent.
    pub json: String,
}

/// A document that is written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its number; never used again.
    pub number: i64,
    /// When it was written down, in UTC.
    pub received: DateTime<Utc>,
    /// The document in full, on one line.
    pub json: String,
}

impl Kept {
    /// What it is called where objects of a lake have a bucket and a key: `webhook/17`.
    pub fn object(&self) -> ObjectName {
        ObjectName {
            bucket: BUCKET.to_owned(),
            key: self.number.to_string(),
        }
    }
}
