//! The webhook: alerts as signed JSON, posted to an address of the site's own.
//!
//! The receiver checks `Rollcall-Signature: t=TIME,v1=HEX`: HEX is the HMAC-SHA256 of "TIME.BODY" under the channel's
//! secret. It drops what it has seen by `Idempotency-Key`. Redirects are not followed, and what it answers is not read.

use super::{Address, Deliver, Delivery, Kind, Message, Undelivered, clean};
use hmac::{Hmac, KeyInit, Mac};
use reqwest::header::CONTENT_TYPE;
use reqwest::{Certificate, Client, ClientBuilder, Url, redirect};
use rustls::crypto::ring;
use sha2::Sha256;
use std::fmt::Write;
use std::sync::OnceLock;
use std::time::Duration;

/// The webhook in the list of channels.
pub(super) const KIND: Kind = Kind { name: "webhook", open: || Box::new(Hook::new(|message| message.body.clone())) };

/// A receiver has this long to take the connection.
const CONNECT: Duration = Duration::from_secs(5);
/// A receiver has this long for everything.
const WHOLE: Duration = Duration::from_secs(10);
/// Answers after which the same message is never sent again: malformed, too large, not to be processed.
const NEVER: [u16; 3] = [400, 413, 422];

/// Posts JSON to a web address. The clients are each made when they are first needed.
pub(super) struct Hook {
    /// The document of a message, as the receiver wants it.
    write: fn(&Message) -> Vec<u8>,
    /// For https: trusts what the system trusts, or the channel's own CA alone.
    outside: OnceLock<Client>,
    /// For http on this machine: needs no roots, and no proxy.
    inside: OnceLock<Client>,
}

impl Deliver for Hook {
    fn deliver<'a>(&'a self, to: &'a Address, message: &'a Message, now_s: i64) -> Delivery<'a> {
        Box::pin(self.post(to, message, now_s))
    }
}

impl Hook {
    /// Posts what `write` makes of a message.
    pub fn new(write: fn(&Message) -> Vec<u8>) -> Self {
        Self { write, outside: OnceLock::new(), inside: OnceLock::new() }
    }

    async fn post(&self, to: &Address, message: &Message, now_s: i64) -> Result<String, Undelivered> {
        let url = Url::parse(&to.url).map_err(|why| Undelivered::Later(format!("its address is none ({why}); set the channel anew")))?;
        let body = (self.write)(message);
        let mut request = self
            .client(&url, &to.ca)?
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header("Rollcall-Event", &message.kind)
            .header("Idempotency-Key", &message.id);
        if let Some(secret) = &to.secret {
            request = request.header("Rollcall-Signature", signature(secret, now_s, &body));
        }
        match request.body(body).send().await {
            Ok(answer) if answer.status().is_success() => Ok(format!("it answered {}", answer.status())),
            Ok(answer) if NEVER.contains(&answer.status().as_u16()) => Err(Undelivered::Never(format!("it answered {}", answer.status()))),
            Ok(answer) => Err(Undelivered::Later(format!("it answered {}", answer.status()))),
            Err(why) => Err(Undelivered::Later(in_words(&why))),
        }
    }

    fn client(&self, url: &Url, ca: &str) -> Result<&Client, Undelivered> {
        let host = url.host_str().unwrap_or_default();
        match url.scheme() {
            "https" => made_once(&self.outside, trusting(builder(), ca)?),
            "http" if is_this_machine(host) => made_once(&self.inside, builder().no_proxy().tls_certs_only([])),
            scheme => Err(Undelivered::Later(format!("{scheme}://{host}: only https, or http on this machine; set the channel anew"))),
        }
    }
}

