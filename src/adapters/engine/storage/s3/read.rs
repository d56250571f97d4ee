//! Ranges of an object: from the disk cache, from the object's end that was read for its footer,
//! or from S3, neighbours by one request, several requests at a time.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};

use super::S3Store;
use super::fault::{ReadFault, storage};
use super::pace::{coalesce, parts};
use super::place::S3Object;
use super::traffic::Traffic;
use crate::adapters::engine::footer::TAIL;

/// Requests that the reading of one object may have under way.
const AT_ONCE: usize = 6;

/// The end of an object, which is read as one for its footer.
pub(crate) fn tail_of(size: u64) -> Range<u64> {
    size.saturating_sub(TAIL)..size
}

impl S3Store {
    /// The bytes of ranges, in their order. A range that lies in the object's tail is taken from
    /// there where the tail is at hand.
    pub(crate) async fn read(
        self: &Arc<Self>,
        object: &Arc<S3Object>,
        ranges: &[Range<u64>],
        traffic: &Traffic,
    ) -> Result<Vec<Bytes>, ReadFault> {
        let mut had = self.kept(object, ranges).await;
        let missing: Vec<Range<u64>> = ranges
            .iter()
            .zip(&had)
            .filter(|(_, bytes)| bytes.is_none())
            .map(|(range, _)| range.clone())
            .collect();
        if !missing.is_empty() {
            let asked: Vec<_> = coalesce(&missing)
                .into_iter()
                .map(|run| async move {
                    let bytes = self.run(object, run.clone(), traffic).await?;
                    Ok::<_, ReadFault>((run, bytes))
                })
                .collect();
            let runs: Vec<(Range<u64>, Bytes)> =
                stream::iter(asked).buffered(AT_ONCE).try_collect().await?;
            let mut new = Vec::with_capacity(missing.len());
            for (range, place) in ranges.iter().zip(&mut had) {
                if place.is_none() {
                    let bytes = slice_of(&runs, range).ok_or_else(|| {
                        storage(format!("bytes of {object} were asked for and not fetched"))
                    })?;
                    new.push((range.clone(), bytes.clone()));
                    *place = Some(bytes);
                }
            }
            self.keep(object, new).await;
        }
        Ok(had.into_iter().flatten().collect())
    }

    /// A run of bytes, by as many requests as it takes.
    async fn run(
        &self,
        object: &S3Object,
        run: Range<u64>,
        traffic: &Traffic,
    ) -> Result<Bytes, ReadFault> {
        let asked: Vec<_> = parts(run)
            .map(|part| self.get(object, part, traffic))
            .collect();
        let mut fetched: Vec<Vec<u8>> = stream::iter(asked).buffered(AT_ONCE).try_collect().await?;
        Ok(match (fetched.pop(), fetched.is_empty()) {
            (Some(only), true) => only.into(),
            (last, _) => {
                fetched.extend(last);
                fetched.concat().into()
            }
        })
    }

    /// What of the ranges the disk cache has.
    async fn kept(&self, object: &Arc<S3Object>, ranges: &[Range<u64>]) -> Vec<Option<Bytes>> {
        let Some(cache) = &self.cache else {
            return ranges.iter().map(empty).collect();
        };
        let (cache, object, ranges) = (Arc::clone(cache), Arc::clone(object), ranges.to_vec());
        let count = ranges.len();
        let looked = tokio::task::spawn_blocking(move || {
            let tail = tail_of(object.size);
            // Read at the first range that lies in it.
            let mut tail_bytes: Option<Option<Bytes>> = None;
            let mut found = Vec::with_capacity(ranges.len());
            for range in &ranges {
                let within = tail.start <= range.start && range.end <= tail.end;
                let bytes = if within && range.start < range.end {
                    let whole = tail_bytes.get_or_insert_with(|| cache.get(&object, &tail));
                    let whole = whole.as_ref();
                    whole.and_then(|whole| slice(&tail, whole, range))
                } else {
                    empty(range)
                };
                found.push(bytes.or_else(|| cache.get(&object, range)));
            }
            found
        });
        // A cache that fails has nothing.
        looked.await.unwrap_or_else(|_| vec![None; count])
    }

    async fn keep(&self, object: &Arc<S3Object>, new: Vec<(Range<u64>, Bytes)>) {
        let Some(cache) = &self.cache else { return };
        let (cache, object) = (Arc::clone(cache), Arc::clone(object));
        let written = tokio::task::spawn_blocking(move || {
            for (range, bytes) in new {
                cache.put(&object, &range, &bytes);
            }
        });
        // What cannot be kept is fetched again.
        let _ = written.await;
    }
}

/// The bytes of a range that has none.
fn empty(range: &Range<u64>) -> Option<Bytes> {
    (range.start >= range.end).then(Bytes::new)
}

fn slice_of(runs: &[(Range<u64>, Bytes)], range: &Range<u64>) -> Option<Bytes> {
    runs.iter()
        .find_map(|(run, bytes)| slice(run, bytes, range))
}

/// The bytes of a range that lies in a run.
fn slice(run: &Range<u64>, bytes: &Bytes, range: &Range<u64>) -> Option<Bytes> {
    let start = usize::try_from(range.start.checked_sub(run.start)?).ok()?;
    let end = usize::try_from(range.end.checked_sub(run.start)?).ok()?;
    (start <= end && end <= bytes.len()).then(|| bytes.slice(start..end))
}
