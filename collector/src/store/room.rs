//! The room on the disk: changes are refused before it is used up, and go on by themselves when there is some again.
//!
//! `DIR/ballast` keeps room for what a full disk must not stop: secrets, the list of the forgotten, the end of a snapshot. It is given up when
//! the disk is full, and made again once there is room for it beside everything else; until then changes are refused.

use super::StoreError;
use super::disk::{free_bytes, full};
use super::out::{Out, remove};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

/// Bytes of the ballast: a sealed file and a snapshot of a large school.
const BALLAST: u64 = 16 * 1024 * 1024;
/// Bytes that stay free beside a change: the file system's own bookkeeping.
const MARGIN: u64 = 1024 * 1024;

/// The room of one folder.
pub(super) struct Room {
    ballast: PathBuf,
    is_held: AtomicBool,
}

impl Room {
    /// Makes the ballast of `dir` when it is not there and there is room for it.
    pub(super) fn open(dir: &Path) -> Self {
        let ballast = dir.join("ballast");
        let held = ballast.metadata().is_ok_and(|found| found.len() == BALLAST);
        let room = Self { ballast, is_held: AtomicBool::new(held) };
        if !held && room.free().is_none_or(|free| free >= BALLAST + 2 * MARGIN) {
            room.take_ballast();
        }
        room
    }

    /// Whether a change of `bytes` has room; gives the ballast up when it has not.
    pub(super) fn check(&self, bytes: u64) -> Result<(), StoreError> {
        let Some(free) = self.free() else { return Ok(()) };
        let wanted = bytes + MARGIN;
        if self.is_held.load(Ordering::SeqCst) {
            if free >= wanted {
                return Ok(());
            }
            self.give_ballast();
        } else if free >= wanted + BALLAST + MARGIN && self.take_ballast() {
            tracing::info!(free_bytes = free, "there is room on the disk again; changes are taken");
            return Ok(());
        }
        Err(full(&self.ballast))
    }

    /// "ok", or what is refused and what to do.
    pub(super) fn state(&self) -> String {
        if self.is_held.load(Ordering::SeqCst) {
            return "ok".to_owned();
        }
        let wanted = (BALLAST + 3 * MARGIN) / (1024 * 1024);
        format!("full: changes are refused until {wanted} MiB are free")
    }

    fn free(&self) -> Option<u64> {
        self.ballast.parent().and_then(free_bytes)
    }

    fn take_ballast(&self) -> bool {
        let made = remove(&self.ballast).and_then(|()| Out::create(&self.ballast)).and_then(|file| file.reserve(BALLAST));
        // Where the file system keeps no room in advance, the check of the free bytes has to do.
        let held = made.as_ref().err().is_none_or(|error| error.kind() == io::ErrorKind::Unsupported);
        if let Err(error) = made.as_ref().map_err(|error| (!held, error)) {
            tracing::warn!(error = %error.1, refused = error.0, "no room can be kept in advance on this disk");
        }
        self.is_held.store(held, Ordering::SeqCst);
        held
    }

    fn give_ballast(&self) {
        tracing::error!(file = %self.ballast.display(), "the disk is full; changes are refused until there is room");
        if let Err(error) = remove(&self.ballast) {
            tracing::warn!(%error, "the ballast could not be removed");
        }
        self.is_held.store(false, Ordering::SeqCst);
    }
}
