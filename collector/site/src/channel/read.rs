//! Reads what is said of a channel: its kind and address, and what of them is a secret.

use super::{Mail, follows};
use crate::Refusal;
use serde::Deserialize;

/// The kinds that speak HTTP: their whole address is a secret, since whoever knows it may post.
const HOOKS: &[&str] = &["google-chat", "slack", "teams", "webhook"];

/// The other ways to write an address: how it begins, the kind, and the usual port.
const SCHEMES: &[(&str, &str, u16)] = &[
    ("smtp", "mail", 587),
    ("smtp-plain", "mail", 25),
    ("smtps", "mail", 465),
    ("syslog+tcp", "syslog", 601),
    ("syslog+tls", "syslog", 6514),
    ("syslog+udp", "syslog", 514),
];

/// What is said of a channel. It holds secrets, so it is never written out.
#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct ChannelFacts {
    /// Its kind; absent: what the address says.
    pub kind: Option<String>,
    /// Its address.
    pub url: String,
    /// Mail: the sender's address.
    pub from: String,
    /// Mail: the receivers' addresses.
    pub to: Vec<String>,
    /// Mail: the name that the server knows.
    pub user: String,
    /// Mail: the password of that name.
    pub password: String,
    /// Certificates of the authorities to trust, PEM; empty: those of the system.
    pub ca: String,
    /// Webhook: the events to follow beside alerts: "loan.out", "ticket.*", "*".
    pub follows: Vec<String>,
}

/// A channel that may be set, and what is to be sealed of it.
#[derive(Clone)]
pub struct Checked {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: &'static str,
    /// Its address as everybody may see it.
    pub shown: String,
    /// What belongs to mail alone.
    pub mail: Option<Mail>,
    /// Certificates to trust, PEM.
    pub ca: String,
    /// The events that a webhook follows beside alerts.
    pub follows: Vec<String>,
    /// The whole address, where it is a secret.
    pub secret_address: Option<String>,
    /// The password, where there is one.
    pub password: Option<String>,
}

/// Reads what is said of the channel `name`.
///
/// # Errors
/// What does not fit, and what would.
pub fn check(name: &str, facts: &ChannelFacts) -> Result<Checked, Refusal> {
    check_name("channel", name)?;
    let (scheme, rest) = facts.url.split_once("://").unwrap_or(("", &facts.url));
    let mut checked = match SCHEMES.iter().find(|(known, _, _)| *known == scheme) {
        Some((_, kind, port)) => server(name, kind, scheme, rest, *port)?,
        None => hook(name, facts)?,
    };
    if facts.kind.as_deref().is_some_and(|kind| kind != checked.kind) {
        let text =
            format!("{scheme}:// is an address of {}, not of {:?}", checked.kind, shortened(facts.kind.as_deref().unwrap_or_default()));
        return Err(Refusal::invalid(text));
    }
    checked.ca = authorities(&facts.ca, scheme)?;
    if !facts.follows.is_empty() && checked.kind != "webhook" {
        return Err(Refusal::invalid("a webhook alone follows events beside alerts: people get alerts, programs get the rest"));
    }
    checked.follows = follows::read(&facts.follows)?;
    if checked.kind == "mail" {
        checked.mail = Some(mail(facts)?);
        checked.password = Some(facts.password.clone()).filter(|password| !password.is_empty());
        login(facts, scheme, rest)?;
    } else if !(facts.from.is_empty() && facts.to.is_empty() && facts.user.is_empty() && facts.password.is_empty()) {
        return Err(Refusal::invalid("from, to, user and password belong to mail; its address begins with smtp:// or smtps://"));
    }
    Ok(checked)
}

/// Whether a text may name a channel or a route.
///
/// # Errors
/// What it must look like.
pub fn check_name(what: &str, name: &str) -> Result<(), Refusal> {
    let fits = (1..=40).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if fits && !name.starts_with('-') {
        return Ok(());
    }
    Err(Refusal::invalid(format!("{:?} is no name of a {what}: 1 to 40 of a-z, 0-9 and -, as in \"mail-office\"", shortened(name))))
}

