//! What a source does with its queue or bucket, and what it says of itself.

use serde_json::{Value, json};

use super::wiring::{arn, create_queue, depth, send};
use super::{home, notified, watch_once};
use crate::peer::Peer;
use crate::proxy::Proxy;

/// The body of a notification.
fn body(key: &str) -> String {
    json!({
        "detail-type": "Object Created",
        "time": "2026-03-01T10:00:00Z",
        "detail": {"bucket": {"name": "lake"}, "object": {"key": key, "size": 7, "etag": "e"}},
    })
    .to_string()
}

fn keys(lines: &[Value]) -> Vec<String> {
    notified(lines).into_iter().map(|(_, key)| key).collect()
}

/// The last word of a source.
fn state(lines: &[Value]) -> &Value {
    let mut states = lines.iter().rev().filter(|line| line["kind"] == "source");
    states.next().expect("the source says how it is")
}

#[test]
fn a_body_that_is_no_notification_stays_and_the_dead_letters_are_taken_in_again() {
    let peer = Peer::start();
    let home = home(&peer.endpoint());
    let dead = create_queue(&peer, "dead", &json!({}));
    let policy = json!({"deadLetterTargetArn": arn("sqs", "dead"), "maxReceiveCount": 5});
    let redrive = json!({"RedrivePolicy": policy.to_string()});
    let url = create_queue(&peer, "main", &redrive);
    send(&peer, &url, &body("a"));
    send(&peer, &url, "<no notification>");
    send(&peer, &url, r#"{"Event":"s3:TestEvent"}"#);
    send(&peer, &dead, &body("b"));

    let told = watch_once(&home, &[format!("sqs:{url}")]);
    assert_eq!(keys(&told), ["a"]);
    let last = state(&told);
    assert_eq!(
        (&last["refused"], &last["dead_letters"]),
        (&json!(1), &json!(1))
    );
    let error = last["last_error"]["text"].as_str().unwrap();
    assert!(error.contains("not JSON"), "{error}");
    assert!(error.contains("dead-letter queue"), "{error}");
    assert_eq!(depth(&peer, &url), 1);

    let told = watch_once(&home, &[format!("sqs-dlq:{url}")]);
    assert_eq!((keys(&told), depth(&peer, &dead)), (vec!["b".into()], 0));

    // A queue without dead letters says so.
    let plain = create_queue(&peer, "plain", &json!({}));
    let source = format!("sqs-dlq:{plain}");
    let (code, _, stderr) = home.run(&["watch", "--once", "--from", &source]);
    assert_eq!(code, Some(1));
    assert!(stderr.contains("has no dead-letter queue"), "{stderr}");
}

#[test]
fn a_look_deletes_nothing_and_a_missing_right_is_a_note() {
    let peer = Peer::start();
    let proxy = Proxy::before(&[peer.endpoint()]).remove(0);
    let home = home(&proxy.endpoint());
    let url = create_queue(&peer, "theirs", &json!({}));
    send(&peer, &url, &body("a"));
    proxy.set_rules(&json!([{
        "service": "sqs",
        "operation": "GetQueueAttributes",
        "error": {"code": "AccessDenied", "status": 403, "message": "not allowed"},
    }]));
    let told = watch_once(&home, &[format!("sqs-peek:{url}")]);
    assert_eq!(keys(&told), ["a"]);
    assert_eq!(depth(&peer, &url), 1);
    let notes = state(&told)["notes"].to_string();
    for part in ["nothing is deleted", "dead-letter queue", "is not granted"] {
        assert!(notes.contains(part), "{part}: {notes}");
    }
    assert_eq!(state(&told)["state"], "watching");
}

#[test]
fn a_bucket_without_notifications_is_listed_and_each_object_told_once() {
    let peer = Peer::start();
    let home = home(&peer.endpoint());
    peer.create_bucket("lake");
    let today = chrono::Utc::now().format("%Y%m%d").to_string();
    let key = |day: &str, name: &str| {
        format!(
            "aws/WAF/2.0/region=us-east-1/accountId=000011112222/eventDay={day}/{name}.gz.parquet"
        )
    };
    let (old, first, second) = (key("20200101", "a"), key(&today, "b"), key(&today, "a"));
    peer.put_object("lake", &old, b"rows");
    peer.put_object("lake", &first, b"rows");
    let source = ["s3:s3://lake/aws/".to_owned()];
    assert_eq!(keys(&watch_once(&home, &source)), [first]);
    // A name that sorts before those that are known is found all the same.
    peer.put_object("lake", &second, b"rows");
    assert_eq!(keys(&watch_once(&home, &source)), [second]);
    assert_eq!(keys(&watch_once(&home, &source)), [""; 0]);

    let (code, _, stderr) = home.run(&["watch", "--once", "--from", "s3:s3://nowhere/"]);
    assert_eq!(code, Some(1));
    assert!(stderr.contains("s3://nowhere cannot be listed"), "{stderr}");
}
