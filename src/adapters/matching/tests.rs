//! Objects are judged: what matches comes out with all that is needed, and what is damaged says so.

#![allow(
    clippy::disallowed_methods,
    reason = "tests make the files that are read"
)]

mod counting;
mod hydration;

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use arrow::json::ReaderBuilder;
use parquet::arrow::ArrowWriter;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::domain::detection::Cause;
use crate::domain::entity::{Entity, EntityType};
use crate::domain::lake::{Source, SourceVersion, documented_schema};
use crate::domain::sigma::{Level, read};
use crate::domain::standing::{Condition, StandingWatch};
use crate::sql::sigma::RuleSet;

const KEY: &str = "aws/CLOUD_TRAIL_MGMT/2.0/region=us-east-1/accountId=012345678901/eventDay=20261101/a.gz.parquet";

/// An object of a source's rows, in groups of so many.
fn write(path: &Path, source: Source, rows: &[Value], group: usize) {
    let schema = documented_schema(source, SourceVersion::V2).unwrap();
    let mut decoder = ReaderBuilder::new(Arc::clone(&schema))
        .build_decoder()
        .unwrap();
    decoder.serialize(rows).unwrap();
    let batch = decoder.flush().unwrap().unwrap();
    let file = std::fs::File::create(path).unwrap();
    let properties = parquet::file::properties::WriterProperties::builder()
        .set_max_row_group_row_count(Some(group))
        .build();
    let mut writer = ArrowWriter::try_new(file, schema, Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn call(name: &str, key: &str, second: u32) -> Value {
    json!({
        "class_uid": 6003, "severity_id": 1, "time_dt": format!("2026-11-01T06:00:{second:02}Z"),
        "api": {"operation": name, "request": {"data": "{\"bucketName\":\"b\"}"}},
        "actor": {"user": {"credential_uid": key, "uid": "arn:aws:iam::012345678901:user/ann"}},
        "src_endpoint": {"ip": "192.0.2.7"},
    })
}

fn rules(text: &str) -> RuleSet {
    let mut set = RuleSet::default();
    for document in read(text) {
        set.add(document.unwrap());
    }
    set
}

const RULES: &str = "
title: Stop
id: stop
logsource: {product: aws, service: cloudtrail}
detection:
  s: {eventName: StopLogging}
  condition: s
level: high
---
title: Bucket
id: bucket
logsource: {product: aws, service: cloudtrail}
detection:
  s: {eventName: GetObject, requestParameters.bucketName: b}
  condition: s
---
title: Elsewhere
id: elsewhere
logsource: {product: windows, service: sysmon}
detection:
  s: {a: b}
  condition: s
---
title: Many
id: many
correlation:
  type: event_count
  rules: [bucket]
  group-by: [userIdentity.accessKeyId]
  timespan: 10s
  condition: {gte: 3}
level: critical
";

fn object(key: &str) -> ObjectName {
    ObjectName {
        bucket: "local".to_owned(),
        key: key.to_owned(),
    }
}

fn judged(matcher: &Matcher, path: &Path) -> Result<Contents, ObjectFault> {
    matcher.read(
        &Place::Disk(path.to_owned()),
        &object(KEY),
        DateTime::UNIX_EPOCH,
    )
}

/// A folder with an object of CloudTrail's rows.
fn of_calls(rows: &[Value]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    write(&path, Source::CloudTrailMgmt, rows, 3);
    (folder, path)
}

#[test]
fn what_matches_comes_with_all_that_is_needed() {
    let mut set = rules(RULES);
    set.correlations.clear();
    let matcher = Matcher::new(Book {
        rules: set,
        ..Book::default()
    })
    .unwrap();
    let notes = matcher.take_notes();
    assert_eq!(notes.len(), 1);
    assert!(notes[0].about.id == "elsewhere" && notes[0].why.contains("windows"));
    let rows = ["ListBuckets", "stoplogging", "GetObject", "GetObject"];
    let rows: Vec<Value> = rows
        .iter()
        .map(|name| call(name, "AKIAEXAMPLE", 1))
        .collect();
    let (_folder, path) = of_calls(&rows);
    let contents = judged(&matcher, &path).unwrap();
    assert_eq!(
        (
            contents.events,
            contents.by_class,
            contents.by_severity,
            contents.more
        ),
        (4, vec![(6003, 4)], vec![(1, 4)], 0)
    );
    let found: Vec<(u64, &str, &str)> = contents
        .detections
        .iter()
        .map(|one| (one.row, one.title.as_str(), one.severity.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            (1, "Stop", "High"),
            (2, "Bucket", "Medium"),
            (3, "Bucket", "Medium")
        ]
    );
    let first = &contents.detections[0];
    assert_eq!(first.cause, Cause::Rule("stop".to_owned()));
    assert_eq!(
        first.entity.as_ref().unwrap().to_string(),
        "access-key AKIAEXAMPLE"
    );
    let address = Entity::parse(EntityType::Ip, "192.0.2.7").unwrap();
    assert!(
        first.others.contains(&address) && !first.others.contains(first.entity.as_ref().unwrap())
    );
    assert_eq!(
        (
            first.account.as_deref(),
            first.region.as_deref(),
            first.operation.as_deref(),
            first.class
        ),
        (
            Some("012345678901"),
            Some("us-east-1"),
            Some("stoplogging"),
            Some(6003)
        )
    );
    assert_eq!(
        first.time.unwrap().to_rfc3339(),
        "2026-11-01T06:00:01+00:00"
    );
    let event: Value = serde_json::from_str(&first.event).unwrap();
    assert_eq!(event["src_endpoint"], json!({"ip": "192.0.2.7"}));
    assert_eq!(event["accountid"], "012345678901");
    assert!(event.get("unmapped").is_none(), "what is NULL is not there");
}

#[test]
fn watches_and_conditions_are_looked_for_beside_rules() {
    let watch = |kind, value| StandingWatch {
        entity: Entity::parse(kind, value).unwrap(),
        level: Level::Critical,
        note: None,
    };
    let condition = |name: &str, predicate: &str| Condition {
        name: name.to_owned(),
        accounts: vec!["012345678901".to_owned()],
        sources: vec!["cloud_trail_mgmt".to_owned()],
        classes: vec![6003],
        severity: Some("Informational".to_owned()),
        predicate: Some(predicate.to_owned()),
        ..Condition::default()
    };
    let elsewhere = Condition {
        name: "elsewhere".to_owned(),
        sources: vec!["waf".to_owned()],
        ..Condition::default()
    };
    let matcher = Matcher::new(Book {
        watches: vec![
            watch(EntityType::Ip, "192.0.2.7"),
            watch(EntityType::Ip, "192.0.2.70"),
            watch(EntityType::Resource, "b"),
        ],
        conditions: vec![
            condition("puts", "api.operation LIKE 'Put%' -- and nothing else"),
            condition("broken", "no_such_column = 1"),
            elsewhere,
        ],
        ..Book::default()
    })
    .unwrap();
    let (_folder, path) = of_calls(&[call("PutObject", "AKIA1", 1), json!({"class_uid": 3002})]);
    let contents = judged(&matcher, &path).unwrap();
    let causes: Vec<&Cause> = contents.detections.iter().map(|one| &one.cause).collect();
    let watched = Cause::Watch("ip 192.0.2.7".to_owned());
    let of_bucket = Cause::Watch("resource b".to_owned());
    let condition = Cause::Condition("puts".to_owned());
    assert_eq!(causes, [&watched, &of_bucket, &condition]);
    assert_eq!(
        contents.detections[0].entity.as_ref().unwrap().value,
        "192.0.2.7"
    );
    let notes = matcher.take_notes();
    assert_eq!(notes.len(), 1);
    assert!(notes[0].about.title.contains("broken") && notes[0].why.contains("no_such_column"));
}

#[test]
fn findings_of_others_are_detections_unless_they_are_closed() {
    let finding = |title: &str, severity: Option<&str>, status: &str, compliance: &str| {
        json!({
            "class_uid": 2004, "severity": severity, "status": status,
            "finding_info": {"title": title, "uid": "f-1", "types": ["TTPs/Discovery"]},
            "compliance": {"status": compliance},
        })
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    let rows = [
        finding("one", Some("High"), "New", "FAILED"),
        finding("two", Some("High"), "Resolved", "FAILED"),
        finding("three", Some("High"), "New", "PASSED"),
        finding("four", Some("Low"), "New", "FAILED"),
        finding("five", None, "New", "FAILED"),
    ];
    write(&path, Source::ShFindings, &rows, 10);
    let key = KEY.replace("CLOUD_TRAIL_MGMT", "SH_FINDINGS");
    let matcher = Matcher::new(Book::default()).unwrap();
    let place = Place::Disk(path);
    let contents = matcher
        .read(&place, &object(&key), DateTime::UNIX_EPOCH)
        .unwrap();
    let found = contents.detections.as_slice();
    let told: Vec<_> = found
        .iter()
        .map(|one| (one.title.as_str(), one.severity.as_str()))
        .collect();
    assert_eq!(told, [("one", "High"), ("five", "Unknown")]);
    assert_eq!(found[0].cause, Cause::Finding("TTPs/Discovery".to_owned()));
    assert_eq!(found[0].reason, "the finding's own");
}

#[test]
fn correlations_count_over_objects_and_tell_a_storm_once() {
    let matcher = Matcher::new(Book {
        rules: rules(RULES),
        ..Book::default()
    })
    .unwrap();
    let told = |rows: &[Value]| -> Vec<String> {
        let (_folder, path) = of_calls(rows);
        let contents = judged(&matcher, &path).unwrap();
        contents
            .detections
            .into_iter()
            .map(|one| one.title)
            .collect()
    };
    let get = |key: &str, second| call("GetObject", key, second);
    // The rule that is counted is not told itself.
    assert_eq!(
        told(&[get("AKIA1", 5), get("AKIA2", 6)]),
        Vec::<String>::new()
    );
    assert_eq!(
        told(&[get("AKIA1", 20), get("AKIA1", 4)]),
        Vec::<String>::new()
    );
    assert_eq!(
        told(&[get("AKIA1", 1)]),
        ["Many"],
        "late events count as well"
    );
    assert_eq!(
        told(&[get("AKIA1", 6), get("AKIA1", 7)]),
        Vec::<String>::new()
    );
    assert_eq!(
        told(&[get("AKIA1", 40), get("AKIA1", 41), get("AKIA1", 42)]),
        ["Many"]
    );
}

#[test]
fn a_flood_of_matches_is_counted_and_not_kept() {
    let mut set = rules(RULES);
    set.correlations.clear();
    let matcher = Matcher::new(Book {
        rules: set,
        ..Book::default()
    })
    .unwrap();
    let rows: Vec<Value> = (0..MOST_DETECTIONS + 5)
        .map(|_| json!({"class_uid": 6003, "api": {"operation": "StopLogging"}}))
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    write(&path, Source::CloudTrailMgmt, &rows, 100_000);
    let contents = judged(&matcher, &path).unwrap();
    assert_eq!(
        (contents.detections.len(), contents.more),
        (MOST_DETECTIONS, 5)
    );
}

#[test]
fn a_new_book_is_in_use_from_the_next_object_on() {
    let (_folder, path) = of_calls(&[call("StopLogging", "AKIA1", 1)]);
    let matcher = Matcher::new(Book::default()).unwrap();
    assert_eq!(judged(&matcher, &path).unwrap().detections, vec![]);
    let book = Book {
        rules: rules(RULES),
        ..Book::default()
    };
    matcher.set_book(book);
    assert_eq!(judged(&matcher, &path).unwrap().detections.len(), 1);
}

static JUDGE: LazyLock<Matcher> = LazyLock::new(|| {
    let book = Book {
        rules: rules(RULES),
        ..Book::default()
    };
    Matcher::new(book).unwrap()
});

static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let rows = ["StopLogging", "GetObject", "GetObject", "PutObject"];
    let rows: Vec<Value> = rows.iter().map(|name| call(name, "AKIA1", 1)).collect();
    let (_folder, path) = of_calls(&rows);
    std::fs::read(path).unwrap()
});

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn no_bytes_are_more_than_a_damaged_object(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut bytes = BYTES.clone();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        if let Some(cut) = cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        std::fs::write(&path, bytes).unwrap();
        match judged(&JUDGE, &path) {
            Ok(contents) => prop_assert!(contents.detections.len() <= 16),
            Err(fault) => prop_assert!(!fault.may_pass(), "{fault}"),
        }
    }
}

