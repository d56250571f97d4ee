//! Placeholders in the parameters of a trigger's query.

use chrono::SecondsFormat;

use super::Subject;

/// What a parameter may take from an item.
pub const PLACEHOLDERS: [&str; 10] = [
    "entity",
    "account",
    "region",
    "operation",
    "time",
    "title",
    "severity",
    "count",
    "bucket",
    "key",
];

/// A placeholder that there is not.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no placeholder {{{0}}}")]
pub struct UnknownPlaceholder(pub String);

/// A stretch of a parameter's text.
enum Part<'a> {
    Text(&'a str),
    Placeholder(&'a str),
}

/// Whether every placeholder of a text is one.
///
/// # Errors
///
/// The first that is none.
pub fn check_placeholders(text: &str) -> Result<(), UnknownPlaceholder> {
    for part in parts(text) {
        if let Part::Placeholder(name) = part
            && !PLACEHOLDERS.contains(&name)
        {
            return Err(UnknownPlaceholder(name.to_owned()));
        }
    }
    Ok(())
}

/// The text with what the item says in the place of each placeholder, or the name of what it
/// does not say. What is put in is not looked at again.
pub(super) fn fill(text: &str, subject: &Subject) -> Result<String, &'static str> {
    let mut filled = String::with_capacity(text.len());
    for part in parts(text) {
        match part {
            Part::Text(text) => filled.push_str(text),
            Part::Placeholder(name) => {
                let known = PLACEHOLDERS.into_iter().find(|known| *known == name);
                let name = known.ok_or("a placeholder that there is not")?;
                filled.push_str(&value(name, subject).ok_or(name)?);
            }
        }
    }
    Ok(filled)
}

fn value(name: &str, subject: &Subject) -> Option<String> {
    let newest = || subject.newest.as_ref();
    match name {
        "entity" => Some(subject.entity.as_ref()?.value.clone()),
        "account" => newest()?.account.clone(),
        "region" => newest()?.region.clone(),
        "operation" => newest()?.operation.clone(),
        "time" => {
            let time = newest()?.time?;
            Some(time.to_rfc3339_opts(SecondsFormat::Millis, true))
        }
        "title" => Some(subject.title.clone()),
        "severity" => Some(subject.severity.clone()),
        "count" => Some(subject.count.to_string()),
        "bucket" => Some(newest()?.object.bucket.clone()),
        "key" => Some(newest()?.object.key.clone()),
        _ => None,
    }
}

/// A brace that is never closed is text.
fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        let Some((name, after)) = after.split_once('}') else {
            break;
        };
        parts.push(Part::Text(before));
        parts.push(Part::Placeholder(name));
        rest = after;
    }
    parts.push(Part::Text(rest));
    parts
}
