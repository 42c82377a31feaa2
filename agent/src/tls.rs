//! Transport security: the one place that knows rustls and its crypto provider.
//!
//! Architecture invariant: the system's roots are never trusted. Enrolment trusts the CA that the token pins;
//! attendance trusts the CA kept at enrolment. A host's address proves nothing; the site's name in the certificate does.
//! This machine's clock alone refuses nobody: see [`ServerTime`].

use crate::clock;
use crate::identity::Identity;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WantsClientCert, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::time_provider::TimeProvider;
use rustls::{CertificateError, ClientConfig, ConfigBuilder, DigitallySignedStruct, RootCertStore, SignatureScheme};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;
use x509_parser::prelude::{FromDer, X509Certificate};

/// When this program was built, seconds since 1970: no clock that is right shows an earlier time.
const BUILT: &str = env!("ROLLCALL_BUILT");

/// SHA-256 of a CA certificate's DER.
pub type Pin = [u8; 32];

/// The pin of a CA certificate.
pub fn pin(ca_der: &[u8]) -> Pin {
    Sha256::digest(ca_der).into()
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// What time the collector last said it is, shared with the verifier. A coin battery dies, and a PC wakes up in 2009, or in
/// 2040; it must still get through to be told of its clock. The trust is the CA, the name and the handshake's signature; the
/// dates of the collector's certificate are judged leniently:
/// - one that begins in the future is good: the CA would not have signed it before its day, so this clock is behind;
/// - one that is over is refused if it was so before this program was built; or if both this machine's clock and the last
///   word of the collector say so. One of the two alone may be wrong: this clock by its battery, the word by a collector
///   whose own clock was wrong for a day.
///
/// What is given up: a server's key that was stolen serves longer against machines that heard nothing since. Such a key lives
/// in the collector's memory only.
#[derive(Debug, Default)]
pub struct ServerTime(AtomicI64);

impl ServerTime {
    /// That the collector said so, milliseconds since 1970 UTC; 0: it never did.
    pub fn said(clock_ms: i64) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(clock_ms)))
    }

    /// The collector says what time it is.
    pub fn hear(&self, clock_ms: i64) {
        self.0.store(clock_ms, Ordering::Relaxed);
    }

    /// The time at which a certificate that is good from `from` to `to` is judged, all in seconds; `own` is this machine's clock.
    fn judged_at(&self, from: i64, to: i64, own: i64) -> i64 {
        let said = self.0.load(Ordering::Relaxed) / 1000;
        let is_over = to < built() || (to < own && said != 0 && to < said);
        if is_over { own.max(built()).max(to.saturating_add(1)) } else { own.min(to).max(from) }
    }
}

fn built() -> i64 {
    BUILT.parse().unwrap_or_default()
}

fn unix(seconds: i64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(seconds).unwrap_or_default()))
}

/// This machine's clock, never behind the build.
#[derive(Debug)]
struct OwnClock;

impl TimeProvider for OwnClock {
    fn current_time(&self) -> Option<UnixTime> {
        Some(unix(clock::now().as_second().max(built())))
    }
}

/// For attendance: shows the device's certificate, trusts the kept CA alone.
///
/// # Errors
/// Key, certificate or CA are not what they should be.
pub fn attendance(identity: &Identity, time: Arc<ServerTime>) -> Result<Arc<ClientConfig>, rustls::Error> {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(identity.key_der.clone()));
    let chain = vec![CertificateDer::from(identity.certificate_der.clone())];
    let mut config = trusting(pin(&identity.ca_der), time)?.with_client_auth_cert(chain, key)?;
    config.resumption = Resumption::in_memory_sessions(2);
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(Arc::new(config))
}

/// For enrolment and for renewal: trusts the CA with `pin` alone, which the collector sends along.
///
/// # Errors
/// The crypto provider lacks what TLS needs.
pub fn enrolment(pin: Pin, time: Arc<ServerTime>) -> Result<Arc<ClientConfig>, rustls::Error> {
    let mut config = trusting(pin, time)?.with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(Arc::new(config))
}

fn trusting(pin: Pin, time: Arc<ServerTime>) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, rustls::Error> {
    let provider = provider();
    let verifier = Arc::new(PinnedCa { pin, time, provider: provider.clone() });
    let builder = ClientConfig::builder_with_details(provider, Arc::new(OwnClock)).with_safe_default_protocol_versions()?;
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier))
}

