//! Files as different writers make them, damaged ones, and which bytes are read of each.

use std::path::PathBuf;

use arrow::array::{BooleanArray, Int32Array, ListArray, StringBuilder};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::Fields;
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

use super::*;
use crate::domain::estimate::Effort;
use crate::domain::lake::{Source, SourceVersion};
use crate::domain::query::AttachedFile;

/// A file with a legacy two-level list, a list without its annotation and a map whose entry group
/// bears the map's name: two rows.
fn legacy_file(path: &Path) {
    let message = "message schema {
        optional int64 time;
        optional group resources (LIST) { repeated group array { optional binary uid (UTF8); optional binary type (UTF8); } }
        optional group profiles { repeated binary array (UTF8); }
        optional group unmapped (MAP) { repeated group unmapped { required binary key (UTF8); optional binary value (UTF8); } }
    }";
    let schema = Arc::new(parse_message_type(message).unwrap());
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let properties = Arc::new(WriterProperties::builder().build());
    let file = fs::File::create(path).unwrap();
    let mut writer = SerializedFileWriter::new(file, schema, properties).unwrap();
    let mut group = writer.next_row_group().unwrap();
    let texts = |values: &[&str]| -> Vec<ByteArray> {
        values.iter().map(|v| ByteArray::from(*v)).collect()
    };
    let mut at = 0;
    while let Some(mut column) = group.next_column().unwrap() {
        match at {
            0 => {
                column
                    .typed::<Int64Type>()
                    .write_batch(&[1, 2], Some(&[1, 1]), None)
                    .unwrap();
            }
            // Row 1: two resources; row 2: none.
            1 => {
                column
                    .typed::<ByteArrayType>()
                    .write_batch(&texts(&["u1", "u2"]), Some(&[3, 3, 1]), Some(&[0, 1, 0]))
                    .unwrap();
            }
            2 => {
                column
                    .typed::<ByteArrayType>()
                    .write_batch(&texts(&["t1"]), Some(&[3, 2, 1]), Some(&[0, 1, 0]))
                    .unwrap();
            }
            3 => {
                column
                    .typed::<ByteArrayType>()
                    .write_batch(
                        &texts(&["cloud", "datetime"]),
                        Some(&[2, 2, 0]),
                        Some(&[0, 1, 0]),
                    )
                    .unwrap();
            }
            4 => {
                column
                    .typed::<ByteArrayType>()
                    .write_batch(&texts(&["k"]), Some(&[2, 0]), Some(&[0, 0]))
                    .unwrap();
            }
            _ => {
                column
                    .typed::<ByteArrayType>()
                    .write_batch(&texts(&["v"]), Some(&[3, 0]), Some(&[0, 0]))
                    .unwrap();
            }
        }
        column.close().unwrap();
        at += 1;
    }
    group.close().unwrap();
    writer.close().unwrap();
}

fn trail(lake: &Path, name: &str) -> PathBuf {
    lake.join(format!(
        "aws/CLOUD_TRAIL_MGMT/1.0/region=us-east-1/accountId=000000000012/eventDay=20260102/{name}.gz.parquet"
    ))
}

#[tokio::test]
async fn legacy_lists_and_maps_are_read() {
    let dir = tempfile::tempdir().unwrap();
    legacy_file(&trail(dir.path(), "old"));
    let engine = open(dir.path());
    let (found, summary) = rows(
        &engine,
        "SELECT time, cardinality(resources), unmapped['k'] FROM cloud_trail_mgmt ORDER BY time",
    )
    .await
    .unwrap_or_else(|error| panic!("{error:?}"));
    assert_eq!(found[0], "1|2|v");
    assert!(found[1].starts_with("2|0|NULL"), "{found:?}");
    assert_eq!(summary.notes, Vec::<String>::new());
    let (found, _) = rows(
        &engine,
        "SELECT r.uid, r.type FROM cloud_trail_mgmt CROSS JOIN UNNEST(resources) AS t(r) ORDER BY 1",
    )
    .await
    .unwrap();
    assert_eq!(found, ["u1|t1", "u2|NULL"]);
    // `profiles` is not documented at this place: the file adds the column.
    let (found, _) = rows(
        &engine,
        "SELECT profiles FROM cloud_trail_mgmt ORDER BY time",
    )
    .await
    .unwrap();
    assert_eq!(found, ["[cloud, datetime]", "NULL"]);
}

