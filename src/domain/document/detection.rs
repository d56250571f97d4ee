//! A document as a detection.

use serde_json::Value;

use super::fields::Fields;
use super::severity::severity;
use super::time::time;
use super::{BUCKET, Kept};
use crate::domain::detection::{Cause, Contents, Detection, MOST_ENTITIES, Reading};
use crate::domain::entity::extract::{self, Found};
use crate::domain::entity::{Entity, EntityType};
use crate::domain::severity as severities;

const TITLE: &[&str] = &[
    "finding_info.title",
    "finding.title",
    "title",
    "rule.title",
    "rule.name",
    "rule_name",
    "alert_name",
    "detection_name",
    "signature",
    "name",
    "summary",
    "subject",
    "finding_info.desc",
    "message",
    "description",
    "detail-type",
];

const KIND: &[&str] = &[
    "finding_info.types",
    "finding.types",
    "types",
    "type",
    "finding_type",
    "rule.id",
    "rule_id",
    "rule.name",
    "rule_name",
    "alert_type",
];

const TIME: &[&str] = &[
    "service.event_last_seen",
    "last_observed_at",
    "time_dt",
    "time",
    "event_time",
    "timestamp",
    "finding_info.last_seen_time",
    "last_seen",
    "occurred_at",
    "detected_at",
    "detection_time",
    "updated_at",
    "created_at",
    "finding_info.created_time",
    "created",
    "start_time",
    "date",
];

const ACCOUNT: &[&str] = &[
    "cloud.account.uid",
    "cloud.account_uid",
    "aws_account_id",
    "account_id",
    "account.uid",
    "account.id",
    "account",
];

const REGION: &[&str] = &["cloud.region", "region", "aws_region"];

const OPERATION: &[&str] = &[
    "api.operation",
    "service.action.aws_api_call_action.api",
    "event_name",
    "operation",
    "action",
];

/// What a detection is about, the likeliest first: whoever acted, with what, from where, on what.
const ABOUT: [EntityType; 13] = [
    EntityType::AccessKey,
    EntityType::Session,
    EntityType::Principal,
    EntityType::Role,
    EntityType::Ip,
    EntityType::Resource,
    EntityType::Domain,
    EntityType::Hash,
    EntityType::Url,
    EntityType::Container,
    EntityType::Kubernetes,
    EntityType::Process,
    EntityType::Account,
];

/// Where a document speaks of its sender and of itself, not of what happened.
const NOT_ABOUT: [&str; 7] = [
    "metadata",
    "productarn",
    "productfields",
    "product",
    "generatorid",
    "schemaversion",
    "findinginfo",
];

/// Names whose text is what the document is called.
const ITS_NAME: [&str; 2] = ["name", "data.name"];

impl Kept {
    /// The document as an object with one event that was read, with the detection that it is.
    pub fn reading(&self) -> Reading {
        let document = serde_json::from_str(&self.json).unwrap_or(Value::Null);
        let wrapped = wrapped(&document);
        let detection = self.detection(wrapped.as_ref().unwrap_or(&document));
        let by_severity = severities::id(&detection.severity);
        let contents = Contents {
            events: 1,
            by_class: detection
                .class
                .map(|class| (class, 1))
                .into_iter()
                .collect(),
            by_severity: by_severity.map(|id| (id, 1)).into_iter().collect(),
            detections: vec![detection],
            more: 0,
        };
        Reading {
            object: self.object(),
            outcome: Ok(contents),
        }
    }

    /// The detection that a document is, which was parsed and unwrapped before.
    pub fn detection(&self, document: &Value) -> Detection {
        let fields = Fields::of(document);
        let title = fields.text(TITLE);
        let kind = fields.text(KIND).or_else(|| title.clone());
        let (severity, reason) = severity(&fields);
        let (entity, others) = entities(document);
        Detection {
            cause: Cause::Finding(kind.unwrap_or_else(|| BUCKET.to_owned())),
            title: title.unwrap_or_else(|| "a document without a title".to_owned()),
            severity,
            reason,
            entity,
            others,
            time: fields.find(TIME, time),
            seen: self.received,
            account: fields.find(ACCOUNT, account),
            region: fields.text(REGION).filter(|region| region.len() <= 32),
            operation: fields.text(OPERATION),
            class: fields.integer(&["class_uid"]),
            object: self.object(),
            row: 0,
            event: self.json.clone(),
        }
    }
}

/// What SNS wrapped, where that is an object.
fn wrapped(document: &Value) -> Option<Value> {
    let is_wrapped = document["Type"] == "Notification";
    let message = document["Message"].as_str().filter(|_| is_wrapped)?;
    serde_json::from_str(message).ok().filter(Value::is_object)
}

/// An account's id: digits alone, also where they were written as a number.
fn account(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => format!("{:0>12}", number.as_u64()?),
        _ => return None,
    };
    let is_id = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_id.then_some(text)
}

/// What the document is about, and what else it names.
fn entities(document: &Value) -> (Option<Entity>, Vec<Entity>) {
    let mut found: Vec<Found> = extract::json(document);
    found.retain(|found| {
        found.entity.kind != EntityType::Finding
            && !found.paths.iter().all(|path| is_of_sender(path))
    });
    let about = ABOUT
        .iter()
        .find_map(|kind| found.iter().position(|found| found.entity.kind == *kind));
    let about = about.map(|place| found.remove(place).entity);
    let others = found.into_iter().map(|found| found.entity);
    (about, others.take(MOST_ENTITIES).collect())
}

fn is_of_sender(path: &str) -> bool {
    if ITS_NAME.contains(&path) {
        return true;
    }
    path.split('.').any(|part| {
        let plain: String = part
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|c| c.to_ascii_lowercase())
            .collect();
        NOT_ABOUT.contains(&plain.as_str())
    })
}
