//! Objects are read as queries read them, and damage is a fault and never a panic.

#![allow(
    clippy::disallowed_methods,
    reason = "tests make the files that are read"
)]

use std::path::Path;
use std::sync::{Arc, LazyLock};

use arrow::array::{AsArray as _, RecordBatch};
use arrow::json::ReaderBuilder;
use parquet::arrow::ArrowWriter;
use serde_json::{Value, json};

use super::*;
use crate::domain::lake::{Source, SourceVersion, documented_schema};

const KEY: &str = "aws/CLOUD_TRAIL_MGMT/2.0/region=us-east-1/accountId=012345678901/eventDay=20261101/a.gz.parquet";

/// An object of these rows.
fn write(path: &Path, rows: &[Value]) {
    let schema = documented_schema(Source::CloudTrailMgmt, SourceVersion::V2).unwrap();
    let mut decoder = ReaderBuilder::new(Arc::clone(&schema))
        .build_decoder()
        .unwrap();
    decoder.serialize(rows).unwrap();
    let batch = decoder.flush().unwrap().unwrap();
    let file = std::fs::File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, schema, None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn rows() -> Vec<Value> {
    let row = |name: &str, user: &str| {
        json!({
            "class_uid": 6003, "severity_id": 1,
            "api": {"operation": name, "request": {"data": "{\"bucketName\":\"b\"}"}},
            "actor": {"user": {"name": user}},
            "resources": [{"uid": "arn:aws:s3:::one"}, {"uid": "arn:aws:s3:::two"}],
            "unmapped": {"k": name},
        })
    };
    vec![
        row("GetObject", "ann"),
        row("PutObject", "bob"),
        json!({"class_uid": 3002}),
    ]
}

static PLANNER: LazyLock<Expressions> = LazyLock::new(|| Expressions::new().unwrap());

/// The batch of what an expression reads, and the expression over it.
fn batch_of(open: &OpenObject, expression: &RowExpression, rows: &Rows<'_>) -> RecordBatch {
    let layout = open.layout();
    let wanted = Wanted::some(&layout, expression.needs());
    let prepared = open.prepare(&layout).unwrap();
    let mut batches = prepared.read(&wanted, 0, rows).unwrap();
    batches.next().unwrap().unwrap()
}

#[test]
fn predicates_of_athena_are_asked_of_the_columns_that_they_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    write(&path, &rows());
    let open = OpenObject::disk(&path, "bucket", KEY).unwrap();
    assert_eq!((open.rows(), open.groups()), (3, vec![3]));
    let layout = open.layout();
    let cases = [
        (
            "lower(api.operation) = 'getobject'",
            vec![true, false, false],
        ),
        (
            "actor.user.name IN ('bob', 'eve')",
            vec![false, true, false],
        ),
        (
            "any_match(resources, e0 -> e0.uid LIKE '%two')",
            vec![true, true, false],
        ),
        (
            "json_extract_scalar(api.request.data, '$.bucketName') = 'b' AND class_uid = 6003",
            vec![true, true, false],
        ),
        (
            "element_at(unmapped, 'k') = 'PutObject'",
            vec![false, true, false],
        ),
        // What the path tells, and what no row has.
        ("accountid = '012345678901'", vec![true, true, true]),
        (
            "NOT coalesce(api.response.error = 'x', false)",
            vec![true, true, true],
        ),
        ("class_uid IN (3002, 3003)", vec![false, false, true]),
    ];
    let sql: Vec<Sql> = cases
        .iter()
        .map(|(sql, _)| Sql::plain((*sql).to_owned()))
        .collect();
    for (planned, (sql, truth)) in PLANNER.plan(layout.columns(), &sql).into_iter().zip(cases) {
        let planned = planned.unwrap();
        let batch = batch_of(&open, &planned, &Rows::Span(0..3));
        let found = planned
            .bound(&batch.schema())
            .unwrap()
            .test(&batch)
            .unwrap();
        let found: Vec<bool> = found.values().iter().collect();
        assert_eq!(found, truth, "{sql}");
    }
}

#[test]
fn only_the_rows_and_leaves_that_are_asked_for_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.parquet");
    write(&path, &rows());
    let open = OpenObject::disk(&path, "bucket", KEY).unwrap();
    let sql = [Sql::plain(
        "actor.user.name = 'bob' AND element_at(unmapped, 'k') = 'x'".into(),
    )];
    let planned = PLANNER
        .plan(open.layout().columns(), &sql)
        .remove(0)
        .unwrap();
    let paths: Vec<String> = planned.needs().iter().map(|path| path.join(".")).collect();
    assert_eq!(paths, ["actor.user.name", "unmapped"]);
    let (cheap, whole) = planned.cheap_part(|path| path[0] != "unmapped");
    let cheap = cheap.unwrap();
    assert!(!whole && cheap.needs().len() == 1);
    let batch = batch_of(&open, &cheap, &Rows::Some(&[1, 2]));
    let names = batch["actor"].as_struct().column(0).as_struct();
    assert_eq!(
        (batch.num_columns(), names.num_columns(), batch.num_rows()),
        (1, 1, 2)
    );
    assert_eq!(names.column(0).as_string_view().value(0), "bob");
}

#[test]
fn what_is_no_expression_about_a_row_says_so_and_stops_no_other() {
    let schema = documented_schema(Source::CloudTrailMgmt, SourceVersion::V2).unwrap();
    let sql = [
        "class_uid = 1",
        "no_such_column = 1",
        "class_uid IN (SELECT 1)",
        "1) AS a, (2",
        "count(*) > 1",
        "class_uid = 1; SELECT 2",
        "exists(SELECT 1 FROM other)",
    ];
    let sql: Vec<Sql> = sql
        .iter()
        .map(|sql| Sql::plain((*sql).to_owned()))
        .collect();
    let planned = PLANNER.plan(&schema, &sql);
    let good: Vec<bool> = planned.iter().map(Result::is_ok).collect();
    assert_eq!(good, [true, false, false, false, false, false, false]);
    assert!(
        planned
            .iter()
            .flat_map(|one| one.as_ref().err())
            .all(|why| !why.message.is_empty())
    );
}

#[test]
fn an_object_that_is_none_is_damaged_or_gone() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let fault = |name: &str| OpenObject::disk(&at(name), "b", KEY).err().unwrap();
    assert_eq!(fault("none"), ObjectFault::Gone);
    std::fs::write(at("empty"), b"").unwrap();
    std::fs::write(at("text"), b"PAR1 and then nothing that ends as it should").unwrap();
    assert!(!fault("empty").may_pass() && !fault("text").may_pass());
}
