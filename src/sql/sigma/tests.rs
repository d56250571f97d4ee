//! Rules become statements whose shape no value changes.

use super::*;
use crate::domain::lake::{Source, SourceVersion, athena_type, documented_schema};
use crate::domain::sigma::read;
use crate::sql::lexer::{TokenKind, lex};
use crate::sql::pivot::PivotTable;

fn table(source: Source, version: SourceVersion) -> PivotTable {
    let schema = documented_schema(source, version).unwrap();
    PivotTable {
        name: format!("{}_{}", source.alias(), version.suffix()),
        label: source.alias().to_owned(),
        source: Some(source),
        columns: schema
            .fields()
            .iter()
            .map(|field| (field.name().clone(), athena_type(field.data_type())))
            .collect(),
    }
}

fn set(text: &str) -> RuleSet {
    let mut set = RuleSet::default();
    for document in read(text) {
        set.add(document.unwrap());
    }
    set
}

fn rule(logs: &str, detection: &str) -> String {
    let detection = detection.replace('\n', "\n  ");
    format!("title: T\nid: i\nlogsource: {logs}\ndetection:\n  {detection}\n")
}

const TRAIL: &str = "{product: aws, service: cloudtrail}";

/// The statement without what its literals say.
fn shape(sql: &str) -> Vec<String> {
    lex(sql)
        .iter()
        .map(|token| match token.kind {
            TokenKind::String => "'…'".to_owned(),
            _ => token.text(sql).to_owned(),
        })
        .collect()
}

#[test]
fn no_value_of_a_rule_changes_the_shape_of_the_statement() {
    let tables = [table(Source::CloudTrailMgmt, SourceVersion::V2)];
    let write = |value: &str, title: &str| {
        let value = serde_json::to_string(value).unwrap();
        let text = rule(
            TRAIL,
            &format!(
                "s:\n  requestParameters.name|contains: {value}\n  userAgent: [{value}, other]\n  eventName|re: a\nk:\n  - {value}\ncondition: s or not k"
            ),
        )
        .replace("title: T", &format!("title: {}", serde_json::to_string(title).unwrap()));
        let (detects, unusable) = statements(&set(&text), &tables, None, Columns::Flat);
        assert_eq!(unusable, vec![]);
        detects[0].sql.clone()
    };
    // The same wildcards and the same need of an escape, and nothing else.
    let twin = |text: &str| -> String {
        let same = |c: char| matches!(c, '*' | '?' | '\\' | '%' | '_');
        text.chars()
            .map(|c| if same(c) { c } else { 'x' })
            .collect()
    };
    for hostile in [
        "' OR '1'='1",
        "'; DROP TABLE x; --",
        "\u{27}\u{27}\u{27}",
        "a\\'b /* c */ ? :x {{y}}",
        "line\nbreak\r\n\0end",
        "\u{2019} \u{202e} \"quoted\"",
    ] {
        let plain = shape(&write(&twin(hostile), "title"));
        assert!(shape(&write(hostile, "title")) == plain, "{hostile:?}");
        let plain = shape(&write("value", "title"));
        assert!(shape(&write("value", hostile)) == plain, "{hostile:?}");
    }
}

#[test]
fn a_name_of_a_field_is_never_more_than_a_name() {
    let tables = [table(Source::CloudTrailMgmt, SourceVersion::V2)];
    for name in ["a'b", "x\\\"] y", "requestParameters.a\\\"b", "a;b"] {
        let text = rule(TRAIL, &format!("s:\n  \"{name}\": x\ncondition: s"));
        let (detects, unusable) = statements(&set(&text), &tables, None, Columns::Flat);
        assert!(detects.is_empty(), "{name}");
        assert!(unusable[0].why.contains("character"), "{}", unusable[0].why);
    }
}

#[test]
fn logs_that_the_lake_does_not_hold_are_told() {
    let tables = [table(Source::CloudTrailMgmt, SourceVersion::V2)];
    for (logs, why) in [
        ("{product: windows, service: sysmon}", "product windows"),
        ("{product: aws, service: vpcflow}", "no table of its logs"),
        ("{category: process_creation}", "category process_creation"),
    ] {
        let text = rule(logs, "s:\n  a: x\ncondition: s");
        let (detects, unusable) = statements(&set(&text), &tables, None, Columns::Flat);
        assert!(detects.is_empty());
        assert!(unusable[0].why.contains(why), "{}", unusable[0].why);
    }
    let flows = [table(Source::VpcFlow, SourceVersion::V2)];
    let text = rule(
        "{product: aws, service: vpcflow}",
        "s:\n  dst_port|gt: 1\n  src_ip|cidr: 10.0.0.0/8\ncondition: s",
    );
    assert_eq!(
        statements(&set(&text), &flows, None, Columns::Flat).1,
        vec![]
    );
}

#[test]
fn both_versions_have_the_caller_in_their_own_place() {
    let text = rule(
        TRAIL,
        "s:\n  userIdentity.arn: x\n  userIdentity.principalId: y\ncondition: s",
    );
    let sql = |version| {
        let tables = [table(Source::CloudTrailMgmt, version)];
        statements(&set(&text), &tables, None, Columns::Flat).0[0]
            .sql
            .clone()
    };
    let one = sql(SourceVersion::V1);
    assert!(one.contains("lower(actor.\"user\".uuid) = 'x'"), "{one}");
    assert!(one.contains("lower(actor.\"user\".uid) = 'y'"), "{one}");
    let two = sql(SourceVersion::V2);
    assert!(two.contains("lower(actor.\"user\".uid) = 'x'"), "{two}");
    assert!(two.contains("lower(actor.\"user\".uid_alt) = 'y'"), "{two}");
}

#[test]
fn rules_that_name_their_operations_are_looked_for_by_them() {
    let tables = [table(Source::CloudTrailMgmt, SourceVersion::V2)];
    let text = rule(
        TRAIL,
        "a:\n  eventName: [StopLogging, DeleteTrail]\n  userAgent|contains: x\nb:\n  errorCode: y\ncondition: a and not b",
    );
    let sql = statements(&set(&text), &tables, None, Columns::Flat).0[0]
        .sql
        .clone();
    assert!(
        sql.contains("WHERE lower(api.operation) IN ('deletetrail', 'stoplogging')\n"),
        "{sql}"
    );
}

#[test]
fn a_service_that_only_aws_has_needs_no_product() {
    let tables = [
        table(Source::CloudTrailMgmt, SourceVersion::V2),
        table(Source::Route53, SourceVersion::V2),
    ];
    let asked = |logs: &str, field: &str| {
        let rules = set(&rule(logs, &format!("s: {{{field}: a}}\ncondition: s")));
        let (written, unusable) = statements(&rules, &tables, None, Columns::Flat);
        (
            written.len(),
            unusable.into_iter().map(|one| one.why).next(),
        )
    };
    assert_eq!(asked("{service: cloudtrail}", "eventName"), (1, None));
    assert_eq!(asked("{category: dns}", "qtype_name"), (1, None));
    // Others have services of these names too.
    for logs in ["{service: dns}", "{product: other, service: cloudtrail}"] {
        let (written, why) = asked(logs, "eventName");
        assert_eq!(written, 0);
        assert!(
            why.unwrap().contains("none that Security Lake holds"),
            "{logs}"
        );
    }
}
