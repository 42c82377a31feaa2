//! The steps of a diagnosis: what each is called, and what to do when it is not well.

use serde::{Deserialize, Serialize};

/// A step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Whether the way out of its network is there.
    Gateway,
    /// Whether its name servers answer.
    NameServers,
    /// How it reaches the collector.
    Path,
    /// How long a word takes to the collector and back.
    Latency,
    /// How much the connection carries.
    Throughput,
    /// Whether its disks have room and call themselves well.
    Disk,
    /// Whether a camera is there.
    Camera,
    /// Whether it can hear.
    Microphone,
    /// Whether its clock is right.
    Clock,
}

/// What came of a step: absent, unreadable and wrong are three things.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It is as it should be.
    Well,
    /// There is none.
    Absent,
    /// It could not be looked at.
    Unreadable,
    /// It is there, and not as it should be.
    Wrong,
}

impl Step {
    /// Every step, in the order in which they are made.
    pub const ALL: [Self; 9] = [
        Self::Gateway,
        Self::NameServers,
        Self::Path,
        Self::Latency,
        Self::Throughput,
        Self::Disk,
        Self::Camera,
        Self::Microphone,
        Self::Clock,
    ];

    /// What people call it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::NameServers => "name servers",
            Self::Path => "path to the collector",
            Self::Latency => "latency",
            Self::Throughput => "throughput",
            Self::Disk => "disk",
            Self::Camera => "camera",
            Self::Microphone => "microphone",
            Self::Clock => "clock",
        }
    }

    /// Whether somebody should look at it. A machine without a camera or a microphone may be as it should be.
    pub fn needs_look(self, outcome: Outcome) -> bool {
        match outcome {
            Outcome::Well => false,
            Outcome::Absent => !matches!(self, Self::Camera | Self::Microphone),
            Outcome::Unreadable | Outcome::Wrong => true,
        }
    }

    /// What to do; empty: nothing.
    pub fn remedy(self, outcome: Outcome) -> &'static str {
        match (self, outcome) {
            (_, Outcome::Well) => "",
            (Self::Throughput, Outcome::Unreadable) => "It says nothing of the line. Ask again in a minute.",
            (_, Outcome::Unreadable) => "It says nothing good or bad: see the reason, and ask again.",
            (Self::Gateway, Outcome::Absent) => {
                "Look at its cable or Wi-Fi; try the neighbour's port and cable. If the link is up, it gets no address: look at the DHCP server."
            }
            (Self::Gateway, Outcome::Wrong) => {
                "Compare its address and gateway with those of the machine beside it. If they are alike, the router or the switch port is at fault."
            }
            (Self::NameServers, Outcome::Absent) => {
                "It gets no name servers with its address, or somebody set it by hand: set its network to automatic (DHCP), and look at the DHCP server."
            }
            (Self::NameServers, Outcome::Wrong) => {
                "Where none answers, no web page opens; where one is silent, each opens late. Look whether that server runs, or take it out of the DHCP settings."
            }
            (Self::Path, _) => {
                "Try another cable and another port of the switch. A slow or half-duplex link is mostly a bent cable. If no connection opens, look at the firewall between the machine and the collector."
            }
            (Self::Latency, _) => {
                "On Wi-Fi, look how far the access point is and how many share it. On a cable, look whether something fills the line: a backup, an update."
            }
            (Self::Throughput, _) => {
                "Measure a machine beside it: if that one is slow too, it is the switch or the line; if not, it is the cable, the port or the Wi-Fi of this one."
            }
            (Self::Disk, _) => {
                "Full: remove what nobody needs. Read-only or failing: save what is on it now, and replace the disk; do not lend the machine."
            }
            (Self::Camera, Outcome::Wrong) => {
                "Plug it into another port; look whether a key or a slider switches it off; look for its driver."
            }
            (Self::Camera, _) => {
                "For a video conference, plug in a camera; a built-in one may be switched off in the firmware or by a slider."
            }
            (Self::Microphone, _) => "For a video conference, plug in a headset; a built-in one may be switched off in the firmware.",
            (Self::Clock, _) => {
                "Look whether its time service runs and reaches a time server. If it loses the time whenever it is unplugged, replace the coin battery on its board."
            }
        }
    }
}

impl Outcome {
    /// As a person would say it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Well => "well",
            Self::Absent => "there is none",
            Self::Unreadable => "not measured",
            Self::Wrong => "wrong",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_needs_a_look_says_what_to_do() {
        for step in Step::ALL {
            for outcome in [Outcome::Well, Outcome::Absent, Outcome::Unreadable, Outcome::Wrong] {
                let remedy = step.remedy(outcome);
                assert_eq!(remedy.is_empty(), outcome == Outcome::Well, "{step:?} {outcome:?}");
                assert!(!step.needs_look(outcome) || remedy.ends_with('.'), "{step:?} {outcome:?}");
            }
        }
        assert!(Step::ALL.is_sorted());
    }

    #[test]
    fn no_gateway_is_a_fault_and_no_camera_is_a_fact() {
        assert!(Step::Gateway.needs_look(Outcome::Absent) && !Step::Camera.needs_look(Outcome::Absent));
        assert!(Step::Camera.needs_look(Outcome::Wrong) && Step::Microphone.needs_look(Outcome::Unreadable));
    }
}
