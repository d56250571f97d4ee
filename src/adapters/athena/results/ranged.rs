//! An object of S3 by ranged, parallel, checked requests.
//!
//! Every part is compared with what its answer promises: a body that ends short, breaks or stalls
//! is asked for again from where it ended, so that no byte comes twice and none is missing. All
//! parts belong to the object that the first one saw (by its ETag and size). Memory is bounded by
//! the parts in flight.

#![allow(
    clippy::disallowed_methods,
    reason = "each part in flight is a task, which ends with the stream that owns it"
)]

mod plan;

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_sdk_s3::Client;
use aws_sdk_s3::error::SdkError;
use aws_sdk_s3::operation::get_object::{GetObjectError, GetObjectOutput};
use futures::stream::{self, Stream, StreamExt as _};
use tokio_util::task::AbortOnDropHandle;

pub(super) use plan::Pace;
use plan::parts;

use crate::adapters::aws::{Fault, content_range, explain, fault_of, pause, reasons};
use crate::domain::query::{QueryError, QueryErrorKind};

/// The permission that reading an object takes.
const ACTION: &str = "s3:GetObject";

/// Where an object lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    bucket: String,
    key: String,
}

impl Place {
    /// Of `s3://bucket/key`.
    pub(super) fn of(location: &str) -> Option<Self> {
        let (bucket, key) = location.strip_prefix("s3://")?.split_once('/')?;
        (!bucket.is_empty() && !key.is_empty()).then(|| Self {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
        })
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "s3://{}/{}", self.bucket, self.key)
    }
}

/// What came over the network so far.
#[derive(Debug, Clone, Default)]
pub(super) struct Counters {
    /// Bytes, those of broken answers included.
    pub(super) fetched: Arc<AtomicU64>,
    /// Requests.
    pub(super) requests: Arc<AtomicU64>,
}

/// Why an object cannot be read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Unreadable {
    /// The kind, which tells whether another way to the rows is worth trying.
    pub reason: Reason,
    /// For a person.
    pub error: QueryError,
}

/// The kinds of [`Unreadable`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// There is no such object.
    Missing,
    /// Rights are missing.
    Denied,
    /// Credentials are missing or have expired: no other way is open either.
    Credentials,
    /// The object is no longer the one whose reading began.
    Changed,
    /// The store refuses, or answers otherwise than S3 does.
    Refused,
    /// Every answer broke off, or none came.
    Broken,
}

/// An object whose first part has arrived.
#[derive(Debug)]
pub(super) struct Object {
    /// All its bytes.
    pub size: u64,
    /// The first of them; all where it is small.
    pub first: Vec<u8>,
    source: Arc<Source>,
}

#[derive(Debug)]
struct Source {
    client: Client,
    place: Place,
    counters: Counters,
    pace: Pace,
    /// Which object it is; unknown before the first answer.
    known: Option<Known>,
}

/// What the first answer tells of the object, and every other must tell as well.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Known {
    size: u64,
    etag: Option<String>,
}

/// How one request ended that did not bring all.
enum Setback {
    /// The missing bytes may be asked for again.
    Again(QueryError),
    /// No request will bring them.
    Final(Unreadable),
    /// The object has no bytes.
    Empty,
}

impl Object {
    /// Fetches the first part.
    pub(super) async fn open(
        client: &Client,
        place: Place,
        counters: Counters,
        pace: Pace,
    ) -> Result<Self, Unreadable> {
        let mut source = Source {
            client: client.clone(),
            place,
            counters,
            pace,
            known: None,
        };
        let mut known = None;
        let first = source.fetch(0..pace.first.max(1), &mut known).await?;
        let size = known.as_ref().map_or(0, |known| known.size);
        source.known = known;
        Ok(Self {
            size,
            first,
            source: Arc::new(source),
        })
    }

