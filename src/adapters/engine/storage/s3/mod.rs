//! A lake's objects on S3, by the official SDK: listed level by level, read by ranges.
//!
//! Owns the clients, the requests, their pace and their faults, and the disk cache of ranges. Every
//! request is counted; dropping a future ends the requests that it has under way. An object that is
//! gone since it was listed is told apart from every other fault, which fails the query: no row is
//! left out without a word.

mod cache;
mod fault;
mod get;
mod head;
mod list;
mod pace;
mod place;
mod read;
mod traffic;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aws_sdk_s3::Client;
use aws_sdk_s3::config::Region;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::error::SdkError;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::adapters::aws::AwsAccess;
pub use cache::CacheOptions;
use cache::DiskCache;
pub(crate) use fault::ReadFault;
use list::Levels;
pub(crate) use list::fresh_for;
pub(crate) use pace::{PART, coalesce};
pub(crate) use place::S3Object;
pub use place::S3Place;
pub(crate) use read::tail_of;
pub(crate) use traffic::Traffic;

/// The objects that one set of credentials can read.
pub(crate) struct S3Store {
    access: AwsAccess,
    /// A client for each Region.
    clients: Mutex<HashMap<String, Client>>,
    /// The Regions of buckets that the store told, because another was asked.
    told: Mutex<HashMap<String, String>>,
    cache: Option<Arc<DiskCache>>,
    levels: Levels,
    turns: Semaphore,
}

impl fmt::Debug for S3Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3Store")
            .field("access", &self.access)
            .field("cache", &self.cache)
            .finish_non_exhaustive()
    }
}

impl S3Store {
    /// A store that has asked nothing yet.
    pub(crate) fn new(access: AwsAccess, cache: Option<CacheOptions>) -> Self {
        Self {
            access,
            clients: Mutex::default(),
            told: Mutex::default(),
            cache: cache.map(|options| Arc::new(DiskCache::new(options))),
            levels: Levels::default(),
            turns: Semaphore::new(pace::IN_FLIGHT),
        }
    }

    /// A client of the Region where a bucket lies: Security Lake's name theirs, of others the store
    /// tells. It tries once: this room counts requests and waits between them.
    fn client(&self, bucket: &str) -> Client {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let region = told.get(bucket).map(String::as_str);
        let region = region.or_else(|| bucket_region(bucket));
        let region = region.unwrap_or_else(|| self.access.region());
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let client = clients.entry(region.to_owned()).or_insert_with(|| {
            let config = self.access.s3().config().to_builder();
            let config = config
                .region(Region::new(region.to_owned()))
                .retry_config(RetryConfig::disabled());
            Client::from_conf(config.build())
        });
        client.clone()
    }

    /// Whether an answer says that the bucket lies in another Region than was thought, which is then
    /// known. Believed once: a store that sends a bucket to and fro would be asked for ever.
    fn learns_region<E>(&self, bucket: &str, error: &SdkError<E>) -> bool {
        let Some(answer) = error.raw_response() else {
            return false;
        };
        let region = answer.headers().get("x-amz-bucket-region");
        let (301 | 307 | 400, Some(region)) = (answer.status().as_u16(), region) else {
            return false;
        };
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        if told.contains_key(bucket) {
            return false;
        }
        told.insert(bucket.to_owned(), region.to_owned());
        true
    }

    /// Waits until one more request may be sent; it may while the permit is held.
    async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // The semaphore is never closed.
        self.turns.acquire().await.ok()
    }
}

/// `aws-security-data-lake-<region>-<30 characters>` gives its Region.
pub(crate) fn bucket_region(bucket: &str) -> Option<&str> {
    let rest = bucket.strip_prefix("aws-security-data-lake-")?;
    let (region, _) = rest.rsplit_once('-')?;
    (!region.is_empty()).then_some(region)
}
