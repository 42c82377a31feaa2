//! Where an agent's readings come from: a machine, or literal sections of a simulated one.

use crate::diagnose::{self, Around, Finding, Step};
use crate::host::{Host, Notices};
use crate::resolve::{self, Answer};
use crate::survey::{Content, Reading, survey};
use crate::watch::{self, Watch};
use crate::{fingerprint, probe};
use rollcall_proto::v1::{Fingerprint, Health, HealthDetail};
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::Notify;
use tokio::time::Instant;

/// What an agent says of its machine besides the sections.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Facts {
    /// Hardware facts weighed together.
    pub fingerprint: Fingerprint,
    /// The host name.
    pub host_name: String,
    /// The kernel's boot id.
    pub boot: String,
    /// The asset tag in the firmware; empty: none.
    pub asset_tag: String,
}

/// Where readings come from. Cheap to clone.
#[derive(Clone)]
pub enum Source {
    /// A machine, live or recorded.
    Host(Host),
    /// A machine that exists only as its sections.
    Simulated(Simulated),
}

impl Source {
    /// Reads the facts.
    pub async fn facts(&self) -> Facts {
        match self {
            Self::Host(host) => blocking(host, |host| Facts {
                fingerprint: fingerprint::read(&host),
                host_name: probe::host_name(&host).unwrap_or_default(),
                boot: host.boot(),
                asset_tag: probe::asset_tag(&host),
            })
            .await
            .unwrap_or_default(),
            Self::Simulated(machine) => machine.with(|machine| machine.facts.clone()),
        }
    }

    /// Reads the sections called `names`, all of them when there are none.
    pub async fn survey(&self, names: &[&'static str]) -> Vec<Reading> {
        match self {
            Self::Host(host) => {
                let names = names.to_vec();
                blocking(host, move |host| survey(&host, &names)).await.unwrap_or_default()
            }
            Self::Simulated(machine) => machine.with(|machine| {
                let asked = machine.sections.values().filter(|reading| names.is_empty() || names.contains(&reading.name));
                asked.cloned().collect()
            }),
        }
    }

    /// Reads the health; `at_ms` is now, milliseconds since 1970 UTC.
    pub async fn health(&self, at_ms: i64) -> Option<(Health, HealthDetail)> {
        match self {
            Self::Host(host) => {
                let at_work = host.begin("health")?;
                let read = move |host: Host| {
                    let health = probe::health::read(&host, at_ms);
                    drop(at_work);
                    health
                };
                blocking(host, read).await
            }
            Self::Simulated(machine) => Some(machine.with(|machine| (Health { at_ms, ..machine.health }, machine.detail.clone()))),
        }
    }

    /// Whether the machine with this `mac` answers on this one's link under `address`.
    ///
    /// # Errors
    /// In words: the address is not of this link, or it could not be asked for.
    pub async fn resolve(&self, address: Ipv4Addr, mac: &str) -> Result<Answer, String> {
        match self {
            Self::Host(host) => {
                let (answer, answered) = tokio::sync::oneshot::channel();
                let (host, mac) = (host.clone(), mac.to_owned());
                // A thread of its own: an agent that stops waits for no answer.
                let ask = move || drop(answer.send(resolve::resolve(&host, address, &mac)));
                let thread = std::thread::Builder::new().name("resolve".to_owned()).spawn(ask);
                thread.map_err(|error| format!("no thread for the resolution: {error}"))?;
                answered.await.unwrap_or_else(|_| Err("the resolution broke off; please report this".to_owned()))
            }
            Self::Simulated(machine) => Ok(Answer::of(machine.with(|machine| machine.neighbours.get(&address).cloned()), mac)),
        }
    }

    /// Makes the look of a step.
    pub async fn look(&self, step: &'static Step, around: Around) -> Finding {
        match self {
            Self::Host(host) => {
                let (found, finding) = tokio::sync::oneshot::channel();
                let host = host.clone();
                // A thread of its own: a step that hangs keeps nobody else waiting.
                let look = move || drop(found.send(diagnose::look(&host, step, &around)));
                match std::thread::Builder::new().name("diagnose".to_owned()).spawn(look) {
                    Ok(_) => finding.await.unwrap_or_else(|_| Finding::unreadable("the step broke off; please report this")),
                    Err(error) => Finding::unreadable(format!("no thread for this step: {error}")),
                }
            }
            Self::Simulated(machine) => {
                let told = machine.with(|machine| machine.findings.get(step.name.as_str_name()).cloned());
                told.unwrap_or_else(|| Finding::absent("a simulated machine has none"))
            }
        }
    }

    /// Begins to watch the package database.
    pub async fn watch_packages(&self) -> PackageWatch {
        match self {
            Self::Host(host) => {
                let begin = blocking(host, |host| (Notices::of(&host, watch::FOLDERS), Box::new(Watch::new(watch::glance(&host))))).await;
                let (notices, watch) = begin.unzip();
                PackageWatch::Host { host: host.clone(), watch, notices, began: Instant::now() }
            }
            Self::Simulated(machine) => PackageWatch::Simulated(machine.clone()),
        }
    }
}

/// Waits for changes of the package database.
pub enum PackageWatch {
    /// Looks at the files.
    Host {
        /// The machine.
        host: Host,
        /// What was seen; `None` only when the first look failed.
        watch: Option<Box<Watch>>,
        /// Tells when something happens in the database.
        notices: Option<Notices>,
        /// From where time is measured.
        began: Instant,
    },
    /// Is told.
    Simulated(Simulated),
}

impl PackageWatch {
    /// Comes back when the package database has changed and nobody works on it any more. May be dropped and called again.
    pub async fn changed(&mut self) {
        match self {
            Self::Host { host, watch, notices, began } => loop {
                match notices {
                    Some(notices) if watch.as_ref().is_some_and(|watch| watch.is_still()) => notices.wait().await,
                    _ => tokio::time::sleep(watch::INTERVAL).await,
                }
                let Some(glance) = blocking(host, |host| watch::glance(&host)).await else { continue };
                if watch.get_or_insert_with(|| Box::new(Watch::new(glance))).step(glance, began.elapsed()) {
                    return;
                }
            },
            Self::Simulated(machine) => machine.0.changed.notified().await,
        }
    }
}

async fn blocking<T: Send + 'static>(host: &Host, read: impl FnOnce(Host) -> T + Send + 'static) -> Option<T> {
    let host = host.clone();
    tokio::task::spawn_blocking(move || read(host)).await.ok()
}

