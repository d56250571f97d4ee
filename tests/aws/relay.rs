//! A proxy of the tests' own before a peer: it writes down every request, and does to an answer what
//! a rule says. One request a connection, so that nothing of the client's is hidden in a pool.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A request as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Asked {
    pub(crate) method: String,
    /// With its query.
    pub(crate) path: String,
    /// The header of the operation, where the service has one.
    pub(crate) target: String,
}

impl Asked {
    /// Whether it asks for bytes of an object.
    pub(crate) fn is_get_object(&self) -> bool {
        self.method == "GET" && !self.is_list() && self.path.contains(".parquet")
    }

    /// Whether it lists a prefix.
    pub(crate) fn is_list(&self) -> bool {
        self.path.contains("list-type=2")
    }

    /// The prefix that is listed.
    pub(crate) fn prefix(&self) -> Option<String> {
        let (_, query) = self.path.split_once('?')?;
        let value = query
            .split('&')
            .find_map(|pair| pair.strip_prefix("prefix="))?;
        Some(value.replace("%2F", "/").replace("%3D", "="))
    }
}

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meet {
    /// It is answered as the peer answers.
    Pass,
    /// It is refused with a status and a code of S3's, without reaching the peer.
    Refuse(u16, &'static str),
    /// Half of the body arrives, under headers that promise all of it.
    Cut,
    /// The body arrives in pieces, with a pause after each.
    Trickle,
    /// The connection is reset before an answer.
    Reset,
    /// Nothing is answered until the client lets go.
    Hold,
}

type Rule = Box<dyn FnMut(&Asked) -> Meet + Send>;

struct Shared {
    upstream: u16,
    log: Mutex<Vec<Asked>>,
    rule: Mutex<Rule>,
    met: AtomicU64,
    sent: AtomicU64,
    let_go: AtomicU64,
}

/// The proxy; its threads end with the test's process.
pub(crate) struct Relay {
    port: u16,
    shared: Arc<Shared>,
}

impl Relay {
    /// Starts one before a port of this machine.
    pub(crate) fn before(upstream: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            upstream,
            log: Mutex::default(),
            rule: Mutex::new(Box::new(|_| Meet::Pass)),
            met: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            let_go: AtomicU64::new(0),
        });
        let for_all = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let shared = Arc::clone(&for_all);
                // A client that goes away in mid-answer is no matter.
                std::thread::spawn(move || shared.serve(client).is_ok());
            }
        });
        Self { port, shared }
    }

    /// The address for the SDK's `endpoint_url`.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Sets the rule, and forgets what was counted.
    pub(crate) fn rule(&self, rule: impl FnMut(&Asked) -> Meet + Send + 'static) {
        *self.shared.rule.lock().unwrap() = Box::new(rule);
        self.forget();
    }

    /// Forgets what was counted and written down.
    pub(crate) fn forget(&self) {
        self.shared.log.lock().unwrap().clear();
        self.shared.met.store(0, Ordering::SeqCst);
        self.shared.sent.store(0, Ordering::SeqCst);
    }

    /// The requests so far.
    pub(crate) fn log(&self) -> Vec<Asked> {
        self.shared.log.lock().unwrap().clone()
    }

    /// How many requests asked for bytes of objects.
    pub(crate) fn gets(&self) -> u64 {
        self.log()
            .iter()
            .filter(|asked| asked.is_get_object())
            .count() as u64
    }

    /// Bytes of objects that were handed to the client.
    pub(crate) fn sent(&self) -> u64 {
        self.shared.sent.load(Ordering::SeqCst)
    }

    /// How many requests met a fault.
    pub(crate) fn met(&self) -> u64 {
        self.shared.met.load(Ordering::SeqCst)
    }

    /// How many held requests were let go of by the client.
    pub(crate) fn let_go(&self) -> u64 {
        self.shared.let_go.load(Ordering::SeqCst)
    }
}

