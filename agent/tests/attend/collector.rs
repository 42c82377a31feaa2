//! A small collector: its own CA, both doors over real TLS and gRPC, and a record of what was said to it.

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, CertifiedIssuer, ExtendedKeyUsagePurpose, IsCa, KeyPair,
};
use rollcall_agent::tls::pin;
use rollcall_proto::v1::attendance_server::{Attendance, AttendanceServer};
use rollcall_proto::v1::enrollment_server::{Enrollment, EnrollmentServer};
use rollcall_proto::v1::from_agent::Message as Said;
use rollcall_proto::v1::from_collector::Message as Answer;
use rollcall_proto::v1::refusal::Why;
use rollcall_proto::v1::*;
use rollcall_proto::{Digest, renewal_statement, unpack};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status, Streaming};

/// What a story decides, and what was said.
#[derive(Default)]
pub struct Books {
    pub hellos: Vec<Hello>,
    pub entries: Vec<Entry>,
    pub contents: BTreeSet<Vec<u8>>,
    pub done: Vec<CommandDone>,
    pub heartbeats: usize,
    pub goodbyes: Vec<i32>,
    pub renewals: usize,
    pub enrolled: Vec<EnrollRequest>,
    pub acknowledged: BTreeMap<String, u64>,
    pub steps: Vec<DiagnosisStep>,
    pub withhold_acks: bool,
    pub refuse: Option<Why>,
    pub refuse_enrolment: Option<&'static str>,
    pub addresses: Vec<String>,
    live: Vec<mpsc::Sender<Result<FromCollector, Status>>>,
}

pub struct Collector {
    pub books: Arc<Mutex<Books>>,
    ca: Arc<CertifiedIssuer<'static, KeyPair>>,
    pub enroll_address: String,
    pub attend_address: String,
    doors: Vec<JoinHandle<()>>,
}

pub const SECRET: &str = "c2VjcmV0";

impl Collector {
    pub async fn start() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let mut collector = Self {
            books: Arc::default(),
            ca: Arc::new(ca),
            enroll_address: "127.0.0.1:0".into(),
            attend_address: "127.0.0.1:0".into(),
            doors: vec![],
        };
        collector.open().await;
        collector.books.lock().unwrap().addresses = vec![collector.attend_address.clone()];
        collector
    }

    /// Opens both doors, at the addresses they had.
    pub async fn open(&mut self) {
        let enroll = TcpListener::bind(&self.enroll_address).await.unwrap();
        let attend = TcpListener::bind(&self.attend_address).await.unwrap();
        self.enroll_address = enroll.local_addr().unwrap().to_string();
        self.attend_address = attend.local_addr().unwrap().to_string();
        let door = Door { books: self.books.clone(), ca: self.ca.clone(), enroll_address: self.enroll_address.clone() };
        let routes = tonic::service::Routes::new(EnrollmentServer::new(door.clone()));
        self.doors.push(tokio::spawn(serve(enroll, self.tls("enroll.main.rollcall.internal", false), routes)));
        let routes = tonic::service::Routes::new(AttendanceServer::new(door));
        self.doors.push(tokio::spawn(serve(attend, self.tls("main.rollcall.internal", true), routes)));
    }

    /// Goes away, as after a crash.
    pub async fn crash(&mut self) {
        self.books.lock().unwrap().live.clear();
        for door in self.doors.drain(..) {
            door.abort();
            door.await.ok();
        }
    }

    pub fn token(&self) -> String {
        use base64::Engine;
        let pin = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(pin(self.ca.der()));
        format!("rc1.main.{SECRET}.{pin}")
    }

    /// Sends a message to every agent that is connected.
    pub async fn send(&self, message: Answer) {
        let live = self.books.lock().unwrap().live.clone();
        for agent in live {
            agent.send(Ok(FromCollector { message: Some(message.clone()) })).await.ok();
        }
    }

    pub async fn command(&self, id: u64, command: command::Command) {
        self.send(Answer::Command(Command { id, command: Some(command) })).await;
    }

    /// Waits until `come` is so.
    pub async fn until(&self, what: &str, come: impl Fn(&Books) -> bool) {
        for _ in 0..1500 {
            if come(&self.books.lock().unwrap()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it never came: {what}");
    }

    fn tls(&self, name: &str, mutual: bool) -> Arc<ServerConfig> {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let certificate = params.signed_by(&key, &*self.ca).unwrap();
        let chain: Vec<CertificateDer<'static>> = vec![certificate.der().clone(), self.ca.der().clone()];
        let key = PrivateKeyDer::Pkcs8(key.serialize_der().into());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions().unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(self.ca.der().clone()).unwrap();
        let builder = match mutual {
            true => {
                builder.with_client_cert_verifier(WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap())
            }
            false => builder.with_no_client_auth(),
        };
        let mut config = builder.with_single_cert(chain, key).unwrap();
        config.alpn_protocols = vec![b"h2".to_vec()];
        Arc::new(config)
    }
}

async fn serve(listener: TcpListener, tls: Arc<ServerConfig>, routes: tonic::service::Routes) {
    let mut connections = tokio::task::JoinSet::new();
    let acceptor = tokio_rustls::TlsAcceptor::from(tls);
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let (acceptor, routes) = (acceptor.clone(), routes.clone());
        connections.spawn(async move {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let service = TowerToHyperService::new(routes.prepare());
            Builder::new(TokioExecutor::new()).http2_only().serve_connection(TokioIo::new(stream), service).await.ok();
        });
    }
}

