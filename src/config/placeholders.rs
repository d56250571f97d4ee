//! `placeholders.toml`: the values of rules' placeholders (`field|expand: '%name%'`). What cannot be
//! read is reported with its line, and that placeholder has no value: rules that need it say so.

use std::path::Path;

use toml::de::{DeTable, DeValue};

use super::Problem;
use super::section::Faults;
use crate::domain::sigma::Placeholders;

/// The name of such a file, beside the rules.
pub const PLACEHOLDERS_FILE: &str = "placeholders.toml";

/// The values of one placeholder.
const MOST_VALUES: usize = 10_000;

/// Reads the text of a file of placeholders: `name = "value"` or `name = ["one", "other"]`.
pub fn parse_placeholders(file: &Path, text: &str) -> (Placeholders, Vec<Problem>) {
    let mut faults = Faults::new(file, text);
    let (document, broken) = DeTable::parse_recoverable(text);
    for error in &broken {
        let span = error.span().unwrap_or_default();
        let message = format!("this is no TOML: {}", error.message());
        faults.add(&span, message, None);
    }
    let mut read = Placeholders::default();
    for (name, value) in document.get_ref() {
        let values: Option<Vec<String>> = match value.get_ref() {
            DeValue::Array(items) if items.len() <= MOST_VALUES => {
                items.iter().map(|item| one(item.get_ref())).collect()
            }
            other => one(other).map(|value| vec![value]),
        };
        match values {
            Some(values) => {
                read.0.insert(name.get_ref().to_string(), values);
            }
            None => faults.add(
                &value.span(),
                format!("`{}` is neither a text nor a list of texts", name.get_ref()),
                Some(format!("at most {MOST_VALUES} of them")),
            ),
        }
    }
    (read, faults.into_problems())
}

fn one(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.to_string()),
        DeValue::Boolean(truth) => Some(truth.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_read_and_what_is_none_is_told_with_its_line() {
        let text = "a = \"x\"\n\"b-c\" = [\"y\", 5, true]\nd = {}\ne = [[]]\n";
        let (read, problems) = parse_placeholders(Path::new("p.toml"), text);
        assert_eq!(read.0.get("a"), Some(&vec!["x".to_owned()]));
        let values = ["y", "5", "true"].map(str::to_owned).to_vec();
        assert_eq!(read.0.get("b-c"), Some(&values));
        assert_eq!(read.0.len(), 2);
        let lines: Vec<Option<usize>> = problems.iter().map(|one| one.line).collect();
        assert_eq!(lines, [Some(3), Some(4)]);
        let (read, problems) = parse_placeholders(Path::new("p.toml"), "a = \"x\"\nb = [\n");
        assert!(!problems.is_empty());
        assert!(read.0.get("b").is_none_or(Vec::is_empty));
    }
}
