//! What the store needs from time to time while the collector runs: signed checkpoints, backups, retention, contents that nothing uses.

use crate::Collector;
use crate::secrets::Secrets;
use crate::settings::Plan;
use crate::store::Signer;
use anyhow::Context;
use jiff::{SignedDuration, Timestamp};
use rcgen::{KeyPair, PKCS_ED25519, PublicKeyData, SigningKey};
use rollcall_proto::Digest;
use rollcall_site::Site;
use rollcall_site::event::Actor;
use std::collections::HashSet;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The secret that holds the key which signs checkpoints.
const SECRET: &str = "checkpoint-key";
/// How often the ledger's place is signed.
const CHECKPOINT: SignedDuration = SignedDuration::from_hours(1);
/// How often old segments and unused contents are looked for: a content that was just put is spared once.
const SWEEP: SignedDuration = SignedDuration::from_hours(24);
/// How often health samples are moved on: an hour of them is on disk five minutes after it ended.
const TIDY: SignedDuration = SignedDuration::from_mins(5);
/// Contents may take so much more memory than after they were last let go of, and half of that, before it is done again: one machine can
/// bring new ones all day. Bytes.
const GROWTH: usize = 256 * 1024 * 1024;
/// How often the clock is looked at.
const LOOK: Duration = Duration::from_secs(60);

/// Prepares the store of a collector that has just been opened: who signs, who is to be forgotten, what is copied.
///
/// # Errors
/// The key can't be kept, or the second place can't be used.
pub fn begin(collector: &Collector, plan: &Plan) -> anyhow::Result<()> {
    collector.folder.sign_with(signer(&collector.secrets)?);
    collector.folder.finish_forgetting(&collector.keeper.view(), collector.keeper.clock().now())?;
    match &plan.copy_to {
        Some(to) => collector.folder.copy_to(to).with_context(|| format!("{} can't hold the copy", to.display())),
        None => Ok(()),
    }
}

/// Looks after the store until `stop`; signs the last place when it ends.
pub async fn run(collector: Collector, plan: Plan, stop: CancellationToken) {
    let mut signed = Timestamp::MIN;
    let mut swept = collector.keeper.clock().now();
    let mut tidied = swept;
    let mut kept = 0;
    loop {
        let now = collector.keeper.clock().now();
        if now.duration_since(signed) >= CHECKPOINT || now < signed {
            signed = now;
            blocking(&collector, "the checkpoint", move |collector| Ok(collector.folder.checkpoint(now).map(drop)?)).await;
        }
        if let Some(backups) = plan.backups.clone().filter(|backups| backups.is_due(now)) {
            let make = move |collector: &Collector| {
                backups.make(collector, now).map(|report| tracing::info!(file = %report.file.display(), "backed up"))
            };
            blocking(&collector, "the backup", make).await;
        }
        if now.duration_since(tidied) >= TIDY || now < tidied {
            tidied = now;
            blocking(&collector, "tidying the store", move |collector| Ok(collector.keeper.store().tidy(now)?)).await;
        }
        if now.duration_since(swept) >= SWEEP || now < swept {
            swept = now;
            sweep(&collector, plan.keep, now).await;
        }
        kept = trim(&collector, kept, GROWTH).await;
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(LOOK) => {}
        }
    }
    let now = collector.keeper.clock().now();
    blocking(&collector, "the last checkpoint", move |collector| Ok(collector.folder.checkpoint(now).map(drop)?)).await;
}

/// Lets go of what is too old, and of contents that nothing uses: first in memory, so that no report relies on them, then on the disk.
async fn sweep(collector: &Collector, keep: SignedDuration, now: Timestamp) {
    if !release(collector).await {
        return;
    }
    let sweep = move |collector: &Collector| {
        let needed = needed(&collector.keeper.view());
        let (contents, segments) = (collector.folder.sweep_blobs(&needed)?, collector.folder.retain(now, keep)?);
        tracing::info!(contents, segments, "let go of what is old or unused");
        Ok(())
    };
    blocking(collector, "the sweep of what is old", sweep).await;
}

/// The contents whose bytes must stay: those that are used, and those that are held, though the last record that used them has changed since
/// they were let go of: the next report may name them.
fn needed(site: &Site) -> HashSet<Digest> {
    site.used_contents().into_iter().map(|(_, digest)| digest).chain(site.held_contents()).collect()
}

/// Lets go in memory of contents that nothing uses; whether it did.
async fn release(collector: &Collector) -> bool {
    let released = collector.keeper.change(Actor::Rollcall, |w| {
        w.site.release_unused();
        Ok(())
    });
    released.await.inspect_err(|error| tracing::warn!(%error, "unused contents are kept for now")).is_ok()
}

