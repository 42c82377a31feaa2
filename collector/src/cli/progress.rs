//! How far long work is, as a bar on a terminal.

use crate::cli::output::Out;
use crate::cli::table::number_at;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::Value;

/// A bar on a terminal, on standard error, with these words after it; nothing elsewhere.
pub fn bar(out: &Out, words: &str) -> ProgressBar {
    if out.is_json() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
    // A template that is no template leaves the plain one.
    match ProgressStyle::with_template(&format!("{{bar:30.cyan}} {words}")) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// Moves a bar to where the work is.
pub fn advance(bar: &ProgressBar, progress: &Value) {
    bar.set_length(number_at(progress, "of"));
    bar.set_position(number_at(progress, "done"));
}
