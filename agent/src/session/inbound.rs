//! What the session makes of the collector's messages.

use super::agenda::Request;
use super::{Link, Now, Output, Session, Task};
use crate::resolve::Answer;
use rollcall_proto::v1::command::Command;
use rollcall_proto::v1::from_agent::Message as Say;
use rollcall_proto::v1::from_collector::Message;
use rollcall_proto::v1::refusal::Why;
use rollcall_proto::v1::{Ack, Cause, CommandDone, FromCollector, Refusal, Rescan, Resolve, Want, Welcome};
use rollcall_proto::{SECTIONS, UNKNOWN_COMMAND};
use std::time::Duration;

impl Session {
    pub(super) fn on_message(&mut self, message: FromCollector, now: Now, out: &mut Output) {
        match (self.link, message.message) {
            (Link::Waiting { .. }, _) | (_, None) => {}
            (_, Some(Message::Refusal(refusal))) => self.on_refusal(&refusal, now, out),
            (Link::Calling { .. }, Some(Message::Welcome(welcome))) => self.on_welcome(welcome, now, out),
            // A welcome comes first, and once.
            (Link::Calling { .. }, Some(_)) | (Link::Live, Some(Message::Welcome(_))) => self.hang_up(now, out),
            (Link::Live, Some(Message::Want(want))) => self.on_want(&want, now, out),
            (Link::Live, Some(Message::Ack(ack))) => self.on_ack(&ack, now, out),
            (Link::Live, Some(Message::Command(command))) => {
                if let Some(what) = command.command {
                    self.on_command(command.id, what, now, out);
                } else {
                    self.done(command.id, 0, UNKNOWN_COMMAND, out);
                }
            }
            (Link::Live, Some(Message::Echoed(echoed))) => self.on_echoed(&echoed, now, out),
            (Link::Live, Some(Message::Certificate(certificate))) => out.tasks.push(Task::Install(certificate)),
        }
    }

    fn on_welcome(&mut self, welcome: Welcome, now: Now, out: &mut Output) {
        if welcome.session != self.queue.session() {
            return self.hang_up(now, out);
        }
        if welcome.acknowledged >= self.queue.next() {
            // It knows entries that this disk has forgotten: the disk was rolled back.
            return self.begin_anew(now, out);
        }
        self.link = Link::Live;
        self.resolving = None;
        self.refused = false;
        self.timers.welcomed(welcome.schedule, now.elapsed);
        self.forget(welcome.acknowledged, out);
        let other_epoch = welcome.epoch != self.lineage.epoch;
        self.lineage.epoch = welcome.epoch;
        self.lineage.nonce = welcome.nonce;
        if welcome.clock_ms > 0 {
            self.lineage.server_ms = welcome.clock_ms;
            self.behind_ms = welcome.clock_ms.saturating_sub(now.clock_ms);
        }
        out.tasks.push(Task::Remember(self.lineage.clone()));
        if !welcome.addresses.is_empty() {
            out.tasks.push(Task::Addresses(welcome.addresses));
        }
        let came_back = self.take_place(welcome.off_site);
        self.queue.entries().for_each(|entry| out.say(Say::Entry(self.agreed_entry(entry))));
        let tells_everything = self.queue.entries().any(|entry| entry.full) || self.agenda.will_list_all();
        if (other_epoch && !tells_everything) || came_back {
            self.queue.tell_everything();
            self.ask(Request::of(Cause::Start), out);
        }
    }

    fn on_refusal(&mut self, refusal: &Refusal, now: Now, out: &mut Output) {
        self.refused = refusal.why() != Why::Busy;
        self.link = Link::Waiting { call_at: now.elapsed + self.backoff.after_refusal(refusal.why()) };
        self.agenda.forget_commands();
        out.tasks.push(Task::Disconnect);
        if refusal.why() == Why::Lapsed {
            out.tasks.push(Task::RenewLapsed(refusal.enrolment.clone()));
        }
    }

    fn on_ack(&mut self, ack: &Ack, now: Now, out: &mut Output) {
        if ack.session != self.queue.session() || ack.up_to >= self.queue.next() {
            return self.hang_up(now, out);
        }
        self.forget(ack.up_to, out);
    }

