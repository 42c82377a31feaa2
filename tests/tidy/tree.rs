//! The project's files as text, and what a check does with what it finds.

use std::fs;
use std::path::{Path, PathBuf};

/// Folders of the top level that hold the project's own files.
pub const FOLDERS: [&str; 5] = ["agent", "collector", "deploy", "proto", "tests"];

/// One file of the project.
pub struct File {
    /// Its place, from the top, with slashes.
    pub path: String,
    /// What it says; bytes that are not UTF-8 are replaced.
    pub text: String,
}

impl File {
    pub fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// The lines with their numbers from 1.
    pub fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(index, line)| (index + 1, line))
    }

    /// The code: no comments, no tests at the foot.
    pub fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let comment = |line: &str| line.trim_start().starts_with("//");
        self.lines().take_while(|(_, line)| *line != "#[cfg(test)]").filter(move |(_, line)| !comment(line))
    }
}

/// The top of the project.
pub fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// Every file of the project's folders, and those at the top, by path.
pub fn files() -> Vec<File> {
    let mut found = Vec::new();
    for folder in FOLDERS {
        walk(&top().join(folder), &mut found);
    }
    for entry in fs::read_dir(top()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() && path.file_name().unwrap() != ".git" {
            take(&path, &mut found);
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn walk(folder: &Path, found: &mut Vec<File>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries {
        let path = entry.unwrap().path();
        if path.is_dir() {
            // What npm brings is not ours.
            if !path.ends_with("node_modules") {
                walk(&path, found);
            }
        } else {
            take(&path, found);
        }
    }
}

fn take(path: &Path, found: &mut Vec<File>) {
    let name = path.strip_prefix(top()).unwrap().to_string_lossy().replace('\\', "/");
    found.push(File { path: name, text: String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned() });
}

/// Fails with everything that is wrong, and also when there was nothing to look at.
#[track_caller]
pub fn hold(looked_at: usize, wrong: &[String]) {
    assert!(looked_at > 0, "there is nothing to check: the check looks in the wrong place");
    assert!(wrong.is_empty(), "{} wrong:\n  {}\n", wrong.len(), wrong.join("\n  "));
}

/// Runs `find` on every file that `which` picks, and holds what it says is wrong.
#[track_caller]
pub fn check(which: impl Fn(&File) -> bool, find: impl Fn(&File) -> Vec<String>) {
    let files: Vec<File> = files().into_iter().filter(which).collect();
    let wrong: Vec<String> = files.iter().flat_map(find).collect();
    hold(files.len(), &wrong);
}

/// Every line of the code of `file` for which `bad` gives a reason, with its place.
pub fn lines_with(file: &File, bad: impl Fn(&str) -> Option<String>) -> Vec<String> {
    file.code().filter_map(|(number, line)| bad(line).map(|why| format!("{}:{number}: {why}", file.path))).collect()
}
