//! Cases under kill -9: whatever the moment, what was committed is there, and the journal verifies.

#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::unwrap_used,
    clippy::panic,
    reason = "all of this is test: it starts and kills processes, and fails by panic"
)]
#![cfg(unix)]

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use chrono::{DateTime, TimeDelta, Utc};
use lakehound::adapters::case::{CaseWriter, Cases};
use lakehound::domain::case::{
    Author, CaseState, Draft, EntityRef, EvidenceColumn, EvidenceRow, Happening, Key, Outcome, Pin,
    PivotFrom, ResultRef, Source, ValueType, Verdict, What,
};

/// Set in the process that is killed: the folder of cases.
const FOLDER: &str = "LAKEHOUND_TEST_CASE_FOLDER";
/// Set in the process that is killed: the case's id.
const CASE: &str = "LAKEHOUND_TEST_CASE_ID";
/// How many kills: some in the suite, 200 for the full proof.
const KILLS: &str = "LAKEHOUND_CASE_KILLS";

/// Kills of one case, one after the other; then the next case, for reading grows with the entries.
const OF_ONE_CASE: u64 = 25;

fn author() -> Author {
    Author {
        analyst: "ana".to_owned(),
        tool: "lakehound test".to_owned(),
    }
}

fn at(number: u64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::milliseconds(i64::try_from(number).unwrap())
}

/// The scripted session: what the analyst does as the `number`-th thing of a round, some of it more
/// than one entry that belong together.
fn script(session: &str, number: u64, result: Option<&ResultRef>) -> Vec<Draft> {
    let key = |kind: &str, number: u64| Key(format!("{session}-{kind}{number}"));
    let command = What::Command {
        name: "test.step".to_owned(),
        detail: format!("{session}:{number}"),
    };
    let entity = EntityRef {
        entity_type: "ip".to_owned(),
        value: format!("192.0.2.{}", number % 250),
    };
    let more = match number % 6 {
        0 => vec![What::QueryBegun {
            query: key("q", number),
            sql: format!("SELECT {number} -- {}", "x".repeat(200)),
            parameters: vec!["'1'".to_owned()],
            engine: "embedded".to_owned(),
            profile: None,
            files: Vec::new(),
        }],
        1 => vec![What::QueryEnded {
            query: key("q", number - 1),
            outcome: Outcome::Finished {
                result: result.cloned(),
                rows: number,
                scanned_bytes: 7,
                execution_id: Some("e".to_owned()),
            },
        }],
        2 => vec![pinned(key("p", number), &"value ".repeat(300))],
        3 => vec![
            What::Annotated {
                pin: key("p", number - 1),
                tags: Some(vec!["theft".to_owned()]),
                note: None,
            },
            What::Judged {
                entity,
                verdict: Verdict::Malicious,
                reason: String::new(),
            },
        ],
        4 => vec![What::Unpinned {
            pin: key("p", number - 2),
            reason: "script".to_owned(),
        }],
        _ => vec![
            What::Pivoted {
                from: PivotFrom {
                    query: Some(key("q", number - 5)),
                    row: Some(1),
                    path: None,
                    entity,
                },
                template: "everything".to_owned(),
                query: key("q", number + 1),
            },
            What::StepTicked {
                playbook: "plan.md".to_owned(),
                step: format!("s{}", number % 9),
                done: true,
            },
        ],
    };
    let whats = more.into_iter().chain([command]);
    whats
        .map(|what| Draft {
            at: at(number),
            what,
        })
        .collect()
}

fn pinned(pin: Key, value: &str) -> What {
    let row = EvidenceRow {
        columns: vec![EvidenceColumn {
            name: "x".to_owned(),
            value_type: ValueType::Text,
            metadata: Default::default(),
            value: value.into(),
        }],
    };
    What::Pinned(Box::new(Pin {
        pin,
        event_time: None,
        tags: Vec::new(),
        note: String::new(),
        source: Source::Object {
            bucket: None,
            key: "x.parquet".to_owned(),
            version_id: None,
            etag: None,
            size: None,
            row: Some(1),
        },
        row_sha256: row.sha256(),
        row,
    }))
}

