//! A row that matched as a detection: who did what, where and when, and the row itself.

use arrow::array::RecordBatch;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

use super::book::Meaning;
use crate::domain::cell::Cell;
use crate::domain::detection::{Cause, Detection, MOST_ENTITIES, ObjectName};
use crate::domain::entity::extract::{self, Found};
use crate::domain::entity::{Entity, EntityType};
use crate::domain::severity;

/// Where whom an event is about is looked for, the first place first.
const ABOUT: [&str; 13] = [
    "actor.user.credential_uid",
    "actor.user.uid",
    "actor.user.uuid",
    "actor.user.name",
    "actor.session.issuer",
    "src_endpoint.instance_uid",
    "src_endpoint.ip",
    "src_endpoint.domain",
    "resources[1].uid",
    "resource.uid",
    "user.uid",
    "user.name",
    "finding_info.uid",
];

/// The same for findings, which are about a resource.
const ABOUT_OF_FINDINGS: [&str; 4] = [
    "resources[1].uid",
    "resource.uid",
    "finding_info.uid",
    "finding.uid",
];

/// The longest row that is kept whole, in bytes of JSON.
const LONGEST_EVENT: usize = 256 << 10;

/// A row taken apart, for all that it matches.
pub(super) struct Event {
    value: Value,
    text: String,
    found: Vec<Found>,
    time: Option<DateTime<Utc>>,
}

impl Event {
    /// A row of a batch of all columns.
    pub(super) fn of(batch: &RecordBatch, row: usize) -> Self {
        let mut members = Map::new();
        let schema = batch.schema_ref();
        for (field, column) in schema.fields().iter().zip(batch.columns()) {
            let value = without_nulls(Cell::of(column.as_ref(), row).json(), 0);
            if !value.is_null() {
                members.insert(field.name().clone(), value);
            }
        }
        let mut value = Value::Object(members);
        let mut text = value.to_string();
        if text.len() > LONGEST_EVENT {
            // The largest columns go until the rest fits: who wrote the row does not decide how much
            // is kept of it.
            text = shortened(&mut value);
        }
        Self {
            time: time_of(&value),
            found: extract::row(batch, &[], row),
            text,
            value,
        }
    }

    /// The row as one JSON object.
    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// Whether a finding of another product is one to look at: not of a check that was passed, and
    /// not one that its product has put aside.
    pub(super) fn is_open_finding(&self) -> bool {
        let is = |path: &str, words: &[&str]| {
            let word = self.text_at(path).unwrap_or_default();
            words.iter().any(|known| known.eq_ignore_ascii_case(&word))
        };
        let passed = ["PASSED", "Pass", "Passed"];
        let aside = ["Resolved", "Suppressed", "Archived", "Deleted"];
        !(is("/compliance/status", &passed) || is("/status", &aside) || is("/state", &aside))
    }

    /// Whether a finding is that severe; one that tells no severity is.
    pub(super) fn is_at_least(&self, least: &str) -> bool {
        let told = self.text_at("/severity");
        let rank = told.as_deref().and_then(severity::rank);
        rank.is_none_or(|rank| severity::rank(least).is_none_or(|least| rank >= least))
    }

    /// The detection that the row is by one of its matches.
    pub(super) fn detection(
        &self,
        meaning: &Meaning,
        object: &ObjectName,
        row: u64,
        now: DateTime<Utc>,
    ) -> Detection {
        let about = meaning.entity.clone().or_else(|| self.about(&ABOUT));
        self.made(
            meaning.cause.clone(),
            meaning.title.clone(),
            meaning.severity.to_owned(),
            meaning.reason.clone(),
            about,
            (object, row, now),
        )
    }

