//! Objects that a source tells of are read from the store, and judged.

use serde_json::{Value, json};

use super::{home, lines};
use crate::peer::Peer;

const BUCKET: &str = "lake-data";

/// Makes an object of two calls of today, by `import`, and puts it into a bucket; gives the keys.
pub(super) fn put_calls(peer: &Peer, bucket: &str) -> Vec<String> {
    let home = home(&peer.endpoint());
    // A listing looks for objects of the last days.
    let at = chrono::Utc::now().format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let call = |number: usize, name: &str| {
        json!({
            "eventVersion": "1.09", "eventTime": at, "eventName": name,
            "eventSource": "cloudtrail.amazonaws.com", "awsRegion": "us-east-1",
            "eventID": format!("e{number}"), "eventType": "AwsApiCall", "eventCategory": "Management",
            "recipientAccountId": "111122223333", "sourceIPAddress": "192.0.2.9",
            "userIdentity": {"type": "IAMUser", "accountId": "111122223333", "accessKeyId": "AKIAMADEUP",
                "arn": "arn:aws:iam::111122223333:user/eve", "userName": "eve"},
        })
    };
    let records = [call(1, "DescribeTrails"), call(2, "StopLogging")];
    std::fs::write(
        home.path("trail.json"),
        json!({ "Records": records }).to_string(),
    )
    .unwrap();
    let (logs, lake) = (home.path("trail.json"), home.path("lake"));
    let (code, _, stderr) = home.run(&[
        "import",
        &logs.display().to_string(),
        "--lake",
        &lake.display().to_string(),
    ]);
    assert_eq!(code, Some(0), "{stderr}");
    peer.create_bucket(bucket);
    let mut folders = vec![lake.clone()];
    let mut keys = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "parquet") {
                let key = path.strip_prefix(&lake).unwrap().display().to_string();
                peer.put_object(bucket, &key, &std::fs::read(&path).unwrap());
                keys.push(key);
            }
        }
    }
    keys
}

#[test]
fn what_arrives_is_read_from_the_store_and_what_cannot_be_read_says_why() {
    let peer = Peer::start();
    let home = home(&peer.endpoint());
    let keys = put_calls(&peer, BUCKET);
    let broken = keys[0].replace(".gz.parquet", "x.gz.parquet");
    peer.put_object(BUCKET, &broken, b"PAR1 and no more");
    let source = format!("s3:s3://{BUCKET}/aws/");
    let (code, stdout, stderr) = home.run(&["watch", "--once", "--from", &source]);
    assert_eq!(code, Some(0), "{stderr}");
    let told = lines(&stdout);
    let of =
        |kind: &str| -> Vec<&Value> { told.iter().filter(|line| line["kind"] == kind).collect() };
    assert_eq!(of("notification").len(), 2);
    let mut read: Vec<(&Value, bool)> = of("event")
        .iter()
        .map(|line| (&line["events"], line["error"].is_string()))
        .collect();
    read.sort_by_key(|(_, failed)| *failed);
    assert_eq!(read, [(&json!(2), false), (&Value::Null, true)]);
    let found = of("detection");
    assert_eq!(found.len(), 1, "{stdout}");
    assert_eq!(found[0]["entity"], "AKIAMADEUP");
    assert_eq!(found[0]["row"]["metadata"]["uid"], "e2");
    assert_eq!(found[0]["object"], format!("s3://{BUCKET}/{}", keys[0]));
    // Nothing of it is read or told again.
    let (_, stdout, _) = home.run(&["watch", "--once", "--from", &source]);
    assert!(lines(&stdout).iter().all(|line| line["kind"] == "source"));
}
