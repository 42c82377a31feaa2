//! The registry of Windows as text: keys in brackets, one value a line, so that a parser is tested anywhere.

use super::{Host, Unread, World, platform};

/// Largest text of one key with its subkeys, bytes.
const LIMIT: usize = 8 * 1024 * 1024;

/// The keys of a text: `[name]`, then `value=content` lines; contents are on one line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys<'a>(Vec<(&'a str, Vec<(&'a str, &'a str)>)>);

impl<'a> Keys<'a> {
    /// Reads the text of [`Host::registry`]; what is neither a key nor a value is left out.
    pub fn parse(text: &'a str) -> Self {
        let mut keys: Vec<(&str, Vec<(&str, &str)>)> = Vec::new();
        for line in text.lines() {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                keys.push((name, Vec::new()));
            } else if let (Some((name, content)), Some((_, values))) = (line.split_once('='), keys.last_mut()) {
                values.push((name, content));
            }
        }
        Self(keys)
    }

    /// Every key by name.
    pub fn names(&self) -> impl Iterator<Item = &'a str> {
        self.0.iter().map(|(name, _)| *name)
    }

    /// The content of `value` in the key called `key`; empty when there is none. Names are alike in any case.
    pub fn value(&self, key: &str, value: &str) -> &'a str {
        let values = self.0.iter().filter(|(name, _)| name.eq_ignore_ascii_case(key)).flat_map(|(_, values)| values);
        values.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(value)).map_or("", |(_, content)| *content)
    }
}

impl Host {
    /// The values of the key at `path` below HKEY_LOCAL_MACHINE (as `[]`) and of each key right under it. A recorded
    /// machine keeps it as `registry/PATH.txt` with `/` between the parts.
    ///
    /// # Errors
    /// [`Unread`], which names the key: absent where there is no registry.
    pub fn registry(&self, path: &str) -> Result<String, Unread> {
        let file = format!("/registry/{}.txt", path.replace('\\', "/"));
        match &self.0.world {
            World::Recorded(_) => self.text(&file, LIMIT),
            World::Live(_) => {
                let outcome = platform::registry(path, LIMIT);
                self.note(|tape| tape.file(&file, &outcome.clone().map(String::into_bytes)));
                outcome
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keys_and_values_are_read_in_any_case() {
        let keys = Keys::parse("stray=1\n[]\nProductName=Windows 11\n[{A}]\nDisplayName=x=y\nrubbish\n");
        assert_eq!(keys.names().collect::<Vec<_>>(), ["", "{A}"]);
        assert_eq!((keys.value("", "PRODUCTNAME"), keys.value("{a}", "DisplayName"), keys.value("{A}", "no")), ("Windows 11", "x=y", ""));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s)(\\[|\\]|=|\n|.){0,200}") {
            Keys::parse(&text).value("", "x");
        }
    }
}
