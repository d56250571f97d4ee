//! Five typical queries on five million events: the embedded engine beside DuckDB, on the same
//! files, in one run, turn by turn.
//!
//! `cargo bench --bench queries` makes the lake and DuckDB's environment once, below `target/`.
//! `LAKEHOUND_BENCH_EVENTS` and `LAKEHOUND_BENCH_RUNS` change the size and the number of runs.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a bench measures the clock, prints, and stops where it cannot measure"
)]

#[path = "peer/environment.rs"]
mod environment;

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use futures::StreamExt;
use lakehound::adapters::engine::{Engine, EngineOptions};
use lakehound::demo::{DemoOptions, write_lake};
use lakehound::domain::query::{QueryId, QueryRequest};
use lakehound::ports::{QueryService, RunControl};

/// DuckDB's Python package, the peer, and what it reads times with a zone by.
const PEERS: &[&str] = &["duckdb==1.5.6", "pytz==2026.6"];

fn main() {
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let events = environment::number("LAKEHOUND_BENCH_EVENTS", 5_000_000);
    let runs = environment::number("LAKEHOUND_BENCH_RUNS", 7).max(1);
    let lake = target.join(format!("bench-lake-{events}"));
    let until = "2026-03-04T00:00:00Z".parse().expect("a time");
    // One day, so that the lake has about fifty files.
    let options = DemoOptions {
        events,
        days: 1,
        ..DemoOptions::new(until)
    };
    let scenario = lakehound::demo::read_scenario(&lake)
        .or_else(|_| write_lake(&lake, &options, &mut |_| {}))
        .expect("the bench's lake");
    let address = scenario
        .entities
        .iter()
        .find(|entity| entity.role == "outside address")
        .expect("an outside address");
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let engine = Engine::open(EngineOptions {
        lake: lake.clone().into(),
        memory_bytes: 4 << 30,
        threads,
        spill_dir: None,
    })
    .expect("the engine");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let mut peer = Peer::start(&target, &lake, threads);

    println!(
        "{events} events, {} files, {threads} threads, median of {runs} runs",
        files(&lake)
    );
    println!(
        "{:<28} {:>12} {:>12} {:>8}",
        "query", "lakehound", "duckdb", "ratio"
    );
    let mut product = 1.0_f64;
    let queries = queries(&address.value);
    for query in &queries {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        let mut answers = (0, 0);
        // One uncounted turn each, then in turn.
        for run in 0..=runs {
            let (mine, my_rows) = time(|| runtime.block_on(rows(&engine, &query.ours)));
            let (other, other_rows) = time(|| peer.run(&query.duckdb));
            answers = (my_rows, other_rows);
            if run > 0 {
                ours.push(mine);
                theirs.push(other);
            }
        }
        assert_eq!(
            answers.0, answers.1,
            "{}: both have the same number of rows",
            query.name
        );
        let (mine, other) = (median(&mut ours), median(&mut theirs));
        let ratio = mine.as_secs_f64() / other.as_secs_f64();
        product *= ratio;
        println!(
            "{:<28} {:>9.1} ms {:>9.1} ms {ratio:>8.2}",
            query.name,
            ms(mine),
            ms(other)
        );
    }
    let exponent = 1.0 / queries.len() as f64;
    println!("{:<28} {:>35.2}", "geometric mean", product.powf(exponent));
}

struct Query {
    name: &'static str,
    ours: String,
    duckdb: String,
}

fn queries(address: &str) -> Vec<Query> {
    let query = |name, ours: &str, duckdb: &str| {
        let fill = |text: &str| text.replace("ADDRESS", address);
        Query {
            name,
            ours: fill(ours),
            duckdb: fill(duckdb),
        }
    };
    vec![
        query(
            "needle in one partition",
            "SELECT time_dt, api.operation FROM cloud_trail_mgmt WHERE region = 'us-east-1' AND src_endpoint.ip = 'ADDRESS'",
            "SELECT time_dt, api.operation FROM cloud_trail_mgmt WHERE region = 'us-east-1' AND src_endpoint.ip = 'ADDRESS'",
        ),
        query(
            "needle over all",
            "SELECT time_dt, api.operation FROM s3_data WHERE src_endpoint.ip = 'ADDRESS'",
            "SELECT time_dt, api.operation FROM s3_data WHERE src_endpoint.ip = 'ADDRESS'",
        ),
        query(
            "top talkers",
            "SELECT src_endpoint.ip, sum(traffic.bytes) AS total FROM vpc_flow GROUP BY src_endpoint.ip ORDER BY total DESC LIMIT 20",
            "SELECT src_endpoint.ip, sum(traffic.bytes) AS total FROM vpc_flow GROUP BY src_endpoint.ip ORDER BY total DESC LIMIT 20",
        ),
        query(
            "UNNEST + count",
            "SELECT o.name, count(*) AS n FROM vpc_flow CROSS JOIN UNNEST(observables) AS t(o) GROUP BY o.name ORDER BY n DESC LIMIT 20",
            "SELECT o.name, count(*) AS n FROM (SELECT unnest(observables) AS o FROM vpc_flow) GROUP BY o.name ORDER BY n DESC LIMIT 20",
        ),
        query(
            "distinct users per day",
            "SELECT date_trunc('day', time_dt) AS day, count(DISTINCT actor.user.uid) AS users FROM cloud_trail_mgmt GROUP BY 1 ORDER BY 1",
            "SELECT date_trunc('day', time_dt) AS day, count(DISTINCT actor.user.uid) AS users FROM cloud_trail_mgmt GROUP BY 1 ORDER BY 1",
        ),
    ]
}

async fn rows(engine: &Engine, sql: &str) -> usize {
    let request = QueryRequest::new(QueryId(1), sql);
    let mut running = engine
        .start(request, RunControl::default())
        .await
        .expect("the statement starts");
    let mut rows = 0;
    while let Some(batch) = running.batches.next().await {
        rows += batch.expect("a batch").num_rows();
    }
    rows
}

fn time<T>(work: impl FnOnce() -> T) -> (Duration, T) {
    let start = Instant::now();
    let value = work();
    (start.elapsed(), value)
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn files(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).expect("a folder").flatten();
    entries
        .map(|entry| match entry.path() {
            path if path.is_dir() => files(&path),
            path => usize::from(path.extension().is_some_and(|end| end == "parquet")),
        })
        .sum()
}

/// DuckDB in a Python process that answers one statement a line with the number of rows.
struct Peer {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    fn start(target: &Path, lake: &Path, threads: usize) -> Self {
        let python = environment::python(target, "bench-venv", PEERS);
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peer/duckdb_peer.py");
        let mut child = Command::new(python)
            .arg(script)
            .arg(lake)
            .arg(threads.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("DuckDB's process");
        let questions = child.stdin.take().expect("its input");
        let answers = BufReader::new(child.stdout.take().expect("its output"));
        Self {
            child,
            questions,
            answers,
        }
    }

    fn run(&mut self, sql: &str) -> usize {
        writeln!(self.questions, "{sql}").expect("a question");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("an answer");
        line.trim()
            .parse()
            .unwrap_or_else(|_| panic!("DuckDB: {line}"))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
