//! The embedded engine against an independent oracle: DuckDB, fed by sqlglot from the same
//! statements over the same file. Statements on which the oracle is known to be wrong carry the
//! reason and the right answer.
//!
//! Needs `python3` with `venv`; the packages come from PyPI by exact hash, once, into `target/`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "this test owns the lake that it makes and the oracle's folder"
)]

#[path = "support/venv.rs"]
mod venv;

use std::fs::{self, File};
use std::io::{BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Fields, Schema, TimeUnit};
use futures::StreamExt;
use lakehound::adapters::engine::{Engine, EngineOptions};
use lakehound::domain::query::{QueryError, QueryId, QueryRequest};
use lakehound::ports::{QueryService, RunControl};
use parquet::arrow::ArrowWriter;
use serde_json::{Value, json};

/// How many statements have to be compared with the oracle at least.
const COMPARED_AT_LEAST: usize = 150;

/// One statement of `tests/oracle/statements`.
struct Statement {
    file: String,
    sql: String,
    /// The right answer where the oracle has none or a wrong one; `-- fault:` says why.
    expected: Option<Vec<Value>>,
}

#[test]
fn answers_agree_with_the_oracle() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle");
    let lake = tempfile::tempdir().unwrap();
    let parquet = lake.path().join("events/part-0.parquet");
    write_events(&home.join("events.ndjson"), &parquet);
    let statements = statements(&home.join("statements"));
    let oracle = ask_oracle(&home, &parquet, &statements);
    let engine = Engine::open(EngineOptions {
        lake: lake.path().into(),
        memory_bytes: 256 << 20,
        threads: 2,
        spill_dir: None,
    })
    .unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();

    let mut faults = Vec::new();
    let mut compared = 0;
    for (statement, oracle) in statements.iter().zip(oracle) {
        let ours = runtime.block_on(answer(&engine, &statement.sql));
        let theirs = match &statement.expected {
            Some(expected) => Ok(expected.clone()),
            None => {
                compared += 1;
                oracle
            }
        };
        let complaint = match (ours, theirs) {
            (Err(error), _) => format!("ours failed: {error}"),
            (_, Err(error)) => format!("the oracle failed: {error}"),
            (Ok(ours), Ok(theirs)) => match differ(&statement.sql, ours, theirs) {
                None => continue,
                Some(difference) => difference,
            },
        };
        faults.push(format!(
            "{}: {}\n    {complaint}",
            statement.file, statement.sql
        ));
    }
    assert!(
        compared >= COMPARED_AT_LEAST,
        "only {compared} statements are compared"
    );
    assert!(
        faults.is_empty(),
        "{} of {} statements differ:\n{}",
        faults.len(),
        statements.len(),
        faults.join("\n")
    );
}

/// A faulty oracle that has become right no longer needs its excuse: the test says so.
#[test]
fn the_oracle_is_wrong_where_it_is_said_to_be() {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle");
    let folder = tempfile::tempdir().unwrap();
    let parquet = folder.path().join("part-0.parquet");
    write_events(&home.join("events.ndjson"), &parquet);
    let statements = statements(&home.join("statements"));
    let oracle = ask_oracle(&home, &parquet, &statements);
    for (statement, oracle) in statements.iter().zip(oracle) {
        if let (Some(expected), Ok(rows)) = (&statement.expected, oracle) {
            assert!(
                differ(&statement.sql, rows, expected.clone()).is_some(),
                "the oracle answers this rightly, so it should be compared: {}",
                statement.sql
            );
        }
    }
}

