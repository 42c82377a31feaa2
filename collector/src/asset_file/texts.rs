//! Days, statuses and kinds in the words of other systems.

use jiff::Timestamp;
use jiff::civil::Date;
use rollcall_site::asset::{AssetKind, AssetStatus};

/// A day as people and systems write it: 2026-08-01 with or without a time, 8/1/2026 with the month first, Aug 1, 2026, or milliseconds
/// since 1970.
pub(super) fn day(text: &str) -> Option<Date> {
    let text = text.trim();
    if text.len() >= 11 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Timestamp::from_millisecond(text.parse().ok()?).ok().map(|at| at.to_zoned_datetime(jiff::tz::TimeZone::UTC).date());
    }
    let head = text.split(['T', ' ']).next().unwrap_or_default();
    let iso = head.replace('/', "-").parse().ok();
    let forms = ["%m/%d/%Y", "%m-%d-%Y", "%m.%d.%Y"];
    let american = || forms.iter().find_map(|form| Date::strptime(form, head).ok());
    let named = || ["%b %d, %Y", "%a %b %d, %Y", "%B %d, %Y", "%d %b %Y"].iter().find_map(|form| Date::strptime(form, text).ok());
    iso.or_else(american).or_else(named)
}

/// The words of other systems for a status; none: not known. Google's "disable" is what it tells to do with lost devices.
pub(super) fn status(text: &str) -> Option<AssetStatus> {
    let words: String = text.to_lowercase().chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    let words: Vec<&str> =
        words.split_whitespace().filter(|word| !matches!(*word, "deployable" | "undeployable") || text.len() < 14).collect();
    let is = |known: &[&str]| known.contains(&words.join(" ").as_str());
    if is(&[
        "ready to deploy",
        "deployed",
        "deployable",
        "pending",
        "active",
        "in use",
        "in service",
        "in stock",
        "available",
        "provisioned",
        "requestable",
    ]) {
        return Some(AssetStatus::InService);
    }
    let first = |known: &[&str]| words.iter().any(|word| known.contains(word));
    let found = [
        (AssetStatus::InRepair, first(&["repair", "diagnostics", "broken", "damaged", "undeployable", "defective"])),
        (AssetStatus::Lost, first(&["lost", "missing", "disabled"])),
        (AssetStatus::Stolen, first(&["stolen"])),
        (
            AssetStatus::Retired,
            first(&["archived", "retired", "deprovisioned", "decommissioned", "disposed", "surplus", "recycled", "sold"]),
        ),
    ];
    found.into_iter().find(|(_, is)| *is).map(|(status, _)| status).or_else(|| text.parse().ok())
}

/// Words within a category or a model, and what they mean; the first that is there counts.
const KINDS: &[(&str, AssetKind)] = &[
    ("chromebook", AssetKind::Chromebook),
    ("chromebox", AssetKind::Pc),
    ("document camera", AssetKind::DocumentCamera),
    ("graphics tablet", AssetKind::GraphicsTablet),
    ("interactive", AssetKind::InteractiveBoard),
    ("smartboard", AssetKind::InteractiveBoard),
    ("access point", AssetKind::AccessPoint),
    ("dock", AssetKind::Dock),
    ("charger", AssetKind::Charger),
    ("hotspot", AssetKind::Hotspot),
    ("laptop", AssetKind::Laptop),
    ("notebook", AssetKind::Laptop),
    ("macbook", AssetKind::Laptop),
    ("ipad", AssetKind::Tablet),
    ("tablet", AssetKind::Tablet),
    ("desktop", AssetKind::Pc),
    ("workstation", AssetKind::Pc),
    ("computer", AssetKind::Pc),
    ("monitor", AssetKind::Monitor),
    ("display", AssetKind::Monitor),
    ("projector", AssetKind::Projector),
    ("printer", AssetKind::Printer),
    ("scanner", AssetKind::Scanner),
    ("camera", AssetKind::Camera),
    ("webcam", AssetKind::Camera),
    ("headset", AssetKind::Headset),
    ("headphone", AssetKind::Headset),
    ("microphone", AssetKind::Microphone),
    ("speaker", AssetKind::Speaker),
    ("television", AssetKind::Television),
    ("calculator", AssetKind::Calculator),
    ("server", AssetKind::Server),
    ("router", AssetKind::Router),
    ("firewall", AssetKind::Router),
    ("switch", AssetKind::Switch),
    ("phone", AssetKind::Phone),
    ("cart", AssetKind::Cart),
    ("ups", AssetKind::Ups),
];

/// What a category of another system is here; none: nothing that is known.
pub(super) fn kind(text: &str) -> Option<AssetKind> {
    let words = text.to_lowercase();
    let holds = |word: &str| {
        if word.len() <= 4 {
            words.split(|c: char| !c.is_alphanumeric()).any(|other| other == word || other.strip_suffix('s') == Some(word))
        } else {
            words.contains(word)
        }
    };
    let exactly = text.parse().ok().or_else(|| text.trim_end_matches(['s', 'S']).parse().ok());
    exactly.or_else(|| KINDS.iter().find(|(word, _)| holds(word)).map(|(_, kind)| *kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_read_as_systems_write_them() {
        for text in [
            "2026-08-01",
            "2026-08-01 00:00:00",
            "2026-08-01T00:00:00.000Z",
            "2026/08/01",
            "8/1/2026",
            "08/01/2026",
            "Aug 1, 2026",
            "Sat Aug 01, 2026",
            "1785542400000",
        ] {
            assert_eq!(day(text), Some("2026-08-01".parse().unwrap()), "{text}");
        }
        for text in ["", "soon", "13/14/2026", "2026-13-01", "08/01", "-1"] {
            assert_eq!(day(text), None, "{text}");
        }
    }

    #[test]
    fn statuses_of_other_systems() {
        let check = |text, want: Option<AssetStatus>| assert_eq!(status(text), want, "{text}");
        check("Ready to Deploy", Some(AssetStatus::InService));
        check("Deployed (deployable)", Some(AssetStatus::InService));
        check("Out for Repair", Some(AssetStatus::InRepair));
        check("Broken - Not Fixable (undeployable)", Some(AssetStatus::InRepair));
        check("Lost/Stolen", Some(AssetStatus::Lost));
        check("Archived", Some(AssetStatus::Retired));
        check("ACTIVE", Some(AssetStatus::InService));
        check("DEPROVISIONED", Some(AssetStatus::Retired));
        check("DISABLED", Some(AssetStatus::Lost));
        check("in-repair", Some(AssetStatus::InRepair));
        check("With the principal", None);
    }

    #[test]
    fn categories_of_other_systems() {
        let check = |text, want: Option<AssetKind>| assert_eq!(kind(text), want, "{text}");
        check("Laptops", Some(AssetKind::Laptop));
        check("PCs", Some(AssetKind::Pc));
        check("Student Chromebooks", Some(AssetKind::Chromebook));
        check("Document Camera", Some(AssetKind::DocumentCamera));
        check("Groups of things", None);
        check("Network switches", Some(AssetKind::Switch));
        check("Ornamental Railings", None);
    }
}
