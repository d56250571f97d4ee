//! Matches that are counted: correlations of every type, and conditions of the old format that count.
//! Each is tried in a lake and on objects as they arrive.

use std::collections::{BTreeMap, BTreeSet};

use lakehound::domain::lake::Source;
use lakehound::domain::sigma::read;
use lakehound::sql::sigma::{Columns, RuleSet, statements};
use serde_json::{Value, json};

use crate::detections::lake_of;
use crate::matching::found_both_ways;

const LOGS: &str = "logsource: {product: aws, service: cloudtrail}\n";

fn set_of(text: &str) -> RuleSet {
    let mut set = RuleSet::default();
    for document in read(text) {
        set.add(document.unwrap_or_else(|problem| panic!("{problem}\n{text}")));
    }
    set
}

/// What rules find in these rows, both ways; by id the places of the rows.
fn found(rows: &[(Source, Value)], text: &str) -> BTreeMap<String, Vec<usize>> {
    let set = set_of(text);
    let lake = lake_of(rows);
    let found = found_both_ways(&lake, &set);
    let listed = |(id, places): (String, BTreeSet<usize>)| (id, places.into_iter().collect());
    found.into_iter().map(listed).collect()
}

fn call(user: &str, operation: &str, address: &str) -> (Source, Value) {
    let row = json!({
        "api": {"operation": operation},
        "actor": {"user": {"name": user}},
        "src_endpoint": {"ip": address},
    });
    (Source::CloudTrailMgmt, row)
}

fn wanted(all: &[(&str, &[usize])]) -> BTreeMap<String, Vec<usize>> {
    let owned = |(id, places): &(&str, &[usize])| ((*id).to_owned(), places.to_vec());
    all.iter().map(owned).collect()
}

#[test]
fn conditions_that_count_are_told_where_the_count_begins_to_fit() {
    let mut rows = vec![call("ann", "Get", "10.0.0.1")];
    rows.extend((0..6).map(|n| call("bob", "Get", &format!("10.0.0.{}", n / 2))));
    rows.push(call("bob", "Put", "10.0.0.9"));
    rows.push(call("bob", "List", "10.0.0.9"));
    let rule = |id: &str, condition: &str| {
        format!(
            "title: {id}\nid: {id}\nlevel: high\n{LOGS}detection:\n  get: {{eventName: Get}}\n  put: {{eventName: Put}}\n  list: {{eventName: List}}\n  timeframe: 1m\n  condition: {condition}\n---\n"
        )
    };
    let text = [
        rule("all", "get | count() > 6"),
        rule("never", "get | count() > 7"),
        rule("by", "get | count() by userIdentity.userName >= 4"),
        rule(
            "two",
            "get or put | count() by userIdentity.userName, eventName >= 4",
        ),
        rule(
            "values",
            "get or put | count(sourceIPAddress) by userIdentity.userName > 3",
        ),
        rule("less", "list | count() < 2"),
        rule("equal", "get | count(eventName) == 1"),
        rule("near", "get | near put and list"),
        rule("far", "get | near put and delete")
            .replace("  timeframe", "  delete: {eventName: Delete}\n  timeframe"),
    ]
    .concat();
    assert_eq!(
        found(&rows, &text),
        wanted(&[
            ("all", &[6]),
            ("by", &[4]),
            ("two", &[4]),
            ("values", &[7]),
            ("less", &[8]),
            ("equal", &[0]),
            ("near", &[8]),
        ])
    );
}

#[test]
fn a_filter_takes_away_matches_of_rules_and_of_what_they_count() {
    let rows = [
        call("ann", "Get", "10.0.0.1"),
        call("own", "Get", "10.0.0.1"),
        call("ann", "Get", "10.0.0.1"),
        call("own", "Put", "10.0.0.1"),
    ];
    let text = format!(
        "title: f\nid: f\n{LOGS}filter:\n  rules: [plain, counted]\n  own: {{userIdentity.userName: own}}\n  condition: not own\n---\n\
         title: p\nid: plain\n{LOGS}detection:\n  s: {{eventName: Get}}\n  condition: s\n---\n\
         title: o\nid: other\n{LOGS}detection:\n  s: {{eventName: Put}}\n  condition: s\n---\n\
         title: c\nid: counted\n{LOGS}detection:\n  s: {{eventName: Get}}\n  timeframe: 1m\n  condition: s | count() >= 2\n"
    );
    let all = wanted(&[("plain", &[0, 2]), ("other", &[3]), ("counted", &[2])]);
    assert_eq!(found(&rows, &text), all);
    // Whichever comes first.
    let (filter, rules) = text.split_once("---\n").unwrap();
    assert_eq!(found(&rows, &format!("{rules}---\n{filter}")), all);
}

