//! The engine as its callers use it, over small lakes made in the test.

#![allow(
    clippy::disallowed_methods,
    reason = "the tests make the lakes that they read"
)]

mod files;
mod running;

use std::fs;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{Array, TimestampMillisecondArray};
use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, StructArray};
use arrow::datatypes::{DataType, Field};
use futures::StreamExt;
use parquet::arrow::ArrowWriter;

use super::*;
use crate::domain::query::{QueryId, QuerySummary};

pub(super) fn options(lake: &Path) -> EngineOptions {
    EngineOptions {
        lake: lake.into(),
        memory_bytes: 64 << 20,
        threads: 2,
        spill_dir: None,
    }
}

pub(super) fn open(lake: &Path) -> Engine {
    Engine::open(options(lake)).unwrap()
}

/// The rows of a query as `|`-separated text, and its summary.
pub(super) async fn rows(
    engine: &Engine,
    sql: &str,
) -> Result<(Vec<String>, QuerySummary), QueryError> {
    let mut running = engine
        .start(QueryRequest::new(QueryId(1), sql), RunControl::default())
        .await?;
    let mut rows = Vec::new();
    while let Some(batch) = running.batches.next().await {
        let batch = batch?;
        let options = arrow::util::display::FormatOptions::default().with_null("NULL");
        let columns: Vec<_> = batch
            .columns()
            .iter()
            .map(|column| arrow::util::display::ArrayFormatter::try_new(column, &options).unwrap())
            .collect();
        for row in 0..batch.num_rows() {
            let cells: Vec<String> = columns.iter().map(|c| c.value(row).to_string()).collect();
            rows.push(cells.join("|"));
        }
    }
    Ok((rows, running.monitor.summary()))
}

/// 2026-01-02T00:00:00Z in milliseconds.
pub(super) const DAY_2: i64 = 1_767_312_000_000;

/// A flow event's columns: time, time_dt and the source's address.
pub(super) fn flows(start: i64, addresses: &[&str]) -> RecordBatch {
    let times: Vec<i64> = (0..addresses.len() as i64)
        .map(|at| start + at * 1000)
        .collect();
    let ip: ArrayRef = Arc::new(StringArray::from(addresses.to_vec()));
    let port: ArrayRef = Arc::new(Int64Array::from_iter_values(0..addresses.len() as i64));
    let endpoint = StructArray::from(vec![
        (Arc::new(Field::new("ip", DataType::Utf8, true)), ip),
        (
            Arc::new(Field::new("extra_port", DataType::Int64, true)),
            port,
        ),
    ]);
    RecordBatch::try_from_iter_with_nullable([
        (
            "time",
            Arc::new(Int64Array::from(times.clone())) as ArrayRef,
            true,
        ),
        (
            "time_dt",
            Arc::new(TimestampMillisecondArray::from(times).with_timezone("UTC")) as ArrayRef,
            true,
        ),
        ("src_endpoint", Arc::new(endpoint) as ArrayRef, true),
    ])
    .unwrap()
}

pub(super) fn write(path: &Path, batch: &RecordBatch) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let file = fs::File::create(path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(batch).unwrap();
    writer.close().unwrap();
}

/// Where a flow file of a Region, account and day lies.
pub(super) fn place(
    lake: &Path,
    region: &str,
    account: &str,
    day: &str,
    name: &str,
) -> std::path::PathBuf {
    lake.join(format!(
        "aws/VPC_FLOW/2.0/region={region}/accountId={account}/eventDay={day}/{name}.gz.parquet"
    ))
}

/// Two Regions, two days, five rows.
pub(super) fn small_lake() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let lake = dir.path();
    write(
        &place(lake, "us-east-1", "000000000012", "20260102", "a"),
        &flows(DAY_2, &["10.0.0.1", "10.0.0.2"]),
    );
    write(
        &place(lake, "us-east-1", "000000000012", "20260105", "b"),
        &flows(DAY_2 + 3 * 86_400_000, &["10.0.0.1"]),
    );
    write(
        &place(lake, "eu-west-1", "111122223333", "20260102", "c"),
        &flows(DAY_2 + 5000, &["10.0.0.3", "10.0.0.1"]),
    );
    dir
}

