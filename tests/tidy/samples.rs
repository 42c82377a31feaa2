//! The samples that are shipped parse, and the service units name what exists.

use crate::tree::{File, check, top};

#[test]
fn sample_baselines_parse() {
    check(
        |file: &File| file.path.starts_with("deploy/baselines/") && file.path.ends_with(".toml"),
        |file| match rollcall_site::baseline::parse(&file.text) {
            Ok(baseline) if baseline.required.is_empty() => vec![format!("{}: requires nothing: a poor sample", file.path)],
            Ok(_) => vec![],
            Err(why) => vec![format!("{}: {why}", file.path)],
        },
    );
}

#[test]
fn every_toml_file_is_toml() {
    check(
        |file: &File| file.path.ends_with(".toml"),
        |file| match toml::from_str::<toml::Table>(&file.text) {
            Ok(_) => vec![],
            Err(why) => vec![format!("{}: {why}", file.path)],
        },
    );
}

#[test]
fn service_units_start_a_program_of_ours_and_are_closed_in() {
    let wanted = ["ExecStart=/usr/bin/rollcall", "NoNewPrivileges=yes", "ProtectSystem=strict", "Restart=", "[Install]"];
    check(
        |file: &File| file.path.ends_with(".service"),
        |file| wanted.iter().filter(|line| !file.text.contains(*line)).map(|line| format!("{}: no {line}", file.path)).collect(),
    );
}

#[test]
fn scripts_can_be_run() {
    use std::os::unix::fs::PermissionsExt;
    check(
        |file: &File| file.text.starts_with("#!"),
        |file| {
            let mode = std::fs::metadata(top().join(&file.path)).unwrap().permissions().mode();
            if mode & 0o111 == 0 { vec![format!("{}: nobody may run it", file.path)] } else { vec![] }
        },
    );
}
