//! Reports and their contents: wanted, checked, made durable, taken in, and only then acknowledged.

use crate::agents::attend::refuse;
use crate::agents::conversation::{Conversation, LOOK_AGAIN, Met, Parting, protocol};
use crate::agents::door::Door;
use crate::agents::pending::Ready;
use crate::agents::text;
use crate::agents::translate::{self, Times};
use jiff::SignedDuration;
use prost::encoding::{DecodeContext, decode_key, skip_field};
use rollcall_proto::software::each_package;
use rollcall_proto::v1::from_collector::Message as Told;
use rollcall_proto::v1::refusal::Why;
use rollcall_proto::{Digest, Section, unpack, unpacked_size, v1};
use rollcall_site::content::Content;
use rollcall_site::off_site::{Side, is_agreed};
use rollcall_site::packages::Packages;
use std::sync::Arc;
use tokio::task::spawn_blocking;
use tokio::time::Instant;

/// How long a report may wait for contents that were asked for.
const CONTENTS_WITHIN: SignedDuration = SignedDuration::from_secs(120);
/// A section that is no larger than this, packed and unpacked, is read where its stream runs, bytes: another thread would cost more than the
/// work.
const SMALL: usize = 32 * 1024;
/// Most entries in one section: a full desktop has some 5,000 packages; more would cost memory out of proportion to its bytes.
const MOST_ENTRIES: usize = 100_000;

/// Why a section's bytes were not taken.
#[derive(Debug, thiserror::Error)]
pub(super) enum BadContent {
    /// They are not what they were announced as.
    #[error("section {name}: {what}")]
    Odd { name: String, what: String },
    #[error("the collector is stopping")]
    Stopping,
}

impl Conversation {
    /// A report comes: what it names and nobody holds is asked for; it is taken in when everything is here.
    pub(super) async fn entry(&self, met: &mut Met, said: v1::Entry) -> Result<(), Parting> {
        let times = Times { off_ms: met.off_ms, now: self.now() };
        let mut report = translate::report(said, &met.session, times)?;
        if self.caller.side == Side::Outside {
            // It was asked not to say the others: of a machine off site they are dropped unread.
            report.sections.retain(|section| is_agreed(Side::Outside, &section.name));
            report.full = false;
        }
        if report.number <= met.acknowledged {
            return self.acknowledge(met).await;
        }
        let view = self.door.view();
        if met.pending.is_empty() && !rollcall_site::attend::is_news(&view, self.device, &report, times.now) {
            met.acknowledged = report.number;
            return self.acknowledge(met).await;
        }
        let ask = met.pending.push(report, times.now, |name, digest| view.holds(name, digest));
        let ask = ask.map_err(|much| Parting::Refused(refuse(Why::Busy, much.to_string())))?;
        self.ask(met, ask).await?;
        self.take_in(met).await
    }

    /// Asks for contents, or hopes for them where another stream was asked already.
    async fn ask(&self, met: &mut Met, digests: Vec<Digest>) -> Result<(), Parting> {
        let (now, stream) = (self.now(), met.stream);
        let (ask, hope): (Vec<Digest>, Vec<Digest>) = digests.into_iter().partition(|digest| self.door.claims.claim(*digest, stream, now));
        if met.hoped.is_empty() {
            met.look_again = Instant::now() + LOOK_AGAIN;
        }
        met.hoped.extend(hope);
        if ask.is_empty() {
            return Ok(());
        }
        self.out.say(Told::Want(v1::Want { digests: ask.iter().map(|digest| digest.as_bytes().to_vec()).collect() })).await
    }

    /// Looks for the contents that another stream was asked for: they are held by now, or this one is asked as well.
    pub(super) async fn look_again(&self, met: &mut Met) -> Result<(), Parting> {
        let view = self.door.view();
        let hoped = std::mem::take(&mut met.hoped);
        met.look_again = Instant::now() + LOOK_AGAIN;
        let missing: Vec<Digest> = hoped.into_iter().filter(|digest| !met.pending.found(digest, |name| view.holds(name, digest))).collect();
        drop(view);
        self.ask(met, missing).await?;
        self.take_in(met).await
    }

    /// The digest and the names of the sections that it is for, if these bytes were asked for.
    pub(super) fn wanted(&self, met: &Met, said: &v1::SectionBytes) -> Option<(Digest, Vec<String>)> {
        let digest = Digest::from_wire(&said.digest)?;
        Some((digest, met.pending.wanted(&digest)?.iter().cloned().collect()))
    }

