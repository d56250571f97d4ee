//! Results kept and given back: types, names, crashes, damage, and SQL over them.

#![allow(
    clippy::disallowed_methods,
    reason = "the tests damage the files that they look at"
)]

use std::fs::OpenOptions;
use std::io::{Seek, SeekFrom, Write};
use std::process::{Command, Stdio};

use arrow::array::types::Int32Type;
use arrow::array::*;
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Field, Schema};
use chrono::TimeZone;
use futures::StreamExt;
use proptest::prelude::*;

use super::*;
use crate::adapters::engine::{Engine, EngineOptions};
use crate::domain::query::{Execution, QueryId, QueryRequest, QuerySummary};
use crate::domain::rows::Rows;
use crate::ports::{QueryService, RunControl};

fn noon() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 20, 12, 0, 0).unwrap()
}

fn request(name: Option<&str>, sql: &str) -> KeepRequest {
    KeepRequest {
        name: name.map(str::to_owned),
        sql: sql.to_owned(),
        parameters: vec!["'it''s'".to_owned()],
        engine: "embedded".to_owned(),
        profile: Some("peer".to_owned()),
        settings: None,
        started: noon(),
        raw_columns: Vec::new(),
    }
}

fn named(names: &[&str]) -> Vec<Column> {
    let column = |name: &&str| Column {
        name: (*name).to_owned(),
    };
    names.iter().map(column).collect()
}

fn own_names(schema: &Schema) -> Vec<Column> {
    let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
    named(&names)
}

fn keep(kept: &KeptResults, name: Option<&str>, batches: &[RecordBatch]) -> KeptResult {
    let schema = batches[0].schema();
    let mut writer = kept
        .keep(request(name, "SELECT 1"), &own_names(&schema), &schema)
        .unwrap();
    for batch in batches {
        writer.append(batch).unwrap();
    }
    writer.finish(noon(), &QuerySummary::default()).unwrap()
}

fn numbers(count: i64) -> RecordBatch {
    let texts = StringArray::from_iter_values((0..count).map(|n| format!("row {n}")));
    RecordBatch::try_from_iter([
        ("n", Arc::new(Int64Array::from_iter(0..count)) as ArrayRef),
        ("s", Arc::new(texts) as ArrayRef),
    ])
    .unwrap()
}

/// All rows of a result, put together from its pages.
fn all(rows: &dyn Rows) -> RecordBatch {
    let mut batches = Vec::new();
    let mut row = 0;
    while let Some(page) = rows.page(row) {
        assert_eq!(page.first_row, row);
        assert!((1..=8_192).contains(&page.batch.num_rows()));
        assert_eq!(page.batch.schema(), rows.schema());
        row += page.batch.num_rows();
        batches.push(page.batch);
    }
    assert_eq!(row, rows.len());
    if rows.schema().fields().is_empty() {
        let options = RecordBatchOptions::new().with_row_count(Some(row));
        return RecordBatch::try_new_with_options(rows.schema(), vec![], &options).unwrap();
    }
    arrow::compute::concat_batches(&rows.schema(), &batches).unwrap()
}

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name != ".last_number")
        .collect();
    names.sort();
    names
}

