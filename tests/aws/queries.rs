//! Queries on the peer: rows as they were put, ends as they are, nothing paid twice.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use lakehound::adapters::athena::{AthenaOptions, AthenaService};
use lakehound::adapters::journal::BegunRun;
use lakehound::domain::query::{QueryErrorKind, Stage, TextPosition};
use lakehound::ports::{QueryService, RunControl};

use crate::peer::{Peer, READY_WITHIN, output_location, wait_until};
use crate::support::{Row, access, journal, options, request, run, service, table};

/// Values that have been lost or changed on the way through some client; `None` is NULL.
const AWKWARD: [Option<&str>; 30] = [
    None,
    Some(""),
    Some(" "),
    Some("NULL"),
    Some("null"),
    Some("\\N"),
    Some("\""),
    Some("\"\""),
    Some("a\"b"),
    Some("'"),
    Some("it''s"),
    Some(","),
    Some("a,b"),
    Some(",\",\""),
    Some("line\nbreak"),
    Some("carriage\r\nreturn"),
    Some("\n"),
    Some("tab\there"),
    Some(" leading"),
    Some("trailing "),
    Some("=1+1"),
    Some("@cmd"),
    Some("ünïcödé ∑"),
    Some("👩\u{200d}💻"),
    Some("\u{202e}override"),
    Some("0"),
    Some("007"),
    Some("1e5"),
    Some("true"),
    Some("[a, b]"),
];

/// A multi-threaded test, as the program's runtime is.
fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap()
        .block_on(work)
}

/// Waits for a condition without holding up the runtime.
async fn until(what: &str, mut so: impl FnMut() -> bool) {
    tokio::task::block_in_place(|| wait_until(what, &mut so));
}

fn literal(value: Option<&str>) -> String {
    match value {
        None => "CAST(NULL AS varchar)".to_owned(),
        Some(text) => lakehound::sql::parameters::quote_text(text),
    }
}

#[test]
fn rows_are_what_was_put_with_null_and_empty_apart() {
    let peer = Peer::start();
    let folder = tempfile::tempdir().unwrap();
    let values: Vec<String> = AWKWARD
        .iter()
        .enumerate()
        .map(|(number, value)| format!("({number}, {})", literal(*value)))
        .collect();
    let sql = format!(
        "SELECT n, v, v AS v FROM (VALUES {}) AS t(n, v) ORDER BY n",
        values.join(", ")
    );
    let found = block_on(async {
        run(&service(&peer, folder.path()).await, &sql)
            .await
            .unwrap()
    });
    let expected: Vec<Row> = AWKWARD
        .iter()
        .enumerate()
        .map(|(number, value)| {
            let value = value.map(str::to_owned);
            vec![Some(number.to_string()), value.clone(), value]
        })
        .collect();
    assert_eq!(found.columns, ["n", "v", "v"]);
    assert_eq!(found.rows, expected);
    assert_eq!(peer.executions_started(), 1);
}

#[test]
fn every_page_is_read_and_a_statement_without_rows_has_none() {
    let peer = Peer::start();
    let folder = tempfile::tempdir().unwrap();
    block_on(async {
        let service = service(&peer, folder.path()).await;
        let sql =
            "SELECT n, CAST(n AS varchar) AS t FROM UNNEST(sequence(1, 2500)) AS u(n) ORDER BY n";
        let found = run(&service, sql).await.unwrap();
        let expected: Vec<Row> = (1..=2500)
            .map(|number| vec![Some(number.to_string()); 2])
            .collect();
        assert_eq!(found.rows, expected);

        let none = run(&service, "SELECT 1 AS n WHERE false").await.unwrap();
        assert_eq!((none.columns, none.rows), (vec!["n".to_owned()], vec![]));

        // What SHOW and EXPLAIN print has no header row.
        let plan = run(&service, "EXPLAIN SELECT 1").await.unwrap();
        assert_eq!(plan.columns, ["Query Plan"]);
        assert!(plan.rows.len() > 1);
        assert_ne!(plan.rows[0], [Some("Query Plan".to_owned())]);
        assert!(service.unfinished().await.unwrap().is_empty());
    });
}

