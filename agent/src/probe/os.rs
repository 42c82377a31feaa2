//! The operating system: its name and version, the kernel, the architecture.

use super::{Found, Measured, text};
use crate::host::Host;
use rollcall_proto::Section;
use rollcall_proto::v1::OperatingSystem;

/// Where distributions describe themselves; the first that is there counts.
const RELEASE: [&str; 2] = ["/etc/os-release", "/usr/lib/os-release"];
const RELEASE_LIMIT: usize = 64 * 1024;

/// Reads the section.
pub(super) fn read(host: &Host) -> Measured {
    let mut problems = Vec::new();
    let mut system =
        match RELEASE.iter().map(|path| host.text(path, RELEASE_LIMIT)).find(|read| !matches!(read, Err(why) if why.is_absent())) {
            Some(Ok(text)) => release(&text),
            Some(Err(why)) => {
                problems.push(format!("name and version: {why}"));
                OperatingSystem::default()
            }
            None => {
                problems.push(format!("name and version: {} is absent", RELEASE.join(" and ")));
                OperatingSystem::default()
            }
        };
    match host.value("/proc/sys/kernel/osrelease") {
        Ok(kernel) => system.kernel = text::clean(&kernel),
        Err(why) => problems.push(format!("kernel: {why}")),
    }
    system.architecture = text::clean(&host.architecture());
    Ok(Found { section: Section::OperatingSystem(system), problems })
}

/// Reads an os-release file: shell assignments, quoted or not.
fn release(text: &str) -> OperatingSystem {
    let mut system = OperatingSystem::default();
    for (key, value) in text.lines().filter_map(|line| line.trim().split_once('=')) {
        let value = text::clean(&unquote(value.trim()));
        match key {
            "NAME" => system.name = value,
            "VERSION_ID" => system.version = value,
            "ID" => system.id = value,
            "PRETTY_NAME" => system.pretty = value,
            _ => {}
        }
    }
    system
}

fn unquote(value: &str) -> String {
    let quoted = ['"', '\''].into_iter().find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote));
    let mut plain = String::new();
    let mut escaped = false;
    for c in quoted.unwrap_or(value).chars() {
        escaped = c == '\\' && !escaped;
        if !escaped {
            plain.push(c);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn os_release_is_read_quoted_or_not() {
        let system = release(
            "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME='Debian GNU/Linux'\nVERSION_ID=\"12\"\nID=debian\n# ID=x\nrubbish\n",
        );
        let expected = ["Debian GNU/Linux 12 (bookworm)", "Debian GNU/Linux", "12", "debian"];
        assert_eq!([&system.pretty, &system.name, &system.version, &system.id].map(String::as_str), expected);
        assert_eq!(unquote(r#""a \"b\" c\\d""#), r#"a "b" c\d"#);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s).{0,300}") {
            release(&text);
        }
    }
}
