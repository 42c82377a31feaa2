//! Flags a memory module that is gone or another one.

use super::{Facts, Finding, Rule, Settle, Severity};
use crate::parts;

pub(super) const RULE: Rule = Rule {
    code: "memory-missing",
    title: "A memory module is missing or another one",
    severity: Severity::High,
    settle: Settle::AtOnce,
    cause: "It was taken or swapped, it came loose when the machine was moved, or it or its slot failed.",
    remedy: "Open the case and reseat the module in the named slot. If it was changed on purpose, run `rollcall asset accept TAG`.",
    limits: &[],
    check,
};

fn check(facts: &Facts<'_>) -> Vec<Finding> {
    let told = |lost: parts::Lost| match lost.instead {
        Some(instead) => Finding::of(
            lost.key,
            "has another memory module",
            format!("it was accepted with the {}; now there is the {instead}", lost.what),
        ),
        None => Finding::of(lost.key, "lacks memory", format!("it was accepted with more: the {} is not seen now", lost.what)),
    };
    parts::lost(facts, "memory").into_iter().map(told).collect()
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;
    use rollcall_proto::Section;
    use rollcall_proto::v1::{Memory, MemoryModule};

    fn memory(modules: &[(&str, u64, &str)]) -> Section {
        let module = |(slot, gigabytes, serial): &(&str, u64, &str)| MemoryModule {
            slot: (*slot).to_owned(),
            bytes: gigabytes << 30,
            serial: (*serial).to_owned(),
            ..MemoryModule::default()
        };
        Section::Memory(Memory { total_bytes: 16 << 30, slots_known: true, modules: modules.iter().map(module).collect() })
    }

    #[test]
    fn a_module_that_is_gone_or_another_is_told_and_one_that_moved_is_not() {
        let accepted = || Sample::new().accepted_with(memory(&[("A1", 8, "36C1A2B4"), ("B1", 8, "36C1A2B5")]));
        accepted().has(memory(&[("A1", 8, "36C1A2B4"), ("B1", 0, "")])).check(&RULE, &["lacks memory"]);
        accepted().has(memory(&[("A1", 8, "36C1A2B4"), ("B1", 4, "99")])).check(&RULE, &["has another memory module"]);
        accepted().has(memory(&[("A1", 8, "36C1A2B5"), ("B1", 8, "36C1A2B4")])).check(&RULE, &[]);
        accepted().has(memory(&[("A1", 8, "36C1A2B4"), ("B1", 8, "36C1A2B5"), ("B2", 8, "1")])).check(&RULE, &[]);
        accepted().check(&RULE, &[]);
        Sample::new().has(memory(&[])).check(&RULE, &[]);
        let unread = accepted().has(memory(&[])).lacks("memory", "only root may read it");
        unread.check(&RULE, &[]);
    }
}
