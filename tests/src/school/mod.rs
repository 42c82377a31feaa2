//! A simulated school: any number of PCs in one process, each a real agent over real TLS; what happens to them, and who judges it.

pub mod account;
pub mod files;
pub mod fleet;
pub mod judge;
pub mod plan;
pub mod record;
pub mod scenario;

use anyhow::ensure;
use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use fleet::Seated;
use judge::Judge;
use plan::{Lists, members};
use record::Record;
use scenario::Scenario;
use std::path::PathBuf;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, sleep};

/// The title that goes and comes when none is named.
pub const TITLE: &str = "gimp";
/// How long what happens lasts in a run that goes on until somebody stops it.
const A_WHILE: Duration = Duration::from_secs(10);

/// What a school is made of, and what happens to it.
#[derive(Args, Clone, Debug)]
pub struct Options {
    /// The collector's enrolment address, HOST:PORT
    #[arg(long)]
    pub collector: String,
    /// Enrolment tokens: one for all rooms, or one for each, with commas between
    #[arg(long, value_delimiter = ',', required = true)]
    pub token: Vec<String>,
    /// The rooms, with commas between; PCs are dealt to them in turn
    #[arg(long, value_delimiter = ',', default_value = "Lab 118,Lab 204")]
    pub rooms: Vec<String>,
    /// How many PCs
    #[arg(long, default_value_t = 30)]
    pub count: usize,
    /// How many packages each has beside the titles that people know; a full desktop has some 1,800
    #[arg(long, default_value_t = 1_800)]
    pub packages: usize,
    /// What happens
    #[arg(long, value_parser = scenarios(), default_value = "steady")]
    pub scenario: &'static Scenario,
    /// How long, seconds: a third of it before anything happens; 0: until Ctrl-C
    #[arg(long, default_value_t = 0)]
    pub seconds: u64,
    /// The folder of the PCs' identities; a later run with it goes on with the same PCs
    #[arg(long)]
    pub state: PathBuf,
    /// remove-package, storm and others: the title that goes and comes; one that every PC has
    #[arg(long, default_value = TITLE)]
    pub title: String,
    /// remove-package: on how many PCs
    #[arg(long, default_value_t = 1)]
    pub on: usize,
    /// Compare the collector's record with the simulator's own: the collector's data folder, or https://HOST:PORT of its desk
    #[arg(long, value_name = "DIR|URL")]
    pub judge: Option<String>,
    /// The API key to ask that desk with
    #[arg(long, value_name = "KEY", env = "ROLLCALL_KEY", hide_env_values = true)]
    pub key: Option<String>,
}

fn scenarios() -> impl TypedValueParser<Value = &'static Scenario> {
    let values = scenario::SCENARIOS.iter().map(|scenario| PossibleValue::new(scenario.name).help(scenario.what));
    PossibleValuesParser::new(values).map(|name| scenario::named(&name).unwrap_or(&scenario::STEADY))
}

impl Options {
    /// A quiet school of `count` PCs, each with few packages, as tests want it; everything else as without arguments. Each room comes
    /// with the token for it.
    pub fn small(collector: String, rooms: Vec<(&str, String)>, count: usize, state: PathBuf) -> Self {
        let (rooms, token) = rooms.into_iter().map(|(room, token)| (room.to_owned(), token)).unzip();
        Self {
            collector,
            token,
            rooms,
            count,
            packages: 20,
            scenario: &scenario::STEADY,
            seconds: 0,
            state,
            title: TITLE.to_owned(),
            on: 1,
            judge: None,
            key: None,
        }
    }

    /// Checks what can only be seen together.
    fn check(&self) -> anyhow::Result<()> {
        let (tokens, rooms) = (self.token.len(), self.rooms.len());
        ensure!(tokens == 1 || tokens == rooms, "--token: {tokens} tokens for {rooms} rooms: give one, or one for each");
        let known = plan::version_of(&self.title).is_some();
        ensure!(known, "--title: not every PC has {:?}; name one that has, such as gimp, vlc or firefox-esr", self.title);
        Ok(())
    }
}

/// The school while something happens to it.
pub struct Stage<'a> {
    /// What was asked for.
    pub options: &'a Options,
    /// Who takes part: everybody whom the collector does not refuse.
    pub fleet: Vec<Seated>,
    /// The software lists.
    pub lists: Lists,
    /// What the run came to so far.
    pub record: Record,
    judge: Option<Judge>,
}

