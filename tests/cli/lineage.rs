//! `lakehound lineage`: the tree of credentials around a value.

use serde_json::Value;

use crate::support::{Home, assert_holds, demo_lake};

/// The value of the part of the incident with this role.
fn part(role: &str) -> String {
    let text = std::fs::read_to_string(demo_lake().join("scenario.json")).unwrap();
    let scenario: Value = serde_json::from_str(&text).unwrap();
    let entities = scenario["entities"].as_array().unwrap();
    let part = entities.iter().find(|part| part["role"] == role).unwrap();
    part["value"].as_str().unwrap().to_owned()
}

fn nodes(value: &str) -> Vec<Value> {
    let arguments = ["lineage", value, "--format", "json"];
    serde_json::from_str(&Home::new().run_on_demo(&arguments).ok()).unwrap()
}

#[test]
fn the_chain_of_the_incident_stands_from_its_root_to_its_end() {
    let chain = [
        "leaked access key",
        "second access key",
        "first session key",
        "second session key",
    ]
    .map(part);
    let nodes = nodes(&chain[3]);
    // Up from the last session there is one way.
    let told: Vec<&str> = nodes.iter().map(|n| n["id"].as_str().unwrap()).collect();
    assert_eq!(told, chain);
    for (depth, node) in nodes.iter().enumerate() {
        assert_eq!(node["depth"], depth);
        assert_eq!(node["asked_for"], depth == 3);
        assert_eq!(node["notes"], Value::Array(Vec::new()), "{node}");
    }
    assert_eq!(nodes[1]["issued_by"], "CreateAccessKey");
    assert_eq!(nodes[0]["principal"], part("compromised user"));
    assert_eq!(nodes[2]["role"], part("first role"));
    assert_eq!(nodes[3]["role"], part("second role"));
    assert_ne!(
        nodes[3]["account"], nodes[2]["account"],
        "the chain leaves its account"
    );
    let outside = part("outside address");
    assert_eq!(
        nodes[3]["addresses"]
            .as_object()
            .unwrap()
            .keys()
            .collect::<Vec<_>>(),
        [&outside]
    );
}

#[test]
fn the_calls_of_a_key_are_those_that_the_lake_has() {
    let key = part("second session key");
    let sql = "SELECT count(*) AS n FROM (SELECT actor.user.credential_uid AS k FROM cloud_trail_mgmt \
        UNION ALL SELECT actor.user.credential_uid FROM s3_data) WHERE k = '";
    let sql = format!("{sql}{key}'");
    let counted = Home::new()
        .run_on_demo(&["query", &sql, "--format", "csv"])
        .ok();
    let nodes = nodes(&key);
    let node = nodes.iter().find(|node| node["id"] == *key).unwrap();
    assert_eq!(
        counted.lines().nth(1).unwrap().trim_matches('"'),
        node["calls"].to_string()
    );
}

#[test]
fn a_table_shows_the_tree_and_marks_what_was_asked_for() {
    let key = part("first session key");
    let table = Home::new().run_on_demo(&["lineage", &key]).ok();
    assert!(table.starts_with("CREDENTIAL"), "{table}");
    assert_holds(
        &table,
        &[
            &format!("    {key} *"),
            &format!("      {}", part("second session key")),
            "release-check",
            "CreateAccessKey",
            "sts.amazonaws.com",
        ],
    );
}

#[test]
fn who_is_not_there_is_a_no_and_what_has_no_credentials_is_refused() {
    let home = Home::new();
    let run = home.run_on_demo(&["lineage", "AKIAIOSFODNN7NOWHERE"]);
    assert_eq!((run.code, &*run.stdout), (Some(3), ""));
    assert_holds(&run.stderr, &["no credential", "AKIAIOSFODNN7NOWHERE"]);
    let stderr = home
        .run_on_demo(&["lineage", "https://example.com/x"])
        .fails(2);
    assert_holds(&stderr, &["url", "--type", "access-key"]);
    // The time before the incident has the leaked key, and not what came of it.
    let last = part("second session key");
    let arguments = ["lineage", &last, "--around", "2020-01-01", "--window", "1h"];
    assert_eq!(home.run_on_demo(&arguments).code, Some(3));
}
