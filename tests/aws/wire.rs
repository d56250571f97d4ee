//! The wire between the SDK and a peer, as a proxy of the tests' own: what it does to an answer's
//! bytes no service model knows of. Every request waits for the wire's latency, is noted, and its
//! answer comes whole, cut, in drips or not to its end.
//!
//! Stands alone, because the benches have it too.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A request as it passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The operation, such as `GetQueryExecution` or `GetObject`.
    pub(crate) operation: String,
    /// The value of its `Range` header.
    pub(crate) range: Option<String>,
    /// The access key's id that it was signed with.
    pub(crate) access_key: String,
    /// How many with this operation passed before it.
    pub(crate) number: usize,
}

/// What happens to an answer.
#[derive(Debug, Clone)]
pub(crate) enum Mishap {
    /// Nothing.
    None,
    /// It is cut in the middle, and its Content-Length still promises all.
    CutLengthKept,
    /// It is cut in the middle, and its Content-Length is that of the rest; its Content-Range still
    /// promises all.
    CutLengthFits,
    /// It comes in so many pieces with a pause before each.
    Drips(u32, Duration),
    /// Half of it comes, and then nothing any more.
    Stalls,
    /// It never is asked for: the wire answers itself, with this status and body of JSON.
    Instead(u16, String),
    /// The peer has answered, and then the wire waits before it hands that on.
    Late(Duration),
}

type Rule = Box<dyn Fn(&Seen) -> Mishap + Send + Sync>;

/// The proxy. Ends when dropped, its open connections when their clients close them.
pub(crate) struct Wire {
    port: u16,
    shared: Arc<Shared>,
}

struct Shared {
    upstream: u16,
    rule: Mutex<Rule>,
    seen: Mutex<Vec<Seen>>,
    latency_ms: AtomicU64,
    ended: AtomicBool,
}

impl Wire {
    /// A wire to a port of this machine, through which everything passes.
    pub(crate) fn to(upstream: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            upstream,
            rule: Mutex::new(Box::new(|_| Mishap::None)),
            seen: Mutex::default(),
            latency_ms: AtomicU64::new(0),
            ended: AtomicBool::new(false),
        });
        let accepting = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if accepting.ended.load(Ordering::Relaxed) {
                    return;
                }
                let shared = Arc::clone(&accepting);
                std::thread::spawn(move || serve(&client, &shared));
            }
        });
        Self { port, shared }
    }

    /// The address for the SDK's `endpoint_url`.
    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// From now on answers meet what the rule says; what was noted is forgotten.
    pub(crate) fn on(&self, rule: impl Fn(&Seen) -> Mishap + Send + Sync + 'static) {
        self.shared.seen.lock().unwrap().clear();
        *self.shared.rule.lock().unwrap() = Box::new(rule);
    }

    /// How long a request takes to the peer from now on.
    pub(crate) fn delay(&self, latency: Duration) {
        let milliseconds = u64::try_from(latency.as_millis()).unwrap();
        self.shared
            .latency_ms
            .store(milliseconds, Ordering::Relaxed);
    }

    /// Every request since the last rule, in order.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::Relaxed);
        // Wakes the thread that accepts; it may be gone already.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

