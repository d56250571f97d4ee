//! `lakehound detect`: rules over a whole lake.

use serde_json::Value;

use crate::support::{Home, assert_holds};

const GOOD: &str = "title: A second key\nid: second-key\nlevel: high\nlogsource:\n  product: aws\n  service: cloudtrail\ndetection:\n  selection:\n    eventName: CreateAccessKey\n    userIdentity.type: IAMUser\n  condition: selection\n";

#[test]
fn a_match_is_a_line_with_its_rule_and_its_row() {
    let home = Home::new();
    home.write("rules/cloud/good.yml", GOOD);
    home.write(
        "rules/windows/other.yml",
        GOOD.replace("product: aws", "product: windows")
            .replace("second-key", "other"),
    );
    home.write("rules/broken.yml", "title: [");
    let rules = home.path("rules").display().to_string();
    let run = home.run_on_demo(&["detect", "--rules", &rules, "--format", "ndjson"]);
    assert_holds(&run.stderr, &["not used: ", "1 more", "1 rules over"]);
    assert_eq!(run.code, Some(0));
    let lines: Vec<Value> = run
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert!(!lines.is_empty());
    for line in &lines {
        assert_eq!(line["kind"], "detection");
        assert_eq!(line["rule"]["id"], "second-key");
        assert_eq!(line["rule"]["level"], "high");
        assert_eq!(line["row"]["what"], "CreateAccessKey");
        assert!(
            line["object"].as_str().unwrap().ends_with(".parquet"),
            "{line}"
        );
        assert!(
            line["entity"].as_str().unwrap().starts_with("AKIA"),
            "{line}"
        );
    }
    let nobody = home.run_on_demo(&[
        "detect",
        "--rules",
        &rules,
        "--format",
        "ndjson",
        "--where",
        "region = 'mars-1'",
    ]);
    assert_eq!((nobody.code, nobody.stdout.as_str()), (Some(0), ""));
}

#[test]
fn more_rules_than_fit_into_one_statement_run_in_turn() {
    let home = Home::new();
    let longer = |number: usize| {
        let not = format!("userAgent|neq: '{}'\n  condition", "x".repeat(30_000));
        GOOD.replace("second-key", &format!("key-{number}"))
            .replace("  condition", &format!("    {not}"))
    };
    for number in 0..3 {
        home.write(&format!("rules/{number}.yml"), longer(number));
    }
    let rules = home.path("rules").display().to_string();
    let run = home.run_on_demo(&["detect", "--rules", &rules, "--format", "csv"]);
    assert_holds(&run.stderr, &["3 rules over", "2 run one after the other"]);
    assert_eq!(run.code, Some(0));
    let matches = |id: &str| {
        let begins = format!("\"{id}\"");
        let lines = run.stdout.lines();
        lines.filter(|line| line.starts_with(&begins)).count()
    };
    assert!(matches("key-0") > 0, "{}", run.stdout);
    assert_eq!(matches("key-0"), matches("key-1"));
    assert_eq!(matches("key-0"), matches("key-2"));
    assert_eq!(run.stdout.lines().count(), 1 + 3 * matches("key-0"));
}

#[test]
fn rules_are_checked_without_being_run() {
    let home = Home::new();
    home.write("good.yml", GOOD);
    home.write("bad.yml", GOOD.replace("eventName:", "eventName|fuzzy:"));
    let (good, bad) = (home.path("good.yml"), home.path("bad.yml"));
    let out = home
        .run_on_demo(&[
            "detect",
            "--check",
            "--format",
            "json",
            "--rules",
            good.to_str().unwrap(),
            bad.to_str().unwrap(),
        ])
        .ok();
    let list: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(list[0]["used"], true);
    assert_eq!(list[1]["used"], false);
    assert!(
        list[1]["why"].as_str().unwrap().contains("`fuzzy`"),
        "{list}"
    );
    for (format, first) in [
        (
            "csv",
            "\"file\",\"id\",\"title\",\"level\",\"tags\",\"used\",\"why\"",
        ),
        ("ndjson", "{\"file\":"),
        ("markdown", "| file |"),
    ] {
        let list = [
            "--check",
            "--format",
            format,
            "--rules",
            good.to_str().unwrap(),
        ];
        let out = home.run_on_demo(&[&["detect"], &list[..]].concat()).ok();
        assert!(out.starts_with(first), "{out}");
        assert!(out.contains("true"), "{out}");
    }
    home.run_on_demo(&["detect", "--rules", "nowhere"]).fails(1);
}
