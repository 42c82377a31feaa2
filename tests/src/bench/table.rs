//! The one table: what was measured, what is promised, and on which machine.

use std::time::Duration;

/// One line of the table.
pub struct Figure {
    what: String,
    measured: String,
    promised: String,
    held: bool,
}

impl Figure {
    /// A figure in words, with whether it holds.
    pub fn words(what: impl Into<String>, measured: impl Into<String>, promised: impl Into<String>, held: bool) -> Self {
        Self { what: what.into(), measured: measured.into(), promised: promised.into(), held }
    }

    /// A figure that must not be larger than `most`, in `unit`.
    pub fn at_most(what: impl Into<String>, measured: f64, most: f64, unit: &str) -> Self {
        Self::words(what, number(measured, unit), format!("≤ {}", number(most, unit)), measured <= most)
    }

    /// A figure that must not be smaller than `least`, in `unit`.
    pub fn at_least(what: impl Into<String>, measured: f64, least: f64, unit: &str) -> Self {
        Self::words(what, number(measured, unit), format!("≥ {}", number(least, unit)), measured >= least)
    }

    /// A time that must not be longer than `most`.
    pub fn within(what: impl Into<String>, measured: Duration, most: Duration) -> Self {
        let unit = if most < Duration::from_secs(1) { "ms" } else { "s" };
        let scale = if most < Duration::from_secs(1) { 1000.0 } else { 1.0 };
        Self::at_most(what, measured.as_secs_f64() * scale, most.as_secs_f64() * scale, unit)
    }

    /// Whether what is promised holds.
    pub fn holds(&self) -> bool {
        self.held
    }
}

/// A number with three digits that count.
fn number(value: f64, unit: &str) -> String {
    let text = match value {
        value if value >= 1000.0 => {
            let digits = format!("{value:.0}");
            let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
            groups.join(",")
        }
        value if value >= 100.0 || value.fract() == 0.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value if value >= 0.1 => format!("{value:.2}"),
        value => format!("{value:.4}"),
    };
    format!("{text} {unit}").trim_end().to_owned()
}

/// The machine in one line.
fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let after = |text: &str, key: &str| {
        text.lines().find_map(|line| Some(line.strip_prefix(key)?.trim_start_matches([' ', '\t', ':']).to_owned())).unwrap_or_default()
    };
    let processors = std::thread::available_parallelism().map_or(0, usize::from);
    let model = after(&read("/proc/cpuinfo"), "model name");
    let system = after(&read("/etc/os-release"), "PRETTY_NAME=");
    let build = if cfg!(debug_assertions) { "development build" } else { "release build" };
    let load = read("/proc/loadavg").split(' ').next().unwrap_or_default().to_owned();
    format!(
        "{processors} × {model} · memory {} · {} · {build} · load {load}",
        after(&read("/proc/meminfo"), "MemTotal"),
        system.trim_matches('"')
    )
}

/// Prints everything, the machine first.
#[expect(clippy::print_stdout, reason = "the table is what the program is for")]
pub fn print(figures: &[Figure]) {
    println!("{}\n", machine());
    let width = |of: fn(&Figure) -> &str| figures.iter().map(|figure| of(figure).chars().count()).max().unwrap_or(0);
    let (what_width, measured_width, promised_width) = (width(|f| &f.what), width(|f| &f.measured), width(|f| &f.promised));
    for Figure { what, measured, promised, held } in figures {
        let verdict = if *held { "holds" } else { "DOES NOT HOLD" };
        println!("{what:what_width$}  {measured:>measured_width$}  {promised:>promised_width$}  {verdict}");
    }
}

/// Tells whoever waits how far it is.
#[expect(clippy::print_stderr, reason = "progress of a long command")]
pub fn tell(text: &str) {
    eprintln!("bench: {text}");
}
