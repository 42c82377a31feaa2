//! Stories of tickets: from an alert to done, opened and closed by themselves, a loaner, a claim.

use super::*;
use crate::asset::{AssetKind, AssetStatus, Purchase};
use crate::calendar;
use crate::loan::Due;
use crate::money::Money;
use crate::rule::{self, Setting};
use crate::ticket::{self, Category, Changes, EntryKind, Link, Move, NewTicket, Priority, Ticket, TicketState, Tier, UsedPart, Warranty};
use crate::{AlertId, TicketId};

impl School {
    fn ticket(&self, id: u64) -> Arc<Ticket> {
        Arc::clone(ticket::get(&self.site, TicketId(id)).unwrap())
    }

    fn go(&mut self, id: u64, to: TicketState) -> Arc<Ticket> {
        self.must(|w| ticket::go(w, TicketId(id), Move::to(to)))
    }

    fn opens_tickets(&mut self, room: Option<&RoomId>, ticket: bool) {
        let setting = Setting { ticket: Some(ticket), ..Setting::default() };
        self.must(|w| rule::set(w, room, "machine-silent", setting));
    }

    fn laptop(&mut self, number: u128, text: &str) -> AssetId {
        let id = AssetId(Uuid::from_u128(9000 + number));
        let facts = AssetFacts { kind: Some(AssetKind::Laptop), maker: Some("Lenovo".into()), ..AssetFacts::default() };
        self.must(|w| asset::add(w, id, tag(text), facts)).id
    }

    fn about(&mut self, asset: AssetId) -> TicketId {
        let new = NewTicket { title: "the screen flickers".into(), asset: Some(asset), ..NewTicket::default() };
        self.must(|w| ticket::open(w, new)).id
    }

    fn story(&self, id: u64) -> Vec<String> {
        ticket::entries(&self.site, TicketId(id)).map(|entry| entry.text.clone()).collect()
    }

    /// PC1 falls silent and people are told.
    fn fall(&mut self, device: DeviceId) {
        self.silence(device);
        self.wait(60);
    }
}

#[test]
fn an_alert_becomes_a_ticket_that_is_worked_and_done() {
    let mut school = School::new();
    let device = school.pc(1, "", &[]);
    school.fall(device);
    let new = ticket::from_alert(&school.site, AlertId(1)).unwrap();
    assert_eq!((new.title.as_str(), new.category, new.priority), ("PC1 fell silent", Category::Hardware, Priority::Normal));
    assert!(new.detail.contains("Try first: "), "{}", new.detail);
    let ticket = school.must(|w| ticket::open(w, new));
    assert_eq!(ticket.due, Some(school.now + SignedDuration::from_hours(24)), "without hours the clock counts");
    let twice = ticket::from_alert(&school.site, AlertId(1)).unwrap_err();
    assert!(twice.text.contains("ticket 1 is open for alert 1 already"), "{twice}");
    school.go(1, TicketState::InProgress);
    school.must(|w| ticket::comment(w, TicketId(1), "The power supply is dead.\nA new one is in the store room."));
    let part = UsedPart { name: "power supply".into(), count: 2, each: Money(4_550) };
    school.must(|w| ticket::add_part(w, TicketId(1), part));
    school.must(|w| ticket::labour(w, TicketId(1), 45));
    school.must(|w| ticket::set_policy(w, ticket::TicketPolicy { labour_hour: Money(4_000), ..ticket::policy(&w.site) }));
    let done = school.must(|w| ticket::go(w, TicketId(1), Move::because(TicketState::Done, "new power supply")));
    assert_eq!(ticket::cost(&school.site, &done), Money(9_100 + 3_000));
    assert_eq!(ticket::cost_of_asset(&school.site, done.asset.unwrap()), Money(12_100));
    assert!(ticket::open_of(&school.site, done.asset.unwrap()).next().is_none() && ticket::live(&school.site).next().is_none());
    let told = ["open → in progress", "in progress → done: new power supply"];
    assert!(told.iter().all(|line| school.story(1).contains(&(*line).to_owned())), "{:?}", school.story(1));
    assert_eq!(school.told("ticket.done"), ["Ticket 1: in progress → done: new power supply"]);
    assert!(school.told("ticket.commented")[0].ends_with("The power supply is dead."));
    assert!(
        school
            .events
            .iter()
            .filter(|event| event.kind.starts_with("ticket.") && event.kind != "ticket.policy-set")
            .all(|event| event.ticket == Some(TicketId(1)))
    );
    let reopened = school.go(1, TicketState::InProgress);
    assert_eq!((reopened.is_open(), school.told("ticket.reopened").len()), (true, 1));
}

