//! Every form that a log may have: what it is cut into, and that a lake takes it once.

use super::*;

fn ids(desk: &Desk) -> Vec<String> {
    let id = |row: &Value| row["metadata"]["uid"].as_str().unwrap().to_owned();
    let mut ids: Vec<String> = desk.rows(Source::CloudTrailMgmt).iter().map(id).collect();
    ids.sort();
    ids
}

/// The forms that five events may have.
fn forms(events: &[Value]) -> Vec<String> {
    let lines = |pretty: bool| {
        let line = |event: &Value| match pretty {
            true => serde_json::to_string_pretty(event).unwrap(),
            false => event.to_string(),
        };
        events.iter().map(line).collect::<Vec<_>>().join("\n")
    };
    let list = json!(events);
    let delivered = json!({ "Records": list });
    vec![
        delivered.to_string(),
        serde_json::to_string_pretty(&delivered).unwrap(),
        format!("{{\"a\":1,\"Records\":{list},\"b\":[{{}}],\"c\":\"]}}\"}}"),
        format!("{{\"a\":{{}},\"Records\":{list}}}"),
        list.to_string(),
        serde_json::to_string_pretty(&list).unwrap(),
        lines(false),
        lines(true),
        lines(false).replace('\n', "\r\n\r\n"),
        format!("\u{feff}{list}\n"),
        format!(
            "{}\n{}",
            json!({"Records": events[..2]}),
            json!({"Records": events[2..]})
        ),
    ]
}

#[test]
fn every_form_of_cloudtrail_gives_its_rows() {
    let desk = Desk::new();
    let count = forms(&events(5)).len();
    for form in 0..count {
        let events: Vec<Value> = (0..5)
            .map(|number| event(100 + form * 5 + number))
            .collect();
        let text = forms(&events).remove(form).into_bytes();
        let packed = form % 2 == 0;
        desk.log(&format!("{form}"), if packed { gzip(&text) } else { text });
    }
    let imported = desk.import();
    assert_eq!(desk.refused(), Vec::<Value>::new());
    assert_eq!((imported.files, imported.objects), (count as u64, 1));
    let wanted: Vec<String> = (100..100 + count * 5)
        .map(|number| format!("event-{number}"))
        .collect();
    assert_eq!(ids(&desk), wanted);
}

#[test]
fn a_single_object_is_a_record() {
    let desk = Desk::new();
    desk.log("one.json", serde_json::to_string_pretty(&event(7)).unwrap());
    assert_eq!(desk.import().written, 1);
    assert_eq!(ids(&desk), ["event-7"]);
}

#[test]
fn members_of_a_gzip_file_follow_each_other() {
    let desk = Desk::new();
    let mut bytes = gzip(format!("{}\n", event(0)).as_bytes());
    bytes.extend(gzip(format!("{}\n", event(1)).as_bytes()));
    desk.log("log.gz", bytes);
    assert_eq!(desk.import().written, 2);
}

#[test]
fn folders_are_gone_through_and_what_is_no_log_is_passed_over() {
    let desk = Desk::new();
    let at = "AWSLogs/111122223333/CloudTrail/eu-west-1/2026/03/01/";
    for number in 0..4 {
        let name = format!("{at}111122223333_CloudTrail_eu-west-1_{number}.json.gz");
        desk.log(
            &name,
            gzip(json!({"Records": [event(number)]}).to_string().as_bytes()),
        );
    }
    let digest = json!({"awsAccountId": "111122223333", "digestStartTime": "2026-03-01T09:00:00Z"});
    desk.log(
        "AWSLogs/111122223333/CloudTrail-Digest/d.json.gz",
        gzip(digest.to_string().as_bytes()),
    );
    desk.log("notes.txt", "just some words\nof somebody\n");
    desk.log("empty.json", "");
    desk.log("README.md", "# Logs");
    desk.log(".hidden.json", event(9).to_string());
    let imported = desk.import();
    assert_eq!(
        (imported.written, imported.files, imported.other_files),
        (4, 4, 3)
    );
    assert_eq!(imported.objects, 1, "one object for a partition");
    assert_eq!(desk.refused(), Vec::<Value>::new());
}

#[test]
fn a_file_that_the_lake_has_adds_nothing() {
    let desk = Desk::new();
    desk.log("a.json", json!({"Records": events(3)}).to_string());
    desk.log("copy of a.json", json!({"Records": events(3)}).to_string());
    let first = desk.import();
    assert_eq!((first.written, first.files, first.known_files), (3, 1, 1));
    let objects = desk.objects();
    desk.log("b.json", event(8).to_string());
    let second = desk.import();
    assert_eq!((second.read, second.written, second.known_files), (1, 1, 2));
    let third = desk.import();
    assert_eq!(
        (third.read, third.written, third.objects, third.known_files),
        (0, 0, 0, 3)
    );
    assert_eq!(desk.objects().len(), objects.len() + 1);
    assert_eq!(ids(&desk).len(), 4);
}

#[test]
fn the_same_logs_make_objects_of_the_same_names() {
    let [one, other] = [2, 1].map(|threads| {
        let desk = Desk::new();
        for number in 0..6 {
            desk.log(&format!("{number}.json"), event(number).to_string());
        }
        let request = ImportRequest {
            threads: NonZeroUsize::new(threads),
            ..desk.request()
        };
        import(&request, &RunControl::default(), &|_| {}).unwrap();
        desk.objects()
    });
    assert_eq!(one, other);
    let name = Path::new(&one[0])
        .file_name()
        .unwrap()
        .to_string_lossy()
        .into_owned();
    assert_eq!(
        name.len(),
        "0123456789abcdef0123456789abcdef.gz.parquet".len()
    );
}

#[test]
fn rows_go_to_the_partition_of_their_region_account_and_day() {
    let desk = Desk::new();
    let mut events = events(4);
    events[1]["awsRegion"] = json!("us-east-1");
    events[2]["recipientAccountId"] = json!("000000000012");
    events[3]["eventTime"] = json!("2026-03-01T23:59:59-01:00");
    desk.log("log", json!({"Records": events}).to_string());
    assert_eq!(desk.import().objects, 4);
    let folders: Vec<String> = desk
        .objects()
        .iter()
        .map(|object| {
            Path::new(object)
                .parent()
                .unwrap()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    let at = "aws/CLOUD_TRAIL_MGMT/2.0/region=";
    assert_eq!(
        folders,
        [
            format!("{at}eu-west-1/accountId=000000000012/eventDay=20260301"),
            format!("{at}eu-west-1/accountId=111122223333/eventDay=20260301"),
            format!("{at}eu-west-1/accountId=111122223333/eventDay=20260302"),
            format!("{at}us-east-1/accountId=111122223333/eventDay=20260301"),
        ]
    );
}
