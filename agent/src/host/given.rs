//! A recorded machine of which one source says something else: what is given stands in for it, in memory.

use super::manifest::Manifest;
use super::{Host, RecordError, World};
use std::path::{Path, PathBuf};

/// A recorded machine, ready to be asked with one source replaced.
pub struct Given {
    dir: PathBuf,
    manifest: Manifest,
}

impl Given {
    /// The machine recorded in `dir`, with `more` beside its manifest: JSON in the same form.
    ///
    /// # Errors
    /// [`RecordError`], which names the file.
    pub fn open(dir: &Path, more: &str) -> Result<Self, RecordError> {
        let mut manifest = Manifest::load(dir)?;
        let wrong = |source| RecordError::Manifest { path: dir.to_owned(), source };
        let more: Manifest = if more.is_empty() { Manifest::default() } else { serde_json::from_str(more).map_err(wrong)? };
        manifest.answers.extend(more.answers);
        manifest.names.extend(more.names);
        manifest.links.extend(more.links);
        manifest.present.extend(more.present);
        manifest.modified.extend(more.modified);
        manifest.refused.extend(more.refused);
        Ok(Self { dir: dir.to_owned(), manifest })
    }

    /// The machine whose `source` says `bytes`: a path; "ask:QUESTION", a program's answer; "names:PATH", a folder's names, one a line;
    /// "link:PATH", where a symbolic link points.
    pub fn host(&self, source: &str, bytes: &[u8]) -> Host {
        let mut manifest = self.manifest.clone();
        let text = || String::from_utf8_lossy(bytes).into_owned();
        match source.split_once(':') {
            Some(("ask", question)) => drop(manifest.answers.insert(question.to_owned(), text())),
            Some(("link", path)) => drop(manifest.links.insert(path.to_owned(), text())),
            Some(("names", path)) => {
                let text = text();
                // A folder has no empty name, none with a slash, and none twice.
                let names: std::collections::BTreeSet<&str> =
                    text.lines().filter(|name| !name.is_empty() && !name.contains(['/', '\0']) && !matches!(*name, "." | "..")).collect();
                manifest.names.insert(path.to_owned(), names.into_iter().map(str::to_owned).collect());
            }
            _ => drop(manifest.files.insert(source.to_owned(), bytes.to_vec())),
        }
        Host::new(self.dir.clone(), World::Recorded(manifest), None)
    }
}
