//! Ids and tags: types, not strings. A value that exists is valid.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use uuid::Uuid;

/// Why a text is not an id, a tag or a name of the site.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a {what}: {want}")]
pub struct BadId {
    /// What was wanted: "tag", "room name" …
    pub what: &'static str,
    /// What it must look like.
    pub want: &'static str,
    /// The offending text, at most 80 characters of it.
    pub text: String,
}

impl BadId {
    fn new(what: &'static str, want: &'static str, text: &str) -> Self {
        Self { what, want, text: text.chars().take(80).collect() }
    }
}

/// Defines an id that is a text of a certain form.
macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $what:literal, $want:literal, $clean:expr) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(std::sync::Arc<str>);

        impl $name {
            /// Reads one from text.
            ///
            /// # Errors
            /// [`BadId`], which says what it must look like.
            pub fn parse(text: &str) -> Result<Self, BadId> {
                let clean: fn(&str) -> Option<String> = $clean;
                clean(text).map(|s| Self(s.into())).ok_or_else(|| BadId::new($what, $want, text))
            }
            /// The text.
            pub fn as_str(&self) -> &str { &self.0 }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&self.0) }
        }
        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> { Self::parse(text) }
        }
        impl TryFrom<String> for $name {
            type Error = BadId;
            fn try_from(text: String) -> Result<Self, BadId> { Self::parse(&text) }
        }
        impl From<$name> for String {
            fn from(id: $name) -> String { id.0.to_string() }
        }
    };
}

fn slug(text: &str) -> Option<String> {
    let fits = (1..=40).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    (fits && !text.starts_with('-') && !text.ends_with('-')).then(|| text.to_owned())
}

fn label(text: &str, longest: usize) -> Option<String> {
    let text = text.trim();
    let length = text.chars().count();
    (length >= 1 && length <= longest && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

text_id!(
    /// A site's short name, as it stands in addresses and certificates.
    SiteId, "site id", "1 to 40 of a-z, 0-9 and -", slug
);
text_id!(
    /// A room's name as people say it: "Lab 118". Compared as written, unique within the site.
    RoomId, "room name", "1 to 40 characters, no slash or control characters", |text| label(text, 40).filter(|s| !s.contains('/'))
);
text_id!(
    /// The barcode text on an asset, unique within the site; kept in upper case.
    Tag, "tag", "1 to 40 letters, digits, . _ or -", |text| {
        let text = text.trim().to_ascii_uppercase();
        ((1..=40).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))).then_some(text)
    }
);
impl Tag {
    /// What a machine without a usable host name is called.
    pub(crate) fn unnamed() -> Self {
        Self("PC".into())
    }
}

text_id!(
    /// A person's id of the roster, as it stands on the card.
    PersonId, "person id", "1 to 40 characters, no spaces, slash or control characters",
    |text| label(text, 40).filter(|s| !s.contains(|c: char| c.is_whitespace() || c == '/'))
);
impl PersonId {
    /// Sorts before every id.
    pub(crate) fn first() -> Self {
        Self("".into())
    }
}

text_id!(
    /// A class of the roster, by its key in the student information system.
    ClassId, "class id", "1 to 255 characters, no control characters", |text| label(text, 255)
);
text_id!(
    /// A watched transfer's name.
    TransferName, "transfer name", "1 to 40 characters, no slash or control characters", |text| label(text, 40).filter(|s| !s.contains('/'))
);
text_id!(
    /// A baseline's name.
    BaselineId, "baseline name", "1 to 60 characters, no slash or control characters", |text| label(text, 60).filter(|s| !s.contains('/'))
);
text_id!(
    /// A name that people sign in with.
    UserName, "user name", "1 to 40 of a-z, 0-9, . _ and -", |text| {
        ((1..=40).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b))).then(|| text.to_owned())
    }
);

/// Defines an id that is a UUID made by the caller.
macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
        }
        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                Uuid::try_parse(text).map(Self).map_err(|_| BadId::new($what, "a UUID", text))
            }
        }
    };
}

uuid_id!(
    /// An asset.
    AssetId, "asset id"
);
uuid_id!(
    /// An enrolled agent identity.
    DeviceId, "device id"
);

/// Defines an id that counts from 1 within a site.
macro_rules! number_id {
    ($(#[$doc:meta])* $name:ident, $what:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);
        impl fmt::Display for $name {
            // Twenty digits would sort as text; people read it without zeros.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
        }
        impl FromStr for $name {
            type Err = BadId;
            fn from_str(text: &str) -> Result<Self, BadId> {
                text.parse().map(Self).map_err(|_| BadId::new($what, "a whole number", text))
            }
        }
    };
}

number_id!(
    /// An alert.
    AlertId, "alert number"
);
number_id!(
    /// A charge.
    ChargeId, "charge number"
);
number_id!(
    /// A loan.
    LoanId, "loan number"
);
number_id!(
    /// A maintenance window.
    MaintenanceId, "maintenance window's number"
);
number_id!(
    /// What the library system is still to be told.
    MirroringId, "number of what the library system is owed"
);
number_id!(
    /// A purchase order.
    OrderId, "order number"
);
number_id!(
    /// A reservation.
    ReservationId, "reservation number"
);
number_id!(
    /// A sweep.
    SweepId, "sweep number"
);
number_id!(
    /// A ticket.
    TicketId, "ticket number"
);
number_id!(
    /// An enrolment token, by number; its secret is not kept.
    TokenId, "token number"
);
number_id!(
    /// A waiver.
    WaiverId, "waiver number"
);
number_id!(
    /// A key for scripts, by number; its secret is not kept.
    ApiKeyId, "key number"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_upper_case_and_plain() {
        assert_eq!(Tag::parse(" lab1-017 ").unwrap().as_str(), "LAB1-017");
        for bad in ["", "a b", "<script>", "a/b", &"x".repeat(41)] {
            assert!(Tag::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn rooms_keep_the_words_people_use() {
        assert_eq!(RoomId::parse("Lab 118").unwrap().as_str(), "Lab 118");
        assert!(RoomId::parse("a\u{7}").is_err());
        assert!(RoomId::parse("a/b").is_err());
    }
}
