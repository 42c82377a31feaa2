//! A machine that is off site: what it says, and what it keeps to itself.

use super::*;
use rollcall_proto::v1::{Health, OffSite};

impl Story {
    /// Loses its connection, and is welcomed by the outside door.
    fn leave(&mut self, agreed: &[&str]) {
        self.step(Event::Lost);
        let session = self.called().session;
        let off_site = Some(OffSite { sections: agreed.iter().map(|name| (*name).to_owned()).collect() });
        let acknowledged = self.session.queue.oldest() - 1;
        self.hear(From::Welcome(Welcome { session, acknowledged, epoch: 1, off_site, ..Welcome::default() }));
    }

    fn names(&mut self) -> Vec<Vec<String>> {
        self.entries().into_iter().map(|entry| entry.sections.into_iter().map(|section| section.name).collect()).collect()
    }
}

const AGREED: [&str; 3] = ["memory", "software", "storage"];

#[test]
fn off_site_only_the_agreed_sections_are_said_and_once_back_everything() {
    let mut story = settled();
    story.leave(&AGREED);
    story.software = "inkscape";
    story.step(Event::PackagesChanged);
    story.survey();
    assert_eq!(story.names(), [["software"]]);
    story.command(7, Command::Rescan(Rescan { sections: vec![] }));
    story.survey();
    assert_eq!(story.names(), [AGREED]);
    assert_eq!(story.running, None, "what is kept back is not asked for again and again");
    story.command(8, Command::Rescan(Rescan { sections: vec!["links".into()] }));
    story.survey();
    assert!(
        story.names().is_empty() && story.said.iter().any(|m| matches!(m, Message::Done(done) if done.id == 8 && !done.problem.is_empty()))
    );
    story.ack(3);
    story.step(Event::Lost);
    story.welcome(3, 1);
    story.survey();
    assert_eq!(story.names().last().map(Vec::len), Some(SECTIONS.len()), "back in the site everything is told");
}

#[test]
fn what_was_read_before_the_machine_knew_where_it_is_is_kept_back_too() {
    let mut story = Story::begin();
    story.survey();
    let session = story.called().session;
    let off_site = Some(OffSite { sections: AGREED.map(str::to_owned).to_vec() });
    story.hear(From::Welcome(Welcome { session, epoch: 1, off_site, ..Welcome::default() }));
    let entries = story.entries();
    let names: Vec<&str> = entries.iter().flat_map(|entry| &entry.sections).map(|section| section.name.as_str()).collect();
    assert_eq!((names, entries.iter().any(|entry| entry.full)), (AGREED.to_vec(), false));
}

#[test]
fn health_says_nothing_of_the_network_around_and_no_neighbour_is_looked_for() {
    let mut story = settled();
    story.leave(&AGREED);
    story.said.clear();
    let health =
        Health { cpu_permille: Some(5), dns_failing: Some(true), network_errors: Some(3), link_changes: Some(2), ..Health::default() };
    story.step(Event::Health(health, HealthDetail::default()));
    let said = story.said.iter().find_map(|message| if let Message::Heartbeat(heartbeat) = message { heartbeat.health } else { None });
    assert_eq!(said, Some(Health { cpu_permille: Some(5), ..Health::default() }));
    story.command(9, Command::Resolve(rollcall_proto::v1::Resolve { address: "192.168.1.5".into(), mac: String::new() }));
    assert!(!story.has(|task| matches!(task, Task::Resolve(..))));
}
