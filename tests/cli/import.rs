//! `lakehound import`: from raw logs to an answer.

use std::process::Stdio;

use serde_json::{Value, json};

use crate::support::{Home, assert_holds};

fn event(number: usize) -> Value {
    json!({
        "eventVersion": "1.09",
        "userIdentity": {
            "type": "IAMUser", "userName": "made-up-user", "accountId": "111122223333",
            "arn": "arn:aws:iam::111122223333:user/made-up-user", "accessKeyId": "AKIAMADEUPEXAMPLE000"
        },
        "eventTime": format!("2026-03-01T10:00:{:02}Z", number % 60),
        "eventSource": "s3.amazonaws.com",
        "eventName": "GetObject",
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "198.51.100.77",
        "requestParameters": {"bucketName": "made-up-bucket", "key": format!("k{number}")},
        "additionalEventData": {"bytesTransferredOut": 10},
        "eventID": format!("e{number}"),
        "eventType": "AwsApiCall",
        "managementEvent": false,
        "eventCategory": "Data",
        "recipientAccountId": "111122223333"
    })
}

fn counts(stdout: &str) -> Value {
    serde_json::from_str(stdout.lines().last().unwrap()).unwrap()
}

#[test]
fn raw_logs_answer_queries_templates_and_pivots() {
    let home = Home::new();
    let records: Vec<Value> = (0..7).map(event).collect();
    home.write("logs/trail.json", json!({ "Records": records }).to_string());
    home.write(
        "logs/flow.log",
        "2 111122223333 eni-1 198.51.100.77 10.0.0.1 40000 443 6 1 40 1772359200 1772359260 ACCEPT OK\nnonsense\n",
    );
    let lake = home.path("lake").display().to_string();
    let logs = home.path("logs").display().to_string();
    let run = home.run(&["import", &logs, "--lake", &lake]);
    assert_holds(
        &run.stderr,
        &["1 of 9 records were refused", "lake.refused.ndjson"],
    );
    assert_eq!(run.code, Some(0));
    let told = counts(&run.stdout);
    let three = |told: &Value| [&told["in"], &told["out"], &told["refused"]].map(Value::clone);
    assert_eq!(three(&told), [9, 8, 1].map(Value::from));
    assert_eq!(told["objects"], 2);
    let refused = std::fs::read_to_string(home.path("lake.refused.ndjson")).unwrap();
    assert_holds(&refused, &["nonsense", "flow.log"]);

    let sql = "SELECT count(*) AS n, max(element_at(unmapped, 'requestParameters.bucketName')) AS b FROM s3_data";
    let rows = home
        .run(&["query", sql, "--lake", &lake, "--format", "ndjson"])
        .ok();
    assert_eq!(rows.trim(), r#"{"n":7,"b":"made-up-bucket"}"#);
    let template = [
        "query",
        "-t",
        "s3-objects-by-size",
        "-p",
        "bucket=made-up-bucket",
        "-p",
        "from=2026-03-01",
        "-p",
        "to=2026-03-02",
        "--lake",
        &lake,
        "--format",
        "ndjson",
    ];
    let rows = home.run(&template).ok();
    assert_eq!(rows.lines().count(), 7, "{rows}");
    assert_holds(&rows, &[r#""object_key":"k0""#, r#""bytes":10.0"#]);
    let pivot = [
        "pivot",
        "198.51.100.77",
        "--lake",
        &lake,
        "--format",
        "ndjson",
    ];
    assert_eq!(home.run(&pivot).ok().lines().count(), 8, "over both tables");

    let again = home.run(&["import", &logs, "--into", &lake]);
    assert_holds(&again.stderr, &["2 files were passed over"]);
    assert_eq!(again.code, Some(0));
    let told = counts(&again.stdout);
    assert_eq!(three(&told), [0, 0, 0].map(Value::from));
}

#[test]
fn what_cannot_be_imported_at_all_is_a_failure() {
    let home = Home::new();
    let lake = home.path("lake").display().to_string();
    let log = home
        .write("x.json", r#"{"some":"thing"}"#)
        .display()
        .to_string();
    let run = home.run(&["import", &log, "--lake", &lake]);
    assert_eq!(counts(&run.stdout)["refused"], 1);
    assert_eq!(run.code, Some(1));
    assert_holds(&run.stderr, &["no record could be imported", "hint:"]);
    let missing = home.path("missing").display().to_string();
    let run = home.run(&["import", &missing, "--lake", &lake]);
    assert_holds(&run.fails(1), &["cannot read", "missing"]);
    home.run(&["import", &log]).fails(2);
}

#[cfg(unix)]
#[test]
fn an_interrupted_import_leaves_no_object() {
    let home = Home::new();
    // A pipe that nobody closes: the import is in its midst for as long as the test wants.
    let pipe = home.path("pipe");
    let made = std::process::Command::new("mkfifo")
        .arg(&pipe)
        .status()
        .unwrap();
    assert!(made.success());
    let lines: String = (0..4_000)
        .map(|number| format!("{}\n", event(number)))
        .collect();
    let log = home.write("trail.json", lines);
    let lake = home.path("lake");
    let mut child = home
        .command(&[
            "import".as_ref(),
            log.as_os_str(),
            pipe.as_os_str(),
            "--lake".as_ref(),
            lake.as_os_str(),
        ])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    while !lake.join(".lakehound/staging").exists() {
        assert!(child.try_wait().unwrap().is_none(), "it ended by itself");
        std::thread::yield_now();
    }
    crate::support::interrupt(&child);
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(!lake.join("aws").exists());
}
