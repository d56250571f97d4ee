//! Sigma rules over whole lakes: each shipped detection has rows that it must find and rows that it
//! must not, every modifier is tried on rows, and the incident of the demo lake is found.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use arrow::json::ReaderBuilder;
use chrono::{DateTime, Duration, TimeZone, Utc};
use lakehound::config::{ContentKind, content};
use lakehound::demo::Scenario;
use lakehound::domain::lake::{Source, SourceVersion, documented_schema};
use lakehound::domain::sigma::read;
use lakehound::sql::sigma::{Columns, RuleSet, statements};
use parquet::arrow::ArrowWriter;
use serde_json::{Value, json};

use crate::lake::{Lake, Table};
use crate::matching::found_both_ways;

pub(crate) fn begin() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 1, 6, 0, 0).unwrap()
}

/// A lake of these rows, each a second after the one before it.
pub(crate) fn lake_of(rows: &[(Source, Value)]) -> Lake {
    let folder = tempfile::tempdir().unwrap();
    let mut tables: BTreeMap<&str, (Source, Vec<Value>)> = BTreeMap::new();
    for (place, (source, row)) in rows.iter().enumerate() {
        let time = begin() + Duration::seconds(place as i64);
        let mut row = row.clone();
        row["time_dt"] = json!(time.to_rfc3339());
        row["time"] = json!(time.timestamp_millis());
        let table = tables
            .entry(source.alias())
            .or_insert((*source, Vec::new()));
        table.1.push(row);
    }
    for (source, rows) in tables.values() {
        let schema = documented_schema(*source, SourceVersion::V2).unwrap();
        let mut decoder = ReaderBuilder::new(Arc::clone(&schema))
            .with_batch_size(rows.len())
            .build_decoder()
            .unwrap();
        decoder.serialize(rows).unwrap();
        let batch = decoder.flush().unwrap().unwrap();
        let place = format!(
            "lake/aws/{}/2.0/region=us-east-1/accountId=111122223333/eventDay=20261101",
            source.key_name()
        );
        let place = folder.path().join(place);
        std::fs::create_dir_all(&place).unwrap();
        let file = std::fs::File::create(place.join("0123456789abcdef0123456789abcdef.gz.parquet"));
        let mut writer = ArrowWriter::try_new(file.unwrap(), schema, None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    }
    let scenario: Scenario = serde_json::from_value(json!({
        "name": "rows", "seed": 0, "from": begin().to_rfc3339(), "until": (begin() + Duration::days(1)).to_rfc3339(),
        "entities": [], "stolen_objects": [], "findings": [],
    }))
    .unwrap();
    Lake::over(folder, scenario, 512 << 20)
}

pub(crate) fn detect(lake: &Lake, set: &RuleSet) -> Table {
    let (detects, unusable) = statements(set, &lake.tables(), None, Columns::Flat);
    assert_eq!(unusable, vec![]);
    let sql = &detects[0].sql;
    lake.run(sql, Vec::new())
        .unwrap_or_else(|error| panic!("{error:?}\n{sql}"))
}

/// The places of the rows that each rule found.
pub(crate) fn places(found: &Table) -> BTreeMap<String, BTreeSet<usize>> {
    let mut places: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for (rule, time) in found.column("rule_id").iter().zip(found.column("time")) {
        let time: DateTime<Utc> = time.parse().unwrap();
        let place = (time - begin()).num_seconds();
        let of_rule = places.entry((*rule).to_owned()).or_default();
        of_rule.insert(usize::try_from(place).unwrap());
    }
    places
}

#[test]
fn every_shipped_detection_fires_on_its_rows_and_on_no_other_of_them() {
    let files = content(ContentKind::Detections, Path::new("")).0;
    assert!(files.len() >= 25, "{}", files.len());
    let mut set = RuleSet::default();
    let (mut rows, mut wanted, mut owned) = (Vec::new(), Vec::new(), Vec::new());
    let mut ids = BTreeSet::new();
    for file in &files {
        let mut documents = read(&file.text);
        assert_eq!(documents.len(), 1, "{}", file.name);
        let document = documents
            .remove(0)
            .unwrap_or_else(|e| panic!("{}: {e}", file.name));
        let id = document.about().id.clone();
        assert!(
            ids.insert(id.clone()),
            "{}: its id is there twice",
            file.name
        );
        assert!(document.about().description.is_some() && !document.about().tags.is_empty());
        set.add(document);
        let path = format!(
            "{}/detections/{}.rows.json",
            env!("CARGO_MANIFEST_DIR"),
            file.stem()
        );
        let text = std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("there is no {path}"));
        let tests: Value = serde_json::from_str(&text).unwrap();
        let source = Source::ALL
            .into_iter()
            .find(|source| source.alias() == tests["source"].as_str().unwrap())
            .unwrap();
        let (mut fires, mut own) = (BTreeSet::new(), BTreeSet::new());
        for (kind, must) in [("fires", true), ("quiet", false)] {
            let of_kind = tests[kind].as_array().unwrap();
            assert!(!of_kind.is_empty(), "{}: no row of `{kind}`", file.name);
            for row in of_kind {
                own.insert(rows.len());
                if must {
                    fires.insert(rows.len());
                }
                rows.push((source, row.clone()));
            }
        }
        wanted.push((file.name.clone(), id.clone(), fires));
        owned.push(own);
    }
    let lake = lake_of(&rows);
    let found = found_both_ways(&lake, &set);
    for ((name, id, fires), own) in wanted.iter().zip(owned) {
        let all = found.get(id).cloned().unwrap_or_default();
        let of_its_own: BTreeSet<usize> = all.intersection(&own).copied().collect();
        assert_eq!(&of_its_own, fires, "{name}: rows {own:?}");
    }
}

