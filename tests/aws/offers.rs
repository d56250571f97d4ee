//! The console over the peer where runs cost something: what is asked first, what is answered from
//! kept rows without a run, what a statement is told to scan.

use serde_json::{Value, json};

use crate::consoles::{configure, console};
use crate::http;
use crate::peer::Peer;
use crate::terminal::{Home, Terminal};

fn start(home: &Home, peer: &Peer) -> Terminal {
    configure(home, &peer.endpoint(), "allow_writes = true");
    console(home, (140, 40))
}

/// A table of events in Glue, as the peer's Athena reads it.
fn with_events(peer: &Peer) {
    peer.create_bucket("lake-data");
    let rows = "ann,2026-01-01 10:00:00,3\nann,2026-01-01 11:00:00,4\nbob,2026-01-01 12:00:00,5\n";
    peer.put_object("lake-data", "events/1.csv", rows.as_bytes());
    let glue = |operation: &str, body: Value| {
        let target = format!("AWSGlue.{operation}");
        let headers = [
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", target.as_str()),
        ];
        let body = body.to_string();
        let answer = http::send(peer.port(), "POST", "/", &headers, body.as_bytes());
        assert_eq!(answer.status, 200, "{operation}");
    };
    glue("CreateDatabase", json!({"DatabaseInput": {"Name": "lake"}}));
    let column = |name: &str, kind: &str| json!({"Name": name, "Type": kind});
    let table = json!({
        "Name": "events",
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"classification": "csv"},
        "StorageDescriptor": {
            "Location": "s3://lake-data/events/",
            "Columns": [column("who", "string"), column("time_dt", "timestamp"), column("n", "bigint")],
            "InputFormat": "org.apache.hadoop.mapred.TextInputFormat",
            "SerdeInfo": {
                "SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
                "Parameters": {"field.delim": ","},
            },
        },
    });
    glue(
        "CreateTable",
        json!({"DatabaseName": "lake", "TableInput": table}),
    );
}

/// Puts a statement into a buffer of its own and runs it.
fn run(console: &mut Terminal, sql: &str, seen: &str) {
    console.press(&["alt-2", "ctrl-n"]);
    console.wait_for("Editor query");
    console.paste(sql);
    console.wait_for(seen);
    console.press(&["f5"]);
}

#[test]
fn a_statement_that_writes_runs_only_after_a_yes() {
    let peer = Peer::start();
    let home = Home::new();
    let mut console = start(&home, &peer);
    console.wait_for("peer · athena");
    let sql = "CREATE TABLE made AS SELECT 1 AS n";
    run(&mut console, sql, "CREATE TABLE made");
    console.wait_for("Run it?");
    console.press(&["n"]);
    console.wait_for("it was not run");
    assert_eq!(peer.executions_started(), 0);
    console.press(&["alt-3", "r"]);
    console.wait_for("Run it?");
    // A yes counts once the question listens.
    console.wait_for("y run it");
    console.press(&["y"]);
    console.wait_until("the yes is taken", |_| peer.executions_started() == 1);
}

#[test]
fn a_narrower_question_is_answered_from_kept_rows_and_costs_nothing() {
    let peer = Peer::start();
    with_events(&peer);
    let home = Home::new();
    let mut console = start(&home, &peer);
    console.wait_for("peer · athena");
    let day = "time_dt < TIMESTAMP '2026-01-02 00:00:00'";
    let all = format!("SELECT who, time_dt, n FROM lake.events WHERE {day}");
    run(&mut console, &all, "2026-01-02");
    console.wait_for("result_1");
    assert_eq!(peer.executions_started(), 1);

    let narrower = format!(
        "SELECT who, sum(n) AS total FROM lake.events WHERE {day} AND who = 'ann' GROUP BY who"
    );
    run(&mut console, &narrower, "GROUP BY who");
    console.wait_for("from result_1 of");
    console.wait_for("r asks athena");
    console.wait_for("result_2");
    assert!(console.text().contains("ann │     7"), "{}", console.text());
    assert_eq!(peer.executions_started(), 1, "nothing was run");

    // Told again, the lake answers, with the same row.
    console.press(&["alt-3", "r"]);
    console.wait_until("the lake is asked", |text| {
        !text.contains("asks athena") && text.contains("result_3")
    });
    assert_eq!(peer.executions_started(), 2);
    console.press(&["ctrl-q"]);
    assert_eq!(console.wait_for_end(), 0);
}
