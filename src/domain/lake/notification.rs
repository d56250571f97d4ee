//! Notifications: the message bodies that say "an object has arrived".
//!
//! Accepted are EventBridge `Object Created` bodies, S3 event bodies (`Records`, one or many,
//! keys URL-encoded, sizes as number or text), either of them wrapped by SNS, and
//! `s3:TestEvent`, which names no object.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::ObjectKey;

/// How deep one envelope may lie in another (SNS in SQS in a file …).
const MAX_ENVELOPES: usize = 4;

/// One object that arrived, as its notification says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// The bucket's name.
    pub bucket: String,
    /// The object's key, decoded.
    pub key: ObjectKey,
    /// Its size in bytes, where given.
    pub size: Option<u64>,
    /// Its entity tag, where given.
    pub etag: Option<String>,
    /// Orders two notifications of one key, where given.
    pub sequencer: Option<String>,
    /// When the object was written, in UTC, where given.
    pub time: Option<DateTime<Utc>>,
}

impl Notification {
    /// What makes two notifications the same: bucket, key, and etag or sequencer.
    pub fn identity(&self) -> (&str, &str, Option<&str>) {
        let mark = self.etag.as_deref().or(self.sequencer.as_deref());
        (&self.bucket, &self.key.key, mark)
    }
}

/// Why a body is no notification.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotificationError {
    /// The body is not JSON.
    #[error("the body is not JSON: {0}")]
    NotJson(String),
    /// The body is JSON of an unknown form.
    #[error(
        "the body is neither an EventBridge `Object Created` event nor an S3 event with `Records`"
    )]
    UnknownForm,
    /// A part that must be there is not.
    #[error("the notification has no `{0}`")]
    Missing(&'static str),
    /// Envelopes lie in one another deeper than any service wraps them.
    #[error("the body is wrapped more than {MAX_ENVELOPES} times")]
    WrappedTooDeep,
}

/// Reads one message body. A test event gives no notifications.
pub fn decode(body: &str) -> Result<Vec<Notification>, NotificationError> {
    decode_at(body, MAX_ENVELOPES)
}

fn decode_at(body: &str, envelopes: usize) -> Result<Vec<Notification>, NotificationError> {
    let value: Value =
        serde_json::from_str(body).map_err(|e| NotificationError::NotJson(e.to_string()))?;
    of_value(&value, envelopes)
}

/// Reads a message that was parsed before.
pub fn decode_value(value: &Value) -> Result<Vec<Notification>, NotificationError> {
    of_value(value, MAX_ENVELOPES)
}

fn of_value(value: &Value, envelopes: usize) -> Result<Vec<Notification>, NotificationError> {
    if value["Type"] == "Notification"
        && let Some(message) = value["Message"].as_str()
    {
        let left = envelopes
            .checked_sub(1)
            .ok_or(NotificationError::WrappedTooDeep)?;
        return decode_at(message, left);
    }
    if let Some(records) = value["Records"].as_array() {
        return records.iter().map(from_s3_record).collect();
    }
    if value["Event"] == "s3:TestEvent" {
        return Ok(Vec::new());
    }
    if value["detail"]["object"].is_object() {
        return Ok(vec![from_event_bridge(value)?]);
    }
    Err(NotificationError::UnknownForm)
}

fn from_event_bridge(value: &Value) -> Result<Notification, NotificationError> {
    let detail = &value["detail"];
    let object = &detail["object"];
    Ok(Notification {
        bucket: required(&detail["bucket"]["name"], "detail.bucket.name")?,
        key: object_key(&required(&object["key"], "detail.object.key")?),
        size: number(&object["size"]),
        etag: text(&object["etag"]),
        sequencer: text(&object["sequencer"]),
        time: time(&value["time"]),
    })
}

fn from_s3_record(record: &Value) -> Result<Notification, NotificationError> {
    let object = &record["s3"]["object"];
    let raw = required(&object["key"], "s3.object.key")?;
    Ok(Notification {
        bucket: required(&record["s3"]["bucket"]["name"], "s3.bucket.name")?,
        key: object_key(&raw),
        size: number(&object["size"]),
        etag: text(&object["eTag"]),
        sequencer: text(&object["sequencer"]),
        time: time(&record["eventTime"]),
    })
}

