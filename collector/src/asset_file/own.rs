//! Rollcall's own form: a column for each fact, by its name; columns named `custom.…` are fields of the site's own.

use super::formats::{Format, Meaning};

pub(super) const FORMAT: Format = Format {
    name: "Rollcall",
    told_by: &[&["tag", "serial"]],
    kind: None,
    headings: &[
        ("tag", Meaning::Tag),
        ("accessories", Meaning::Fact("accessories")),
        ("bought", Meaning::Day("bought")),
        ("funding", Meaning::Fact("funding")),
        ("kind", Meaning::Fact("kind")),
        ("lifemonths", Meaning::Fact("life_months")),
        ("maker", Meaning::Fact("maker")),
        ("model", Meaning::Fact("model")),
        ("name", Meaning::Fact("name")),
        ("notes", Meaning::Fact("notes")),
        ("partof", Meaning::Fact("part_of")),
        ("price", Meaning::Price),
        ("room", Meaning::Fact("room")),
        ("seat", Meaning::Fact("seat")),
        ("serial", Meaning::Fact("serial")),
        ("serialnumber", Meaning::Fact("serial")),
        ("status", Meaning::Fact("status")),
        ("vendor", Meaning::Fact("vendor")),
        ("warrantyuntil", Meaning::Day("warranty_until")),
    ],
};
