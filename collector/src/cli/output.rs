//! The one place where the command line speaks: tables and facts for people, lines and JSON for scripts.

use crate::cli::exit::{Exit, Failure};
use crate::cli::table::{self, Column, Style};
use crate::cli::words;
use crate::csv_file::Writer;
use comfy_table::{Cell, Color};
use jiff::Timestamp;
use serde_json::Value;
use std::cell::OnceCell;
use std::io::{self, IsTerminal, Write};

/// Where and how a command speaks.
#[derive(Debug)]
pub struct Out {
    /// Whether scripts want JSON.
    pub form: Wanted,
    /// The terminal on standard output, if it is one.
    pub terminal: Option<Style>,
    /// Ages are counted from here.
    pub now: Timestamp,
    /// Why the answer could not be written.
    broken: OnceCell<io::Error>,
}

/// What standard output is wanted to hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// Words: tables on a terminal, lines elsewhere.
    Words,
    /// JSON.
    Json,
    /// Lists as CSV; all else in words.
    Csv,
}

impl Out {
    /// Looks at the terminal.
    pub fn new(form: Wanted, now: Timestamp) -> Self {
        let colour = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let width = comfy_table::Table::new().width().filter(|width| *width > 0).unwrap_or(80);
        let terminal = io::stdout().is_terminal().then_some(Style { width, colour, now });
        Self { form, terminal, now, broken: OnceCell::new() }
    }

    /// Speaks to no terminal.
    #[cfg(test)]
    pub fn to_scripts(form: Wanted, now: Timestamp) -> Self {
        Self { form, terminal: None, now, broken: OnceCell::new() }
    }

    /// How it all ends: an answer that could not be written is no answer.
    ///
    /// # Errors
    /// Standard output is full or broken.
    pub fn finish(&self, exit: Exit) -> Result<Exit, Failure> {
        self.broken.get().map_or(Ok(exit), |error| Err(Failure::here("standard output", error)))
    }

    /// Whether scripts want JSON.
    pub fn is_json(&self) -> bool {
        self.form == Wanted::Json
    }

    /// A list; an empty one says in words what to do next.
    pub fn rows(&self, columns: &[Column], rows: &Value, empty: &str) -> Exit {
        let list = rows.as_array().map(Vec::as_slice).unwrap_or_default();
        if self.is_json() {
            self.json(rows);
        } else if self.form == Wanted::Csv {
            // The heading stands over an empty list too: a script need not tell the two apart.
            self.print(&table::csv(columns, list));
        } else if let (Some(style), false) = (self.terminal, list.is_empty()) {
            self.print(&table::table(columns, list, style));
        } else if !list.is_empty() {
            self.print(&table::lines(columns, list));
        }
        if list.is_empty() {
            self.note(empty);
            return Exit::Found;
        }
        Exit::Done
    }

    /// A sheet of texts under its headings: a table on a terminal, lines or CSV elsewhere.
    pub fn sheet(&self, heads: &[String], rows: &[Vec<String>]) {
        let words = rows.iter().map(|row| row.iter().map(|cell| words::harmless(cell)).collect::<Vec<_>>());
        match self.terminal {
            _ if self.form == Wanted::Csv => {
                let mut writer = Writer::begin(heads);
                rows.iter().for_each(|row| writer.row(row));
                self.print(String::from_utf8_lossy(&writer.finish()).trim_end());
            }
            Some(style) if !rows.is_empty() => {
                let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
                self.print(&table::grid(&heads, words.map(|row| row.into_iter().map(Cell::new).collect()), style));
            }
            Some(_) => self.print("nothing"),
            None => words.for_each(|row| self.print(&row.join("\t"))),
        }
    }