/// A machine that exists only as its sections. Cheap to clone; every clone is the same machine.
#[derive(Clone)]
pub struct Simulated(Arc<Simulation>);

struct Simulation {
    machine: Mutex<Machine>,
    changed: Notify,
}

/// What a simulated machine says.
#[derive(Clone, Debug, Default)]
pub struct Machine {
    /// Who it is.
    pub facts: Facts,
    /// How it does.
    pub health: Health,
    /// The parts behind that.
    pub detail: HealthDetail,
    /// Who answers on its link: MACs by address.
    pub neighbours: BTreeMap<Ipv4Addr, String>,
    /// What the steps of a diagnosis find, by their names on the wire.
    pub findings: BTreeMap<&'static str, Finding>,
    sections: BTreeMap<&'static str, Reading>,
}

impl Machine {
    /// Puts `content` in place of the section called `name`. Share one content among machines that are alike.
    pub fn put(&mut self, name: &'static str, content: Content) {
        self.sections.insert(name, Reading { name, content: Ok(content), problems: Vec::new() });
    }

    /// Says why the section called `name` is not measured.
    pub fn not_measured(&mut self, name: &'static str, why: &str) {
        self.sections.insert(name, Reading { name, content: Err(why.to_owned()), problems: Vec::new() });
    }
}

impl Simulated {
    /// A simulated machine.
    pub fn new(machine: Machine) -> Self {
        Self(Arc::new(Simulation { machine: Mutex::new(machine), changed: Notify::new() }))
    }

    /// Changes the machine; its agent notices a change of the software sections at once, as after a dpkg run.
    pub fn change(&self, change: impl FnOnce(&mut Machine)) {
        self.with(change);
        self.0.changed.notify_one();
    }

    fn with<T>(&self, read: impl FnOnce(&mut Machine) -> T) -> T {
        read(&mut self.0.machine.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rollcall_proto::Section;
    use rollcall_proto::v1::{Package, Software};

    #[tokio::test]
    async fn a_simulated_machine_changes_under_its_agent() {
        let machine = Simulated::new(Machine::default());
        let source = Source::Simulated(machine.clone());
        let mut watch = source.watch_packages().await;
        assert!(source.survey(&[]).await.is_empty());
        let software = Section::Software(Software { packages: vec![Package { name: "gimp".into(), ..Package::default() }] });
        machine.change(|machine| machine.put("software", Content::of(&software)));
        watch.changed().await;
        assert_eq!(source.survey(&["software"]).await.len(), 1);
        assert!(source.survey(&["os"]).await.is_empty());
    }

    #[tokio::test]
    async fn a_change_of_the_database_is_noticed_within_two_seconds() {
        let dir = tempfile::tempdir().unwrap();
        let dpkg = dir.path().join("var/lib/dpkg");
        std::fs::create_dir_all(&dpkg).unwrap();
        std::fs::write(dpkg.join("status"), "Package: a\n").unwrap();
        let source = Source::Host(Host::recorded(dir.path()).unwrap());
        let mut watch = source.watch_packages().await;
        std::fs::write(dpkg.join("status-new"), "Package: b\n").unwrap();
        std::fs::rename(dpkg.join("status-new"), dpkg.join("status")).unwrap();
        let began = Instant::now();
        watch.changed().await;
        assert!(began.elapsed().as_millis() < 1800);
    }
}
