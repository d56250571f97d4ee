//! All ways from a bucket to the program at once: four to queues, and the fifth to the webhook.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::net::TcpListener;
use std::ops::Range;
use std::path::Path;

use lakehound::adapters::inbox::DiskInbox;
use lakehound::ports::Inbox as _;

use super::any_below;
use super::repeater::Repeater;
use super::wiring::{Destination, WAYS, api_destination, depth};
use crate::peer::Peer;

/// The bucket whose objects the webhook is told of.
const OF_THE_WEBHOOK: &str = "lake-webhook";

/// The header and the key that the API destination shows.
const HEADER: &str = "x-lake-key";
const KEY: &str = "a-key-that-only-tests-have";

/// The buckets, queues and the webhook of a test.
pub(super) struct Ways {
    queues: Vec<String>,
    /// The program's sources: the queues and the webhook.
    pub(super) sources: Vec<String>,
    pub(super) repeater: Repeater,
}

impl Ways {
    /// Makes them, with mishaps on the way to the webhook or without.
    pub(super) fn make(peer: &Peer, has_mishaps: bool) -> Self {
        let queues: Vec<String> = WAYS.map(|way| way.make(peer)).into();
        let port = free_port();
        let repeater = Repeater::before(port, has_mishaps);
        let destination = Destination {
            url: &repeater.url(),
            method: "POST",
            header: HEADER,
            key: KEY,
        };
        api_destination(peer, OF_THE_WEBHOOK, &destination);
        let mut sources: Vec<String> = queues.iter().map(|url| format!("sqs:{url}")).collect();
        sources.push(format!("webhook:127.0.0.1:{port}"));
        Self {
            queues,
            sources,
            repeater,
        }
    }

    /// Adds what the webhook needs to a configuration: the key, and a rate that asks some to come
    /// again.
    pub(super) fn configure(&self, config: &Path, per_second: u32) {
        let key = config.with_file_name("webhook.key");
        std::fs::write(&key, KEY).unwrap();
        let mut file = std::fs::OpenOptions::new()
            .append(true)
            .open(config)
            .unwrap();
        let lines = format!(
            "[feed.webhook]\nheader = '{HEADER}'\nkey_file = '{}'\nrequests_per_second = {per_second}\n",
            key.display()
        );
        file.write_all(lines.as_bytes()).unwrap();
    }

    /// Puts objects, each into the bucket of the next way.
    pub(super) fn put(peer: &Peer, numbers: Range<usize>) {
        for number in numbers {
            let (bucket, key) = named(number);
            peer.put_object(&bucket, &key, b"rows");
        }
    }

    /// Messages that are left in the queues.
    pub(super) fn depth(&self, peer: &Peer) -> u64 {
        self.queues.iter().map(|url| depth(peer, url)).sum()
    }

    /// Waits until all of so many objects that go to the webhook were taken by it.
    pub(super) fn wait_for_the_webhook(&self, objects: usize) {
        let its_own = |(bucket, _): &(String, String)| bucket == OF_THE_WEBHOOK;
        let count = all_named(objects).iter().filter(|one| its_own(one)).count();
        self.repeater.wait_until_delivered(count as u64);
    }

    /// What is in an inbox of all ways, each as often as it is there.
    pub(super) async fn kept(&self, inbox: &DiskInbox) -> Vec<(String, String)> {
        let mut kept = Vec::new();
        for source in &self.sources {
            let of_it = inbox.recent(source, usize::MAX).await.unwrap();
            kept.extend(of_it.into_iter().map(|arrival| {
                let notification = arrival.notification;
                (notification.bucket, notification.key.key)
            }));
        }
        kept.sort();
        kept
    }
}

/// The bucket and key of an object.
fn named(number: usize) -> (String, String) {
    let way = WAYS.get(number % (WAYS.len() + 1));
    let bucket = way.map_or(OF_THE_WEBHOOK.to_owned(), |way| way.bucket());
    let key = format!(
        "aws/S3_DATA/2.0/region=us-east-1/accountId=000011112222/eventDay=20260301/{number:032x}.gz.parquet"
    );
    (bucket, key)
}

/// Those of so many objects.
pub(super) fn all_named(objects: usize) -> BTreeSet<(String, String)> {
    (0..objects).map(named).collect()
}

/// A port that stays free while nobody listens on it: it is none of those that the system gives to
/// outgoing connections.
fn free_port() -> u16 {
    loop {
        let port = 10_000 + u16::try_from(any_below(20_000)).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
