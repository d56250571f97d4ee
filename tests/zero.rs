//! Empty results of known causes on a demo lake: how many are explained right, as a table.
//!
//! Every statement is made from values and hours that the lake has, so that its cause is known
//! before it is asked, and is run first: it must have no row. `LAKEHOUND_ZERO_SEEDS` sets how many
//! are made, `LAKEHOUND_ZERO_SEED` where chance begins.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::cast_possible_truncation,
    reason = "this test makes the lake that it asks, and fails by panic"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use futures::StreamExt;
use lakehound::adapters::engine::{Engine, EngineOptions};
use lakehound::app::{Asked, explain_empty};
use lakehound::demo::{self, DemoOptions};
use lakehound::domain::cell::{Cell, TimeStyle};
use lakehound::domain::emptiness::{Cause, Explanation};
use lakehound::domain::query::{QueryId, QueryRequest};
use lakehound::ports::{Catalog as _, QueryService, RunControl};

/// Of all seeds, so many hundredths have to be explained right.
const RIGHT_AT_LEAST: usize = 95;

/// Seeds of all causes together, where nobody sets another number.
const SEEDS: usize = 204;

/// The source of which the objects of one day are gone.
const GAP_IN: &str = "route53";

/// Numbers that look like chance and are the same in every run.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() % end.max(1) as u64) as usize
    }

    fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        let at = self.below(list.len());
        &list[at]
    }
}

/// A lake that can be asked.
struct Lake {
    engine: Arc<Engine>,
    /// The lake's events end before this.
    until: DateTime<Utc>,
    days: i64,
}

impl Lake {
    async fn rows(&self, sql: &str) -> Result<Vec<Vec<String>>, String> {
        let request = QueryRequest::new(QueryId(1), sql);
        let mut running = self
            .engine
            .start(request, RunControl::default())
            .await
            .map_err(|error| format!("{error}: {sql}"))?;
        let mut rows = Vec::new();
        while let Some(batch) = running.batches.next().await {
            let batch = batch.map_err(|error| format!("{error}: {sql}"))?;
            for row in 0..batch.num_rows() {
                let text = |array| Cell::of(array, row).text(TimeStyle::Athena);
                let cells = batch.columns().iter().map(|array| text(array));
                rows.push(cells.map(Option::unwrap_or_default).collect());
            }
        }
        Ok(rows)
    }

    async fn ask(&self, sql: &str) -> Vec<Vec<String>> {
        self.rows(sql).await.unwrap()
    }

    async fn explained(&self, sql: &str) -> Explanation {
        let asked = Asked {
            queries: Arc::clone(&self.engine) as Arc<dyn QueryService>,
            catalog: Arc::clone(&self.engine) as _,
            paid: false,
        };
        let request = QueryRequest::new(QueryId(1), sql);
        explain_empty(&asked, &request, None, Utc::now())
            .await
            .unwrap()
    }
}

/// A table with columns whose values name things, and those that hold a few words.
struct Source {
    table: &'static str,
    identities: &'static [&'static str],
    words: &'static [&'static str],
}

const SOURCES: [Source; 4] = [
    Source {
        table: "cloud_trail_mgmt",
        identities: &[
            "src_endpoint.ip",
            "actor.user.uid",
            "api.operation",
            "actor.user.credential_uid",
        ],
        words: &["status", "severity", "activity_name"],
    },
    Source {
        table: "vpc_flow",
        identities: &["src_endpoint.ip", "dst_endpoint.ip"],
        words: &["connection_info.direction", "activity_name"],
    },
    Source {
        table: "route53",
        identities: &["query.hostname", "src_endpoint.ip"],
        words: &["rcode", "query.type"],
    },
    Source {
        table: "s3_data",
        identities: &["src_endpoint.ip", "actor.user.uid", "api.operation"],
        words: &["status"],
    },
];

/// What the lake has, asked once.
struct Known {
    /// By table and column: each value with the hours that have it.
    values: BTreeMap<(&'static str, &'static str), BTreeMap<String, BTreeSet<i64>>>,
    /// By table: the hours that have rows.
    hours: BTreeMap<&'static str, Vec<i64>>,
}

