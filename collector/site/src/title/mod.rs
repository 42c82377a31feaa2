//! Titles of software: one name for what every packaging calls by another, "7-Zip 23.01 (x64)" and p7zip-full.

mod aliases;
mod visible;

pub(crate) use visible::is_visible;

use aliases::{ALIASES, VENDORS};
use std::collections::HashMap;
use std::sync::LazyLock;

/// What a name says beside the title.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The title in small letters, without version, architecture, language and vendor.
    pub title: String,
    /// The version that stood in the name.
    pub version: Option<String>,
}

/// Words that say how a program is built, not which one it is.
const BUILDS: &[&str] = &[
    "-",
    "32",
    "32-bit",
    "32bit",
    "64",
    "64-bit",
    "64bit",
    "amd64",
    "arm64",
    "bit",
    "build",
    "edition",
    "installer",
    "machine-wide",
    "release",
    "setup",
    "update",
    "user",
    "version",
    "win32",
    "win64",
    "x64",
    "x86",
    "x86_64",
];

/// Reads a name as a package or a person writes it.
pub fn read(name: &str) -> Name {
    let plain = without_marks(&name.to_lowercase());
    let mut words: Vec<&str> = plain.split_whitespace().collect();
    let mut version = None;
    while let Some(last) = words.last().filter(|_| words.len() > 1) {
        let stripped = last.trim_matches(|c| "(),[]".contains(c));
        if is_version(stripped) {
            version = Some(stripped.trim_start_matches('v').to_owned());
        } else if !stripped.is_empty() && !BUILDS.contains(&stripped) && !is_language(stripped) {
            break;
        }
        words.pop();
    }
    if let Some(first) = words.first().filter(|_| words.len() > 1)
        && VENDORS.contains(first)
    {
        words.remove(0);
    }
    Name { title: words.join(" "), version }
}

/// What a package is known by beside its own name: its title, and the catalogue's title where that is another.
pub(crate) fn of_package(name: &str, source: &str) -> Vec<String> {
    let small = name.to_lowercase();
    let own = if source == "flatpak" { last_part(&small).to_owned() } else { read(name).title };
    let known = [small.as_str(), &own].into_iter().find_map(|name| TITLES.get(name)).map(|title| (*title).to_owned());
    let mut titles: Vec<String> = known.into_iter().chain([own]).filter(|title| *title != small).collect();
    titles.dedup();
    titles
}

/// "org.gimp.gimp": the last part names it, unless that is a word for any program.
fn last_part(name: &str) -> &str {
    name.rsplit('.').next().filter(|last| !["app", "client", "desktop"].contains(last)).unwrap_or(name)
}

/// The catalogue's title by each of its other names.
static TITLES: LazyLock<HashMap<&'static str, &'static str>> =
    LazyLock::new(|| ALIASES.iter().flat_map(|(title, names)| names.iter().map(|name| (*name, *title))).collect());

/// Without the signs of trade marks.
fn without_marks(name: &str) -> String {
    let name = name.replace("(r)", "").replace("(tm)", "");
    name.chars().filter(|c| !"®™©".contains(*c)).collect()
}

/// "23.01", "v1.2.3", "2.10.36-1"; a number alone is part of a title: "office 2019".
fn is_version(word: &str) -> bool {
    let digits = word.strip_prefix('v').unwrap_or(word);
    digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.contains('.')
        && digits.chars().all(|c| c.is_ascii_alphanumeric() || ".+-~_".contains(c))
}

/// "en-us", "de-de".
fn is_language(word: &str) -> bool {
    let parts = word.split_once('-');
    parts.is_some_and(|(language, country)| {
        [language, country].iter().all(|part| part.len() == 2 && part.bytes().all(|b| b.is_ascii_lowercase()))
    })
}

/// A title as people write it: compared without regard to case, with whatever a packaging calls it; `*` at the end stands for any ending
/// of the package's own name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Title {
    stem: String,
    open: bool,
    /// What it comes to without version, architecture, language and vendor.
    plain: String,
}

impl Title {
    /// Reads a title.
    pub(crate) fn new(text: &str) -> Self {
        let text = text.trim();
        let stem = text.strip_suffix('*');
        let plain = if stem.is_some() { String::new() } else { read(text).title };
        Self { stem: stem.unwrap_or(text).to_lowercase(), open: stem.is_some(), plain }
    }

    /// What its names begin with, in small letters.
    pub(crate) fn stem(&self) -> &str {
        &self.stem
    }

    /// Whether it stands for any ending.
    pub(crate) fn is_open(&self) -> bool {
        self.open
    }

