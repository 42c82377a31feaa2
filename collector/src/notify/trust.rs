//! Whom a channel trusts over TLS: the authorities of the system, or those of the channel and no others.

use crate::tls;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;
use std::sync::Arc;

/// The TLS of a client that trusts the certificates in `ca` (PEM), or the system where that is empty.
///
/// # Errors
/// The certificates can't be read, or the system has none: in words.
pub(crate) fn client(ca: &str) -> Result<Arc<ClientConfig>, String> {
    let builder = ClientConfig::builder_with_provider(tls::provider()).with_safe_default_protocol_versions();
    let builder = builder.map_err(|why| why.to_string())?;
    let config = if ca.is_empty() {
        let system = Verifier::new(tls::provider()).map_err(|why| format!("the system's authorities can't be read: {why}"))?;
        builder.dangerous().with_custom_certificate_verifier(Arc::new(system)).with_no_client_auth()
    } else {
        builder.with_root_certificates(roots(ca)?).with_no_client_auth()
    };
    Ok(Arc::new(config))
}

/// Whether `ca` holds certificates that can be trusted.
///
/// # Errors
/// It does not: in words.
pub fn check(ca: &str) -> Result<(), String> {
    if ca.is_empty() { Ok(()) } else { roots(ca).map(drop) }
}

fn roots(ca: &str) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(ca.as_bytes()) {
        let certificate = certificate.map_err(|why| format!("the CA can't be read: {why}"))?;
        roots.add(certificate).map_err(|why| format!("the CA can't be used: {why}"))?;
    }
    if roots.is_empty() { Err("the CA holds no certificate".to_owned()) } else { Ok(roots) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ca_is_one_or_is_refused_in_words() {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        assert!(check(&pem).is_ok() && client(&pem).is_ok() && check("").is_ok());
        for bad in ["rubbish", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "-----BEGIN CERTIFICATE-----\n"] {
            assert!(check(bad).unwrap_err().starts_with("the CA "), "{bad}");
        }
    }
}
