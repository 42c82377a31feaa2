//! Trusts one desk: the one whose chain ends at the certificate that the API key names, and no other.

use crate::desk::keys::fingerprint;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use std::sync::Arc;
use x509_parser::prelude::{FromDer, ParsedExtension, X509Certificate};

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

/// Verifies that the desk's certificate is the pinned one, or signed by the pinned CA, which the desk sends along. The name is not
/// looked at when that CA is constrained to the site's own names, as the desk's is: it signs for nobody else, and a desk is called by
/// addresses that no certificate foresees. A CA that a site brings may sign for anybody: then the name must be right, too.
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
        server_name: &ServerName<'_>,
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
        if !is_constrained(ca) {
            verify_server_name(&certificate, server_name)?;
        }
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

/// Whether a CA says itself for which names it signs.
fn is_constrained(ca: &CertificateDer<'_>) -> bool {
    let parsed = X509Certificate::from_der(ca).map(|(_, certificate)| certificate);
    parsed
        .is_ok_and(|ca| ca.extensions().iter().any(|extension| matches!(extension.parsed_extension(), ParsedExtension::NameConstraints(_))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, GeneralSubtree, IsCa, KeyPair, NameConstraints};

    fn ca(names: &[&str]) -> CertifiedIssuer<'static, KeyPair> {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        let permitted_subtrees: Vec<_> = names.iter().map(|name| GeneralSubtree::DnsName((*name).to_owned())).collect();
        params.name_constraints =
            (!permitted_subtrees.is_empty()).then_some(NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() });
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
    }

    fn check(signer: &CertifiedIssuer<'static, KeyPair>, pinned: &CertifiedIssuer<'static, KeyPair>, name: &str) -> bool {
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(vec!["desk.example".to_owned()]).unwrap().signed_by(&key, signer).unwrap();
        let verifier = Pinned { pin: fingerprint(pinned.der()), provider: Arc::new(ring::default_provider()) };
        let chain = [signer.der().clone(), pinned.der().clone()];
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(1_795_000_000));
        verifier.verify_server_cert(leaf.der(), &chain, &name, &[], now).is_ok()
    }

    #[test]
    fn only_what_the_pinned_ca_signed_is_trusted() {
        let (desk, other) = (ca(&["desk.example"]), ca(&["desk.example"]));
        assert!(check(&desk, &desk, "10.0.0.7"));
        assert!(!check(&other, &desk, "10.0.0.7"), "the pinned CA is in the chain, and has not signed");
    }

    #[test]
    fn what_a_ca_of_the_site_signed_must_have_the_name_too() {
        let own = ca(&[]);
        assert!(check(&own, &own, "desk.example"));
        assert!(!check(&own, &own, "other.example"));
        assert!(!check(&own, &own, "10.0.0.7"));
    }
}
