use chrono::DateTime;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::domain::detection::{Cause, Detection};
use crate::domain::entity::EntityType;

const ROLE: &str = "arn:aws:iam::111122223333:role/deploy";

fn kept(json: &str) -> Kept {
    Kept {
        number: 17,
        received: DateTime::from_timestamp(1_772_359_300, 0).unwrap(),
        json: json.to_owned(),
    }
}

/// The detection of the one document of a body.
fn detection(body: &Value) -> Detection {
    let read = read(body.to_string().as_bytes()).unwrap();
    assert_eq!((read.notifications.len(), read.documents.len()), (0, 1));
    let contents = kept(&read.documents[0].json).reading().outcome.unwrap();
    assert_eq!(contents.events, 1);
    contents.detections.into_iter().next().unwrap()
}

fn object_created(key: &str) -> Value {
    json!({"detail-type": "Object Created", "id": key, "time": "2026-03-01T10:00:00Z",
           "detail": {"bucket": {"name": "b"}, "object": {"key": key, "etag": "e"}}})
}

#[test]
fn a_body_is_one_object_an_array_or_one_a_line() {
    let (one, two) = (json!({"title": "one, [{]}"}), object_created("k/1"));
    let array = json!([one, two]).to_string();
    let lines = format!("\u{feff}{one}\r\n{two}\n\n");
    let pretty = serde_json::to_string_pretty(&json!([one, two])).unwrap();
    for body in [array, lines, pretty] {
        let read = read(body.as_bytes()).unwrap();
        assert_eq!(read.notifications[0].key.key, "k/1", "{body}");
        assert_eq!(read.documents[0].json, one.to_string(), "{body}");
    }
    assert_eq!(read(b" [ ] "), Ok(Body::default()));
}

#[test]
fn literals_stay_as_they_were_sent() {
    let body = b"{ \"n\": 1.000000000000000000001,\n \"s\": \"a \\\" b\\n\" }";
    let read = read(body).unwrap();
    assert_eq!(
        read.documents[0].json,
        "{\"n\":1.000000000000000000001,\"s\":\"a \\\" b\\n\"}"
    );
}

