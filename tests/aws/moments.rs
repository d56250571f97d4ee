//! Kills at any moment of a run: among its start, its looks, its download and its writing. The next
//! start takes up what was begun, nothing is begun or kept twice, and no half of a file stands for a
//! whole one.
//!
//! `LAKEHOUND_KILLS` is how many of each kind; the suite has few.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use lakehound::adapters::journal::RunJournal;
use lakehound::adapters::kept::KeptResults;

use crate::consoles::{configure, console};
use crate::home::Home;
use crate::peer::{Peer, wait_until};
use crate::terminal::{self, Terminal};
use crate::wire::{Mishap, Wire};

const ROWS: u64 = 60_000;

/// How many kills there are where nothing else is said.
const KILLS_OF_THE_BINARY: u64 = 12;
/// See [`KILLS_OF_THE_BINARY`].
const KILLS_OF_THE_CONSOLE: u64 = 3;

fn kills(in_the_suite: u64) -> u64 {
    let asked = std::env::var("LAKEHOUND_KILLS").ok();
    asked.map_or(in_the_suite, |count| count.parse().expect("a number"))
}

fn statement(mark: &str) -> String {
    format!(
        "SELECT /* {mark} */ /* peer: wait 100 */ n, 'row ' || CAST(n AS varchar) AS t, \
         CASE WHEN n % 2 = 0 THEN '' END AS e FROM UNNEST(sequence(1, {ROWS})) AS u(n) ORDER BY n"
    )
}

/// A wire on which a result's parts take their time.
fn slow_wire(peer: &Peer) -> Wire {
    let wire = Wire::to(peer.port());
    slow(&wire);
    wire
}

fn slow(wire: &Wire) {
    wire.on(|seen| match seen.operation.as_str() {
        "GetObject" => Mishap::Drips(12, Duration::from_millis(15)),
        _ => Mishap::None,
    });
}

/// A moment below a limit, by chance.
fn by_chance(limit: Duration) -> Duration {
    let share = RandomState::new().hash_one(limit) % 10_000;
    limit.mul_f64(share as f64 / 10_000.0)
}

fn seen(wire: &Wire, operation: &str) -> usize {
    let all = wire.seen();
    all.iter()
        .filter(|seen| seen.operation == operation)
        .count()
}

/// The files in a folder whose names end so, and their sizes.
fn files(folder: &Path, end: &str) -> Vec<(PathBuf, u64)> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let named = entry.file_name().to_string_lossy().ends_with(end);
            named.then(|| Some((entry.path(), entry.metadata().ok()?.len())))?
        })
        .collect()
}

