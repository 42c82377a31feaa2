//! The wire can't be abused for what it can't do: a walk over the descriptors of everything the collector may say.

use crate::tree::hold;
use std::collections::BTreeSet;

/// The texts and bytes that a collector may send to an agent, alphabetical. Each is data that the agent keeps or
/// compares; none is a program, a script, a file or an address to fetch from.
const SAID_TO_AGENTS: &[&str] = &[
    "Ack.session",
    "Certificate.ca_der",
    "Certificate.certificate_der",
    "ChallengeResponse.nonce",
    "Echoed.filler",
    "EnrollResponse.addresses",
    "EnrollResponse.ca_der",
    "EnrollResponse.certificate_der",
    "EnrollResponse.device",
    "EnrollResponse.server_name",
    "EnrollResponse.site",
    "EnrollResponse.tag",
    "OffSite.sections",
    "Refusal.enrolment",
    "Refusal.text",
    "RenewResponse.addresses",
    "RenewResponse.certificate_der",
    "Rescan.sections",
    "Resolve.address",
    "Resolve.mac",
    "Want.digests",
    "Welcome.addresses",
    "Welcome.nonce",
    "Welcome.session",
];

/// The closed list of commands.
const COMMANDS: [&str; 7] = ["back_off", "diagnose", "renew", "rescan", "resolve", "retire", "set_schedule"];

/// One message: its name, and its fields with type name (empty for plain types), whether text or bytes, and number.
struct Message {
    name: String,
    fields: Vec<Field>,
    has_map: bool,
}

struct Field {
    name: String,
    /// The message it holds, by short name; empty for others.
    holds: String,
    free: bool,
    number: i32,
}

fn messages() -> Vec<Message> {
    let proto = crate::tree::top().join("proto");
    let files = ["attendance", "diagnosis", "enrollment", "health", "sections"].map(|name| format!("rollcall/v1/{name}.proto"));
    let set = protox::compile(files, [proto]).unwrap();
    let short = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
    let all = set.file.iter().flat_map(|file| &file.message_type);
    all.map(|message| Message {
        name: message.name().to_owned(),
        has_map: message.nested_type.iter().any(|nested| nested.options.as_ref().is_some_and(|options| options.map_entry())),
        fields: message
            .field
            .iter()
            .map(|field| Field {
                name: field.name().to_owned(),
                holds: short(field.type_name()),
                free: ["String", "Bytes"].contains(&format!("{:?}", field.r#type()).as_str()),
                number: field.number(),
            })
            .collect(),
    })
    .collect()
}

fn reachable<'a>(messages: &'a [Message], from: &[&str]) -> Vec<&'a Message> {
    let mut names: BTreeSet<String> = from.iter().map(|name| (*name).to_owned()).collect();
    loop {
        let found: Vec<&Message> = messages.iter().filter(|message| names.contains(&message.name)).collect();
        let before = names.len();
        names.extend(found.iter().flat_map(|message| &message.fields).map(|field| field.holds.clone()).filter(|name| !name.is_empty()));
        if names.len() == before {
            return found;
        }
    }
}

#[test]
fn a_collector_can_say_nothing_but_what_is_listed() {
    let messages = messages();
    let said = reachable(&messages, &["FromCollector", "ChallengeResponse", "EnrollResponse", "RenewResponse"]);
    let texts: BTreeSet<String> = said
        .iter()
        .flat_map(|message| message.fields.iter().filter(|field| field.free).map(move |field| format!("{}.{}", message.name, field.name)))
        .collect();
    let listed: BTreeSet<String> = SAID_TO_AGENTS.iter().map(|name| (*name).to_owned()).collect();
    let wrong: Vec<String> =
        texts.symmetric_difference(&listed).map(|name| format!("{name}: in the wire or in the list, not in both")).collect();
    hold(texts.len(), &wrong);
}

#[test]
fn the_commands_are_a_closed_list() {
    let messages = messages();
    let command = messages.iter().find(|message| message.name == "Command").unwrap();
    let commands: BTreeSet<&str> = command.fields.iter().map(|field| field.name.as_str()).filter(|name| *name != "id").collect();
    assert_eq!(commands.into_iter().collect::<Vec<_>>(), COMMANDS);
    let texts: Vec<String> =
        reachable(&messages, &["Command"]).iter().flat_map(|m| m.fields.iter().filter(|f| f.free).map(|f| f.name.clone())).collect();
    let why = "a section's name, from a closed list; an address of the agent's own link, which is asked for and never called";
    assert_eq!(texts, ["sections", "address", "mac"], "{why}");
}

#[test]
fn messages_have_canonical_bytes_and_numbers_of_their_own() {
    let messages = messages();
    let mut wrong = Vec::new();
    for message in &messages {
        let numbers: BTreeSet<i32> = message.fields.iter().map(|field| field.number).collect();
        if numbers.len() != message.fields.len() {
            wrong.push(format!("{}: a number is used twice", message.name));
        }
        if message.has_map {
            wrong.push(format!("{}: a map has no order, so the digest of its bytes says nothing", message.name));
        }
    }
    hold(messages.len(), &wrong);
}
