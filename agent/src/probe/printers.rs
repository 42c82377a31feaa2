//! The print queues of CUPS: from its own file where root wrote it down, else from what it answers.

use super::{Found, Measured, text};
use crate::host::{Ask, Host, Unread};
use rollcall_proto::Section;
use rollcall_proto::v1::{Printer, Printers};

const QUEUES: &str = "/etc/cups/printers.conf";
const QUEUES_LIMIT: usize = 1024 * 1024;
/// Most queues listed.
const MOST: usize = 500;

/// Reads the section. A machine without CUPS has no queue: that is measured.
pub(super) fn read(host: &Host) -> Measured {
    let printers = match host.text(QUEUES, QUEUES_LIMIT) {
        Ok(text) => from_file(&text),
        Err(file) => match host.ask(Ask::PrintQueues) {
            Ok(answer) => from_answer(&answer),
            Err(Unread::Absent { .. }) if file.is_absent() => Vec::new(),
            Err(program) => return Err(format!("{file}; {program}")),
        },
    };
    Ok(Found::whole(Section::Printers(Printers { printers })))
}

/// What of CUPS' file may leave it: the names, models, places and addresses of queues, without users and passwords.
pub(crate) fn public(text: &str) -> String {
    let keep = |line: &&str| {
        let line = line.trim();
        line.starts_with("<") || ["Info ", "Location ", "MakeModel ", "DeviceURI "].iter().any(|key| line.starts_with(key))
    };
    let told = |line: &str| match line.trim().split_once(' ') {
        Some(("DeviceURI", address)) => format!("DeviceURI {}\n", without_user(address)),
        _ => format!("{}\n", line.trim()),
    };
    text.lines().filter(keep).map(told).collect()
}

/// Reads CUPS' file: `<Printer NAME>` or `<DefaultPrinter NAME>`, a directive a line, `</Printer>`.
fn from_file(text: &str) -> Vec<Printer> {
    let mut printers: Vec<Printer> = Vec::new();
    for line in text.lines().map(str::trim) {
        let begins = |tag: &str| line.strip_prefix(tag)?.strip_suffix('>').map(text::clean);
        if let Some((name, is_default)) = begins("<Printer ").map(|n| (n, false)).or_else(|| begins("<DefaultPrinter ").map(|n| (n, true)))
        {
            printers.push(Printer { name, is_default, ..Printer::default() });
        } else if let (Some((key, value)), Some(printer)) = (line.split_once(' '), printers.last_mut()) {
            match key {
                "MakeModel" => printer.model = text::clean(value),
                "Location" => printer.place = text::clean(value),
                "DeviceURI" => printer.address = text::clean(&without_user(value)),
                _ => {}
            }
        }
    }
    sorted(printers)
}

/// Reads the answer of lpstat: "device for lab2: ipp://10.0.0.9/x" and "system default destination: lab2".
fn from_answer(answer: &str) -> Vec<Printer> {
    let default = answer.lines().find_map(|line| line.strip_prefix("system default destination: ")).map(str::trim);
    let printer = |line: &str| {
        let (name, address) = line.strip_prefix("device for ")?.split_once(": ")?;
        let (is_default, address) = (default == Some(name), text::clean(&without_user(address)));
        Some(Printer { name: text::clean(name), address, is_default, ..Printer::default() })
    };
    sorted(answer.lines().filter_map(printer).collect())
}

fn sorted(mut printers: Vec<Printer>) -> Vec<Printer> {
    printers.sort_by(|a, b| a.name.cmp(&b.name));
    printers.truncate(MOST);
    printers
}

/// An address without what stands before an `@` in its host, and without its query: that is where secrets are kept.
fn without_user(address: &str) -> String {
    let address = address.split('?').next().unwrap_or_default();
    let Some((scheme, rest)) = address.split_once("://") else { return address.to_owned() };
    let (host, path) = rest.find('/').map_or((rest, ""), |at| rest.split_at(at));
    format!("{scheme}://{}{path}", host.rsplit('@').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::probe::machine;
    use proptest::prelude::*;

    const FILE: &str = "# Printer configuration\n<DefaultPrinter lab2>\nPrinterId 1\nUUID urn:uuid:x\nInfo Lab 2\nLocation Room 2\nMakeModel HP LaserJet M402\nDeviceURI smb://DOM\\u:p@ss@print.school/lab2?password=x\n</DefaultPrinter>\n<Printer art>\nDeviceURI socket://10.0.0.9:9100\n</Printer>\n";

    #[test]
    fn queues_are_told_without_secrets() {
        let wanted = [("art", "", "socket://10.0.0.9:9100", false), ("lab2", "HP LaserJet M402", "smb://print.school/lab2", true)];
        let check = |printers: Vec<Printer>| {
            let rows: Vec<_> = printers.iter().map(|p| (p.name.as_str(), p.model.as_str(), p.address.as_str(), p.is_default)).collect();
            assert_eq!(rows, wanted);
        };
        check(from_file(FILE));
        check(from_file(&public(FILE)));
        let kept = public(FILE);
        assert!(!kept.contains("ss@") && !kept.contains("password") && !kept.contains("UUID"), "{kept}");
        let answer =
            "device for lab2: ipp://u:p@print.school/lab2\ndevice for art: usb://HP/x?serial=1\nsystem default destination: lab2\n";
        let rows: Vec<_> = from_answer(answer).into_iter().map(|p| (p.address, p.is_default)).collect();
        assert_eq!(rows, [("usb://HP/x".to_owned(), false), ("ipp://print.school/lab2".to_owned(), true)]);
    }

    #[test]
    fn no_cups_is_no_queue_and_a_closed_one_is_not_measured() {
        assert_eq!(read(&machine("{}", &[]).1).unwrap(), Found::whole(Section::Printers(Printers::default())));
        let (_dir, host) = machine(r#"{"refused":{"/etc/cups/printers.conf":"denied"}}"#, &[]);
        assert!(read(&host).unwrap_err().contains("only root may read"));
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "(?s)(<Printer |>|DeviceURI |://|@|device for |: |\n|.){0,100}") {
            drop((from_file(&text), from_answer(&text), public(&text)));
        }
    }
}
