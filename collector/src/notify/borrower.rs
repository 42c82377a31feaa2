//! A mail to a borrower, with the server and the sender of a channel of kind mail.

use super::message::Speaker;
use super::{Address, Kind, Message, Undelivered, address};
use crate::Collector;
use rollcall_site::Site;
use rollcall_site::channel::Mail;
use rollcall_site::reminder::{Letter, Line};
use serde_json::json;

/// Writes to a borrower.
///
/// # Errors
/// There is no such channel, or the mail did not arrive.
pub async fn write_to_borrower(collector: &Collector, letter: &Letter) -> Result<String, Undelivered> {
    let (site, now) = (collector.keeper.view(), collector.keeper.clock().now());
    let missing =
        || Undelivered::Later(format!("there is no channel {:?} of kind mail; set another with `rollcall loan policy`", letter.channel));
    let channel = site.channels.get(&letter.channel).filter(|channel| channel.kind == "mail").ok_or_else(missing)?;
    let kind = Kind::of(&channel.kind).ok_or_else(missing)?;
    let channel_address = address(collector, channel)?;
    let mail = channel_address.mail.clone().map(|mail| Mail { to: vec![letter.to.clone()], ..mail });
    let to = Address { mail, ..channel_address };
    (kind.open)().deliver(&to, &written(&site, letter, now), now.as_second()).await
}

fn written(site: &Site, letter: &Letter, now: jiff::Timestamp) -> Message {
    let school = site.about().map_or("the school", |about| about.name.as_str());
    let number = letter.loans.first().map_or(0, |loan| loan.0);
    let id = format!("{school}/reminder-{number}-{}", now.as_millisecond());
    let speaker = Speaker::of(site, None);
    let message = speaker.message(id, "loan.reminder", now, &letter.subject, &json!({}));
    let greeting = if letter.name.is_empty() { "Hello,".to_owned() } else { format!("Hello {},", letter.name) };
    let asks = format!("please bring what is named here back to the loan desk of {school}. If it is back already, nothing is to be done.");
    let list = |head: &str, lines: &[Line]| (head.to_owned(), lines.iter().map(|line| line.0.clone()).collect());
    let lists = [list("Overdue", &letter.overdue), list("Due soon", &letter.soon)];
    Message {
        facts: vec![("What", greeting), ("What", asks)],
        lists: lists.into_iter().filter(|(_, lines): &(String, Vec<String>)| !lines.is_empty()).collect(),
        link: None,
        ..message
    }
}
