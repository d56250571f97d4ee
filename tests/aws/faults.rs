//! The fault matrix: every operation that is sent × every fault between the SDK and the service. No
//! row is lost or doubled, and no run becomes two executions.

mod work;

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use lakehound::domain::query::QueryErrorKind;
use serde_json::{Value, json};

use crate::peer::Peer;
use crate::proxy::Proxy;
use crate::support::READ_WITHIN;
use crate::wire::{Mishap, Wire};
use work::{End, OPERATIONS, Operation, Work};

/// A fault, and what it does to the requests that it meets.
struct Fault {
    name: &'static str,
    /// Requests that it meets before it is over; `None`: it stays until it is taken away.
    times: Option<u64>,
    what: What,
}

/// Who brings the fault about.
enum What {
    /// microburst, by a rule.
    Rule(fn() -> Value),
    /// The wire, with the answer's bytes.
    Bytes(Mishap),
}

const FAULTS: [Fault; 12] = [
    Fault {
        name: "TooManyRequests",
        times: Some(2),
        what: What::Rule(
            || json!({"error": {"code": "TooManyRequestsException", "message": "Rate exceeded"}}),
        ),
    },
    Fault {
        name: "Throttling",
        times: Some(2),
        what: What::Rule(
            || json!({"error": {"code": "ThrottlingException", "message": "Rate exceeded"}}),
        ),
    },
    Fault {
        name: "ExpiredToken",
        times: None,
        what: What::Rule(
            || json!({"error": {"code": "ExpiredTokenException", "message": "The security token included in the request is expired"}}),
        ),
    },
    Fault {
        name: "SlowDown",
        times: Some(2),
        what: What::Rule(
            || json!({"error": {"code": "SlowDown", "status": 503, "message": "Reduce your request rate"}}),
        ),
    },
    Fault {
        name: "500",
        times: Some(2),
        what: What::Rule(
            || json!({"error": {"code": "InternalServerError", "status": 500, "message": "internal"}}),
        ),
    },
    Fault {
        name: "reset",
        times: Some(2),
        what: What::Rule(|| json!({"reset": true})),
    },
    // Longer than the tests' SDK waits for a byte.
    Fault {
        name: "timeout",
        times: Some(1),
        what: What::Rule(|| json!({"timeout_ms": 2 * READ_WITHIN.as_millis() as u64})),
    },
    // The service has carried the request out, and its answer is lost on the way.
    Fault {
        name: "answer lost",
        times: Some(2),
        what: What::Rule(|| json!({"response": {"abort_bytes": 1}})),
    },
    Fault {
        name: "cut, length kept",
        times: Some(2),
        what: What::Bytes(Mishap::CutLengthKept),
    },
    // To a reader that does not look at Content-Range this is a whole answer.
    Fault {
        name: "cut, length fits",
        times: Some(2),
        what: What::Bytes(Mishap::CutLengthFits),
    },
    Fault {
        name: "slow stream",
        times: Some(1),
        what: What::Bytes(Mishap::Drips(20, Duration::from_millis(50))),
    },
    // Half of the answer, and then silence for longer than is borne.
    Fault {
        name: "stalled stream",
        times: Some(1),
        what: What::Bytes(Mishap::Stalls),
    },
];

/// One operation's way to the peer.
struct Way<'a> {
    peer: &'a Peer,
    proxy: &'a Proxy,
    wire: &'a Wire,
    fired: Arc<AtomicU64>,
}

