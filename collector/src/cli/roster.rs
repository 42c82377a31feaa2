//! `rollcall roster …`: the people of the school, from its student information system.

use crate::cli::client::{Client, Query};
use crate::cli::csv_file::confirm;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::{Answer, Out};
use crate::cli::progress::{advance, bar};
use crate::cli::roster_words as said;
use crate::cli::table::{Column, field, number_at, text_at};
use crate::cli::way::Ask;
use crate::cli::words;
use crate::feeds::oneroster::{self, LARGEST};
use clap::{Args, Subcommand, ValueEnum};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The people of the school, from its student information system.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rollcall roster import export.zip                 shows what it would do, and asks
  rollcall roster import export.zip --school \"Lincoln Middle\" --yes
  rollcall roster check                             who left with equipment, who is there twice, who is provisional
  rollcall roster watch /srv/roster --every 15m     takes what is put there, and asks only when it looks wrong
  rollcall roster accept                            yes to a delivery that waits
  rollcall roster retention 400d                    how long who left is kept; then
  rollcall roster forget-left                       forgets them for good, and asks first

A delivery is OneRoster 1.1 or 1.2 in CSV: a zip, or the folder. Only what lending needs is read; families are never taken in.
Nobody is removed by a delivery: who is not in it any more has left, and stays known until they are forgotten.")]
pub struct Roster {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Import a delivery: shows first what it would do
    Import(Import),
    /// What does not agree: who left with equipment, unknown borrowers, duplicates, provisional ones
    Check,
    /// How the roster stands, what is set of it, and what waits
    Show,
    /// List the classes, with who teaches them
    Classes,
    /// Take deliveries from a folder as they are put there
    Watch {
        /// The folder, on the collector's machine
        #[arg(required_unless_present = "off")]
        dir: Option<PathBuf>,
        /// How often to look: 15m, 1h
        #[arg(long, default_value = "15m", value_name = "SPAN")]
        every: String,
        /// What stands on the card
        #[arg(long, value_enum, value_name = "COLUMN")]
        card: Option<Card>,
        /// Only the people of this school, by its name or key; may be given several times
        #[arg(long, value_name = "SCHOOL")]
        school: Vec<String>,
        /// Watch it no more
        #[arg(long, conflicts_with_all = ["dir", "every", "card", "school"])]
        off: bool,
    },
    /// Look at the watched folder now
    Look,
    /// Say yes to a delivery that waits: shows first what it would do
    Accept {
        /// Don't ask
        #[arg(long)]
        yes: bool,
    },
    /// Set how long who left is kept before they are proposed to be forgotten
    Retention {
        /// How long: 400d
        span: String,
    },
    /// Forget for good everybody who left long ago, has nothing and owes nothing
    ForgetLeft {
        /// Don't ask
        #[arg(long)]
        yes: bool,
    },
}

#[derive(Debug, Args)]
struct Import {
    /// The zip or the folder
    file: PathBuf,
    /// Don't ask
    #[arg(long)]
    yes: bool,
    /// Only the people of this school, by its name or key; may be given several times; kept for the next time
    #[arg(long, value_name = "SCHOOL")]
    school: Vec<String>,
    /// The people of all schools again
    #[arg(long, conflicts_with = "school")]
    all_schools: bool,
    /// What stands on the card; default: as the last time, or the first of these that fits everybody
    #[arg(long, value_enum, value_name = "COLUMN")]
    card: Option<Card>,
    /// Pass over rows that can't be used
    #[arg(long)]
    skip_bad: bool,
    /// Many may leave at once
    #[arg(long)]
    allow_leaving: bool,
    /// Many may get another number on the card at once
    #[arg(long)]
    allow_new_cards: bool,
}

/// What stands on the card.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Card {
    /// The column identifier
    Identifier,
    /// The column username
    Username,
    /// The column sourcedId
    #[value(name = "sourcedId", alias = "sourced-id")]
    SourcedId,
    /// The first id in the column userIds
    #[value(name = "userIds", alias = "user-ids")]
    UserIds,
}

