//! A diagnosis goes on: one step after another, each within its time, and each is told as it ends.

use super::{Now, Output, Session, Task};
use crate::diagnose::{Exchange, Finding, OffSite, STEPS, Step, Work};
use rollcall_proto::v1::from_agent::Message as Say;
use rollcall_proto::v1::{Echo, Echoed};
use std::time::Duration;

/// The diagnosis that goes on.
#[derive(Debug)]
pub(super) struct Diagnosis {
    command: u64,
    /// The step's place in the list.
    at: usize,
    /// When it counts as not measured.
    until: Duration,
    exchange: Option<Exchange>,
    /// The number of the next echo: an answer to one of an earlier step counts for nothing.
    echo: u32,
}

impl Session {
    pub(super) fn on_diagnose(&mut self, command: u64, now: Now, out: &mut Output) {
        if self.diagnosis.is_some() {
            return self.done(command, 0, "another diagnosis goes on; wait for its end", out);
        }
        self.diagnosis = Some(Diagnosis { command, at: 0, until: now.elapsed, exchange: None, echo: 1 });
        self.begin_step(now, out);
    }

    /// When the step that goes on counts as not measured.
    pub(super) fn step_ends(&self) -> Duration {
        self.diagnosis.as_ref().map_or(Duration::MAX, |diagnosis| diagnosis.until)
    }

    /// A look of this step is made. Who asked in a connection that is gone hears nothing.
    pub(super) fn on_looked(&mut self, command: u64, at: usize, finding: Finding, now: Now, out: &mut Output) {
        let awaited = |diagnosis: &Diagnosis| (diagnosis.command, diagnosis.at) == (command, at) && diagnosis.exchange.is_none();
        if self.diagnosis.as_ref().is_some_and(awaited) {
            self.end_step(finding, now, out);
        }
    }

    pub(super) fn on_echoed(&mut self, echoed: &Echoed, now: Now, out: &mut Output) {
        let Some(exchange) = self.diagnosis.as_mut().and_then(|diagnosis| diagnosis.exchange.as_mut()) else { return };
        say(exchange.hear(echoed, now), out);
        if exchange.is_over() {
            self.judge_exchange(now, out);
        }
    }

    /// A step whose time is over ends with what there is.
    pub(super) fn mind_the_step(&mut self, now: Now, out: &mut Output) {
        if !self.is_live() {
            self.diagnosis = None;
        }
        if self.step_ends() > now.elapsed {
            return;
        }
        match self.diagnosis.as_ref().map(|diagnosis| (diagnosis.at, diagnosis.exchange.is_some())) {
            Some((_, true)) => self.judge_exchange(now, out),
            Some((at, false)) => {
                let limit = STEPS.get(at).map_or(Duration::ZERO, |step| step.limit);
                self.end_step(Finding::unreadable(format!("this took longer than {} s", limit.as_secs())), now, out);
            }
            None => {}
        }
    }

    fn judge_exchange(&mut self, now: Now, out: &mut Output) {
        let Some(diagnosis) = &mut self.diagnosis else { return };
        let (Some(exchange), Some(step)) = (diagnosis.exchange.take(), STEPS.get(diagnosis.at)) else { return };
        diagnosis.echo = exchange.next();
        if let Work::Exchange(_, judge) = step.work {
            self.end_step(judge(&exchange.end()), now, out);
        }
    }

    fn end_step(&mut self, finding: Finding, now: Now, out: &mut Output) {
        if let Some(diagnosis) = &mut self.diagnosis
            && let Some(step) = STEPS.get(diagnosis.at)
        {
            out.say(Say::Step(finding.told(diagnosis.command, step.name)));
            diagnosis.at += 1;
        }
        self.begin_step(now, out);
    }

    /// Begins the step whose turn it is; what is not said off site ends at once.
    fn begin_step(&mut self, now: Now, out: &mut Output) {
        let Some((command, at)) = self.diagnosis.as_ref().map(|diagnosis| (diagnosis.command, diagnosis.at)) else { return };
        let Some(step) = STEPS.get(at) else {
            self.diagnosis = None;
            return self.done(command, 0, "", out);
        };
        if !self.is_said(step) {
            return self.end_step(Finding::unreadable("this machine is off site: nothing is told of the place where it is"), now, out);
        }
        let Some(diagnosis) = &mut self.diagnosis else { return };
        diagnosis.until = now.elapsed + step.limit;
        match step.work {
            Work::Look(_) => out.tasks.push(Task::Look(command, at)),
            Work::Exchange(plans, _) => {
                let (exchange, echoes) = Exchange::begin(command, plans, diagnosis.echo, now);
                diagnosis.exchange = Some(exchange);
                say(echoes, out);
            }
        }
    }

    fn is_said(&self, step: &Step) -> bool {
        match step.off_site {
            OffSite::Said => true,
            OffSite::With(section) => self.may_say(section),
            OffSite::Unsaid => self.off_site.is_none(),
        }
    }
}

fn say(echoes: Vec<Echo>, out: &mut Output) {
    echoes.into_iter().for_each(|echo| out.say(Say::Echo(echo)));
}