#[test]
fn parameters_take_the_place_of_their_marks() {
    let peer = Peer::start();
    let folder = tempfile::tempdir().unwrap();
    block_on(async {
        let service = service(&peer, folder.path()).await;
        let mut asked = request("SELECT ? AS a, '?' AS b, ? + 1 AS c");
        asked.parameters = vec![literal(Some("o'x\"")), "41".to_owned()];
        let running = service.start(asked, RunControl::default()).await.unwrap();
        let summary = Arc::clone(&running.monitor);
        let found = table(running).await.unwrap();
        assert_eq!(
            found.rows,
            [[
                Some("o'x\"".to_owned()),
                Some("?".to_owned()),
                Some("42".to_owned())
            ]]
        );
        let execution = summary.summary().execution.unwrap();
        assert_eq!(execution.id, peer.executions()[0]["id"].as_str().unwrap());
        assert_eq!(execution.workgroup.as_deref(), Some("primary"));
        let location = execution.output_location.unwrap();
        assert!(
            location.ends_with(&format!("{}.csv", execution.id)),
            "{location}"
        );
        assert!(execution.total_ms >= execution.engine_ms);

        let mut short = request("SELECT ?, ?");
        short.parameters = vec!["1".to_owned()];
        let error = service
            .start(short, RunControl::default())
            .await
            .err()
            .unwrap();
        assert_eq!(error.kind, QueryErrorKind::Invalid, "{error}");
    });
}

#[test]
fn a_failure_says_what_where_and_what_to_do() {
    let peer = Peer::start();
    let folder = tempfile::tempdir().unwrap();
    block_on(async {
        let service = service(&peer, folder.path()).await;
        let place = |line, column| Some(TextPosition { line, column });
        for (sql, kind, position, hint) in [
            (
                "SELECT *\nFROM nowhere",
                QueryErrorKind::UnknownName,
                place(2, 6),
                "tables",
            ),
            (
                "-- x\nSELECT\n  nope FROM (VALUES 1) AS t(a)",
                QueryErrorKind::UnknownName,
                place(3, 3),
                "DESCRIBE",
            ),
            (
                "SELECT CAST('x' AS integer)",
                QueryErrorKind::Execution,
                None,
                "TRY_CAST",
            ),
            (
                "SELECT /* peer: fail HIVE_BAD_DATA: Error parsing field 3 */ 1",
                QueryErrorKind::Execution,
                None,
                "partition",
            ),
            (
                "SELECT /* peer: fail Insufficient Lake Formation permission(s): Required Select on t */ 1",
                QueryErrorKind::Denied,
                None,
                "Lake Formation",
            ),
            (
                "SELECT /* peer: fail Query cancelled! : Bytes scanned limit was exceeded */ 1",
                QueryErrorKind::TooLarge,
                None,
                "billed",
            ),
        ] {
            let error = run(&service, sql).await.unwrap_err();
            assert_eq!(error.kind, kind, "{sql}: {error}");
            assert_eq!(error.position, position, "{sql}");
            let told = error.hint.unwrap();
            assert!(told.contains(hint), "{sql}: {told}");
        }
        assert!(service.unfinished().await.unwrap().is_empty());

        let elsewhere = AthenaService::new(
            service.access(),
            journal(folder.path()),
            AthenaOptions {
                workgroup: Some("none".to_owned()),
                ..options()
            },
        );
        let error = run(&elsewhere, "SELECT 1").await.unwrap_err();
        assert_eq!(error.kind, QueryErrorKind::UnknownName, "{error}");
        assert!(error.message.contains("none"), "{error}");
        assert!(elsewhere.unfinished().await.unwrap().is_empty());
    });
}

#[test]
fn a_statement_that_writes_is_not_handed_over() {
    let peer = Peer::start();
    let folder = tempfile::tempdir().unwrap();
    block_on(async {
        let service = service(&peer, folder.path()).await;
        let error = run(&service, "DROP TABLE t").await.unwrap_err();
        assert_eq!(error.kind, QueryErrorKind::Refused);
        assert_eq!(peer.calls("StartQueryExecution"), 0);
        assert!(service.unfinished().await.unwrap().is_empty());
    });
}

const HELD: &str = "SELECT /* peer: hold */ 'held' AS v";

#[test]
fn a_stop_is_over_when_athena_has_confirmed_it() {
    let peer = Peer::start();
    let folder = tempfile::tempdir().unwrap();
    block_on(async {
        let service = Arc::new(service(&peer, folder.path()).await);
        let control = RunControl::default();
        let started = {
            let (service, control) = (Arc::clone(&service), control.clone());
            tokio::spawn(async move { service.start(request(HELD), control).await.err() })
        };
        until("bytes are told", || control.waiting().bytes_read > 0).await;
        assert_eq!(control.waiting().stage, Stage::Running);
        let early = control.waiting().bytes_read;
        until("they grow", || control.waiting().bytes_read > early).await;
        control.stop();
        let error = started.await.unwrap().unwrap();
        assert_eq!(error.kind, QueryErrorKind::Cancelled);
        let hint = error.hint.unwrap();
        assert!(hint.contains("billed") && hint.contains("USD"), "{hint}");
        assert_eq!(peer.executions()[0]["state"], "CANCELLED");
        assert_eq!(peer.calls("StopQueryExecution"), 1);
        assert!(service.unfinished().await.unwrap().is_empty());
    });
}

