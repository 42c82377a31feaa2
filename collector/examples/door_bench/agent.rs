//! An agent of the bench: one connection and what it says, as plain as can be.

use crate::collector::Collector;
use anyhow::{Context, bail};
use hyper_util::rt::TokioIo;
use rcgen::{CertificateParams, KeyPair};
use rollcall_proto::v1::attendance_client::AttendanceClient;
use rollcall_proto::v1::enrollment_client::EnrollmentClient;
use rollcall_proto::v1::from_agent::Message as Say;
use rollcall_proto::v1::from_collector::Message as Told;
use rollcall_proto::v1::{
    Batteries, Disk, Displays, Interface, Memory, MemoryModule, Network, OperatingSystem, Package, Processor, Processors, SectionBytes,
    SectionState, Software, SoftwareDates, Storage, System,
};
use rollcall_proto::v1::{EnrollRequest, EnrollResponse, Entry, Fingerprint, FromAgent, FromCollector, Health, Heartbeat, Hello};
use rollcall_proto::{Digest, Section, pack};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_rustls::TlsConnector;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;
use tonic::transport::{Channel, Endpoint};

/// Packages of a PC.
const PACKAGES: usize = 900;
/// Labs whose PCs share a list; of ten PCs three have one of their own.
const LABS: usize = 12;

/// A machine of the bench.
pub struct Agent {
    number: usize,
    key: Vec<u8>,
    is: EnrollResponse,
    fingerprint: Fingerprint,
    session: String,
    line: Option<(mpsc::Sender<FromAgent>, Streaming<FromCollector>)>,
}

impl Agent {
    /// Enrols machine `number`.
    pub async fn enroll(collector: &Collector, number: usize) -> anyhow::Result<Self> {
        let key = KeyPair::generate()?;
        let fingerprint = Fingerprint {
            system_uuid: uuid::Uuid::from_u128(number as u128 * 7_919 + 12_345_678_901_234_567).to_string(),
            system_serial: format!("SN{number:08}"),
            board_serial: format!("BOARD{number:08}"),
            macs: vec![format!("02:00:00:{:02x}:{:02x}:{:02x}", number >> 16 & 255, number >> 8 & 255, number & 255)],
            disk_serials: vec![format!("DISK{number:08}")],
            ..Fingerprint::default()
        };
        let request = EnrollRequest {
            token: collector.token.clone(),
            csr_der: CertificateParams::default().serialize_request(&key)?.der().to_vec(),
            fingerprint: Some(fingerprint.clone()),
            host_name: format!("bench-{number}"),
            agent_version: "bench".to_owned(),
            ..EnrollRequest::default()
        };
        let tls = trusting(&collector.ca)?.with_no_client_auth();
        let channel = channel(collector.enroll, tls, "enroll.main.rollcall.internal").await?;
        let is = EnrollmentClient::new(channel).enroll(request).await?.into_inner();
        Ok(Self { number, key: key.serialize_der(), is, fingerprint, session: uuid::Uuid::now_v7().to_string(), line: None })
    }

