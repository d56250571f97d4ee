//! A storm that is cut by kills: its correlation is told at one event, whoever is killed when.
//!
//! `LAKEHOUND_STORM_KILLS` says how often `watch` is killed.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::Home;

/// Objects of the storm, one an account.
const OBJECTS: usize = 30;

const RULES: &str = "\
title: Reads
id: reads
logsource: {product: aws, service: cloudtrail}
detection:
  s: {eventName: GetTrail}
  condition: s
---
title: Many
id: many
correlation:
  type: event_count
  rules: [reads]
  group-by: [userIdentity.accessKeyId]
  timespan: 1h
  condition: {gte: 20}
";

fn call(number: usize) -> Value {
    let account = format!("{:012}", 111_122_220_000 + number);
    json!({
        "eventVersion": "1.09", "eventTime": format!("2026-03-01T10:00:{number:02}Z"),
        "eventName": "GetTrail", "eventSource": "cloudtrail.amazonaws.com",
        "awsRegion": "eu-west-1", "eventID": format!("e{number}"), "eventType": "AwsApiCall",
        "eventCategory": "Management", "recipientAccountId": account,
        "sourceIPAddress": "192.0.2.9",
        "userIdentity": {"type": "IAMUser", "accountId": account, "accessKeyId": "AKIAMADEUP",
            "arn": format!("arn:aws:iam::{account}:user/eve"), "userName": "eve"},
    })
}

/// Takes down of a line which object was read, or at which one the correlation is told. The last
/// line of one that was killed may be cut.
fn take(line: &str, read: &mut BTreeSet<String>, told: &mut BTreeSet<String>) -> bool {
    let Ok(line) = serde_json::from_str::<Value>(line) else {
        return false;
    };
    match line["kind"].as_str() {
        Some("event") => read.insert(line["key"].to_string()),
        Some("detection") => {
            assert_eq!(line["rule"]["id"], "many");
            told.insert(line["object"].to_string())
        }
        _ => false,
    }
}

#[test]
fn a_storm_is_told_at_one_event_though_watch_is_killed_in_its_middle() {
    let kills = std::env::var("LAKEHOUND_STORM_KILLS").ok();
    let kills: usize = kills.and_then(|kills| kills.parse().ok()).unwrap_or(2);
    let home = Home::new();
    home.write("rules/storm.yml", RULES);
    let calls: Vec<Value> = (0..OBJECTS).map(call).collect();
    home.write("trail.json", json!({ "Records": calls }).to_string());
    home.run(&["import", "trail.json", "--lake", "lake"]).ok();
    let arguments = ["watch", "--once", "--from", "dir:lake", "--rules", "rules"];
    let (mut read, mut told) = (BTreeSet::new(), BTreeSet::new());
    for kill in 0..kills {
        let mut watch = home
            .command(&arguments)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut new = 0;
        // It goes on while it is listened to: where it is when it is killed nobody foresees.
        let most = 1 + (OBJECTS / kills).saturating_sub(1) * (kill + 1) / (kills + 1);
        for line in BufReader::new(watch.stdout.take().unwrap()).lines() {
            if take(&line.unwrap(), &mut read, &mut told) {
                new += 1;
                if new == most {
                    watch.kill().unwrap();
                }
            }
        }
        watch.wait().unwrap();
    }
    for line in home.run(&arguments).ok().lines() {
        take(line, &mut read, &mut told);
    }
    assert_eq!(read.len(), OBJECTS);
    assert_eq!(told.len(), 1, "{told:?}");
}
