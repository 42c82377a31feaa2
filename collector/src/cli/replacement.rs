//! `rollcall replacement`: what is near the end of its life, and a requisition for others.

use crate::cli::asset::kinds;
use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{Column, field, number_at, text_at};
use crate::cli::way::Ask;
use clap::Args;
use rollcall_site::money::Money;
use serde_json::{Value, json};

/// What should be replaced: its life is over or ends soon, or its repairs cost half its price.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rollcall replacement                               within the next twelve months
  rollcall replacement --within 2y --room \"Lab 1\"
  rollcall replacement --kind laptop --requisition \"Laptops, summer 2027\"
                                                     a draft with a line for each model; `rollcall order file N plan.pdf`
  rollcall replacement --requisition \"Two PCs\" LAB1-07 LAB1-08")]
pub struct Replacement {
    /// How far ahead: 12mo, 2y
    #[arg(long, value_name = "TIME", value_parser = months, default_value = "12mo")]
    within: u16,
    /// Only those of this room
    #[arg(long, value_name = "ROOM")]
    room: Option<String>,
    /// Only those of this kind
    #[arg(long, value_parser = kinds())]
    kind: Option<String>,
    /// Draft a requisition for others in their place; it is for this
    #[arg(long, value_name = "WHAT FOR")]
    requisition: Option<String>,
    /// Only these, for the requisition; default: all that are found
    #[arg(requires = "requisition", value_name = "TAG")]
    tags: Vec<String>,
}

const COLUMNS: &[Column] = &[
    Column::text("tag", "tag"),
    Column::text("what", "title"),
    Column::text("room", "room"),
    Column::text("bought", "bought").from(90),
    Column::text("life ends", "life_ends"),
    Column::text("warranty", "warranty_until").from(110),
    Column::text("price", "price_words").from(100),
    Column::text("repairs", "repairs_words"),
    Column::text("why", "why"),
];

impl Ask for Replacement {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        let query = [("within", Some(self.within.to_string())), ("room", self.room), ("kind", self.kind)];
        let plan = client.get(&["replacement"], &query).await?;
        let found = field(&plan, "candidates").as_array().cloned().unwrap_or_default();
        if let Some(title) = self.requisition {
            let all: Vec<String> = found.iter().map(|row| text_at(row, "tag")).collect();
            let tags = if self.tags.is_empty() { all } else { self.tags };
            let order = client.post(&["replacement", "requisition"], json!({ "title": title, "tags": tags })).await?;
            let (id, total) = (text_at(&order, "id"), text_at(&order, "total"));
            return Ok(out.said(
                &order,
                &format!("requisition {id}: {} for {total}; print it with `rollcall order file {id} plan.pdf`", text_at(&order, "ordered")),
            ));
        }
        if out.is_json() {
            out.json(&plan);
            return Ok(if found.is_empty() { Exit::Found } else { Exit::Done });
        }
        let unknown = number_at(&plan, "unknown");
        if unknown > 0 {
            out.note(&format!("of {unknown} more it is not known when they were bought: `rollcall asset set TAG --bought DAY`"));
        }
        let rows: Vec<Value> = found.into_iter().map(in_words).collect();
        let exit = out.rows(COLUMNS, &json!(rows), "nothing has to be replaced within that time");
        if !rows.is_empty() {
            out.remark(&format!("{} to be replaced, {} at the prices of these", rows.len(), money(field(&plan, "cost"))));
        }
        Ok(exit)
    }
}

fn in_words(mut row: Value) -> Value {
    let why: Vec<&str> = field(&row, "reasons").as_array().into_iter().flatten().filter_map(Value::as_str).map(reason).collect();
    let usual = if field(&row, "usual_life") == true { " (usual life)" } else { "" };
    let (why, price, repairs) = (format!("{}{usual}", why.join(", ")), money(field(&row, "price")), money(field(&row, "repairs")));
    if let Some(fields) = row.as_object_mut() {
        fields.extend([
            ("why".to_owned(), why.into()),
            ("price_words".to_owned(), price.into()),
            ("repairs_words".to_owned(), repairs.into()),
        ]);
    }
    row
}

fn reason(word: &str) -> &'static str {
    match word {
        "life-over" => "its life is over",
        "life-ends" => "its life ends soon",
        _ => "repairs cost half its price",
    }
}

/// An amount that the collector gives in hundredths; nothing for none.
fn money(value: &Value) -> String {
    value.as_u64().filter(|cents| *cents > 0).map(|cents| Money(cents).to_string()).unwrap_or_default()
}

/// "12mo", "2y", "18".
fn months(text: &str) -> Result<u16, String> {
    let plain = text.trim().to_ascii_lowercase();
    let digits = plain.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match plain.strip_prefix(digits).unwrap_or_default() {
        "" | "m" | "mo" | "month" | "months" => 1,
        "y" | "year" | "years" => 12,
        _ => return Err("write months or years: 12mo, 2y".to_owned()),
    };
    let number: u16 = digits.trim().parse().map_err(|_| "write months or years: 12mo, 2y".to_owned())?;
    number.checked_mul(unit).filter(|months| *months <= 600).ok_or_else(|| "at most 50 years ahead".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_ahead_is_in_months_or_years() {
        for (text, want) in
            [("12mo", Some(12)), ("2y", Some(24)), (" 18 ", Some(18)), ("0", Some(0)), ("2w", None), ("", None), ("99y", None)]
        {
            assert_eq!(months(text).ok(), want, "{text:?}");
        }
    }
}
