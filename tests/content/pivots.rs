//! Pivots over whole lakes: they count what the answer key counted, and no value changes them.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;

use chrono::{DateTime, TimeZone, Utc};
use lakehound::adapters::engine::dialect::translate;
use lakehound::config::{ContentFile, ContentKind, content};
use lakehound::demo::DemoOptions;
use lakehound::domain::entity::{Entity, EntityType};
use lakehound::sql::pivot::{PivotTable, PivotTemplate, PivotTemplates, Window, statement};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use sqlparser::ast::{Expr, Value, visit_expressions_mut};

use crate::lake::{Lake, Table};

fn templates() -> PivotTemplates {
    let files = content(ContentKind::Pivots, Path::new("")).0;
    PivotTemplates::read(files.iter().map(|f| (f.name.as_str(), f.text.as_str())))
}

fn ask(lake: &Lake, template: &str, entity: &Entity, window: Window) -> Table {
    let templates = templates();
    let template = templates.get(template).expect("a shipped pivot");
    let pivot = statement(template, entity, &lake.tables(), window, true).unwrap();
    let sql = &pivot.sql;
    lake.run(sql, pivot.parameters)
        .unwrap_or_else(|error| panic!("{}: {error}\n{sql}", template.name))
}

fn parsed(kind: &str, value: &str) -> Entity {
    Entity::parse(kind.parse().unwrap(), value).unwrap()
}

#[test]
fn every_file_is_a_pivot_named_like_its_file() {
    let files = content(ContentKind::Pivots, Path::new("")).0;
    let templates = templates();
    assert_eq!(templates.problems, vec![]);
    let names: BTreeSet<&str> = templates
        .templates
        .iter()
        .map(|t| t.name.as_str())
        .collect();
    let stems: BTreeSet<&str> = files.iter().map(ContentFile::stem).collect();
    assert_eq!(names, stems);
    for template in &templates.templates {
        assert!(template.purpose.ends_with('.'), "{}", template.name);
        assert!(template.order.is_some(), "{}", template.name);
    }
    for kind in EntityType::ALL {
        assert!(templates.of_type(kind).count() >= 5, "{kind}");
    }
}

#[test]
fn the_answer_key_is_counted_on_a_lake_of_another_seed() {
    let mut options = DemoOptions::new(Utc.with_ymd_and_hms(2026, 3, 9, 0, 0, 0).unwrap());
    (options.seed, options.events, options.days) = (1_000_003, 6_000, 2);
    let lake = Lake::of(&options, 512 << 20);
    for part in &lake.scenario.entities {
        let named = ask(
            &lake,
            "all-events",
            &parsed(&part.kind, &part.value),
            Window::EVER,
        );
        let what = format!("{} {}", part.role, part.value);
        assert_eq!(named.rows.len() as u64, part.events, "{what}");
        let times = named.column("time");
        let time = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        assert_eq!(time(times[0]), part.first_seen, "{what}");
        assert_eq!(time(times[times.len() - 1]), part.last_seen, "{what}");
        // What a person types without a type gives the same.
        let guessed = Entity::guess(&part.value).unwrap();
        if guessed.kind.name() != part.kind {
            let again = ask(&lake, "all-events", &guessed, Window::EVER);
            assert_eq!(again.rows.len() as u64, part.events, "{what} as {guessed}");
        }
    }
}

#[test]
fn every_pivot_runs_and_finds_something() {
    let lake = Lake::get();
    let account = lake
        .run("SELECT max(accountid) FROM vpc_flow", vec![])
        .unwrap();
    let values = |kind: EntityType| match kind {
        EntityType::Ip => lake.part("outside address").to_owned(),
        EntityType::Cidr => "198.51.100.0/24".to_owned(),
        EntityType::Principal => lake.part("compromised user").to_owned(),
        EntityType::Role => lake.part("second role").to_owned(),
        EntityType::Session => "release-check".to_owned(),
        EntityType::AccessKey => lake.part("leaked access key").to_owned(),
        EntityType::Account => account.rows[0][0].clone(),
        EntityType::Resource => lake.part("bucket").to_owned(),
        EntityType::Domain => lake.part("command domain").to_owned(),
        EntityType::Url => "https://example.org/".to_owned(),
        EntityType::Hash => "d41d8cd98f00b204e9800998ecf8427e".to_owned(),
        EntityType::UserAgent => "curl/8.8.0".to_owned(),
        EntityType::Process | EntityType::Container | EntityType::Kubernetes => {
            "default".to_owned()
        }
        EntityType::Finding => lake.scenario.findings[0].clone(),
    };
    // Each one of the types that it can be asked of, until it finds something.
    let mut empty = Vec::new();
    let mut asked = std::collections::BTreeSet::new();
    for template in &templates().templates {
        let mut kinds = EntityType::ALL
            .into_iter()
            .filter(|kind| template.is_for(*kind));
        let finds = kinds.any(|kind| {
            asked.insert(kind.name());
            let entity = Entity::parse(kind, &values(kind)).unwrap();
            !ask(lake, &template.name, &entity, Window::EVER)
                .rows
                .is_empty()
        });
        if !finds {
            empty.push(template.name.clone());
        }
    }
    assert_eq!(
        empty,
        Vec::<String>::new(),
        "each finds something somewhere"
    );
    // The other types can be asked about as well.
    for kind in EntityType::ALL {
        if asked.insert(kind.name()) {
            let entity = Entity::parse(kind, &values(kind)).unwrap();
            ask(lake, "by-source", &entity, Window::EVER);
        }
    }
}