/// A batch with a column of every type that results have, three rows each.
fn every_type() -> RecordBatch {
    let texts = [Some(""), None, Some("Ünï\0 \u{202e}'\"\n")];
    let times = [Some(-1), None, Some(1_767_312_000_123)];
    let inner: ArrayRef = Arc::new(StringArray::from(texts.to_vec()));
    let pair = StructArray::new(
        vec![
            Field::new("Name", DataType::Utf8, true),
            Field::new("uid", DataType::Int64, true),
        ]
        .into(),
        vec![
            Arc::clone(&inner),
            Arc::new(Int64Array::from(vec![Some(1), None, Some(3)])),
        ],
        Some(NullBuffer::from(vec![true, true, false])),
    );
    let mut lists = ListBuilder::new(StringBuilder::new());
    lists.append_value([Some("a"), None, Some("")]);
    lists.append_null();
    lists.append(true);
    let mut map = MapBuilder::new(None, StringBuilder::new(), Int32Builder::new());
    map.keys().append_value("k");
    map.values().append_null();
    map.append(true).unwrap();
    map.append(false).unwrap();
    map.append(true).unwrap();
    let rows_list = ListArray::new(
        Arc::new(Field::new("item", pair.data_type().clone(), true)),
        arrow::buffer::OffsetBuffer::from_lengths([2, 0, 1]),
        Arc::new(pair.clone()),
        None,
    );
    let decimal = Decimal128Array::from(vec![Some(i128::MAX / 2), None, Some(-5)])
        .with_precision_and_scale(38, 10)
        .unwrap();
    let dictionary: DictionaryArray<Int32Type> = texts.into_iter().collect();
    let column: Vec<(&str, ArrayRef)> = vec![
        (
            "bool",
            Arc::new(BooleanArray::from(vec![Some(true), None, Some(false)])),
        ),
        (
            "i8",
            Arc::new(Int8Array::from(vec![Some(i8::MIN), None, Some(i8::MAX)])),
        ),
        (
            "i16",
            Arc::new(Int16Array::from(vec![Some(i16::MIN), None, Some(i16::MAX)])),
        ),
        (
            "i32",
            Arc::new(Int32Array::from(vec![Some(i32::MIN), None, Some(i32::MAX)])),
        ),
        (
            "i64",
            Arc::new(Int64Array::from(vec![Some(i64::MIN), None, Some(i64::MAX)])),
        ),
        (
            "u64",
            Arc::new(UInt64Array::from(vec![Some(0), None, Some(u64::MAX)])),
        ),
        (
            "f32",
            Arc::new(Float32Array::from(vec![
                Some(-0.0),
                None,
                Some(f32::INFINITY),
            ])),
        ),
        (
            "f64",
            Arc::new(Float64Array::from(vec![Some(0.1), None, Some(-0.0)])),
        ),
        ("decimal", Arc::new(decimal)),
        ("utf8", Arc::clone(&inner)),
        ("large", Arc::new(LargeStringArray::from(texts.to_vec()))),
        ("view", Arc::new(StringViewArray::from_iter(texts))),
        ("dictionary", Arc::new(dictionary)),
        (
            "binary",
            Arc::new(BinaryArray::from(vec![
                Some(b"".as_slice()),
                None,
                Some(b"\x00\xff"),
            ])),
        ),
        (
            "date",
            Arc::new(Date32Array::from(vec![Some(-1), None, Some(20_000)])),
        ),
        (
            "time_ms",
            Arc::new(Time32MillisecondArray::from(vec![
                Some(0),
                None,
                Some(86_399_999),
            ])),
        ),
        ("ts_s", Arc::new(TimestampSecondArray::from(times.to_vec()))),
        (
            "ts_ms",
            Arc::new(TimestampMillisecondArray::from(times.to_vec())),
        ),
        (
            "ts_us_utc",
            Arc::new(TimestampMicrosecondArray::from(times.to_vec()).with_timezone("UTC")),
        ),
        (
            "ts_ns_zone",
            Arc::new(TimestampNanosecondArray::from(times.to_vec()).with_timezone("Europe/Berlin")),
        ),
        (
            "ts_ms_offset",
            Arc::new(TimestampMillisecondArray::from(times.to_vec()).with_timezone("+05:30")),
        ),
        ("nothing", Arc::new(NullArray::new(3))),
        ("row", Arc::new(pair)),
        ("list", Arc::new(lists.finish())),
        ("rows", Arc::new(rows_list)),
        ("map", Arc::new(map.finish())),
    ];
    RecordBatch::try_from_iter_with_nullable(
        column.into_iter().map(|(name, array)| (name, array, true)),
    )
    .unwrap()
}

#[test]
fn types_and_values_come_back_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let kept = KeptResults::open(folder.path()).unwrap();
    let batch = every_type();
    let result = keep(&kept, None, &[batch.clone(), batch.slice(1, 2)]);
    let rows = kept.rows(&result.name).unwrap();
    let back = all(rows.as_ref());
    assert_eq!(back.schema().fields(), batch.schema().fields());
    for (before, after) in batch.columns().iter().zip(back.columns()) {
        assert_eq!(before.to_data(), after.slice(0, 3).to_data());
        assert_eq!(before.slice(1, 2).as_ref(), after.slice(3, 2).as_ref());
    }
    assert_eq!(result.rows, 5);
    assert!(rows.page(5).is_none());
}

