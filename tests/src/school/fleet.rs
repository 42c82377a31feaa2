//! The PCs that run: enrolled a few at a time, each with a state folder of its own.

use super::Options;
use super::account::Account;
use super::plan::{Lists, Member, version_of};
use crate::agent::TestAgent;
use anyhow::Context;
use rollcall::clock::Clock;
use rollcall_agent::enroll::{EnrollError, Enrolment, Token, enroll};
use rollcall_agent::source::{Machine, Simulated};
use rollcall_agent::state::{State, identity};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

/// Enrolments at once: a technician images a room, not a district.
const AT_ONCE: usize = 16;
/// How often a door that does not answer is tried.
const TRIES: usize = 10;
/// How long after the last try.
const AGAIN: Duration = Duration::from_secs(1);
/// Who is refused for longer than this is refused for good.
const REFUSED: Duration = Duration::from_secs(5);
/// How often one looks at a small fleet; a large one more seldom, for every look reads a file of each.
const LOOK: Duration = Duration::from_millis(20);

/// One PC of the school.
pub struct Seated {
    /// Who it is.
    pub member: Member,
    /// Its agent.
    pub agent: TestAgent,
    /// What is known of it.
    pub account: Account,
    /// The title that it lacks now.
    missing: Option<String>,
}

impl Seated {
    /// Takes a title away (`None`: everything is there again); what the timeline must say of it is noted.
    pub fn change(&mut self, lists: &mut Lists, missing: Option<&str>) {
        let change = self.note(missing);
        self.account.expect(change, Clock::system().now());
        let list = lists.of(&self.member, missing);
        self.agent.change(|machine| machine.put("software", list));
    }

    /// Takes the title away if it is there, or gives it back.
    pub fn toggle(&mut self, lists: &mut Lists, title: &str) {
        let missing = self.missing.is_none().then_some(title);
        self.change(lists, missing);
    }

    /// Notes which title is missing from now on; gives what the timeline must say of the difference.
    fn note(&mut self, missing: Option<&str>) -> Option<String> {
        let before = std::mem::replace(&mut self.missing, missing.map(str::to_owned));
        let said = |title: &str, what: &str| format!("{title} {} {what}", version_of(title).unwrap_or_default());
        match (before.as_deref(), missing) {
            (None, Some(title)) => Some(said(title, "removed")),
            (Some(title), None) => Some(said(title, "installed")),
            _ => None,
        }
    }

    /// Whether everything that its agent has to tell is acknowledged; if so, it is noted.
    pub fn settle(&mut self) -> bool {
        if !self.account.settled && self.agent.is_acknowledged(self.account.since) {
            self.account.settle();
        }
        self.account.settled
    }

    /// Starts its agent again; it has everything to tell.
    ///
    /// # Errors
    /// It runs already, or its state is unreadable.
    pub fn resume(&mut self) -> anyhow::Result<()> {
        self.account.expect(None, Clock::system().now());
        self.agent.resume()
    }

    /// Shuts the machine down in order. One that does not run any more has said goodbye already, or can't.
    pub async fn shut_down(&mut self) {
        self.agent.shut_down().await.ok();
    }
}

/// Enrols who is not enrolled yet, and starts everybody; gives them and how many were new. Members for whom `by_road` holds get a road
/// of their own.
///
/// # Errors
/// The collector refuses one, or the state can't be kept.
pub async fn start(
    options: &Options,
    members: Vec<Member>,
    lists: &mut Lists,
    by_road: fn(&Member) -> bool,
) -> anyhow::Result<(Vec<Seated>, usize)> {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut enrolling = JoinSet::new();
    let mut new = 0;
    for member in members {
        let machine = member.pc.machine(lists.of(&member, None));
        let state = options.state.join(&member.tag);
        let collector = options.collector.clone();
        let token = options.token.get(member.room).or(options.token.first()).context("no token")?;
        let token = if identity(&state).is_ok() { None } else { Some(Token::parse(token)?) };
        new += usize::from(token.is_some());
        let place = Arc::clone(&places).acquire_owned().await?;
        enrolling.spawn(async move {
            if let Some(token) = token {
                enrol(&collector, &token, &member, &machine, &state).await.with_context(|| member.tag.clone())?;
            }
            drop(place);
            anyhow::Ok((member, machine, state))
        });
    }
    let mut fleet = Vec::new();
    while let Some(enrolled) = enrolling.join_next().await {
        let (member, machine, state): (Member, Machine, PathBuf) = enrolled??;
        let account = Account::begin(Clock::system().now());
        let machine = Simulated::new(machine);
        let agent = if by_road(&member) { TestAgent::start_by_road(&state, machine).await? } else { TestAgent::start(&state, machine)? };
        fleet.push(Seated { member, agent, account, missing: None });
    }
    fleet.sort_by(|a, b| a.member.tag.cmp(&b.member.tag));
    Ok((fleet, new))
}

