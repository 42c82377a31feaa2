//! Small files that are sent along: certificates, and secrets that stay off the command line.

use crate::cli::exit::Failure;
use std::io::Read;
use std::path::Path;

/// Longest file that is read, bytes: certificates.
const LONGEST: u64 = 256 * 1024;

/// All of a file; `-` is standard input. No file is no text.
///
/// # Errors
/// It can't be read, or is no text.
pub fn text(path: Option<&Path>) -> Result<String, Failure> {
    let Some(path) = path else { return Ok(String::new()) };
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().take(LONGEST).read_to_string(&mut text)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(LONGEST).read_to_string(&mut text))
    };
    read.map_err(|error| Failure::here(path.display().to_string(), &error))?;
    Ok(text)
}

/// The first line of a file, without what an editor leaves at its end.
///
/// # Errors
/// As [`text`].
pub fn first_line(path: Option<&Path>) -> Result<String, Failure> {
    Ok(text(path)?.lines().next().unwrap_or_default().trim_end().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_the_first_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("password");
        std::fs::write(&path, "hunter 2 \r\nnot this\n").unwrap();
        assert_eq!(first_line(Some(&path)).unwrap(), "hunter 2");
        assert_eq!(text(Some(&path)).unwrap(), "hunter 2 \r\nnot this\n");
        assert_eq!(first_line(None).unwrap(), "");
        let missing = text(Some(&folder.path().join("none"))).unwrap_err();
        assert!(missing.to_string().contains("there is no such file"), "{missing}");
    }
}