async fn known(lake: &Lake) -> Known {
    let mut known = Known {
        values: BTreeMap::new(),
        hours: BTreeMap::new(),
    };
    for source in &SOURCES {
        let table = source.table;
        let hours = format!("SELECT DISTINCT time / 3600000 FROM {table} ORDER BY 1");
        let hours = lake.ask(&hours).await;
        known.hours.insert(
            table,
            hours.iter().map(|row| row[0].parse().unwrap()).collect(),
        );
        for column in source.identities.iter().chain(source.words) {
            let sql = format!(
                "SELECT DISTINCT {column}, time / 3600000 FROM {table} WHERE {column} IS NOT NULL AND {column} <> ''"
            );
            let mut values: BTreeMap<String, BTreeSet<i64>> = BTreeMap::new();
            for row in lake.ask(&sql).await {
                let hours = values.entry(row[0].clone()).or_default();
                hours.insert(row[1].parse().unwrap());
            }
            assert!(!values.is_empty(), "{table}.{column} has values");
            known.values.insert((table, column), values);
        }
    }
    known
}

fn time(hour: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(hour * 3_600, 0).unwrap()
}

fn literal(time: DateTime<Utc>) -> String {
    format!("TIMESTAMP '{}'", time.format("%Y-%m-%d %H:%M:%S"))
}

fn precise(time: DateTime<Utc>) -> String {
    format!("TIMESTAMP '{}'", time.format("%Y-%m-%d %H:%M:%S%.3f"))
}

/// A window of whole hours, said in one of several ways.
fn window(chance: &mut Chance, first: i64, end: i64) -> String {
    let (from, to) = (time(first), time(end));
    match chance.below(4) {
        0 => format!("time_dt >= {} AND time_dt < {}", literal(from), literal(to)),
        1 => format!(
            "time_dt BETWEEN {} AND {}",
            literal(from),
            literal(to - TimeDelta::seconds(1))
        ),
        2 => format!(
            "time >= {} AND time < {}",
            from.timestamp_millis(),
            to.timestamp_millis()
        ),
        _ => format!(
            "eventday >= '{}' AND time_dt >= {} AND time_dt < {}",
            (from - TimeDelta::days(1)).format("%Y%m%d"),
            literal(from),
            literal(to)
        ),
    }
}

/// A statement over a table with conditions, in one of several shapes.
fn statement(chance: &mut Chance, table: &str, filter: &str) -> String {
    match chance.below(6) {
        0 => format!("SELECT * FROM {table} WHERE {filter}"),
        1 => format!(
            "SELECT time_dt, metadata.version FROM {table} WHERE {filter} ORDER BY time_dt DESC LIMIT 100"
        ),
        2 => format!(
            "SELECT activity_name, count(*) FROM {table} WHERE {filter} GROUP BY 1 ORDER BY 2 DESC"
        ),
        3 => {
            format!("WITH hits AS (SELECT * FROM {table} WHERE {filter}) SELECT time_dt FROM hits")
        }
        4 => format!("SELECT h.time_dt FROM (SELECT time_dt FROM {table} WHERE {filter}) AS h"),
        _ => format!("SELECT\n  time_dt -- when\nFROM {table}\nWHERE {filter}\nLIMIT 10;"),
    }
}

fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', "''"))
}

/// Six hours of a table's that have rows.
fn some_hours(chance: &mut Chance, known: &Known, table: &str) -> (i64, i64) {
    let hours = &known.hours[table];
    let first = *chance.pick(hours);
    (first, first + 6)
}

