//! Backups: those in the daily folder, one more, a fresh one to take away, and how everything comes back from one.

use super::settings::state_of;
use crate::backups::{self, Kept, Made, OLD};
use crate::desk::api::backup::fresh;
use crate::desk::aside::Stands;
use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::look::Look;
use crate::desk::session::Notice;
use crate::desk::trouble::{Trouble, show as page};
use crate::desk::window::Window;
use crate::desk::words::{Chip, disk_size};
use crate::desk::{Answer, Desk};
use crate::settings::Backups;
use askama::Template;
use axum::extract::{Query, State};
use axum::http::{HeaderValue, header};
use jiff::Timestamp;
use rollcall_site::Refusal;
use rollcall_site::access::Role;
use serde::Deserialize;
use std::path::{Path, absolute};

/// Backups of one page of the list.
const PAGE: usize = 30;
/// The file that the recovery key is written into while something is restored.
const KEY: &str = "recovery.key";

/// What the address asks for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(in crate::desk) struct Ask {
    page: Option<usize>,
}

#[derive(Template)]
#[template(path = "settings/backups.html")]
struct BackupsPage {
    frame: Frame,
    look: Look,
    making: Stands<String>,
    last: Option<Timestamp>,
    /// The daily folder; `None`: the collector was started without.
    folder: Option<String>,
    keep: usize,
    list: Window<Kept>,
    /// When the newest in the folder was written.
    newest: Option<Timestamp>,
    /// Why the folder can't be listed.
    trouble: Option<String>,
    recipient: Option<String>,
    steps: Vec<Step>,
}

/// One step of the way back.
struct Step {
    what: &'static str,
    commands: Vec<String>,
}

/// `GET /backups`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor, Query(ask): Query<Ask>) -> Answer {
    visitor.must_be(Role::Admin)?;
    let made = desk.apart(move |desk| {
        let (look, settings) = (desk.look(), &desk.collector.settings);
        let daily = settings.upkeep.backups.as_ref();
        let (kept, trouble) = match daily.map_or_else(|| Ok(Vec::new()), Backups::list) {
            Ok(kept) => (kept, None),
            Err(error) => (Vec::new(), Some(crate::desk::api::problem::with_causes(error.as_ref()))),
        };
        let file = match (kept.first(), daily) {
            (Some(newest), Some(daily)) => daily.dir.join(&newest.name),
            (None, Some(daily)) => daily.dir.join(backups::day(look.now)),
            _ => backups::day(look.now).into(),
        };
        let part = |part: std::ops::Range<usize>| (kept.iter().skip(part.start).take(part.len()).cloned().collect(), kept.len());
        Ok(BackupsPage {
            frame: Frame::of(desk, &visitor, &look, Tab::Settings),
            making: desk.backing_up.state(),
            last: backups::last(&settings.data),
            folder: daily.map(|daily| daily.dir.display().to_string()),
            keep: daily.map_or(0, |daily| daily.keep),
            list: Window::of(ask.page, PAGE, part),
            newest: kept.first().map(|kept| kept.at),
            trouble,
            recipient: backups::recipient(&desk.collector),
            steps: way_back(&settings.data, &if daily.is_some() { full(&file) } else { file }),
            look,
        })
    });
    page(&made.await?)
}

/// `POST /backups`: one more in the daily folder, beside everything else.
pub(in crate::desk) async fn make(State(desk): State<Desk>, visitor: Visitor) -> Answer {
    visitor.must_be(Role::Admin)?;
    let daily = desk.collector.settings.upkeep.backups.clone();
    let said = match daily {
        None => {
            Err(Refusal::conflict("There is no folder for backups: start the collector with --backup-to DIR, or take one away.").into())
        }
        Some(to) => match desk.begin_backup(to, visitor.who.actor.clone()) {
            true => Ok(Notice::done("A backup is being made. It will stand in the list.")),
            false => Ok(Notice::refused("A backup is being made already. Wait for it.")),
        },
    };
    desk.then(&visitor, said, "/backups")
}

