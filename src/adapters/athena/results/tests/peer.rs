//! A store that speaks HTTP on a real socket and errs as told: GetObject by ranges, and Athena's
//! GetQueryResults for the same result.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{Credentials, Region};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::task::AbortOnDropHandle;

/// How one request for a range is answered. Counts are of the body's bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Answer {
    /// As S3 answers.
    Good,
    /// As S3, in single bytes.
    Slow,
    /// Closed after so many bytes, although the length promises all.
    Cut(usize),
    /// A length that promises so many bytes, which come, and a range that promises all.
    Short(usize),
    /// So many bytes more than the range has.
    Long(usize),
    /// Nothing more after so many bytes, for as long as the client holds on.
    Stall(usize),
    /// Closed without an answer.
    Silent,
    /// The bytes of a range so much further on.
    Shifted(u64),
    /// An error with a status and a code.
    Error(u16, &'static str),
    /// The right bytes of an object with another ETag.
    OtherEtag,
    /// The right bytes of an object with another size.
    OtherSize,
    /// The whole object.
    Whole,
}

/// What is answered: by the number of the request for the object, from 0, and its range.
type Script = Box<dyn Fn(usize, &Range<u64>) -> Answer + Send + Sync>;

struct Shared {
    object: Vec<u8>,
    /// The answer to GetQueryResults.
    pages: Mutex<String>,
    script: Script,
    asked: Mutex<Vec<Range<u64>>>,
    pages_asked: AtomicUsize,
    now: AtomicUsize,
    most: AtomicUsize,
    held: watch::Sender<usize>,
}

/// The store; it ends with this.
pub(in super::super) struct Peer {
    endpoint: String,
    shared: Arc<Shared>,
    _serving: AbortOnDropHandle<()>,
}

impl Peer {
    pub(in super::super) async fn start(
        object: &[u8],
        script: impl Fn(usize, &Range<u64>) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            object: object.to_vec(),
            pages: Mutex::default(),
            script: Box::new(script),
            asked: Mutex::default(),
            pages_asked: AtomicUsize::new(0),
            now: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            held: watch::Sender::new(0),
        });
        let serving = Arc::clone(&shared);
        let task = tokio::spawn(async move {
            // Connections end with the listener's task.
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, Arc::clone(&serving)));
            }
        });
        Self {
            endpoint,
            shared,
            _serving: AbortOnDropHandle::new(task),
        }
    }

    /// A client of its own that tries nothing again by itself.
    pub(in super::super) fn s3(&self) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::Config::builder()
            .behavior_version_latest()
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new("AKIATEST", "secret", None, None, "test"))
            .endpoint_url(&self.endpoint)
            .force_path_style(true)
            .retry_config(RetryConfig::disabled());
        aws_sdk_s3::Client::from_conf(config.build())
    }

    pub(in super::super) fn athena(&self) -> aws_sdk_athena::Client {
        let config = aws_sdk_athena::Config::builder()
            .behavior_version_latest()
            .region(aws_sdk_athena::config::Region::new("us-east-1"))
            .credentials_provider(Credentials::new("AKIATEST", "secret", None, None, "test"))
            .endpoint_url(&self.endpoint)
            .retry_config(RetryConfig::disabled());
        aws_sdk_athena::Client::from_conf(config.build())
    }

    /// What GetQueryResults answers from now on.
    pub(in super::super) fn set_pages(&self, json: String) {
        *self.shared.pages.lock().unwrap() = json;
    }

    /// The ranges that were asked for, as they came.
    pub(in super::super) fn asked(&self) -> Vec<Range<u64>> {
        self.shared.asked.lock().unwrap().clone()
    }

    pub(in super::super) fn pages_asked(&self) -> usize {
        self.shared.pages_asked.load(Ordering::SeqCst)
    }

    /// The most requests for the object that were under way together.
    pub(in super::super) fn most_at_once(&self) -> usize {
        self.shared.most.load(Ordering::SeqCst)
    }

    /// Waits until so many answers stall, no more and no fewer.
    pub(in super::super) async fn until_held(&self, count: usize) {
        let mut held = self.shared.held.subscribe();
        let reached = held.wait_for(|held| *held == count);
        let limit = Duration::from_secs(30);
        tokio::time::timeout(limit, reached).await.unwrap().unwrap();
    }
}

