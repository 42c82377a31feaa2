//! What stands on a disk, packed or not: for stories of what must be nowhere.

use std::io;
use std::path::Path;

/// How a packed piece begins.
const PACKED: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

/// Every file below `dir` with what is in it, packed or not, in lower case.
///
/// # Errors
/// A folder can't be read.
pub fn contents(dir: &Path) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        if path.is_dir() {
            all.extend(contents(&path)?);
            continue;
        }
        // A socket, or a file that went meanwhile, holds nothing.
        let Ok(bytes) = std::fs::read(&path) else { continue };
        let plain = unpacked(&bytes).chain([bytes.clone()]).map(|bytes| (path.display().to_string(), bytes.to_ascii_lowercase()));
        all.extend(plain);
    }
    Ok(all)
}

fn unpacked(bytes: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let frames = bytes.windows(PACKED.len()).enumerate().filter(|(_, found)| *found == PACKED).filter_map(|(at, _)| bytes.get(at..));
    frames.filter_map(|frame| {
        let mut plain = Vec::new();
        let mut decoder = zstd::Decoder::new(frame).ok()?.single_frame();
        io::copy(&mut decoder, &mut plain).ok().map(|_| plain)
    })
}

/// The first file that holds the text, in capitals or not.
#[must_use]
pub fn holds<'a>(contents: &'a [(String, Vec<u8>)], text: &str) -> Option<&'a str> {
    let text = text.to_lowercase();
    contents.iter().find(|(_, bytes)| String::from_utf8_lossy(bytes).contains(&text)).map(|(path, _)| path.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_is_found() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("in")).unwrap();
        let packed = zstd::encode_all(&b"a row of Maya Torres, a row of Ben Torres"[..], 3).unwrap();
        std::fs::write(folder.path().join("in/ledger"), [&b"head"[..], &packed, &b"tail"[..]].concat()).unwrap();
        let contents = contents(folder.path()).unwrap();
        assert!(holds(&contents, "maya torres").is_some_and(|path| path.ends_with("in/ledger")));
        assert_eq!(holds(&contents, "Ana Ruiz"), None);
    }
}
