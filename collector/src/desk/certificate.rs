//! A web certificate that the site brings itself: whether it can be used, in plain words; and what is used now.

use super::names::Names;
use jiff::Timestamp;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use std::net::IpAddr;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// Most certificates of a chain.
const MOST: usize = 8;
/// A certificate that ends sooner is named, days.
const SOON: i64 = 30;

/// What a certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    /// The names and addresses that it is for.
    pub names: Vec<String>,
    /// Who made it.
    pub issuer: String,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

/// A certificate that can be used, with its key.
#[derive(Debug)]
pub(super) struct Usable {
    /// What it says.
    pub said: Said,
    /// What is not as it should be, though it can be used.
    pub warnings: Vec<String>,
}

/// Checks what the site brings.
///
/// # Errors
/// Why it can't be used, in words, with what to do.
pub(super) fn check(chain: &str, key: &str, names: &Names, opened_as: &str, now: Timestamp) -> Result<Usable, String> {
    let ders = certificates(chain)?;
    let key = key_of(chain, key)?;
    let leaf = read(&ders, 0)?;
    let said = said(&leaf);
    CertifiedKey::from_der(ders.clone(), key, &rustls::crypto::ring::default_provider()).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => {
            "The key belongs to another certificate: the two don’t fit. Bring the key with which this certificate was asked for.".to_owned()
        }
        error => format!("The certificate and its key can’t be used together: {error}."),
    })?;
    if now >= said.until {
        return Err(format!("The certificate was over on {}. Ask for a new one.", day(said.until)));
    }
    if now < said.from {
        return Err(format!("The certificate is good only from {}. Wait until then; or is this machine’s clock wrong?", day(said.from)));
    }
    if said.names.is_empty() {
        return Err("The certificate names no machine (it has no subject alternative name), so every browser refuses it. Ask for one with the desk’s name.".to_owned());
    }
    if !said.names.iter().any(|name| covers(name, opened_as)) {
        return Err(format!(
            "The certificate is for {}, and you opened this page as {opened_as}: browsers would go on to warn. Bring one for {opened_as}, or open the desk by a name that it is for and try again.",
            said.names.join(", ")
        ));
    }
    let warnings = warnings(&ders, &leaf, &said, names, now)?;
    Ok(Usable { said, warnings })
}

fn warnings(
    ders: &[CertificateDer<'_>],
    leaf: &X509Certificate<'_>,
    said: &Said,
    names: &Names,
    now: Timestamp,
) -> Result<Vec<String>, String> {
    let mut warnings = Vec::new();
    for number in 1..ders.len() {
        let (below, above) = (read(ders, number - 1)?, read(ders, number)?);
        if below.issuer() != above.subject() || below.verify_signature(Some(above.public_key())).is_err() {
            return Err(format!(
                "Certificate {} of the file did not make the one before it. Put them in order: the desk’s own first, then who made it, and so on.",
                number + 1
            ));
        }
    }
    let is_alone = ders.len() == 1 && leaf.issuer() != leaf.subject();
    if is_alone {
        warnings.push("Only the desk’s own certificate is in the file. Browsers mostly want the one between as well (“intermediate”, “chain”): add it below if some browsers still warn.".to_owned());
    }
    if leaf.issuer() == leaf.subject() {
        warnings.push("The certificate is made by itself: no browser trusts it without being told to.".to_owned());
    }
    let other: Vec<String> = names
        .dns
        .iter()
        .filter(|name| *name != "localhost")
        .filter(|name| !said.names.iter().any(|own| covers(own, name)))
        .cloned()
        .collect();
    if !other.is_empty() {
        warnings.push(format!("It is not for {}: whoever opens the desk by that name is still warned.", other.join(", ")));
    }
    let days = said.until.duration_since(now).as_hours() / 24;
    if days < SOON {
        warnings.push(format!("It ends in {days} days, on {}. Bring the next one before that.", day(said.until)));
    }
    Ok(warnings)
}

/// The certificates of a text, the desk's own first.
pub(super) fn certificates(chain: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let ders: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain.as_bytes()).collect();
    let ders =
        ders.map_err(|error| format!("The certificate can’t be read ({error}). It is text that begins -----BEGIN CERTIFICATE-----."))?;
    match ders.len() {
        0 => Err("There is no certificate in what you sent. It is text that begins -----BEGIN CERTIFICATE-----; a .p12 or .pfx file must be turned into that first.".to_owned()),
        1..=MOST => Ok(ders),
        more => Err(format!("There are {more} certificates in what you sent, and at most {MOST} belong to a chain. Bring the desk’s own and those that made it.")),
    }
}

/// The key, from its own text or from the chain's: some bring both in one file.
fn key_of(chain: &str, key: &str) -> Result<PrivateKeyDer<'static>, String> {
    let text = if key.trim().is_empty() { chain } else { key };
    if text.contains("BEGIN ENCRYPTED PRIVATE KEY") || text.contains("Proc-Type: 4,ENCRYPTED") {
        return Err("The key is locked with a password. Take the password off first: openssl pkey -in locked.key -out open.key".to_owned());
    }
    PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|_| {
        "There is no key in what you sent. It is text that begins -----BEGIN PRIVATE KEY----- (or RSA or EC PRIVATE KEY).".to_owned()
    })
}

