//! A conversation with a library system that is played line by line.

use super::answer::{Answer, Done, ItemState, Said};
use super::connect::connect;
use super::request::{Request, Terms};
use super::session::{Failure, Manner, Session, Wire};
use super::{frame, tell};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rollcall_site::library::{Letters, Library, May, Mirroring, Outcome};
use rustls::ServerConfig;
use serde_json::json;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio_rustls::TlsAcceptor;

const AT: &str = "20261123    120509";

/// What the other side does with what it hears.
enum Play {
    /// It hears a line that begins so, and answers this text under the line's own number.
    Answer(&'static str, String),
    /// It hears a line that begins so, and sends these bytes.
    Send(&'static str, Vec<u8>),
    /// It hears a line that begins so, and says nothing.
    Silence(&'static str),
}

use Play::{Answer as Says, Send as Sends, Silence};

/// Plays until the other side goes away; gives the lines that it heard.
async fn play(mut wire: impl Wire, script: Vec<Play>) -> Vec<String> {
    let mut heard = Vec::new();
    for act in script {
        let Some(line) = line(&mut wire).await else { break };
        let (begins, bytes) = match act {
            Says(begins, text) => {
                let sequence = frame::read(line.as_bytes(), Letters::Utf8).unwrap().sequence;
                (begins, frame::write(&text, sequence, Letters::Utf8))
            }
            Sends(begins, bytes) => (begins, bytes),
            Silence(begins) => (begins, Vec::new()),
        };
        assert!(line.starts_with(begins), "{line} after {heard:?}");
        heard.push(line);
        if wire.write_all(&bytes).await.is_err() {
            break;
        }
    }
    // Stays on the line, so that a silence is one.
    while let Some(line) = line(&mut wire).await {
        heard.push(line);
    }
    heard
}

async fn line(wire: &mut impl Wire) -> Option<String> {
    let mut line = Vec::new();
    loop {
        match wire.read_u8().await.ok()? {
            b'\r' => return Some(String::from_utf8(line).unwrap()),
            byte => line.push(byte),
        }
    }
}

fn now() -> Timestamp {
    "2026-11-23T20:05:09Z".parse().unwrap()
}

fn status() -> Play {
    Says("99", format!("98YYYYNN020002{AT}2.00AOLIN|AMLincoln|BXYYYNYYYYYNYNNNYN|"))
}

/// Opens a session and asks one thing of what plays `script` after the status; gives the answer and the lines that were heard.
async fn ask(request: Request<'_>, script: Vec<Play>) -> (Result<Answer, Failure>, Vec<String>) {
    let (ours, theirs) = duplex(4096);
    let script = std::iter::once(status()).chain(script).collect();
    let other = tokio::spawn(play(theirs, script));
    let terms = Terms { institution: "LIN".into(), location: String::new(), may: May::Refuse };
    let manner = Manner { terms, letters: Letters::Utf8, zone: TimeZone::UTC };
    let (mut session, _) = Session::open(Box::new(ours), manner, None, now()).await.unwrap();
    let answer = session.ask(&request, now()).await;
    drop(session);
    (answer, other.await.unwrap())
}

const ITEM: Request<'_> = Request::Item { item: "LT-1" };

fn checkin() -> Request<'static> {
    Request::Checkin { item: "LT-1", at: now() }
}

fn available() -> String {
    format!("18030001{AT}ABLT-1|AJLaptop|")
}

fn is_in(answer: &Result<Answer, Failure>) -> bool {
    matches!(answer, Ok(Answer::Item(item)) if item.state == ItemState::In)
}

#[tokio::test]
async fn a_question_without_an_answer_is_said_again_under_its_number() {
    let (answer, heard) = ask(ITEM, vec![Silence("17"), Says("17", available())]).await;
    assert!(is_in(&answer), "{answer:?}");
    assert_eq!(heard[1], heard[2]);
    let (answer, heard) = ask(ITEM, vec![]).await;
    assert_eq!((answer, heard.len()), (Err(Failure::Nothing("it did not answer within 2 s".into())), 3), "twice, as its status says");
}

#[tokio::test]
async fn a_change_without_an_answer_is_said_once_and_nobody_knows() {
    let (answer, heard) = ask(checkin(), vec![]).await;
    assert!(matches!(answer, Err(Failure::Unknown(_))) && heard.len() == 2, "{answer:?} {heard:?}");
    let (answer, _) = ask(checkin(), vec![Sends("09", b"rubbish\r\n".to_vec())]).await;
    assert!(matches!(answer, Err(Failure::Unknown(_))), "{answer:?}");
}

#[tokio::test]
async fn what_does_not_arrive_whole_is_said_again() {
    let garbled = b"18030001 byte lostAY1AZ0000\r".to_vec();
    let (answer, heard) =
        ask(ITEM, vec![Sends("17", garbled.clone()), Sends("97AZFEF5", frame::write(&available(), None, Letters::Utf8))]).await;
    assert!(is_in(&answer), "{answer:?} {heard:?}");
    // The library system got our words garbled: they were not done, so that even a change is said again.
    let done = format!("101YNN{AT}AOLIN|ABLT-1|AQ|");
    let (answer, heard) = ask(checkin(), vec![Sends("09", b"96AZFEF6\r\n".to_vec()), Says("09", done)]).await;
    assert!(matches!(answer, Ok(Answer::Done(Done { ok: Said::Yes, .. }))), "{answer:?}");
    assert_eq!(heard[1], heard[2]);
    let for_ever = (0..9).map(|turn| Sends(if turn == 0 { "17" } else { "97" }, garbled.clone())).collect();
    let (answer, heard) = ask(ITEM, for_ever).await;
    assert!(matches!(&answer, Err(Failure::Nothing(why)) if why.contains("checksums")), "{answer:?}");
    assert_eq!(heard.len(), 2 + 5);
}

#[tokio::test]
async fn late_answers_and_other_words_are_passed_by() {
    let mut bytes = frame::write(&format!("18040001{AT}ABLT-9|AJLaptop|"), Some(7), Letters::Utf8);
    bytes.extend(b"\n\r\n");
    bytes.extend(frame::write("941", Some(1), Letters::Utf8));
    bytes.extend(frame::write(&available(), Some(1), Letters::Utf8));
    let (answer, _) = ask(ITEM, vec![Sends("17", bytes)]).await;
    assert!(is_in(&answer), "{answer:?}");
    let (answer, _) = ask(ITEM, vec![Sends("17", b"941\r".repeat(60))]).await;
    assert!(matches!(&answer, Err(Failure::Nothing(why)) if why.contains("says much")), "{answer:?}");
    let (answer, _) = ask(ITEM, vec![Sends("17", vec![b'x'; 70_000])]).await;
    assert!(matches!(&answer, Err(Failure::Nothing(why)) if why.contains("does not end")), "{answer:?}");
}

#[tokio::test]
async fn a_login_that_is_not_taken_and_a_system_that_is_not_online_are_said() {
    let check = async |script: Vec<Play>, want: &str| {
        let (ours, theirs) = duplex(4096);
        let other = tokio::spawn(play(theirs, script));
        let manner = Manner { terms: Terms::default(), letters: Letters::Utf8, zone: TimeZone::UTC };
        let opened = Session::open(Box::new(ours), manner, Some(("desk", "pw")), now()).await;
        assert_eq!(opened.map(|_| ()).map_err(|failure| failure.to_string()), Err(want.to_owned()));
        assert!(other.await.unwrap()[0].starts_with("9300CNdesk|COpw|"));
    };
    check(vec![Says("93", "940".into())], "it does not take the login desk").await;
    let off = format!("98NYYYNN100003{AT}2.00AOLIN|AFBack at 8|");
    check(vec![Says("93", "941".into()), Says("99", off)], "it says that it is not online: Back at 8").await;
}

fn owed(step: &str) -> Mirroring {
    let nobody = "00000000-0000-0000-0000-000000000001";
    let due = "2026-11-30T19:00:00Z";
    serde_json::from_value(json!({
        "id": 1, "step": step, "asset": nobody, "loan": 1, "person": "S1", "item": "LT-1", "due": due, "at": "2026-11-23T19:00:00Z",
    }))
    .unwrap()
}

/// What telling something whose outcome is unknown comes to, where the library system plays `script`.
async fn doubtful(step: &str, script: Vec<Play>) -> Outcome {
    let (ours, theirs) = duplex(4096);
    let other = tokio::spawn(play(theirs, std::iter::once(status()).chain(script).collect()));
    let manner = Manner { terms: Terms::default(), letters: Letters::Utf8, zone: TimeZone::UTC };
    let (session, status) = Session::open(Box::new(ours), manner, None, now()).await.unwrap();
    let mut listener = tell::Listener { session, status, zone: TimeZone::UTC };
    let outcome = listener.tell(&owed(step), tell::Before::Doubtful, now()).await.unwrap();
    drop(listener);
    other.await.unwrap();
    outcome
}

#[tokio::test]
async fn what_may_have_been_told_is_asked_before_it_is_told_again() {
    let had = || Outcome::Taken("it had it already".into());
    let out = || Says("17", format!("18040001{AT}ABLT-1|AJLaptop|AH20261130    235900|"));
    let inside = || Says("17", available());
    let patron =
        |items: &str, count: u32| Says("63", format!("64              000{AT}00000000{count:04}000000000000AOLIN|AAS1|AE|BLY|{items}"));
    let done = |code: &str| format!("{code}1NNY{AT}AOLIN|AAS1|ABLT-1|AJ|AH20261130    235900|");
    assert_eq!(doubtful("out", vec![out(), patron("AULT-1|", 1)]).await, had());
    assert_eq!(doubtful("out", vec![out(), patron("", 1)]).await, had(), "it lists nothing");
    let other = doubtful("out", vec![out(), patron("AUBOOK|", 1)]).await;
    assert_eq!(other, Outcome::Refused("it has LT-1 as lent to somebody else".into()));
    assert_eq!(doubtful("out", vec![inside(), Says("11", done("12"))]).await, Outcome::Taken(String::new()));
    assert_eq!(doubtful("in", vec![inside()]).await, had());
    assert_eq!(doubtful("in", vec![out(), Says("09", done("10"))]).await, Outcome::Taken(String::new()));
    assert_eq!(doubtful("renew", vec![out()]).await, had());
    let refused = format!("100NUY{AT}AOLIN|ABLT-1|AQ|AFItem not checked out|");
    let nobody_has_it = doubtful("in", vec![out(), Says("09", refused), inside()]).await;
    assert_eq!(nobody_has_it, Outcome::Taken("it had it back already".into()));
}

/// The setting of a library system.
fn library(url: &str, ca: &str) -> Library {
    let at = now().to_string();
    let text = json!({ "id": 0, "url": url, "user": "", "institution": "LIN", "kinds": [], "letters": "utf8", "may": "refuse", "ca": ca,
                       "set_at": at, "since": at, "seq": 0, "numbered": 0 });
    serde_json::from_value(text).unwrap()
}

/// A certificate for localhost that nobody else vouches for, PEM; and the TLS that shows it.
fn certificate() -> (String, TlsAcceptor) {
    let key = rcgen::KeyPair::generate().unwrap();
    let shown = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap().self_signed(&key).unwrap();
    let builder = ServerConfig::builder_with_provider(crate::tls::provider()).with_safe_default_protocol_versions().unwrap();
    let key = key.serialize_der().try_into().unwrap();
    let config = builder.with_no_client_auth().with_single_cert(vec![shown.der().clone()], key).unwrap();
    (shown.pem(), TlsAcceptor::from(Arc::new(config)))
}

#[tokio::test]
async fn over_tls_it_is_spoken_to_where_its_authority_is_trusted_and_nowhere_else() {
    let (ca, tls) = certificate();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let server = tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            // Whoever does not trust it breaks off.
            if let Ok(wire) = tls.accept(stream).await {
                return play(wire, vec![status(), Says("17", available())]).await;
            }
        }
    });
    let place = format!("sip2s://localhost:{port}");
    for (url, ca) in [(&place, &certificate().0), (&place, &String::new()), (&format!("sip2s://127.0.0.1:{port}"), &ca)] {
        let told = connect(&library(url, ca)).await.err().unwrap();
        assert!(told.contains("no trusted connection"), "{told}");
    }
    let wire = connect(&library(&place, &ca)).await.unwrap_or_else(|why| panic!("{why}"));
    let terms = Terms { institution: "LIN".into(), location: String::new(), may: May::Refuse };
    let (mut session, _) = Session::open(wire, Manner { terms, letters: Letters::Utf8, zone: TimeZone::UTC }, None, now()).await.unwrap();
    assert!(session.ask(&ITEM, now()).await.is_ok());
    drop(session);
    assert_eq!(server.await.unwrap().len(), 2);
}
