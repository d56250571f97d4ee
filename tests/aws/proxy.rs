//! Faults between the SDK and a peer.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use crate::http;
use crate::peer::{ACCESS_KEY, Process, REGION};
use crate::venv;

/// microburst behind `tests/aws/microburst_peer.py`, which lets everything through but for the
/// requests that a rule names. Killed when the last one of those that were started together is
/// dropped.
#[derive(Debug)]
pub(crate) struct Proxy {
    _process: Arc<Process>,
    port: u16,
}

impl Proxy {
    /// Starts a proxy before each address, and waits until they let requests through.
    pub(crate) fn before(upstreams: &[String]) -> Vec<Self> {
        let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/aws");
        let python = venv::python("microburst-venv", &home.join("microburst.txt"));
        let script = home.join("microburst_peer.py");
        let upstreams: Vec<&str> = upstreams.iter().map(String::as_str).collect();
        let process = Arc::new(Process::start(&python, &script, &upstreams));
        let proxies: Vec<Self> = process
            .ports()
            .iter()
            .map(|port| Self {
                _process: Arc::clone(&process),
                port: *port,
            })
            .collect();
        for proxy in &proxies {
            proxy.warm_up();
        }
        proxies
    }

    /// The first request of a service makes the proxy read its model, which takes long.
    fn warm_up(&self) {
        for (service, method, target, body) in [
            ("s3", "GET", "", ""),
            ("athena", "POST", "AmazonAthena.ListWorkGroups", "{}"),
            ("glue", "POST", "AWSGlue.GetDatabases", "{}"),
            (
                "sts",
                "POST",
                "",
                "Action=GetCallerIdentity&Version=2011-06-15",
            ),
        ] {
            let scope = format!(
                "AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/20260101/{REGION}/{service}/aws4_request, \
                 SignedHeaders=host, Signature=0"
            );
            let kind = match target {
                "" => "application/x-www-form-urlencoded",
                _ => "application/x-amz-json-1.1",
            };
            let mut headers = vec![("authorization", scope.as_str()), ("content-type", kind)];
            if !target.is_empty() {
                headers.push(("x-amz-target", target));
            }
            let answer = http::send(self.port, method, "/", &headers, body.as_bytes());
            assert_eq!(answer.status, 200, "{service}");
        }
    }

    /// The address for the SDK's `endpoint_url`.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Replaces the rules, and forgets what has fired.
    pub(crate) fn set_rules(&self, rules: &Value) {
        let json = [("content-type", "application/json")];
        let body = rules.to_string();
        let path = "/_microburst/rules";
        let answer = http::send(self.port, "POST", path, &json, body.as_bytes());
        let told = String::from_utf8_lossy(&answer.body);
        assert_eq!(answer.status, 200, "{told}");
        let answer = http::send(self.port, "DELETE", "/_microburst/fired", &[], b"");
        assert_eq!(answer.status, 200);
    }

    /// The rules as they are now, each with the `fired_count` of requests that it met.
    pub(crate) fn rules(&self) -> Vec<Value> {
        let answer = http::send(self.port, "GET", "/_microburst/rules", &[], b"");
        serde_json::from_slice(&answer.body).unwrap()
    }

    /// How many requests met a fault since the rules were set.
    pub(crate) fn fired(&self) -> u64 {
        let path = "/_microburst/fired?limit=1000";
        let answer = http::send(self.port, "GET", path, &[], b"");
        let fired: Value = serde_json::from_slice(&answer.body).unwrap();
        fired.as_array().unwrap().len() as u64
    }
}
