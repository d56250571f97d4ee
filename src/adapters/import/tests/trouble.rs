//! Damaged, hostile and interrupted: what is refused is kept with its place, and a lake never has
//! half of an import.

use super::*;

#[test]
fn a_damaged_gzip_gives_what_came_before_and_says_where_it_broke() {
    let desk = Desk::new();
    let lines: String = (0..400)
        .map(|number| format!("{}\n", event(number)))
        .collect();
    let packed = gzip(lines.as_bytes());
    desk.log("log.gz", &packed[..packed.len() / 2]);
    let imported = desk.import();
    assert!(imported.written > 20, "{imported:?}");
    assert_eq!(imported.read, imported.written + imported.refused);
    let refused = desk.refused();
    let last = refused.last().unwrap();
    assert!(
        last["reason"]
            .as_str()
            .unwrap()
            .contains("can be read no further"),
        "{last}"
    );
    assert_eq!(last["offset"], imported.bytes);
}

#[test]
fn a_truncated_document_gives_its_whole_records() {
    let desk = Desk::new();
    let text = json!({"Records": events(3)}).to_string();
    let cut = text.find("event-2").unwrap();
    desk.log("log.json", &text[..cut]);
    let imported = desk.import();
    assert_eq!(
        (imported.read, imported.written, imported.refused),
        (3, 2, 1)
    );
    let refused = &desk.refused()[0];
    assert_eq!(refused["reason"], "the file ends inside of a record");
    let offset = usize::try_from(refused["offset"].as_u64().unwrap()).unwrap();
    assert_eq!(refused["text"].as_str().unwrap(), &text[offset..cut]);
}

