//! Tests of the keeper: groups, refusals, panics, a disk that fails, and what a view may show.

mod one_laptop;

use super::*;
use crate::store::contract::name_person;
use crate::store::{Entry, Folder, Range, Reading, StoreState, Verified};
use jiff::Timestamp;
use rollcall_proto::{Digest, v1::Health};
use rollcall_site::content::Content;
use rollcall_site::{AssetId, DeviceId, PersonId};
use std::future::poll_fn;
use std::path::Path;
use std::pin::Pin;
use std::sync::Condvar;
use std::sync::atomic::AtomicUsize;
use std::task::Poll;

/// A folder whose commits can be held, and are counted.
struct Gated {
    folder: Arc<Folder>,
    is_open: (Mutex<bool>, Condvar),
    breaks_off: AtomicBool,
    commits: AtomicUsize,
    largest: AtomicUsize,
}

impl Gated {
    fn over(dir: &Path) -> Arc<Self> {
        let folder = Arc::new(Folder::open(dir).unwrap());
        Arc::new(Self {
            folder,
            is_open: (Mutex::new(true), Condvar::new()),
            breaks_off: AtomicBool::new(false),
            commits: AtomicUsize::new(0),
            largest: AtomicUsize::new(0),
        })
    }

    fn set_open(&self, open: bool) {
        *self.is_open.0.lock().unwrap() = open;
        self.is_open.1.notify_all();
    }
}

impl Store for Gated {
    fn load(&self) -> Result<Site, StoreError> {
        self.folder.load()
    }
    fn commit(&self, group: &[Entry]) -> Result<(), StoreError> {
        assert!(!self.breaks_off.load(Ordering::SeqCst), "a fault of the store");
        self.commits.fetch_add(1, Ordering::SeqCst);
        self.largest.fetch_max(group.len(), Ordering::SeqCst);
        drop(self.is_open.1.wait_while(self.is_open.0.lock().unwrap(), |open| !*open).unwrap());
        self.folder.commit(group)
    }
    fn put_blobs(&self, contents: &[(Digest, Vec<u8>)]) -> Result<(), StoreError> {
        self.folder.put_blobs(contents)
    }
    fn blob(&self, digest: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
        self.folder.blob(digest)
    }
    fn events(&self, after: u64, limit: usize) -> Result<Vec<Event>, StoreError> {
        self.folder.events(after, limit)
    }
    fn history(&self, asset: Option<AssetId>, limit: usize) -> Result<Vec<Event>, StoreError> {
        self.folder.history(asset, limit)
    }
    fn put_sample(&self, device: DeviceId, sample: Health) {
        self.folder.put_sample(device, sample);
    }
    fn samples(&self, device: DeviceId, since: Timestamp) -> Result<Vec<Health>, StoreError> {
        self.folder.samples(device, since)
    }
    fn readings(&self, device: DeviceId, range: Range, now: Timestamp) -> Result<Vec<Reading>, StoreError> {
        self.folder.readings(device, range, now)
    }
    fn tidy(&self, now: Timestamp) -> Result<(), StoreError> {
        self.folder.tidy(now)
    }
    fn snapshot(&self, view: &Site) -> Result<(), StoreError> {
        self.folder.snapshot(view)
    }
    fn verify(&self) -> Result<Verified, StoreError> {
        self.folder.verify()
    }
    fn state(&self) -> StoreState {
        self.folder.state()
    }
}

fn keep(store: &Arc<Gated>) -> Arc<Keeper> {
    let store: Arc<dyn Store> = Arc::<Gated>::clone(store);
    // However slow the machine, what waits is one group.
    let settings = KeeperSettings { group_time: Duration::from_secs(60), ..KeeperSettings::default() };
    Keeper::start(store, Clock::system(), settings).unwrap()
}

