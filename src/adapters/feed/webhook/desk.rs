//! Answers requests: who may come in, what of the body is taken, and what is said.

#![allow(
    clippy::disallowed_methods,
    reason = "this room owns the clock that stamps what arrives"
)]

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{ALLOW, CONNECTION, CONTENT_ENCODING, CONTENT_TYPE, EXPECT, RETRY_AFTER};
use axum::http::header::{HeaderMap, HeaderName, HeaderValue, WWW_AUTHENTICATE};
use axum::http::request::Parts;
use axum::http::{Method, Response, StatusCode};
use chrono::Utc;
use http_body_util::BodyExt;
use hyper::body::Body as _;
use serde_json::json;
use tokio::sync::{Notify, mpsc};
use tokio::time::timeout;

use super::counts::Counts;
use super::key::ApiKey;
use super::rate::Rate;
use super::teller::News;
use super::{Limits, Shared};
use crate::domain::document;
use crate::domain::lake::{Arrival, Notification};
use crate::ports::{FeedNews, InboxError};

/// How long the disk may take before the sender is asked to come again.
const WRITE_WITHIN: Duration = Duration::from_secs(20);
/// How long news of what was written down may wait for whoever takes it.
const TELL_WITHIN: Duration = Duration::from_secs(5);
/// How much of a refused body is let in and dropped, so that its sender gets to read the answer.
const MOST_DROPPED: usize = 16 << 20;
/// How long that may take.
const DROP_WITHIN: Duration = Duration::from_secs(2);

/// What answers requests.
pub(super) struct Desk {
    shared: Arc<Shared>,
    header: HeaderName,
    key: ApiKey,
    limits: Limits,
    rate: Rate,
    news: mpsc::Sender<News>,
    /// Rung when documents were written down.
    bell: Arc<Notify>,
    counts: Arc<Counts>,
}

/// What was taken of a request.
struct Taken {
    notifications: usize,
    documents: usize,
    new: usize,
}

/// An answer that is no yes.
#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    reason: String,
    header: Option<(HeaderName, HeaderValue)>,
}

impl Refusal {
    fn new(status: StatusCode, reason: impl Into<String>) -> Self {
        Self {
            status,
            reason: reason.into(),
            header: None,
        }
    }

    fn with(mut self, name: HeaderName, value: impl Into<HeaderValue>) -> Self {
        self.header = Some((name, value.into()));
        self
    }
}

impl Desk {
    /// A desk, or why there can be none.
    pub(super) fn new(
        shared: &Arc<Shared>,
        news: mpsc::Sender<News>,
        bell: Arc<Notify>,
        counts: Arc<Counts>,
    ) -> Result<Self, String> {
        let setup = &shared.setup;
        let header = HeaderName::from_bytes(setup.header.as_bytes()).map_err(|_| {
            format!(
                "`{}` is no name of a header; choose one such as x-api-key",
                setup.header
            )
        })?;
        let key = setup.key.key().map_err(|error| error.to_string())?;
        Ok(Self {
            shared: Arc::clone(shared),
            header,
            key,
            limits: setup.limits,
            rate: Rate::new(setup.limits.per_second),
            news,
            bell,
            counts,
        })
    }

    /// The desk as a service. Paths are compared here: they are the user's, and no patterns.
    pub(super) fn router(self) -> Router {
        Router::new().fallback(answer).with_state(Arc::new(self))
    }

