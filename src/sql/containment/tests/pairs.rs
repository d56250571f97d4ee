//! Random pairs of statements over small random tables: what is offered is what a run gives.
//!
//! The table grows between the two runs, as a lake does: events come up to two hours late. Times
//! lie on whole quarters of an hour, like the bounds, so that bounds are met exactly.

#![allow(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    reason = "the test makes its tables and tells its figures"
)]

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::TimestampMillisecondArray;
use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray, StructArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{DataType, Field};
use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use parquet::arrow::ArrowWriter;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use super::super::Freshness;
use super::desk::Desk;
use crate::domain::query::AttachedFile;
use crate::sql::parameters::Literal;

/// Pairs in the suite; `LAKEHOUND_PAIRS` asks for another number.
const PAIRS: usize = 80;

/// New statements for each stored one.
const ASKED: usize = 10;

const QUARTER: i64 = 15 * 60_000;

/// When the stored statements run; the new ones run three hours later.
fn first_run() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 20, 12, 0, 0).unwrap()
}

struct Dice(ChaCha8Rng);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.0.next_u32()).unwrap() % end
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }

    /// Some of them in their order, at least one.
    fn some<'a>(&mut self, from: &[&'a str], percent: usize) -> Vec<&'a str> {
        let mut some: Vec<&str> = from
            .iter()
            .copied()
            .filter(|_| self.chance(percent))
            .collect();
        if some.is_empty() {
            some.push(self.pick(from));
        }
        some
    }
}

const TEXTS: &[&str] = &["", "a", "A", "ab", "b", "é", "a%"];
const COLUMNS: &[&str] = &["n", "s", "time_dt", "who.name", "who", "day"];
const SCALARS: &[&str] = &["n", "s", "time_dt", "who.name", "day"];

/// A random table as it is at the first run, and as it is at the second.
fn tables(dice: &mut Dice, folder: &Path) -> [AttachedFile; 2] {
    let rows = 30 + dice.below(40);
    let start = first_run().timestamp_millis() - 24 * 4 * QUARTER;
    let quarters = 27 * 4;
    let mut arrivals = Vec::new();
    let mut times = Vec::new();
    for _ in 0..rows {
        let time = start + i64::try_from(dice.below(quarters)).unwrap() * QUARTER;
        arrivals.push(time + i64::try_from(dice.below(9)).unwrap() * QUARTER);
        times.push((!dice.chance(8)).then_some(time));
    }
    let mut texts = |gaps| -> StringArray {
        (0..rows)
            .map(|_| (!dice.chance(gaps)).then(|| dice.pick(TEXTS)))
            .collect()
    };
    let (s, name) = (texts(15), texts(15));
    let n: Int64Array = (0..rows)
        .map(|_| (!dice.chance(15)).then(|| i64::try_from(dice.below(8)).unwrap() - 2))
        .collect();
    let uid: Int64Array = (0..rows).map(|_| Some(1)).collect();
    let day: StringArray = times
        .iter()
        .map(|time| {
            Some(
                Utc.timestamp_millis_opt((*time)?)
                    .unwrap()
                    .format("%Y%m%d")
                    .to_string(),
            )
        })
        .collect();
    let who = StructArray::new(
        vec![
            Field::new("name", DataType::Utf8, true),
            Field::new("uid", DataType::Int64, true),
        ]
        .into(),
        vec![Arc::new(name), Arc::new(uid)],
        Some(NullBuffer::from(
            (0..rows).map(|_| !dice.chance(10)).collect::<Vec<_>>(),
        )),
    );
    let batch = RecordBatch::try_from_iter_with_nullable([
        ("n", Arc::new(n) as ArrayRef, true),
        ("s", Arc::new(s) as ArrayRef, true),
        (
            "time_dt",
            Arc::new(TimestampMillisecondArray::from(times).with_timezone("UTC")) as ArrayRef,
            true,
        ),
        ("who", Arc::new(who) as ArrayRef, true),
        ("day", Arc::new(day) as ArrayRef, true),
    ])
    .unwrap();
    [("before", first_run()), ("after", second_run())].map(|(name, now)| {
        let there = arrow::array::BooleanArray::from_iter(
            arrivals
                .iter()
                .map(|arrival| Some(*arrival <= now.timestamp_millis())),
        );
        let batch = arrow::compute::filter_record_batch(&batch, &there).unwrap();
        let path = folder.join(format!("{name}.parquet"));
        let mut writer =
            ArrowWriter::try_new(File::create(&path).unwrap(), batch.schema(), None).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        AttachedFile {
            name: "events".to_owned(),
            path,
        }
    })
}

