use chrono::TimeZone;
use proptest::prelude::*;

use super::outline::{Holds, leaves};
use super::*;
use crate::domain::lake::{SourceVersion, athena_type, documented_schema, partition_columns};
use crate::sql::lexer::{Token, TokenKind, lex};

const ALL_EVENTS: &str = "\
-- name: all-events
-- purpose: Everything.
-- types: any
-- order: \"time\", source
SELECT * FROM events_naming;
";

fn table(source: Source, version: SourceVersion) -> PivotTable {
    let schema = documented_schema(source, version).unwrap();
    let partitions = partition_columns();
    let fields = schema.fields().iter().map(AsRef::as_ref).chain(&partitions);
    PivotTable {
        name: format!("{}_{}", source.alias(), version.suffix()),
        label: source.alias().to_owned(),
        source: Some(source),
        columns: fields
            .map(|field| (field.name().clone(), athena_type(field.data_type())))
            .collect(),
    }
}

fn custom() -> PivotTable {
    let column = |name: &str, kind: &str| (name.to_owned(), kind.to_owned());
    PivotTable {
        name: "ext_proxy".to_owned(),
        label: "proxy".to_owned(),
        source: None,
        columns: vec![
            column("time", "bigint"),
            column("src_endpoint", "struct<ip:string,port:int>"),
            column("Odd Name", "string"),
            column("hops", "array<struct<name:string,tags:array<string>>>"),
        ],
    }
}

fn tables() -> Vec<PivotTable> {
    let mut tables: Vec<PivotTable> = SourceVersion::ALL
        .into_iter()
        .flat_map(|version| Source::ALL.map(|source| (source, version)))
        .filter(|(source, version)| source.exists_in(*version))
        .map(|(source, version)| table(source, version))
        .collect();
    tables.push(custom());
    tables
}

fn day() -> Window {
    let noon = chrono::Utc.with_ymd_and_hms(2026, 1, 9, 12, 0, 0).unwrap();
    Window::around(noon, chrono::Duration::hours(1))
}

fn all_events() -> PivotTemplate {
    PivotTemplate::parse("all-events.sql", ALL_EVENTS).unwrap()
}

fn asked(kind: EntityType, value: &str, tables: &[PivotTable]) -> PivotStatement {
    let entity = Entity::parse(kind, value).unwrap();
    statement(&all_events(), &entity, tables, day(), true).unwrap()
}

fn marks(sql: &str) -> usize {
    let tokens = lex(sql);
    tokens
        .iter()
        .filter(|t| t.kind == TokenKind::Parameter)
        .count()
}

#[test]
fn a_flow_table_is_asked_by_the_columns_that_hold_addresses() {
    let asked = asked(
        EntityType::Ip,
        "2001:db8::1",
        &[table(Source::VpcFlow, SourceVersion::V2)],
    );
    let predicate = asked.sql.split("AND (").nth(1).unwrap();
    let cast = "AS IPADDRESS) = CAST(? AS IPADDRESS)";
    assert!(
        predicate.starts_with(&format!(
            "TRY_CAST(dst_endpoint.ip {cast} OR TRY_CAST(src_endpoint.ip {cast} OR \
             any_match(dst_endpoint.intermediate_ips, e0 -> TRY_CAST(e0 {cast}) OR"
        )),
        "{predicate}"
    );
    let four = self::asked(
        EntityType::Ip,
        "192.0.2.1",
        &[table(Source::VpcFlow, SourceVersion::V2)],
    );
    assert!(
        four.sql
            .contains("AND (dst_endpoint.ip = ? OR src_endpoint.ip = ? OR any_match("),
        "{}",
        four.sql
    );
    assert!(!asked.sql.contains("observables"), "{}", asked.sql);
    assert_eq!(
        asked.parameters[..3],
        [
            "TIMESTAMP '2026-01-09 11:00:00.000'",
            "TIMESTAMP '2026-01-09 13:00:00.001'",
            "'2001:db8::1'"
        ]
    );
}

#[test]
fn every_table_is_pruned_by_the_column_that_it_is_partitioned_on() {
    let v2 = asked(
        EntityType::AccessKey,
        "AKIAIOSFODNN7EXAMPLE",
        &[table(Source::CloudTrailMgmt, SourceVersion::V2)],
    );
    assert!(
        v2.sql.contains("WHERE time_dt >= ? AND time_dt < ?"),
        "{}",
        v2.sql
    );
    let v1 = asked(
        EntityType::AccessKey,
        "AKIAIOSFODNN7EXAMPLE",
        &[table(Source::CloudTrailMgmt, SourceVersion::V1)],
    );
    assert!(
        v1.sql.contains(
            "WHERE \"time\" >= ? AND \"time\" < ? AND (eventday IS NULL OR eventday BETWEEN ? AND ?)"
        ),
        "{}",
        v1.sql
    );
    assert_eq!(
        v1.parameters[..4],
        ["1767956400000", "1767963600001", "'20260108'", "'20260110'"]
    );
}

