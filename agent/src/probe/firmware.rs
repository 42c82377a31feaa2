//! How the machine starts: UEFI or BIOS, secure boot, the security chip.

use super::text;
use crate::host::Host;

const EFI: &str = "/sys/firmware/efi";
const SECURE_BOOT: &str = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
const TPM: &str = "/sys/class/tpm";

/// "UEFI" or "BIOS"; empty on boards that have neither.
pub(super) fn mode(host: &Host, has_dmi: bool) -> &'static str {
    match (host.exists(EFI), has_dmi) {
        (true, _) => "UEFI",
        (false, true) => "BIOS",
        (false, false) => "",
    }
}

/// Whether only signed systems start: "on", "off"; empty when the firmware knows nothing of it.
pub(super) fn secure_boot(host: &Host) -> Result<&'static str, String> {
    match host.read(SECURE_BOOT, 64) {
        Ok(variable) => Ok(variable_is_set(&variable)),
        Err(why) if why.is_absent() => Ok(""),
        Err(why) => Err(format!("secure boot: {why}")),
    }
}

/// Four bytes of attributes, then the value.
fn variable_is_set(variable: &[u8]) -> &'static str {
    match variable {
        [_, _, _, _, 1] => "on",
        [_, _, _, _, 0] => "off",
        _ => "",
    }
}

/// The version of the security chip, "2.0"; "none" where the kernel looked and found none; else empty.
pub(super) fn tpm(host: &Host) -> String {
    let Ok(chips) = host.list(TPM) else { return String::new() };
    let Some(chip) = chips.first() else { return "none".to_owned() };
    match host.value(&format!("{TPM}/{chip}/tpm_version_major")).ok().and_then(|major| text::number(&major)) {
        Some(2) => "2.0".to_owned(),
        Some(1) => "1.2".to_owned(),
        _ => "of unknown version".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::machine;

    #[test]
    fn the_start_is_told() {
        let (dir, host) = machine("{}", &[("sys/class/tpm/tpm0/tpm_version_major", "2\n")]);
        let at = dir.path().join(SECURE_BOOT.trim_start_matches('/'));
        std::fs::create_dir_all(at.parent().unwrap()).unwrap();
        std::fs::write(at, [6, 0, 0, 0, 1]).unwrap();
        assert_eq!((mode(&host, true), secure_boot(&host), tpm(&host).as_str()), ("UEFI", Ok("on"), "2.0"));
        let (_dir, host) = machine(r#"{"names":{"/sys/class/tpm":[]}}"#, &[]);
        assert_eq!((mode(&host, true), mode(&host, false), secure_boot(&host), tpm(&host).as_str()), ("BIOS", "", Ok(""), "none"));
        assert_eq!((variable_is_set(&[0, 0, 0, 0, 0]), variable_is_set(&[1])), ("off", ""));
    }
}
