//! E-mail: SMTP with STARTTLS or TLS from the start, and a login. One mail a message, text and HTML, so that a reader threads an alert.

use super::{Address, Deliver, Delivery, Kind, Message, Undelivered, clean, trust};
use lettre::address::Envelope;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{Certificate, CertificateStore, Tls, TlsParameters};
use lettre::transport::smtp::{Error, extension::ClientId};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use std::time::{Duration, UNIX_EPOCH};
use tokio::time::timeout;

/// Mail in the list of channels.
pub(super) const KIND: Kind = Kind { name: "mail", open: || Box::new(Mail) };

/// A server has this long for each answer.
const ANSWER: Duration = Duration::from_secs(10);
/// A server has this long for everything.
const WHOLE: Duration = Duration::from_secs(30);
/// Longest text, characters.
const TEXT: usize = 50_000;
/// Answers that speak of the login or of the connection and not of the message: somebody sets the channel right, and it goes on.
const NOT_THE_MESSAGE: [u16; 4] = [530, 534, 535, 538];

/// The way to a server.
type Server = AsyncSmtpTransport<Tokio1Executor>;

struct Mail;

impl Deliver for Mail {
    fn deliver<'a>(&'a self, to: &'a Address, message: &'a Message, now_s: i64) -> Delivery<'a> {
        Box::pin(async move {
            let sent = timeout(WHOLE, send(to, message, now_s)).await;
            sent.unwrap_or_else(|_| Err(Undelivered::Later("no answer in time".to_owned())))
        })
    }
}

async fn send(to: &Address, message: &Message, now_s: i64) -> Result<String, Undelivered> {
    let (envelope, mail) = write(to, message, now_s)?;
    let server = server(to)?;
    match give(&server, &envelope, &mail).await {
        Err(Undelivered::Never(_)) if envelope.to().len() > 1 => one_by_one(&server, &envelope, &mail).await,
        answer => answer,
    }
}

async fn give(server: &Server, envelope: &Envelope, mail: &[u8]) -> Result<String, Undelivered> {
    let answer = server.send_raw(envelope, mail).await.map_err(|why| undelivered(&why))?;
    let words: Vec<&str> = answer.message().collect();
    Ok(clean::line(&format!("it answered {} {}", answer.code(), words.join(" ")), 300))
}

/// A receiver that the server does not take keeps nothing from the others.
async fn one_by_one(server: &Server, envelope: &Envelope, mail: &[u8]) -> Result<String, Undelivered> {
    let (mut taken, mut refused) = (Vec::new(), Vec::new());
    for receiver in envelope.to() {
        let alone = Envelope::new(envelope.from().cloned(), vec![receiver.clone()]).map_err(|why| Undelivered::Never(why.to_string()))?;
        match give(server, &alone, mail).await {
            Ok(answer) => taken.push(answer),
            Err(Undelivered::Never(why)) => refused.push(format!("{receiver}: {why}")),
            Err(later) => return Err(later),
        }
    }
    let refused = clean::line(&refused.join("; "), 300);
    match taken.pop() {
        Some(answer) => {
            tracing::warn!(refused, "the mail server does not take some receivers");
            Ok(format!("{answer}; not taken: {refused}"))
        }
        None => Err(Undelivered::Never(refused)),
    }
}

