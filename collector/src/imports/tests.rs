//! Lists over a real keeper: what is shown is what is taken in, and nothing where a line is wrong.

use super::*;
use crate::asset_file::Options;
use crate::clock::Clock;
use crate::store::Folder;
use bytes::Bytes;
use rollcall_site::asset::{self, AssetFacts};
use rollcall_site::person::Person;
use rollcall_site::{PersonId, Tag, Working};
use std::time::Duration;
use uuid::Uuid;

struct Bench {
    desk: Desk,
    imports: Imports,
    _folder: tempfile::TempDir,
}

impl Bench {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Arc::new(Folder::open(folder.path()).unwrap());
        let keeper = Keeper::open(store, Clock::turned()).unwrap();
        keeper
            .change(Actor::Rollcall, |w: &mut Working| {
                w.put(Person::new(PersonId::parse("20431").unwrap(), "Maya".into()));
                Ok(())
            })
            .await
            .unwrap();
        Self { desk: Desk { keeper, roll: Arc::default() }, imports: Imports::default(), _folder: folder }
    }

    async fn bring(&self, text: &str, options: Options) -> Arc<Import> {
        let import =
            Import::new(Uuid::now_v7(), "list.csv", Bytes::copy_from_slice(text.as_bytes()), options, self.desk.keeper.clock().now());
        let import = self.imports.keep(import).unwrap();
        begin(self.desk.clone(), Arc::clone(&import), Actor::Local("ana".into()));
        self.settled(&import).await;
        import
    }

    async fn settled(&self, import: &Import) {
        for _ in 0..2_000 {
            if !matches!(import.state(), State::Reading | State::Taking) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("it hangs: {:?}", import.state());
    }

    async fn accept(&self, import: &Arc<Import>) -> State {
        accept(self.desk.clone(), Arc::clone(import), Actor::Local("ana".into())).unwrap();
        self.settled(import).await;
        import.state()
    }

    fn count(&self) -> usize {
        self.desk.keeper.view().assets.len()
    }
}

fn plan(import: &Arc<Import>) -> Plan {
    match import.state() {
        State::Planned(plan) => *plan,
        other => panic!("{other:?}"),
    }
}