/// Checks that `ca_der` issued `certificate_der` for a client. Its dates are the collector's to judge, who has just made it.
///
/// # Errors
/// What is wrong with it.
pub fn check_issued(certificate_der: &[u8], ca_der: &[u8]) -> Result<(), webpki::Error> {
    let ca = CertificateDer::from(ca_der);
    let anchor = webpki::anchor_from_trusted_cert(&ca)?;
    let begins = unix(validity(certificate_der).ok_or(webpki::Error::BadDer)?.0);
    let certificate = CertificateDer::from(certificate_der);
    let certificate = webpki::EndEntityCert::try_from(&certificate)?;
    let algorithms = provider().signature_verification_algorithms.all;
    certificate.verify_for_usage(algorithms, &[anchor], &[], begins, webpki::KeyUsage::client_auth(), None, None)?;
    Ok(())
}

/// From when to when a certificate is good, seconds since 1970; `None`: it is not one.
pub(crate) fn validity(certificate_der: &[u8]) -> Option<(i64, i64)> {
    let (_, certificate) = X509Certificate::from_der(certificate_der).ok()?;
    Some((certificate.validity().not_before.timestamp(), certificate.validity().not_after.timestamp()))
}

fn roots(ca_der: &[u8]) -> Result<Arc<RootCertStore>, rustls::Error> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(ca_der.to_vec()))?;
    Ok(Arc::new(roots))
}

/// The other side's CA is not the one that the token pins.
#[derive(Debug, thiserror::Error)]
#[error("the other side's CA is not the one in the token")]
pub struct WrongPin;

/// Whether `error`, or a cause of it, is that the other side's CA is not the pinned one.
pub fn is_wrong_pin(error: &std::io::Error) -> bool {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    matches!(inner, Some(rustls::Error::InvalidCertificate(CertificateError::Other(other))) if other.0.is::<WrongPin>())
}

/// Accepts a chain that ends in the CA with the pin, and checks it as any chain: signature, name, use; its dates by [`ServerTime`].
#[derive(Debug)]
struct PinnedCa {
    pin: Pin,
    time: Arc<ServerTime>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for PinnedCa {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let wrong = || rustls::Error::InvalidCertificate(CertificateError::Other(rustls::OtherError(Arc::new(WrongPin))));
        let ca = intermediates.iter().find(|certificate| pin(certificate) == self.pin).ok_or_else(wrong)?;
        let verifier = WebPkiServerVerifier::builder_with_provider(roots(ca)?, self.provider.clone()).build();
        let verifier = verifier.map_err(|error| rustls::Error::General(error.to_string()))?;
        let dates = validity(end_entity).ok_or(rustls::Error::InvalidCertificate(CertificateError::BadEncoding))?;
        let own = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        let at = unix(self.time.judged_at(dates.0, dates.1, own));
        verifier.verify_server_cert(end_entity, &[], server_name, ocsp_response, at)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        rustls::crypto::verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400;

    /// Whether a server's certificate of this year is taken, by a machine whose clock is `own` days off, when the collector last
    /// spoke `said` days from now (`None`: never).
    #[track_caller]
    fn check(own: i64, said: Option<i64>, want: bool) {
        let now = built() + 100 * DAY;
        let (from, to) = (now - 183 * DAY, now + 183 * DAY);
        let time = ServerTime::said(said.map_or(0, |days| (now + days * DAY) * 1000));
        let at = time.judged_at(from, to, (now + own * DAY).max(built()));
        assert_eq!((from..=to).contains(&at), want, "own clock {own} days off, last word {said:?}");
    }

    #[test]
    fn one_wrong_clock_refuses_nobody_and_two_do() {
        check(0, None, true);
        check(0, Some(-1), true);
        check(-3650, Some(-1), true); // the coin battery is dead
        check(-3650, None, true); // and at enrolment
        check(365, Some(-1), true); // somebody set the clock to next year
        check(3650, None, true);
        check(0, Some(9000), true); // the collector once had a wrong clock
        check(200, Some(190), false); // it is over, and both know it
        check(9000, Some(9000), false);
    }

    #[test]
    fn a_certificate_that_ended_before_the_build_is_over_for_good() {
        let time = ServerTime::said(0);
        let to = built() - DAY;
        for own in [0, to - DAY, built(), built() + DAY] {
            assert!(time.judged_at(to - 300 * DAY, to, own) > to, "{own}");
        }
        time.hear((to - DAY) * 1000);
        assert!(time.judged_at(to - 300 * DAY, to, to - DAY) > to);
    }
}