    /// The detection that the row is because it is a finding.
    pub(super) fn finding(&self, object: &ObjectName, row: u64, now: DateTime<Utc>) -> Detection {
        let kind = ["/finding_info/types/0", "/finding/types/0"]
            .iter()
            .find_map(|path| self.text_at(path));
        let title = ["/finding_info/title", "/finding/title", "/message"]
            .iter()
            .find_map(|path| self.text_at(path))
            .unwrap_or_else(|| "a finding without a title".to_owned());
        let told = self
            .text_at("/severity")
            .filter(|name| severity::rank(name).is_some());
        let (severity, reason) = match told {
            Some(name) => (name, "the finding's own".to_owned()),
            None => (
                "Unknown".to_owned(),
                "the finding tells none that OCSF knows".to_owned(),
            ),
        };
        let about = self
            .about(&ABOUT_OF_FINDINGS)
            .or_else(|| self.about(&ABOUT));
        let cause = Cause::Finding(kind.unwrap_or_else(|| title.clone()));
        self.made(cause, title, severity, reason, about, (object, row, now))
    }

    fn made(
        &self,
        cause: Cause,
        title: String,
        severity: String,
        reason: String,
        entity: Option<Entity>,
        (object, row, now): (&ObjectName, u64, DateTime<Utc>),
    ) -> Detection {
        let others = self
            .found
            .iter()
            .map(|found| &found.entity)
            .filter(|other| Some(*other) != entity.as_ref())
            .take(MOST_ENTITIES)
            .cloned()
            .collect();
        let first = |paths: &[&str]| paths.iter().find_map(|path| self.text_at(path));
        Detection {
            cause,
            title,
            severity,
            reason,
            entity,
            others,
            time: self.time,
            seen: now,
            account: first(&["/accountid", "/cloud/account/uid", "/cloud/account_uid"]),
            region: first(&["/region", "/cloud/region"]),
            operation: first(&["/api/operation", "/activity_name"]),
            class: self.value.pointer("/class_uid").and_then(Value::as_i64),
            object: object.clone(),
            row,
            event: self.text.clone(),
        }
    }

    fn text_at(&self, path: &str) -> Option<String> {
        match self.value.pointer(path)? {
            Value::String(text) if !text.is_empty() => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        }
    }

    fn about(&self, paths: &[&str]) -> Option<Entity> {
        let at = |path: &str| {
            self.found
                .iter()
                .find(|found| found.paths.iter().any(|known| known == path))
                .map(|found| found.entity.clone())
        };
        let named = paths.iter().find_map(|path| at(path));
        // Whatever else it names, before nobody: but an account names too much.
        named.or_else(|| {
            let of_use = |found: &&Found| found.entity.kind != EntityType::Account;
            self.found
                .iter()
                .find(of_use)
                .map(|found| found.entity.clone())
        })
    }
}

/// How deep a row is looked into.
const DEEPEST: usize = 64;

/// A value without what is NULL in it: rows are mostly that.
fn without_nulls(value: Value, depth: usize) -> Value {
    if depth > DEEPEST {
        return value;
    }
    match value {
        Value::Object(members) => {
            let kept: Map<String, Value> = members
                .into_iter()
                .map(|(name, value)| (name, without_nulls(value, depth + 1)))
                .filter(|(_, value)| !value.is_null())
                .collect();
            match kept.is_empty() {
                true => Value::Null,
                false => Value::Object(kept),
            }
        }
        Value::Array(items) => Value::Array(
            items
                .into_iter()
                .map(|item| without_nulls(item, depth + 1))
                .collect(),
        ),
        other => other,
    }
}

fn shortened(value: &mut Value) -> String {
    let Value::Object(members) = value else {
        return String::new();
    };
    let mut sizes: Vec<(usize, String)> = members
        .iter()
        .map(|(name, value)| (value.to_string().len(), name.clone()))
        .collect();
    sizes.sort();
    let mut total: usize = sizes.iter().map(|(size, name)| size + name.len() + 4).sum();
    while total > LONGEST_EVENT {
        let Some((size, name)) = sizes.pop() else {
            break;
        };
        total -= size;
        let told = format!("left out here: {size} bytes of JSON; the object has it");
        total += told.len();
        members.insert(name, Value::String(told));
    }
    value.to_string()
}

fn time_of(value: &Value) -> Option<DateTime<Utc>> {
    let stamp = value.pointer("/time_dt").and_then(Value::as_str);
    let stamp = stamp.and_then(|text| DateTime::parse_from_rfc3339(text).ok());
    if let Some(time) = stamp {
        return Some(time.with_timezone(&Utc));
    }
    DateTime::from_timestamp_millis(value.pointer("/time")?.as_i64()?)
}