#[test]
fn the_file_of_watches_is_read_as_it_was_written_and_says_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let list = Watchlist::at(folder.path().join("below/watches.toml"));
    assert_eq!(list.read().unwrap(), vec![]);
    let watch = |value: &str, note: Option<&str>| StandingWatch {
        entity: Entity::guess(value).unwrap(),
        level: Level::Low,
        note: note.map(str::to_owned),
    };
    let one = watch("192.0.2.7", Some("\"quoted\"\nand more"));
    assert!(!list.add(watch("192.0.2.7", None)).unwrap());
    assert!(!list.add(watch("AKIAIOSFODNN7EXAMPLE", None)).unwrap());
    assert!(
        list.add(one.clone()).unwrap(),
        "one on the same entity is replaced"
    );
    assert_eq!(list.read().unwrap().len(), 2);
    assert!(
        list.remove(&Entity::guess("AKIAIOSFODNN7EXAMPLE").unwrap())
            .unwrap()
    );
    assert!(
        !list
            .remove(&Entity::guess("AKIAIOSFODNN7EXAMPLE").unwrap())
            .unwrap()
    );
    assert_eq!(list.read().unwrap(), [one]);
    for (text, why) in [
        ("[[watch]]\ntype = \"ip\"\nvalue = \"x\"", "is not"),
        ("[[watch]]\ntype = \"nothing\"\nvalue = \"x\"", "nothing"),
        (
            "[[watch]]\ntype = \"ip\"\nvalue = \"192.0.2.1\"\nlevel = \"bad\"",
            "no level",
        ),
        ("watch = 3", "is not what it should be"),
    ] {
        std::fs::write(list.path(), text).unwrap();
        let error = list.read().unwrap_err().to_string();
        assert!(error.contains(why), "{error}");
    }
}

