//! The agents' doors over real TLS and gRPC, with a client that says whatever a test wants said.

mod diagnosis;
mod doors;
mod hostile;
mod identity;
mod neighbours;
mod presence;
mod reports;

use crate::agents::listen::Caps;
use crate::agents::token::make_token;
use crate::agents::{authority::Authority, authority::sha256_hex};
use crate::clock::Clock;
use crate::keeper::ChangeError;
use crate::serve::{Options, Running, start};
use crate::settings::Settings;
use crate::tls;
use hyper_util::rt::TokioIo;
use jiff::SignedDuration;
use rcgen::{CertificateParams, KeyPair};
use rollcall_proto::v1::attendance_client::AttendanceClient;
use rollcall_proto::v1::enrollment_client::EnrollmentClient;
use rollcall_proto::v1::{FromAgent, FromCollector, from_agent, from_collector};
use rollcall_proto::{Digest, Section, pack, v1};
use rollcall_site::event::Actor;
use rollcall_site::presence::{Presence, of};
use rollcall_site::{DeviceId, Site, SiteId, Working};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tonic::transport::{Channel, Endpoint};
use tonic::{Status, Streaming};

/// How long a test waits for anything.
const SOON: Duration = Duration::from_secs(8);

/// A collector with its agents' doors on free ports.
struct School {
    dir: tempfile::TempDir,
    running: Running,
}

/// A machine that is enrolled.
struct Pc {
    key: Vec<u8>,
    is: v1::EnrollResponse,
    fingerprint: v1::Fingerprint,
    host_name: String,
}

/// A machine's stream.
struct Line {
    say: mpsc::Sender<FromAgent>,
    hear: Streaming<FromCollector>,
}

impl School {
    async fn open() -> Self {
        Self::open_patiently(Duration::from_millis(500)).await
    }

    /// With doors that wait so long for a handshake.
    async fn open_patiently(handshake: Duration) -> Self {
        Self::open_in(tempfile::tempdir().unwrap(), handshake).await
    }

    async fn open_in(dir: tempfile::TempDir, handshake: Duration) -> Self {
        let options = Options {
            attendance: Caps { handshake, ..Caps::attendance() },
            enrolment: Caps { handshake, ..Caps::enrolment() },
            restart_grace: SignedDuration::from_secs(2),
            ..Options::default()
        };
        Self::open_with(dir, options).await
    }

    async fn open_with(dir: tempfile::TempDir, options: Options) -> Self {
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        let settings =
            Settings { data: dir.path().join("data"), agents: free, enroll: free, desk: free, metrics: free, ..Settings::default() };
        Self { running: start(settings, Clock::system(), options).await.unwrap(), dir }
    }

    async fn restart(self) -> Self {
        self.running.stop().await;
        Self::open_in(self.dir, Duration::from_millis(500)).await
    }

    fn view(&self) -> Arc<Site> {
        self.running.collector.keeper.view()
    }

