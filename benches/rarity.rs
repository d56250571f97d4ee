//! Rare first on the demo lake: where the planted rows of the incident stand among one hundred
//! thousand others, and how long it takes to judge them all.
//!
//! `cargo bench --bench rarity` makes the lake once, below `target/`. The rank of a planted row is
//! one more than the rows of the background that surprise more. Judged as the console does it
//! (against the calls of the lake, by the hour), against the result alone, and then without the
//! source network, which in this incident tells most.
//! `LAKEHOUND_BENCH_EVENTS` changes the size of the lake.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::indexing_slicing,
    reason = "a bench measures the clock, prints, and stops where it cannot measure"
)]

#[path = "peer/environment.rs"]
#[allow(dead_code, reason = "this bench has no peer, only numbers")]
mod environment;

use std::path::PathBuf;
use std::time::Instant;

use arrow::array::{Array, AsArray, RecordBatch};
use futures::StreamExt;
use lakehound::adapters::engine::{Engine, EngineOptions};
use lakehound::app::pivot_tables;
use lakehound::demo::{DemoOptions, write_lake};
use lakehound::domain::query::{QueryId, QueryRequest};
use lakehound::domain::rarity::{Builder, History, Roles, Score};
use lakehound::domain::rows::Column;
use lakehound::ports::{Catalog, QueryService, RunControl};
use lakehound::sql::pivot::{Window, history};

/// The median rank of the planted rows that is promised.
const PROMISED: usize = 10;

fn main() {
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let events = environment::number("LAKEHOUND_BENCH_EVENTS", 345_000);
    let lake = target.join(format!("bench-rarity-{events}"));
    let until = "2026-03-08T00:00:00Z".parse().expect("a time");
    let options = DemoOptions {
        events,
        ..DemoOptions::new(until)
    };
    let scenario = lakehound::demo::read_scenario(&lake)
        .or_else(|_| write_lake(&lake, &options, &mut |_| {}))
        .expect("the bench's lake");
    let outside = scenario
        .entities
        .iter()
        .find(|e| e.role == "outside address");
    let outside = &outside.expect("an outside address").value;
    let engine = Engine::open(EngineOptions {
        lake: lake.into(),
        memory_bytes: 4 << 30,
        threads: std::thread::available_parallelism().map_or(2, usize::from),
        spill_dir: None,
    })
    .expect("the engine");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let columns = "time_dt, actor.user.uid AS who, api.operation, src_endpoint.ip AS address, \
        element_at(resources, 1).type AS resource_type";
    let sql =
        format!("SELECT {columns} FROM cloud_trail_mgmt UNION ALL SELECT {columns} FROM s3_data");
    let (rows, names) = run(&runtime, &engine, QueryRequest::new(QueryId(1), sql));
    let planted: Vec<bool> = rows
        .iter()
        .flat_map(|batch| {
            let addresses = batch.column(3).as_string::<i32>();
            (0..batch.num_rows())
                .map(|row| addresses.is_valid(row) && addresses.value(row) == outside)
                .collect::<Vec<bool>>()
        })
        .collect();
    let count = planted.iter().filter(|planted| **planted).count();
    println!(
        "{} rows, {count} of them planted among {} others",
        planted.len(),
        planted.len() - count
    );

    let tables = runtime.block_on(engine.tables()).expect("the tables");
    let tables = pivot_tables(&tables, false);
    let start = Instant::now();
    let statement = history(&tables, Window::EVER, false).expect("a statement");
    let request = QueryRequest {
        parameters: statement.parameters,
        ..QueryRequest::new(QueryId(2), statement.sql)
    };
    let (counts, count_names) = run(&runtime, &engine, request);
    let roles = roles(&counts, &count_names);
    let mut builder = Builder::default();
    for batch in &counts {
        builder.add(batch, &roles, Some(count_names.len() - 1));
    }
    let past = builder.build();
    let counted = start.elapsed();
    let (scores, judged) = judge(&past, &rows, &names);
    println!(
        "the lake's {} calls counted in {} ms, all rows judged in {judged} ms",
        past.events(),
        counted.as_millis()
    );
    let median = report("against the lake", &scores, &planted);
    assert!(median <= PROMISED, "the median rank is {median}");

    let own = History::from_batches(&rows, &self::roles(&rows, &names));
    report(
        "against the result",
        &judge(&own, &rows, &names).0,
        &planted,
    );
    for (told, hidden) in [
        ("without the network", vec!["address"]),
        ("without network and hour", vec!["address", "time_dt"]),
        ("without network and who", vec!["address", "who"]),
    ] {
        let names: Vec<Column> = names
            .iter()
            .map(|column| Column {
                name: match hidden.contains(&column.name.as_str()) {
                    true => format!("hidden_{}", column.name),
                    false => column.name.clone(),
                },
            })
            .collect();
        let own = History::from_batches(&rows, &self::roles(&rows, &names));
        report(told, &judge(&own, &rows, &names).0, &planted);
    }
}

fn run(
    runtime: &tokio::runtime::Runtime,
    engine: &Engine,
    request: QueryRequest,
) -> (Vec<RecordBatch>, Vec<Column>) {
    runtime.block_on(async {
        let running = engine.start(request, RunControl::default()).await;
        let mut running = running.expect("the statement starts");
        let mut batches = Vec::new();
        while let Some(batch) = running.batches.next().await {
            batches.push(batch.expect("a batch"));
        }
        (batches, running.columns)
    })
}

fn roles(batches: &[RecordBatch], columns: &[Column]) -> Roles {
    let schema = batches[0].schema();
    let types: Vec<_> = schema
        .fields()
        .iter()
        .map(|field| field.data_type())
        .collect();
    Roles::of(columns, &types)
}

fn judge(history: &History, rows: &[RecordBatch], columns: &[Column]) -> (Vec<Score>, u128) {
    let roles = roles(rows, columns);
    let start = Instant::now();
    let scores = rows
        .iter()
        .flat_map(|batch| history.score(batch, &roles))
        .collect();
    (scores, start.elapsed().as_millis())
}

/// Says where the planted rows stand, and gives their median rank.
fn report(told: &str, scores: &[Score], planted: &[bool]) -> usize {
    let of = |wanted: bool| {
        let pairs = scores.iter().zip(planted);
        pairs
            .filter(move |(_, planted)| **planted == wanted)
            .map(|(score, _)| score)
    };
    let mut others: Vec<f64> = of(false).map(|score| -score.surprise).collect();
    others.sort_by(f64::total_cmp);
    let rank = |score: &Score| others.partition_point(|other| *other < -score.surprise) + 1;
    let mut ranks: Vec<usize> = of(true).map(rank).collect();
    ranks.sort_unstable();
    let at = |share: f64| ranks[((ranks.len() - 1) as f64 * share) as usize];
    println!(
        "{told:<26} rank of a planted row: median {}, nine of ten within {}, worst {}",
        at(0.5),
        at(0.9),
        at(1.0)
    );
    for (who, wanted) in [("planted", true), ("other", false)] {
        let best = of(wanted).max_by(|one, other| one.surprise.total_cmp(&other.surprise));
        if let Some(best) = best {
            println!(
                "    most surprising {who}: {:.1} bits, {}",
                best.surprise, best.reason
            );
        }
    }
    at(0.5)
}
