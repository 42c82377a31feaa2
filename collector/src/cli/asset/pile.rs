//! `rollcall asset tag`: labels go on a pile, one scan after the other; from a scanner, a keyboard or a file.

use super::facts::Facts;
use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::text_at;
use clap::Args;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::BufRead;

/// Longest line that is taken for a scan, characters.
const LONGEST: usize = 200;

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

/// What a line means.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// Nothing.
    Nothing,
    /// The serial of the next one is known, or that it has none.
    Serial,
    /// This label goes on the next one.
    Label { tag: String, serial: Option<String> },
    /// The last one is taken back.
    Undo,
    /// It is over.
    Done,
    /// The line can't be meant.
    Odd(&'static str),
}

/// What is being scanned.
#[derive(Debug, Default)]
struct Scans {
    /// Whether serials are scanned.
    serials: bool,
    /// The serial that was scanned, and whose label comes next.
    serial: Option<Option<String>>,
}

impl Scans {
    /// Reads the next line.
    fn step(&mut self, line: &str) -> Step {
        let line = line.trim();
        if line.chars().count() > LONGEST || line.chars().any(char::is_control) {
            return Step::Odd("that is no scan");
        }
        match (line.to_ascii_lowercase().as_str(), self.serials, self.serial.take()) {
            ("done", ..) => Step::Done,
            ("undo", _, Some(_)) => Step::Odd("the serial is forgotten: scan it again"),
            ("undo", ..) => Step::Undo,
            ("", true, None) => {
                self.serial = Some(None);
                Step::Serial
            }
            ("", _, serial) => {
                self.serial = serial;
                Step::Nothing
            }
            (_, true, None) => {
                self.serial = Some(Some(line.to_owned()));
                Step::Serial
            }
            (_, _, Some(Some(serial))) if serial.eq_ignore_ascii_case(line) => {
                self.serial = Some(Some(serial));
                Step::Odd("that is the serial again: scan the label")
            }
            (_, _, serial) => Step::Label { tag: line.to_owned(), serial: serial.flatten() },
        }
    }

    fn wants(&self) -> &'static str {
        if self.serials && self.serial.is_none() { "serial" } else { "label" }
    }
}

/// One that has its label.
#[derive(Debug)]
struct Labelled {
    tag: String,
    /// The tag that it had before; `None`: it was added.
    before: Option<String>,
}

impl Pile {
    /// Reads scans until they end.
    pub(super) async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        let mut scans = Scans { serials: self.serials, serial: None };
        let (mut done, mut refused): (Vec<Labelled>, usize) = (Vec::new(), 0);
        ask(out, &scans);
        for line in std::io::stdin().lock().lines() {
            let line = line.map_err(|error| Failure::here("standard input", &error))?;
            let said = match scans.step(&line) {
                Step::Done => break,
                Step::Nothing | Step::Serial => Ok(None),
                Step::Odd(why) => Err(Failure::Usage(why.to_owned())),
                Step::Undo => undo(client, &mut done).await.map(Some),
                Step::Label { tag, serial } => self.label(client, &tag, serial, &mut done).await.map(Some),
            };
            match said {
                Ok(Some(words)) => tell(out, "\u{7}", &words),
                Ok(None) => {}
                Err(failure @ Failure::Unreachable(_)) => return Err(failure),
                Err(failure) => {
                    refused += 1;
                    tell(out, "\u{7}\u{7}\u{7}", &format!("NOT DONE: {failure}"));
                }
            }
            ask(out, &scans);
        }
        let tags: Vec<&str> = done.iter().map(|one| one.tag.as_str()).collect();
        let words = format!("{} labelled, {} not done", tags.len(), refused);
        out.said(&json!({ "labelled": tags, "refused": refused }), &words);
        Ok(if refused == 0 { Exit::Done } else { Exit::Found })
    }

    /// Puts a label on what has this serial, or on a new one.
    async fn label(&self, client: &Client, tag: &str, serial: Option<String>, done: &mut Vec<Labelled>) -> Result<String, Failure> {
        if let Some(serial) = &serial
            && let Some(known) = with_serial(client, serial).await?
        {
            let before = text_at(&known, "tag");
            let asset = client.send(Method::PATCH, &["assets", &before], json!({ "tag": tag })).await?;
            let (tag, title) = (text_at(&asset, "tag"), title(&asset));
            let words = format!("{tag}  {title}, which was {before}");
            done.push(Labelled { tag, before: Some(before) });
            return Ok(words);
        }
        let mut body = self.facts.with("tag", tag.to_owned());
        if let (Some(serial), Some(fields)) = (&serial, body.as_object_mut()) {
            fields.insert("serial".to_owned(), serial.as_str().into());
        }
        let asset = client.post(&["assets"], body).await?;
        let words = format!(
            "{}  {}{}",
            text_at(&asset, "tag"),
            title(&asset),
            serial.map_or_else(String::new, |serial| format!(", serial {serial}"))
        );
        done.push(Labelled { tag: text_at(&asset, "tag"), before: None });
        Ok(words)
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

async fn undo(client: &Client, done: &mut Vec<Labelled>) -> Result<String, Failure> {
    let Some(last) = done.pop() else { return Err(Failure::Usage("there is nothing to take back".to_owned())) };
    match last.before {
        Some(before) => client.send(Method::PATCH, &["assets", &last.tag], json!({ "tag": before })).await?,
        None => client.post(&["assets", &last.tag, "take-back"], json!({})).await?,
    };
    Ok(format!("taken back: {}", last.tag))
}

/// What it is, as people say it.
fn title(asset: &Value) -> String {
    let product = rollcall_site::asset::product(&text_at(asset, "maker"), &text_at(asset, "model"));
    if product.is_empty() { text_at(asset, "kind") } else { product }
}

/// Says what came of a scan; a terminal beeps, so that nobody has to look up.
fn tell(out: &Out, beep: &str, words: &str) {
    if out.is_json() {
        return;
    }
    if out.terminal.is_some() {
        out.note(words);
        drop(std::io::Write::write_all(&mut std::io::stderr(), beep.as_bytes()));
    } else {
        out.print(words);
    }
}

fn ask(out: &Out, scans: &Scans) {
    if out.terminal.is_some() {
        drop(std::io::Write::write_all(&mut std::io::stderr(), format!("{}: ", scans.wants()).as_bytes()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(serials: bool, lines: &[(&str, Step)]) {
        let mut scans = Scans { serials, serial: None };
        for (line, want) in lines {
            assert_eq!(scans.step(line), *want, "{line:?} of {lines:?}");
        }
    }

    fn label(tag: &str, serial: Option<&str>) -> Step {
        Step::Label { tag: tag.to_owned(), serial: serial.map(str::to_owned) }
    }

    #[test]
    fn each_label_is_the_next_one() {
        check(false, &[("PRJ-1\r", label("PRJ-1", None)), ("", Step::Nothing), ("UNDO", Step::Undo), ("done", Step::Done)]);
    }

    #[test]
    fn a_serial_comes_before_its_label() {
        let odd = |why| Step::Odd(why);
        check(
            true,
            &[
                ("S1", Step::Serial),
                ("s1", odd("that is the serial again: scan the label")),
                ("LAP-1", label("LAP-1", Some("S1"))),
                ("", Step::Serial),
                ("LAP-2", label("LAP-2", None)),
                ("S3", Step::Serial),
                ("undo", odd("the serial is forgotten: scan it again")),
                ("undo", Step::Undo),
                ("a\u{7}b", odd("that is no scan")),
            ],
        );
    }
}