#[tokio::test]
async fn files_of_one_table_may_differ() {
    let dir = tempfile::tempdir().unwrap();
    legacy_file(&trail(dir.path(), "a"));
    let items = StructArray::from(vec![(
        Arc::new(Field::new("uid", DataType::Utf8, true)),
        Arc::new(StringArray::from(vec!["x"])) as ArrayRef,
    )]);
    let item = Arc::new(Field::new("item", items.data_type().clone(), true));
    let list = ListArray::new(item, OffsetBuffer::from_lengths([1]), Arc::new(items), None);
    let other = RecordBatch::try_from_iter_with_nullable([
        ("resources", Arc::new(list) as ArrayRef, true),
        (
            "time",
            Arc::new(Int32Array::from(vec![9])) as ArrayRef,
            true,
        ),
        (
            "only_here",
            Arc::new(BooleanArray::from(vec![true])) as ArrayRef,
            true,
        ),
        // Nothing in common with the documented map.
        (
            "unmapped",
            Arc::new(Int64Array::from(vec![5])) as ArrayRef,
            true,
        ),
    ])
    .unwrap();
    write(&trail(dir.path(), "b"), &other);
    let engine = open(dir.path());
    let (found, summary) = rows(
        &engine,
        "SELECT time, cardinality(resources), only_here, unmapped['k'] FROM cloud_trail_mgmt ORDER BY time",
    )
    .await
    .unwrap();
    assert_eq!(found, ["1|2|NULL|v", "2|0|NULL|NULL", "9|1|true|NULL"]);
    assert_eq!(summary.notes.len(), 1, "{:?}", summary.notes);
    assert!(summary.notes[0].contains("unmapped"), "{:?}", summary.notes);
    let (found, _) = rows(&engine, "SELECT time FROM cloud_trail_mgmt WHERE only_here")
        .await
        .unwrap();
    assert_eq!(found, ["9"]);
    let (found, _) = rows(
        &engine,
        "SELECT time FROM cloud_trail_mgmt WHERE unmapped['k'] = 'v'",
    )
    .await
    .unwrap();
    assert_eq!(found, ["1"]);
}

#[tokio::test]
async fn a_column_of_one_file_in_many_is_found() {
    let dir = tempfile::tempdir().unwrap();
    for at in 0..12 {
        let mut columns = vec![(
            "time",
            Arc::new(Int64Array::from(vec![at])) as ArrayRef,
            true,
        )];
        if at == 5 {
            columns.push((
                "rare",
                Arc::new(Int64Array::from(vec![55])) as ArrayRef,
                true,
            ));
        }
        let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
        write(&trail(dir.path(), &format!("{at:02}")), &batch);
    }
    let engine = open(dir.path());
    let (found, _) = rows(&engine, "SELECT sum(rare) FROM cloud_trail_mgmt")
        .await
        .unwrap();
    assert_eq!(found, ["55"]);
    let all = engine
        .start(
            QueryRequest::new(QueryId(1), "SELECT * FROM cloud_trail_mgmt LIMIT 1"),
            RunControl::default(),
        )
        .await
        .unwrap();
    assert!(all.columns.iter().any(|column| column.name == "rare"));
}

