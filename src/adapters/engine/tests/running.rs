//! Running queries: stopping them, their memory, their errors.

use std::time::Duration;

use super::*;

/// Many rows in one file, so that a cross join has no end.
fn many_rows() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let texts: Vec<String> = (0..30_000)
        .map(|n| format!("10.{}.{}.{}", n / 6_400, n / 80 % 80, n % 80))
        .collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    write(
        &place(dir.path(), "us-east-1", "1", "20260102", "a"),
        &flows(DAY_2, &texts),
    );
    dir
}

/// Waits until nothing but the test holds the watch: every task of the query has gone.
async fn gone(sql: &str, monitor: &Arc<dyn crate::ports::QueryMonitor>) {
    let waited = tokio::time::timeout(Duration::from_secs(20), async {
        while Arc::strong_count(monitor) > 1 {
            tokio::task::yield_now().await;
        }
    });
    assert!(waited.await.is_ok(), "still running: {sql}");
}

#[tokio::test]
async fn dropping_a_query_stops_it() {
    let dir = many_rows();
    let engine = open(dir.path());
    for sql in [
        // Streams for ever.
        "SELECT a.time FROM vpc_flow a CROSS JOIN vpc_flow b CROSS JOIN vpc_flow c",
        // Blocks in an aggregate and in a sort.
        "SELECT count(*) FROM vpc_flow a CROSS JOIN vpc_flow b WHERE a.src_endpoint.ip < b.src_endpoint.ip || 'x'",
        "SELECT a.time FROM vpc_flow a CROSS JOIN vpc_flow b ORDER BY a.time, b.time",
    ] {
        let mut running = engine
            .start(QueryRequest::new(QueryId(1), sql), RunControl::default())
            .await
            .unwrap();
        let first = tokio::time::timeout(Duration::from_millis(100), running.batches.next());
        let _ = first.await;
        let monitor = Arc::clone(&running.monitor);
        drop(running);
        gone(sql, &monitor).await;
    }
}

#[tokio::test]
async fn a_query_outlives_neither_its_engine_nor_its_reader() {
    let dir = many_rows();
    let engine = open(dir.path());
    let sql = "SELECT a.time FROM vpc_flow a CROSS JOIN vpc_flow b CROSS JOIN vpc_flow c";
    let mut running = engine
        .start(QueryRequest::new(QueryId(1), sql), RunControl::default())
        .await
        .unwrap();
    assert!(running.batches.next().await.unwrap().is_ok());
    drop(engine);
    let last = loop {
        match running.batches.next().await {
            Some(Ok(_)) => {}
            other => break other,
        }
    };
    assert_eq!(last.unwrap().unwrap_err().kind, QueryErrorKind::Cancelled);
}

#[tokio::test]
async fn a_sort_larger_than_memory_spills_and_cleans_up() {
    let dir = many_rows();
    let spill = tempfile::tempdir().unwrap();
    let engine = Engine::open(EngineOptions {
        memory_bytes: 8 << 20,
        spill_dir: Some(spill.path().to_path_buf()),
        ..options(dir.path())
    })
    .unwrap();
    let (found, _) = rows(
        &engine,
        "SELECT a.src_endpoint.ip || '-' || b.src_endpoint.ip AS pair FROM vpc_flow a CROSS JOIN (SELECT * FROM vpc_flow ORDER BY time LIMIT 7) b ORDER BY pair",
    )
    .await
    .unwrap();
    assert_eq!(found.len(), 210_000);
    assert!(found.is_sorted());
    let left = || walk(spill.path()).len();
    assert_eq!(left(), 0);
    drop(engine);
}

fn walk(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(walk(&path));
        } else {
            files.push(path);
        }
    }
    files
}

#[tokio::test]
async fn errors_of_values_are_told_in_plain_words() {
    let dir = small_lake();
    let engine = open(dir.path());
    for sql in [
        "SELECT CAST(src_endpoint.ip AS integer) FROM vpc_flow",
        "SELECT time FROM vpc_flow WHERE CAST(src_endpoint.ip AS integer) = 1",
    ] {
        let error = rows(&engine, sql).await.unwrap_err();
        assert_eq!(error.kind, QueryErrorKind::Execution, "{error:?}");
        for jargon in ["External", "Arrow", "DataFusion", "Error evaluating"] {
            assert!(!error.message.contains(jargon), "{error:?}");
        }
        assert!(error.message.contains("10.0.0."), "{error:?}");
    }
}

