//! What reading objects brought, as lines of JSON.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::watch::rfc3339;
use crate::domain::detection::{Cause, Contents, Detection, ObjectName, Reading};

/// The lines of a reading: its counts, then each of its detections.
pub(super) fn lines(reading: &Reading, now: DateTime<Utc>) -> Vec<Value> {
    let mut lines = vec![counts(reading, now)];
    if let Ok(contents) = &reading.outcome {
        lines.extend(contents.detections.iter().map(detection));
    }
    lines
}

fn counts(reading: &Reading, now: DateTime<Utc>) -> Value {
    let mut line = json!({
        "kind": "event",
        "time": rfc3339(now),
        "bucket": reading.object.bucket,
        "key": reading.object.key,
    });
    let Some(fields) = line.as_object_mut() else {
        return line;
    };
    match &reading.outcome {
        Ok(contents) => add_contents(fields, contents),
        Err(unreadable) => {
            fields.insert("error".to_owned(), json!(unreadable.cause));
            fields.insert("again".to_owned(), json!(unreadable.again.map(rfc3339)));
        }
    }
    line
}

fn add_contents(fields: &mut Map<String, Value>, contents: &Contents) {
    let by = |counts: &[(i64, u64)]| -> Value {
        let named = counts
            .iter()
            .map(|(id, count)| (id.to_string(), json!(count)));
        Value::Object(named.collect())
    };
    fields.insert("events".to_owned(), json!(contents.events));
    fields.insert("classes".to_owned(), by(&contents.by_class));
    fields.insert("severities".to_owned(), by(&contents.by_severity));
    let detections = contents.detections.len() as u64 + contents.more;
    fields.insert("detections".to_owned(), json!(detections));
}

fn detection(detection: &Detection) -> Value {
    let (cause, id) = match &detection.cause {
        Cause::Rule(id) => ("rule", id),
        Cause::Finding(kind) => ("finding", kind),
        Cause::Watch(name) => ("watch", name),
        Cause::Condition(name) => ("condition", name),
    };
    let row: Value = serde_json::from_str(&detection.event).unwrap_or_default();
    json!({
        "kind": "detection",
        "cause": cause,
        "rule": {
            "id": id,
            "title": detection.title,
            "level": detection.severity.to_lowercase(),
        },
        "reason": detection.reason,
        "entity": detection.entity.as_ref().map(|entity| &entity.value),
        "entity_type": detection.entity.as_ref().map(|entity| entity.kind.name()),
        "time": detection.time.map(rfc3339),
        "seen": rfc3339(detection.seen),
        "account": detection.account,
        "region": detection.region,
        "operation": detection.operation,
        "object": location(&detection.object),
        "number": detection.row,
        "row": row,
    })
}

fn location(object: &ObjectName) -> String {
    format!("s3://{}/{}", object.bucket, object.key)
}
