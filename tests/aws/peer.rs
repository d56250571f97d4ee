//! AWS on the loopback: a process that listens on a port of its own, and ends with its owner.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::http::{self, Answer};
use crate::venv;

/// How long a peer may take until it answers.
pub(crate) const READY_WITHIN: Duration = Duration::from_secs(30);

/// Credentials that the peer takes, and that no file or log of the program may hold.
pub(crate) const ACCESS_KEY: &str = "AKIAIOSFODNN7PEERKEY";
/// See [`ACCESS_KEY`].
pub(crate) const SECRET_KEY: &str = "peer/secret+K7MDENGbPxRfiCYzEXAMPLESECRETKEY";

/// The peer's Region.
pub(crate) const REGION: &str = "us-east-1";

/// The bucket that every peer has, for query results.
pub(crate) const RESULTS: &str = "results";

/// Where queries may write their results.
pub(crate) fn output_location() -> String {
    format!("s3://{RESULTS}/athena/")
}

/// A peer's process: it prints its ports on one line, and ends when its standard input does, so that
/// it never outlives its owner. Killed when dropped.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    ports: Vec<u16>,
}

impl Process {
    /// Starts a script and waits for its ports.
    pub(crate) fn start(python: &Path, script: &Path, arguments: &[&str]) -> Self {
        let mut child = Command::new(python)
            .arg(script)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let ports: Vec<u16> = line
            .split_whitespace()
            .map(|port| port.parse().expect("the peer prints its ports"))
            .collect();
        assert!(!ports.is_empty(), "{}: no port", script.display());
        Self { child, ports }
    }

    /// The ports that it listens on, at least one.
    pub(crate) fn ports(&self) -> &[u16] {
        &self.ports
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Gone already is as good.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// ministack behind `tests/aws/ministack_peer.py`: Athena with real SQL, Glue, S3, SQS, SNS,
/// EventBridge, STS and IAM. Killed when dropped.
#[derive(Debug)]
pub(crate) struct Peer {
    process: Process,
}

impl Peer {
    /// Starts a peer of one's own and waits until it answers; it has an empty bucket [`RESULTS`].
    pub(crate) fn start() -> Self {
        let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/aws");
        let python = venv::python("ministack-venv", &home.join("ministack.txt"));
        let process = Process::start(&python, &home.join("ministack_peer.py"), &[]);
        let peer = Self { process };
        wait_until("the peer answers", || {
            http::try_send(peer.port(), "GET", "/_ministack/ready", &[], b"")
                .is_some_and(|answer| answer.status == 200)
        });
        peer.create_bucket(RESULTS);
        peer
    }

    /// The address for the SDK's `endpoint_url`.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port())
    }

    /// The port alone.
    pub(crate) fn port(&self) -> u16 {
        self.process.ports()[0]
    }

    /// Makes a bucket.
    pub(crate) fn create_bucket(&self, bucket: &str) {
        let answer = self.s3("PUT", &format!("/{bucket}"), b"");
        assert_eq!(answer.status, 200, "bucket {bucket}");
    }

    /// Puts an object; the key must need no escapes in a URL besides `=`.
    pub(crate) fn put_object(&self, bucket: &str, key: &str, bytes: &[u8]) {
        let answer = self.s3("PUT", &format!("/{bucket}/{key}"), bytes);
        assert_eq!(answer.status, 200, "s3://{bucket}/{key}");
    }

    /// Reads an object; `None` where there is none.
    pub(crate) fn get_object(&self, bucket: &str, key: &str) -> Option<Vec<u8>> {
        let answer = self.s3("GET", &format!("/{bucket}/{key}"), b"");
        (answer.status == 200).then_some(answer.body)
    }

    /// Removes an object.
    pub(crate) fn delete_object(&self, bucket: &str, key: &str) {
        let answer = self.s3("DELETE", &format!("/{bucket}/{key}"), b"");
        assert_eq!(answer.status, 204, "s3://{bucket}/{key}");
    }

    /// Sends Glue a request, such as `CreateTable`.
    pub(crate) fn glue(&self, operation: &str, body: &Value) {
        let target = format!("AWSGlue.{operation}");
        let headers = [
            ("content-type", "application/x-amz-json-1.1"),
            ("x-amz-target", target.as_str()),
        ];
        let body = body.to_string();
        let answer = http::send(self.port(), "POST", "/", &headers, body.as_bytes());
        assert_eq!(answer.status, 200, "{operation}");
    }

    /// How many executions were begun, each paid for once.
    pub(crate) fn executions_started(&self) -> u64 {
        self.state()["started"].as_u64().unwrap()
    }

    /// How often an operation of Athena reached the peer, such as `GetQueryExecution`.
    pub(crate) fn calls(&self, operation: &str) -> u64 {
        self.state()["calls"][operation].as_u64().unwrap_or(0)
    }

    /// Every execution in the order of its start: `id`, `state`, `token`, `query`.
    pub(crate) fn executions(&self) -> Vec<Value> {
        self.state()["executions"].as_array().unwrap().clone()
    }

    /// Lets the statements that are held by `/* peer: hold */` now go on.
    pub(crate) fn release(&self) {
        assert_eq!(self.steer("POST", "/_peer/release").status, 200);
    }

    /// Checks signatures, policies and trust from now on.
    pub(crate) fn check_access(&self) {
        assert_eq!(self.steer("POST", "/_peer/check-access").status, 200);
    }

    /// Refuses to start a query while so many are active; 0 is no limit.
    pub(crate) fn limit_active(&self, active: usize) {
        let path = format!("/_peer/limit?active={active}");
        assert_eq!(self.steer("POST", &path).status, 200);
    }

    fn state(&self) -> Value {
        serde_json::from_slice(&self.steer("GET", "/_peer/state").body).unwrap()
    }

    fn steer(&self, method: &str, path: &str) -> Answer {
        http::send(self.port(), method, path, &[], b"")
    }

    fn s3(&self, method: &str, path: &str, body: &[u8]) -> Answer {
        let scope = format!(
            "AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/20260101/{REGION}/s3/aws4_request, \
             SignedHeaders=host, Signature=0"
        );
        http::send(
            self.port(),
            method,
            path,
            &[("authorization", &scope)],
            body,
        )
    }
}

/// Asks again until it is so; fails past the time that a peer may take.
pub(crate) fn wait_until(what: &str, mut so: impl FnMut() -> bool) {
    let began = Instant::now();
    while !so() {
        assert!(
            began.elapsed() < READY_WITHIN,
            "waited in vain until {what}"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}