#[tokio::test]
async fn partitions_are_texts_from_the_path() {
    let dir = small_lake();
    let engine = open(dir.path());
    let (found, summary) = rows(
        &engine,
        "SELECT region, accountid, eventday, asl_version, count(*) FROM vpc_flow GROUP BY 1, 2, 3, 4 ORDER BY 1, 3",
    )
    .await
    .unwrap();
    assert_eq!(
        found,
        [
            "eu-west-1|111122223333|20260102|2.0|2",
            "us-east-1|000000000012|20260102|2.0|2",
            "us-east-1|000000000012|20260105|2.0|1",
        ]
    );
    assert_eq!(summary.files_known, 3);
    assert_eq!(summary.notes, Vec::<String>::new());
}

#[tokio::test]
async fn a_regions_table_holds_its_region_and_the_alias_all() {
    let dir = small_lake();
    let engine = open(dir.path());
    for (table, count) in [
        ("vpc_flow", "5"),
        ("vpc_flow_2_0", "5"),
        ("amazon_security_lake_table_us_east_1_vpc_flow_2_0", "3"),
        (
            "\"amazon_security_lake_glue_db_eu_west_1\".\"amazon_security_lake_table_eu_west_1_vpc_flow_2_0\"",
            "2",
        ),
        (
            "awsdatacatalog.amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_vpc_flow_2_0",
            "3",
        ),
        (
            "AMAZON_SECURITY_LAKE_GLUE_DB_US_EAST_1.AMAZON_SECURITY_LAKE_TABLE_US_EAST_1_VPC_FLOW_1_0",
            "0",
        ),
    ] {
        let (found, _) = rows(&engine, &format!("SELECT count(*) FROM {table}"))
            .await
            .unwrap();
        assert_eq!(found, [count], "{table}");
    }
}

#[tokio::test]
async fn files_are_pruned_by_path_and_by_time() {
    let dir = small_lake();
    let engine = open(dir.path());
    for (filter, files, count) in [
        ("region = 'us-east-1'", 2, "3"),
        ("eventday >= '20260103'", 1, "1"),
        ("accountid IN ('111122223333', '1')", 1, "2"),
        ("time_dt > TIMESTAMP '2026-01-04 00:00:00'", 1, "1"),
        (
            "time_dt BETWEEN TIMESTAMP '2026-01-02 00:00:05' AND TIMESTAMP '2026-01-02 12:00:00'",
            1,
            "2",
        ),
        ("time < 1767312001000", 1, "1"),
        ("region LIKE 'eu%' OR eventday = '20260105'", 2, "3"),
    ] {
        let sql = format!("SELECT count(src_endpoint.ip) FROM vpc_flow WHERE {filter}");
        let (found, summary) = rows(&engine, &sql).await.unwrap();
        assert_eq!(found, [count], "{filter}");
        assert_eq!(summary.progress.files_total, files, "{filter}");
        assert_eq!(summary.progress.files_done, files, "{filter}");
    }
}

#[tokio::test]
async fn documented_tables_exist_without_files() {
    let dir = tempfile::tempdir().unwrap();
    let engine = open(dir.path());
    let (found, summary) = rows(
        &engine,
        "SELECT actor.user.uid, api.operation FROM cloud_trail_mgmt",
    )
    .await
    .unwrap();
    assert!(found.is_empty());
    assert_eq!(
        summary.notes,
        ["the lake holds no files of the table cloud_trail_mgmt"]
    );
}

#[tokio::test]
async fn a_new_file_is_seen_by_the_next_query() {
    let dir = small_lake();
    let engine = open(dir.path());
    let count = "SELECT count(*) FROM vpc_flow";
    assert_eq!(rows(&engine, count).await.unwrap().0, ["5"]);
    write(
        &place(dir.path(), "us-east-1", "000000000012", "20260106", "d"),
        &flows(DAY_2, &["10.0.0.9"]),
    );
    assert_eq!(rows(&engine, count).await.unwrap().0, ["6"]);
}