#[test]
fn a_change_below_a_path_is_told_and_reading_is_none() {
    let folder = tempfile::tempdir().unwrap();
    let (watched, other) = (folder.path().join("a.toml"), folder.path().join("b.toml"));
    std::fs::write(&other, "x").unwrap();
    let (sender, told) = std::sync::mpsc::channel();
    let _watching = on_change(std::slice::from_ref(&watched), move || {
        sender.send(()).unwrap()
    })
    .unwrap();
    std::fs::write(&other, "y").unwrap();
    std::fs::read(&other).unwrap();
    std::fs::write(&watched, "z").unwrap();
    told.recv().unwrap();
    assert!(told.try_recv().is_err());
}

#[test]
fn rows_are_read_once_more_as_detections_have_them() {
    let calls: Vec<Value> = [
        "GetObject",
        "StopLogging",
        "PutObject",
        "StopLogging",
        "ListBuckets",
    ]
    .iter()
    .map(|name| call(name, "AKIA1", 1))
    .collect();
    let (_folder, path) = of_calls(&calls);
    let mut set = rules(RULES);
    set.correlations.clear();
    let book = Book {
        rules: set,
        ..Book::default()
    };
    let contents = judged(&Matcher::new(book).unwrap(), &path).unwrap();
    let kept: Vec<(u64, String)> = contents
        .detections
        .into_iter()
        .map(|one| (one.row, one.event))
        .collect();
    let wanted = kept.iter().map(|(row, _)| *row).chain([4, 99]).collect();
    let place = Place::Disk(path);
    let mut again = events_of(&place, &object(KEY), &wanted).unwrap();
    let (row, last) = again.pop().unwrap();
    assert!(row == 4 && last.contains("ListBuckets"), "{row} {last}");
    assert_eq!(again, kept);
}
