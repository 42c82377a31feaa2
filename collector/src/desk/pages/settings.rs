//! Settings: what the site is set to, how its store is, and the way to every page that sets something.

use crate::backups;
use crate::desk::door::Visitor;
use crate::desk::frame::{Frame, Tab};
use crate::desk::look::Look;
use crate::desk::trouble::show as page;
use crate::desk::words::{Chip, disk_size};
use crate::desk::{Answer, Desk};
use crate::store::StoreState;
use askama::Template;
use axum::extract::State;
use jiff::Timestamp;
use rollcall_site::access::Role;

/// A page that sets something: its address, its name, what it sets, and who may go there.
const PAGES: &[(&str, &str, &str, Role)] = &[
    ("/rooms", "Rooms", "labs, carts, libraries and offices, with their seats", Role::Viewer),
    ("/calendar", "Calendar", "when machines are expected: hours, bells, closed days", Role::Viewer),
    ("/rules", "Rules", "what is looked for on every machine, and when a person is told", Role::Viewer),
    ("/channels", "Channels and routes", "who hears of which alert, and when", Role::Viewer),
    ("/maintenance", "Maintenance", "times in which nobody is told", Role::Viewer),
    ("/verdict", "What may leave", "what makes a device GO, CHECK or STOP", Role::Viewer),
    ("/library", "Library system", "where loans are mirrored to", Role::Viewer),
    ("/transfers", "Transfers", "files that must come, the roster’s among them", Role::Viewer),
    ("/import", "Import", "a list of assets from a CSV file", Role::Technician),
    ("/labels", "Labels", "tags to print, on sheets and on tape", Role::Viewer),
    ("/backups", "Backups", "what lies there, one more, one to take away, and the way back", Role::Admin),
    ("/add", "Add devices", "tokens that let machines in", Role::Admin),
    ("/accounts", "Accounts", "who may sign in, with which role", Role::Admin),
    ("/keys", "API keys", "what programs come in with, and what each is limited to", Role::Admin),
    ("/certificate", "Web certificate", "so that no browser warns of this desk", Role::Admin),
];

#[derive(Template)]
#[template(path = "settings/page.html")]
struct Settings {
    frame: Frame,
    look: Look,
    role: Role,
    version: &'static str,
    store: StoreState,
    last_backup: Option<Timestamp>,
    keep_days: i64,
    backups: Option<String>,
}

/// `GET /settings`
pub(in crate::desk) async fn show(State(desk): State<Desk>, visitor: Visitor) -> Answer {
    let settings = desk.apart(move |desk| {
        let (look, settings) = (desk.look(), &desk.collector.settings);
        Ok(Settings {
            frame: Frame::of(desk, &visitor, &look, Tab::Settings),
            look,
            role: visitor.who.role,
            version: env!("CARGO_PKG_VERSION"),
            store: desk.collector.keeper.store().state(),
            last_backup: backups::last(&settings.data),
            keep_days: settings.upkeep.keep.as_hours() / 24,
            backups: settings.upkeep.backups.as_ref().map(|backups| backups.dir.display().to_string()),
        })
    });
    page(&settings.await?)
}

/// How it stands with the last backup.
pub(super) fn state_of(last: Option<Timestamp>, now: Timestamp) -> Chip {
    match last {
        None => Chip::check("never made"),
        Some(at) if now.duration_since(at) > backups::OLD => Chip::check("old"),
        Some(_) => Chip::go("made"),
    }
}

impl Settings {
    fn pages(&self) -> impl Iterator<Item = &'static (&'static str, &'static str, &'static str, Role)> {
        let role = self.role;
        PAGES.iter().filter(move |(_, _, _, least)| role >= *least)
    }

    fn site(&self) -> String {
        let about = self.look.site.about();
        about.map(|about| format!("{} ({}), time zone {}", about.name, about.id, about.time_zone)).unwrap_or_default()
    }

    fn size(&self, bytes: &u64) -> String {
        disk_size(*bytes)
    }

    /// The store's own word, as a state.
    fn chip(&self, word: &str) -> Chip {
        match word {
            "ok" => Chip::go("ok"),
            "off" => Chip::rest("off"),
            word if word.starts_with("ok") => Chip::go(word),
            word => Chip::stop(word),
        }
    }

    fn backup(&self) -> Chip {
        state_of(self.last_backup, self.look.now)
    }
}