#[test]
fn bad_lines_are_kept_and_the_rest_is_imported() {
    let desk = Desk::new();
    let mut bytes = format!("{}\n{{\"eventName\": \n42\n", event(0)).into_bytes();
    bytes.extend(b"{\"eventName\":\"\xff\"}\n");
    bytes.extend(b"{\"eventName\":\"A\",\"eventTime\":\"yesterday\"}\n{\"a\":1}\n");
    bytes.extend(br#"{"eventName":"A","eventName":"B","eventTime":"2026-03-01T00:00:00Z"}"#);
    bytes.extend(format!("\n{}\n", event(1)).as_bytes());
    desk.log("log.json", &bytes);
    let imported = desk.import();
    assert_eq!(
        (imported.read, imported.written, imported.refused),
        (8, 2, 6)
    );
    let reasons: Vec<String> = desk
        .refused()
        .iter()
        .map(|line| line["reason"].as_str().unwrap().to_owned())
        .collect();
    for (reason, wanted) in reasons.iter().zip([
        "it is no JSON: ",
        "it is no JSON object",
        "it is no UTF-8",
        "`eventTime` is no time: yesterday",
        "it is neither",
        "it has `eventName` twice",
    ]) {
        assert!(reason.starts_with(wanted), "{reason}");
    }
}

#[test]
fn a_first_line_that_is_broken_costs_no_other() {
    let desk = Desk::new();
    desk.log(
        "log.json",
        format!("{{\"eventName\":\"\n{}\n{}\n", event(0), event(1)),
    );
    let imported = desk.import();
    assert_eq!(
        (imported.written, imported.refused),
        (2, 1),
        "{:?}",
        desk.refused()
    );
}

#[test]
fn awkward_values_come_back_as_they_are() {
    let values = [
        "",
        " ",
        "\u{0}",
        "\u{1b}[31m",
        "line\nbreak\r\t",
        "\"quoted\\\"",
        "\u{202e}abc",
        "=1+1",
        "é😀\u{feff}",
        "${jndi:ldap://x}",
        "'; DROP TABLE x; --",
        "{\"a\":1}",
        "null",
        "\u{2028}",
    ];
    let desk = Desk::new();
    let records: Vec<Value> = values
        .iter()
        .map(|value| {
            let mut event = event(0);
            event["userAgent"] = json!(value);
            event["requestParameters"] = json!({ "value": value });
            event[format!("odd {value}")] = json!(value);
            event
        })
        .collect();
    desk.log("log", json!({"Records": records}).to_string());
    assert_eq!(desk.import().written, values.len() as u64);
    for (row, value) in desk.rows(Source::CloudTrailMgmt).iter().zip(values) {
        assert_eq!(row["http_request"]["user_agent"], value);
        let parameters: Value =
            serde_json::from_str(row["api"]["request"]["data"].as_str().unwrap()).unwrap();
        assert_eq!(parameters["value"], value);
        assert_eq!(row["unmapped"][format!("odd {value}")], value);
    }
}

#[test]
fn half_of_a_surrogate_pair_stays_as_it_was_written() {
    let desk = Desk::new();
    let text = event(0)
        .to_string()
        .replace("made-up/1.0", "a\\ud83dz\\ud83d\\ude00\\udc00");
    desk.log("log", text);
    desk.import();
    let row = &desk.rows(Source::CloudTrailMgmt)[0];
    assert_eq!(row["http_request"]["user_agent"], "a\\ud83dz😀\\udc00");
}

#[test]
fn hostile_regions_and_accounts_name_no_folder() {
    let desk = Desk::new();
    let mut event = event(0);
    event["awsRegion"] = json!("../../../outside");
    event["recipientAccountId"] = json!("a/b");
    desk.log("log", event.to_string());
    desk.import();
    assert!(
        desk.objects()[0].contains("region=unknown/accountId=unknown/"),
        "{:?}",
        desk.objects()
    );
    let row = &desk.rows(Source::CloudTrailMgmt)[0];
    assert_eq!(row["cloud"]["region"], "../../../outside");
    assert_eq!(row["unmapped"]["recipientAccountId"], "a/b");
}

#[test]
fn deep_nesting_is_refused_and_not_followed() {
    let desk = Desk::new();
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    desk.log("log", format!("{}\n{{\"eventName\":{deep}}}\n", event(0)));
    let imported = desk.import();
    assert_eq!((imported.written, imported.refused), (1, 1));
    assert!(
        desk.refused()[0]["reason"]
            .as_str()
            .unwrap()
            .contains("deeper")
    );
}

#[test]
fn an_import_that_is_stopped_leaves_the_lake_as_it_was() {
    let desk = Desk::new();
    desk.log("log", event(0).to_string());
    let control = RunControl::default();
    control.stop();
    let stopped = import(&desk.request(), &control, &|_| {});
    assert!(matches!(stopped, Err(ImportError::Stopped)), "{stopped:?}");
    assert_eq!(desk.objects(), Vec::<String>::new());
    assert!(!desk.path("lake/.lakehound/staging").exists());
    assert_eq!(desk.import().written, 1);
}

#[test]
fn what_a_killed_import_left_is_cleared_away_or_finished() {
    let desk = Desk::new();
    desk.log("log", event(0).to_string());
    let staging = desk.path("lake/.lakehound/staging");
    // Killed before all was written.
    fs::create_dir_all(&staging).unwrap();
    fs::write(staging.join("00000000.part"), "half").unwrap();
    assert_eq!(desk.import().written, 1);
    assert!(!staging.exists());
    // Killed between two objects of those that it moves.
    let objects = desk.objects();
    fs::create_dir_all(&staging).unwrap();
    fs::write(staging.join("00000007.part"), "whole").unwrap();
    let plan = json!({
        "files": [{"sha256": "ab", "path": "x"}],
        "objects": [
            {"from": "00000006.part", "to": objects[0], "rows": 1},
            {"from": "00000007.part", "to": "aws/WAF/2.0/region=r/accountId=1/eventDay=20260301/x.gz.parquet", "rows": 1}
        ]
    });
    fs::write(staging.join("plan.json"), plan.to_string()).unwrap();
    assert_eq!(desk.import().written, 0);
    assert_eq!(desk.objects().len(), objects.len() + 1);
    assert!(!staging.exists());
}

#[test]
fn one_import_at_a_time_writes_a_lake() {
    let desk = Desk::new();
    desk.log("log", event(0).to_string());
    let held = commit::Site::open(&desk.path("lake")).unwrap();
    let busy = import(&desk.request(), &RunControl::default(), &|_| {});
    assert!(matches!(busy, Err(ImportError::Busy { .. })), "{busy:?}");
    drop(held);
    assert_eq!(desk.import().written, 1);
}

#[test]
fn what_was_only_refused_may_be_tried_again() {
    let desk = Desk::new();
    desk.log("log", r#"{"some":"thing"}"#);
    let first = desk.import();
    assert_eq!((first.read, first.refused), (1, 1));
    assert_eq!(desk.import(), first, "it is not taken for known");
}

#[test]
fn a_named_file_that_is_no_log_is_refused_and_a_missing_one_is_an_error() {
    let desk = Desk::new();
    desk.log("notes.txt", "just words");
    let named = |name: &str| ImportRequest {
        paths: vec![desk.path(name)],
        ..desk.request()
    };
    let control = RunControl::default();
    let imported = import(&named("logs/notes.txt"), &control, &|_| {}).unwrap();
    assert_eq!((imported.read, imported.refused), (1, 1));
    let missing = import(&named("nothing"), &control, &|_| {});
    assert!(matches!(missing, Err(ImportError::Read { .. })));
    let nothing = import(&desk.request(), &control, &|_| {});
    assert!(
        matches!(nothing, Err(ImportError::NothingFound)),
        "{nothing:?}"
    );
}
