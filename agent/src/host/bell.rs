//! The bell beside the agent's state: this machine's own service manager says over it that the machine goes to sleep.
//!
//! It is a socket in the file system, for the agent's user and root alone; it takes one of two words and answers one.

use std::io;
use std::path::Path;
#[cfg(unix)]
use std::time::Duration;

/// How long a word may take to be said and heard: the machine waits with its sleep.
#[cfg(unix)]
const PATIENCE: Duration = Duration::from_secs(3);

/// What can be said to an agent that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// The machine goes to sleep.
    Suspend,
    /// It is awake again.
    Resume,
}

#[cfg(unix)]
impl Word {
    const ALL: [Self; 2] = [Self::Suspend, Self::Resume];

    fn name(self) -> &'static str {
        match self {
            Self::Suspend => "suspend",
            Self::Resume => "resume",
        }
    }

    fn parse(text: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|word| text.trim_ascii() == word.name().as_bytes())
    }
}

/// The word that was said, as it is said; `None`: it is none.
#[cfg(unix)]
pub(crate) fn means(text: &[u8]) -> Option<&'static str> {
    Word::parse(text).map(Word::name)
}

/// Nothing is said here.
#[cfg(not(unix))]
pub(crate) fn means(_text: &[u8]) -> Option<&'static str> {
    None
}

#[cfg(unix)]
pub use unix::{Bell, Ring, say};

#[cfg(unix)]
mod unix {
    use super::{PATIENCE, Path, Word, io};
    use std::os::unix::fs::PermissionsExt;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{UnixListener, UnixStream};
    use tokio::time::timeout;

    /// The socket's name in the state folder.
    const NAME: &str = "bell";

    /// Listens for words.
    pub struct Bell(UnixListener);

    /// A word that was said; whoever said it waits until [`Ring::heard`].
    pub struct Ring {
        /// The word.
        pub word: Word,
        from: UnixStream,
    }

    impl Ring {
        /// Answers that the word was heard and acted on.
        pub async fn heard(mut self) {
            // Who asked may have gone.
            timeout(PATIENCE, self.from.write_all(b"ok\n")).await.ok();
        }
    }

    impl Bell {
        /// Listens in the state folder `dir`, which this process alone uses.
        ///
        /// # Errors
        /// The system's, such as a path too long for a socket.
        pub fn hang(dir: &Path) -> io::Result<Self> {
            let path = dir.join(NAME);
            if let Err(error) = std::fs::remove_file(&path)
                && error.kind() != io::ErrorKind::NotFound
            {
                return Err(error);
            }
            let listener = UnixListener::bind(&path)?;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
            Ok(Self(listener))
        }

        /// Waits for a word. One caller at a time, each for a moment: the folder is closed to others. May be dropped and called again.
        pub async fn ring(&mut self) -> Ring {
            loop {
                let Ok((mut from, _)) = self.0.accept().await else {
                    tokio::time::sleep(PATIENCE).await;
                    continue;
                };
                let mut text = [0; 16];
                if let Ok(Ok(length)) = timeout(PATIENCE, from.read(&mut text)).await
                    && let Some(word) = text.get(..length).and_then(Word::parse)
                {
                    return Ring { word, from };
                }
            }
        }
    }

    /// Says `word` to the agent whose state is in `dir`, and waits until it has acted.
    ///
    /// # Errors
    /// The system's; not found or refused when no agent runs there.
    pub async fn say(dir: &Path, word: Word) -> io::Result<()> {
        let talk = async {
            let mut bell = UnixStream::connect(dir.join(NAME)).await?;
            bell.write_all(word.name().as_bytes()).await?;
            let mut answer = [0; 3];
            bell.read_exact(&mut answer).await?;
            Ok(())
        };
        timeout(PATIENCE, talk).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }
}

#[cfg(not(unix))]
pub use nowhere::{Bell, Ring, say};

#[cfg(not(unix))]
mod nowhere {
    use super::{Path, Word, io};

    /// There is none here.
    pub enum Bell {}

    /// There is none here.
    pub struct Ring {
        /// The word.
        pub word: Word,
    }

    impl Ring {
        /// Answers.
        pub async fn heard(self) {}
    }

    impl Bell {
        /// Refuses.
        ///
        /// # Errors
        /// Always: unsupported.
        pub fn hang(_dir: &Path) -> io::Result<Self> {
            Err(io::ErrorKind::Unsupported.into())
        }

        /// Never comes back.
        pub async fn ring(&mut self) -> Ring {
            match *self {}
        }
    }

    /// Refuses.
    ///
    /// # Errors
    /// Always: unsupported.
    pub async fn say(_dir: &Path, _word: Word) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_word_is_heard_and_answered_and_rubbish_is_not() {
        let dir = tempfile::tempdir().unwrap();
        assert!(say(dir.path(), Word::Suspend).await.is_err());
        let mut bell = Bell::hang(dir.path()).unwrap();
        let listen = async {
            let ring = bell.ring().await;
            let word = ring.word;
            ring.heard().await;
            word
        };
        let rubbish = async {
            use tokio::io::AsyncWriteExt;
            let mut stream = tokio::net::UnixStream::connect(dir.path().join("bell")).await.unwrap();
            stream.write_all(b"reboot").await.unwrap();
        };
        rubbish.await;
        let (word, said) = tokio::join!(listen, say(dir.path(), Word::Suspend));
        assert_eq!(word, Word::Suspend);
        said.unwrap();
        Bell::hang(dir.path()).unwrap();
    }
}
