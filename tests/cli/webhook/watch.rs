//! A `watch` that listens on a free port.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::support::Home;

/// How long an answer may take before the test fails for want of it.
const WITHIN: Duration = Duration::from_secs(30);

/// The process, its URL and its key. Killed when dropped.
pub(super) struct Watch {
    child: Child,
    lines: BufReader<ChildStdout>,
    pub(super) url: String,
    pub(super) key: String,
}

impl Watch {
    /// Starts it and waits until it listens.
    pub(super) fn start(home: &Home) -> Self {
        let mut child = home
            .command(&["watch", "--from", "webhook:127.0.0.1:0"])
            .env_remove("LAKEHOUND_WEBHOOK_KEY")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        let mut watch = Self {
            child,
            lines,
            url: String::new(),
            key: String::new(),
        };
        let state = watch.next("source");
        let notes = state["notes"].as_array().unwrap();
        let mut notes = notes.iter().map(|note| note.as_str().unwrap());
        watch.url = notes
            .find_map(|note| note.strip_prefix("URL "))
            .unwrap_or_else(|| panic!("no URL in {state}"))
            .to_owned();
        let key = std::fs::read_to_string(home.path("data/webhook.key")).unwrap();
        watch.key = key.trim().to_owned();
        assert!(!state.to_string().contains(&watch.key));
        watch
    }

    /// The next line of a kind.
    pub(super) fn next(&mut self, kind: &str) -> Value {
        let mut line = String::new();
        loop {
            line.clear();
            assert_ne!(self.lines.read_line(&mut line).unwrap(), 0, "it ended");
            let read: Value = serde_json::from_str(&line).unwrap();
            if read["kind"] == kind {
                return read;
            }
        }
    }

    pub(super) fn connect(&self) -> TcpStream {
        let address = self.url.split('/').nth(2).unwrap();
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(WITHIN)).unwrap();
        stream.set_write_timeout(Some(WITHIN)).unwrap();
        stream
    }

    /// The head of a request with the key, for a body of so many bytes.
    pub(super) fn head(&self, length: usize) -> String {
        head(Some(&self.key), length)
    }

    /// Sends a body with the key; gives the status and the answer's body.
    pub(super) fn post(&self, body: &str) -> (u16, String) {
        send(self.connect(), &self.head(body.len()), body.as_bytes())
    }

    /// A line of `/proc/PID/status` in bytes, such as `VmHWM`.
    #[cfg(target_os = "linux")]
    pub(super) fn memory(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = line
            .unwrap()
            .trim_start_matches(':')
            .trim()
            .trim_end_matches(" kB");
        kib.parse::<u64>().unwrap() * 1_024
    }

    /// Kills it without a warning.
    pub(super) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The head of a request that ends its connection.
pub(super) fn head(key: Option<&str>, length: usize) -> String {
    let key = key.map_or(String::new(), |key| format!("x-api-key: {key}\r\n"));
    format!(
        "POST /lakehound HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{key}content-length: {length}\r\n\r\n"
    )
}

/// Sends a request; gives the status and the answer's body.
pub(super) fn send(mut stream: TcpStream, head: &str, body: &[u8]) -> (u16, String) {
    stream.write_all(head.as_bytes()).unwrap();
    // Whoever is refused may find that nobody listens to the end.
    let _ = stream.write_all(body);
    answer(stream)
}

/// The answer on a connection; status 0 where it was closed without one.
pub(super) fn answer(mut stream: TcpStream) -> (u16, String) {
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8(answer).unwrap();
    let status = answer.split(' ').nth(1).and_then(|text| text.parse().ok());
    let body = answer
        .split_once("\r\n\r\n")
        .map(|(_, body)| body.to_owned());
    (status.unwrap_or(0), body.unwrap_or_default())
}
