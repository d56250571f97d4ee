//! Both ways to a result's rows give the same: the object that Athena wrote, and its pages.

use std::time::{Duration, Instant};

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, TimeUnit};
use futures::StreamExt;
use lakehound::domain::query::QuerySummary;
use lakehound::ports::{QueryService, RunControl, RunningQuery};

use crate::peer::{Peer, RESULTS};
use crate::support::{request, service};

/// One way to the rows.
struct Way {
    /// All rows in one batch.
    rows: RecordBatch,
    /// What the run tells at its end.
    summary: QuerySummary,
    /// From the run's end, as Athena tells it, to the last row.
    took: Duration,
}

async fn whole(mut running: RunningQuery, began: Instant) -> Way {
    let mut batches = Vec::new();
    while let Some(batch) = running.batches.next().await {
        batches.push(batch.unwrap());
    }
    Way {
        rows: concat_batches(&running.schema, &batches).unwrap(),
        summary: running.monitor.summary(),
        took: began.elapsed(),
    }
}

/// The rows of a statement by the object, then by the pages because the object is gone.
fn both_ways(peer: &Peer, sql: &str) -> [Way; 2] {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let service = service(peer, folder.path()).await;
        let running = service
            .start(request(sql), RunControl::default())
            .await
            .unwrap();
        let execution = running.monitor.summary().execution.unwrap();
        drop(running);
        let again = async || {
            let began = Instant::now();
            let running = service.attach(&execution.id, RunControl::default()).await;
            whole(running.unwrap(), began).await
        };
        let stored = again().await;
        assert_eq!(stored.summary.notes, Vec::<String>::new());
        let location = execution.output_location.as_deref().unwrap();
        let key = location.strip_prefix(&format!("s3://{RESULTS}/")).unwrap();
        tokio::task::block_in_place(|| peer.delete_object(RESULTS, key));
        let paged = again().await;
        assert_eq!(
            paged.summary.notes,
            [format!(
                "there is no object {location}: the rows come through GetQueryResults, page by page, which is slower"
            )]
        );
        [stored, paged]
    })
}

#[test]
fn every_type_is_the_same_by_the_object_and_by_the_pages() {
    let peer = Peer::start();
    let sql = "SELECT * FROM (VALUES \
        (1, true, BIGINT '9223372036854775807', 1.5e300, DATE '2026-03-04', \
         TIMESTAMP '2026-03-04 05:06:07.089', CAST(1.50 AS decimal(10,2)), 'x\"y', ARRAY[1, 2]), \
        (2, false, BIGINT '-1', 0.1e0, DATE '1969-12-31', \
         TIMESTAMP '1969-12-31 23:59:59.999', CAST(-0.07 AS decimal(10,2)), '', ARRAY[3]), \
        (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)) \
        AS t(i, b, l, d, day, at, m, v, a) ORDER BY i";
    let [stored, paged] = both_ways(&peer, sql);
    let schema = stored.rows.schema();
    let types: Vec<&DataType> = schema
        .fields()
        .iter()
        .map(|field| field.data_type())
        .collect();
    let expected = [
        &DataType::Int32,
        &DataType::Boolean,
        &DataType::Int64,
        &DataType::Float64,
        &DataType::Date32,
        &DataType::Timestamp(TimeUnit::Millisecond, None),
        &DataType::Decimal128(10, 2),
        &DataType::Utf8,
        &DataType::Utf8,
    ];
    assert_eq!(types, expected);
    assert_eq!(stored.rows.num_rows(), 3);
    let nulls = stored
        .rows
        .columns()
        .iter()
        .map(|column| column.null_count());
    assert_eq!(nulls.collect::<Vec<_>>(), [0, 1, 1, 1, 1, 1, 1, 1, 1]);
    assert_eq!(stored.rows, paged.rows);
}

#[test]
fn many_rows_are_the_same_by_the_object_and_by_the_pages() {
    const ROWS: usize = 50_000;
    let peer = Peer::start();
    let sql = format!(
        "SELECT n, 'row ' || CAST(n AS varchar) AS v, n % 2 = 0 AS b, \
         CASE WHEN n % 3 = 0 THEN '' END AS e FROM UNNEST(sequence(1, {ROWS})) AS u(n) ORDER BY n"
    );
    let [stored, paged] = both_ways(&peer, &sql);
    assert_eq!(stored.rows.num_rows(), ROWS);
    assert!(stored.rows == paged.rows, "both ways give the same rows");
    let (object, pages) = (stored.summary.progress, paged.summary.progress);
    // Few parts and the metadata, against a page for every thousand rows.
    assert!(object.requests < 10, "{object:?}");
    assert!(pages.requests > ROWS as u64 / 1_000, "{pages:?}");
    println!(
        "{ROWS} rows: {:?} and {} requests by the object, {:?} and {} by pages ({:.0} times as long)",
        stored.took,
        object.requests,
        paged.took,
        pages.requests,
        paged.took.as_secs_f64() / stored.took.as_secs_f64()
    );
}
