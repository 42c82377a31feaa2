//! Syslog: one RFC 5424 record a message, over UDP (RFC 5426), TCP with counted octets (RFC 6587), or TLS (RFC 5425).

use super::{Address, Deliver, Delivery, Kind, Message, Undelivered, clean, trust};
use rollcall_site::rule::Severity;
use rustls::pki_types::ServerName;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UdpSocket, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// Syslog in the list of channels.
pub(super) const KIND: Kind = Kind { name: "syslog", open: || Box::new(Syslog) };

/// A receiver has this long for everything.
const WHOLE: Duration = Duration::from_secs(10);
/// A receiver that refuses what it was sent says so within this time; one that takes it says nothing.
const REFUSAL: Duration = Duration::from_millis(300);
/// Longest record, bytes: what every receiver should take (RFC 5424, 6.1).
const RECORD: usize = 2_048;
/// The facility: local use 0.
const FACILITY: u8 = 16;

struct Syslog;

impl Deliver for Syslog {
    fn deliver<'a>(&'a self, to: &'a Address, message: &'a Message, _now_s: i64) -> Delivery<'a> {
        Box::pin(async move {
            let sent = timeout(WHOLE, send(to, record(to, message).as_bytes())).await;
            sent.unwrap_or_else(|_| Err(Undelivered::Later("no answer in time".to_owned())))
        })
    }
}

/// One record: a line without control characters.
fn record(to: &Address, message: &Message) -> String {
    let severity = match message.severity {
        Some(Severity::High) => 2,
        Some(Severity::Medium) => 4,
        Some(Severity::Low) => 5,
        None => 6,
    };
    let word = |text: &str| match text.chars().filter(char::is_ascii_graphic).take(32).collect::<String>() {
        empty if empty.is_empty() => "-".to_owned(),
        word => word,
    };
    let (priority, at) = (FACILITY * 8 + severity, message.at.strftime("%Y-%m-%dT%H:%M:%S%.3fZ"));
    let text = message.lines().into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" | ");
    let text = clean::line(&format!("{} | {text} | id {}", message.subject, message.id), RECORD);
    let mut record =
        format!("<{priority}>1 {at} {} rollcall {} {} - \u{feff}{text}", word(&to.here), std::process::id(), word(&message.kind));
    record.truncate(record.floor_char_boundary(RECORD));
    record
}

async fn send(to: &Address, record: &[u8]) -> Result<String, Undelivered> {
    let (scheme, place) = to.url.split_once("://").unwrap_or_default();
    let failed = |why: std::io::Error| Undelivered::Later(clean::line(&why.to_string(), 300));
    let host = place.rsplit_once(':').map_or(place, |(host, _)| host).trim_matches(['[', ']']);
    match scheme {
        "syslog+udp" => by_udp(place, record).await.map_err(failed),
        "syslog+tcp" => by_stream(TcpStream::connect(place).await.map_err(failed)?, record).await.map_err(failed),
        "syslog+tls" => {
            let name = ServerName::try_from(host.to_owned()).map_err(|why| Undelivered::Later(format!("{host}: {why}")))?;
            let config = trust::client(&to.ca).map_err(Undelivered::Later)?;
            let stream = TcpStream::connect(place).await.map_err(failed)?;
            by_stream(TlsConnector::from(config).connect(name, stream).await.map_err(failed)?, record).await.map_err(failed)
        }
        _ => Err(Undelivered::Later(format!("{}: no address of syslog; set the channel anew", to.url))),
    }
}

async fn by_udp(place: &str, record: &[u8]) -> std::io::Result<String> {
    let at = lookup_host(place).await?.next().ok_or_else(|| std::io::Error::other("its name has no address"))?;
    let from = if at.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(from).await?;
    socket.connect(at).await?;
    socket.send(record).await?;
    // Nobody acknowledges a datagram; but where nobody listens, the system of that machine says so.
    match timeout(REFUSAL, socket.recv(&mut [0; 1])).await {
        Ok(Err(refused)) => Err(refused),
        _ => Ok("sent; over UDP nobody acknowledges".to_owned()),
    }
}

