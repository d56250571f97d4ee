//! `lakehound query`: sources of statements, formats, limits.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use serde_json::Value;

use crate::support::{Home, assert_holds, names_in};

#[test]
fn a_pipe_gets_csv_in_which_null_and_empty_differ() {
    let home = Home::new();
    let stdout = home
        .run_on_demo(&[
            "query",
            "SELECT 'a' AS x, '' AS empty, CAST(NULL AS varchar) AS nothing",
        ])
        .ok();
    assert_eq!(stdout, "\"x\",\"empty\",\"nothing\"\n\"a\",\"\",\n");
}

#[test]
fn rows_of_the_lake_are_counted() {
    let stdout = Home::new()
        .run_on_demo(&[
            "query",
            "SELECT count(*) AS n FROM vpc_flow",
            "--format",
            "ndjson",
        ])
        .ok();
    let row: Value = serde_json::from_str(&stdout).unwrap();
    assert!(row["n"].as_u64().unwrap() > 0, "{stdout}");
}

#[test]
fn a_time_of_which_the_lake_knows_nothing_gives_no_rows() {
    let home = Home::new();
    for (select, order) in [
        ("time_dt, src_endpoint.ip AS ip", "ORDER BY time_dt LIMIT 5"),
        ("src_endpoint.ip, count(*)", "GROUP BY 1 ORDER BY 2"),
        ("DISTINCT src_endpoint.ip", ""),
    ] {
        let sql =
            format!("SELECT {select} FROM vpc_flow WHERE time_dt > current_timestamp {order}");
        let stdout = home.run_on_demo(&["query", &sql]).ok();
        assert_eq!(stdout.lines().count(), 1, "{sql}\n{stdout}");
    }
}

#[test]
fn ndjson_nests_values_and_writes_times_with_their_zone() {
    let stdout = Home::new()
        .run_on_demo(&[
            "query",
            "SELECT time_dt, src_endpoint, severity_id, CAST(NULL AS varchar) AS nothing \
             FROM vpc_flow ORDER BY time_dt LIMIT 5",
            "--format",
            "ndjson",
        ])
        .ok();
    let rows: Vec<Value> = stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(rows.len(), 5);
    for row in rows {
        let keys: Vec<&String> = row.as_object().unwrap().keys().collect();
        assert_eq!(keys.len(), 4);
        let time = row["time_dt"].as_str().unwrap();
        let time = chrono::DateTime::parse_from_rfc3339(time).unwrap();
        assert_eq!(time.offset().local_minus_utc(), 0);
        assert!(row["src_endpoint"]["ip"].is_string(), "{row}");
        assert!(row["severity_id"].is_i64(), "{row}");
        assert!(row["nothing"].is_null(), "{row}");
    }
}

#[test]
fn every_format_writes_the_same_rows() {
    let home = Home::new();
    let sql = "SELECT 1 AS n, 'x' AS t UNION ALL SELECT 2, '=y' ORDER BY 1";
    let run = |format: &str| home.run_on_demo(&["query", sql, "--format", format]).ok();
    assert_eq!(run("csv"), "\"n\",\"t\"\n\"1\",\"x\"\n\"2\",\"=y\"\n");
    let json: Value = serde_json::from_str(&run("json")).unwrap();
    assert_eq!(
        json,
        serde_json::json!([{"n": 1, "t": "x"}, {"n": 2, "t": "=y"}])
    );
    assert_eq!(run("ndjson").lines().count(), 2);
    assert_holds(&run("table"), &["n", "t", "x", "=y"]);
    assert_holds(&run("markdown"), &["| n", "| t", "=y"]);
    assert!(!run("csv-safe").contains("\"=y\""));
}

#[test]
fn parquet_goes_to_a_file_that_can_be_asked_again() {
    let home = Home::new();
    home.run_on_demo(&["query", "SELECT 7 AS n", "-o", "seven.parquet"])
        .ok();
    let stdout = home
        .run_on_demo(&[
            "query",
            "SELECT n FROM seven",
            "--with",
            "seven=seven.parquet",
        ])
        .ok();
    assert_eq!(stdout, "\"n\"\n\"7\"\n");
}

#[test]
fn the_ending_of_the_file_chooses_the_format() {
    let home = Home::new();
    home.run_on_demo(&["query", "SELECT 1 AS n", "-o", "one.ndjson"])
        .ok();
    assert_eq!(
        std::fs::read_to_string(home.path("one.ndjson")).unwrap(),
        "{\"n\":1}\n"
    );
}

#[test]
fn a_failed_query_leaves_the_earlier_file_alone() {
    let home = Home::new();
    home.write("out/rows.csv", "earlier");
    home.run_on_demo(&[
        "query",
        "SELECT nonsense FROM vpc_flow",
        "-o",
        "out/rows.csv",
    ])
    .fails(1);
    home.run_on_demo(&["query", "SELECT CAST(actor.user.name AS bigint) FROM cloud_trail_mgmt WHERE actor.user.name IS NOT NULL", "-o", "out/rows.csv"])
        .fails(1);
    assert_eq!(
        std::fs::read_to_string(home.path("out/rows.csv")).unwrap(),
        "earlier"
    );
    assert_eq!(names_in(&home.path("out")), ["rows.csv"]);
    home.run_on_demo(&["query", "SELECT 1 AS n", "-o", "out/rows.csv"])
        .ok();
    assert_eq!(
        std::fs::read_to_string(home.path("out/rows.csv")).unwrap(),
        "\"n\"\n\"1\"\n"
    );
}

