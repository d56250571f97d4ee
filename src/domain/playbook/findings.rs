//! Which findings a playbook answers: its table of types, and types that the text names.

use std::sync::LazyLock;

use regex::Regex;

use super::FindingType;

/// Reads a table of finding types into `known`; passes over any other table.
pub(super) fn read_table(rows: &[Vec<String>], known: &mut Vec<FindingType>) {
    let Some((header, rows)) = rows.split_first() else {
        return;
    };
    let header: Vec<String> = header.iter().map(|cell| cell.to_lowercase()).collect();
    let column = |words: &[&str]| {
        header
            .iter()
            .position(|cell| words.iter().any(|word| cell.contains(word)))
    };
    let Some(kind) = column(&["finding", "event type"]) else {
        return;
    };
    // Tables of what was found also speak of findings; the one of types has their source.
    let Some(source) = column(&["source", "service", "product"]).filter(|c| *c != kind) else {
        return;
    };
    let severity = column(&["severity"]);
    for row in rows {
        let cell = |index: usize| row.get(index).map(|cell| cell.trim().to_owned());
        let (Some(name), Some(source)) = (cell(kind), cell(source)) else {
            continue;
        };
        if !name.is_empty() {
            known.push(FindingType {
                source,
                name,
                severity: severity
                    .and_then(cell)
                    .filter(|text| !text.is_empty() && text != "—"),
            });
        }
    }
}

/// Adds the GuardDuty types that the text names outside a table.
pub(super) fn read_text(source: &str, known: &mut Vec<FindingType>) {
    static TYPE: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(r"\b[A-Z][A-Za-z]+:[A-Z][A-Za-z0-9]+/[A-Z][A-Za-z0-9.!-]*[A-Za-z0-9]").ok()
    });
    let Some(pattern) = &*TYPE else {
        return;
    };
    for found in pattern.find_iter(source) {
        if !known.iter().any(|finding| finding.name == found.as_str()) {
            known.push(FindingType {
                source: "Amazon GuardDuty".to_owned(),
                name: found.as_str().to_owned(),
                severity: None,
            });
        }
    }
}