impl Card {
    fn sent(self) -> String {
        match self {
            Self::Identifier => "identifier",
            Self::Username => "username",
            Self::SourcedId => "sourced-id",
            Self::UserIds => "user-ids",
        }
        .to_owned()
    }
}

const DOUBTS: &[Column] = &[
    Column::text("what", "what"),
    Column::text("people", "people"),
    Column::text("name", "names"),
    Column::text("has", "has"),
    Column::moment("since", "since"),
    Column::text("what to do", "remedy").from(100),
];

const CLASSES: &[Column] = &[
    Column::text("id", "id"),
    Column::text("title", "title"),
    Column::text("room", "room"),
    Column::text("students", "students"),
    Column::text("taught by", "teachers"),
];

impl Ask for Roster {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        match self.action {
            Action::Import(wanted) => import(client, out, wanted).await,
            Action::Check => {
                let mut rows = client.get(&["roster", "discrepancies"], &[]).await?;
                if rows.as_array().is_some_and(Vec::is_empty) {
                    return Ok(
                        out.said(&rows, "everything agrees: nobody left with equipment, nobody is there twice, nobody is provisional")
                    );
                }
                if !out.is_json() {
                    said::in_lines(&mut rows);
                }
                out.rows(DOUBTS, &rows, "");
                Ok(Exit::Found)
            }
            Action::Show => Ok(said::shown(out, client, &client.get(&["roster"], &[]).await?)),
            Action::Classes => {
                let rows = client.get(&["roster", "classes"], &[]).await?;
                Ok(out.rows(CLASSES, &rows, "no classes yet; they come with the roster"))
            }
            Action::Watch { off: true, .. } => {
                let shown = client.send(Method::DELETE, &["roster", "watch"], json!({})).await?;
                Ok(out.said(&shown, "no folder is watched for deliveries any more"))
            }
            Action::Watch { dir, every, card, school, .. } => {
                let schools = (!school.is_empty()).then_some(school);
                let body = json!({ "every": every, "card": card.map(Card::sent), "schools": schools });
                watch(client, out, &dir.unwrap_or_default(), body).await
            }
            Action::Look => {
                let looked = client.wait(&["roster", "look"], json!({})).await?;
                Ok(said::looked(out, &looked))
            }
            Action::Accept { yes } => accept(client, out, yes).await,
            Action::Retention { span } => {
                let days = span.trim().strip_suffix('d').and_then(|days| days.parse::<u32>().ok());
                let days = days.ok_or_else(|| Failure::Usage(format!("{span:?}: write a number of days, as 400d")))?;
                let shown = client.send(Method::PATCH, &["roster"], json!({ "keep_days": days })).await?;
                Ok(out.said(&shown, &format!("who left is proposed to be forgotten after {}", words::count(days, "day", "days"))))
            }
            Action::ForgetLeft { yes } => forget_left(client, out, yes).await,
        }
    }
}

async fn watch(client: &Client, out: &Out, dir: &Path, mut body: Value) -> Result<Exit, Failure> {
    let dir = dir.display().to_string();
    if let Some(body) = body.as_object_mut() {
        body.insert("dir".to_owned(), dir.clone().into());
    }
    let shown = client.send(Method::PUT, &["roster", "watch"], body).await?;
    Ok(out.said(&shown, &format!("{dir} is watched: a delivery that is put there is applied by itself, unless it looks wrong")))
}

/// The delivery as it is sent: a zip as it is; of a folder only the files that are read.
fn packed(file: &Path) -> Result<Vec<u8>, Failure> {
    let failed = |error| Failure::here(file.display(), &error);
    let is = std::fs::metadata(file).map_err(failed)?;
    if is.is_dir() {
        let files = oneroster::of_folder(file).and_then(|files| oneroster::pack(&files));
        return files.map_err(|error| Failure::Usage(format!("{}: nothing was imported; {error}", file.display())));
    }
    if is.len() > LARGEST {
        return Err(Failure::Usage(format!("{}: larger than {}, which is no roster", file.display(), words::disk(LARGEST))));
    }
    std::fs::read(file).map_err(failed)
}

