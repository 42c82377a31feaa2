//! What the PCs of the bench hold: 900 packages, the same in each lab, and for three in ten with changes of their own.

use rollcall_agent::source::{Simulated, Source};
use rollcall_agent::survey::{Content, Reading};
use rollcall_proto::v1::{Package, Software, SoftwareDates};
use rollcall_proto::{Digest, Section};
use rollcall_tests::pc::Pc;

/// Labs whose PCs share a list.
pub const LABS: u64 = 12;
/// Packages of a PC.
const PACKAGES: u64 = 900;
/// Of them, how many a PC that differs has in another version.
const OWN: u64 = 25;

/// A title that few have.
pub const RARE: &str = "geogebra-exam";
/// One PC in so many has it.
pub const ONE_IN: u64 = 2000;

/// PC `number` of the bench.
pub fn pc(number: u64) -> Pc {
    Pc::new(number, &format!("PC-{number:06}"))
}

/// The software list of PC `number` after its `change`th change.
fn software(number: u64, change: u64) -> Software {
    let lab = number % LABS;
    let is_own = |at: u64| (number % 10 < 3 && at * 31 % PACKAGES < OWN) || (change > 0 && at == 450);
    let package = |at: u64| Package {
        name: format!("lib{}-{at:03}", ["gtk", "qt", "perl", "python3", "x11"].get((at % 5) as usize).unwrap_or(&"")),
        version: if is_own(at) { format!("3.{}.{number}-{change}", at % 17) } else { format!("2.{}.{}-{}", at % 17, at % 31, lab % 4 + 1) },
        architecture: "amd64".to_owned(),
        publisher: "Debian Maintainers".to_owned(),
        source: "dpkg".to_owned(),
    };
    let rare = Package { name: RARE.to_owned(), version: "6.0".to_owned(), ..package(0) };
    let mut packages: Vec<Package> = (0..PACKAGES).map(package).collect();
    packages.extend((number % ONE_IN == ONE_IN - 1).then_some(rare));
    Software { packages }
}

/// When each was installed: an image's day, and days of this PC's own.
fn dates(number: u64, list: &Digest) -> SoftwareDates {
    let since = 1_700_000_000 + i64::try_from(number).unwrap_or_default() * 37;
    let steps_s = (0..PACKAGES).map(|at| if at == 0 { since } else { i64::from(at % 40 == 39) }).collect();
    SoftwareDates { list: list.to_string(), steps_s, ..SoftwareDates::default() }
}

/// Everything that PC `number` has after its `change`th change.
pub async fn readings(pc: &Pc, change: u64) -> Vec<Reading> {
    let software = Content::of(&Section::Software(software(pc.number, change)));
    let dates = Section::SoftwareDates(dates(pc.number, &software.digest));
    let mut machine = pc.machine(software);
    machine.put(dates.name(), Content::of(&dates));
    Source::Simulated(Simulated::new(machine)).survey(&[]).await
}
