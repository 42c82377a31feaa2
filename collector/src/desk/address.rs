//! Addresses of pages: text from people and machines goes into them encoded.

use rollcall_site::{PersonId, RoomId, Tag};

/// A device's page.
pub fn device(tag: &Tag) -> String {
    format!("/devices/{}", encoded(tag.as_str()))
}

/// An asset's page.
pub fn asset(tag: &Tag) -> String {
    format!("/assets/{}", encoded(tag.as_str()))
}

/// The loan desk with a person's card scanned.
pub fn person(person: &PersonId) -> String {
    format!("/loans?person={}", encoded(person.as_str()))
}

/// A person's page.
pub fn profile(person: &PersonId) -> String {
    format!("/people/{}", encoded(person.as_str()))
}

/// The page that forgets a person.
pub fn forget(person: &PersonId) -> String {
    format!("/people/{}/forget", encoded(person.as_str()))
}

/// A room's page.
pub fn room(room: &RoomId) -> String {
    format!("/rooms/{}", encoded(room.as_str()))
}

/// A room's page for teachers.
pub fn lab(room: &RoomId) -> String {
    format!("/lab/{}", encoded(room.as_str()))
}

/// Where a problem with a machine is reported.
pub fn report(tag: &Tag) -> String {
    format!("/report/{}", encoded(tag.as_str()))
}

/// Where a sign-in leads: a page of this desk, never another place.
pub fn inside(next: &str) -> &str {
    let fits =
        next.len() <= 500 && next.starts_with('/') && !next.starts_with("//") && next.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    if fits && !next.starts_with("/sign-") { next } else { "/" }
}

/// An address with a query of what is not empty.
pub fn query(path: &str, parts: &[(&str, &str)]) -> String {
    let said = parts.iter().filter(|(_, value)| !value.is_empty());
    let said: Vec<String> = said.map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    if said.is_empty() { path.to_owned() } else { format!("{path}?{}", said.join("&")) }
}

/// Percent-encodes everything but letters, digits and `-._~`.
pub fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_never_leads_elsewhere() {
        let check = |next, led| assert_eq!(inside(next), led, "{next}");
        check("/devices?text=a", "/devices?text=a");
        check("//evil.example", "/");
        check("/\\evil.example", "/");
        check("https://evil.example", "/");
        check("/a\r\nSet-Cookie: x", "/");
        check("/sign-out", "/");
    }

    #[test]
    fn a_query_says_what_is_not_empty() {
        assert_eq!(query("/loans", &[("tag", "A&B"), ("due", ""), ("person", "1")]), "/loans?tag=A%26B&person=1");
        assert_eq!(query("/loans", &[("tag", "")]), "/loans");
    }

    #[test]
    fn rooms_are_encoded() {
        assert_eq!(room(&RoomId::parse("Lab 118?").unwrap()), "/rooms/Lab%20118%3F");
    }
}