#[test]
fn more_bytes_than_allowed_stop_the_run() {
    let peer = Peer::start();
    let folder = tempfile::tempdir().unwrap();
    block_on(async {
        let service = service(&peer, folder.path()).await;
        let mut asked = request(HELD);
        asked.max_bytes = Some(5_000_000);
        let error = service
            .start(asked, RunControl::default())
            .await
            .err()
            .unwrap();
        assert_eq!(error.kind, QueryErrorKind::TooLarge, "{error}");
        assert_eq!(peer.executions()[0]["state"], "CANCELLED");
    });
}

#[test]
fn a_run_that_was_let_go_of_is_taken_up_again() {
    let peer = Peer::start();
    let folder = tempfile::tempdir().unwrap();
    block_on(async {
        let control = RunControl::default();
        {
            let service = service(&peer, folder.path()).await;
            let start = service.start(request(HELD), control.clone());
            tokio::select! {
                _ = start => panic!("it is held"),
                () = until_running(&control) => {}
            }
        }
        assert_eq!(peer.executions()[0]["state"], "RUNNING");

        // As after a new start of the program: another service, the same journal.
        let service = service(&peer, folder.path()).await;
        let unfinished = service.unfinished().await.unwrap();
        assert_eq!(unfinished.len(), 1);
        assert_eq!(unfinished[0].run.sql, HELD);
        let id = unfinished[0].execution_id.clone().unwrap();
        peer.release();
        let running = service.attach(&id, RunControl::default()).await.unwrap();
        // Cut off once more, before its rows: it still is unfinished.
        drop(running);
        assert_eq!(service.unfinished().await.unwrap().len(), 1);
        let running = service
            .resume(unfinished[0].clone(), RunControl::default())
            .await
            .unwrap();
        assert_eq!(
            table(running).await.unwrap().rows,
            [[Some("held".to_owned())]]
        );
        assert!(service.unfinished().await.unwrap().is_empty());
        assert_eq!(peer.executions_started(), 1);

        let error = service
            .attach(
                "00000000-0000-0000-0000-000000000000",
                RunControl::default(),
            )
            .await
            .err()
            .unwrap();
        assert_eq!(error.kind, QueryErrorKind::UnknownName, "{error}");
    });
}

async fn until_running(control: &RunControl) {
    let running = async {
        while control.waiting().bytes_read == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(READY_WITHIN, running)
        .await
        .expect("the run scans something");
}

/// The crash comes after Athena has begun and before its answer was seen: the journal knows the
/// token alone.
#[test]
fn a_crash_between_start_and_answer_pays_once() {
    let peer = Peer::start();
    let folder = tempfile::tempdir().unwrap();
    block_on(async {
        let begun = BegunRun {
            token: journal(folder.path()).new_token().unwrap(),
            sql: "SELECT 'once' AS v".to_owned(),
            parameters: Vec::new(),
            profile: "peer".to_owned(),
            workgroup: None,
            database: None,
            catalog: None,
            output_location: Some(output_location()),
            expected: None,
        };
        journal(folder.path()).begin(&begun).unwrap();
        access(&peer.endpoint())
            .await
            .athena()
            .start_query_execution()
            .query_string(&begun.sql)
            .client_request_token(&begun.token)
            .result_configuration(
                aws_sdk_athena::types::ResultConfiguration::builder()
                    .output_location(output_location())
                    .build(),
            )
            .send()
            .await
            .unwrap();

        let service = service(&peer, folder.path()).await;
        let unfinished = service.unfinished().await.unwrap();
        assert_eq!(unfinished.len(), 1);
        assert_eq!(unfinished[0].execution_id, None);
        let running = service
            .resume(unfinished[0].clone(), RunControl::default())
            .await
            .unwrap();
        assert_eq!(
            table(running).await.unwrap().rows,
            [[Some("once".to_owned())]]
        );
        assert_eq!(peer.executions_started(), 1);
        assert_eq!(peer.calls("StartQueryExecution"), 2);
        assert!(service.unfinished().await.unwrap().is_empty());
    });
}

#[test]
fn a_full_account_is_waited_for() {
    let peer = Peer::start();
    let folder = tempfile::tempdir().unwrap();
    block_on(async {
        peer.limit_active(1);
        let service = Arc::new(service(&peer, folder.path()).await);
        let spawn = |sql: &'static str, control: &RunControl| {
            let (service, control) = (Arc::clone(&service), control.clone());
            tokio::spawn(async move { table(service.start(request(sql), control).await?).await })
        };
        let first = RunControl::default();
        let holding = spawn(HELD, &first);
        until_running(&first).await;
        let second = RunControl::default();
        let waiting = spawn("SELECT 'next' AS v", &second);
        until("it waits", || second.waiting().stage == Stage::Waiting).await;
        // What waits at Athena's door is on the disk already, and costs nothing yet.
        let known = journal(folder.path()).unfinished().unwrap();
        assert_eq!(known.len(), 2);
        assert_eq!(known[1].execution_id, None);
        assert_eq!(peer.executions_started(), 1);
        // One that is stopped while it waits was never begun.
        let third = RunControl::default();
        let given_up = spawn("SELECT 'never' AS v", &third);
        until("it waits too", || third.waiting().stage == Stage::Waiting).await;
        third.stop();
        let error = given_up.await.unwrap().unwrap_err();
        assert_eq!(error.kind, QueryErrorKind::Cancelled);

        peer.release();
        assert_eq!(
            holding.await.unwrap().unwrap().rows,
            [[Some("held".to_owned())]]
        );
        assert_eq!(
            waiting.await.unwrap().unwrap().rows,
            [[Some("next".to_owned())]]
        );
        assert_eq!(peer.executions_started(), 2);
        assert!(service.unfinished().await.unwrap().is_empty());
    });
}