#[derive(Clone)]
struct Door {
    books: Arc<Mutex<Books>>,
    ca: Arc<CertifiedIssuer<'static, KeyPair>>,
    enroll_address: String,
}

impl Door {
    fn sign(&self, csr: &[u8]) -> Vec<u8> {
        let mut request = CertificateSigningRequestParams::from_der(&csr.into()).unwrap();
        request.params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        request.signed_by(&*self.ca).unwrap().der().to_vec()
    }

    /// What is answered to one message.
    fn answer(&self, message: Said, session: &str) -> Vec<Answer> {
        let mut books = self.books.lock().unwrap();
        match message {
            Said::Entry(entry) => {
                assert_eq!(entry.session, session);
                let wanted = entry.sections.iter().map(|state| state.digest.clone()).filter(|d| !d.is_empty());
                let digests: Vec<Vec<u8>> = wanted.filter(|digest| !books.contents.contains(digest)).collect();
                if books.acknowledged.get(session).is_none_or(|up_to| *up_to < entry.number) && !books.entries.contains(&entry) {
                    books.entries.push(entry);
                }
                if digests.is_empty() { acknowledge(&mut books, session) } else { vec![Answer::Want(Want { digests })] }
            }
            Said::Section(bytes) => {
                let unpacked = unpack(&bytes.zstd).unwrap();
                assert_eq!(Digest::of(&unpacked).as_bytes().as_slice(), bytes.digest);
                books.contents.insert(bytes.digest);
                acknowledge(&mut books, session)
            }
            Said::Renewal(request) => {
                books.renewals += 1;
                vec![Answer::Certificate(Certificate { certificate_der: self.sign(&request.csr_der), ca_der: vec![] })]
            }
            Said::Done(done) => {
                books.done.push(done);
                vec![]
            }
            Said::Step(step) => {
                books.steps.push(step);
                vec![]
            }
            Said::Echo(echo) => {
                let filler = vec![0; echo.wanted as usize];
                vec![Answer::Echoed(Echoed { command: echo.command, number: echo.number, filler, clock_ms: 1, busy: false })]
            }
            Said::Heartbeat(_) => {
                books.heartbeats += 1;
                vec![]
            }
            Said::Goodbye(goodbye) => {
                books.goodbyes.push(goodbye.reason);
                vec![]
            }
            Said::Hello(_) => panic!("a second hello"),
        }
    }
}