fn builder() -> ClientBuilder {
    // A provider that is installed already is as good: there is one in the whole program.
    ring::default_provider().install_default().ok();
    Client::builder()
        .user_agent(concat!("rollcall/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .connect_timeout(CONNECT)
        .timeout(WHOLE)
}

/// The system's authorities, or those of the channel and no others.
fn trusting(builder: ClientBuilder, ca: &str) -> Result<ClientBuilder, Undelivered> {
    if ca.is_empty() {
        return Ok(builder);
    }
    let authorities = Certificate::from_pem_bundle(ca.as_bytes());
    authorities
        .map(|own| builder.tls_certs_only(own))
        .map_err(|why| Undelivered::Later(format!("its CA can't be read: {}", in_words(&why))))
}

fn made_once(place: &OnceLock<Client>, builder: ClientBuilder) -> Result<&Client, Undelivered> {
    if let Some(client) = place.get() {
        return Ok(client);
    }
    let client = builder.build().map_err(|why| Undelivered::Later(in_words(&why)))?;
    Ok(place.get_or_init(|| client))
}

/// Whether a host of an address is this machine without asking any name server.
pub(super) fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.trim_matches(['[', ']']).parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

/// The value of `Rollcall-Signature` for `body` at `now_s`.
fn signature(secret: &str, now_s: i64, body: &[u8]) -> String {
    let mut text = format!("t={now_s},v1=");
    // HMAC takes keys of any length, so this never comes out empty; an empty signature would be refused anyway.
    if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) {
        mac.update(now_s.to_string().as_bytes());
        mac.update(b".");
        mac.update(body);
        for byte in mac.finalize().into_bytes() {
            let _ = write!(text, "{byte:02x}");
        }
    }
    text
}

/// An error with its causes, without the address: a secret may stand in it.
fn in_words(why: &reqwest::Error) -> String {
    let mut text = if why.is_timeout() { "no answer in time".to_owned() } else { "no answer".to_owned() };
    let mut cause = std::error::Error::source(why);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    clean::line(&text, 300)
}

/// A receiver on this machine that answers everything alike, and what it hears.
#[cfg(test)]
pub(super) async fn receiver(
    answer: axum::http::StatusCode,
) -> (String, tokio::sync::mpsc::UnboundedReceiver<(axum::http::HeaderMap, String)>) {
    let (told, heard) = tokio::sync::mpsc::unbounded_channel();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let take = move |headers: axum::http::HeaderMap, body: String| async move {
        told.send((headers, body)).unwrap();
        (answer, [("Location", "/elsewhere")])
    };
    let app = axum::Router::new().route("/hook", axum::routing::post(take));
    tokio::spawn(async move { axum::serve(listener, app).await });
    (url, heard)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::StatusCode;

    fn message() -> Message {
        Message { id: "north/7".to_owned(), kind: "alert.raised".to_owned(), body: br#"{"number":7}"#.to_vec(), ..Message::default() }
    }

    fn address(url: &str) -> Address {
        Address { url: url.to_owned(), secret: Some("key".to_owned()), ..Address::default() }
    }

    fn hook() -> Hook {
        Hook::new(|message| message.body.clone())
    }

    async fn check(answer: StatusCode, want: Result<String, Undelivered>) {
        let (url, mut heard) = receiver(answer).await;
        let got = hook().post(&address(&url), &message(), 1_700_000_000).await;
        assert_eq!(got, want);
        let (headers, body) = heard.recv().await.unwrap();
        assert_eq!(body, r#"{"number":7}"#);
        assert_eq!(headers["rollcall-event"], "alert.raised");
        assert_eq!(headers["idempotency-key"], "north/7");
        // echo -n '1700000000.{"number":7}' | openssl dgst -sha256 -hmac key
        let known = "t=1700000000,v1=f6def1c3023f8df4fe3d04a5aa09bffe2d1dd01d7c37fcab796d8350cdd14a2b";
        assert_eq!(headers["rollcall-signature"], known);
    }

    #[tokio::test]
    async fn the_answer_decides_whether_it_is_tried_again() {
        check(StatusCode::NO_CONTENT, Ok("it answered 204 No Content".to_owned())).await;
        check(StatusCode::SERVICE_UNAVAILABLE, Err(Undelivered::Later("it answered 503 Service Unavailable".to_owned()))).await;
        check(StatusCode::FOUND, Err(Undelivered::Later("it answered 302 Found".to_owned()))).await;
        check(StatusCode::BAD_REQUEST, Err(Undelivered::Never("it answered 400 Bad Request".to_owned()))).await;
    }

    #[tokio::test]
    async fn plain_http_leaves_this_machine_never() {
        for url in ["http://school.example/hook", "http://192.0.2.7/", "ftp://localhost/", "nonsense"] {
            assert!(matches!(hook().post(&address(url), &message(), 0).await, Err(Undelivered::Later(_))), "{url}");
        }
        assert!(is_this_machine("[::1]") && is_this_machine("127.0.0.1") && !is_this_machine("localhost.example"));
    }
}