/// The process that is killed: works until then. It says the number of everything that is committed,
/// and says it only then.
fn work_until_killed(folder: &Path) {
    let id = std::env::var(CASE).unwrap();
    let writer = CaseWriter::open(&Cases::at(folder), &id, author()).unwrap();
    let session = writer.session().to_owned();
    let out = std::io::stdout();
    let say = |line: String| {
        let mut out = out.lock();
        out.write_all(line.as_bytes()).unwrap();
        out.flush().unwrap();
    };
    // The test's own frame may have left a line unfinished.
    say(format!("\nsession {session}\n"));
    let rows = folder.join(format!("{session}.parquet"));
    let manifest = folder.join(format!("{session}.json"));
    let mut pending = std::collections::VecDeque::new();
    for number in 0.. {
        let mut result = None;
        if number % 6 == 1 {
            let bytes = format!("PAR1 {session} {number} PAR1").repeat(400);
            std::fs::write(&rows, &bytes).unwrap();
            let sha256 = lakehound::domain::case::EntryHash::of(bytes.as_bytes()).to_string();
            let text = format!(r#"{{"name":"result_{number}","sha256":"{sha256}"}}"#);
            std::fs::write(&manifest, text).unwrap();
            writer.kept().keep_result(&rows, &manifest).unwrap();
            result = Some(ResultRef {
                name: format!("result_{number}"),
                sha256,
            });
        }
        pending.push_back((
            number,
            writer.append(script(&session, number, result.as_ref())),
        ));
        // A console does not wait either: some batches are always on their way.
        while pending.len() > 4 {
            let (number, answer) = pending.pop_front().unwrap();
            answer.blocking_recv().unwrap().unwrap();
            say(format!("done {number}\n"));
        }
    }
}

/// Not left behind where an assertion fails first.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A generator of moments; its seed is told where a test fails.
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

/// Starts the session once more and kills it at a random moment. Gives what it called itself, and
/// how many things it said to be committed.
fn kill_once(folder: &Path, id: &str, random: &mut u64) -> (Option<String>, u64) {
    let mut killed = Killed(
        Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "a_kill_at_any_moment_loses_nothing",
                "--nocapture",
            ])
            .env(FOLDER, folder)
            .env(CASE, id)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap(),
    );
    let mut lines = BufReader::new(killed.0.stdout.take().unwrap()).lines();
    let mut session = None;
    let mut done = 0;
    // So many things are committed before; now and then none, so that opening is hit as well.
    let wanted = next(random) % 14;
    let mut take = |line: &str| {
        if let Some(name) = line.strip_prefix("session ") {
            session = Some(name.to_owned());
        } else if let Some(number) = line.strip_prefix("done ") {
            assert_eq!(number.parse(), Ok(done), "everything in order");
            done += 1;
        }
        done
    };
    if wanted > 0 {
        loop {
            let line = lines
                .next()
                .unwrap_or_else(|| panic!("the session ended by itself"))
                .unwrap();
            if take(&line) >= wanted {
                break;
            }
        }
    }
    // And then anywhere between two of them.
    for _ in 0..next(random) % 3_000_000 {
        std::hint::spin_loop();
    }
    killed.0.kill().unwrap();
    killed.0.wait().unwrap();
    // What it said before it died counts as well; a torn last line does not.
    for line in lines {
        take(&line.unwrap());
    }
    (session, done)
}

/// Runs itself a second time, as the process that is killed.
#[test]
fn a_kill_at_any_moment_loses_nothing() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return work_until_killed(&PathBuf::from(folder));
    }
    let kills: u64 = std::env::var(KILLS).map_or(20, |count| count.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let cases = Cases::at(folder.path());
    let mut id = String::new();
    let mut random = 0x2545_f491_4f6c_dd1d_u64;
    let (mut committed, mut entries, mut all, mut uncertain) = (0, 0, 0, 0);
    for round in 0..kills {
        if round % OF_ONE_CASE == 0 {
            id = cases.create("Under fire", author(), at(0)).unwrap().id();
            all += entries;
            entries = 1;
        }
        let (session, done) = kill_once(folder.path(), &id, &mut random);
        let told = format!("kill {round}: {session:?} had committed {done}");

        let report = cases.verify(&id, None).unwrap();
        assert!(report.ok, "{told}: {:?}", report.problems);
        assert_eq!(report.absent, Vec::<String>::new(), "{told}");
        let history = cases.read(&id).unwrap();
        // The session's entries in order: everything of its first things, nothing twice, and of
        // what was still on its way a whole first part.
        let own: Vec<&What> = history.entries()[entries..]
            .iter()
            .map(|sealed| match &sealed.entry().what {
                Happening::Known(what) => what,
                Happening::Unknown { kind } => panic!("{told}: unknown {kind}"),
            })
            .collect();
        let mut there = 0;
        let mut place = 0;
        while place < own.len() {
            let name = session.as_deref().unwrap_or_else(|| panic!("{told}"));
            // Which result was kept is random; the rest of the entry is not.
            let result = match own[place] {
                What::QueryEnded {
                    outcome: Outcome::Finished { result, .. },
                    ..
                } => result.as_ref(),
                _ => None,
            };
            for expected in script(name, there, result) {
                assert_eq!(own.get(place), Some(&&expected.what), "{told}");
                place += 1;
            }
            there += 1;
        }
        assert!(there >= done, "{told}, and {there} are there");
        committed += done;
        uncertain += there - done;
        entries = history.entries().len();

        // The next start goes on.
        let case = cases.open(&id, author()).unwrap();
        assert_eq!(*case.state(), CaseState::of(&history), "{told}");
        assert_eq!(case.state().without_effect.len(), 0, "{told}");
    }
    all += entries;
    println!(
        "{kills} kills: {committed} things committed before them, none missing; {uncertain} more that were on their way are there whole; {all} entries verify"
    );
}
