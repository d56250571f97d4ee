//! What goes wrong between the program and its queues, by rules of microburst.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::peer::Peer;
use crate::proxy::Proxy;

/// What is done with a queue.
const OPERATIONS: [&str; 3] = ["ReceiveMessage", "DeleteMessageBatch", HIDING];

/// Asked only while a message cannot be written down.
const HIDING: &str = "ChangeMessageVisibilityBatch";

/// Objects for which each fault is met once more.
const EACH: usize = 500;

/// Requests that pass between two that meet a fault, where each is met often.
const BETWEEN: usize = 12;

/// Longer than the program waits for a byte of an answer.
const NO_ANSWER_MS: u64 = 31_000;

/// Less than the program waits for a file that another process holds.
const HELD_AT_MOST: Duration = Duration::from_secs(8);

fn kinds() -> Vec<Value> {
    vec![
        json!({"error": {"code": "ThrottlingException", "message": "Rate exceeded"}}),
        json!({"error": {"code": "SlowDown", "status": 503, "message": "Reduce your rate"}}),
        json!({"error": {"code": "ExpiredTokenException", "message": "expired"}}),
        json!({"error": {"code": "InternalError", "status": 500, "message": "internal"}}),
        // Held, and then said to have taken too long.
        json!({"timeout_ms": 200}),
        json!({"reset": true}),
        // The service has carried it out, and its answer is lost on the way.
        json!({"response": {"abort_bytes": 1}}),
        // Half of the answer comes, and then the connection breaks.
        json!({"response": {"abort_frac": 0.5}}),
        // Half of it comes, as if it were all.
        json!({"response": {"truncate_frac": 0.5}}),
    ]
}

/// The proxy with its rules.
pub(super) struct Faults {
    proxy: Proxy,
}

impl Faults {
    /// Before a peer: each operation meets each kind of fault, the more often the more objects there
    /// are, and then spread over the run.
    pub(super) fn before(peer: &Peer, objects: usize) -> Self {
        let proxy = Proxy::before(&[peer.endpoint()]).remove(0);
        let times = (objects / EACH).max(1);
        let mut rules = Vec::new();
        for operation in OPERATIONS {
            for mut rule in kinds() {
                rule["service"] = json!("sqs");
                rule["operation"] = json!(operation);
                if operation == HIDING {
                    rule["times"] = json!(1);
                } else {
                    rule["times"] = json!(times);
                    let pass = if times > 1 { BETWEEN } else { 0 };
                    rule["sequence"] = json!({"fail": 1, "pass": pass});
                }
                rules.push(rule);
            }
            if times > 1 && operation != HIDING {
                rules.push(json!({
                    "service": "sqs",
                    "operation": operation,
                    "times": 1,
                    "timeout_ms": NO_ANSWER_MS,
                }));
            }
        }
        proxy.set_rules(&Value::Array(rules));
        Self { proxy }
    }

    pub(super) fn endpoint(&self) -> String {
        self.proxy.endpoint()
    }

    /// Holds the file of an inbox, as another process may, while `work` is done and until every fault
    /// that hiding meets was met: what is received meanwhile cannot be written down, and is hidden
    /// for longer.
    pub(super) fn while_the_inbox_is_held(&self, inbox: &Path, work: impl FnOnce()) {
        let connection = rusqlite::Connection::open(inbox).unwrap();
        connection.busy_timeout(HELD_AT_MOST).unwrap();
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        let began = Instant::now();
        work();
        let is_met = |rule: &Value| rule["operation"] != HIDING || rule["fired_count"] == 1;
        while !self.proxy.rules().iter().all(is_met) && began.elapsed() < HELD_AT_MOST {
            std::thread::sleep(Duration::from_millis(20));
        }
        connection.execute_batch("ROLLBACK").unwrap();
    }

    /// Asserts that every fault was met, of those of hiding at least some: the inbox cannot be held
    /// for long. Tells how many by operation.
    pub(super) fn assert_met(&self) -> String {
        let mut met: BTreeMap<String, u64> = BTreeMap::new();
        for rule in self.proxy.rules() {
            let count = rule["fired_count"].as_u64().unwrap();
            let operation = rule["operation"].as_str().unwrap().to_owned();
            assert!(count > 0 || operation == HIDING, "never met: {rule}");
            *met.entry(operation).or_default() += count;
        }
        assert!(met.values().all(|count| *count > 0), "{met:?}");
        let each = met.iter().map(|(name, count)| format!("{name} ×{count}"));
        format!("faults: {}", each.collect::<Vec<_>>().join(", "))
    }
}
