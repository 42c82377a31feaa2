//! The contract that every engine must keep, as one suite, and the small things that its tests are made of.

use super::{Entry, Range, Store, StoreError};
use jiff::{SignedDuration, Timestamp};
use rollcall_proto::{Digest, Section, v1};
use rollcall_site::content::Content;
use rollcall_site::event::{Actor, Event};
use rollcall_site::inventory::{Held, Profile};
use rollcall_site::person::Person;
use rollcall_site::{AssetId, DeviceId, PersonId, Site, Working, Written};
use uuid::Uuid;

/// An instant that every test may use, in whole seconds.
pub(crate) fn noon() -> Timestamp {
    Timestamp::from_second(1_800_000_000).unwrap()
}

/// Asset `n`.
pub(crate) fn asset(n: u128) -> AssetId {
    AssetId(Uuid::from_u128(n))
}

/// A person's record.
pub(crate) fn person(id: &str, name: &str) -> Written {
    entry(1, id, name).records.remove(0)
}

/// A change that names a person: one record, one event with number `seq`.
pub(crate) fn entry(seq: u64, id: &str, name: &str) -> Entry {
    let mut working = Working::begin(Site::default(), noon(), Actor::Rollcall);
    working.site.seq = seq - 1;
    name_person(&mut working, id, name);
    let finished = working.finish();
    Entry { records: finished.written, events: finished.events }
}

/// A change with one event about an asset.
pub(crate) fn entry_about(seq: u64, asset: AssetId) -> Entry {
    let mut entry = entry(seq, &format!("P{seq}"), &format!("Person {seq}"));
    entry.events.iter_mut().for_each(|event| event.asset = Some(asset));
    entry
}

/// The change of [`entry`].
pub(crate) fn name_person(working: &mut Working, id: &str, name: &str) {
    let id = PersonId::parse(id).unwrap();
    working.event("person.imported", format!("{id} was named")).person = Some(id.clone());
    working.put(Person::new(id, name.to_owned()));
}

/// A site of `count` persons, one event each.
pub(crate) fn site(count: u64) -> Site {
    let mut site = Site::default();
    (1..=count).for_each(|seq| take(&mut site, &entry_about(seq, asset(u128::from(seq % 3)))));
    site
}

/// The groups that make up [`site`], three entries each, and a group without events after each.
pub(crate) fn groups(count: u64) -> Vec<Vec<Entry>> {
    let entries: Vec<_> = (1..=count).map(|seq| entry_about(seq, asset(u128::from(seq % 3)))).collect();
    let silent =
        |group: &[Entry]| vec![Entry { records: group.iter().flat_map(|entry| entry.records.clone()).collect(), events: Vec::new() }];
    entries.chunks(3).flat_map(|group| [group.to_vec(), silent(group)]).collect()
}

/// Takes up an entry as replay does.
pub(crate) fn take(site: &mut Site, entry: &Entry) {
    entry.records.iter().for_each(|record| site.restore(record).unwrap());
    site.seq = entry.events.last().map_or(site.seq, |event| event.seq);
}

/// Numbers of events.
pub(crate) fn seqs(events: &[Event]) -> Vec<u64> {
    events.iter().map(|event| event.seq).collect()
}

/// Runs the whole contract. `reopen` gives the engine over the same durable place, as after a restart; the first call over an empty one.
pub(crate) fn keeps_the_contract(mut reopen: impl FnMut() -> Box<dyn Store>) {
    let store = reopen();
    begins_empty(&*store);
    keeps_entries(&*store);
    refuses_gaps(&*store);
    drop(store);
    let store = reopen();
    holds_what_was_committed(&*store);
    snapshots_change_nothing(&*store);
    drop(store);
    let store = reopen();
    holds_what_was_committed(&*store);
    keeps_contents_and_samples(&*store);
    drop(store);
    let store = reopen();
    holds_contents_and_samples(&*store);
    is_sound(&*store);
}

fn begins_empty(store: &dyn Store) {
    assert_eq!(store.load().unwrap().state_hash(), Site::default().state_hash());
    assert!(store.events(0, 10).unwrap().is_empty());
    assert!(store.history(None, 10).unwrap().is_empty());
    assert!(store.history(Some(asset(1)), 10).unwrap().is_empty());
    assert_eq!(store.blob(&Digest::of(b"none")).unwrap(), None);
    store.snapshot(&Site::default()).unwrap();
    is_sound(store);
}

fn keeps_entries(store: &dyn Store) {
    for group in groups(60) {
        store.commit(&group).unwrap();
    }
    holds_what_was_committed(store);
}

