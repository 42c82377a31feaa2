//! Trusts one desk: the one whose chain ends at the CA that the API key names, and no other.

use crate::desk::keys::fingerprint;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::sync::Arc;

/// A TLS client that trusts only what the CA with this pin has signed.
///
/// # Errors
/// The provider knows no safe version of TLS.
pub fn trusting(pin: [u8; 32]) -> Result<ClientConfig, Error> {
    let provider = Arc::new(ring::default_provider());
    let verifier = Arc::new(Pinned { pin, provider: Arc::clone(&provider) });
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    Ok(config.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

/// Verifies that the desk's certificate is signed by the pinned CA, which the desk sends along. The name is not looked
/// at: that CA signs for nobody but the site's desk, and a desk is called by addresses that no certificate foresees.
#[derive(Debug)]
struct Pinned {
    pin: [u8; 32],
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if fingerprint(end_entity) == self.pin {
            return Ok(ServerCertVerified::assertion());
        }
        let ca = intermediates.iter().find(|certificate| fingerprint(certificate) == self.pin);
        let ca = ca.ok_or(Error::InvalidCertificate(CertificateError::UnknownIssuer))?;
        let mut roots = RootCertStore::empty();
        roots.add(ca.clone())?;
        let certificate = ParsedCertificate::try_from(end_entity)?;
        let algorithms = self.provider.signature_verification_algorithms.all;
        verify_server_cert_signed_by_trust_anchor(&certificate, &roots, intermediates, now, algorithms)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

    fn ca() -> CertifiedIssuer<'static, KeyPair> {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
    }

    fn check(signer: &CertifiedIssuer<'static, KeyPair>, pinned: &CertifiedIssuer<'static, KeyPair>) -> bool {
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(vec!["desk.example".to_owned()]).unwrap().signed_by(&key, signer).unwrap();
        let verifier = Pinned { pin: fingerprint(pinned.der()), provider: Arc::new(ring::default_provider()) };
        let chain = [signer.der().clone(), pinned.der().clone()];
        let name = ServerName::try_from("10.0.0.7").unwrap();
        let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(1_795_000_000));
        verifier.verify_server_cert(leaf.der(), &chain, &name, &[], now).is_ok()
    }

    #[test]
    fn only_what_the_pinned_ca_signed_is_trusted() {
        let (desk, other) = (ca(), ca());
        assert!(check(&desk, &desk));
        assert!(!check(&other, &desk), "the pinned CA is in the chain, and has not signed");
    }
}