#[test]
fn a_type_without_a_place_in_parquet_says_which_column() {
    let folder = tempfile::tempdir().unwrap();
    let kept = KeptResults::open(folder.path()).unwrap();
    let schema = Arc::new(Schema::new(vec![Field::new(
        "span",
        DataType::Interval(arrow::datatypes::IntervalUnit::MonthDayNano),
        true,
    )]));
    let error = kept
        .keep(request(None, "SELECT 1"), &named(&["Span"]), &schema)
        .unwrap_err();
    assert!(
        error.to_string().contains("column `Span` is a Interval"),
        "{error}"
    );
    assert_eq!(files(folder.path()), Vec::<String>::new());
}

#[test]
fn names_of_columns_come_back_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let kept = KeptResults::open(folder.path()).unwrap();
    let field = |name: &str| {
        Field::new(name, DataType::Int64, true)
            .with_metadata([("k".to_owned(), "v".to_owned())].into())
    };
    let schema = Arc::new(Schema::new_with_metadata(
        vec![field("Name#0"), field("name#1"), field("#2")],
        [("of".to_owned(), "the result".to_owned())].into(),
    ));
    let columns = named(&["Name", "name", ""]);
    let one: ArrayRef = Arc::new(Int64Array::from(vec![7]));
    let batch = RecordBatch::try_new(
        Arc::clone(&schema),
        vec![Arc::clone(&one), Arc::clone(&one), one],
    )
    .unwrap();
    let mut writer = kept
        .keep(request(None, "SELECT 1"), &columns, &schema)
        .unwrap();
    writer.append(&batch).unwrap();
    let wrong = batch.project(&[0]).unwrap();
    assert!(matches!(writer.append(&wrong), Err(KeptError::Columns(_))));
    let result = writer.finish(noon(), &QuerySummary::default()).unwrap();
    let rows = kept.rows(&result.name).unwrap();
    assert_eq!(rows.columns(), columns);
    assert_eq!(rows.schema(), schema);
    let tables: Vec<&str> = result
        .columns
        .iter()
        .map(|column| column.table.as_str())
        .collect();
    assert_eq!(tables, ["name", "name_2", "_col2"]);
}

#[test]
fn nothing_at_all_is_a_result_too() {
    let folder = tempfile::tempdir().unwrap();
    let kept = KeptResults::open(folder.path()).unwrap();
    let empty = keep(&kept, None, &[numbers(0)]);
    let rows = kept.rows(&empty.name).unwrap();
    assert!(rows.is_empty() && rows.page(0).is_none());
    assert_eq!(rows.schema().fields().len(), 2);

    let options = RecordBatchOptions::new().with_row_count(Some(20_000));
    let bare =
        RecordBatch::try_new_with_options(Arc::new(Schema::empty()), vec![], &options).unwrap();
    let bare = keep(&kept, None, &[bare]);
    assert_eq!(
        all(kept.rows(&bare.name).unwrap().as_ref()).num_rows(),
        20_000
    );
    kept.verify(&bare.name).unwrap();
    let attached = kept.attached().unwrap();
    assert_eq!(attached.len(), 1, "{attached:?}");
}

#[test]
fn a_manifest_tells_everything_and_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let kept = KeptResults::open(folder.path()).unwrap();
    let batch = numbers(3);
    let sql = "SELECT n, s -- exactly so\nFROM t WHERE s <> ?;\n";
    let mut writer = kept
        .keep(
            request(Some("Suspects"), sql),
            &own_names(&batch.schema()),
            &batch.schema(),
        )
        .unwrap();
    assert_eq!(writer.name(), "suspects");
    writer.append(&batch).unwrap();
    let mut summary = QuerySummary {
        files_known: 12,
        notes: vec!["one file is damaged".to_owned()],
        execution: Some(Execution {
            id: "a-b-c".to_owned(),
            scanned_bytes: 99,
            ..Execution::default()
        }),
        ..QuerySummary::default()
    };
    summary.progress.bytes_read = 99;
    let ended = noon() + chrono::TimeDelta::microseconds(1_234_567);
    let result = writer.finish(ended, &summary).unwrap();
    assert_eq!(
        (result.sql.as_str(), result.rows, result.bytes_read),
        (sql, 3, 99)
    );
    assert_eq!(result.parameters, ["'it''s'"]);
    let (from, to) = result.ran_within();
    assert!(from == noon() && to >= ended, "{from} {to}");
    let length = fs::metadata(folder.path().join("suspects.parquet"))
        .unwrap()
        .len();
    assert_eq!(result.bytes, length);

    let again = KeptResults::open(folder.path()).unwrap();
    assert_eq!(again.get("SUSPECTS").unwrap(), result);
    assert_eq!(again.list().unwrap().results, std::slice::from_ref(&result));
    assert_eq!(again.verify("suspects").unwrap(), result);
    assert!(result.tool.starts_with("lakehound "));
}

