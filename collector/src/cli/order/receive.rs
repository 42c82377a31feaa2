//! `rollcall order receive`: what came gets its label, one by one or scan after scan.

use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{field, number_at, text_at};
use clap::Args;
use serde_json::{Value, json};
use std::io::BufRead;

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
    /// Read serial and label in turn, line by line; an empty line is no serial
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
        let mut lines = std::io::stdin().lock().lines();
        let (mut all, mut refused) = (Vec::new(), 0);
        while let Some(serial) = next(&mut lines, out, "serial")? {
            let Some(tag) = next(&mut lines, out, "label")? else { break };
            match self.one(client, &tag, &serial).await {
                Ok(received) => {
                    if !out.is_json() {
                        out.print(&words(&received));
                    }
                    all.push(received);
                }
                Err(failure @ Failure::Unreachable(_)) => return Err(failure),
                Err(failure) => {
                    refused += 1;
                    out.note(&format!("NOT RECEIVED: {tag}: {failure}"));
                }
            }
        }
        if out.is_json() {
            out.json(&json!({ "received": all, "refused": refused }));
        }
        Ok(if refused == 0 { Exit::Done } else { Exit::Found })
    }
}

/// The next line, trimmed; `None` at the end.
fn next(lines: &mut impl Iterator<Item = std::io::Result<String>>, out: &Out, what: &str) -> Result<Option<String>, Failure> {
    if out.terminal.is_some() {
        drop(std::io::Write::write_all(&mut std::io::stderr(), format!("{what}: ").as_bytes()));
    }
    let line = lines.next().transpose().map_err(|error| Failure::here("standard input", &error))?;
    Ok(line.map(|line| line.trim().to_owned()))
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
