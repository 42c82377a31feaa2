//! The closed list of programs that are asked: absolute paths, fixed arguments, a time and a size limit each.

use super::{Host, Unread, World, platform};
use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Lists of packages are the longest answers, bytes.
const ANSWER_LIMIT: usize = 16 * 1024 * 1024;
/// How often a program that has closed its answer is looked at until it ends.
const REAP: Duration = Duration::from_millis(5);

/// A question to a program of the system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask<'a> {
    /// When the machine was started, from the journal. Root only.
    Boots,
    /// What a disk says of its own health; the disk by its name in the kernel. Root only.
    DiskHealth(&'a str),
    /// Which services failed.
    FailedUnits,
    /// The packages of an RPM system.
    RpmPackages,
    /// Whether the system runs, starts or stops.
    SystemState,
    /// The print queues and their addresses.
    PrintQueues,
}

/// How a question is put.
struct Program {
    paths: &'static [&'static str],
    arguments: Vec<String>,
    limit: Duration,
    privileged: bool,
}

impl Ask<'_> {
    /// The question's name in a recording.
    pub(super) fn key(&self) -> String {
        match self {
            Self::Boots => "boots".to_owned(),
            Self::DiskHealth(disk) => format!("disk-health {disk}"),
            Self::FailedUnits => "failed-units".to_owned(),
            Self::RpmPackages => "rpm-packages".to_owned(),
            Self::SystemState => "system-state".to_owned(),
            Self::PrintQueues => "print-queues".to_owned(),
        }
    }

    /// The program that is asked, for people.
    fn name(&self) -> &'static str {
        match self {
            Self::Boots => "journalctl",
            Self::DiskHealth(_) => "smartctl",
            Self::FailedUnits | Self::SystemState => "systemctl",
            Self::RpmPackages => "rpm",
            Self::PrintQueues => "lpstat",
        }
    }

    fn program(&self) -> Option<Program> {
        let fixed = |paths, arguments: &[&str], seconds, privileged| {
            let arguments = arguments.iter().map(|argument| (*argument).to_owned()).collect();
            Some(Program { paths, arguments, limit: Duration::from_secs(seconds), privileged })
        };
        match self {
            Self::Boots => fixed(&["/usr/bin/journalctl"], &["--list-boots", "--output=json", "--no-pager", "--quiet"], 10, true),
            Self::DiskHealth(disk) if is_disk(disk) => {
                let device = format!("/dev/{disk}");
                fixed(&["/usr/sbin/smartctl", "/usr/bin/smartctl"], &["--json=c", "--nocheck=standby", "--all", &device], 15, true)
            }
            Self::DiskHealth(_) => None,
            Self::FailedUnits => {
                let arguments = ["list-units", "--state=failed", "--plain", "--full", "--no-legend", "--no-pager"];
                fixed(&["/usr/bin/systemctl", "/bin/systemctl"], &arguments, 5, false)
            }
            Self::RpmPackages => {
                let format = r"%{NAME}\t%{EVR}\t%{ARCH}\t%{INSTALLTIME}\t%{VENDOR}\n";
                fixed(&["/usr/bin/rpm", "/bin/rpm"], &["--query", "--all", "--queryformat", format], 15, false)
            }
            Self::SystemState => fixed(&["/usr/bin/systemctl", "/bin/systemctl"], &["is-system-running"], 2, false),
            Self::PrintQueues => fixed(&["/usr/bin/lpstat"], &["-v", "-d"], 5, false),
        }
    }
}

