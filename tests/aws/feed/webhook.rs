//! S3 → EventBridge → API destination → our webhook: the way of a subscriber with an HTTPS endpoint.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};

use serde_json::{Value, json};

use super::wiring::{json_call, notify};
use crate::home::Home;
use crate::peer::Peer;

/// The bucket, the rule and the destination.
const NAME: &str = "lake-hook";
/// Objects that are put.
const OBJECTS: usize = 20;

/// A `watch`, killed when dropped.
struct Watch(Child);

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Everything between the bucket and the webhook.
fn wire(peer: &Peer, url: &str, method: &str, key: &str) {
    peer.create_bucket(NAME);
    let connection = json!({
        "Name": NAME,
        "AuthorizationType": "API_KEY",
        "AuthParameters": {"ApiKeyAuthParameters": {"ApiKeyName": "X-Lake-Key", "ApiKeyValue": key}},
    });
    let made = json_call(peer, "events", "AWSEvents.CreateConnection", &connection);
    let destination = json!({
        "Name": NAME,
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
    let pattern = json!({"source": ["aws.s3"], "detail": {"bucket": {"name": [NAME]}}});
    let rule = json!({"Name": NAME, "EventPattern": pattern.to_string()});
    json_call(peer, "events", "AWSEvents.PutRule", &rule);
    let target = json!({
        "Id": "1",
        "Arn": made["ApiDestinationArn"],
        "RoleArn": "arn:aws:iam::000000000000:role/invoke",
    });
    let targets = json!({"Rule": NAME, "Targets": [target]});
    json_call(peer, "events", "AWSEvents.PutTargets", &targets);
    notify(peer, NAME, "<EventBridgeConfiguration/>");
}

fn key(number: usize) -> String {
    format!(
        "aws/S3_DATA/2.0/region=us-east-1/accountId=000011112222/eventDay=20260301/{number:032x}.gz.parquet"
    )
}

#[test]
fn an_api_destination_tells_the_webhook_of_every_object_once() {
    for method in ["POST", "PUT"] {
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
        let url = state["notes"][0]
            .as_str()
            .unwrap()
            .strip_prefix("URL ")
            .unwrap();
        let secret = std::fs::read_to_string(home.path("data/webhook.key")).unwrap();
        wire(&peer, url, method, secret.trim());

        for number in 0..OBJECTS {
            peer.put_object(NAME, &key(number), b"rows");
        }
        let told = lines.filter(|line| line["kind"] == "notification");
        let told: Vec<Value> = told.take(OBJECTS).collect();
        let keys: BTreeSet<&str> = told
            .iter()
            .map(|line| line["key"].as_str().unwrap())
            .collect();
        let put: Vec<String> = (0..OBJECTS).map(key).collect();
        assert_eq!(keys, put.iter().map(String::as_str).collect());
        assert!(told.iter().all(|line| line["bucket"] == NAME));
        assert!(told.iter().all(|line| line["account"] == "000011112222"));
    }
}