/// A list of so many projectors.
fn list(count: usize, model: &str) -> String {
    (0..count).fold("tag,kind,model\n".to_owned(), |text, number| format!("{text}P-{number},projector,{model}\n"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_shown_then_taken_in() {
    let bench = Bench::new().await;
    let import = bench.bring(&list(1_201, "EB-W06"), Options::default()).await;
    let shown = plan(&import);
    assert_eq!((shown.rows, shown.added, shown.changed, shown.same, shown.steps.len()), (1_201, 1_201, 0, 0, 200));
    assert_eq!(bench.count(), 0, "nothing is written before it is accepted");
    assert_eq!(bench.accept(&import).await, State::Done(Outcome { added: 1_201, changed: 0, same: 0, loans: 0 }));
    assert_eq!(bench.count(), 1_201);
    let again = accept(bench.desk.clone(), Arc::clone(&import), Actor::Rollcall).unwrap_err();
    assert!(again.text.contains("taken in already"), "{}", again.text);
    let same = plan(&bench.bring(&list(1_201, "EB-W06"), Options::default()).await);
    assert_eq!((same.added, same.changed, same.same, same.steps.len()), (0, 0, 1_201, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_line_takes_nothing_in_and_is_named_with_its_column() {
    let bench = Bench::new().await;
    let text = "tag,room,model,seat\nA-1,,one,\nA-2,Lab 9,two,\nA-1,,one,\nA 4,,x,\n,,y,\nA-5,,,7\n".replace("two", &"x".repeat(300));
    let import = bench.bring(&text, Options::default()).await;
    let shown = plan(&import);
    let said: Vec<String> = shown.wrong.iter().map(ToString::to_string).collect();
    assert_eq!(shown.wrong_count, 5, "{said:?}");
    for (number, want) in ["line 3", "line 4: A-1 stands on line 2", "line 5, tag: ", "line 6: no tag", "line 7, seat: seat 7 needs a room"]
        .iter()
        .enumerate()
    {
        assert!(said[number].starts_with(want), "{want}: {said:?}");
    }
    let refused = accept(bench.desk.clone(), import, Actor::Rollcall).unwrap_err();
    assert!(refused.text.contains("nothing is taken in") && bench.count() == 0, "{}", refused.text);
    let long = plan(&bench.bring(&format!("tag,model\nA-1,{}\n", "x".repeat(300)), Options::default()).await);
    assert!(long.wrong[0].to_string().starts_with("line 2, model: a name, maker"), "{:?}", long.wrong);
    let roomless = plan(&bench.bring("tag,room\nA-1,Lab 9\n", Options::default()).await);
    assert!(roomless.wrong[0].to_string().starts_with("line 2, room: there is no room"), "{:?}", roomless.wrong);
    let made = bench.bring("tag,room\nA-1,Lab 9\nA-2,Lab 9\n", Options { add_rooms: true, ..Options::default() }).await;
    assert_eq!(plan(&made).rooms, ["Lab 9"]);
    assert!(matches!(bench.accept(&made).await, State::Done(Outcome { added: 2, .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_would_do_something_else_by_now_is_shown_anew() {
    let bench = Bench::new().await;
    let import = bench.bring(&list(3, "EB-W06"), Options::default()).await;
    let other = |w: &mut Working| asset::add(w, rollcall_site::AssetId(Uuid::now_v7()), Tag::parse("P-1").unwrap(), AssetFacts::default());
    bench.desk.keeper.change(Actor::Rollcall, other).await.unwrap();
    let State::Planned(anew) = bench.accept(&import).await else { panic!("{:?}", import.state()) };
    assert!(anew.anew && (anew.added, anew.changed) == (2, 1) && bench.count() == 1, "{anew:?}");
    assert_eq!(bench.accept(&import).await, State::Done(Outcome { added: 2, changed: 1, same: 0, loans: 0 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_what_makes_loans_only_where_that_is_wanted() {
    let bench = Bench::new().await;
    let text = "Asset Tag,Checkout Type,Checked Out To: Username\nA-1,User,20431\nA-2,User,nobody\nA-3,Location,20431\nA-4,,\n";
    let silent = plan(&bench.bring(text, Options::default()).await);
    assert_eq!((silent.lent, silent.loans, silent.discrepancies), (2, 0, 0));
    let import = bench.bring(text, Options { loans: true, ..Options::default() }).await;
    let shown = plan(&import);
    assert_eq!((shown.lent, shown.loans, shown.discrepancies), (2, 1, 1));
    assert!(shown.unlent[0].why.contains("nobody in the roster") && shown.unlent[0].tag.as_str() == "A-2");
    assert_eq!(bench.accept(&import).await, State::Done(Outcome { added: 4, changed: 0, same: 0, loans: 1 }));
    let view = bench.desk.keeper.view();
    let tag = Tag::parse("A-1").unwrap();
    assert_eq!(view.open_loan(view.asset_by_tag(&tag).unwrap().id).unwrap().person.as_str(), "20431");
    let again = plan(&bench.bring(text, Options { loans: true, ..Options::default() }).await);
    assert_eq!((again.same, again.loans, again.discrepancies), (4, 0, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lent_to_one_of_several_who_share_a_mail_address() {
    let bench = Bench::new().await;
    let family = |w: &mut Working| {
        for (id, mail) in [("1001", "torres@home.example"), ("1002", "Torres@home.example"), ("1003", "ode@home.example")] {
            w.put(Person { mail: mail.into(), ..Person::new(PersonId::parse(id).unwrap(), "Kim".into()) });
        }
        Ok(())
    };
    bench.desk.keeper.change(Actor::Rollcall, family).await.unwrap();
    let text = "Asset Tag,Checkout Type,Checked Out To: Email\nA-1,User,torres@home.example\nA-2,User,ode@home.example\n";
    let shown = plan(&bench.bring(text, Options { loans: true, ..Options::default() }).await);
    assert_eq!((shown.loans, shown.discrepancies, shown.unlent[0].tag.as_str()), (1, 1, "A-1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_can_not_be_read_is_told_and_little_waits_for_long() {
    let bench = Bench::new().await;
    let check = |state: State, words: &str| match state {
        State::Failed(why) => assert!(why.contains(words), "{why}"),
        other => panic!("{other:?}"),
    };
    check(bench.bring("PK\u{3}\u{4}", Options::default()).await.state(), "a spreadsheet");
    check(bench.bring("a,b\n1,2\n", Options::default()).await.state(), "no list of assets");
    check(bench.bring("tag\nA\0B\n", Options::default()).await.state(), "NUL");
    let first = bench.bring("tag\nA-1\n", Options::default()).await;
    for _ in 0..8 {
        bench.bring("tag\nA-1\n", Options::default()).await;
    }
    assert!(bench.imports.get(first.id).unwrap_err().text.contains("does not wait any more"));
    let large =
        Import::new(Uuid::now_v7(), "l.csv", Bytes::from(vec![b'x'; LARGEST + 1]), Options::default(), bench.desk.keeper.clock().now());
    assert!(bench.imports.keep(large).unwrap_err().text.contains("split it"));
}
