//! Where the command line speaks: standard output for answers, standard error for complaints and the log.

use std::io::{self, IsTerminal, Write};
use tracing_subscriber::EnvFilter;

/// Prints an answer. A reader that has seen enough (`| head`) is no failure.
pub(super) fn print(text: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Says what went wrong.
pub(super) fn complain(text: &str) {
    // Nobody is there to be told that standard error is closed.
    writeln!(io::stderr(), "rollcall-agent: {text}").ok();
}

/// Sends the log to standard error; `RUST_LOG` says how much of it.
pub(super) fn log_to_standard_error() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
    // Only a second call could fail, and there is none.
    subscriber.try_init().ok();
}