/// Answers the requests of one connection.
async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    let mut buffer = Vec::new();
    while let Some(head) = request(&mut stream, &mut buffer).await {
        let goes_on = if head.starts_with("POST") {
            shared.pages_asked.fetch_add(1, Ordering::SeqCst);
            let body = shared.pages.lock().unwrap().clone();
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.1\r\ncontent-length: {}\r\n\r\n",
                body.len()
            );
            stream
                .write_all(&[head.as_bytes(), body.as_bytes()].concat())
                .await
                .is_ok()
        } else {
            let now = shared.now.fetch_add(1, Ordering::SeqCst) + 1;
            shared.most.fetch_max(now, Ordering::SeqCst);
            let goes_on = object(&mut stream, &shared, &head).await;
            shared.now.fetch_sub(1, Ordering::SeqCst);
            goes_on
        };
        if !goes_on {
            return;
        }
    }
}

/// The next request's head; its body is passed over.
async fn request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<String> {
    loop {
        let text = String::from_utf8_lossy(buffer).into_owned();
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let length = header(head, "content-length").map_or(0, |length| length.parse().unwrap());
            let whole = head.len() + 4 + length;
            if buffer.len() >= whole {
                buffer.drain(..whole);
                return Some(head.to_owned());
            }
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.lines().find_map(|line| {
        let (key, value) = line.split_once(':')?;
        key.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// Answers one request for the object; whether the connection goes on.
async fn object(stream: &mut TcpStream, shared: &Shared, head: &str) -> bool {
    let range = header(head, "range")
        .unwrap()
        .strip_prefix("bytes=")
        .unwrap();
    let (from, to) = range.split_once('-').unwrap();
    let asked = from.parse::<u64>().unwrap()..to.parse::<u64>().unwrap() + 1;
    let number = {
        let mut all = shared.asked.lock().unwrap();
        all.push(asked.clone());
        all.len() - 1
    };
    let answer = (shared.script)(number, &asked);
    let size = shared.object.len() as u64;
    let etag = if answer == Answer::OtherEtag {
        "\"other\""
    } else {
        "\"one\""
    };
    if let Answer::Error(status, code) = answer {
        return refuse(stream, status, code).await;
    }
    if answer == Answer::Silent {
        return false;
    }
    if header(head, "if-match").is_some_and(|wanted| wanted != "\"one\"") {
        return refuse(stream, 412, "PreconditionFailed").await;
    }
    if asked.start >= size {
        return refuse(stream, 416, "InvalidRange").await;
    }
    let shift = if let Answer::Shifted(by) = answer {
        by
    } else {
        0
    };
    let start = (asked.start + shift).min(size - 1);
    let end = (asked.end + shift).min(size);
    let part = &shared.object[usize::try_from(start).unwrap()..usize::try_from(end).unwrap()];
    let told = if answer == Answer::OtherSize {
        size + 7
    } else {
        size
    };
    let (status, told_range) = match answer {
        Answer::Whole => ("200 OK", String::new()),
        _ => (
            "206 Partial Content",
            format!("content-range: bytes {start}-{}/{told}\r\n", end - 1),
        ),
    };
    let (length, body) = match answer {
        Answer::Whole => (shared.object.len(), shared.object.clone()),
        Answer::Cut(bytes) | Answer::Stall(bytes) => (
            part.len(),
            part[..bytes.min(part.len().saturating_sub(1))].to_vec(),
        ),
        Answer::Short(bytes) => {
            let body = part[..bytes.min(part.len())].to_vec();
            (body.len(), body)
        }
        Answer::Long(bytes) => (part.len() + bytes, [part, &vec![b'!'; bytes]].concat()),
        _ => (part.len(), part.to_vec()),
    };
    let reply = format!(
        "HTTP/1.1 {status}\r\netag: {etag}\r\n{told_range}content-length: {length}\r\ncontent-type: text/csv\r\n\r\n"
    );
    let _ = stream.set_nodelay(true);
    if stream.write_all(reply.as_bytes()).await.is_err() {
        return false;
    }
    let piece = if answer == Answer::Slow {
        1
    } else {
        body.len().max(1)
    };
    for piece in body.chunks(piece) {
        if stream.write_all(piece).await.is_err() {
            return false;
        }
    }
    if matches!(answer, Answer::Stall(_)) {
        shared.held.send_modify(|held| *held += 1);
        // Until the client lets go.
        let mut nothing = [0];
        let _ = stream.read(&mut nothing).await;
        shared.held.send_modify(|held| *held -= 1);
        return false;
    }
    !matches!(answer, Answer::Cut(_))
}

async fn refuse(stream: &mut TcpStream, status: u16, code: &str) -> bool {
    let body = format!(
        "<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>told so</Message></Error>"
    );
    let reply = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/xml\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(reply.as_bytes()).await.is_ok()
}
