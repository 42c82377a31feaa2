//! Tickets against a small reference model: random operations on a small school, and after each of them everything that must hold.

mod step;

use super::*;
use crate::alert::{self, Alert, AlertState};
use crate::asset::{AssetFacts, AssetStatus};
use crate::event::Actor;
use crate::person;
use crate::presence::Heard;
use crate::rule::{self, Setting, Severity};
use crate::{About, PersonId, SiteId, Tag, asset, loan, room};
use jiff::SignedDuration;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use step::{ASSETS, MATTERS, SEATED, Step, step};
use uuid::Uuid;

/// What the reference knows of a ticket: how it was last said to stand, and whether people touched it.
#[derive(Clone, Debug, PartialEq)]
struct Known {
    state: TicketState,
    before: Option<TicketState>,
    touched: bool,
    auto: bool,
}

/// A school, the log of all that was written, and the reference.
struct Play {
    site: Site,
    now: Timestamp,
    log: Vec<crate::Written>,
    known: BTreeMap<TicketId, Known>,
    opens: bool,
}

fn id(asset: u8) -> AssetId {
    AssetId(Uuid::from_u128(u128::from(asset) + 1))
}

fn tag(asset: u8) -> Tag {
    Tag::parse(&format!("A-{asset}")).unwrap()
}

fn pupil() -> PersonId {
    PersonId::parse("20431").unwrap()
}

/// A finding as a rule would make it.
fn alert_of(matter: u8, number: AlertId, now: Timestamp) -> Alert {
    Alert {
        id: number,
        rule: "disk-failing".into(),
        subject: format!("disk {matter}"),
        severity: Severity::High,
        asset: Some(id(matter)),
        room: None,
        title: format!("A-{matter} has a failing disk"),
        evidence: "seen".into(),
        cause: String::new(),
        remedy: "replace it".into(),
        state: AlertState::Raised,
        since: now,
        raised_at: None,
        holds: true,
        times: 0,
        told: Vec::new(),
        quiet_until: None,
        rest: Rest::new(),
    }
}

impl Play {
    fn new() -> Self {
        let now = "2026-11-23T07:00:00Z".parse().unwrap();
        let mut play = Self { site: Site::default(), now, log: Vec::new(), known: BTreeMap::new(), opens: false };
        let room = crate::RoomId::parse("Lab 1").unwrap();
        play.change(|w| {
            w.put(About {
                id: SiteId::parse("main").unwrap(),
                name: "Lincoln".into(),
                time_zone: "UTC".into(),
                epoch: 1,
                rules: rule::Settings::new(),
                rest: Rest::new(),
            });
            room::add(w, room.clone(), room::RoomFacts::default())?;
            person::import(w, vec![(pupil(), "A pupil".into())]);
            for number in 0..ASSETS {
                let seat = (number < SEATED).then(|| number.to_string());
                let room = seat.as_ref().map(|_| room.to_string());
                asset::add(w, id(number), tag(number), AssetFacts { room, seat, ..AssetFacts::default() })?;
            }
            Ok(())
        })
        .unwrap();
        play
    }

    fn change<T>(&mut self, change: impl FnOnce(&mut Working) -> Result<T, Refusal>) -> Result<T, Refusal> {
        let mut w = Working::begin(self.site.clone(), self.now, Actor::User("anna".into()));
        let answer = change(&mut w)?;
        let finished = w.finish();
        self.site = finished.site;
        self.log.extend(finished.written);
        Ok(answer)
    }

    /// The ticket that a step means: the last ones.
    fn pick(&self, ticket: u8) -> Option<TicketId> {
        self.known.keys().rev().nth(ticket.into()).copied()
    }

    fn live_alert(&self, matter: u8) -> Option<Arc<Alert>> {
        let subject = format!("disk {matter}");
        self.site.live_alerts(Some(id(matter))).find(|alert| alert.subject == subject).cloned()
    }

    fn touch(&mut self, ticket: TicketId) {
        if let Some(known) = self.known.get_mut(&ticket) {
            known.touched = true;
        }
    }

    fn take(&mut self, step: &Step) {
        self.now += SignedDuration::from_secs(1);
        match *step {
            Step::Open { asset, draft } => self.open(asset, draft),
            Step::Go { ticket, to } => self.go(ticket, to),
            Step::Comment { ticket } => self.touched_by(ticket, |w, ticket| comment(w, ticket, "seen")),
            Step::Assign { ticket } => self.touched_by(ticket, |w, ticket| assign(w, ticket, None)),
            Step::Lend { ticket, spare } => self.lend(ticket, spare),
            Step::TakeBack { ticket } => self.touched_by(ticket, take_back),
            Step::LoanOut { asset } => drop(self.change(|w| lend_out(w, &tag(asset)))),
            Step::LoanIn { asset } => drop(self.change(|w| bring_back(w, &tag(asset)))),
            Step::Found { matter } => self.found(matter),
            Step::Passed { matter } => self.over(matter, "by itself"),
            Step::Resolve { matter } => self.over(matter, "by hand"),
            Step::Setting { on } => {
                self.change(|w| rule::set(w, None, "disk-failing", Setting { ticket: Some(on), ..Setting::default() })).unwrap();
                self.opens = on;
            }
            Step::Wait { hours } => self.now += SignedDuration::from_hours(hours.into()),
            Step::Retire { asset } => {
                let status = AssetFacts { status: Some(AssetStatus::Retired), ..AssetFacts::default() };
                drop(self.change(|w| asset::set(w, id(asset), status)));
            }
            Step::Link { ticket, matter } => {
                if let Some(alert) = self.live_alert(matter) {
                    self.touched_by(ticket, |w, ticket| link(w, ticket, Link::Alert(alert.id)));
                }
            }
        }
    }

