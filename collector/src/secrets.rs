//! Keys and secrets in one sealed file, apart from records, ledger and views.

use age::secrecy::ExposeSecret;
use age::x25519;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::collections::BTreeMap;
use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The sealed file in the data folder.
pub const SEALED: &str = "secrets.sealed";
/// The seal beside it, unless systemd gives one.
pub const SEAL: &str = "seal.key";
/// The name of the secret that holds the public half of the recovery key, to which backups are encrypted.
pub const RECOVERY: &str = "recovery-recipient";
/// The seal's name among systemd's credentials.
pub const CREDENTIAL: &str = "rollcall-seal";
/// Largest sealed file that is read, bytes: a few keys and some hundred passwords are 100 KB.
const MAX_SEALED: u64 = 16 * 1024 * 1024;

/// The sealed secrets by name: "agents-ca", "desk-ca", "password.NAME", "channel.NAME" …
pub struct Secrets {
    path: PathBuf,
    seal: x25519::Identity,
    held: Mutex<BTreeMap<String, Vec<u8>>>,
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

impl SecretsError {
    fn new(path: &Path, what: impl fmt::Display) -> Self {
        Self { path: path.to_owned(), what: what.to_string() }
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Secrets").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Secrets {
    /// Opens the sealed file in `dir`, or makes it with a new seal. The seal is systemd's credential where there is one, else `DIR/seal.key`.
    ///
    /// # Errors
    /// [`SecretsError`]: the file is there and its seal is not, the seal is another one, or the disk failed.
    pub fn open(dir: &Path) -> Result<Self, SecretsError> {
        let credential = std::env::var_os("CREDENTIALS_DIRECTORY").map(|at| Path::new(&at).join(CREDENTIAL)).filter(|at| at.exists());
        Self::open_with(dir, credential)
    }

    fn open_with(dir: &Path, credential: Option<PathBuf>) -> Result<Self, SecretsError> {
        let path = dir.join(SEALED);
        let sealed = read(&path)?;
        let seal_path = credential.unwrap_or_else(|| dir.join(SEAL));
        let seal = match (read(&seal_path)?, &sealed) {
            (Some(text), _) => parse_seal(&seal_path, &text)?,
            (None, None) => make_seal(&seal_path)?,
            (None, Some(_)) => {
                let what = format!("the seal of {SEALED} is missing; bring it back from where it was kept, or restore a backup");
                return Err(SecretsError::new(&seal_path, what));
            }
        };
        let held = sealed.map_or_else(|| Ok(BTreeMap::new()), |sealed| unseal(&path, &seal, &sealed))?;
        Ok(Self { path, seal, held: Mutex::new(held) })
    }

    /// A secret.
    pub fn get(&self, name: &str) -> Option<Vec<u8>> {
        self.lock().get(name).cloned()
    }

    /// Keeps a secret; durable when it returns.
    ///
    /// # Errors
    /// [`SecretsError`]; then the secret that was kept before still is.
    pub fn set(&self, name: &str, secret: &[u8]) -> Result<(), SecretsError> {
        self.rewrite(|held| {
            held.insert(name.to_owned(), secret.to_vec());
        })
    }

    /// Forgets a secret; durable when it returns.
    ///
    /// # Errors
    /// [`SecretsError`]; then it is not forgotten.
    pub fn remove(&self, name: &str) -> Result<(), SecretsError> {
        self.rewrite(|held| {
            held.remove(name);
        })
    }

    fn rewrite(&self, change: impl FnOnce(&mut BTreeMap<String, Vec<u8>>)) -> Result<(), SecretsError> {
        let mut held = self.lock();
        let mut next = held.clone();
        change(&mut next);
        let texts: BTreeMap<&str, String> = next.iter().map(|(name, secret)| (name.as_str(), STANDARD.encode(secret))).collect();
        let plain = serde_json::to_vec(&texts).map_err(|e| SecretsError::new(&self.path, e))?;
        let sealed = age::encrypt(&self.seal.to_public(), &plain).map_err(|e| SecretsError::new(&self.path, e))?;
        write_durably(&self.path, &sealed).map_err(|e| SecretsError::new(&self.path, format!("can't be written: {e}")))?;
        *held = next;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn unseal(path: &Path, seal: &x25519::Identity, sealed: &[u8]) -> Result<BTreeMap<String, Vec<u8>>, SecretsError> {
    let wrong = |what: &str| SecretsError::new(path, what);
    let plain = age::decrypt(seal, sealed).map_err(|error| match error {
        age::DecryptError::NoMatchingKeys => wrong("it was sealed with another seal; bring back the one it was sealed with"),
        error => wrong(&format!("it is damaged ({error}); restore it from a backup")),
    })?;
    let damaged = || wrong("its content is not what was sealed; restore it from a backup");
    let texts: BTreeMap<String, String> = serde_json::from_slice(&plain).map_err(|_| damaged())?;
    texts.into_iter().map(|(name, text)| Ok((name, STANDARD.decode(text).map_err(|_| damaged())?))).collect()
}

fn parse_seal(path: &Path, text: &[u8]) -> Result<x25519::Identity, SecretsError> {
    let text = std::str::from_utf8(text).ok().map(str::trim).unwrap_or_default();
    text.parse().map_err(|e| SecretsError::new(path, format!("it is not a seal ({e}); it must be one line that begins AGE-SECRET-KEY-1")))
}

fn make_seal(path: &Path) -> Result<x25519::Identity, SecretsError> {
    let seal = x25519::Identity::generate();
    let text = format!("{}\n", seal.to_string().expose_secret());
    write_durably(path, text.as_bytes()).map_err(|e| SecretsError::new(path, format!("can't be written: {e}")))?;
    Ok(seal)
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, SecretsError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(SecretsError::new(path, format!("can't be opened: {error}"))),
    };
    let mut bytes = Vec::new();
    file.take(MAX_SEALED).read_to_end(&mut bytes).map_err(|e| SecretsError::new(path, format!("can't be read: {e}")))?;
    Ok(Some(bytes))
}

/// Writes beside, syncs, renames over, syncs the folder: after a crash there is the old file or the new one.
fn write_durably(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let beside = path.with_extension("new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&beside, path)?;
    path.parent().map_or(Ok(()), |dir| File::open(dir)?.sync_all())
}

/// The sealed file and its seal fed with hostile bytes.
pub(crate) mod fuzz {
    use super::{Path, parse_seal, unseal};
    use rollcall_proto::fuzz::{Feed, Target};

    pub(crate) fn target() -> Target {
        Target::with_state("secrets", &[b"age-encryption.org/v1\n-> X25519 AAAA\nAAAA\n--- AAAA\n", br#"{"desk-ca":"AAAA"}"#], feed)
    }

    /// The bytes come as the file, as what was sealed in it, and as the seal.
    fn feed() -> Feed {
        let (seal, at) = (super::x25519::Identity::generate(), Path::new("secrets.sealed"));
        Box::new(move |bytes| {
            assert!(unseal(at, &seal, bytes).is_err(), "nobody guesses what is sealed");
            let sealed = age::encrypt(&seal.to_public(), bytes).unwrap_or_default();
            if let Ok(held) = unseal(at, &seal, &sealed) {
                assert!(serde_json::from_slice::<serde_json::Value>(bytes).is_ok_and(|said| said.is_object()), "{} secrets", held.len());
            }
            drop(parse_seal(at, bytes));
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn secrets_are_there_after_a_restart_and_only_sealed_on_disk() {
        let dir = tempfile::tempdir().unwrap();
        let secrets = Secrets::open_with(dir.path(), None).unwrap();
        secrets.set("password.ana", b"hunter2hunter2").unwrap();
        secrets.set("channel.webhook", b"x").unwrap();
        secrets.remove("channel.webhook").unwrap();

        let again = Secrets::open_with(dir.path(), None).unwrap();
        assert_eq!(again.get("password.ana").as_deref(), Some(&b"hunter2hunter2"[..]));
        assert_eq!(again.get("channel.webhook"), None);
        assert!(!format!("{again:?}").contains("hunter2"));
        let on_disk = fs::read(dir.path().join(SEALED)).unwrap();
        assert!(!String::from_utf8_lossy(&on_disk).contains("hunter2"));
        for file in [SEALED, SEAL] {
            assert_eq!(fs::metadata(dir.path().join(file)).unwrap().permissions().mode() & 0o777, 0o600, "{file}");
        }
    }

    fn check(spoil: impl Fn(&Path), want: &str) {
        let dir = tempfile::tempdir().unwrap();
        Secrets::open_with(dir.path(), None).unwrap().set("a", b"b").unwrap();
        spoil(dir.path());
        let error = Secrets::open_with(dir.path(), None).unwrap_err().to_string();
        assert!(error.contains(want), "{error}");
    }

    #[test]
    fn a_wrong_or_missing_seal_is_said_in_clear_words() {
        check(|dir| fs::remove_file(dir.join(SEAL)).unwrap(), "the seal of secrets.sealed is missing");
        check(|dir| fs::write(dir.join(SEAL), "rubbish").unwrap(), "it is not a seal");
        check(|dir| drop(make_seal(&dir.join(SEAL)).unwrap()), "it was sealed with another seal");
        check(|dir| fs::write(dir.join(SEALED), "rubbish").unwrap(), "it is damaged");
    }

    #[test]
    fn the_seal_may_come_from_systemd() {
        let (dir, credentials) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let credential = credentials.path().join(CREDENTIAL);
        make_seal(&credential).unwrap();
        Secrets::open_with(dir.path(), Some(credential.clone())).unwrap().set("a", b"b").unwrap();
        assert!(!dir.path().join(SEAL).exists());
        assert_eq!(Secrets::open_with(dir.path(), Some(credential)).unwrap().get("a"), Some(b"b".to_vec()));
    }
}
