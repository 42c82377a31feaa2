//! What the kernel counts as errors since its start: disks, memory that ran out, hardware that failed or grew too hot.

use super::text;
use crate::host::Host;

const BLOCK: &str = "/sys/block";
const EXT4: &str = "/sys/fs/ext4";
const VMSTAT: &str = "/proc/vmstat";
const EDAC: &str = "/sys/devices/system/edac/mc";
const INTERRUPTS: &str = "/proc/interrupts";
const PROCESSORS: &str = "/sys/devices/system/cpu";
const LIMIT: usize = 1024 * 1024;

/// Commands that disks failed, and damage that file systems found. `None` where neither is counted.
pub(super) fn of_disks(host: &Host) -> Option<u64> {
    let failed = host
        .list(BLOCK)
        .unwrap_or_default()
        .into_iter()
        .filter_map(|disk| host.value(&format!("{BLOCK}/{disk}/device/ioerr_cnt")).ok().and_then(|count| hexadecimal(&count)));
    let damaged = host
        .list(EXT4)
        .unwrap_or_default()
        .into_iter()
        .filter_map(|device| host.value(&format!("{EXT4}/{device}/errors_count")).ok().and_then(|count| text::number(&count)));
    failed.chain(damaged).reduce(u64::saturating_add)
}

/// How often the kernel ended a program because memory ran out.
pub(super) fn oom_kills(host: &Host) -> Option<u64> {
    host.text(VMSTAT, LIMIT).ok().and_then(|text| counter(&text, "oom_kill"))
}

/// Errors of memory, corrected or not, and machine checks of processors. `None` where neither is counted.
pub(super) fn of_hardware(host: &Host) -> Option<u64> {
    let controllers = host.list(EDAC).unwrap_or_default().into_iter().filter(|name| name.starts_with("mc"));
    let memory = controllers.flat_map(|name| {
        ["ce_count", "ue_count"].map(|file| host.value(&format!("{EDAC}/{name}/{file}")).ok().and_then(|count| text::number(&count)))
    });
    let checks = host.text(INTERRUPTS, LIMIT).ok().and_then(|text| machine_checks(&text));
    memory.flatten().chain(checks).reduce(u64::saturating_add)
}

/// How often the processors were slowed because they were too hot. `None` where that is not counted.
pub(super) fn throttled(host: &Host) -> Option<u64> {
    let numbered = |name: &String| name.strip_prefix("cpu").is_some_and(|number| number.starts_with(|c: char| c.is_ascii_digit()));
    let processors = host.list(PROCESSORS).unwrap_or_default().into_iter().filter(numbered);
    let counts = processors.flat_map(|name| {
        ["core", "package"].map(|part| {
            let path = format!("{PROCESSORS}/{name}/thermal_throttle/{part}_throttle_count");
            host.value(&path).ok().and_then(|count| text::number(&count))
        })
    });
    counts.flatten().reduce(u64::saturating_add)
}

/// "0x1f".
fn hexadecimal(text: &str) -> Option<u64> {
    u64::from_str_radix(text.trim().strip_prefix("0x")?, 16).ok()
}

/// The value of a "name value" line.
fn counter(text: &str, name: &str) -> Option<u64> {
    text.lines().find_map(|line| text::number(line.strip_prefix(name)?.strip_prefix(' ')?))
}

/// The sum of the line "MCE:  0  0   Machine check exceptions".
fn machine_checks(interrupts: &str) -> Option<u64> {
    let line = interrupts.lines().find_map(|line| line.trim_start().strip_prefix("MCE:"))?;
    line.split_whitespace().map_while(|word| word.parse::<u64>().ok()).reduce(u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::machine;
    use proptest::prelude::*;

    #[test]
    fn what_the_kernel_counts_is_summed() {
        let (_dir, host) = machine(
            "{}",
            &[
                ("sys/block/sda/device/ioerr_cnt", "0x1f\n"),
                ("sys/fs/ext4/sda2/errors_count", "2\n"),
                ("sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count", "7\n"),
                ("sys/devices/system/cpu/cpu0/thermal_throttle/package_throttle_count", "1\n"),
                ("sys/devices/system/cpu/cpu12/thermal_throttle/core_throttle_count", "2\n"),
                ("sys/devices/system/cpu/cpufreq/thermal_throttle/core_throttle_count", "99\n"),
                ("proc/vmstat", "nr_free_pages 1\noom_kill_x 9\noom_kill 3\n"),
                ("sys/devices/system/edac/mc/mc0/ce_count", "4\n"),
                ("sys/devices/system/edac/mc/mc0/ue_count", "1\n"),
                (
                    "proc/interrupts",
                    "           CPU0       CPU1\n MCE:          1          2   Machine check exceptions\n MCP:  7  7 polls\n",
                ),
            ],
        );
        assert_eq!((of_disks(&host), oom_kills(&host), of_hardware(&host)), (Some(33), Some(3), Some(8)));
        assert_eq!(throttled(&host), Some(10));
        let (_dir, host) = machine("{}", &[]);
        assert_eq!((of_disks(&host), oom_kills(&host), of_hardware(&host)), (None, None, None));
        assert_eq!(throttled(&host), None);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s)(MCE:|oom_kill |0x|[0-9]{1,30}|\n|.){0,60}") {
            hexadecimal(&text);
            counter(&text, "oom_kill");
            machine_checks(&text);
        }
    }
}
