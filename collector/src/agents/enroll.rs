//! The enrolment door: trades a token and a signing request for a certificate.

use crate::agents::door::Door;
use crate::agents::listen::{Caller, neighbourhood};
use crate::agents::renew::{self, Challenges};
use crate::agents::token;
use crate::agents::translate::{fingerprint, name};
use crate::keeper::ChangeError;
use jiff::{SignedDuration, Timestamp};
use rollcall_proto::MAX_ENROLL_MESSAGE;
use rollcall_proto::v1::enrollment_server::{Enrollment, EnrollmentServer};
use rollcall_proto::v1::{ChallengeRequest, ChallengeResponse, EnrollRequest, EnrollResponse, RenewRequest, RenewResponse};
use rollcall_site::enroll::Enrolment;
use rollcall_site::event::Actor;
use rollcall_site::{AssetId, DeviceId, Refusal, RefusalKind};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use tonic::service::Routes;
use tonic::{Request, Response, Status};
use uuid::Uuid;

/// Attempts with unknown tokens that one address has in [`WINDOW`]: enough to mistype a token, not to guess one.
const ATTEMPTS: u32 = 20;
/// How long refused attempts count.
const WINDOW: SignedDuration = SignedDuration::from_mins(1);
/// Addresses that are remembered: beyond it the oldest window's are forgotten.
const REMEMBERED: usize = 4096;

/// The enrolment service.
///
/// # Errors
/// The system gives no random bytes.
pub fn routes(door: Arc<Door>) -> Result<Routes, getrandom::Error> {
    let service = EnrollmentServer::new(Desk { door, failures: Failures::default(), challenges: Challenges::new()? });
    Ok(Routes::new(service.max_decoding_message_size(MAX_ENROLL_MESSAGE).max_encoding_message_size(MAX_ENROLL_MESSAGE)))
}

struct Desk {
    door: Arc<Door>,
    failures: Failures,
    challenges: Challenges,
}

#[tonic::async_trait]
impl Enrollment for Desk {
    async fn enroll(&self, request: Request<EnrollRequest>) -> Result<Response<EnrollResponse>, Status> {
        // Who shows a token that was made here guesses nothing, whatever its neighbours do.
        let known = self.knows(&request.get_ref().token);
        let (caller, now) = if known { self.who(&request)? } else { self.caller(&request)? };
        let address = caller.address.ip();
        let host_name = name(&request.get_ref().host_name);
        match self.admit(request.into_inner(), &caller, now).await {
            Ok(response) => {
                tracing::info!(%address, device.id = %response.device, device.tag = %response.tag, host_name, "enrolled a machine");
                Ok(Response::new(response))
            }
            Err(error) => {
                if !known {
                    self.failures.count(address, now);
                }
                tracing::warn!(%address, host_name, reason = %error, "refused an enrolment");
                Err(status(&error))
            }
        }
    }

    async fn challenge(&self, request: Request<ChallengeRequest>) -> Result<Response<ChallengeResponse>, Status> {
        let (_, now) = self.caller(&request)?;
        let nonce = self.challenges.make(now).map_err(|_| Status::unavailable("the collector's system gives no random bytes"))?;
        Ok(Response::new(ChallengeResponse { nonce }))
    }

    async fn renew(&self, request: Request<RenewRequest>) -> Result<Response<RenewResponse>, Status> {
        let (caller, now) = self.caller(&request)?;
        let address = caller.address.ip();
        match renew::renew(&self.door, &self.challenges, request.into_inner(), &caller, now).await {
            Ok(response) => {
                tracing::info!(%address, "renewed a certificate");
                Ok(Response::new(response))
            }
            Err(error) => {
                self.failures.count(address, now);
                tracing::warn!(%address, reason = %error, "refused a renewal");
                Err(status(&error))
            }
        }
    }
}

impl Desk {
    /// Whether a token was made here, spent or not.
    fn knows(&self, token: &str) -> bool {
        token::hash_of(token, &self.door.site).is_some_and(|hash| self.door.view().tokens.values().any(|token| token.hash == hash))
    }

    /// Who asks, and when.
    fn who<T>(&self, request: &Request<T>) -> Result<(Caller, Timestamp), Status> {
        let caller = request.extensions().get::<Caller>().cloned().ok_or_else(|| Status::internal("the connection is not known"))?;
        Ok((caller, self.door.clock().now()))
    }

