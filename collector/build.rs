//! Writes the OpenAPI document of the REST interface from its source, so that the two never differ.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let here = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    for folder in ["src", "site/src"] {
        note(&format!("cargo::rerun-if-changed={folder}"))?;
    }
    let document = rollcall_document::write(&here, &env::var("CARGO_PKG_VERSION")?)?;
    // An empty schema in the document; a test fails, too.
    for unknown in &document.unknown {
        note(&format!("cargo::warning=the OpenAPI document can't follow {unknown}"))?;
    }
    fs::write(Path::new(&env::var("OUT_DIR")?).join("openapi.json"), document.json.to_string())?;
    Ok(())
}

fn note(line: &str) -> std::io::Result<()> {
    use std::io::Write;
    writeln!(std::io::stdout(), "{line}")
}
