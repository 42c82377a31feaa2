//! The processors, one per socket.

use super::{Found, Measured, text};
use crate::host::Host;
use rollcall_proto::Section;
use rollcall_proto::v1::{Processor, Processors};
use std::collections::{BTreeMap, BTreeSet};

const CPUINFO: &str = "/proc/cpuinfo";
/// 512 threads give about 900 KB.
const CPUINFO_LIMIT: usize = 8 * 1024 * 1024;
const HIGHEST_KHZ: &str = "/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq";

/// Reads the section.
pub(super) fn read(host: &Host) -> Measured {
    let text = host.text(CPUINFO, CPUINFO_LIMIT).map_err(|why| why.to_string())?;
    let mut processors = parse(&text);
    if processors.is_empty() {
        return Err(format!("{CPUINFO} names no processor"));
    }
    if let Some(khz) = host.value(HIGHEST_KHZ).ok().and_then(|value| text::number(&value)) {
        let mhz = u32::try_from(khz / 1000).unwrap_or(0);
        processors.iter_mut().for_each(|processor| processor.mhz = mhz);
    }
    Ok(Found::whole(Section::Processors(Processors { processors })))
}

/// One socket while its threads are read.
#[derive(Default)]
struct Socket {
    processor: Processor,
    cores: BTreeSet<u64>,
}

/// Reads /proc/cpuinfo, of x86 and of ARM, which has neither sockets nor names.
fn parse(text: &str) -> Vec<Processor> {
    let mut sockets: BTreeMap<u64, Socket> = BTreeMap::new();
    let board = field(text, "Hardware").or_else(|| field(text, "Model")).unwrap_or_default();
    for thread in text.split("\n\n").filter(|block| field(block, "processor").is_some()) {
        let number = |key| field(thread, key).and_then(|value| text::number(&value));
        let socket = sockets.entry(number("physical id").unwrap_or(0)).or_default();
        let processor = &mut socket.processor;
        processor.threads += 1;
        socket.cores.insert(number("core id").or_else(|| number("processor")).unwrap_or(0));
        if processor.model.is_empty() {
            processor.model = field(thread, "model name").unwrap_or_else(|| board.clone());
            processor.vendor =
                field(thread, "vendor_id").or_else(|| field(thread, "CPU implementer").map(|code| implementer(&code))).unwrap_or_default();
            processor.mhz = nominal(&processor.model);
        }
        processor.cores = u32::try_from(socket.cores.len()).unwrap_or(0);
    }
    sockets.into_values().map(|socket| socket.processor).collect()
}

/// The value of the first line of `block` whose key is `key`.
fn field(block: &str, key: &str) -> Option<String> {
    let line = |line: &str| line.split_once(':').filter(|(k, _)| k.trim() == key).map(|(_, value)| text::clean(value));
    block.lines().find_map(line)
}

/// The frequency in a name like "Intel(R) Core(TM) i5-8500 CPU @ 3.00GHz", MHz; 0 when it has none. The current
/// frequency is no inventory.
fn nominal(model: &str) -> u32 {
    let ghz = model.rsplit_once('@').and_then(|(_, tail)| tail.trim().strip_suffix("GHz")?.trim().parse::<f64>().ok());
    ghz.filter(|ghz| (0.1..100.0).contains(ghz)).map_or(0, |ghz| (ghz * 1000.0).round() as u32)
}

fn implementer(code: &str) -> String {
    let name = match code {
        "0x41" => "ARM",
        "0x42" => "Broadcom",
        "0x51" => "Qualcomm",
        "0x61" => "Apple",
        _ => code,
    };
    name.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn thread(processor: u32, socket: u32, core: u32) -> String {
        format!(
            "processor\t: {processor}\nvendor_id\t: GenuineIntel\nmodel name\t: Intel(R) Core(TM) i5-8500 CPU @ 3.00GHz\ncpu MHz\t\t: 812.1\nphysical id\t: {socket}\ncore id\t\t: {core}\n\n"
        )
    }

    #[test]
    fn threads_are_counted_by_core_and_socket() {
        let text: String = [(0, 0, 0), (1, 0, 0), (2, 0, 1), (3, 1, 0)].map(|(p, s, c)| thread(p, s, c)).concat();
        let counts: Vec<_> = parse(&text).iter().map(|p| (p.cores, p.threads, p.mhz)).collect();
        assert_eq!(counts, [(2, 3, 3000), (1, 1, 3000)]);
    }

    #[test]
    fn arm_has_no_sockets_and_no_names() {
        let text = "processor\t: 0\nCPU implementer\t: 0x41\n\nprocessor\t: 1\nCPU implementer\t: 0x41\n\nHardware\t: BCM2835\n";
        let processors = parse(text);
        assert_eq!(processors.len(), 1);
        assert_eq!((processors[0].model.as_str(), processors[0].vendor.as_str(), processors[0].cores), ("BCM2835", "ARM", 2));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s)(processor|core id|physical id|model name|[:\t\n0-9@GHz.])*") {
            parse(&text);
        }
    }
}
