//! `lakehound watch` over folders.

use serde_json::Value;

use crate::support::{Home, assert_holds};

/// A notification as EventBridge delivers it.
fn body(key: &str) -> String {
    format!(
        r#"{{"detail-type":"Object Created","time":"2026-03-01T10:00:00Z","detail":{{"bucket":{{"name":"b"}},"object":{{"key":"{key}","size":7,"etag":"{key}"}}}}}}"#
    )
}

fn keys(stdout: &str) -> Vec<String> {
    let lines = stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    lines
        .filter(|line: &Value| line["kind"] == "notification")
        .map(|line| line["key"].as_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_folder_is_told_once_and_a_later_run_goes_on() {
    let home = Home::new();
    let key = "aws/WAF/2.0/region=us-east-1/accountId=000011112222/eventDay=20260301/a.gz.parquet";
    home.write(&format!("lake/{key}"), "no Parquet");
    home.write("lake/notifications/0000000001.json", body(key));
    let watch = ["watch", "--from", "dir:lake", "--once"];
    let told = home.run(&watch).ok();
    let lines: Vec<Value> = told
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(
        (&lines[0]["kind"], &lines[0]["state"]),
        (&"source".into(), &"watching".into())
    );
    assert_eq!(
        (
            &lines[1]["bucket"],
            &lines[1]["account"],
            &lines[1]["table"]
        ),
        (&"b".into(), &"000011112222".into(), &"waf".into())
    );
    assert_holds(lines[1]["error"].as_str().unwrap(), &["Parquet"]);
    assert_eq!(keys(&home.run(&watch).ok()), [""; 0]);
    // From the configuration, and with a limit.
    home.write("config.toml", "[feed]\nsources = [\"dir:lake\"]\n");
    for name in ["b", "c"] {
        home.write(&format!("lake/{}", key.replace("a.gz", name)), "no Parquet");
    }
    let told = home.run(&["watch", "--once", "--limit", "1"]).ok();
    assert_eq!(keys(&told).len(), 1);
    // The other one is told by the next start.
    assert_eq!(keys(&home.run(&["watch", "--once"]).ok()).len(), 1);
    assert_eq!(keys(&home.run(&["watch", "--once"]).ok()).len(), 0);
}

#[test]
fn what_cannot_be_watched_is_named() {
    let home = Home::new();
    let stderr = home.run(&["watch", "--from", "ftp:host"]).fails(2);
    assert_holds(&stderr, &["ftp:host", "sqs-dlq:"]);
    let run = home.run(&["watch", "--from", "dir:nowhere"]);
    assert_eq!(run.code, Some(1));
    assert_holds(&run.stderr, &["nowhere", "cannot be watched"]);
    home.write(
        "config.toml",
        "default_profile = 'p'\n[profiles.p]\nregion = 'us-east-1'\n",
    );
    let stderr = home.run(&["watch"]).fails(2);
    assert_holds(&stderr, &["profile `p`", "--from"]);
}
