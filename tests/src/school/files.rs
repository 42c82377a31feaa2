//! Open files: a large school needs more of them than a process is given at first.

use anyhow::ensure;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Of one PC: its connection and both ends of a road, its lock, its bell.
const EACH: u64 = 8;
/// Of the process itself.
const ITSELF: u64 = 256;

/// Makes room for the open files of so many PCs.
///
/// # Errors
/// The system does not allow so many; the error says how to allow them.
pub fn make_room(pcs: usize) -> anyhow::Result<()> {
    let needed = pcs as u64 * EACH + ITSELF;
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= needed) {
        return Ok(());
    }
    let most = limit.maximum;
    ensure!(
        most.is_none_or(|most| most >= needed),
        "{pcs} PCs need {needed} open files and this user may have {}; raise it with `ulimit -Hn {needed}` as root, or take a smaller --count",
        most.unwrap_or_default()
    );
    setrlimit(Resource::Nofile, Rlimit { current: Some(needed), maximum: most })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_made_up_to_what_is_allowed_and_refused_beyond() {
        let before = getrlimit(Resource::Nofile);
        make_room(1).unwrap();
        assert_eq!(getrlimit(Resource::Nofile).current, before.current, "a small school needs no more");
        if let Some(most) = before.maximum {
            let why = make_room(usize::try_from(most).unwrap()).unwrap_err().to_string();
            assert!(why.contains("--count") && why.contains(&most.to_string()), "{why}");
        }
    }
}
