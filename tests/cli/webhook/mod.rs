//! The webhook from outside: a real client over TLS, and crowds of bad ones.
//!
//! `LAKEHOUND_WEBHOOK_CONNECTIONS` says how large the crowd is. The test of TLS needs `curl`.

mod crowd;
mod tls;
mod watch;

use serde_json::{Value, json};

/// A notification of an object.
fn object_created(key: &str) -> String {
    json!({"detail-type": "Object Created", "time": "2026-03-01T10:00:00Z",
           "detail": {"bucket": {"name": "lake"}, "object": {"key": key, "etag": "e"}}})
    .to_string()
}

/// How many of what a request brought were new, as its answer says.
fn new(answer: &str) -> u64 {
    let body: Value = serde_json::from_str(answer.trim()).unwrap();
    body["new"].as_u64().unwrap()
}