    /// A content comes. Bytes that nobody asked for are dropped unread.
    pub(super) async fn section(&self, met: &mut Met, said: v1::SectionBytes) -> Result<(), Parting> {
        let Some((digest, names)) = self.wanted(met, &said) else { return Ok(()) };
        if let Some(wait) = self.door.paces.contents_wait(self.device, self.now()) {
            self.while_working(met, self.pause(wait)).await?;
        }
        let packed = said.zstd;
        let opened = if is_small(&packed) {
            open(&digest, &names, &packed, self.door.view().packages()).map(|(contents, bytes)| (packed, contents, bytes))
        } else {
            self.while_working(met, open_aside(Arc::clone(&self.door), digest, names, packed)).await
        };
        let (packed, contents, bytes) = opened.map_err(|bad| match bad {
            BadContent::Odd { .. } => protocol(bad.to_string()),
            BadContent::Stopping => Parting::Stopping,
        })?;
        self.door.paces.content(self.device, bytes.max(packed.len()), self.now());
        let arrived = met.pending.arrive(digest, contents, packed, bytes);
        arrived.map_err(|much| Parting::Refused(refuse(Why::Busy, much.to_string())))?;
        self.take_in(met).await
    }

    /// Reads nothing for so long, unless the collector stops.
    async fn pause(&self, wait: SignedDuration) -> Result<(), Parting> {
        tokio::select! {
            () = self.door.stop.cancelled() => Err(Parting::Stopping),
            () = tokio::time::sleep(wait.unsigned_abs()) => Ok(()),
        }
    }

    /// A report whose contents were asked for and never came holds up all later ones: the agent begins anew.
    pub(super) fn contents_in_time(&self, met: &Met) -> Result<(), Parting> {
        let late = met.pending.front_since().is_some_and(|since| self.now().duration_since(since) > CONTENTS_WITHIN);
        if late { Err(protocol("contents that were asked for did not come; say hello again")) } else { Ok(()) }
    }

    /// Takes in every report whose contents are all here, in order.
    async fn take_in(&self, met: &mut Met) -> Result<(), Parting> {
        let before = met.acknowledged;
        loop {
            let view = self.door.view();
            let Some(ready) = met.pending.pop(self.now(), |name, digest| view.holds(name, digest)) else { break };
            drop(view);
            met.acknowledged = self.while_working(met, self.report(ready)).await?;
        }
        if met.acknowledged > before { self.acknowledge(met).await } else { Ok(()) }
    }

    /// Keeps a report's contents, makes them durable with it, and gives up to where everything is.
    async fn report(&self, Ready { report, contents, packed }: Ready) -> Result<u64, Parting> {
        if !packed.is_empty() {
            let store = Arc::clone(self.door.store());
            // The disk may let it wait: not where the streams run.
            let kept = spawn_blocking(move || store.put_blobs(&packed)).await.map_err(|_| Parting::Stopping)?;
            kept.map_err(|error| {
                tracing::error!(device.id = %self.device, %error, "a report's sections could not be stored");
                Parting::Refused(refuse(Why::Busy, "the collector can't store anything now; come back later"))
            })?;
        }
        let device = self.device;
        let digests: Vec<Digest> = contents.iter().map(|(digest, _)| *digest).collect();
        let keeper = &self.door.collector.keeper;
        let change = keeper.change(self.actor(), move |w| rollcall_site::attend::report(w, device, report, contents));
        let up_to = change.await.map_err(|error| self.failed(&error))?;
        if !digests.is_empty() {
            self.door.claims.held(&digests);
        }
        Ok(up_to)
    }

    /// Says up to where everything is durable, to the agent and to those who asked for a rescan.
    async fn acknowledge(&self, met: &mut Met) -> Result<(), Parting> {
        let up_to = met.acknowledged;
        for (_, asker) in met.reporting.extract_if(.., |(number, _)| *number <= up_to) {
            let _gone = asker.send(Ok(()));
        }
        self.out.say(Told::Ack(v1::Ack { session: met.session.clone(), up_to })).await
    }

    /// While the collector works, it reads nothing: the device is not silent.
    async fn while_working<T>(&self, met: &Met, work: impl Future<Output = T>) -> T {
        let (roll, stream) = (self.door.roll(), met.stream);
        roll.works(self.device, stream, true, self.now());
        let done = work.await;
        roll.works(self.device, stream, false, self.now());
        done
    }
}

/// What is in a section's bytes: these as they came, what they are as each of the sections named, and their size unpacked, bytes.
type Opened = (Vec<u8>, Vec<Content>, usize);

/// Whether a section's bytes are soon read. A frame may say that there is little in it, and be long all the same.
fn is_small(packed: &[u8]) -> bool {
    packed.len() <= SMALL && unpacked_size(packed).is_some_and(|size| size <= SMALL as u64)
}

/// Opens a section's bytes on a thread that may take its time, a few at once.
async fn open_aside(door: Arc<Door>, digest: Digest, names: Vec<String>, packed: Vec<u8>) -> Result<Opened, BadContent> {
    let place = Arc::clone(&door.unpackers).acquire_owned().await.map_err(|_| BadContent::Stopping)?;
    let opened = spawn_blocking(move || {
        let _place = place;
        // The packages are shared here, so that the one writer has nothing to look up.
        open(&digest, &names, &packed, door.view().packages()).map(|(contents, bytes)| (packed, contents, bytes))
    });
    opened.await.map_err(|_| BadContent::Stopping)?
}