fn second_run() -> DateTime<Utc> {
    first_run() + TimeDelta::hours(3)
}

/// A point in time near the two runs, absolute or against the statement's own time.
fn moment(dice: &mut Dice) -> String {
    if dice.chance(30) {
        let hours = dice.below(28);
        return format!("current_timestamp - INTERVAL '{hours}' HOUR");
    }
    let quarters = i64::try_from(dice.below(28 * 4)).unwrap();
    Literal::timestamp(second_run() - TimeDelta::milliseconds(quarters * QUARTER)).into_string()
}

fn text(dice: &mut Dice) -> String {
    Literal::text(dice.pick(TEXTS)).into_string()
}

/// One condition on one column, mostly.
fn condition(dice: &mut Dice, depth: usize) -> String {
    const SIGNS: &[&str] = &["=", "<>", "<", "<=", ">", ">="];
    match dice.below(if depth == 0 { 9 } else { 11 }) {
        0 => format!("n {} {}", dice.pick(SIGNS), dice.below(8) as i64 - 2),
        1 => format!("n BETWEEN {} AND {}", dice.below(4), 2 + dice.below(4)),
        2 => {
            let list: Vec<String> = (0..=dice.below(4))
                .map(|_| dice.below(6).to_string())
                .collect();
            let not = dice.pick(&["", "NOT "]);
            format!("n {not}IN ({})", list.join(", "))
        }
        3 => {
            let column = dice.pick(&["s", "who.name", "day"]);
            let value = if column == "day" {
                day(dice)
            } else {
                text(dice)
            };
            format!("{column} {} {value}", dice.pick(SIGNS))
        }
        4 => {
            let list: Vec<String> = (0..=dice.below(3)).map(|_| text(dice)).collect();
            let column = dice.pick(&["s", "who.name", "lower(s)"]);
            format!(
                "{column} {}IN ({})",
                dice.pick(&["", "NOT "]),
                list.join(", ")
            )
        }
        5 => format!("{} IS {}NULL", dice.pick(SCALARS), dice.pick(&["", "NOT "])),
        6 => format!(
            "s {}LIKE {}",
            dice.pick(&["", "NOT "]),
            dice.pick(&["'a%'", "'%b'", "'_'", "'%'"])
        ),
        7 => format!("time_dt {} {}", dice.pick(SIGNS), moment(dice)),
        8 => format!("time_dt BETWEEN {} AND {}", moment(dice), moment(dice)),
        9 => format!(
            "({} OR {})",
            condition(dice, depth - 1),
            condition(dice, depth - 1)
        ),
        _ => format!("NOT ({})", condition(dice, depth - 1)),
    }
}

fn day(dice: &mut Dice) -> String {
    dice.pick(&["'20261118'", "'20261119'", "'20261120'", "'x'"])
        .to_owned()
}

