//! When each operating system has its last updates: data, with where it is from.

use jiff::civil::Date;
use jiff::civil::date;
use rollcall_proto::v1::OperatingSystem;

/// One version of an operating system.
struct Version {
    /// Its version; of Windows its build.
    version: &'static str,
    /// The last day with security updates for everybody.
    ends: Date,
    /// The same for Enterprise and Education, where it is another.
    education: Option<Date>,
}

const fn version(version: &'static str, ends: Date) -> Version {
    Version { version, ends, education: None }
}

const fn windows(build: &'static str, ends: Date, education: Date) -> Version {
    Version { version: build, ends, education: Some(education) }
}

/// Debian, to the end of its long-term support. From distro-info-data (debian.csv, column eol-lts).
const DEBIAN: &[Version] = &[
    version("8", date(2020, 6, 30)),
    version("9", date(2022, 6, 30)),
    version("10", date(2024, 6, 30)),
    version("11", date(2026, 8, 31)),
    version("12", date(2028, 6, 30)),
    version("13", date(2030, 6, 30)),
];

/// Fedora, a month after the next but one came. From its release schedules; the newest versions have no date yet.
const FEDORA: &[Version] = &[
    version("38", date(2024, 5, 21)),
    version("39", date(2024, 11, 26)),
    version("40", date(2025, 5, 13)),
    version("41", date(2025, 12, 15)),
    version("42", date(2026, 5, 28)),
];

/// Ubuntu, without the paid years. From distro-info-data (ubuntu.csv, column eol).
const UBUNTU: &[Version] = &[
    version("16.04", date(2021, 4, 30)),
    version("18.04", date(2023, 5, 31)),
    version("20.04", date(2025, 5, 29)),
    version("22.04", date(2027, 6, 1)),
    version("23.04", date(2024, 1, 25)),
    version("23.10", date(2024, 7, 11)),
    version("24.04", date(2029, 5, 31)),
    version("24.10", date(2025, 7, 10)),
    version("25.04", date(2026, 1, 15)),
    version("25.10", date(2026, 7, 9)),
    version("26.04", date(2031, 5, 29)),
];

/// Windows 10 and 11 by build, without paid updates. From Microsoft's lifecycle pages "Windows 10/11 Home and Pro" and
/// "Windows 10/11 Enterprise and Education".
const WINDOWS: &[Version] = &[
    windows("17763", date(2020, 11, 10), date(2021, 5, 11)),
    windows("18362", date(2020, 12, 8), date(2020, 12, 8)),
    windows("18363", date(2021, 5, 11), date(2022, 5, 10)),
    windows("19041", date(2021, 12, 14), date(2021, 12, 14)),
    windows("19042", date(2022, 5, 10), date(2023, 5, 9)),
    windows("19043", date(2022, 12, 13), date(2022, 12, 13)),
    windows("19044", date(2023, 6, 13), date(2024, 6, 11)),
    windows("19045", date(2025, 10, 14), date(2025, 10, 14)),
    windows("22000", date(2023, 10, 10), date(2024, 10, 8)),
    windows("22621", date(2024, 10, 8), date(2025, 10, 14)),
    windows("22631", date(2025, 11, 11), date(2026, 11, 10)),
    windows("26100", date(2026, 10, 13), date(2027, 10, 12)),
    windows("26200", date(2027, 10, 12), date(2028, 10, 10)),
];

/// Windows' long-term channel, by build. From Microsoft's page "Windows 10 release information".
const WINDOWS_LTSC: &[Version] = &[
    version("14393", date(2026, 10, 13)),
    version("17763", date(2029, 1, 9)),
    version("19044", date(2027, 1, 12)),
    version("26100", date(2029, 10, 9)),
];

/// The last day with updates; `None`: nothing is known of this version.
pub(super) fn of(os: &OperatingSystem) -> Option<Date> {
    match os.id.as_str() {
        "debian" => find(DEBIAN, major(&os.version)).map(|version| version.ends),
        "fedora" => find(FEDORA, major(&os.version)).map(|version| version.ends),
        "ubuntu" => find(UBUNTU, os.version.get(..5)?).map(|version| version.ends),
        "windows" => of_windows(os),
        _ => None,
    }
}

fn of_windows(os: &OperatingSystem) -> Option<Date> {
    let build = os.kernel.split('.').nth(2)?;
    if os.name.contains("LTSC") || os.name.contains("LTSB") {
        return find(WINDOWS_LTSC, build).map(|version| version.ends);
    }
    let education = os.name.contains("Enterprise") || os.name.contains("Education") && !os.name.contains("Pro Education");
    find(WINDOWS, build).map(|version| version.education.filter(|_| education).unwrap_or(version.ends))
}

fn major(version: &str) -> &str {
    version.split('.').next().unwrap_or_default()
}

fn find(versions: &'static [Version], version: &str) -> Option<&'static Version> {
    versions.iter().find(|known| known.version == version)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_known_by_what_its_system_says_of_itself() {
        let check = |id: &str, name: &str, version: &str, kernel: &str, want: Option<Date>| {
            let os =
                OperatingSystem { id: id.into(), name: name.into(), version: version.into(), kernel: kernel.into(), ..Default::default() };
            assert_eq!(of(&os), want, "{id} {name} {version} {kernel}");
        };
        check("ubuntu", "Ubuntu", "24.04", "6.8.0-45-generic", Some(date(2029, 5, 31)));
        check("ubuntu", "Ubuntu", "20.04.6", "", Some(date(2025, 5, 29)));
        check("ubuntu", "Ubuntu", "", "", None);
        check("debian", "Debian GNU/Linux", "12", "", Some(date(2028, 6, 30)));
        check("debian", "Debian GNU/Linux", "", "", None);
        check("fedora", "Fedora Linux", "42", "", Some(date(2026, 5, 28)));
        check("fedora", "Fedora Linux", "99", "", None);
        check("windows", "Windows 11 Education", "23H2", "10.0.22631.3593", Some(date(2026, 11, 10)));
        check("windows", "Windows 11 Pro Education", "23H2", "10.0.22631.3593", Some(date(2025, 11, 11)));
        check("windows", "Windows 10 Enterprise LTSC 2019", "1809", "10.0.17763.1", Some(date(2029, 1, 9)));
        check("windows", "Windows 11 Pro", "", "10.0.99999", None);
        check("arch", "Arch Linux", "", "6.9.1", None);
    }
}