    /// Facts with what they are, one a line; empty ones are left out.
    pub fn facts<T: AsRef<str>>(&self, facts: &[(T, String)]) {
        let widest = facts.iter().map(|(name, _)| name.as_ref().chars().count()).max().unwrap_or(0);
        for (name, fact) in facts.iter().filter(|(_, fact)| !fact.is_empty()) {
            let (name, fact) = (name.as_ref(), words::harmless(fact));
            match self.terminal {
                Some(_) => self.print(&format!("{name:widest$}  {fact}")),
                None => self.print(&format!("{name}\t{fact}")),
            }
        }
    }

    /// The answer to scripts.
    pub fn json(&self, value: &Value) {
        self.print(&serde_json::to_string_pretty(value).unwrap_or_default());
    }

    /// The answer in one line: words for people, the value for scripts.
    pub fn said(&self, value: &Value, words: &str) -> Exit {
        if self.is_json() {
            self.json(value);
        } else {
            self.print(&words::harmless(words));
        }
        Exit::Done
    }

    /// One line of words, in a colour that says whether it is good.
    pub fn line(&self, word: &str, rest: &str) {
        let (word, rest) = (words::harmless(word), words::harmless(rest));
        match self.terminal.filter(|style| style.colour).and_then(|_| table::tint(&word)).and_then(ansi) {
            Some(code) => self.print(&format!("\u{1b}[1;{code}m{word}\u{1b}[0m{rest}")),
            None => self.print(&format!("{word}{rest}")),
        }
    }

    /// A heading on a terminal; scripts need none.
    pub fn heading(&self, text: &str) {
        match self.terminal {
            Some(Style { colour: true, .. }) => self.print(&format!("\n\u{1b}[1m{text}\u{1b}[0m")),
            Some(_) => self.print(&format!("\n{text}")),
            None => {}
        }
    }

    /// Text that is already what it should be.
    pub fn print(&self, text: &str) {
        let mut stdout = io::stdout().lock();
        let written = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
        // A reader that went away (`| head`) has what it wanted.
        if let Some(error) = written.err().filter(|error| error.kind() != io::ErrorKind::BrokenPipe) {
            // The first failure says why; those after it are the same.
            drop(self.broken.set(error));
        }
    }

    /// A word beside the answer, on standard error; scripts that want JSON get none.
    pub fn note(&self, text: &str) {
        if !self.is_json() {
            drop(writeln!(io::stderr().lock(), "{}", words::message(text)));
        }
    }

    /// A line above a table; scripts that read the lines get it on standard error.
    pub fn remark(&self, text: &str) {
        match self.terminal {
            Some(_) => self.print(&words::harmless(text)),
            None => self.note(text),
        }
    }

    /// A moment in a sentence: how far away on a terminal, with date and time elsewhere; scripts take it from JSON.
    pub fn when(&self, at: &Value) -> String {
        match (table::moment(at), self.terminal) {
            (Some(at), Some(style)) => words::ago(at, style.now),
            (Some(at), None) => words::utc(at),
            (None, _) => String::new(),
        }
    }

    /// Why the command failed, on standard error.
    pub fn failed(&self, failure: &Failure) {
        let text = if self.is_json() { failure.json().to_string() } else { format!("rollcall: {}", words::message(&failure.to_string())) };
        drop(writeln!(io::stderr().lock(), "{text}"));
    }

    /// Asks for a yes; `None` when nobody sits there to ask.
    pub fn ask(&self, question: &str) -> Option<Answer> {
        if self.is_json() || !io::stdin().is_terminal() {
            return None;
        }
        drop(write!(io::stderr().lock(), "{question} [y/N] "));
        let mut line = String::new();
        io::stdin().read_line(&mut line).ok()?;
        let yes = matches!(line.trim().to_ascii_lowercase().as_str(), "y" | "yes");
        Some(if yes { Answer::Yes } else { Answer::No })
    }
}

/// What a person answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Do it.
    Yes,
    /// Leave it.
    No,
}

/// The terminal's number of a colour.
fn ansi(colour: Color) -> Option<u8> {
    match colour {
        Color::Green => Some(32),
        Color::Yellow => Some(33),
        Color::Red => Some(31),
        _ => None,
    }
}
