//! What is said of loans in a sentence.

use super::is_some;
use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{field, number_at, text_at};
use rollcall_site::money::Money;
use serde_json::{Value, json};

/// Who borrows, by name and id.
pub(super) fn borrower(row: &Value) -> String {
    let name = text_at(row, "person_name");
    if name.is_empty() { text_at(row, "person") } else { format!("{name} ({})", text_at(row, "person")) }
}

/// When it is due.
pub(super) fn due_words(row: &Value, client: &Client) -> String {
    let due = client.when(field(row, "due"));
    if due.is_empty() { ", without a date".to_owned() } else { format!(", due {due}") }
}

/// What leaves with it.
pub(super) fn along(row: &Value) -> String {
    let named = |name: &str| field(row, name).as_array().cloned().unwrap_or_default();
    let all: Vec<String> = [named("accessories"), named("parts")].concat().iter().filter_map(Value::as_str).map(str::to_owned).collect();
    if all.is_empty() { String::new() } else { format!(", with {}", all.join(", ")) }
}

/// What is proposed for something that came back.
pub(super) fn proposed(out: &Out, row: &Value) {
    if out.is_json() {
        return;
    }
    for charge in field(row, "charges").as_array().into_iter().flatten() {
        let (id, amount) = (number_at(charge, "id"), Money(number_at(charge, "amount")));
        out.print(&format!("proposed: charge {id} of {amount}: {}; `rollcall charge confirm {id}`", text_at(charge, "why")));
    }
    for ticket in field(row, "tickets").as_array().into_iter().flatten().filter_map(Value::as_u64) {
        out.print(&format!("proposed: ticket {ticket}; `rollcall ticket show {ticket}`"));
    }
}

/// Something is lost or stolen.
pub(super) async fn gone(client: &Client, out: &Out, body: Value) -> Result<Exit, Failure> {
    let gone = client.post(&["loans", "lost"], body).await?;
    let loan = field(&gone, "loan");
    let from = if is_some(&gone, "loan") { format!(", lent to {}", borrower(loan)) } else { String::new() };
    let exit = out.said(&gone, &format!("{} is {}{from}; it is told when it reports in", text_at(&gone, "tag"), text_at(&gone, "status")));
    if !out.is_json() {
        for charge in field(&gone, "charges").as_array().into_iter().flatten().filter_map(Value::as_u64) {
            out.print(&format!(
                "proposed: charge {charge}; `rollcall charge list` shows it, `rollcall charge confirm {charge}` makes it owed"
            ));
        }
    }
    Ok(exit)
}

/// Who is reminded.
pub(super) async fn remind(client: &Client, out: &Out, now: bool) -> Result<Exit, Failure> {
    let state = client.get(&["loans", "remind"], &[]).await?;
    if !is_some(&state, "channel") {
        let words = "nobody is reminded: name a channel of kind mail with `rollcall loan policy set --remind-by CHANNEL`";
        out.said(&state, words);
        return Ok(Exit::Found);
    }
    let list = |name: &str| -> Vec<String> {
        field(&state, name).as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
    };
    if now {
        let round = client.post(&["loans", "remind"], json!({})).await?;
        let at = |name| number_at(&round, name);
        let words = format!("{} written to, {} wait for the mail server, {} refused by it", at("sent"), at("waiting"), at("refused"));
        return Ok(out.said(&round, &words));
    }
    let (due, without) = (list("due"), list("without_address"));
    let when = if field(&state, "open").as_bool() == Some(true) { "" } else { "; mails go out on school days, within the policy's hours" };
    let mut words = format!("{} to be written to now{when}", due.len());
    if !without.is_empty() {
        words.push_str(&format!("; overdue and without an address: {}", without.join(", ")));
    }
    Ok(out.said(&state, &words))
}