#[tokio::test]
async fn lakes_that_are_none_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let missing = Engine::open(options(&dir.path().join("none")));
    assert!(matches!(missing, Err(LakeError::Missing(_))));
    let file = dir.path().join("file");
    fs::write(&file, b"").unwrap();
    assert!(matches!(
        Engine::open(options(&file)),
        Err(LakeError::NotAFolder(_))
    ));
}

#[tokio::test]
async fn the_catalogue_lists_and_finds_tables() {
    let dir = small_lake();
    let engine = open(dir.path());
    let tables = engine.tables().await.unwrap();
    let flow = tables
        .iter()
        .find(|table| table.name.table == "amazon_security_lake_table_eu_west_1_vpc_flow_2_0")
        .unwrap();
    assert_eq!(flow.files, Some(1));
    assert_eq!(flow.alias.as_deref(), Some("vpc_flow"));
    assert!(
        flow.columns
            .iter()
            .any(|column| column.name == "eventday" && column.partition)
    );
    let one = engine
        .table("\"amazon_security_lake_glue_db_us_east_1\".\"amazon_security_lake_table_us_east_1_vpc_flow_2_0\"")
        .await
        .unwrap();
    assert_eq!(one.files, Some(2));
    let endpoint = one
        .columns
        .iter()
        .find(|column| column.name == "src_endpoint")
        .unwrap();
    assert!(
        endpoint.type_text.contains("extra_port:bigint"),
        "{}",
        endpoint.type_text
    );
    let error = engine.table("vpc_flwo").await.unwrap_err();
    assert_eq!(error.kind, QueryErrorKind::UnknownName);
}

#[tokio::test]
async fn a_folder_to_spill_into_is_made() {
    let dir = many_rows();
    let home = tempfile::tempdir().unwrap();
    let spill = home.path().join("not/there/yet");
    let engine = Engine::open(EngineOptions {
        spill_dir: Some(spill.clone()),
        ..options(dir.path())
    })
    .unwrap();
    let request = QueryRequest::new(QueryId(1), "SELECT count(*) FROM vpc_flow");
    let mut running = engine.start(request, RunControl::default()).await.unwrap();
    assert!(running.batches.next().await.unwrap().is_ok());
    assert!(spill.is_dir());
}

#[tokio::test]
async fn rows_come_as_they_are_found() {
    let dir = tempfile::tempdir().unwrap();
    // A condition on a list is none that the Parquet reader applies by itself.
    let mut names = arrow::array::ListBuilder::new(arrow::array::StringBuilder::new());
    for row in 0..30_000 {
        names
            .values()
            .append_value(if row % 6_000 == 5 { "rare" } else { "usual" });
        names.append(true);
    }
    let names: ArrayRef = Arc::new(names.finish());
    let times: ArrayRef = Arc::new(Int64Array::from_iter_values(0..30_000));
    let batch = RecordBatch::try_from_iter([("time", times), ("names", names)]).unwrap();
    write(
        &place(dir.path(), "us-east-1", "1", "20260102", "a"),
        &batch,
    );
    let engine = open(dir.path());
    // One row in each of five stretches of the file; nothing above the filter needs them all.
    let sql = "SELECT \"time\" FROM vpc_flow WHERE any_match(names, name -> name = 'rare') \
        UNION ALL SELECT \"time\" FROM vpc_flow WHERE contains(names, 'none')";
    let mut running = engine
        .start(QueryRequest::new(QueryId(1), sql), RunControl::default())
        .await
        .unwrap();
    let mut sizes = Vec::new();
    while let Some(batch) = running.batches.next().await {
        sizes.push(batch.unwrap().num_rows());
    }
    assert_eq!(sizes.iter().sum::<usize>(), 5);
    // So many of the batches that are read have one.
    assert_eq!(sizes.len(), 3, "{sizes:?}");
}