/// Collected, and nothing there: a value of other hours, or one that is nowhere.
fn quiet(chance: &mut Chance, known: &Known) -> Option<String> {
    let source = chance.pick(&SOURCES);
    let column = *chance.pick(source.identities);
    let (first, end) = some_hours(chance, known, source.table);
    if chance.below(8) == 0 {
        // A moment between two events of an hour that has some.
        let from = time(first) + TimeDelta::seconds(chance.below(600) as i64);
        let to = from + TimeDelta::milliseconds(800);
        let filter = format!("time_dt >= {} AND time_dt < {}", literal(from), precise(to));
        return Some(statement(chance, source.table, &filter));
    }
    if chance.below(8) == 0 {
        let window = window(chance, first, end);
        let filter = format!("{window} AND severity_id > 90");
        return Some(statement(chance, source.table, &filter));
    }
    let values: Vec<(&String, &BTreeSet<i64>)> =
        known.values[&(source.table, column)].iter().collect();
    let value = if chance.below(3) > 0 {
        let (value, hours) = chance.pick(&values);
        if hours.range(first..end).next().is_some() {
            return None;
        }
        (*value).clone()
    } else {
        let number = chance.next();
        match column {
            "src_endpoint.ip" | "dst_endpoint.ip" => format!("203.0.113.{}", number % 250),
            "actor.user.credential_uid" => format!("AKIA{:016X}", number),
            "actor.user.uid" => format!("arn:aws:iam::999988887777:user/nobody{}", number % 1_000),
            "query.hostname" => format!("c2-{}.malware.test", number % 1_000),
            _ => format!("Obliterate{}", number % 1_000),
        }
    };
    let window = window(chance, first, end);
    let filter = format!("{window} AND {column} = {}", quoted(&value));
    Some(statement(chance, source.table, &filter))
}

/// Not in the lake: another version, account or Region.
fn absent(chance: &mut Chance, known: &Known) -> Option<String> {
    let source = chance.pick(&SOURCES);
    let table = source.table;
    let (first, end) = some_hours(chance, known, table);
    let window = window(chance, first, end);
    let number = chance.next() % 900_000_000_000;
    Some(match chance.below(5) {
        4 => {
            let filter = format!("{window} AND accountid IN ('{number:012}', '999999999999')");
            statement(chance, table, &filter)
        }
        0 => {
            let old = format!("{table}_1_0");
            let filter = format!("eventday = '{}'", time(first).format("%Y%m%d"));
            format!("SELECT * FROM {old} WHERE {filter} AND severity_id >= 0")
        }
        1 => {
            let filter = format!("{window} AND accountid = '{:012}'", number + 99_000_000_000);
            statement(chance, table, &filter)
        }
        2 => {
            let region = *chance.pick(&["sa-east-1", "me-south-1", "af-south-1", "ap-east-1"]);
            let filter = format!("region = '{region}' AND {window} AND severity_id >= 0");
            statement(chance, table, &filter)
        }
        _ => format!(
            "SELECT * FROM amazon_security_lake_glue_db_us_east_1.amazon_security_lake_table_us_east_1_{table}_1_0 WHERE eventday = '{}'",
            time(first).format("%Y%m%d")
        ),
    })
}

/// The first and the last hour of the day whose objects of [`GAP_IN`] are gone.
fn hours_of_the_gap(lake: &Lake) -> (i64, i64) {
    let day = (lake.until - TimeDelta::days(2)).date_naive();
    let first = day.and_hms_opt(0, 0, 0).unwrap().and_utc().timestamp() / 3_600;
    (first, first + 23)
}

/// Before the first event, after the last one, or in a gap.
fn outside(chance: &mut Chance, lake: &Lake) -> Option<String> {
    if chance.below(4) == 0 {
        let first = hours_of_the_gap(lake).0 + chance.below(18) as i64;
        let end = first + 1 + chance.below(5) as i64;
        let window = window(chance, first, end);
        return Some(statement(chance, GAP_IN, &window));
    }
    let source = chance.pick(&SOURCES);
    let until = lake.until.timestamp() / 3_600;
    let back = chance.below(300) as i64;
    let length = 1 + chance.below(30) as i64;
    let first = if chance.below(2) == 0 {
        until - 24 * (lake.days + 1) - back - length
    } else {
        until + 2 + back
    };
    let end = first + length;
    let window = if chance.below(4) == 0 {
        format!("eventday = '{}'", time(first).format("%Y%m%d"))
    } else {
        window(chance, first, end)
    };
    // A day that has events is none outside.
    let day = time(first).format("%Y%m%d").to_string();
    let last_day = (lake.until - TimeDelta::seconds(1))
        .format("%Y%m%d")
        .to_string();
    if window.starts_with("eventday =") && day == last_day {
        return None;
    }
    let filter = match chance.below(2) {
        0 => window,
        _ => format!("{window} AND severity_id = 5"),
    };
    Some(statement(chance, source.table, &filter))
}