/// A struct of two wide leaves beside a narrow one.
fn wide(rows: usize) -> RecordBatch {
    let text = |seed: usize| -> ArrayRef {
        let mut texts = StringBuilder::new();
        for row in 0..rows {
            texts.append_value(format!("{:032x}", (row * 7919 + seed) * 104_729));
        }
        Arc::new(texts.finish())
    };
    let small: ArrayRef = Arc::new(Int32Array::from_iter_values(
        (0..rows as i32).map(|n| n % 3),
    ));
    let user = StructArray::from(vec![
        (Arc::new(Field::new("uid", DataType::Int32, true)), small),
        (Arc::new(Field::new("name", DataType::Utf8, true)), text(1)),
    ]);
    let fields = Fields::from(vec![
        Field::new("user", user.data_type().clone(), true),
        Field::new("blob", DataType::Utf8, true),
    ]);
    let actor = StructArray::new(fields, vec![Arc::new(user), text(2)], None);
    RecordBatch::try_from_iter_with_nullable([("actor", Arc::new(actor) as ArrayRef, true)])
        .unwrap()
}

#[tokio::test]
async fn only_the_needed_leaves_of_a_struct_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("events/a.parquet");
    write(&path, &wide(20_000));
    let size = fs::metadata(&path).unwrap().len();
    let engine = open(dir.path());
    for sql in [
        "SELECT actor.user.uid FROM events",
        "SELECT count(*) FROM events WHERE actor.user.uid = 1",
        "SELECT count(DISTINCT actor.user.uid) FROM events",
        "SELECT actor.user.uid, count(*) FROM events GROUP BY actor.user.uid ORDER BY 2",
    ] {
        let (_, summary) = rows(&engine, sql).await.unwrap();
        let read = summary.progress.bytes_read;
        assert!(read > 0 && read < size / 50, "{sql}: {read} of {size}");
        let estimate = engine
            .estimate(QueryRequest::new(QueryId(2), sql), Effort::Full)
            .await
            .unwrap();
        assert_eq!(estimate.files, 1);
        assert!(
            estimate.bytes > 0 && estimate.bytes < size / 50,
            "{sql}: {estimate:?}"
        );
        assert_eq!(estimate.rows, 20_000);
    }
    let mut request = QueryRequest::new(QueryId(3), "SELECT actor.blob FROM events");
    request.max_bytes = Some(size / 10);
    let error = engine
        .start(request, RunControl::default())
        .await
        .map(|_| ())
        .unwrap_err();
    assert_eq!(error.kind, QueryErrorKind::TooLarge);
}

#[tokio::test]
async fn no_truncation_fails_a_query() {
    let dir = tempfile::tempdir().unwrap();
    let whole = dir.path().join("whole.parquet");
    write(&whole, &flows(DAY_2, &["10.0.0.1", "10.0.0.2", "10.0.0.3"]));
    let bytes = fs::read(&whole).unwrap();
    let lake = tempfile::tempdir().unwrap();
    write(
        &place(lake.path(), "us-east-1", "1", "20260102", "good"),
        &flows(DAY_2, &["10.0.0.9"]),
    );
    let cut = place(lake.path(), "us-east-1", "1", "20260102", "cut");
    let engine = open(lake.path());
    for length in (0..bytes.len()).step_by(61) {
        fs::write(&cut, &bytes[..length]).unwrap();
        let (found, summary) = rows(&engine, "SELECT src_endpoint.ip FROM vpc_flow")
            .await
            .unwrap();
        assert_eq!(found, ["10.0.0.9"], "{length}");
        assert_eq!(summary.notes.len(), 1, "{length}: {:?}", summary.notes);
    }
}

#[tokio::test]
async fn no_flipped_bytes_fail_a_query() {
    let lake = tempfile::tempdir().unwrap();
    let path = place(lake.path(), "us-east-1", "1", "20260102", "flipped");
    write(&path, &flows(DAY_2, &["10.0.0.1", "10.0.0.2", "10.0.0.3"]));
    let bytes = fs::read(&path).unwrap();
    for at in (0..bytes.len()).step_by(97) {
        let mut bad = bytes.clone();
        for byte in bad.iter_mut().skip(at).take(4) {
            *byte ^= 0xa5;
        }
        fs::write(&path, &bad).unwrap();
        // A new engine each time: the file's size and tick of change may be the same as before.
        let engine = open(lake.path());
        let answer = rows(&engine, "SELECT time, src_endpoint.ip FROM vpc_flow").await;
        assert!(answer.is_ok(), "{at}: {answer:?}");
    }
}

