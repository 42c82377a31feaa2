//! Waits until something happens in a folder: by the kernel's word where it gives one, else by the clock.

use super::Host;
use std::time::Duration;

/// How often the folders are looked at where nobody tells.
const LOOK: Duration = Duration::from_millis(400);
/// How often they are looked at all the same: a folder may have come into being meanwhile.
const LOOK_ALL_THE_SAME: Duration = Duration::from_secs(60);

/// Tells of changes in some folders.
pub struct Notices(Option<told::Told>);

impl Notices {
    /// Begins to listen to the folders at `paths` of `host`; those that are absent are left out.
    pub fn of(host: &Host, paths: &[&str]) -> Self {
        let places: Vec<_> = paths.iter().map(|path| host.place(path)).filter(|place| place.is_dir()).collect();
        Self(told::Told::of(&places))
    }

    /// Comes back when something may have changed; may come back for nothing. May be dropped and called again.
    pub async fn wait(&mut self) {
        match &mut self.0 {
            Some(told) => drop(tokio::time::timeout(LOOK_ALL_THE_SAME, told.wait()).await),
            None => tokio::time::sleep(LOOK).await,
        }
    }
}

#[cfg(target_os = "linux")]
mod told {
    use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
    use std::os::fd::OwnedFd;
    use std::path::PathBuf;
    use std::sync::{Arc, Weak};
    use tokio::sync::Notify;

    /// The kernel's queue of events, and the thread that waits at it.
    pub(super) struct Told {
        queue: Arc<OwnedFd>,
        watches: Vec<i32>,
        happened: Arc<Notify>,
    }

    impl Told {
        pub(super) fn of(places: &[PathBuf]) -> Option<Self> {
            let queue = Arc::new(inotify::init(CreateFlags::CLOEXEC).ok()?);
            let of_interest = WatchFlags::CLOSE_WRITE | WatchFlags::MOVED_TO | WatchFlags::CREATE | WatchFlags::DELETE;
            let watches: Option<Vec<i32>> = places.iter().map(|place| inotify::add_watch(&queue, place, of_interest).ok()).collect();
            let told = Self { queue: queue.clone(), watches: watches?, happened: Arc::default() };
            let happened = Arc::downgrade(&told.happened);
            std::thread::Builder::new().name("notices".to_owned()).spawn(move || listen(&queue, &happened)).ok()?;
            Some(told)
        }

        pub(super) async fn wait(&mut self) {
            self.happened.notified().await;
        }
    }

    impl Drop for Told {
        fn drop(&mut self) {
            // The kernel tells of a watch that ends, so the thread wakes and finds nobody to tell.
            self.happened = Arc::default();
            for watch in &self.watches {
                inotify::remove_watch(&self.queue, *watch).ok();
            }
        }
    }

    /// Takes events from the queue until nobody is there to be told; what they say is read from the files.
    fn listen(queue: &OwnedFd, happened: &Weak<Notify>) {
        let mut events = [0; 4096];
        while rustix::io::read(queue, &mut events).is_ok_and(|length| length > 0) {
            match happened.upgrade() {
                Some(happened) => happened.notify_one(),
                None => return,
            }
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod told {
    /// Nobody tells here.
    pub(super) enum Told {}

    impl Told {
        pub(super) fn of(_places: &[std::path::PathBuf]) -> Option<Self> {
            None
        }

        pub(super) async fn wait(&mut self) {
            match *self {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_that_comes_is_told_at_once() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("db")).unwrap();
        let host = Host::recorded(dir.path()).unwrap();
        let mut notices = Notices::of(&host, &["/db", "/nothing"]);
        assert!(tokio::time::timeout(Duration::from_millis(50), notices.wait()).await.is_err());
        std::fs::write(dir.path().join("db/new"), "x").unwrap();
        tokio::time::timeout(Duration::from_secs(2), notices.wait()).await.unwrap();
    }
}
