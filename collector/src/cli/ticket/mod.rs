//! `rollcall tickets`, `rollcall ticket …`: work that somebody has to do.

mod list;
mod policy;
mod show;
mod work;

pub use list::Tickets;

use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{field, text_at};
use crate::cli::way::Ask;
use clap::{Args, Subcommand};
use reqwest::Method;
use rollcall_site::ticket::{Category, Priority, Tier};
use serde_json::{Map, Value, json};

/// Work that somebody has to do.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rollcall tickets --mine                                    what is yours
  rollcall ticket open --alert 12                            title, asset, category and remedy are filled in
  rollcall ticket open \"projector is dim\" --asset PRJ-3 --category audio-visual --priority low
  rollcall ticket open \"account for the new librarian\" --category account --person T200
  rollcall ticket show 7                                     everything, with a request to copy
  rollcall ticket start 7                                    you work on it
  rollcall ticket comment 7 \"fan replaced, still hot\"        no names of people: their ids
  rollcall ticket part 7 \"fan\" --price 18.50                 and `--minutes 40` for work
  rollcall ticket claim 7 RMA-5512 --vendor Dell
  rollcall ticket loaner 7 LAP-090                           a spare in its place; `--back` ends it
  rollcall ticket wait 7 \"a part\" --until 5d
  rollcall ticket done 7 \"new fan\"
  rollcall ticket policy --high 8 --urgent 2                 hours of school time until it is due")]
pub struct Ticket {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Open one: of an alert, of an asset, for a person
    Open(Opened),
    /// List them, as `rollcall tickets` does
    List(Tickets),
    /// Everything about one
    Show {
        /// Its number
        #[arg(value_name = "N")]
        id: u64,
    },
    /// Change its facts
    Set(Facts),
    /// Say something of it; names people by their ids
    Comment {
        /// Its number
        #[arg(value_name = "N")]
        id: u64,
        /// What was seen, done or answered
        text: String,
    },
    /// Say who works on it
    Assign {
        /// Its number
        #[arg(value_name = "N")]
        id: u64,
        /// A user of the desk, "me", or "nobody"
        who: String,
    },
    /// Confirm a draft: it is to be done
    Confirm(Moved),
    /// Begin with it
    Start(Moved),
    /// It waits for a part, a person or a vendor
    Wait {
        #[command(flatten)]
        moved: Moved,
        /// When to look at it again: 2h, 5d, a day as 2026-12-01, or a time
        #[arg(long, value_name = "SPAN")]
        until: Option<String>,
    },
    /// It is done
    Done(Moved),
    /// It is not to be done: it was none
    Drop(Moved),
    /// Open it again
    Reopen(Moved),
    /// Write down parts that were used, or the time that it took
    Part(work::Part),
    /// Claim a repair under warranty, with the vendor's reference
    Claim(work::Claim),
    /// Give out a working spare in place of the broken asset, or take it back
    Loaner(work::Loaner),
    /// Link it to an alert, another asset, a loan, or the same ticket in another system
    Link(work::Link),
    /// When tickets are due, and what an hour of work costs
    Policy(policy::Policy),
}

/// A ticket to be opened.
#[derive(Debug, Args)]
struct Opened {
    /// What is wrong or wanted, in one line; an alert's own where none is given
    #[arg(required_unless_present = "alert")]
    title: Option<String>,
    /// Of this alert
    #[arg(long, value_name = "N")]
    alert: Option<u64>,
    /// About the asset with this tag
    #[arg(long, value_name = "TAG")]
    asset: Option<String>,
    /// For this person, by the id on the card
    #[arg(long, value_name = "ID")]
    person: Option<String>,
    /// Of this loan
    #[arg(long, value_name = "N")]
    loan: Option<u64>,
    /// Who works on it: a user of the desk, or "me"
    #[arg(long, value_name = "USER")]
    assign: Option<String>,
    /// Propose it only
    #[arg(long)]
    draft: bool,
    #[command(flatten)]
    about: About,
}

/// What people say of a ticket.
#[derive(Debug, Args)]
struct About {
    /// More of what is wrong or wanted
    #[arg(long, value_name = "TEXT")]
    detail: Option<String>,
    /// What kind of work
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(Category::WORDS))]
    category: Option<String>,
    /// Who does it
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(Tier::WORDS))]
    tier: Option<String>,
    /// How pressing
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(Priority::WORDS))]
    priority: Option<String>,
}

impl About {
    fn fields(self) -> Map<String, Value> {
        let fields = [("detail", self.detail), ("category", self.category), ("tier", self.tier), ("priority", self.priority)];
        said(fields)
    }
}

/// The fields of which something is said.
fn said<const N: usize>(fields: [(&str, Option<String>); N]) -> Map<String, Value> {
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into()))).collect()
}