#[test]
fn a_file_that_cannot_be_written_is_a_failure() {
    let stderr = Home::new()
        .run_on_demo(&["query", "SELECT 1", "-o", "nowhere/out.csv"])
        .fails(1);
    assert_holds(&stderr, &["nowhere/out.csv"]);
}

#[test]
fn statements_come_from_files_and_stdin() {
    let home = Home::new();
    home.write("q.sql", "-- why\nSELECT 41 + 1 AS n;\n-- done\n");
    let expected = "\"n\"\n\"42\"\n";
    assert_eq!(home.run_on_demo(&["query", "-f", "q.sql"]).ok(), expected);
    let commented = home.run_on_demo(&["query", "-- why\nSELECT 42 AS n"]);
    assert_eq!(commented.ok(), expected);
    let lake = crate::support::demo_lake().display().to_string();
    let run = home.run_with_stdin(&["query", "-f", "-", "--lake", &lake], "SELECT 42 AS n");
    assert_eq!(run.ok(), expected);
}

#[test]
fn a_template_takes_typed_values() {
    let home = Home::new();
    home.write(
        "saved-queries/mine.sql",
        "-- name: mine\n-- purpose: Says it.\n-- param: ip ip \"Address\"\n-- param: n integer \"Number\"\n\
         SELECT /* :ip */ '192.0.2.1' AS ip, /* :n */ 3 AS n\n",
    );
    let stdout = home
        .run_on_demo(&["query", "-t", "mine", "-p", "ip=203[.]0[.]113[.]9"])
        .ok();
    assert_eq!(stdout, "\"ip\",\"n\"\n\"203.0.113.9\",\"3\"\n");
    let stderr = home.run_on_demo(&["query", "-t", "mine"]).fails(2);
    assert_holds(&stderr, &["`ip`", "Address", "-p ip=VALUE"]);
    let stderr = home
        .run_on_demo(&["query", "-t", "mine", "-p", "ip=1.2.3.4", "-p", "n=many"])
        .fails(2);
    assert_holds(&stderr, &["`n`", "many"]);
    let stderr = home
        .run_on_demo(&["query", "-t", "mine", "-p", "pi=1.2.3.4"])
        .fails(2);
    assert_holds(&stderr, &["`pi`", "ip, n"]);
    let stderr = home.run_on_demo(&["query", "-t", "mnie"]).fails(1);
    assert_holds(&stderr, &["did you mean `mine`?"]);
    let twice = ["query", "-t", "mine", "-p", "n=1", "-p", "n=2"];
    assert_holds(&home.run_on_demo(&twice).fails(2), &["twice"]);
}

#[test]
fn a_watch_list_is_joined_with_the_lake() {
    let home = Home::new();
    let busiest = home
        .run_on_demo(&[
            "query",
            "SELECT src_endpoint.ip AS ip, count(*) AS n FROM vpc_flow GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 1",
            "--format",
            "ndjson",
        ])
        .ok();
    let busiest: Value = serde_json::from_str(&busiest).unwrap();
    let (ip, n) = (
        busiest["ip"].as_str().unwrap(),
        busiest["n"].as_u64().unwrap(),
    );
    home.write(
        "watch.csv",
        format!("ip,why\n{ip},noisy\n192.0.2.254,quiet\n"),
    );
    let stdout = home
        .run_on_demo(&[
            "query",
            "SELECT w.why, count(*) AS n FROM vpc_flow f JOIN watch w ON f.src_endpoint.ip = w.ip GROUP BY 1",
            "--with",
            "watch=watch.csv",
        ])
        .ok();
    assert_eq!(stdout, format!("\"why\",\"n\"\n\"noisy\",\"{n}\"\n"));
}

#[test]
fn explain_tells_what_would_be_read_and_reads_nothing() {
    let home = Home::new();
    let sql = "SELECT count(*) FROM vpc_flow WHERE src_endpoint.ip = '10.0.0.1'";
    let stdout = home.run_on_demo(&["query", "--explain", sql]).ok();
    assert_holds(
        &stdout,
        &["files", "bytes", "rows", "cost", "vpc_flow", "plan"],
    );
    let json = home
        .run_on_demo(&["query", "--explain", sql, "--format", "json"])
        .ok();
    let json: Value = serde_json::from_str(&json).unwrap();
    assert!(json["files"].as_u64().unwrap() > 0, "{json}");
    assert!(json["bytes"].as_u64().unwrap() > 0, "{json}");
    assert!(json["rows"].as_u64().unwrap() > 0, "{json}");
}

#[test]
fn more_bytes_than_allowed_are_refused() {
    let home = Home::new();
    let sql = "SELECT count(DISTINCT src_endpoint.ip) FROM vpc_flow";
    let stderr = home
        .run_on_demo(&["query", sql, "--max-bytes", "10"])
        .fails(1);
    assert_holds(&stderr, &["error:"]);
    let dry = home.run_on_demo(&["query", "--explain", sql, "--max-bytes", "10"]);
    assert_eq!(dry.code, Some(3), "{dry:?}");
    home.run_on_demo(&["query", sql, "--max-bytes", "1GB"]).ok();
    home.run_on_demo(&["query", sql, "--max-bytes", "many"])
        .fails(2);
}

#[test]
fn a_reader_that_has_enough_is_no_failure() {
    let home = Home::new();
    let mut arguments = vec!["query", "SELECT * FROM vpc_flow", "--format", "ndjson"];
    let lake = crate::support::demo_lake().display().to_string();
    arguments.extend(["--lake", &lake]);
    let mut child = home
        .command(&arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut first)
        .unwrap();
    assert!(first.starts_with('{'));
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
