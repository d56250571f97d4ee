//! The webhook of a start: what the configuration says of it, made whole.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use super::FeedSetup;
use crate::adapters::documents::DocumentStore;
use crate::adapters::feed::webhook::{
    ApiKey, HEADER, KeyPlace, Limits, PATH, TlsFiles, WebhookSetup, WebhookSource,
};
use crate::config::{Paths, Webhook};

/// The variable that gives the webhook's key.
const KEY_VARIABLE: &str = "LAKEHOUND_WEBHOOK_KEY";

/// The longest body that may be allowed: a place is reserved for one a connection.
const LONGEST_BODY: f64 = (16 << 20) as f64;

/// Makes a webhook over this user's files. Opens the file of documents.
///
/// # Errors
///
/// What cannot be made so, in words.
pub(super) fn webhook(
    name: String,
    address: &str,
    feed: &FeedSetup,
) -> Result<WebhookSource, String> {
    let (config, paths) = (&feed.feed.webhook, &feed.paths);
    let documents = DocumentStore::open(&paths.documents_file()).map_err(|e| e.to_string())?;
    let setup = WebhookSetup {
        address: read_address(address)?,
        paths: match config.paths.is_empty() {
            true => vec![PATH.to_owned()],
            false => config.paths.clone(),
        },
        header: config.header.clone().unwrap_or_else(|| HEADER.to_owned()),
        key: key_place(config, paths)?,
        tls: tls(config)?,
        insecure_plain: config.insecure_plain,
        public_url: config.public_url.clone(),
        limits: limits(config),
        name,
    };
    let make = if feed.once {
        WebhookSource::once
    } else {
        WebhookSource::new
    };
    Ok(make(setup, Arc::clone(&feed.inbox), Arc::new(documents)))
}

/// `ADDRESS:PORT`, or a port alone, which is one of the loopback.
fn read_address(text: &str) -> Result<SocketAddr, String> {
    let loopback = IpAddr::V4(Ipv4Addr::LOCALHOST);
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    let port = match text.rsplit_once(':') {
        None => text,
        Some(("" | "localhost", port)) => port,
        Some(_) => "",
    };
    port.parse()
        .map(|port| SocketAddr::new(loopback, port))
        .map_err(|_| {
            format!("`{text}` is no address to listen on; write it as 127.0.0.1:8443 or [::1]:8443")
        })
}

fn key_place(config: &Webhook, paths: &Paths) -> Result<KeyPlace, String> {
    if let Some(text) = std::env::var_os(KEY_VARIABLE).filter(|text| !text.is_empty()) {
        let place = format!("the variable {KEY_VARIABLE}");
        let key = ApiKey::parse(&text.to_string_lossy(), &place).map_err(|e| e.to_string())?;
        return Ok(KeyPlace::Variable(KEY_VARIABLE.to_owned(), key));
    }
    Ok(match &config.key_file {
        Some(file) => KeyPlace::File(file.clone()),
        None => KeyPlace::Made(paths.webhook_key_file()),
    })
}

fn tls(config: &Webhook) -> Result<Option<TlsFiles>, String> {
    match (&config.cert, &config.key) {
        (Some(certificate), Some(key)) => Ok(Some(TlsFiles {
            certificate: certificate.clone(),
            key: key.clone(),
        })),
        (None, None) => Ok(None),
        _ => Err("TLS needs both `cert` and `key` in [feed.webhook]".to_owned()),
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "each number is brought into its bounds first"
)]
fn limits(config: &Webhook) -> Limits {
    let defaults = Limits::default();
    let within = |amount: Option<f64>, least: f64, most: f64| amount.map(|n| n.clamp(least, most));
    let seconds =
        |amount, default| within(amount, 0.1, 600.0).map_or(default, Duration::from_secs_f64);
    Limits {
        body: within(config.body_bytes, 1.0, LONGEST_BODY).map_or(defaults.body, |n| n as usize),
        per_second: within(config.requests_per_second, 1.0, 1e6)
            .map_or(defaults.per_second, |n| n as u32),
        connections: within(config.connections, 1.0, 10_000.0)
            .map_or(defaults.connections, |n| n as usize),
        head_time: seconds(config.head_seconds, defaults.head_time),
        body_time: seconds(config.body_seconds, defaults.body_time),
        ..defaults
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_address_is_read_in_every_usual_form() {
        for (text, expected) in [
            ("127.0.0.1:8443", "127.0.0.1:8443"),
            ("[::1]:8443", "[::1]:8443"),
            ("localhost:80", "127.0.0.1:80"),
            (":80", "127.0.0.1:80"),
            ("80", "127.0.0.1:80"),
            ("0.0.0.0:80", "0.0.0.0:80"),
        ] {
            assert_eq!(read_address(text).unwrap().to_string(), expected);
        }
        for text in ["", "host:80", "127.0.0.1", "1:2:3", "99999"] {
            assert!(
                read_address(text).unwrap_err().contains("127.0.0.1:8443"),
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn whatever_is_configured_the_limits_have_bounds(amounts in prop::array::uniform5(prop::option::of(0.0..1e18))) {
            let [body_bytes, requests_per_second, connections, head_seconds, body_seconds] = amounts;
            let limits = limits(&Webhook {
                body_bytes,
                requests_per_second,
                connections,
                head_seconds,
                body_seconds,
                ..Webhook::default()
            });
            prop_assert!(limits.body <= 16 << 20 && limits.connections <= 10_000);
            prop_assert!(limits.per_second >= 1 && limits.body_time <= Duration::from_secs(600));
        }
    }
}
