//! Every fault between the engine and S3: all the rows, or an error that says what happened; never
//! fewer rows without a word.

use std::fmt::Write as _;
use std::path::Path;

use lakehound::domain::query::QueryErrorKind;

use super::lake::{BUCKET, DAYS, Lake, block_on, bucket, direct, rows};
use crate::relay::{Asked, Meet};
use crate::support::Row;

/// Which requests a fault meets.
#[derive(Clone, Copy)]
enum At {
    List,
    Get,
}

/// What must come of it.
enum Outcome {
    AllRows,
    /// All rows but those of one object, and a note that names it.
    Noted,
    Fails(QueryErrorKind, &'static str),
}

struct Fault {
    name: &'static str,
    at: At,
    meet: Meet,
    /// Requests that it meets before it is over.
    times: u64,
    /// Requests that pass before it begins.
    after: u64,
    outcome: Outcome,
}

const ALWAYS: u64 = u64::MAX;

const fn fault(name: &'static str, at: At, meet: Meet, times: u64, outcome: Outcome) -> Fault {
    Fault {
        name,
        at,
        meet,
        times,
        after: 0,
        outcome,
    }
}

fn faults() -> Vec<Fault> {
    use Meet::{Cut, Refuse, Reset, Trickle};
    use Outcome::{AllRows, Fails, Noted};
    use QueryErrorKind::{Busy, Credentials, Denied, Storage, UnknownName};
    let slow_down = Refuse(503, "SlowDown");
    let gone = Refuse(404, "NoSuchKey");
    vec![
        fault("truncated, length kept", At::Get, Cut, 3, AllRows),
        fault("SlowDown", At::Get, slow_down, 4, AllRows),
        fault("500", At::Get, Refuse(500, "InternalError"), 3, AllRows),
        fault("reset", At::Get, Reset, 3, AllRows),
        fault("slow stream", At::Get, Trickle, ALWAYS, AllRows),
        fault(
            "500 for ever",
            At::Get,
            Refuse(500, "InternalError"),
            ALWAYS,
            Fails(Storage, "tries"),
        ),
        fault(
            "truncated for ever",
            At::Get,
            Cut,
            ALWAYS,
            Fails(Storage, "did not arrive"),
        ),
        fault(
            "SlowDown for ever",
            At::Get,
            slow_down,
            ALWAYS,
            Fails(Busy, "s3:GetObject"),
        ),
        fault(
            "reset for ever",
            At::Get,
            Reset,
            ALWAYS,
            Fails(Storage, "s3:GetObject"),
        ),
        fault(
            "403",
            At::Get,
            Refuse(403, "AccessDenied"),
            ALWAYS,
            Fails(Denied, "kms:Decrypt"),
        ),
        fault(
            "ExpiredToken",
            At::Get,
            Refuse(400, "ExpiredToken"),
            ALWAYS,
            Fails(Credentials, "aws sso login --profile peer"),
        ),
        fault(
            "overwritten",
            At::Get,
            Refuse(412, "PreconditionFailed"),
            1,
            Fails(Storage, "run the query again"),
        ),
        fault(
            "archived",
            At::Get,
            Refuse(403, "InvalidObjectState"),
            1,
            Fails(Storage, "restore"),
        ),
        fault("gone at its footer", At::Get, gone, 1, Noted),
        Fault {
            after: 4,
            ..fault("gone at its columns", At::Get, gone, 1, Noted)
        },
        Fault {
            after: 4,
            ..fault(
                "403 at its columns",
                At::Get,
                Refuse(403, "AccessDenied"),
                ALWAYS,
                Fails(Denied, "s3:GetObject"),
            )
        },
        Fault {
            after: 4,
            ..fault("truncated at its columns", At::Get, Cut, 4, AllRows)
        },
        Fault {
            after: 4,
            ..fault(
                "reset for ever at its columns",
                At::Get,
                Reset,
                ALWAYS,
                Fails(Storage, "s3:GetObject"),
            )
        },
        fault("SlowDown", At::List, slow_down, 3, AllRows),
        fault("500", At::List, Refuse(500, "InternalError"), 2, AllRows),
        fault("reset", At::List, Reset, 2, AllRows),
        fault("truncated, length kept", At::List, Cut, 2, AllRows),
        fault(
            "403",
            At::List,
            Refuse(403, "AccessDenied"),
            1,
            Fails(Denied, "`s3:ListBucket` on arn:aws:s3:::"),
        ),
        Fault {
            after: 2,
            ..fault(
                "403 at a level below",
                At::List,
                Refuse(403, "AccessDenied"),
                1,
                Fails(Denied, "s3:ListBucket"),
            )
        },
        fault(
            "no such bucket",
            At::List,
            Refuse(404, "NoSuchBucket"),
            1,
            Fails(UnknownName, "data_locations"),
        ),
        fault(
            "ExpiredToken",
            At::List,
            Refuse(400, "ExpiredToken"),
            ALWAYS,
            Fails(Credentials, "aws sso login"),
        ),
        fault(
            "SlowDown for ever",
            At::List,
            slow_down,
            ALWAYS,
            Fails(Busy, "s3:ListBucket"),
        ),
    ]
}

#[test]
fn no_fault_costs_a_row_in_silence() {
    let lake = Lake::get();
    // Four objects, whose columns lie before their ends.
    let source = "CLOUD_TRAIL_MGMT";
    let large = |key: &String| std::fs::metadata(lake.folder.join(key)).unwrap().len() > 128 << 10;
    let keys = lake
        .keys_of(source, DAYS[0])
        .into_iter()
        .chain(lake.keys_of(source, DAYS[1]));
    let keys: Vec<String> = keys.filter(large).take(4).collect();
    assert_eq!(keys.len(), 4);
    lake.peer.create_bucket("lake-faults");
    for key in &keys {
        let object = lake.peer.get_object(BUCKET, key).unwrap();
        lake.peer.put_object("lake-faults", key, &object);
    }
    let sql =
        "SELECT accountid, region, metadata.uid, api.operation, unmapped FROM cloud_trail_mgmt";
    let expected = block_on(async {
        let engine = direct(
            &lake.peer.endpoint(),
            bucket("lake-faults"),
            Vec::new(),
            None,
        )
        .await;
        rows(&engine, sql).await.unwrap().0
    });
    assert!(expected.len() > 100);
    let faults = faults();
    // Those that wait between their tries wait at the same time.
    let outcomes: Vec<String> = std::thread::scope(|scope| {
        let runs: Vec<_> = faults
            .iter()
            .map(|fault| scope.spawn(|| one(lake, fault, sql, &expected)))
            .collect();
        runs.into_iter()
            .map(|run| run.join().expect("the matrix' own assertions hold"))
            .collect()
    });
    let mut matrix = String::new();
    for (fault, outcome) in faults.iter().zip(outcomes) {
        let at = match fault.at {
            At::List => "ListObjectsV2",
            At::Get => "GetObject",
        };
        writeln!(matrix, "{at:<14} × {:<30} → {outcome}", fault.name).unwrap();
    }
    println!("{matrix}");
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("direct-fault-matrix.txt");
    std::fs::write(kept, matrix).unwrap();
}

fn one(lake: &Lake, fault: &Fault, sql: &str, expected: &[Row]) -> String {
    let relay = lake.relay();
    let (at, meet, after, times) = (fault.at, fault.meet, fault.after, fault.times);
    let mut seen = 0;
    relay.rule(move |asked: &Asked| {
        let meant = match at {
            At::List => asked.is_list(),
            At::Get => asked.is_get_object(),
        };
        if !meant {
            return Meet::Pass;
        }
        seen += 1;
        if seen > after && seen - after <= times {
            meet
        } else {
            Meet::Pass
        }
    });
    let cache = tempfile::tempdir().unwrap();
    let ended = block_on(async {
        let engine = direct(
            &relay.endpoint(),
            bucket("lake-faults"),
            Vec::new(),
            Some(cache.path()),
        )
        .await;
        rows(&engine, sql).await
    });
    let met = relay.met();
    assert!(met > 0, "{}: never met", fault.name);
    match (&fault.outcome, ended) {
        (Outcome::AllRows, Ok((found, summary))) => {
            assert!(found == expected, "{}: {} rows", fault.name, found.len());
            assert_eq!(summary.notes, Vec::<String>::new(), "{}", fault.name);
            format!("all rows (met {met}×)")
        }
        (Outcome::Noted, Ok((found, summary))) => {
            assert!(found.len() < expected.len(), "{}", fault.name);
            // Nothing that was not there, and an object is there as a whole or not at all.
            assert!(
                found.iter().all(|row| expected.contains(row)),
                "{}",
                fault.name
            );
            assert_eq!(
                summary.notes.len(),
                1,
                "{}: {:?}",
                fault.name,
                summary.notes
            );
            assert!(
                summary.notes[0].contains("was removed since it was listed")
                    && summary.notes[0].contains("s3://lake-faults/aws/CLOUD_TRAIL_MGMT/"),
                "{}: {:?}",
                fault.name,
                summary.notes
            );
            "the other objects' rows, and a note that names the one".to_owned()
        }
        (Outcome::Fails(kind, words), Err(error)) => {
            let hint = error.hint.clone().unwrap_or_default();
            let told = format!("{} — {hint}", error.message);
            assert_eq!(error.kind, *kind, "{}: {told}", fault.name);
            assert!(told.contains(words), "{}: {told}", fault.name);
            format!("{kind:?}: {}", error.message)
        }
        (_, ended) => panic!("{}: {ended:?}", fault.name),
    }
}
