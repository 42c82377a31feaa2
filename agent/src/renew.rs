//! Renewal of a lapsed certificate at the enrolment door: the old key signs for the new one.

use crate::enroll::ENROLL_PORT;
use crate::identity::{BadCertificate, Identity, Key, NoKey};
use crate::link::{self, CallError};
use crate::tls::{self, ServerTime};
use rollcall_proto::v1::enrollment_client::EnrollmentClient;
use rollcall_proto::v1::{ChallengeRequest, RenewRequest};
use rollcall_proto::{MAX_ENROLL_MESSAGE, renewal_statement};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;
use tonic::Status;

/// How long the collector may take for each answer.
const ANSWER: Duration = Duration::from_secs(30);
/// Longest challenge that is signed, bytes.
const NONCE_LIMIT: usize = 256;

/// Why a lapsed certificate was not renewed.
#[derive(Debug, thiserror::Error)]
pub enum RenewError {
    /// Nobody there, or somebody else.
    #[error(transparent)]
    Call(#[from] CallError),
    /// TLS cannot be set up.
    #[error("TLS cannot be set up")]
    Tls(#[from] rustls::Error),
    /// The collector said no, or nothing.
    #[error("the collector refused: {0}")]
    Refused(String),
    /// The key cannot be made or used.
    #[error(transparent)]
    NoKey(#[from] NoKey),
    /// The certificate that came is not for the new key.
    #[error(transparent)]
    BadCertificate(#[from] BadCertificate),
}

impl From<Status> for RenewError {
    fn from(status: Status) -> Self {
        Self::Refused(link::status_words(&status))
    }
}

/// Renews the certificate of `identity` at the first of the `doors` (HOST:PORT) that answers; none named: at the usual port
/// of where the collector was last. Keeping the new identity is the caller's.
///
/// # Errors
/// [`RenewError`]; then the old identity is as good as before.
pub async fn renew(identity: &Identity, doors: Vec<String>, time: Arc<ServerTime>) -> Result<Identity, RenewError> {
    let doors = if doors.is_empty() { usual_doors(&identity.addresses) } else { doors };
    let config = tls::enrolment(tls::pin(&identity.ca_der), time)?;
    let server_name = format!("enroll.{}.rollcall.internal", identity.site);
    let (channel, _) = link::channel(&doors, &server_name, config).await?;
    let mut client = EnrollmentClient::new(channel).max_decoding_message_size(MAX_ENROLL_MESSAGE);
    let nonce = within(client.challenge(ChallengeRequest {})).await?.nonce;
    if nonce.is_empty() || nonce.len() > NONCE_LIMIT {
        return Err(RenewError::Refused("its challenge is not one".to_owned()));
    }
    let key = Key::generate()?;
    let csr_der = key.request()?;
    let signature = identity.sign(&renewal_statement(&identity.certificate_der, &nonce, &csr_der))?;
    let request = RenewRequest { certificate_der: identity.certificate_der.clone(), nonce, csr_der, signature };
    let answer = within(client.renew(request)).await?;
    Ok(identity.renewed(&key, answer.certificate_der)?)
}

async fn within<T>(answer: impl Future<Output = Result<tonic::Response<T>, Status>>) -> Result<T, RenewError> {
    let late = || RenewError::Refused(format!("no answer within {} s", ANSWER.as_secs()));
    Ok(timeout(ANSWER, answer).await.map_err(|_| late())??.into_inner())
}

fn usual_doors(addresses: &[String]) -> Vec<String> {
    addresses.iter().filter_map(|address| Some(format!("{}:{ENROLL_PORT}", address.rsplit_once(':')?.0))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_doors_are_where_the_collector_was_last() {
        let addresses = ["10.0.0.2:7443", "[fd00::1]:443", "rubbish"].map(str::to_owned);
        assert_eq!(usual_doors(&addresses), ["10.0.0.2:7444", "[fd00::1]:7444"]);
    }
}
