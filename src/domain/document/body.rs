//! The body of a request, taken apart: one JSON object, an array of them, or one after the other as
//! in NDJSON. Each is a notification of an object in any of its forms, or a document.

use serde_json::{Deserializer, Value};
use sha2::{Digest, Sha256};

use super::Document;
use crate::domain::lake::Notification;
use crate::domain::lake::notification::{self, NotificationError};

/// The most documents and notifications of one request.
pub const MOST_DOCUMENTS: usize = 1_000;
/// The longest id that stands for a document, in bytes; for one with a longer id its digest does.
const LONGEST_ID: usize = 200;

/// What a request brings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Body {
    /// Objects that arrived.
    pub notifications: Vec<Notification>,
    /// Everything else.
    pub documents: Vec<Document>,
}

/// Why a body is refused. As a whole: what is taken of it would be unknown to its sender.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// Bytes that are no text.
    #[error("the body is not UTF-8; send JSON as UTF-8")]
    NotText,
    /// There is nothing in it.
    #[error("the body is empty; send a JSON object, an array of them, or one a line")]
    Empty,
    /// It is not JSON.
    #[error("the body is not JSON: {0}")]
    NotJson(String),
    /// A value that is no object.
    #[error("value {0} of the body is no JSON object")]
    NoObject(usize),
    /// More than one request may bring.
    #[error("the body has more than {MOST_DOCUMENTS} objects; send fewer at a time")]
    TooMany,
    /// It says that it is a notification, and lacks what one has.
    #[error("object {0} of the body: {1}")]
    Notification(usize, NotificationError),
}

/// The JSON objects of a text: one, an array of them, or one after the other.
///
/// # Errors
///
/// What is no JSON, no object, or too much.
pub fn objects(text: &str) -> Result<Vec<Value>, BodyError> {
    let found = split(without_mark(text)?)?;
    Ok(found.into_iter().map(|(value, _)| value).collect())
}

/// The text without the mark of its encoding; an empty one is refused.
fn without_mark(text: &str) -> Result<&str, BodyError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim();
    match text.is_empty() {
        true => Err(BodyError::Empty),
        false => Ok(text),
    }
}

/// Takes a body apart.
///
/// # Errors
///
/// What is no JSON, no object, too much, or a notification that names no object.
pub fn read(bytes: &[u8]) -> Result<Body, BodyError> {
    let text = std::str::from_utf8(bytes).map_err(|_| BodyError::NotText)?;
    let text = without_mark(text)?;
    let mut body = Body::default();
    for (place, (value, text)) in (1..).zip(split(text)?) {
        match notification::decode_value(&value) {
            Ok(notifications) => body.notifications.extend(notifications),
            Err(NotificationError::UnknownForm | NotificationError::NotJson(_)) => {
                body.documents.push(document(&value, text));
            }
            // `Records` are also what other tools send, CloudTrail first of all.
            Err(NotificationError::Missing(_)) if !speaks_of_an_object(&value) => {
                body.documents.push(document(&value, text));
            }
            Err(error) => return Err(BodyError::Notification(place, error)),
        }
        if body.notifications.len() + body.documents.len() > MOST_DOCUMENTS {
            return Err(BodyError::TooMany);
        }
    }
    Ok(body)
}

/// The objects of a text, each with the stretch of the text that it is.
fn split(text: &str) -> Result<Vec<(Value, &str)>, BodyError> {
    let (mut rest, in_array) = match text.strip_prefix('[') {
        Some(rest) => (rest.trim_start(), true),
        None => (text, false),
    };
    let mut found = Vec::new();
    let broken = |reason: &str| BodyError::NotJson(reason.to_owned());
    if in_array && let Some(after) = rest.strip_prefix(']') {
        return end_of_array(after).map(|()| found);
    }
    loop {
        let mut values = Deserializer::from_str(rest).into_iter::<Value>();
        let value = match values.next() {
            Some(Ok(value)) => value,
            Some(Err(error)) => return Err(BodyError::NotJson(error.to_string())),
            None => return Err(broken("it ends where a value should be")),
        };
        let (read, after) = rest.split_at(values.byte_offset());
        if !value.is_object() {
            return Err(BodyError::NoObject(found.len() + 1));
        }
        if found.len() == MOST_DOCUMENTS {
            return Err(BodyError::TooMany);
        }
        found.push((value, read.trim()));
        rest = after.trim_start();
        if !in_array {
            if rest.is_empty() {
                return Ok(found);
            }
        } else if let Some(after) = rest.strip_prefix(',') {
            rest = after.trim_start();
        } else if let Some(after) = rest.strip_prefix(']') {
            return end_of_array(after).map(|()| found);
        } else {
            return Err(broken("the array does not go on with `,` or `]`"));
        }
    }
}

fn end_of_array(after: &str) -> Result<(), BodyError> {
    match after.trim().is_empty() {
        true => Ok(()),
        false => Err(BodyError::NotJson("something follows the array".to_owned())),
    }
}

fn speaks_of_an_object(value: &Value) -> bool {
    let records = value["Records"].as_array();
    let of_s3 = records.is_some_and(|records| records.iter().any(|one| one["s3"].is_object()));
    of_s3 || value["detail"]["object"].is_object() || value["Type"] == "Notification"
}

fn document(value: &Value, text: &str) -> Document {
    let json = on_one_line(text);
    Document {
        identity: event_id(value).unwrap_or_else(|| digest(&json)),
        json,
    }
}

/// The id of an event of EventBridge, which a repeated delivery has again.
fn event_id(value: &Value) -> Option<String> {
    let is_event = value["detail-type"].is_string() && value["detail"].is_object();
    let id = value["id"].as_str().filter(|_| is_event)?;
    (!id.is_empty() && id.len() <= LONGEST_ID).then(|| format!("event:{id}"))
}

fn digest(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let digits = digest.iter().map(|byte| format!("{byte:02x}"));
    std::iter::once("sha256:".to_owned())
        .chain(digits)
        .collect()
}

/// The same JSON without space between its tokens: where it is printed, a line is a document.
fn on_one_line(json: &str) -> String {
    let mut line = String::with_capacity(json.len());
    let (mut in_text, mut escaped) = (false, false);
    for c in json.chars() {
        if in_text {
            (in_text, escaped) = match c {
                _ if escaped => (true, false),
                '\\' => (true, true),
                '"' => (false, false),
                _ => (true, false),
            };
        } else if c == '"' {
            in_text = true;
        } else if matches!(c, ' ' | '\t' | '\r' | '\n') {
            continue;
        }
        line.push(c);
    }
    line
}
