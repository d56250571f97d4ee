//! Why a statement has no row on Athena: only when asked, with the statement's own bound on time.

use serde_json::json;

use crate::home::Home;
use crate::peer::Peer;

/// Events of two days in Glue, as CSV.
fn with_events(peer: &Peer) {
    peer.create_bucket("lake-data");
    let events =
        b"20260105,Failure,GetObject\n20260105,Success,PutObject\n20260106,Success,GetObject\n";
    peer.put_object("lake-data", "events/1.csv", events);
    peer.glue(
        "CreateDatabase",
        &json!({"DatabaseInput": {"Name": "lake"}}),
    );
    let columns: Vec<_> = ["eventday", "status", "operation"]
        .map(|name| json!({"Name": name, "Type": "string"}))
        .into();
    let table = json!({
        "Name": "events",
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"classification": "csv"},
        "StorageDescriptor": {
            "Location": "s3://lake-data/events/",
            "Columns": columns,
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
fn an_empty_result_on_athena_is_explained_when_asked_and_bounded() {
    let peer = Peer::start();
    with_events(&peer);
    let home = Home::of(&peer.endpoint());
    let explained = |sql: &str| {
        let before = peer.executions_started();
        let (code, stdout, stderr) = home.run(&["query", sql, "--explain-empty"]);
        assert_eq!(code, Some(0), "{stderr}");
        assert!(stdout.lines().count() <= 1, "{stdout}");
        (stderr, peer.executions_started() - before)
    };
    for (filter, told, runs) in [
        (
            "eventday = '20260105' AND status = 'failed'",
            "cannot match: ‘failed’ never occurs as status",
            3,
        ),
        (
            "eventday = '20260105' AND status = 'Failure' AND operation = 'PutObject'",
            "filtered away: each condition holds for some rows, and both for none",
            2,
        ),
        ("eventday = '2026-01-05'", "cannot match: ", 1),
        ("eventday = '20250105'", "no data for that time: ", 3),
        ("eventday = '20260104'", "begins behind the window", 3),
        (
            "status = 'failed'",
            "not explained: no condition bounds the time",
            1,
        ),
    ] {
        let (stderr, started) =
            explained(&format!("SELECT operation FROM lake.events WHERE {filter}"));
        assert!(stderr.contains(told), "{filter}: {stderr}");
        assert_eq!(started, runs, "{filter}: {stderr}");
    }
    // Unasked, nothing more than the statement runs.
    let before = peer.executions_started();
    home.run(&[
        "query",
        "SELECT operation FROM lake.events WHERE eventday = '20260104'",
    ]);
    assert_eq!(peer.executions_started() - before, 1);
}