#[test]
fn a_ticket_goes_only_where_the_table_says() {
    let mut school = School::new();
    let draft = NewTicket { title: "lacks its charger".into(), state: TicketState::Draft, ..NewTicket::default() };
    let draft = school.must(|w| ticket::open(w, draft));
    assert_eq!((draft.due, school.told("ticket.opened")), (None, vec!["Ticket 1: proposed: lacks its charger"]));
    let refused = |school: &mut School, to| school.change(|w| ticket::go(w, TicketId(1), Move::to(to))).unwrap_err();
    assert_eq!(refused(&mut school, TicketState::Done).text, "ticket 1 is draft: from there it goes to open, dropped, not to done");
    school.go(1, TicketState::Dropped);
    school.go(1, TicketState::Draft);
    let open = school.go(1, TicketState::Open);
    assert!(open.due.is_some());
    assert_eq!(school.go(1, TicketState::Draft).due, None, "confirming is taken back");
    school.go(1, TicketState::Open);
    school.go(1, TicketState::InProgress);
    assert_eq!(refused(&mut school, TicketState::Draft).kind, RefusalKind::Conflict);
    assert!(refused(&mut school, TicketState::InProgress).text.contains("is in progress already"));
    let until = school.now + SignedDuration::from_hours(48);
    let waits = Move { look_again: Some(until), ..Move::because(TicketState::Waiting, "a part") };
    let waiting = school.must(|w| ticket::go(w, TicketId(1), waits));
    assert!(
        !waiting.wants_a_look(school.now) && waiting.wants_a_look(until) && !waiting.is_overdue(until + SignedDuration::from_hours(999))
    );
    assert_eq!(school.go(1, TicketState::InProgress).look_again, None);
    let bad = NewTicket { title: "x".into(), state: TicketState::Done, ..NewTicket::default() };
    assert_eq!(school.change(|w| ticket::open(w, bad)).unwrap_err().kind, RefusalKind::Invalid);
}

#[test]
fn an_alert_opens_its_ticket_and_closes_it_while_nobody_works_on_it() {
    let mut school = School::new();
    let device = school.pc(1, "", &[]);
    school.fall(device);
    assert!(school.site.tickets.is_empty(), "off where nobody sets it");
    school.hello(1, "n1", "n2", hardware(1)).unwrap();
    school.opens_tickets(None, true);
    school.fall(device);
    let ticket = school.ticket(1);
    assert_eq!((ticket.auto, ticket.opened_by.as_str(), ticket.alerts.as_slice()), (true, "Rollcall", &[AlertId(1)][..]));
    school.hello(1, "n2", "n3", hardware(1)).unwrap();
    assert_eq!((school.ticket(1).state, school.ticket(1).why.as_str()), (TicketState::Done, "Over by itself: PC1 fell silent"));
    // The same alert again within three days is the same ticket.
    school.wait(7_200);
    school.fall(device);
    assert_eq!((school.ticket(1).state, school.site.tickets.len()), (TicketState::Open, 1));
    school.go(1, TicketState::InProgress);
    school.hello(1, "n3", "n4", hardware(1)).unwrap();
    assert_eq!(school.ticket(1).state, TicketState::InProgress, "somebody works on it");
    assert_eq!(school.story(1).last().unwrap(), "Alert 1: Over by itself: PC1 fell silent");
    // Long after that it is another alert, of the same matter: it belongs to the ticket that is still open.
    school.wait(4 * 86_400);
    school.fall(device);
    assert_eq!((school.ticket(1).alerts.as_slice(), school.site.tickets.len()), (&[AlertId(1), AlertId(2)][..], 1));
    school.go(1, TicketState::Dropped);
    school.hello(1, "n4", "n5", hardware(1)).unwrap();
    school.wait(7_200);
    school.fall(device);
    assert_eq!((school.ticket(1).state, school.site.tickets.len()), (TicketState::Dropped, 1), "it was said to be none");
    assert!(school.events.iter().filter(|event| event.kind == "ticket.opened").all(|event| event.actor == Actor::Rollcall));
}