/// A condition that nearly implies another: by a bound, a value or a NULL it does not.
fn wider(dice: &mut Dice, of: &str) -> Option<String> {
    let words: Vec<&str> = of.split_whitespace().collect();
    Some(match words.as_slice() {
        [
            column @ ("n" | "time_dt" | "s" | "day" | "who.name"),
            sign @ ("<" | ">"),
            ..,
        ] => {
            let bound = of.split_once(sign)?.1;
            format!("{column} {sign}={bound}")
        }
        ["n", "<>", value] => format!("n >= {value}"),
        ["n", "=", value] => format!("n IN ({value}, 3)"),
        [column @ ("n" | "s"), "IN", ..] => {
            let more = if *column == "n" { "4" } else { "'ab'" };
            format!("{}, {more})", of.strip_suffix(')')?)
        }
        ["n", "BETWEEN", low, ..] => format!("n >= {low}"),
        [column, "IS", "NOT", "NULL"] => match dice.below(2) {
            0 => format!("({column} IS NULL OR n > 0)"),
            _ => "n IS NULL".to_owned(),
        },
        _ => return None,
    })
}

/// A condition that often implies another.
fn narrower(dice: &mut Dice, of: &str) -> String {
    if dice.chance(20)
        && let Some(wider) = wider(dice, of)
    {
        return wider;
    }
    if dice.chance(45) {
        return of.to_owned();
    }
    let words: Vec<&str> = of.split_whitespace().collect();
    match words.as_slice() {
        ["n", "<" | "<=", value] => format!(
            "n < {}",
            value.parse::<i64>().unwrap() - dice.below(2) as i64
        ),
        ["n", ">" | ">=", value] => format!(
            "n >= {}",
            value.parse::<i64>().unwrap() + dice.below(2) as i64
        ),
        ["n", "<>", value] => format!("n > {value}"),
        ["n", "IN", ..] => format!("n = {}", words[2].trim_matches(['(', ')', ','])),
        ["n", "BETWEEN", low, ..] => format!("n = {low}"),
        [column, "IS", "NOT", "NULL"] => match *column {
            "n" => "n <> 0".to_owned(),
            "time_dt" => format!("time_dt < {}", moment(dice)),
            other => format!("{other} >= 'a'"),
        },
        ["time_dt", sign @ ("<" | "<=" | ">" | ">="), ..] => {
            format!("time_dt {sign} {}", moment(dice))
        }
        ["time_dt", "BETWEEN", ..] => {
            let bounds = of.strip_prefix("time_dt BETWEEN ").unwrap();
            let (low, high) = bounds.split_once(" AND ").unwrap();
            format!(
                "time_dt > {low} AND time_dt <= {high} AND time_dt < {}",
                moment(dice)
            )
        }
        _ => match of
            .strip_prefix('(')
            .and_then(|of| of.strip_suffix(')')?.split_once(" OR "))
        {
            Some((one, _)) if !one.contains(['(', '\'']) => one.to_owned(),
            _ => condition(dice, 1),
        },
    }
}

fn filter(conditions: &[String]) -> String {
    if conditions.is_empty() {
        return String::new();
    }
    format!(" WHERE {}", conditions.join(" AND "))
}

/// A stored statement and its conditions.
fn stored(dice: &mut Dice) -> (String, Vec<String>) {
    let conditions: Vec<String> = (0..dice.below(3)).map(|_| condition(dice, 1)).collect();
    let columns = if dice.chance(30) {
        "*".to_owned()
    } else {
        let mut columns: Vec<String> = Vec::new();
        for column in dice.some(COLUMNS, 80) {
            columns.push(if dice.chance(20) {
                format!("{column} AS {}_x", column.replace('.', "_"))
            } else {
                column.to_owned()
            });
        }
        columns.join(", ")
    };
    let tail = dice.pick(&["", "", " ORDER BY 1", " LIMIT 1000"]);
    (
        format!("SELECT {columns} FROM events{}{tail}", filter(&conditions)),
        conditions,
    )
}

