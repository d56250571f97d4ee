//! The severity of a document, in OCSF's words, with the reason.

use serde_json::Value;

use super::fields::Fields;
use crate::domain::severity;

/// Where a severity's name stands.
const NAMES: &[&str] = &[
    "severity",
    "severity_label",
    "severity.label",
    "severity.name",
    "severity_name",
    "level",
    "rule.level",
    "rule.severity",
    "priority",
    "risk_level",
    "urgency",
    "criticality",
];

/// Where OCSF's id of a severity stands.
const IDS: &[&str] = &["severity_id", "severity.id"];

/// Where a number on a scale of the sender's own stands.
const SCORES: &[&str] = &[
    "severity",
    "severity.score",
    "severity.normalized",
    "severity.original",
    "risk_score",
    "score",
    "level",
    "priority",
];

/// The severity's name as OCSF spells it, and why it is this one.
pub(super) fn severity(fields: &Fields<'_>) -> (String, String) {
    let named = fields.find(NAMES, |value| {
        let text = value.as_str()?.trim();
        known(text).map(|name| (name, text.to_owned()))
    });
    let numbered = || {
        let id = fields.integer(IDS)?;
        let name = severity::name(id)?;
        Some((name.to_owned(), format!("its sender's severity id {id}")))
    };
    let guard_duty = || {
        let kind = fields.text(&["service.service_name", "product_name"])?;
        let score = fields.find(&["severity"], Value::as_f64)?;
        let name = kind
            .eq_ignore_ascii_case("guardduty")
            .then(|| guard_duty_scale(score))?;
        Some((name.to_owned(), format!("GuardDuty's severity {score}")))
    };
    let own_scale = || {
        let score = fields.find(SCORES, |value| match value {
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })?;
        let reason = format!("{score} on a scale of its sender's own");
        Some(("Other".to_owned(), reason))
    };
    let own_word = || {
        let word = fields.text(NAMES)?;
        let word: String = word.chars().take(64).collect();
        Some(("Other".to_owned(), format!("its sender's word: {word}")))
    };
    named
        .map(|(name, word)| (name.to_owned(), format!("its sender's severity {word}")))
        .or_else(numbered)
        .or_else(guard_duty)
        .or_else(own_scale)
        .or_else(own_word)
        .unwrap_or_else(|| ("Unknown".to_owned(), "its sender does not say".to_owned()))
}

/// OCSF's word for the words of other scales; `None` for a word that says nothing.
fn known(word: &str) -> Option<&'static str> {
    let lower = word.to_ascii_lowercase();
    Some(match lower.as_str() {
        "info" | "information" | "informational" | "notice" | "debug" => "Informational",
        "minor" | "low" => "Low",
        "medium" | "moderate" | "warning" | "warn" => "Medium",
        "high" | "major" | "error" | "important" => "High",
        "critical" | "crit" | "severe" | "alert" => "Critical",
        "fatal" | "emergency" | "emerg" => "Fatal",
        "unknown" | "undefined" | "none" => "Unknown",
        "other" => "Other",
        _ => return None,
    })
}

/// The ranges that GuardDuty documents for its scores.
fn guard_duty_scale(score: f64) -> &'static str {
    match score {
        score if score >= 9.0 => "Critical",
        score if score >= 7.0 => "High",
        score if score >= 4.0 => "Medium",
        score if score >= 1.0 => "Low",
        _ => "Unknown",
    }
}
