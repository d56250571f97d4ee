//! What dictionaries leave out must change no answer.

#![allow(
    clippy::disallowed_methods,
    reason = "the tests make the lakes that they read"
)]

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef};
use arrow::json::ReaderBuilder;
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::adapters::engine::Engine;
use crate::adapters::engine::tests::{open, place, rows};

fn schema() -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let group = |name: &str, fields: Vec<Field>| {
        Field::new(name, DataType::Struct(Fields::from(fields)), true)
    };
    let resource = group("element", vec![text("uid"), text("type")]);
    let entries = Field::new(
        "entries",
        DataType::Struct(Fields::from(vec![
            Field::new("keys", DataType::Utf8, false),
            text("values"),
        ])),
        false,
    );
    Arc::new(Schema::new(vec![
        Field::new("time", DataType::Int64, true),
        group(
            "actor",
            vec![group("user", vec![text("name"), text("uid")])],
        ),
        Field::new("resources", DataType::List(Arc::new(resource)), true),
        Field::new("unmapped", DataType::Map(Arc::new(entries), false), true),
        text("message"),
    ]))
}

fn batch(rows: &[Value]) -> RecordBatch {
    let mut decoder = ReaderBuilder::new(schema()).build_decoder().unwrap();
    decoder.serialize(rows).unwrap();
    decoder.flush().unwrap().unwrap()
}

fn write(path: &Path, batch: &RecordBatch, dictionaries: bool) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let properties = WriterProperties::builder()
        .set_dictionary_enabled(dictionaries)
        .set_max_row_group_row_count(Some(batch.num_rows().div_ceil(3)))
        .build();
    let file = fs::File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

/// A lake of one table with a file for each list of rows.
fn lake(files: &[Vec<Value>], dictionaries: bool) -> (tempfile::TempDir, Engine) {
    let dir = tempfile::tempdir().unwrap();
    for (at, file) in files.iter().enumerate() {
        let name = format!("file-{at}");
        let path = place(dir.path(), "us-east-1", "1", "20260102", &name);
        write(&path, &batch(file), dictionaries);
    }
    let engine = open(dir.path());
    (dir, engine)
}

fn row(at: usize, name: &str, resource: &str) -> Value {
    json!({"time": at, "actor": {"user": {"name": name, "uid": format!("arn:{name}")}},
           "resources": [{"uid": resource, "type": "bucket"}],
           "unmapped": {"key": format!("at {resource}")}, "message": null})
}

/// Six files of so many rows, one of which is of another user than the others.
fn one_of_six(rows: usize) -> Vec<Vec<Value>> {
    (0..6)
        .map(|file| {
            let name = if file == 4 { "eve" } else { "ann" };
            (0..rows)
                .map(|at| row(file * rows + at, name, "b1"))
                .collect()
        })
        .collect()
}

#[tokio::test]
async fn every_row_is_found_and_every_file_counts_as_searched() {
    let (_dir, engine) = lake(&one_of_six(9), true);
    for (condition, found) in [
        ("actor.user.name = 'eve'", 9),
        ("actor.user.uid LIKE '%:eve%' OR actor.user.name = 'no'", 9),
        ("any_match(resources, r -> r.uid = 'b2')", 0),
        (
            "any_match(map_values(unmapped), v -> strpos(v, '1') > 0)",
            54,
        ),
        (
            "any_match(map_values(unmapped), v -> strpos(v, '2') > 0)",
            0,
        ),
        ("message = 'x' OR actor.user.name = 'eve'", 9),
        // NULL passes too.
        ("coalesce(message, 'none') = 'none'", 54),
        ("message IS NULL AND actor.user.name = 'eve'", 9),
        // What is not about one text leaves every file in.
        ("actor.user.name = message OR actor.user.name = 'eve'", 9),
        ("NOT (actor.user.name = 'ann')", 9),
    ] {
        let sql = format!("SELECT \"time\" FROM vpc_flow WHERE {condition}");
        let (rows, summary) = rows(&engine, &sql).await.unwrap();
        let progress = summary.progress;
        let told = (rows.len(), progress.files_total, progress.rows_searched);
        assert_eq!(told, (found, 6, 54), "{condition}");
    }
}

#[tokio::test]
async fn files_without_the_value_are_not_read() {
    let (_dir, engine) = lake(&one_of_six(300), true);
    let mut read = Vec::new();
    for uid in ["b1", "b2"] {
        // The Parquet reader does not apply this by itself: the times of all rows would be read.
        let sql = format!(
            "SELECT \"time\" FROM vpc_flow WHERE any_match(resources, r -> r.uid = '{uid}')"
        );
        let (_, summary) = rows(&engine, &sql).await.unwrap();
        read.push(summary.progress.bytes_read);
    }
    assert!(read[1] < read[0] / 2, "{read:?}");
}

