//! A pivot over all tables of a lake of five million events: the time to the first rows as they are
//! found, and to the last row in order, for the entities of the incident and for the common types.
//!
//! `cargo bench --bench pivots` makes the lake once, below `target/`; it is the one of the bench
//! `queries`. `LAKEHOUND_BENCH_EVENTS` and `LAKEHOUND_BENCH_RUNS` change the size and the number of
//! runs.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a bench measures the clock, prints, and stops where it cannot measure"
)]

#[path = "peer/environment.rs"]
#[allow(dead_code, reason = "this bench has no peer, only numbers")]
mod environment;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use futures::StreamExt;
use lakehound::adapters::engine::{Engine, EngineOptions};
use lakehound::app::pivot_tables;
use lakehound::config::{ContentKind, content};
use lakehound::demo::{DemoOptions, write_lake};
use lakehound::domain::entity::{Entity, EntityType};
use lakehound::domain::query::{QueryId, QueryRequest};
use lakehound::ports::{Catalog, QueryService, RunControl};
use lakehound::sql::pivot::{PivotTable, PivotTemplates, Window, statement};

fn main() {
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let events = environment::number("LAKEHOUND_BENCH_EVENTS", 5_000_000);
    let runs = environment::number("LAKEHOUND_BENCH_RUNS", 7).max(1);
    let lake = std::env::var_os("LAKEHOUND_BENCH_LAKE").map_or_else(
        || target.join(format!("bench-lake-{events}")),
        PathBuf::from,
    );
    let until = "2026-03-04T00:00:00Z".parse().expect("a time");
    let options = DemoOptions {
        events,
        days: 1,
        ..DemoOptions::new(until)
    };
    let scenario = lakehound::demo::read_scenario(&lake)
        .or_else(|_| write_lake(&lake, &options, &mut |_| {}))
        .expect("the bench's lake");
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let engine = Engine::open(EngineOptions {
        lake: lake.into(),
        memory_bytes: 4 << 30,
        threads,
        spill_dir: None,
    })
    .expect("the engine");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let tables = runtime.block_on(engine.tables()).expect("the tables");
    let tables = pivot_tables(&tables, false);
    let files = content(ContentKind::Pivots, Path::new("")).0;
    let templates = PivotTemplates::read(files.iter().map(|f| (f.name.as_str(), f.text.as_str())));

    let mut entities: Vec<(String, Entity)> = scenario
        .entities
        .iter()
        .map(|part| {
            let kind = part.kind.parse().expect("a type");
            let entity = Entity::parse(kind, &part.value).expect("an entity");
            (part.role.clone(), entity)
        })
        .collect();
    let finding = scenario.findings.first().expect("a finding");
    for (kind, value) in [
        (EntityType::Cidr, "198.51.100.0/24"),
        (EntityType::Session, "release-check"),
        (EntityType::UserAgent, "curl/8.8.0"),
        (EntityType::Finding, finding),
        (EntityType::Principal, "nobody.at.all"),
    ] {
        let entity = Entity::parse(kind, value).expect("an entity");
        entities.push((format!("a {kind}"), entity));
    }

    println!("{events} events, {threads} threads, median of {runs} runs");
    println!(
        "{:<22} {:>8} {:>14} {:>14} {:>14} {:>14}",
        "pivot", "rows", "planned", "first rows", "all, as found", "all, in order"
    );
    for (role, entity) in &entities {
        let mut times = [Vec::new(), Vec::new(), Vec::new(), Vec::new()];
        let mut rows = 0;
        // One uncounted turn.
        for run in 0..=runs {
            let found = ask(&runtime, &engine, &templates, entity, &tables, false);
            let ordered = ask(&runtime, &engine, &templates, entity, &tables, true);
            assert_eq!(found.rows, ordered.rows, "{role}");
            rows = ordered.rows;
            if run > 0 {
                let taken = [found.planned, found.first, found.all, ordered.all];
                times
                    .iter_mut()
                    .zip(taken)
                    .for_each(|(times, time)| times.push(time));
            }
        }
        let [planned, first, found, ordered] = times.map(|mut times| ms(median(&mut times)));
        println!(
            "{role:<22} {rows:>8} {planned:>11.1} ms {first:>11.1} ms {found:>11.1} ms {ordered:>11.1} ms"
        );
        let told = scenario.entities.iter().find(|part| part.role == *role);
        assert!(
            told.is_none_or(|part| part.events == rows as u64),
            "{role}: {rows} rows"
        );
    }
}

/// How a pivot went.
struct Asked {
    rows: usize,
    /// Until the plan stood.
    planned: Duration,
    first: Duration,
    all: Duration,
}

fn ask(
    runtime: &tokio::runtime::Runtime,
    engine: &Engine,
    templates: &PivotTemplates,
    entity: &Entity,
    tables: &[PivotTable],
    ordered: bool,
) -> Asked {
    let template = templates.get("all-events").expect("the pivot");
    let start = Instant::now();
    let pivot = statement(template, entity, tables, Window::EVER, ordered).expect("a statement");
    let mut request = QueryRequest::new(QueryId(1), pivot.sql);
    request.parameters = pivot.parameters;
    runtime.block_on(async {
        let running = engine.start(request, RunControl::default()).await;
        let mut running = running.expect("the statement starts");
        let planned = start.elapsed();
        let (mut rows, mut first) = (0, None);
        while let Some(batch) = running.batches.next().await {
            rows += batch.expect("a batch").num_rows();
            if rows > 0 {
                first.get_or_insert_with(|| start.elapsed());
            }
        }
        let all = start.elapsed();
        Asked {
            rows,
            planned,
            first: first.unwrap_or(all),
            all,
        }
    })
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
