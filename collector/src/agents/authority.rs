//! The agents' certificate authority: signs devices, and the collector's own certificates towards them.

use crate::agents::translate::hex;
use crate::clock::Clock;
use crate::secrets::{Secrets, SecretsError};
use crate::tls;
use arc_swap::ArcSwap;
use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PublicKeyData, SanType, SerialNumber,
};
use rollcall_site::{DeviceId, SiteId};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use sha2::{Digest, Sha256};
use std::fmt;
use std::sync::Arc;

/// The name of the CA's key and certificate among the secrets.
const SECRET: &str = "agents-ca";
/// How long the CA is good: longer than a school keeps a PC.
const CA_LIFE: SignedDuration = SignedDuration::from_hours(24 * 3653);
/// How long a device's certificate is good: a school year and a summer.
pub const DEVICE_LIFE: SignedDuration = SignedDuration::from_hours(24 * 400);
/// How long the collector's own certificates are good; they are made anew in memory.
const SERVER_LIFE: SignedDuration = SignedDuration::from_hours(24 * 366);
/// Certificates begin this long before now: a PC with an empty clock battery is often a few hours behind.
const BACKDATE: SignedDuration = SignedDuration::from_hours(24);
/// A P-256 point, uncompressed, bytes.
const P256_POINT: usize = 65;

/// Why the authority could not be set up or sign.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// The sealed file.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
    /// What is kept under "agents-ca" is not a key and a certificate.
    #[error("the secret \"agents-ca\" is not a key and a certificate; restore it from a backup")]
    Kept,
    /// A certificate could not be made.
    #[error("a certificate could not be made")]
    Make(#[from] rcgen::Error),
    /// The collector's own certificate can't be used.
    #[error("the collector's own certificate can't be used")]
    Own(#[from] rustls::Error),
}

/// Why a signing request was refused: what the agent is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRequest {
    /// Not a PKCS#10 request, or its signature is not by its own key.
    #[error("the signing request is not a valid PKCS#10 request")]
    Invalid,
    /// Another kind of key.
    #[error("the signing request's key is not an ECDSA key on P-256")]
    Key,
    /// The authority could not sign.
    #[error("the collector could not sign")]
    Sign,
}

/// A device's new certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// The certificate, DER.
    pub der: Vec<u8>,
    /// Its SHA-256, 64 hexadecimal digits.
    pub sha256: String,
    /// When it ends.
    pub ends: Timestamp,
}

/// The agents' certificate authority of one site.
pub struct Authority {
    site: SiteId,
    ca: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").field("site", &self.site).finish_non_exhaustive()
    }
}

impl Authority {
    /// The authority whose key is among the secrets; made at the first start.
    ///
    /// # Errors
    /// [`AuthorityError`].
    pub fn open(secrets: &Secrets, site: &SiteId, now: Timestamp) -> Result<Self, AuthorityError> {
        let kept = match secrets.get(SECRET) {
            Some(kept) => kept,
            None => {
                let made = make_ca(site, now)?.into_bytes();
                secrets.set(SECRET, &made)?;
                made
            }
        };
        let ca = CertificateDer::from_pem_slice(&kept).map_err(|_| AuthorityError::Kept)?;
        let key = std::str::from_utf8(&kept).ok().and_then(|text| KeyPair::from_pem(text).ok()).ok_or(AuthorityError::Kept)?;
        let issuer = Issuer::from_ca_cert_der(&ca, key)?;
        Ok(Self { site: site.clone(), ca, issuer })
    }

    /// Whether an authority was made before.
    pub fn is_kept(secrets: &Secrets) -> bool {
        secrets.get(SECRET).is_some()
    }

    /// The CA's certificate.
    pub fn ca(&self) -> &CertificateDer<'static> {
        &self.ca
    }

    /// SHA-256 of the CA's certificate: what a token pins.
    pub fn pin(&self) -> [u8; 32] {
        Sha256::digest(&self.ca).into()
    }

    /// The name of the attendance door in the collector's certificate.
    pub fn attend_name(&self) -> String {
        format!("{}.rollcall.internal", self.site)
    }

    /// The name of the enrolment door in the collector's certificate.
    pub fn enroll_name(&self) -> String {
        format!("enroll.{}.rollcall.internal", self.site)
    }

    /// Signs a device's key. Nothing but the public key is taken from the request.
    ///
    /// # Errors
    /// [`BadRequest`]: not a request, not signed by its own key, or not a P-256 key.
    pub fn sign(&self, csr_der: &[u8], device: DeviceId, now: Timestamp) -> Result<Issued, BadRequest> {
        let request = CertificateSigningRequestParams::from_der(&csr_der.into()).map_err(|_| BadRequest::Invalid)?;
        let key = request.public_key;
        if *PublicKeyData::algorithm(&key) != PKCS_ECDSA_P256_SHA256 || key.der_bytes().len() != P256_POINT {
            return Err(BadRequest::Key);
        }
        self.issue(&key, device, now).map_err(|_| BadRequest::Sign)
    }

    fn issue(&self, key: &impl PublicKeyData, device: DeviceId, now: Timestamp) -> Result<Issued, rcgen::Error> {
        let mut params = params(&device.to_string(), now, DEVICE_LIFE);
        params.subject_alt_names = vec![SanType::URI(device_uri(&self.site, device).try_into()?)];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let der = params.signed_by(key, &self.issuer)?.der().to_vec();
        Ok(Issued { sha256: sha256_hex(&der), der, ends: now + DEVICE_LIFE })
    }

    /// The collector's certificate for one of its names, made anew in memory whenever half its life is over.
    ///
    /// # Errors
    /// [`AuthorityError`].
    pub fn server(self: &Arc<Self>, name: String, clock: &Clock) -> Result<Arc<dyn ResolvesServerCert>, AuthorityError> {
        let current = ArcSwap::from_pointee(self.server_certificate(&name, clock.now())?);
        Ok(Arc::new(OwnCertificate { authority: Arc::clone(self), name, clock: clock.clone(), current }))
    }

    fn server_certificate(&self, name: &str, now: Timestamp) -> Result<(Timestamp, Arc<CertifiedKey>), AuthorityError> {
        let key = KeyPair::generate()?;
        let mut params = params(name, now, SERVER_LIFE);
        params.subject_alt_names = vec![SanType::DnsName(name.try_into()?)];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let leaf = params.signed_by(&key, &self.issuer)?.der().clone();
        let signer = tls::provider().key_provider.load_private_key(PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der())))?;
        Ok((now + SERVER_LIFE / 2, Arc::new(CertifiedKey::new(vec![leaf, self.ca.clone()], signer))))
    }
}

