//! `rollcall order receive`: what came gets its label, one by one or scan after scan.

use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::scans::{Labels, Scans};
use crate::cli::table::{field, number_at, text_at};
use clap::Args;
use serde_json::{Value, json};

/// Receive what came, by the scan of its label.
#[derive(Debug, Args)]
pub(super) struct Receive {
    /// The order
    order: String,
    /// The label that it gets
    #[arg(long, required_unless_present = "scan", conflicts_with = "scan")]
    tag: Option<String>,
    /// Its serial number
    #[arg(long, default_value = "", conflicts_with = "scan")]
    serial: String,
    /// Its line; default: the one that expects the serial, or the only open one
    #[arg(long, value_name = "N")]
    line: Option<u16>,
    /// The room that it goes to, where it is another one than the line says
    #[arg(long)]
    room: Option<String>,
    /// Take a serial that the vendor has not told
    #[arg(long)]
    any_serial: bool,
    /// Read serial and label in turn, line by line; an empty line is no serial, "undo" takes the last one back, "done" ends it
    #[arg(long)]
    scan: bool,
}

impl Receive {
    /// Receives.
    pub(super) async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        match &self.tag {
            Some(tag) => {
                let received = self.one(client, tag, &self.serial).await?;
                Ok(out.said(&received, &words(&received)))
            }
            None => self.scans(client, out).await,
        }
    }

    async fn one(&self, client: &Client, tag: &str, serial: &str) -> Result<Value, Failure> {
        let body = json!({ "tag": tag, "serial": serial, "line": self.line, "room": self.room, "any_serial": self.any_serial });
        client.post(&["orders", &self.order, "receive"], body).await
    }

    async fn scans(&self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        let mut receiving = Receiving { client, receive: self, received: Vec::new() };
        let taken = Scans::with_serials().take(out, &mut receiving, "NOT RECEIVED").await;
        let (all, refused) = (receiving.received, taken.refused);
        let words = format!("{} received, {refused} not", all.len());
        taken.end(out, &json!({ "received": all, "refused": refused }), &words)
    }
}

/// What is received scan after scan.
struct Receiving<'a> {
    client: &'a Client,
    receive: &'a Receive,
    received: Vec<Value>,
}

impl Labels for Receiving<'_> {
    async fn label(&mut self, tag: &str, serial: Option<String>) -> Result<String, Failure> {
        let received = self.receive.one(self.client, tag, serial.as_deref().unwrap_or_default()).await?;
        let words = words(&received);
        self.received.push(received);
        Ok(words)
    }

    async fn undo(&mut self) -> Result<Option<String>, Failure> {
        let Some(last) = self.received.last() else { return Ok(None) };
        let tag = text_at(last, "asset.tag");
        self.client.post(&["assets", &tag, "take-back"], json!({})).await?;
        self.received.pop();
        Ok(Some(tag))
    }
}

fn words(received: &Value) -> String {
    let warranty = Some(text_at(received, "asset.purchase.warranty_until")).filter(|day| !day.is_empty());
    let warranty = warranty.map_or_else(String::new, |day| format!("; warranty until {day}"));
    let left = match (field(received, "complete").as_bool(), number_at(received, "left")) {
        (Some(true), _) => "everything of the order is here".to_owned(),
        (_, 0) => "nothing of the line is left".to_owned(),
        (_, left) => format!("{left} of the line to come"),
    };
    format!("{} received, line {}: {left}{warranty}", text_at(received, "asset.tag"), text_at(received, "line"))
}
