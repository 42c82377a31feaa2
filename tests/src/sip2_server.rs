//! A library system that speaks SIP2, written from the protocol alone: patrons and items with their states, checksums, numbers, what is to be
//! said again; and the faults that a real one has.

use anyhow::{Context, bail};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

/// The time that every answer carries.
const AT: &str = "20261123    120509";
/// What is to come is waited for this long: between two calls the collector waits up to half a minute here.
const PATIENCE: Duration = Duration::from_secs(60);

/// What is wrong with it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// Nothing.
    #[default]
    None,
    /// Every answer takes so long.
    Slow(Duration),
    /// It answers bytes that mean nothing.
    Garbage,
    /// It does what it is told, once, and the connection breaks before it says so.
    BreakOff,
    /// Its answer arrives with another byte, once.
    Garbled,
    /// What it is told arrives with another byte, once.
    Mishears,
}

#[derive(Default)]
struct Books {
    /// Who is known, and whether they may borrow.
    patrons: BTreeMap<String, bool>,
    /// What is known, who has it, and until when.
    items: BTreeMap<String, Option<(String, String)>>,
    /// What was done, in order: "out LT-1 S1", "in LT-1", "renew LT-1 S1".
    done: Vec<String>,
    /// Every line that came.
    heard: Vec<String>,
    fault: Fault,
}

/// A library system on a port of this machine.
pub struct Sip2Server {
    at: SocketAddr,
    books: Arc<Mutex<Books>>,
    running: Option<JoinHandle<()>>,
}

impl Sip2Server {
    /// One that knows these patrons and items; it listens from now on.
    ///
    /// # Errors
    /// There is no port.
    pub async fn start(patrons: &[&str], items: &[&str]) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let books = Books {
            patrons: patrons.iter().map(|patron| ((*patron).to_owned(), true)).collect(),
            items: items.iter().map(|item| ((*item).to_owned(), None)).collect(),
            ..Books::default()
        };
        let mut server = Self { at: listener.local_addr()?, books: Arc::new(Mutex::new(books)), running: None };
        server.serve(listener);
        Ok(server)
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("sip2://{}", self.at)
    }

    /// It goes down: nobody listens, and every connection is cut.
    pub fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.abort();
        }
    }

    /// It is up again, where it was.
    ///
    /// # Errors
    /// The port is taken.
    pub async fn resume(&mut self) -> anyhow::Result<()> {
        let end = Instant::now() + PATIENCE;
        loop {
            match TcpListener::bind(self.at).await {
                Ok(listener) => break self.serve(listener),
                Err(error) if Instant::now() > end => bail!("{}: {error}", self.at),
                Err(_) => sleep(Duration::from_millis(50)).await,
            }
        }
        Ok(())
    }

    fn serve(&mut self, listener: TcpListener) {
        let books = Arc::clone(&self.books);
        self.running = Some(tokio::spawn(async move {
            // Dropped with the task: whoever stops it cuts every connection.
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(talk(stream, Arc::clone(&books)));
            }
        }));
    }

    /// What is wrong with it from now on.
    pub fn behave(&self, fault: Fault) {
        open(&self.books).fault = fault;
    }

    /// It knows this patron from now on, who may borrow or not.
    pub fn know(&self, patron: &str, may_borrow: bool) {
        open(&self.books).patrons.insert(patron.to_owned(), may_borrow);
    }

    /// What was done, in order.
    pub fn done(&self) -> Vec<String> {
        open(&self.books).done.clone()
    }

    /// Every line that came.
    pub fn heard(&self) -> Vec<String> {
        open(&self.books).heard.clone()
    }

    /// Waits until so much was done, and gives it.
    ///
    /// # Errors
    /// It was not within a minute.
    pub async fn until(&self, count: usize) -> anyhow::Result<Vec<String>> {
        let end = Instant::now() + PATIENCE;
        while self.done().len() < count {
            if Instant::now() > end {
                bail!("{:?} was done within {} s, and {count} were to be: {:#?}", self.done(), PATIENCE.as_secs(), self.heard());
            }
            sleep(Duration::from_millis(20)).await;
        }
        Ok(self.done())
    }
}

impl Drop for Sip2Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn open(books: &Mutex<Books>) -> MutexGuard<'_, Books> {
    books.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One conversation.
async fn talk(mut stream: TcpStream, books: Arc<Mutex<Books>>) -> anyhow::Result<()> {
    let (mut signed_in, mut last) = (false, None::<(String, String)>);
    loop {
        let line = line(&mut stream).await?;
        open(&books).heard.push(line.clone());
        let fault = open(&books).fault;
        if let Fault::Slow(by) = fault {
            sleep(by).await;
        }
        if fault == Fault::Garbage {
            stream.write_all(b"\xff\xfe what?\r\n\r\n").await?;
            continue;
        }
        let once = |which| fault == which && !line.starts_with("93") && !line.starts_with("99");
        if once(Fault::Mishears) || !is_whole(&line) {
            open(&books).fault = Fault::None;
            stream.write_all(b"96AZFEF6\r\n").await?;
            continue;
        }
        if line.starts_with("97") {
            // What is said again has no number.
            let text = last.as_ref().map(|(_, answer)| answer.clone()).context("nothing was said yet")?;
            stream.write_all(checked(&text, "").as_bytes()).await?;
            continue;
        }
        let (text, number) =
            (line.get(..line.len() - 9).context("no frame")?, line.get(line.len() - 7..line.len() - 6).context("no number")?);
        let answer = match &last {
            // The same again under the same number: it is answered again, and not done again.
            Some((before, answer)) if *before == line => answer.clone(),
            _ if text.starts_with("93") => {
                signed_in = field(text, "CN") == "rollcall" && field(text, "CO") == "open sesame";
                if signed_in { "941".to_owned() } else { "940".to_owned() }
            }
            _ if !signed_in => return Ok(()),
            _ => answer(&mut open(&books), text)?,
        };
        last = Some((line.clone(), answer.clone()));
        if once(Fault::BreakOff) && ["09", "11", "29"].iter().any(|code| line.starts_with(code)) {
            open(&books).fault = Fault::None;
            return Ok(());
        }
        let mut bytes = checked(&answer, &format!("AY{number}")).into_bytes();
        if once(Fault::Garbled) {
            open(&books).fault = Fault::None;
            bytes[5] ^= 1;
        }
        stream.write_all(&bytes).await?;
    }
}

