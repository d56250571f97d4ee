//! TLS from files, by the library and the provider that AWS's services are reached with.

#![allow(
    clippy::disallowed_methods,
    reason = "this room owns the webhook's certificate files"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

/// The files of a certificate, in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate, followed by those that it was issued with.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// What speaks TLS with these files, or what is wrong with them.
pub(super) fn acceptor(files: &TlsFiles) -> Result<TlsAcceptor, String> {
    let pem = read(&files.certificate, "certificate")?;
    let of_certificate = |reason: &dyn std::fmt::Display| {
        let file = files.certificate.display();
        format!("the webhook's certificate {file} cannot be used: {reason}")
    };
    let certificates = CertificateDer::pem_slice_iter(&pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| of_certificate(&error))?;
    if certificates.is_empty() {
        return Err(of_certificate(&"there is no certificate in it"));
    }
    let of_key = |reason: &dyn std::fmt::Display| {
        let file = files.key.display();
        format!("the private key {file} of the webhook's certificate cannot be used: {reason}")
    };
    let pem = read(&files.key, "private key")?;
    let key = PrivateKeyDer::from_pem_slice(&pem).map_err(|error| of_key(&error))?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| of_certificate(&error))?
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .map_err(|error| of_key(&error))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn read(path: &Path, what: &str) -> Result<Vec<u8>, String> {
    std::fs::read(path).map_err(|error| {
        format!(
            "the webhook's {what} {} cannot be read: {error}",
            path.display()
        )
    })
}
