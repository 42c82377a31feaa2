//! The parts behind a machine's last health reading: the newest of each live stream, in memory only.

use super::Roll;
use jiff::Timestamp;
use prost::Message;
use rollcall_proto::v1::HealthDetail;
use rollcall_site::DeviceId;

/// The parts of a reading, packed: a few hundred bytes, where they would take several times as much as they are.
pub(super) struct Detail {
    at: Timestamp,
    packed: Box<[u8]>,
}

impl Roll {
    /// A device's live stream said the parts behind a reading of `at`; those before are let go.
    pub(in super::super) fn measured(&self, device: DeviceId, stream: u64, at: Timestamp, detail: &HealthDetail) {
        let packed = detail.encode_to_vec().into();
        if let Some(line) = self.book().live.get_mut(&device).filter(|line| line.stream == stream) {
            line.detail = Some(Detail { at, packed });
        }
    }

    /// The parts behind a device's last detailed reading, and when that was; `None`: it is not connected, or said none yet.
    pub fn detail(&self, device: DeviceId) -> Option<(Timestamp, HealthDetail)> {
        let book = self.book();
        let detail = book.live.get(&device)?.detail.as_ref()?;
        Some((detail.at, HealthDetail::decode(&*detail.packed).ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::agents::roll::Ended;
    use jiff::SignedDuration;
    use rollcall_site::fingerprint::Fingerprint;

    #[test]
    fn the_newest_parts_are_there_as_long_as_their_stream_is() {
        let (roll, device) = (Roll::default(), DeviceId(uuid::Uuid::now_v7()));
        let now: Timestamp = "2026-09-01T08:00:00Z".parse().unwrap();
        let join = || roll.join(device, SignedDuration::from_secs(5), Fingerprint::default(), now).0;
        let detail = |load| HealthDetail { load_5_centi: Some(load), ..HealthDetail::default() };
        let stream = join();
        assert_eq!(roll.detail(device), None);
        roll.measured(device, stream, now, &detail(1));
        roll.measured(device, stream, now + SignedDuration::from_mins(5), &detail(2));
        assert_eq!(roll.detail(device), Some((now + SignedDuration::from_mins(5), detail(2))));
        let newer = join();
        roll.measured(device, stream, now, &detail(3));
        assert_eq!(roll.detail(device), None, "an older stream says nothing for the newer one");
        roll.measured(device, newer, now, &detail(4));
        roll.leave(device, newer, Ended::Broken, now);
        assert_eq!(roll.detail(device), None);
    }
}