impl Stage<'_> {
    /// How long what happens is to last.
    pub fn happening(&self) -> Duration {
        if self.options.seconds == 0 { A_WHILE } else { Duration::from_secs(self.options.seconds) / 3 }
    }

    /// Waits until everything that anybody has to tell is acknowledged.
    pub async fn settled(&mut self) -> usize {
        let patience = fleet::patience(&self.fleet);
        fleet::settled(&mut self.fleet, patience).await
    }

    /// Compares where everybody is with what the collector says, while something is going on.
    ///
    /// # Errors
    /// The collector does not answer.
    pub async fn look_around(&mut self) -> anyhow::Result<()> {
        if let Some(judge) = &mut self.judge {
            self.record.judge(judge.whereabouts(&self.fleet).await?);
        }
        Ok(())
    }

    async fn judge_all(&mut self) -> anyhow::Result<()> {
        if let Some(judge) = &mut self.judge {
            self.record.judge(judge.verdict(&mut self.fleet).await?);
        }
        Ok(())
    }

    /// Tells whoever watches.
    pub fn tell(&self, text: &str) {
        eprint(text);
    }
}

/// Runs the school.
///
/// # Errors
/// The collector refuses a new PC, the state can't be kept, or there is nobody to judge.
pub async fn run(options: &Options) -> anyhow::Result<Record> {
    options.check()?;
    // Who asks for something to happen before everybody is there ends nothing by it.
    let _early = signal(SignalKind::user_defined1())?;
    files::make_room(options.count)?;
    let began = Instant::now();
    let judge = match &options.judge {
        Some(place) => Some(Judge::new(place, options.key.as_deref()).await?),
        None => None,
    };
    let mut lists = Lists::new(options.packages);
    let (fleet, new) = fleet::start(options, members(options.count, &options.rooms), &mut lists, options.scenario.by_road).await?;
    let record = Record { scenario: options.scenario.name.to_owned(), pcs: fleet.len(), new, ..Record::default() };
    let mut stage = Stage { options, fleet, lists, record, judge };
    // Whoever stops a run wants no verdict on half of it.
    let whole = tokio::select! {
        done = play(&mut stage, began) => done.map(|()| true)?,
        () = stopped() => false,
    };
    if whole {
        stage.judge_all().await?;
    }
    fleet::farewell(&mut stage.fleet).await?;
    if whole {
        stage.fleet.iter_mut().filter(|seated| seated.account.presence == "here").for_each(|seated| seated.account.presence = "asleep");
        stage.look_around().await?;
    }
    stage.record.lists = stage.lists.count();
    stage.record.seconds = began.elapsed().as_secs();
    Ok(stage.record)
}

/// From the start to the end of what happens.
async fn play(stage: &mut Stage<'_>, began: Instant) -> anyhow::Result<()> {
    let came = fleet::connected(&stage.fleet, fleet::patience(&stage.fleet)).await;
    (stage.record.connected, stage.record.refused) = (came.connected, came.refused);
    stage.record.connected_ms = began.elapsed().as_millis();
    fleet::dismiss_refused(&mut stage.fleet).await;
    stage.record.acknowledged = stage.settled().await;
    if let Some(judge) = &mut stage.judge {
        judge.begin().await?;
    }
    stage.tell(&format!("{} PCs are connected, {} are refused", came.connected, came.refused));
    let whole = Duration::from_secs(stage.options.seconds);
    sleep(whole / 3).await;
    (stage.options.scenario.run)(stage).await?;
    stage.settled().await;
    // A sleep has a longest time; it is as good as for ever.
    sleep(if whole.is_zero() { Duration::from_secs(10 * 365 * 24 * 3600) } else { whole / 3 }).await;
    Ok(())
}

/// Waits until somebody stops the run.
async fn stopped() {
    let (Ok(mut terminated), Ok(mut interrupted)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else { return };
    tokio::select! {
        _ = terminated.recv() => {}
        _ = interrupted.recv() => {}
    }
}

#[expect(clippy::print_stderr, reason = "tells whoever watches what happens")]
fn eprint(text: &str) {
    eprintln!("school: {text}");
}