    /// Calls and says hello.
    pub async fn connect(mut self, collector: &Collector) -> anyhow::Result<Self> {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(self.key.clone()));
        let tls = trusting(&self.is.ca_der)?.with_client_auth_cert(vec![self.is.certificate_der.clone().into()], key)?;
        let channel = channel(collector.agents, tls, &self.is.server_name).await?;
        let (say, words) = mpsc::channel(16);
        let hello = Hello {
            session: self.session.clone(),
            boot: "boot".to_owned(),
            next: 1,
            fingerprint: Some(self.fingerprint.clone()),
            host_name: format!("bench-{}", self.number),
            clock_ms: now_ms(),
            ..Hello::default()
        };
        say.send(FromAgent { message: Some(Say::Hello(hello)) }).await?;
        let hear = AttendanceClient::new(channel).attend(ReceiverStream::new(words)).await?.into_inner();
        self.line = Some((say, hear));
        match self.hear().await? {
            Told::Welcome(_) => Ok(self),
            other => bail!("no welcome: {other:?}"),
        }
    }

    /// Reports everything that it has under `number`, uploads what is wanted, and waits until it is durable.
    pub async fn report(&mut self, number: u64) -> anyhow::Result<()> {
        let sections: Vec<(&str, Vec<u8>)> = self.sections().iter().map(|section| (section.name(), section.encode())).collect();
        let states = sections.iter().map(|(name, bytes)| SectionState {
            name: (*name).to_owned(),
            digest: Digest::of(bytes).as_bytes().to_vec(),
            ..SectionState::default()
        });
        let entry = Entry { session: self.session.clone(), number, at_ms: now_ms(), full: true, sections: states.collect(), cause: 1 };
        self.say(Say::Entry(entry)).await?;
        loop {
            match self.hear().await? {
                Told::Ack(ack) if ack.up_to >= number => return Ok(()),
                Told::Want(want) => {
                    for (_, bytes) in sections.iter().filter(|(_, bytes)| want.digests.contains(&Digest::of(bytes).as_bytes().to_vec())) {
                        self.say(Say::Section(SectionBytes { digest: Digest::of(bytes).as_bytes().to_vec(), zstd: pack(bytes)? })).await?;
                    }
                }
                Told::Ack(_) | Told::Command(_) => {}
                other => bail!("no acknowledgement: {other:?}"),
            }
        }
    }

    /// A heartbeat with a health reading.
    pub async fn beat(&mut self) -> anyhow::Result<()> {
        let health =
            Health { at_ms: now_ms(), cpu_permille: Some(120), memory_permille: Some(430), load_centi: Some(55), ..Health::default() };
        self.say(Say::Heartbeat(Heartbeat { health: Some(health), ..Heartbeat::default() })).await
    }

    async fn say(&mut self, message: Say) -> anyhow::Result<()> {
        let (say, _) = self.line.as_ref().context("not connected")?;
        Ok(say.send(FromAgent { message: Some(message) }).await?)
    }

    async fn hear(&mut self) -> anyhow::Result<Told> {
        let (_, hear) = self.line.as_mut().context("not connected")?;
        hear.message().await?.and_then(|word| word.message).context("the collector hung up")
    }

    /// What it is made of: a software list of its lab or its own, and hardware of its own.
    fn sections(&self) -> Vec<Section> {
        let list = if self.number % 10 < 3 { 1_000 + self.number } else { self.number % LABS };
        let package = |at: usize| Package {
            name: format!("package-{:05}", at * 7),
            version: format!("{}.{}.{}-{}", at % 9, at % 31, (at * list) % 17, list % 101),
            architecture: "amd64".to_owned(),
            ..Package::default()
        };
        let system = System { serial: format!("SN{:08}", self.number), model: "OptiPlex 7090".to_owned(), ..System::default() };
        let since = 1_700_000_000 + self.number as i64 * 37;
        let module = |slot: usize| MemoryModule {
            slot: format!("DIMM {slot}"),
            bytes: 8 << 30,
            kind: "DDR4".to_owned(),
            serial: format!("M{slot}-{:08}", self.number),
            ..MemoryModule::default()
        };
        let disk = Disk { name: "nvme0n1".to_owned(), serial: format!("DISK{:08}", self.number), bytes: 512 << 30, ..Disk::default() };
        let interface =
            Interface { name: "eno1".to_owned(), mac: self.fingerprint.macs.first().cloned().unwrap_or_default(), ..Interface::default() };
        let software = Section::Software(Software { packages: (0..PACKAGES).map(package).collect() });
        let steps_s = (0..PACKAGES as i64).map(|at| if at == 0 { since } else { at % 40 / 39 });
        let dates =
            SoftwareDates { list: Digest::of(&software.encode()).to_string(), steps_s: steps_s.collect(), ..SoftwareDates::default() };
        vec![
            Section::System(system),
            software,
            Section::SoftwareDates(dates),
            Section::Memory(Memory { total_bytes: 16 << 30, modules: vec![module(0), module(1)], slots_known: true }),
            Section::Storage(Storage { disks: vec![disk], ..Storage::default() }),
            Section::Network(Network { interfaces: vec![interface], ..Network::default() }),
            Section::OperatingSystem(OperatingSystem { pretty: "Debian GNU/Linux 12".to_owned(), ..OperatingSystem::default() }),
            Section::Processors(Processors { processors: vec![Processor { cores: 6, threads: 12, ..Processor::default() }] }),
            Section::Batteries(Batteries::default()),
            Section::Displays(Displays::default()),
        ]
    }
}

fn now_ms() -> i64 {
    rollcall::clock::Clock::system().now().as_millisecond()
}

fn trusting(ca: &[u8]) -> anyhow::Result<rustls::ConfigBuilder<ClientConfig, rustls::client::WantsClientCert>> {
    let mut roots = RootCertStore::empty();
    roots.add(ca.to_vec().into())?;
    Ok(ClientConfig::builder_with_provider(rollcall::tls::provider()).with_safe_default_protocol_versions()?.with_root_certificates(roots))
}

async fn channel(to: SocketAddr, mut tls: ClientConfig, name: &str) -> anyhow::Result<Channel> {
    tls.alpn_protocols = vec![b"h2".to_vec()];
    let stream = TcpStream::connect(to).await?;
    let stream = TlsConnector::from(Arc::new(tls)).connect(ServerName::try_from(name.to_owned())?, stream).await?;
    let mut stream = Some(TokioIo::new(stream));
    let connect = tower::service_fn(move |_| {
        let stream = stream.take().ok_or_else(|| std::io::Error::other("one connection only"));
        std::future::ready(stream)
    });
    Ok(Endpoint::from_static("http://rollcall.internal").connect_with_connector(connect).await?)
}
