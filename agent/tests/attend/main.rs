//! The agent against a small collector of its own, over real TLS and gRPC.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a story that cannot go on fails")]

mod collector;
mod own_user;

use collector::Collector;
use rollcall_agent::enroll::{EnrollError, Enrolment, Token, enroll};
use rollcall_agent::host::Host;
use rollcall_agent::identity::Identity;
use rollcall_agent::state::{self, State};
use rollcall_agent::{Agent, Content, Ended, Facts, Keeping, Machine, RunError, Simulated, Source, run};
use rollcall_proto::Section;
use rollcall_proto::v1::refusal::Why;
use rollcall_proto::v1::{
    Cause, Diagnose, DiagnosisStep, OperatingSystem, Package, Reason, Renew, Rescan, Retire, Software, command::Command,
};
use std::path::Path;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

fn software(names: &[&str]) -> Content {
    let package = |name: &&str| Package { name: (*name).into(), version: "1".into(), ..Package::default() };
    Content::of(&Section::Software(Software { packages: names.iter().map(package).collect() }))
}

fn lab_pc() -> Simulated {
    let mut machine = Machine::default();
    machine.facts = Facts { host_name: "lab2-17".into(), boot: "boot-1".into(), asset_tag: "A-17".into(), ..Facts::default() };
    machine.put("os", Content::of(&Section::OperatingSystem(OperatingSystem { name: "Debian".into(), ..OperatingSystem::default() })));
    machine.put("software", software(&["bash", "gimp"]));
    machine.not_measured("battery", "no driver");
    Simulated::new(machine)
}

async fn enrolled(collector: &Collector, tag: &str, facts: &Facts) -> Result<Identity, EnrollError> {
    let token = Token::parse(&collector.token()).unwrap();
    enroll(&Enrolment { collector: &collector.enroll_address, token: &token, facts, tag, seat: "17", version: "1" }).await
}

struct Running {
    stop: oneshot::Sender<Reason>,
    task: JoinHandle<Result<Ended, RunError>>,
}

impl Running {
    fn start(identity: &Identity, source: &Source, keeping: Keeping) -> Self {
        let (stop, stopped) = oneshot::channel();
        let agent = Agent { identity: identity.clone(), source: source.clone(), keeping };
        let task = tokio::spawn(run(agent, async { stopped.await.unwrap_or(Reason::Stopped) }));
        Self { stop, task }
    }

    async fn stop(self, reason: Reason) {
        self.stop.send(reason).unwrap();
        assert_eq!(self.task.await.unwrap().unwrap(), Ended::Stopped);
    }

    /// As `kill -9`: nothing is said and nothing is written any more.
    async fn kill(self) {
        self.task.abort();
        self.task.await.ok();
    }
}

fn keeping(dir: &Path) -> Keeping {
    Keeping::State(State::open(dir).unwrap())
}

#[tokio::test]
async fn a_machine_is_enrolled_reports_changes_and_says_goodbye() {
    let collector = Collector::start().await;
    let pc = lab_pc();
    let source = Source::Simulated(pc.clone());
    let identity = enrolled(&collector, "", &source.facts().await).await.unwrap();
    assert_eq!((identity.site.as_str(), identity.tag.as_str()), ("main", "A-17"));
    let agent = Running::start(&identity, &source, Keeping::Memory);
    collector.until("the first report", |books| !books.acknowledged.is_empty()).await;
    {
        let books = collector.books.lock().unwrap();
        assert_eq!((books.contents.len(), books.entries[0].sections.len(), books.entries[0].cause()), (2, 3, Cause::Start));
        assert_eq!(books.hellos[0].host_name, "lab2-17");
    }
    collector.until("the health", |books| books.heartbeats > 0).await;
    pc.change(|machine| machine.put("software", software(&["bash"])));
    collector.until("the removal", |books| books.entries.len() == 2 && books.contents.len() == 3).await;
    collector.command(5, Command::Rescan(Rescan::default())).await;
    collector.until("the rescan", |books| books.done.iter().any(|done| (done.id, done.entry) == (5, 3))).await;
    agent.stop(Reason::Shutdown).await;
    collector.until("the goodbye", |books| books.goodbyes == [i32::from(Reason::Shutdown)]).await;
}