#[test]
fn a_room_has_its_own_mind_and_a_word_of_hers_closes_too() {
    let mut school = School::new();
    let device = school.pc(1, "", &[]);
    school.opens_tickets(None, true);
    school.opens_tickets(Some(&lab()), false);
    school.fall(device);
    assert!(school.site.tickets.is_empty());
    school.hello(1, "n1", "n2", hardware(1)).unwrap();
    school.opens_tickets(Some(&lab()), true);
    school.wait(4 * 86_400);
    school.fall(device);
    let alert = *school.site.alerts.keys().next_back().unwrap();
    school.must(|w| alert::resolve(w, alert));
    assert_eq!(school.ticket(1).why, "anna resolved it: PC1 fell silent");
    school.must(|w| alert::reopen(w, alert));
    assert_eq!((school.ticket(1).state, school.site.tickets.len()), (TicketState::Open, 1));
    let words = school.site.rooms.get(&lab()).unwrap().rules["machine-silent"].words();
    assert_eq!(words, "opens a ticket");
}

#[test]
fn the_borrower_of_a_broken_laptop_gets_a_loaner_and_the_link_is_kept() {
    let mut school = School::new();
    let (broken, spare, third) = (school.laptop(1, "LT-1"), school.laptop(2, "LT-2"), school.laptop(3, "LT-3"));
    let (anna, heard) = (pupil(&mut school, "20431"), school.heard.clone());
    let due = school.now + SignedDuration::from_hours(240);
    let first = school.must(|w| loan::out(w, &heard, NewLoan { due: Due::At(due), ..NewLoan::new(tag("LT-1"), anna.clone()) }));
    let id = school.about(broken);
    for (of, why) in [("LT-1", "broken one itself"), ("LT-9", "nothing carries")] {
        let refused = school.change(|w| ticket::lend(w, &heard, id, &tag(of), None)).unwrap_err();
        assert!(refused.text.contains(why), "{refused}");
    }
    let lent = school.must(|w| ticket::lend(w, &heard, id, &tag("LT-2"), None));
    let out = school.site.open_loan(spare).cloned().unwrap();
    assert_eq!((&out.person, out.due, lent.loan), (&anna, Some(due), Some(first.id)));
    assert_eq!(ticket::of_loaner(&school.site, spare).map(|ticket| ticket.id), Some(id));
    assert_eq!(school.site.assets[&broken].status, AssetStatus::InRepair);
    assert!(school.change(|w| ticket::lend(w, &heard, id, &tag("LT-3"), None)).unwrap_err().text.contains("LT-2 stands in already"));
    let other = school.about(third);
    assert!(school.change(|w| ticket::lend(w, &heard, other, &tag("LT-2"), None)).unwrap_err().text.contains("is out to 20431"));
    let done = school.must(|w| ticket::go(w, id, Move::because(TicketState::Done, "new panel; tested twice")));
    assert_eq!(school.told("ticket.done"), ["Ticket 1: open → done: new panel; tested twice; take the loaner LT-2 back from 20431"]);
    assert_eq!(ticket::left(&school.site, &done).as_deref(), Some("take the loaner LT-2 back from 20431"));
    let other_done = school.must(|w| ticket::go(w, other, Move::because(TicketState::Done, "new panel; tested twice")));
    assert_eq!(ticket::left(&school.site, &other_done), None, "nothing is left to do where no spare stood in");
    assert_eq!(ticket::to_take_back(&school.site).count(), 1);
    assert_eq!((school.site.assets[&broken].status, done.is_open()), (AssetStatus::InService, false));
    school.must(|w| loan::back(w, Returned::fine(tag("LT-2"))));
    assert_eq!(ticket::to_take_back(&school.site).count(), 0, "what comes back at the loan desk is back");
    assert!(school.change(|w| ticket::take_back(w, id)).unwrap_err().text.contains("no loaner stands in"));
    assert!(ticket::of_loaner(&school.site, spare).is_none() && school.site.open_loan(broken).is_some());
}