    fn touched_by(&mut self, ticket: u8, change: impl FnOnce(&mut Working, TicketId) -> Result<Arc<Ticket>, Refusal>) {
        let Some(ticket) = self.pick(ticket) else { return };
        let lines = entries(&self.site, ticket).count();
        if self.change(|w| change(w, ticket)).is_ok() && entries(&self.site, ticket).count() > lines {
            self.touch(ticket);
        }
    }

    fn open(&mut self, asset: u8, draft: bool) {
        let state = if draft { TicketState::Draft } else { TicketState::Open };
        let new = NewTicket { title: "broken".into(), state, asset: Some(id(asset)), ..NewTicket::default() };
        let opened = self.change(|w| open(w, new)).unwrap();
        self.known.insert(opened.id, Known { state, before: None, touched: true, auto: false });
    }

    /// The reference's own table, written out: what may follow what.
    fn may(known: &Known, to: TicketState) -> bool {
        use TicketState::{Done, Draft, Dropped, InProgress, Open, Waiting};
        match (known.state, to) {
            (Open | Dropped, Draft) => known.before == Some(Draft),
            (Draft, Open | Dropped)
            | (Open, InProgress | Waiting | Done | Dropped)
            | (InProgress, Open | Waiting | Done | Dropped)
            | (Waiting, Open | InProgress | Waiting | Done | Dropped)
            | (Done | Dropped, Open | InProgress | Waiting) => true,
            _ => false,
        }
    }

    fn go(&mut self, ticket: u8, to: TicketState) {
        let Some(ticket) = self.pick(ticket) else { return };
        let went = self.change(|w| go(w, ticket, Move::to(to)));
        let known = self.known.get_mut(&ticket).unwrap();
        assert_eq!(went.is_ok(), Self::may(known, to), "{known:?} to {to:?}: {went:?}");
        if went.is_ok() {
            *known = Known { before: Some(known.state), state: to, touched: true, ..known.clone() };
        }
    }

    fn lend(&mut self, ticket: u8, spare: u8) {
        let Some(ticket) = self.pick(ticket) else { return };
        let before = get(&self.site, ticket).unwrap().clone();
        let was_out = self.site.open_loan(id(spare)).is_some();
        let lent = self.change(|w| lend(w, &Heard::new(), ticket, &tag(spare), Some("a test".into())));
        if let Ok(after) = lent {
            assert!(before.is_open() && before.state != TicketState::Draft && stands_in(&self.site, &before).is_none() && !was_out);
            assert!(before.asset != Some(id(spare)) && stands_in(&self.site, &after).is_some());
            self.touch(ticket);
        }
    }

    /// A finding comes, or comes again.
    fn found(&mut self, matter: u8) {
        if self.live_alert(matter).is_some_and(|alert| alert.is_open()) {
            return;
        }
        let known = self.site.tickets.values().filter(|ticket| ticket.auto).count();
        let subject = format!("disk {matter}");
        let of_matter = |id| self.site.alerts.get(id).is_some_and(|alert: &Arc<Alert>| alert.subject == subject);
        let had = self
            .site
            .tickets
            .values()
            .any(|ticket| ticket.auto && ticket.is_open() && ticket.asset == Some(id(matter)) && ticket.alerts.iter().any(of_matter));
        let now = self.now;
        let again = self.live_alert(matter);
        self.change(|w| {
            if let Some(alert) = again {
                w.put(Alert { holds: false, ..(*alert).clone() });
            }
            let alert = alert_of(matter, alert::next_id(&w.site), now);
            alert::begin(w, alert, now);
            Ok(())
        })
        .unwrap();
        let autos = self.site.tickets.values().filter(|ticket| ticket.auto).count();
        let opened = autos == known + 1 && self.opens && !had;
        assert!(autos == known || opened, "a ticket opens by itself only where that is set, and none beside another of the same matter");
    }

    fn over(&mut self, matter: u8, how: &str) {
        let Some(alert) = self.live_alert(matter).filter(|alert| alert.is_open()) else { return };
        self.change(|w| {
            match how {
                "by hand" => drop(alert::resolve(w, alert.id)?),
                _ => alert::pass(w, &alert, "Over by itself: it".to_owned()),
            }
            Ok(())
        })
        .unwrap();
        if self.site.alerts.get(&alert.id).is_some_and(|alert| alert.is_open()) {
            return;
        }
        for ticket in of_alert(&self.site, alert.id) {
            let known = &self.known[&ticket.id];
            if known.state == TicketState::Open && known.auto && !known.touched && ticket.alerts.len() == 1 {
                assert_eq!(ticket.state, TicketState::Done, "nobody had touched it");
            }
        }
    }

