//! Results and short queries of Athena beside a peer on the loopback, at the latencies of a network.
//!
//! `cargo bench --bench athena_peer` starts ministack (its packages come from PyPI by exact hash, once,
//! below `target/`) behind a proxy that lets every request wait: ours and those that are compared
//! with them alike. `LAKEHOUND_BENCH_RUNS` (60) is how many short queries are run.
//!
//! - A result of 50,000 rows, from the moment at which SUCCEEDED is known to the last row in the
//!   result store, and the same execution's pages by GetQueryResults, one after the other as their
//!   tokens demand.
//! - What is added to a query of 200 ms: from the call to the last row, without the milliseconds that
//!   the peer says that it took.

#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a bench measures the clock, prints, and stops where it cannot measure"
)]

#[path = "peer/environment.rs"]
#[allow(dead_code, reason = "the other benches use the rest of it")]
mod environment;
#[path = "../tests/aws/http.rs"]
mod http;
#[path = "../tests/aws/peer.rs"]
#[allow(dead_code, reason = "the tests use the rest of it")]
mod peer;
#[path = "../tests/aws/support.rs"]
#[allow(dead_code, reason = "the tests use the rest of it")]
mod support;
#[path = "../tests/support/venv.rs"]
mod venv;
#[path = "../tests/aws/wire.rs"]
#[allow(dead_code, reason = "the tests use the rest of it")]
mod wire;

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use lakehound::adapters::athena::AthenaService;
use lakehound::adapters::results::ResultStore;
use lakehound::domain::query::Stage;
use lakehound::ports::{QueryService as _, RunControl, RunningQuery};

use peer::Peer;
use support::{access, journal, options, request};
use wire::{Mishap, Wire};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROWS: usize = 50_000;

/// Milliseconds that a request takes to the peer.
const LATENCIES: [u64; 3] = [0, 50, 150];

/// Results of each way at each latency; the median counts.
const RESULTS: usize = 5;

/// Bytes of a result kept in memory, as in the console.
const RESULT_BYTES: usize = 256 << 20;

fn main() {
    let runs = environment::number("LAKEHOUND_BENCH_RUNS", 60).max(1);
    let peer = Peer::start();
    let wire = Wire::to(peer.port());
    let folder = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let access = access(&wire.endpoint()).await;
        let service = Arc::new(AthenaService::new(
            &access,
            journal(folder.path()),
            options(),
        ));
        println!("{ROWS} rows from SUCCEEDED to the last one, median of {RESULTS}");
        for latency in LATENCIES {
            wire.delay(Duration::from_millis(latency));
            results(&service, &access.athena(), &wire, latency).await;
        }
        println!("added to a query of 200 ms, {runs} runs one after the other");
        for latency in LATENCIES {
            wire.delay(Duration::from_millis(latency));
            short_queries(&service, latency, runs).await;
        }
    });
}

/// A result by its object, and the same execution's by its pages.
async fn results(
    service: &Arc<AthenaService>,
    client: &aws_sdk_athena::Client,
    wire: &Wire,
    latency: u64,
) {
    let sql = format!(
        "SELECT n, 'row ' || CAST(n AS varchar) AS v, n % 2 = 0 AS b, \
         CASE WHEN n % 3 = 0 THEN '' END AS e FROM UNNEST(sequence(1, {ROWS})) AS u(n) ORDER BY n"
    );
    let (mut ours, mut pages) = (Vec::new(), Vec::new());
    let mut requests = (0, 0);
    for _ in 0..RESULTS {
        let control = RunControl::default();
        let seen = tokio::spawn(succeeded(control.clone()));
        let running = service.start(request(&sql), control).await.expect("a run");
        let known = seen.await.expect("the moment of SUCCEEDED");
        let monitor = Arc::clone(&running.monitor);
        assert_eq!(into_a_store(running).await, ROWS);
        ours.push(known.elapsed());
        let summary = monitor.summary();
        requests.0 = summary.progress.requests;
        let id = summary.execution.expect("an execution").id;

        wire.on(|_| Mishap::None);
        let began = Instant::now();
        assert_eq!(by_pages(client, &id).await, ROWS);
        pages.push(began.elapsed());
        requests.1 = wire.seen().len() as u64;
    }
    let (ours, pages) = (median(&mut ours), median(&mut pages));
    println!(
        "  {latency:>3} ms a request: {:>6.0} ms in {} requests, GetQueryResults {:>6.0} ms in {}: {:.1} times as long",
        ms(ours),
        requests.0,
        ms(pages),
        requests.1,
        pages.as_secs_f64() / ours.as_secs_f64()
    );
}

/// The moment at which a run is known to have succeeded.
async fn succeeded(control: RunControl) -> Instant {
    while control.waiting().stage != Stage::Fetching {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Instant::now()
}

/// All rows of a run into a store, as a result that is shown has them.
async fn into_a_store(mut running: RunningQuery) -> usize {
    let schema = Arc::clone(&running.schema);
    let store = ResultStore::new(
        running.columns.clone(),
        schema,
        RESULT_BYTES,
        std::env::temp_dir(),
    );
    let mut rows = 0;
    while let Some(batch) = running.batches.next().await {
        let batch = batch.expect("rows");
        rows += batch.num_rows();
        store.append(batch).expect("room");
    }
    running.monitor.settle().await;
    rows
}

/// The rows of an execution by GetQueryResults, a thousand a page.
async fn by_pages(client: &aws_sdk_athena::Client, id: &str) -> usize {
    let mut rows = Vec::new();
    let mut token = None;
    loop {
        let page = client
            .get_query_results()
            .query_execution_id(id)
            .max_results(1_000)
            .set_next_token(token)
            .send()
            .await
            .expect("a page");
        token = page.next_token().map(str::to_owned);
        rows.extend(page.result_set.and_then(|set| set.rows).unwrap_or_default());
        if token.is_none() {
            // The first row is the header.
            return rows.len() - 1;
        }
    }
}

async fn short_queries(service: &Arc<AthenaService>, latency: u64, runs: usize) {
    let sql = "SELECT /* peer: wait 190 */ n, CAST(n AS varchar) AS t FROM UNNEST(sequence(1, 100)) AS u(n)";
    let (mut added, mut took) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        let began = Instant::now();
        let running = service
            .start(request(sql), RunControl::default())
            .await
            .expect("a run");
        let monitor = Arc::clone(&running.monitor);
        assert_eq!(into_a_store(running).await, 100);
        let whole = began.elapsed();
        let execution = monitor.summary().execution.expect("an execution");
        let engine = Duration::from_millis(execution.engine_ms);
        took.push(engine);
        added.push(whole.saturating_sub(engine));
    }
    let engine = median(&mut took);
    let middle = median(&mut added);
    println!(
        "  {latency:>3} ms a request: {:>4.0} ms at the median, {:>4.0} ms at the 90th percentile (the peer took {:.0} ms)",
        ms(middle),
        ms(added[added.len() * 9 / 10]),
        ms(engine)
    );
}

/// The middle one; sorts.
fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
