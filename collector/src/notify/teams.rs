//! Microsoft Teams: an Adaptive Card for the "Workflows" webhook, of text runs, which read no Markdown.

use super::webhook::Hook;
use super::{Kind, Message};
use serde_json::{Value, json};

/// Teams in the list of channels.
pub(super) const KIND: Kind = Kind { name: "teams", open: || Box::new(Hook::new(write)) };

/// Longest text of a card, characters: Teams takes 28 KB for everything, and a character may take four bytes and an escape.
const CARD: usize = 4_000;

fn write(message: &Message) -> Vec<u8> {
    let mut body = vec![paragraph(json!({ "type": "TextRun", "text": message.subject, "weight": "Bolder", "size": "Medium" }))];
    let lines = message.text(CARD);
    body.extend(lines.lines().filter(|line| !line.is_empty()).map(|line| paragraph(json!({ "type": "TextRun", "text": line }))));
    let actions: Vec<Value> =
        message.link.iter().map(|link| json!({ "type": "Action.OpenUrl", "title": "Open the desk", "url": link })).collect();
    let card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body,
        "actions": actions,
    });
    let attachment = json!({ "contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": null, "content": card });
    json!({ "type": "message", "attachments": [attachment] }).to_string().into_bytes()
}

fn paragraph(run: Value) -> Value {
    json!({ "type": "RichTextBlock", "inlines": [run] })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::message::tests::hostile;

    #[test]
    fn a_card_is_text_runs_and_one_button() {
        let sent: Value = serde_json::from_slice(&write(&hostile())).unwrap();
        let card = &sent["attachments"][0]["content"];
        assert_eq!((&sent["type"], &card["type"]), (&json!("message"), &json!("AdaptiveCard")));
        for block in card["body"].as_array().unwrap() {
            assert_eq!((&block["type"], &block["inlines"][0]["type"]), (&json!("RichTextBlock"), &json!("TextRun")));
            assert!(!block["inlines"][0]["text"].as_str().unwrap().contains('\n'));
        }
        assert_eq!(
            card["actions"],
            json!([{ "type": "Action.OpenUrl", "title": "Open the desk", "url": "https://desk.example:8443/alerts" }])
        );
        assert!(sent.to_string().len() < 28_000);
    }
}
