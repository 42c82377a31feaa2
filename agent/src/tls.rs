//! Transport security: the one place that knows rustls and its crypto provider.
//!
//! Architecture invariant: the system's roots are never trusted. Enrolment trusts the CA that the token pins;
//! attendance trusts the CA kept at enrolment. A host's address proves nothing; the site's name in the certificate does.

use crate::identity::Identity;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{Resumption, WebPkiServerVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// SHA-256 of a CA certificate's DER.
pub type Pin = [u8; 32];

/// The pin of a CA certificate.
pub fn pin(ca_der: &[u8]) -> Pin {
    Sha256::digest(ca_der).into()
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// For attendance: shows the device's certificate, trusts the kept CA alone.
///
/// # Errors
/// Key, certificate or CA are not what they should be.
pub fn attendance(identity: &Identity) -> Result<Arc<ClientConfig>, rustls::Error> {
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(identity.key_der.clone()));
    let chain = vec![CertificateDer::from(identity.certificate_der.clone())];
    let mut config = ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots(&identity.ca_der)?)
        .with_client_auth_cert(chain, key)?;
    config.resumption = Resumption::in_memory_sessions(2);
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(Arc::new(config))
}

/// For enrolment: trusts the CA with `pin` alone, which the collector sends along.
///
/// # Errors
/// The crypto provider lacks what TLS needs.
pub fn enrolment(pin: Pin) -> Result<Arc<ClientConfig>, rustls::Error> {
    let provider = provider();
    let verifier = Arc::new(PinnedCa { pin, provider: provider.clone() });
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec()];
    Ok(Arc::new(config))
}

/// Checks that `ca_der` issued `certificate_der` for a client, and that it is valid at `now`.
///
/// # Errors
/// What is wrong with it.
pub fn check_issued(certificate_der: &[u8], ca_der: &[u8], now: UnixTime) -> Result<(), webpki::Error> {
    let ca = CertificateDer::from(ca_der);
    let anchor = webpki::anchor_from_trusted_cert(&ca)?;
    let certificate = CertificateDer::from(certificate_der);
    let certificate = webpki::EndEntityCert::try_from(&certificate)?;
    let algorithms = provider().signature_verification_algorithms.all;
    certificate.verify_for_usage(algorithms, &[anchor], &[], now, webpki::KeyUsage::client_auth(), None, None)?;
    Ok(())
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

/// Accepts a chain that ends in the CA with the pin, and checks it as any chain: signature, validity, name.
#[derive(Debug)]
struct PinnedCa {
    pin: Pin,
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
        verifier.verify_server_cert(end_entity, &[], server_name, ocsp_response, now)
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
