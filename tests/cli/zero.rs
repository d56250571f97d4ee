//! Why a statement has no row, and what the lake covers.

use serde_json::Value;

use crate::support::{Home, demo_lake};

#[test]
fn an_empty_result_is_explained_on_stderr_and_is_no_failure() {
    let home = Home::new();
    let sql = "SELECT * FROM cloud_trail_mgmt WHERE status = 'failed'";
    let run = home.run_on_demo(&["query", sql, "--explain-empty", "--format", "ndjson"]);
    assert_eq!(
        (run.code, run.stdout.as_str()),
        (Some(0), ""),
        "{}",
        run.stderr
    );
    for text in [
        "no row: cannot match: ‘failed’ never occurs as status",
        "no row: near: Failure (the word for it here",
        "SELECT * FROM cloud_trail_mgmt WHERE status = 'Failure'",
    ] {
        assert!(run.stderr.contains(text), "{text}\n{}", run.stderr);
    }
    // The statement that is offered has rows, and then nothing is explained.
    let sql = sql.replace("failed", "Failure");
    let run = home.run_on_demo(&["query", &sql, "--explain-empty", "--format", "ndjson"]);
    assert!(!run.stdout.is_empty());
    assert!(!run.stderr.contains("no row"), "{}", run.stderr);
    // Nobody is told who has not asked and is no person.
    let run = home.run_on_demo(&["query", "SELECT 1 FROM waf WHERE status = 'nothing'"]);
    assert!(!run.stderr.contains("no row"), "{}", run.stderr);
}

#[test]
fn a_saved_query_with_values_is_explained_by_its_values() {
    let home = Home::new();
    let key = "access_key=AKIAIOSFODNN7EXAMPLE";
    let run = home.run_on_demo(&[
        "query",
        "-t",
        "api-by-access-key",
        "-p",
        key,
        "--explain-empty",
    ]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stderr.contains("no row: "), "{}", run.stderr);
    assert!(!run.stderr.contains("not explained"), "{}", run.stderr);
}

#[test]
fn coverage_tells_every_series_and_its_hours() {
    let home = Home::new();
    let run = home.run_on_demo(&["coverage"]);
    assert_eq!(run.code, Some(0), "{}", run.stderr);
    assert!(run.stdout.starts_with("SOURCE"), "{}", run.stdout);
    assert!(run.stdout.contains('▓'), "{}", run.stdout);
    assert!(run.stderr.contains("each sign is"), "{}", run.stderr);
    let all: Value =
        serde_json::from_str(&home.run_on_demo(&["coverage", "--format", "json"]).ok()).unwrap();
    assert_eq!(all["complete"], true);
    let series = all["series"].as_array().unwrap();
    let sum = |name: &str| {
        series
            .iter()
            .map(|one| one[name].as_u64().unwrap())
            .sum::<u64>()
    };
    let files = files_below(demo_lake());
    assert_eq!(sum("objects"), files);
    // The hours of a series hold its rows, all of them and each once.
    for one in series {
        let hours = one["hours"].as_array().unwrap();
        let rows: u64 = hours
            .iter()
            .map(|hour| hour["rows"].as_u64().unwrap())
            .sum();
        assert_eq!(rows, one["rows"].as_u64().unwrap(), "{}", one["source"]);
    }
    let one = home
        .run_on_demo(&["coverage", "vpc_flow", "--format", "json"])
        .ok();
    let one: Value = serde_json::from_str(&one).unwrap();
    let only = one["series"].as_array().unwrap();
    assert!(!only.is_empty() && only.iter().all(|one| one["source"] == "vpc_flow"));
    let run = home.run_on_demo(&["coverage", "vpc_flwo"]);
    assert_eq!(run.code, Some(1));
    assert!(
        run.stderr.contains("did you mean `vpc_flow`?"),
        "{}",
        run.stderr
    );
}

fn files_below(folder: &std::path::Path) -> u64 {
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            count += files_below(&path);
        } else if path.extension().is_some_and(|end| end == "parquet") {
            count += 1;
        }
    }
    count
}