    /// The title that packages of any packaging are known by; none of an open one.
    pub(crate) fn plain(&self) -> &str {
        &self.plain
    }

    /// Whether a package's own name is meant.
    pub(crate) fn is(&self, name: &str) -> bool {
        if !name.is_ascii() {
            let name = name.to_lowercase();
            return if self.open { name.starts_with(&self.stem) } else { name == self.stem };
        }
        // Most names are plain letters: no small copy is made of them.
        let begin = if self.open { name.get(..self.stem.len()) } else { Some(name) };
        begin.is_some_and(|begin| begin.eq_ignore_ascii_case(&self.stem))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_without_what_is_no_title() {
        let check = |name: &str, title: &str, version: Option<&str>| {
            assert_eq!(read(name), Name { title: title.to_owned(), version: version.map(str::to_owned) }, "{name}");
        };
        check("7-Zip 23.01 (x64)", "7-zip", Some("23.01"));
        check("Mozilla Firefox 121.0 (x64 en-US)", "firefox", Some("121.0"));
        check("Mozilla Firefox (x64 en-US)", "firefox", None);
        check("Python 3.12.1 (64-bit)", "python", Some("3.12.1"));
        check("Notepad++ (64-bit x64)", "notepad++", None);
        check(
            "Microsoft Visual C++ 2015-2022 Redistributable (x64) - 14.38.33130",
            "visual c++ 2015-2022 redistributable",
            Some("14.38.33130"),
        );
        check("Microsoft Office 2019", "office 2019", None);
        check("Intel(R) Wireless Bluetooth(R)", "intel wireless bluetooth", None);
        check("python3.11", "python3.11", None);
        check("64", "64", None);
        check("", "", None);
    }

    #[test]
    fn packages_of_every_packaging_have_one_title() {
        let check = |title: &str, packages: &[(&str, &str)]| {
            for (name, source) in packages {
                let first = of_package(name, source).first().cloned().unwrap_or_else(|| name.to_lowercase());
                assert_eq!(first, title, "{name} of {source}");
            }
        };
        check("7-zip", &[("7-Zip 23.01 (x64)", "registry"), ("p7zip-full", "dpkg"), ("7zip", "apk"), ("p7zip", "rpm")]);
        check(
            "firefox",
            &[
                ("Mozilla Firefox (x64 en-US)", "registry"),
                ("firefox-esr", "dpkg"),
                ("firefox", "snap"),
                ("org.mozilla.firefox", "flatpak"),
            ],
        );
        check("gimp", &[("GIMP 2.10.36", "registry"), ("gimp", "dpkg"), ("org.gimp.GIMP", "flatpak")]);
        check("vlc", &[("VLC media player", "registry"), ("vlc", "rpm"), ("org.videolan.VLC", "flatpak")]);
        check("chrome", &[("Google Chrome", "registry"), ("google-chrome-stable", "dpkg"), ("com.google.Chrome", "flatpak")]);
        check("org.example.client", &[("org.example.Client", "flatpak")]);
        check("libc6", &[("libc6", "dpkg")]);
        assert_eq!(of_package("VLC media player 3.0 (64-bit)", "registry"), ["vlc", "vlc media player"], "as the registry has it too");
    }

    #[test]
    fn the_catalogue_names_nothing_twice_and_in_small_letters() {
        assert!(ALIASES.is_sorted_by_key(|(title, _)| *title) && VENDORS.is_sorted() && BUILDS.is_sorted());
        let names: Vec<&str> = ALIASES.iter().flat_map(|(title, names)| names.iter().copied().chain([*title])).collect();
        let mut once = names.clone();
        once.sort_unstable();
        once.dedup();
        assert_eq!(once.len(), names.len(), "a name stands for two titles");
        assert!(names.iter().all(|name| *name == name.to_lowercase()));
        assert_eq!(TITLES.len() + ALIASES.len(), names.len());
    }

    #[test]
    fn a_title_means_names_without_regard_to_case() {
        let check = |title: &str, name: &str, want: bool| assert_eq!(Title::new(title).is(name), want, "{title} {name}");
        check("geogebra", "GeoGebra", true);
        check("python3*", "python3-minimal", true);
        check("python3", "python3-minimal", false);
        check("ärger", "Ärger", true);
        check("python3-minimal-and-longer*", "python3-minimal", false);
        assert_eq!(Title::new("Mozilla Firefox").plain(), "firefox");
        assert_eq!(Title::new("firefox-esr").plain(), "firefox-esr", "a package's own name means it alone");
    }
}
