//! Cases on disk: what is appended stays, what is changed is found, what is merged is equal.

#![allow(
    clippy::disallowed_methods,
    reason = "the tests damage the files that they look at"
)]

mod capsules;
mod hostile;
mod journal;
mod writing;

use std::fs;

use chrono::{TimeDelta, TimeZone, Utc};

use super::*;
use crate::domain::case::{
    Draft, EvidenceColumn, EvidenceRow, Key, Outcome, Pin, ResultRef, Source, ValueType, What,
};

fn at(milliseconds: i64) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 20, 12, 0, 0).unwrap() + TimeDelta::milliseconds(milliseconds)
}

fn author(analyst: &str) -> Author {
    Author {
        analyst: analyst.to_owned(),
        tool: "lakehound 0.0.0".to_owned(),
    }
}

fn draft(milliseconds: i64, what: What) -> Draft {
    Draft {
        at: at(milliseconds),
        what,
    }
}

fn renamed(name: &str) -> What {
    What::Renamed {
        name: name.to_owned(),
    }
}

fn pin(name: &str, value: &str) -> What {
    let row = EvidenceRow {
        columns: vec![EvidenceColumn {
            name: "src_endpoint.ip".to_owned(),
            value_type: ValueType::Text,
            metadata: Default::default(),
            value: value.into(),
        }],
    };
    What::Pinned(Box::new(Pin {
        pin: Key(name.to_owned()),
        event_time: Some(at(-5_000)),
        tags: vec!["theft".to_owned()],
        note: "seen".to_owned(),
        source: Source::Object {
            bucket: Some("lake".to_owned()),
            key: "aws/x.gz.parquet".to_owned(),
            version_id: None,
            etag: Some("abc".to_owned()),
            size: Some(10),
            row: Some(7),
        },
        row_sha256: row.sha256(),
        row,
    }))
}

/// A kept result as its folder has it: rows and manifest.
fn result(folder: &Path, name: &str, rows: &[u8]) -> (PathBuf, PathBuf) {
    let paths = (
        folder.join(format!("{name}.parquet")),
        folder.join(format!("{name}.json")),
    );
    fs::write(&paths.0, rows).unwrap();
    let manifest = format!(
        r#"{{"format":1,"name":"{name}","sha256":"{}"}}"#,
        EntryHash::of(rows)
    );
    fs::write(&paths.1, manifest).unwrap();
    paths
}

/// A case with a little of everything, closed again; gives its id.
fn small_case(cases: &Cases) -> String {
    let mut case = cases.create("Leaked key", author("ana"), at(0)).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (rows, manifest) = result(folder.path(), "result_1", b"PAR1 rows PAR1");
    let stored = case.kept().keep_result(&rows, &manifest).unwrap();
    let playbook = case
        .kept()
        .keep_playbook("# Plan\n\n- [ ] Breathe\n")
        .unwrap();
    let query = Key(format!("{}-q1", case.session()));
    case.append(&[
        draft(
            1,
            What::PlaybookOpened {
                playbook: "plan.md".to_owned(),
                sha256: playbook.to_string(),
            },
        ),
        draft(
            2,
            What::QueryBegun {
                query: query.clone(),
                sql: "SELECT 'it''s'\n-- ∑".to_owned(),
                parameters: Vec::new(),
                engine: "embedded".to_owned(),
                profile: None,
                files: Vec::new(),
            },
        ),
        draft(
            3,
            What::QueryEnded {
                query,
                outcome: Outcome::Finished {
                    result: Some(ResultRef {
                        name: "result_1".to_owned(),
                        sha256: stored.rows.to_string(),
                    }),
                    rows: 1,
                    scanned_bytes: 14,
                    execution_id: None,
                },
            },
        ),
        draft(4, pin("p1", "192.0.2.7")),
    ])
    .unwrap();
    case.id()
}

fn capsule_of(cases: &Cases, id: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    cases.export(id, &mut bytes).unwrap();
    bytes
}

/// The names in a folder that are there for a person: no locks, no parts of SQLite.
fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .map(|entries| {
            entries
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect()
        })
        .unwrap_or_default();
    names.sort();
    names
}