    /// Takes the first part, and gives the bytes behind it in order. Ends after the first error.
    /// Dropping the stream ends every request that is under way.
    pub(super) fn parts(
        self,
    ) -> (
        Vec<u8>,
        impl Stream<Item = Result<Vec<u8>, Unreadable>> + Send,
    ) {
        let Self {
            size,
            first,
            source,
        } = self;
        let pace = source.pace;
        let rest = stream::iter(parts(first.len() as u64, size, pace))
            .map(move |part| {
                let source = Arc::clone(&source);
                let task = AbortOnDropHandle::new(tokio::spawn(async move {
                    let mut known = source.known.clone();
                    source.fetch(part, &mut known).await
                }));
                async move {
                    task.await.unwrap_or_else(|_| {
                        let message = "the task that fetched a part of the result failed";
                        Err(Unreadable {
                            reason: Reason::Broken,
                            error: QueryError::new(QueryErrorKind::Internal, message),
                        })
                    })
                }
            })
            .buffered(pace.in_flight.max(1));
        (first, rest)
    }
}

impl Source {
    /// Fetches a range, as far as the object has it, asking again for what is missing.
    async fn fetch(
        &self,
        range: Range<u64>,
        known: &mut Option<Known>,
    ) -> Result<Vec<u8>, Unreadable> {
        // A store that gives a few bytes an answer is given up as well.
        const TIMES_IN_ALL: u32 = 8;
        let mut bytes = Vec::new();
        let (mut fruitless, mut times) = (0, 0);
        loop {
            let before = bytes.len();
            let setback = match self.ask(&range, known, &mut bytes).await {
                Ok(()) => return Ok(bytes),
                Err(Setback::Empty) => return Ok(Vec::new()),
                Err(Setback::Final(unreadable)) => return Err(unreadable),
                Err(Setback::Again(error)) => error,
            };
            if bytes.len() > before {
                fruitless = 0;
            }
            fruitless += 1;
            times += 1;
            let tries = self.pace.tries.max(1);
            if fruitless >= tries || times >= tries.saturating_mul(TIMES_IN_ALL) {
                return Err(Unreadable {
                    reason: Reason::Broken,
                    error: QueryError {
                        message: format!("{} ({times} tries)", setback.message),
                        ..setback
                    },
                });
            }
            tokio::time::sleep(pause(self.pace.wait, fruitless)).await;
        }
    }

    /// One request for what is missing of a range.
    async fn ask(
        &self,
        range: &Range<u64>,
        known: &mut Option<Known>,
        bytes: &mut Vec<u8>,
    ) -> Result<(), Setback> {
        let from = range.start + bytes.len() as u64;
        let etag = known.as_ref().and_then(|known| known.etag.clone());
        self.counters.requests.fetch_add(1, Ordering::Relaxed);
        let answer = self
            .client
            .get_object()
            .bucket(&self.place.bucket)
            .key(&self.place.key)
            .range(format!("bytes={from}-{}", range.end.saturating_sub(1)))
            .set_if_match(etag)
            .send()
            .await;
        let mut answer = match answer {
            Ok(answer) => answer,
            Err(error) => return Err(self.setback(&error, from, known.is_some())),
        };
        let (told, size) = self.told(&answer, from)?;
        // A store that leaves the ETag out of a later answer was asked with If-Match.
        let seen = Known {
            size,
            etag: answer.e_tag.take(),
        };
        let first = known.get_or_insert_with(|| seen.clone());
        let other = seen.etag.is_some() && seen.etag != first.etag;
        if other || seen.size != first.size {
            return Err(Setback::Final(self.changed()));
        }
        if told.start != from || told.end > range.end || told.end > size {
            let message = format!(
                "the store answered with bytes {}-{} of {size} of {} where {from}-{} were asked for",
                told.start,
                told.end.saturating_sub(1),
                self.place,
                range.end.saturating_sub(1)
            );
            return Err(Setback::Again(storage(message)));
        }
        let before = bytes.len();
        let outcome = self.read(&mut answer, told.end - told.start, bytes).await;
        if matches!(outcome, Err(ReadFault::Overlong)) {
            // What the answer brought is not what it promised: none of it is kept.
            bytes.truncate(before);
        }
        let wanted = range.end.min(size) - range.start;
        if bytes.len() as u64 == wanted {
            return Ok(());
        }
        let missing = wanted - bytes.len() as u64;
        let why = match outcome {
            Ok(()) => "the answer ended early".to_owned(),
            Err(ReadFault::Broke(why)) => why,
            Err(ReadFault::Overlong) => "the answer is longer than it promised".to_owned(),
        };
        let message = format!("{missing} bytes of {} did not arrive: {why}", self.place);
        Err(Setback::Again(storage(message)))
    }

