//! Slack: an incoming webhook's message of plain-text blocks, in which nothing is a link or a mention but the one to the desk.

use super::webhook::Hook;
use super::{Kind, Message};
use serde_json::json;

/// Slack in the list of channels.
pub(super) const KIND: Kind = Kind { name: "slack", open: || Box::new(Hook::new(write)) };

/// Longest text of a section, characters: Slack takes 3,000.
const SECTION: usize = 2_800;
/// Longest header, characters: Slack takes 150.
const HEADER: usize = 140;

fn write(message: &Message) -> Vec<u8> {
    let plain = |text: String| json!({ "type": "plain_text", "text": text, "emoji": false });
    let header: String = message.subject.chars().take(HEADER).collect();
    let mut blocks =
        vec![json!({ "type": "header", "text": plain(header) }), json!({ "type": "section", "text": plain(message.text(SECTION)) })];
    if let Some(link) = &message.link {
        let text = format!("<{link}|Open the desk>");
        blocks.push(json!({ "type": "context", "elements": [{ "type": "mrkdwn", "text": text, "verbatim": true }] }));
    }
    // What a notification shows: it is read for links and mentions, so these are escaped as Slack says.
    json!({ "text": escaped(&message.subject), "mrkdwn": false, "blocks": blocks }).to_string().into_bytes()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::message::tests::hostile;
    use serde_json::Value;

    #[test]
    fn nothing_is_a_link_or_a_mention_but_the_desk() {
        let sent: Value = serde_json::from_slice(&write(&hostile())).unwrap();
        let text = sent["text"].as_str().unwrap();
        assert!(!text.contains(['<', '>', '\n']) && text.starts_with("[Rollcall] HIGH Lab 118: PC"), "{text}");
        let blocks = sent["blocks"].as_array().unwrap();
        for block in &blocks[..2] {
            assert_eq!(block["text"]["type"], "plain_text");
            assert!(block["text"]["text"].as_str().unwrap().chars().count() <= 3000);
        }
        assert_eq!(blocks[2]["elements"][0]["text"], "<https://desk.example:8443/alerts|Open the desk>");
        assert_eq!(blocks.len(), 3);
    }
}