#[test]
fn bodies_that_are_not_objects_are_refused_as_a_whole() {
    for (body, reason) in [
        (&b""[..], "the body is empty"),
        (b" \n", "the body is empty"),
        (b"\xff\xfe", "not UTF-8"),
        (b"{\"a\":", "not JSON"),
        (b"{} x", "not JSON"),
        (b"[{}, {}", "does not go on"),
        (b"[{} {}]", "does not go on"),
        (b"[{},]", "not JSON"),
        (b"[{}] {}", "something follows"),
        (b"[", "not JSON"),
        (b"17", "value 1"),
        (b"[{}, null]", "value 2"),
        (
            br#"{"detail":{"object":{"key":"k"}}}"#,
            "detail.bucket.name",
        ),
        (br#"{"Records":[{"s3":{"object":{}}}]}"#, "s3.object.key"),
    ] {
        let refused = read(body).unwrap_err().to_string();
        assert!(refused.contains(reason), "{refused}");
    }
    let deep = "[".repeat(100_000);
    assert!(matches!(read(deep.as_bytes()), Err(BodyError::NotJson(_))));
    let many = "{}\n".repeat(MOST_DOCUMENTS + 1);
    assert_eq!(read(many.as_bytes()), Err(BodyError::TooMany));
    assert!(read("{}\n".repeat(MOST_DOCUMENTS).as_bytes()).is_ok());
}

#[test]
fn a_repeated_delivery_has_the_same_identity_and_another_state_has_not() {
    let identity = |body: &str| read(body.as_bytes()).unwrap().documents.remove(0).identity;
    assert_eq!(
        identity(r#"{"id": "f", "a": 1}"#),
        identity("{\"id\":\"f\",\n\"a\":1}")
    );
    assert_ne!(
        identity(r#"{"id":"f","a":1}"#),
        identity(r#"{"id":"f","a":2}"#)
    );
    let event = |id: &str, at: u8| {
        json!({"id": id, "detail-type": "x", "detail": {}, "sent": at}).to_string()
    };
    assert_eq!(identity(&event("e-1", 1)), identity(&event("e-1", 2)));
    assert_ne!(identity(&event("e-1", 1)), identity(&event("e-2", 1)));
}

#[test]
fn an_ocsf_finding_gives_its_own_words() {
    let found = detection(&json!({
        "class_uid": 2004, "severity_id": 5, "time": 1_772_359_200_000_i64,
        "metadata": {"product": {"name": "EDR"}, "uid": "u-1"},
        "finding_info": {"title": "Key used from a new country", "uid": "f-1",
                         "types": ["UnauthorizedAccess:IAMUser/NewCountry"]},
        "cloud": {"region": "eu-west-1", "account": {"uid": "000011112222"}},
        "api": {"operation": "GetObject"},
        "observables": [{"name": "src_endpoint.ip", "type_id": 2, "value": "198.51.100.7"}],
        "resources": [{"uid": ROLE}],
    }));
    assert_eq!(found.title, "Key used from a new country");
    assert_eq!(
        found.cause,
        Cause::Finding("UnauthorizedAccess:IAMUser/NewCountry".into())
    );
    assert_eq!(
        (found.severity.as_str(), found.class),
        ("Critical", Some(2004))
    );
    assert_eq!(found.reason, "its sender's severity id 5");
    assert_eq!(
        found.time.unwrap().to_rfc3339(),
        "2026-03-01T10:00:00+00:00"
    );
    assert_eq!(found.account.as_deref(), Some("000011112222"));
    assert_eq!(found.region.as_deref(), Some("eu-west-1"));
    assert_eq!(found.operation.as_deref(), Some("GetObject"));
    assert_eq!(found.entity.unwrap().kind, EntityType::Role);
    assert!(
        found
            .others
            .iter()
            .any(|other| other.value == "198.51.100.7")
    );
    assert_eq!(
        (found.object.bucket.as_str(), found.object.key.as_str()),
        ("webhook", "17")
    );
}

#[test]
fn findings_of_security_hub_and_guardduty_are_read_in_their_envelopes() {
    let security_hub = detection(&json!({
        "id": "e-1", "detail-type": "Security Hub Findings - Imported", "source": "aws.securityhub",
        "account": "111122223333", "region": "us-east-1", "time": "2026-03-01T10:00:00Z",
        "detail": {"findings": [{
            "Id": "f", "Title": "Root was used", "Types": ["TTPs/Discovery"],
            "Severity": {"Label": "HIGH", "Normalized": 70}, "AwsAccountId": "444455556666",
            "UpdatedAt": "2026-03-01T09:00:00.000Z",
            "Resources": [{"Type": "AwsIamRole", "Id": ROLE}],
        }]},
    }));
    assert_eq!(security_hub.title, "Root was used");
    assert_eq!(security_hub.severity, "High");
    assert_eq!(security_hub.account.as_deref(), Some("444455556666"));
    assert_eq!(security_hub.cause, Cause::Finding("TTPs/Discovery".into()));

    let guard_duty = json!({
        "detail-type": "GuardDuty Finding",
        "detail": {"type": "Recon:EC2/Portscan", "title": "A scan", "severity": 8.3,
                   "accountId": "111122223333",
                   "service": {"serviceName": "guardduty", "eventLastSeen": "2026-03-01T08:00:00Z"}},
    });
    let wrapped = json!({"Type": "Notification", "Message": guard_duty.to_string()});
    for body in [guard_duty, wrapped] {
        let found = detection(&body);
        assert_eq!(
            (found.title.as_str(), found.severity.as_str()),
            ("A scan", "High")
        );
        assert_eq!(found.reason, "GuardDuty's severity 8.3");
        assert_eq!(
            found.time.unwrap().to_rfc3339(),
            "2026-03-01T08:00:00+00:00"
        );
    }
}

#[test]
fn plain_json_is_read_by_the_usual_names() {
    let found = detection(&json!({
        "rule_name": "Brute force", "name": "Brute force", "level": "warning",
        "@timestamp": "2026-03-01T10:00:00Z", "sourceIPAddress": "198.51.100.7",
    }));
    assert_eq!(found.title, "Brute force");
    assert_eq!(found.severity, "Medium");
    assert_eq!(found.entity.unwrap().value, "198.51.100.7");
    assert_eq!(found.others, []);
    assert!(found.time.is_some());
}

#[test]
fn what_a_document_does_not_say_is_not_made_up() {
    let found = detection(&json!({}));
    assert_eq!((found.severity.as_str(), found.time), ("Unknown", None));
    assert_eq!((found.entity, found.account), (None, None));
    assert_eq!(found.reason, "its sender does not say");
    let scaled = detection(&json!({"title": "t", "severity": 73}));
    assert_eq!(
        (scaled.severity.as_str(), scaled.reason.as_str()),
        ("Other", "73 on a scale of its sender's own")
    );
    let worded = detection(&json!({"severity": "P1"}));
    assert_eq!(worded.reason, "its sender's word: P1");
    // Records of CloudTrail are no notification, and no object is missing in them.
    let trail = detection(&json!({"Records": [{"eventName": "GetObject"}]}));
    assert_eq!(trail.title, "a document without a title");
}

/// Any JSON below an object.
fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i16>().prop_map(|n| Value::from(f64::from(n) / 4.0)),
        "\\PC{0,12}".prop_map(Value::from),
    ];
    let name = prop_oneof![
        prop::sample::select(vec![
            "title",
            "severity",
            "severity_id",
            "time",
            "detail",
            "findings",
            "Type",
            "Message",
            "Records",
            "cloud",
            "account",
            "observables",
            "detail-type",
            "id",
            "value",
            "name",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,6}",
    ];
    leaf.prop_recursive(4, 32, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(name.clone(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn object() -> impl Strategy<Value = Value> {
    prop::collection::btree_map("[a-z_-]{1,8}", json_value(), 0..6)
        .prop_map(|map| Value::Object(map.into_iter().collect()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_object_becomes_a_bounded_detection_that_holds_it_in_full(
        objects in prop::collection::vec(object(), 1..4),
        pretty in any::<bool>(),
    ) {
        let write = |value: &Value| match pretty {
            true => serde_json::to_string_pretty(value).unwrap(),
            false => value.to_string(),
        };
        let lines: Vec<String> = objects.iter().map(write).collect();
        let array = write(&Value::Array(objects.clone()));
        let read_lines = read(lines.join("\n").as_bytes());
        prop_assert_eq!(&read_lines, &read(array.as_bytes()));
        let Ok(body) = read_lines else { return Ok(()) };
        let mut sent = objects.iter();
        for document in &body.documents {
            prop_assert!(!document.json.contains('\n'));
            let again: Value = serde_json::from_str(&document.json).unwrap();
            prop_assert!(sent.any(|object| *object == again), "{} was not sent", again);
            let contents = kept(&document.json).reading().outcome.unwrap();
            let found = &contents.detections[0];
            prop_assert_eq!(&found.event, &document.json);
            prop_assert!(crate::domain::severity::id(&found.severity).is_some());
            prop_assert!(found.title.chars().count() <= 512);
        }
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..120), text in "[\\[\\]{},:\" a1\\\\]{0,40}") {
        for body in [bytes.as_slice(), text.as_bytes()] {
            if let Ok(read) = read(body) {
                for document in &read.documents {
                    prop_assert!(kept(&document.json).reading().outcome.is_ok());
                }
            }
        }
    }
}
