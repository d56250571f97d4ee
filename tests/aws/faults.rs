//! The fault matrix: every operation of a run × every fault between the SDK and the service. No row
//! is lost or doubled, and no run becomes two executions.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use lakehound::adapters::athena::AthenaService;
use lakehound::domain::query::{QueryError, QueryErrorKind};
use lakehound::ports::{QueryService, RunControl};
use serde_json::{Value, json};

use crate::peer::Peer;
use crate::proxy::Proxy;
use crate::support::{READ_WITHIN, Row, Table, access, journal, options, request, table};

const OPERATIONS: [&str; 5] = [
    "StartQueryExecution",
    "GetQueryExecution",
    "StopQueryExecution",
    "GetQueryResults",
    "GetObject",
];

/// A fault, and what it does to the requests that it meets.
struct Fault {
    name: &'static str,
    /// Requests that it meets before it is over; `None`: it stays until the rule is taken away.
    times: Option<u32>,
    rule: fn() -> Value,
}

const FAULTS: [Fault; 8] = [
    Fault {
        name: "TooManyRequests",
        times: Some(2),
        rule: || json!({"error": {"code": "TooManyRequestsException", "message": "Rate exceeded"}}),
    },
    Fault {
        name: "Throttling",
        times: Some(2),
        rule: || json!({"error": {"code": "ThrottlingException", "message": "Rate exceeded"}}),
    },
    Fault {
        name: "ExpiredToken",
        times: None,
        rule: || json!({"error": {"code": "ExpiredTokenException", "message": "The security token included in the request is expired"}}),
    },
    Fault {
        name: "SlowDown",
        times: Some(2),
        rule: || json!({"error": {"code": "SlowDown", "status": 503, "message": "Reduce your request rate"}}),
    },
    Fault {
        name: "500",
        times: Some(2),
        rule: || json!({"error": {"code": "InternalServerError", "status": 500, "message": "internal"}}),
    },
    Fault {
        name: "reset",
        times: Some(2),
        rule: || json!({"reset": true}),
    },
    // Longer than the tests' SDK waits for a byte.
    Fault {
        name: "timeout",
        times: Some(1),
        rule: || json!({"timeout_ms": 2 * READ_WITHIN.as_millis() as u64}),
    },
    // The service has carried the request out, and its answer is lost on the way.
    Fault {
        name: "answer lost",
        times: Some(2),
        rule: || json!({"response": {"abort_bytes": 1}}),
    },
];

const ROWS: usize = 1_500;
const COUNTING: &str =
    "SELECT n, CAST(n AS varchar) AS t FROM UNNEST(sequence(1, 1500)) AS u(n) ORDER BY n";
const HELD: &str = "SELECT /* peer: hold */ 'held' AS v";

