//! `rollcall events`: what happened, and what happens.

use crate::cli::client::Client;
use crate::cli::device_page::{event_line, timeline};
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::way::Ask;
use clap::Args;
use rollcall_site::event::Event;
use serde_json::Value;

/// What happened, and what happens.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rollcall events                              the latest
  rollcall events --follow                     those too that come, until Ctrl-C
  rollcall events --after 0 --limit 1000 --json")]
pub struct Events {
    /// How many
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: u32,
    /// Only those after this number
    #[arg(long, value_name = "NUMBER")]
    after: Option<u64>,
    /// Go on with what happens, until Ctrl-C; with --json one object a line
    #[arg(long)]
    follow: bool,
}

impl Ask for Events {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        let query = [("after", self.after.map(|after| after.to_string())), ("limit", Some(self.limit.to_string()))];
        let events = client.get(&["events"], &query).await?;
        let list = events.as_array().map(Vec::as_slice).unwrap_or_default();
        if self.follow {
            list.iter().for_each(|event| tell(out, event));
            let last = list.last().and_then(|event| event["seq"].as_u64()).or(self.after);
            client.follow(&["events", "stream"], &[("after", last.map(|last| last.to_string()))], |event| tell(out, &event)).await?;
            return Ok(Exit::Done);
        }
        if out.is_json() {
            out.json(&events);
        } else {
            timeline(out, &events);
        }
        Ok(if list.is_empty() { Exit::Found } else { Exit::Done })
    }
}

/// One event as it comes: a line of words, or one object a line.
fn tell(out: &Out, event: &Value) {
    if out.is_json() {
        out.print(&event.to_string());
    } else if let Ok(event) = serde_json::from_value::<Event>(event.clone()) {
        out.print(&event_line(out, &event));
    }
}