/// Whether a match names a part of the incident.
fn is_of_the_incident(scenario: &Scenario, row: &[String]) -> bool {
    let named = |text: &str| row.iter().any(|cell| cell.contains(text));
    scenario.entities.iter().any(|entity| named(&entity.value))
        || scenario.findings.iter().any(|finding| named(finding))
}

#[test]
fn the_incident_is_found_and_little_else() {
    let mut set = RuleSet::default();
    for file in content(ContentKind::Detections, Path::new("")).0 {
        for document in read(&file.text) {
            set.add(document.unwrap());
        }
    }
    let lake = Lake::get();
    let found = detect(lake, &set);
    let mut counts: BTreeMap<(&str, bool), usize> = BTreeMap::new();
    let titles = found.column("title");
    for (title, row) in titles.iter().zip(&found.rows) {
        let incident = is_of_the_incident(&lake.scenario, row);
        *counts.entry((title, incident)).or_default() += 1;
    }
    for ((title, incident), count) in &counts {
        let of = if *incident { "incident" } else { "background" };
        println!("{count:>5}  {of:<10}  {title}");
    }
    let of_incident = counts.keys().filter(|(_, incident)| *incident).count();
    let false_ones: usize = counts
        .iter()
        .filter(|((_, incident), _)| !incident)
        .map(|(_, count)| count)
        .sum();
    assert!(of_incident >= 6, "{counts:?}");
    assert!(false_ones <= 3, "{counts:?}");
}

/// Rows of CloudTrail that modifiers are tried on.
fn calls() -> Vec<(Source, Value)> {
    let rows = [
        json!({"api": {"operation": "StopLogging", "request": {"data": "{\"name\":\"a_b%c\",\"n\":5,\"deep\":{\"x\":[1]}}"}}, "src_endpoint": {"ip": "10.1.2.3"}, "actor": {"user": {"name": "ann", "uid": "Ann"}}}),
        json!({"api": {"operation": "stoplogging"}, "http_request": {"user_agent": "tool -Enc x"}, "src_endpoint": {"domain": "ec2.amazonaws.com"}}),
        json!({"api": {"operation": "DeleteTrail", "response": {"error": "AccessDenied"}}, "unmapped": {"requestParameters.name": "axb%c", "requestParameters.n": "12"}, "src_endpoint": {"ip": "2001:db8::7"}}),
        json!({"api": {"operation": "", "request": {"data": "{\"blob\":\"xxL2Jpbi9zaAxx\"}"}}, "resources": [{"uid": "arn:aws:s3:::one"}, {"uid": "arn:aws:s3:::two"}], "http_request": {"user_agent": "line one\nwith \\ and ?"}}),
    ];
    rows.map(|row| (Source::CloudTrailMgmt, row)).to_vec()
}

