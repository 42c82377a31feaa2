//! Who this agent is: its key and certificate, the CA it trusts, where its collector is.

use crate::fingerprint::{Evidence, Likeness};
use crate::tls;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData, SigningKey};
use rollcall_proto::v1::Fingerprint;
use rustls::pki_types::PrivatePkcs8KeyDer;
use serde::{Deserialize, Serialize};
use std::fmt;
use x509_parser::prelude::{FromDer, X509Certificate};

/// Largest certificate taken in, bytes.
const CERTIFICATE_LIMIT: usize = 16 * 1024;

/// Everything that makes an enrolled device, in one file, so that key and certificate change together.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Identity {
    /// The site's short name.
    pub site: String,
    /// The device id, a UUID.
    pub device: String,
    /// The tag the asset carried at enrolment.
    pub tag: String,
    /// The name in the collector's certificate.
    pub server_name: String,
    /// HOST:PORT of the attendance door, best first.
    pub addresses: Vec<String>,
    /// The private key, PKCS #8.
    #[serde(with = "base64_bytes")]
    pub key_der: Vec<u8>,
    /// The device's certificate.
    #[serde(with = "base64_bytes")]
    pub certificate_der: Vec<u8>,
    /// The agents' CA: all that is trusted.
    #[serde(with = "base64_bytes")]
    pub ca_der: Vec<u8>,
    /// The machine it was given to; nothing in a file of an older agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<Evidence>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity").field("site", &self.site).field("device", &self.device).finish_non_exhaustive()
    }
}

impl Identity {
    /// Wall clock of half the certificate's life, milliseconds since 1970 UTC: from then on it is renewed.
    pub fn renew_at_ms(&self) -> i64 {
        let half = |(from, to): (i64, i64)| from.saturating_add(to.saturating_sub(from) / 2).saturating_mul(1000);
        tls::validity(&self.certificate_der).map_or(i64::MIN, half)
    }

    /// Signs with the key of the certificate.
    ///
    /// # Errors
    /// [`NoKey`] when the key that is kept cannot be used.
    pub fn sign(&self, statement: &[u8]) -> Result<Vec<u8>, NoKey> {
        Ok(KeyPair::try_from(&PrivatePkcs8KeyDer::from(self.key_der.as_slice()))?.sign(statement)?)
    }

    /// Whether this machine, as its fingerprint shows it now, is the one that this identity was given to; if so, the
    /// identity with its evidence brought up to date when that has changed.
    ///
    /// # Errors
    /// [`OtherMachine`] when it was given to another: the key must not be used.
    pub fn recognise(&self, fingerprint: &Fingerprint) -> Result<Option<Self>, OtherMachine> {
        let now = Evidence::of(fingerprint, &self.device);
        let bound = match &self.bound {
            Some(bound) if bound.likeness(&now) == Likeness::Other => return Err(OtherMachine { tag: self.tag.clone() }),
            Some(bound) => bound.renewed(&now),
            None => now,
        };
        Ok((self.bound.as_ref() != Some(&bound)).then(|| Self { bound: Some(bound), ..self.clone() }))
    }

    /// This identity with another key and certificate.
    ///
    /// # Errors
    /// [`BadCertificate`] when they don't belong together or to this site's CA.
    pub fn renewed(&self, key: &Key, certificate_der: Vec<u8>) -> Result<Self, BadCertificate> {
        key.check(&certificate_der, &self.ca_der)?;
        Ok(Self { key_der: key.0.serialize_der(), certificate_der, ..self.clone() })
    }
}

/// The identity in the state folder was given to another machine.
#[derive(Debug, thiserror::Error)]
#[error(
    "this is not the machine that was enrolled as {tag}: its board, network and disks are others, so the key is not used. Was the disk moved \
     or copied? enrol this machine with `rollcall-agent enroll --again …`; on an image for many machines run `rollcall-agent prepare-image`"
)]
pub struct OtherMachine {
    /// The tag the other machine was enrolled with.
    pub tag: String,
}

/// Why a certificate was not taken.
#[derive(Debug, thiserror::Error)]
pub enum BadCertificate {
    /// It is for another key.
    #[error("the certificate is not for the key of this machine")]
    OtherKey,
    /// It is not a certificate.
    #[error("the certificate cannot be read")]
    Unreadable,
    /// It was not issued by the CA, or not for a device.
    #[error("the certificate does not hold: {0}")]
    Invalid(String),
}