/// Answers handshakes with the collector's own certificate.
#[derive(Debug)]
struct OwnCertificate {
    authority: Arc<Authority>,
    name: String,
    clock: Clock,
    current: ArcSwap<(Timestamp, Arc<CertifiedKey>)>,
}

impl ResolvesServerCert for OwnCertificate {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let (now, current) = (self.clock.now(), self.current.load());
        if now >= current.0 {
            match self.authority.server_certificate(&self.name, now) {
                Ok(fresh) => self.current.store(Arc::new(fresh)),
                Err(error) => tracing::error!(name = %self.name, %error, "the collector's own certificate could not be renewed"),
            }
        }
        Some(Arc::clone(&self.current.load().1))
    }
}

/// The SAN of a device's certificate.
pub fn device_uri(site: &SiteId, device: DeviceId) -> String {
    format!("rollcall://{site}/device/{device}")
}

/// The SHA-256 of a certificate, 64 hexadecimal digits.
pub fn sha256_hex(der: &[u8]) -> String {
    hex(&Sha256::digest(der))
}

fn make_ca(site: &SiteId, now: Timestamp) -> Result<String, rcgen::Error> {
    let key = KeyPair::generate()?;
    let mut params = params(&format!("Rollcall agents of {site}"), now, CA_LIFE);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.use_authority_key_identifier_extension = false;
    Ok(format!("{}{}", key.serialize_pem(), params.self_signed(&key)?.pem()))
}

fn params(name: &str, now: Timestamp, life: SignedDuration) -> CertificateParams {
    let mut params = CertificateParams::default();
    let since_1970 = |at: Timestamp| std::time::Duration::from_secs(u64::try_from(at.as_second()).unwrap_or_default());
    params.not_before = rcgen::date_time_ymd(1970, 1, 1) + since_1970(now - BACKDATE);
    params.not_after = rcgen::date_time_ymd(1970, 1, 1) + since_1970(now + life);
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    params.serial_number = Some(SerialNumber::from_slice(uuid::Uuid::now_v7().as_bytes()));
    params
}

#[cfg(test)]
mod tests {
    use super::*;
    use x509_parser::prelude::*;

    fn authority() -> (tempfile::TempDir, Authority, Timestamp) {
        let dir = tempfile::tempdir().unwrap();
        let (secrets, now) = (Secrets::open(dir.path()).unwrap(), Clock::system().now());
        let site = SiteId::parse("main").unwrap();
        let first = Authority::open(&secrets, &site, now).unwrap();
        let again = Authority::open(&secrets, &site, now).unwrap();
        assert_eq!(first.pin(), again.pin(), "the CA is made once");
        (dir, again, now)
    }

    #[test]
    fn a_device_gets_its_own_name_whatever_it_asks_for() {
        let (_dir, authority, now) = authority();
        let key = KeyPair::generate().unwrap();
        let mut wish = CertificateParams::new(vec!["principal.example".to_owned()]).unwrap();
        wish.distinguished_name.push(DnType::CommonName, "principal");
        let csr = wish.serialize_request(&key).unwrap();
        let device = DeviceId(uuid::Uuid::now_v7());
        let issued = authority.sign(csr.der(), device, now).unwrap();

        let (_, certificate) = X509Certificate::from_der(&issued.der).unwrap();
        assert_eq!(certificate.subject().to_string(), format!("CN={device}"));
        let san = certificate.subject_alternative_name().unwrap().unwrap();
        assert_eq!(san.value.general_names, vec![GeneralName::URI(&format!("rollcall://main/device/{device}"))]);
        assert_eq!(certificate.validity().not_after.timestamp(), issued.ends.as_second());
        assert!(certificate.validity().not_before.timestamp() <= now.as_second() - 86_000);
        let (_, ca) = X509Certificate::from_der(authority.ca()).unwrap();
        certificate.verify_signature(Some(ca.public_key())).unwrap();
        assert!(ca.is_ca() && !certificate.is_ca());
    }

    #[test]
    fn requests_that_are_none_are_refused() {
        let (_dir, authority, now) = authority();
        let device = DeviceId(uuid::Uuid::now_v7());
        let sign = |der: &[u8]| authority.sign(der, device, now).unwrap_err();
        assert_eq!(sign(b"rubbish"), BadRequest::Invalid);
        let request = |key: &KeyPair| CertificateParams::default().serialize_request(key).unwrap().der().to_vec();
        let mut forged = request(&KeyPair::generate().unwrap());
        let last = forged.len() - 4;
        forged[last] ^= 1;
        assert_eq!(sign(&forged), BadRequest::Invalid);
        assert_eq!(sign(&request(&KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap())), BadRequest::Key);
        assert_eq!(sign(&request(&KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap())), BadRequest::Key);
    }
}