fn refuses_gaps(store: &dyn Store) {
    for seq in [60, 62] {
        assert!(store.commit(&[entry(seq, "X", "nobody")]).is_err(), "event {seq} after 60");
    }
    holds_what_was_committed(store);
}

fn holds_what_was_committed(store: &dyn Store) {
    let loaded = store.load().unwrap();
    assert_eq!((loaded.seq, loaded.state_hash()), (60, site(60).state_hash()));
    assert_eq!(store.state().seq, 60);
    assert_eq!(seqs(&store.events(0, 1000).unwrap()), (1..=60).collect::<Vec<_>>());
    assert_eq!(seqs(&store.events(7, 5).unwrap()), (8..=12).collect::<Vec<_>>());
    assert!(store.events(60, 5).unwrap().is_empty() && store.events(99, 5).unwrap().is_empty() && store.events(0, 0).unwrap().is_empty());
    assert_eq!(seqs(&store.history(None, 4).unwrap()), [60, 59, 58, 57]);
    assert_eq!(seqs(&store.history(Some(asset(1)), 3).unwrap()), [58, 55, 52]);
    assert_eq!(store.history(Some(asset(1)), 1000).unwrap().len(), 20);
    assert_eq!(store.events(0, 1).unwrap(), entry_about(1, asset(1)).events);
}

fn snapshots_change_nothing(store: &dyn Store) {
    store.snapshot(&site(30)).unwrap();
    holds_what_was_committed(store);
    store.snapshot(&site(60)).unwrap();
    holds_what_was_committed(store);
    let mut other = site(60);
    other.seq = 99;
    assert!(store.snapshot(&other).is_err(), "a view of another store");
}

/// The device whose profile names a content that is kept, and one that is not.
const DEVICE: DeviceId = DeviceId(Uuid::from_u128(7));

fn system() -> Section {
    Section::System(v1::System { model: "OptiPlex 7090".to_owned(), ..v1::System::default() })
}

/// Keeps a content.
pub(super) fn put(store: &dyn Store, bytes: &[u8]) -> Result<Digest, StoreError> {
    let digest = Digest::of(bytes);
    store.put_blobs(&[(digest, rollcall_proto::pack(bytes).unwrap())]).map(|()| digest)
}

fn keeps_contents_and_samples(store: &dyn Store) {
    let bytes = system().encode();
    let kept = Digest::of(&bytes);
    put(store, &bytes).unwrap();
    put(store, &bytes).unwrap();
    let held = |digest| Held { digest: Some(digest), ..Held::default() };
    let sections = [("system".to_owned(), held(kept)), ("software".to_owned(), held(Digest::of(b"lost")))].into();
    let mut working = Working::begin(store.load().unwrap(), noon(), Actor::Rollcall);
    working.put(Profile { sections, ..Profile::new(DEVICE, noon()) });
    working.event("section.first", "the first report");
    let finished = working.finish();
    store.commit(&[Entry { records: finished.written, events: finished.events }]).unwrap();
    for minute in 0..90 {
        store.put_sample(DEVICE, v1::Health { at_ms: noon().as_millisecond() + minute * 60_000, ..v1::Health::default() });
    }
    assert_eq!(store.samples(DEVICE, noon()).unwrap().len(), 6 + 60, "every fifth minute, and the last hour by the minute");
    let readings = store.readings(DEVICE, Range::Day, noon() + SignedDuration::from_mins(90)).unwrap();
    assert_eq!(readings.len(), 18);
}

fn holds_contents_and_samples(store: &dyn Store) {
    let bytes = system().encode();
    assert_eq!(store.blob(&Digest::of(&bytes)).unwrap(), Some(bytes.clone()));
    let site = store.load().unwrap();
    assert_eq!(site.content("system", &Digest::of(&bytes)).and_then(Content::section), Some(system()));
    assert!(!site.holds("software", &Digest::of(b"lost")));
    let samples = store.samples(DEVICE, noon()).unwrap();
    assert!(samples.len() >= 12 && samples.is_sorted_by_key(|sample| sample.at_ms), "an hour may be lost, no more");
    assert!(store.samples(DeviceId(Uuid::nil()), Timestamp::MIN).unwrap().is_empty());
}

fn is_sound(store: &dyn Store) {
    let verified = store.verify().unwrap();
    assert_eq!(verified.damage, Vec::<String>::new());
    assert_eq!((verified.head.len(), verified.events), (64, store.state().seq));
}