fn read<'a>(ders: &'a [CertificateDer<'_>], number: usize) -> Result<X509Certificate<'a>, String> {
    let der = ders.get(number).ok_or_else(|| "There is no certificate in what you sent.".to_owned())?;
    let read = X509Certificate::from_der(der).map_err(|error| format!("Certificate {} of the file can’t be read: {error}.", number + 1));
    read.map(|(_, certificate)| certificate)
}

/// What the first certificate of a chain says.
///
/// # Errors
/// It can't be read.
pub(super) fn first(ders: &[CertificateDer<'_>]) -> Result<Said, String> {
    Ok(said(&read(ders, 0)?))
}

fn said(certificate: &X509Certificate<'_>) -> Said {
    let alternatives = certificate.subject_alternative_name().ok().flatten();
    let names = alternatives.iter().flat_map(|found| &found.value.general_names).filter_map(|name| match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => address(bytes).map(|address| address.to_string()),
        _ => None,
    });
    let moment = |seconds: i64| Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX);
    let validity = certificate.validity();
    Said {
        names: names.collect(),
        issuer: certificate.issuer().to_string(),
        from: moment(validity.not_before.timestamp()),
        until: moment(validity.not_after.timestamp()),
    }
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let four: Option<[u8; 4]> = bytes.try_into().ok();
    four.map(IpAddr::from).or_else(|| <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from))
}

/// Whether a certificate's name is for a host: itself, or one label in place of a star.
fn covers(name: &str, host: &str) -> bool {
    let (name, host) = (name.to_lowercase(), host.trim_matches(['[', ']']).to_lowercase());
    let by_star = name.strip_prefix("*.").is_some_and(|parent| host.split_once('.').is_some_and(|(_, rest)| rest == parent));
    name == host || by_star
}

fn day(at: Timestamp) -> String {
    at.strftime("%F").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};

    struct Made {
        chain: String,
        key: String,
    }

    fn ca() -> CertifiedIssuer<'static, KeyPair> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "District CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
    }

    fn made(names: &[&str], until: (i32, u8, u8)) -> Made {
        let (ca, key) = (ca(), KeyPair::generate().unwrap());
        let mut params = CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>()).unwrap();
        params.not_before = date_time_ymd(2026, 1, 1);
        params.not_after = date_time_ymd(until.0, until.1, until.2);
        params.distinguished_name.push(DnType::CommonName, "desk");
        let leaf = params.signed_by(&key, &ca).unwrap();
        Made { chain: leaf.pem() + &ca.pem(), key: key.serialize_pem() }
    }

    fn now() -> Timestamp {
        "2026-11-28T10:00:00Z".parse().unwrap()
    }

    fn names() -> Names {
        Names { dns: vec!["desk.school".to_owned(), "localhost".to_owned()], addresses: Vec::new() }
    }

    fn checked(chain: &str, key: &str, opened_as: &str) -> Result<Usable, String> {
        check(chain, key, &names(), opened_as, now())
    }

    #[test]
    fn a_good_certificate_is_used_and_what_could_be_better_is_said() {
        let good = made(&["desk.school", "10.4.2.7"], (2027, 6, 1));
        let usable = checked(&good.chain, &good.key, "desk.school").unwrap();
        assert_eq!((usable.said.names, usable.warnings), (vec!["desk.school".to_owned(), "10.4.2.7".to_owned()], Vec::<String>::new()));
        assert!(usable.said.issuer.contains("District CA"));
        assert!(checked(&format!("{}{}", good.chain, good.key), "", "10.4.2.7").is_ok(), "both in one file");
        let alone = good.chain.split_inclusive("-----END CERTIFICATE-----\n").next().unwrap();
        assert!(checked(alone, &good.key, "desk.school").unwrap().warnings[0].contains("intermediate"));
        let soon = made(&["*.school", "desk.other"], (2026, 12, 5));
        let warnings = checked(&soon.chain, &soon.key, "desk.other").unwrap().warnings;
        assert!(warnings.iter().any(|said| said.contains("ends in 6 days")), "{warnings:?}");
        let other = made(&["desk.other"], (2027, 6, 1));
        assert!(checked(&other.chain, &other.key, "desk.other").unwrap().warnings[0].contains("not for desk.school"));
    }

    #[test]
    fn what_can_not_be_used_is_refused_with_what_to_do() {
        let (good, other) = (made(&["desk.school"], (2027, 6, 1)), made(&["desk.school"], (2027, 6, 1)));
        let refused = |chain: &str, key: &str, opened_as: &str, words: &str| {
            let why = checked(chain, key, opened_as).unwrap_err();
            assert!(why.contains(words), "{why}");
        };
        refused(&good.chain, &other.key, "desk.school", "belongs to another certificate");
        refused(&good.chain, &good.key, "desk.other", "you opened this page as desk.other");
        refused("", &good.key, "desk.school", "There is no certificate");
        refused("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", &good.key, "desk.school", "can’t be read");
        refused(&good.chain, "rubbish", "desk.school", "There is no key");
        refused(&good.chain, "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n", "desk.school", "locked with a password");
        refused(&good.chain.repeat(5), &good.key, "desk.school", "at most 8");
        let over = made(&["desk.school"], (2026, 11, 1));
        refused(&over.chain, &over.key, "desk.school", "was over on 2026-11-01");
        let nameless = made(&[], (2027, 6, 1));
        refused(&nameless.chain, &nameless.key, "desk.school", "names no machine");
        let leaf = good.chain.split_inclusive("-----END CERTIFICATE-----\n").next().unwrap();
        refused(&format!("{leaf}{}", ca().pem()), &good.key, "desk.school", "did not make the one before it");
    }

    #[test]
    fn a_star_stands_for_one_label() {
        assert!(covers("*.school", "desk.school") && covers("Desk.School", "desk.SCHOOL") && covers("::1", "[::1]"));
        assert!(!covers("*.school", "a.desk.school") && !covers("*.school", "school") && !covers("desk.school", "desk.schools"));
    }
}
