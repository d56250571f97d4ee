//! What a source does with its queue or bucket, and what it says of itself.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures::StreamExt as _;
use lakehound::adapters::feed::{AwsDoor, QueueKind, SqsSource};
use lakehound::domain::detection::Unreadable;
use lakehound::domain::lake::Notification;
use lakehound::ports::{FeedNews, Inbox, InboxError, NotificationSource as _, Waiting};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::wiring::{arn, create_queue, depth, send};
use super::{home, notified, watch_once};
use crate::peer::Peer;
use crate::support::access;
use crate::wire::{Mishap, Wire};

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
    let wire = Wire::to(peer.port());
    let home = home(&wire.endpoint());
    let url = create_queue(&peer, "theirs", &json!({}));
    send(&peer, &url, &body("a"));
    wire.on(|seen| match seen.operation.as_str() {
        "GetQueueAttributes" => {
            let denied = json!({"__type": "com.amazonaws.sqs#AccessDenied", "message": "no"});
            Mishap::Instead(403, denied.to_string())
        }
        _ => Mishap::None,
    });
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

/// An inbox whose disk is slow: it takes what comes when it is let.
struct Slow(Arc<Semaphore>);

#[async_trait]
impl Inbox for Slow {
    async fn receive(
        &self,
        _: &str,
        notifications: Vec<Notification>,
    ) -> Result<Vec<Notification>, InboxError> {
        if !notifications.is_empty() {
            self.0.acquire().await.unwrap().forget();
        }
        Ok(notifications)
    }
    async fn take(&self, _: usize, _: DateTime<Utc>) -> Result<Vec<Waiting>, InboxError> {
        Ok(Vec::new())
    }
    async fn settle(&self, _: i64, _: Result<u64, Unreadable>) -> Result<(), InboxError> {
        Ok(())
    }
    async fn arrived(&self) {}
    async fn next_try(&self) -> Result<Option<DateTime<Utc>>, InboxError> {
        Ok(None)
    }
}

#[tokio::test]
async fn a_message_stays_hidden_until_it_is_in_the_inbox_and_what_is_not_deleted_is_asked_again() {
    let peer = Peer::start();
    let wire = Wire::to(peer.port());
    let url = create_queue(&peer, "q", &json!({}));
    for key in ["a", "b"] {
        send(&peer, &url, &body(key));
    }
    let inbox = Arc::new(Semaphore::new(0));
    let let_in = Arc::clone(&inbox);
    wire.on(move |seen| match (seen.operation.as_str(), seen.number) {
        // Hidden for longer twice: past the time for which it was hidden first.
        ("ChangeMessageVisibilityBatch", 1) => {
            let_in.add_permits(1);
            Mishap::None
        }
        ("DeleteMessageBatch", 0) => {
            let failed = |id| json!({"Id": id, "SenderFault": false, "Code": "InternalError"});
            let told = json!({"Successful": [], "Failed": [failed("0"), failed("1")]});
            Mishap::Instead(200, told.to_string())
        }
        // What is not named is not deleted.
        ("DeleteMessageBatch", 1) => Mishap::Instead(200, "{}".to_owned()),
        _ => Mishap::None,
    });
    let door = AwsDoor::through(access(&wire.endpoint()).await);
    let source = SqsSource::new("sqs:q", &url, QueueKind::Ours, &door, Arc::new(Slow(inbox)))
        .hiding_for(Duration::from_secs(1))
        .once();
    let told: Vec<FeedNews> = source.watch().collect().await;
    let arrived = told.iter().map(|news| match news {
        FeedNews::Arrived(arrivals) => arrivals.len(),
        _ => 0,
    });
    // Nobody else had them meanwhile, so they came once.
    assert_eq!(arrived.sum::<usize>(), 2);
    let deletes = wire.seen().into_iter();
    let deletes = deletes.filter(|seen| seen.operation == "DeleteMessageBatch");
    assert_eq!(deletes.count(), 3);
    assert_eq!(depth(&peer, &url), 0);
}