    async fn change<T: Send + 'static>(
        &self,
        change: impl FnOnce(&mut Working) -> Result<T, rollcall_site::Refusal> + Send + 'static,
    ) -> Result<T, ChangeError> {
        self.running.collector.keeper.change(Actor::Local("test".to_owned()), change).await
    }

    fn authority(&self) -> (SiteId, Authority) {
        let (site, now) = (SiteId::parse("main").unwrap(), Clock::system().now());
        (site.clone(), Authority::open(&self.running.collector.secrets, &site, now).unwrap())
    }

    async fn token(&self) -> String {
        self.token_for(10).await
    }

    async fn token_for(&self, uses: u32) -> String {
        let (site, authority) = self.authority();
        let (text, hash) = make_token(&site, &authority).unwrap();
        let ends = Clock::system().now() + SignedDuration::from_hours(1);
        self.change(move |w| rollcall_site::token::make(w, hash, None, uses, ends)).await.unwrap();
        text
    }

    async fn try_enroll(&self, host_name: &str, token: String) -> Result<Pc, Status> {
        let (_, authority) = self.authority();
        let tls = trusting(authority.ca()).with_no_client_auth();
        let stream = shake_hands(self.running.enroll, tls, &authority.enroll_name()).await.unwrap();
        let key = KeyPair::generate().unwrap();
        let fingerprint = v1::Fingerprint {
            system_uuid: uuid::Uuid::now_v7().to_string(),
            system_serial: format!("SN-{host_name}"),
            board_serial: format!("BOARD-{host_name}"),
            disk_serials: vec![format!("DISK-{host_name}")],
            ..Default::default()
        };
        let request = v1::EnrollRequest {
            token,
            csr_der: CertificateParams::default().serialize_request(&key).unwrap().der().to_vec(),
            fingerprint: Some(fingerprint.clone()),
            host_name: host_name.to_owned(),
            ..Default::default()
        };
        let is = EnrollmentClient::new(channel(stream).await).enroll(request).await?.into_inner();
        Ok(Pc { key: key.serialize_der(), is, fingerprint, host_name: host_name.to_owned() })
    }

    async fn enroll(&self, host_name: &str) -> Pc {
        let token = self.token().await;
        self.try_enroll(host_name, token).await.unwrap()
    }

    async fn dial(&self, pc: &Pc) -> Line {
        Self::open_stream(shake_hands(self.running.agents, pc.tls(), &pc.is.server_name).await.unwrap()).await
    }

    async fn open_stream(stream: TlsStream<TcpStream>) -> Line {
        let (say, words) = mpsc::channel(1000);
        let mut client = AttendanceClient::new(channel(stream).await);
        let hear = client.attend(tokio_stream::wrappers::ReceiverStream::new(words)).await.unwrap().into_inner();
        Line { say, hear }
    }

    /// Dials and says hello with this session and nonce.
    async fn meet(&self, pc: &Pc, session: &str, nonce: &[u8]) -> (Line, v1::Welcome) {
        let mut line = self.dial(pc).await;
        line.say(from_agent::Message::Hello(pc.hello(session, nonce))).await;
        match line.hear().await {
            Some(from_collector::Message::Welcome(welcome)) => (line, welcome),
            other => panic!("no welcome: {other:?}"),
        }
    }

    fn presence(&self, pc: &Pc) -> Presence {
        let (view, heard) = (self.view(), self.running.collector.roll.heard());
        let device = view.devices.get(&pc.id()).unwrap();
        of(&view, &heard, view.assets.get(&device.asset).unwrap(), device, Clock::system().now()).presence
    }

    async fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        let waited = timeout(SOON, async {
            while !is_so(self) {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        assert!(waited.await.is_ok(), "never: {what}");
    }

    fn happened(&self, kind: &str) -> bool {
        self.running.collector.keeper.store().history(None, 1000).unwrap().iter().any(|event| event.kind == kind)
    }
}

impl Pc {
    fn tls(&self) -> ClientConfig {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.clone()));
        let leaf = CertificateDer::from(self.is.certificate_der.clone());
        trusting(&self.is.ca_der.clone().into()).with_client_auth_cert(vec![leaf], key).unwrap()
    }

    fn id(&self) -> DeviceId {
        self.is.device.parse().unwrap()
    }

    fn hello(&self, session: &str, nonce: &[u8]) -> v1::Hello {
        v1::Hello {
            session: session.to_owned(),
            boot: "boot".to_owned(),
            nonce: nonce.to_vec(),
            next: 1,
            fingerprint: Some(self.fingerprint.clone()),
            host_name: self.host_name.clone(),
            clock_ms: Clock::system().now().as_millisecond(),
            ..Default::default()
        }
    }
}

impl Line {
    async fn say(&self, message: from_agent::Message) {
        // A collector that has parted hears nothing any more.
        let _gone = self.say.send(FromAgent { message: Some(message) }).await;
    }