#[tokio::test]
async fn what_the_collector_did_not_acknowledge_is_told_again_after_both_crash() {
    let mut collector = Collector::start().await;
    collector.books.lock().unwrap().withhold_acks = true;
    let dir = tempfile::tempdir().unwrap();
    let pc = lab_pc();
    let source = Source::Simulated(pc.clone());
    let identity = enrolled(&collector, "T", &source.facts().await).await.unwrap();
    let agent = Running::start(&identity, &source, keeping(dir.path()));
    collector.until("the first report", |books| books.entries.len() == 1).await;
    collector.crash().await;
    pc.change(|machine| machine.put("software", software(&["bash"])));
    tokio::time::sleep(Duration::from_millis(300)).await;
    agent.kill().await;

    collector.books.lock().unwrap().entries.clear();
    collector.books.lock().unwrap().contents.clear();
    collector.books.lock().unwrap().withhold_acks = false;
    collector.open().await;
    pc.change(|machine| machine.put("software", software(&["bash", "vlc"])));
    let agent = Running::start(&identity, &source, keeping(dir.path()));
    collector.until("everything", |books| books.acknowledged.values().any(|up_to| *up_to >= 3)).await;
    {
        let books = collector.books.lock().unwrap();
        let numbers: Vec<_> = books.entries.iter().map(|entry| (entry.number, entry.cause())).collect();
        assert_eq!(numbers[..3], [(1, Cause::Start), (2, Cause::Packages), (3, Cause::Start)]);
        assert_eq!(books.contents.len(), 4, "the list in between was not lost");
        assert_eq!(books.hellos[0].session, books.hellos[1].session);
        assert_eq!(books.hellos[1].nonce, [1; 16]);
    }
    let status = state::status(dir.path()).unwrap().unwrap();
    assert_eq!((status.standing, status.trouble), (rollcall_agent::session::Standing::Connected, None));
    agent.stop(Reason::Stopped).await;
}

#[tokio::test]
async fn an_agent_comes_back_when_the_collector_does() {
    let mut collector = Collector::start().await;
    let source = Source::Simulated(lab_pc());
    let identity = enrolled(&collector, "T", &Facts::default()).await.unwrap();
    let agent = Running::start(&identity, &source, Keeping::Memory);
    collector.until("the first call", |books| books.hellos.len() == 1).await;
    collector.crash().await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    collector.open().await;
    collector.until("the second call", |books| books.hellos.len() == 2).await;
    agent.stop(Reason::Stopped).await;
}

#[tokio::test]
async fn a_clone_that_is_refused_does_not_press() {
    let collector = Collector::start().await;
    let source = Source::Simulated(lab_pc());
    let identity = enrolled(&collector, "T", &Facts::default()).await.unwrap();
    collector.books.lock().unwrap().refuse = Some(Why::Clone);
    let dir = tempfile::tempdir().unwrap();
    let agent = Running::start(&identity, &source, keeping(dir.path()));
    collector.until("the call", |books| books.hellos.len() == 1).await;
    tokio::time::sleep(Duration::from_secs(3)).await;
    assert_eq!(collector.books.lock().unwrap().hellos.len(), 1);
    let status = state::status(dir.path()).unwrap().unwrap();
    assert!(status.trouble.is_some_and(|trouble| trouble.contains("another machine has this identity")));
    agent.stop(Reason::Stopped).await;
}