#[test]
fn a_spare_takes_the_seat_and_gives_it_back() {
    let mut school = School::new();
    let (broken, spare) = (school.laptop(1, "PC-1"), school.laptop(2, "PC-2"));
    let sit = |seat: &str| AssetFacts { room: Some(lab().to_string()), seat: Some(seat.to_owned()), ..AssetFacts::default() };
    let id = school.about(broken);
    let heard = school.heard.clone();
    assert!(school.change(|w| ticket::lend(w, &heard, id, &tag("PC-2"), None)).unwrap_err().text.contains("nothing to stand in for"));
    school.must(|w| asset::set(w, broken, sit("7")));
    school.must(|w| ticket::lend(w, &heard, id, &tag("PC-2"), None));
    let place = |school: &School, id| (school.site.assets[&id].room.is_some(), school.site.assets[&id].seat.clone());
    assert_eq!((place(&school, spare), place(&school, broken)), ((true, Some("7".into())), (true, None)));
    assert_eq!(school.told("ticket.loaner-out"), ["Ticket 1: PC-2 stands in for PC-1, in Lab 118, seat 7"]);
    school.go(id.0, TicketState::Done);
    assert_eq!((place(&school, spare), place(&school, broken)), ((false, None), (true, Some("7".into()))));
    assert_eq!(school.told("ticket.done"), ["Ticket 1: open → done; put PC-2 back and PC-1 to Lab 118, seat 7"]);
    assert_eq!(school.site.assets[&broken].status, AssetStatus::InService);
    // Where somebody has moved them meanwhile, they stay.
    school.go(id.0, TicketState::Open);
    school.must(|w| ticket::lend(w, &heard, id, &tag("PC-2"), None));
    school.must(|w| asset::set(w, spare, sit("9")));
    school.must(|w| ticket::take_back(w, id));
    assert_eq!((place(&school, spare).1, place(&school, broken).1), (Some("9".into()), Some("7".into())));
}

#[test]
fn a_claim_says_whether_the_warranty_holds() {
    let mut school = School::new();
    let asset = school.laptop(1, "LT-1");
    let id = school.about(asset);
    let purchase =
        |until: &str| Purchase { vendor: "Edu Supply".into(), warranty_until: Some(until.parse().unwrap()), ..Purchase::default() };
    for (until, said) in [("2026-11-23", "under warranty until 2026-11-23"), ("2026-11-22", "its warranty ended on 2026-11-22")] {
        let before = (*school.site.assets[&asset]).clone();
        school.must(|w| Ok(w.put(asset::Asset { purchase: Some(Box::new(purchase(until))), ..before })));
        let claimed = school.must(|w| ticket::claim(w, id, "", "RMA-77"));
        assert_eq!(school.story(1).last().unwrap(), &format!("claimed from Edu Supply as RMA-77: {said}"));
        assert_eq!((claimed.tier, claimed.claim.as_ref().unwrap().reference.as_str()), (Tier::Vendor, "RMA-77"));
    }
    let today = "2026-11-23".parse().unwrap();
    assert_eq!(ticket::warranty_of(&asset::Asset::new(asset, tag("X")), today), Warranty::Unknown);
    assert!(school.change(|w| ticket::claim(w, id, "", " ")).unwrap_err().text.contains("reference"));
}