fn attach(sql: &str, name: &str, path: &Path) -> QueryRequest {
    let mut request = QueryRequest::new(QueryId(4), sql);
    request.attached = vec![AttachedFile {
        name: name.to_owned(),
        path: path.to_path_buf(),
    }];
    request
}

async fn attached_rows(engine: &Engine, request: QueryRequest) -> Result<Vec<String>, QueryError> {
    let mut running = engine.start(request, RunControl::default()).await?;
    let mut rows = Vec::new();
    while let Some(batch) = running.batches.next().await {
        let batch = batch?;
        for row in 0..batch.num_rows() {
            let cells: Vec<String> = batch
                .columns()
                .iter()
                .map(|c| arrow::util::display::array_value_to_string(c, row).unwrap())
                .collect();
            rows.push(cells.join("|"));
        }
    }
    Ok(rows)
}

#[tokio::test]
async fn attached_files_join_the_lake() {
    let dir = small_lake();
    let engine = open(dir.path());
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("watch.csv");
    fs::write(
        &list,
        "\u{feff}IP,Account\n10.0.0.3,000000000012\n10.0.0.9,\n",
    )
    .unwrap();
    let sql = "SELECT f.src_endpoint.ip, w.account FROM vpc_flow f JOIN bad w ON f.src_endpoint.ip = w.ip";
    let found = attached_rows(&engine, attach(sql, "Bad", &list))
        .await
        .unwrap();
    assert_eq!(found, ["10.0.0.3|000000000012"]);

    let lines = folder.path().join("w.ndjson");
    fs::write(
        &lines,
        "{\"ip\":\"a\",\"n\":1}\n{\"ip\":\"b\",\"tags\":[\"x\"]}\n",
    )
    .unwrap();
    let array = folder.path().join("w.json");
    fs::write(
        &array,
        " [{\"ip\":\"a\",\"n\":1}, {\"ip\":\"b\",\"tags\":[\"x\"]}]",
    )
    .unwrap();
    for path in [lines, array] {
        let sql = "SELECT ip, n, cardinality(tags) FROM w ORDER BY ip";
        let found = attached_rows(&engine, attach(sql, "w", &path))
            .await
            .unwrap();
        assert_eq!(found, ["a|1|", "b||1"]);
    }

    let parquet = folder.path().join("w.parquet");
    write(&parquet, &flows(DAY_2, &["10.0.0.7"]));
    let alone = Engine::without_lake(options(folder.path())).unwrap();
    let found = attached_rows(
        &alone,
        attach("SELECT src_endpoint.ip FROM w", "w", &parquet),
    )
    .await
    .unwrap();
    assert_eq!(found, ["10.0.0.7"]);
    let missing = attach("SELECT 1 FROM w", "w", &folder.path().join("none.csv"));
    let error = attached_rows(&alone, missing).await.unwrap_err();
    assert_eq!(error.kind, QueryErrorKind::Storage);
    assert!(error.message.contains("none.csv"), "{error:?}");
}