#[tokio::test]
async fn enrolment_tells_why_it_failed() {
    let collector = Collector::start().await;
    let other = Collector::start().await;
    let facts = Facts::default();
    let token = Token::parse(&other.token()).unwrap();
    let mut enrolment = Enrolment { collector: &collector.enroll_address, token: &token, facts: &facts, tag: "T", seat: "", version: "1" };
    assert!(matches!(enroll(&enrolment).await, Err(EnrollError::WrongPin { .. })));
    assert!(collector.books.lock().unwrap().enrolled.is_empty(), "nothing was sent to the wrong collector");

    let elsewhere = collector.token().replace("rc1.main.", "rc1.other.");
    let elsewhere = Token::parse(&elsewhere).unwrap();
    enrolment.token = &elsewhere;
    assert!(matches!(enroll(&enrolment).await, Err(EnrollError::Untrusted { .. })));

    let right = Token::parse(&collector.token()).unwrap();
    enrolment.token = &right;
    collector.books.lock().unwrap().refuse_enrolment = Some("the token has been used up; make another one");
    let refused = enroll(&enrolment).await;
    assert!(matches!(&refused, Err(EnrollError::Refused(why)) if why.contains("used up")), "{refused:?}");

    enrolment.collector = "127.0.0.1:1";
    assert!(matches!(enroll(&enrolment).await, Err(EnrollError::Unreachable { .. })));
}

#[tokio::test]
async fn without_an_address_in_the_answer_the_enrolment_host_serves() {
    let collector = Collector::start().await;
    collector.books.lock().unwrap().addresses.clear();
    let identity = enrolled(&collector, "T", &Facts::default()).await.unwrap();
    assert_eq!(identity.addresses, ["127.0.0.1:7443"]);
}

#[tokio::test]
async fn the_wrong_collector_is_never_attended() {
    let (collector, other) = (Collector::start().await, Collector::start().await);
    let mut identity = enrolled(&collector, "T", &Facts::default()).await.unwrap();
    identity.addresses = vec![other.attend_address.clone(), collector.attend_address.clone()];
    let agent = Running::start(&identity, &Source::Simulated(lab_pc()), Keeping::Memory);
    collector.until("the second address", |books| books.hellos.len() == 1).await;
    assert!(other.books.lock().unwrap().hellos.is_empty());
    agent.stop(Reason::Stopped).await;
}

#[tokio::test]
async fn a_certificate_is_renewed_with_a_new_key_and_serves() {
    let collector = Collector::start().await;
    let dir = tempfile::tempdir().unwrap();
    let source = Source::Simulated(lab_pc());
    let identity = enrolled(&collector, "T", &Facts::default()).await.unwrap();
    let agent = Running::start(&identity, &source, keeping(dir.path()));
    collector.until("the call", |books| books.heartbeats > 0).await;
    collector.command(1, Command::Renew(Renew {})).await;
    collector.until("the request", |books| books.renewals == 1).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    agent.stop(Reason::Stopped).await;
    let renewed = state::identity(dir.path()).unwrap();
    assert!(renewed.key_der != identity.key_der && renewed.certificate_der != identity.certificate_der);
    let agent = Running::start(&renewed, &source, keeping(dir.path()));
    collector.until("the call with it", |books| books.hellos.len() == 2).await;
    agent.stop(Reason::Stopped).await;
}

#[tokio::test]
async fn a_retired_device_forgets_its_key_and_ends() {
    let collector = Collector::start().await;
    let dir = tempfile::tempdir().unwrap();
    let identity = enrolled(&collector, "T", &Facts::default()).await.unwrap();
    let state = State::open(dir.path()).unwrap();
    state.save_identity(&identity).unwrap();
    let agent = Running::start(&identity, &Source::Simulated(lab_pc()), Keeping::State(state));
    collector.until("the call", |books| books.heartbeats > 0).await;
    collector.command(9, Command::Retire(Retire {})).await;
    assert_eq!(agent.task.await.unwrap().unwrap(), Ended::Retired);
    assert!(state::identity(dir.path()).is_err());
    assert!(collector.books.lock().unwrap().done.iter().any(|done| done.id == 9));
}

