//! Rules about the JSON of a call: members behind lists, whole objects with escapes in them, values
//! by a placeholder. Each is tried in a lake and on objects as they arrive.

use std::collections::BTreeMap;

use lakehound::domain::lake::Source;
use lakehound::domain::sigma::{Placeholders, read_with};
use lakehound::sql::sigma::RuleSet;
use serde_json::{Value, json};

use crate::detections::lake_of;
use crate::matching::found_both_ways;

/// Calls with lists in what they ask for.
fn calls() -> Vec<(Source, Value)> {
    let policy = json!({"Effect": "Allow", "Principal": "*"}).to_string();
    let asked = [
        json!({"containerDefinitions": [
            {"image": "one", "command": ["/bin/sh", "-c", "curl $AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"], "cpu": 2},
            {"image": "two", "command": ["true"], "cpu": 512}
        ]}),
        json!({"containerDefinitions": [{"image": "three", "command": null}], "names": ["Ann", "Bob"], "count": 7}),
        json!({"containerDefinitions": {"image": "four", "command": "sleep"}}),
        json!({"ipPermissions": {"items": [
            {"fromPort": 443, "ipRanges": {"items": [{"cidrIp": "10.0.0.0/8"}]}},
            {"fromPort": 22, "ipRanges": {"items": [{"cidrIp": "192.0.2.0/24"}, {"cidrIp": "0.0.0.0/0"}]}}
        ]}}),
        json!({"policyDocument": policy, "path": "C:\\temp", "name": "[odd"}),
        json!({"containerDefinitions": [], "names": []}),
    ];
    let call = |asked: &Value| {
        let row = json!({"api": {"operation": "Call", "request": {"data": asked.to_string()}}});
        (Source::CloudTrailMgmt, row)
    };
    let mut rows: Vec<(Source, Value)> = asked.iter().map(call).collect();
    // As some writers escape what needs none.
    let text = r#"{"url":"https:\/\/example.com","query":"a\u003db"}"#;
    rows.push((
        Source::CloudTrailMgmt,
        json!({"api": {"operation": "Call", "request": {"data": text}}}),
    ));
    rows.push((
        Source::CloudTrailMgmt,
        json!({"api": {"operation": "Call", "request": {"data": "no JSON ["}}}),
    ));
    let times = [
        "2026-01-01 00:00:00",
        "2026-03-01T00:00:00+01:00",
        "2026-03-02",
    ];
    rows.push(call(
        &json!({"when": "2026-02-05T22:30:00Z", "times": times}),
    ));
    rows
}

#[test]
fn lists_and_escapes_in_the_json_of_a_call_are_no_hindrance() {
    let of = "requestParameters.";
    let cases: &[(&str, &[usize])] = &[
        (
            "s: {OFcontainerDefinitions.command|contains: '$AWS_CONTAINER'}",
            &[0],
        ),
        (
            "s: {OFcontainerDefinitions.command: [true, sleep]}",
            &[0, 2],
        ),
        (
            "s: {OFcontainerDefinitions.image|neq: two}",
            &[1, 2, 3, 4, 5, 6, 7, 8],
        ),
        ("s: {OFcontainerDefinitions.command|exists: true}", &[0, 2]),
        (
            "s: {OFcontainerDefinitions.command: null}",
            &[1, 3, 4, 5, 6, 7, 8],
        ),
        (
            "s: {OFipPermissions.items.ipRanges.items.cidrIp: '0.0.0.0/0'}",
            &[3],
        ),
        ("s: {OFipPermissions.items.fromPort|lte: 22}", &[3]),
        (
            "s: {OFipPermissions.items|contains: '\"cidrIp\":\"10.0.0.0/8\"'}",
            &[3],
        ),
        ("s: {OFnames|contains|all: [ann, bob]}", &[1]),
        // The whole object, as it stands and without escapes.
        (
            "s: {requestParameters|contains: '\"Effect\":\"Allow\"'}",
            &[4],
        ),
        ("s: {requestParameters|contains: '\\\"Effect\\\":'}", &[4]),
        (
            "s: {requestParameters|contains: 'https://example.com'}",
            &[6],
        ),
        // As tools write it that flatten it.
        ("s: {requestParameters|contains: 'names=[Ann,Bob]'}", &[1]),
        // Parts of times.
        (
            "s: {eventTime|hour: 6, eventTime|minute|lt: 1, eventTime|week: 44, OFcount: 7}",
            &[1],
        ),
        ("s: {OFwhen|hour|gt: 21}", &[8]),
        ("s: {OFwhen|day|neq: 5, OFwhen|exists: true}", &[]),
        ("s: {OFtimes|month: 3}", &[8]),
        // Values by a name.
        ("s: {OFnames|expand: '%people%'}", &[1]),
        (
            "s: {OFcontainerDefinitions.image|expand|startswith: '%people%'}",
            &[2],
        ),
    ];
    let mut text = String::new();
    for (place, (search, _)) in cases.iter().enumerate() {
        let search = search.replace("OF", of);
        text.push_str(&format!(
            "title: c\nid: c{place}\nlogsource: {{product: aws, service: cloudtrail}}\ndetection:\n  {search}\n  condition: s\n---\n"
        ));
    }
    let people = vec!["bob".to_owned(), "f?u".to_owned()];
    let placeholders = Placeholders([("people".to_owned(), people)].into());
    let mut set = RuleSet::default();
    for document in read_with(&text, &placeholders) {
        set.add(document.unwrap());
    }
    let lake = lake_of(&calls());
    let found = found_both_ways(&lake, &set);
    let mut wrong = BTreeMap::new();
    for (place, (search, rows)) in cases.iter().enumerate() {
        let got: Vec<usize> = match found.get(&format!("c{place}")) {
            Some(places) => places.iter().copied().collect(),
            None => Vec::new(),
        };
        if got != *rows {
            wrong.insert(*search, format!("{got:?}, not {rows:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn names_of_hosts_are_found_with_and_without_the_dot_at_their_end() {
    let name = |name: &str| {
        let row = json!({"query": {"hostname": name}});
        (Source::Route53, row)
    };
    let rows = ["evil.example.", "a.Evil.example.", "evil.example.org."].map(name);
    let cases: &[(&str, &[usize])] = &[
        ("query: evil.example", &[0]),
        (
            "dns.question.name: [x.example, evil.example, evil.example.org.]",
            &[0, 2],
        ),
        ("query|endswith: .evil.example", &[1]),
        ("query|endswith: .example.", &[0, 1]),
        ("query|re: '^evil\\.example$'", &[0]),
        ("query|neq: evil.example", &[1, 2]),
    ];
    let mut set = RuleSet::default();
    for (place, (search, _)) in cases.iter().enumerate() {
        let text = format!(
            "title: c\nid: c{place}\nlogsource: {{category: dns}}\ndetection:\n  s:\n    {search}\n  condition: s\n"
        );
        for document in read_with(&text, &Placeholders::default()) {
            set.add(document.unwrap());
        }
    }
    let lake = lake_of(&rows);
    let found = found_both_ways(&lake, &set);
    for (place, (search, rows)) in cases.iter().enumerate() {
        let got: Vec<usize> = match found.get(&format!("c{place}")) {
            Some(places) => places.iter().copied().collect(),
            None => Vec::new(),
        };
        assert_eq!(got, *rows, "{search}");
    }
}
