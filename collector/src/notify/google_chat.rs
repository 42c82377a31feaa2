//! Google Chat: a card for a space's incoming webhook. Its paragraphs read a little HTML, so everything is escaped.

use super::webhook::Hook;
use super::{Kind, Message, clean};
use serde_json::{Value, json};

/// Google Chat in the list of channels.
pub(super) const KIND: Kind = Kind { name: "google-chat", open: || Box::new(Hook::new(write)) };

/// Longest text of a card, characters: Google takes 32,000 bytes for everything, and an escape takes six of them.
const CARD: usize = 4_000;

fn write(message: &Message) -> Vec<u8> {
    let text = clean::html(message.text(CARD).trim_end());
    let mut widgets = vec![json!({ "textParagraph": { "text": text } })];
    if let Some(link) = &message.link {
        let button = json!({ "text": "Open the desk", "onClick": { "openLink": { "url": link } } });
        widgets.push(json!({ "buttonList": { "buttons": [button] } }));
    }
    let card = json!({ "header": { "title": message.subject }, "sections": [{ "widgets": widgets }] });
    let card: Value = json!({ "cardsV2": [{ "cardId": message.id, "card": card }] });
    card.to_string().into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::message::tests::hostile;

    #[test]
    fn a_card_has_no_markup_of_others() {
        let sent: Value = serde_json::from_slice(&write(&hostile())).unwrap();
        let card = &sent["cardsV2"][0]["card"];
        let widgets = card["sections"][0]["widgets"].as_array().unwrap();
        let text = widgets[0]["textParagraph"]["text"].as_str().unwrap();
        assert!(!text.contains(['<', '>']) && text.contains("&lt;script&gt;"), "{text}");
        assert_eq!(widgets[1]["buttonList"]["buttons"][0]["onClick"]["openLink"]["url"], "https://desk.example:8443/alerts");
        assert!(sent.to_string().len() < 32_000);
    }
}
