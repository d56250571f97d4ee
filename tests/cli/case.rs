//! `lakehound case`.

use std::process::Command;

use serde_json::Value;

use crate::support::{Home, assert_holds, names_in};

/// Makes a case; gives its id.
fn new_case(home: &Home, name: &str) -> String {
    let id = home.run(&["case", "new", name, "--analyst", "ana"]).ok();
    let id = id.trim_end().to_owned();
    assert_eq!(id.len(), 16, "{id}");
    id
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_case_is_made_listed_and_shown() {
    let home = Home::new();
    assert_eq!(
        home.run(&["case", "list", "--format", "json"]).ok().trim(),
        "[]"
    );
    let id = new_case(&home, "Leaked key");
    for arguments in [&["case"][..], &["case", "list"]] {
        let list = home.run(arguments).ok();
        assert_holds(&list, &["ID", "NAME", &id, "open", "Leaked key"]);
    }
    let shown = home.run(&["case", "show", &id[..6]]).ok();
    assert_holds(&shown, &[&id, "Leaked key", "by ana", "head"]);
    let shown = json(
        &home
            .run(&["case", "show", "Leaked key", "--format", "json"])
            .ok(),
    );
    assert_eq!(shown["id"], id.as_str());
    assert_eq!(shown["entries"], 1);
    assert_eq!(shown["opened"]["by"], "ana");
}

#[test]
fn a_name_steers_no_terminal() {
    let home = Home::new();
    let id = new_case(&home, "\u{1b}[31m\u{202e}evil");
    for arguments in [vec!["case", "list"], vec!["case", "show", &id]] {
        let shown = home.run(&arguments).ok();
        assert_holds(&shown, &["\\x1b[31m\\u{202e}evil"]);
        assert!(!shown.contains('\u{1b}'));
    }
    assert_holds(&home.run(&["case", "new", " "]).fails(2), &["name"]);
}

#[test]
fn a_capsule_goes_to_a_colleague_and_comes_back() {
    let (ana, ben) = (Home::new(), Home::new());
    let id = new_case(&ana, "Leaked key");
    let capsule = ana.path("leak.lhcase");
    let path = capsule.to_str().unwrap();
    let line = ana.run(&["case", "export", &id, "-o", path]).ok();
    assert!(line.ends_with(&format!("  {path}\n")), "{line}");
    assert_eq!(line.split_once("  ").unwrap().0.len(), 64);

    let told = ben.run(&["case", "import", path]).ok();
    assert_holds(&told, &[&id, "new case", "1 entries"]);
    let told = ben.run(&["case", "import", path]).ok();
    assert_holds(&told, &[&id, "merged, 0 entries"]);
    assert_eq!(
        ana.run(&["case", "show", &id]).ok(),
        ben.run(&["case", "show", &id]).ok()
    );
    let back = ben.path("back.lhcase");
    ben.run(&["case", "export", &id, "-o", back.to_str().unwrap()])
        .ok();
    assert_eq!(
        std::fs::read(&capsule).unwrap(),
        std::fs::read(&back).unwrap()
    );

    for what in [path, &id, "Leaked key"] {
        let report = json(&ana.run(&["case", "verify", what]).ok());
        assert_eq!(report["ok"], true);
        assert_eq!(report["entries"], 1);
        assert!(!report["looked_at"].as_array().unwrap().is_empty());
        assert_eq!(report["heads"].as_array().unwrap().len(), 1);
    }
}

/// What a colleague without lakehound does.
#[cfg(unix)]
#[test]
fn the_systems_own_tools_unpack_and_check_it() {
    let home = Home::new();
    let id = new_case(&home, "Leaked key");
    home.run(&["case", "export", &id, "-o", "leak.lhcase"]).ok();
    let folder = home.path("unpacked");
    std::fs::create_dir(&folder).unwrap();
    let unpacked = Command::new("tar")
        .args(["xf", "../leak.lhcase"])
        .current_dir(&folder)
        .status()
        .unwrap();
    assert!(unpacked.success());
    assert_eq!(
        names_in(&folder),
        ["README.txt", "SHA256SUMS", "capsule.json", "journal.ndjson"]
    );
    let (tool, arguments) = if cfg!(target_os = "macos") {
        ("shasum", &["-a", "256", "-c", "SHA256SUMS"][..])
    } else {
        ("sha256sum", &["--strict", "-c", "SHA256SUMS"][..])
    };
    let checked = Command::new(tool)
        .args(arguments)
        .current_dir(&folder)
        .output()
        .unwrap();
    assert!(checked.status.success(), "{checked:?}");
    assert_eq!(
        String::from_utf8(checked.stdout)
            .unwrap()
            .matches(": OK")
            .count(),
        3
    );
}

#[test]
fn what_does_not_fit_is_a_no_with_its_first_byte() {
    let home = Home::new();
    let id = new_case(&home, "Leaked key");
    home.run(&["case", "export", &id, "-o", "leak.lhcase"]).ok();
    let mut bytes = std::fs::read(home.path("leak.lhcase")).unwrap();
    let place = bytes
        .windows(8)
        .rposition(|part| part == b"\"opened\"")
        .unwrap();
    bytes[place + 1] ^= 1;
    home.write("changed.lhcase", &bytes);
    let run = home.run(&["case", "verify", "changed.lhcase"]);
    assert_eq!(run.code, Some(3), "{run:?}");
    let report = json(&run.stdout);
    assert_eq!(report["ok"], false);
    let problem = &report["problems"][0];
    assert_eq!(problem["file"], "journal.ndjson");
    assert_eq!(problem["entry"], 1);
    assert!(problem["byte"].as_u64().unwrap() <= place as u64);
    let stderr = home.run(&["case", "import", "changed.lhcase"]).fails(1);
    assert_holds(
        &stderr,
        &["changed.lhcase", "journal.ndjson", "entry 1", "hint:"],
    );

    let noted = "0".repeat(64);
    let run = home.run(&["case", "verify", &id, "--noted", &noted]);
    assert_eq!(run.code, Some(3), "{run:?}");
    assert_eq!(json(&run.stdout)["noted"], false);
    let head = json(&home.run(&["case", "verify", &id]).ok())["heads"][0].clone();
    let head = head.as_str().unwrap();
    let run = home.run(&["case", "verify", "leak.lhcase", "--noted", head]);
    assert_eq!(json(&run.ok())["noted"], true);
    assert_holds(
        &home.run(&["case", "verify", &id, "--noted", "x"]).fails(2),
        &["SHA-256"],
    );
    // A file that is none at all is no capsule, and nothing that is there is no file.
    home.write("notes.txt", "notes");
    assert_eq!(home.run(&["case", "verify", "notes.txt"]).code, Some(3));
    let stderr = home.run(&["case", "verify", "gone.lhcase"]).fails(1);
    assert_holds(&stderr, &["no file and no case", "gone.lhcase"]);
}

#[test]
fn an_unknown_case_offers_the_nearest_and_leaves_no_file() {
    let home = Home::new();
    new_case(&home, "Leaked key");
    let stderr = home.run(&["case", "show", "Leakd key"]).fails(1);
    assert_holds(&stderr, &["did you mean `Leaked key`?", "case list"]);
    home.run(&["case", "export", "nothing", "-o", "out.lhcase"])
        .fails(1);
    assert!(!home.path("out.lhcase").exists());
    let stderr = home.run(&["case", "import", "gone.lhcase"]).fails(1);
    assert_holds(&stderr, &["gone.lhcase"]);
}

#[test]
fn the_trail_tells_which_value_led_where() {
    use lakehound::adapters::case::Cases;
    use lakehound::domain::case::{Author, Draft, EntityRef, Key, Outcome, PivotFrom, What};
    let home = Home::new();
    let id = new_case(&home, "Leaked key");
    let author = Author {
        analyst: "ana".to_owned(),
        tool: "test".to_owned(),
    };
    let key = |name: &str| Key(name.to_owned());
    let begun = |query: &str, sql: &str| What::QueryBegun {
        query: key(query),
        sql: sql.to_owned(),
        parameters: vec!["'x'".to_owned()],
        engine: "embedded".to_owned(),
        profile: None,
        files: Vec::new(),
    };
    let from = PivotFrom {
        query: Some(key("q1")),
        row: Some(4),
        path: Some("src_endpoint.ip".to_owned()),
        entity: EntityRef {
            entity_type: "ip".to_owned(),
            value: "198.51.100.7".to_owned(),
        },
    };
    let whats = [
        begun("q1", "SELECT\n  1"),
        begun("q2", "SELECT 2"),
        What::Pivoted {
            from,
            template: "who-used".to_owned(),
            query: key("q2"),
        },
        What::TrailNamed {
            query: key("q2"),
            name: "the \u{1b}[31mkey".to_owned(),
        },
        What::QueryEnded {
            query: key("q1"),
            outcome: Outcome::Cancelled,
        },
    ];
    let at = chrono::DateTime::UNIX_EPOCH;
    let drafts: Vec<Draft> = whats.into_iter().map(|what| Draft { at, what }).collect();
    let cases = Cases::at(home.path("data").join("cases"));
    cases.open(&id, author).unwrap().append(&drafts).unwrap();

    let shown = home.run(&["case", "trail", &id]).ok();
    assert_holds(
        &shown,
        &[
            "stopped",
            "SELECT 1",
            "  “the \\x1b[31mkey” ip 198.51.100.7 → who-used",
        ],
    );
    assert!(!shown.contains('\u{1b}'));
    let told = json(&home.run(&["case", "trail", &id, "--format", "json"]).ok());
    assert_eq!(told[0]["outcome"]["how"], "cancelled");
    assert_eq!(told[1]["parent"], "q1");
    assert_eq!(told[1]["from"]["path"], "src_endpoint.ip");
    assert_eq!(told[1]["parameters"][0], "'x'");
}