/// `POST /backups/download`: a fresh one, to take away.
pub(in crate::desk) async fn download(State(desk): State<Desk>, visitor: Visitor) -> Answer {
    visitor.must_be(Role::Admin)?;
    let name = backups::day(desk.collector.keeper.clock().now());
    let mut response = match fresh(desk.collector.clone(), visitor.who.actor.clone()).await {
        Ok(response) => response,
        Err(problem) => return desk.then(&visitor, Err(Refusal::conflict(problem.detail).into()), "/backups"),
    };
    let said = HeaderValue::try_from(format!("attachment; filename=\"{name}\""));
    let said = said.map_err(|error| Trouble::Broken(format!("a file has no proper name: {error}")))?;
    response.headers_mut().insert(header::CONTENT_DISPOSITION, said);
    Ok(response)
}

impl BackupsPage {
    fn state(&self) -> Chip {
        state_of(self.last, self.look.now)
    }

    /// How it stands with the newest of the folder; the others are only older.
    fn chip(&self, kept: &Kept) -> Option<Chip> {
        let newest = self.newest == Some(kept.at);
        let old = self.look.now.duration_since(kept.at) > OLD;
        newest.then(|| if old { Chip::check("old") } else { Chip::go("newest") })
    }

    fn size(&self, kept: &Kept) -> String {
        disk_size(kept.bytes)
    }

    fn how(&self, kept: &Kept) -> &'static str {
        match kept.made {
            Made::Daily => "daily",
            Made::ByHand => "by hand",
        }
    }

    fn old_hours(&self) -> i64 {
        OLD.as_hours()
    }

    fn at(&self, page: &usize) -> String {
        format!("/backups?page={page}")
    }
}

/// The way back from the backup `file` into the folder `data`, as it is typed on this machine.
fn way_back(data: &Path, file: &Path) -> Vec<Step> {
    let data = full(data);
    let beside = |ending: &str| {
        let mut name = data.clone().into_os_string();
        name.push(ending);
        quoted(Path::new(&name))
    };
    let (data, new, old, file) = (quoted(&data), beside("-restored"), beside("-before"), quoted(file));
    let step = |what, commands: &[String]| Step { what, commands: commands.to_vec() };
    vec![
        step("Type or paste the recovery key into a file of your own, and end with Ctrl-D.", &[format!("(umask 077; cat > {KEY})")]),
        step("See that the backup is whole. Nothing stops for that.", &[format!("rollcall backup check {file} --recovery-key {KEY}")]),
        step("Stop this collector for good.", &["systemctl stop rollcall".to_owned()]),
        step("Restore into a new folder.", &[format!("rollcall restore {file} --recovery-key {KEY} --data {new}")]),
        step(
            "Put it in the old one’s place, for the same user. Keep the old one until you are sure.",
            &[format!("chown -R --reference={data} {new}"), format!("mv {data} {old}"), format!("mv {new} {data}")],
        ),
        step("Start it. Every machine announces itself anew.", &["systemctl start rollcall".to_owned()]),
        step("Remove the key’s file.", &[format!("rm {KEY}")]),
    ]
}

fn full(path: &Path) -> std::path::PathBuf {
    absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// A path as a shell takes it: in quotes where it needs them.
fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+".contains(&byte);
    if text.bytes().all(plain) && !text.starts_with('-') { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_is_for_this_very_machine_and_safe_to_paste() {
        let commands = |data: &str, file: &str| -> Vec<String> {
            way_back(Path::new(data), Path::new(file)).into_iter().flat_map(|step| step.commands).collect()
        };
        let plain = commands("/var/lib/rollcall", "/mnt/b/rollcall-2026-11-28.age");
        assert!(plain.contains(&"rollcall backup check /mnt/b/rollcall-2026-11-28.age --recovery-key recovery.key".to_owned()));
        let restore =
            "rollcall restore /mnt/b/rollcall-2026-11-28.age --recovery-key recovery.key --data /var/lib/rollcall-restored".to_owned();
        assert!(plain.contains(&restore), "{plain:?}");
        assert!(plain.contains(&"mv /var/lib/rollcall /var/lib/rollcall-before".to_owned()));
        let odd = commands("/srv/our school's; rm -rf", "/b $(x)/a.age");
        assert!(odd.contains(&r"mv '/srv/our school'\''s; rm -rf' '/srv/our school'\''s; rm -rf-before'".to_owned()), "{odd:?}");
        assert!(odd.iter().any(|line| line.contains("check '/b $(x)/a.age' ")), "{odd:?}");
    }
}
