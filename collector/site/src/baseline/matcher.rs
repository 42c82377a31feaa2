//! Which packages a baseline means: looked up once by name, then by number for each list of software.

use super::judge::{Kind, Wrong};
use super::record::{Baseline, Wanted};
use crate::content::Content;
use crate::packages::{Marks, Package, Packages};
use crate::title::{Title, is_visible};
use crate::version::{Range, Scheme};
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// A baseline's titles, ready to be found on lists of software.
#[derive(Debug)]
pub(crate) struct Matcher {
    titles: Vec<Sought>,
    only_allowed: bool,
    /// What was found among the packages of the site so far.
    hits: Mutex<Arc<Hits>>,
}

/// What a title is on the baseline for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum List {
    Required,
    Allowed,
    Forbidden,
}

/// One title of a baseline.
#[derive(Debug)]
struct Sought {
    list: List,
    wanted: Wanted,
    title: Title,
    names: Vec<(String, Vec<Title>)>,
    range: Option<Range>,
}

/// The packages that a baseline means.
#[derive(Clone, Debug, Default)]
struct Hits {
    packages: Weak<Packages>,
    /// So many packages were there.
    count: u32,
    marks: Marks,
    /// The titles that mean a package, by place, and whether its version is right.
    titles: HashMap<u32, Vec<(usize, Fit)>>,
    /// The packages that people see as programs; only where a baseline allows no other.
    visible: Marks,
}

/// Whether a package's version is in a title's range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fit {
    Right,
    Wrong,
}

impl Sought {
    fn of(wanted: &Wanted, list: List) -> Self {
        let titles = |names: &Vec<String>| names.iter().map(|name| Title::new(name)).collect();
        Self {
            list,
            wanted: wanted.clone(),
            title: Title::new(&wanted.title),
            names: wanted.names.iter().map(|(source, names)| (source.clone(), titles(names))).collect(),
            range: wanted.version.as_deref().and_then(|version| Range::parse(version).ok()),
        }
    }

    /// The numbers of the packages that it means. Where a source has names of its own, only they count.
    fn numbers(&self, packages: &Packages) -> Vec<u32> {
        let source_of = |number: &u32| packages.get(*number).map_or("", |package| package.source);
        let is_named = |number: &u32| self.names.iter().any(|(source, _)| source == source_of(number));
        let mut numbers = packages.titled(&self.title);
        numbers.retain(|number| !is_named(number));
        for (source, title) in self.names.iter().flat_map(|(source, titles)| titles.iter().map(move |title| (source, title))) {
            let is_it = |number: &u32| packages.get(*number).is_some_and(|package| package.source == source && title.is(package.name));
            numbers.extend(packages.titled(title).into_iter().filter(is_it));
        }
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    fn fit(&self, package: &Package<'_>) -> Fit {
        let fits = self.range.as_ref().is_none_or(|range| range.holds_by(Scheme::of(package.source), version(package).as_ref()));
        if fits { Fit::Right } else { Fit::Wrong }
    }
}

/// A package's version; where it has none, the one that stands in its name.
fn version<'a>(package: &Package<'a>) -> std::borrow::Cow<'a, str> {
    if !package.version.is_empty() {
        return package.version.into();
    }
    crate::title::read(package.name).version.unwrap_or_default().into()
}

/// What a list comes to.
#[derive(Debug, Default)]
pub(super) struct Listed {
    /// What is wrong with it.
    pub wrong: Vec<Wrong>,
}

impl Matcher {
    /// Makes a baseline's titles ready.
    pub(crate) fn of(baseline: &Baseline) -> Self {
        let lists = [(&baseline.required, List::Required), (&baseline.forbidden, List::Forbidden), (&baseline.allowed, List::Allowed)];
        let titles = lists.into_iter().flat_map(|(titles, list)| titles.iter().map(move |wanted| Sought::of(wanted, list)));
        Self { titles: titles.collect(), only_allowed: baseline.only_allowed, hits: Mutex::default() }
    }

    /// The packages that one title means.
    pub(super) fn numbers(wanted: &Wanted, packages: &Packages) -> Marks {
        let sought = Sought::of(wanted, List::Required);
        let mut marks = Marks::default();
        let fits = |number: &u32| packages.get(*number).is_some_and(|package| sought.fit(&package) == Fit::Right);
        sought.numbers(packages).into_iter().filter(fits).for_each(|number| marks.set(number));
        marks
    }

