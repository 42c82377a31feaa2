//! Renewal at the enrolment door: a device whose certificate has lapsed proves its old key and gets a new certificate.

use crate::agents::attend::names;
use crate::agents::authority::{device_uri, sha256_hex};
use crate::agents::door::Door;
use crate::agents::listen::Caller;
use crate::keeper::ChangeError;
use crate::tls::{self, validity};
use jiff::{SignedDuration, Timestamp};
use rollcall_proto::renewal_statement;
use rollcall_proto::v1::{RenewRequest, RenewResponse};
use rollcall_site::Refusal;
use rollcall_site::enroll::{may_renew, renewed};
use rollcall_site::event::Actor;
use rustls::SignatureScheme;
use subtle::ConstantTimeEq;
use x509_parser::prelude::{FromDer, X509Certificate};

/// How long a challenge is good.
const GOOD: SignedDuration = SignedDuration::from_mins(1);
/// Bytes of a challenge: the time in milliseconds, a random part, a seal.
const TIME: usize = 8;
const RANDOM: usize = 16;
const SEAL: usize = 32;

/// Makes challenges and knows its own again; it remembers none, so that asking for many costs nothing.
pub(super) struct Challenges {
    key: [u8; 32],
}

impl Challenges {
    /// With a key of this run alone.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub(super) fn new() -> Result<Self, getrandom::Error> {
        let mut key = [0; 32];
        getrandom::fill(&mut key)?;
        Ok(Self { key })
    }

    /// A challenge.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub(super) fn make(&self, now: Timestamp) -> Result<Vec<u8>, getrandom::Error> {
        let mut random = [0; RANDOM];
        getrandom::fill(&mut random)?;
        let mut nonce = now.as_millisecond().to_be_bytes().to_vec();
        nonce.extend_from_slice(&random);
        nonce.extend_from_slice(blake3::keyed_hash(&self.key, &nonce).as_bytes());
        Ok(nonce)
    }

    /// Whether a challenge is one of this run's and still good.
    pub(super) fn is_good(&self, nonce: &[u8], now: Timestamp) -> bool {
        let Some((said, seal)) = nonce.split_at_checked(TIME + RANDOM) else { return false };
        let own: bool = seal.len() == SEAL && blake3::keyed_hash(&self.key, said).as_bytes().ct_eq(seal).into();
        let made = said.first_chunk::<TIME>().map(|bytes| i64::from_be_bytes(*bytes));
        let made = made.and_then(|ms| Timestamp::from_millisecond(ms).ok());
        own && made.is_some_and(|made| now.duration_since(made).abs() <= GOOD)
    }
}

/// Issues a new certificate to whoever proves the key of one that the records know.
///
/// # Errors
/// The challenge is not good, nobody knows the certificate, its key did not sign, or the device may not renew.
pub(super) async fn renew(
    door: &Door,
    challenges: &Challenges,
    said: RenewRequest,
    caller: &Caller,
    now: Timestamp,
) -> Result<RenewResponse, ChangeError> {
    if !challenges.is_good(&said.nonce, now) {
        return Err(Refusal::forbidden("the challenge is not one of this collector's, or older than a minute; ask for another").into());
    }
    let held = sha256_hex(&said.certificate_der);
    let view = door.view();
    let unknown = || Refusal::forbidden("this collector does not know the certificate; enrol the machine again with a token");
    let device = view.device_by_certificate(&held).map(|device| device.id).ok_or_else(unknown)?;
    if !names(&said.certificate_der, &device_uri(&door.site, device)) || validity(&said.certificate_der).is_none() {
        return Err(unknown().into());
    }
    if !is_signed(&said) {
        return Err(Refusal::forbidden("the signature is not by the certificate's key").into());
    }
    may_renew(&view, device, door.renew_within, now)?;
    let issued = door.authority.sign(&said.csr_der, device, now).map_err(|bad| Refusal::invalid(bad.to_string()))?;
    let (within, sha256, ends) = (door.renew_within, issued.sha256, issued.ends);
    let change = door.collector.keeper.change(Actor::Device(device.to_string()), move |w| {
        may_renew(&w.site, device, within, w.now)?;
        renewed(w, device, &held, sha256, ends)
    });
    change.await?;
    Ok(RenewResponse { certificate_der: issued.der, addresses: door.addresses(caller) })
}

/// Whether the key of the certificate signed the statement.
pub(super) fn is_signed(said: &RenewRequest) -> bool {
    let Ok((_, certificate)) = X509Certificate::from_der(&said.certificate_der) else { return false };
    let statement = renewal_statement(&said.certificate_der, &said.nonce, &said.csr_der);
    let provider = tls::provider();
    let known = provider.signature_verification_algorithms.mapping;
    let algorithms = known.iter().filter(|(scheme, _)| *scheme == SignatureScheme::ECDSA_NISTP256_SHA256);
    algorithms
        .flat_map(|(_, algorithms)| algorithms.iter())
        .any(|algorithm| algorithm.verify_signature(&certificate.public_key().subject_public_key.data, &statement, &said.signature).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_is_good_for_a_minute_and_can_not_be_made_up() {
        let (challenges, now) = (Challenges::new().unwrap(), "2026-09-01T08:00:00Z".parse::<Timestamp>().unwrap());
        let nonce = challenges.make(now).unwrap();
        assert!(challenges.is_good(&nonce, now + GOOD) && !challenges.is_good(&nonce, now + GOOD * 2));
        assert!(!Challenges::new().unwrap().is_good(&nonce, now), "of another run");
        for at in 0..nonce.len() {
            let mut forged = nonce.clone();
            forged[at] ^= 1;
            assert!(!challenges.is_good(&forged, now), "byte {at}");
        }
        for short in [&[][..], &nonce[..TIME], &nonce[..nonce.len() - 1]] {
            assert!(!challenges.is_good(short, now));
        }
    }
}
