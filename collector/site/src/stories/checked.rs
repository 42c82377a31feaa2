//! Stories of a silent machine whose neighbour was asked.

use super::*;
use crate::attend::Checked;

#[test]
fn a_machine_that_answers_on_its_network_has_a_stopped_agent() {
    let mut school = School::new();
    let (device, other) = (school.pc(1, "", &[]), school.pc(2, "", &[]));
    school.silence(device);
    school.must(|w| attend::checked(w, device, other, Checked::Answers));
    school.wait(60);
    assert_eq!(school.open(), ["PC1 agent stopped, the machine answers on the network"]);
    let alert = school.site.alerts.values().find(|alert| alert.is_open()).unwrap();
    assert!(alert.remedy.contains("systemctl start rollcall-agent") && alert.remedy.contains("PC1"), "{}", alert.remedy);
    assert_eq!(school.told("alert.raised").len(), 1, "people are told once");
    school.must(|w| attend::checked(w, device, other, Checked::Answers));
    assert_eq!(school.told("device.checked").len(), 1, "the same answer is no news");
    school.must(|w| attend::checked(w, device, other, Checked::Quiet));
    school.wait(60);
    assert_eq!(school.open(), ["PC1 fell silent"], "it was switched off meanwhile");
}

#[test]
fn a_machine_that_does_not_answer_is_off_the_network_and_one_that_is_back_is_neither() {
    let mut school = School::new();
    let (device, other) = (school.pc(1, "", &[]), school.pc(2, "", &[]));
    school.silence(device);
    school.must(|w| attend::checked(w, device, other, Checked::Quiet));
    school.wait(60);
    assert_eq!(school.open(), ["PC1 fell silent"]);
    assert!(school.site.devices.get(&device).is_some_and(|device| device.note == crate::presence::OFF_THE_NETWORK));
    school.hello(1, "n1", "n2", hardware(1)).unwrap();
    school.must(|w| attend::checked(w, device, other, Checked::Answers));
    assert!(school.open().is_empty());
    assert!(school.site.devices.get(&device).is_some_and(|device| device.note.is_empty()));
}