#[test]
fn tickets_are_due_by_hours_of_school_time() {
    let mut school = School::new();
    let hours = "Mon-Fri 08:00-16:00".parse().unwrap();
    school.must(|w| calendar::set_hours(w, Some(hours)));
    let check = |school: &School, from: &str, hours: i64, want: &str| {
        let at = ticket::school_time(&school.site, from.parse().unwrap(), SignedDuration::from_hours(hours));
        assert_eq!(at.to_string(), want, "{from} + {hours} h");
    };
    check(&school, "2026-11-23T07:00:00Z", 2, "2026-11-23T10:00:00Z");
    check(&school, "2026-11-23T15:00:00Z", 2, "2026-11-24T09:00:00Z");
    check(&school, "2026-11-27T15:30:00Z", 8, "2026-11-30T15:30:00Z");
    check(&school, "2026-11-23T08:00:00Z", 40, "2026-11-27T16:00:00Z");
    let asset = school.laptop(1, "LT-1");
    let id = school.about(asset);
    assert_eq!(school.ticket(1).due.unwrap().to_string(), "2026-11-25T16:00:00Z");
    let urgent = Changes { priority: Some(Priority::Urgent), ..Changes::default() };
    let changed = school.must(|w| ticket::set(w, id, urgent.clone()));
    assert_eq!(changed.due.unwrap().to_string(), "2026-11-23T10:00:00Z");
    let by_hand = Changes { due: Some(Some("2026-12-01T12:00:00Z".parse().unwrap())), ..Changes::default() };
    school.must(|w| ticket::set(w, id, by_hand));
    let low = school.must(|w| ticket::set(w, id, Changes { priority: Some(Priority::Low), ..Changes::default() }));
    assert_eq!(low.due.unwrap().to_string(), "2026-12-01T12:00:00Z", "what somebody set stays");
    assert!(low.is_overdue("2026-12-01T12:00:01Z".parse().unwrap()));
    let upside_down = ticket::TicketPolicy { urgent_h: 90, ..ticket::TicketPolicy::default() };
    assert!(school.change(|w| ticket::set_policy(w, upside_down)).unwrap_err().text.contains("due earlier"));
}

#[test]
fn links_and_people_are_by_id_and_a_request_has_its_facts() {
    let mut school = School::new();
    let (asset, other) = (school.laptop(1, "LT-1"), school.laptop(2, "LT-2"));
    let anna = pupil(&mut school, "20431");
    let request = NewTicket {
        title: "the lab's new printer needs an address".into(),
        category: Category::NetworkAddress,
        asset: Some(asset),
        person: Some(anna),
        ..NewTicket::default()
    };
    let id = school.must(|w| ticket::open(w, request)).id;
    let text = ticket::request_text(&school.site, &school.ticket(1)).unwrap();
    let want = "Request for a network address: the lab's new printer needs an address\nMachine: LT-1, Lenovo\nFor: id 20431 (student)\n";
    assert!(text.starts_with(want), "{text}");
    let there = ticket::Elsewhere::new("district", "4711", "https://help.example/4711").unwrap();
    school.must(|w| ticket::link(w, id, Link::Elsewhere(there.clone())));
    school.must(|w| ticket::link(w, id, Link::Asset(other)));
    assert_eq!(ticket::open_of(&school.site, other).map(|ticket| ticket.id).collect::<Vec<_>>(), [id]);
    assert!(school.change(|w| ticket::link(w, id, Link::Alert(AlertId(9)))).is_err());
    school.must(|w| ticket::unlink(w, id, &Link::Asset(other)));
    assert!(
        ticket::open_of(&school.site, other).next().is_none() && school.change(|w| ticket::unlink(w, id, &Link::Asset(other))).is_err()
    );
    assert!(school.change(|w| ticket::assign(w, id, Some(crate::UserName::parse("nobody").unwrap()))).is_err());
    let long = "x".repeat(2_001);
    assert_eq!(school.change(|w| ticket::comment(w, id, &long)).unwrap_err().kind, RefusalKind::Invalid);
    for number in 0..500 {
        school.must(|w| ticket::comment(w, id, &number.to_string()));
    }
    assert!(school.change(|w| ticket::comment(w, id, "one more")).unwrap_err().text.contains("500 comments already"));
    assert!(ticket::entries(&school.site, id).filter(|entry| entry.kind == EntryKind::Comment).count() == 500);
    assert!(school.events.iter().all(|event| !event.text.contains("A pupil")));
}
