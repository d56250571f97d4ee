//! `lakehound case timeline`.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use chrono::{DateTime, TimeDelta, Utc};
use lakehound::adapters::case::Cases;
use lakehound::adapters::kept::{KeepRequest, KeptResults};
use lakehound::domain::case::{Author, Draft, EvidenceRow, Key, Pin, Source, What};
use lakehound::domain::query::QuerySummary;
use lakehound::domain::rows::Column;
use serde_json::Value;

use crate::support::{Home, assert_holds};

fn noon() -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000, 0).unwrap()
}

/// A row of CloudTrail's, some minutes after noon, pinned a day later.
fn pinned(minutes: i64, operation: &str, tags: &[&str], note: &str) -> Draft {
    let event = noon() + TimeDelta::minutes(minutes);
    let columns: Vec<(&str, ArrayRef)> = vec![
        (
            "time",
            Arc::new(Int64Array::from(vec![event.timestamp_millis()])),
        ),
        ("operation", Arc::new(StringArray::from(vec![operation]))),
        ("ip", Arc::new(StringArray::from(vec!["198.51.100.7"]))),
    ];
    let row = EvidenceRow::of(&RecordBatch::try_from_iter(columns).unwrap(), &[], 0).unwrap();
    let key = "aws/CLOUD_TRAIL_MGMT/2.0/region=us-east-1/accountId=111122223333/eventDay=20260921/a.gz.parquet";
    let pin = Pin {
        pin: Key(format!("p-{operation}")),
        event_time: Some(event),
        tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
        note: note.to_owned(),
        source: Source::Object {
            bucket: None,
            key: key.to_owned(),
            version_id: None,
            etag: None,
            size: None,
            row: Some(1),
        },
        row_sha256: row.sha256(),
        row,
    };
    Draft {
        at: noon() + TimeDelta::days(1),
        what: What::Pinned(Box::new(pin)),
    }
}

/// A home with a case of three pins; gives the case's id.
fn home() -> (Home, String) {
    let home = Home::new();
    let id = home.run(&["case", "new", "Leaked key"]).ok();
    let id = id.trim_end().to_owned();
    let author = Author {
        analyst: "ana".to_owned(),
        tool: "test".to_owned(),
    };
    let mut case = Cases::at(home.path("data").join("cases"))
        .open(&id, author)
        .unwrap();
    let hostile = "=cmd|' /C calc'!A0 [x](javascript:y) \u{1b}[31m";
    case.append(&[
        pinned(843, "GetObject", &["exfiltration"], hostile),
        pinned(0, "AssumeRole", &["initial-access", "loud"], ""),
        pinned(1, "ListBuckets", &["discovery", "loud"], ""),
    ])
    .unwrap();
    (home, id)
}

#[test]
fn pins_stand_by_the_time_of_their_events() {
    let (home, id) = home();
    let out = home
        .run(&["case", "timeline", &id, "--format", "json"])
        .ok();
    let items: Vec<Value> = serde_json::from_str(&out).unwrap();
    let of = |field: &str| -> Vec<String> {
        let values = items.iter().map(|item| &item[field]);
        values
            .map(|value| {
                value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned)
            })
            .collect()
    };
    assert_eq!(of("summary"), ["AssumeRole", "ListBuckets", "GetObject"]);
    assert_eq!(of("stage"), ["initial-access", "discovery", "exfiltration"]);
    assert_eq!(of("gap_before_s"), ["null", "null", "50520"]);
    assert_eq!(of("entity"), ["ip 198.51.100.7"; 3]);
    assert_eq!(of("source"), ["CLOUD_TRAIL_MGMT"; 3]);
    assert_eq!(items[0]["event_time"], "2026-09-21T14:13:20.000000Z");
    assert_eq!(items[0]["discovery_time"], "2026-09-22T14:13:20.000000Z");
    assert_eq!(items[0]["origin"], "pin p-AssumeRole");
}

