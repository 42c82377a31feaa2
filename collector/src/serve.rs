//! Starts a site's collector, says when it is ready, and stops it cleanly.

mod listeners;

use crate::Collector;
use crate::agents::authority::Authority;
use crate::agents::door::{Door, Places};
use crate::agents::listen::{self, Caps};
use crate::agents::roll::Roll;
use crate::agents::{attend, enroll, follow, watch as silence};
use crate::clock::Clock;
use crate::desk;
use crate::diagnoses;
use crate::feeds;
use crate::keeper::Keeper;
use crate::metrics;
use crate::notify;
use crate::reminders;
use crate::secrets::{self, RECOVERY, Secrets};
use crate::settings::Settings;
use crate::store::folder::Folder;
use crate::sweeps;
use crate::tickets::Tickets;
use crate::tls;
use crate::upkeep;
use age::secrecy::{ExposeSecret, SecretString};
use anyhow::{Context, bail};
use jiff::{SignedDuration, tz::TimeZone};
use listeners::Listeners;
use rollcall_site::event::Actor;
use rollcall_site::off_site::Side;
use rollcall_site::{About, Refusal, SiteId, Working};
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The name of the only site.
const SITE: &str = "main";
/// How long the collector waits for conversations to end when it stops.
const FAREWELL: Duration = Duration::from_secs(10);

/// How often it is looked whether the key of the TLS tickets is to be changed.
const TICKETS: Duration = Duration::from_secs(600);

/// What may be set beside [`Settings`]; the defaults are meant for a school.
#[derive(Clone, Debug)]
pub struct Options {
    /// The site's name for people, used at the first start only.
    pub site_name: String,
    /// What the attendance door bears.
    pub attendance: Caps,
    /// What the enrolment door bears.
    pub enrolment: Caps,
    /// How long devices have to come back after a start before they are silent.
    pub restart_grace: SignedDuration,
    /// How long after its certificate lapsed a device may renew it by its key alone.
    pub renew_within: SignedDuration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            site_name: "My school".to_owned(),
            attendance: Caps::attendance(),
            enrolment: Caps::enrolment(),
            restart_grace: SignedDuration::from_secs(60), // agents come back within 20 s; a laptop takes its time
            renew_within: SignedDuration::from_hours(24 * 400), // a year in a cupboard, and a summer
        }
    }
}

/// A collector that runs.
pub struct Running {
    /// The collector.
    pub collector: Collector,
    /// Where the attendance door listens.
    pub agents: SocketAddr,
    /// Where the enrolment door listens.
    pub enroll: SocketAddr,
    /// Where the desk listens.
    pub desk: SocketAddr,
    /// Where metrics and the health check are read.
    pub metrics: SocketAddr,
    /// The one-time link that makes the first account, while there is none.
    pub first_link: Option<String>,
    /// The secret half of the recovery key, at the very first start: to be shown once.
    pub recovery: Option<SecretString>,
    stop: CancellationToken,
    tasks: TaskTracker,
    failed: watch::Sender<Option<String>>,
}

/// Runs a collector until `stop`, and says on standard error what a person must know.
///
/// # Errors
/// It could not start, or it had to stop: the disk failed.
pub async fn serve(settings: Settings, options: Options, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
    let mut running = start(settings, Clock::system(), options).await?;
    if let Some(recovery) = running.recovery.take() {
        eprintln!("{}", recovery_words(&recovery));
    }
    if let Some(link) = running.first_link.take() {
        eprintln!(
            "rollcall: nobody can sign in at the desk yet. Make the first account with this link, good once and for 24 hours:\n\n    {link}\n"
        );
    }
    eprintln!("{}", running.ready_words());
    let failure = tokio::select! {
        () = stop => None,
        failure = running.failed() => Some(failure),
    };
    running.stop().await;
    match failure {
        None => Ok(()),
        Some(failure) => bail!("the collector had to stop: {failure}; what was acknowledged is safe, start it again when this is mended"),
    }
}