    /// What it means among these packages; looked up anew only when there are more.
    fn hits(&self, packages: &Arc<Packages>) -> Arc<Hits> {
        let mut hits = self.hits.lock().unwrap_or_else(PoisonError::into_inner);
        let count = u32::try_from(packages.count()).unwrap_or(u32::MAX);
        let same = Weak::ptr_eq(&hits.packages, &Arc::downgrade(packages));
        if !same || hits.count < count {
            *hits = Arc::new(self.look_up(packages, count, if same { Some(&hits) } else { None }));
        }
        Arc::clone(&hits)
    }

    fn look_up(&self, packages: &Arc<Packages>, count: u32, before: Option<&Hits>) -> Hits {
        let mut hits = Hits { packages: Arc::downgrade(packages), count, ..Hits::default() };
        for (place, sought) in self.titles.iter().enumerate() {
            for number in sought.numbers(packages) {
                let Some(package) = packages.get(number) else { continue };
                hits.marks.set(number);
                hits.titles.entry(number).or_default().push((place, sought.fit(&package)));
            }
        }
        if self.only_allowed {
            let known = before.map_or(0, |before| before.count);
            hits.visible = before.map_or_else(Marks::default, |before| before.visible.clone());
            let visible = |number: &u32| packages.get(*number).is_some_and(|package| is_visible(&package));
            (known..count).filter(visible).for_each(|number| hits.visible.set(number));
        }
        hits
    }

    /// Judges a list of software.
    pub(super) fn judge(&self, list: &Content) -> Listed {
        let Some((packages, numbers)) = list.list() else { return Listed::default() };
        let hits = self.hits(packages);
        let mut found: Vec<Option<(Fit, u32)>> = vec![None; self.titles.len()];
        let (mut forbidden, mut others) = (Vec::new(), Vec::new());
        for number in numbers {
            if !hits.marks.has(*number) {
                if hits.visible.has(*number) {
                    others.push(*number);
                }
                continue;
            }
            self.meet(*number, hits.titles.get(number).map(Vec::as_slice).unwrap_or_default(), &mut found, &mut forbidden, |number| {
                if hits.visible.has(number) {
                    others.push(number);
                }
            });
        }
        Listed { wrong: self.wrong(packages, &found, &forbidden, &others) }
    }

    /// Takes down what the titles that mean a package say of it.
    fn meet(
        &self,
        number: u32,
        titles: &[(usize, Fit)],
        found: &mut [Option<(Fit, u32)>],
        forbidden: &mut Vec<(usize, u32)>,
        mut other: impl FnMut(u32),
    ) {
        let of = |place: usize| self.titles.get(place).map(|sought| sought.list);
        let is_allowed = titles.iter().any(|(place, fit)| *fit == Fit::Right && of(*place) == Some(List::Allowed));
        let mut is_known = is_allowed;
        for (place, fit) in titles {
            match of(*place) {
                Some(List::Required) => {
                    is_known = true;
                    if let Some(slot) = found.get_mut(*place).filter(|slot| !matches!(slot, Some((Fit::Right, _)))) {
                        *slot = Some((*fit, number));
                    }
                }
                Some(List::Forbidden) if *fit == Fit::Right => {
                    is_known = true;
                    if !is_allowed {
                        forbidden.push((*place, number));
                    }
                }
                _ => {}
            }
        }
        if !is_known {
            other(number);
        }
    }

    fn wrong(&self, packages: &Packages, found: &[Option<(Fit, u32)>], forbidden: &[(usize, u32)], others: &[u32]) -> Vec<Wrong> {
        let mut wrong = Vec::new();
        for (check, (sought, found)) in self.titles.iter().zip(found).enumerate().filter(|(_, (sought, _))| sought.list == List::Required) {
            let package = found.and_then(|(fit, number)| Some((fit, packages.get(number)?)));
            let text = match (package, &sought.wanted.version) {
                (Some((Fit::Right, _)), _) => continue,
                (Some((Fit::Wrong, package)), Some(range)) => format!("has {} {}, needs {range}", package.name, version(&package)),
                _ => format!("lacks {}", sought.wanted.title),
            };
            wrong.push(Wrong {
                kind: Kind::Required,
                check,
                subject: sought.wanted.title.clone(),
                text,
                wants: format!("requires {}", sought.wanted),
            });
        }
        let mut named = BTreeSet::new();
        for (check, package) in forbidden.iter().filter_map(|(check, number)| Some((*check, packages.get(*number)?))) {
            // A package of two architectures is one.
            if named.insert(package.name) {
                wrong.push(Wrong::of_package(Kind::Forbidden, check, &package));
            }
        }
        for package in others.iter().filter_map(|number| packages.get(*number)) {
            if named.insert(package.name) {
                wrong.push(Wrong::of_package(Kind::NotAllowed, self.titles.len(), &package));
            }
        }
        wrong
    }