#[test]
fn it_is_grouped_and_printed_in_a_chosen_zone() {
    let (home, id) = home();
    let csv = home.run(&[
        "case",
        "timeline",
        &id,
        "--group",
        "tag",
        "--zone",
        "Europe/Berlin",
        "--gap",
        "20h",
    ]);
    let csv = csv.ok();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 6, "an item with two tags stands twice\n{csv}");
    assert_holds(lines[0], &["\"group\"", "\"gap_before_s\""]);
    assert_holds(
        lines[1],
        &[
            "2026-09-21T16:13:20+02:00",
            "\"initial-access\"",
            "AssumeRole",
        ],
    );
    assert_holds(lines[2], &["\"loud\"", "AssumeRole"]);
    assert_holds(lines[3], &["\"loud\"", "ListBuckets"]);
    assert!(!csv.contains("50520"), "nothing is longer than 20 h\n{csv}");
    let wrong = home
        .run(&["case", "timeline", &id, "--zone", "Europe/Berln"])
        .fails(2);
    assert_holds(&wrong, &["Europe/Berlin"]);
    assert_holds(
        &home.run(&["case", "timeline", "nobody"]).fails(1),
        &["nobody"],
    );
}

#[test]
fn what_an_attacker_wrote_stays_text() {
    let (home, id) = home();
    for arguments in [vec!["--format", "md"], vec!["-o", "timeline.md"]] {
        let mut all = vec!["case", "timeline", &id];
        all.extend(arguments.clone());
        let printed = home.run(&all).ok();
        let text = match arguments[0] {
            "-o" => std::fs::read_to_string(home.path("timeline.md")).unwrap(),
            _ => printed,
        };
        assert_eq!(text.lines().count(), 5, "{text}");
        assert_holds(&text, &["`event_time` UTC", "`=cmd\\|", "\\x1b[31m`"]);
        assert!(!text.contains('\u{1b}'), "{text}");
    }
    let safe = home
        .run(&["case", "timeline", &id, "--format", "csv-safe"])
        .ok();
    assert_holds(&safe, &["\"'=cmd|", "note"]);
}

/// Keeps a result of three calls with the case, one of them without a time.
fn keep_calls(home: &Home, id: &str) {
    let times = [Some(30), Some(2), None];
    let times = times.map(|minutes| {
        let time = minutes.map(|minutes| noon() + TimeDelta::minutes(minutes));
        time.map(|time| time.timestamp_millis())
    });
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("time", Arc::new(Int64Array::from(times.to_vec()))),
        (
            "operation",
            Arc::new(StringArray::from(vec!["Late", "Early", "Never"])),
        ),
    ];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let names = ["time", "operation"].map(|name| Column {
        name: name.to_owned(),
    });
    let kept = KeptResults::open(home.path("kept")).unwrap();
    let request = KeepRequest {
        name: Some("calls".to_owned()),
        sql: "SELECT 1".to_owned(),
        parameters: Vec::new(),
        engine: "embedded".to_owned(),
        profile: None,
        settings: None,
        started: noon(),
        raw_columns: Vec::new(),
    };
    let mut writer = kept.keep(request, &names, &batch.schema()).unwrap();
    writer.append(&batch).unwrap();
    writer.finish(noon(), &QuerySummary::default()).unwrap();
    let (rows, manifest) = kept.files("calls").unwrap();
    let cases = Cases::at(home.path("data").join("cases"));
    cases
        .kept(id)
        .unwrap()
        .keep_result(&rows, &manifest)
        .unwrap();
}

#[test]
fn kept_results_go_into_it_as_a_whole() {
    let (home, id) = home();
    keep_calls(&home, &id);
    for chosen in [&["--result", "calls"][..], &["--all-results"]] {
        let mut arguments = vec!["case", "timeline", &id, "--format", "json"];
        arguments.extend(chosen);
        let out = home.run(&arguments).ok();
        let items: Vec<Value> = serde_json::from_str(&out).unwrap();
        let summaries: Vec<&str> = items
            .iter()
            .map(|item| item["summary"].as_str().unwrap())
            .collect();
        assert_eq!(
            summaries,
            [
                "AssumeRole",
                "ListBuckets",
                "Early",
                "Late",
                "GetObject",
                "Never"
            ]
        );
        assert_eq!(items[2]["origin"], "calls row 2");
        assert_eq!(items[2]["discovery_time"], Value::Null);
        assert_eq!(items[5]["event_time"], Value::Null);
    }
    let wrong = home
        .run(&["case", "timeline", &id, "--result", "nothing"])
        .fails(1);
    assert_holds(&wrong, &["`nothing`", "case show"]);
}

#[test]
fn an_empty_case_says_so() {
    let home = Home::new();
    let id = home.run(&["case", "new", "Quiet"]).ok();
    let run = home.run(&["case", "timeline", id.trim_end(), "--format", "json"]);
    assert_holds(&run.stderr, &["nothing is pinned"]);
    assert_eq!((run.code, run.stdout.trim()), (Some(0), "[]"));
}