/// Kills the binary at its moment. Where that is by chance, the clock is what chooses.
fn kill_at(number: u64, child: &mut Child, wire: &Wire, parts: &Path, whole: Duration) {
    let ended = |child: &mut Child| child.try_wait().unwrap().is_some();
    match number % 4 {
        0 | 1 => std::thread::sleep(by_chance(whole)),
        2 => wait_until("a part of the result is asked for", || {
            ended(child) || seen(wire, "GetObject") > (number as usize / 4) % 3
        }),
        _ => wait_until("the file is being written", || {
            ended(child) || files(parts, ".part").iter().any(|(_, size)| *size > 0)
        }),
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Where in its life the binary was killed.
fn place(child: &mut Child, wire: &Wire, parts: &Path) -> &'static str {
    if child.wait().unwrap().success() {
        "after its end"
    } else if files(parts, ".part").iter().any(|(_, size)| *size > 0) {
        "while the file was written"
    } else if seen(wire, "GetObject") > 0 {
        "in mid-download"
    } else if seen(wire, "GetQueryExecution") > 0 {
        "while Athena ran it"
    } else if seen(wire, "StartQueryExecution") > 0 {
        "between start and first look"
    } else {
        "before the start"
    }
}

#[test]
fn a_binary_killed_at_any_moment_leaves_all_or_nothing_and_is_taken_up() {
    let peer = Peer::start();
    let wire = slow_wire(&peer);
    let home = Home::of(&wire.endpoint());
    let folder = home.path("out");
    std::fs::create_dir(&folder).unwrap();
    let out = folder.join("rows.csv");
    let write = |sql: &str| {
        let arguments = ["query", sql, "-o", out.to_str().unwrap()];
        let mut command = home.command(&arguments);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().unwrap()
    };
    let began = Instant::now();
    assert!(write(&statement("undisturbed")).wait().unwrap().success());
    let whole = began.elapsed().mul_f64(1.05);
    let expected = std::fs::read(&out).unwrap();
    assert_eq!(
        expected.split(|byte| *byte == b'\n').count() as u64,
        ROWS + 2
    );

    let mut places: BTreeMap<&str, u64> = BTreeMap::new();
    let mut resumed = 0;
    let count = kills(KILLS_OF_THE_BINARY);
    for number in 0..count {
        let mark = format!("kill {number} of the binary");
        std::fs::remove_dir_all(&folder).unwrap();
        std::fs::create_dir(&folder).unwrap();
        slow(&wire);
        let mut child = write(&statement(&mark));
        kill_at(number, &mut child, &wire, &folder, whole);
        let place = place(&mut child, &wire, &folder);
        *places.entry(place).or_default() += 1;
        let there = std::fs::read(&out).ok();
        assert!(
            there.as_ref().is_none_or(|bytes| *bytes == expected),
            "{place}: a file that is there is whole"
        );

        let (code, _, stderr) = home.run(&["resume", "-o", out.to_str().unwrap()]);
        let mine =
            |run: &&serde_json::Value| run["query"].as_str().unwrap().contains(&statement(&mark));
        let begun = peer.executions().iter().filter(mine).count();
        match code {
            Some(0) => {
                resumed += 1;
                assert_eq!(begun, 1, "{place}: begun once");
            }
            Some(3) => assert_eq!(begun, usize::from(there.is_some()), "{place}: {stderr}"),
            other => panic!("{place}: {other:?}: {stderr}"),
        }
        if begun > 0 {
            assert!(std::fs::read(&out).unwrap() == expected, "{place}");
        }
        assert_eq!(home.run(&["resume"]).0, Some(3), "{place}: nothing is left");
    }
    assert!(places.contains_key("in mid-download"), "{places:?}");
    assert!(
        places.contains_key("while the file was written"),
        "{places:?}"
    );
    println!(
        "{count} kills of the binary: {places:?}; {resumed} taken up, none begun twice, no half file"
    );
}

#[test]
fn a_console_killed_while_it_keeps_rows_keeps_them_once_at_the_next_start() {
    let count = kills(KILLS_OF_THE_CONSOLE);
    let peer = Peer::start();
    let wire = slow_wire(&peer);
    let mut taken_up = 0;
    for number in 0..count {
        let home = terminal::Home::new();
        let sql = statement(&format!("kill {number} of the console"));
        slow(&wire);
        let mut console = start(&home, &wire);
        console.press(&["ctrl-n"]);
        console.wait_for("Editor query");
        console.paste(&sql);
        console.wait_for("ORDER BY n");
        console.press(&["f5"]);
        let results = home.data().join("results");
        let kept = || {
            let lakes = std::fs::read_dir(&results).into_iter().flatten();
            lakes.flatten().map(|lake| lake.path()).next()
        };
        let ending = if number % 3 == 2 { ".json" } else { ".part" };
        wait_until("the rows are being kept", || {
            kept().is_some_and(|folder| !files(&folder, ending).is_empty())
        });
        if number % 3 == 1 {
            std::thread::sleep(by_chance(Duration::from_millis(500)));
        }
        console.signal("KILL");
        console.wait_for_end();

        let journal = RunJournal::open(&home.data().join("runs.sqlite")).unwrap();
        let left = journal.unfinished().unwrap().len();
        drop(journal);
        let mut next = start(&home, &wire);
        // Before it listens, a terminal keeps ctrl-q to itself.
        next.wait_for("ctrl-q quit");
        if left > 0 {
            taken_up += 1;
            next.wait_for("1 left at Athena");
            next.press(&["alt-u"]);
            next.wait_until("its rows are shown", |screen| {
                screen.contains("60,000 rows")
            });
        }
        let folder = kept().unwrap();
        wait_until("one result is kept", || {
            files(&folder, ".part").is_empty() && !files(&folder, ".json").is_empty()
        });
        next.press(&["ctrl-q"]);
        assert_eq!(next.wait_for_end(), 0);
        let results = KeptResults::open(&folder).unwrap();
        let listing = results.list().unwrap();
        assert!(listing.unreadable.is_empty(), "{:?}", listing.unreadable);
        let rows: Vec<u64> = listing.results.iter().map(|result| result.rows).collect();
        assert_eq!(rows, [ROWS], "kept once, all of them");
        results.verify(&listing.results[0].name).unwrap();
        let mine = |run: &&serde_json::Value| run["query"].as_str().unwrap().contains(&sql);
        assert_eq!(peer.executions().iter().filter(mine).count(), 1);
    }
    println!(
        "{count} kills of the console: {taken_up} runs taken up, each kept once and begun once"
    );
}

fn start(home: &terminal::Home, wire: &Wire) -> Terminal {
    configure(home, &wire.endpoint(), "");
    console(home, (140, 40))
}
