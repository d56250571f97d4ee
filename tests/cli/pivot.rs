//! `lakehound pivot`: what names a value, over all tables.

use serde_json::Value;

use crate::support::{Home, assert_holds, demo_lake};

fn scenario() -> Value {
    let text = std::fs::read_to_string(demo_lake().join("scenario.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn rows(ndjson: &str) -> Vec<Value> {
    ndjson
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// The value of the part with this role, and how many events name it.
fn part(role: &str) -> (String, usize) {
    let scenario = scenario();
    let entities = scenario["entities"].as_array().unwrap();
    let part = entities.iter().find(|part| part["role"] == role).unwrap();
    let events = part["events"].as_u64().unwrap();
    (
        part["value"].as_str().unwrap().to_owned(),
        usize::try_from(events).unwrap(),
    )
}

#[test]
fn every_entity_of_the_answer_key_is_counted_newest_last() {
    let home = Home::new();
    for part in scenario()["entities"].as_array().unwrap() {
        let (kind, value) = (
            part["type"].as_str().unwrap(),
            part["value"].as_str().unwrap(),
        );
        let arguments = ["pivot", value, "--type", kind, "--format", "ndjson"];
        let rows = rows(&home.run_on_demo(&arguments).ok());
        assert_eq!(
            rows.len() as u64,
            part["events"].as_u64().unwrap(),
            "{part}"
        );
        let times: Vec<&str> = rows
            .iter()
            .map(|row| row["time"].as_str().unwrap())
            .collect();
        assert!(times.is_sorted(), "{part}");
        for time in times {
            let time = chrono::DateTime::parse_from_rfc3339(time).unwrap();
            assert_eq!(time.offset().local_minus_utc(), 0);
        }
    }
}

#[test]
fn a_defanged_value_without_a_type_is_understood() {
    let (address, events) = part("outside address");
    let defanged = address.replace('.', "[.]");
    let stdout = Home::new().run_on_demo(&["pivot", &defanged]).ok();
    assert_eq!(stdout.lines().count(), events + 1, "{stdout}");
    assert!(stdout.starts_with("\"time\",\"source\""), "{stdout}");
}

#[test]
fn a_window_around_a_time_keeps_what_is_in_it() {
    let home = Home::new();
    let (key, events) = part("second session key");
    let run = |more: &[&str]| {
        let mut arguments = vec!["pivot", key.as_str(), "--format", "ndjson"];
        arguments.extend(more);
        rows(&home.run_on_demo(&arguments).ok())
    };
    let all = run(&[]);
    assert_eq!(all.len(), events);
    let first = all[0]["time"].as_str().unwrap();
    let close = run(&["--around", first, "--window", "1m"]);
    assert!(
        !close.is_empty() && close.len() < all.len(),
        "{}",
        close.len()
    );
    assert_eq!(close[0], all[0]);
    assert_eq!(run(&["--around", first, "--window", "7d"]).len(), events);
    assert_eq!(run(&["--around", "2020-01-01", "--window", "1h"]).len(), 0);
}

#[test]
fn a_template_asks_another_question_and_a_file_takes_the_answer() {
    let home = Home::new();
    let (bucket, _) = part("bucket");
    let out = home.path("objects.csv");
    let run = home.run_on_demo(&[
        "pivot",
        &bucket,
        "--template",
        "other-objects",
        "-o",
        out.to_str().unwrap(),
    ]);
    assert_eq!(run.ok(), "");
    let text = std::fs::read_to_string(out).unwrap();
    let stolen = scenario()["stolen_objects"][0]["key"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_holds(&text, &["\"object\"", &stolen]);
    let stderr = home
        .run_on_demo(&["pivot", &bucket, "--template", "other-object"])
        .fails(1);
    assert_holds(&stderr, &["other-object", "other-objects"]);
    let stderr = home
        .run_on_demo(&[
            "pivot",
            &bucket,
            "--template",
            "roles-up",
            "--type",
            "resource",
        ])
        .fails(1);
    assert_holds(&stderr, &["roles-up", "resource", "access-key"]);
}

#[test]
fn the_questions_of_a_type_are_listed_and_ones_own_come_first() {
    let home = Home::new();
    home.write(
        "pivots/mine.sql",
        "-- name: mine\n-- purpose: What I ask.\n-- types: ip\nSELECT count(*) AS n FROM events_naming",
    );
    let ip = home.run(&["pivot", "--list", "--type", "ip"]).ok();
    assert_holds(&ip, &["NAME", "mine", "What I ask.", "all-events", "flows"]);
    assert!(!ip.contains("roles-up"), "{ip}");
    let json = home.run(&["pivot", "--list", "--format", "json"]).ok();
    let list: Vec<Value> = serde_json::from_str(&json).unwrap();
    let around = list
        .iter()
        .find(|t| t["name"] == "around-this-time")
        .unwrap();
    assert_eq!(around["around"], true);
    let (address, events) = part("command server");
    let arguments = [
        "pivot",
        address.as_str(),
        "-t",
        "mine",
        "--format",
        "ndjson",
    ];
    let rows = rows(&home.run_on_demo(&arguments).ok());
    assert_eq!(rows[0]["n"], events);
}

#[test]
fn what_cannot_be_asked_is_wrong_usage() {
    let home = Home::new();
    for (arguments, parts) in [
        (&["pivot"][..], &["VALUE"][..]),
        (
            &["pivot", "x", "--type", "ip"],
            &["`x` is not an IP address", "192.0.2.1"],
        ),
        (&["pivot", "x", "--type", "thing"], &["thing", "access-key"]),
        (&["pivot", "  "], &["empty"]),
        (
            &["pivot", "10.0.0.1", "--around", "soon"],
            &["--around", "soon"],
        ),
        (
            &["pivot", "10.0.0.1", "--window", "long"],
            &["--window", "long"],
        ),
        (&["pivot", "--list", "--format", "csv"], &["table or json"]),
    ] {
        let stderr = home.run_on_demo(arguments).fails(2);
        assert_holds(&stderr, parts);
    }
}

#[test]
fn a_hostile_value_is_looked_for_and_not_run() {
    let home = Home::new();
    for value in ["' OR '1'='1", "'; DROP TABLE x; --", "--help'"] {
        let lake = demo_lake().to_str().unwrap();
        let stdout = home
            .run(&["--lake", lake, "pivot", "--type", "resource", "--", value])
            .ok();
        assert_eq!(stdout.lines().count(), 1, "{value}: {stdout}");
    }
}