#[test]
fn every_modifier_finds_the_rows_that_it_means() {
    let cases: &[(&str, &[usize])] = &[
        ("s: {eventName: STOPLOGGING}", &[0, 1]),
        ("s: {eventName|cased: StopLogging}", &[0]),
        ("s: {eventName: [StopLogging, DeleteTrail]}", &[0, 1, 2]),
        ("s: {eventName: 'S?op*ing'}", &[0, 1]),
        ("s: {eventName: ''}", &[3]),
        ("s: {eventName|contains: elete}", &[2]),
        ("s: {eventName|startswith: delete}", &[2]),
        ("s: {eventName|endswith: trail}", &[2]),
        ("s: {eventName|contains|all: [delete, trail]}", &[2]),
        ("s: {eventName|re: '^Stop'}", &[0]),
        ("s: {eventName|re|i: '^STOP'}", &[0, 1]),
        ("s: {userAgent|re|s: 'one.with'}", &[3]),
        ("s: {userAgent|re|m: '^with'}", &[3]),
        ("s: {userAgent|contains: '\\\\ and \\?'}", &[3]),
        ("s: {userAgent|contains|windash: ' /enc'}", &[1]),
        ("s: {requestParameters.name: 'a_b%c'}", &[0]),
        ("s: {requestParameters.name: 'a?b%c'}", &[0, 2]),
        ("s: {requestParameters.n|gt: 5}", &[2]),
        ("s: {requestParameters.n|gte: 5}", &[0, 2]),
        ("s: {requestParameters.n|lt: 12}", &[0]),
        ("s: {requestParameters.n|lte: 12}", &[0, 2]),
        ("s: {requestParameters.n: 5}", &[0]),
        ("s: {requestParameters.deep|contains: '[1]'}", &[0]),
        (
            "s: {requestParameters.blob|base64offset|contains: /bin/sh}",
            &[3],
        ),
        ("s: {sourceIPAddress|cidr: 10.0.0.0/8}", &[0]),
        (
            "s: {sourceIPAddress|cidr: ['2001:db8::/32', 10.1.2.3]}",
            &[0, 2],
        ),
        ("s: {sourceIPAddress: '*.amazonaws.com'}", &[1]),
        ("s: {errorCode: null}", &[0, 1, 3]),
        ("s: {errorCode|exists: true}", &[2]),
        ("s: {errorCode|exists: false}", &[0, 1, 3]),
        ("s: {errorCode|neq: AccessDenied}", &[0, 1, 3]),
        (
            "s: {userIdentity.userName|fieldref: userIdentity.arn}",
            &[0],
        ),
        (
            "s: {userIdentity.userName|cased|fieldref: userIdentity.arn}",
            &[],
        ),
        ("s: {resources.ARN|endswith: two}", &[3]),
        ("s: ['axb%c', ':::one']", &[2, 3]),
        ("s: {'|re': 'w.th'}", &[3]),
        (
            "s: [{eventName: DeleteTrail}, {userAgent|contains: enc}]",
            &[1, 2],
        ),
        ("s: {api.operation: deletetrail}", &[2]),
    ];
    let mut text = String::new();
    for (place, (search, _)) in cases.iter().enumerate() {
        text.push_str(&format!(
            "title: c\nid: c{place}\nlogsource: {{product: aws, service: cloudtrail}}\ndetection:\n  {search}\n  condition: s\n---\n"
        ));
    }
    for (name, condition) in [("not", "not s"), ("1of", "1 of s*"), ("all", "all of them")] {
        text.push_str(&format!(
            "title: c\nid: {name}\nlogsource: {{product: aws, service: cloudtrail}}\ndetection:\n  s: {{errorCode: AccessDenied}}\n  s2: {{eventName: StopLogging}}\n  condition: {condition}\n---\n"
        ));
    }
    let mut set = RuleSet::default();
    for document in read(&text) {
        set.add(document.unwrap());
    }
    let lake = lake_of(&calls());
    let found = found_both_ways(&lake, &set);
    let of = |id: &str| -> Vec<usize> {
        found
            .get(id)
            .map(|places| places.iter().copied().collect())
            .unwrap_or_default()
    };
    let mut wrong = Vec::new();
    for (place, (search, rows)) in cases.iter().enumerate() {
        let got = of(&format!("c{place}"));
        if got != *rows {
            wrong.push(format!("{search}: {got:?}, not {rows:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(
        (of("not"), of("1of"), of("all")),
        (vec![0, 1, 3], vec![0, 1, 2], vec![])
    );
}

#[test]
fn correlations_tell_where_a_count_begins_to_fit() {
    let call = |key: &str, operation: &str, error: bool| {
        let mut row =
            json!({"api": {"operation": operation}, "actor": {"user": {"credential_uid": key}}});
        if error {
            row["api"]["response"] = json!({"error": "AccessDenied"});
        }
        (Source::CloudTrailMgmt, row)
    };
    let mut rows = vec![call("b", "ListUsers", true)];
    rows.extend((0..6).map(|n| call("a", ["ListUsers", "ListRoles"][n % 2], true)));
    rows.push(call("a", "CreateUser", false));
    let head = "logsource: {product: aws, service: cloudtrail}\ndetection:\n";
    let text = format!(
        "title: denied\nid: denied\n{head}  s: {{errorCode: AccessDenied}}\n  condition: s\n---\n\
         title: made\nname: made\nid: made\n{head}  s: {{eventName: CreateUser}}\n  condition: s\n---\n\
         title: many\nid: many\ncorrelation:\n  type: event_count\n  rules: [denied]\n  group-by: [userIdentity.accessKeyId]\n  timespan: 1m\n  condition: {{gte: 4}}\n---\n\
         title: short\nid: short\ncorrelation:\n  type: event_count\n  rules: [denied]\n  group-by: [userIdentity.accessKeyId]\n  timespan: 2s\n  condition: {{gte: 4}}\n---\n\
         title: kinds\nid: kinds\ncorrelation:\n  type: value_count\n  rules: [denied]\n  group-by: [userIdentity.accessKeyId]\n  timespan: 1m\n  condition: {{gte: 2, field: eventName}}\n---\n\
         title: both\nid: both\ncorrelation:\n  type: temporal\n  rules: [denied, made]\n  group-by: [userIdentity.accessKeyId]\n  timespan: 1m\n"
    );
    let mut set = RuleSet::default();
    for document in read(&text) {
        set.add(document.unwrap());
    }
    let lake = lake_of(&rows);
    let found = found_both_ways(&lake, &set);
    let wanted: BTreeMap<String, BTreeSet<usize>> = [("many", 4), ("kinds", 2), ("both", 7)]
        .into_iter()
        .map(|(id, place)| (id.to_owned(), BTreeSet::from([place])))
        .collect();
    assert_eq!(found, wanted);
}