/// A channel that posts to a web address.
fn hook(name: &str, facts: &ChannelFacts) -> Result<Checked, Refusal> {
    let url = facts.url.as_str();
    let here = ["http://127.0.0.1", "http://localhost", "http://[::1]"];
    let local = here.iter().any(|host| url.strip_prefix(host).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/'])));
    let plain = url.len() <= 2_000 && !url.contains(|c: char| c.is_whitespace() || c.is_control()) && !url.contains('@');
    let named = |url: &str| url.strip_prefix("https://").is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', '?', '#']));
    if !plain || !(local || named(url)) {
        return Err(Refusal::invalid(format!(
            "{:?} can't be a channel's address: it begins with https:// (or http:// on this machine), smtp://, smtps://, syslog+tls://, \
             syslog+tcp:// or syslog+udp://, and carries no password",
            origin(url)
        )));
    }
    let wanted = facts.kind.as_deref().unwrap_or("webhook");
    let kind = HOOKS.iter().find(|kind| **kind == wanted).ok_or_else(|| {
        Refusal::invalid(format!(
            "{:?} is no kind of channel that posts to a web address; there are {}",
            shortened(wanted),
            HOOKS.join(", ")
        ))
    })?;
    let checked = Checked { secret_address: Some(url.to_owned()), ..plain_channel(name, kind, origin(url)) };
    Ok(checked)
}

/// A channel that talks to a server: host and port, and nothing else.
fn server(name: &str, kind: &'static str, scheme: &str, rest: &str, port: u16) -> Result<Checked, Refusal> {
    let (host, port) = host_and_port(rest, port).ok_or_else(|| {
        let text =
            format!("{scheme}://{:?} can't be a channel's address: write it as {scheme}://host.school.example:{port}", shortened(rest));
        Refusal::invalid(text)
    })?;
    Ok(plain_channel(name, kind, format!("{scheme}://{host}:{port}")))
}

fn plain_channel(name: &str, kind: &'static str, shown: String) -> Checked {
    Checked { name: name.to_owned(), kind, shown, mail: None, ca: String::new(), follows: Vec::new(), secret_address: None, password: None }
}

/// "host", "host:port", "[v6]:port".
pub(crate) fn host_and_port(text: &str, usual: u16) -> Option<(&str, u16)> {
    let text = text.strip_suffix('/').unwrap_or(text);
    let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((inside, after)) if inside.parse::<core::net::Ipv6Addr>().is_ok() => (text.get(..inside.len() + 2)?, after.strip_prefix(':')),
        Some(_) => return None,
        None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    let name = |host: &str| (1..=253).contains(&host.len()) && host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b));
    let port = port.map_or(Some(usual), |port| port.parse().ok().filter(|port| *port > 0))?;
    (host.starts_with('[') || name(host)).then_some((host, port))
}

/// Scheme and host of a web address; what follows may be a secret.
fn origin(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // A password may stand before an "@".
    let host = host.rsplit('@').next().unwrap_or_default();
    let more = if rest.len() > host.len() { "/…" } else { "" };
    let scheme = if scheme.is_empty() { String::new() } else { format!("{}://", shortened(scheme)) };
    format!("{scheme}{}{more}", shortened(host))
}

fn authorities(ca: &str, scheme: &str) -> Result<String, Refusal> {
    const MOST: usize = 64 * 1024; // some dozens of certificates
    if ca.is_empty() {
        return Ok(String::new());
    }
    if matches!(scheme, "http" | "smtp-plain" | "syslog+tcp" | "syslog+udp") {
        return Err(Refusal::invalid(format!("{scheme}:// uses no TLS: leave the CA out, or take another address")));
    }
    if ca.len() > MOST || !ca.contains("-----BEGIN CERTIFICATE-----") {
        return Err(Refusal::invalid(
            "the CA is no file of certificates: it is PEM, with lines -----BEGIN CERTIFICATE-----, and at most 64 KB",
        ));
    }
    Ok(ca.to_owned())
}

fn mail(facts: &ChannelFacts) -> Result<Mail, Refusal> {
    const MOST: usize = 20; // a list of the mail server is the better place for more
    if facts.to.is_empty() || facts.to.len() > MOST {
        return Err(Refusal::invalid(format!("mail goes to 1 to {MOST} addresses: name them, as in `--to office@school.example`")));
    }
    for address in facts.to.iter().chain([&facts.from]) {
        if !is_mail_address(address) {
            return Err(Refusal::invalid(format!("{:?} is no mail address such as office@school.example", shortened(address))));
        }
    }
    Ok(Mail { from: facts.from.clone(), to: facts.to.clone(), user: facts.user.clone() })
}