    fn forget(&mut self, up_to: u64, out: &mut Output) {
        if up_to >= self.queue.oldest() {
            self.queue.acknowledge(up_to);
            out.tasks.push(Task::Forget(up_to, self.queue.contents().clone()));
        }
    }

    fn on_want(&mut self, want: &Want, now: Now, out: &mut Output) {
        match self.queue.answer(want) {
            Ok(answers) => answers.into_iter().for_each(|bytes| out.say(Say::Section(bytes))),
            Err(_) => self.begin_anew(now, out),
        }
    }

    /// Another session under a new name, called at once; everything is told again.
    fn begin_anew(&mut self, now: Now, out: &mut Output) {
        let mut bytes = [0u8; 10];
        bytes.fill_with(|| (self.backoff.random() * 256.0) as u8);
        let session = uuid::Builder::from_unix_timestamp_millis(u64::try_from(now.clock_ms).unwrap_or(0), &bytes).into_uuid();
        self.queue.begin_anew(session.to_string());
        out.tasks.push(Task::BeginAnew(self.queue.session().to_owned(), self.queue.entries().cloned().collect()));
        out.tasks.push(Task::Disconnect);
        self.link = Link::Waiting { call_at: now.elapsed + Duration::from_secs(1).mul_f64(self.backoff.random()) };
        self.agenda.forget_commands();
        if !self.agenda.will_list_all() {
            self.ask(Request::of(Cause::Start), out);
        }
    }

    fn on_command(&mut self, id: u64, command: Command, now: Now, out: &mut Output) {
        match command {
            Command::Rescan(rescan) => self.on_rescan(id, &rescan, out),
            Command::SetSchedule(schedule) => {
                self.timers.set(schedule);
                self.done(id, 0, "", out);
            }
            Command::BackOff(pause) => {
                let pause = Duration::from_secs(pause.seconds.clamp(1, 3600).into());
                out.tasks.push(Task::Hold(self.backoff.as_asked(pause)));
                self.done(id, 0, "", out);
            }
            Command::Renew(_) => {
                self.timers.renew_now();
                self.done(id, 0, "", out);
            }
            Command::Resolve(resolve) => self.on_resolve(id, resolve, out),
            Command::Diagnose(_) => self.on_diagnose(id, now, out),
            Command::Retire(_) => {
                self.done(id, 0, "", out);
                out.tasks.extend([Task::Retire, Task::Finish]);
            }
        }
    }

    fn on_rescan(&mut self, id: u64, rescan: &Rescan, out: &mut Output) {
        let known = |name: &String| SECTIONS.iter().find(|known| **known == name.as_str()).copied();
        if let Some(unknown) = rescan.sections.iter().find(|name| known(name).is_none()) {
            let name: String = unknown.chars().take(40).collect();
            let problem = format!("there is no section {name:?}; this agent reads {}", SECTIONS.join(", "));
            return self.done(id, 0, &problem, out);
        }
        let sections = rescan.sections.iter().filter_map(known).collect();
        self.ask(Request { sections, cause: Cause::Rescan, commands: vec![id] }, out);
    }

    fn on_resolve(&mut self, id: u64, resolve: Resolve, out: &mut Output) {
        if self.off_site.is_some() {
            return self.done(id, 0, "this machine is off site: nothing is asked on the link that it is on", out);
        }
        let Ok(address) = resolve.address.parse() else {
            return self.done(id, 0, "that is no IPv4 address", out);
        };
        if self.resolving.is_some() {
            return self.done(id, 0, "another address is being resolved; ask again later", out);
        }
        self.resolving = Some(id);
        out.tasks.push(Task::Resolve(id, address, resolve.mac));
    }

    /// Who asked in a connection that is gone hears nothing.
    pub(super) fn on_resolved(&mut self, id: u64, answer: Result<Answer, String>, out: &mut Output) {
        if self.resolving.take_if(|asked| *asked == id).is_none() || !self.is_live() {
            return;
        }
        match answer {
            Ok(Answer { alive, mac }) => out.say(Say::Done(CommandDone { id, alive: Some(alive), mac, ..CommandDone::default() })),
            Err(why) => self.done(id, 0, &why, out),
        }
    }

    pub(super) fn done(&self, id: u64, entry: u64, problem: &str, out: &mut Output) {
        out.say(Say::Done(CommandDone { id, entry, problem: problem.to_owned(), ..CommandDone::default() }));
    }
}