/// A value that is written otherwise in the lake; with the right one.
fn unmatched(chance: &mut Chance, known: &Known) -> Option<String> {
    let source = chance.pick(&SOURCES);
    let (first, end) = some_hours(chance, known, source.table);
    let kind = chance.below(10);
    if kind == 8 {
        let values: Vec<&String> = known.values[&("cloud_trail_mgmt", "api.operation")]
            .keys()
            .collect();
        let value = values[chance.below(values.len())];
        let core = value.get(1..value.len().min(8))?.to_uppercase();
        let filter = format!("api.operation LIKE '%{core}%'");
        return Some(statement(chance, "cloud_trail_mgmt", &filter));
    }
    if kind == 9 {
        let window = window(chance, first, end);
        let value = *chance.pick(&["Informational", "Low"]);
        let filter = format!("{window} AND lower(severity) = '{value}'");
        return Some(statement(chance, source.table, &filter));
    }
    if kind == 7 {
        let day = time(first);
        let odd = match chance.below(3) {
            0 => day.format("eventday = '%Y-%m-%d'").to_string(),
            1 => day.format("eventday = '%Y%m%d%H'").to_string(),
            _ => day
                .format("eventday BETWEEN '%Y%m%d00' AND '%Y%m%d23'")
                .to_string(),
        };
        return Some(statement(chance, source.table, &odd));
    }
    let column = if kind < 3 {
        *chance.pick(source.words)
    } else {
        *chance.pick(source.identities)
    };
    let values: Vec<&String> = known.values[&(source.table, column)]
        .iter()
        .filter(|(_, hours)| hours.range(first..end).next().is_some())
        .map(|(value, _)| value)
        .collect();
    if values.is_empty() {
        return None;
    }
    let value = (*chance.pick(&values)).clone();
    let odd = match kind {
        0 => match value.as_str() {
            "Failure" => "failed".to_owned(),
            "Success" => "succeeded".to_owned(),
            "Inbound" => "ingress".to_owned(),
            "Outbound" => "egress".to_owned(),
            _ => value.to_uppercase(),
        },
        1 | 3 => value.to_lowercase(),
        2 => value.to_uppercase(),
        4 => match value.strip_suffix('.') {
            Some(bare) => bare.to_owned(),
            None => format!("{value}."),
        },
        5 => format!(" {value}"),
        _ => value.replace('.', "[.]"),
    };
    let exists = known.values[&(source.table, column)].contains_key(&odd);
    if odd == value || exists {
        return None;
    }
    let window = window(chance, first, end);
    let test = match chance.below(3) {
        0 => format!("{column} IN ({})", quoted(&odd)),
        1 => format!("({column} = {})", quoted(&odd)),
        _ => format!("{column} = {}", quoted(&odd)),
    };
    let filter = match chance.below(2) {
        0 => format!("{window} AND {test}"),
        _ => format!("{test} AND metadata.product.name IS NOT NULL AND {window}"),
    };
    Some(statement(chance, source.table, &filter))
}

