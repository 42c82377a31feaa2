//! The desk on a real socket: TLS by its own CA, a quiet end, and pages that hear of a change within a second.

use super::{TestDesk, new, school};
use crate::cli::client::{Client, Door};
use crate::desk::api::on_socket;
use crate::desk::serve;
use crate::desk::who::Who;
use axum::body::Body;
use axum::http::{Request, header};
use futures_util::StreamExt;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rollcall_site::access::Role;
use rollcall_site::event::Actor;
use rollcall_site::room::{self, RoomFacts};
use rollcall_site::{AssetId, DeviceId, RoomId};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use uuid::Uuid;

const SOON: Duration = Duration::from_secs(10);

/// Connects as a browser does that trusts the desk's CA alone, and asks for a page.
async fn ask(test: &TestDesk, address: SocketAddr, name: &str) -> std::io::Result<String> {
    let kept: serde_json::Value = serde_json::from_slice(&test.desk.collector.secrets.get("desk-ca").unwrap()).unwrap();
    let ca = CertificateDer::from_pem_slice(kept["certificate"].as_str().unwrap().as_bytes()).unwrap();
    let mut roots = rustls::RootCertStore::empty();
    roots.add(ca).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = builder.with_root_certificates(roots).with_no_client_auth();
    let stream = TcpStream::connect(address).await?;
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut stream = tokio_rustls::TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
    stream.write_all(b"GET /sign-in HTTP/1.1\r\nhost: desk.school\r\nconnection: close\r\n\r\n").await?;
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer).await {
        Err(error) if error.kind() != std::io::ErrorKind::UnexpectedEof => Err(error),
        _ => Ok(String::from_utf8_lossy(&answer).into_owned()),
    }
}

#[tokio::test]
async fn a_browser_that_trusts_the_desks_ca_reaches_it_by_its_names_only() {
    let test = new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
    let served = tokio::spawn(serve(listener, test.desk.collector.clone(), stop.clone()));
    // A connection that says nothing keeps nobody else out.
    let _mute = TcpStream::connect(address).await.unwrap();
    let trusted = async {
        while test.desk.collector.secrets.get("desk-ca").is_none() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        for name in ["127.0.0.1", "desk.school", "localhost"] {
            let answer = ask(&test, address, name).await.unwrap();
            assert!(answer.starts_with("HTTP/1.1 200"), "{name}: {answer}");
            assert!(answer.contains("content-security-policy: default-src 'none'"), "{answer}");
        }
        assert!(ask(&test, address, "other.example").await.is_err());
    };
    tokio::time::timeout(SOON, trusted).await.unwrap();
    stop.cancel();
    tokio::time::timeout(SOON, served).await.unwrap().unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err(), "the door is closed");
}

#[tokio::test]
async fn one_address_does_not_fill_the_desk() {
    let test = new().await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
    let served = tokio::spawn(serve(listener, test.desk.collector.clone(), stop.clone()));
    let mut mute = Vec::new();
    for _ in 0..300 {
        mute.push(TcpStream::connect(address).await.unwrap());
    }
    let mut is_open = async |number: usize| {
        let read = tokio::time::timeout(Duration::from_millis(300), mute[number].read(&mut [0; 8])).await;
        read.is_err()
    };
    assert!(is_open(0).await && is_open(255).await);
    assert!(!is_open(256).await && !is_open(299).await);
    stop.cancel();
    tokio::time::timeout(SOON, served).await.unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn an_open_page_hears_of_a_change_within_a_second() {
    let test = new().await;
    let cookie = test.cookie(Role::Viewer).await;
    let request = Request::get("/live").header(header::COOKIE, &cookie).body(Body::empty()).unwrap();
    let answer = test.router.clone().oneshot(request).await.unwrap();
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/event-stream");
    let mut messages = answer.into_body().into_data_stream();
    let mut hear = async || {
        String::from_utf8(tokio::time::timeout(Duration::from_secs(1), messages.next()).await.unwrap().unwrap().unwrap().to_vec()).unwrap()
    };
    let hello = hear().await;
    assert!(hello.contains("event: hello"), "{hello}");

    let room = RoomId::parse("Lab 1").unwrap();
    let topic = crate::desk::live::of_room(&room);
    test.change(move |w| room::add(w, room, RoomFacts::default())).await;
    let change = hear().await;
    assert!(change.contains("event: change") && change.contains(&topic), "{change}");

    test.desk.sessions.end(&crate::desk::session::of_cookie(&cookie).unwrap());
    let end = tokio::time::timeout(Duration::from_secs(2), messages.next()).await.unwrap();
    assert!(end.is_none(), "the stream ends with the session");
}

#[tokio::test]
async fn an_open_page_hears_of_a_step_of_a_diagnosis_at_once() {
    let test = new().await;
    school::fill(&test).await;
    let cookie = test.cookie(Role::Viewer).await;
    let request = Request::get("/live").header(header::COOKIE, &cookie).body(Body::empty()).unwrap();
    let mut messages = test.router.clone().oneshot(request).await.unwrap().into_body().into_data_stream();
    let hello = tokio::time::timeout(SOON, messages.next()).await.unwrap().unwrap().unwrap();
    assert!(String::from_utf8_lossy(&hello).contains("event: hello"));
    test.desk.collector.roll.stepped(DeviceId(Uuid::from_u128(1)));
    let heard = tokio::time::timeout(Duration::from_millis(700), messages.next()).await.unwrap().unwrap().unwrap();
    let topic = crate::desk::live::of_asset(AssetId(Uuid::from_u128(101)));
    assert!(String::from_utf8_lossy(&heard).contains(&topic), "{heard:?}");
}

#[tokio::test]
async fn with_the_sites_own_certificate_a_key_leads_to_this_desk_and_no_other() {
    let test = new().await;
    let data = &test.desk.collector.settings.data;
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let own = |name: &str| {
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(vec![name.to_owned()]).unwrap().signed_by(&key, &ca).unwrap();
        std::fs::write(data.join("desk.crt"), format!("{}{}", leaf.pem(), ca.pem())).unwrap();
        std::fs::write(data.join("desk.key"), key.serialize_pem()).unwrap();
    };
    own("localhost");
    let request = Request::post("/api/v1/keys").header(header::CONTENT_TYPE, "application/json");
    let request = request.extension(Who { actor: Actor::Local("ana".to_owned()), role: Role::Admin });
    let made = on_socket(test.desk.collector.clone()).oneshot(request.body(Body::from(r#"{"name":"x","role":"viewer"}"#)).unwrap());
    let made = axum::body::to_bytes(made.await.unwrap().into_body(), 1 << 16).await.unwrap();
    let key = serde_json::from_slice::<serde_json::Value>(&made).unwrap()["key"].as_str().unwrap().to_owned();
    let ask = async || {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, stop) = (listener.local_addr().unwrap().port(), CancellationToken::new());
        let served = tokio::spawn(serve(listener, test.desk.collector.clone(), stop.clone()));
        let client = Client::new(Door::Desk { url: format!("https://localhost:{port}"), key: key.clone() }, None).unwrap();
        let answer = tokio::time::timeout(SOON, client.get(&["status"], &[])).await.unwrap();
        stop.cancel();
        tokio::time::timeout(SOON, served).await.unwrap().unwrap().unwrap();
        answer
    };
    assert_eq!(ask().await.unwrap()["name"], "Lincoln Middle School");
    own("localhost");
    assert!(ask().await.is_ok(), "renewed by the same CA");
    own("other.example");
    let refused = ask().await.unwrap_err().to_string();
    assert!(refused.contains("does not name https://localhost"), "{refused}");
}