    /// Who may come in. Nothing of the body is read before this says so.
    fn admit(&self, head: &Parts, expected: Option<u64>) -> Result<(), Refusal> {
        if !self
            .shared
            .setup
            .paths
            .iter()
            .any(|path| path == head.uri.path())
        {
            return Err(Refusal::new(StatusCode::NOT_FOUND, "there is nothing here"));
        }
        if head.method != Method::POST && head.method != Method::PUT {
            let reason = "send with POST or PUT";
            return Err(Refusal::new(StatusCode::METHOD_NOT_ALLOWED, reason)
                .with(ALLOW, HeaderValue::from_static("POST, PUT")));
        }
        let mut shown = head.headers.get_all(&self.header).iter();
        match (shown.next(), shown.next()) {
            (Some(key), None) if self.key.fits(key.as_bytes()) => {}
            (None, _) => {
                let reason = "the request shows no key";
                return Err(Refusal::new(StatusCode::UNAUTHORIZED, reason)
                    .with(WWW_AUTHENTICATE, HeaderValue::from_static("ApiKey")));
            }
            _ => {
                let reason = "the request shows a wrong key";
                return Err(Refusal::new(StatusCode::FORBIDDEN, reason));
            }
        }
        if let Err(seconds) = self.rate.take() {
            let reason = "there are too many requests a second; come again later";
            return Err(
                Refusal::new(StatusCode::TOO_MANY_REQUESTS, reason).with(RETRY_AFTER, seconds)
            );
        }
        if is_encoded(&head.headers) {
            let reason = "send the body without compression";
            return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, reason));
        }
        if expected.is_some_and(|length| length > self.limits.body as u64) {
            return Err(self.too_long());
        }
        Ok(())
    }

    fn too_long(&self) -> Refusal {
        let most = self.limits.body;
        let reason = format!("the body has more than {most} bytes; send less at a time");
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, reason)
    }

    async fn read(&self, body: &mut Body) -> Result<Vec<u8>, Refusal> {
        let most = self.limits.body;
        let all = async {
            let mut read = Vec::new();
            while let Some(bytes) = next_bytes(body).await? {
                if read.len() + bytes.len() > most {
                    return Err(self.too_long());
                }
                read.extend_from_slice(&bytes);
            }
            Ok(read)
        };
        timeout(self.limits.body_time, all)
            .await
            .unwrap_or_else(|_| {
                let reason = "the body took too long";
                Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, reason)
                    .with(CONNECTION, HeaderValue::from_static("close")))
            })
    }

    /// Takes what a request brings: when this returns it is on the disk.
    async fn take(&self, body: &mut Body) -> Result<Taken, Refusal> {
        let bytes = self.read(body).await?;
        let read = document::read(&bytes)
            .map_err(|error| Refusal::new(StatusCode::BAD_REQUEST, error.to_string()))?;
        drop(bytes);
        let counts = (read.notifications.len(), read.documents.len());
        let written = timeout(WRITE_WITHIN, self.write(read)).await;
        match written.unwrap_or_else(|_| Err(InboxError("the disk takes too long".to_owned()))) {
            Ok(new) => Ok(Taken {
                notifications: counts.0,
                documents: counts.1,
                new,
            }),
            Err(error) => {
                self.counts
                    .count(|tally, now| tally.stumbled(error.to_string(), now));
                // What the disk said is for the analyst, not for the sender.
                let reason = "it could not be written down; send it again";
                Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, reason).with(RETRY_AFTER, 5_u64))
            }
        }
    }

    /// Writes down what a body holds, hands the news on, and says how much of it is new.
    async fn write(&self, body: document::Body) -> Result<usize, InboxError> {
        let name = &self.shared.setup.name;
        let mut new = 0;
        let brought = body.notifications.len();
        if brought > 0 {
            let arrived = self.shared.inbox.receive(name, body.notifications).await?;
            self.counts
                .count(|tally, now| tally.took(brought, &arrived, now));
            new += arrived.len();
            self.tell(arrived).await;
        }
        let brought = body.documents.len();
        if brought > 0 {
            let fresh = self.shared.documents.receive(name, body.documents).await?;
            self.counts
                .count(|tally, now| tally.counted(brought, fresh, now));
            new += fresh;
            self.bell.notify_one();
        }
        Ok(new)
    }

    /// They are in the inbox, which is what counts; news that nobody takes for long is let go.
    async fn tell(&self, notifications: Vec<Notification>) {
        if notifications.is_empty() {
            return;
        }
        let seen = Some(Utc::now());
        let arrivals = notifications.into_iter().map(|notification| Arrival {
            notification,
            path: None,
            events: None,
            seen,
        });
        let news = News::Feed(FeedNews::Arrived(arrivals.collect()));
        let _ = self.news.send_timeout(news, TELL_WITHIN).await;
    }
}

async fn answer(State(desk): State<Arc<Desk>>, request: Request) -> Response<Body> {
    let (head, mut body) = request.into_parts();
    let admitted = desk.admit(&head, body.size_hint().exact());
    // A client that asks before it sends a long body is told before it does.
    let asks_first = admitted.is_err() && head.headers.contains_key(EXPECT);
    let outcome = match admitted {
        Ok(()) => desk.take(&mut body).await,
        Err(refusal) => Err(refusal),
    };
    let refusal = match outcome {
        Ok(taken) => {
            let text = json!({
                "notifications": taken.notifications,
                "documents": taken.documents,
                "new": taken.new,
            });
            return response(StatusCode::OK, text.to_string());
        }
        Err(refusal) => refusal,
    };
    let reason = format!(
        "refused with {}: {}",
        refusal.status.as_u16(),
        refusal.reason
    );
    if refusal.status != StatusCode::SERVICE_UNAVAILABLE {
        desk.counts.count(|tally, now| tally.refused(reason, now));
    }
    if refusal.status != StatusCode::REQUEST_TIMEOUT && !asks_first {
        drop_rest(&mut body).await;
    }
    let text = json!({ "error": refusal.reason }).to_string();
    let mut response = response(refusal.status, text);
    if let Some((name, value)) = refusal.header {
        response.headers_mut().insert(name, value);
    }
    response
}

fn response(status: StatusCode, text: String) -> Response<Body> {
    let mut response = Response::new(Body::from(text + "\n"));
    *response.status_mut() = status;
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}

/// Reads on without keeping anything: a connection that is closed on unread bytes is reset, and the
/// answer is lost with it.
async fn drop_rest(body: &mut Body) {
    let all = async {
        let mut dropped = 0;
        while dropped < MOST_DROPPED
            && let Ok(Some(bytes)) = next_bytes(body).await
        {
            dropped += bytes.len();
        }
    };
    let _ = timeout(DROP_WITHIN, all).await;
}

/// The next bytes of a body; `None` at its end.
async fn next_bytes(body: &mut Body) -> Result<Option<Bytes>, Refusal> {
    while let Some(frame) = body.frame().await {
        let frame = frame
            .map_err(|_| Refusal::new(StatusCode::BAD_REQUEST, "the body ended before its end"))?;
        // What is no data is a trailer, which nobody asked for.
        if let Ok(bytes) = frame.into_data() {
            return Ok(Some(bytes));
        }
    }
    Ok(None)
}

fn is_encoded(headers: &HeaderMap) -> bool {
    let mut encodings = headers.get_all(CONTENT_ENCODING).iter();
    encodings.any(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity"))
}
