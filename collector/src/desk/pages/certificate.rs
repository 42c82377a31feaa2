//! The desk's web certificate, guided: what browsers see now, bringing one of the site's own, what to do with the built-in one.

use crate::desk::certificate::{self, Said};
use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::look::Look;
use crate::desk::names::Names;
use crate::desk::session::Notice;
use crate::desk::tls::{self, Shown};
use crate::desk::trouble::{Trouble, chain, show as page};
use crate::desk::{Answer, Desk};
use askama::Template;
use axum::extract::{Form, State};
use axum::http::{HeaderMap, Uri, header};
use axum::response::IntoResponse;
use rollcall_site::Refusal;
use rollcall_site::access::Role;
use serde::Deserialize;

#[derive(Template)]
#[template(path = "certificate.html")]
struct CertificatePage {
    frame: Frame,
    look: Look,
    shown: Shown,
    said: Option<Said>,
    /// SHA-256 of the built-in CA, in pairs.
    fingerprint: String,
    keys: usize,
}

/// A certificate and its key. It has no `Debug`.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Sent {
    chain: String,
    key: String,
}

/// `GET /certificate`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor) -> Answer {
    visitor.must_be(Role::Admin)?;
    let look = desk.look();
    let (settings, secrets) = (&desk.collector.settings, &desk.collector.secrets);
    let shown = tls::shown(settings, secrets).map_err(|error| Trouble::Broken(chain(&error)))?;
    let fingerprint = tls::ca(secrets).map(|ca| pairs(&crate::desk::keys::fingerprint(&ca.0))).unwrap_or_default();
    page(&CertificatePage {
        frame: Frame::of(&desk, &visitor, &look, Tab::Settings),
        said: certificate::first(shown.chain()).ok().filter(|said| !said.names.is_empty()),
        shown,
        fingerprint,
        keys: look.site.keys.len(),
        look,
    })
}

/// `GET /certificate/ca.crt`: the built-in CA, for browsers to trust. It is no secret.
pub(in crate::desk) async fn ca(State(desk): State<Desk>, _visitor: Visitor) -> Answer {
    let ca = tls::ca(&desk.collector.secrets).ok_or_else(|| Trouble::NotFound("This desk has no CA of its own yet.".to_owned()))?;
    let head =
        [(header::CONTENT_TYPE, "application/x-x509-ca-cert"), (header::CONTENT_DISPOSITION, "attachment; filename=\"rollcall-ca.crt\"")];
    Ok((head, ca.1).into_response())
}

/// `POST /certificate`
pub(in crate::desk) async fn bring(
    State(desk): State<Desk>,
    visitor: Visitor,
    headers: HeaderMap,
    uri: Uri,
    Form(sent): Form<Sent>,
) -> Answer {
    visitor.must_be(Role::Admin)?;
    let outcome = brought(&desk, &visitor, &opened_as(&headers, &uri), &sent).await;
    desk.then(&visitor, outcome, "/certificate")
}

async fn brought(desk: &Desk, visitor: &Visitor, opened_as: &str, sent: &Sent) -> Result<Notice, Trouble> {
    let settings = &desk.collector.settings;
    let now = desk.collector.keeper.clock().now();
    let usable = certificate::check(&sent.chain, &sent.key, &Names::of(settings), opened_as, now).map_err(Refusal::invalid)?;
    tls::bring(&desk.collector.secrets, settings, &sent.chain, &sent.key).map_err(|error| match error {
        tls::TlsError::Files => Trouble::Refused(Refusal::conflict("The certificate lies in files of the data folder (desk.crt, desk.key). Whoever put them there replaces them, or takes them away first.")),
        error => Trouble::Broken(chain(&error)),
    })?;
    let text = format!(
        "The desk has a web certificate of its own, for {}, until {}",
        usable.said.names.join(", "),
        usable.said.until.strftime("%F")
    );
    desk.change(visitor, move |w| {
        w.event("certificate.set", text);
        Ok(())
    })
    .await?;
    desk.renew.notify_one();
    let more = usable.warnings.iter().map(|warning| format!(" {warning}")).collect::<String>();
    let notice = Notice::done(format!(
        "The certificate fits and is used from now on. Open this page anew: the browser should no longer warn.{more}"
    ));
    Ok(if usable.warnings.is_empty() { notice } else { Notice { tone: "check", ..notice } })
}

/// `POST /certificate/remove`
pub(in crate::desk) async fn remove(State(desk): State<Desk>, visitor: Visitor) -> Answer {
    visitor.must_be(Role::Admin)?;
    tls::forget(&desk.collector.secrets).map_err(|error| Trouble::Broken(chain(&error)))?;
    let noted = desk.change(&visitor, |w| {
        w.event("certificate.removed", "The desk’s own web certificate was taken away; the built-in one is used");
        Ok(())
    });
    let outcome = noted.await.map(|()| Notice::done("The built-in certificate is used again.")).map_err(Trouble::from);
    desk.renew.notify_one();
    desk.then(&visitor, outcome, "/certificate")
}

/// The host by which the page was opened, without its port.
fn opened_as(headers: &HeaderMap, uri: &Uri) -> String {
    let host = uri.host().map(str::to_owned).or_else(|| {
        let host = headers.get(header::HOST)?.to_str().ok()?;
        host.parse::<axum::http::uri::Authority>().ok().map(|authority| authority.host().to_owned())
    });
    host.unwrap_or_default()
}

fn pairs(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":")
}