#[test]
fn a_window_keeps_what_lies_in_it() {
    let lake = Lake::get();
    let entity = Entity::guess(lake.part("outside address")).unwrap();
    let all = ask(lake, "all-events", &entity, Window::EVER);
    let times: Vec<DateTime<Utc>> = all
        .column("time")
        .iter()
        .map(|time| time.parse().unwrap())
        .collect();
    let middle = times[times.len() / 2];
    let window = Window::around(middle, chrono::Duration::minutes(10));
    let inside = times
        .iter()
        .filter(|time| **time >= window.since && **time < window.until)
        .count();
    let around = ask(lake, "around-this-time", &entity, window);
    assert!(inside > 0 && inside < times.len());
    assert_eq!(around.rows.len(), inside);
}

#[test]
fn an_address_is_no_part_of_a_longer_one() {
    let lake = Lake::get();
    let outside = lake.part("outside address");
    let shorter = &outside[..outside.len() - 1];
    let rows = ask(lake, "all-events", &parsed("ip", shorter), Window::EVER);
    assert!(!rows.mentions(outside), "{outside} is not {shorter}");
    // Its network has both.
    let network = ask(
        lake,
        "all-events",
        &parsed("cidr", "198.51.100.0/24"),
        Window::EVER,
    );
    assert!(network.mentions(outside));
}

#[test]
fn the_chain_of_roles_is_walked_both_ways() {
    let lake = Lake::get();
    let key = |role| parsed("access-key", lake.part(role));
    let down = ask(lake, "roles-down", &key("leaked access key"), Window::EVER);
    for step in [
        "second access key",
        "first session key",
        "second session key",
    ] {
        assert!(
            down.column("issued_key").contains(&lake.part(step)),
            "{step}"
        );
    }
    let up = ask(lake, "roles-up", &key("second session key"), Window::EVER);
    assert_eq!(up.column("issued_key").len(), up.rows.len());
    for step in [
        "first session key",
        "second access key",
        "leaked access key",
    ] {
        assert!(up.column("access_key").contains(&lake.part(step)), "{step}");
    }
}

/// A question whose answer needs no column: rules of the planner then give its filters other
/// inputs, and lambdas have to stand that.
#[test]
fn a_question_without_columns_counts_the_same() {
    let lake = Lake::get();
    let text = "-- purpose: How many.\nSELECT count(*) AS n FROM events_naming";
    let template = PivotTemplate::parse("n.sql", text).unwrap();
    for role in ["outside address", "bucket", "leaked access key"] {
        let part = lake
            .scenario
            .entities
            .iter()
            .find(|part| part.role == role)
            .unwrap();
        let entity = parsed(&part.kind, &part.value);
        let pivot = statement(&template, &entity, &lake.tables(), Window::EVER, true).unwrap();
        let counted = lake.run(&pivot.sql, pivot.parameters).unwrap();
        assert_eq!(counted.rows, [[part.events.to_string()]], "{role}");
    }
}

/// An address of version 6 is found as the log spells it.
#[test]
fn an_address_is_found_however_it_is_spelled() {
    let lake = Lake::get();
    let sql = "SELECT max(src_endpoint.ip) FROM waf WHERE src_endpoint.ip LIKE '2%:0::%'";
    let spelled = lake.run(sql, vec![]).unwrap().rows[0][0].clone();
    let entity = Entity::guess(&spelled).unwrap();
    assert_ne!(
        entity.value, spelled,
        "the lake spells it in another way than we do"
    );
    let rows = ask(lake, "all-events", &entity, Window::EVER);
    assert!(rows.mentions(&spelled), "{spelled} as {entity}");
}