/// A new statement, often within the stored one.
fn asked(dice: &mut Dice, of: &[String]) -> String {
    let mut conditions: Vec<String> = if dice.chance(80) {
        of.iter()
            .map(|condition| narrower(dice, condition))
            .collect()
    } else {
        Vec::new()
    };
    if dice.chance(50) {
        conditions.push(condition(dice, 2));
    }
    if dice.chance(40) {
        conditions.push(format!("time_dt < {}", moment(dice)));
    }
    if dice.chance(50) {
        conditions.reverse();
    }
    let filter = filter(&conditions);
    match dice.below(6) {
        0 => format!("SELECT * FROM events{filter}"),
        1 => {
            let by = dice.pick(SCALARS);
            let order = dice.pick(&[
                "",
                " ORDER BY 2 DESC, 1 LIMIT 3",
                " ORDER BY 1 LIMIT 2",
                " ORDER BY c LIMIT 2",
            ]);
            format!(
                "SELECT {by}, count(*) AS c, min(n), max(time_dt), count(DISTINCT s), sum(n) FROM events{filter} GROUP BY {by}{order}"
            )
        }
        2 => format!("SELECT count(*), count(who.name), min(s) FROM events e{filter}"),
        3 => format!(
            "SELECT DISTINCT {} FROM events{filter}",
            dice.some(SCALARS, 30).join(", ")
        ),
        4 => {
            let columns = dice.some(SCALARS, 30).join(", ");
            let limit = dice.pick(&["", " LIMIT 4", " LIMIT 200"]);
            let way = dice.pick(&["", " DESC", " ASC NULLS FIRST"]);
            format!("SELECT {columns} FROM events{filter} ORDER BY {columns}{way}{limit}")
        }
        _ => {
            let columns = dice.some(COLUMNS, 40).join(", ");
            format!("SELECT {columns}, s || 'x' FROM events{filter}")
        }
    }
}

/// A statement with its own time written out, which is how the engine runs it here.
fn at(sql: &str, now: DateTime<Utc>) -> String {
    let literal = format!("TIMESTAMP '{}'", now.format("%Y-%m-%d %H:%M:%S UTC"));
    sql.replace("current_timestamp", &literal)
}

#[test]
fn an_answer_is_what_a_run_would_give() {
    let pairs = match std::env::var("LAKEHOUND_PAIRS") {
        Ok(text) => text.parse().expect("LAKEHOUND_PAIRS is a number"),
        Err(_) => PAIRS,
    };
    let desk = Desk::over(None);
    let mut dice = Dice(ChaCha8Rng::seed_from_u64(20_261_120));
    let (mut tried, mut offered, mut rows, mut wrong) = (0, 0, 0, Vec::new());
    while tried < pairs {
        let folder = tempfile::tempdir().unwrap();
        let [before, after] = tables(&mut dice, folder.path());
        let (text, conditions) = stored(&mut dice);
        let files = [before.clone()];
        let result = desk.keep(&at(&text, first_run()), &text, first_run(), &files);
        for _ in 0..ASKED.min(pairs - tried) {
            tried += 1;
            let sql = asked(&mut dice, &conditions);
            let (freshness, now_there) = if dice.chance(50) {
                (Freshness::default(), &after)
            } else {
                (Freshness::Unchanged, &before)
            };
            let Some(answer) = desk.answer_from(&result, &sql, second_run(), freshness) else {
                continue;
            };
            offered += 1;
            let direct = desk.run(&at(&sql, second_run()), std::slice::from_ref(now_there));
            let local = desk.run(&answer.sql, &[]);
            let same = match (&direct, &local) {
                (Ok(direct), Ok(local)) => {
                    rows += direct.rows.len();
                    // Where a LIMIT cuts, the order decides, and then it is the same.
                    if sql.contains("LIMIT") {
                        direct == local
                    } else {
                        direct.clone().sorted() == local.clone().sorted()
                    }
                }
                _ => false,
            };
            if !same {
                wrong.push(format!(
                    "stored: {text}\nasked: {sql} ({freshness:?})\nanswer: {}\ndirect: {direct:?}\nlocal: {local:?}\n",
                    answer.sql
                ));
            }
        }
        desk.kept.remove(&result.name).unwrap();
    }
    println!(
        "{tried} pairs: {offered} offered ({} %), {rows} rows compared, {} wrong",
        offered * 100 / tried,
        wrong.len()
    );
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    assert!(
        offered * 100 >= tried * 10,
        "{offered} of {tried} offered: too few to prove anything"
    );
}
