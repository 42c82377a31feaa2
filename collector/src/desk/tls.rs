//! The desk's certificate: the site's own if it brings one, else one of the desk's own CA, which is constrained to this school's names and addresses.

use super::keys::fingerprint;
use super::names::Names;
use crate::Collector;
use crate::secrets::{Secrets, SecretsError};
use crate::settings::Settings;
use jiff::Timestamp;
use rcgen::{BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair};
use rcgen::{KeyUsagePurpose, NameConstraints, PKCS_ECDSA_P256_SHA256};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::path::PathBuf;
use std::sync::Arc;

/// The place of the desk's CA in the sealed file: its key and its certificate as PEM, one after the other.
const CA: &str = "desk-ca";
/// The place of a certificate that was brought on the desk's page.
const BROUGHT: &str = "desk-own";
/// How long the CA lasts, days: ten years, because people install it by hand.
const CA_DAYS: i64 = 3650;
/// How long a server's certificate lasts, days: browsers take no more than 398.
const SERVER_DAYS: i64 = 397;

/// Why the desk has no certificate.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The site's own file can't be read.
    #[error("{}: the desk's own certificate or key can't be read; both files must be PEM, or neither be there", path.display())]
    OwnFile {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: rustls::pki_types::pem::Error,
    },
    /// A certificate lies in the files of the data folder.
    #[error("the desk's certificate lies in files of the data folder, which come first")]
    Files,
    /// The CA could not be made or used.
    #[error("the desk's CA could not make a certificate")]
    Make(#[from] rcgen::Error),
    /// The kept CA is damaged.
    #[error("the desk's CA in the sealed file can't be read: restore the sealed file from a backup")]
    Kept(#[source] rustls::pki_types::pem::Error),
    /// The kept CA is no document of this kind.
    #[error("the desk's CA in the sealed file is damaged: restore the sealed file from a backup")]
    Damaged(#[source] serde_json::Error),
    /// The sealed file could not be written.
    #[error("the desk's CA could not be kept")]
    Secrets(#[from] SecretsError),
    /// Key and certificate don't fit each other.
    #[error("the desk's certificate and key don't fit each other")]
    Unfit(#[from] rustls::Error),
}

/// What the desk shows to browsers, made anew from the files or the CA.
///
/// # Errors
/// [`TlsError`].
pub fn config(collector: &Collector) -> Result<Arc<rustls::ServerConfig>, TlsError> {
    let (chain, key) = match own(&collector.settings, &collector.secrets)? {
        Some(own) => own,
        None => issue(&collector.secrets, &Names::of(&collector.settings), collector.keeper.clock().now())?,
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let mut config = builder.with_no_client_auth().with_single_cert(chain, key)?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// SHA-256 of the certificate that a key for scripts carries, so that the command line needs no trust on first use: the desk's CA; or, where
/// the site brings its own certificate, the last of that chain: the CA behind it, or the certificate itself when it stands alone. `None`
/// before the desk was first served.
///
/// # Errors
/// The site's own files can't be read.
pub fn pin(settings: &Settings, secrets: &Secrets) -> Result<Option<[u8; 32]>, TlsError> {
    if let Some((chain, _)) = own(settings, secrets)? {
        return Ok(chain.last().map(fingerprint));
    }
    let Some(kept) = secrets.get(CA) else { return Ok(None) };
    let kept: Kept = serde_json::from_slice(&kept).map_err(TlsError::Damaged)?;
    let certificate = CertificateDer::from_pem_slice(kept.certificate.as_bytes()).map_err(TlsError::Kept)?;
    Ok(Some(fingerprint(&certificate)))
}

/// What browsers see, by where it is from.
pub(super) enum Shown {
    /// Of the desk's own CA.
    BuiltIn(Vec<CertificateDer<'static>>),
    /// Brought on the desk's page, and sealed.
    Brought(Vec<CertificateDer<'static>>),
    /// In the files of the data folder.
    Files(Vec<CertificateDer<'static>>),
}

impl Shown {
    /// The certificates.
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        let (Self::BuiltIn(chain) | Self::Brought(chain) | Self::Files(chain)) = self;
        chain
    }

    /// Whether it was brought on the desk's page.
    pub fn is_brought(&self) -> bool {
        matches!(self, Self::Brought(_))
    }
}

/// What browsers see now.
///
/// # Errors
/// The site's own files, or what is sealed, can't be read.
pub(super) fn shown(settings: &Settings, secrets: &Secrets) -> Result<Shown, TlsError> {
    if let Some((chain, _)) = own_files(settings)? {
        return Ok(Shown::Files(chain));
    }
    if let Some((chain, _)) = brought(secrets)? {
        return Ok(Shown::Brought(chain));
    }
    Ok(Shown::BuiltIn(ca(secrets).map(|(ca, _)| vec![ca]).unwrap_or_default()))
}

/// The desk's own CA, as bytes and as text; none before the desk was first served.
pub(super) fn ca(secrets: &Secrets) -> Option<(CertificateDer<'static>, String)> {
    let kept: Kept = serde_json::from_slice(&secrets.get(CA)?).ok()?;
    let der = CertificateDer::from_pem_slice(kept.certificate.as_bytes()).ok()?;
    Some((der, kept.certificate))
}

/// A certificate that was brought on the desk's page, as it is kept in the sealed file.
#[derive(serde::Serialize, serde::Deserialize)]
struct Brought {
    chain: String,
    key: String,
}

/// Seals a certificate that was brought, which was checked before.
///
/// # Errors
/// There are files in the data folder, which come first; or the sealed file can't be written.
pub(super) fn bring(secrets: &Secrets, settings: &Settings, chain: &str, key: &str) -> Result<(), TlsError> {
    if own_files(settings)?.is_some() {
        return Err(TlsError::Files);
    }
    let key = if key.trim().is_empty() { chain } else { key };
    let brought = Brought { chain: chain.to_owned(), key: key.to_owned() };
    Ok(secrets.set(BROUGHT, &serde_json::to_vec(&brought).map_err(TlsError::Damaged)?)?)
}

/// Forgets a certificate that was brought.
///
/// # Errors
/// The sealed file can't be written.
pub(super) fn forget(secrets: &Secrets) -> Result<(), SecretsError> {
    if secrets.get(BROUGHT).is_some() { secrets.remove(BROUGHT) } else { Ok(()) }
}

fn brought(secrets: &Secrets) -> Result<Option<Identity>, TlsError> {
    let Some(kept) = secrets.get(BROUGHT) else { return Ok(None) };
    let kept: Brought = serde_json::from_slice(&kept).map_err(TlsError::Damaged)?;
    let chain = CertificateDer::pem_slice_iter(kept.chain.as_bytes()).collect::<Result<Vec<_>, _>>().map_err(TlsError::Kept)?;
    Ok(Some((chain, PrivateKeyDer::from_pem_slice(kept.key.as_bytes()).map_err(TlsError::Kept)?)))
}

/// What the site brings itself: files of the data folder, or what was brought on the desk's page.
fn own(settings: &Settings, secrets: &Secrets) -> Result<Option<Identity>, TlsError> {
    match own_files(settings)? {
        Some(files) => Ok(Some(files)),
        None => brought(secrets),
    }
}

/// The CA as it is kept in the sealed file.
#[derive(serde::Serialize, serde::Deserialize)]
struct Kept {
    /// The private key, PEM.
    key: String,
    /// The certificate, PEM.
    certificate: String,
    /// What it may certify beside the school's own networks.
    names: Names,
}

type Identity = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// `DATA/desk.crt` and `DATA/desk.key`, if the site brings them.
fn own_files(settings: &Settings) -> Result<Option<Identity>, TlsError> {
    let [certificate, key] = ["desk.crt", "desk.key"].map(|name| settings.data.join(name));
    if !certificate.exists() && !key.exists() {
        return Ok(None);
    }
    let wrong = |path: &PathBuf| {
        let path = path.clone();
        move |source| TlsError::OwnFile { path, source }
    };
    let chain = CertificateDer::pem_file_iter(&certificate).map_err(wrong(&certificate))?;
    let chain = chain.collect::<Result<Vec<_>, _>>().map_err(wrong(&certificate))?;
    let key = PrivateKeyDer::from_pem_file(&key).map_err(wrong(&key))?;
    Ok(Some((chain, key)))
}

/// A new server certificate for this machine's names, with the CA behind it.
fn issue(secrets: &Secrets, names: &Names, now: Timestamp) -> Result<Identity, TlsError> {
    let kept = authority(secrets, names, now)?;
    let ca = CertificateDer::from_pem_slice(kept.certificate.as_bytes()).map_err(TlsError::Kept)?;
    let issuer = Issuer::from_ca_cert_der(&ca, KeyPair::from_pem(&kept.key)?)?;
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Rollcall desk");
    params.subject_alt_names = names.within(&kept.names).alternatives()?;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    lasts(&mut params, now, SERVER_DAYS);
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let leaf = params.signed_by(&key, &issuer)?.der().clone();
    let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(|_| rcgen::Error::CouldNotParseKeyPair)?;
    Ok((vec![leaf, ca], key))
}

/// The desk's CA: kept, or made and kept.
fn authority(secrets: &Secrets, names: &Names, now: Timestamp) -> Result<Kept, TlsError> {
    if let Some(kept) = secrets.get(CA) {
        return serde_json::from_slice(&kept).map_err(TlsError::Damaged);
    }
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "Rollcall desk CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.name_constraints = Some(NameConstraints { permitted_subtrees: names.permitted(), excluded_subtrees: Vec::new() });
    lasts(&mut params, now, CA_DAYS);
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let kept = Kept { certificate: params.self_signed(&key)?.pem(), key: key.serialize_pem(), names: names.clone() };
    secrets.set(CA, &serde_json::to_vec(&kept).map_err(TlsError::Damaged)?)?;
    Ok(kept)
}

/// From yesterday, for clocks that are behind, until `days` from now.
fn lasts(params: &mut CertificateParams, now: Timestamp, days: i64) {
    let day = |offset: i64| {
        let date = jiff::tz::TimeZone::UTC.to_datetime(now).date().saturating_add(jiff::Span::new().days(offset));
        rcgen::date_time_ymd(date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs())
    };
    (params.not_before, params.not_after) = (day(-1), day(days));
}

#[cfg(test)]
mod tests {
    use super::*;
    use x509_parser::prelude::{FromDer, GeneralName, ParsedExtension, X509Certificate};

    #[test]
    fn a_server_certificate_names_this_machine_and_hangs_on_a_constrained_ca() {
        let dir = tempfile::tempdir().unwrap();
        let secrets = Secrets::open(dir.path()).unwrap();
        let settings = Settings { data: dir.path().to_owned(), ..Settings::default() };
        assert_eq!(pin(&settings, &secrets).unwrap(), None);
        let now: Timestamp = "2026-11-23T16:00:00Z".parse().unwrap();
        let names = Names { dns: vec!["desk.school".to_owned()], addresses: vec!["10.4.2.7".parse().unwrap()] };
        let (chain, _) = issue(&secrets, &names, now).unwrap();
        let first = pin(&settings, &secrets).unwrap();
        assert_eq!(first, Some(fingerprint(&chain[1])));
        let stranger =
            Names { dns: vec!["desk.school".to_owned(), "other.example".to_owned()], addresses: vec!["8.8.8.8".parse().unwrap()] };
        let (later, _) = issue(&secrets, &stranger, now).unwrap();
        assert_eq!(pin(&settings, &secrets).unwrap(), first, "the CA stays");
        assert_eq!(chain[1], later[1]);

        let (_, leaf) = X509Certificate::from_der(&later[0]).unwrap();
        let alternatives = leaf.subject_alternative_name().unwrap().unwrap().value.general_names.clone();
        assert_eq!(alternatives, vec![GeneralName::DNSName("desk.school")], "nothing that the CA may not say");
        let (_, ca) = X509Certificate::from_der(&chain[1]).unwrap();
        leaf.verify_signature(Some(ca.public_key())).unwrap();
        assert!(ca.extensions().iter().any(|extension| matches!(extension.parsed_extension(), ParsedExtension::NameConstraints(_))));
    }
}
