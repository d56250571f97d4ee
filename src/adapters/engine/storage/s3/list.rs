//! What lies under a prefix, level by level, kept for a while.

#![allow(
    clippy::disallowed_methods,
    reason = "this room tells how old a listing is"
)]

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::S3Store;
use super::fault::{Setback, of_list, storage};
use super::pace::{FIRST_PAUSE, TRIES};
use super::place::{S3Object, S3Place};
use super::traffic::Traffic;
use crate::adapters::aws::pause;
use crate::domain::query::QueryError;

/// One level under a prefix.
#[derive(Debug)]
pub(crate) struct Level {
    /// The prefixes below, whole, each with a slash at its end.
    pub folders: Vec<S3Place>,
    /// The objects that lie here.
    pub objects: Vec<S3Object>,
    at: Instant,
}

impl Level {
    /// How long ago it was listed.
    pub(crate) fn age(&self) -> Duration {
        self.at.elapsed()
    }
}

/// How long a listing may serve again. Objects of today arrive by the minute; those of days that
/// are over by more than one are late ones.
pub(crate) fn fresh_for(day: Option<&str>) -> Duration {
    const SHORT: Duration = Duration::from_secs(60);
    const LONG: Duration = Duration::from_secs(15 * 60);
    let yesterday = (chrono::Utc::now() - chrono::TimeDelta::days(1)).format("%Y%m%d");
    // Days are written so that their texts have their order.
    match day {
        Some(day) if *day < *yesterday.to_string() => LONG,
        _ => SHORT,
    }
}

/// Levels by their place, up to a number of entries.
#[derive(Debug, Default)]
pub(super) struct Levels {
    known: Mutex<Shelf>,
}

#[derive(Debug, Default)]
struct Shelf {
    levels: HashMap<S3Place, Arc<Level>>,
    entries: usize,
}

/// Prefixes and objects that are kept at most; some hundred bytes each.
const MOST: usize = 400_000;

impl Levels {
    fn get(&self, place: &S3Place, fresh: Duration) -> Option<Arc<Level>> {
        let shelf = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let level = shelf.levels.get(place)?;
        (level.age() < fresh).then(|| Arc::clone(level))
    }

    fn put(&self, place: S3Place, level: Arc<Level>) {
        let entries = |level: &Level| 1 + level.folders.len() + level.objects.len();
        let mut shelf = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.entries += entries(&level);
        if let Some(old) = shelf.levels.insert(place, level) {
            shelf.entries -= entries(&old);
        }
        if shelf.entries > MOST {
            let mut by_age: Vec<(Instant, S3Place)> = shelf
                .levels
                .iter()
                .map(|(place, level)| (level.at, place.clone()))
                .collect();
            by_age.sort();
            for (_, place) in by_age {
                if shelf.entries <= MOST / 2 {
                    break;
                }
                if let Some(old) = shelf.levels.remove(&place) {
                    shelf.entries -= entries(&old);
                }
            }
        }
    }
}

impl S3Store {
    /// What lies under a prefix; a listing that is no older than `fresh` serves again.
    ///
    /// # Errors
    ///
    /// `Denied` with the right to grant, `UnknownName` for a bucket that is none, `Busy` and
    /// `Storage` where the store does not answer in spite of several tries.
    pub(crate) async fn level(
        &self,
        place: &S3Place,
        fresh: Duration,
        traffic: &Traffic,
    ) -> Result<Arc<Level>, QueryError> {
        if let Some(level) = self.levels.get(place, fresh) {
            return Ok(level);
        }
        let at = Instant::now();
        let (mut folders, mut objects) = (Vec::new(), Vec::new());
        let mut token = None;
        loop {
            let next = self
                .page(place, token.clone(), &mut folders, &mut objects, traffic)
                .await?;
            match next {
                None => break,
                Some(_) if next == token => {
                    let message = format!("the store gives one page of {place} again and again");
                    return Err(storage(message));
                }
                more => token = more,
            }
        }
        let level = Arc::new(Level {
            folders,
            objects,
            at,
        });
        self.levels.put(place.clone(), Arc::clone(&level));
        Ok(level)
    }

    /// One page of a listing, asked for again where that may help; gives the next one's token.
    async fn page(
        &self,
        place: &S3Place,
        token: Option<String>,
        folders: &mut Vec<S3Place>,
        objects: &mut Vec<S3Object>,
        traffic: &Traffic,
    ) -> Result<Option<String>, QueryError> {
        let mut times = 0;
        loop {
            let turn = self.turn().await;
            traffic.request();
            let answer = self
                .client(&place.bucket)
                .list_objects_v2()
                .bucket(&place.bucket)
                .prefix(&place.prefix)
                .delimiter("/")
                .set_continuation_token(token.clone())
                .send()
                .await;
            drop(turn);
            let error = match answer {
                Ok(page) => {
                    let below = page.common_prefixes.unwrap_or_default();
                    let below = below.into_iter().filter_map(|below| below.prefix);
                    folders.extend(below.map(|prefix| place.at(&prefix)));
                    let found = page.contents.unwrap_or_default();
                    objects.extend(found.into_iter().filter_map(|object| {
                        Some(S3Object {
                            bucket: place.bucket.clone(),
                            key: object.key?,
                            etag: object.e_tag,
                            version: None,
                            size: u64::try_from(object.size?).ok()?,
                            modified: object
                                .last_modified
                                .and_then(|time| SystemTime::try_from(time).ok())
                                .unwrap_or(SystemTime::UNIX_EPOCH),
                        })
                    }));
                    let more = page.is_truncated.unwrap_or(false);
                    return Ok(page.next_continuation_token.filter(|_| more));
                }
                Err(error) => error,
            };
            if self.learns_region(&place.bucket, &error) {
                continue;
            }
            let told = match of_list(&self.access, place, &error) {
                Setback::Final(told) => return Err(told),
                Setback::Again(told) => told,
            };
            times += 1;
            if times >= TRIES {
                let message = format!("{} ({times} tries)", told.message);
                return Err(QueryError { message, ..told });
            }
            tokio::time::sleep(pause(FIRST_PAUSE, times)).await;
        }
    }
}