impl Way<'_> {
    /// Sets a fault; the address to go by.
    fn set(&self, operation: &'static Operation, fault: &Fault) -> String {
        match &fault.what {
            What::Rule(rule) => {
                let mut rule = rule();
                rule["service"] = json!(operation.service);
                rule["operation"] = json!(operation.name);
                if let Some(times) = fault.times {
                    rule["times"] = json!(times);
                }
                self.proxy.set_rules(&json!([rule]));
                self.proxy.endpoint()
            }
            What::Bytes(mishap) => {
                let (fired, mishap) = (Arc::clone(&self.fired), mishap.clone());
                fired.store(0, Ordering::Relaxed);
                let times = fault.times.unwrap_or(u64::MAX);
                self.wire.on(move |seen| {
                    let meets =
                        seen.operation == operation.name && fired.load(Ordering::Relaxed) < times;
                    if !meets {
                        return Mishap::None;
                    }
                    fired.fetch_add(1, Ordering::Relaxed);
                    mishap.clone()
                });
                self.wire.endpoint()
            }
        }
    }

    /// Takes the fault away; how many requests met it.
    fn clear(&self, fault: &Fault) -> u64 {
        match fault.what {
            What::Rule(_) => {
                let fired = self.proxy.fired();
                self.proxy.set_rules(&json!([]));
                fired
            }
            What::Bytes(_) => {
                self.wire.on(|_| Mishap::None);
                self.fired.load(Ordering::Relaxed)
            }
        }
    }
}

#[test]
fn every_operation_under_every_fault() {
    let peer = Peer::start();
    let database = "amazon_security_lake_glue_db_us_east_1";
    let named = json!({"DatabaseInput": {"Name": database}});
    peer.glue("CreateDatabase", &named);
    for table in work::TABLES {
        let columns = json!([{"Name": "time_dt", "Type": "timestamp"}]);
        let table = json!({"Name": table, "StorageDescriptor": {"Columns": columns}});
        let named = json!({"DatabaseName": database, "TableInput": table});
        peer.glue("CreateTable", &named);
    }
    let proxies = Proxy::before(&vec![peer.endpoint(); OPERATIONS.len()]);
    let columns: Vec<Vec<String>> = std::thread::scope(|scope| {
        let threads: Vec<_> = OPERATIONS
            .iter()
            .zip(&proxies)
            .map(|(operation, proxy)| {
                let peer = &peer;
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
            writeln!(
                matrix,
                "{:<22} × {:<16} → {outcome}",
                operation.name, fault.name
            )
            .unwrap();
        }
    }
    println!("{matrix}");
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fault-matrix.txt");
    std::fs::write(kept, matrix).unwrap();
}

/// The outcomes of one operation under each fault, in their order.
fn under_every_fault(operation: &'static Operation, peer: &Peer, proxy: &Proxy) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let wire = Wire::to(peer.port());
    let way = Way {
        peer,
        proxy,
        wire: &wire,
        fired: Arc::default(),
    };
    FAULTS
        .iter()
        .map(|fault| runtime.block_on(one(operation, fault, &way)))
        .collect()
}

async fn one(operation: &'static Operation, fault: &Fault, way: &Way<'_>) -> String {
    let folder = tempfile::tempdir().unwrap();
    let case = format!("{} × {}", operation.name, fault.name);
    let endpoint = way.set(operation, fault);
    let work = Work::new(operation, &case, &endpoint, folder.path()).await;
    let first = work.attempt().await;
    let fired = way.clear(fault);
    let outcome = match (first, fault.times) {
        (Ok(end), _) => end.told(),
        (Err(error), None) => {
            assert_eq!(error.kind, QueryErrorKind::Credentials, "{case}: {error:?}");
            let hint = error.hint.as_deref().unwrap_or_default();
            assert!(
                hint.contains("aws sso login --profile peer"),
                "{case}: {hint}"
            );
            format!("credentials named, then {}", work.again().await.told())
        }
        (Err(error), Some(_)) => panic!("{case}: {error:?}"),
    };
    assert!(
        fired >= fault.times.unwrap_or(1),
        "{case}: fired {fired} times"
    );
    let mine = |run: &Value| run["query"].as_str().unwrap().contains(work.mark());
    let begun = way.peer.executions().into_iter().filter(mine).count();
    assert_eq!(begun, work.executions(), "{case}");
    work.assert_nothing_is_left().await;
    let executions = match begun {
        0 => String::new(),
        1 => ", one execution".to_owned(),
        more => format!(", {more} runs, {more} executions"),
    };
    format!("{outcome} (fault met {fired}×{executions})")
}

impl End {
    fn told(&self) -> String {
        match self {
            Self::AllRows => "all rows",
            Self::Stopped => "stopped, confirmed",
            Self::TakenUp => "taken up again: all rows",
            Self::Whole => "the whole answer",
        }
        .to_owned()
    }
}