async fn by_stream(mut stream: impl AsyncRead + AsyncWrite + Unpin, record: &[u8]) -> std::io::Result<String> {
    let mut frame = format!("{} ", record.len()).into_bytes();
    frame.extend_from_slice(record);
    stream.write_all(&frame).await?;
    stream.flush().await?;
    stream.shutdown().await?;
    // The receiver closes when it has read everything; one that breaks off has not.
    let mut rest = [0; 64];
    loop {
        match timeout(REFUSAL, stream.read(&mut rest)).await {
            Ok(Ok(0)) => return Ok("taken; it closed the connection in order".to_owned()),
            Ok(Ok(_)) => {}
            Ok(Err(why)) if why.kind() == std::io::ErrorKind::UnexpectedEof => return Ok("taken".to_owned()),
            Ok(Err(why)) => return Err(why),
            Err(_) => return Ok("sent; syslog does not acknowledge".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::message::tests::hostile;
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
    use rustls::ServerConfig;
    use rustls::pki_types::PrivatePkcs8KeyDer;
    use std::sync::Arc;
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    fn address(url: String) -> Address {
        Address { url, here: "roll call".to_owned(), ..Address::default() }
    }

    #[test]
    fn a_record_is_one_line_of_rfc_5424() {
        let record = record(&address(String::new()), &hostile());
        let head = format!(
            "<130>1 2026-03-02T08:00:00.000Z rollcall rollcall {} alert.raised - \u{feff}[Rollcall] HIGH Lab 118: PC",
            std::process::id()
        );
        assert!(record.starts_with(&head), "{record}");
        assert!(!record.chars().any(char::is_control) && record.len() <= RECORD, "{record}");
    }

    #[tokio::test]
    async fn a_datagram_arrives_or_is_said_to_be_refused() {
        let receiver = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let to = address(format!("syslog+udp://{}", receiver.local_addr().unwrap()));
        assert!(Syslog.deliver(&to, &hostile(), 0).await.is_ok());
        let mut bytes = [0; 4096];
        let length = receiver.recv(&mut bytes).await.unwrap();
        assert_eq!(&bytes[..length], record(&to, &hostile()).as_bytes());
        drop(receiver);
        assert!(matches!(Syslog.deliver(&to, &hostile(), 0).await, Err(Undelivered::Later(_))), "nobody listens");
    }

    #[tokio::test]
    async fn a_stream_counts_its_octets() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let to = address(format!("syslog+tcp://{}", listener.local_addr().unwrap()));
        let reads = tokio::spawn(async move {
            let mut bytes = Vec::new();
            listener.accept().await.unwrap().0.read_to_end(&mut bytes).await.unwrap();
            bytes
        });
        assert!(Syslog.deliver(&to, &hostile(), 0).await.is_ok());
        let record = record(&to, &hostile());
        assert_eq!(reads.await.unwrap(), format!("{} {record}", record.len()).into_bytes());
    }

    #[tokio::test]
    async fn a_stream_may_be_tls_and_only_under_the_ca_that_was_given() {
        let ca = || {
            let mut params = CertificateParams::new(Vec::new()).unwrap();
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
        };
        let (own, strange, key) = (ca(), ca(), KeyPair::generate().unwrap());
        let leaf = CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &own).unwrap().der().clone();
        let config = ServerConfig::builder_with_provider(crate::tls::provider()).with_safe_default_protocol_versions().unwrap();
        let config =
            config.with_no_client_auth().with_single_cert(vec![leaf], PrivatePkcs8KeyDer::from(key.serialize_der()).into()).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("syslog+tls://localhost:{}", listener.local_addr().unwrap().port());
        let reads = tokio::spawn(async move {
            let acceptor = TlsAcceptor::from(Arc::new(config));
            assert!(acceptor.accept(listener.accept().await.unwrap().0).await.is_err(), "the sender does not trust it");
            let mut frame = String::new();
            let mut stream = acceptor.accept(listener.accept().await.unwrap().0).await.unwrap();
            stream.read_to_string(&mut frame).await.unwrap();
            frame
        });
        let to = Address { ca: strange.pem(), ..address(url) };
        let refused = Syslog.deliver(&to, &hostile(), 0).await.unwrap_err().to_string();
        assert!(refused.contains("certificate"), "{refused}");
        let to = Address { ca: own.pem(), ..to };
        assert!(Syslog.deliver(&to, &hostile(), 0).await.is_ok());
        let record = record(&to, &hostile());
        assert_eq!(reads.await.unwrap(), format!("{} {record}", record.len()));
    }
}
