use std::collections::HashSet;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use futures::StreamExt;
use futures::stream::BoxStream;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;
use crate::adapters::documents::DocumentStore;
use crate::domain::detection::Unreadable;
use crate::domain::lake::{Notification, SourceNews};
use crate::ports::{InboxError, Waiting};

const KEY: &str = "0123456789abcdef-tests";

/// An inbox in memory that can fail.
#[derive(Default)]
struct Memory {
    fails: AtomicBool,
    kept: Mutex<Vec<Notification>>,
}

#[async_trait]
impl Inbox for Memory {
    async fn receive(
        &self,
        _source: &str,
        notifications: Vec<Notification>,
    ) -> Result<Vec<Notification>, InboxError> {
        if self.fails.load(Ordering::SeqCst) {
            return Err(InboxError("the disk is full".to_owned()));
        }
        let mut kept = self.kept.lock().unwrap();
        let mut new = Vec::new();
        for notification in notifications {
            if kept
                .iter()
                .all(|one| one.identity() != notification.identity())
            {
                kept.push(notification.clone());
                new.push(notification);
            }
        }
        Ok(new)
    }

    async fn take(&self, _: usize, _: DateTime<Utc>) -> Result<Vec<Waiting>, InboxError> {
        Ok(Vec::new())
    }

    async fn settle(&self, _: i64, _: Result<u64, Unreadable>) -> Result<(), InboxError> {
        Ok(())
    }

    async fn arrived(&self) {}

    async fn next_try(&self) -> Result<Option<DateTime<Utc>>, InboxError> {
        Ok(None)
    }
}

/// A webhook that listens on a free port, with what it wrote down.
struct Stand {
    source: WebhookSource,
    news: BoxStream<'static, FeedNews>,
    inbox: Arc<Memory>,
    folder: tempfile::TempDir,
}

fn setup(limits: Limits) -> WebhookSetup {
    WebhookSetup {
        name: "webhook:127.0.0.1:0".to_owned(),
        address: SocketAddr::from(([127, 0, 0, 1], 0)),
        paths: vec![PATH.to_owned()],
        header: HEADER.to_owned(),
        key: KeyPlace::Variable("TEST".to_owned(), ApiKey::parse(KEY, "a test").unwrap()),
        tls: None,
        insecure_plain: false,
        public_url: None,
        limits,
    }
}

impl Stand {
    async fn with(limits: Limits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let documents = DocumentStore::open(&folder.path().join("documents.sqlite")).unwrap();
        let inbox = Arc::new(Memory::default());
        let source = WebhookSource::new(setup(limits), inbox.clone(), Arc::new(documents));
        let mut news = source.watch();
        let state = next_state(&mut news).await;
        assert_eq!(state.state, Ok(()));
        Self {
            source,
            news,
            inbox,
            folder,
        }
    }

    fn address(&self) -> String {
        let url = self.source.urls().remove(0);
        let rest = url.strip_prefix("http://").unwrap();
        rest.strip_suffix(PATH).unwrap().to_owned()
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address()).await.unwrap()
    }

    /// Sends a request on a connection of its own; gives the status and the whole answer.
    async fn send(&self, request: &[u8]) -> (u16, String) {
        let mut stream = self.connect().await;
        stream.write_all(request).await.unwrap();
        answer(&mut stream).await
    }

    async fn post(&self, body: &str) -> (u16, String) {
        self.send(post(&[("x-api-key", KEY)], body).as_bytes())
            .await
    }

    fn kept(&self) -> usize {
        self.inbox.kept.lock().unwrap().len()
    }
}

/// A request that ends its connection.
fn post(headers: &[(&str, &str)], body: &str) -> String {
    let length = body.len();
    let mut head = format!("POST {PATH} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n");
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    format!("{head}Content-Length: {length}\r\n\r\n{body}")
}