/// One message of HTTP/1.1.
struct Message {
    /// Its first line.
    first: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Message {
    fn header(&self, name: &str) -> Option<&str> {
        let named = |(other, _): &&(String, String)| other.eq_ignore_ascii_case(name);
        self.headers
            .iter()
            .find(named)
            .map(|(_, value)| value.as_str())
    }

    /// Reads one; `None` where the other side has closed. An answer to HEAD has no body.
    fn read(from: &mut impl BufRead, bodiless: bool) -> Option<Self> {
        let first = line(from)?;
        let mut headers = Vec::new();
        loop {
            let line = line(from)?;
            let Some((name, value)) = line.split_once(':') else {
                break;
            };
            headers.push((name.trim().to_owned(), value.trim().to_owned()));
        }
        let mut message = Self {
            first,
            headers,
            body: Vec::new(),
        };
        let chunked = message
            .header("transfer-encoding")
            .is_some_and(|kind| kind.contains("chunked"));
        if bodiless {
            return Some(message);
        }
        if chunked {
            loop {
                let size = usize::from_str_radix(line(from)?.trim(), 16).ok()?;
                let start = message.body.len();
                message.body.resize(start + size, 0);
                from.read_exact(&mut message.body[start..]).ok()?;
                line(from)?;
                if size == 0 {
                    return Some(message);
                }
            }
        }
        match message.header("content-length") {
            Some(length) => {
                let length = length.parse().ok()?;
                message.body.resize(length, 0);
                from.read_exact(&mut message.body).ok()?;
            }
            None => {
                from.read_to_end(&mut message.body).ok()?;
            }
        }
        Some(message)
    }

    /// The first line and the headers, but for those that say how long the body is and whether the
    /// connection stays.
    fn head(&self) -> String {
        let mut head = format!("{}\r\n", self.first);
        for (name, value) in &self.headers {
            let own = ["content-length", "transfer-encoding", "connection"];
            if !own.contains(&name.to_lowercase().as_str()) {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
        }
        head
    }
}

/// A line without its end.
fn line(from: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    let count = from.read_line(&mut line).ok()?;
    (count > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned())
}

/// The requests of one connection, one after the other.
fn serve(client: &TcpStream, shared: &Shared) {
    let mut client = client;
    let Ok(mut reading) = client.try_clone().map(BufReader::new) else {
        return;
    };
    // A request without a body says no length.
    while let Some(request) = request(&mut reading) {
        let seen = note(&request, shared);
        let latency = shared.latency_ms.load(Ordering::Relaxed);
        std::thread::sleep(Duration::from_millis(latency));
        let mishap = (shared.rule.lock().unwrap())(&seen);
        if let Mishap::Instead(status, body) = &mishap {
            let head = format!(
                "HTTP/1.1 {status} Instead\r\ncontent-type: application/x-amz-json-1.1\r\n\
                 content-length: {}\r\n\r\n{body}",
                body.len()
            );
            if client.write_all(head.as_bytes()).is_err() {
                return;
            }
            continue;
        }
        let Some(answer) = ask(&request, shared.upstream) else {
            return;
        };
        if hand_on(client, &request, &answer, &mishap).is_none() {
            return;
        }
    }
}

fn request(reading: &mut BufReader<TcpStream>) -> Option<Message> {
    let mut request = Message::read(reading, true)?;
    if let Some(length) = request.header("content-length") {
        let length = length.parse().ok()?;
        request.body.resize(length, 0);
        reading.read_exact(&mut request.body).ok()?;
    }
    Some(request)
}

fn note(request: &Message, shared: &Shared) -> Seen {
    let mut seen = shared.seen.lock().unwrap();
    let operation = operation(request);
    let number = seen
        .iter()
        .filter(|earlier| earlier.operation == operation)
        .count();
    let access_key = request
        .header("authorization")
        .and_then(|scope| scope.split_once("Credential=")?.1.split('/').next())
        .unwrap_or_default()
        .to_owned();
    let this = Seen {
        operation,
        range: request.header("range").map(str::to_owned),
        access_key,
        number,
    };
    seen.push(this.clone());
    this
}

fn operation(request: &Message) -> String {
    if let Some(target) = request.header("x-amz-target") {
        return target.rsplit('.').next().unwrap_or_default().to_owned();
    }
    let body = String::from_utf8_lossy(&request.body);
    let action = body
        .split('&')
        .find_map(|part| part.strip_prefix("Action="));
    match (action, request.first.split(' ').next()) {
        (Some(action), _) => action.to_owned(),
        (None, Some("GET")) => "GetObject".to_owned(),
        (None, Some("HEAD")) => "HeadObject".to_owned(),
        (None, Some("PUT")) => "PutObject".to_owned(),
        (None, other) => other.unwrap_or_default().to_owned(),
    }
}

/// The peer's answer, on a connection of its own.
fn ask(request: &Message, upstream: u16) -> Option<Message> {
    let mut peer = TcpStream::connect(("127.0.0.1", upstream)).ok()?;
    let head = request.head();
    let length = request.body.len();
    let head = format!("{head}connection: close\r\ncontent-length: {length}\r\n\r\n");
    peer.write_all(head.as_bytes()).ok()?;
    peer.write_all(&request.body).ok()?;
    let bodiless = request.first.starts_with("HEAD ");
    Message::read(&mut BufReader::new(peer), bodiless)
}

/// Hands an answer on as the mishap has it; `None` where the connection is of no use any more.
fn hand_on(
    mut client: &TcpStream,
    request: &Message,
    answer: &Message,
    mishap: &Mishap,
) -> Option<()> {
    client.set_nodelay(true).ok()?;
    let (head, body) = (answer.head(), answer.body.as_slice());
    let half = &body[..body.len() / 2];
    let promised = match mishap {
        Mishap::CutLengthFits => half.len().to_string(),
        _ if request.first.starts_with("HEAD ") => {
            answer.header("content-length").unwrap_or("0").to_owned()
        }
        _ => body.len().to_string(),
    };
    let head = format!("{head}content-length: {promised}\r\n\r\n");
    match mishap {
        Mishap::Late(pause) => {
            std::thread::sleep(*pause);
            client.write_all(head.as_bytes()).ok()?;
            client.write_all(body).ok()
        }
        Mishap::CutLengthKept => {
            client.write_all(head.as_bytes()).ok()?;
            client.write_all(half).ok()?;
            client.shutdown(std::net::Shutdown::Both).ok()?;
            None
        }
        Mishap::CutLengthFits => {
            client.write_all(head.as_bytes()).ok()?;
            client.write_all(half).ok()
        }
        Mishap::Drips(pieces, pause) => {
            client.write_all(head.as_bytes()).ok()?;
            let size = body.len().div_ceil(*pieces as usize).max(1);
            for piece in body.chunks(size) {
                std::thread::sleep(*pause);
                client.write_all(piece).ok()?;
            }
            Some(())
        }
        Mishap::Stalls => {
            client.write_all(head.as_bytes()).ok()?;
            client.write_all(half).ok()?;
            // Until the client gives the connection up.
            let _ = client.read(&mut [0; 1]);
            None
        }
        Mishap::None | Mishap::Instead(..) => {
            client.write_all(head.as_bytes()).ok()?;
            client.write_all(body).ok()
        }
    }
}
