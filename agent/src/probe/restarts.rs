//! When the machine was started, and how it went down before: from the log of logins, or the journal.

use super::{Found, Measured, text};
use crate::host::{Ask, Host};
use rollcall_proto::Section;
use rollcall_proto::v1::{Restart, Restarts};

/// The log of logins: records of C's `struct utmpx`.
const LOG: &str = "/var/log/wtmp";
const LOG_LIMIT: usize = 32 * 1024 * 1024;
/// One record with 32-bit times, as on x86, bytes.
const RECORD: usize = 384;
/// Restarts told, the last ones.
const MOST: usize = 12;
/// Record types.
const RUN_LEVEL: u16 = 1;
const BOOT: u16 = 2;

/// Reads the section.
pub(super) fn read(host: &Host) -> Measured {
    let restarts = match host.read(LOG, LOG_LIMIT) {
        Ok(log) => from_log(&log).ok_or_else(|| format!("{LOG}: not in the form that is known"))?,
        Err(why) if why.is_absent() => from_journal(&host.ask(Ask::Boots).map_err(|journal| format!("{why}; {journal}"))?)
            .ok_or_else(|| "the journal's list of boots cannot be read".to_owned())?,
        Err(why) => return Err(why.to_string()),
    };
    Ok(Found::whole(Section::Restarts(Restarts { restarts })))
}

/// Reads the log; `None` when its length is no whole number of records.
fn from_log(log: &[u8]) -> Option<Vec<Restart>> {
    if !log.len().is_multiple_of(RECORD) {
        return None;
    }
    let mut restarts = Vec::new();
    let mut went_down = "";
    for record in log.chunks_exact(RECORD) {
        let text = |at: usize, length: usize| {
            let bytes = record.get(at..at + length).unwrap_or_default();
            let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
            String::from_utf8_lossy(bytes.get(..end).unwrap_or_default()).into_owned()
        };
        let number = |at: usize| record.get(at..at + 4).and_then(|b| b.try_into().ok()).map_or(0, u32::from_le_bytes);
        match number(0) as u16 {
            BOOT => {
                let kernel = text::clean(&text(76, 256));
                restarts.push(Restart { at_s: number(340).into(), kernel, before: went_down.to_owned() });
                went_down = "crash";
            }
            RUN_LEVEL if text(44, 32) == "shutdown" => went_down = "clean",
            _ => {}
        }
    }
    restarts.drain(..restarts.len().saturating_sub(MOST));
    Some(restarts)
}

/// Reads the journal's list; it knows when, and not how. `None` when it is no such list.
fn from_journal(list: &str) -> Option<Vec<Restart>> {
    let list: serde_json::Value = serde_json::from_str(list).ok()?;
    let boots = list.as_array()?.iter().filter_map(|boot| boot.get("first_entry")?.as_i64());
    let mut restarts: Vec<Restart> = boots.map(|at_us| Restart { at_s: at_us / 1_000_000, ..Restart::default() }).collect();
    restarts.drain(..restarts.len().saturating_sub(MOST));
    Some(restarts)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn record(kind: u16, user: &str, host: &str, at: u32) -> Vec<u8> {
        let mut record = vec![0; RECORD];
        record[..2].copy_from_slice(&kind.to_le_bytes());
        record[44..44 + user.len()].copy_from_slice(user.as_bytes());
        record[76..76 + host.len()].copy_from_slice(host.as_bytes());
        record[340..344].copy_from_slice(&at.to_le_bytes());
        record
    }

    #[test]
    fn a_start_without_a_shutdown_before_it_follows_a_crash() {
        let log = [
            record(BOOT, "reboot", "6.1.0-18-amd64", 100),
            record(7, "pupil", "", 150),
            record(RUN_LEVEL, "shutdown", "6.1.0-18-amd64", 200),
            record(BOOT, "reboot", "6.1.0-21-amd64", 300),
            record(RUN_LEVEL, "runlevel", "", 301),
            record(BOOT, "reboot", "6.1.0-21-amd64", 400),
        ]
        .concat();
        let rows: Vec<_> = from_log(&log).unwrap().into_iter().map(|r| (r.at_s, r.before)).collect();
        assert_eq!(rows, [(100, String::new()), (300, "clean".to_owned()), (400, "crash".to_owned())]);
        assert_eq!(from_log(&log[1..]), None);
        assert_eq!(from_log(&record(BOOT, "", "", 1).repeat(40)).unwrap().len(), MOST);
    }

    #[test]
    fn the_journal_knows_when() {
        let list = r#"[{"index":-1,"boot_id":"a","first_entry":1700000000000000,"last_entry":1},{"index":0}]"#;
        assert_eq!(from_journal(list).unwrap().iter().map(|r| r.at_s).collect::<Vec<_>>(), [1_700_000_000]);
        assert_eq!(from_journal("rubbish"), None);
    }

    proptest! {
        #[test]
        fn no_log_makes_it_panic(bytes in proptest::collection::vec(any::<u8>(), RECORD * 2..=RECORD * 2), kind in 0u16..3) {
            let mut bytes = bytes;
            bytes[..2].copy_from_slice(&kind.to_le_bytes());
            from_log(&bytes);
        }

        #[test]
        fn no_list_makes_it_panic(list in "(\\[|\\{|\"first_entry\":|[0-9]|\\}|\\]|.){0,60}") {
            from_journal(&list);
        }
    }
}
