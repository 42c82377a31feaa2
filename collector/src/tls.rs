//! The one place that sets up TLS: rustls with ring, the time from the collector's clock.

use crate::clock::Clock;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::{ResolvesServerCert, WebPkiClientVerifier};
use rustls::time_provider::TimeProvider;
use rustls::{RootCertStore, ServerConfig};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// Why TLS could not be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// rustls refuses a certificate, a key or a setting.
    #[error("TLS can't be set up")]
    Rustls(#[from] rustls::Error),
    /// The agents' CA does not make a verifier.
    #[error("the agents' CA can't be used to verify agents")]
    Verifier(#[from] rustls::server::VerifierBuilderError),
}

/// The cryptography of the whole collector: ring.
pub fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    Arc::clone(PROVIDER.get_or_init(|| Arc::new(rustls::crypto::ring::default_provider())))
}

/// A door that anyone may knock at: the server alone shows a certificate. `protocols` is what it speaks: "h2", "http/1.1".
///
/// # Errors
/// [`TlsError`].
pub fn open_door(certificate: Arc<dyn ResolvesServerCert>, protocols: &[&str], clock: &Clock) -> Result<Arc<ServerConfig>, TlsError> {
    let builder = ServerConfig::builder_with_details(provider(), Arc::new(ClockTime(clock.clone())));
    let config = builder.with_safe_default_protocol_versions()?.with_no_client_auth().with_cert_resolver(certificate);
    Ok(Arc::new(finish(config, protocols)?))
}

/// A door for those who show a certificate of `ca`.
///
/// # Errors
/// [`TlsError`].
pub fn mutual_door(
    certificate: Arc<dyn ResolvesServerCert>,
    ca: CertificateDer<'static>,
    protocols: &[&str],
    clock: &Clock,
) -> Result<Arc<ServerConfig>, TlsError> {
    let mut roots = RootCertStore::empty();
    roots.add(ca)?;
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider()).build()?;
    let builder = ServerConfig::builder_with_details(provider(), Arc::new(ClockTime(clock.clone())));
    let config = builder.with_safe_default_protocol_versions()?.with_client_cert_verifier(verifier).with_cert_resolver(certificate);
    Ok(Arc::new(finish(config, protocols)?))
}

fn finish(mut config: ServerConfig, protocols: &[&str]) -> Result<ServerConfig, TlsError> {
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    config.ticketer = rustls::crypto::ring::Ticketer::new()?;
    config.send_tls13_tickets = 1; // an agent keeps one connection; a second ticket is never used
    Ok(config)
}

/// rustls asks the same clock as everything else, so that a story can let a certificate lapse.
#[derive(Debug)]
struct ClockTime(Clock);

impl TimeProvider for ClockTime {
    fn current_time(&self) -> Option<UnixTime> {
        u64::try_from(self.0.now().as_second()).ok().map(|seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }
}