/// Conditions that hold each for some rows of the window and never together.
async fn filtered(chance: &mut Chance, known: &Known, lake: &Lake) -> Option<String> {
    let source = chance.pick(&SOURCES);
    let table = source.table;
    let (first, end) = some_hours(chance, known, table);
    let columns: Vec<&'static str> = source
        .identities
        .iter()
        .chain(source.words)
        .copied()
        .collect();
    let one = *chance.pick(&columns);
    let other = *chance.pick(&columns);
    if one == other {
        return None;
    }
    let window = window(chance, first, end);
    let among = |column: &'static str| -> Vec<&String> {
        known.values[&(table, column)]
            .iter()
            .filter(|(_, hours)| hours.range(first..end).next().is_some())
            .map(|(value, _)| value)
            .collect()
    };
    if chance.below(8) == 0 {
        let (from, to) = (literal(time(first)), literal(time(end)));
        return Some(format!(
            "SELECT a.time_dt FROM {table} a JOIN {table} b ON a.metadata.product.name = b.metadata.version \
             WHERE a.time_dt >= {from} AND a.time_dt < {to} AND b.time_dt >= {from} AND b.time_dt < {to}"
        ));
    }
    let (ones, others) = (among(one), among(other));
    if ones.is_empty() || others.is_empty() {
        return None;
    }
    let a = format!("{one} = {}", quoted(ones[chance.below(ones.len())]));
    let b = format!("{other} = {}", quoted(others[chance.below(others.len())]));
    if chance.below(6) == 0 {
        return Some(format!(
            "SELECT {one}, count(*) FROM {table} WHERE {window} AND {a} GROUP BY 1 HAVING count(*) > 1000000"
        ));
    }
    let third = if chance.below(2) == 0 {
        " AND metadata.product.name IS NOT NULL"
    } else {
        ""
    };
    let filter = format!("{window} AND {a}{third} AND {b}");
    // By construction each holds alone; together they must not.
    let counts =
        format!("SELECT count(*), count_if({a}), count_if({b}) FROM {table} WHERE {window}");
    let counts = lake.ask(&counts).await;
    if counts[0][1] == "0" || counts[0][2] == "0" {
        return None;
    }
    Some(statement(chance, table, &filter))
}

/// A window that is empty or ahead, or a time in another unit.
fn slipped(chance: &mut Chance, known: &Known) -> Option<String> {
    let source = chance.pick(&SOURCES);
    let (first, end) = some_hours(chance, known, source.table);
    let (from, to) = (time(first), time(end));
    let filter = match chance.below(9) {
        7 => format!("from_unixtime(time) < {}", literal(to)),
        8 => format!("time >= {}", from.timestamp_micros()),
        0 => format!("time_dt >= {} AND time_dt < {}", literal(to), literal(from)),
        1 => format!("time_dt BETWEEN {} AND {}", literal(to), literal(from)),
        2 => format!("time >= {} AND time < {}", from.timestamp(), to.timestamp()),
        3 => format!("time BETWEEN {} AND {}", from.timestamp(), to.timestamp()),
        4 => "time_dt > current_timestamp + INTERVAL '2' HOUR".to_owned(),
        5 => format!(
            "time_dt >= from_unixtime({}) AND time_dt < from_unixtime({})",
            from.timestamp_millis(),
            to.timestamp_millis()
        ),
        _ => format!(
            "eventday = '{}' AND time_dt >= {}",
            from.format("%Y%m%d"),
            literal(from + TimeDelta::days(2))
        ),
    };
    let filter = match chance.below(2) {
        0 => filter,
        _ => format!("{filter} AND severity_id >= 0"),
    };
    Some(statement(chance, source.table, &filter))
}

async fn seeds(lake: &Lake, known: &Known, count: usize) -> Vec<(Cause, String)> {
    let beginning = std::env::var("LAKEHOUND_ZERO_SEED").ok();
    let mut chance = Chance(beginning.and_then(|text| text.parse().ok()).unwrap_or(7));
    let mut seeds = Vec::new();
    let mut taken = BTreeSet::new();
    for cause in Cause::ALL {
        let mut made = 0;
        let mut tries = 0;
        while made < count {
            tries += 1;
            assert!(
                tries < count * 60,
                "seeds of {cause} are found: {made} so far"
            );
            let sql = match cause {
                Cause::Quiet => quiet(&mut chance, known),
                Cause::SourceAbsent => absent(&mut chance, known),
                Cause::OutsideData => outside(&mut chance, lake),
                Cause::CannotMatch => unmatched(&mut chance, known),
                Cause::Filtered => filtered(&mut chance, known, lake).await,
                _ => slipped(&mut chance, known),
            };
            let Some(sql) = sql.filter(|sql| taken.insert(sql.clone())) else {
                continue;
            };
            if lake.ask(&sql).await.is_empty() {
                seeds.push((cause, sql));
                made += 1;
            }
        }
    }
    seeds
}

