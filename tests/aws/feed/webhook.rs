//! S3 → EventBridge → API destination → our webhook: the way of a subscriber with an HTTPS endpoint.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use serde_json::Value;

use super::wiring::{Destination, api_destination};
use crate::home::Home;
use crate::peer::Peer;

/// Objects that are put into each bucket.
const OBJECTS: usize = 20;

/// A `watch`, killed when dropped.
struct Watch(Child);

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn key(number: usize) -> String {
    format!(
        "aws/S3_DATA/2.0/region=us-east-1/accountId=000011112222/eventDay=20260301/{number:032x}.gz.parquet"
    )
}

#[test]
fn an_api_destination_tells_the_webhook_of_every_object_once() {
    let peer = Peer::start();
    let home = Home::of(&peer.endpoint());
    let config = std::fs::read_to_string(home.path("config.toml")).unwrap();
    let config = config + "[feed.webhook]\nheader = \"x-lake-key\"\n";
    std::fs::write(home.path("config.toml"), config).unwrap();
    let mut child = home
        .command(&["watch", "--from", "webhook:127.0.0.1:0"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let _watch = Watch(child);
    let mut lines = lines.map(|line| serde_json::from_str::<Value>(&line.unwrap()).unwrap());
    let state = lines.next().unwrap();
    let note = state["notes"][0].as_str().unwrap();
    let url = note.strip_prefix("URL ").unwrap();
    let secret = std::fs::read_to_string(home.path("data/webhook.key")).unwrap();
    let ways = [("lake-post", "POST"), ("lake-put", "PUT")];
    let mut put = BTreeSet::new();
    for (bucket, method) in ways {
        let destination = Destination {
            url,
            method,
            header: "X-Lake-Key",
            key: secret.trim(),
        };
        api_destination(&peer, bucket, &destination);
        for number in 0..OBJECTS {
            peer.put_object(bucket, &key(number), b"rows");
            put.insert((bucket.to_owned(), key(number)));
        }
    }
    let told = lines.filter(|line| line["kind"] == "notification");
    let told: Vec<Value> = told.take(put.len()).collect();
    let of = |line: &Value, name: &str| line[name].as_str().unwrap().to_owned();
    let objects: BTreeSet<_> = told
        .iter()
        .map(|line| (of(line, "bucket"), of(line, "key")))
        .collect();
    assert_eq!(objects, put);
    assert!(told.iter().all(|line| line["account"] == "000011112222"));
}