async fn enrol(collector: &str, token: &Token, member: &Member, machine: &Machine, state: &Path) -> anyhow::Result<()> {
    let version = concat!("school ", env!("CARGO_PKG_VERSION"));
    let enrolment = Enrolment { collector, token, facts: &machine.facts, tag: &member.tag, seat: &member.seat, version };
    let mut tries = 1;
    // A door that is busy lets a caller wait in vain now and then; whoever enrols a school by hand tries again, too.
    let identity = loop {
        match enroll(&enrolment).await {
            Err(EnrollError::Unreachable { .. }) if tries < TRIES => tries += 1,
            enrolled => break enrolled?,
        }
        sleep(AGAIN).await;
    };
    State::open(state)?.save_identity(&identity)?;
    Ok(())
}

/// How long everybody may take to come in or back: back-off reaches a minute, and a door lets some hundred in per second.
pub fn patience(fleet: &[Seated]) -> Duration {
    Duration::from_secs(90 + fleet.len() as u64 / 50)
}

/// Who was waited for and did come, and who is refused for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Came {
    /// Connected.
    pub connected: usize,
    /// Refused for good: revoked, retired, quarantined.
    pub refused: usize,
}

/// Waits until everybody is connected or refused for good, at most for `patience`.
pub async fn connected(fleet: &[Seated], patience: Duration) -> Came {
    let mut came = Came { connected: 0, refused: 0 };
    let mut waited_for: Vec<&Seated> = fleet.iter().collect();
    until(fleet.len(), patience, || {
        waited_for.retain(|seated| {
            let (connected, refused) = (seated.agent.is_connected(), seated.agent.is_refused(REFUSED));
            came.connected += usize::from(connected);
            came.refused += usize::from(refused);
            !connected && !refused
        });
        waited_for.is_empty()
    })
    .await;
    came
}

/// Takes off the list who is refused for good, and ends their agents.
pub async fn dismiss_refused(fleet: &mut Vec<Seated>) {
    let (refused, rest) = std::mem::take(fleet).into_iter().partition(|seated| seated.agent.is_refused(REFUSED));
    *fleet = rest;
    let refused: Vec<Seated> = refused;
    for seated in refused {
        seated.agent.kill().await;
    }
}

/// Waits until everything that these have to tell is acknowledged, at most for `patience`; gives for how many it is.
pub async fn settled<'a>(fleet: impl IntoIterator<Item = &'a mut Seated>, patience: Duration) -> usize {
    let mut fleet: Vec<&mut Seated> = fleet.into_iter().collect();
    let all = fleet.len();
    until(all, patience, || {
        fleet.retain_mut(|seated| !seated.settle());
        fleet.is_empty()
    })
    .await;
    all - fleet.len()
}

/// Looks again and again whether something is so, at most for `patience`, and as often as a fleet of this size bears.
async fn until(size: usize, patience: Duration, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + patience;
    while !is_so() && Instant::now() < end {
        sleep(look(size)).await;
    }
}

/// How long to wait between two looks at a fleet of this size.
pub fn look(size: usize) -> Duration {
    LOOK + Duration::from_micros(50) * u32::try_from(size).unwrap_or(u32::MAX)
}

/// Everybody shuts down in order, so that nobody is alarmed.
///
/// # Errors
/// An agent broke off.
pub async fn farewell(fleet: &mut Vec<Seated>) -> anyhow::Result<()> {
    let mut leaving = JoinSet::new();
    for mut seated in fleet.drain(..) {
        leaving.spawn(async move {
            seated.shut_down().await;
            seated
        });
    }
    while let Some(left) = leaving.join_next().await {
        fleet.push(left?);
    }
    fleet.sort_by(|a, b| a.member.tag.cmp(&b.member.tag));
    Ok(())
}
