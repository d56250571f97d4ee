//! What EventBridge does between a rule and an API destination, and the peer does not: a request that
//! is not taken is sent again, for a day. The peer sends each once, to this; that it comes again is
//! this one's work, and so are the mishaps on the way.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use crate::relay::request;

/// Requests on their way at a time.
const AT_ONCE: usize = 4;

/// How long EventBridge waits for an answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// The first pause before a request is sent again, and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(25), Duration::from_millis(800));

/// How long everything may take to be delivered on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// Of so many requests that find somebody who listens, one meets a mishap.
const ONE_IN: usize = 3;

/// What goes wrong on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mishap {
    /// The connection breaks in the midst of the head.
    CutHead,
    /// It breaks in the midst of the body.
    CutBody,
    /// The request arrives twice at the same time.
    Twice,
    /// It was taken, and the answer that says so is lost.
    AnswerLost,
}

const MISHAPS: [Mishap; 4] = [
    Mishap::CutHead,
    Mishap::CutBody,
    Mishap::Twice,
    Mishap::AnswerLost,
];

/// Why a request was not delivered.
enum Failed {
    /// Nobody listens.
    Nobody,
    /// The connection ended without an answer.
    NoAnswer,
    /// By the test.
    ByTest(Mishap),
}

struct Request {
    head: Vec<u8>,
    body: Vec<u8>,
    tries: u32,
}

#[derive(Default)]
struct State {
    /// What is to be sent, by its time and a number.
    waiting: BTreeMap<(Instant, u64), Request>,
    /// Requests that the peer has sent.
    taken: u64,
    delivered: u64,
    /// Attempts that found somebody, of which some meet a mishap.
    met: usize,
    outcomes: BTreeMap<String, u64>,
    /// Answers after which EventBridge gives up.
    given_up: Vec<u16>,
    ended: bool,
}

struct Shared {
    to: u16,
    has_mishaps: bool,
    state: Mutex<State>,
    changed: Condvar,
}

/// The one between the peer and the webhook. Its threads end when it is dropped.
pub(super) struct Repeater {
    port: u16,
    shared: Arc<Shared>,
}

impl Repeater {
    /// Starts one before the port of a webhook, which need not listen.
    pub(super) fn before(to: u16, has_mishaps: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            to,
            has_mishaps,
            state: Mutex::default(),
            changed: Condvar::new(),
        });
        let taking = Arc::clone(&shared);
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if taking.lock().ended {
                    return;
                }
                let taking = Arc::clone(&taking);
                std::thread::spawn(move || taking.take(client));
            }
        });
        for _ in 0..AT_ONCE {
            let sending = Arc::clone(&shared);
            std::thread::spawn(move || sending.send_all());
        }
        Self { port, shared }
    }

    /// The endpoint for an API destination.
    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/lakehound", self.port)
    }

    /// Waits until so many requests have come from the peer, and each was taken by the webhook.
    pub(super) fn wait_until_delivered(&self, count: u64) {
        let state = self.shared.lock();
        let is_not_done = |state: &mut State| state.delivered < count && state.given_up.is_empty();
        let waited = self
            .shared
            .changed
            .wait_timeout_while(state, PATIENCE, is_not_done);
        let (state, _) = waited.unwrap();
        assert_eq!(state.given_up, [0; 0], "EventBridge would have given up");
        assert_eq!((state.taken, state.delivered), (count, count));
        assert!(state.waiting.is_empty(), "nothing is left");
    }

    /// Every mishap was met.
    pub(super) fn assert_every_mishap_was_met(&self) {
        let state = self.shared.lock();
        for mishap in MISHAPS {
            assert!(state.outcomes.contains_key(&name(mishap)), "{mishap:?}");
        }
    }
}

impl fmt::Display for Repeater {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.shared.lock();
        write!(f, "{} requests to the webhook", state.taken)?;
        for (outcome, count) in &state.outcomes {
            write!(f, ", {outcome} ×{count}")?;
        }
        Ok(())
    }
}

