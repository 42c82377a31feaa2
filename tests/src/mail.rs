//! A real mail server on this machine: aiosmtpd, with TLS under a CA of its own and a login.

use crate::authority::Issued;
use anyhow::{Context, bail};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

/// The server as a script.
const SCRIPT: &str = include_str!("mail_server.py");
/// What is to come is waited for this long: between two tries a channel waits up to half a minute here.
const PATIENCE: Duration = Duration::from_secs(60);

/// How the server takes TLS.
#[derive(Clone, Copy, Debug)]
pub enum Tls {
    /// After STARTTLS, which it demands.
    Starttls,
    /// From the start.
    Implicit,
}

/// A mail server, and what it has kept.
pub struct MailServer {
    folder: PathBuf,
    at: SocketAddr,
    tls: Tls,
    running: Option<Child>,
}

impl MailServer {
    /// Starts one that keeps its mails in `folder`.
    ///
    /// # Errors
    /// There is no python3 with aiosmtpd here, or it does not start.
    pub async fn start(folder: &Path, tls: Tls) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let Issued { ca, certificate, key } = Issued::to("localhost")?;
        std::fs::write(folder.join("ca.pem"), ca.pem())?;
        std::fs::write(folder.join("server.pem"), certificate.pem() + &key.serialize_pem())?;
        std::fs::write(folder.join("server.py"), SCRIPT)?;
        std::fs::write(folder.join("password"), "correct horse\n")?;
        let at = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let mut server = Self { folder: folder.to_owned(), at, tls, running: None };
        server.behave("well")?;
        server.resume().await?;
        Ok(server)
    }

    /// Starts it again at the same address.
    ///
    /// # Errors
    /// It does not start.
    pub async fn resume(&mut self) -> anyhow::Result<()> {
        let mode = match self.tls {
            Tls::Starttls => "starttls",
            Tls::Implicit => "implicit",
        };
        let log = std::fs::File::options().create(true).append(true).open(self.folder.join("log"))?;
        // The distribution's own, whose packages hold aiosmtpd.
        let mut command = Command::new("/usr/bin/python3");
        command.arg(self.folder.join("server.py")).arg(&self.folder).args([&self.at.port().to_string(), mode]);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).kill_on_drop(true);
        let mut child = command.spawn().context("python3 does not start")?;
        let end = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(self.at).is_err() {
            if child.try_wait()?.is_some() || Instant::now() > end {
                let words = std::fs::read_to_string(self.folder.join("log"))?;
                bail!("the mail server does not run; is python3-aiosmtpd installed?\n{words}");
            }
            sleep(Duration::from_millis(20)).await;
        }
        self.running = Some(child);
        Ok(())
    }

    /// Ends it; what it has kept stays.
    ///
    /// # Errors
    /// It did not run.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        Ok(self.running.take().context("the mail server does not run")?.kill().await?)
    }

    /// Takes mails so from now on: "well", "450 later", "550 no", "break off", "keep and break off", "hang".
    ///
    /// # Errors
    /// Its folder can't be written.
    pub fn behave(&self, how: &str) -> anyhow::Result<()> {
        let beside = self.folder.join("behave.new");
        std::fs::write(&beside, how)?;
        Ok(std::fs::rename(beside, self.folder.join("behave"))?)
    }

    /// The words of `rollcall channel set` after the name.
    pub fn words(&self) -> Vec<String> {
        let scheme = match self.tls {
            Tls::Starttls => "smtp",
            Tls::Implicit => "smtps",
        };
        let file = |name: &str| self.folder.join(name).to_string_lossy().into_owned();
        let url = format!("{scheme}://localhost:{}", self.at.port());
        let words = ["--from", "rollcall@school.example", "--to", "it@school.example", "--user", "rollcall"];
        let files = ["--password-file".to_owned(), file("password"), "--ca".to_owned(), file("ca.pem")];
        std::iter::once(url).chain(words.map(str::to_owned)).chain(files).collect()
    }

    /// The mails that it has kept, in order, with headers unfolded and the soft line ends of the text undone.
    ///
    /// # Errors
    /// Its folder can't be read.
    pub fn mails(&self) -> anyhow::Result<Vec<String>> {
        let files = std::fs::read_dir(&self.folder)?.map(|entry| Ok(entry?.path())).collect::<anyhow::Result<Vec<_>>>()?;
        let mut files: Vec<PathBuf> = files.into_iter().filter(|path| path.extension().is_some_and(|ext| ext == "eml")).collect();
        files.sort();
        let read = |path: &PathBuf| Ok(std::fs::read_to_string(path)?.replace("=\r\n", "").replace("\r\n ", " ").replace("\r\n", "\n"));
        files.iter().map(read).collect()
    }

    /// Waits until it has kept so many mails, and gives them.
    ///
    /// # Errors
    /// It has not within a minute.
    pub async fn kept(&self, count: usize) -> anyhow::Result<Vec<String>> {
        let end = Instant::now() + PATIENCE;
        loop {
            let mails = self.mails()?;
            if mails.len() >= count {
                return Ok(mails);
            }
            if Instant::now() > end {
                bail!("{} mails within {} s, not {count}: {mails:#?}", mails.len(), PATIENCE.as_secs());
            }
            sleep(Duration::from_millis(20)).await;
        }
    }
}

/// A header of a mail.
pub fn header<'a>(mail: &'a str, name: &str) -> Option<&'a str> {
    let head = mail.split("\n\n").next().unwrap_or_default();
    head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
}