#[test]
fn numbers_are_never_given_twice() {
    let folder = tempfile::tempdir().unwrap();
    let kept = KeptResults::open(folder.path()).unwrap();
    assert_eq!(keep(&kept, None, &[numbers(1)]).name, "result_1");
    let other = kept.clone();
    let open = other
        .keep(
            request(None, "SELECT 1"),
            &named(&[]),
            &Arc::new(Schema::empty()),
        )
        .unwrap();
    assert_eq!(open.name(), "result_2");
    assert_eq!(keep(&kept, None, &[numbers(1)]).name, "result_3");
    drop(open);
    kept.remove("result_3").unwrap();
    assert_eq!(keep(&kept, None, &[numbers(1)]).name, "result_4");
    fs::remove_file(folder.path().join(".last_number")).unwrap();
    let again = KeptResults::open(folder.path()).unwrap();
    assert_eq!(keep(&again, None, &[numbers(1)]).name, "result_5");
    let names: Vec<String> = again
        .list()
        .unwrap()
        .results
        .into_iter()
        .map(|r| r.name)
        .collect();
    assert_eq!(names, ["result_1", "result_4", "result_5"]);
}

#[test]
fn a_name_is_a_table_s_and_unique() {
    let folder = tempfile::tempdir().unwrap();
    let kept = KeptResults::open(folder.path()).unwrap();
    keep(&kept, Some("suspects"), &[numbers(1)]);
    let refused = |name: &str| {
        kept.keep(
            request(Some(name), "SELECT 1"),
            &named(&[]),
            &Arc::new(Schema::empty()),
        )
        .unwrap_err()
    };
    for name in [
        "",
        "1st",
        "a b",
        "../up",
        "a.b",
        "select",
        "Result_7",
        "é",
        "x\0",
        &"x".repeat(65),
    ] {
        assert!(matches!(refused(name), KeptError::Name { .. }), "{name}");
    }
    assert_eq!(refused("SUSPECTS"), KeptError::Taken("suspects".to_owned()));
    let unknown = kept.get("suspcts").unwrap_err();
    assert!(
        unknown.to_string().contains("did you mean `suspects`?"),
        "{unknown}"
    );
    let busy = kept
        .keep(
            request(Some("busy"), "SELECT 1"),
            &named(&[]),
            &Arc::new(Schema::empty()),
        )
        .unwrap();
    assert_eq!(refused("busy"), KeptError::Taken("busy".to_owned()));
    drop(busy);
    assert_eq!(files(folder.path()), ["suspects.json", "suspects.parquet"]);
}

#[test]
fn what_a_crash_leaves_is_cleared_and_a_writer_at_work_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let kept = KeptResults::open(folder.path()).unwrap();
    let batch = numbers(5);
    let mut writer = kept
        .keep(
            request(None, "SELECT 1"),
            &own_names(&batch.schema()),
            &batch.schema(),
        )
        .unwrap();
    for left in [
        ".gone.claim",
        ".gone.parquet.part",
        ".gone.json.part",
        "gone.parquet",
    ] {
        fs::write(folder.path().join(left), "PAR1").unwrap();
    }
    // A whole result whose claim was left.
    keep(&kept, Some("half"), std::slice::from_ref(&batch));
    fs::write(folder.path().join(".half.claim"), "").unwrap();
    KeptResults::open(folder.path()).unwrap();
    assert_eq!(
        files(folder.path()),
        [
            ".result_1.claim",
            ".result_1.parquet.part",
            "half.json",
            "half.parquet"
        ]
    );
    writer.append(&batch).unwrap();
    writer.finish(noon(), &QuerySummary::default()).unwrap();
    assert_eq!(
        files(folder.path()),
        [
            "half.json",
            "half.parquet",
            "result_1.json",
            "result_1.parquet"
        ]
    );
    kept.verify("result_1").unwrap();
}

