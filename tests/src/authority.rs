//! A certificate authority that lives as long as one server of a test, and that server's certificate.

use rcgen::{BasicConstraints, Certificate, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

/// A server's key with its certificate, and the authority above it.
pub struct Issued {
    /// The authority.
    pub ca: CertifiedIssuer<'static, KeyPair>,
    /// The server's certificate.
    pub certificate: Certificate,
    /// The server's key.
    pub key: KeyPair,
}

impl Issued {
    /// A new authority, and a certificate under it for a server called `name`.
    ///
    /// # Errors
    /// No key could be made.
    pub fn to(name: &str) -> Result<Self, rcgen::Error> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new(vec![name.to_owned()])?.signed_by(&key, &ca)?;
        Ok(Self { ca, certificate, key })
    }
}