/// Releases contents before the next sweep when they have grown by `growth` and half of the `kept` bytes that they took after the last time;
/// gives what they take now at least.
async fn trim(collector: &Collector, kept: usize, growth: usize) -> usize {
    let bytes = || collector.keeper.view().contents_bytes();
    let before = bytes();
    let kept = kept.min(before);
    if before <= kept + kept / 2 + growth || !release(collector).await {
        return kept;
    }
    tracing::info!(bytes = before, left = bytes(), "let go of contents in memory that nothing uses");
    bytes()
}

async fn blocking(collector: &Collector, what: &'static str, work: impl FnOnce(&Collector) -> anyhow::Result<()> + Send + 'static) {
    let collector = collector.clone();
    let done = tokio::task::spawn_blocking(move || work(&collector)).await;
    match done {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::error!(error = format!("{error:#}"), "{what} failed; it is tried again"),
        Err(error) => tracing::error!(%error, "{what} broke off"),
    }
}

/// The signer whose key is among the secrets; made at the first start.
fn signer(secrets: &Secrets) -> anyhow::Result<Signer> {
    let kept = match secrets.get(SECRET) {
        Some(kept) => kept,
        None => {
            let made = KeyPair::generate_for(&PKCS_ED25519)?.serialize_pem().into_bytes();
            secrets.set(SECRET, &made)?;
            made
        }
    };
    let pair = std::str::from_utf8(&kept).ok().and_then(|text| KeyPair::from_pem(text).ok());
    let pair = pair.with_context(|| format!("the secret {SECRET:?} is not a key; restore it from a backup"))?;
    Ok(Signer { key: pair.der_bytes().to_vec(), sign: Box::new(move |text| pair.sign(text).ok()) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::serve::{Options, start};
    use crate::settings::{Backups, Settings};
    use crate::store::{Folder, Store, verify_folder};
    use rollcall_proto::{Section, v1};
    use rollcall_site::Working;
    use rollcall_site::content::Content;
    use std::net::SocketAddr;

    #[test]
    fn bytes_stay_as_long_as_a_report_may_name_them_without_bringing_them() {
        let mut site = Site::default();
        let section = Section::decode("displays", b"").unwrap().unwrap();
        let digest = Digest::of(b"");
        assert!(!needed(&site).contains(&digest));
        site.hold(digest, Content::of(&section, site.packages()));
        assert!(site.holds("displays", &digest) && needed(&site).contains(&digest));
        site.release_unused();
        assert!(!site.holds("displays", &digest) && !needed(&site).contains(&digest));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn what_one_machine_brings_all_day_is_let_go_of_before_the_sweep() {
        let dir = tempfile::tempdir().unwrap();
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        let data = dir.path().to_owned();
        let settings = Settings { data, agents: free, enroll: free, desk: free, metrics: free, ..Settings::default() };
        let running = start(settings, Clock::system(), Options::default()).await.unwrap();
        let keeper = &running.collector.keeper;
        let mut kept = 0;
        let mut most = 0;
        for round in 0..20 {
            let package = |n: usize| v1::Package { name: format!("package {round} {n}"), ..v1::Package::default() };
            let list = Section::Software(v1::Software { packages: (0..1000).map(package).collect() });
            let content = Content::of(&list, keeper.view().packages());
            let digest = Digest::of(&list.encode());
            let hold = move |w: &mut Working| {
                w.hold(digest, content);
                Ok(())
            };
            keeper.change(Actor::Rollcall, hold).await.unwrap();
            kept = trim(&running.collector, kept, 300_000).await;
            most = most.max(keeper.view().contents_bytes());
        }
        assert!((100_000..600_000).contains(&most), "{most} bytes");
        running.stop().await;
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_collector_signs_backs_up_and_copies_by_itself() {
        let dir = tempfile::tempdir().unwrap();
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        let data = dir.path().join("data");
        let (copy, backups) = (dir.path().join("copy"), Backups { dir: dir.path().join("backups"), keep: 2 });
        let upkeep = Plan { copy_to: Some(copy.clone()), backups: Some(backups.clone()), ..Plan::default() };
        let settings =
            Settings { data: data.clone(), agents: free, enroll: free, desk: free, metrics: free, upkeep, ..Settings::default() };
        let running = start(settings, Clock::system(), Options::default()).await.unwrap();
        let folder = running.collector.folder.clone();
        let deadline = std::time::Instant::now() + Duration::from_secs(60);
        while !(data.join("last-backup").exists() && folder.state().checkpoint.is_some()) {
            assert!(std::time::Instant::now() < deadline, "{:?}", folder.state());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(!backups.is_due(running.collector.keeper.clock().now()) && folder.state().copy.starts_with("ok, up to event 1"));
        let hash = running.collector.keeper.view().state_hash();
        running.stop().await;
        assert!(folder.await_copy(Duration::from_secs(20)));
        drop(folder);
        let verified = verify_folder(&data).unwrap();
        assert!(verified.checkpoints > 0 && verified.damage.is_empty(), "{verified:?}");
        assert_eq!(Folder::open(&copy).unwrap().load().unwrap().state_hash(), hash);
    }
}
