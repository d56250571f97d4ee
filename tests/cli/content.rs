//! `lakehound templates` and `lakehound playbook`.

use serde_json::Value;

use crate::support::{Home, assert_holds};

const OWN_QUERY: &str = "\
-- name: my-hunt
-- purpose: Finds what I look for.
-- classes: 6003
-- tables: cloud_trail_mgmt
-- param: who principal \"Whom to look for\"
SELECT 1 AS one WHERE 'x' = /* :who */ 'example.user'
";

const OWN_PLAYBOOK: &str = "\
# My playbook

## Part 1 — Prepare

- [ ] Breathe

## Part 2 — Detect and analyze

- [ ] Look at `<bucket-name>`

```sql
SELECT 1
```
";

#[test]
fn templates_are_listed_as_table_and_as_json() {
    let home = Home::new();
    home.write("saved-queries/mine.sql", OWN_QUERY);
    for arguments in [&["templates"][..], &["templates", "list"]] {
        let stdout = home.run(arguments).ok();
        assert_holds(
            &stdout,
            &["NAME", "my-hunt", "who", "Finds what I look for."],
        );
    }
    let list = home.run(&["templates", "list", "--format", "json"]).ok();
    let list: Vec<Value> = serde_json::from_str(&list).unwrap();
    let mine = list.iter().find(|t| t["name"] == "my-hunt").unwrap();
    assert_eq!(mine["parameters"][0]["name"], "who");
    assert_eq!(mine["parameters"][0]["type"], "principal");
    assert_eq!(mine["classes"][0], 6003);
}

#[test]
fn a_template_is_shown_byte_for_byte() {
    let home = Home::new();
    home.write("saved-queries/mine.sql", OWN_QUERY);
    assert_eq!(home.run(&["templates", "show", "my-hunt"]).ok(), OWN_QUERY);
}

#[test]
fn an_unknown_template_offers_the_nearest() {
    let home = Home::new();
    home.write("saved-queries/mine.sql", OWN_QUERY);
    let stderr = home.run(&["templates", "show", "my-hnut"]).fails(1);
    assert_holds(&stderr, &["my-hnut", "did you mean `my-hunt`?"]);
}

#[test]
fn a_broken_template_is_told_with_file_and_line_and_hides_no_other() {
    let home = Home::new();
    home.write("saved-queries/mine.sql", OWN_QUERY);
    let broken = home.write(
        "saved-queries/broken.sql",
        "-- name: broken\n-- param: x colour \"?\"\nSELECT /* :x */ 1\n",
    );
    let run = home.run(&["templates"]);
    assert_eq!(run.code, Some(0));
    assert_holds(&run.stdout, &["my-hunt"]);
    assert_holds(&run.stderr, &[&format!("{}:2: ", broken.display())]);
}

#[test]
fn playbooks_are_listed_and_shown() {
    let home = Home::new();
    home.write("playbooks/mine.md", OWN_PLAYBOOK);
    for arguments in [&["playbook"][..], &["playbook", "list"]] {
        let stdout = home.run(arguments).ok();
        assert_holds(&stdout, &["NAME", "mine", "My playbook"]);
    }
    assert_eq!(home.run(&["playbook", "show", "mine"]).ok(), OWN_PLAYBOOK);
    let path = home.path("playbooks/mine.md");
    assert_eq!(
        home.run(&["playbook".as_ref(), "show".as_ref(), path.as_os_str()])
            .ok(),
        OWN_PLAYBOOK
    );
}

#[test]
fn check_says_what_was_recognised() {
    let home = Home::new();
    home.write("mine.md", OWN_PLAYBOOK);
    let stdout = home.run(&["playbook", "check", "mine.md"]).ok();
    let check: Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(check["ok"], true);
    let found = &check["playbooks"][0];
    assert_eq!(found["steps"], 2);
    assert_eq!(found["queries"], 1);
    assert_eq!(found["phases"].as_array().unwrap().len(), 2);
}

#[test]
fn a_playbook_without_steps_is_a_no() {
    let home = Home::new();
    home.write("mine.md", OWN_PLAYBOOK);
    home.write("empty.md", "Just a text.\n");
    let run = home.run(&["playbook", "check", "mine.md", "empty.md"]);
    assert_eq!(run.code, Some(3));
    let check: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(check["ok"], false);
    assert_eq!(check["playbooks"][0]["ok"], true);
    assert_eq!(check["playbooks"][1]["ok"], false);
}

#[test]
fn a_playbook_that_is_not_there_or_no_text_is_a_failure() {
    let home = Home::new();
    home.write("binary.md", b"# x\n\xff\xfe");
    home.write("mine.md", OWN_PLAYBOOK);
    let run = home.run(&["playbook", "check", "mine.md", "binary.md", "gone.md"]);
    assert_eq!(run.code, Some(1));
    assert_holds(&run.stderr, &["binary.md:2: ", "UTF-8"]);
    let check: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(check["ok"], false);
    assert_eq!(check["playbooks"][0]["ok"], true);
    assert_eq!(check["unreadable"][0]["file"], "binary.md");
    assert_eq!(check["unreadable"][1]["file"], "gone.md");
    let stderr = home.run(&["playbook", "show", "nonsense"]).fails(1);
    assert_holds(&stderr, &["nonsense", "hint:"]);
}
