//! Each section as plain text.

use super::page::{Page, counted, gb, gib, unit};
use jiff::Timestamp;
use rollcall_proto::Section;
use rollcall_proto::v1::Storage;

/// Writes the content of `section`.
pub(super) fn write(page: &mut Page, section: &Section) {
    match section {
        Section::System(s) => page.facts(&[
            ("maker", &s.manufacturer),
            ("model", &s.model),
            ("serial", &s.serial),
            ("uuid", &s.uuid),
            ("chassis", &s.chassis),
            ("firmware", &[&s.firmware_vendor, &s.firmware_version, &s.firmware_date].map(String::as_str).join(" ")),
            ("board", &s.board),
            ("board serial", &s.board_serial),
            ("asset tag", &s.asset_tag),
            ("host name", &s.host_name),
            ("starts with", &s.firmware_mode),
            ("secure boot", &s.secure_boot),
            ("TPM", &s.tpm),
        ]),
        Section::OperatingSystem(s) => {
            page.facts(&[
                ("name", if s.pretty.is_empty() { &s.name } else { &s.pretty }),
                ("kernel", &s.kernel),
                ("architecture", &s.architecture),
                ("installed", &day(s.installed_s)),
            ]);
        }
        Section::Processors(s) => page.table(&s.processors, |p| {
            vec![p.model.clone(), p.vendor.clone(), counted(p.cores, "core"), counted(p.threads, "thread"), unit(p.mhz.into(), "MHz")]
        }),
        Section::Memory(s) => {
            page.facts(&[("total", &gib(s.total_bytes))]);
            page.table(&s.modules, |m| {
                let size = if m.bytes == 0 { "empty".to_owned() } else { gib(m.bytes) };
                vec![
                    m.slot.clone(),
                    size,
                    m.kind.clone(),
                    unit(m.mts.into(), "MT/s"),
                    m.manufacturer.clone(),
                    m.part.clone(),
                    m.serial.clone(),
                ]
            });
        }
        Section::Storage(s) => storage(page, s),
        Section::Network(s) => {
            page.facts(&[("domain", &s.domain)]);
            page.table(&s.interfaces, |i| {
                vec![
                    i.name.clone(),
                    i.mac.clone(),
                    i.kind.clone(),
                    i.driver.clone(),
                    if i.is_virtual { "virtual".into() } else { String::new() },
                ]
            });
        }
        Section::Batteries(s) => {
            page.none(s.batteries.is_empty(), "no battery");
            page.table(&s.batteries, |b| {
                let percent =
                    b.full_mwh.saturating_mul(100).checked_div(b.design_mwh).map_or(String::new(), |percent| format!("{percent} %, "));
                let health = format!("holds {percent}{} of {} mWh", b.full_mwh, b.design_mwh);
                vec![
                    b.name.clone(),
                    b.manufacturer.clone(),
                    b.model.clone(),
                    b.serial.clone(),
                    b.chemistry.clone(),
                    health,
                    counted(b.cycles, "cycle"),
                ]
            });
        }
        Section::Displays(s) => {
            page.none(s.displays.is_empty(), "no display");
            page.table(&s.displays, |d| {
                let size = if d.width_mm == 0 { String::new() } else { format!("{} × {} mm", d.width_mm, d.height_mm) };
                vec![d.connector.clone(), d.manufacturer.clone(), d.model.clone(), d.serial.clone(), unit(d.year.into(), ""), size]
            });
        }
        Section::Cameras(s) => {
            page.none(s.cameras.is_empty(), "no camera");
            page.table(&s.cameras, |c| vec![c.name.clone(), c.bus.clone(), c.driver.clone()]);
        }
        Section::DiskHealth(s) => {
            page.none(s.disks.is_empty(), "no disk that says how it is");
            page.table(&s.disks, |d| {
                let worn = if d.worn_percent == 0 { String::new() } else { format!("{} % worn", d.worn_percent) };
                let count = |number: u64, what: &str| if number == 0 { String::new() } else { format!("{number} {what}") };
                let counts = [count(d.reallocated, "reallocated"), count(d.pending, "pending"), count(d.uncorrectable, "lost")];
                [vec![d.name.clone(), d.serial.clone(), d.verdict.clone(), worn], counts.to_vec(), vec![unit(d.hours, "h")]].concat()
            });
        }
        Section::FailedServices(s) => {
            page.none(s.failed.is_empty(), "none failed");
            page.table(&s.failed, |f| vec![f.unit.clone(), f.what.clone()]);
        }
        Section::Graphics(s) => {
            page.none(s.cards.is_empty(), "no graphics card");
            page.table(&s.cards, |c| {
                let memory = if c.memory_bytes == 0 { String::new() } else { gib(c.memory_bytes) };
                vec![c.slot.clone(), c.id.clone(), c.maker.clone(), c.model.clone(), c.driver.clone(), memory]
            });
        }
        Section::Links(s) => {
            page.facts(&[("gateway", &s.gateway), ("name servers", &s.name_servers.join(" "))]);
            page.table(&s.links, |l| {
                vec![l.name.clone(), l.state.clone(), unit(l.mbit.into(), "Mbit/s"), l.duplex.clone(), l.addresses.join(" ")]
            });
        }
        Section::PciDevices(s) => {
            page.none(s.devices.is_empty(), "nothing");
            page.table(&s.devices, |d| [&d.slot, &d.id, &d.class, &d.maker, &d.model, &d.driver].map(String::clone).to_vec());
        }
        Section::Printers(s) => {
            page.none(s.printers.is_empty(), "no printer is set up");
            page.table(&s.printers, |p| {
                let default = if p.is_default { "default" } else { "" };
                vec![p.name.clone(), p.model.clone(), p.address.clone(), p.place.clone(), default.to_owned()]
            });
        }
        Section::Restarts(s) => {
            page.none(s.restarts.is_empty(), "none is recorded");
            page.table(&s.restarts, |r| {
                let at = Timestamp::from_second(r.at_s).map(|at| at.strftime("%Y-%m-%d %H:%M UTC").to_string()).unwrap_or_default();
                let before = match r.before.as_str() {
                    "clean" => "after a shutdown",
                    "crash" => "without a shutdown before",
                    _ => "",
                };
                vec![at, r.kernel.clone(), before.to_owned()]
            });
        }
        Section::Settings(s) => {
            page.facts(&[
                ("firewall", known(&s.firewall)),
                ("encryption", known(&s.disk_encryption)),
                ("auto updates", known(&s.automatic_updates)),
                ("locks screen", known(&s.screen_lock)),
            ]);
            page.none(s.antivirus.is_empty(), "no antivirus");
            page.table(&s.antivirus, |a| vec![a.name.clone(), known(&a.state).to_owned(), renewed(a.definitions_s)]);
        }
        Section::SoundCards(s) => {
            page.none(s.cards.is_empty(), "no sound device");
            page.table(&s.cards, |c| {
                let can = |can: bool, what: &str| if can { what.to_owned() } else { String::new() };
                vec![c.name.clone(), c.driver.clone(), can(c.playback, "plays"), can(c.capture, "hears")]
            });
        }
        Section::Updates(s) => {
            let restart = if s.restart_needed { format!("needed for {}", s.restart_for.join(", ")) } else { "not needed".to_owned() };
            let updates = if s.counted {
                format!("{} wait, {} of them for security", s.pending, s.security)
            } else {
                "not counted by this system".to_owned()
            };
            page.facts(&[("restart", &restart), ("updates", &updates)]);
        }
        Section::UsbDevices(s) => {
            page.none(s.devices.is_empty(), "nothing is plugged in");
            page.table(&s.devices, |d| [&d.port, &d.id, &d.kind, &d.maker, &d.model, &d.serial].map(String::clone).to_vec());
        }
        Section::Software(_) | Section::SoftwareDates(_) => {}
    }
}

fn storage(page: &mut Page, storage: &Storage) {
    page.none(storage.disks.is_empty(), "no disk");
    page.table(&storage.disks, |d| {
        let removable = if d.removable { "removable" } else { "" };
        let words = [&d.name, &d.model, &d.serial, &d.firmware].map(String::clone);
        [words.to_vec(), vec![gb(d.bytes), d.bus.clone(), d.medium.clone(), removable.to_owned()]].concat()
    });
    page.table(&storage.file_systems, |f| vec![f.mount.clone(), f.device.clone(), f.kind.clone(), gb(f.bytes)]);
}

/// What is set, or that it is not known.
fn known(word: &str) -> &str {
    if word.is_empty() { "not known" } else { word }
}

fn renewed(at_s: i64) -> String {
    if at_s == 0 { String::new() } else { format!("renewed {}", day(at_s)) }
}

/// The day of a time in seconds since 1970; nothing for zero.
fn day(at_s: i64) -> String {
    let day = Timestamp::from_second(at_s).ok().filter(|_| at_s > 0);
    day.map_or(String::new(), |at| at.strftime("%Y-%m-%d").to_string())
}