/// Names that the kernel gives to disks; nothing else may follow `/dev/`.
fn is_disk(name: &str) -> bool {
    !name.is_empty() && name.len() <= 32 && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

impl Host {
    /// What the program behind `ask` answers.
    ///
    /// # Errors
    /// [`Unread`], which names the program: absent when this system has none.
    pub fn ask(&self, ask: Ask<'_>) -> Result<String, Unread> {
        let key = ask.key();
        let outcome = match &self.0.world {
            World::Recorded(manifest) => match (manifest.answers.get(&key), manifest.refused.get(&key)) {
                (Some(answer), _) => Ok(answer.clone()),
                (None, Some(why)) => Err(why.unread(ask.name())),
                (None, None) => Err(Unread::Absent { path: ask.name().to_owned() }),
            },
            World::Live(_) => self.ask_live(ask, &key),
        };
        self.note(|tape| tape.answer(&key, &outcome));
        outcome
    }

    fn ask_live(&self, ask: Ask<'_>, key: &str) -> Result<String, Unread> {
        let name = || ask.name().to_owned();
        let Some(program) = ask.program() else { return Err(Unread::Absent { path: name() }) };
        if program.privileged && !platform::is_root() {
            return self.privileged(|facts| facts.answer(key, ask.name())).unwrap_or_else(|| Err(Unread::Denied { path: name() }));
        }
        let path = program.paths.iter().find(|path| std::path::Path::new(path).is_file()).ok_or_else(|| Unread::Absent { path: name() })?;
        run(path, &program.arguments, program.limit)
    }
}

/// Runs a program without input, environment or terminal, and gives what it says on standard output.
fn run(path: &str, arguments: &[String], limit: Duration) -> Result<String, Unread> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let failed = |what: String| Unread::Failed { path: name.to_owned(), what };
    let began = Instant::now();
    let mut command = Command::new(path);
    command.args(arguments).env_clear().env("LC_ALL", "C").env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").current_dir("/");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(|error| Unread::from_io(name, &error))?;
    let Some(output) = child.stdout.take() else { return Err(failed("no answer can be read".to_owned())) };
    let (answer, answered) = mpsc::sync_channel(1);
    let read = move || {
        let mut bytes = Vec::new();
        let read = output.take(ANSWER_LIMIT as u64 + 1).read_to_end(&mut bytes);
        answer.send(read.map(|_| bytes)).ok();
    };
    let reader = std::thread::Builder::new().name("answer".to_owned()).spawn(read);
    let bytes = match reader.map(|_| answered.recv_timeout(limit)) {
        Ok(Ok(Ok(bytes))) if bytes.len() <= ANSWER_LIMIT => bytes,
        outcome => {
            end(&mut child);
            return Err(match outcome {
                Ok(Ok(Ok(_))) => Unread::TooLarge { path: name.to_owned(), limit: ANSWER_LIMIT },
                Ok(Ok(Err(error))) | Err(error) => failed(error.to_string()),
                Ok(Err(_)) => failed(format!("no answer within {} s", limit.as_secs())),
            });
        }
    };
    let code = wait(&mut child, limit.saturating_sub(began.elapsed()));
    // Several of these programs end with a code that tells of what they found; an answer is an answer.
    match (code, bytes.is_empty()) {
        (Some(code), true) if code != 0 => Err(failed(format!("it ended with code {code} and no answer"))),
        _ => Ok(String::from_utf8_lossy(&bytes).into_owned()),
    }
}

/// Waits for the end of a program that has said everything.
fn wait(child: &mut Child, limit: Duration) -> Option<i32> {
    let began = Instant::now();
    while began.elapsed() <= limit {
        match child.try_wait() {
            Ok(Some(status)) => return status.code(),
            Ok(None) => std::thread::sleep(REAP),
            Err(_) => break,
        }
    }
    end(child);
    None
}

fn end(child: &mut Child) {
    child.kill().ok();
    child.wait().ok();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_disk_of_the_kernel_may_be_named() {
        for name in ["sda", "nvme0n1", "mmcblk0"] {
            assert!(Ask::DiskHealth(name).program().is_some(), "{name}");
        }
        for name in ["", "../etc/passwd", "sda -x", "sda;reboot", "-h", "SDA"] {
            assert!(Ask::DiskHealth(name).program().is_none(), "{name}");
        }
    }

    #[test]
    fn a_program_has_a_time_and_a_size() {
        let run = |script: &str, limit| run("/bin/sh", &["-c".to_owned(), script.to_owned()], limit);
        let second = Duration::from_secs(1);
        assert_eq!(run("echo $LC_ALL $HOME", second).as_deref(), Ok("C\n"));
        assert!(run("exit 3", second).unwrap_err().to_string().contains("code 3"));
        assert_eq!(run("echo found; exit 3", second).as_deref(), Ok("found\n"));
        let began = Instant::now();
        assert!(run("exec sleep 20", Duration::from_millis(100)).unwrap_err().to_string().contains("no answer within"));
        assert!(began.elapsed() < Duration::from_secs(5));
    }

    #[test]
    fn a_program_that_is_not_there_is_absent() {
        assert!(run("/usr/bin/no-such-program", &[], Duration::from_secs(1)).unwrap_err().is_absent());
    }
}
