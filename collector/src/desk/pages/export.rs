//! Any list of the interface as a file, CSV or JSON: for spreadsheets and for other systems, with the rights of whoever is signed in.

use crate::asset_file;
use crate::csv_file::of_json;
use crate::desk::api;
use crate::desk::api::part::Whole;
use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::trouble::{Trouble, show as page};
use crate::desk::{Answer, Desk};
use askama::Template;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, RawQuery, State};
use axum::http::{Request, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rollcall_site::access::Role;
use tower::ServiceExt;

/// The lists that can be had: as the interface names each, as people do, and who may have it; in the order of their names.
const LISTS: &[(&str, &str, Role)] = &[
    ("alerts", "Alerts", Role::Viewer),
    ("assets", "Assets", Role::Viewer),
    ("baselines", "Baselines", Role::Viewer),
    ("channels", "Channels", Role::Viewer),
    ("charges", "Charges", Role::Viewer),
    ("devices", "Devices", Role::Viewer),
    ("drift", "Drift of software", Role::Viewer),
    ("events", "Events, the latest", Role::Viewer),
    ("keys", "Keys of the interface", Role::Admin),
    ("loans", "Loans", Role::Viewer),
    ("maintenance", "Maintenance", Role::Viewer),
    ("orders", "Orders", Role::Viewer),
    ("persons", "People", Role::Viewer),
    ("reservations", "Reservations", Role::Viewer),
    ("rooms", "Rooms", Role::Viewer),
    ("routes", "Routes", Role::Viewer),
    ("rules", "Rules", Role::Viewer),
    ("sweeps", "Sweeps", Role::Viewer),
    ("tickets", "Tickets", Role::Viewer),
    ("tokens", "Tokens", Role::Admin),
    ("transfers", "Files that must come", Role::Viewer),
    ("users", "Accounts", Role::Admin),
];
/// The largest list, bytes: 100,000 devices with everything have a quarter of it.
const LARGEST: usize = 256 * 1024 * 1024;

#[derive(Template)]
#[template(path = "export.html")]
struct Lists {
    frame: Frame,
    role: Role,
}

impl Lists {
    fn lists(&self) -> impl Iterator<Item = &'static (&'static str, &'static str, Role)> {
        LISTS.iter().filter(|(_, _, least)| self.role >= *least)
    }
}

/// `GET /export`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor) -> Answer {
    let look = desk.look();
    page(&Lists { frame: Frame::of(&desk, &visitor, &look, Tab::Devices), role: visitor.who.role })
}

/// `GET /export/{list}.csv` and `.json`
pub(in crate::desk) async fn list(
    State(desk): State<Desk>,
    visitor: Visitor,
    Path(file): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer {
    let (list, form) = file.rsplit_once('.').unwrap_or((&file, ""));
    if !LISTS.iter().any(|(name, ..)| *name == list) || !matches!(form, "csv" | "json") {
        let names: Vec<&str> = LISTS.iter().map(|(name, ..)| *name).collect();
        return Err(Trouble::NotFound(format!("There is no such list: there are {} as .csv and .json.", names.join(", "))));
    }
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    let request = Request::get(format!("/api/v1/{list}{query}")).extension(visitor.who.clone()).extension(Whole).body(Body::empty());
    let request = request.map_err(|_| Trouble::NotFound("This is no address of a list.".to_owned()))?;
    let response = match api::on_socket(desk.collector.clone()).oneshot(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    };
    let status = response.status();
    let bytes = to_bytes(response.into_body(), LARGEST).await.map_err(|error| Trouble::Broken(format!("the list {list}: {error}")))?;
    if !status.is_success() {
        return Err(refused(status, &bytes));
    }
    if form == "json" {
        return Ok(attachment(&file, "application/json", bytes.to_vec()));
    }
    let csv = desk.apart(move |_| of_json(&bytes).map_err(|error| Trouble::Broken(format!("a list as CSV: {error}")))).await?;
    Ok(attachment(&file, "text/csv; charset=utf-8", csv))
}

/// `GET /assets/export.csv`: in the form that reads back as the same.
pub(in crate::desk) async fn assets(State(desk): State<Desk>) -> Answer {
    let bytes = desk.apart(|desk| {
        let site = desk.look().site;
        let mut assets: Vec<_> = site.assets.values().cloned().collect();
        assets.sort_by(|a, b| a.tag.cmp(&b.tag));
        Ok(asset_file::write(&site, &assets))
    });
    Ok(attachment("assets.csv", "text/csv; charset=utf-8", bytes.await?))
}

fn attachment(name: &str, kind: &'static str, bytes: Vec<u8>) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    ([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, disposition)], bytes).into_response()
}

fn refused(status: StatusCode, body: &[u8]) -> Trouble {
    let problem: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let detail = problem.get("detail").and_then(|detail| detail.as_str()).unwrap_or("the list could not be made").to_owned();
    match status {
        StatusCode::FORBIDDEN => Trouble::Refused(rollcall_site::Refusal::forbidden(detail)),
        status if status.is_server_error() => Trouble::Broken(detail),
        _ => Trouble::Refused(rollcall_site::Refusal::invalid(detail)),
    }
}
