//! How S3 tells a queue of its objects, made on a peer.

use serde_json::{Value, json};

use crate::http;
use crate::peer::{ACCESS_KEY, Peer, REGION};

/// The ways from a bucket to a queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// S3 → EventBridge → SQS: what a subscriber of Security Lake has.
    EventBridge,
    /// S3 → SQS.
    Direct,
    /// S3 → SNS → SQS, in SNS's envelope.
    Wrapped,
    /// S3 → SNS → SQS, raw.
    Raw,
}

/// All of them.
pub(super) const WAYS: [Way; 4] = [Way::EventBridge, Way::Direct, Way::Wrapped, Way::Raw];

impl Way {
    /// Its bucket, which is also its queue's name.
    pub(super) fn bucket(self) -> String {
        format!("lake-{self:?}").to_lowercase()
    }

    /// Makes bucket and queue and what is between them; gives the queue's URL.
    pub(super) fn make(self, peer: &Peer) -> String {
        let bucket = self.bucket();
        peer.create_bucket(&bucket);
        let url = create_queue(peer, &bucket, &json!({}));
        let queue = arn("sqs", &bucket);
        match self {
            Self::EventBridge => {
                let pattern = json!({
                    "source": ["aws.s3"],
                    "detail-type": ["Object Created"],
                    "detail": {"bucket": {"name": [bucket]}},
                });
                let rule = json!({"Name": bucket, "EventPattern": pattern.to_string()});
                json_call(peer, "events", "AWSEvents.PutRule", &rule);
                let targets = json!({"Rule": bucket, "Targets": [{"Id": "1", "Arn": queue}]});
                json_call(peer, "events", "AWSEvents.PutTargets", &targets);
                notify(peer, &bucket, "<EventBridgeConfiguration/>");
            }
            Self::Direct => notify(
                peer,
                &bucket,
                &format!(
                    "<QueueConfiguration><Id>1</Id><Queue>{queue}</Queue>\
                     <Event>s3:ObjectCreated:*</Event></QueueConfiguration>"
                ),
            ),
            Self::Wrapped | Self::Raw => {
                let topic = arn("sns", &bucket);
                form_call(peer, "sns", &[("Action", "CreateTopic"), ("Name", &bucket)]);
                let raw = (self == Self::Raw).to_string();
                form_call(
                    peer,
                    "sns",
                    &[
                        ("Action", "Subscribe"),
                        ("TopicArn", &topic),
                        ("Protocol", "sqs"),
                        ("Endpoint", &queue),
                        ("Attributes.entry.1.key", "RawMessageDelivery"),
                        ("Attributes.entry.1.value", &raw),
                    ],
                );
                notify(
                    peer,
                    &bucket,
                    &format!(
                        "<TopicConfiguration><Id>1</Id><Topic>{topic}</Topic>\
                         <Event>s3:ObjectCreated:*</Event></TopicConfiguration>"
                    ),
                );
            }
        }
        url
    }
}

/// Where an API destination sends its requests, and what it shows there.
pub(super) struct Destination<'a> {
    pub(super) url: &'a str,
    pub(super) method: &'a str,
    pub(super) header: &'a str,
    pub(super) key: &'a str,
}

/// Makes a bucket, and an API destination that is told of its objects, under one name: what a
/// subscriber of Security Lake with an HTTPS endpoint has.
pub(super) fn api_destination(peer: &Peer, name: &str, to: &Destination<'_>) {
    peer.create_bucket(name);
    let shown = json!({"ApiKeyName": to.header, "ApiKeyValue": to.key});
    let connection = json!({
        "Name": name,
        "AuthorizationType": "API_KEY",
        "AuthParameters": {"ApiKeyAuthParameters": shown},
    });
    let made = json_call(peer, "events", "AWSEvents.CreateConnection", &connection);
    let destination = json!({
        "Name": name,
        "ConnectionArn": made["ConnectionArn"],
        "InvocationEndpoint": to.url,
        "HttpMethod": to.method,
    });
    let target = "AWSEvents.CreateApiDestination";
    let made = json_call(peer, "events", target, &destination);
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

/// Makes a queue; gives its URL.
pub(super) fn create_queue(peer: &Peer, name: &str, attributes: &Value) -> String {
    let body = json!({"QueueName": name, "Attributes": attributes});
    let made = json_call(peer, "sqs", "AmazonSQS.CreateQueue", &body);
    made["QueueUrl"].as_str().unwrap().to_owned()
}

/// Puts a message into a queue.
pub(super) fn send(peer: &Peer, url: &str, body: &str) {
    let message = json!({"QueueUrl": url, "MessageBody": body});
    json_call(peer, "sqs", "AmazonSQS.SendMessage", &message);
}

/// Messages of a queue that are not deleted, in whosever hands.
pub(super) fn depth(peer: &Peer, url: &str) -> u64 {
    let ask = json!({"QueueUrl": url, "AttributeNames": ["All"]});
    let told = json_call(peer, "sqs", "AmazonSQS.GetQueueAttributes", &ask);
    [
        "ApproximateNumberOfMessages",
        "ApproximateNumberOfMessagesNotVisible",
        "ApproximateNumberOfMessagesDelayed",
    ]
    .iter()
    .map(|name| told["Attributes"][name].as_str().unwrap_or("0"))
    .map(|count| count.parse::<u64>().unwrap())
    .sum()
}

/// The ARN of what the peer's account has.
pub(super) fn arn(service: &str, name: &str) -> String {
    format!("arn:aws:{service}:{REGION}:000000000000:{name}")
}

/// Says whom S3 tells of new objects.
fn notify(peer: &Peer, bucket: &str, configuration: &str) {
    let body = format!("<NotificationConfiguration>{configuration}</NotificationConfiguration>");
    let path = format!("/{bucket}?notification");
    let answer = call(peer, "PUT", &path, "s3", "application/xml", &[], &body);
    assert_eq!(answer.status, 200, "{}", text(&answer));
}

/// Sends a service a request of JSON; gives its answer.
fn json_call(peer: &Peer, service: &str, target: &str, body: &Value) -> Value {
    let kind = "application/x-amz-json-1.0";
    let headers = [("x-amz-target", target)];
    let answer = call(
        peer,
        "POST",
        "/",
        service,
        kind,
        &headers,
        &body.to_string(),
    );
    assert_eq!(answer.status, 200, "{target}: {}", text(&answer));
    serde_json::from_slice(&answer.body).unwrap_or_default()
}

fn form_call(peer: &Peer, service: &str, fields: &[(&str, &str)]) {
    let kind = "application/x-www-form-urlencoded";
    let fields = fields.iter().map(|(name, value)| {
        let value = value.replace(':', "%3A");
        format!("{name}={value}")
    });
    let fields: Vec<String> = fields.collect();
    let body = format!("{}&Version=2010-03-31", fields.join("&"));
    let answer = call(peer, "POST", "/", service, kind, &[], &body);
    assert_eq!(answer.status, 200, "{body}: {}", text(&answer));
}

fn call(
    peer: &Peer,
    method: &str,
    path: &str,
    service: &str,
    kind: &str,
    more: &[(&str, &str)],
    body: &str,
) -> http::Answer {
    let scope = format!(
        "AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/20260101/{REGION}/{service}/aws4_request, \
         SignedHeaders=host, Signature=0"
    );
    let mut headers = vec![("authorization", scope.as_str()), ("content-type", kind)];
    headers.extend(more);
    http::send(peer.port(), method, path, &headers, body.as_bytes())
}

fn text(answer: &http::Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}
