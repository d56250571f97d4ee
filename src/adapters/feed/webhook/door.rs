//! Listens, and lets so many in at a time.

#![allow(
    clippy::disallowed_methods,
    reason = "this room owns the webhook's listener and the tasks of its connections"
)]

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;

use super::{Limits, WebhookSetup, tls};

/// The longest head of a request, in bytes.
const LONGEST_HEAD: usize = 32 << 10;
/// How long it waits when the system gives no connection, for want of file handles as a rule.
const PAUSE: Duration = Duration::from_millis(100);
/// How many times sooner the silent are cut where places are short.
const HURRY: u32 = 5;
/// How long a connection that has lived its time may take for the request that it is at.
const LAST_REQUEST: Duration = Duration::from_secs(30);

/// A door that is open.
pub(super) struct Door {
    listener: TcpListener,
    tls: Option<TlsAcceptor>,
    limits: Limits,
    /// The URLs that lead to it, one a path.
    pub(super) urls: Vec<String>,
}

impl Door {
    /// Opens the door, or says what is in the way and what to do.
    pub(super) async fn open(setup: &WebhookSetup) -> Result<Self, String> {
        let address = setup.address;
        if !address.ip().is_loopback() && setup.tls.is_none() && !setup.insecure_plain {
            return Err(format!(
                "the webhook does not listen on {address} without TLS, where keys could be read on \
                 the way; name `cert` and `key` in [feed.webhook], listen on 127.0.0.1 behind a \
                 proxy, or set insecure_plain = true"
            ));
        }
        let tls = setup.tls.as_ref().map(tls::acceptor).transpose()?;
        let listener = TcpListener::bind(address).await.map_err(|error| {
            format!("the webhook cannot listen on {address}: {error}; choose another port or end what has it")
        })?;
        let bound = listener.local_addr().unwrap_or(address);
        Ok(Self {
            urls: urls(setup, bound),
            limits: setup.limits,
            listener,
            tls,
        })
    }

    /// Lets in whoever comes, until it is dropped.
    pub(super) async fn serve(self, desk: Router) {
        let places = Arc::new(Semaphore::new(self.limits.connections.max(1)));
        // Dropped, it ends the connections too.
        let mut open = JoinSet::new();
        loop {
            while open.try_join_next().is_some() {}
            // Whoever finds no place waits in the system's queue, where it costs nothing here.
            let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                return;
            };
            let stream = match self.listener.accept().await {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "the webhook got no connection");
                    sleep(PAUSE).await;
                    continue;
                }
            };
            let (desk, tls, mut limits) = (desk.clone(), self.tls.clone(), self.limits);
            // Where places are short, silence is cut sooner: EventBridge waits five seconds.
            if places.available_permits() < limits.connections / 4 {
                limits.head_time /= HURRY;
            }
            open.spawn(async move {
                welcome(stream, tls, desk, limits).await;
                drop(place);
            });
        }
    }
}

async fn welcome(stream: TcpStream, tls: Option<TlsAcceptor>, desk: Router, limits: Limits) {
    // Answers are small and wanted at once.
    let _ = stream.set_nodelay(true);
    match tls {
        None => talk(stream, desk, limits).await,
        Some(tls) => {
            if let Ok(Ok(stream)) = timeout(limits.head_time, tls.accept(stream)).await {
                talk(stream, desk, limits).await;
            }
        }
    }
}

/// Answers the requests of one connection.
async fn talk<S>(stream: S, desk: Router, limits: Limits)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.head_time)
        .max_buf_size(LONGEST_HEAD);
    let service = TowerToHyperService::new(desk);
    let mut connection = Box::pin(http.serve_connection(TokioIo::new(stream), service));
    // How a connection ended is its client's affair.
    tokio::select! {
        _ = connection.as_mut() => return,
        () = sleep(limits.connection_time) => connection.as_mut().graceful_shutdown(),
    }
    let _ = timeout(LAST_REQUEST, connection).await;
}

fn urls(setup: &WebhookSetup, bound: SocketAddr) -> Vec<String> {
    let base = match &setup.public_url {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => {
            let scheme = if setup.tls.is_some() { "https" } else { "http" };
            let host = match bound.ip() {
                ip if ip.is_unspecified() => "HOST".to_owned(),
                IpAddr::V4(ip) => ip.to_string(),
                IpAddr::V6(ip) => format!("[{ip}]"),
            };
            format!("{scheme}://{host}:{}", bound.port())
        }
    };
    let paths = setup.paths.iter();
    paths.map(|path| format!("{base}{path}")).collect()
}