/// Starts a collector: opens its data, founds the site at the first start, and opens the doors.
///
/// # Errors
/// The data can't be opened, or an address is taken.
pub async fn start(settings: Settings, clock: Clock, options: Options) -> anyhow::Result<Running> {
    if !settings.metrics.ip().is_loopback() {
        bail!("metrics {}: it must be an address of this machine alone, such as 127.0.0.1:9443", settings.metrics);
    }
    let site = SiteId::parse(SITE)?;
    let collector = tokio::task::spawn_blocking(move || open(settings, clock)).await??;
    let keeper = &collector.keeper;
    upkeep::begin(&collector, &collector.settings.upkeep)?;
    if keeper.view().about().is_none() {
        let (site, name) = (site.clone(), options.site_name.clone());
        keeper.change(Actor::Rollcall, move |w| found(w, site, name)).await.context("the site could not be founded")?;
    }
    sweeps::finish_cut(&collector).await.context("a sweep that was cut short could not be finished")?;
    diagnoses::finish_cut(&collector).await.context("a diagnosis that was cut short could not be finished")?;
    let listeners = Listeners::bind(&collector.settings).await?;
    let mut running = Running::over(collector, &listeners)?;
    let authority = Arc::new(Authority::open(&running.collector.secrets, &site, running.collector.keeper.clock().now())?);
    running.open_agents(site, authority, [Some(listeners.agents), listeners.outside], listeners.enroll, options)?;
    running.open_desk(listeners.desk, listeners.socket)?;
    running.tasks.spawn(notify::run(running.collector.clone(), running.stop.clone()));
    running.tasks.spawn(feeds::sip2::run(running.collector.clone(), running.stop.clone()));
    running.tasks.spawn(reminders::run(running.collector.clone(), running.stop.clone()));
    running.tasks.spawn(feeds::eyes::run(running.collector.clone(), running.stop.clone()));
    running.tasks.spawn(metrics::serve(listeners.metrics, running.collector.clone(), running.stop.clone()));
    // Last, so that a start that fails does not use up the one time they are shown.
    running.first_link = desk::first_link(&running.collector, running.desk);
    running.recovery = recovery_key(&running.collector.secrets)?;
    // A backup is encrypted to that key.
    let plan = running.collector.settings.upkeep.clone();
    running.tasks.spawn(upkeep::run(running.collector.clone(), plan, running.stop.clone()));
    Ok(running)
}

impl Running {
    /// Waits until the collector can't go on, and says why.
    pub async fn failed(&self) -> String {
        let (mut doors, mut keeper) = (self.failed.subscribe(), self.collector.keeper.failure());
        tokio::select! {
            Ok(failure) = doors.wait_for(Option::is_some) => failure.clone().unwrap_or_default(),
            Ok(failure) = keeper.wait_for(Option::is_some) => failure.as_ref().map(|error| chain(&**error)).unwrap_or_default(),
            else => "its tasks ended".to_owned(),
        }
    }

    /// Tells every stream, closes the doors, writes a snapshot, and ends.
    pub async fn stop(self) {
        self.stop.cancel();
        self.tasks.close();
        if tokio::time::timeout(FAREWELL, self.tasks.wait()).await.is_err() {
            tracing::warn!("some conversations did not end in time");
        }
        let keeper = Arc::clone(&self.collector.keeper);
        if tokio::task::spawn_blocking(move || keeper.stop()).await.is_err() {
            tracing::error!("the keeper broke off while it stopped");
        }
    }

    /// Cancelled when the collector stops: what else runs beside the doors stops with it.
    pub fn stopping(&self) -> CancellationToken {
        self.stop.clone()
    }

    fn over(collector: Collector, listeners: &Listeners) -> anyhow::Result<Self> {
        Ok(Self {
            collector,
            agents: listeners.agents.local_addr()?,
            enroll: listeners.enroll.local_addr()?,
            desk: listeners.desk.local_addr()?,
            metrics: listeners.metrics.local_addr()?,
            first_link: None,
            recovery: None,
            stop: CancellationToken::new(),
            tasks: TaskTracker::new(),
            failed: watch::channel(None).0,
        })
    }

