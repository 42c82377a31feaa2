//! `rollcall loan …`: lend and take back.

mod class_set;
mod policy;
mod told;

use crate::cli::check;
use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{Column, field, text_at};
use crate::cli::way::Ask;
use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};
use told::{borrower, due_words, proposed};

/// Lend and take back.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rollcall loan out LAP-042 100231             due as the policy says, with all that belongs to it
  rollcall loan out LAP-042 100231 --due \"period 3\"
  rollcall loan out LAP-042 100231 --due 2026-12-18 --override \"the principal asked for it\"
  rollcall loan in LAP-042 --missing charger
  rollcall loan in LAP-042 --condition damaged --damage \"the screen is cracked\"
  rollcall loan renew LAP-042 --due 1w
  rollcall loan class-set --person T12 --due \"end of period 4\" < scans.txt
  rollcall loan undo 118
  rollcall loan lost LAP-042
  rollcall loan list --overdue

Due: 5d, 2w, a day as 2026-12-18, \"tomorrow\", \"period 3\", \"tomorrow period 1\", a time, or never.")]
pub struct Loan {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Lend it; refused when the verdict is STOP
    Out(Lending),
    /// Take it back
    In {
        /// The tag, as scanned
        tag: String,
        /// How it comes back
        #[arg(long, value_enum, default_value_t = Condition::Fine)]
        condition: Condition,
        /// What left with it and is not back: an accessory, or the tag of a part; may be given several times
        #[arg(long, value_name = "WHAT")]
        missing: Vec<String>,
        /// What is damaged
        #[arg(long, default_value = "")]
        damage: String,
    },
    /// Give it longer
    Renew {
        /// The tag
        tag: String,
        /// Due back; default: as long again as the policy says
        #[arg(long, value_name = "WHEN")]
        due: Option<String>,
        /// Renew it although it is reserved, or was renewed often enough; the reason is recorded
        #[arg(long = "override", value_name = "REASON")]
        override_reason: Option<String>,
    },
    /// List what is out
    List(Listing),
    /// Lend many to one teacher or class: tags from standard input, one a line; undone in one
    ClassSet(class_set::ClassSet),
    /// Undo a class set, or one loan, that was a mistake; the record keeps it, marked so
    Undo {
        /// The number of the class set
        #[arg(value_name = "SET", required_unless_present = "loan")]
        batch: Option<u64>,
        /// One loan, by its number
        #[arg(long, value_name = "N", conflicts_with = "batch")]
        loan: Option<u64>,
    },
    /// It is lost: a charge for what is lent is proposed by price and age
    Lost {
        /// The tag
        tag: String,
    },
    /// It was stolen
    Stolen {
        /// The tag
        tag: String,
        /// The number of the report to the police or the district
        #[arg(long, value_name = "NUMBER", default_value = "")]
        report: String,
    },
    /// What was lost or stolen is found
    Found {
        /// The tag
        tag: String,
        /// Its borrower has it again: the loan goes on
        #[arg(long)]
        with_borrower: bool,
    },
    /// Show how lending is done, or set it
    Policy(policy::Policy),
    /// Who is to be reminded now, or write to them
    Remind {
        /// Write to them now and not within the next second
        #[arg(long)]
        now: bool,
    },
}

#[derive(Debug, Args)]
struct Lending {
    /// The tag, as scanned
    tag: String,
    /// Who borrows it, by the id on the card
    person: String,
    /// Due back: 5d, 2w, 2026-12-18, "period 3", never; default: as the policy says
    #[arg(long, value_name = "WHEN")]
    due: Option<String>,
    /// Lend it although the verdict is STOP; the reason is recorded
    #[arg(long = "override", value_name = "REASON")]
    override_reason: Option<String>,
    /// What leaves with it that has no tag; default: all that belongs to it; may be given several times
    #[arg(long = "with", value_name = "ACCESSORY", conflicts_with = "bare")]
    accessories: Vec<String>,
    /// Nothing leaves with it that has no tag
    #[arg(long)]
    bare: bool,
    /// A part of its kit that stays, by tag; may be given several times
    #[arg(long, value_name = "TAG")]
    without: Vec<String>,
    /// The class that it is for
    #[arg(long)]
    class: Option<String>,
    /// They accept the loan agreement of this school year
    #[arg(long)]
    agreed: bool,
}

#[derive(Debug, Args)]
struct Listing {
    /// What has come back too
    #[arg(long)]
    all: bool,
    /// What should be back by now
    #[arg(long, conflicts_with = "all")]
    overdue: bool,
    /// Of this person, by id
    #[arg(long)]
    person: Option<String>,
    /// Of what belongs in this room or cart
    #[arg(long)]
    room: Option<String>,
    /// Of this class set
    #[arg(long, value_name = "SET")]
    set: Option<u64>,
}

