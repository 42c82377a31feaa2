//! What health readings measure: the names, titles and units of the fields of the wire.

/// One field of a health reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measure {
    /// Its number on the wire.
    pub field: u32,
    /// Its name for scripts.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// The unit in which it is said, empty for none.
    pub unit: &'static str,
    /// Parts of the wire that make one of that unit.
    pub parts: i32,
}

impl Measure {
    /// A value of the wire in the unit.
    pub fn value(&self, parts: i64) -> f64 {
        // Values are kept below 2^61, and three digits are shown.
        #[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
        let parts = parts as f64;
        parts / f64::from(self.parts)
    }

    /// A value with its unit, as people read it.
    pub fn words(&self, value: f64) -> String {
        let number = if self.parts >= 100 { format!("{value:.1}") } else { format!("{value:.0}") };
        if self.unit.is_empty() { number } else { format!("{number} {}", self.unit) }
    }
}

const fn measure(field: u32, name: &'static str, title: &'static str, unit: &'static str, parts: i32) -> Measure {
    Measure { field, name, title, unit, parts }
}

/// Every field, by its number. What counts since the machine's start begins at nought with it.
pub const MEASURES: &[Measure] = &[
    measure(2, "cpu", "Processor", "%", 10),
    measure(3, "memory", "Memory", "%", 10),
    measure(4, "disk", "Fullest disk", "%", 10),
    measure(5, "temperature", "Temperature", "°C", 10),
    measure(6, "load", "Load", "", 100),
    measure(7, "uptime", "Running for", "h", 3600),
    measure(8, "battery", "Battery charge", "%", 10),
    measure(9, "network_errors", "Network errors", "", 1),
    measure(10, "swap", "Swap", "%", 10),
    measure(11, "io_errors", "Disk errors", "", 1),
    measure(12, "oom_kills", "Programs ended for want of memory", "", 1),
    measure(13, "hardware_errors", "Hardware errors", "", 1),
];

/// The fields that a device's page draws, in that order.
pub const DRAWN: &[&str] = &["cpu", "memory", "disk", "temperature", "load", "battery"];

/// The field of this name.
pub fn named(name: &str) -> Option<&'static Measure> {
    MEASURES.iter().find(|measure| measure.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_stand_by_number_and_those_that_are_drawn_are_among_them() {
        assert!(MEASURES.is_sorted_by_key(|measure| measure.field));
        assert!(DRAWN.iter().all(|name| named(name).is_some()));
    }

    #[test]
    fn a_value_is_said_with_its_unit() {
        let check = |name, parts, words: &str| {
            let measure = named(name).unwrap();
            assert_eq!(measure.words(measure.value(parts)), words);
        };
        check("cpu", 137, "14 %");
        check("temperature", -42, "-4 °C");
        check("load", 55, "0.6");
        check("network_errors", 3, "3");
    }
}