/// A plain address: it can do nothing to a header or to a command of SMTP.
fn is_mail_address(text: &str) -> bool {
    let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~.-".contains(&b));
    let domain = |part: &str| {
        plain(part) && part.split('.').all(|label| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'))
    };
    text.len() <= 254 && text.split_once('@').is_some_and(|(local, host)| plain(local) && local.len() <= 64 && domain(host))
}

/// A password goes over TLS, or stays on this machine.
fn login(facts: &ChannelFacts, scheme: &str, rest: &str) -> Result<(), Refusal> {
    let short = |text: &str| text.len() <= 500 && !text.chars().any(char::is_control);
    if !short(&facts.user) || !short(&facts.password) || facts.user.is_empty() != facts.password.is_empty() {
        return Err(Refusal::invalid("a login is a user and a password of one line each, or neither"));
    }
    if scheme == "smtp-plain" && !facts.password.is_empty() && !is_here(rest) {
        return Err(Refusal::invalid("the password would cross the network in the clear: use smtp:// (STARTTLS) or smtps://, or no login"));
    }
    Ok(())
}

/// Whether an address of host and port is of this machine.
pub(crate) fn is_here(rest: &str) -> bool {
    let host = host_and_port(rest, 1).map_or("", |(host, _)| host);
    host == "localhost" || host.trim_matches(['[', ']']).parse().is_ok_and(|address: core::net::IpAddr| address.is_loopback())
}

/// The first characters of a text that somebody gave.
pub(crate) fn shortened(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(url: &str) -> ChannelFacts {
        let mail = url.starts_with("smtp");
        let address = if mail { "rollcall@school.example" } else { "" };
        ChannelFacts {
            url: url.into(),
            from: address.into(),
            to: if mail { vec!["it@school.example".into()] } else { vec![] },
            ..Default::default()
        }
    }

    fn read(facts: &ChannelFacts) -> Result<String, String> {
        check("one", facts).map(|checked| format!("{} {}", checked.kind, checked.shown)).map_err(|refusal| refusal.text)
    }

    #[test]
    fn an_address_says_the_kind_and_hides_what_may_be_secret() {
        let check = |url: &str, want: &str| assert_eq!(read(&facts(url)).as_deref(), Ok(want));
        check("https://hooks.example/T0/B0/xyz", "webhook https://hooks.example/…");
        check("https://school.example", "webhook https://school.example");
        check("http://127.0.0.1:8080/alerts?key=1", "webhook http://127.0.0.1:8080/…");
        check("smtp://mail.school.example", "mail smtp://mail.school.example:587");
        check("smtps://[2001:db8::1]:4650/", "mail smtps://[2001:db8::1]:4650");
        check("smtp-plain://localhost", "mail smtp-plain://localhost:25");
        check("syslog+tls://log.school.example", "syslog syslog+tls://log.school.example:6514");
    }

    #[test]
    fn what_can_be_no_address_is_refused_without_its_secret() {
        for url in [
            "",
            "nonsense",
            "http://school.example/x",
            "https://",
            "https:///x",
            "ftp://a",
            "https://me:secret1@a.example/",
            "https://a b/secret1",
        ] {
            let refused = read(&facts(url)).unwrap_err();
            assert!(refused.contains("can't be a channel's address") && !refused.contains("secret1"), "{url}: {refused}");
        }
        for url in [
            "smtp://",
            "smtp://a b",
            "smtp://a:0",
            "smtp://a:99999",
            "smtp://me@a",
            "smtp://a/x",
            "smtp://[::1",
            "smtp://[x]:1",
            "syslog+udp://a\r\nb",
        ] {
            assert!(read(&facts(url)).unwrap_err().contains("can't be a channel's address"), "{url}");
        }
        let of = |kind: &str, url: &str| read(&ChannelFacts { kind: Some(kind.into()), ..facts(url) });
        assert_eq!(of("slack", "https://a.example/x").as_deref(), Ok("slack https://a.example/…"));
        assert!(of("pager", "https://a.example/x").unwrap_err().contains("there are google-chat, slack, teams, webhook"));
        assert!(of("slack", "smtp://a.example").unwrap_err().contains("is an address of mail"));
    }

    #[test]
    fn a_password_never_crosses_the_network_in_the_clear() {
        let with = |url: &str| read(&ChannelFacts { user: "u".into(), password: "p".into(), ..facts(url) });
        for good in [
            "smtp://mail.example",
            "smtps://mail.example",
            "smtp-plain://localhost:2525",
            "smtp-plain://127.0.0.1",
            "smtp-plain://[::1]:25",
        ] {
            assert!(with(good).is_ok(), "{good}: {:?}", with(good));
        }
        for bad in ["smtp-plain://mail.example", "smtp-plain://127.0.0.1.example", "smtp-plain://localhost.example"] {
            assert!(with(bad).unwrap_err().contains("in the clear"), "{bad}");
        }
        assert!(read(&facts("smtp-plain://relay.example")).is_ok(), "without a login");
    }

    #[test]
    fn mail_wants_addresses_that_do_nothing_else() {
        let to = |address: &str| read(&ChannelFacts { to: vec![address.into()], ..facts("smtp://a.example") });
        assert!(to("o'brien+it@school.example").is_ok());
        for bad in
            ["", "it", "@a", "it@", "a@b@c", "it@school.example\r\nRCPT TO:<x@y>", "<it@a.example>", "it@a..example", "it @a.example"]
        {
            assert!(to(bad).unwrap_err().contains("is no mail address"), "{bad}");
        }
        assert!(read(&ChannelFacts { to: vec![], ..facts("smtp://a") }).unwrap_err().contains("1 to 20 addresses"));
        assert!(read(&ChannelFacts { user: "u".into(), ..facts("smtp://a") }).unwrap_err().contains("a login is"));
        assert!(read(&ChannelFacts { password: "p".into(), ..facts("https://a.example") }).unwrap_err().contains("belong to mail"));
        assert!(read(&ChannelFacts { ca: "x".into(), ..facts("smtp://a") }).unwrap_err().contains("no file of certificates"));
        assert!(read(&ChannelFacts { ca: "x".into(), ..facts("syslog+udp://a") }).unwrap_err().contains("uses no TLS"));
    }

    #[test]
    fn names_are_plain() {
        let named = |name: &str| check(name, &facts("https://a.example")).is_ok();
        assert!(named("mail-office") && named("webhook"));
        for bad in ["", "-a", "Mail", "a.b", "a/b", "a b", "é", &"a".repeat(41)] {
            assert!(!named(bad), "{bad}");
        }
    }
}
