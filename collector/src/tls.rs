//! The one place that sets up TLS: rustls with ring, the time from the collector's clock.

use crate::clock::Clock;
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::server::{ProducesTickets, ResolvesServerCert, WebPkiClientVerifier};
use rustls::time_provider::TimeProvider;
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, RootCertStore, ServerConfig, SignatureScheme};
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use x509_parser::prelude::{FromDer, X509Certificate};

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

/// A door for those who show a certificate of `ca`, lapsed or not: whether it may speak is decided by who looks it up. Its
/// sessions are resumed by `tickets`.
///
/// # Errors
/// [`TlsError`].
pub fn mutual_door(
    certificate: Arc<dyn ResolvesServerCert>,
    ca: CertificateDer<'static>,
    protocols: &[&str],
    tickets: Arc<dyn ProducesTickets>,
    clock: &Clock,
) -> Result<Arc<ServerConfig>, TlsError> {
    let mut roots = RootCertStore::empty();
    roots.add(ca)?;
    let verifier = Arc::new(Issued(WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider()).build()?));
    let builder = ServerConfig::builder_with_details(provider(), Arc::new(ClockTime(clock.clone())));
    let config = builder.with_safe_default_protocol_versions()?.with_client_cert_verifier(verifier).with_cert_resolver(certificate);
    let mut config = finish(config, protocols)?;
    config.ticketer = tickets;
    Ok(Arc::new(config))
}

/// From when to when a certificate is good, seconds since 1970; `None`: it is not one.
pub fn validity(certificate: &[u8]) -> Option<(i64, i64)> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    Some((certificate.validity().not_before.timestamp(), certificate.validity().not_after.timestamp()))
}

fn finish(mut config: ServerConfig, protocols: &[&str]) -> Result<ServerConfig, TlsError> {
    config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
    config.ticketer = rustls::crypto::ring::Ticketer::new()?;
    config.send_tls13_tickets = 1; // an agent keeps one connection; a second ticket is never used
    Ok(config)
}

/// Whoever was issued a certificate by the CA: chain, use and signature hold, at a time within the certificate's own. A
/// lapsed one gets as far as the words that tell it where to renew, and a collector whose clock is behind knows what it issued.
#[derive(Debug)]
struct Issued(Arc<dyn ClientCertVerifier>);

impl ClientCertVerifier for Issued {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.0.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        let seconds = |time: i64| u64::try_from(time).unwrap_or_default();
        let (from, to) = validity(end_entity).ok_or(rustls::Error::InvalidCertificate(CertificateError::BadEncoding))?;
        let within = now.as_secs().min(seconds(to)).max(seconds(from));
        self.0.verify_client_cert(end_entity, intermediates, UnixTime::since_unix_epoch(Duration::from_secs(within)))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.0.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_verify_schemes()
    }
}

/// rustls asks the same clock as everything else, so that a story can let a certificate lapse.
#[derive(Debug)]
struct ClockTime(Clock);

impl TimeProvider for ClockTime {
    fn current_time(&self) -> Option<UnixTime> {
        u64::try_from(self.0.now().as_second()).ok().map(|seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }
}
