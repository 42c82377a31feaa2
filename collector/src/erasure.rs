//! Forgets a person for good: out of the roster first, then the key to everything that is stored of them is destroyed.

use crate::Collector;
use crate::keeper::ChangeError;
use rollcall_site::event::Actor;
use rollcall_site::person::{self, Merged};
use rollcall_site::{PersonId, Refusal, roster};
use std::collections::BTreeSet;

/// Why a person is not forgotten.
#[derive(Debug, thiserror::Error)]
pub enum NotForgotten {
    /// The site refuses it, or nothing can be stored: they are known as before.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// They are out of the roster, and what is stored of them can still be read.
    #[error(
        "{person} is out of the roster, but the key to what is stored of them is not destroyed yet: {why}; the next start of the collector \
         destroys it"
    )]
    Key {
        /// Who.
        person: PersonId,
        /// What failed.
        why: String,
    },
}

/// Forgets a person. A crash in between is finished by the next start.
///
/// # Errors
/// [`NotForgotten`].
pub async fn forget(collector: &Collector, actor: Actor, person: PersonId) -> Result<(), NotForgotten> {
    let gone = person.clone();
    collector.keeper.change(actor.clone(), move |w| person::forget(w, &gone)).await?;
    let (folder, gone) = (collector.folder.clone(), person.clone());
    // On the writer's thread, where nobody can come back under the key while it is destroyed.
    let destroyed = collector.keeper.change(actor, move |w| {
        if w.site.persons.contains_key(&gone) {
            return Err(Refusal::conflict(format!("{gone} came back to the roster in the same moment: forget them again")));
        }
        Ok(folder.forget(&gone, w.now).map(drop))
    });
    let failed = |why: String| {
        tracing::error!(%person, %why, "the key of a person who was forgotten is not destroyed yet");
        NotForgotten::Key { person, why }
    };
    match destroyed.await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(failed(error.to_string())),
        Err(ChangeError::Refused(refusal)) => Err(ChangeError::Refused(refusal).into()),
        Err(error) => Err(failed(error.to_string())),
    }
}

/// Destroys the keys of ids that are nobody's any more: they were merged into another, or forgotten. A crash in between is finished by the
/// next start.
///
/// # Errors
/// The disk failed; or somebody came back under one of these ids, who is then known as before.
pub async fn destroy(collector: &Collector, actor: &Actor, people: BTreeSet<PersonId>) -> Result<(), ChangeError> {
    let folder = collector.folder.clone();
    // On the writer's thread, where nobody can come back under a key while it is destroyed.
    let destroyed = collector.keeper.change(actor.clone(), move |w| {
        let gone = people.into_iter().filter(|person| !w.site.persons.contains_key(person)).collect();
        Ok(folder.forget_all(&gone, w.now).map(drop))
    });
    if let Err(error) = destroyed.await? {
        tracing::error!(%error, "keys of ids that are nobody's any more are not destroyed yet; the next start destroys them");
    }
    Ok(())
}

/// Merges an id into that of the same human being; the key to what is stored of the former is destroyed.
///
/// # Errors
/// The site refuses it, or nothing can be stored.
pub async fn merge(collector: &Collector, actor: Actor, from: PersonId, into: PersonId) -> Result<Merged, ChangeError> {
    let gone = from.clone();
    let merged = collector.keeper.change(actor.clone(), move |w| person::merge(w, &from, &into)).await?;
    destroy(collector, &actor, BTreeSet::from([gone])).await?;
    Ok(merged)
}

/// Forgets everybody who left long ago, has nothing and owes nothing; how many.
///
/// # Errors
/// Nothing can be stored.
pub async fn forget_left(collector: &Collector, actor: Actor) -> Result<usize, ChangeError> {
    let forgotten = collector.keeper.change(actor.clone(), |w| {
        let gone: BTreeSet<PersonId> = roster::to_forget(&w.site, w.now).iter().map(|person| person.id.clone()).collect();
        gone.iter().try_for_each(|person| person::forget(w, person))?;
        Ok(gone)
    });
    let forgotten = forgotten.await?;
    let count = forgotten.len();
    destroy(collector, &actor, forgotten).await?;
    Ok(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::serve::{Options, Running, start};
    use crate::settings::Settings;
    use std::net::SocketAddr;
    use std::path::Path;

    async fn started(data: &Path) -> Running {
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        let data = data.to_owned();
        let settings = Settings { data, agents: free, enroll: free, desk: free, metrics: free, ..Settings::default() };
        start(settings, Clock::system(), Options::default()).await.unwrap()
    }

    fn keys(data: &Path) -> String {
        std::fs::read_to_string(data.join("people.keys")).unwrap()
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn the_key_goes_with_the_person_and_the_next_start_finishes_what_a_crash_cut() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path();
        let [ada, bo, cy] = ["20431", "18807", "30001"].map(|id| PersonId::parse(id).unwrap());
        let running = started(data).await;
        let people = [&ada, &bo, &cy].map(|id| (id.clone(), format!("name of {id}"))).to_vec();
        let keeper = running.collector.keeper.clone();
        keeper.change(Actor::Rollcall, move |w| Ok(person::import(w, people))).await.unwrap();
        forget(&running.collector, Actor::Rollcall, ada.clone()).await.unwrap();
        assert!(!keys(data).contains("20431") && keys(data).contains("18807"));
        let again = forget(&running.collector, Actor::Rollcall, ada).await.unwrap_err();
        assert!(matches!(again, NotForgotten::Change(ChangeError::Refused(_))), "{again}");

        // The process ends between the change and the key.
        let gone = bo.clone();
        keeper.change(Actor::Rollcall, move |w| person::forget(w, &gone)).await.unwrap();
        assert!(keys(data).contains("18807"));
        drop(keeper);
        running.stop().await;
        let running = started(data).await;
        assert!(!keys(data).contains("18807") && keys(data).contains("30001"));
        assert_eq!(running.collector.keeper.view().persons.keys().cloned().collect::<Vec<_>>(), [cy]);
        running.stop().await;
    }
}
