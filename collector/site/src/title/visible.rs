//! Which packages people see as programs, and which are parts of others: an allow-list speaks of the former.

use crate::packages::Package;

/// How the names of parts begin where a package manager splits programs into many packages.
const BEGINNINGS: &[&str] = &[
    "adwaita-",
    "alsa-",
    "apparmor",
    "apt",
    "aspell-",
    "base-",
    "bsd",
    "ca-certificates",
    "console-",
    "cpp-",
    "cpp",
    "cron",
    "dbus",
    "debconf",
    "dictionaries-",
    "dmidecode",
    "dpkg",
    "e2fsprogs",
    "firmware-",
    "fontconfig",
    "fonts-",
    "g++-",
    "gcc-",
    "gir1.2-",
    "glib",
    "gnome-icon-",
    "golang-",
    "grub",
    "gsettings-",
    "gstreamer",
    "gtk",
    "gvfs",
    "hicolor-",
    "hunspell-",
    "hyphen-",
    "init",
    "intel-microcode",
    "iso-codes",
    "java-common",
    "keyboard-",
    "kmod",
    "language-pack-",
    "less",
    "lib",
    "linux-",
    "locales",
    "login",
    "lsb-",
    "mailcap",
    "mesa-",
    "mime-",
    "mount",
    "mythes-",
    "ncurses",
    "net-tools",
    "node-",
    "openssl",
    "passwd",
    "perl-",
    "pinentry-",
    "pkgconf",
    "policykit-",
    "polkit",
    "procps",
    "python-",
    "python3-",
    "qml-",
    "qt5-",
    "qt6-",
    "readline-",
    "rpm-",
    "ruby-",
    "sensible-",
    "shared-mime-",
    "sound-theme-",
    "sysvinit-",
    "task-",
    "tcl",
    "tex-",
    "tk8",
    "ttf-",
    "tzdata",
    "ucf",
    "udev",
    "util-linux",
    "va-driver-",
    "vulkan-",
    "wpasupplicant",
    "x11-",
    "xdg-",
    "xfonts-",
    "xkb-",
    "xserver-",
    "xml-core",
    "zlib1g",
];

/// How they end.
const ENDINGS: &[&str] = &[
    "-bin",
    "-common",
    "-data",
    "-dbg",
    "-dbgsym",
    "-debuginfo",
    "-dev",
    "-devel",
    "-doc",
    "-docs",
    "-help",
    "-icons",
    "-lang",
    "-libs",
    "-locale",
    "-locales",
    "-plugins",
    "-theme",
    "-utils",
];

/// What the programs of Windows bring along.
const RUNTIMES: &[&str] = &[
    ".net",
    "directx",
    "driver",
    "framework",
    "hotfix",
    "microsoft edge update",
    "microsoft edge webview2",
    "redistributable",
    "runtime",
    "security update",
    "sdk",
    "update for",
    "update helper",
    "vs_",
    "windows driver package",
];

/// Whether people would call it a program of its own.
pub(crate) fn is_visible(package: &Package<'_>) -> bool {
    let name = package.name.to_ascii_lowercase();
    match package.source {
        "flatpak" | "snap" => !name.contains("platform") && !is_base_snap(&name),
        "registry" => !RUNTIMES.iter().any(|word| name.contains(word)),
        _ => {
            // Translations: "firefox-esr-l10n-de".
            let part = (BEGINNINGS.iter().any(|begin| name.starts_with(begin)) && !name.starts_with("libre"))
                || ENDINGS.iter().any(|end| name.ends_with(end))
                || name.contains("-l10n-");
            !part
        }
    }
}

/// The snaps that other snaps stand on.
fn is_base_snap(name: &str) -> bool {
    let rest = name.strip_prefix("core").or_else(|| name.strip_prefix("gnome-")).or_else(|| name.strip_prefix("kf5-"));
    name == "snapd"
        || name == "bare"
        || name.starts_with("gtk-common")
        || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_from_programs() {
        let check = |source: &str, names: &[&str], want: bool| {
            for name in names {
                let package = Package { name, version: "1", architecture: "", publisher: "", source };
                assert_eq!(is_visible(&package), want, "{name} of {source}");
            }
        };
        check("dpkg", &["gimp", "vlc", "firefox-esr", "steam-launcher", "geogebra", "libreoffice-core", "transmission-gtk"], true);
        check(
            "dpkg",
            &["libc6", "gimp-data", "python3-yaml", "fonts-dejavu", "firefox-esr-l10n-de", "linux-image-6.1.0", "vlc-plugins"],
            false,
        );
        check("registry", &["Steam", "Mozilla Firefox (x64 en-US)", "GIMP 2.10.36"], true);
        check("registry", &["Microsoft Visual C++ 2015-2022 Redistributable (x64)", "Microsoft Edge WebView2 Runtime"], false);
        check("snap", &["firefox", "core-tool"], true);
        check("snap", &["core22", "bare", "gnome-42-2204", "snapd", "gtk-common-themes"], false);
        check("flatpak", &["org.gimp.GIMP"], true);
        check("flatpak", &["org.freedesktop.Platform"], false);
    }
}