fn word() -> impl Strategy<Value = Option<String>> {
    prop_oneof![
        1 => Just(None),
        6 => "[ab]{0,3}".prop_map(Some),
        1 => Just(Some("é\u{202e}%_'".to_owned())),
    ]
}

fn any_row() -> impl Strategy<Value = Value> {
    let resource = prop::option::weighted(
        0.8,
        (word(), word()).prop_map(|(uid, kind)| json!({"uid": uid, "type": kind})),
    );
    (
        0..9i64,
        prop::option::weighted(0.8, (word(), word())),
        prop::option::weighted(0.8, prop::collection::vec(resource, 0..3)),
        prop::option::weighted(0.8, word()),
        word(),
    )
        .prop_map(|(time, user, resources, value, message)| {
            let user = user.map(|(name, uid)| json!({"name": name, "uid": uid}));
            json!({"time": time, "actor": {"user": user}, "resources": resources,
                   "unmapped": value.map(|value| json!({"k": value})), "message": message})
        })
}

fn any_condition() -> impl Strategy<Value = String> {
    let leaf = (0..12usize, "[ab]{0,3}").prop_map(|(which, value)| match which {
        0 => format!("actor.user.name = '{value}'"),
        1 => format!("actor.user.uid LIKE '%{value}%'"),
        2 => format!("any_match(resources, r -> r.uid = '{value}')"),
        3 => format!("any_match(resources, r -> r.uid = '{value}' OR r.type = '{value}b')"),
        4 => format!("any_match(resources, r -> r.uid = '{value}' AND r.type <> '{value}')"),
        5 => format!("any_match(map_values(unmapped), v -> strpos(v, '{value}') > 0)"),
        6 => format!("message = '{value}'"),
        7 => "message IS NULL".to_owned(),
        8 => format!("coalesce(message, 'a') = '{value}'"),
        9 => format!("actor.user.name = message AND message <> '{value}'"),
        10 => format!("cardinality(resources) = 1 OR message = '{value}'"),
        _ => format!("any_match(resources, r -> r.uid IS NULL AND r.type = '{value}')"),
    });
    leaf.prop_recursive(3, 8, 2, |inner| {
        (inner.clone(), inner, 0..3usize).prop_map(|(one, other, how)| match how {
            0 => format!("({one} OR {other})"),
            1 => format!("({one} AND {other})"),
            _ => format!("(NOT {one} OR {other})"),
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5, ..ProptestConfig::default() })]

    #[test]
    fn no_answer_changes(
        files in prop::collection::vec(prop::collection::vec(any_row(), 1..8), 1..4),
        conditions in prop::collection::vec(any_condition(), 3),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (_with_dir, with) = lake(&files, true);
        let (_without_dir, without) = lake(&files, false);
        for condition in conditions {
            let sql = format!("SELECT count(*), sum(\"time\") FROM vpc_flow WHERE {condition}");
            let answers = runtime.block_on(async {
                let with = rows(&with, &sql).await.map(|(rows, _)| rows);
                (with, rows(&without, &sql).await.map(|(rows, _)| rows))
            });
            prop_assert!(answers.0.is_ok(), "{condition}: {:?}", answers.0);
            prop_assert_eq!(answers.0, answers.1, "{}", condition);
        }
    }
}

#[tokio::test]
async fn a_damaged_dictionary_leaves_its_file_to_the_reader() {
    let files = vec![(0..9).map(|at| row(at, "ann", "b1")).collect::<Vec<_>>()];
    let (dir, _) = lake(&files, true);
    let path = place(dir.path(), "us-east-1", "1", "20260102", "file-0");
    let whole = fs::read(&path).unwrap();
    let footer = whole[whole.len() - 8..whole.len() - 4].try_into().unwrap();
    let footer = usize::try_from(u32::from_le_bytes(footer)).unwrap();
    // Every part of a page's header comes under it.
    for at in (4..whole.len() - 8 - footer).step_by(101) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0xff;
        fs::write(&path, &bytes).unwrap();
        let engine = open(dir.path());
        let sql = "SELECT \"time\" FROM vpc_flow WHERE actor.user.name = 'ann'";
        let (rows, _) = rows(&engine, sql).await.unwrap();
        assert!(rows.len() <= 9, "byte {at}: {rows:?}");
    }
}