    /// Which bytes the answer holds, and how many the object has.
    fn told(&self, answer: &GetObjectOutput, from: u64) -> Result<(Range<u64>, u64), Setback> {
        if let Some(range) = answer.content_range() {
            return content_range(range).ok_or_else(|| {
                let message = format!("the store answered with the range {range:?}");
                Setback::Final(self.refused(message))
            });
        }
        // Without a range it is the whole object, which serves where that is no more than asked.
        let size = answer
            .content_length()
            .and_then(|size| u64::try_from(size).ok());
        match size {
            Some(size) if from == 0 && size <= self.pace.first => Ok((0..size, size)),
            _ => {
                let message = format!("the store does not give a part of {} alone", self.place);
                Err(Setback::Final(self.refused(message)))
            }
        }
    }

    /// Appends the body, at most as long as promised.
    async fn read(
        &self,
        answer: &mut GetObjectOutput,
        promised: u64,
        bytes: &mut Vec<u8>,
    ) -> Result<(), ReadFault> {
        // At most a part, so it fits.
        let mut room = usize::try_from(promised).unwrap_or(usize::MAX);
        bytes.reserve(room.min(64 << 20));
        let broke = |why: String| ReadFault::Broke(why);
        loop {
            let next = tokio::time::timeout(self.pace.stall, answer.body.next());
            match next.await {
                Err(_) if room == 0 => return Ok(()),
                Err(_) => {
                    let stall = self.pace.stall;
                    return Err(broke(format!("nothing came for {stall:?}")));
                }
                Ok(None) => return Ok(()),
                Ok(Some(Err(_))) if room == 0 => return Ok(()),
                Ok(Some(Err(error))) => return Err(broke(reasons(&error))),
                Ok(Some(Ok(piece))) => {
                    let length = piece.len() as u64;
                    self.counters.fetched.fetch_add(length, Ordering::Relaxed);
                    if piece.len() > room {
                        return Err(ReadFault::Overlong);
                    }
                    room -= piece.len();
                    bytes.extend_from_slice(&piece);
                }
            }
        }
    }

    /// What an error answer leads to.
    fn setback(&self, error: &SdkError<GetObjectError>, from: u64, known: bool) -> Setback {
        let status = error.raw_response().map(|answer| answer.status().as_u16());
        match status {
            // No byte is at the object's first: it has none.
            Some(416) if from == 0 && !known => return Setback::Empty,
            Some(412 | 416) => return Setback::Final(self.changed()),
            _ => {}
        }
        let mut explained = explain(ACTION, error);
        explained.message = format!("{} ({})", explained.message, self.place);
        let reason = match fault_of(error) {
            fault if fault.may_pass() => return Setback::Again(explained),
            Fault::Credentials => Reason::Credentials,
            Fault::Denied => Reason::Denied,
            Fault::Missing => Reason::Missing,
            _ => Reason::Refused,
        };
        Setback::Final(Unreadable {
            reason,
            error: explained,
        })
    }

    fn changed(&self) -> Unreadable {
        let message = format!("{} was overwritten while it was read", self.place);
        Unreadable {
            reason: Reason::Changed,
            error: storage(message).with_hint("open the result again"),
        }
    }

    fn refused(&self, message: String) -> Unreadable {
        Unreadable {
            reason: Reason::Refused,
            error: storage(message),
        }
    }
}

/// How a body ended that did not end as it should.
enum ReadFault {
    Broke(String),
    /// It brought more than promised.
    Overlong,
}

fn storage(message: String) -> QueryError {
    QueryError::new(QueryErrorKind::Storage, message)
}

#[cfg(test)]
mod tests;
