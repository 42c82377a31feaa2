//! Callers that mean harm, beside the real agents: the doors stand them, and nobody else notices.

use super::{Scenario, nobody};
use crate::rogue::{ATTACKS, Peer};
use crate::school::Stage;
use crate::school::account::Wanted;
use crate::school::fleet::Seated;
use crate::school::record::Verdict;
use crate::school::scenario::storm;
use tokio::task::JoinSet;

pub(super) const SCENARIO: Scenario = Scenario {
    name: "hostile",
    what: "idle sockets, garbage, wrong certificates and digests, resets, endless messages, while everybody reports",
    by_road: nobody,
    run: |stage| Box::pin(run(stage)),
};

/// One in so many PCs is taken over: its agent is off while its key is used for the attacks.
const ONE_IN: usize = 20;

async fn run(stage: &mut Stage<'_>) -> anyhow::Result<()> {
    let taken = (stage.fleet.len() / ONE_IN).max(1);
    let mut rogues: Vec<Seated> = stage.fleet.drain(..taken).collect();
    let mut attacks = JoinSet::new();
    let mut tried = 0;
    for seated in &mut rogues {
        seated.shut_down().await;
        // What speaks with its key tells the collector of another session, and then of none.
        (seated.account.silent, seated.account.rolled_back) = (Wanted::Either, Wanted::Either);
        let peer = Peer::new(seated.agent.identity()?, seated.member.pc.clone())?;
        tried += ATTACKS.len();
        attacks.spawn(async move { peer.attack().await });
    }
    stage.tell(&format!("{tried} attacks"));
    let mut verdict = Verdict::default();
    let end = async {
        while let Some(ended) = attacks.join_next().await {
            for (what, outcome) in ended.unwrap_or_default() {
                verdict.check(outcome.is_ok(), || format!("attack: {what}: {:#}", outcome.err().unwrap_or_else(|| anyhow::anyhow!("?"))));
            }
        }
    };
    let title = stage.options.title.as_str();
    let storm = storm::drive(&mut stage.fleet, &mut stage.lists, title, end).await;
    stage.record.attacks = Some(tried);
    stage.record.add(storm);
    stage.record.judge(verdict);
    for seated in &mut rogues {
        seated.resume()?;
    }
    stage.fleet.append(&mut rogues);
    stage.settled().await;
    Ok(())
}