/// Statements end with a semicolon at a line's end; comments before one belong to it.
fn statements(folder: &Path) -> Vec<Statement> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let mut statements = Vec::new();
    for path in files {
        let file = path.file_name().unwrap().to_string_lossy().into_owned();
        let (mut sql, mut expected, mut fault) = (String::new(), None, false);
        for line in fs::read_to_string(&path).unwrap().lines() {
            if let Some(rows) = line.strip_prefix("-- expect: ") {
                expected = Some(serde_json::from_str(rows).unwrap());
            } else if line.starts_with("-- fault: ") {
                fault = true;
            } else {
                sql.push_str(line);
                sql.push('\n');
                if line.trim_end().ends_with(';') {
                    assert_eq!(fault, expected.is_some(), "a fault needs its answer: {sql}");
                    statements.push(Statement {
                        file: file.clone(),
                        sql: sql.trim().trim_end_matches(';').to_owned(),
                        expected: expected.take(),
                    });
                    sql.clear();
                    fault = false;
                }
            }
        }
        assert!(sql.trim().is_empty(), "{file} ends within a statement");
    }
    statements
}

/// Events with every shape that a lake's columns have.
fn write_events(ndjson: &Path, parquet: &Path) {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let row =
        |name: &str, fields: Vec<Field>| Field::new(name, DataType::Struct(fields.into()), true);
    let list = |name: &str, element: DataType| {
        Field::new(
            name,
            DataType::List(Arc::new(Field::new_list_field(element, true))),
            true,
        )
    };
    let resource = Fields::from(vec![text("uid"), text("type")]);
    let entries = Fields::from(vec![
        Field::new("key", DataType::Utf8, false),
        text("value"),
    ]);
    let entries = Field::new("key_value", DataType::Struct(entries), false);
    let schema = Arc::new(Schema::new(vec![
        Field::new("id", DataType::Int64, true),
        Field::new(
            "time_dt",
            DataType::Timestamp(TimeUnit::Millisecond, Some("UTC".into())),
            true,
        ),
        Field::new("day", DataType::Date32, true),
        text("name"),
        Field::new("severity_id", DataType::Int32, true),
        text("ip"),
        Field::new("bytes", DataType::Int64, true),
        Field::new("score", DataType::Float64, true),
        Field::new("ok", DataType::Boolean, true),
        row(
            "actor",
            vec![
                row("user", vec![text("name"), text("uid")]),
                row("session", vec![text("issuer")]),
            ],
        ),
        list("resources", DataType::Struct(resource)),
        list("tags", DataType::Utf8),
        list("nums", DataType::Int64),
        Field::new("unmapped", DataType::Map(Arc::new(entries), false), true),
        text("data"),
        text("url"),
    ]));
    fs::create_dir_all(parquet.parent().unwrap()).unwrap();
    let mut writer =
        ArrowWriter::try_new(File::create(parquet).unwrap(), Arc::clone(&schema), None).unwrap();
    let events = BufReader::new(File::open(ndjson).unwrap());
    for batch in arrow::json::ReaderBuilder::new(schema)
        .build(events)
        .unwrap()
    {
        writer.write(&batch.unwrap()).unwrap();
    }
    writer.close().unwrap();
}

type Rows = Result<Vec<Value>, String>;

