//! `rollcall asset show`: everything that is known of one asset, or its history.

use crate::cli::client::Client;
use crate::cli::device_page::timeline;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{field, text, text_at};
use rollcall_site::money::Money;
use serde_json::Value;

/// Shows one.
pub(super) async fn show(client: &Client, out: &Out, tag: &str, history: Option<u32>) -> Result<Exit, Failure> {
    let row = client.get(&["assets", tag], &[]).await?;
    let now = text_at(&row, "tag");
    if let Some(limit) = history {
        let events = client.get(&["devices", &now, "history"], &[("limit", Some(limit.to_string()))]).await?;
        if out.is_json() {
            out.json(&events);
        } else {
            hint(out, &row, tag);
            timeline(out, &events);
        }
        return Ok(Exit::Done);
    }
    if out.is_json() {
        out.json(&row);
        return Ok(Exit::Done);
    }
    hint(out, &row, tag);
    out.facts(&facts(&row, client));
    Ok(Exit::Done)
}

/// Says so when it was found by an earlier tag.
fn hint(out: &Out, row: &Value, asked: &str) {
    let former = field(row, "details.tags_before").as_array().into_iter().flatten();
    if former.into_iter().any(|former| text_at(former, "tag").eq_ignore_ascii_case(asked.trim()))
        && !text_at(row, "tag").eq_ignore_ascii_case(asked)
    {
        out.note(&format!("{} was tagged anew: it is {} now; take the old label off", asked.trim().to_uppercase(), text_at(row, "tag")));
    }
}

fn facts(row: &Value, client: &Client) -> Vec<(String, String)> {
    let names =
        ["tag", "kind", "name", "maker", "model", "serial", "room", "seat", "status", "presence", "on_loan_to", "device", "accessories"];
    let mut facts: Vec<(String, String)> = names.into_iter().map(|name| (name.replace('_', " "), text_at(row, name))).collect();
    let purchase = field(row, "purchase");
    for name in ["vendor", "funding", "price", "bought", "warranty_until", "life_months"] {
        let value = match name {
            "price" => field(purchase, name).as_u64().map(|cents| Money(cents).to_string()).unwrap_or_default(),
            _ => text_at(purchase, name),
        };
        facts.push((name.replace('_', " "), value));
    }
    if !field(purchase, "order").is_null() {
        facts
            .push(("came by".to_owned(), format!("order #{}, line {}", text_at(purchase, "order.order"), text_at(purchase, "order.line"))));
    }
    let details = field(row, "details");
    for (name, value) in field(details, "custom").as_object().into_iter().flatten() {
        facts.push((name.clone(), text(value)));
    }
    let disposal = field(details, "disposal");
    for name in ["method", "on", "wiped", "note", "by"] {
        facts.push((format!("disposed: {name}"), text_at(disposal, name)));
    }
    for former in field(details, "tags_before").as_array().into_iter().flatten() {
        facts.push(("tag before".to_owned(), format!("{}, until {}", text_at(former, "tag"), client.when(field(former, "until")))));
    }
    if !field(details, "tag_wanted").is_null() {
        facts.push(("label".to_owned(), "is asked for: its tag was made of its host name".to_owned()));
    }
    facts.push(("notes".to_owned(), text_at(details, "notes")));
    facts.push(("id".to_owned(), text_at(row, "id")));
    facts
}
