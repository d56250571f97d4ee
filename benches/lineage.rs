//! Credential lineage over a lake of one million API calls with chains of roles six deep: the time
//! from the statements' start to the tree, and whether every true edge stands in it and no other.
//!
//! `cargo bench --bench lineage` makes the lake once, below `target/`. What tempts to false edges is
//! in it: sessions of one name and role by the hundred, calls told by the trails of two accounts,
//! by the session's own columns or in JSON only, and calls that no trail tells.
//! `LAKEHOUND_BENCH_EVENTS` and `LAKEHOUND_BENCH_RUNS` change the size and the number of runs.

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

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::{
    Array, ArrayRef, RecordBatch, StringArray, StructArray, TimestampMillisecondArray,
};
use arrow::datatypes::Field;
use lakehound::adapters::engine::{Engine, EngineOptions};
use lakehound::app::pivot_tables;
use lakehound::domain::lineage::{Forest, Kind};
use lakehound::domain::query::QueryId;
use lakehound::ports::{Catalog, RunControl};
use lakehound::runtime::lineage;
use lakehound::sql::pivot::{self, Window};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

/// The steps of a chain, from the long-term key to the last session.
const DEPTH: usize = 6;
/// Every so many events there is one chain.
const EVENTS_OF_A_CHAIN: usize = 200;
/// Of so many sessions one has a call that no trail tells.
const UNTOLD: usize = 40;
const FILES: usize = 48;
const ACCOUNTS: usize = 12;

fn main() {
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let events = environment::number("LAKEHOUND_BENCH_EVENTS", 1_000_000);
    let runs = environment::number("LAKEHOUND_BENCH_RUNS", 9).max(1);
    let folder = target.join(format!("bench-lineage-{events}"));
    let plan = Plan::new(events);
    if !folder.join("complete").exists() {
        plan.write(&folder);
        fs::write(folder.join("complete"), "").expect("a mark");
    }
    let threads = std::thread::available_parallelism().map_or(2, usize::from);
    let engine = Engine::open(EngineOptions {
        lake: folder.into(),
        memory_bytes: 4 << 30,
        threads,
        spill_dir: None,
    })
    .expect("the engine");
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let tables = runtime.block_on(engine.tables()).expect("the tables");
    let tables = pivot_tables(&tables, false);
    let mut times = Vec::new();
    let mut used = Vec::new();
    // One uncounted turn.
    for run in 0..=runs {
        let (start, before) = (Instant::now(), processor_time());
        let statements = pivot::lineage(&tables, Window::EVER).expect("statements");
        let requests = statements.requests([QueryId(1), QueryId(2)]);
        let forest = runtime
            .block_on(lineage(&engine, requests, RunControl::default()))
            .expect("a forest");
        let taken = start.elapsed();
        let spent = processor_time().saturating_sub(before);
        plan.check(&forest);
        if run > 0 {
            times.push(taken);
            used.push(spent);
        }
    }
    times.sort_unstable();
    used.sort_unstable();
    let ms = |time: Duration| time.as_secs_f64() * 1000.0;
    println!(
        "{} events, {} credentials, {} edges, chains {DEPTH} deep, {threads} threads",
        plan.rows.len(),
        plan.keys,
        plan.edges.len()
    );
    println!(
        "statements to tree: median {:.0} ms, best {:.0} ms, worst {:.0} ms of {runs} runs",
        ms(times[times.len() / 2]),
        ms(times[0]),
        ms(times[times.len() - 1])
    );
    println!(
        "processor time, both cores: median {:.0} ms",
        ms(used[used.len() / 2])
    );
}

/// What this process has had of the processors, as Linux tells it in hundredths of a second: on a
/// machine that others use, the fairer measure. Nothing elsewhere.
fn processor_time() -> Duration {
    let told = fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The name in brackets may hold spaces.
    let after = told.rsplit(") ").next().unwrap_or_default();
    let ticks = after.split(' ').skip(11).take(2);
    let ticks: u64 = ticks.filter_map(|text| text.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

/// A call as its trail tells it.
#[derive(Clone, Default)]
struct Row {
    time: i64,
    operation: &'static str,
    service: &'static str,
    key: Option<String>,
    who: Option<String>,
    role: Option<String>,
    account: usize,
    ip: String,
    failed: bool,
    /// What an issuing call gave out: key, role, session's ARN, and whether only JSON tells it.
    issued: Option<(String, String, String, bool)>,
}

/// The lake, and what is true of it.
struct Plan {
    rows: Vec<Row>,
    edges: BTreeSet<(String, String)>,
    calls: BTreeMap<String, u64>,
    keys: usize,
    /// The last key of each chain whose every call is told.
    whole: Vec<String>,
}

/// A small generator with a long period: the same lake on every machine.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit.max(1) as u64).unwrap_or(0)
    }
}

