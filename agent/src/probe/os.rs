//! The operating system: its name and version, the kernel, the architecture.

use super::{Found, Measured, text};
use crate::host::{Host, Keys};
use rollcall_proto::Section;
use rollcall_proto::v1::OperatingSystem;

/// Where distributions describe themselves; the first that is there counts.
const RELEASE: [&str; 2] = ["/etc/os-release", "/usr/lib/os-release"];
const RELEASE_LIMIT: usize = 64 * 1024;

/// Where Windows says what it is.
const WINDOWS: &str = r"SOFTWARE\Microsoft\Windows NT\CurrentVersion";
const FIRST_BUILD_OF_11: u64 = 22_000;
/// What installers leave behind once and nobody touches later; the first that is there counts.
const INSTALLED: [&str; 4] = ["/var/log/installer", "/var/log/anaconda", "/lost+found", "/etc/machine-id"];

/// Reads the section.
pub(super) fn read(host: &Host) -> Measured {
    if let Ok(text) = host.registry(WINDOWS) {
        let system = OperatingSystem { architecture: text::clean(&host.architecture()), ..windows(&Keys::parse(&text)) };
        return Ok(Found::whole(Section::OperatingSystem(system)));
    }
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
    system.installed_s = INSTALLED.iter().find_map(|path| host.modified(path).ok()).unwrap_or(0);
    Ok(Found { section: Section::OperatingSystem(system), problems })
}

/// Reads what Windows says of itself. It calls itself "Windows 10" in its registry even when it is 11: the build tells.
fn windows(keys: &Keys<'_>) -> OperatingSystem {
    let value = |name: &str| text::clean(keys.value("", name));
    let (build, release) = (value("CurrentBuild"), value("DisplayVersion"));
    let mut name = value("ProductName");
    if text::number(&build).is_some_and(|build| build >= FIRST_BUILD_OF_11) {
        name = name.replacen("Windows 10", "Windows 11", 1);
    }
    let revision = value("UBR");
    let kernel = if revision.is_empty() { format!("10.0.{build}") } else { format!("10.0.{build}.{revision}") };
    let pretty = text::clean(&format!("{name} {release}"));
    let installed_s = value("InstallDate").parse().unwrap_or(0);
    OperatingSystem { name, version: release, id: "windows".to_owned(), kernel, pretty, installed_s, ..OperatingSystem::default() }
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

    #[test]
    fn windows_11_is_told_by_its_build() {
        let text = "[]\nProductName=Windows 10 Education\nDisplayVersion=23H2\nCurrentBuild=22631\nUBR=3593\nInstallDate=1700000000\n";
        let (_dir, host) = crate::probe::machine("{}", &[("registry/SOFTWARE/Microsoft/Windows NT/CurrentVersion.txt", text)]);
        let Section::OperatingSystem(system) = read(&host).unwrap().section else { panic!() };
        let facts = [&system.pretty, &system.version, &system.id, &system.kernel];
        assert_eq!(facts, ["Windows 11 Education 23H2", "23H2", "windows", "10.0.22631.3593"]);
        assert_eq!(system.installed_s, 1_700_000_000);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s).{0,300}") {
            release(&text);
        }
    }
}