/// Everything up to the end of the connection.
async fn answer(stream: &mut TcpStream) -> (u16, String) {
    let mut answer = Vec::new();
    // A reset after the answer is an end too.
    let _ = stream.read_to_end(&mut answer).await;
    let answer = String::from_utf8(answer).unwrap();
    let status = answer
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    (status.unwrap_or(0), answer)
}

async fn next_state(news: &mut BoxStream<'static, FeedNews>) -> SourceNews {
    loop {
        if let FeedNews::State(state) = news.next().await.unwrap() {
            return state;
        }
    }
}

async fn next_documents(news: &mut BoxStream<'static, FeedNews>) -> Vec<String> {
    loop {
        if let FeedNews::Read(readings) = news.next().await.unwrap() {
            let contents = readings.into_iter().map(|reading| reading.outcome.unwrap());
            let found = contents.flat_map(|contents| contents.detections);
            return found.map(|detection| detection.title).collect();
        }
    }
}

fn object_created(key: &str) -> String {
    json!({"detail-type": "Object Created",
           "detail": {"bucket": {"name": "b"}, "object": {"key": key, "etag": "e"}}})
    .to_string()
}

#[tokio::test]
async fn each_fault_has_its_status_and_nothing_of_it_is_kept() {
    let stand = Stand::with(Limits {
        body: 512,
        ..Limits::default()
    })
    .await;
    let good = object_created("k");
    let with_key = |headers: &[(&str, &str)], body: &str| {
        post(&[&[("X-Api-Key", KEY)], headers].concat(), body)
    };
    let long = "x".repeat(600);
    let chunked = post(&[("x-api-key", KEY), ("Transfer-Encoding", "chunked")], "");
    let chunked =
        chunked.replace("Content-Length: 0\r\n", "") + &format!("258\r\n{long}\r\n0\r\n\r\n");
    for (request, status, says) in [
        (post(&[], &good), 401, "no key"),
        (
            post(&[("x-api-key", "0123456789abcdef-testz")], &good),
            403,
            "wrong key",
        ),
        (post(&[("x-api-key", "")], &good), 403, "wrong key"),
        (
            with_key(&[("x-api-key", "another")], &good),
            403,
            "wrong key",
        ),
        (with_key(&[], &good).replace(PATH, "/"), 404, "nothing here"),
        (
            with_key(&[], &good).replace(PATH, "/lakehound/../x"),
            404,
            "nothing here",
        ),
        (
            with_key(&[], &good).replace("POST", "GET"),
            405,
            "allow: POST, PUT",
        ),
        (
            with_key(&[("Content-Encoding", "gzip")], &good),
            415,
            "without compression",
        ),
        (with_key(&[], &long), 413, "more than 512 bytes"),
        (chunked, 413, "more than 512 bytes"),
        (with_key(&[], "{\"a\":"), 400, "not JSON"),
        (with_key(&[], ""), 400, "empty"),
        (
            with_key(&[], r#"{"detail":{"object":{}}}"#),
            400,
            "detail.bucket.name",
        ),
        ("nonsense\r\n\r\n".to_owned(), 400, ""),
    ] {
        let (given, answer) = stand.send(request.as_bytes()).await;
        assert_eq!(given, status, "{request}\n{answer}");
        assert!(answer.contains(says), "{answer}");
        assert!(!answer.contains(KEY));
    }
    assert_eq!(stand.kept(), 0);
    for method in ["POST", "PUT"] {
        let request = with_key(&[], &good).replace("POST", method);
        let (status, answer) = stand.send(request.as_bytes()).await;
        assert_eq!(status, 200, "{answer}");
    }
    assert_eq!(stand.kept(), 1, "delivery is at least once");
}

#[tokio::test]
async fn nothing_is_answered_yes_that_is_not_written_down() {
    let mut stand = Stand::with(Limits::default()).await;
    stand.inbox.fails.store(true, Ordering::SeqCst);
    let (status, answer) = stand.post(&object_created("k")).await;
    assert_eq!(status, 503);
    assert!(answer.contains("retry-after: 5"), "{answer}");
    assert!(
        !answer.contains("disk"),
        "what the disk said is not for the sender: {answer}"
    );
    stand.inbox.fails.store(false, Ordering::SeqCst);
    let (status, answer) = stand.post(&object_created("k")).await;
    assert_eq!(status, 200);
    assert!(answer.contains("\"new\":1"), "{answer}");
    loop {
        if let FeedNews::Arrived(arrivals) = stand.news.next().await.unwrap() {
            assert_eq!(arrivals[0].notification.key.key, "k");
            break;
        }
    }
}

#[tokio::test]
async fn documents_are_told_until_whoever_took_them_asks_for_more() {
    let mut stand = Stand::with(Limits::default()).await;
    let body = format!(
        "{}\n{}\n{}",
        json!({"title": "one"}),
        object_created("k"),
        json!({"title": "two"})
    );
    let (status, answer) = stand.post(&body).await;
    assert_eq!(status, 200);
    assert!(
        answer.contains("\"documents\":2,\"new\":3,\"notifications\":1"),
        "{answer}"
    );
    assert_eq!(next_documents(&mut stand.news).await, ["one", "two"]);
    // Gone before the next news was asked for: as after a crash they are told again.
    stand.news = stand.source.watch();
    assert_eq!(next_documents(&mut stand.news).await, ["one", "two"]);
    let (status, answer) = stand.post(&json!({"title": "one"}).to_string()).await;
    assert_eq!(status, 200);
    assert!(answer.contains("\"new\":0"), "{answer}");
    stand.post(&json!({"title": "three"}).to_string()).await;
    assert_eq!(next_documents(&mut stand.news).await, ["three"]);
    drop(stand.news);
    let documents = DocumentStore::open(&stand.folder.path().join("documents.sqlite")).unwrap();
    let untold = documents.untold("webhook:127.0.0.1:0", 0, 9).await.unwrap();
    assert_eq!(untold.len(), 1);
}

#[tokio::test]
async fn slow_clients_are_cut() {
    let limits = Limits {
        head_time: Duration::from_millis(40),
        body_time: Duration::from_millis(40),
        ..Limits::default()
    };
    let stand = Stand::with(limits).await;
    let mut slow_body = stand.connect().await;
    let request = post(&[("x-api-key", KEY)], &object_created("k"));
    slow_body
        .write_all(&request.as_bytes()[..request.len() - 1])
        .await
        .unwrap();
    let mut slow_head = stand.connect().await;
    slow_head
        .write_all(b"POST /lakehound HTTP/1.1\r\nHost:")
        .await
        .unwrap();
    let mut silent = stand.connect().await;
    let ((status, text), (head, _), (nothing, _)) = tokio::join!(
        answer(&mut slow_body),
        answer(&mut slow_head),
        answer(&mut silent),
    );
    assert_eq!(status, 408, "{text}");
    assert!(text.contains("connection: close"), "{text}");
    assert_eq!((head, nothing), (0, 0), "closed without a word");
    assert_eq!(stand.kept(), 0);
}

#[tokio::test]
async fn more_requests_a_second_than_agreed_are_sent_away_with_the_time_to_come_again() {
    let stand = Stand::with(Limits {
        per_second: 2,
        ..Limits::default()
    })
    .await;
    let keys: Vec<String> = (0..5).map(|n| object_created(&format!("k/{n}"))).collect();
    let answers = futures::future::join_all(keys.iter().map(|body| stand.post(body))).await;
    let taken = answers.iter().filter(|(status, _)| *status == 200).count();
    let sent_away: Vec<_> = answers
        .iter()
        .filter(|(status, _)| *status == 429)
        .collect();
    assert_eq!(taken + sent_away.len(), 5);
    assert!(sent_away[0].1.contains("retry-after: 1"));
    assert_eq!(stand.kept(), taken);
    // Strangers do not use up what friends have.
    let (status, _) = stand.send(post(&[], "{}").as_bytes()).await;
    assert_eq!(status, 401);
}

#[tokio::test]
async fn more_connections_than_places_wait_for_their_turn() {
    let limits = Limits {
        connections: 2,
        head_time: Duration::from_millis(60),
        ..Limits::default()
    };
    let stand = Stand::with(limits).await;
    let mut silent = Vec::new();
    for _ in 0..6 {
        silent.push(stand.connect().await);
    }
    let (status, answer) = stand.post(&object_created("k")).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(stand.kept(), 1);
}

#[tokio::test]
async fn a_set_up_that_cannot_be_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let documents = DocumentStore::open(&folder.path().join("d")).unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let good = setup(Limits::default());
    let outside = SocketAddr::from(([0, 0, 0, 0], 0));
    let file = |name: &str| folder.path().join(name);
    std::fs::write(file("empty.pem"), "").unwrap();
    std::fs::write(file("short"), "secret-but-short").unwrap();
    std::fs::write(file("spaced"), "a secret key with spaces").unwrap();
    let tls = |certificate: &str| {
        Some(TlsFiles {
            certificate: file(certificate),
            key: file("no.pem"),
        })
    };
    let faults = [
        (
            WebhookSetup {
                address: outside,
                ..good.clone()
            },
            "without TLS",
        ),
        (
            WebhookSetup {
                address: taken.local_addr().unwrap(),
                ..good.clone()
            },
            "cannot listen on",
        ),
        (
            WebhookSetup {
                header: "x y".into(),
                ..good.clone()
            },
            "no name of a header",
        ),
        (
            WebhookSetup {
                key: KeyPlace::File(file("no")),
                ..good.clone()
            },
            "does not exist",
        ),
        (
            WebhookSetup {
                key: KeyPlace::File(file("spaced")),
                ..good.clone()
            },
            "printable ASCII",
        ),
        (
            WebhookSetup {
                tls: tls("no.pem"),
                ..good.clone()
            },
            "no.pem cannot be read",
        ),
        (
            WebhookSetup {
                tls: tls("empty.pem"),
                ..good.clone()
            },
            "no certificate in it",
        ),
    ];
    for (setup, says) in faults {
        let source = WebhookSource::new(
            setup,
            Arc::new(Memory::default()),
            Arc::new(documents.clone()),
        );
        let state = next_state(&mut source.watch()).await.state;
        let reason = state.unwrap_err();
        assert!(reason.contains(says), "{reason}");
        assert!(!reason.contains("secret"), "{reason}");
        assert_eq!(source.urls(), Vec::<String>::new());
    }
}