/// Runs the oracle once over all statements.
fn ask_oracle(home: &Path, parquet: &Path, statements: &[Statement]) -> Vec<Rows> {
    let python = venv::python("oracle-venv", &home.join("requirements.txt"));
    let mut oracle = Command::new(python)
        .arg(home.join("oracle.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let sql: Vec<&str> = statements
        .iter()
        .map(|statement| statement.sql.as_str())
        .collect();
    let asked = json!({"tables": {"events": parquet}, "statements": sql});
    oracle
        .stdin
        .take()
        .unwrap()
        .write_all(asked.to_string().as_bytes())
        .unwrap();
    let output = oracle.wait_with_output().unwrap();
    assert!(output.status.success(), "the oracle failed");
    let answers: Vec<Value> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answers.len(), statements.len());
    answers
        .into_iter()
        .map(|answer| match answer["rows"].as_array() {
            Some(rows) => Ok(rows.clone()),
            None => Err(answer["error"].to_string()),
        })
        .collect()
}

/// Our answer as rows of JSON values.
async fn answer(engine: &Engine, sql: &str) -> Result<Vec<Value>, QueryError> {
    let mut running = engine
        .start(QueryRequest::new(QueryId(1), sql), RunControl::default())
        .await?;
    let mut rows = Vec::new();
    while let Some(batch) = running.batches.next().await {
        let batch = batch?;
        let columns: Vec<Vec<Value>> = batch.columns().iter().map(values).collect();
        rows.extend(
            (0..batch.num_rows())
                .map(|row| columns.iter().map(|column| column[row].clone()).collect()),
        );
    }
    Ok(rows)
}

/// A column as JSON values: times in UTC without zone, as the oracle gives them.
fn values(column: &ArrayRef) -> Vec<Value> {
    let naive = DataType::Timestamp(TimeUnit::Microsecond, None);
    let column = match column.data_type() {
        DataType::Timestamp(_, Some(_)) => {
            let utc = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
            cast(&cast(column, &utc).unwrap(), &naive).unwrap()
        }
        DataType::Timestamp(_, None) => cast(column, &naive).unwrap(),
        _ => Arc::clone(column),
    };
    let field = Field::new("v", column.data_type().clone(), true);
    let batch = RecordBatch::try_new(Arc::new(Schema::new(vec![field])), vec![column]).unwrap();
    let mut writer = arrow::json::WriterBuilder::new()
        .with_explicit_nulls(true)
        .build::<_, arrow::json::writer::LineDelimited>(Vec::new());
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    let text = String::from_utf8(writer.into_inner()).unwrap();
    text.lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["v"].clone())
        .collect()
}

/// What differs, in words. Rows keep their order where the statement orders them.
fn differ(sql: &str, mut ours: Vec<Value>, mut theirs: Vec<Value>) -> Option<String> {
    if !sql.contains("ORDER BY") {
        ours.sort_by_key(Value::to_string);
        theirs.sort_by_key(Value::to_string);
    }
    let same = ours.len() == theirs.len()
        && ours
            .iter()
            .zip(&theirs)
            .all(|(ours, theirs)| alike(ours, theirs));
    let first = ours
        .iter()
        .zip(&theirs)
        .find(|(ours, theirs)| !alike(ours, theirs));
    (!same).then(|| match first {
        Some((ours, theirs)) => format!("ours: {ours}\n    oracle: {theirs}"),
        None => format!("ours has {} rows, the oracle {}", ours.len(), theirs.len()),
    })
}

fn alike(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Number(ours), Value::Number(theirs)) => {
            let (Some(ours), Some(theirs)) = (ours.as_f64(), theirs.as_f64()) else {
                return false;
            };
            (ours - theirs).abs() <= 1e-9 * ours.abs().max(theirs.abs()).max(1.0)
        }
        (Value::String(ours), Value::String(theirs)) => {
            moment(ours) == moment(theirs) || same_json(ours, theirs)
        }
        (Value::Array(ours), Value::Array(theirs)) => {
            ours.len() == theirs.len()
                && ours
                    .iter()
                    .zip(theirs)
                    .all(|(ours, theirs)| alike(ours, theirs))
        }
        (Value::Object(ours), Value::Object(theirs)) => {
            ours.len() == theirs.len()
                && ours
                    .iter()
                    .all(|(key, ours)| theirs.get(key).is_some_and(|theirs| alike(ours, theirs)))
        }
        _ => ours == theirs,
    }
}

/// A time without the zeros at its end; other text as it is.
fn moment(text: &str) -> &str {
    let fraction = text.rsplit_once('.').filter(|(time, digits)| {
        time.len() == 19
            && time.as_bytes()[10] == b'T'
            && digits.bytes().all(|digit| digit.is_ascii_digit())
    });
    match fraction {
        Some(_) => text.trim_end_matches('0').trim_end_matches('.'),
        None => text,
    }
}

/// JSON texts that differ in blanks only.
fn same_json(ours: &str, theirs: &str) -> bool {
    ours.starts_with(['[', '{'])
        && serde_json::from_str::<Value>(ours).is_ok_and(|ours| {
            serde_json::from_str::<Value>(theirs).is_ok_and(|theirs| ours == theirs)
        })
}
