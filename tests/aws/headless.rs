//! The binary against the peer: `query --profile`, `tables --profile`, and an interruption.

use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::home::{Home, texts};
use crate::peer::{Peer, wait_until};

/// A table of CSV files in Glue, as the peer's Athena reads it.
fn with_a_table(peer: &Peer) {
    peer.create_bucket("lake-data");
    peer.put_object("lake-data", "people/1.csv", b"1,Ada\n2,Grace\n");
    peer.glue(
        "CreateDatabase",
        &json!({"DatabaseInput": {"Name": "lake"}}),
    );
    let table = json!({
        "Name": "people_of_the_north",
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"classification": "csv"},
        "StorageDescriptor": {
            "Location": "s3://lake-data/people/",
            "Columns": [
                {"Name": "id", "Type": "bigint"},
                {"Name": "name", "Type": "string"},
            ],
            "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
            "SerdeInfo": {
                "SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
                "Parameters": {"field.delim": ","},
            },
        },
    });
    peer.glue(
        "CreateTable",
        &json!({"DatabaseName": "lake", "TableInput": table}),
    );
}

#[test]
fn a_query_prints_its_rows_with_null_and_empty_apart() {
    let peer = Peer::start();
    let home = Home::of(&peer.endpoint());
    let sql = "SELECT 1 AS a, CAST(NULL AS varchar) AS n, '' AS e";
    let (code, stdout, stderr) = home.run(&["query", sql]);
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(stdout, "\"a\",\"n\",\"e\"\n\"1\",,\"\"\n");
    let (code, stdout, _) = home.run(&["query", sql, "--format", "ndjson", "--profile", "peer"]);
    assert_eq!(code, Some(0));
    let row: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(row, json!({"a": 1, "n": null, "e": ""}));
    assert_eq!(peer.executions_started(), 2);
}

#[test]
fn tables_come_from_glue_and_short_names_are_written_out() {
    let peer = Peer::start();
    with_a_table(&peer);
    let home = Home::of(&peer.endpoint());
    let (code, stdout, stderr) = home.run(&["tables", "people", "--format", "json"]);
    assert_eq!(code, Some(0), "{stderr}");
    let table: Value = serde_json::from_str(&stdout).unwrap();
    assert!(table.to_string().contains("people_of_the_north"), "{table}");
    let (code, stdout, stderr) = home.run(&["query", "SELECT name FROM people ORDER BY id"]);
    assert_eq!(code, Some(0), "{stderr}");
    assert_eq!(stdout, "\"name\"\n\"Ada\"\n\"Grace\"\n");
    let sent = peer.executions().pop().unwrap();
    assert_eq!(
        sent["query"],
        "SELECT name FROM lake.people_of_the_north ORDER BY id"
    );
    // The place of a fault is that of the text that was written, not of the one that was sent.
    let (code, _, stderr) = home.run(&["query", "SELECT id FROM people WHERE nope = 1"]);
    assert_eq!(code, Some(1));
    assert!(stderr.contains("(line 1:29)"), "{stderr}");
}

#[test]
fn what_writes_is_refused_before_anything_is_sent() {
    let peer = Peer::start();
    let home = Home::of(&peer.endpoint());
    for arguments in [
        &["query", "DROP TABLE lake.t"][..],
        &["query", "--yes", "CREATE TABLE lake.t AS SELECT 1"],
    ] {
        let (code, stdout, stderr) = home.run(arguments);
        assert_eq!((code, stdout.as_str()), (Some(1), ""), "{stderr}");
        assert!(stderr.contains("allow_writes"), "{stderr}");
    }
    assert_eq!(peer.executions_started(), 0);
}

#[test]
fn an_interruption_stops_the_run_where_it_runs() {
    let peer = Peer::start();
    let home = Home::of(&peer.endpoint());
    let child = home
        .command(&["query", "SELECT 1 /* peer: hold */ AS held"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_until("the run is begun", || {
        peer.executions()
            .iter()
            .any(|run| run["state"] == "RUNNING")
    });
    let killed = Command::new("kill")
        .args(["-s", "INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    let (code, stdout, stderr) = texts(child.wait_with_output().unwrap());
    assert_eq!((code, stdout.as_str()), (Some(130), ""), "{stderr}");
    wait_until("the run is cancelled", || {
        peer.executions()
            .iter()
            .all(|run| run["state"] == "CANCELLED")
    });
}
