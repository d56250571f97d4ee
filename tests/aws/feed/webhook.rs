//! S3 → EventBridge → API destination → our webhook: the way of a subscriber with an HTTPS endpoint.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use serde_json::{Value, json};

use super::wiring::{json_call, notify};
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

/// Makes a bucket and everything between it and the webhook, under one name.
fn wire(peer: &Peer, name: &str, url: &str, method: &str, key: &str) {
    peer.create_bucket(name);
    let connection = json!({
        "Name": name,
        "AuthorizationType": "API_KEY",
        "AuthParameters": {"ApiKeyAuthParameters": {"ApiKeyName": "X-Lake-Key", "ApiKeyValue": key}},
    });
    let made = json_call(peer, "events", "AWSEvents.CreateConnection", &connection);
    let destination = json!({
        "Name": name,
        "ConnectionArn": made["ConnectionArn"],
        "InvocationEndpoint": url,
        "HttpMethod": method,
    });
    let made = json_call(
        peer,
        "events",
        "AWSEvents.CreateApiDestination",
        &destination,
    );
    let pattern = json!({"source": ["aws.s3"], "detail": {"bucket": {"name": [name]}}});
    let rule = json!({"Name": name, "EventPattern": pattern.to_string()});
    json_call(peer, "events", "AWSEvents.PutRule", &rule);
    let target = json!({
        "Id": "1",
        "Arn": made["ApiDestinationArn"],
        "RoleArn": "arn:aws:iam::000000000000:role/invoke",
    });
    let targets = json!({"Rule": name, "Targets": [target]});
    json_call(peer, "events", "AWSEvents.PutTargets", &targets);
    notify(peer, name, "<EventBridgeConfiguration/>");
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
        wire(&peer, bucket, url, method, secret.trim());
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
