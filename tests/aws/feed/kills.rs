//! `watch` is killed again and again while objects are put: at the end each is in the inbox once,
//! and the queues are empty.
//!
//! `LAKEHOUND_FEED_OBJECTS` and `LAKEHOUND_FEED_KILLS` say how many.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use lakehound::adapters::inbox::DiskInbox;
use lakehound::ports::Inbox as _;
use serde_json::{Value, json};

use super::wiring::{WAYS, depth};
use super::{any_below, any_moment, home, notified, watch_once};
use crate::home::Home;
use crate::peer::Peer;
use crate::proxy::Proxy;

fn setting(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

#[test]
fn every_object_is_there_once_though_the_console_is_killed() {
    let peer = Peer::start();
    let objects = setting("LAKEHOUND_FEED_OBJECTS", 150);
    let kills = setting("LAKEHOUND_FEED_KILLS", 4);
    survive(&peer, &peer.endpoint(), objects, kills);
}

#[test]
fn every_object_is_there_once_whatever_goes_wrong_on_the_way() {
    let peer = Peer::start();
    let proxy = Proxy::before(&[peer.endpoint()]).remove(0);
    let mut rules = Vec::new();
    for operation in ["ReceiveMessage", "DeleteMessageBatch"] {
        for fault in [
            json!({"error": {"code": "ThrottlingException", "message": "Rate exceeded"}}),
            json!({"error": {"code": "ExpiredTokenException", "message": "expired"}}),
            json!({"error": {"code": "InternalError", "status": 500, "message": "internal"}}),
            json!({"reset": true}),
            // The service has carried it out, and its answer is lost on the way.
            json!({"response": {"abort_bytes": 1}}),
        ] {
            let mut rule = fault;
            rule["service"] = json!("sqs");
            rule["operation"] = json!(operation);
            rule["times"] = json!(2);
            rules.push(rule);
        }
    }
    let faults = rules.len() as u64 * 2;
    proxy.set_rules(&Value::Array(rules));
    let objects = setting("LAKEHOUND_FEED_OBJECTS", 60);
    let kills = setting("LAKEHOUND_FEED_KILLS", 1);
    survive(&peer, &proxy.endpoint(), objects, kills);
    assert_eq!(proxy.fired(), faults, "every fault was met");
}

/// Puts objects into the buckets of all ways while `watch` is killed, then lets it end.
fn survive(peer: &Peer, endpoint: &str, objects: usize, kills: usize) {
    let queues = WAYS.map(|way| way.make(peer));
    let sources: Vec<String> = queues.iter().map(|url| format!("sqs:{url}")).collect();
    let home = home(endpoint);
    let began = Instant::now();
    let mut told = Vec::new();
    let portion = objects.div_ceil(kills + 1);
    for kill in 0..=kills {
        let numbers = (kill * portion).min(objects)..((kill + 1) * portion).min(objects);
        if kill == kills {
            put(peer, numbers);
            break;
        }
        let mut watch = Watch::start(&home, &sources);
        std::thread::scope(|scope| {
            let most = numbers.len() as u64;
            scope.spawn(|| put(peer, numbers));
            watch.read(any_below(most));
            watch.child.kill().unwrap();
        });
        told.extend(notified(&watch.rest()));
    }
    let mut ends = 0;
    while queues.iter().any(|url| depth(peer, url) > 0) {
        ends += 1;
        assert!(ends < 200, "the queues are not empty after {ends} runs");
        told.extend(notified(&watch_once(&home, &sources)));
    }

    let put: BTreeSet<_> = (0..objects).map(named).collect();
    let unique: BTreeSet<_> = told.iter().cloned().collect();
    assert_eq!(unique.len(), told.len(), "an object was told twice");
    assert!(unique.is_subset(&put));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let waiting = runtime.block_on(async {
        let inbox = DiskInbox::open(&home.path("data").join("inbox.sqlite")).unwrap();
        inbox.take(2 * objects, chrono::Utc::now()).await.unwrap()
    });
    let mut kept: Vec<_> = waiting
        .into_iter()
        .map(|waiting| (waiting.notification.bucket, waiting.notification.key.key))
        .collect();
    kept.sort();
    assert_eq!(kept, put.into_iter().collect::<Vec<_>>());
    println!(
        "{objects} objects over {} queues, {kills} kills: each once in the inbox, {} told, \
         queues empty, {:.1} s",
        queues.len(),
        told.len(),
        began.elapsed().as_secs_f64()
    );
}

/// The bucket and key of an object.
fn named(number: usize) -> (String, String) {
    let way = WAYS[number % WAYS.len()];
    let key = format!(
        "aws/S3_DATA/2.0/region=us-east-1/accountId=000011112222/eventDay=20260301/{number:032x}.gz.parquet"
    );
    (way.bucket(), key)
}

fn put(peer: &Peer, numbers: std::ops::Range<usize>) {
    for number in numbers {
        let (bucket, key) = named(number);
        peer.put_object(&bucket, &key, b"rows");
    }
}

/// A `watch` that is going to be killed.
struct Watch {
    child: Child,
    lines: Receiver<String>,
    read: Vec<Value>,
}

impl Watch {
    fn start(home: &Home, sources: &[String]) -> Self {
        let mut arguments = vec!["watch", "--unread"];
        for source in sources {
            arguments.extend(["--from", source]);
        }
        let mut child = home
            .command(&arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let (sender, lines) = sync_channel(100_000);
        let stdout = child.stdout.take().unwrap();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                let _ = sender.send(line.unwrap());
            }
        });
        Self {
            child,
            lines,
            read: Vec::new(),
        }
    }

    /// Reads until so many notifications were told or nothing comes for a while, and on to a moment
    /// that nobody foresees.
    fn read(&mut self, notifications: u64) {
        while (notified(&self.read).len() as u64) < notifications {
            match self.lines.recv_timeout(Duration::from_secs(3)) {
                Ok(line) => self.take(&line),
                Err(_) => break,
            }
        }
        let until = Instant::now() + any_moment();
        loop {
            match self
                .lines
                .recv_timeout(until.saturating_duration_since(Instant::now()))
            {
                Ok(line) => self.take(&line),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
        }
    }

    /// Everything that it told until it was killed.
    fn rest(mut self) -> Vec<Value> {
        while let Ok(line) = self.lines.recv() {
            self.take(&line);
        }
        std::mem::take(&mut self.read)
    }

    fn take(&mut self, line: &str) {
        // The last one may have been cut off by the kill.
        self.read.extend(serde_json::from_str::<Value>(line).ok());
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