    fn open_agents(
        &self,
        site: SiteId,
        authority: Arc<Authority>,
        agents: [Option<TcpListener>; 2],
        enroll: TcpListener,
        options: Options,
    ) -> anyhow::Result<()> {
        let places = Places { attendance: self.agents, enrolment: self.enroll };
        let (stop, tasks) = (self.stop.clone(), self.tasks.clone());
        let door = Door::new(self.collector.clone(), site, authority, places, options.renew_within, stop, tasks);
        silence::expect_back(&door, options.restart_grace);
        self.tasks.spawn(follow::run(Arc::clone(&door), self.collector.keeper.events()));
        self.tasks.spawn(silence::run(Arc::clone(&door), options.restart_grace));
        let (authority, clock) = (&door.authority, self.collector.keeper.clock());
        let attendance = authority.server(authority.attend_name(), clock)?;
        let tickets = Tickets::open(&self.collector.secrets, clock.now())?;
        self.tasks.spawn(turn_keys(Arc::clone(&tickets), self.collector.clone(), self.stop.clone()));
        let attendance = tls::mutual_door(attendance, authority.ca().clone(), &["h2"], tickets, clock)?;
        let enrolment = tls::open_door(authority.server(authority.enroll_name(), clock)?, &["h2"], clock)?;
        for (listener, side) in agents.into_iter().zip([Side::Inside, Side::Outside]) {
            let Some(listener) = listener else { continue };
            let caps = Caps { side, ..options.attendance.clone() };
            let attending = listen::serve(listener, Arc::clone(&attendance), caps, attend::routes(Arc::clone(&door)), self.stop.clone());
            self.keep(if side == Side::Inside { "the attendance door" } else { "the outside door" }, attending);
        }
        let enrolling = listen::serve(enroll, enrolment, options.enrolment, enroll::routes(door)?, self.stop.clone());
        self.keep("the enrolment door", enrolling);
        Ok(())
    }

    fn open_desk(&self, desk: TcpListener, socket: UnixListener) -> anyhow::Result<()> {
        // Asked for once here, so that a certificate that can't be used ends the start and not the running collector.
        desk::tls::config(&self.collector)?;
        self.keep("the desk", desk::serve(desk, self.collector.clone(), self.stop.clone()));
        let (path, stop) = (self.collector.settings.socket(), self.stop.clone());
        let router = desk::api::on_socket(self.collector.clone());
        self.keep("the command line's socket", async move { desk::socket::listen(&path, socket, router, stop).await });
        Ok(())
    }

    /// Says where it listens: what scripts wait for.
    fn ready_words(&self) -> String {
        let Self { agents, enroll, desk, metrics, .. } = self;
        format!("rollcall: ready: agents {agents}, enrolment {enroll}, desk https://{desk}, metrics http://{metrics}/metrics")
    }

    /// Runs a door; when it fails, the collector stops.
    fn keep<E: std::error::Error + Send>(&self, what: &'static str, door: impl Future<Output = Result<(), E>> + Send + 'static) {
        let failed = self.failed.clone();
        self.tasks.spawn(async move {
            if let Err(error) = door.await {
                failed.send_replace(Some(format!("{what} failed: {}", chain(&error))));
            }
        });
    }
}

/// Turns the keys of the TLS tickets, until `stop`.
async fn turn_keys(tickets: Arc<Tickets>, collector: Collector, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(TICKETS) => {}
        }
        let (tickets, secrets, now) = (Arc::clone(&tickets), Arc::clone(&collector.secrets), collector.keeper.clock().now());
        let turned = tokio::task::spawn_blocking(move || tickets.rotate(&secrets, now)).await;
        if let Ok(Err(error)) = turned {
            tracing::error!(error = chain(&error), "the key of TLS tickets could not be changed; the old one goes on");
        }
    }
}

fn open(settings: Settings, clock: Clock) -> anyhow::Result<Collector> {
    let dir = settings.data.clone();
    let folder = Arc::new(Folder::open(&dir).with_context(|| format!("the data folder {} can't be opened", dir.display()))?);
    close_to_others(&dir)?;
    let secrets = Arc::new(Secrets::open(&dir)?);
    let keeper =
        Keeper::open(Arc::clone(&folder) as Arc<_>, clock).with_context(|| format!("the data in {} can't be read", dir.display()))?;
    let devices = keeper.view().devices.len();
    if devices > 0 && !Authority::is_kept(&secrets) {
        let (dir, sealed, seal) = (dir.display(), secrets::SEALED, secrets::SEAL);
        bail!("{dir}: the agents' CA is missing, and {devices} devices are enrolled with it; bring {sealed} and {seal} back from a backup");
    }
    Ok(Collector { keeper, folder, roll: Arc::new(Roll::default()), imports: Arc::default(), secrets, settings: Arc::new(settings) })
}

