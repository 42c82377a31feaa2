//! The attendance door: who calls is known by its certificate, and every device gets one conversation.

use crate::agents::authority::{device_uri, sha256_hex};
use crate::agents::conversation::{Answer, Conversation, Out};
use crate::agents::door::Door;
use crate::agents::listen::Caller;
use crate::tls::validity;
use futures_util::StreamExt;
use futures_util::stream::Map;
use rollcall_proto::v1::attendance_server::{Attendance, AttendanceServer};
use rollcall_proto::v1::{FromAgent, from_collector, refusal};
use rollcall_proto::{MAX_MESSAGE, v1};
use rollcall_site::device::{Device, DeviceState};
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::service::Routes;
use tonic::{Request, Response, Status, Streaming};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

/// Messages that may wait for an agent that is slow to read.
const WAITING: usize = 32;

/// The attendance service.
pub fn routes(door: Arc<Door>) -> Routes {
    let service = AttendanceServer::new(Desk { door });
    Routes::new(service.max_decoding_message_size(MAX_MESSAGE).max_encoding_message_size(MAX_MESSAGE))
}

struct Desk {
    door: Arc<Door>,
}

#[tonic::async_trait]
impl Attendance for Desk {
    type AttendStream = Map<ReceiverStream<Box<Answer>>, fn(Box<Answer>) -> Answer>;

    async fn attend(&self, request: Request<Streaming<FromAgent>>) -> Result<Response<Self::AttendStream>, Status> {
        let caller = request.extensions().get::<Caller>().cloned().ok_or_else(|| Status::internal("the connection is not known"))?;
        let certificate = caller.certificate.clone().ok_or_else(|| Status::unauthenticated("no certificate was shown"))?;
        let (out, answers) = mpsc::channel(WAITING);
        let out = Out(out);
        match self.device(&certificate, &caller) {
            Ok((device, sha256)) => {
                let conversation = Conversation { door: Arc::clone(&self.door), device: device.id, certificate: sha256, caller, out };
                self.door.tasks.spawn(conversation.run(request.into_inner()));
            }
            Err(refusal) => {
                tracing::warn!(address = %caller.address, reason = %refusal.text, "refused a device");
                // The channel is empty and its reader is here.
                let _sent = out.say(from_collector::Message::Refusal(refusal)).await;
            }
        }
        Ok(Response::new(ReceiverStream::new(answers).map((|answer| *answer) as fn(Box<Answer>) -> Answer)))
    }
}

impl Desk {
    /// The device that a certificate speaks for: looked up at every call, so that a session ticket outlives no revocation.
    fn device(&self, certificate: &[u8], caller: &Caller) -> Result<(Arc<Device>, String), v1::Refusal> {
        let (view, sha256) = (self.door.view(), sha256_hex(certificate));
        let unknown = "this collector does not know the certificate; enrol the machine again";
        let device = view.device_by_certificate(&sha256).ok_or_else(|| refuse(refusal::Why::Revoked, unknown))?;
        if !names(certificate, &device_uri(&self.door.site, device.id)) {
            return Err(refuse(refusal::Why::Protocol, "the certificate names another device"));
        }
        if let Some(refusal) = unwelcome(&device.state) {
            return Err(refusal);
        }
        let now = self.door.clock().now();
        if device.lapsed(now).is_some() || validity(certificate).is_none_or(|(_, ends)| ends < now.as_second()) {
            let enrolment = self.door.enrolment_addresses(caller);
            let text = "the certificate has lapsed; renew it at the enrolment door";
            return Err(v1::Refusal { enrolment, ..refuse(refusal::Why::Lapsed, text) });
        }
        Ok((Arc::clone(device), sha256))
    }
}

/// Whether a certificate carries this URI as a subject alternative name.
pub(super) fn names(certificate: &[u8], uri: &str) -> bool {
    let Ok((_, certificate)) = X509Certificate::from_der(certificate) else { return false };
    let Ok(Some(san)) = certificate.subject_alternative_name() else { return false };
    san.value.general_names.contains(&GeneralName::URI(uri))
}

/// Why a device in this state may not speak; `None`: it may.
pub(super) fn unwelcome(state: &DeviceState) -> Option<v1::Refusal> {
    match state {
        DeviceState::Active => None,
        DeviceState::Quarantined { .. } => {
            Some(refuse(refusal::Why::Clone, "two machines hold this key; a technician must decide at the desk"))
        }
        DeviceState::Revoked => Some(refuse(refusal::Why::Revoked, "the certificate was taken back; enrol the machine again")),
        DeviceState::Retired => Some(refuse(refusal::Why::Retired, "the device is retired; enrol the machine again if it is back in use")),
    }
}

/// A refusal in words.
pub(super) fn refuse(why: refusal::Why, text: impl Into<String>) -> v1::Refusal {
    v1::Refusal { why: why as i32, text: text.into(), enrolment: Vec::new() }
}