#[tokio::test]
async fn damaged_files_are_skipped_and_named() {
    let dir = small_lake();
    let whole = fs::read(place(
        dir.path(),
        "us-east-1",
        "000000000012",
        "20260102",
        "a",
    ))
    .unwrap();
    fs::write(
        place(dir.path(), "us-east-1", "000000000012", "20260102", "cut"),
        &whole[..whole.len() / 2],
    )
    .unwrap();
    fs::write(
        place(dir.path(), "us-east-1", "000000000012", "20260102", "none"),
        b"",
    )
    .unwrap();
    let engine = open(dir.path());
    let (found, summary) = rows(&engine, "SELECT count(*) FROM vpc_flow")
        .await
        .unwrap();
    assert_eq!(found, ["5"]);
    assert_eq!(summary.notes.len(), 2, "{:?}", summary.notes);
    assert!(
        summary.notes[0].contains("cut.gz.parquet"),
        "{:?}",
        summary.notes
    );
    assert!(
        summary.notes[1].contains("none.gz.parquet is empty"),
        "{:?}",
        summary.notes
    );
}

#[tokio::test]
async fn unknown_names_offer_the_nearest() {
    let dir = small_lake();
    let engine = open(dir.path());
    let error = rows(&engine, "SELECT 1 FROM vpc_flwo").await.unwrap_err();
    assert_eq!(error.kind, QueryErrorKind::UnknownName);
    assert!(error.hint.unwrap().contains("vpc_flow"));
    let error = rows(&engine, "SELECT tyme FROM vpc_flow")
        .await
        .unwrap_err();
    assert_eq!(error.kind, QueryErrorKind::UnknownName, "{error:?}");
    assert!(
        error.hint.as_deref().unwrap().contains("`time`"),
        "{error:?}"
    );
    assert_eq!(error.position.unwrap().column, 8);
}

#[tokio::test]
async fn the_hidden_path_is_there_where_it_is_named() {
    let dir = small_lake();
    let engine = open(dir.path());
    let (found, _) = rows(
        &engine,
        "SELECT \"$path\", count(*) FROM vpc_flow WHERE \"$path\" LIKE '%eu-west-1%' GROUP BY 1",
    )
    .await
    .unwrap();
    let file = place(dir.path(), "eu-west-1", "111122223333", "20260102", "c");
    assert_eq!(found, [format!("{}|2", file.display())]);
    let columns = |sql: &'static str| {
        let engine = &engine;
        async move {
            let request = QueryRequest::new(QueryId(1), sql);
            let running = engine.start(request, RunControl::default()).await.unwrap();
            running.columns.len()
        }
    };
    let all = columns("SELECT * FROM vpc_flow").await;
    assert_eq!(columns("SELECT *, \"$path\" FROM vpc_flow").await, all + 1);
    let bucket = dir.path().join("aws-security-data-lake-eu-west-1-abc");
    write(
        &place(&bucket, "eu-west-1", "111122223333", "20260103", "d"),
        &flows(DAY_2 + 86_400_000, &["10.0.0.9"]),
    );
    let (found, _) = rows(
        &engine,
        "SELECT v.\"$path\" FROM vpc_flow v WHERE eventday = '20260103'",
    )
    .await
    .unwrap();
    assert_eq!(
        found,
        [
            "s3://aws-security-data-lake-eu-west-1-abc/aws/VPC_FLOW/2.0/region=eu-west-1/accountId=111122223333/eventDay=20260103/d.gz.parquet"
        ]
    );
}

#[tokio::test]
async fn tables_are_described_in_athenas_types() {
    let dir = small_lake();
    let engine = open(dir.path());
    let (found, _) = rows(&engine, "DESCRIBE vpc_flow").await.unwrap();
    assert!(found.iter().any(|row| row == "time|bigint|"), "{found:?}");
    assert!(
        found.iter().any(|row| row == "region|string|partition key"),
        "{found:?}"
    );
    let endpoint = found.iter().find(|row| row.starts_with("src_endpoint|"));
    assert!(endpoint.unwrap().contains("struct<"), "{endpoint:?}");
    let (found, _) = rows(
        &engine,
        "SELECT data_type FROM information_schema.columns WHERE column_name = 'time_dt' LIMIT 1",
    )
    .await
    .unwrap();
    assert_eq!(found, ["timestamp"]);
    for sql in [
        "DESCRIBE vpc_flw",
        "SELECT * FROM information_schema.df_settings",
    ] {
        let error = rows(&engine, sql).await.unwrap_err();
        assert_eq!(error.kind, QueryErrorKind::UnknownName, "{sql}: {error:?}");
        assert!(error.position.is_some(), "{sql}: {error:?}");
    }
}

