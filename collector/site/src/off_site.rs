//! Machines that report from outside the site: health and the agreed sections, and nothing about where they are.

/// The sections that a machine off site says of itself, alphabetical: what the verdict and the comparison at a return need. Nothing of
/// networks, neighbours, or what is plugged in where it is.
pub const SECTIONS: &[&str] =
    &["battery", "disk-health", "memory", "os", "processors", "restarts", "settings", "software", "storage", "system", "updates"];

/// From which side of the site a machine calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Side {
    /// From the site's own network.
    #[default]
    Inside,
    /// By the site's outside address.
    Outside,
}

/// Whether a section may be said from there.
pub fn is_agreed(side: Side, section: &str) -> bool {
    side == Side::Inside || SECTIONS.contains(&section)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_agreed_sections_are_sections_and_tell_no_place() {
        assert!(SECTIONS.is_sorted() && SECTIONS.iter().all(|name| rollcall_proto::SECTIONS.contains(name)));
        for place in ["displays", "links", "network", "printers", "usb"] {
            assert!(!is_agreed(Side::Outside, place) && is_agreed(Side::Inside, place), "{place}");
        }
    }
}
