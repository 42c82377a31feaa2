//! Every field of a message of the wire at its limits, as bytes that follow any valid message: a later value wins, and messages merge.

use prost::encoding::{WireType, encode_key, encode_varint};
use protox::prost_reflect::{DescriptorPool, FieldDescriptor, Kind, MessageDescriptor};
use std::path::Path;

const UUID: &[u8] = b"01890000-0000-7000-8000-000000000001";

/// Every field below the message called `name`, so many messages deep.
///
/// # Panics
/// There is no such message, or the wire can't be read: the project is not whole.
pub fn fields(name: &str, depth: usize) -> Vec<Vec<u8>> {
    below(&described(name), depth)
}

#[expect(clippy::panic, reason = "without the wire's own files there is nothing to test")]
fn described(name: &str) -> MessageDescriptor {
    let proto = Path::new(env!("CARGO_MANIFEST_DIR")).join("../proto");
    let files = ["attendance", "enrollment", "health", "sections"].map(|name| format!("rollcall/v1/{name}.proto"));
    let set = protox::compile(files, [proto]).unwrap_or_else(|error| panic!("the wire: {error}"));
    let pool = DescriptorPool::from_file_descriptor_set(set).unwrap_or_else(|error| panic!("the wire: {error}"));
    pool.get_message_by_name(&format!("rollcall.v1.{name}")).unwrap_or_else(|| panic!("there is no message {name}"))
}

fn below(message: &MessageDescriptor, depth: usize) -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = message.fields().flat_map(|field| of_field(&field, depth)).collect();
    all.push(tagged(500, WireType::Varint, &varint(7))); // a field of a newer version
    all
}

fn of_field(field: &FieldDescriptor, depth: usize) -> Vec<Vec<u8>> {
    let number = field.number();
    let length = |bytes: &[u8]| tagged(number, WireType::LengthDelimited, &[varint(bytes.len() as u64), bytes.to_vec()].concat());
    match field.kind() {
        Kind::Message(inner) if depth > 0 => below(&inner, depth - 1).iter().map(|bytes| length(bytes)).chain([length(&[])]).collect(),
        Kind::Message(_) => vec![length(&[])],
        Kind::String | Kind::Bytes => {
            let texts: [&[u8]; 8] = [b"", b"x", &[b'y'; 5000], b"\0\x1b[31m\n", &[0xff; 32], &[0; 32], UUID, b"<svg onload=x>"];
            texts.into_iter().map(length).collect()
        }
        _ => [0, 1, 99, u64::from(u32::MAX), i64::MAX as u64, i64::MIN as u64, u64::MAX]
            .map(|value| tagged(number, WireType::Varint, &varint(value)))
            .to_vec(),
    }
}

fn varint(value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_varint(value, &mut bytes);
    bytes
}

fn tagged(number: u32, wire: WireType, value: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_key(number, wire, &mut bytes);
    bytes.extend_from_slice(value);
    bytes
}