    /// The reference follows what tickets did by themselves.
    fn follow(&mut self) {
        for ticket in self.site.tickets.values() {
            let new = || Known { state: ticket.state, before: ticket.before, touched: false, auto: ticket.auto };
            let known = self.known.entry(ticket.id).or_insert_with(new);
            if known.state != ticket.state {
                let by_itself = match (known.state, ticket.state) {
                    (TicketState::Open, TicketState::Done) => !known.touched,
                    (TicketState::Done, TicketState::Open) => self.opens,
                    _ => false,
                };
                assert!(by_itself && known.auto, "{known:?} went to {:?} by itself", ticket.state);
                let again = ticket.is_open() && ticket.loaner.is_none();
                (known.state, known.before, known.touched) = (ticket.state, ticket.before, known.touched && !again);
            }
        }
    }

    /// What must always hold.
    fn holds(&self) {
        let mut autos = BTreeSet::new();
        for ticket in self.site.tickets.values() {
            let known = &self.known[&ticket.id];
            assert_eq!((ticket.state, ticket.before, ticket.auto), (known.state, known.before, known.auto), "ticket {}", ticket.id);
            assert_eq!(ticket.due.is_none(), ticket.state == TicketState::Draft || (ticket.due.is_none() && !ticket.is_open()));
            // People may open again what they like, and link it to another matter.
            if ticket.auto && ticket.is_open() && !known.touched {
                for alert in ticket.alerts.first().into_iter().filter_map(|id| self.site.alerts.get(id)) {
                    autos.insert((ticket.id, alert.subject.clone()));
                }
            }
            if !ticket.is_open()
                && let Some(loaner) = stands_in(&self.site, ticket)
            {
                assert!(matches!(loaner.place, InPlace::Loan { .. }), "a seat is given back by itself");
                assert!(to_take_back(&self.site).any(|told| told.id == ticket.id), "somebody is told");
            }
        }
        for matter in 0..MATTERS {
            let subject = format!("disk {matter}");
            let open: BTreeSet<TicketId> = autos.iter().filter(|(_, of)| *of == subject).map(|(id, _)| *id).collect();
            assert!(open.len() <= 1, "one matter, one ticket: {open:?}");
        }
        let spares: Vec<AssetId> =
            self.site.tickets.values().filter_map(|ticket| stands_in(&self.site, ticket)).map(|loaner| loaner.asset).collect();
        assert_eq!(spares.iter().collect::<BTreeSet<_>>().len(), spares.len(), "a spare stands in once");
        let seats: Vec<_> = self.site.assets.values().filter_map(|asset| Some((asset.room.clone()?, asset.seat.clone()?))).collect();
        assert_eq!(seats.iter().collect::<BTreeSet<_>>().len(), seats.len(), "a seat is taken once");
    }

    /// Everything counted anew from what was written: no index says otherwise.
    fn replayed(&self) {
        let mut again = Site { seq: self.site.seq, ..Site::default() };
        self.log.iter().for_each(|written| again.restore(written).unwrap());
        assert_eq!(again.state_hash(), self.site.state_hash());
        assert_eq!(again.open_tickets, self.site.open_tickets);
        assert_eq!(again.live_tickets, self.site.live_tickets);
        assert_eq!(again.closed_tickets, self.site.closed_tickets);
        assert_eq!(again.asset_tickets, self.site.asset_tickets);
        assert_eq!(again.alert_tickets, self.site.alert_tickets);
        assert_eq!(again.loaners, self.site.loaners);
        let open = self.site.tickets.values().filter(|ticket| ticket.is_open()).count();
        assert_eq!((self.site.live_tickets.len(), self.site.closed_tickets.len()), (open, self.site.tickets.len() - open));
        let by_asset = self.site.tickets.values().map(|ticket| ticket.assets().count()).sum::<usize>();
        assert_eq!(self.site.asset_tickets.len(), by_asset);
    }
}

fn lend_out(w: &mut Working, tag: &Tag) -> Result<Arc<loan::Loan>, Refusal> {
    let new = loan::NewLoan { override_reason: Some("a test".into()), ..loan::NewLoan::new(tag.clone(), pupil()) };
    loan::out(w, &Heard::new(), new)
}

fn bring_back(w: &mut Working, tag: &Tag) -> Result<Arc<loan::Loan>, Refusal> {
    loan::back(w, loan::Returned::fine(tag.clone()))
}

fn play(steps: &[Step]) {
    let mut play = Play::new();
    for step in steps {
        play.take(step);
        play.follow();
        play.holds();
    }
    play.replayed();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 50, ..ProptestConfig::default() })]

    #[test]
    fn no_sequence_leads_to_an_illegal_state(steps in proptest::collection::vec(step(), 200)) {
        play(&steps);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    #[ignore = "the long form: 120,000 operations"]
    fn no_long_sequence_leads_to_an_illegal_state(steps in proptest::collection::vec(step(), 200)) {
        play(&steps);
    }
}
