//! People: the list, searched as one types; each person's page; what does not agree; and forgetting for good.

pub(in crate::desk) mod discrepancies;
pub(in crate::desk) mod forget;
pub(in crate::desk) mod hands;
pub(in crate::desk) mod list;
pub(in crate::desk) mod profile;
pub(in crate::desk) mod roster;

use crate::desk::words::Chip;
use rollcall_site::person::{Person, Standing};

/// How somebody stands, as a chip.
fn standing(person: &Person) -> Chip {
    match person.standing {
        _ if person.blocked.is_some() => Chip::stop("Blocked"),
        Standing::Enrolled => Chip::go("Enrolled"),
        Standing::Provisional => Chip::check("Provisional"),
        Standing::Left(_) => Chip::rest("Left"),
    }
}

/// What somebody is, in a few words.
fn what(person: &Person) -> String {
    let role = person.role.word();
    if person.grade.is_empty() { role.to_owned() } else { format!("{role}, grade {}", person.grade) }
}