#[tokio::test]
async fn a_removal_on_a_real_machine_arrives_within_two_seconds() {
    let collector = Collector::start().await;
    let dir = tempfile::tempdir().unwrap();
    let dpkg = dir.path().join("var/lib/dpkg");
    std::fs::create_dir_all(dpkg.join("info")).unwrap();
    let status =
        |names: &[&str]| names.iter().map(|n| format!("Package: {n}\nStatus: install ok installed\nVersion: 1\n\n")).collect::<String>();
    std::fs::write(dpkg.join("status"), status(&["bash", "gimp"])).unwrap();
    let source = Source::Host(Host::recorded(dir.path()).unwrap());
    let identity = enrolled(&collector, "T", &Facts::default()).await.unwrap();
    let agent = Running::start(&identity, &source, Keeping::Memory);
    collector.until("the first report", |books| !books.acknowledged.is_empty()).await;
    std::fs::write(dpkg.join("status-new"), status(&["bash"])).unwrap();
    std::fs::rename(dpkg.join("status-new"), dpkg.join("status")).unwrap();
    let began = std::time::Instant::now();
    collector.until("the removal", |books| books.entries.iter().any(|entry| entry.cause() == Cause::Packages)).await;
    assert!(began.elapsed() < Duration::from_secs(2));
    agent.stop(Reason::Stopped).await;
}

#[tokio::test]
async fn a_lapsed_certificate_is_renewed_by_its_key_and_kept() {
    let collector = Collector::start().await;
    let dir = tempfile::tempdir().unwrap();
    let identity = enrolled(&collector, "T", &Facts::default()).await.unwrap();
    let state = State::open(dir.path()).unwrap();
    state.save_identity(&identity).unwrap();
    collector.books.lock().unwrap().refuse = Some(Why::Lapsed);
    let agent = Running::start(&identity, &Source::Simulated(lab_pc()), Keeping::State(state));
    collector.until("the first report", |books| !books.acknowledged.is_empty()).await;
    assert_eq!(collector.books.lock().unwrap().renewals, 1);
    let kept = state::identity(dir.path()).unwrap();
    assert!(kept.certificate_der != identity.certificate_der && kept.key_der != identity.key_der);
    agent.stop(Reason::Stopped).await;
}

#[tokio::test]
async fn a_machine_looks_at_itself_and_says_each_step_over_the_connection_that_stands() {
    let collector = Collector::start().await;
    let dir = tempfile::tempdir().unwrap();
    let source = Source::Host(Host::recorded(dir.path()).unwrap());
    let identity = enrolled(&collector, "T", &Facts::default()).await.unwrap();
    let agent = Running::start(&identity, &source, Keeping::Memory);
    collector.until("the call", |books| books.heartbeats > 0).await;
    collector.command(4, Command::Diagnose(Diagnose {})).await;
    collector.until("the end", |books| books.done.iter().any(|done| done.id == 4 && done.problem.is_empty())).await;
    {
        let books = collector.books.lock().unwrap();
        let steps: Vec<i32> = books.steps.iter().map(|step| step.step).collect();
        assert_eq!(steps, (1..=9).collect::<Vec<_>>());
        assert!(books.steps.iter().all(|step| step.command == 4 && !step.found.is_empty() && step.outcome > 0));
        let told = |bps: fn(&DiagnosisStep) -> Option<u64>| books.steps.iter().filter_map(bps).count();
        assert_eq!((told(|step| step.up_bps), told(|step| step.down_bps), books.hellos.len()), (1, 1, 1));
    }
    agent.stop(Reason::Stopped).await;
}

#[tokio::test]
async fn a_hundred_agents_share_one_thread() {
    let collector = Collector::start().await;
    let token = Token::parse(&collector.token()).unwrap();
    let mut agents = Vec::new();
    for number in 0..100 {
        let source = Source::Simulated(lab_pc());
        let tag = format!("PC-{number}");
        let facts = Facts::default();
        let enrolment = Enrolment { collector: &collector.enroll_address, token: &token, facts: &facts, tag: &tag, seat: "", version: "1" };
        agents.push(Running::start(&enroll(&enrolment).await.unwrap(), &source, Keeping::Memory));
    }
    collector.until("all of them", |books| books.acknowledged.len() == 100).await;
    for agent in agents {
        agent.stop(Reason::Stopped).await;
    }
    collector.until("all goodbyes", |books| books.goodbyes.len() == 100).await;
}
