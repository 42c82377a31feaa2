//! `rollcall asset tag`: labels go on a pile, one scan after the other; from a scanner, a keyboard or a file.

use super::facts::Facts;
use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::scans::{Labels, Scans};
use crate::cli::table::text_at;
use clap::Args;
use reqwest::Method;
use serde_json::{Value, json};

/// Put labels on a pile: what they all are is said once, then each scan of a label adds the next one.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rollcall asset tag --kind projector --maker Epson --model EB-X49 --room \"Store\"
                                     scan label after label; each one is the next projector
  rollcall asset tag --serials --kind laptop --room \"Cart 2\"
                                     scan the serial, then the label; a serial that is known already
                                     (ordered, or enrolled without a label) gets the label
  rollcall asset tag --serials < scans.txt

A line \"undo\" takes the last one back, an empty one leaves the serial out, \"done\" or the end of the file ends it.")]
pub(super) struct Pile {
    /// Scan the serial number of each before its label
    #[arg(long)]
    serials: bool,
    #[command(flatten)]
    facts: Facts,
}

/// One that has its label.
#[derive(Debug)]
struct Labelled {
    tag: String,
    /// The tag that it had before; `None`: it was added.
    before: Option<String>,
}

/// A pile that is being labelled.
struct Labelling<'a> {
    client: &'a Client,
    facts: &'a Facts,
    done: Vec<Labelled>,
}

impl Pile {
    /// Reads scans until they end.
    pub(super) async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        let mut labelling = Labelling { client, facts: &self.facts, done: Vec::new() };
        let taken = if self.serials { Scans::with_serials() } else { Scans::default() }.take(out, &mut labelling, "NOT DONE").await;
        let tags: Vec<&str> = labelling.done.iter().map(|one| one.tag.as_str()).collect();
        let refused = taken.refused;
        taken.end(out, &json!({ "labelled": tags, "refused": refused }), &format!("{} labelled, {refused} not done", tags.len()))
    }
}

impl Labels for Labelling<'_> {
    /// Puts a label on what has this serial, or on a new one.
    async fn label(&mut self, tag: &str, serial: Option<String>) -> Result<String, Failure> {
        if let Some(serial) = &serial
            && let Some(known) = with_serial(self.client, serial).await?
        {
            let before = text_at(&known, "tag");
            let asset = self.client.send(Method::PATCH, &["assets", &before], json!({ "tag": tag })).await?;
            let (tag, title) = (text_at(&asset, "tag"), title(&asset));
            let words = format!("{tag}  {title}, which was {before}");
            self.done.push(Labelled { tag, before: Some(before) });
            return Ok(words);
        }
        let mut body = self.facts.with("tag", tag.to_owned());
        if let (Some(serial), Some(fields)) = (&serial, body.as_object_mut()) {
            fields.insert("serial".to_owned(), serial.as_str().into());
        }
        let asset = self.client.post(&["assets"], body).await?;
        let words = format!(
            "{}  {}{}",
            text_at(&asset, "tag"),
            title(&asset),
            serial.map_or_else(String::new, |serial| format!(", serial {serial}"))
        );
        self.done.push(Labelled { tag: text_at(&asset, "tag"), before: None });
        Ok(words)
    }

    async fn undo(&mut self) -> Result<Option<String>, Failure> {
        let Some(last) = self.done.last() else { return Ok(None) };
        match &last.before {
            Some(before) => self.client.send(Method::PATCH, &["assets", &last.tag], json!({ "tag": before })).await?,
            None => self.client.post(&["assets", &last.tag, "take-back"], json!({})).await?,
        };
        Ok(self.done.pop().map(|last| last.tag))
    }
}

/// The one asset with this serial; several are left to people.
async fn with_serial(client: &Client, serial: &str) -> Result<Option<Value>, Failure> {
    let rows = client.get(&["assets"], &[("search", Some(serial.to_owned()))]).await?;
    let same = |row: &&Value| text_at(row, "serial").eq_ignore_ascii_case(serial);
    let found: Vec<&Value> = rows.as_array().into_iter().flatten().filter(same).collect();
    match found.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some((*one).clone())),
        several => {
            let tags: Vec<String> = several.iter().map(|row| text_at(row, "tag")).collect();
            Err(Failure::Usage(format!("several assets have the serial {serial}: {}", tags.join(", "))))
        }
    }
}

/// What it is, as people say it.
fn title(asset: &Value) -> String {
    let product = rollcall_site::asset::product(&text_at(asset, "maker"), &text_at(asset, "model"));
    if product.is_empty() { text_at(asset, "kind") } else { product }
}
