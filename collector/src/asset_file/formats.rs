//! What a format is: a name, the headings that tell it, and what each heading means.

use super::{google, own, snipe};
use rollcall_site::asset::AssetKind;

/// A form that lists of assets come in.
#[derive(Debug)]
pub struct Format {
    /// As people know it.
    pub name: &'static str,
    /// Headings of which one of each group is there, in plain form.
    pub told_by: &'static [&'static [&'static str]],
    /// What everything on it is, unless its model says otherwise.
    pub kind: Option<AssetKind>,
    /// What each heading means, in plain form; the first of a meaning counts.
    pub headings: &'static [(&'static str, Meaning)],
}

/// Every format; the first that fits counts.
pub const FORMATS: &[&Format] = &[&google::FORMAT, &snipe::FORMAT, &own::FORMAT];

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The tag.
    Tag,
    /// A fact of ours by its name, written as we write it.
    Fact(&'static str),
    /// A fact of ours that is a day, in one of the forms that people write.
    Day(&'static str),
    /// An amount of money; other currency signs are taken off.
    Price,
    /// What it is, in words that are not ours.
    Kind,
    /// The model, which may say what it is.
    Model,
    /// How it stands, in words that are not ours.
    Status,
    /// Where it is: a room if there is one of that name.
    Place,
    /// How many months of warranty it has from the day that it was bought.
    WarrantyMonths,
    /// The day that its life ends, or how many months it lasts.
    EndOfLife,
    /// A field of the site's own, by this name.
    Custom(&'static str),
    /// A field of the site's own that is a day or a moment, kept as the day.
    CustomDay(&'static str),
    /// Who has it: an id or a user name.
    Who,
    /// Who has it: their mail address.
    WhoMail,
    /// Who has it: their name, which says only that somebody does.
    WhoName,
    /// To what it is lent: a person, or a place or another asset, which is no loan.
    WhoKind,
    /// When it is due back.
    DueBack,
    /// Left out on purpose; said so.
    LeftOut,
}

/// A heading without what differs from one export to the next: case, spaces, points, underscores.
pub fn plain(heading: &str) -> String {
    heading.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

impl Format {
    /// Whether a heading, in plain form, is this format's.
    pub fn fits(&self, headings: &[String]) -> bool {
        self.told_by.iter().all(|group| group.iter().any(|wanted| headings.iter().any(|heading| heading == wanted)))
    }

    /// What a heading in plain form means here.
    pub fn meaning(&self, heading: &str) -> Option<Meaning> {
        self.headings.iter().find(|(name, _)| *name == heading).map(|(_, meaning)| *meaning)
    }
}