fn close_to_others(dir: &Path) -> anyhow::Result<()> {
    fs::set_permissions(dir, fs::Permissions::from_mode(0o700)).with_context(|| format!("{} can't be closed to other users", dir.display()))
}

/// The first change of a site: its own facts.
fn found(w: &mut Working, id: SiteId, name: String) -> Result<(), Refusal> {
    let time_zone = TimeZone::system().iana_name().unwrap_or("UTC").to_owned();
    w.event("site.started", format!("{name} begins its inventory, in the time zone {time_zone}"));
    w.put(About { id, name, time_zone, epoch: 1, rules: rollcall_site::rule::Settings::new(), rest: rollcall_site::record::Rest::new() });
    Ok(())
}

/// Makes the recovery key at the very first start; the collector keeps only its public half.
fn recovery_key(secrets: &Secrets) -> anyhow::Result<Option<SecretString>> {
    if secrets.get(RECOVERY).is_some() {
        return Ok(None);
    }
    let identity = age::x25519::Identity::generate();
    secrets.set(RECOVERY, identity.to_public().to_string().as_bytes())?;
    Ok(Some(identity.to_string()))
}

fn recovery_words(recovery: &SecretString) -> String {
    format!(
        "rollcall: the recovery key, shown this once. Backups are encrypted to it: without it no backup can be read.\n\
         rollcall: write it down and keep it away from this machine:\n\n    {}\n\n\
         rollcall: a log may have kept this message. Once it is written down: journalctl --rotate --vacuum-time=1s\n",
        recovery.expose_secret()
    )
}

/// An error with its causes, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(dir: &Path) -> Settings {
        let free = SocketAddr::from(([127, 0, 0, 1], 0));
        Settings { data: dir.join("data"), agents: free, enroll: free, desk: free, metrics: free, ..Settings::default() }
    }

    async fn begin(settings: Settings) -> anyhow::Result<Running> {
        start(settings, Clock::system(), Options::default()).await
    }

    #[tokio::test]
    async fn the_site_is_founded_once_and_the_recovery_key_shown_once() {
        let dir = tempfile::tempdir().unwrap();
        let first = begin(settings(dir.path())).await.unwrap();
        let about = first.collector.keeper.view().about().cloned().unwrap();
        assert_eq!((about.id.as_str(), about.name.as_str(), about.epoch), ("main", "My school", 1));
        let shown = recovery_words(first.recovery.as_ref().unwrap());
        assert!(shown.contains("AGE-SECRET-KEY-1") && shown.contains("shown this once"));
        assert_eq!(fs::metadata(dir.path().join("data")).unwrap().permissions().mode() & 0o777, 0o700);
        let seq = first.collector.keeper.view().seq;
        first.stop().await;

        let second = begin(settings(dir.path())).await.unwrap();
        assert!(second.recovery.is_none() && second.collector.secrets.get(RECOVERY).is_some());
        assert_eq!(second.collector.keeper.view().seq, seq, "a start changes nothing");
        second.stop().await;
    }

    #[tokio::test]
    async fn a_start_that_fails_says_why_and_shows_no_key() {
        let dir = tempfile::tempdir().unwrap();
        let taken = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let busy = Settings { agents: taken.local_addr().unwrap(), ..settings(dir.path()) };
        let error = format!("{:#}", begin(busy).await.err().unwrap());
        assert!(error.contains("can't listen on 127.0.0.1:") && error.contains("--agents"), "{error}");
        let open = Settings { metrics: SocketAddr::from(([0, 0, 0, 0], 9443)), ..settings(dir.path()) };
        assert!(format!("{:#}", begin(open).await.err().unwrap()).contains("of this machine alone"));
        let running = begin(settings(dir.path())).await.unwrap();
        assert!(running.recovery.is_some(), "it is shown at the first start that succeeds");
        let error = format!("{:#}", begin(settings(dir.path())).await.err().unwrap());
        assert!(error.contains("can't be opened"), "{error}");
        running.stop().await;
    }
}