/// Why a key could not be made or used.
#[derive(Debug, thiserror::Error)]
#[error("the key could not be made or used")]
pub struct NoKey(#[from] rcgen::Error);

/// A new key that has no certificate yet. It never leaves the machine.
pub struct Key(KeyPair);

impl Key {
    /// Makes a P-256 key.
    ///
    /// # Errors
    /// [`NoKey`] when the system gives no random bytes.
    pub fn generate() -> Result<Self, NoKey> {
        Ok(Self(KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?))
    }

    /// A request for its certificate, PKCS #10 in DER. The collector decides every name in the certificate.
    ///
    /// # Errors
    /// [`NoKey`] when it cannot be signed.
    pub fn request(&self) -> Result<Vec<u8>, NoKey> {
        Ok(CertificateParams::default().serialize_request(&self.0)?.der().to_vec())
    }

    /// The private key, PKCS #8.
    pub fn to_der(&self) -> Vec<u8> {
        self.0.serialize_der()
    }

    /// Checks that `certificate_der` is for this key, issued by `ca_der`, for a device.
    ///
    /// # Errors
    /// [`BadCertificate`].
    pub fn check(&self, certificate_der: &[u8], ca_der: &[u8]) -> Result<(), BadCertificate> {
        if certificate_der.len() > CERTIFICATE_LIMIT {
            return Err(BadCertificate::Unreadable);
        }
        let (_, certificate) = X509Certificate::from_der(certificate_der).map_err(|_| BadCertificate::Unreadable)?;
        if certificate.public_key().raw != self.0.subject_public_key_info() {
            return Err(BadCertificate::OtherKey);
        }
        tls::check_issued(certificate_der, ca_der).map_err(|error| BadCertificate::Invalid(error.to_string()))
    }
}

/// Bytes as base64 text in JSON.
mod base64_bytes {
    use super::{Engine, STANDARD};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        STANDARD.decode(String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{BasicConstraints, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa};

    fn ca() -> CertifiedIssuer<'static, KeyPair> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
    }

    fn issue(ca: &CertifiedIssuer<'static, KeyPair>, csr: &[u8]) -> Vec<u8> {
        let mut request = rcgen::CertificateSigningRequestParams::from_der(&csr.into()).unwrap();
        request.params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        request.signed_by(ca).unwrap().der().to_vec()
    }

    #[test]
    fn only_a_certificate_of_the_ca_for_the_own_key_is_taken() {
        let (ca, other_ca) = (ca(), ca());
        let (key, other_key) = (Key::generate().unwrap(), Key::generate().unwrap());
        let certificate = issue(&ca, &key.request().unwrap());
        key.check(&certificate, ca.der()).unwrap();
        assert!(matches!(other_key.check(&certificate, ca.der()), Err(BadCertificate::OtherKey)));
        assert!(matches!(key.check(&certificate, other_ca.der()), Err(BadCertificate::Invalid(_))));
        assert!(matches!(key.check(b"rubbish", ca.der()), Err(BadCertificate::Unreadable)));
    }

    #[test]
    fn an_identity_reads_back_and_hides_its_key() {
        let identity = Identity {
            site: "main".into(),
            device: "d".into(),
            tag: "T".into(),
            server_name: "main.rollcall.internal".into(),
            addresses: vec![],
            key_der: vec![1, 2, 3],
            certificate_der: vec![4],
            ca_der: vec![5],
            bound: None,
        };
        let text = serde_json::to_string(&identity).unwrap();
        assert_eq!(serde_json::from_str::<Identity>(&text).unwrap(), identity);
        assert!(!format!("{identity:?}").contains("[1, 2, 3]"));
        assert_eq!(identity.renew_at_ms(), i64::MIN);
        let machine = |uuid: &str| Fingerprint { system_uuid: uuid.into(), ..Fingerprint::default() };
        let bound = identity.recognise(&machine("here")).unwrap().unwrap();
        assert_eq!(bound.recognise(&machine("here")).unwrap(), None);
        assert_eq!(bound.recognise(&machine("")).unwrap(), None);
        assert!(bound.recognise(&machine("elsewhere")).unwrap_err().to_string().contains("prepare-image"));
    }
}