/// Set in the process that is killed: the folder that it writes into.
const CRASH_FOLDER: &str = "LAKEHOUND_TEST_CRASH_FOLDER";

/// The process that is killed: writes until then.
fn write_without_end(folder: &str) {
    let kept = KeptResults::open(folder).unwrap();
    let batch = numbers(8_192);
    let mut writer = kept
        .keep(
            request(None, "SELECT 1"),
            &own_names(&batch.schema()),
            &batch.schema(),
        )
        .unwrap();
    loop {
        writer.append(&batch).unwrap();
    }
}

/// Runs itself a second time, as the process that is killed.
#[test]
fn a_killed_process_leaves_nothing() {
    if let Ok(folder) = std::env::var(CRASH_FOLDER) {
        return write_without_end(&folder);
    }
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "adapters::kept::tests::a_killed_process_leaves_nothing",
        ])
        .env(CRASH_FOLDER, folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let part = folder.path().join(".result_1.parquet.part");
    while fs::metadata(&part).map_or(0, |data| data.len()) < 1 << 18 {
        assert!(
            child.try_wait().unwrap().is_none(),
            "the writer ended by itself"
        );
        std::thread::yield_now();
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(part.exists());
    let kept = KeptResults::open(folder.path()).unwrap();
    assert_eq!(kept.list().unwrap(), Listing::default());
    assert_eq!(files(folder.path()), Vec::<String>::new());
    assert_eq!(keep(&kept, None, &[numbers(1)]).name, "result_2");
}

#[test]
fn files_that_were_taken_elsewhere_are_still_the_result() {
    let folder = tempfile::tempdir().unwrap();
    let kept = KeptResults::open(folder.path().join("kept")).unwrap();
    let result = keep(&kept, None, &[numbers(9)]);
    let (rows, manifest) = kept.files("RESULT_1").unwrap();
    let places = [folder.path().join("a"), folder.path().join("b")];
    fs::copy(rows, &places[0]).unwrap();
    fs::copy(manifest, &places[1]).unwrap();
    kept.remove("result_1").unwrap();
    assert!(matches!(
        kept.files("result_1"),
        Err(KeptError::Unknown { .. })
    ));
    let (again, rows) = KeptResults::open_files(&places[0], &places[1]).unwrap();
    assert_eq!(again, result);
    assert_eq!(all(rows.as_ref()), numbers(9));
    let error = KeptResults::open_files(&places[1], &places[0]).unwrap_err();
    assert!(matches!(error, KeptError::Read { .. }), "{error}");
}

#[test]
fn damage_is_named_and_hides_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let kept = KeptResults::open(folder.path()).unwrap();
    for name in ["changed", "short", "lost", "whole"] {
        keep(&kept, Some(name), &[numbers(9)]);
    }
    let path = |name: &str| folder.path().join(name);
    let mut file = OpenOptions::new()
        .write(true)
        .open(path("changed.parquet"))
        .unwrap();
    file.seek(SeekFrom::Start(6)).unwrap();
    file.write_all(b"!").unwrap();
    let error = kept.verify("changed").unwrap_err();
    assert!(
        matches!(&error, KeptError::Changed { file, expected, found }
            if file.ends_with("changed.parquet") && expected != found && found.len() == 64),
        "{error}"
    );
    OpenOptions::new()
        .write(true)
        .open(path("short.parquet"))
        .unwrap()
        .set_len(20)
        .unwrap();
    let error = kept.rows("short").unwrap_err();
    assert!(
        error.to_string().contains("no whole Parquet file"),
        "{error}"
    );
    fs::remove_file(path("lost.parquet")).unwrap();
    assert!(matches!(kept.rows("lost"), Err(KeptError::Read { .. })));
    kept.remove("lost").unwrap();
    fs::write(path("short.json"), "{").unwrap();
    fs::copy(path("whole.json"), path("copied.json")).unwrap();
    let listing = kept.list().unwrap();
    let names: Vec<&str> = listing.results.iter().map(|r| r.name.as_str()).collect();
    assert_eq!(names, ["changed", "whole"]);
    assert_eq!(listing.unreadable.len(), 2, "{:?}", listing.unreadable);
    kept.remove("short").unwrap();
    assert!(!path("short.parquet").exists());
}