#[tokio::test]
async fn a_mistyped_field_is_offered_the_nearest_and_a_text_has_none() {
    let dir = small_lake();
    let engine = open(dir.path());
    let failure = |sql: &'static str| {
        let engine = &engine;
        async move { rows(engine, sql).await.unwrap_err() }
    };
    for sql in [
        "SELECT src_endpoint.extra_prt FROM vpc_flow",
        "SELECT v.src_endpoint.extra_prt FROM vpc_flow v",
    ] {
        let error = failure(sql).await;
        let hint = error.hint.unwrap_or_default();
        assert!(hint.contains("`extra_port`"), "{sql}: {hint}");
    }
    let error = failure("SELECT v.src_endpoint.ip.x FROM vpc_flow v").await;
    assert_eq!(error.message, "`ip` is a varchar and has no field `x`");
    assert_eq!(error.position.map(|at| at.column), Some(26));
}

#[tokio::test]
async fn a_subquery_without_a_plan_is_refused_at_its_place() {
    let dir = small_lake();
    let engine = open(dir.path());
    let (found, _) = rows(
        &engine,
        "SELECT count(*) FROM vpc_flow a WHERE a.time >= (SELECT max(c.time) FROM vpc_flow c WHERE c.src_endpoint.ip = a.src_endpoint.ip)",
    )
    .await
    .unwrap();
    assert_eq!(found, ["3"]);
    for (sql, words, column) in [
        (
            "SELECT (SELECT max(c.time) FROM vpc_flow c WHERE c.time < a.time) FROM vpc_flow a",
            "this correlated subquery",
            9,
        ),
        (
            "SELECT time IN (SELECT 1) FROM vpc_flow",
            "IN with a subquery",
            17,
        ),
        ("SELECT EXISTS (SELECT 1)", "EXISTS in this place", 16),
        ("SELECT 1 IN (VALUES 2, 3)", "IN with a subquery", 14),
        (
            "SELECT * FROM vpc_flow u, LATERAL (SELECT u.time + 1)",
            "this LATERAL subquery",
            36,
        ),
    ] {
        let error = rows(&engine, sql).await.unwrap_err();
        assert_eq!(error.kind, QueryErrorKind::Unsupported, "{sql}: {error:?}");
        assert!(
            error.message.ends_with(words) || error.message.contains(words),
            "{error:?}"
        );
        assert_eq!(
            error.position.map(|at| at.column),
            Some(column),
            "{sql}: {error:?}"
        );
        assert!(error.hint.is_some(), "{sql}");
    }
}

/// What was searched is told apart from what was found.
#[tokio::test]
async fn rows_that_no_filter_lets_through_were_searched_all_the_same() {
    let dir = small_lake();
    let engine = open(dir.path());
    for (sql, searched) in [
        (
            "SELECT time FROM vpc_flow WHERE src_endpoint.ip = '10.9.9.9'",
            5,
        ),
        // Read twice, it is searched once.
        (
            "SELECT a.time FROM vpc_flow a JOIN vpc_flow b ON a.time = b.time WHERE a.src_endpoint.ip = 'x'",
            5,
        ),
        (
            "SELECT time FROM vpc_flow WHERE region = 'eu-west-1' AND src_endpoint.ip = 'x'",
            2,
        ),
    ] {
        let (found, summary) = rows(&engine, sql).await.unwrap();
        let progress = summary.progress;
        assert_eq!(
            (found.len(), progress.rows_searched),
            (0, searched),
            "{sql}"
        );
    }
}
