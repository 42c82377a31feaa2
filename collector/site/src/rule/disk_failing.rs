//! Flags a disk that says that it fails, or whose figures say so.

use super::{Facts, Finding, Limit, Rule, Settle, Severity};
use rollcall_proto::Section;
use rollcall_proto::v1::DiskCondition;

pub(super) const RULE: Rule = Rule {
    code: "disk-failing",
    title: "A disk is failing",
    severity: Severity::High,
    settle: Settle::AtOnce,
    cause: "It is worn, or it was knocked: its own figures say that it loses data or soon will.",
    remedy: "Save what is on it today and replace it. Ask for the warranty: the maker takes these figures as proof.",
    limits: &[
        Limit::new("pending", "sectors", [1, 1, 1_000_000], "so many that could not be read are told"),
        Limit::new("reallocated", "sectors", [10, 1, 1_000_000], "so many that were replaced are told"),
        Limit::new("spare_percent", "%", [10, 1, 100], "less spare than this is told, of NVMe disks"),
        Limit::new("uncorrectable", "errors", [10, 1, 1_000_000], "so many that reached the system are told"),
        Limit::new("worn_percent", "%", [95, 1, 255], "so much of its rated life is told"),
    ],
    check,
};

/// What the bits of an NVMe disk's critical warning say.
const WARNINGS: [&str; 6] = [
    "its spare is below its own limit",
    "it is or was too hot",
    "it has become unreliable",
    "it can only be read",
    "its memory backup has failed",
    "its persistent memory can only be read",
];

fn check(facts: &Facts<'_>) -> Vec<Finding> {
    let Some(section) = facts.section("disk-health") else { return Vec::new() };
    let Section::DiskHealth(section) = &*section else { return Vec::new() };
    let failing = section.disks.iter().filter_map(|disk| {
        let wrong = wrong(disk, |name| facts.limit(&RULE, name).unsigned_abs());
        let evidence = format!("{} (serial {}): {}", disk.name, disk.serial, wrong.join("; "));
        (!wrong.is_empty()).then(|| Finding::of(&disk.name, format!("has a failing disk: {}", disk.name), evidence))
    });
    failing.collect()
}

fn wrong(disk: &DiskCondition, limit: impl Fn(&str) -> u64) -> Vec<String> {
    let mut wrong = Vec::new();
    if disk.verdict == "failing" {
        wrong.push("it says itself that it fails".to_owned());
    }
    let bits = WARNINGS.iter().enumerate().filter(|(bit, _)| disk.warnings >> bit & 1 == 1);
    wrong.extend(bits.map(|(_, text)| (*text).to_owned()));
    let figures = [
        ("pending", disk.pending, "sectors that could not be read"),
        ("reallocated", disk.reallocated, "sectors that were replaced"),
        ("uncorrectable", disk.uncorrectable, "errors that reached the system"),
    ];
    let many = figures.into_iter().filter(|(name, count, _)| *count >= limit(name));
    wrong.extend(many.map(|(_, count, what)| format!("{count} {what}")));
    if disk.spare_percent > 0 && u64::from(disk.spare_percent) < limit("spare_percent") {
        wrong.push(format!("{} % of its spare is left", disk.spare_percent));
    }
    if u64::from(disk.worn_percent) >= limit("worn_percent") {
        wrong.push(format!("{} % of its rated life is used", disk.worn_percent));
    }
    wrong
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;
    use rollcall_proto::v1::DiskHealth;

    fn disk(edit: impl FnOnce(&mut DiskCondition)) -> Sample {
        // As the recorded laptop's.
        let mut disk =
            DiskCondition { name: "nvme0n1".into(), verdict: "passed".into(), worn_percent: 7, hours: 6000, ..Default::default() };
        edit(&mut disk);
        Sample::new().has(Section::DiskHealth(DiskHealth { disks: vec![disk] }))
    }

    #[test]
    fn every_figure_is_told_from_its_limit_on() {
        let told = ["has a failing disk: nvme0n1"];
        disk(|_| {}).check(&RULE, &[]);
        disk(|disk| disk.verdict = "failing".into()).check(&RULE, &told);
        disk(|disk| disk.verdict = String::new()).check(&RULE, &[]);
        disk(|disk| disk.warnings = 0b100).check(&RULE, &told);
        disk(|disk| disk.warnings = 0b1_000_000).check(&RULE, &[]);
        disk(|disk| disk.pending = 1).check(&RULE, &told);
        disk(|disk| (disk.reallocated, disk.uncorrectable, disk.worn_percent, disk.spare_percent) = (9, 9, 94, 10)).check(&RULE, &[]);
        disk(|disk| disk.reallocated = 10).check(&RULE, &told);
        disk(|disk| disk.uncorrectable = 10).check(&RULE, &told);
        disk(|disk| disk.worn_percent = 95).check(&RULE, &told);
        disk(|disk| disk.spare_percent = 9).check(&RULE, &told);
        disk(|disk| disk.pending = 1).limit(&RULE, "pending", 2).check(&RULE, &[]);
    }

    #[test]
    fn the_evidence_names_every_reason() {
        let sample = disk(|disk| (disk.warnings, disk.pending) = (0b11, 3));
        let evidence = &sample.find(&RULE)[0].evidence;
        for text in ["spare is below", "too hot", "3 sectors that could not be read"] {
            assert!(evidence.contains(text), "{evidence}");
        }
    }
}