impl Drop for Repeater {
    fn drop(&mut self) {
        self.shared.lock().ended = true;
        self.shared.changed.notify_all();
        // Wakes the thread that accepts; it may be gone already.
        let _ = TcpStream::connect(("127.0.0.1", self.port));
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Takes a request of the peer, which is done with it.
    fn take(&self, mut client: TcpStream) {
        let Ok((head, body)) = request(&mut client) else {
            return;
        };
        let mut state = self.lock();
        state.taken += 1;
        let number = state.taken;
        let request = Request {
            head,
            body,
            tries: 0,
        };
        state.waiting.insert((Instant::now(), number), request);
        drop(state);
        self.changed.notify_all();
        // The peer only logs what it is told.
        let _ = client
            .write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    }

    /// Sends what is due, until it is ended.
    fn send_all(&self) {
        while let Some((number, request)) = self.next() {
            let outcome = self.deliver(&request);
            self.settle(number, request, &outcome);
            self.changed.notify_all();
        }
    }

    fn next(&self) -> Option<(u64, Request)> {
        let mut state = self.lock();
        loop {
            if state.ended {
                return None;
            }
            let now = Instant::now();
            let due = state.waiting.first_key_value().map(|((at, _), _)| *at);
            match due {
                Some(at) if at <= now => {
                    let ((_, number), request) = state.waiting.pop_first()?;
                    return Some((number, request));
                }
                Some(at) => {
                    let waited = self.changed.wait_timeout(state, at - now);
                    state = waited.unwrap().0;
                }
                None => state = self.changed.wait(state).unwrap(),
            }
        }
    }

    fn settle(&self, number: u64, mut request: Request, outcome: &Result<u16, Failed>) {
        let mut state = self.lock();
        let told = match outcome {
            Ok(status) => status.to_string(),
            Err(Failed::Nobody) => "nobody there".to_owned(),
            Err(Failed::NoAnswer) => "no answer".to_owned(),
            Err(Failed::ByTest(mishap)) => name(*mishap),
        };
        *state.outcomes.entry(told).or_default() += 1;
        match outcome {
            Ok(200..300) => state.delivered += 1,
            // Those that EventBridge sends again.
            Ok(401 | 407 | 409 | 429 | 500..) | Err(_) => {
                let pause = PAUSES.0 * 2_u32.pow(request.tries.min(8));
                request.tries += 1;
                let at = Instant::now() + pause.min(PAUSES.1);
                state.waiting.insert((at, number), request);
            }
            Ok(other) => state.given_up.push(*other),
        }
    }

    fn deliver(&self, request: &Request) -> Result<u16, Failed> {
        let connect = || -> Result<TcpStream, Failed> {
            let stream = TcpStream::connect(("127.0.0.1", self.to)).map_err(|_| Failed::Nobody)?;
            stream.set_read_timeout(Some(ANSWER_WITHIN)).unwrap();
            Ok(stream)
        };
        let mut stream = connect()?;
        let half = |bytes: &[u8]| bytes[..bytes.len() / 2].to_vec();
        let all = [request.head.as_slice(), request.body.as_slice()].concat();
        let broken = match self.mishap() {
            Some(Mishap::CutHead) => (Mishap::CutHead, half(&request.head)),
            Some(Mishap::CutBody) => {
                let sent = [request.head.clone(), half(&request.body)].concat();
                (Mishap::CutBody, sent)
            }
            Some(Mishap::Twice) => {
                let mut other = connect()?;
                stream.write_all(&all).map_err(|_| Failed::NoAnswer)?;
                other.write_all(&all).map_err(|_| Failed::NoAnswer)?;
                let statuses = (status(stream)?, status(other)?);
                self.count(Mishap::Twice);
                return Ok(statuses.0.max(statuses.1));
            }
            Some(Mishap::AnswerLost) => {
                stream.write_all(&all).map_err(|_| Failed::NoAnswer)?;
                status(stream)?;
                return Err(Failed::ByTest(Mishap::AnswerLost));
            }
            None => {
                stream.write_all(&all).map_err(|_| Failed::NoAnswer)?;
                return status(stream);
            }
        };
        // A webhook that was killed meanwhile broke the connection itself.
        let _ = stream.write_all(&broken.1);
        let _ = stream.shutdown(Shutdown::Both);
        Err(Failed::ByTest(broken.0))
    }

    /// What goes wrong with the next one that found somebody.
    fn mishap(&self) -> Option<Mishap> {
        let mut state = self.lock();
        let number = state.met;
        state.met += 1;
        let hits = self.has_mishaps && number.is_multiple_of(ONE_IN);
        hits.then(|| MISHAPS[number / ONE_IN % MISHAPS.len()])
    }

    fn count(&self, mishap: Mishap) {
        *self.lock().outcomes.entry(name(mishap)).or_default() += 1;
    }
}

fn name(mishap: Mishap) -> String {
    match mishap {
        Mishap::CutHead => "cut in the head",
        Mishap::CutBody => "cut in the body",
        Mishap::Twice => "arrived twice",
        Mishap::AnswerLost => "answer lost",
    }
    .to_owned()
}

/// The status of the answer.
fn status(mut stream: TcpStream) -> Result<u16, Failed> {
    let mut answer = Vec::new();
    let mut piece = [0; 4096];
    while !answer.windows(2).any(|two| two == b"\r\n") {
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return Err(Failed::NoAnswer),
            Ok(read) => answer.extend_from_slice(&piece[..read]),
        }
    }
    let text = String::from_utf8_lossy(&answer);
    let status = text.split(' ').nth(1).and_then(|word| word.parse().ok());
    status.ok_or(Failed::NoAnswer)
}
