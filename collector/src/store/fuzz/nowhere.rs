//! A store that keeps nothing: for a door whose parsers are fed, not its disk.

use crate::store::{Entry, Range, Reading, Store, StoreError, StoreState, Verified};
use jiff::Timestamp;
use rollcall_proto::Digest;
use rollcall_proto::v1::Health;
use rollcall_site::event::Event;
use rollcall_site::{AssetId, DeviceId, Site};

/// Takes everything and gives nothing back.
pub(crate) struct Nowhere;

impl Store for Nowhere {
    fn load(&self) -> Result<Site, StoreError> {
        Ok(Site::default())
    }

    fn commit(&self, _group: &[Entry]) -> Result<(), StoreError> {
        Ok(())
    }

    fn put_blobs(&self, _contents: &[(Digest, Vec<u8>)]) -> Result<(), StoreError> {
        Ok(())
    }

    fn blob(&self, _digest: &Digest) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(None)
    }

    fn events(&self, _after: u64, _limit: usize) -> Result<Vec<Event>, StoreError> {
        Ok(Vec::new())
    }

    fn history(&self, _asset: Option<AssetId>, _limit: usize) -> Result<Vec<Event>, StoreError> {
        Ok(Vec::new())
    }

    fn put_sample(&self, _device: DeviceId, _sample: Health) {}

    fn samples(&self, _device: DeviceId, _since: Timestamp) -> Result<Vec<Health>, StoreError> {
        Ok(Vec::new())
    }

    fn readings(&self, _device: DeviceId, _range: Range, _now: Timestamp) -> Result<Vec<Reading>, StoreError> {
        Ok(Vec::new())
    }

    fn tidy(&self, _now: Timestamp) -> Result<(), StoreError> {
        Ok(())
    }

    fn snapshot(&self, _view: &Site) -> Result<(), StoreError> {
        Ok(())
    }

    fn verify(&self) -> Result<Verified, StoreError> {
        Ok(Verified::default())
    }

    fn state(&self) -> StoreState {
        StoreState::default()
    }
}
