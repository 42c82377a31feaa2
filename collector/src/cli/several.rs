//! The same done to several things that are named by number.

use crate::cli::exit::{Exit, Failure};
use crate::cli::output::Out;
use serde_json::{Value, json};

/// Asks for each; one that is refused keeps no other from it. Scripts get one answer: the one thing, or the list of several.
///
/// # Errors
/// Only one was named, and it is refused.
pub async fn each(
    out: &Out,
    ids: &[u64],
    mut ask: impl AsyncFnMut(&str) -> Result<Value, Failure>,
    words: impl Fn(&Value) -> String,
) -> Result<Exit, Failure> {
    let (mut rows, mut exit) = (Vec::new(), Exit::Done);
    for id in ids {
        match ask(&id.to_string()).await {
            Ok(row) => rows.push(row),
            Err(failure) if ids.len() == 1 => return Err(failure),
            // The others are done all the same.
            Err(failure) => {
                out.failed(&failure);
                exit = failure.exit();
            }
        }
    }
    match rows.as_slice() {
        [row] if ids.len() == 1 && out.is_json() => out.json(row),
        rows if out.is_json() => out.json(&json!(rows)),
        rows => rows.iter().for_each(|row| out.print(&words(row))),
    }
    Ok(exit)
}