#[test]
fn every_operation_under_every_fault() {
    let peers = OPERATIONS.map(|_| Peer::start());
    let proxies = Proxy::before(&peers);
    let columns: Vec<Vec<String>> = std::thread::scope(|scope| {
        let places = OPERATIONS.iter().zip(peers.iter().zip(&proxies));
        let threads: Vec<_> = places
            .map(|(operation, (peer, proxy))| {
                scope.spawn(move || under_every_fault(operation, peer, proxy))
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().expect("the matrix' own assertions hold"))
            .collect()
    });
    let mut matrix = String::new();
    for (operation, outcomes) in OPERATIONS.iter().zip(&columns) {
        for (fault, outcome) in FAULTS.iter().zip(outcomes) {
            writeln!(matrix, "{operation:<20} × {:<16} → {outcome}", fault.name).unwrap();
        }
    }
    println!("{matrix}");
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fault-matrix.txt");
    std::fs::write(kept, matrix).unwrap();
}

/// The outcomes of one operation under each fault, in their order.
fn under_every_fault(operation: &'static str, peer: &Peer, proxy: &Proxy) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    FAULTS
        .iter()
        .map(|fault| runtime.block_on(one(operation, fault, peer, proxy)))
        .collect()
}

async fn one(operation: &'static str, fault: &Fault, peer: &Peer, proxy: &Proxy) -> String {
    let folder = tempfile::tempdir().unwrap();
    let case = format!("{operation} × {}", fault.name);
    let before = peer.executions_started();
    let stops = operation == "StopQueryExecution";
    let mut rule = (fault.rule)();
    rule["service"] = json!(if operation == "GetObject" {
        "s3"
    } else {
        "athena"
    });
    rule["operation"] = json!(operation);
    if let Some(times) = fault.times {
        rule["times"] = json!(times);
    }
    proxy.set_rules(&json!([rule]));
    let service = Arc::new(AthenaService::new(
        &access(&proxy.endpoint()).await,
        journal(folder.path()),
        options(),
    ));
    let first = attempt(&service, stops).await;
    let fired = proxy.fired();
    proxy.set_rules(&json!([]));
    let outcome = match (&first, fault.times) {
        (Ok(table), _) => {
            assert!(!stops, "{case}: a stopped run has no rows");
            assert_whole(table, &case);
            "all rows".to_owned()
        }
        (Err(error), _) if error.kind == QueryErrorKind::Cancelled => {
            assert!(stops, "{case}: {error}");
            assert_eq!(peer.executions().last().unwrap()["state"], "CANCELLED");
            "stopped, confirmed".to_owned()
        }
        (Err(error), None) => {
            assert_eq!(error.kind, QueryErrorKind::Credentials, "{case}: {error:?}");
            let hint = error.hint.as_deref().unwrap_or_default();
            assert!(
                hint.contains("aws sso login --profile peer"),
                "{case}: {hint}"
            );
            let how = taken_up_again(&service, stops, &case).await;
            format!("credentials named, then {how}")
        }
        (Err(error), Some(_)) => panic!("{case}: {error:?}"),
    };
    assert!(
        fired >= u64::from(fault.times.unwrap_or(1)),
        "{case}: fired {fired} times"
    );
    assert_eq!(peer.executions_started(), before + 1, "{case}");
    assert!(service.unfinished().await.unwrap().is_empty(), "{case}");
    format!("{outcome} (fault met {fired}×, one execution)")
}

/// One run to its end; for a stop, one that is held until it is stopped.
async fn attempt(service: &Arc<AthenaService>, stops: bool) -> Result<Table, QueryError> {
    let control = RunControl::default();
    if !stops {
        return table(service.start(request(COUNTING), control).await?).await;
    }
    let started = {
        let (service, control) = (Arc::clone(service), control.clone());
        tokio::spawn(async move { table(service.start(request(HELD), control).await?).await })
    };
    while control.waiting().bytes_read == 0 && !started.is_finished() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    control.stop();
    started.await.unwrap()
}

/// The run that was left behind, with credentials that are good again.
async fn taken_up_again(service: &AthenaService, stops: bool, case: &str) -> String {
    let unfinished = service.unfinished().await.unwrap();
    assert_eq!(unfinished.len(), 1, "{case}: it was not forgotten");
    let control = RunControl::default();
    if stops {
        control.stop();
        let error = service
            .resume(unfinished[0].clone(), control)
            .await
            .err()
            .unwrap();
        assert_eq!(error.kind, QueryErrorKind::Cancelled, "{case}: {error:?}");
        return "stopped, confirmed".to_owned();
    }
    let running = service
        .resume(unfinished[0].clone(), control)
        .await
        .unwrap();
    assert_whole(&table(running).await.unwrap(), case);
    "taken up again: all rows".to_owned()
}

fn assert_whole(table: &Table, case: &str) {
    let expected: Vec<Row> = (1..=ROWS)
        .map(|number| vec![Some(number.to_string()); 2])
        .collect();
    assert!(table.rows == expected, "{case}: {} rows", table.rows.len());
}