#[test]
fn a_key_is_made_once_for_its_owner_alone_and_never_printed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data/webhook.key");
    let place = KeyPlace::Made(path.clone());
    let made = place.key().unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text.trim().len(), 64);
    assert_eq!(place.key(), Ok(made));
    assert!(made.fits(text.trim().as_bytes()));
    assert!(!made.fits(text.as_bytes()));
    assert_eq!(place.place(), path.display().to_string());
    let shown = format!("{made:?} {place:?}");
    assert!(!shown.contains(text.trim()));
    let other = KeyPlace::Made(folder.path().join("other")).key().unwrap();
    assert_ne!(other, made);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[tokio::test]
async fn the_urls_to_give_away_say_how_to_reach_it() {
    let documents = tempfile::tempdir().unwrap();
    let documents = DocumentStore::open(&documents.path().join("d")).unwrap();
    let mut setup = setup(Limits::default());
    setup.paths = vec!["/a".to_owned(), "/b/c".to_owned()];
    setup.public_url = Some("https://hooks.example.com/".to_owned());
    let source = WebhookSource::new(setup, Arc::new(Memory::default()), Arc::new(documents));
    let mut news = source.watch();
    next_state(&mut news).await;
    let urls: HashSet<String> = source.urls().into_iter().collect();
    let expected = [
        "https://hooks.example.com/a",
        "https://hooks.example.com/b/c",
    ];
    assert_eq!(urls, expected.map(str::to_owned).into());
}
