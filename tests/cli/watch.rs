//! `lakehound watch` over folders.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

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
    let run = home.run(&["watch", "--once", "--from", "dir:nowhere"]);
    assert_eq!(run.code, Some(1));
    assert_holds(&run.stderr, &["nowhere", "cannot be watched"]);
    home.write(
        "config.toml",
        "default_profile = 'p'\n[profiles.p]\nregion = 'us-east-1'\n",
    );
    let stderr = home.run(&["watch"]).fails(2);
    assert_holds(&stderr, &["profile `p`", "--from"]);
}

/// The lines of a kind.
fn of_kind(stdout: &str, kind: &str) -> Vec<Value> {
    let lines = stdout.lines();
    let lines = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.filter(|line| line["kind"] == kind).collect()
}

#[test]
fn events_are_counted_and_judged_by_rules_and_watches() {
    let home = Home::new();
    let call = |name: &str| {
        format!(
            r#"{{"eventVersion":"1.09","eventTime":"2026-03-01T10:00:00Z","eventName":"{name}","eventSource":"cloudtrail.amazonaws.com","awsRegion":"eu-west-1","eventID":"{name}","eventType":"AwsApiCall","eventCategory":"Management","recipientAccountId":"111122223333","sourceIPAddress":"192.0.2.9","userIdentity":{{"type":"IAMUser","accountId":"111122223333","accessKeyId":"AKIAMADEUP","arn":"arn:aws:iam::111122223333:user/eve","userName":"eve"}}}}"#
        )
    };
    let logs = home.write(
        "trail.ndjson",
        format!("{}\n{}\n", call("GetTrail"), call("StopLogging")),
    );
    let lake = home.path("lake").display().to_string();
    home.run(&["import", &logs.display().to_string(), "--lake", &lake])
        .ok();
    home.run(&[
        "watch-list",
        "add",
        "192[.]0[.]2[.]9",
        "--level",
        "low",
        "--note",
        "back",
    ])
    .ok();
    home.write(
        "rules/get.yml",
        "title: A trail was read\nid: get\nlogsource: {product: aws, service: cloudtrail}\ndetection:\n  s: {eventName: GetTrail}\n  condition: s\nlevel: critical\n",
    );
    home.write("rules/foreign.yml", "title: Elsewhere\nid: foreign\nlogsource: {product: windows}\ndetection:\n  s: {a: b}\n  condition: s\n");
    let rules = home.path("rules").display().to_string();
    let from = format!("dir:{lake}");
    let told = home
        .run(&["watch", "--once", "--from", &from, "--rules", &rules])
        .ok();
    let events = of_kind(&told, "event");
    assert_eq!(
        (events.len(), &events[0]["events"], &events[0]["detections"]),
        (1, &2.into(), &3.into())
    );
    assert_eq!(events[0]["classes"]["6003"], 2);
    let found = of_kind(&told, "detection");
    let of = |cause: &str| -> Vec<&Value> {
        found.iter().filter(|line| line["cause"] == cause).collect()
    };
    assert_eq!((of("rule").len(), of("watch").len()), (1, 2));
    let rule = of("rule")[0];
    assert_eq!(
        (&rule["rule"]["id"], &rule["rule"]["level"]),
        (&"get".into(), &"critical".into())
    );
    assert_eq!(
        (&rule["entity"], &rule["row"]["api"]["operation"]),
        (&"AKIAMADEUP".into(), &"GetTrail".into())
    );
    assert_eq!(of("watch")[0]["entity"], "192.0.2.9");
    let notes = of_kind(&told, "source");
    let notes: Vec<String> = notes.iter().map(|line| line["notes"].to_string()).collect();
    assert_holds(&notes.join(" "), &["Elsewhere", "product windows"]);
    // What was read is not read again.
    let told = home.run(&["watch", "--once", "--from", &from]).ok();
    assert_eq!(of_kind(&told, "event").len(), 0);
}

