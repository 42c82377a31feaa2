//! Debian's Chromium, driven over its own protocol through a pair of pipes: no driver to install, no port to open.

use anyhow::{Context, bail};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::{Instant, sleep, timeout};

/// Names under which distributions install it.
const PROGRAMS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
/// One call to the browser may take this long.
const CALL: Duration = Duration::from_secs(30);

/// Whether pages run their script.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Script {
    /// They do.
    On,
    /// They don't.
    Off,
}

/// Which colours somebody wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Colours {
    /// Dark letters.
    Light,
    /// Light letters.
    Dark,
}

/// A browser with one page.
pub struct Browser {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
    page: String,
    calls: u64,
    _profile: TempDir,
}

/// The browser that is installed here, if any.
pub fn program() -> Option<&'static str> {
    let path = std::env::var_os("PATH")?;
    PROGRAMS.into_iter().find(|name| std::env::split_paths(&path).any(|folder| folder.join(name).is_file()))
}

impl Browser {
    /// Starts a browser that accepts the site's own certificate.
    ///
    /// # Errors
    /// There is no browser, or it does not start.
    pub async fn start() -> anyhow::Result<Self> {
        let program = program().context("no browser: install Debian's package `chromium`")?;
        let profile = tempfile::tempdir()?;
        // The browser reads commands from descriptor 3 and writes answers to 4, each ended by a zero byte.
        let mut child = Command::new("sh")
            .args(["-c", "exec \"$0\" \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1", program])
            .args(["--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
            .args(["--no-first-run", "--ignore-certificate-errors", "--window-size=1280,900", "--force-prefers-reduced-motion"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .env("HOME", profile.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{program} does not start"))?;
        let to = child.stdin.take().context("no pipe to the browser")?;
        let from = BufReader::new(child.stdout.take().context("no pipe from the browser")?);
        let mut browser = Self { child, to, from, page: String::new(), calls: 0, _profile: profile };
        let target = browser.call("Target.createTarget", json!({"url": "about:blank"})).await?;
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = browser.call("Target.attachToTarget", attach).await?;
        browser.page = session["sessionId"].as_str().context("the browser names no session")?.to_owned();
        browser.call("Page.enable", json!({})).await?;
        Ok(browser)
    }

    /// Opens an address and waits until the page is there.
    ///
    /// # Errors
    /// The address can't be reached, or it takes too long.
    pub async fn open(&mut self, url: &str) -> anyhow::Result<()> {
        let answer = self.call("Page.navigate", json!({"url": url})).await?;
        if let Some(why) = answer["errorText"].as_str().filter(|why| !why.is_empty()) {
            bail!("{url}: {why}");
        }
        self.until("document.readyState === 'complete'").await
    }

    /// The value of an expression in the page.
    ///
    /// # Errors
    /// It throws, or the browser is gone.
    pub async fn value(&mut self, expression: &str) -> anyhow::Result<Value> {
        let ask = json!({"expression": expression, "returnByValue": true, "awaitPromise": true});
        let answer = self.call("Runtime.evaluate", ask).await?;
        if let Some(thrown) = answer.get("exceptionDetails") {
            bail!("{expression}: {}", thrown["exception"]["description"]);
        }
        Ok(answer["result"]["value"].clone())
    }

    /// Waits until an expression is true: at most 15 s, without reloading.
    ///
    /// # Errors
    /// It is not; what the page shows then is in the error.
    pub async fn until(&mut self, expression: &str) -> anyhow::Result<()> {
        let end = Instant::now() + Duration::from_secs(15);
        // While a page is being replaced there is nothing to ask, so that an error only counts at the end.
        while !matches!(self.value(expression).await, Ok(Value::Bool(true))) {
            if Instant::now() >= end {
                let shown = self.text().await.unwrap_or_default();
                let at = self.value("location.pathname").await.unwrap_or_default();
                bail!("not so within 15 s: {expression}\nat {at} the page shows:\n{shown}");
            }
            sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// Waits until the page shows a text.
    ///
    /// # Errors
    /// It does not within 15 s.
    pub async fn until_shown(&mut self, text: &str) -> anyhow::Result<()> {
        self.until(&format!("document.body.innerText.includes({})", json!(text))).await
    }

    /// What the page shows as text.
    ///
    /// # Errors
    /// The browser is gone.
    pub async fn text(&mut self) -> anyhow::Result<String> {
        Ok(self.value("document.body.innerText").await?.as_str().unwrap_or_default().to_owned())
    }

    /// Puts the cursor into the element that `selector` finds, and types a text as a keyboard or scanner would.
    ///
    /// # Errors
    /// There is no such element.
    pub async fn write(&mut self, selector: &str, text: &str) -> anyhow::Result<()> {
        self.value(&format!("document.querySelector({}).focus()", json!(selector))).await?;
        self.call("Input.insertText", json!({"text": text})).await?;
        Ok(())
    }

    /// Presses Enter where the cursor is.
    ///
    /// # Errors
    /// The browser is gone.
    pub async fn enter(&mut self) -> anyhow::Result<()> {
        self.press(json!({"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"})).await
    }

    /// Presses the arrow key that points down.
    ///
    /// # Errors
    /// The browser is gone.
    pub async fn down(&mut self) -> anyhow::Result<()> {
        self.press(json!({"key": "ArrowDown", "code": "ArrowDown", "windowsVirtualKeyCode": 40})).await
    }

    /// Presses the key of one character, as a scanner does: it goes to wherever the cursor is.
    ///
    /// # Errors
    /// The browser is gone.
    pub async fn key(&mut self, character: char) -> anyhow::Result<()> {
        let text = character.to_string();
        self.press(json!({"key": text, "text": text})).await
    }

    /// Moves the mouse to a place of the window and clicks there, with the left button.
    ///
    /// # Errors
    /// The browser is gone.
    pub async fn click_at(&mut self, x: f64, y: f64) -> anyhow::Result<()> {
        for (kind, button, count) in [("mouseMoved", "none", 0), ("mousePressed", "left", 1), ("mouseReleased", "left", 1)] {
            let event = json!({"type": kind, "x": x, "y": y, "button": button, "clickCount": count});
            self.call("Input.dispatchMouseEvent", event).await?;
        }
        Ok(())
    }

    async fn press(&mut self, mut key: Value) -> anyhow::Result<()> {
        for kind in ["keyDown", "keyUp"] {
            key["type"] = json!(kind);
            self.call("Input.dispatchKeyEvent", key.clone()).await?;
        }
        Ok(())
    }

    /// Lets pages run their script or not, from the next one on.
    ///
    /// # Errors
    /// The browser is gone.
    pub async fn script(&mut self, runs: Script) -> anyhow::Result<()> {
        self.call("Emulation.setScriptExecutionDisabled", json!({"value": runs == Script::Off})).await?;
        Ok(())
    }

    /// Runs a script at the beginning of every page that is opened from now on, before any of its own.
    ///
    /// # Errors
    /// The browser is gone.
    pub async fn at_every_page(&mut self, script: &str) -> anyhow::Result<()> {
        self.call("Page.addScriptToEvaluateOnNewDocument", json!({"source": script})).await?;
        Ok(())
    }

    /// Shows pages as somebody wants them who reads dark letters on light paper, or light ones on dark.
    ///
    /// # Errors
    /// The browser is gone.
    pub async fn colours(&mut self, colours: Colours) -> anyhow::Result<()> {
        let wanted = if colours == Colours::Dark { "dark" } else { "light" };
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": wanted}]});
        self.call("Emulation.setEmulatedMedia", media).await?;
        Ok(())
    }

    /// Makes the window as wide and high as a device's, in CSS pixels.
    ///
    /// # Errors
    /// The browser is gone.
    pub async fn resize(&mut self, width: u32, height: u32) -> anyhow::Result<()> {
        let size = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600});
        self.call("Emulation.setDeviceMetricsOverride", size).await?;
        Ok(())
    }

    /// Writes a picture of the whole page, however long, to a PNG file.
    ///
    /// # Errors
    /// The browser is gone, or the file can't be written.
    pub async fn picture(&mut self, file: &Path) -> anyhow::Result<()> {
        let root = "document.documentElement";
        let (width, height) = (self.value(&format!("{root}.clientWidth")).await?, self.value(&format!("{root}.scrollHeight")).await?);
        let clip = json!({"x": 0, "y": 0, "width": width, "height": height, "scale": 1});
        let shot = self.call("Page.captureScreenshot", json!({"format": "png", "captureBeyondViewport": true, "clip": clip})).await?;
        let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, shot["data"].as_str().unwrap_or_default())?;
        std::fs::write(file, bytes).with_context(|| file.display().to_string())
    }

    /// Ends the browser.
    pub async fn stop(mut self) {
        self.child.kill().await.ok();
    }

    async fn call(&mut self, method: &str, params: Value) -> anyhow::Result<Value> {
        self.calls += 1;
        let id = self.calls;
        let mut message = json!({"id": id, "method": method, "params": params});
        if !self.page.is_empty() {
            message["sessionId"] = json!(self.page);
        }
        self.to.write_all(format!("{message}\0").as_bytes()).await?;
        let answer = timeout(CALL, self.answer(id)).await.with_context(|| format!("{method}: no answer"))??;
        match answer.get("error") {
            Some(error) => bail!("{method}: {}", error["message"]),
            None => Ok(answer["result"].clone()),
        }
    }

    /// Reads until the answer to call `id`; events in between are passed over.
    async fn answer(&mut self, id: u64) -> anyhow::Result<Value> {
        loop {
            let mut bytes = Vec::new();
            if self.from.read_until(0, &mut bytes).await? == 0 {
                bail!("the browser is gone");
            }
            bytes.pop();
            let message: Value = serde_json::from_slice(&bytes)?;
            if message["id"] == id {
                return Ok(message);
            }
        }
    }
}
