//! A bucket without notifications: its prefixes are listed now and then.
//!
//! Objects have names by chance, so a listing cannot begin where the last one ended: every pass
//! lists the days that may still get objects, the newest first, and the inbox knows what is new. A
//! pass that was broken off goes on behind the last page whose objects are in the inbox.

#![allow(
    clippy::disallowed_methods,
    reason = "this room owns the clock that stamps what was found"
)]

mod pages;
mod tree;

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use futures::stream::BoxStream;

use super::door::AwsDoor;
use super::tally::Tally;
use super::telling::{Teller, telling};
use crate::adapters::aws::pause;
use crate::domain::lake::{Arrival, Notification};
use crate::ports::{FeedNews, Inbox, NotificationSource};
use pages::{Bucket, Trouble};
use tree::Tree;

/// The first pause after a failure; the next ones are longer, up to some seconds.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// Failures in a row after which a source that is to end ends.
const TRIES_ONCE: u32 = 5;

/// Passes after which the tree of prefixes is looked at anew: an account or a source that is new
/// shows up then. A new day is no new prefix: its name is known.
const PASSES_OF_A_TREE: u32 = 15;

/// How often and how far back a bucket is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListingOptions {
    /// The time from the end of a pass to the beginning of the next.
    pub period: Duration,
    /// Days that are listed, today included.
    pub days: u32,
}

impl Default for ListingOptions {
    fn default() -> Self {
        Self {
            period: Duration::from_secs(60),
            days: 3,
        }
    }
}

/// A prefix of a bucket as a source of notifications.
#[derive(Clone)]
pub struct ListingSource {
    name: String,
    bucket: String,
    prefix: String,
    door: AwsDoor,
    inbox: Arc<dyn Inbox>,
    options: ListingOptions,
    once: bool,
}

/// A text that names no bucket.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` names no bucket: write s3:s3://BUCKET/PREFIX")]
pub struct NoBucket(String);

impl ListingSource {
    /// A source over `s3://BUCKET/PREFIX`. `name` is what it is called in the inbox and on the
    /// screen.
    ///
    /// # Errors
    ///
    /// A location that names no bucket.
    pub fn new(
        name: impl Into<String>,
        location: &str,
        door: AwsDoor,
        inbox: Arc<dyn Inbox>,
        options: ListingOptions,
    ) -> Result<Self, NoBucket> {
        let rest = location.strip_prefix("s3:").unwrap_or(location);
        let rest = rest.strip_prefix("//").unwrap_or(rest);
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if bucket.is_empty() {
            return Err(NoBucket(location.to_owned()));
        }
        let mut prefix = prefix.to_owned();
        if !prefix.is_empty() && !prefix.ends_with('/') {
            prefix.push('/');
        }
        Ok(Self {
            name: name.into(),
            bucket: bucket.to_owned(),
            prefix,
            door,
            inbox,
            options,
            once: false,
        })
    }

    /// Ends after one whole pass.
    #[must_use]
    pub fn once(mut self) -> Self {
        self.once = true;
        self
    }

    /// The days that are listed, the newest first.
    fn days(&self, now: DateTime<Utc>) -> Vec<NaiveDate> {
        let today = now.date_naive();
        let back = (0..i64::from(self.options.days.max(1))).map(TimeDelta::days);
        back.filter_map(|back| today.checked_sub_signed(back))
            .collect()
    }

    async fn run(self, teller: Teller) {
        let mut tally = Tally::new(&self.name);
        tally.note(format!(
            "lists the objects of the last {} days every {} s; S3 charges for each 1,000 listed",
            self.options.days.max(1),
            self.options.period.as_secs()
        ));
        let (mut failures, mut tree, mut passes) = (0, None, 0);
        if teller.send(tally.news(Utc::now())).await.is_err() {
            return;
        }
        loop {
            let outcome = self.pass(&mut tree, &mut tally, &teller, passes == 0).await;
            match outcome {
                Ok(()) => {
                    failures = 0;
                    passes += 1;
                    if passes % PASSES_OF_A_TREE == 0 {
                        tree = None;
                    }
                    tally.well();
                }
                Err(Trouble::Unheard) => return,
                Err(Trouble::Refused { reason, may_pass }) => {
                    failures = if may_pass || !self.once {
                        failures + 1
                    } else {
                        TRIES_ONCE
                    };
                    tree = None;
                    tally.failed(reason, Utc::now());
                }
            }
            if teller.send(tally.news(Utc::now())).await.is_err()
                || (self.once && (failures == 0 || failures >= TRIES_ONCE))
            {
                return;
            }
            tokio::time::sleep(match failures {
                0 => self.options.period,
                _ => pause(FIRST_PAUSE, failures),
            })
            .await;
        }
    }

    /// Lists everything that may have something new.
    async fn pass(
        &self,
        tree: &mut Option<Tree>,
        tally: &mut Tally,
        teller: &Teller,
        is_first: bool,
    ) -> Result<(), Trouble> {
        let opened = self.door.open().await;
        let access = opened.map_err(|error| Trouble::final_of(error.to_string()))?;
        let bucket = Bucket::new(access, &self.bucket);
        let tree = match tree {
            Some(tree) => tree,
            None => tree.insert(Tree::walk(&bucket, &self.prefix).await?),
        };
        if tree.is_cut() {
            tally.note("there are more prefixes than are looked at: name a deeper one");
        }
        for place in tree.places(&self.days(Utc::now())) {
            let mark = format!("{} {}", self.name, place.prefix);
            let went = self.inbox.mark(&mark).await;
            let mut after = went.map_err(|error| Trouble::final_of(error.0))?;
            after = after.filter(|key| !key.is_empty());
            let was_broken_off = after.is_some();
            loop {
                let page = bucket.page(&place, after.as_deref()).await?;
                self.take(page.objects, tally, teller, is_first).await?;
                let Some(last) = page.last.filter(|_| page.more) else {
                    break;
                };
                self.set_mark(&mark, &last).await?;
                after = Some(last);
            }
            if after.is_some() || was_broken_off {
                self.set_mark(&mark, "").await?;
            }
        }
        Ok(())
    }

    async fn set_mark(&self, mark: &str, key: &str) -> Result<(), Trouble> {
        let set = self.inbox.set_mark(mark, key).await;
        set.map_err(|error| Trouble::final_of(error.0))
    }

    async fn take(
        &self,
        objects: Vec<Notification>,
        tally: &mut Tally,
        teller: &Teller,
        is_first: bool,
    ) -> Result<(), Trouble> {
        let brought = objects.len();
        let received = self.inbox.receive(&self.name, objects).await;
        let new = received.map_err(|error| Trouble::final_of(error.0))?;
        let now = Utc::now();
        // What a listing finds again is no delivery for the second time.
        tally.took(new.len().min(brought), &new, now);
        if new.is_empty() {
            return Ok(());
        }
        let arrivals = new.into_iter().map(|notification| Arrival {
            notification,
            path: None,
            events: None,
            seen: (!is_first).then_some(now),
        });
        let arrived = FeedNews::Arrived(arrivals.collect());
        let told = teller.send(arrived).await;
        told.map_err(|_| Trouble::Unheard)
    }
}

impl NotificationSource for ListingSource {
    fn name(&self) -> &str {
        &self.name
    }

    fn watch(&self) -> BoxStream<'static, FeedNews> {
        let source = self.clone();
        telling(move |teller| source.run(teller))
    }
}