    /// Who asks, and when; an address that was refused too often must wait.
    fn caller<T>(&self, request: &Request<T>) -> Result<(Caller, Timestamp), Status> {
        let (caller, now) = self.who(request)?;
        if self.failures.too_many(caller.address.ip(), now) {
            return Err(Status::resource_exhausted("too many refused attempts from this address; wait a minute and check the token"));
        }
        Ok((caller, now))
    }

    async fn admit(&self, said: EnrollRequest, caller: &Caller, now: Timestamp) -> Result<EnrollResponse, ChangeError> {
        let door = &self.door;
        let no_token = || Refusal::invalid("this is not a token of this site; make one with `rollcall token new` and copy it whole");
        let token_hash = token::hash_of(&said.token, &door.site).ok_or_else(no_token)?;
        rollcall_site::enroll::admit(&door.view(), &token_hash, now)?;

        let device = DeviceId(Uuid::now_v7());
        let issued = door.authority.sign(&said.csr_der, device, now).map_err(|bad| Refusal::invalid(bad.to_string()))?;
        let request = enrolment(said, token_hash, device, issued.sha256, issued.ends);
        let enrolled =
            door.collector.keeper.change(Actor::Device(device.to_string()), move |w| rollcall_site::enroll::enroll(w, request)).await?;
        Ok(EnrollResponse {
            site: door.site.to_string(),
            device: enrolled.device.to_string(),
            tag: enrolled.tag.to_string(),
            certificate_der: issued.der,
            ca_der: door.authority.ca().to_vec(),
            addresses: door.addresses(caller),
            server_name: door.authority.attend_name(),
        })
    }
}

pub(super) fn enrolment(said: EnrollRequest, token_hash: String, device: DeviceId, certificate: String, ends: Timestamp) -> Enrolment {
    Enrolment {
        token_hash,
        device,
        asset: AssetId(Uuid::now_v7()),
        fingerprint: fingerprint(said.fingerprint),
        host_name: name(&said.host_name),
        tag: name(&said.tag),
        seat: name(&said.seat),
        agent_version: name(&said.agent_version),
        certificate,
        certificate_ends: ends,
    }
}

/// How a change that did not happen is told over gRPC.
fn status(error: &ChangeError) -> Status {
    match error {
        ChangeError::Refused(refusal) => match refusal.kind {
            RefusalKind::NotFound => Status::not_found(&refusal.text),
            RefusalKind::Conflict => Status::already_exists(&refusal.text),
            RefusalKind::Invalid => Status::invalid_argument(&refusal.text),
            RefusalKind::Forbidden => Status::permission_denied(&refusal.text),
            RefusalKind::Stale => Status::aborted(&refusal.text),
        },
        ChangeError::Store(_) => Status::unavailable("the collector can't store anything now; look at its log"),
        ChangeError::Broken(_) => Status::internal(error.to_string()),
        ChangeError::Stopping => Status::unavailable("the collector is stopping; try again in a minute"),
    }
}

/// Refused attempts by address.
#[derive(Default)]
struct Failures(Mutex<HashMap<IpAddr, (u32, Timestamp)>>);

impl Failures {
    fn too_many(&self, address: IpAddr, now: Timestamp) -> bool {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.get(&neighbourhood(address)).is_some_and(|(count, since)| *count >= ATTEMPTS && fresh(*since, now))
    }

    fn count(&self, address: IpAddr, now: Timestamp) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() >= REMEMBERED {
            counts.retain(|_, (_, since)| fresh(*since, now));
            if counts.len() >= REMEMBERED {
                counts.clear();
            }
        }
        let entry = counts.entry(neighbourhood(address)).or_insert((0, now));
        if !fresh(entry.1, now) {
            *entry = (0, now);
        }
        entry.0 += 1;
    }
}

fn fresh(since: Timestamp, now: Timestamp) -> bool {
    now.duration_since(since).abs() < WINDOW
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_guesses_must_wait_and_no_other() {
        let (failures, now) = (Failures::default(), "2026-09-01T08:00:00Z".parse::<Timestamp>().unwrap());
        let (guesser, other): (IpAddr, IpAddr) = ("10.0.0.7".parse().unwrap(), "10.0.0.8".parse().unwrap());
        for _ in 0..ATTEMPTS {
            assert!(!failures.too_many(guesser, now));
            failures.count(guesser, now);
        }
        assert!(failures.too_many(guesser, now) && !failures.too_many(other, now));
        assert!(!failures.too_many(guesser, now + WINDOW));
        for i in 0..REMEMBERED as u32 * 2 {
            failures.count(std::net::Ipv4Addr::from_bits(i).into(), now);
        }
        assert!(failures.0.lock().unwrap().len() <= REMEMBERED);
    }
}
