//! Compiles the .proto files with protox, so that nobody installs protoc.
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files = ["attendance", "diagnosis", "enrollment", "health", "sections"].map(|name| format!("rollcall/v1/{name}.proto"));
    for file in &files {
        println!("cargo:rerun-if-changed={file}");
    }
    let descriptors = protox::compile(&files, ["."])?;
    let mut build = tonic_prost_build::configure().build_transport(false).codec_path("crate::codec::SmallCodec");
    // The messages of data are shown to people and scripts as JSON; those of the conversation are not.
    for file in descriptors.file.iter().filter(|file| file.name().ends_with("sections.proto") || file.name().ends_with("health.proto")) {
        for message in &file.message_type {
            build = build.type_attribute(format!(".rollcall.v1.{}", message.name()), "#[derive(serde::Serialize)]");
        }
    }
    build.compile_fds(descriptors)?;
    Ok(())
}