/// The way to the server that the address names.
fn server(to: &Address) -> Result<Server, Undelivered> {
    let wrong = || Undelivered::Later(format!("{}: no address of mail; set the channel anew", to.url));
    let (scheme, place) = to.url.split_once("://").ok_or_else(wrong)?;
    let (host, port) =
        place.rsplit_once(':').and_then(|(host, port)| Some((host.trim_matches(['[', ']']), port.parse().ok()?))).ok_or_else(wrong)?;
    let tls = match scheme {
        "smtp" => Tls::Required(trusting(host, &to.ca)?),
        "smtps" => Tls::Wrapper(trusting(host, &to.ca)?),
        "smtp-plain" => Tls::None,
        _ => return Err(wrong()),
    };
    let mut server = Server::builder_dangerous(host).port(port).tls(tls).timeout(Some(ANSWER));
    if let Ok(name) = to.here.parse::<std::net::IpAddr>() {
        server = server.hello_name(match name {
            std::net::IpAddr::V4(address) => ClientId::Ipv4(address),
            std::net::IpAddr::V6(address) => ClientId::Ipv6(address),
        });
    } else if !to.here.is_empty() {
        server = server.hello_name(ClientId::Domain(to.here.clone()));
    }
    if let (Some(mail), Some(password)) = (&to.mail, &to.password) {
        // Held by the address as well: a password goes over TLS, or stays on this machine.
        if scheme == "smtp-plain" && !super::webhook::is_this_machine(host) {
            return Err(Undelivered::Later("the password would cross the network in the clear; set the channel anew".to_owned()));
        }
        server = server
            .credentials(Credentials::new(mail.user.clone(), password.clone()))
            .authentication(vec![Mechanism::Plain, Mechanism::Login]);
    }
    Ok(server.build())
}

fn trusting(host: &str, ca: &str) -> Result<TlsParameters, Undelivered> {
    trust::check(ca).map_err(Undelivered::Later)?;
    let mut parameters = TlsParameters::builder(host.to_owned());
    if !ca.is_empty() {
        let own = Certificate::from_pem(ca.as_bytes()).map_err(|why| Undelivered::Later(in_words(&why)))?;
        parameters = parameters.certificate_store(CertificateStore::None).add_root_certificate(own);
    }
    parameters.build().map_err(|why| Undelivered::Later(in_words(&why)))
}

fn undelivered(why: &Error) -> Undelivered {
    let refused = why.is_permanent() && !why.status().is_some_and(|code| NOT_THE_MESSAGE.contains(&u16::from(code)));
    if refused { Undelivered::Never(in_words(why)) } else { Undelivered::Later(in_words(why)) }
}

fn in_words(why: &Error) -> String {
    let mut text = why.to_string();
    let mut cause = std::error::Error::source(why);
    while let Some(inner) = cause {
        let words = inner.to_string();
        // The outer error often ends with the words of the inner one.
        if !text.contains(&words) {
            text = format!("{text}: {words}");
        }
        cause = inner.source();
    }
    clean::line(&text, 300)
}

/// The mail as it goes over the wire.
fn write(to: &Address, message: &Message, now_s: i64) -> Result<(Envelope, Vec<u8>), Undelivered> {
    let unset = || Undelivered::Later("it has no sender and receivers; set the channel anew".to_owned());
    let addresses = to.mail.as_ref().ok_or_else(unset)?;
    let mailbox =
        |address: &str| address.parse::<Mailbox>().map_err(|why| Undelivered::Later(format!("{}: {why}", clean::line(address, 80))));
    let domain = addresses.from.rsplit_once('@').map_or("rollcall.invalid", |(_, domain)| domain);
    let id = |name: &str| format!("<rollcall.{}@{domain}>", word(name));
    let date = UNIX_EPOCH + Duration::from_secs(u64::try_from(now_s).unwrap_or_default());
    let mut mail = lettre::Message::builder().from(mailbox(&addresses.from)?).subject(&message.subject).date(date);
    for receiver in &addresses.to {
        mail = mail.to(mailbox(receiver)?);
    }
    // The first of a thread bears the thread's own name; what follows refers to it.
    let site = message.id.split('/').next().unwrap_or_default();
    let thread = message.thread.as_ref().map(|thread| id(&format!("{site}.{thread}")));
    mail = match thread {
        Some(thread) if message.kind == "alert.raised" => mail.message_id(Some(thread)),
        Some(thread) => mail.message_id(Some(id(&message.id))).in_reply_to(thread.clone()).references(thread),
        None => mail.message_id(Some(id(&message.id))),
    };
    for (name, value) in [("Auto-Submitted", "auto-generated"), ("X-Auto-Response-Suppress", "All")] {
        mail = mail.raw_header(HeaderValue::new(HeaderName::new_from_ascii_str(name), value.to_owned()));
    }
    let parts = MultiPart::alternative_plain_html(text(message), html(message));
    let mail = mail.multipart(parts).map_err(|why| Undelivered::Never(format!("it can't be written as mail: {why}")))?;
    Ok((mail.envelope().clone(), mail.formatted()))
}

