//! Compiles the .proto files with protox, so that nobody installs protoc.
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files = ["attendance", "enrollment", "health", "sections"].map(|name| format!("rollcall/v1/{name}.proto"));
    for file in &files {
        println!("cargo:rerun-if-changed={file}");
    }
    let descriptors = protox::compile(&files, ["."])?;
    tonic_prost_build::configure()
        .build_transport(false)
        .type_attribute(".", "#[allow(missing_docs, clippy::all, reason = \"generated; the .proto file is the documentation\")]")
        .compile_fds(descriptors)?;
    Ok(())
}