#[tokio::test]
async fn plain_folders_are_tables_of_their_names() {
    let dir = tempfile::tempdir().unwrap();
    for (folder, count) in [("v1/api activity", 2), ("v1/dns", 1)] {
        for at in 0..count {
            let name = format!("{folder}/{at}.parquet");
            write(&dir.path().join(name), &flows(DAY_2, &["10.0.0.1"]));
        }
    }
    write(
        &dir.path().join("single.gz.parquet"),
        &flows(DAY_2, &["10.0.0.1"]),
    );
    let engine = open(dir.path());
    for (table, count) in [
        ("api_activity", "2"),
        ("dns", "1"),
        ("single", "1"),
        ("\"default\".\"dns\"", "1"),
    ] {
        let (found, _) = rows(&engine, &format!("SELECT count(time) FROM {table}"))
            .await
            .unwrap();
        assert_eq!(found, [count], "{table}");
    }
    let names: Vec<String> = engine
        .tables()
        .await
        .unwrap()
        .into_iter()
        .map(|t| t.name.to_string())
        .collect();
    assert!(
        names.contains(&"default.api_activity".to_owned()),
        "{names:?}"
    );
}

#[tokio::test]
async fn a_plain_folder_of_a_documented_source_is_that_source_too() {
    let dir = tempfile::tempdir().unwrap();
    let documented =
        crate::domain::lake::documented_schema(Source::Route53, SourceVersion::V2).unwrap();
    let fields: Vec<Field> = ["time", "time_dt", "query", "rcode", "answers", "class_uid"]
        .iter()
        .filter_map(|name| documented.field_with_name(name).ok().cloned())
        .chain(
            documented
                .fields()
                .iter()
                .take(12)
                .map(|field| field.as_ref().clone()),
        )
        .collect();
    let mut seen = std::collections::HashSet::new();
    let fields: Vec<Field> = fields
        .into_iter()
        .filter(|f| seen.insert(f.name().clone()))
        .collect();
    let schema = Arc::new(arrow::datatypes::Schema::new(fields));
    let columns = schema
        .fields()
        .iter()
        .map(|field| arrow::array::new_null_array(field.data_type(), 3))
        .collect();
    let batch = RecordBatch::try_new(schema, columns).unwrap();
    write(&dir.path().join("some/where/a.parquet"), &batch);
    let engine = open(dir.path());
    for table in [
        "\"where\"",
        "route53",
        "amazon_security_lake_table_us_east_1_route53_2_0",
    ] {
        let (found, _) = rows(&engine, &format!("SELECT count(*) FROM {table}"))
            .await
            .unwrap();
        assert_eq!(found, ["3"], "{table}");
    }
    assert_eq!(engine.facts().await.unwrap().files, 1);
}

#[tokio::test]
async fn only_the_needed_fields_of_unnested_records_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let rows_in_all = 20_000;
    let batch = wide(rows_in_all);
    let actor = batch.column(0).clone();
    let item = Arc::new(Field::new("element", actor.data_type().clone(), true));
    let list = ListArray::new(
        item,
        OffsetBuffer::from_lengths(vec![1; rows_in_all]),
        actor,
        None,
    );
    let batch =
        RecordBatch::try_from_iter_with_nullable([("people", Arc::new(list) as ArrayRef, true)])
            .unwrap();
    let path = dir.path().join("events/a.parquet");
    write(&path, &batch);
    let size = fs::metadata(&path).unwrap().len();
    let engine = open(dir.path());
    for (sql, first) in [
        (
            "SELECT p.user.uid, count(*) FROM events CROSS JOIN UNNEST(people) AS t(p) GROUP BY 1 ORDER BY 1",
            "0|6667",
        ),
        (
            "SELECT count(p.blob) FROM events CROSS JOIN UNNEST(people) AS t(p)",
            "20000",
        ),
        (
            "SELECT count(*) FROM events CROSS JOIN UNNEST(people) AS t(p) WHERE p.blob = 'x' OR p.blob > ''",
            "20000",
        ),
    ] {
        let (found, summary) = rows(&engine, sql)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        assert_eq!(found[0], first, "{sql}");
        let read = summary.progress.bytes_read;
        assert!(read < size * 7 / 10, "{sql}: {read} of {size}");
    }
    let sql = "SELECT p FROM events CROSS JOIN UNNEST(people) AS t(p) LIMIT 1";
    let (found, _) = rows(&engine, sql).await.unwrap();
    assert!(found[0].contains("blob"), "{found:?}");
}
