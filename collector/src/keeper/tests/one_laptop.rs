//! Ten thousand desks lend one laptop at once.

use super::*;
use rollcall_site::Tag;
use rollcall_site::asset::{self, AssetFacts, AssetKind};
use rollcall_site::loan::{self, NewLoan};
use rollcall_site::person::Person;
use rollcall_site::presence::Heard;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_desks_lend_one_laptop_and_one_of_them_does() {
    let dir = tempfile::tempdir().unwrap();
    let store = Gated::over(dir.path());
    let keeper = Keeper::start(Arc::<Gated>::clone(&store) as Arc<dyn Store>, Clock::system(), KeeperSettings::default()).unwrap();
    let (laptop, ids) = (Tag::parse("LT-1").unwrap(), ["P0", "P1", "P2", "P3"].map(|id| PersonId::parse(id).unwrap()));
    let (tag, people) = (laptop.clone(), ids.clone());
    let set_up = keeper.change(Actor::Rollcall, move |w| {
        people.into_iter().for_each(|id| drop(w.put(Person::new(id, "Somebody".to_owned()))));
        let facts = AssetFacts { kind: Some(AssetKind::Camera), ..AssetFacts::default() };
        asset::add(w, AssetId(uuid::Uuid::nil()), tag, facts)
    });
    set_up.await.unwrap();
    let mut desks = tokio::task::JoinSet::new();
    for desk in 0..10_000_usize {
        let (keeper, new) = (Arc::clone(&keeper), NewLoan::new(laptop.clone(), ids[desk % ids.len()].clone()));
        // One in three has a reason to override whatever there is.
        let new = NewLoan { override_reason: desk.is_multiple_of(3).then(|| "now".to_owned()), ..new };
        desks.spawn(async move { keeper.change(Actor::User("lib".to_owned()), move |w| loan::out(w, &Heard::new(), new)).await });
    }
    let (mut lent, mut refused) = (Vec::new(), 0);
    while let Some(answer) = desks.join_next().await {
        match answer.unwrap() {
            Ok(loan) => lent.push(loan.id),
            Err(ChangeError::Refused(refusal)) => refused += usize::from(refusal.text.contains("is out already")),
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!((lent.len(), refused), (1, 9_999));
    let view = keeper.view();
    assert_eq!((view.loans.len(), view.open_loan_count()), (1, 1));
    assert_eq!(view.open_loan(AssetId(uuid::Uuid::nil())).map(|loan| loan.id), lent.first().copied());
    keeper.stop();
    assert_eq!(store.folder.load().unwrap().loans.len(), 1, "and so it is on the disk");
}