async fn line(stream: &mut TcpStream) -> anyhow::Result<String> {
    let mut line = Vec::new();
    loop {
        match stream.read_u8().await? {
            b'\r' | b'\n' if line.is_empty() => {}
            b'\r' | b'\n' => return Ok(String::from_utf8(line)?),
            byte => line.push(byte),
        }
    }
}

/// Whether the sum of a line's bytes and its checksum is zero in 16 bits.
fn is_whole(line: &str) -> bool {
    let Some((summed, hex)) = line.len().checked_sub(4).and_then(|at| line.split_at_checked(at)) else { return false };
    let Ok(sum) = u32::from_str_radix(hex, 16) else { return false };
    summed.ends_with("AZ") && summed.bytes().map(u32::from).sum::<u32>().wrapping_add(sum) & 0xffff == 0
}

fn checked(text: &str, number: &str) -> String {
    let line = format!("{text}{number}AZ");
    let sum: u32 = line.bytes().map(u32::from).sum();
    format!("{line}{:04X}\r\n", sum.wrapping_neg() & 0xffff)
}

fn field(text: &str, code: &str) -> String {
    text.split('|')
        .filter_map(|field| field.rfind(code).map(|at| field.split_at(at).1))
        .find_map(|field| field.strip_prefix(code))
        .unwrap_or_default()
        .to_owned()
}

fn answer(books: &mut Books, text: &str) -> anyhow::Result<String> {
    let (patron, item) = (field(text, "AA"), field(text, "AB"));
    let known = books.items.get(&item).cloned();
    Ok(match text.get(..2).unwrap_or_default() {
        "99" => format!("98YYYYNN020002{AT}2.00AOLINCOLN|AMLincoln library|BXYYYNYYYYYNYNNNYN|"),
        "63" => {
            let has: Vec<&String> =
                books.items.iter().filter(|(_, has)| has.as_ref().is_some_and(|(who, _)| *who == patron)).map(|(item, _)| item).collect();
            let list: String = has.iter().map(|item| format!("AU{item}|")).collect();
            let (flags, valid) = match books.patrons.get(&patron) {
                Some(true) => (" ".repeat(14), "Y"),
                Some(false) => (format!("Y{}", " ".repeat(13)), "Y"),
                None => (format!("YYYY{}", " ".repeat(10)), "N"),
            };
            format!("64{flags}000{AT}00000000{:04}000000000000AOLINCOLN|AA{patron}|AESomebody|BL{valid}|{list}", has.len())
        }
        "17" => match known {
            None => format!("18010101{AT}AB{item}|AJ|"),
            Some(None) => format!("18030001{AT}AB{item}|AJLaptop|"),
            Some(Some((_, due))) => format!("18040001{AT}AB{item}|AJLaptop|AH{due}|"),
        },
        code @ ("11" | "29") => {
            let due = text.get(22..40).context("no due date")?.to_owned();
            let due = if due.trim().is_empty() { "20261231    235900".to_owned() } else { due };
            let (answered, again) = if code == "11" { ("12", text.get(2..3) == Some("Y")) } else { ("30", true) };
            let no = |why: &str| format!("{answered}0NUN{AT}AOLINCOLN|AA{patron}|AB{item}|AJ|AH|AF{why}|");
            match (books.patrons.get(&patron), &known) {
                (None, _) => no("Invalid patron"),
                (Some(false), _) => no("Patron is blocked"),
                (_, None) => no("Invalid item"),
                (_, Some(Some((other, _)))) if *other != patron => no("Item is checked out to another patron"),
                (_, Some(None)) if again => no("Item is not checked out"),
                (_, Some(held)) => {
                    let what = if again || held.is_some() { "renew" } else { "out" };
                    books.done.push(format!("{what} {item} {patron}"));
                    books.items.insert(item.clone(), Some((patron.clone(), due.clone())));
                    format!("{answered}1{}UY{AT}AOLINCOLN|AA{patron}|AB{item}|AJLaptop|AH{due}|", if what == "renew" { 'Y' } else { 'N' })
                }
            }
        }
        "09" => match known {
            Some(Some(_)) => {
                books.done.push(format!("in {item}"));
                books.items.insert(item.clone(), None);
                format!("101YUN{AT}AOLINCOLN|AB{item}|AQLINCOLN|AJLaptop|")
            }
            Some(None) => format!("100YUN{AT}AOLINCOLN|AB{item}|AQLINCOLN|AFItem is not checked out|"),
            None => format!("100NUY{AT}AOLINCOLN|AB{item}|AQ|AFInvalid item|"),
        },
        other => bail!("nobody speaks {other} here"),
    })
}
