//! The readers of outside data, against anything.

use proptest::prelude::*;

use super::super::flow::{FlowFields, FlowSheet};
use super::super::frame::{Framing, Inside, Piece, cut};
use super::super::json::{Kind, Tape};
use super::super::leftover::{is_address, millis};
use super::super::ocsf::OcsfSheet;
use super::super::resolver::DnsSheet;
use super::super::source_file::FileFacts;
use super::super::trail::TrailSheet;
use super::*;

/// Any JSON value of a few levels.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
    ];
    let name = prop_oneof![
        "[a-z\"\\\\{}é]{0,6}",
        prop::sample::select(vec![
            "userIdentity",
            "sessionContext",
            "attributes",
            "sessionIssuer",
            "resources",
            "eventSource",
            "requestParameters",
            "responseElements",
            "srcids",
            "answers",
            "metadata",
            "product",
            "unmapped",
            "observables",
            "cloud",
            "sourceIPAddress",
            "srcport",
            "rcode",
        ])
        .prop_map(str::to_owned),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(name.clone(), inner, 0..6)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Cuts bytes that come in chunks.
fn cut_in_chunks(bytes: &[u8], chunk: usize, mut framing: Framing) -> Vec<Vec<u8>> {
    let mut window: Vec<u8> = Vec::new();
    let mut found = Vec::new();
    let mut rest = bytes;
    loop {
        let (next, behind) = rest.split_at(chunk.min(rest.len()));
        window.extend(next);
        rest = behind;
        let mut pieces = Vec::new();
        let done = cut(&mut framing, &window, rest.is_empty(), &mut pieces);
        for Piece { start, end, .. } in pieces {
            found.push(window[start..end].to_vec());
        }
        window.drain(..done);
        if rest.is_empty() {
            return found;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn json_is_read_as_another_reader_reads_it(value in any_json(), pretty in any::<bool>()) {
        let text = if pretty { serde_json::to_string_pretty(&value).unwrap() } else { value.to_string() };
        let mut tape = Tape::default();
        let read = tape.read(&text).unwrap();
        let back: Value = serde_json::from_str(&read.json()).unwrap();
        prop_assert_eq!(&back, &value);
        prop_assert_eq!(read.json().into_owned(), value.to_string());
        if let (Value::Object(members), Kind::Object) = (&value, read.kind()) {
            for (name, wanted) in members {
                let found: Value = serde_json::from_str(&read.member(name).unwrap().json()).unwrap();
                prop_assert_eq!(&found, wanted);
            }
        }
    }

    #[test]
    fn what_is_no_json_for_another_reader_is_none_here(text in "[\\[\\]{}\",:0-9eE.+\\-truefalsn\\\\ \n]{0,24}") {
        let mut tape = Tape::default();
        let other = serde_json::from_str::<serde::de::IgnoredAny>(&text);
        prop_assert_eq!(tape.read(&text).is_ok(), other.is_ok(), "{:?}: {:?}", text, other);
    }

    #[test]
    fn chunks_make_no_difference(values in prop::collection::vec(any_json(), 0..6), chunk in 1_usize..40, form in 0..4) {
        let objects: Vec<Value> = values.into_iter().map(|value| json!({ "v": value })).collect();
        let list = Value::Array(objects.clone());
        let lines = || objects.iter().map(|one| format!("{one}\n")).collect::<String>();
        let top = Framing::Document(Inside::Top);
        let (text, framing) = match form {
            0 => (lines(), Framing::Lines),
            1 => (lines(), top),
            2 => (serde_json::to_string_pretty(&list).unwrap(), top),
            _ => (format!("{{\"Records\": {list}, \"more\": [\"]\", {{}}]}}"), top),
        };
        let found = cut_in_chunks(text.as_bytes(), chunk, framing);
        let found: Vec<Value> = found.iter().map(|bytes| serde_json::from_slice(bytes).unwrap()).collect();
        prop_assert_eq!(found, objects);
    }

    #[test]
    fn no_bytes_stop_the_cutting(bytes in prop::collection::vec(prop::sample::select(b"{}[]\",:\\ \n1aR\xff".to_vec()), 0..60), chunk in 1_usize..20) {
        for framing in [Framing::Lines, Framing::Document(Inside::Top), Framing::Document(Inside::Tail)] {
            let found = cut_in_chunks(&bytes, chunk, framing);
            let length: usize = found.iter().map(Vec::len).sum();
            prop_assert!(length <= bytes.len());
        }
    }

    #[test]
    fn any_object_is_a_row_or_refused(value in any_json(), more in any_json()) {
        let mut record = json!({"eventName": "A", "eventTime": "2026-03-01T00:00:00Z", "query_timestamp": "2026-03-01T00:00:00Z",
            "class_uid": 6003, "time": 1, "x": more});
        if let Value::Object(members) = value {
            record.as_object_mut().unwrap().extend(members);
        }
        let text = record.to_string();
        let file = FileFacts::of(0, Path::new("x"));
        let mut tape = Tape::default();
        let read = tape.read(&text).unwrap();
        let mut trail = TrailSheet::new(Source::CloudTrailMgmt).unwrap();
        let mut dns = DnsSheet::new().unwrap();
        let mut ocsf = OcsfSheet::new(Source::CloudTrailMgmt).unwrap();
        let pushed = [trail.push(read, 1), dns.push(read, 1, &file), ocsf.push(read, 1, &file)];
        prop_assert!(pushed.iter().all(Result::is_ok), "{:?}", pushed);
        for batch in [trail.frame.table.finish(), dns.frame.table.finish(), ocsf.table.finish()] {
            prop_assert_eq!(batch.unwrap().num_rows(), 1);
        }
    }

    #[test]
    fn any_flow_line_is_a_row_or_refused(header in "[a-z\\-]{1,9}( [a-z\\-]{1,9}){0,5}", line in "[0-9a-z.\\-]{1,9}( [0-9a-z.\\-]{1,9}){0,8}", time in "-?[0-9]{1,19}") {
        let header = format!("srcaddr dstaddr start {header}");
        let (fields, is_header) = FlowFields::recognise(&header, false).unwrap();
        prop_assert!(is_header);
        let file = FileFacts::of(0, Path::new("x"));
        let mut sheet = FlowSheet::new().unwrap();
        let pushed = sheet.push(&format!("10.0.0.1 192.0.2.1 {time} {line}"), &fields, &file);
        let rows = sheet.frame.table.finish().unwrap().num_rows();
        prop_assert_eq!(rows, usize::from(pushed.is_ok()));
    }
}

#[test]
fn paths_tell_region_and_account_where_they_name_them() {
    let told = |path: &str| {
        let facts = FileFacts::of(0, Path::new(path));
        (facts.region, facts.account)
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(
        told("AWSLogs/012345678901/vpcflowlogs/us-gov-west-1/x.log.gz"),
        (some("us-gov-west-1"), some("012345678901"))
    );
    assert_eq!(
        told("012345678901_vpcflowlogs_eu-west-2_fl-0a.log"),
        (some("eu-west-2"), some("012345678901"))
    );
    assert_eq!(told("logs/my-file-1/a-b-1/x"), (None, None));
}

#[test]
fn times_and_addresses_are_known_in_their_usual_spellings() {
    assert_eq!(millis("2026-03-01T00:00:00Z"), Some(1_772_323_200_000));
    assert_eq!(millis("2026-03-01 00:00:00.5"), Some(1_772_323_200_500));
    assert_eq!(millis("2026-03-01 00:00:00 UTC"), Some(1_772_323_200_000));
    assert_eq!(millis("yesterday"), None);
    assert!(is_address("2001:db8::1") && is_address("075.050.255.67"));
    assert!(!is_address("ec2.amazonaws.com") && !is_address("1.2.3") && !is_address("1.2.3.256"));
}
