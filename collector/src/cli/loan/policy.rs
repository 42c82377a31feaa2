//! `rollcall loan policy`: how lending is done.

use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{Column, field, text_at};
use clap::{Args, Subcommand, ValueEnum};
use reqwest::Method;
use rollcall_site::money::Money;
use serde_json::{Value, json};

/// How lending is done.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rollcall loan policy
  rollcall loan policy set --role student --kind laptop --days 180 --at-once 1 --agreement yes
  rollcall loan policy set --role staff --renewals 10
  rollcall loan policy set --remind-by mail-office --remind-before 2 --remind-after 3
  rollcall loan policy set --accessory charger=39 --owed 50")]
pub(super) struct Policy {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Set what is named; what is not stays
    Set(Box<Set>),
}

#[derive(Debug, Args)]
struct Set {
    /// For whom the terms are; default: everybody
    #[arg(long, value_enum)]
    role: Option<Role>,
    /// For which kind of asset; default: every kind of which nothing else is said
    #[arg(long)]
    kind: Option<String>,
    /// How long a loan lasts, days
    #[arg(long)]
    days: Option<u16>,
    /// How many of a kind at once
    #[arg(long)]
    at_once: Option<u16>,
    /// How many of all kinds at once
    #[arg(long)]
    in_all: Option<u16>,
    /// How often a loan is renewed
    #[arg(long)]
    renewals: Option<u16>,
    /// Whether who has something overdue borrows nothing more
    #[arg(long, value_enum)]
    overdue_blocks: Option<YesNo>,
    /// Whether who borrows has accepted the agreement of this school year
    #[arg(long, value_enum)]
    agreement: Option<YesNo>,
    /// Due on a closed day: next-school-day, or stays
    #[arg(long, value_name = "WHAT")]
    when_closed: Option<String>,
    /// More than this in open charges, and somebody borrows nothing more
    #[arg(long, value_name = "AMOUNT")]
    owed: Option<String>,
    /// What a lost asset costs at least, percent of its price
    #[arg(long, value_name = "PERCENT")]
    floor: Option<u8>,
    /// What is proposed for a damage, percent of what it is worth
    #[arg(long, value_name = "PERCENT")]
    damage: Option<u8>,
    /// How long assets of the kind last, months
    #[arg(long, value_name = "MONTHS", requires = "kind")]
    life: Option<u16>,
    /// What an accessory costs
    #[arg(long, value_name = "NAME=AMOUNT")]
    accessory: Option<String>,
    /// The channel of kind mail that reminders go out by; "none": nobody is reminded
    #[arg(long, value_name = "CHANNEL")]
    remind_by: Option<String>,
    /// Days before it is due; 0: not before
    #[arg(long, value_name = "DAYS")]
    remind_before: Option<u16>,
    /// On the day on which it is due
    #[arg(long, value_enum)]
    remind_on_the_day: Option<YesNo>,
    /// Every so many days after it was due; 0: not after
    #[arg(long, value_name = "DAYS")]
    remind_after: Option<u16>,
    /// At most so many after it was due
    #[arg(long, value_name = "COUNT")]
    remind_at_most: Option<u16>,
    /// When mails go out, on school days: 07:00-17:00
    #[arg(long, value_name = "SPAN")]
    remind_between: Option<String>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Role {
    Student,
    Staff,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum YesNo {
    Yes,
    No,
}

impl YesNo {
    fn is_yes(self) -> bool {
        matches!(self, Self::Yes)
    }
}

const TERMS: &[Column] = &[
    Column::text("who", "who"),
    Column::text("kind", "kind"),
    Column::text("days", "days"),
    Column::text("at once", "at_once"),
    Column::text("in all", "in_all"),
    Column::text("renewals", "renewals"),
    Column::yes_no("overdue blocks", "overdue_blocks"),
    Column::yes_no("agreement", "agreement"),
];

impl Policy {
    pub(super) async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        let policy = match self.action {
            None => client.get(&["loans", "policy"], &[]).await?,
            Some(Action::Set(set)) => client.send(Method::PATCH, &["loans", "policy"], set.body()?).await?,
        };
        if out.is_json() {
            out.json(&policy);
            return Ok(Exit::Done);
        }
        let terms = [terms("students", field(&policy, "students")), terms("staff", field(&policy, "staff"))].concat();
        out.rows(TERMS, &Value::Array(terms), "");
        out.facts(&facts(&policy));
        Ok(Exit::Done)
    }
}

impl Set {
    fn body(&self) -> Result<Value, Failure> {
        let role = self.role.map(|role| match role {
            Role::Student => "student",
            Role::Staff => "staff",
        });
        let accessory = self.accessory.as_deref().map(|text| {
            let parts = text.split_once('=').map(|(name, price)| json!([name, price]));
            parts.ok_or_else(|| Failure::Usage(format!("--accessory {text:?}: write it as charger=39")))
        });
        let by = self.remind_by.as_deref().map(|name| if name == "none" { "" } else { name });
        let said = json!({
            "role": role, "kind": self.kind, "days": self.days, "at_once": self.at_once, "in_all": self.in_all, "renewals": self.renewals,
            "overdue_blocks": self.overdue_blocks.map(YesNo::is_yes), "agreement": self.agreement.map(YesNo::is_yes),
            "when_closed": self.when_closed, "most_owed": self.owed, "floor_percent": self.floor, "damage_percent": self.damage,
            "life_months": self.life, "accessory": accessory.transpose()?, "remind_by": by, "remind_before": self.remind_before,
            "remind_on_the_day": self.remind_on_the_day.map(YesNo::is_yes), "remind_after": self.remind_after,
            "remind_at_most": self.remind_at_most, "remind_between": self.remind_between,
        });
        Ok(said)
    }
}

/// The terms of a role, a row for each kind of which something is said.
fn terms(who: &str, role: &Value) -> Vec<Value> {
    let row = |kind: &str, terms: &Value| {
        let mut row = terms.clone();
        if let Some(row) = row.as_object_mut() {
            row.insert("who".to_owned(), who.into());
            row.insert("kind".to_owned(), kind.into());
            row.insert("in_all".to_owned(), field(role, "in_all").clone());
        }
        row
    };
    let kinds = field(role, "kinds").as_object().into_iter().flatten().map(|(kind, terms)| row(kind, terms));
    std::iter::once(row("any other", field(role, "usual"))).chain(kinds).collect()
}

fn facts(policy: &Value) -> Vec<(&'static str, String)> {
    let money = |value: &Value| Money(value.as_u64().unwrap_or_default()).to_string();
    let (charges, reminders) = (field(policy, "charges"), field(policy, "reminders"));
    let list = |value: &Value, say: &dyn Fn(&Value) -> String| -> String {
        let pairs = value.as_object().into_iter().flatten().map(|(name, value)| format!("{name} {}", say(value)));
        pairs.collect::<Vec<_>>().join(", ")
    };
    let days = |name: &str| field(reminders, name).as_u64();
    let mut when: Vec<String> = Vec::new();
    when.extend(days("days_before").map(|days| format!("{days} days before it is due")));
    when.extend((field(reminders, "on_the_day").as_bool() == Some(true)).then(|| "on the day".to_owned()));
    when.extend(days("days_after").map(|days| format!("every {days} days after, at most {} times", text_at(reminders, "at_most"))));
    let by = text_at(reminders, "channel");
    let by = if by.is_empty() { "nobody: name a channel with --remind-by".to_owned() } else { format!("by {by}, {}", when.join(", ")) };
    vec![
        ("due on a closed day", text_at(policy, "when_closed").replace('-', " ")),
        ("most owed", money(field(policy, "most_owed"))),
        ("lost", format!("price less an equal share for each month of its life; at least {} %", text_at(charges, "floor_percent"))),
        ("damaged", format!("{} % of what it is worth", text_at(charges, "damage_percent"))),
        ("life in months", list(field(charges, "life_months"), &|value| value.to_string())),
        ("accessories", list(field(charges, "accessories"), &money)),
        ("reminded", by),
        ("mails go out", format!("{}, on school days", text_at(reminders, "between").replace(['{', '}', '"'], ""))),
    ]
}