#[test]
fn rules_in_order_are_told_when_the_last_of_them_follows() {
    let rows = [
        call("ann", "C", "10.0.0.1"),
        call("ann", "B", "10.0.0.1"),
        call("ann", "A", "10.0.0.1"),
        call("bob", "A", "10.0.0.2"),
        call("ann", "C", "10.0.0.1"),
        call("ann", "B", "10.0.0.1"),
        call("ann", "A", "10.0.0.1"),
        call("ann", "C", "10.0.0.1"),
        call("ann", "B", "10.0.0.1"),
        call("bob", "C", "10.0.0.1"),
    ];
    let rule = |name: &str| {
        format!(
            "title: {name}\nid: {name}\n{LOGS}detection:\n  s: {{eventName: {name}}}\n  condition: s\n---\n"
        )
    };
    let correlation = |id: &str, kind: &str, rules: &str, rest: &str| {
        format!(
            "title: {id}\nid: {id}\ncorrelation:\n  type: {kind}\n  rules: [{rules}]\n  {rest}\n---\n"
        )
    };
    let by = "group-by: [userIdentity.userName]";
    let text = [
        rule("A"),
        rule("B"),
        rule("C"),
        correlation("abc", "temporal_ordered", "A, B, C", &format!("{by}\n  timespan: 1m")),
        correlation("aba", "temporal_ordered", "A, B, A", &format!("{by}\n  timespan: 1m")),
        correlation("cab", "temporal_ordered", "C, A, B", &format!("{by}\n  timespan: 1m\n  condition: {{gte: 3}}")),
        correlation("short", "temporal_ordered", "A, B, C", &format!("{by}\n  timespan: 4s")),
        correlation("alone", "temporal_ordered", "B, A, C", "timespan: 2s"),
        correlation("any", "temporal", "A, B, C", &format!("{by}\n  timespan: 1m\n  condition: C and A and B")),
        // The address of one and the user of the other.
        correlation("alias", "temporal", "A, C", "group-by: [who]\n  aliases:\n    who: {A: sourceIPAddress, C: sourceIPAddress}\n  timespan: 1m"),
        correlation("other", "value_count", "A, C", "group-by: [place]\n  aliases:\n    place: {A: eventType, C: sourceIPAddress}\n    what: {C: userIdentity.userName}\n  timespan: 1m\n  condition: {gte: 2, field: what}"),
    ]
    .concat();
    assert_eq!(
        found(&rows, &text),
        wanted(&[
            ("abc", &[7]),
            ("aba", &[6]),
            ("cab", &[5]),
            ("alone", &[7]),
            ("any", &[2]),
            ("alias", &[2]),
            ("other", &[9]),
        ])
    );
}

#[test]
fn a_correlation_over_what_is_not_there_says_so() {
    let part = "title: p\nid: p\nlogsource: {product: windows}\ndetection:\n  s: {a: b}\n  condition: s\n---\n";
    let over = |rule: &str, id: &str| {
        format!(
            "title: {id}\nid: {id}\ncorrelation:\n  type: event_count\n  rules: [{rule}]\n  timespan: 1m\n  condition: {{gte: 2}}\n---\n"
        )
    };
    let counted = |logs: &str, condition: &str, id: &str| {
        format!(
            "title: {id}\nid: {id}\n{logs}detection:\n  s: {{eventName: b}}\n  timeframe: 1m\n  condition: {condition}\n---\n"
        )
    };
    let text = [
        part.to_owned(),
        over("p", "lost"),
        over("nowhere", "missing"),
        over("lost", "chained"),
        counted("logsource: {product: linux}\n", "s | count() > 5", "linux"),
        counted(LOGS, "s | count(no-such.field) > 5", "field"),
        format!("title: good\nid: good\n{LOGS}detection:\n  s: {{eventName: b}}\n  condition: s\n"),
    ]
    .concat();
    let lake = lake_of(&[call("ann", "b", "10.0.0.1")]);
    let (written, unusable) = statements(&set_of(&text), &lake.tables(), None, Columns::Flat);
    assert_eq!(written[0].rules, 2, "{:?}", unusable);
    let why: BTreeMap<&str, &str> = unusable
        .iter()
        .map(|one| (one.about.id.as_str(), one.why.as_str()))
        .collect();
    for (id, told) in [
        ("p", "product windows"),
        ("lost", "its rule `p` cannot be used"),
        ("missing", "`nowhere` is not here"),
        ("chained", "is a correlation itself"),
        ("linux", "product linux"),
    ] {
        assert!(why[id].contains(told), "{id}: {why:?}");
    }
    assert_eq!(unusable.len(), 5, "{why:?}");
}
