//! The agent as its own user: what root wrote down is for its group to read, and for nobody else.
//!
//! Needs root, to make the user; where there is none the test says so and holds.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::Command;

const USER: &str = "rollcall-agent";

fn succeeds(program: &str, arguments: &[&str]) -> bool {
    Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
}

/// The user of the agent, removed again when the test made it.
struct Made;

impl Drop for Made {
    fn drop(&mut self) {
        succeeds("userdel", &[USER]);
        succeeds("groupdel", &[USER]);
    }
}

fn reads(user: &str, path: &Path) -> bool {
    succeeds("runuser", &["-u", user, "--", "cat", path.to_str().unwrap()])
}

fn writes(user: &str, path: &Path) -> bool {
    succeeds("runuser", &["-u", user, "--", "touch", path.to_str().unwrap()])
}

#[test]
fn what_root_wrote_down_is_read_by_the_agent_and_by_nobody_else() {
    if std::fs::metadata("/proc/self").unwrap().uid() != 0 {
        println!("skipped: only root can make a user for the agent");
        return;
    }
    let is_there = succeeds("id", &[USER]);
    if !is_there && !succeeds("useradd", &["--system", "--user-group", "--no-create-home", USER]) {
        println!("skipped: no user can be made here");
        return;
    }
    let _made = (!is_there).then_some(Made);
    let dir = tempfile::tempdir().unwrap();
    std::fs::set_permissions(dir.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let facts = dir.path().join("facts");
    let written = Command::new(env!("CARGO_BIN_EXE_rollcall-agent")).arg("privileged-facts").arg("--out").arg(&facts).output().unwrap();
    assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
    let meta = std::fs::metadata(&facts).unwrap();
    assert_eq!((meta.uid(), meta.mode() & 0o777), (0, 0o640));
    assert!(reads(USER, &facts) && !writes(USER, &facts));
    assert!(!reads("nobody", &facts));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "no draft is left behind");
}
