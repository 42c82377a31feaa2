//! What a session does when its machine goes to sleep and wakes up.

use super::agenda::Request;
use super::{Link, Now, Output, Session, Task};
use rollcall_proto::v1::from_agent::Message;
use rollcall_proto::v1::{Goodbye, Reason};
use std::time::Duration;

/// How long after a goodbye for sleep a machine that is still awake calls again; asleep, no time passes.
const AWAKE_AFTER_ALL: Duration = Duration::from_secs(30);
/// Within how long a machine calls that woke up: a lab woken together comes spread out.
const WAKING: Duration = Duration::from_secs(3);

impl Session {
    /// Says goodbye and hangs up. Should the machine not sleep after all, the agent calls again by itself.
    pub(super) fn on_suspend(&mut self, now: Now, out: &mut Output) {
        if self.is_live() {
            out.say(Message::Goodbye(Goodbye { reason: Reason::Suspend.into() }));
        }
        if !matches!(self.link, Link::Waiting { .. }) {
            out.tasks.push(Task::Disconnect);
            self.agenda.forget_commands();
        }
        if !self.refused {
            self.link = Link::Waiting { call_at: now.elapsed + AWAKE_AFTER_ALL };
        }
    }

    /// Calls soon, and reads again what may have changed under the closed lid.
    pub(super) fn on_resume(&mut self, now: Now, out: &mut Output) {
        if matches!(self.link, Link::Waiting { .. }) && !self.refused {
            self.backoff.begin_anew();
            self.link = Link::Waiting { call_at: now.elapsed + WAKING.mul_f64(self.backoff.random()) };
        }
        self.ask(Request::of_lively(), out);
    }
}
