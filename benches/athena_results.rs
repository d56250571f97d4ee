//! A result's CSV into typed Arrow: our reader beside DuckDB's and pyarrow's, on the same file.
//!
//! `cargo bench --bench athena_results` makes the file and the peers' environment once, below
//! `target/`. `LAKEHOUND_BENCH_CSV_MB` (200) and `LAKEHOUND_BENCH_RUNS` (5) change the size and the
//! number of runs. Beside the time that passed stands the processor's, which other work on the
//! machine does not lengthen as much. pyathena's Arrow and pandas cursors read with pyarrow's and pandas' readers.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    reason = "a bench measures the clock, prints, and stops where it cannot measure"
)]

#[path = "peer/environment.rs"]
mod environment;

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema};
use lakehound::adapters::athena::results::csv::CsvReader;
use lakehound::adapters::athena::results::types::type_named;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// The peers' Python packages.
const PEERS: &[&str] = &["duckdb==1.5.6", "pyarrow==26.0.1"];

/// Bytes of the first part and of the others, as they are fetched.
const PARTS: (usize, usize) = (256 << 10, 8 << 20);

/// The columns and their types as Athena names them.
const COLUMNS: [(&str, &str); 12] = [
    ("time", "timestamp"),
    ("account", "varchar"),
    ("ip", "varchar"),
    ("port", "integer"),
    ("ok", "boolean"),
    ("operation", "varchar"),
    ("agent", "varchar"),
    ("price", "decimal(12,2)"),
    ("ratio", "double"),
    ("bytes", "bigint"),
    ("day", "date"),
    ("arn", "varchar"),
];

fn main() {
    let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let megabytes = environment::number("LAKEHOUND_BENCH_CSV_MB", 200);
    let runs = environment::number("LAKEHOUND_BENCH_RUNS", 5).max(1);
    let path = target.join(format!("bench-result-{megabytes}.csv"));
    if !path.exists() {
        write_result(&path, megabytes * 1_000_000);
    }
    let size = std::fs::metadata(&path).expect("the file").len() as f64 / 1e6;

    // The first run keeps all rows, as a result that is shown is kept.
    let mut kept = Vec::new();
    let (_, first) = ours(&path, &mut |batch| kept.push(batch));
    let first = first * 1e3;
    let arrow: usize = kept.iter().map(RecordBatch::get_array_memory_size).sum();
    let peak = peak_megabytes();
    let rows: usize = kept.iter().map(RecordBatch::num_rows).sum();
    println!("{size:.0} MB of CSV, {rows} rows, median of {runs} runs, one thread each");
    println!(
        "kept: {:.0} MB of Arrow, {peak:.0} MB of memory at the peak; first rows after {first:.2} ms",
        arrow as f64 / 1e6
    );
    drop(kept);
    let mut times: Vec<Times> = (0..runs).map(|_| ours(&path, &mut drop).0).collect();
    row("lakehound", size, &mut times, None);

    let python = environment::python(&target, "bench-venv-csv", PEERS);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peer/csv_peer.py");
    for peer in ["duckdb", "pyarrow"] {
        let mut peak = 0.0_f64;
        let mut times: Vec<Times> = (0..runs)
            .map(|_| {
                let answer = Command::new(&python)
                    .arg(&script)
                    .args([peer, "1"])
                    .arg(&path)
                    .output()
                    .expect("the peer's process");
                let text = String::from_utf8_lossy(&answer.stdout);
                let words: Vec<f64> = text
                    .split_whitespace()
                    .filter_map(|word| word.parse().ok())
                    .collect();
                let &[passed, worked, megabytes, count] = words.as_slice() else {
                    panic!("{peer}: {}", String::from_utf8_lossy(&answer.stderr));
                };
                assert_eq!(count as usize, rows, "{peer} reads the same rows");
                peak = peak.max(megabytes);
                Times { passed, worked }
            })
            .collect();
        row(peer, size, &mut times, Some(peak));
    }
}

/// Seconds of one run.
struct Times {
    /// On the wall's clock.
    passed: f64,
    /// Of the processor.
    worked: f64,
}

fn row(name: &str, size: f64, times: &mut [Times], peak: Option<f64>) {
    let mut median = |of: fn(&Times) -> f64| {
        times.sort_by(|a, b| of(a).total_cmp(&of(b)));
        of(&times[times.len() / 2])
    };
    let (passed, worked) = (median(|run| run.passed), median(|run| run.worked));
    let peak = peak.map_or(String::new(), |peak| format!(", {peak:.0} MB at the peak"));
    println!(
        "{name:<12} {:>8.0} ms {:>6.0} MB/s, processor {:>6.0} ms {:>6.0} MB/s{peak}",
        passed * 1e3,
        size / passed,
        worked * 1e3,
        size / worked
    );
}