#[test]
fn a_table_that_cannot_name_a_type_is_left_out_and_told() {
    let asked = asked(EntityType::AccessKey, "AKIAIOSFODNN7EXAMPLE", &tables());
    assert!(
        !asked.asked.contains(&"vpc_flow".to_owned()),
        "{:?}",
        asked.asked
    );
    let why = asked.left_out.iter().find(|(label, _)| label == "vpc_flow");
    assert!(why.is_some(), "{:?}", asked.left_out);
    let timeless = PivotTable {
        columns: vec![("ip".to_owned(), "string".to_owned())],
        ..custom()
    };
    let entity = Entity::guess("192.0.2.1").unwrap();
    let error = statement(&all_events(), &entity, &[timeless], day(), false).unwrap_err();
    assert!(matches!(error, PivotError::NoTable { .. }), "{error}");
}

#[test]
fn a_custom_table_is_asked_in_every_text() {
    let asked = asked(EntityType::Domain, "example.org", &[custom()]);
    assert!(
        asked.sql.contains("(\"Odd Name\" LIKE ? AND strpos(\"Odd Name\", ?) > 0) OR any_match(hops, e0 -> (e0.name LIKE ? AND strpos(e0.name, ?) > 0) OR any_match(e0.tags, e1 -> (e1 LIKE ? AND strpos(e1, ?) > 0)))"),
        "{}",
        asked.sql
    );
    assert!(
        !asked.sql.contains("src_endpoint.ip,") || asked.sql.contains("src_endpoint.ip AS address")
    );
    assert!(
        asked
            .sql
            .contains("from_unixtime(CAST(\"time\" AS double) / 1000) AS \"time\"")
    );
}

#[test]
fn nested_types_are_taken_apart() {
    let columns = |kind: &str| vec![("c".to_owned(), kind.to_owned())];
    let told: Vec<String> = leaves(&columns(
        "struct<a:array<struct<b:varchar(10),n:decimal(3,1)>>,m:map<string,string>,t:timestamp>",
    ))
    .iter()
    .map(|leaf| format!("{} {:?} {}", leaf.path, leaf.holds, leaf.first()))
    .collect();
    assert_eq!(
        told,
        [
            "c.a.b Text element_at(c.a, 1).b",
            "c.a.n Other element_at(c.a, 1).n",
            "c.m Map c.m",
            "c.t Time c.t"
        ]
    );
    for broken in [
        "struct<",
        "array<>",
        "map<string>",
        "struct<a>",
        ">",
        "",
        "struct<:x>",
    ] {
        for leaf in leaves(&columns(broken)) {
            assert!(leaf.holds != Holds::Text, "{broken}: {leaf:?}");
        }
    }
    let deep = format!("{}string{}", "array<".repeat(5_000), ">".repeat(5_000));
    assert!(leaves(&columns(&deep)).is_empty());
}

#[test]
fn a_body_that_begins_with_with_goes_on_behind_the_relations() {
    let text = "-- name: x\n-- purpose: X.\nWITH a AS (SELECT * FROM credentials_issued WHERE access_key = /* :value */)\nSELECT * FROM a";
    let template = PivotTemplate::parse("x.sql", text).unwrap();
    let entity = Entity::guess("AKIAIOSFODNN7EXAMPLE").unwrap();
    let tables = [table(Source::CloudTrailMgmt, SourceVersion::V2)];
    let asked = statement(&template, &entity, &tables, day(), false).unwrap();
    assert!(
        asked.sql.starts_with("WITH credentials_issued AS ("),
        "{}",
        asked.sql
    );
    assert!(
        asked.sql.contains("),\na AS (SELECT *") || asked.sql.contains(",\na AS ("),
        "{}",
        asked.sql
    );
    assert_eq!(asked.parameters.last().unwrap(), "'AKIAIOSFODNN7EXAMPLE'");
    assert_eq!(marks(&asked.sql), asked.parameters.len());
}