#[test]
fn what_the_journal_cannot_note_is_not_started() {
    let peer = Peer::start();
    let folder = tempfile::tempdir().unwrap();
    block_on(async {
        let service = service(&peer, folder.path()).await;
        rusqlite::Connection::open(folder.path().join("runs.db"))
            .unwrap()
            .execute_batch(
                "CREATE TRIGGER full BEFORE INSERT ON entry
                 BEGIN SELECT RAISE(ABORT, 'the disk is full'); END",
            )
            .unwrap();
        let error = run(&service, "SELECT 1").await.unwrap_err();
        assert!(error.message.contains("the disk is full"), "{error}");
        assert_eq!(peer.calls("StartQueryExecution"), 0);
    });
}

#[test]
fn many_runs_are_asked_for_together() {
    let peer = Peer::start();
    let folder = tempfile::tempdir().unwrap();
    block_on(async {
        let service = Arc::new(service(&peer, folder.path()).await);
        let controls: Vec<RunControl> = (0..8).map(|_| RunControl::default()).collect();
        let runs: Vec<_> = controls
            .iter()
            .map(|control| {
                let (service, control) = (Arc::clone(&service), control.clone());
                tokio::spawn(
                    async move { table(service.start(request(HELD), control).await?).await },
                )
            })
            .collect();
        for control in &controls {
            until_running(control).await;
        }
        until("they are asked for together", || {
            peer.calls("BatchGetQueryExecution") > 0
        })
        .await;
        peer.release();
        for run in runs {
            assert_eq!(
                run.await.unwrap().unwrap().rows,
                [[Some("held".to_owned())]]
            );
        }
        assert_eq!(peer.executions_started(), 8);
    });
}

#[test]
fn a_stop_among_the_rows_ends_them() {
    let peer = Peer::start();
    let folder = tempfile::tempdir().unwrap();
    block_on(async {
        let service = service(&peer, folder.path()).await;
        let control = RunControl::default();
        let sql = "SELECT n FROM UNNEST(sequence(1, 20000)) AS u(n)";
        let mut running = service.start(request(sql), control.clone()).await.unwrap();
        assert!(running.batches.next().await.unwrap().is_ok());
        control.stop();
        let error = running.batches.next().await.unwrap().unwrap_err();
        assert_eq!(error.kind, QueryErrorKind::Cancelled);
        assert!(running.batches.next().await.is_none());
        assert!(service.unfinished().await.unwrap().is_empty());
    });
}

#[test]
fn the_caller_is_told_as_sts_knows_him() {
    let peer = Peer::start();
    block_on(async {
        let identity = access(&peer.endpoint()).await.identity().await.unwrap();
        assert_eq!(identity.account, "000000000000");
        assert_eq!(identity.region, crate::peer::REGION);
        assert!(identity.arn.starts_with("arn:aws:"), "{}", identity.arn);
        assert_eq!(identity.expires, None);
    });
}