/// What is to be changed of a ticket.
#[derive(Debug, Args)]
struct Facts {
    /// Its number
    #[arg(value_name = "N")]
    id: u64,
    /// What is wrong or wanted, in one line
    #[arg(long)]
    title: Option<String>,
    /// About the asset with this tag; an empty text: none
    #[arg(long, value_name = "TAG")]
    asset: Option<String>,
    /// For this person; an empty text: nobody
    #[arg(long, value_name = "ID")]
    person: Option<String>,
    /// When it is due: 2d, a day as 2026-12-01, a time, or "policy"
    #[arg(long, value_name = "SPAN")]
    due: Option<String>,
    #[command(flatten)]
    about: About,
}

/// A ticket, or several, that go to another state.
#[derive(Debug, Args)]
struct Moved {
    /// Its number
    #[arg(value_name = "N")]
    id: u64,
    /// Why: what it waits for, what was done
    #[arg(value_name = "WHY")]
    why: Option<String>,
}

impl Ask for Ticket {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        match self.action {
            Action::Open(opened) => open(client, out, opened).await,
            Action::List(tickets) => tickets.run(client, out).await,
            Action::Show { id } => show::show(client, out, id).await,
            Action::Set(facts) => set(client, out, facts).await,
            Action::Comment { id, text } => {
                let page = client.post(&["tickets", &id.to_string(), "comments"], json!({ "text": text })).await?;
                Ok(out.said(&page, &format!("ticket {id} has a comment more: {}", text_at(&page, "title"))))
            }
            Action::Assign { id, who } => {
                let who = Some(who).filter(|who| who != "nobody");
                let page = client.post(&["tickets", &id.to_string(), "assignee"], json!({ "assignee": who })).await?;
                let name = Some(text_at(&page, "assignee")).filter(|name| !name.is_empty());
                Ok(out.said(&page, &format!("ticket {id} is {}", name.map_or("nobody's".to_owned(), |name| format!("{name}'s")))))
            }
            Action::Confirm(moved) | Action::Reopen(moved) => go(client, out, &moved, "open", None).await,
            Action::Start(moved) => go(client, out, &moved, "in-progress", None).await,
            Action::Wait { moved, until } => go(client, out, &moved, "waiting", until).await,
            Action::Done(moved) => go(client, out, &moved, "done", None).await,
            Action::Drop(moved) => go(client, out, &moved, "dropped", None).await,
            Action::Part(part) => part.run(client, out).await,
            Action::Claim(claim) => claim.run(client, out).await,
            Action::Loaner(loaner) => loaner.run(client, out).await,
            Action::Link(link) => link.run(client, out).await,
            Action::Policy(policy) => policy.run(client, out).await,
        }
    }
}

async fn open(client: &Client, out: &Out, opened: Opened) -> Result<Exit, Failure> {
    let mut body = opened.about.fields();
    let texts = [("title", opened.title), ("asset", opened.asset), ("person", opened.person), ("assignee", opened.assign)];
    body.extend(said(texts));
    body.extend([("alert", opened.alert), ("loan", opened.loan)].into_iter().filter_map(|(name, id)| Some((name.to_owned(), id?.into()))));
    body.insert("draft".to_owned(), opened.draft.into());
    let page = client.post(&["tickets"], body.into()).await?;
    Ok(out.said(&page, &format!("{}{}", standing(&page), due(client, &page))))
}

async fn set(client: &Client, out: &Out, facts: Facts) -> Result<Exit, Failure> {
    let mut body = facts.about.fields();
    body.extend(said([("title", facts.title), ("asset", facts.asset), ("person", facts.person), ("due", facts.due)]));
    if body.is_empty() {
        return Err(Failure::Usage(
            "say what to set: --title, --detail, --category, --tier, --priority, --asset, --person or --due".to_owned(),
        ));
    }
    let page = client.send(Method::PATCH, &["tickets", &facts.id.to_string()], body.into()).await?;
    Ok(out.said(&page, &format!("{}{}", standing(&page), due(client, &page))))
}

async fn go(client: &Client, out: &Out, moved: &Moved, state: &str, look_again: Option<String>) -> Result<Exit, Failure> {
    let body = json!({ "state": state, "why": moved.why.clone().unwrap_or_default(), "look_again": look_again });
    let page = client.post(&["tickets", &moved.id.to_string(), "state"], body).await?;
    let exit = out.said(&page, &standing(&page));
    if let Some(left) = field(&page, "left").as_str() {
        out.note(&format!("rollcall: {left}"));
    }
    Ok(exit)
}

/// A ticket in a sentence: "ticket 7 is in progress: LAB1-017 overheats".
fn standing(page: &Value) -> String {
    format!("ticket {} is {}: {}", text_at(page, "id"), text_at(page, "state").replace('-', " "), text_at(page, "title"))
}

fn due(client: &Client, page: &Value) -> String {
    let due = client.when(field(page, "due"));
    if due.is_empty() { String::new() } else { format!(" (due {due})") }
}
