//! `lakehound demo`, and the lake that the first use makes.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use crate::support::{Home, Run, assert_holds};

const SMALL: [&str; 8] = [
    "demo",
    "--events",
    "4000",
    "--days",
    "2",
    "--until",
    "2026-01-10T00:00:00Z",
    "--dir",
];

fn make(home: &Home, folder: &str, more: &[&str]) -> Run {
    let mut arguments = SMALL.to_vec();
    arguments.push(folder);
    arguments.extend(more);
    home.run(&arguments)
}

/// Every file below a folder with its bytes.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                found.insert(name, std::fs::read(path).unwrap());
            }
        }
    }
    found
}

#[test]
fn the_same_arguments_give_the_same_bytes_and_another_seed_does_not() {
    let home = Home::new();
    make(&home, "one", &["--seed", "3"]).ok();
    make(&home, "two", &["--seed", "3"]).ok();
    make(&home, "other", &["--seed", "4"]).ok();
    let one = files(&home.path("one"));
    assert!(one.len() > 8, "{:?}", one.keys());
    assert!(
        one == files(&home.path("two")),
        "two lakes of one seed differ"
    );
    assert!(one != files(&home.path("other")), "two seeds made one lake");
}

#[test]
fn the_answer_key_lies_beside_the_data() {
    let home = Home::new();
    let stdout = make(&home, "lake", &["--seed", "5"]).ok();
    assert_eq!(stdout.trim(), "lake");
    let key = std::fs::read_to_string(home.path("lake/scenario.json")).unwrap();
    let key: Value = serde_json::from_str(&key).unwrap();
    assert_eq!(key["seed"], 5);
    assert!(
        key["until"]
            .as_str()
            .unwrap()
            .starts_with("2026-01-10T00:00:00")
    );
    for field in ["role", "type", "value", "first_seen", "last_seen", "events"] {
        assert!(!key["entities"][0][field].is_null(), "{field}: {key}");
    }
    assert!(key["stolen_objects"][0]["key"].is_string());
    assert!(!key["findings"].as_array().unwrap().is_empty());
}

#[test]
fn a_demo_lake_is_remade_and_any_other_folder_is_left_alone() {
    let home = Home::new();
    make(&home, "lake", &["--seed", "1"]).ok();
    make(&home, "lake", &["--seed", "2"]).ok();
    let key = std::fs::read_to_string(home.path("lake/scenario.json")).unwrap();
    assert_holds(&key, &["\"seed\": 2"]);
    home.write("precious/thesis.txt", "mine");
    let stderr = make(&home, "precious", &[]).fails(1);
    assert_holds(&stderr, &["precious", "no demo lake"]);
    assert_eq!(files(&home.path("precious")).len(), 1);
}

#[test]
fn wrong_wishes_are_refused() {
    let home = Home::new();
    let stderr = home.run(&["demo", "--scenario", "nonsense"]).fails(2);
    assert_holds(&stderr, &["nonsense", "hint:"]);
    let stderr = home.run(&["demo", "--until", "someday"]).fails(2);
    assert_holds(&stderr, &["someday"]);
    let stderr = home.run(&["demo", "--days", "0"]).fails(2);
    assert_holds(&stderr, &["days"]);
    home.run(&["demo", "--events", "0"]).fails(2);
    home.run(&["demo", "--live", "--speed", "0"]).fails(2);
    home.run(&["demo", "--events", "many"]).fails(2);
    assert!(!home.path("data").exists());
}

#[test]
fn the_first_use_makes_the_lake_and_the_second_finds_it() {
    let home = Home::new();
    let first = home.run(&["tables"]);
    assert_eq!(first.code, Some(0), "{first:?}");
    assert_holds(&first.stderr, &["note: ", "demo-lake"]);
    assert!(home.path("data/demo-lake/scenario.json").is_file());
    assert_eq!(home.run(&["tables"]).ok(), first.stdout);
}

#[cfg(unix)]
#[test]
fn live_goes_on_until_interrupted() {
    use std::io::{BufRead as _, BufReader};

    use crate::support::interrupt;

    let home = Home::new();
    make(&home, "lake", &[]).ok();
    let mut child = home
        .command(&["demo", "--live", "--speed", "100000", "--dir", "lake"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for sequence in 1..=3 {
        let object: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        assert_eq!(object["sequence"], sequence);
        assert!(
            home.path("lake")
                .join(object["key"].as_str().unwrap())
                .is_file()
        );
        let notification = home.path(&format!("lake/notifications/{sequence:010}.json"));
        assert!(notification.is_file());
    }
    interrupt(&child);
    // Whoever is interrupted may have more to say, but must end.
    let rest = lines.count();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{rest} more lines");
}