impl Plan {
    fn new(events: usize) -> Self {
        const START: i64 = 1_788_220_800_000;
        const SPAN: usize = 72 * 3_600_000;
        let mut dice = Dice(42);
        let mut plan = Self {
            rows: Vec::with_capacity(events),
            edges: BTreeSet::new(),
            calls: BTreeMap::new(),
            keys: 0,
            whole: Vec::new(),
        };
        let chains = (events / EVENTS_OF_A_CHAIN).max(1);
        let services = ["s3.amazonaws.com", "ec2.amazonaws.com", "kms.amazonaws.com"];
        for chain in 0..chains {
            let mut time = START + dice.below(SPAN) as i64;
            let mut account = dice.below(ACCOUNTS);
            let mut caller = Row {
                key: Some(plan.key("AKIA")),
                who: Some(format!(
                    "arn:aws:iam::{}:user/ci-{}",
                    id(account),
                    chain % 50
                )),
                account,
                ip: format!(
                    "10.{}.{}.{}",
                    dice.below(200),
                    dice.below(250),
                    dice.below(250)
                ),
                ..Row::default()
            };
            let mut is_whole = true;
            for depth in 0..DEPTH {
                let budget = events / chains / (DEPTH + 1);
                for _ in 0..budget.saturating_sub(2) {
                    time += 200 + dice.below(2_000) as i64;
                    plan.push(Row {
                        time,
                        operation: "ListThings",
                        service: services[dice.below(services.len())],
                        failed: dice.below(20) == 0,
                        ..caller.clone()
                    });
                }
                time += 1_000;
                let untold = dice.below(UNTOLD) == 0;
                let key = plan.key("ASIA");
                let next = (account + depth % 2) % ACCOUNTS;
                let role = format!("arn:aws:iam::{}:role/step-{depth}", id(next));
                // Names repeat: they prove nothing.
                let session = format!(
                    "arn:aws:sts::{}:assumed-role/step-{depth}/run-{}",
                    id(next),
                    chain % 20
                );
                if untold {
                    is_whole = false;
                } else {
                    let by = caller.key.clone().expect("a caller with a key");
                    plan.edges.insert((by, key.clone()));
                    let call = Row {
                        time,
                        operation: "AssumeRole",
                        service: "sts.amazonaws.com",
                        issued: Some((key.clone(), role.clone(), session.clone(), chain % 2 == 0)),
                        ..caller.clone()
                    };
                    if next != account {
                        plan.push(Row {
                            key: None,
                            who: Some("AROAEXAMPLE:somebody".to_owned()),
                            role: None,
                            account: next,
                            ..call.clone()
                        });
                    }
                    plan.push(call);
                }
                account = next;
                caller = Row {
                    key: Some(key),
                    who: Some(session),
                    role: Some(role),
                    account,
                    ..caller
                };
            }
            if is_whole {
                plan.whole.extend(caller.key.clone());
            }
            time += 1_000;
            plan.push(Row {
                time,
                operation: "GetObject",
                service: services[0],
                ..caller
            });
        }
        // The rest: programs whose sessions a service was given.
        while plan.rows.len() < events {
            let account = dice.below(ACCOUNTS);
            let key = plan.key("ASIA");
            let role = format!("arn:aws:iam::{}:role/program", id(account));
            let session = format!("arn:aws:sts::{}:assumed-role/program/i-1", id(account));
            let mut time = START + dice.below(SPAN) as i64;
            plan.edges
                .insert(("ec2.amazonaws.com".to_owned(), key.clone()));
            plan.push(Row {
                time,
                operation: "AssumeRole",
                service: "sts.amazonaws.com",
                who: Some("ec2.amazonaws.com".to_owned()),
                account,
                ip: "ec2.amazonaws.com".to_owned(),
                issued: Some((key.clone(), role.clone(), session.clone(), false)),
                ..Row::default()
            });
            for _ in 0..dice.below(60) {
                time += 500 + dice.below(5_000) as i64;
                plan.push(Row {
                    time,
                    operation: "PutThing",
                    service: services[dice.below(services.len())],
                    key: Some(key.clone()),
                    who: Some(session.clone()),
                    role: Some(role.clone()),
                    account,
                    ip: "10.250.1.7".to_owned(),
                    ..Row::default()
                });
            }
        }
        plan
    }