/// What may stand in a message's id.
fn word(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || "-.".contains(c) { c } else { '.' }).collect()
}

fn text(message: &Message) -> String {
    let link = message.link.iter().map(|link| format!("\nThe desk: {link}\n")).collect::<String>();
    format!("{}{link}", message.text(TEXT))
}

fn html(message: &Message) -> String {
    let mut html = format!("<html><body><p><b>{}</b></p>", clean::html(&message.subject));
    for (name, text) in &message.facts {
        let text = clean::html(text);
        html += &if *name == "What" { format!("<p>{text}</p>") } else { format!("<p>{}: {text}</p>", clean::html(name)) };
    }
    for (head, lines) in &message.lists {
        let lines: String = lines.iter().map(|line| format!("<li>{}</li>", clean::html(line))).collect();
        html += &format!("<p><b>{}</b></p><ul>{lines}</ul>", clean::html(head));
    }
    if let Some(link) = &message.link {
        let link = clean::html(link);
        html += &format!("<p><a href=\"{link}\">Open the desk</a></p>");
    }
    html + "</body></html>"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::message::tests::hostile;
    use rollcall_site::channel::Mail as Addresses;

    fn address(url: &str) -> Address {
        let mail = Addresses { from: "rollcall@school.example".into(), to: vec!["it@school.example".into()], user: String::new() };
        Address { url: url.to_owned(), mail: Some(mail), ..Address::default() }
    }

    fn headers(message: &Message) -> Vec<String> {
        let (_, mail) = write(&address(""), message, 1_772_438_400).unwrap();
        let text = String::from_utf8(mail).unwrap();
        let head = text.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ");
        head.lines().map(str::to_owned).collect()
    }

    #[test]
    fn a_mail_is_machine_made_and_threads_its_alert() {
        let raised = headers(&hostile());
        let has = |headers: &[String], line: &str| assert!(headers.iter().any(|header| header == line), "{line}: {headers:#?}");
        has(&raised, "Auto-Submitted: auto-generated");
        has(&raised, "Message-ID: <rollcall.site.alert-1-1772438400@school.example>");
        has(&raised, "Date: Mon, 02 Mar 2026 08:00:00 +0000");
        let over = headers(&Message { kind: "alert.resolved".into(), id: "site/9".into(), ..hostile() });
        has(&over, "Message-ID: <rollcall.site.9@school.example>");
        has(&over, "References: <rollcall.site.alert-1-1772438400@school.example>");
        has(&over, "In-Reply-To: <rollcall.site.alert-1-1772438400@school.example>");
    }

    #[test]
    fn hostile_text_adds_no_header_no_receiver_and_no_markup() {
        let names: Vec<String> = headers(&hostile()).iter().map(|line| line.split(':').next().unwrap().to_owned()).collect();
        assert!(!names.iter().any(|name| name.eq_ignore_ascii_case("bcc")), "{names:?}");
        let (envelope, _) = write(&address(""), &hostile(), 0).unwrap();
        assert_eq!(envelope.to().len(), 1);
        let html = html(&hostile());
        assert!(!html.contains("<script") && !html.contains("<https:") && html.contains("&lt;script&gt;"), "{html}");
        assert_eq!(html.matches("<a ").count(), 1);
    }

    #[tokio::test]
    async fn a_password_is_not_sent_in_the_clear_even_if_the_record_says_so() {
        let mut to = address("smtp-plain://192.0.2.1:25");
        to.password = Some("hunter2".into());
        let refused = Mail.deliver(&to, &hostile(), 0).await.unwrap_err().to_string();
        assert!(refused.contains("in the clear"), "{refused}");
    }
}