async fn import(client: &Client, out: &Out, wanted: Import) -> Result<Exit, Failure> {
    let zip = packed(&wanted.file)?;
    let of = |failure: Failure| failure.of(wanted.file.display());
    let schools = if wanted.all_schools { Some("[]".to_owned()) } else { said::list(&wanted.school) };
    let yes = |is: bool| is.then(|| "true".to_owned());
    let file = wanted.file.file_name().map(|name| name.to_string_lossy().into_owned());
    let terms: Vec<(&str, Option<String>)> = vec![
        ("card", wanted.card.map(Card::sent)),
        ("schools", schools),
        ("allow_leaving", yes(wanted.allow_leaving)),
        ("allow_new_cards", yes(wanted.allow_new_cards)),
        ("skip_bad", yes(wanted.skip_bad)),
        ("file", file),
    ];
    let mut mark = None;
    if !wanted.yes {
        let plan = client.upload(&["roster", "plan"], &terms, zip.clone()).await.map_err(of)?;
        said::plan(out, &plan);
        if let Some(exit) = said::nothing_to_do(out, &plan) {
            return Ok(exit);
        }
        let passed_over = if wanted.skip_bad { 0 } else { number_at(&plan, "bad_count") };
        if passed_over > 0 || field(&plan, "suspicious").as_array().is_some_and(|why| !why.is_empty()) {
            return Err(Failure::Refused(said::doubts(&plan, passed_over)));
        }
        confirm(out, &said::headline(&plan))?;
        mark = Some(text_at(&plan, "mark"));
    }
    let query: Vec<_> = terms.into_iter().chain([("mark", mark)]).collect();
    let bar = bar(out, "{pos} of {len} people");
    let done = upload(client, &query, zip, |progress| advance(&bar, progress)).await.map_err(of);
    bar.finish_and_clear();
    let done = done?;
    Ok(out.said(&done, &format!("imported: {}", said::headline(&done))))
}

async fn upload(client: &Client, query: Query<'_>, zip: Vec<u8>, told: impl FnMut(&Value)) -> Result<Value, Failure> {
    client.upload_work(&["roster", "import"], query, zip, told).await
}

async fn accept(client: &Client, out: &Out, yes: bool) -> Result<Exit, Failure> {
    let plan = client.wait(&["roster", "waiting", "plan"], json!({})).await?;
    if !yes {
        said::plan(out, &plan);
        confirm(out, &said::headline(&plan))?;
    }
    let bar = bar(out, "{pos} of {len} people");
    let body = json!({ "mark": text_at(&plan, "mark") });
    let done = client.work(&["roster", "waiting", "accept"], body, |progress| advance(&bar, progress)).await;
    bar.finish_and_clear();
    let done = done?;
    Ok(out.said(&done, &format!("imported: {}", said::headline(&done))))
}

async fn forget_left(client: &Client, out: &Out, yes: bool) -> Result<Exit, Failure> {
    let found = client.get(&["roster", "discrepancies"], &[]).await?;
    let doubts = found.as_array().map(Vec::as_slice).unwrap_or_default();
    let count = doubts.iter().filter(|doubt| text_at(doubt, "doubt") == "to-forget").count() as u64;
    if count == 0 {
        out.note("nobody is to be forgotten: see `rollcall roster retention`");
        if out.is_json() {
            out.json(&json!({ "forgotten": 0 }));
        }
        return Ok(Exit::Found);
    }
    let people = words::count(count, "person", "people");
    if !yes {
        let plan = format!("{people} who left long ago would be forgotten for good: their names, and all that is their own");
        match out.ask(&format!("{plan}. Forget them?")) {
            Some(Answer::Yes) => {}
            Some(Answer::No) => return Err(Failure::Refused("nobody was forgotten".to_owned())),
            None => return Err(Failure::Refused(format!("{plan}; nobody was forgotten: say --yes to do it"))),
        }
    }
    let done = client.wait(&["roster", "forget-left"], json!({})).await?;
    Ok(out.said(&done, &format!("{} forgotten", words::count(number_at(&done, "forgotten"), "person is", "people are"))))
}