#[test]
fn pages_are_read_as_they_are_asked_for_from_many_threads() {
    let folder = tempfile::tempdir().unwrap();
    let kept = KeptResults::open(folder.path()).unwrap();
    let batch = numbers(100_000);
    let result = keep(&kept, None, &[batch.slice(0, 1), batch.slice(1, 99_999)]);
    let rows = kept.rows(&result.name).unwrap();
    assert_eq!(rows.len(), 100_000);
    kept.remove(&result.name).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4_usize {
            let rows = &rows;
            scope.spawn(move || {
                for step in 0..60 {
                    let row = (thread * 7_919 + step * 31_337) % 100_000;
                    let page = rows.page(row).unwrap();
                    let n = page
                        .batch
                        .column(0)
                        .as_primitive::<arrow::datatypes::Int64Type>();
                    assert_eq!(n.value(row - page.first_row), row as i64);
                }
            });
        }
    });
    assert_eq!(all(rows.as_ref()), batch);
}

fn engine(lake: Option<&Path>) -> Engine {
    let options = EngineOptions {
        lake: lake.map(Path::to_path_buf).unwrap_or_default().into(),
        memory_bytes: 64 << 20,
        threads: 2,
        spill_dir: None,
    };
    match lake {
        Some(_) => Engine::open(options).unwrap(),
        None => Engine::without_lake(options).unwrap(),
    }
}

/// The rows of a query over kept results, as text.
async fn ask(engine: &Engine, kept: &KeptResults, sql: &str) -> String {
    let mut request = QueryRequest::new(QueryId(1), sql);
    request.attached = kept.attached().unwrap();
    let mut running = engine.start(request, RunControl::default()).await.unwrap();
    let mut text = String::new();
    while let Some(batch) = running.batches.next().await {
        let batch = batch.unwrap();
        for row in 0..batch.num_rows() {
            let cells: Vec<String> = batch
                .columns()
                .iter()
                .map(|column| arrow::util::display::array_value_to_string(column, row).unwrap())
                .collect();
            text += &format!("{};", cells.join("|"));
        }
    }
    text
}

#[tokio::test]
async fn a_kept_result_is_a_table_that_joins() {
    let folder = tempfile::tempdir().unwrap();
    let lake = tempfile::tempdir().unwrap();
    let kept = KeptResults::open(folder.path()).unwrap();
    keep(&kept, None, &[every_type()]);
    let schema = Arc::new(Schema::new(vec![
        Field::new("Name", DataType::Utf8, true),
        Field::new("name_1", DataType::Int64, true),
    ]));
    let batch = RecordBatch::try_new(
        Arc::clone(&schema),
        vec![
            Arc::new(StringArray::from(vec![Some("row 1"), None, Some("")])),
            Arc::new(Int64Array::from(vec![1, 2, 3])),
        ],
    )
    .unwrap();
    let mut writer = kept
        .keep(
            request(Some("people"), "SELECT 1"),
            &named(&["Name", "name"]),
            &schema,
        )
        .unwrap();
    writer.append(&batch).unwrap();
    writer.finish(noon(), &QuerySummary::default()).unwrap();

    let bare = engine(None);
    for (sql, expected) in [
        (
            "SELECT NAME, name_2 FROM people WHERE name = '' OR name IS NULL ORDER BY name_2",
            "|2;|3;",
        ),
        ("SELECT count(name), count(*) FROM People", "2|3;"),
        (
            "SELECT r.name, cardinality(list), element_at(map, 'k') FROM (SELECT row AS r, list, map FROM result_1 WHERE bool) AS x",
            "|3|;",
        ),
        (
            "SELECT p.name_2, t.i32 FROM people p JOIN result_1 t ON t.utf8 = p.name",
            "3|-2147483648;",
        ),
        (
            "SELECT count(*) FROM result_1 WHERE ts_ns_zone > TIMESTAMP '1969-01-01 00:00:00'",
            "2;",
        ),
    ] {
        assert_eq!(ask(&bare, &kept, sql).await, expected, "{sql}");
    }

    let events = lake.path().join("events");
    fs::create_dir_all(&events).unwrap();
    let file = File::create(events.join("a.parquet")).unwrap();
    let numbers = numbers(4);
    let mut writer = parquet::arrow::ArrowWriter::try_new(file, numbers.schema(), None).unwrap();
    writer.write(&numbers).unwrap();
    writer.close().unwrap();
    let lake = engine(Some(lake.path()));
    let sql = "SELECT e.n, p.name_2 FROM events e JOIN people p ON p.name = e.s";
    assert_eq!(ask(&lake, &kept, sql).await, "1|1;");
}

