//! `rollcall tickets`: the list.

use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::Column;
use crate::cli::way::Ask;
use clap::Args;
use clap::builder::PossibleValuesParser;
use rollcall_site::ticket::{Category, Priority, Tier};

/// What somebody has to do, the most pressing first.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rollcall tickets                             neither done nor dropped
  rollcall tickets --mine --overdue
  rollcall tickets --asset LAB1-017 --state all
  rollcall tickets --category network-address --tier tier2
  rollcall tickets --state waiting --json

Overdue are those that should be done by now, those whose time to look again has come, and those whose loaner is still out.")]
pub struct Tickets {
    /// Only yours
    #[arg(long, conflicts_with = "assignee")]
    mine: bool,
    /// Only those of this user
    #[arg(long, value_name = "USER")]
    assignee: Option<String>,
    /// Only what should be done by now
    #[arg(long)]
    overdue: bool,
    /// Only those about this asset
    #[arg(long, value_name = "TAG")]
    asset: Option<String>,
    /// Only those that stand so; default: neither done nor dropped
    #[arg(long, value_parser = ["draft", "open", "in-progress", "waiting", "done", "dropped", "all"])]
    state: Option<String>,
    /// Only this kind of work
    #[arg(long, value_parser = PossibleValuesParser::new(Category::WORDS))]
    category: Option<String>,
    /// Only what this tier does
    #[arg(long, value_parser = PossibleValuesParser::new(Tier::WORDS))]
    tier: Option<String>,
    /// Only what is so pressing
    #[arg(long, value_parser = PossibleValuesParser::new(Priority::WORDS))]
    priority: Option<String>,
    /// Only those whose number, title, tag, person or number elsewhere contains this
    #[arg(long, value_name = "TEXT")]
    search: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

const COLUMNS: &[Column] = &[
    Column::text("#", "id"),
    Column::state("priority", "priority"),
    Column::text("tag", "tag"),
    Column::text("room", "room").from(120),
    Column::text("what", "title"),
    Column::state("state", "state"),
    Column::moment("due", "due"),
    Column::mark("overdue", "overdue"),
    Column::text("whose", "assignee").from(90),
    Column::text("tier", "tier").from(100),
    Column::text("category", "category").from(110),
    Column::text("person", "person").from(140),
    Column::text("loaner", "loaner").from(150),
    Column::text("why", "why").from(170),
];

impl Ask for Tickets {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        let query = [
            ("assignee", self.assignee.or_else(|| self.mine.then(|| "me".to_owned()))),
            ("overdue", self.overdue.then(|| "true".to_owned())),
            ("asset", self.asset),
            ("state", self.state),
            ("category", self.category),
            ("tier", self.tier),
            ("priority", self.priority),
            ("text", self.search),
            ("limit", self.limit.map(|limit| limit.to_string())),
        ];
        let rows = client.get(&["tickets"], &query).await?;
        let all = query.iter().all(|(_, value)| value.is_none());
        let empty = if all { "no tickets: nothing is to be done; open one with `rollcall ticket open`" } else { "no ticket fits" };
        Ok(out.rows(COLUMNS, &rows, empty))
    }
}
