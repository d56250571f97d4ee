//! A range of an object by checked requests.
//!
//! What arrives is compared with what the answer promises: a body that ends short, breaks or stalls
//! is asked for again from where it ended, so that no byte comes twice and none is missing. All of
//! it belongs to the object that was listed, by its ETag and size.

use std::ops::Range;

use aws_sdk_s3::operation::get_object::GetObjectOutput;

use super::S3Store;
use super::fault::{ReadFault, Setback, changed, of_get, storage};
use super::pace::{FIRST_PAUSE, STALL, TRIES, TRIES_IN_ALL};
use super::place::S3Object;
use super::traffic::Traffic;
use crate::adapters::aws::{content_range, pause, reasons};
use crate::domain::query::QueryError;

impl S3Store {
    /// The bytes of one range, which must lie inside the object.
    pub(super) async fn get(
        &self,
        object: &S3Object,
        range: Range<u64>,
        traffic: &Traffic,
    ) -> Result<Vec<u8>, ReadFault> {
        let wanted = range.end.saturating_sub(range.start);
        let mut bytes = Vec::new();
        let (mut fruitless, mut times) = (0, 0);
        loop {
            let before = bytes.len();
            let setback = match self.ask(object, &range, &mut bytes, traffic).await {
                Ok(()) if bytes.len() as u64 == wanted => return Ok(bytes),
                Ok(()) => cut_short(
                    object,
                    wanted - bytes.len() as u64,
                    "the answer ended early",
                ),
                Err(Setback::Final(fault)) => return Err(fault),
                Err(Setback::Again(error)) => error,
            };
            if bytes.len() > before {
                fruitless = 0;
            }
            fruitless += 1;
            times += 1;
            if fruitless >= TRIES || times >= TRIES_IN_ALL {
                let message = format!("{} ({times} tries)", setback.message);
                return Err(QueryError { message, ..setback }.into());
            }
            tokio::time::sleep(pause(FIRST_PAUSE, fruitless)).await;
        }
    }

    /// One request for what is missing of a range.
    async fn ask(
        &self,
        object: &S3Object,
        range: &Range<u64>,
        bytes: &mut Vec<u8>,
        traffic: &Traffic,
    ) -> Result<(), Setback<ReadFault>> {
        let from = range.start + bytes.len() as u64;
        let _turn = self.turn().await;
        traffic.request();
        let answer = self
            .client(&object.bucket)
            .get_object()
            .bucket(&object.bucket)
            .key(&object.key)
            .range(format!("bytes={from}-{}", range.end.saturating_sub(1)))
            .set_if_match(object.etag.clone())
            .send()
            .await;
        let mut answer = answer.map_err(|error| {
            if self.learns_region(&object.bucket, &error) {
                return Setback::Again(storage(format!("{object} lies in another Region")));
            }
            of_get(&self.access, object, &error)
        })?;
        let told = promised(object, &answer)?;
        if told.start != from || told.end > range.end {
            let message = format!(
                "the store answered with bytes {}-{} of {object} where {from}-{} were asked for",
                told.start,
                told.end.saturating_sub(1),
                range.end.saturating_sub(1)
            );
            return Err(Setback::Again(storage(message)));
        }
        let before = bytes.len();
        let read = body(&mut answer, told.end - told.start, bytes, traffic).await;
        let missing = (range.end - range.start).saturating_sub(bytes.len() as u64);
        match read {
            Ok(()) => Ok(()),
            // All that was asked for is there: what happens to the connection then is no matter.
            Err(Broken::Cut(_)) if missing == 0 => Ok(()),
            Err(Broken::Cut(why)) => Err(Setback::Again(cut_short(object, missing, &why))),
            Err(Broken::Overlong) => {
                // What the answer brought is not what it promised: none of it is kept.
                bytes.truncate(before);
                let why = "the answer is longer than it promised";
                Err(Setback::Again(cut_short(object, missing, why)))
            }
        }
    }
}

/// Which bytes an answer holds; its object must be the one that was listed.
fn promised(object: &S3Object, answer: &GetObjectOutput) -> Result<Range<u64>, Setback<ReadFault>> {
    let other = |etag: &str| object.etag.as_deref().is_some_and(|listed| listed != etag);
    if answer.e_tag().is_some_and(other) {
        return Err(Setback::Final(changed(object).into()));
    }
    let (range, size) = match answer.content_range() {
        Some(text) => content_range(text).ok_or_else(|| {
            let message = format!("the store answered with the range {text:?} of {object}");
            Setback::Again(storage(message))
        })?,
        // Without a range it is the whole object.
        None => {
            let size = answer.content_length().unwrap_or_default();
            let size = u64::try_from(size).unwrap_or_default();
            (0..size, size)
        }
    };
    if size != object.size {
        return Err(Setback::Final(changed(object).into()));
    }
    Ok(range)
}

/// How a body ended that did not end as it should.
enum Broken {
    Cut(String),
    /// It brought more than promised.
    Overlong,
}

/// Appends a body, at most as long as promised.
async fn body(
    answer: &mut GetObjectOutput,
    promised: u64,
    bytes: &mut Vec<u8>,
    traffic: &Traffic,
) -> Result<(), Broken> {
    // At most a part, so it fits.
    let mut room = usize::try_from(promised).unwrap_or(usize::MAX);
    bytes.reserve(room.min(64 << 20));
    loop {
        match tokio::time::timeout(STALL, answer.body.next()).await {
            Err(_) => return Err(Broken::Cut(format!("nothing came for {STALL:?}"))),
            Ok(None) => return Ok(()),
            Ok(Some(Err(error))) => return Err(Broken::Cut(reasons(&error))),
            Ok(Some(Ok(piece))) => {
                traffic.received(piece.len() as u64);
                if piece.len() > room {
                    return Err(Broken::Overlong);
                }
                room -= piece.len();
                bytes.extend_from_slice(&piece);
            }
        }
    }
}

fn cut_short(object: &S3Object, missing: u64, why: &str) -> QueryError {
    storage(format!("{missing} bytes of {object} did not arrive: {why}"))
        .with_hint("check the network, then run it again: what has arrived is kept")
}
