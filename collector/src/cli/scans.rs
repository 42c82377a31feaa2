//! Labels that are scanned one after the other, each after the serial number of what gets it where that is wanted: from a scanner, a
//! keyboard or a file.

use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use serde_json::Value;
use std::io::BufRead;

/// Longest line that is taken for a scan, characters.
const LONGEST: usize = 200;

/// What becomes of the labels that are scanned.
pub(super) trait Labels {
    /// This label goes on the next one; what came of it, in words.
    async fn label(&mut self, tag: &str, serial: Option<String>) -> Result<String, Failure>;

    /// The last one is taken back; its tag, or nothing where there is none.
    async fn undo(&mut self) -> Result<Option<String>, Failure>;
}

/// What a line means.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    /// Nothing.
    Nothing,
    /// The serial of the next one is known, or that it has none.
    Serial,
    /// This label goes on the next one.
    Label { tag: String, serial: Option<String> },
    /// The last one is taken back.
    Undo,
    /// It is over.
    Done,
    /// The line can't be meant.
    Odd(&'static str),
}

/// What is being scanned.
#[derive(Debug, Default)]
pub(super) struct Scans {
    /// Whether serials are scanned.
    serials: bool,
    /// The serial that was scanned, and whose label comes next.
    serial: Option<Option<String>>,
}

/// How the scans ended.
#[derive(Debug)]
pub(super) struct Taken {
    /// How many came to nothing.
    pub refused: usize,
    /// Why they broke off.
    broke_off: Option<Failure>,
}

impl Taken {
    /// Says what was done, in any case; then why it broke off, where it did.
    pub(super) fn end(self, out: &Out, report: &Value, words: &str) -> Result<Exit, Failure> {
        out.said(report, words);
        match self.broke_off {
            Some(failure) => Err(failure),
            None if self.refused > 0 => Ok(Exit::Found),
            None => Ok(Exit::Done),
        }
    }
}

impl Scans {
    /// A serial is scanned before each label.
    pub(super) fn with_serials() -> Self {
        Self { serials: true, serial: None }
    }

    /// Reads scans from standard input until they end; `not` says that one came to nothing.
    pub(super) async fn take(mut self, out: &Out, labels: &mut impl Labels, not: &str) -> Taken {
        let mut taken = Taken { refused: 0, broke_off: None };
        let refuse = |why: &dyn std::fmt::Display| tell(out, "\u{7}\u{7}\u{7}", &format!("{not}: {why}"));
        self.ask(out);
        for line in std::io::stdin().lock().lines() {
            let line = match line {
                Ok(line) => line,
                Err(error) => {
                    taken.broke_off = Some(Failure::here("standard input", &error));
                    break;
                }
            };
            let said = match self.step(&line) {
                Step::Done => break,
                Step::Nothing | Step::Serial => Ok(None),
                Step::Odd(why) => Err(Failure::Usage(why.to_owned())),
                Step::Undo => undone(labels).await.map(Some),
                Step::Label { tag, serial } => labels.label(&tag, serial).await.map(Some),
            };
            match said {
                Ok(Some(words)) => tell(out, "\u{7}", &words),
                Ok(None) => {}
                Err(failure @ Failure::Unreachable(_)) => {
                    taken.broke_off = Some(failure);
                    break;
                }
                Err(failure) => {
                    taken.refused += 1;
                    refuse(&failure);
                }
            }
            self.ask(out);
        }
        if let Some(serial) = self.left().filter(|_| taken.broke_off.is_none()) {
            taken.refused += 1;
            refuse(&format!("no label for the serial {serial}"));
        }
        taken
    }

    /// The serial whose label did not come.
    fn left(&self) -> Option<&str> {
        self.serial.as_ref()?.as_deref()
    }

    /// Reads the next line.
    fn step(&mut self, line: &str) -> Step {
        let line = line.trim();
        if line.chars().count() > LONGEST || line.chars().any(char::is_control) {
            return Step::Odd("that is no scan");
        }
        match (line.to_ascii_lowercase().as_str(), self.serials, self.serial.take()) {
            ("done", _, serial) => {
                self.serial = serial;
                Step::Done
            }
            ("undo", _, Some(_)) => Step::Odd("the serial is forgotten: scan it again"),
            ("undo", ..) => Step::Undo,
            ("", true, None) => {
                self.serial = Some(None);
                Step::Serial
            }
            ("", _, serial) => {
                self.serial = serial;
                Step::Nothing
            }
            (_, true, None) => {
                self.serial = Some(Some(line.to_owned()));
                Step::Serial
            }
            (_, _, Some(Some(serial))) if serial.eq_ignore_ascii_case(line) => {
                self.serial = Some(Some(serial));
                Step::Odd("that is the serial again: scan the label")
            }
            (_, _, serial) => Step::Label { tag: line.to_owned(), serial: serial.flatten() },
        }
    }

    fn wants(&self) -> &'static str {
        if self.serials && self.serial.is_none() { "serial" } else { "label" }
    }

    fn ask(&self, out: &Out) {
        if out.terminal.is_some() {
            drop(std::io::Write::write_all(&mut std::io::stderr(), format!("{}: ", self.wants()).as_bytes()));
        }
    }
}

async fn undone(labels: &mut impl Labels) -> Result<String, Failure> {
    let tag = labels.undo().await?.ok_or_else(|| Failure::Usage("there is nothing to take back".to_owned()))?;
    Ok(format!("taken back: {tag}"))
}

/// Says what came of a scan; a terminal beeps, so that nobody has to look up.
fn tell(out: &Out, beep: &str, words: &str) {
    if out.is_json() {
        return;
    }
    if out.terminal.is_some() {
        out.note(words);
        drop(std::io::Write::write_all(&mut std::io::stderr(), beep.as_bytes()));
    } else {
        out.print(words);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(serials: bool, lines: &[(&str, Step)]) {
        let mut scans = Scans { serials, serial: None };
        for (line, want) in lines {
            assert_eq!(scans.step(line), *want, "{line:?} of {lines:?}");
        }
    }

    fn label(tag: &str, serial: Option<&str>) -> Step {
        Step::Label { tag: tag.to_owned(), serial: serial.map(str::to_owned) }
    }

    #[test]
    fn each_label_is_the_next_one() {
        check(false, &[("PRJ-1\r", label("PRJ-1", None)), ("", Step::Nothing), ("UNDO", Step::Undo), ("done", Step::Done)]);
    }

    #[test]
    fn a_serial_comes_before_its_label() {
        let odd = |why| Step::Odd(why);
        check(
            true,
            &[
                ("S1", Step::Serial),
                ("s1", odd("that is the serial again: scan the label")),
                ("LAP-1", label("LAP-1", Some("S1"))),
                ("", Step::Serial),
                ("LAP-2", label("LAP-2", None)),
                ("S3", Step::Serial),
                ("undo", odd("the serial is forgotten: scan it again")),
                ("undo", Step::Undo),
                ("a\u{7}b", odd("that is no scan")),
            ],
        );
    }

    #[test]
    fn a_serial_that_gets_no_label_is_not_forgotten() {
        for end in [None, Some("done"), Some("a\u{7}b")] {
            let mut scans = Scans::with_serials();
            scans.step("S1");
            end.map(|line| scans.step(line));
            assert_eq!(scans.left(), Some("S1"), "{end:?}");
        }
        let mut scans = Scans::with_serials();
        scans.step("");
        assert_eq!(scans.left(), None, "what has none is nothing that could be left");
    }
}
