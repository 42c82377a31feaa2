//! Somebody at the desk: clicks with a mouse, scans with a scanner, and what a task took is counted.

use crate::browser::Browser;
use anyhow::{Context, bail, ensure};
use serde_json::{Value, json};
use std::fmt;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Finds what is to be clicked.
const FIND: &str = include_str!("walk.js");
/// So long it is looked for.
const PATIENCE: Duration = Duration::from_secs(15);
/// The page may begin to take keys and clicks: its script has run.
const READY: &str = "document.readyState === 'complete'";
/// Where a scanner's keys would go.
const TAKES_KEYS: &str = "document.activeElement.matches('body, main, [data-hit], [data-scan]') && !!document.querySelector('[data-scan]')";
/// Screens of which pictures are kept.
const SCREENS: [(u32, u32); 2] = [(1280, 900), (390, 844)];

/// What a task took.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Took {
    /// Clicks.
    pub clicks: usize,
    /// Scans.
    pub scans: usize,
    /// Fields that were written in.
    pub fields: usize,
    /// From the first page to the last.
    pub time: Duration,
}

impl fmt::Display for Took {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} clicks, {} scans, {} fields, {:.1} s", self.clicks, self.scans, self.fields, self.time.as_secs_f64())
    }
}

/// Somebody at the desk.
pub struct Walk {
    /// What they look at.
    pub browser: Browser,
    task: String,
    began: Instant,
    took: Took,
    pictures: Option<PathBuf>,
    step: usize,
}

impl Walk {
    /// Somebody before this browser. With `ROLLCALL_PICTURES` set to a folder, pictures of the steps are kept there.
    pub fn new(browser: Browser) -> Self {
        let pictures = std::env::var_os("ROLLCALL_PICTURES").map(PathBuf::from);
        Self { browser, task: String::new(), began: Instant::now(), took: Took::default(), pictures, step: 0 }
    }

    /// Begins a task: nothing is counted yet.
    pub fn begin(&mut self, task: &str) {
        (self.task, self.began, self.took, self.step) = (task.to_owned(), Instant::now(), Took::default(), 0);
    }

    /// The task is done: says what it took.
    ///
    /// # Errors
    /// Standard error is gone.
    pub fn end(&mut self) -> anyhow::Result<Took> {
        let took = Took { time: self.began.elapsed().saturating_sub(self.took.time), ..self.took.clone() };
        tell(&format!("{}: {took}", self.task))?;
        Ok(took)
    }

    /// Clicks what says `text`: there is one such thing on the page, or they all lead to one place.
    ///
    /// # Errors
    /// It does not come into sight within 15 s, or something covers it.
    pub async fn click(&mut self, text: &str) -> anyhow::Result<()> {
        self.click_beside("", text).await
    }

    /// Clicks what says `text` in the same row, card or form as another text.
    ///
    /// # Errors
    /// As those of [`Walk::click`].
    pub async fn click_beside(&mut self, beside: &str, text: &str) -> anyhow::Result<()> {
        let end = Instant::now() + PATIENCE;
        let find = format!("({})({}, {})", FIND.trim(), json!(text), json!(beside));
        self.browser.until(READY).await?;
        let place = loop {
            let found = self.browser.value(&find).await.unwrap_or(Value::Null);
            if found["x"].is_number() {
                break found;
            }
            if Instant::now() >= end {
                bail!("{text:?} can't be clicked: {}\nthe page shows:\n{}", found["why"], self.browser.text().await?);
            }
            sleep(Duration::from_millis(30)).await;
        };
        let (x, y) = (place["x"].as_f64().context("no place")?, place["y"].as_f64().context("no place")?);
        self.took.clicks += 1;
        self.browser.click_at(x, y).await
    }

    /// Scans a code: its characters as keys, and Enter. They go to wherever the page sends them.
    ///
    /// # Errors
    /// The page sends them elsewhere than into its scan box.
    pub async fn scan(&mut self, code: &str) -> anyhow::Result<()> {
        self.browser.until(READY).await?;
        ensure!(self.browser.value(TAKES_KEYS).await? == true, "a scan of {code} would go nowhere, or into a field");
        for character in code.chars() {
            self.browser.key(character).await?;
        }
        let has = self.browser.value("document.querySelector('[data-scan]').value").await?;
        ensure!(has == code, "the scan box has {has} after a scan of {code}");
        self.browser.value("window.scannedHere = true").await?;
        self.browser.enter().await?;
        self.took.scans += 1;
        // What comes next is another page.
        self.browser.until("window.scannedHere === undefined").await
    }

    /// Writes into a field that `selector` finds, in the place of what stands there.
    ///
    /// # Errors
    /// There is no such field.
    pub async fn write(&mut self, selector: &str, text: &str) -> anyhow::Result<()> {
        self.browser.value(&format!("document.querySelector({}).select()", json!(selector))).await?;
        self.browser.write(selector, text).await?;
        self.took.fields += 1;
        Ok(())
    }

    /// Waits until the page shows a text, and keeps pictures of it.
    ///
    /// # Errors
    /// It does not within 15 s.
    pub async fn sees(&mut self, text: &str) -> anyhow::Result<()> {
        self.browser.until_shown(text).await?;
        self.step += 1;
        let Some(folder) = self.pictures.clone() else { return Ok(()) };
        let began = Instant::now();
        self.pictures(&folder).await?;
        // Nobody at a desk takes pictures.
        self.took.time += began.elapsed();
        Ok(())
    }

    async fn pictures(&mut self, folder: &Path) -> anyhow::Result<()> {
        for (width, height) in SCREENS.into_iter().rev() {
            self.browser.resize(width, height).await?;
            let name = format!("{}-{}-{width}.png", self.task.replace(' ', "-"), self.step);
            self.browser.picture(&folder.join(name)).await?;
        }
        Ok(())
    }

    /// What a part of the page shows as text.
    ///
    /// # Errors
    /// There is no such part.
    pub async fn shows(&mut self, selector: &str) -> anyhow::Result<String> {
        let text = self.browser.value(&format!("document.querySelector({}).innerText", json!(selector))).await?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }
}

/// Says a line that is seen even when the test succeeds.
///
/// # Errors
/// Standard error is gone.
pub fn tell(line: &str) -> anyhow::Result<()> {
    writeln!(std::io::stderr().lock(), "{line}").context("standard error is gone")
}