    /// The first check's number that is none of software.
    pub(super) fn checks(&self) -> usize {
        self.titles.len() + 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::parse;
    use rollcall_proto::Section;
    use rollcall_proto::v1::{self, Software};

    const PACKAGES: &[(&str, &str, &str)] = &[
        ("GeoGebra", "6.0.848", ""),
        ("python3-minimal", "3.11.2-1", "dpkg"),
        ("7-Zip 23.01 (x64)", "", "registry"),
        ("firefox-esr", "128.3.0esr-1~deb12u1", "dpkg"),
        ("steam-devices", "1", "dpkg"),
        ("steam-launcher", "1", "dpkg"),
        ("bash", "5.2.26-3.fc40", "rpm"),
        ("libc6", "2.36", "dpkg"),
    ];

    fn list() -> Content {
        let one = |(name, version, source): &(&str, &str, &str)| v1::Package {
            name: (*name).into(),
            version: (*version).into(),
            source: (*source).into(),
            ..v1::Package::default()
        };
        Content::of(&Section::Software(Software { packages: PACKAGES.iter().map(one).collect() }), &Arc::default())
    }

    #[test]
    fn titles_ranges_and_names_are_found() {
        let list = list();
        let check = |rest: &str, want: &[&str]| {
            let baseline = parse(&format!("name = 'x'\nrooms = ['*']\n{rest}")).unwrap();
            let wrong = Matcher::of(&baseline).judge(&list).wrong;
            assert_eq!(wrong.iter().map(|wrong| wrong.text.as_str()).collect::<Vec<_>>(), want, "{rest}");
        };
        check("required = [{ title = 'geogebra', version = '>= 6' }, '7-zip', 'firefox', 'python3*']", &[]);
        check("required = [{ title = 'geogebra', version = '>= 7' }, 'vlc']", &["has GeoGebra 6.0.848, needs >= 7", "lacks vlc"]);
        check("required = [{ title = '7-zip', version = '>= 24' }]", &["has 7-Zip 23.01 (x64) 23.01, needs >= 24"]);
        check("required = ['python3']", &["lacks python3"]);
        check("required = [{ title = 'bash', version = '= 5.2.26' }]", &[]);
        check("forbidden = ['steam*']\nallowed = ['steam-devices']", &["has steam-launcher 1, which is forbidden"]);
        check("forbidden = ['steam']", &["has steam-launcher 1, which is forbidden"]);
        check("required = [{ title = 'Web', names.dpkg = 'firefox*', names.registry = 'Mozilla Firefox*' }]", &[]);
        check("required = [{ title = 'firefox', names.dpkg = 'firefox' }]", &["lacks firefox"]);
        check("forbidden = [{ title = 'firefox', version = '< 128' }]", &[]);
        check(
            "only_allowed = true\nallowed = ['bash', '7-zip', 'python3*', 'steam*']\nrequired = ['firefox']",
            &["has GeoGebra 6.0.848, which is not allowed"],
        );
    }

    #[test]
    fn what_came_later_is_found_too() {
        let packages = Arc::<Packages>::default();
        let baseline = parse("name = 'x'\nrooms = ['*']\nonly_allowed = true\nforbidden = ['steam*']\n").unwrap();
        let matcher = Matcher::of(&baseline);
        let judge = |names: &[&str]| {
            let one = |name: &&str| v1::Package { name: (*name).into(), source: "dpkg".into(), ..v1::Package::default() };
            let list = Section::Software(Software { packages: names.iter().map(one).collect() });
            matcher.judge(&Content::of(&list, &packages)).wrong.len()
        };
        assert_eq!([judge(&["gimp", "libc6"]), judge(&["steam-launcher"]), judge(&["gimp", "vlc", "steam"]), judge(&[])], [1, 1, 3, 0]);
        let before = matcher.hits(&packages);
        assert!(Arc::ptr_eq(&before, &matcher.hits(&packages)), "nothing is looked up twice");
    }
}