    fn key(&mut self, prefix: &str) -> String {
        self.keys += 1;
        // Spread over the letters that ids have.
        let mixed = (self.keys as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        format!("{prefix}{mixed:016X}")
    }

    fn push(&mut self, row: Row) {
        if let Some(key) = &row.key {
            *self.calls.entry(key.clone()).or_default() += 1;
        }
        self.rows.push(row);
    }

    /// Every true edge stands, no other does, and every call is counted once.
    fn check(&self, forest: &Forest) {
        let mut edges = BTreeSet::new();
        for node in forest.nodes() {
            if let Some(parent) = node.parent.and_then(|at| forest.node(at)) {
                edges.insert((parent.id.clone(), node.id.clone()));
            }
            if node.kind.is_key() {
                let calls = self.calls.get(&node.id).copied().unwrap_or(0);
                assert_eq!(node.calls, calls, "calls of {}", node.id);
            }
        }
        let false_edges = edges.difference(&self.edges).count();
        let missing = self.edges.difference(&edges).count();
        assert_eq!((false_edges, missing), (0, 0), "false and missing edges");
        let by_id: BTreeMap<&str, usize> = forest
            .nodes()
            .iter()
            .enumerate()
            .map(|(at, node)| (node.id.as_str(), at))
            .collect();
        for last in &self.whole {
            let up: Vec<usize> = forest.up(by_id[last.as_str()]).collect();
            assert_eq!(up.len(), DEPTH + 1, "the chain up from {last}");
            let root = forest.node(up[DEPTH]).expect("a root");
            assert_eq!(root.kind, Kind::LongTermKey);
        }
        let lines = forest.lines(None, &HashSet::new());
        assert_eq!(lines.len(), forest.nodes().len());
    }

    fn write(&self, folder: &Path) {
        let mut order: Vec<usize> = (0..self.rows.len()).collect();
        order.sort_by_key(|at| (self.rows[*at].account, self.rows[*at].time));
        let per_file = self.rows.len().div_ceil(FILES).max(1);
        for (number, part) in order.chunks(per_file).enumerate() {
            let account = self.rows[part[0]].account;
            let folder = folder.join(format!(
                "aws/CLOUD_TRAIL_MGMT/2.0/region=us-east-1/accountId={}/eventDay=20260901",
                id(account)
            ));
            fs::create_dir_all(&folder).expect("a folder");
            let file = File::create(folder.join(format!("{number:032x}.gz.parquet")));
            let rows: Vec<&Row> = part.iter().map(|at| &self.rows[*at]).collect();
            let batch = batch(&rows);
            let zstd = Compression::ZSTD(ZstdLevel::default());
            let properties = WriterProperties::builder().set_compression(zstd).build();
            let file = file.expect("a file");
            let mut writer =
                ArrowWriter::try_new(file, batch.schema(), Some(properties)).expect("a writer");
            writer.write(&batch).expect("rows");
            writer.close().expect("a whole file");
        }
    }
}

fn id(account: usize) -> String {
    format!("{:012}", 100_000_000_000_u64 + account as u64 * 7_777)
}

fn texts<'a>(rows: &[&'a Row], of: impl Fn(&'a Row) -> Option<String>) -> ArrayRef {
    Arc::new(rows.iter().map(|row| of(row)).collect::<StringArray>())
}

fn record(fields: Vec<(&str, ArrayRef)>) -> ArrayRef {
    let fields = fields.into_iter().map(|(name, array)| {
        let field = Field::new(name, array.data_type().clone(), true);
        (Arc::new(field), array)
    });
    Arc::new(StructArray::from(fields.collect::<Vec<_>>()))
}

/// The columns of CloudTrail's table that tell of credentials, and what stands beside them.
fn batch(rows: &[&Row]) -> RecordBatch {
    let times = rows.iter().map(|row| row.time);
    let times = TimestampMillisecondArray::from_iter_values(times).with_timezone("UTC");
    let issued = |pick: fn(&(String, String, String, bool)) -> &String| {
        move |row: &Row| {
            let issued = row.issued.as_ref().filter(|issued| !issued.3)?;
            Some(pick(issued).clone())
        }
    };
    let request = |row: &Row| match &row.issued {
        Some((_, role, session, _)) => Some(format!(
            "{{\"roleArn\":\"{role}\",\"roleSessionName\":\"{}\",\"durationSeconds\":3600}}",
            session.rsplit('/').next().unwrap_or_default()
        )),
        None => Some("{\"maxResults\":100,\"filter\":\"all\"}".to_owned()),
    };
    let response = |row: &Row| {
        let (key, _, session, _) = row.issued.as_ref()?;
        Some(format!(
            "{{\"credentials\":{{\"accessKeyId\":\"{key}\"}},\"assumedRoleUser\":{{\"arn\":\"{session}\"}}}}"
        ))
    };
    let api = record(vec![
        (
            "operation",
            texts(rows, |row| Some(row.operation.to_owned())),
        ),
        (
            "service",
            record(vec![(
                "name",
                texts(rows, |row| Some(row.service.to_owned())),
            )]),
        ),
        ("request", record(vec![("data", texts(rows, request))])),
        ("response", record(vec![("data", texts(rows, response))])),
    ]);
    let user = record(vec![
        ("uid", texts(rows, |row| row.who.clone())),
        ("credential_uid", texts(rows, |row| row.key.clone())),
    ]);
    let session = record(vec![("issuer", texts(rows, |row| row.role.clone()))]);
    let status = |row: &Row| Some(if row.failed { "Failure" } else { "Success" }.to_owned());
    let columns: Vec<(&str, ArrayRef)> = vec![
        ("time_dt", Arc::new(times)),
        ("api", api),
        ("actor", record(vec![("user", user), ("session", session)])),
        (
            "session",
            record(vec![
                ("credential_uid", texts(rows, issued(|issued| &issued.0))),
                ("issuer", texts(rows, issued(|issued| &issued.1))),
                ("uid", texts(rows, issued(|issued| &issued.2))),
            ]),
        ),
        (
            "src_endpoint",
            record(vec![("ip", texts(rows, |row| Some(row.ip.clone())))]),
        ),
        ("status", texts(rows, status)),
    ];
    RecordBatch::try_from_iter(columns).expect("a batch")
}