impl Shared {
    fn serve(&self, mut client: TcpStream) -> std::io::Result<()> {
        let (head, body) = request(&mut client)?;
        let asked = asked(&head);
        self.log.lock().unwrap().push(asked.clone());
        let meet = (self.rule.lock().unwrap())(&asked);
        if meet != Meet::Pass {
            self.met.fetch_add(1, Ordering::SeqCst);
        }
        match meet {
            Meet::Refuse(status, code) => {
                let told = if asked.target.is_empty() {
                    format!(
                        "<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>by the test</Message></Error>"
                    )
                } else {
                    format!("{{\"__type\":\"{code}\",\"message\":\"by the test\"}}")
                };
                let length = told.len();
                return write!(
                    client,
                    "HTTP/1.1 {status} X\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{told}"
                );
            }
            // Dropped with what it sent unread, a socket resets.
            Meet::Reset => return client.shutdown(Shutdown::Both),
            Meet::Hold => {
                let mut byte = [0];
                while client.read(&mut byte)? > 0 {}
                self.let_go.fetch_add(1, Ordering::SeqCst);
                return Ok(());
            }
            Meet::Pass | Meet::Cut | Meet::Trickle => {}
        }
        let mut upstream = TcpStream::connect(("127.0.0.1", self.upstream))?;
        upstream.write_all(&closing(&head))?;
        upstream.write_all(&body)?;
        let mut answer = Vec::new();
        upstream.read_to_end(&mut answer)?;
        let end = end_of_head(&answer).unwrap_or(answer.len());
        let (head, body) = answer.split_at(end);
        client.write_all(&closing(head))?;
        let body = match meet {
            Meet::Cut => &body[..body.len() / 2],
            _ => body,
        };
        if asked.is_get_object() {
            self.sent.fetch_add(body.len() as u64, Ordering::SeqCst);
        }
        let piece = match meet {
            Meet::Trickle => body.len() / 8 + 1,
            _ => body.len().max(1),
        };
        for piece in body.chunks(piece) {
            client.write_all(piece)?;
            client.flush()?;
            if meet == Meet::Trickle {
                std::thread::sleep(Duration::from_millis(30));
            }
        }
        client.shutdown(Shutdown::Write)
    }
}

/// The head of a request with its empty line, and its body.
pub(crate) fn request(client: &mut TcpStream) -> std::io::Result<(Vec<u8>, Vec<u8>)> {
    let mut bytes = Vec::new();
    let mut piece = [0; 16 << 10];
    loop {
        if let Some(end) = end_of_head(&bytes) {
            let length = header(&bytes[..end], "content-length");
            let length: usize = length.parse().unwrap_or(0);
            if bytes.len() >= end + length {
                let body = bytes.split_off(end);
                return Ok((bytes, body));
            }
        }
        match client.read(&mut piece)? {
            0 => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            read => bytes.extend_from_slice(&piece[..read]),
        }
    }
}

fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let at = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    Some(at + 4)
}

fn header(head: &[u8], name: &str) -> String {
    let text = String::from_utf8_lossy(head).into_owned();
    let found = text.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name)
            .then(|| value.trim().to_owned())
    });
    found.unwrap_or_default()
}

fn asked(head: &[u8]) -> Asked {
    let text = String::from_utf8_lossy(head).into_owned();
    let mut words = text.split(' ').map(str::to_owned);
    Asked {
        method: words.next().unwrap_or_default(),
        path: words.next().unwrap_or_default(),
        target: header(head, "x-amz-target"),
    }
}

/// The same head, after whose message the connection closes.
fn closing(head: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(head).into_owned();
    let kept = text
        .trim_end()
        .lines()
        .filter(|line| !line.to_lowercase().starts_with("connection:"));
    let mut lines: Vec<&str> = kept.collect();
    lines.push("connection: close");
    format!("{}\r\n\r\n", lines.join("\r\n")).into_bytes()
}
