//! The top level holds what the project's card names, and nothing else.

use crate::tree::{FOLDERS, hold, top};

/// Beside the folders and dotfiles.
const FILES: [&str; 4] = ["Cargo.lock", "Cargo.toml", "LICENSE", "README.md"];

#[test]
fn the_top_level_holds_only_what_the_card_names() {
    let names: Vec<String> = std::fs::read_dir(top()).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    // `target` is where cargo builds; git ignores it.
    let known = |name: &str| name.starts_with('.') || name == "target" || FOLDERS.contains(&name) || FILES.contains(&name);
    let wrong: Vec<String> = names.iter().filter(|name| !known(name)).map(|name| format!("{name} does not belong at the top")).collect();
    hold(names.len(), &wrong);
}