/// Literals of a statement all alike, so that only its shape is left.
fn shape(sql: &str, parameters: &[String]) -> Result<String, String> {
    let mut statement = translate(sql, parameters)
        .map_err(|error| error.message)?
        .statement;
    let _ = visit_expressions_mut(&mut statement, |expr: &mut Expr| {
        match expr {
            Expr::Value(value) => value.value = Value::Null,
            Expr::TypedString(typed) => typed.value.value = Value::Null,
            _ => {}
        }
        ControlFlow::<()>::Continue(())
    });
    Ok(statement.to_string())
}

/// Values made of what breaks out of quotes, comments and statements.
fn hostile() -> impl Strategy<Value = String> {
    const PIECES: [&str; 24] = [
        "'",
        "''",
        "\"",
        "`",
        "--",
        "/*",
        "*/",
        "/* :value */",
        ";",
        "?",
        "\\",
        "\0",
        "\r\n",
        "%_",
        "U&'\\0027",
        "X'27'",
        "E'\\''",
        "$$",
        "' OR '1'='1",
        "') UNION SELECT 1 --",
        "${x}",
        "\u{2019}",
        "\u{202e}",
        "192.0.2.1",
    ];
    let piece = prop_oneof![
        3 => proptest::sample::select(&PIECES[..]).prop_map(str::to_owned),
        1 => ".{0,12}",
    ];
    proptest::collection::vec(piece, 1..10).prop_map(|pieces| pieces.concat())
}

/// `LAKEHOUND_PIVOT_VALUES` says how many values; the full run has 100,000.
#[test]
fn no_value_changes_a_statement_for_the_embedded_engine() {
    let values = std::env::var("LAKEHOUND_PIVOT_VALUES")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(200);
    let templates = templates();
    // One table of texts, lists, a map and JSON: the parser reads parameters one by one.
    let column = |name: &str, kind: &str| (name.to_owned(), kind.to_owned());
    let tables = [PivotTable {
        name: "t".to_owned(),
        label: "t".to_owned(),
        source: None,
        columns: vec![
            column("time_dt", "timestamp"),
            column(
                "api",
                "struct<operation:string,request:struct<data:string>>",
            ),
            column(
                "actor",
                "struct<user:struct<uid:string,credential_uid:string>>",
            ),
            column("resources", "array<struct<uid:string>>"),
            column("unmapped", "map<string,string>"),
        ],
    }];
    let cases = [
        ("all-events", EntityType::Principal),
        ("all-events", EntityType::Resource),
        ("roles-down", EntityType::Principal),
        ("neighbours", EntityType::UserAgent),
    ]
    .map(|(name, kind)| {
        let template = templates.get(name).unwrap();
        let plain = Entity::parse(kind, "plain").unwrap();
        let pivot = statement(template, &plain, &tables, Window::EVER, true).unwrap();
        let shape = shape(&pivot.sql, &pivot.parameters).unwrap();
        (template, kind, pivot.sql, shape)
    });
    let mut config = Config::with_cases(values);
    config.failure_persistence = None;
    let mut runner = TestRunner::new(config);
    let tried = std::cell::Cell::new(0_u32);
    runner
        .run(&hostile(), |value| {
            let (template, kind, sql, reference) = &cases[tried.get() as usize % cases.len()];
            tried.set(tried.get() + 1);
            // Space alone names nothing, and is refused before it gets near a statement.
            let Ok(entity) = Entity::parse(*kind, &value) else {
                return Ok(());
            };
            let pivot = statement(template, &entity, &tables, Window::EVER, true)
                .map_err(|error| TestCaseError::fail(error.to_string()))?;
            prop_assert_eq!(&pivot.sql, sql);
            let shape = shape(&pivot.sql, &pivot.parameters).map_err(TestCaseError::fail)?;
            prop_assert_eq!(&shape, reference);
            Ok(())
        })
        .unwrap();
    println!("{} hostile values, no statement changed", tried.get());
    assert!(tried.get() >= values);
}

#[test]
fn hostile_values_find_nothing_in_a_lake_and_break_nothing() {
    let lake = Lake::get();
    for (kind, value) in [
        (EntityType::Principal, "' OR '1'='1"),
        (EntityType::Resource, "x\0y'--"),
        (EntityType::Finding, "/* */ ; DROP TABLE x"),
        (EntityType::Principal, "\u{202e}?%_\\"),
    ] {
        let entity = Entity::parse(kind, value).unwrap();
        let rows = ask(lake, "all-events", &entity, Window::EVER).rows;
        assert_eq!(rows, Vec::<Vec<String>>::new(), "{entity}");
    }
}