/// Names person `id`, or refuses when there is one.
async fn name(keeper: &Keeper, id: &'static str) -> Result<u64, ChangeError> {
    let change = move |working: &mut Working| {
        if working.site.persons.contains_key(&PersonId::parse(id)?) {
            return Err(Refusal::conflict(format!("{id} has a name")));
        }
        name_person(working, id, "Ada");
        Ok(working.site.seq)
    };
    keeper.change(Actor::Rollcall, change).await
}

fn persons(site: &Site) -> Vec<String> {
    site.persons.keys().map(ToString::to_string).collect()
}

/// A change that waits for its answer.
type Waiting<'a> = Pin<Box<dyn Future<Output = Result<u64, ChangeError>> + 'a>>;

/// Brings the change of [`name`], in this order with others, and does not wait for its answer.
async fn bring<'a>(keeper: &'a Keeper, id: &'static str) -> Waiting<'a> {
    let mut waiting: Waiting<'a> = Box::pin(name(keeper, id));
    let answered = poll_fn(|context| Poll::Ready(waiting.as_mut().poll(context).is_ready())).await;
    assert!(!answered, "answered before it was durable");
    waiting
}

/// Brings changes that wait together behind a commit that is held; gives their answers.
async fn in_one_group(store: &Arc<Gated>, keeper: &Arc<Keeper>, ids: &[&'static str]) -> Vec<Result<u64, ChangeError>> {
    store.set_open(false);
    let before = store.commits.load(Ordering::SeqCst);
    let mut waiting = vec![bring(keeper, "first").await];
    while store.commits.load(Ordering::SeqCst) == before {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    for id in ids {
        waiting.push(bring(keeper, id).await);
    }
    assert!(!persons(&keeper.view()).contains(&"first".to_owned()), "a view showed what was not durable");
    store.set_open(true);
    let mut answers = Vec::new();
    for answer in waiting {
        answers.push(answer.await);
    }
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_durable_and_seen_when_it_returns() {
    let dir = tempfile::tempdir().unwrap();
    let keeper = Keeper::open(Arc::new(Folder::open(dir.path()).unwrap()), Clock::system()).unwrap();
    let mut events = keeper.events();
    assert_eq!(name(&keeper, "S1").await.unwrap(), 1);
    assert_eq!((persons(&keeper.view()), keeper.view().seq), (vec!["S1".to_owned()], 1));
    assert_eq!(events.recv().await.unwrap().len(), 1);
    assert_eq!(keeper.store().events(0, 9).unwrap().len(), 1);
    let hash = keeper.view().state_hash();
    drop(keeper);
    let keeper = Keeper::open(Arc::new(Folder::open(dir.path()).unwrap()), Clock::system()).unwrap();
    assert_eq!(keeper.view().state_hash(), hash);
    assert_eq!(name(&keeper, "S2").await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_or_broken_change_leaves_no_trace() {
    let dir = tempfile::tempdir().unwrap();
    let store = Gated::over(dir.path());
    let keeper = keep(&store);
    name(&keeper, "S1").await.unwrap();
    let hash = keeper.view().state_hash();
    let refused = keeper.change(Actor::Rollcall, |working| {
        name_person(working, "S2", "Bob");
        Err::<(), _>(Refusal::conflict("changed my mind"))
    });
    assert!(matches!(refused.await, Err(ChangeError::Refused(refusal)) if refusal.text == "changed my mind"));
    let broken = keeper.change(Actor::Rollcall, |working| -> Result<(), Refusal> {
        name_person(working, "S3", "Eve");
        panic!("on purpose")
    });
    assert!(matches!(broken.await, Err(ChangeError::Broken(why)) if why == "on purpose"));
    assert_eq!((keeper.view().state_hash(), store.commits.load(Ordering::SeqCst)), (hash, 1));
    assert!(keeper.health());
    assert_eq!(name(&keeper, "S2").await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_is_committed_together_and_answered_afterwards() {
    let dir = tempfile::tempdir().unwrap();
    let store = Gated::over(dir.path());
    let keeper = keep(&store);
    let answers = in_one_group(&store, &keeper, &["A", "B", "A", "C"]).await;
    let words: Vec<_> = answers.iter().map(|answer| answer.as_ref().map_or_else(ToString::to_string, ToString::to_string)).collect();
    assert_eq!(words, ["1", "2", "3", "A has a name", "4"]);
    assert_eq!((store.commits.load(Ordering::SeqCst), store.largest.load(Ordering::SeqCst)), (2, 3));
    assert_eq!(persons(&keeper.view()), ["A", "B", "C", "first"]);
    assert_eq!(store.load().unwrap().state_hash(), keeper.view().state_hash());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_that_touches_nothing_needs_no_commit() {
    let dir = tempfile::tempdir().unwrap();
    let store = Gated::over(dir.path());
    let keeper = keep(&store);
    let section = rollcall_proto::Section::Memory(rollcall_proto::v1::Memory::default());
    let digest = Digest::of(&section.encode());
    keeper
        .change(Actor::Rollcall, move |working| {
            working.hold(digest, Content::of(&section, &Arc::default()));
            Ok(())
        })
        .await
        .unwrap();
    assert!(keeper.view().holds("memory", &digest));
    assert_eq!(store.commits.load(Ordering::SeqCst), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_commit_answers_the_whole_group_and_nothing_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let store = Gated::over(dir.path());
    let keeper = keep(&store);
    name(&keeper, "S1").await.unwrap();
    let mut failure = keeper.failure();
    store.folder.break_disk();
    let answers = in_one_group(&store, &keeper, &["A", "S1", "B"]).await;
    assert!(answers.iter().all(|answer| matches!(answer, Err(ChangeError::Store(_)))), "{answers:?}");
    assert!(!keeper.health() && failure.changed().await.is_ok() && failure.borrow().is_some());
    assert_eq!(persons(&keeper.view()), ["S1"]);
    assert!(matches!(name(&keeper, "C").await, Err(ChangeError::Store(_))));
    keeper.stop();
    drop((keeper, store));
    let again = Folder::open(dir.path()).unwrap();
    assert_eq!(persons(&again.load().unwrap()), ["S1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopping_finishes_what_waits_and_writes_a_snapshot() {
    let dir = tempfile::tempdir().unwrap();
    let store = Gated::over(dir.path());
    let keeper = keep(&store);
    store.set_open(false);
    let mut waiting = Vec::new();
    for id in ["A", "B", "C"] {
        waiting.push(bring(&keeper, id).await);
    }
    let stopping = Arc::clone(&keeper);
    let stopper = tokio::task::spawn_blocking(move || stopping.stop());
    while !keeper.shared.stopping.load(Ordering::SeqCst) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    store.set_open(true);
    stopper.await.unwrap();
    for answer in waiting {
        answer.await.unwrap();
    }
    assert!(matches!(name(&keeper, "D").await, Err(ChangeError::Stopping)));
    assert_eq!(std::fs::read_dir(dir.path().join("snapshot")).unwrap().count(), 1);
    assert_eq!(store.load().unwrap().state_hash(), keeper.view().state_hash());
    keeper.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stopping_in_the_middle_of_changes_always_ends() {
    let dir = tempfile::tempdir().unwrap();
    let store = Gated::over(dir.path());
    for round in 0..40 {
        let keeper = keep(&store);
        let waiting = ["A", "B", "C"].map(|id| {
            let keeper = Arc::clone(&keeper);
            tokio::spawn(async move { drop(name(&keeper, id).await) })
        });
        tokio::time::sleep(Duration::from_micros(round * 50)).await;
        let stopping = Arc::clone(&keeper);
        let stopped = tokio::task::spawn_blocking(move || stopping.stop());
        tokio::time::timeout(Duration::from_secs(30), stopped).await.unwrap().unwrap();
        for answer in waiting {
            answer.await.unwrap();
        }
        assert_eq!(store.load().unwrap().state_hash(), keeper.view().state_hash());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn snapshots_are_written_while_changes_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Arc::new(Folder::open(dir.path()).unwrap());
    let store: Arc<dyn Store> = Arc::<Folder>::clone(&folder);
    let keeper =
        Keeper::start(store, Clock::system(), KeeperSettings { snapshot_every: 10, group: 4, ..KeeperSettings::default() }).unwrap();
    for number in 0..60 {
        let change = move |working: &mut Working| {
            name_person(working, &format!("S{number}"), "Ada");
            Ok(())
        };
        keeper.change(Actor::Local("root".to_owned()), change).await.unwrap();
    }
    let hash = keeper.view().state_hash();
    drop(keeper);
    assert!(std::fs::read_dir(dir.path().join("snapshot")).unwrap().count() >= 1);
    assert_eq!(folder.load().unwrap().state_hash(), hash);
    assert_eq!(folder.verify().unwrap().damage, Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_does_not_wait_for_the_answer_changes_nothing_for_others() {
    let dir = tempfile::tempdir().unwrap();
    let store = Gated::over(dir.path());
    let keeper = keep(&store);
    store.set_open(false);
    let gone = tokio::time::timeout(Duration::from_millis(50), name(&keeper, "A")).await;
    assert!(gone.is_err());
    store.set_open(true);
    assert_eq!(name(&keeper, "B").await.unwrap(), 2);
    assert_eq!(persons(&keeper.view()), ["A", "B"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_writer_that_breaks_off_is_no_silent_end() {
    let dir = tempfile::tempdir().unwrap();
    let store = Gated::over(dir.path());
    let keeper = keep(&store);
    name(&keeper, "S1").await.unwrap();
    store.breaks_off.store(true, Ordering::SeqCst);
    let mut failure = keeper.failure();
    assert!(name(&keeper, "S2").await.is_err());
    failure.wait_for(Option::is_some).await.unwrap();
    assert!(matches!(name(&keeper, "S3").await, Err(ChangeError::Store(_))));
    assert!(!keeper.health() && persons(&keeper.view()) == ["S1"]);
    keeper.stop();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_writers_and_readers_see_one_order() {
    let dir = tempfile::tempdir().unwrap();
    let folder = Arc::new(Folder::open(dir.path()).unwrap());
    let store: Arc<dyn Store> = Arc::<Folder>::clone(&folder);
    let keeper =
        Keeper::start(store, Clock::system(), KeeperSettings { queue: 16, group: 8, snapshot_every: 50, ..KeeperSettings::default() })
            .unwrap();
    let mut events = keeper.events();
    let writers: Vec<_> = (0..20).map(|writer| (writer, Arc::clone(&keeper))).collect();
    let writers = writers.into_iter().map(|(writer, keeper)| {
        tokio::spawn(async move {
            for number in 0..20 {
                let change = move |working: &mut Working| {
                    name_person(working, &format!("W{writer}-{number}"), "Ada");
                    Ok(working.site.seq)
                };
                let seq = keeper.change(Actor::Rollcall, change).await.unwrap();
                let view = keeper.view();
                assert!(view.seq >= seq && view.persons.len() as u64 == view.seq);
            }
        })
    });
    let checker = Arc::clone(&folder);
    let checker = tokio::task::spawn_blocking(move || {
        (0..30).for_each(|_| {
            let seen = checker.events(0, 1000).unwrap();
            assert!(seen.iter().map(|event| event.seq).eq(1..=seen.len() as u64));
            assert_eq!(checker.verify().unwrap().damage, Vec::<String>::new());
        });
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    checker.await.unwrap();
    let mut heard = Vec::new();
    while let Ok(group) = events.try_recv() {
        heard.extend(group.iter().map(|event| event.seq));
    }
    assert!(heard.into_iter().eq(1..=400));
    assert_eq!(folder.load().unwrap().state_hash(), keeper.view().state_hash());
}