    /// What the collector says next; `None`: it has ended the stream.
    async fn hear(&mut self) -> Option<from_collector::Message> {
        let heard = timeout(SOON, self.hear.message()).await.expect("nothing was heard in time");
        heard.ok().flatten().and_then(|word| word.message)
    }

    /// Reads on until a refusal and says why.
    async fn refusal(&mut self) -> v1::refusal::Why {
        loop {
            match self.hear().await {
                Some(from_collector::Message::Refusal(refusal)) => return refusal.why(),
                Some(_) => {}
                None => panic!("the stream ended without a refusal"),
            }
        }
    }

    async fn beat(&self) {
        self.say(from_agent::Message::Heartbeat(v1::Heartbeat::default())).await;
    }

    /// Reports sections and answers the wants; says how many contents were wanted.
    async fn report(&mut self, session: &str, number: u64, sections: &[Section]) -> usize {
        self.say(from_agent::Message::Entry(entry(session, number, sections))).await;
        let mut wanted = 0;
        loop {
            match self.hear().await {
                Some(from_collector::Message::Want(want)) => {
                    wanted += want.digests.len();
                    for section in sections.iter().filter(|s| want.digests.contains(&Digest::of(&s.encode()).as_bytes().to_vec())) {
                        self.say(from_agent::Message::Section(bytes(section))).await;
                    }
                }
                Some(from_collector::Message::Ack(ack)) if ack.up_to >= number => return wanted,
                Some(from_collector::Message::Ack(_) | from_collector::Message::Command(_)) => {}
                other => panic!("no acknowledgement: {other:?}"),
            }
        }
    }
}

fn entry(session: &str, number: u64, sections: &[Section]) -> v1::Entry {
    let states = sections.iter().map(|section| v1::SectionState {
        name: section.name().to_owned(),
        digest: Digest::of(&section.encode()).as_bytes().to_vec(),
        ..Default::default()
    });
    let at_ms = Clock::system().now().as_millisecond();
    v1::Entry { session: session.to_owned(), number, at_ms, full: true, sections: states.collect(), cause: v1::Cause::Start as i32 }
}

fn bytes(section: &Section) -> v1::SectionBytes {
    let bytes = section.encode();
    v1::SectionBytes { digest: Digest::of(&bytes).as_bytes().to_vec(), zstd: pack(&bytes).unwrap() }
}

fn software(titles: &[&str]) -> Section {
    let package = |title: &&str| v1::Package { name: (*title).to_owned(), version: "1.0".to_owned(), ..Default::default() };
    Section::Software(v1::Software { packages: titles.iter().map(package).collect() })
}

fn session() -> String {
    uuid::Uuid::now_v7().to_string()
}

fn trusting(ca: &CertificateDer<'static>) -> rustls::ConfigBuilder<ClientConfig, rustls::client::WantsClientCert> {
    let mut roots = RootCertStore::empty();
    roots.add(ca.clone()).unwrap();
    ClientConfig::builder_with_provider(tls::provider()).with_safe_default_protocol_versions().unwrap().with_root_certificates(roots)
}

async fn shake_hands(to: SocketAddr, mut tls: ClientConfig, name: &str) -> std::io::Result<TlsStream<TcpStream>> {
    tls.alpn_protocols = vec![b"h2".to_vec()];
    let stream = TcpStream::connect(to).await?;
    TlsConnector::from(Arc::new(tls)).connect(ServerName::try_from(name.to_owned()).unwrap(), stream).await
}

async fn channel(stream: TlsStream<TcpStream>) -> Channel {
    let mut stream = Some(TokioIo::new(stream));
    let connect = tower::service_fn(move |_| {
        let stream = stream.take().ok_or_else(|| std::io::Error::other("one connection only"));
        std::future::ready(stream)
    });
    Endpoint::from_static("http://rollcall.internal").connect_with_connector(connect).await.unwrap()
}

fn certificate_of(pc: &Pc) -> String {
    sha256_hex(&pc.is.certificate_der)
}