/// The key as it stands if it reads as a lake's, else URL-decoded. A key outside the lake's layout
/// is kept: the object did arrive.
fn object_key(raw: &str) -> ObjectKey {
    let decoded = url_decoded(raw);
    let has_partitions = |key: &ObjectKey| key.region.is_some() && key.account.is_some();
    match ObjectKey::parse(raw) {
        Ok(key) if has_partitions(&key) => key,
        _ => ObjectKey::parse(&decoded).unwrap_or_else(|_| ObjectKey::foreign(&decoded)),
    }
}

/// S3's form encoding: `+` is a space, `%XX` a byte. What is not valid stays as it is.
pub(crate) fn url_decoded(raw: &str) -> String {
    let mut bytes = Vec::with_capacity(raw.len());
    let mut rest = raw.as_bytes();
    while let [first, tail @ ..] = rest {
        let hex = tail.get(..2).and_then(|h| std::str::from_utf8(h).ok());
        match (first, hex.and_then(|h| u8::from_str_radix(h, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            (b'+', _) => {
                bytes.push(b' ');
                rest = tail;
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| raw.to_owned())
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

fn required(value: &Value, name: &'static str) -> Result<String, NotificationError> {
    text(value)
        .filter(|t| !t.is_empty())
        .ok_or(NotificationError::Missing(name))
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn time(value: &Value) -> Option<DateTime<Utc>> {
    Some(DateTime::parse_from_rfc3339(value.as_str()?).ok()?.to_utc())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::domain::lake::Source;

    const KEY: &str =
        "aws/WAF/2.0/region=eu-west-1/accountId=000011112222/eventDay=20260301/ff.gz.parquet";

    fn event_bridge() -> Value {
        json!({"detail-type": "Object Created", "time": "2026-03-01T10:00:00Z",
               "detail": {"bucket": {"name": "b"}, "object": {"key": KEY, "size": 7, "etag": "e"}}})
    }

    #[test]
    fn event_bridge_bodies_name_one_object() {
        let read = decode(&event_bridge().to_string()).unwrap();
        assert_eq!(read.len(), 1);
        assert_eq!(read[0].key.source, Some(Source::Waf));
        assert_eq!(read[0].identity(), ("b", KEY, Some("e")));
        assert_eq!(
            read[0].time.unwrap().to_rfc3339(),
            "2026-03-01T10:00:00+00:00"
        );
    }

    #[test]
    fn s3_records_are_url_decoded_and_sizes_may_be_text() {
        let encoded = KEY.replace('=', "%3D");
        let record = |size: Value| json!({"s3": {"bucket": {"name": "b"}, "object": {"key": encoded, "size": size}}});
        let body = json!({"Records": [record(json!(5)), record(json!("6"))]});
        let read = decode(&body.to_string()).unwrap();
        assert_eq!(
            read.iter().map(|n| n.size).collect::<Vec<_>>(),
            [Some(5), Some(6)]
        );
        assert!(read.iter().all(|n| n.key.key == KEY));
    }

    #[test]
    fn sns_wrapping_is_taken_off_but_not_for_ever() {
        let wrap = |inner: String| json!({"Type": "Notification", "Message": inner}).to_string();
        let once = wrap(event_bridge().to_string());
        assert_eq!(decode(&once).unwrap()[0].size, Some(7));
        let deep = (0..9).fold(once, |inner, _| wrap(inner));
        assert_eq!(decode(&deep), Err(NotificationError::WrappedTooDeep));
    }

    #[test]
    fn test_events_are_empty_and_foreign_bodies_are_errors() {
        assert_eq!(decode(r#"{"Event":"s3:TestEvent"}"#), Ok(Vec::new()));
        assert_eq!(decode("{}"), Err(NotificationError::UnknownForm));
        assert!(matches!(decode("x"), Err(NotificationError::NotJson(_))));
        let no_bucket = r#"{"detail":{"object":{"key":"k"}}}"#;
        assert_eq!(
            decode(no_bucket),
            Err(NotificationError::Missing("detail.bucket.name"))
        );
    }

    proptest! {
        #[test]
        fn no_body_makes_it_panic(body in "\\PC{0,300}") {
            if let Ok(read) = decode(&body) {
                prop_assert!(read.len() < 300);
            }
        }

        #[test]
        fn keys_survive_form_encoding(tail in "[a-zA-Z0-9 +/=%é]{1,30}") {
            let encoded: String = tail.bytes().map(|b| format!("%{b:02X}")).collect();
            prop_assert_eq!(url_decoded(&encoded), tail);
        }
    }
}