/// Unpacks a section's bytes and reads them as each of `names`, every text checked; packages are shared in `packages`. Gives their size
/// unpacked as well, bytes.
pub(super) fn open(
    digest: &Digest,
    names: &[String],
    packed: &[u8],
    packages: &Arc<Packages>,
) -> Result<(Vec<Content>, usize), BadContent> {
    let odd = |what: String| BadContent::Odd { name: names.join(", "), what };
    let bytes = unpack(packed).map_err(|bad| odd(bad.to_string()))?;
    if Digest::of(&bytes) != *digest {
        return Err(odd("its bytes do not have the digest that was announced".to_owned()));
    }
    if entries(&bytes).is_none_or(|entries| entries > MOST_ENTRIES) {
        return Err(odd(format!("it can't be decoded, or has more than {MOST_ENTRIES} entries")));
    }
    let read = |name: &String| read(name, &bytes, packages).map_err(odd);
    let contents = names.iter().map(read).collect::<Result<Vec<Content>, _>>()?;
    Ok((contents, bytes.len()))
}

/// Reads a section whose texts are all short and plain, or says what is wrong. A software list is not copied for that.
fn read(name: &str, bytes: &[u8], packages: &Arc<Packages>) -> Result<Content, String> {
    let no_section = || "it can't be decoded".to_owned();
    if name == "software" {
        let mut odd = None;
        each_package(bytes, |texts| odd = odd.take().or_else(|| texts.into_iter().find_map(text::odd_text))).ok_or_else(no_section)?;
        return odd.map_or_else(|| Content::read(name, bytes, packages).ok_or_else(no_section), Err);
    }
    let section = Section::decode(name, bytes).and_then(Result::ok).ok_or_else(no_section)?;
    text::odd(&section).map_or_else(|| Ok(Content::of(&section, packages)), Err)
}

/// Counts the fields of a message without decoding them; `None`: these bytes are no message.
fn entries(mut bytes: &[u8]) -> Option<usize> {
    let mut count = 0;
    while !bytes.is_empty() {
        let (tag, wire) = decode_key(&mut bytes).ok()?;
        skip_field(wire, tag, &mut bytes, DecodeContext::default()).ok()?;
        count += 1;
    }
    Some(count)
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Message;
    use rollcall_proto::pack;

    #[track_caller]
    fn check(bytes: &[u8], name: &str, want: &str) {
        let bad = open(&Digest::of(bytes), &[name.to_owned()], &pack(bytes).unwrap(), &Arc::default()).unwrap_err().to_string();
        assert!(bad.contains(want), "{bad}");
    }

    #[test]
    fn bytes_that_are_not_the_section_are_refused() {
        check(&[0xff; 40], "software", "can't be decoded");
        check(&[10, 0].repeat(MOST_ENTRIES + 1), "software", "more than 100000 entries");
        check(b"", "processes", "can't be decoded");
        check(&vec![0; rollcall_proto::MAX_SECTION + 1], "software", "larger than");
        let long = v1::OperatingSystem { name: "x".repeat(1025), ..Default::default() };
        check(&long.encode_to_vec(), "os", "section os: a text in it has more than 1024 bytes");
        let other = open(&Digest::of(b"other"), &["software".to_owned()], &pack(b"").unwrap(), &Arc::default()).unwrap_err().to_string();
        assert!(other.contains("do not have the digest"), "{other}");
        assert!(open(&Digest::of(b"x"), &["software".to_owned()], b"rubbish", &Arc::default()).unwrap_err().to_string().contains("zstd"));
    }

    #[test]
    fn only_what_is_short_both_ways_is_read_where_the_stream_runs() {
        assert!(is_small(&pack(b"bash").unwrap()));
        assert!(!is_small(&pack(&vec![0; SMALL + 1]).unwrap()), "much in little");
        assert!(!is_small(b"rubbish"), "nobody knows how much is in it");
        // A frame of zstd that is to be skipped: it says that nothing is in it, and has as many bytes as it likes.
        let skipped = [&0x184d_2a50_u32.to_le_bytes()[..], &(SMALL as u32).to_le_bytes(), &vec![0; SMALL]].concat();
        assert_eq!((unpacked_size(&skipped), is_small(&skipped)), (Some(0), false), "little in much");
    }

    #[test]
    fn a_true_section_opens() {
        let os = v1::OperatingSystem { name: "Debian".to_owned(), ..Default::default() };
        let bytes = os.encode_to_vec();
        let (sections, opened) = open(&Digest::of(&bytes), &["os".to_owned()], &pack(&bytes).unwrap(), &Arc::default()).unwrap();
        assert_eq!((sections[0].name(), opened), ("os", bytes.len()));
    }
}
