//! `[feed.webhook]`: how the webhook is reached and what a request may be. Never the key itself.

use std::path::PathBuf;

use serde::Serialize;

use super::section::{Faults, Section};

/// What is set of `[feed.webhook]`; what is not has the webhook's own default.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Webhook {
    /// The header that holds the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// The file that holds the key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
    /// The certificate of TLS, in PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cert: Option<PathBuf>,
    /// The certificate's private key, in PEM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<PathBuf>,
    /// The paths that are answered.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// What the outside calls the webhook, where a proxy stands between.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public_url: Option<String>,
    /// Whether an address that others reach may be listened on without TLS.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub insecure_plain: bool,
    /// The longest body, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_bytes: Option<f64>,
    /// Requests a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub requests_per_second: Option<f64>,
    /// Connections at a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connections: Option<f64>,
    /// Seconds in which a client says what it wants.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub head_seconds: Option<f64>,
    /// Seconds in which a client sends a body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_seconds: Option<f64>,
}

impl Webhook {
    /// Whether nothing is set.
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn read(mut section: Section<'_>, faults: &mut Faults<'_>) -> Self {
        let file = |section: &mut Section<'_>, name, faults: &mut Faults<'_>| {
            section.text(name, faults).map(PathBuf::from)
        };
        let webhook = Self {
            header: section.text("header", faults),
            key_file: file(&mut section, "key_file", faults),
            cert: file(&mut section, "cert", faults),
            key: file(&mut section, "key", faults),
            paths: paths(&mut section, faults),
            public_url: public_url(&mut section, faults),
            insecure_plain: section.flag("insecure_plain", faults).unwrap_or(false),
            body_bytes: section.amount("body_bytes", faults),
            requests_per_second: section.amount("requests_per_second", faults),
            connections: section.amount("connections", faults),
            head_seconds: section.amount("head_seconds", faults),
            body_seconds: section.amount("body_seconds", faults),
        };
        section.finish(faults);
        webhook
    }
}

fn paths(section: &mut Section<'_>, faults: &mut Faults<'_>) -> Vec<String> {
    let mut paths = Vec::new();
    for value in section.texts("paths", faults) {
        let path = value.get_ref();
        let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'?' && byte != b'#';
        if path.starts_with('/') && path.bytes().all(plain) {
            paths.push(value.into_inner());
            continue;
        }
        faults.add(
            &value.span(),
            format!(
                "`{}` must hold paths of a URL: `{path}` is none",
                section.dotted("paths")
            ),
            Some("a path begins with / and has no space, such as /lakehound".to_owned()),
        );
    }
    paths
}

fn public_url(section: &mut Section<'_>, faults: &mut Faults<'_>) -> Option<String> {
    let value = section.spanned_text("public_url", faults)?;
    let url = value.get_ref();
    if url.starts_with("https://") || url.starts_with("http://") {
        return Some(value.into_inner());
    }
    faults.add(
        &value.span(),
        format!(
            "`{}` must begin with https://",
            section.dotted("public_url")
        ),
        None,
    );
    None
}
