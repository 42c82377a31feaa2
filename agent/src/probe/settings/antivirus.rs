//! Programs against malware: which are installed, whether they are at work, how old what they know is.

use super::{texts, units};
use crate::host::Host;
use rollcall_proto::v1::Antivirus;

/// The day, seconds: definitions are told by it, so that thirty PCs that fetch them within an hour say the same.
const DAY_S: i64 = 86_400;
/// ClamAV's daemon by the names that distributions give it.
const CLAMD: [&str; 4] = ["clamav-daemon.service", "clamav-daemon.socket", "clamd.service", "clamd@scan.service"];
/// Where its settings are.
const CLAMD_CONF: [&str; 3] = ["/etc/clamav", "/etc/clamd.d", "/etc"];
/// What it knows; the second as it was fetched whole.
const DEFINITIONS: [&str; 2] = ["/var/lib/clamav/daily.cld", "/var/lib/clamav/daily.cvd"];

/// Programs that say of themselves only whether they are started: name, a file of theirs, unit.
const STARTED: [(&str, &str, &str); 3] = [
    ("CrowdStrike Falcon", "/opt/CrowdStrike/falcond", "falcon-sensor.service"),
    ("Microsoft Defender", "/opt/microsoft/mdatp/sbin/wdavdaemon", "mdatp.service"),
    ("Sophos Protection", "/opt/sophos-spl/base", "sophos-spl.service"),
];

/// Every one that is installed, by name.
pub(super) fn read(host: &Host) -> Vec<Antivirus> {
    let started = STARTED.iter().filter(|(_, file, _)| host.exists(file)).map(|(name, _, unit)| Antivirus {
        name: (*name).to_owned(),
        state: super::word(Some(units::enabled(host, unit))),
        definitions_s: 0,
    });
    let mut all: Vec<Antivirus> = clamav(host).into_iter().chain(started).collect();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    all
}

/// ClamAV guards only while its daemon runs; the scanner alone looks when somebody asks it.
fn clamav(host: &Host) -> Option<Antivirus> {
    let daemon = host.exists("/usr/sbin/clamd");
    if !daemon && !host.exists("/usr/bin/clamscan") {
        return None;
    }
    let on = if daemon && CLAMD.iter().any(|unit| units::enabled(host, unit)) { runs(host) } else { Some(false) };
    let renewed = DEFINITIONS.iter().filter_map(|file| host.modified(file).ok()).max().unwrap_or(0).max(0);
    Some(Antivirus { name: "ClamAV".to_owned(), state: super::word(on), definitions_s: renewed - renewed % DAY_S })
}

/// Whether the daemon's socket is where its settings say; `None` where that is not to be seen.
fn runs(host: &Host) -> Option<bool> {
    let fits = |name: &str| matches!(name, "clamd.conf" | "scan.conf");
    let conf = CLAMD_CONF.iter().find_map(|folder| texts(host, folder, fits)?.iter().find_map(|text| socket(text)))?;
    let (folder, name) = conf.rsplit_once('/')?;
    match host.list(folder) {
        Ok(names) => Some(names.iter().any(|known| known == name)),
        Err(why) => why.is_absent().then_some(false),
    }
}

/// The path in "LocalSocket /run/clamav/clamd.ctl".
fn socket(text: &str) -> Option<String> {
    let after_name = text.lines().find_map(|line| line.trim().strip_prefix("LocalSocket").filter(|tail| tail.starts_with([' ', '\t'])));
    let path = after_name?.trim();
    let path = path.strip_prefix("/var/run/").map_or_else(|| path.to_owned(), |tail| format!("/run/{tail}"));
    (path.starts_with("/run/") && !path.contains("/..")).then_some(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::machine;
    use proptest::prelude::*;

    const CONF: (&str, &str) = ("etc/clamav/clamd.conf", "LocalSocketGroup clamav\nLocalSocket /var/run/clamav/clamd.ctl\n");
    const ENABLED: &str = r#""/etc/systemd/system/multi-user.target.wants/clamav-daemon.service":"/x""#;

    #[test]
    fn clamav_is_on_while_its_daemon_listens() {
        let check = |present: &str, links: &str, socket: &str, files: &[(&str, &str)], wanted: Option<(&str, i64)>| {
            let manifest = format!(
                r#"{{"present":[{present}],"links":{{{links}}},"names":{{{socket}}},"modified":{{"/var/lib/clamav/daily.cld":1732786000}}}}"#
            );
            let (_dir, host) = machine(&manifest, files);
            let found = read(&host);
            let found = found.first().map(|one| (one.state.as_str(), one.definitions_s));
            assert_eq!(found, wanted, "{manifest}");
        };
        let (daemon, day) = (r#""/usr/sbin/clamd""#, 1_732_752_000);
        let listens = r#""/run/clamav":["clamd.ctl"]"#;
        check(daemon, ENABLED, listens, &[CONF], Some(("on", day)));
        check(daemon, ENABLED, r#""/run/clamav":["clamd.pid"]"#, &[CONF], Some(("off", day)));
        check(daemon, ENABLED, "", &[CONF], Some(("off", day)));
        check(daemon, "", listens, &[CONF], Some(("off", day)));
        check(daemon, ENABLED, listens, &[("etc/clamav/clamd.conf", "TCPSocket 3310\n")], Some(("", day)));
        check(r#""/usr/bin/clamscan""#, "", "", &[], Some(("off", day)));
        check("", "", "", &[], None);
    }

    #[test]
    fn others_are_told_by_their_unit() {
        let manifest = r#"{"present":["/opt/microsoft/mdatp/sbin/wdavdaemon","/opt/CrowdStrike/falcond"],
            "links":{"/etc/systemd/system/multi-user.target.wants/mdatp.service":"/x"}}"#;
        let (_dir, host) = machine(manifest, &[]);
        let found: Vec<_> = read(&host).into_iter().map(|one| (one.name, one.state, one.definitions_s)).collect();
        assert_eq!(found, [("CrowdStrike Falcon".into(), "off".into(), 0), ("Microsoft Defender".into(), "on".into(), 0)]);
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s)(LocalSocket|/run/| |\n|.){0,80}") {
            socket(&text);
        }
    }
}
