//! Whether the machine makes every GNOME desktop lock its screen: what the system's dconf databases set and lock.

use super::{LIMIT, texts};
use crate::host::Host;

const PROFILE: &str = "/etc/dconf/profile/user";
const DATABASES: &str = "/etc/dconf/db";
/// The desktop locks when the screen saver comes.
const LOCKS: &str = "/org/gnome/desktop/screensaver/lock-enabled";
/// Locking is taken away.
const FORBIDDEN: &str = "/org/gnome/desktop/lockdown/disable-lock-screen";
/// After how many seconds the screen saver comes; 0: never.
const IDLE: &str = "/org/gnome/desktop/session/idle-delay";

/// On or off where nobody can change it; `None` where it is left to each person.
pub(super) fn screen_lock(host: &Host) -> Option<bool> {
    let databases = databases(host)?;
    let decided = |key: &str| decided(&databases, key);
    let never = decided(IDLE).is_some_and(|value| value.trim_start_matches("uint32 ").trim() == "0");
    match decided(LOCKS) {
        _ if decided(FORBIDDEN) == Some("true") || never => Some(false),
        Some("true") => Some(true),
        Some("false") => Some(false),
        _ => None,
    }
}

/// The sources of one database.
struct Database {
    values: Vec<String>,
    locks: Vec<String>,
}

/// The system's databases, those that count more first. One that was never compiled counts for nothing.
fn databases(host: &Host) -> Option<Vec<Database>> {
    let profile = host.text(PROFILE, LIMIT).ok()?;
    let names = profile.lines().filter_map(|line| line.split('#').next()?.trim().strip_prefix("system-db:"));
    let names = names.filter(|name| !name.is_empty() && !name.contains(['/', '.']) && host.exists(&format!("{DATABASES}/{name}")));
    let read = |name: &str| {
        let folder = format!("{DATABASES}/{name}.d");
        let values = texts(host, &folder, |file| !file.starts_with('.') && file != "locks")?;
        Some(Database { values, locks: texts(host, &format!("{folder}/locks"), |file| !file.starts_with('.'))? })
    };
    names.take(8).map(read).collect()
}

/// The value of `key` that nobody can change: what the database that locks it sets, or one that counts less.
fn decided<'a>(databases: &'a [Database], key: &str) -> Option<&'a str> {
    let locked = |database: &Database| database.locks.iter().flat_map(|text| text.lines()).any(|line| line.trim() == key);
    let from = databases.iter().rposition(locked)?;
    databases.get(from..)?.iter().find_map(|database| database.values.iter().rev().find_map(|text| value(text, key)))
}

/// The value of the key "/a/b/c" in a key file: "c=" below "[a/b]".
fn value<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let (group, name) = key.trim_start_matches('/').rsplit_once('/')?;
    let mut here = false;
    let mut found = None;
    for line in text.lines().map(str::trim) {
        if let Some(title) = line.strip_prefix('[') {
            here = title.trim_end_matches(']') == group;
        } else if let Some((left, right)) = line.split_once('=')
            && here
            && left.trim() == name
        {
            found = Some(right.trim());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::machine;
    use proptest::prelude::*;

    const USER: (&str, &str) = ("etc/dconf/profile/user", "user-db:user\nsystem-db:lab\nsystem-db:site\n");
    const SAVER: &str = "[org/gnome/desktop/screensaver]\n";

    fn says(files: &[(&str, &str)]) -> Option<bool> {
        screen_lock(&machine(r#"{"present":["/etc/dconf/db/lab","/etc/dconf/db/site"]}"#, files).1)
    }

    #[test]
    fn only_what_is_set_and_locked_is_decided() {
        let (on, off) = (format!("{SAVER}lock-enabled=true\n"), format!("{SAVER}lock-enabled=false\n"));
        let lock = ("etc/dconf/db/lab.d/locks/lock", LOCKS);
        assert_eq!(says(&[USER, ("etc/dconf/db/lab.d/10-lock", &on), lock]), Some(true));
        assert_eq!(says(&[USER, ("etc/dconf/db/lab.d/10-lock", &on), ("etc/dconf/db/lab.d/20-lock", &off), lock]), Some(false));
        assert_eq!(says(&[USER, ("etc/dconf/db/lab.d/10-lock", &on)]), None, "a default that a person may change");
        assert_eq!(says(&[USER, lock]), None);
        assert_eq!(says(&[("etc/dconf/db/lab.d/10-lock", &on), lock]), None, "no profile reads it");
        assert_eq!(says(&[USER, ("etc/dconf/db/other.d/10-lock", &on), ("etc/dconf/db/other.d/locks/x", LOCKS)]), None);
        assert_eq!(says(&[]), None);
    }

    #[test]
    fn a_lock_below_leaves_nothing_to_the_database_above() {
        let (on, off) = (format!("{SAVER}lock-enabled=true\n"), format!("{SAVER}lock-enabled=false\n"));
        let above = ("etc/dconf/db/lab.d/lock", off.as_str());
        assert_eq!(says(&[USER, above, ("etc/dconf/db/site.d/lock", &on), ("etc/dconf/db/site.d/locks/x", LOCKS)]), Some(true));
    }

    #[test]
    fn a_screen_that_never_saves_or_must_not_lock_is_off() {
        let never = format!("{SAVER}lock-enabled=true\n[org/gnome/desktop/session]\nidle-delay=uint32 0\n");
        let both = format!("{LOCKS}\n{IDLE}\n");
        assert_eq!(says(&[USER, ("etc/dconf/db/lab.d/a", &never), ("etc/dconf/db/lab.d/locks/a", &both)]), Some(false));
        let idle = never.replace("uint32 0", "uint32 600");
        assert_eq!(says(&[USER, ("etc/dconf/db/lab.d/a", &idle), ("etc/dconf/db/lab.d/locks/a", &both)]), Some(true));
        let forbidden = "[org/gnome/desktop/lockdown]\ndisable-lock-screen=true\n";
        assert_eq!(says(&[USER, ("etc/dconf/db/lab.d/a", forbidden), ("etc/dconf/db/lab.d/locks/a", FORBIDDEN)]), Some(false));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s)(\\[|\\]|=|lock-enabled|\n|.){0,80}") {
            value(&text, LOCKS);
        }
    }
}