/// How something comes back.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Condition {
    /// As it left
    Fine,
    /// Used, and nothing to pay
    Worn,
    /// Something is to be repaired
    Damaged,
    /// It can't be used any more
    Broken,
}

impl Condition {
    fn word(self) -> &'static str {
        match self {
            Self::Fine => "fine",
            Self::Worn => "worn",
            Self::Damaged => "damaged",
            Self::Broken => "broken",
        }
    }
}

const COLUMNS: &[Column] = &[
    Column::text("#", "id"),
    Column::text("tag", "tag"),
    Column::text("what", "title").from(90),
    Column::text("name", "person_name"),
    Column::text("person", "person").from(100),
    Column::moment("out", "out_at").from(70),
    Column::moment("due", "due"),
    Column::yes_no("overdue", "overdue"),
    Column::state("gone", "gone").from(110),
    Column::text("set", "batch").from(110),
    Column::moment("back", "in_at").from(80),
    Column::mark("undone", "undone"),
    Column::text("by", "by").from(120),
];

impl Ask for Loan {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        match self.action {
            Action::Out(lending) => lending.run(client, out).await,
            Action::In { tag, condition, missing, damage } => {
                let body = json!({ "tag": tag, "condition": condition.word(), "missing": missing, "damage": damage });
                let row = client.post(&["loans", "return"], body).await?;
                let diff = Some(text_at(&row, "diff")).filter(|diff| !diff.is_empty()).map(|diff| format!("; {diff}")).unwrap_or_default();
                let exit = out.said(&row, &format!("{} is back from {}{diff}", text_at(&row, "tag"), borrower(&row)));
                proposed(out, &row);
                Ok(exit)
            }
            Action::Renew { tag, due, override_reason } => {
                let body = json!({ "tag": tag, "due": due, "override": override_reason });
                let row = client.post(&["loans", "renew"], body).await?;
                let words = format!("{} stays with {}{}", text_at(&row, "tag"), borrower(&row), due_words(&row, client));
                Ok(out.said(&row, &words))
            }
            Action::List(listing) => listing.run(client, out).await,
            Action::ClassSet(set) => set.run(client, out).await,
            Action::Undo { batch, loan } => undo(client, out, batch, loan).await,
            Action::Lost { tag } => told::gone(client, out, json!({ "tag": tag, "how": "lost" })).await,
            Action::Stolen { tag, report } => told::gone(client, out, json!({ "tag": tag, "how": "stolen", "report": report })).await,
            Action::Found { tag, with_borrower } => {
                let found = client.post(&["loans", "found"], json!({ "tag": tag, "with_borrower": with_borrower })).await?;
                Ok(out.said(&found, &format!("{} is found, and in service again", text_at(&found, "tag"))))
            }
            Action::Policy(policy) => policy.run(client, out).await,
            Action::Remind { now } => told::remind(client, out, now).await,
        }
    }
}

impl Lending {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        let accessories = (self.bare || !self.accessories.is_empty()).then_some(self.accessories);
        let body = json!({
            "tag": self.tag, "person": self.person, "due": self.due, "override": self.override_reason, "accessories": accessories,
            "without": self.without, "class": self.class, "agreed": self.agreed,
        });
        let row = client.post(&["loans"], body).await?;
        let along = told::along(&row);
        let exit = out.said(&row, &format!("{} is out to {}{}{along}", text_at(&row, "tag"), borrower(&row), due_words(&row, client)));
        if !out.is_json() {
            check::reasons(out, &row);
        }
        Ok(exit)
    }
}

impl Listing {
    async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        let yes = |on: bool| on.then(|| "true".to_owned());
        let empty = if self.overdue { "nothing is overdue" } else { "nothing is out; lend with `rollcall loan out TAG PERSON`" };
        let set = self.set.map(|set| set.to_string());
        let query = [("all", yes(self.all)), ("overdue", yes(self.overdue)), ("person", self.person), ("room", self.room), ("batch", set)];
        let rows = client.get(&["loans"], &query).await?;
        Ok(out.rows(COLUMNS, &rows, empty))
    }
}

async fn undo(client: &Client, out: &Out, batch: Option<u64>, loan: Option<u64>) -> Result<Exit, Failure> {
    let which = match (batch, loan) {
        (Some(batch), _) => json!({ "batch": batch }),
        (None, loan) => json!({ "loan": loan }),
    };
    let undone = client.post(&["loans", "undo"], which).await?;
    let count = field(&undone, "undone").as_array().map_or(0, Vec::len);
    let over = match field(&undone, "over").as_u64() {
        Some(over) if over > 0 => format!("; {over} had come back before"),
        _ => String::new(),
    };
    let loans = if count == 1 { "loan is" } else { "loans are" };
    Ok(out.said(&undone, &format!("{count} {loans} undone{over}; the record keeps them, marked so")))
}

/// Whether a field has something to say.
fn is_some(row: &Value, name: &str) -> bool {
    !field(row, name).is_null()
}