/// Seconds of the processor that this thread has had; of the clock where the system does not tell.
fn worked(since: Instant) -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = told
        .split_whitespace()
        .next()
        .and_then(|first| first.parse::<f64>().ok());
    nanoseconds.map_or_else(|| since.elapsed().as_secs_f64(), |all| all / 1e9)
}

/// Reads the file by parts; the times, and the seconds to the first batch.
fn ours(path: &Path, take: &mut dyn FnMut(RecordBatch)) -> (Times, f64) {
    let fields = COLUMNS.map(|(name, kind)| Field::new(name, type_named(kind, 0, 0), true));
    let mut reader = CsvReader::new(&Schema::new(fields.to_vec()));
    let mut file = File::open(path).expect("the file");
    let mut part = vec![0; PARTS.1];
    let mut room = PARTS.0;
    let start = Instant::now();
    let before = worked(start);
    let mut first = None;
    let mut take = |batch| {
        first.get_or_insert_with(|| start.elapsed());
        take(batch);
    };
    loop {
        let length = file.read(&mut part[..room]).expect("a part");
        room = PARTS.1;
        if length == 0 {
            break;
        }
        reader.push(&part[..length], &mut take).expect("a result");
    }
    reader.finish(&mut take).expect("a result");
    let first = first.map_or(0.0, |first| first.as_secs_f64());
    let times = Times {
        passed: start.elapsed().as_secs_f64(),
        worked: worked(start) - before,
    };
    (times, first)
}

/// The most memory that this process has held, where the system tells.
fn peak_megabytes() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kilobytes.unwrap_or(f64::NAN) / 1e3
}

/// A result as Athena writes it, about so many bytes: values as CloudTrail has them, one in twenty
/// NULL, some with quotes.
fn write_result(path: &Path, bytes: usize) {
    let unfinished = path.with_extension("part");
    let mut file = BufWriter::new(File::create(&unfinished).expect("a file"));
    let names: Vec<String> = COLUMNS
        .iter()
        .map(|(name, _)| format!("\"{name}\""))
        .collect();
    writeln!(file, "{}", names.join(",")).expect("room on the disk");
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut chance = move |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) % below
    };
    let operations = [
        "GetObject",
        "PutObject",
        "ListBuckets",
        "AssumeRole",
        "RunInstances",
    ];
    let mut written = 0;
    let mut line = String::new();
    while written < bytes {
        line.clear();
        for column in 0..COLUMNS.len() {
            if column > 0 {
                line.push(',');
            }
            if chance(20) == 0 {
                continue;
            }
            line.push('"');
            let out = &mut line;
            let day = (chance(9) + 1, chance(28) + 1);
            let outcome = match column {
                0 => write!(
                    out,
                    "2026-{:02}-{:02} {:02}:{:02}:{:02}.{:03}",
                    day.0,
                    day.1,
                    chance(24),
                    chance(60),
                    chance(60),
                    chance(1000)
                ),
                1 => write!(out, "{:012}", chance(1_000_000_000_000)),
                2 => write!(
                    out,
                    "{}.{}.{}.{}",
                    chance(256),
                    chance(256),
                    chance(256),
                    chance(256)
                ),
                3 => write!(out, "{}", chance(65_536)),
                4 => write!(out, "{}", chance(2) == 0),
                5 => write!(out, "{}", operations[chance(5) as usize]),
                6 if chance(16) == 0 => write!(out, "Mozilla/5.0 (X11) \"\"k\"\"/{}", chance(1000)),
                6 => write!(out, "aws-cli/2.15.{} Python/3.11 Linux", chance(60)),
                7 => write!(out, "{}.{:02}", chance(1_000_000), chance(100)),
                8 => write!(out, "{}", chance(1 << 52) as f64 / 4.5e12),
                9 => write!(out, "{}", chance(1 << 33)),
                10 => write!(out, "2026-{:02}-{:02}", day.0, day.1),
                _ => write!(
                    out,
                    "arn:aws:sts::{:012}:assumed-role/Admin-{}/session-{:x}",
                    chance(1_000_000_000_000),
                    chance(16),
                    chance(1 << 32)
                ),
            };
            outcome.expect("memory");
            line.push('"');
        }
        line.push('\n');
        file.write_all(line.as_bytes()).expect("room on the disk");
        written += line.len();
    }
    file.flush().expect("room on the disk");
    std::fs::rename(unfinished, path).expect("the file's name");
}
