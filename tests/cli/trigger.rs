//! `lakehound trigger check`.

use serde_json::{Value, json};

use crate::support::{Home, assert_holds};

const TRIGGERS: &str = "\
[leaked-key]
severity = 'high'
findings = ['UnauthorizedAccess:*']
query = 'api-by-access-key'
parameters = { access_key = '{entity}' }
playbook = 'iam-credential-compromise'
notify = ['bell']
most_per_hour = 1
";

fn finding(severity: &str, key: &str) -> String {
    json!({"title": "A key abroad", "type": "UnauthorizedAccess:IAMUser/New", "severity": severity,
           "accessKeyId": format!("AKIAIOSFODNN7{key}")})
    .to_string()
}

#[test]
fn a_dry_run_says_what_a_detection_would_start_and_why_another_would_not() {
    let home = Home::new();
    home.write("triggers.toml", TRIGGERS);
    let lines = [
        finding("High", "EXAMPLE"),
        finding("low", "EXAMPLF"),
        finding("critical", "EXAMPLG"),
        finding("critical", "EXAMPLE"),
    ];
    let lines = lines.join("\n");
    home.write("found.ndjson", lines);
    let out = home
        .run(&["trigger", "check", "--detection", "found.ndjson"])
        .ok();
    let told: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(told["ok"], true);
    let verdicts = told["detections"].as_array().unwrap();
    let of = |place: usize| &verdicts[place]["triggers"][0];
    assert_eq!(
        of(0)["starts"],
        json!([
            {"query": "api-by-access-key", "parameters": {"access_key": "AKIAIOSFODNN7EXAMPLE"}},
            {"playbook": "iam-credential-compromise"},
            {"notify": "bell"},
        ])
    );
    assert_holds(of(1)["reason"].as_str().unwrap(), &["below High"]);
    assert_holds(
        of(2)["reason"].as_str().unwrap(),
        &["enough within an hour"],
    );
    assert_holds(of(3)["reason"].as_str().unwrap(), &["open already"]);
    let opens: Vec<_> = verdicts
        .iter()
        .map(|one| (&one["item"], &one["opens"]))
        .collect();
    let (yes, no) = (json!(true), json!(false));
    let numbers = [json!(1), json!(2), json!(3)];
    assert_eq!(
        opens,
        [
            (&numbers[0], &yes),
            (&numbers[1], &yes),
            (&numbers[2], &yes),
            (&numbers[0], &no)
        ]
    );
}

#[test]
fn what_there_is_not_is_a_fault_and_nothing_to_read_is_none() {
    let home = Home::new();
    let none: Value = serde_json::from_str(&home.run(&["trigger", "check"]).ok()).unwrap();
    assert_eq!((&none["ok"], &none["triggers"]), (&json!(true), &json!([])));
    let broken = TRIGGERS
        .replace("access_key =", "acess_key =")
        .replace("iam-cred", "no-cred");
    home.write("other.toml", broken + "[all]\nnotify = 'bell'\n");
    let run = home.run(&["trigger", "check", "--file", "other.toml"]);
    assert_eq!(run.code, Some(3), "{run:?}");
    let told: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(told["ok"], false);
    let problems = told["problems"].to_string();
    let parts = [
        "no parameter `acess_key`",
        "no playbook `no-cred",
        "`all` asks nothing",
    ];
    assert_holds(&problems, &parts);
    let stderr = home
        .run(&["trigger", "check", "--file", "no.toml"])
        .fails(1);
    assert_holds(&stderr, &["no.toml"]);
}
