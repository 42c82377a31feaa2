//! `rollcall ticket show N`: everything about one ticket.

use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{Column, field, number_at, text_at};
use crate::cli::words;
use rollcall_site::money::Money;
use serde_json::Value;

const STORY: &[Column] = &[Column::moment("when", "at"), Column::text("by", "by").from(80), Column::text("what", "text")];
const ALERTS: &[Column] = &[
    Column::text("#", "id"),
    Column::state("severity", "severity"),
    Column::text("what", "title"),
    Column::state("state", "state"),
    Column::moment("since", "since"),
];

/// Shows one.
pub(super) async fn show(client: &Client, out: &Out, id: u64) -> Result<Exit, Failure> {
    let page = client.get(&["tickets", &id.to_string()], &[]).await?;
    if out.is_json() {
        out.json(&page);
        return Ok(Exit::Done);
    }
    out.line(&format!("ticket {id}"), &format!(": {}", text_at(&page, "title")));
    out.facts(&facts(client, &page));
    for (heading, name, columns) in [("Alerts", "alert_rows", ALERTS), ("Story", "story", STORY)] {
        if field(&page, name).as_array().is_some_and(|rows| !rows.is_empty()) {
            out.heading(heading);
            out.rows(columns, field(&page, name), "");
        }
    }
    if let Some(request) = field(&page, "request").as_str() {
        out.heading("To copy");
        out.print(&words::message(request));
    }
    Ok(Exit::Done)
}

fn facts(client: &Client, page: &Value) -> Vec<(&'static str, String)> {
    let (at, when) = (|name| text_at(page, name), |name| client.when(field(page, name)));
    let also = |text: String, beside: String| if beside.is_empty() { text } else { format!("{text}: {beside}") };
    let due = if field(page, "overdue").as_bool() == Some(true) { format!("{}, overdue", when("due")) } else { when("due") };
    let from = |name: &'static str, word: &str| Some(at(name)).filter(|text| !text.is_empty()).map(|text| format!("{text}{word}"));
    let detail = field(page, "detail").as_str().unwrap_or_default().lines().map(|line| ("detail", line.to_owned()));
    let first = [
        ("state", also(at("state").replace('-', " "), at("why"))),
        ("look again", when("look_again")),
        ("priority", at("priority")),
        ("due", due),
        ("whose", at("assignee")),
        ("tier", at("tier")),
        ("category", at("category")),
        ("asset", [from("tag", ""), from("room", "")].into_iter().flatten().collect::<Vec<_>>().join(", ")),
        ("warranty", at("warranty")),
        ("also", at("others")),
        ("person", at("person")),
        ("loan", from("loan.id", "").map_or_else(String::new, |id| format!("{id}, {} to {}", at("loan.tag"), at("loan.person")))),
        ("loaner", from("loaner", "").map_or_else(String::new, |tag| format!("{tag}, {}", at("loaner_place")))),
        ("claim", from("claim.reference", "").map_or_else(String::new, |reference| format!("{} {reference}", at("claim.vendor")))),
        ("opened", format!("{} by {}", when("opened_at"), at("opened_by"))),
    ];
    first.into_iter().chain(detail).chain(elsewhere(page)).chain(costs(page)).collect()
}

fn elsewhere(page: &Value) -> impl Iterator<Item = (&'static str, String)> + '_ {
    let all = field(page, "elsewhere").as_array().into_iter().flatten();
    all.map(|there| ("elsewhere", format!("{} {} {}", text_at(there, "system"), text_at(there, "id"), text_at(there, "url"))))
}

/// Parts, work, and what they cost together.
fn costs(page: &Value) -> Vec<(&'static str, String)> {
    let parts = field(page, "parts").as_array().into_iter().flatten().enumerate();
    let part = |(place, part): (usize, &Value)| {
        let each = Money(number_at(part, "each"));
        ("part", format!("{}. {} × {} at {each}", place + 1, text_at(part, "count"), text_at(part, "name")))
    };
    let labour = Some(number_at(page, "labour_min")).filter(|minutes| *minutes > 0);
    let cost = Some(number_at(page, "cost")).filter(|cost| *cost > 0);
    let labour = labour.map(|minutes| ("work", words::count(minutes, "minute", "minutes")));
    parts.map(part).chain(labour).chain(cost.map(|cost| ("cost", Money(cost).to_string()))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn parts_are_numbered_and_summed() {
        let parts = json!([{ "name": "fan", "count": 2, "each": 1850 }, { "name": "paste", "count": 1, "each": 0 }]);
        let page = json!({ "parts": parts, "labour_min": 1, "cost": 3700 });
        let lines: Vec<String> = costs(&page).into_iter().map(|(name, text)| format!("{name} {text}")).collect();
        assert_eq!(lines, ["part 1. 2 × fan at 18.50", "part 2. 1 × paste at 0.00", "work 1 minute", "cost 37.00"]);
        assert!(costs(&json!({ "parts": [], "labour_min": 0, "cost": 0 })).is_empty());
    }
}