/// Removes every folder of this name below another, and says how many there were.
fn remove(below: &Path, name: &str) -> usize {
    let mut removed = 0;
    for entry in std::fs::read_dir(below).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().is_some_and(|found| found == name) {
            std::fs::remove_dir_all(&path).unwrap();
            removed += 1;
        } else if path.is_dir() {
            removed += remove(&path, name);
        }
    }
    removed
}

fn demo_lake(folder: &Path) -> DemoOptions {
    let options = DemoOptions {
        events: 20_000,
        days: 3,
        ..DemoOptions::new("2026-03-04T15:20:00Z".parse().unwrap())
    };
    demo::write_lake(folder, &options, &mut |_| {}).unwrap();
    let day = (options.until - TimeDelta::days(2)).format("eventDay=%Y%m%d");
    let gone = remove(&folder.join("aws/ROUTE53"), &day.to_string());
    assert!(gone > 0, "objects of {day} were there");
    options
}

#[tokio::test]
async fn empty_results_are_explained() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("lake");
    let options = demo_lake(&folder);
    let engine = Engine::open(EngineOptions {
        lake: folder.as_path().into(),
        memory_bytes: 256 << 20,
        threads: 2,
        spill_dir: None,
    })
    .unwrap();
    let lake = Lake {
        engine: Arc::new(engine),
        until: options.until,
        days: i64::from(options.days),
    };
    let coverage = lake.engine.coverage().await.unwrap().unwrap();
    assert!(coverage.is_complete() && !coverage.is_empty());
    let known = known(&lake).await;
    let all: usize = std::env::var("LAKEHOUND_ZERO_SEEDS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(SEEDS);
    let seeds = seeds(&lake, &known, all.div_ceil(Cause::ALL.len())).await;

    let mut table: BTreeMap<Cause, BTreeMap<Cause, usize>> = BTreeMap::new();
    let mut wrong = Vec::new();
    let (mut corrected, mut answering, mut probes) = (0, 0, 0);
    for (cause, sql) in &seeds {
        let told = lake.explained(sql).await;
        probes += told.probes;
        *table
            .entry(*cause)
            .or_default()
            .entry(told.cause)
            .or_default() += 1;
        if told.cause != *cause {
            wrong.push(format!("{cause}: {sql}\n  {}", told.lines().join("\n  ")));
        }
        if let Some(correction) = &told.correction {
            corrected += 1;
            match lake.rows(&correction.sql).await {
                Ok(rows) if !rows.is_empty() => answering += 1,
                Ok(_) => wrong.push(format!("no row: {}", correction.sql)),
                Err(error) => wrong.push(format!("no statement: {error}")),
            }
        }
    }
    let right: usize = Cause::ALL
        .iter()
        .filter_map(|cause| table.get(cause)?.get(cause))
        .sum();
    println!("{}", wrong.join("\n"));
    print(&table);
    println!(
        "{right} of {} explained right; {answering} of {corrected} corrected statements have rows; {probes} probes",
        seeds.len()
    );
    assert!(
        right * 100 >= seeds.len() * RIGHT_AT_LEAST,
        "{right} of {}",
        seeds.len()
    );
    assert!(
        answering * 100 >= corrected * 90,
        "{answering} of {corrected}"
    );
}

fn print(table: &BTreeMap<Cause, BTreeMap<Cause, usize>>) {
    let mut heading = format!("{:24}", "cause \\ explained as");
    for cause in Cause::ALL.iter().chain([&Cause::Unknown]) {
        heading.push_str(&format!("{:>24}", cause.title()));
    }
    println!("{heading}");
    for (cause, found) in table {
        let mut line = format!("{:24}", cause.title());
        for other in Cause::ALL.iter().chain([&Cause::Unknown]) {
            let count = found.get(other).copied().unwrap_or(0);
            line.push_str(&format!("{count:>24}"));
        }
        println!("{line}");
    }
}