#[tokio::test]
async fn the_newest_result_that_holds_it_answers() {
    let folder = tempfile::tempdir().unwrap();
    let kept = KeptResults::open(folder.path()).unwrap();
    let batch = numbers(50);
    for (profile, sql, parameters, rows) in [
        ("one", "SELECT n, s FROM t WHERE n < ?", vec!["50"], 50),
        ("one", "SELECT n, s FROM t WHERE n < 20", vec![], 20),
        ("other", "SELECT n, s FROM t WHERE n < 10", vec![], 10),
    ] {
        let mut request = request(None, sql);
        request.profile = Some(profile.to_owned());
        request.parameters = parameters.into_iter().map(str::to_owned).collect();
        let schema = batch.schema();
        let mut writer = kept.keep(request, &own_names(&schema), &schema).unwrap();
        writer.append(&batch.slice(0, rows)).unwrap();
        writer.finish(noon(), &QuerySummary::default()).unwrap();
    }
    let parameters = ["5".to_owned()];
    let ask = |sql, parameters| AskKept {
        sql,
        parameters,
        engine: "embedded",
        profile: Some("one"),
        settings: None,
        elsewhere: false,
        now: noon(),
        freshness: crate::sql::containment::Freshness::Unchanged,
    };
    let of = |ask: &AskKept<'_>| {
        let found = kept.answer(ask).unwrap();
        found.map(|(result, answer)| (result.name, answer.sql))
    };
    let few = ask("SELECT count(*) FROM t WHERE n < ?", &parameters);
    let (name, sql) = of(&few).unwrap();
    assert_eq!(name, "result_2");
    assert_eq!(super::tests::ask(&engine(None), &kept, &sql).await, "5;");
    let many = ask("SELECT s FROM t WHERE n BETWEEN 20 AND 30", &[]);
    assert_eq!(of(&many).unwrap().0, "result_1");
    assert_eq!(of(&ask("SELECT s FROM t WHERE n < 51", &[])), None);
    assert_eq!(of(&ask("SELECT s FROM t WHERE n < ?", &[])), None);
    assert_eq!(
        of(&AskKept {
            engine: "athena",
            ..few
        }),
        None
    );
    assert_eq!(
        of(&AskKept {
            profile: None,
            ..few
        }),
        None
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Any sizes of batches, any texts and gaps.
    #[test]
    fn every_row_comes_back(
        sizes in prop::collection::vec(0..12_000_usize, 1..4),
        texts in prop::collection::vec(prop::option::of(".{0,8}"), 1..20),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let kept = KeptResults::open(folder.path()).unwrap();
        let total: usize = sizes.iter().sum();
        let values: StringArray = texts.iter().cycle().take(total).cloned().collect();
        let batch = RecordBatch::try_from_iter_with_nullable([
            ("t", Arc::new(values) as ArrayRef, true),
        ]).unwrap();
        let mut start = 0;
        let batches: Vec<RecordBatch> = sizes.iter().map(|size| {
            start += size;
            batch.slice(start - size, *size)
        }).collect();
        let result = keep(&kept, None, &batches);
        let rows = kept.rows(&result.name).unwrap();
        prop_assert_eq!(all(rows.as_ref()), batch);
        prop_assert!(kept.verify(&result.name).is_ok());
    }

    /// A manifest is outside data as soon as somebody has had the folder.
    #[test]
    fn no_manifest_breaks_the_reader(text in "\\PC{0,200}", cut in 0..900_usize) {
        prop_assert!(KeptResult::parse(&text).is_err());
        let folder = tempfile::tempdir().unwrap();
        let kept = KeptResults::open(folder.path()).unwrap();
        keep(&kept, Some("x"), &[numbers(1)]);
        let whole = fs::read_to_string(folder.path().join("x.json")).unwrap();
        if let Some(part) = whole.get(..cut.min(whole.len() - 3)) {
            prop_assert!(KeptResult::parse(part).is_err());
        }
    }
}
