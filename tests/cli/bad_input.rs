//! What a person gets back for what cannot be run or read.

use crate::support::{Home, assert_holds, demo_lake};

#[test]
fn a_syntax_error_shows_its_place() {
    let home = Home::new();
    home.write(
        "q.sql",
        "-- a comment\nSELECT time_dt\nFORM vpc_flow WHERE\n",
    );
    let stderr = home.run_on_demo(&["query", "-f", "q.sql"]).fails(1);
    assert_holds(
        &stderr,
        &["error: ", "line 3:", "  3 | FORM vpc_flow WHERE", "^"],
    );
}

#[test]
fn a_table_with_a_typo_offers_the_nearest() {
    let stderr = Home::new()
        .run_on_demo(&["query", "SELECT count(*) FROM vpc_flwo"])
        .fails(1);
    assert_holds(&stderr, &["vpc_flwo", "hint: ", "vpc_flow", "1:22"]);
}

#[test]
fn what_is_no_query_is_refused_with_the_reason() {
    let home = Home::new();
    for sql in [
        "DROP TABLE vpc_flow",
        "INSERT INTO vpc_flow SELECT * FROM vpc_flow",
        "CREATE TABLE x AS SELECT 1",
        "DELETE FROM vpc_flow",
    ] {
        let stderr = home.run_on_demo(&["query", sql]).fails(1);
        assert_holds(&stderr, &["error: "]);
    }
}

#[test]
fn several_and_no_statements_are_refused() {
    let home = Home::new();
    let stderr = home.run_on_demo(&["query", "SELECT 1; SELECT 2"]).fails(1);
    assert_holds(&stderr, &["several statements", "1:11"]);
    let stderr = home.run_on_demo(&["query", "-- nothing"]).fails(1);
    assert_holds(&stderr, &["no statement"]);
}

#[test]
fn no_source_and_two_sources_of_a_statement_are_wrong_usage() {
    let home = Home::new();
    home.run_on_demo(&["query"]).fails(2);
    home.run_on_demo(&["query", "SELECT 1", "-f", "q.sql"])
        .fails(2);
    let stderr = home.run_on_demo(&["query", "--exlpain"]).fails(2);
    assert_holds(&stderr, &["--exlpain", "no such option"]);
}

#[test]
fn an_unknown_format_names_the_known_ones() {
    let stderr = Home::new()
        .run_on_demo(&["query", "SELECT 1", "--format", "xlsx"])
        .fails(2);
    assert_holds(
        &stderr,
        &["xlsx", "csv", "csv-safe", "ndjson", "parquet", "markdown"],
    );
}

#[test]
fn a_file_of_sql_that_is_not_there_or_no_text_is_a_failure() {
    let home = Home::new();
    home.write("binary.sql", b"SELECT '\xff'");
    let stderr = home.run_on_demo(&["query", "-f", "nowhere.sql"]).fails(1);
    assert_holds(&stderr, &["nowhere.sql"]);
    let stderr = home.run_on_demo(&["query", "-f", "binary.sql"]).fails(1);
    assert_holds(&stderr, &["binary.sql:1", "UTF-8"]);
}

#[test]
fn an_attached_file_that_is_not_there_is_a_failure() {
    let stderr = Home::new()
        .run_on_demo(&["query", "SELECT * FROM w", "--with", "w=nowhere.csv"])
        .fails(1);
    assert_holds(&stderr, &["nowhere.csv"]);
}

#[test]
fn an_empty_lake_answers_with_no_rows() {
    let home = Home::new();
    std::fs::create_dir(home.path("empty")).unwrap();
    let run = home.run(&[
        "query",
        "SELECT count(*) AS n FROM vpc_flow",
        "--lake",
        "empty",
    ]);
    assert_eq!(run.code, Some(0), "{run:?}");
    assert_eq!(run.stdout, "\"n\"\n\"0\"\n");
}

#[test]
fn foreign_and_damaged_files_are_passed_over_and_named() {
    let home = Home::new();
    let table = "lake/aws/VPC_FLOW/2.0/region=us-east-1/accountId=111122223333/eventDay=20260109";
    home.write("lake/README.txt", "not data");
    home.write(&format!("{table}/notes.txt"), "not data");
    let whole = std::fs::read(a_file_of("VPC_FLOW")).unwrap();
    home.write(&format!("{table}/whole.gz.parquet"), &whole);
    home.write(
        &format!("{table}/cut.gz.parquet"),
        &whole[..whole.len() / 2],
    );
    home.write(&format!("{table}/empty.gz.parquet"), "");
    let sql = "SELECT count(*) AS n FROM vpc_flow";
    let run = home.run(&["query", sql, "--lake", "lake", "--format", "ndjson"]);
    assert_eq!(run.code, Some(0), "{run:?}");
    let row: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert!(row["n"].as_u64().unwrap() > 0);
    assert_holds(
        &run.stderr,
        &["note: ", "cut.gz.parquet", "empty.gz.parquet"],
    );
    assert!(!run.stderr.contains("notes.txt"), "{}", run.stderr);
}

/// Some Parquet file of a source of the demo lake.
fn a_file_of(source: &str) -> std::path::PathBuf {
    let mut folders = vec![demo_lake().join("aws").join(source)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "parquet") {
                return path;
            }
        }
    }
    panic!("the demo lake has no file of {source}");
}

#[test]
fn a_saved_query_from_a_file_wants_the_values_that_it_has_no_answer_without() {
    let home = Home::new();
    let text = home.run(&["templates", "show", "api-by-access-key"]).ok();
    home.write("mine.sql", text);
    let stderr = home.run_on_demo(&["query", "-f", "mine.sql"]).fails(2);
    assert_holds(
        &stderr,
        &["needs a value for `access_key`", "-p access_key="],
    );
}

#[test]
fn a_value_for_a_statement_without_parameters_is_wrong_usage() {
    let home = Home::new();
    for sql in ["SELECT 1", "SELECT /* :ip */ 'x'"] {
        let stderr = home.run_on_demo(&["query", sql, "-p", "ip=3"]).fails(2);
        assert_holds(&stderr, &["no parameter `ip`", "-- param:"]);
    }
}

#[test]
fn a_pipe_is_no_table() {
    let home = Home::new();
    let pipe = home.path("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    // A pipe opens only when somebody writes to it.
    let writer = std::thread::spawn({
        let pipe = pipe.clone();
        move || std::fs::write(pipe, "a,b\n1,2\n")
    });
    let with = format!("x={}", pipe.display());
    let stderr = home
        .run_on_demo(&["query", "SELECT * FROM x", "--with", &with])
        .fails(1);
    assert_holds(&stderr, &["write it to a file first"]);
    // Whether the reader took anything is nothing to this test.
    let _ = writer.join().unwrap();
}