/// Everything of the session whose bytes are here is acknowledged, in order.
fn acknowledge(books: &mut Books, session: &str) -> Vec<Answer> {
    let whole = |entry: &&Entry| entry.sections.iter().all(|state| state.digest.is_empty() || books.contents.contains(&state.digest));
    let up_to = books.entries.iter().filter(|entry| entry.session == session).take_while(whole).last().map_or(0, |entry| entry.number);
    if books.withhold_acks || up_to == 0 {
        return vec![];
    }
    books.acknowledged.insert(session.to_owned(), up_to);
    vec![Answer::Ack(Ack { session: session.to_owned(), up_to })]
}

#[tonic::async_trait]
impl Enrollment for Door {
    async fn enroll(&self, request: Request<EnrollRequest>) -> Result<Response<EnrollResponse>, Status> {
        let request = request.into_inner();
        let mut books = self.books.lock().unwrap();
        if let Some(why) = books.refuse_enrolment {
            return Err(Status::permission_denied(why));
        }
        let certificate_der = self.sign(&request.csr_der);
        let tag = request.tag.clone();
        books.enrolled.push(request);
        Ok(Response::new(EnrollResponse {
            site: "main".into(),
            device: "0190aaaa-0000-7000-8000-000000000001".into(),
            tag,
            certificate_der,
            ca_der: self.ca.der().to_vec(),
            addresses: books.addresses.clone(),
            server_name: "main.rollcall.internal".into(),
        }))
    }

    async fn challenge(&self, _: Request<ChallengeRequest>) -> Result<Response<ChallengeResponse>, Status> {
        Ok(Response::new(ChallengeResponse { nonce: vec![7; 56] }))
    }

    async fn renew(&self, request: Request<RenewRequest>) -> Result<Response<RenewResponse>, Status> {
        let request = request.into_inner();
        let statement = renewal_statement(&request.certificate_der, &request.nonce, &request.csr_der);
        let certificate = CertificateDer::from(request.certificate_der.as_slice());
        let certificate = webpki::EndEntityCert::try_from(&certificate).unwrap();
        certificate.verify_signature(webpki::ring::ECDSA_P256_SHA256, &statement, &request.signature).unwrap();
        assert_eq!(request.nonce, [7; 56]);
        let mut books = self.books.lock().unwrap();
        books.renewals += 1;
        books.refuse = None;
        Ok(Response::new(RenewResponse { certificate_der: self.sign(&request.csr_der), addresses: vec![] }))
    }
}

#[tonic::async_trait]
impl Attendance for Door {
    type AttendStream = ReceiverStream<Result<FromCollector, Status>>;

    async fn attend(&self, request: Request<Streaming<FromAgent>>) -> Result<Response<Self::AttendStream>, Status> {
        let mut incoming = request.into_inner();
        let Ok(Some(FromAgent { message: Some(Said::Hello(hello)) })) = incoming.message().await else {
            return Err(Status::invalid_argument("hello first"));
        };
        let (to_agent, outgoing) = mpsc::channel(64);
        let door = self.clone();
        let first = {
            let mut books = self.books.lock().unwrap();
            books.hellos.push(hello.clone());
            match books.refuse {
                Some(why) => Answer::Refusal(Refusal {
                    why: why.into(),
                    text: "another machine has this identity".into(),
                    enrolment: vec![self.enroll_address.clone()],
                }),
                None => {
                    books.live.push(to_agent.clone());
                    let acknowledged = books.acknowledged.get(&hello.session).copied().unwrap_or(0);
                    let nonce = vec![books.hellos.len() as u8; 16];
                    Answer::Welcome(Welcome { session: hello.session.clone(), acknowledged, nonce, epoch: 1, ..Welcome::default() })
                }
            }
        };
        let refused = matches!(first, Answer::Refusal(_));
        to_agent.send(Ok(FromCollector { message: Some(first) })).await.ok();
        if !refused {
            tokio::spawn(async move {
                while let Ok(Some(FromAgent { message: Some(message) })) = incoming.message().await {
                    for answer in door.answer(message, &hello.session) {
                        to_agent.send(Ok(FromCollector { message: Some(answer) })).await.ok();
                    }
                }
                door.books.lock().unwrap().live.retain(|agent| !agent.same_channel(&to_agent));
            });
        }
        Ok(Response::new(ReceiverStream::new(outgoing)))
    }
}