#[test]
fn broken_templates_say_where_and_what_to_do() {
    for (text, part) in [
        ("SELECT * FROM events_naming", "no purpose"),
        ("-- purpose: X.\nSELECT 1", "none of the relations"),
        ("-- purpose: X.\nSELECT ? FROM events_naming", "`?`"),
        (
            "-- purpose: X.\nSELECT /* :who */ FROM events_naming",
            "`who`",
        ),
        (
            "-- purpose: X.\n-- types: ipp\nSELECT * FROM events_naming",
            "`ipp`",
        ),
        ("-- purpose: X.\nSELECT 1; SELECT 2", "2 statements"),
        (
            "-- purpose: X.\nSELECT 'x FROM events_naming",
            "without an end",
        ),
    ] {
        let error = PivotTemplate::parse("x.sql", text).unwrap_err().to_string();
        assert!(
            error.starts_with("x.sql:") && error.contains(part),
            "{error}"
        );
    }
}

#[test]
fn a_template_is_for_its_types_and_what_they_cover() {
    let text = "-- purpose: X.\n-- types: principal\nSELECT * FROM events_by";
    let template = PivotTemplate::parse("x.sql", text).unwrap();
    assert!(template.is_for(EntityType::Session) && !template.is_for(EntityType::Ip));
    let entity = Entity::guess("192.0.2.1").unwrap();
    let error = statement(&template, &entity, &tables(), day(), true).unwrap_err();
    assert!(
        error.to_string().contains("it is for: principal"),
        "{error}"
    );
}

/// Values made of what breaks out of quotes, comments and statements.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("'".to_owned()),
        Just("''".to_owned()),
        Just("\"".to_owned()),
        Just("--".to_owned()),
        Just("/*".to_owned()),
        Just("*/".to_owned()),
        Just("/* :value */".to_owned()),
        Just(";".to_owned()),
        Just("?".to_owned()),
        Just("\\".to_owned()),
        Just("\0".to_owned()),
        Just("\n".to_owned()),
        Just("%_".to_owned()),
        Just("U&'".to_owned()),
        Just("' OR '1'='1".to_owned()),
        Just("') UNION SELECT * FROM x --".to_owned()),
        Just("192.0.2.1".to_owned()),
        ".{0,8}",
    ];
    proptest::collection::vec(piece, 1..8).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(50))]

    #[test]
    fn the_text_depends_on_the_type_and_never_on_the_value(value in hostile()) {
        let tables = [table(Source::CloudTrailMgmt, SourceVersion::V2), custom()];
        for (kind, plain) in [
            (EntityType::Principal, "alice"),
            (EntityType::Resource, "bucket"),
            (EntityType::UserAgent, "curl"),
            (EntityType::Finding, "x"),
        ] {
            let Ok(entity) = Entity::parse(kind, &value) else {
                continue;
            };
            let reference = asked(kind, plain, &tables);
            let hostile = statement(&all_events(), &entity, &tables, day(), true).unwrap();
            prop_assert_eq!(&hostile.sql, &reference.sql);
            prop_assert_eq!(marks(&hostile.sql), hostile.parameters.len());
            for parameter in &hostile.parameters {
                let tokens: Vec<Token> = lex(parameter);
                let significant = tokens.iter().filter(|t| t.is_significant()).count();
                let is_time = parameter.starts_with("TIMESTAMP '");
                prop_assert_eq!(significant, if is_time { 2 } else { 1 }, "{}", parameter);
            }
        }
    }

    #[test]
    fn no_type_text_makes_it_panic(kind in "[a-z<>(),:` ]{0,60}") {
        let columns = vec![("time_dt".to_owned(), "timestamp".to_owned()), ("c".to_owned(), kind)];
        let table = PivotTable { columns, ..custom() };
        let entity = Entity::guess("alice").unwrap();
        let _ = statement(&all_events(), &entity, &[table], day(), true);
    }
}

#[test]
fn only_the_columns_that_the_question_names_are_written_out() {
    let tables = [table(Source::CloudTrailMgmt, SourceVersion::V2)];
    let entity = Entity::parse(EntityType::Ip, "198.51.100.7").unwrap();
    let written = |body: &str| {
        let text = format!("-- name: q\n-- purpose: What.\n-- types: any\n-- order: who\n{body}");
        let template = PivotTemplate::parse("q.sql", &text).unwrap();
        let sql = statement(&template, &entity, &tables, day(), true)
            .unwrap()
            .sql;
        let is_written = |name: &&&str| sql.contains(&format!(" AS {name}"));
        COMMON_COLUMNS.iter().filter(is_written).count()
    };
    let named = written("SELECT \"time\", Address, count(*) FROM events_naming GROUP BY 1, 2");
    let all = written("SELECT e.* FROM events_naming e");
    // Address and, by the order, who; source and time are always there.
    assert!(named < 6 && all > 18, "{named} and {all}");
}
