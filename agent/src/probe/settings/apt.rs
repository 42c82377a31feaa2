//! Reads apt's settings: names in scopes, with their values.

use std::collections::BTreeMap;

/// Deepest scope in a scope.
const DEEPEST: usize = 16;

/// Adds the settings in `text` to `settings`, by their whole lower-case names, "apt::periodic::enable"; a later one counts.
pub(super) fn add(settings: &mut BTreeMap<String, String>, text: &str) {
    let mut scopes: Vec<String> = Vec::new();
    let mut said: Vec<String> = Vec::new();
    for token in tokens(text) {
        match token {
            Token::Word(word) => said.push(word),
            Token::Open if scopes.len() < DEEPEST => scopes.push(said.drain(..).collect()),
            Token::Open => return,
            Token::Close => drop(scopes.pop()),
            Token::End => {
                if let [name, value] = &*std::mem::take(&mut said) {
                    let scoped = scopes.iter().chain([name]).filter(|part| !part.is_empty()).map(|part| part.to_lowercase());
                    settings.insert(scoped.collect::<Vec<_>>().join("::"), value.clone());
                }
            }
        }
    }
}

enum Token {
    /// A name, or a value without its quotes.
    Word(String),
    Open,
    Close,
    End,
}

fn tokens(text: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut left = text;
    while let Some(first) = left.chars().next() {
        let rest = left.get(first.len_utf8()..).unwrap_or_default();
        left = match first {
            '/' if rest.starts_with('*') => rest.split_once("*/").map_or("", |(_, after)| after),
            '/' if rest.starts_with('/') => after_line(rest),
            // "#clear" and "#include" are not followed: nothing the agent asks for is set by them.
            '#' => after_line(rest),
            '"' => {
                let (value, after) = rest.split_once('"').unwrap_or((rest, ""));
                tokens.push(Token::Word(value.to_owned()));
                after
            }
            '{' | '}' | ';' => {
                tokens.push(if first == '{' {
                    Token::Open
                } else if first == '}' {
                    Token::Close
                } else {
                    Token::End
                });
                rest
            }
            blank if blank.is_whitespace() => rest,
            _ => {
                let end = left.find(|c: char| c.is_whitespace() || matches!(c, '{' | '}' | ';' | '"')).unwrap_or(left.len());
                let (word, after) = left.split_at(end);
                tokens.push(Token::Word(word.to_owned()));
                after
            }
        };
    }
    tokens
}

fn after_line(text: &str) -> &str {
    text.split_once('\n').map_or("", |(_, after)| after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_read_in_their_scopes_and_comments_are_not() {
        let check = |text: &str, wanted: Option<&str>| {
            let mut settings = BTreeMap::new();
            add(&mut settings, text);
            assert_eq!(settings.get("apt::periodic::unattended-upgrade").map(String::as_str), wanted, "{text:?}");
        };
        check("APT::Periodic::Update-Package-Lists \"1\";\nAPT::Periodic::Unattended-Upgrade \"1\";\n", Some("1"));
        check("APT { Periodic { Unattended-Upgrade \"0\"; }; };", Some("0"));
        check("apt::periodic { Enable \"1\"; unattended-upgrade \"7\"; };", Some("7"));
        check("APT::Periodic::Unattended-Upgrade \"1\"; APT::Periodic::Unattended-Upgrade \"0\";", Some("0"));
        check("// APT::Periodic::Unattended-Upgrade \"1\";\n# APT::Periodic::Unattended-Upgrade \"1\";\n", None);
        check("/* APT::Periodic::Unattended-Upgrade \"1\"; */", None);
        check("Unattended-Upgrade::Allowed-Origins { \"a\"; \"b:c\"; };\nAPT::Periodic::Unattended-Upgrade \"1\";", Some("1"));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s)([{};\"#/*]|//|/\\*|APT|\n|.){0,120}") {
            add(&mut BTreeMap::new(), &text);
        }
    }
}
