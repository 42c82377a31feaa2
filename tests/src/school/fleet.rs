//! The PCs that run: enrolled a few at a time, each with a state folder of its own.

use crate::Arguments;
use crate::plan::{Lists, Member};
use anyhow::Context;
use rollcall_agent::enroll::{Enrolment, Token, enroll};
use rollcall_agent::source::{Machine, Simulated};
use rollcall_agent::state::{State, identity};
use rollcall_tests::agent::TestAgent;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

/// Enrolments at once: a technician images a room, not a district.
const AT_ONCE: usize = 16;

/// One PC of the school.
pub struct Seated {
    /// Who it is.
    pub member: Member,
    /// Its agent.
    pub agent: TestAgent,
}

/// Enrols who is not enrolled yet, and starts everybody; gives them and how many were new.
///
/// # Errors
/// The collector refuses one, or the state can't be kept.
pub async fn start(arguments: &Arguments, members: Vec<Member>, lists: &mut Lists) -> anyhow::Result<(Vec<Seated>, usize)> {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let mut enrolling = JoinSet::new();
    let mut new = 0;
    for member in members {
        let machine = member.pc.machine(lists.of(&member, None));
        let state = arguments.state.join(&member.tag);
        let collector = arguments.collector.clone();
        let token = arguments.token.get(member.room).or(arguments.token.first()).context("no token")?;
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
        fleet.push(Seated { member, agent: TestAgent::start(&state, Simulated::new(machine))? });
    }
    fleet.sort_by(|a, b| a.member.tag.cmp(&b.member.tag));
    Ok((fleet, new))
}

async fn enrol(collector: &str, token: &Token, member: &Member, machine: &Machine, state: &Path) -> anyhow::Result<()> {
    let version = concat!("school ", env!("CARGO_PKG_VERSION"));
    let enrolment = Enrolment { collector, token, facts: &machine.facts, tag: &member.tag, seat: &member.seat, version };
    let identity = enroll(&enrolment).await?;
    State::open(state)?.save_identity(&identity)?;
    Ok(())
}

/// Waits until everybody is connected, at most for `patience`; gives how many are.
pub async fn connected(fleet: &[Seated], patience: Duration) -> usize {
    let end = Instant::now() + patience;
    loop {
        let count = fleet.iter().filter(|seated| seated.agent.is_connected()).count();
        if count == fleet.len() || Instant::now() > end {
            return count;
        }
        sleep(Duration::from_millis(100)).await;
    }
}
