//! `rollcall ticket part|claim|loaner|link`: what work takes, and what it belongs to.

use super::said;
use crate::cli::client::Client;
use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use crate::cli::table::{field, number_at, text_at};
use crate::cli::words;
use clap::Args;
use reqwest::Method;
use rollcall_site::money::Money;
use serde_json::{Map, Value, json};

/// Parts that were used, or the time that it took.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rollcall ticket part 7 \"SSD 500 GB\" --price 49.90
  rollcall ticket part 7 screw --count 4
  rollcall ticket part 7 --minutes 45            in all, so far
  rollcall ticket part 7 --remove 2              the second one was a mistake")]
pub(super) struct Part {
    /// The ticket's number
    #[arg(value_name = "N")]
    id: u64,
    /// What was used
    #[arg(required_unless_present_any = ["minutes", "remove"])]
    name: Option<String>,
    /// How many
    #[arg(long, default_value_t = 1, value_name = "N", requires = "name")]
    count: u32,
    /// What one costs, like 49.90
    #[arg(long, value_name = "AMOUNT", requires = "name")]
    price: Option<String>,
    /// How much work it took in all, minutes
    #[arg(long, value_name = "MINUTES")]
    minutes: Option<u32>,
    /// Take back the part with this number, as `ticket show` lists them
    #[arg(long, value_name = "N", conflicts_with_all = ["name", "minutes"])]
    remove: Option<usize>,
}

impl Part {
    pub(super) async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        let id = self.id.to_string();
        let mut page = Value::Null;
        if let Some(number) = self.remove {
            page = client.send(Method::DELETE, &["tickets", &id, "parts", &number.to_string()], json!({})).await?;
        }
        if let Some(name) = self.name {
            let body = json!({ "name": name, "count": self.count, "each": self.price.unwrap_or_default() });
            page = client.post(&["tickets", &id, "parts"], body).await?;
        }
        if let Some(minutes) = self.minutes {
            page = client.send(Method::PUT, &["tickets", &id, "labour"], json!({ "minutes": minutes })).await?;
        }
        let parts = field(&page, "parts").as_array().map_or(0, Vec::len);
        let work = words::count(number_at(&page, "labour_min"), "minute", "minutes");
        let parts = words::count(parts, "part", "parts");
        Ok(out.said(&page, &format!("ticket {id}: {parts}, {work} of work, {} in all", Money(number_at(&page, "cost")))))
    }
}

/// A repair that is claimed under warranty.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rollcall ticket claim 7 RMA-5512               from whom the asset was bought, or else its maker
  rollcall ticket claim 7 RMA-5512 --vendor Dell

The ticket is the vendor's then. Whether the warranty holds is said, and a claim is written down all the same.")]
pub(super) struct Claim {
    /// The ticket's number
    #[arg(value_name = "N")]
    id: u64,
    /// The vendor's reference
    reference: String,
    /// From whom
    #[arg(long, value_name = "NAME")]
    vendor: Option<String>,
}

impl Claim {
    pub(super) async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        let id = self.id.to_string();
        let body = json!({ "reference": self.reference, "vendor": self.vendor.unwrap_or_default() });
        let page = client.send(Method::PUT, &["tickets", &id, "claim"], body).await?;
        let at = |name| text_at(&page, name);
        let words = format!("ticket {id} is claimed from {} as {}: {}", at("claim.vendor"), at("claim.reference"), at("warranty"));
        Ok(out.said(&page, &words))
    }
}

/// A spare in place of the broken asset.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rollcall ticket loaner 7 LAP-090               lent to whoever has the broken one, or put on its seat
  rollcall ticket loaner 7 LAP-090 --override \"no other is left\"
  rollcall ticket loaner 7 --back                it stands in no more")]
pub(super) struct Loaner {
    /// The ticket's number
    #[arg(value_name = "N")]
    id: u64,
    /// The spare's tag
    #[arg(required_unless_present = "back", conflicts_with = "back")]
    tag: Option<String>,
    /// It is back
    #[arg(long)]
    back: bool,
    /// Give it out although its verdict is STOP; the reason is recorded
    #[arg(long = "override", value_name = "REASON")]
    override_reason: Option<String>,
}

impl Loaner {
    pub(super) async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        let id = self.id.to_string();
        let path = ["tickets", &id, "loaner"];
        let page = match self.tag {
            Some(tag) => client.post(&path, json!({ "tag": tag, "override": self.override_reason })).await?,
            None => client.send(Method::DELETE, &path, json!({})).await?,
        };
        let at = |name| text_at(&page, name);
        let words = match at("loaner").as_str() {
            "" => format!("ticket {id}: the loaner is back"),
            spare => format!("ticket {id}: {spare} stands in for {}, {}", at("tag"), at("loaner_place")),
        };
        Ok(out.said(&page, &words))
    }
}

/// What a ticket belongs to.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  rollcall ticket link 7 --alert 12
  rollcall ticket link 7 --asset LAB1-018
  rollcall ticket link 7 --system district --ref 4711 --url https://help.district.example/4711
  rollcall ticket link 7 --asset LAB1-018 --remove")]
pub(super) struct Link {
    /// The ticket's number
    #[arg(value_name = "N")]
    id: u64,
    #[command(flatten)]
    to: To,
    /// The ticket's number there
    #[arg(long = "ref", value_name = "TEXT", requires = "system")]
    reference: Option<String>,
    /// Where it is seen there
    #[arg(long, value_name = "ADDRESS", requires = "system")]
    url: Option<String>,
    /// Take the link back
    #[arg(long)]
    remove: bool,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct To {
    /// To an alert
    #[arg(long, value_name = "N")]
    alert: Option<u64>,
    /// To another asset
    #[arg(long, value_name = "TAG")]
    asset: Option<String>,
    /// To a loan
    #[arg(long, value_name = "N")]
    loan: Option<u64>,
    /// To the same ticket in this system
    #[arg(long, value_name = "NAME")]
    system: Option<String>,
}

impl Link {
    pub(super) async fn run(self, client: &Client, out: &Out) -> Result<Exit, Failure> {
        let id = self.id.to_string();
        let mut body: Map<String, Value> =
            said([("asset", self.to.asset), ("system", self.to.system), ("id", self.reference), ("url", self.url)]);
        body.extend(
            [("alert", self.to.alert), ("loan", self.to.loan)].into_iter().filter_map(|(name, id)| Some((name.to_owned(), id?.into()))),
        );
        let method = if self.remove { Method::DELETE } else { Method::POST };
        let page = client.send(method, &["tickets", &id, "links"], body.into()).await?;
        let words = if self.remove { "the link is taken back" } else { "it is linked" };
        Ok(out.said(&page, &format!("ticket {id}: {words}")))
    }
}