#[test]
fn a_storm_over_many_starts_is_told_once() {
    let home = Home::new();
    let rule = "title: Reads\nid: reads\nlogsource: {product: aws, service: cloudtrail}\ndetection:\n  s: {eventName: GetTrail}\n  condition: s\n";
    let storm = "title: Many\nid: many\ncorrelation:\n  type: event_count\n  rules: [reads]\n  group-by: [userIdentity.accessKeyId]\n  timespan: 1h\n  condition: {gte: 3}\n";
    home.write("rules/storm.yml", format!("{rule}---\n{storm}"));
    let lake = home.path("lake").display().to_string();
    let (from, rules) = (
        format!("dir:{lake}"),
        home.path("rules").display().to_string(),
    );
    let told: Vec<usize> = (0..5)
        .map(|minute| {
            let logs = home.write(
                &format!("trail{minute}.ndjson"),
                format!(
                    r#"{{"eventVersion":"1.09","eventTime":"2026-03-01T10:0{minute}:00Z","eventName":"GetTrail","eventSource":"cloudtrail.amazonaws.com","awsRegion":"eu-west-1","eventID":"{minute}","eventType":"AwsApiCall","eventCategory":"Management","recipientAccountId":"111122223333","sourceIPAddress":"192.0.2.9","userIdentity":{{"type":"IAMUser","accountId":"111122223333","accessKeyId":"AKIAMADEUP","arn":"arn:aws:iam::111122223333:user/eve","userName":"eve"}}}}"#
                ),
            );
            home.run(&["import", &logs.display().to_string(), "--lake", &lake]).ok();
            let told = home.run(&["watch", "--once", "--from", &from, "--rules", &rules]).ok();
            assert_eq!(of_kind(&told, "event").len(), 1);
            let found = of_kind(&told, "detection");
            assert!(found.iter().all(|line| line["rule"]["id"] == "many"), "{told}");
            found.len()
        })
        .collect();
    assert_eq!(told, [0, 0, 1, 0, 0]);
}

#[test]
fn the_list_of_watches_is_kept_shown_and_emptied() {
    let home = Home::new();
    home.run(&["watch-list", "add", "AKIAIOSFODNN7EXAMPLE"])
        .ok();
    home.run(&[
        "watch-list",
        "add",
        "b",
        "--type",
        "resource",
        "--level",
        "low",
    ])
    .ok();
    let listed = home.run(&["watch-list", "list", "--format", "json"]).ok();
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(
        (&listed[0]["type"], &listed[0]["level"]),
        (&"access-key".into(), &"high".into())
    );
    let shown = home.run(&["watch-list", "list"]).ok();
    assert_holds(&shown, &["LEVEL", "resource", "AKIAIOSFODNN7EXAMPLE"]);
    home.run(&["watch-list", "remove", "b", "--type", "resource"])
        .ok();
    assert_holds(
        &home.run(&["watch-list", "remove", "b"]).fails(1),
        &["is not watched"],
    );
    home.run(&["watch-list", "add", "x", "--type", "ip"])
        .fails(2);
    home.run(&["watch-list", "add", "x", "--level", "bad"])
        .fails(2);
}

/// How long a line may take on a loaded machine before a test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// A `watch` that goes on; killed when dropped.
struct Running {
    child: Child,
    lines: Receiver<String>,
    read: Vec<Value>,
}

impl Running {
    fn start(home: &Home, arguments: &[&str]) -> Self {
        let mut command = home.command(arguments);
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in stdout.lines().map_while(Result::ok) {
                let _ = sender.send(line);
            }
        });
        Self {
            child,
            lines,
            read: Vec::new(),
        }
    }

    /// Reads on to a line.
    fn until(&mut self, what: &str, is_it: impl Fn(&Value) -> bool) {
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|error| panic!("{error}: {what}: {:?}", self.read));
            let line: Value = serde_json::from_str(&line).unwrap();
            let is_last = is_it(&line);
            self.read.push(line);
            if is_last {
                return;
            }
        }
    }

    /// Reads on until it tells what is in an object.
    fn until_read(&mut self, object: &str) {
        self.until(object, |line| is_of(line, object));
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Whether a line tells what is in an object.
fn is_of(line: &Value, object: &str) -> bool {
    line["kind"] == "event" && line["key"].as_str().unwrap().ends_with(object)
}

#[test]
fn of_two_processes_one_reads_and_the_other_takes_over_when_that_one_is_killed() {
    let home = Home::new();
    // Renamed into place, as writers do.
    let put = |name: &str| {
        let part = home.write("lake/part", "no Parquet");
        std::fs::rename(part, home.path(&format!("lake/{name}.parquet"))).unwrap();
    };
    put("a");
    let watch = ["watch", "--from", "dir:lake"];
    let mut one = Running::start(&home, &watch);
    one.until_read("a.parquet");
    let mut other = Running::start(&home, &watch);
    let note = format!("another lakehound (process {}) reads", one.child.id());
    let says_so =
        |line: &Value| line["source"] == "reading" && line["notes"].to_string().contains(&note);
    other.until(&note, says_so);
    // Whoever hears of it first, the same one reads it.
    put("b");
    one.until_read("b.parquet");
    drop(one);
    put("c");
    other.until_read("c.parquet");
    assert!(!other.read.iter().any(|line| is_of(line, "a.parquet")));
    let mut latest = other.read.iter().rev();
    let last = latest.find(|line| line["source"] == "reading");
    assert_eq!(last.unwrap()["notes"], serde_json::json!([]));
}
