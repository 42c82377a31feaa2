//! A list of assets, row by row: what each says in our words, and what is wrong in it, by line and column.

use super::formats::{FORMATS, Format, Meaning, plain};
use super::texts;
use crate::csv_file::{Reading, Row, Wrong, shown};
use jiff::ToSpan;
use jiff::civil::Date;
use rollcall_site::asset::{AssetFacts, AssetKind};
use rollcall_site::intake;
use rollcall_site::{RoomId, Tag};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// The most characters of a cell that are repeated in a message.
const SHOWN: usize = 60;

/// How a list is taken in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Rooms that are named and not there are made.
    pub add_rooms: bool,
    /// What has no tag, and is not known by its serial number, gets that for a tag.
    pub tag_from_serial: bool,
    /// What is lent there to people of the roster is lent here.
    pub loans: bool,
    /// Columns that become fields of the site's own, by their headings.
    pub keep: Vec<String>,
    /// Columns that are left out, by their headings.
    pub without: Vec<String>,
}

/// Who has an asset, as a list says it. It is used to find them in the roster, and is not kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Borrower {
    /// Ids and user names.
    pub ids: Vec<String>,
    /// Mail addresses, in lower case.
    pub mail: Vec<String>,
    /// The day that it is due back.
    pub due: Option<Date>,
}

/// One row, in our words.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Its line.
    pub line: u64,
    /// What it says of the asset.
    pub row: intake::Row,
    /// Who has it.
    pub borrower: Option<Borrower>,
    /// A place that is no room here, kept as a field of the site's own.
    pub place: Option<String>,
}

/// One column of a list.
struct Column {
    heading: String,
    holds: Holds,
}

enum Holds {
    Known(Meaning),
    /// A field of the site's own, by this name.
    Field(String),
    Nothing,
}

/// Reads a list.
pub struct Reader<'a> {
    /// The form that it has.
    pub format: &'static Format,
    columns: Vec<Column>,
    rows: Reading<'a>,
    rooms: BTreeMap<String, RoomId>,
    options: &'a Options,
}

impl<'a> Reader<'a> {
    /// Reads the heading; `rooms` are those that there are.
    ///
    /// # Errors
    /// It is no list of assets that is known here, or a column that was named is not there.
    pub fn begin(text: &'a str, rooms: impl Iterator<Item = RoomId>, options: &'a Options) -> Result<Self, Wrong> {
        let rows = Reading::begin(text)?;
        let headings: Vec<String> = rows.columns.iter().map(|heading| plain(heading)).collect();
        let has = shown(&rows.columns.join(", "));
        let format = FORMATS.iter().find(|format| format.fits(&headings)).ok_or_else(|| unknown(&has))?;
        if let Some(name) = options.keep.iter().chain(&options.without).find(|name| !headings.contains(&plain(name))) {
            return Err(Wrong::of_file(format!("there is no column {name:?}; the heading has {has}")));
        }
        let mut columns = Vec::new();
        for (place, (heading, plain)) in rows.columns.iter().zip(&headings).enumerate() {
            let is_same =
                |other: &String| if own_field(heading).is_some() { other == heading } else { super::formats::plain(other) == *plain };
            if !plain.is_empty() && rows.columns.iter().take(place).any(is_same) {
                return Err(Wrong::of_file(format!("the heading has {} twice: keep one of the two columns", shown(heading))));
            }
            columns.push(Column { heading: heading.clone(), holds: holds(format, heading, options) });
        }
        let rooms = rooms.map(|room| (room.as_str().to_lowercase(), room)).collect();
        Ok(Self { format, columns, rows, rooms, options })
    }

    /// The headings of the columns that are left out.
    pub fn left_out(&self) -> Vec<String> {
        let out = self
            .columns
            .iter()
            .filter(|column| matches!(column.holds, Holds::Nothing | Holds::Known(Meaning::LeftOut)) && !column.heading.is_empty());
        out.map(|column| column.heading.clone()).collect()
    }

    /// The heading of the column from which a fact is.
    pub fn heading_of(&self, fact: &str) -> Option<String> {
        let is = |holds: &Holds| match holds {
            Holds::Known(Meaning::Fact(name) | Meaning::Day(name)) => *name == fact,
            Holds::Known(Meaning::Price) => fact == "price",
            Holds::Known(Meaning::Kind) => fact == "kind",
            Holds::Known(Meaning::Model) => fact == "model",
            Holds::Known(Meaning::Status) => fact == "status",
            Holds::Known(Meaning::Place) => fact == "room",
            Holds::Known(Meaning::WarrantyMonths) => fact == "warranty_until",
            Holds::Known(Meaning::EndOfLife) => fact == "life_months",
            _ => false,
        };
        self.columns.iter().find(|column| is(&column.holds)).map(|column| column.heading.clone())
    }

    /// What is wrong with the facts of a line, and in which column.
    fn misread(&self, facts: &Value, line: u64, text: &str) -> Wrong {
        let alone = |(name, value): (&String, &Value)| {
            let alone = Value::Object(Map::from_iter([(name.clone(), value.clone())]));
            AssetFacts::deserialize(&alone).err().map(|bad| (name.clone(), bad.to_string()))
        };
        let found = facts.as_object().into_iter().flatten().find_map(alone);
        let (name, text) = found.unwrap_or_else(|| (String::new(), text.to_owned()));
        let wrong = Wrong::of_line(line, shown(&text));
        match self.heading_of(&name) {
            Some(heading) => wrong.in_column(&heading),
            None => wrong,
        }
    }

    fn entry(&self, row: &Row) -> Result<Entry, Wrong> {
        let mut told = Told::default();
        for (column, text) in self.columns.iter().zip(&row.values).filter(|(_, text)| !text.is_empty()) {
            told.cell(self, column, text).map_err(|text| Wrong::of_line(row.line, shown(&text)).in_column(&column.heading))?;
        }
        told.entry(self, row.line)
    }
}

impl Iterator for Reader<'_> {
    type Item = Result<Entry, Wrong>;

    fn next(&mut self) -> Option<Result<Entry, Wrong>> {
        let row = self.rows.next()?;
        Some(row.and_then(|row| self.entry(&row)))
    }
}

fn unknown(has: &str) -> Wrong {
    Wrong::of_file(format!(
        "this is no list of assets that is known here: the heading has {has}. It must have tag (Rollcall), Asset Tag (Snipe-IT), or deviceId \
         and serialNumber (Google Admin)"
    ))
}

fn holds(format: &Format, heading: &str, options: &Options) -> Holds {
    let named = |list: &[String]| list.iter().any(|name| plain(name) == plain(heading));
    if named(&options.without) {
        return Holds::Nothing;
    }
    match (format.meaning(&plain(heading)), own_field(heading)) {
        (Some(Meaning::LeftOut) | None, _) if named(&options.keep) => Holds::Field(heading.to_owned()),
        (Some(meaning), _) => Holds::Known(meaning),
        (None, Some(name)) => Holds::Field(name.to_owned()),
        (None, None) => Holds::Nothing,
    }
}

/// The name of the field of the site's own that a heading `custom.…` names.
fn own_field(heading: &str) -> Option<&str> {
    let begin = heading.get(..7)?;
    heading.get(7..).map(str::trim).filter(|name| begin.eq_ignore_ascii_case("custom.") && !name.is_empty())
}

/// What the cells of a row have said so far.
#[derive(Default)]
struct Told {
    tag: Option<Tag>,
    facts: Map<String, Value>,
    custom: Map<String, Value>,
    kind_if_new: Option<AssetKind>,
    room: Option<RoomId>,
    place: Option<String>,
    warranty_months: Option<i32>,
    borrower: Borrower,
    is_lent: bool,
    is_elsewhere: bool,
}

impl Told {
    /// Takes up a cell.
    fn cell(&mut self, reader: &Reader<'_>, column: &Column, text: &str) -> Result<(), String> {
        match &column.holds {
            Holds::Nothing => {}
            Holds::Field(name) => drop(self.custom.insert(name.clone(), text.into())),
            Holds::Known(meaning) => self.known(reader, *meaning, text)?,
        }
        Ok(())
    }

    fn known(&mut self, reader: &Reader<'_>, meaning: Meaning, text: &str) -> Result<(), String> {
        match meaning {
            Meaning::Tag => self.tag = Some(Tag::parse(text).map_err(|bad| bad.to_string())?),
            Meaning::Fact(name) => self.fact(name, text),
            Meaning::Day(name) => self.fact(name, &day(text)?.to_string()),
            Meaning::Price => self.fact("price", text.trim_matches(|c: char| c.is_alphabetic() || " $€£¥".contains(c))),
            Meaning::Kind => match texts::kind(text) {
                Some(kind) => self.fact("kind", kind.word()),
                None => {
                    self.kind_if_new = Some(AssetKind::Other);
                    self.custom.insert("category".to_owned(), text.into());
                }
            },
            Meaning::Model => {
                self.fact("model", text);
                if let Some(kind) = reader.format.kind {
                    self.fact("kind", texts::kind(text).unwrap_or(kind).word());
                }
            }
            Meaning::Status => self.status(text)?,
            Meaning::Place => self.place(reader, text),
            Meaning::WarrantyMonths => self.warranty_months = Some(months(text)?),
            Meaning::EndOfLife if months(text).is_ok() => self.fact("life_months", &months(text)?.to_string()),
            Meaning::EndOfLife => drop(self.facts.insert(LIFE_ENDS.to_owned(), day(text)?.to_string().into())),
            Meaning::Custom(name) => drop(self.custom.insert(name.to_owned(), text.into())),
            Meaning::CustomDay(name) => drop(self.custom.insert(name.to_owned(), day(text)?.to_string().into())),
            Meaning::Who => self.borrower.ids.push(text.to_owned()),
            Meaning::WhoMail => self.borrower.mail.push(text.to_lowercase()),
            Meaning::WhoName => {}
            Meaning::WhoKind => self.is_elsewhere = !text.eq_ignore_ascii_case("user") && !text.eq_ignore_ascii_case("person"),
            Meaning::DueBack => self.borrower.due = Some(day(text)?),
            Meaning::LeftOut => {}
        }
        self.is_lent |= matches!(meaning, Meaning::Who | Meaning::WhoMail | Meaning::WhoName);
        Ok(())
    }

    /// Takes up a fact, the first time that it is said.
    fn fact(&mut self, name: &str, text: &str) {
        if !self.facts.contains_key(name) {
            self.facts.insert(name.to_owned(), text.into());
        }
    }

    fn status(&mut self, text: &str) -> Result<(), String> {
        let shown: String = text.chars().take(SHOWN).collect();
        let status = texts::status(text).ok_or_else(|| {
            format!("no status here is {shown:?}; change it in the file to one of in-service, in-repair, lost, stolen, retired, or leave the column out")
        })?;
        self.fact("status", status.code());
        Ok(())
    }

    /// A room of that name, in any case; else one that is to be made; else a field of the site's own.
    fn place(&mut self, reader: &Reader<'_>, text: &str) {
        let made = || RoomId::parse(text).ok().filter(|_| reader.options.add_rooms);
        match reader.rooms.get(&text.to_lowercase()).cloned().or_else(made) {
            Some(room) => {
                self.facts.insert("room".to_owned(), room.as_str().into());
                self.room = Some(room).filter(|_| reader.options.add_rooms);
            }
            None => {
                self.custom.insert("location".to_owned(), text.into());
                self.place = Some(text.to_owned());
            }
        }
    }

    fn entry(mut self, reader: &Reader<'_>, line: u64) -> Result<Entry, Wrong> {
        self.count_months().map_err(|text| Wrong::of_line(line, text))?;
        if !self.custom.is_empty() {
            self.facts.insert("custom".to_owned(), self.custom.into());
        }
        let facts = Value::Object(self.facts);
        let facts = AssetFacts::deserialize(&facts).map_err(|bad| reader.misread(&facts, line, &bad.to_string()))?;
        let mut tag = self.tag;
        if let (None, Some(serial), true) = (&tag, &facts.serial, reader.options.tag_from_serial) {
            let bad = |bad| Wrong::of_line(line, format!("its serial number can't be its tag: {bad}"));
            tag = Some(Tag::parse(serial).map_err(bad)?);
        }
        let room =
            facts.room.as_deref().filter(|_| reader.options.add_rooms && self.room.is_none()).and_then(|room| RoomId::parse(room).ok());
        let row = intake::Row { tag, facts, kind_if_new: self.kind_if_new, room: self.room.or(room) };
        let borrower = Some(self.borrower).filter(|_| self.is_lent && !self.is_elsewhere);
        Ok(Entry { line, row, borrower, place: self.place })
    }

    /// What is said in months becomes a day, and the other way round.
    fn count_months(&mut self) -> Result<(), String> {
        let bought = self.facts.get("bought").and_then(Value::as_str).and_then(|text| text.parse::<Date>().ok());
        let ends = self.facts.remove(LIFE_ENDS).and_then(|text| text.as_str()?.parse::<Date>().ok());
        if let (Some(bought), Some(months), None) = (bought, self.warranty_months, self.facts.get("warranty_until")) {
            let last = bought.checked_add(months.months()).and_then(|day| day.yesterday()).map_err(|bad| bad.to_string())?;
            self.facts.insert("warranty_until".to_owned(), last.to_string().into());
        }
        if let (Some(bought), Some(ends)) = (bought, ends) {
            let months = (i32::from(ends.year()) - i32::from(bought.year())) * 12 + i32::from(ends.month()) - i32::from(bought.month());
            if months > 0 {
                self.fact("life_months", &months.to_string());
            }
        }
        Ok(())
    }
}

/// Where the end of a life waits until the day that it was bought is known.
const LIFE_ENDS: &str = "life ends";

fn day(text: &str) -> Result<Date, String> {
    let shown: String = text.chars().take(SHOWN).collect();
    texts::day(text).ok_or_else(|| format!("{shown:?} is no day: write it as 2026-08-01"))
}

/// "36" or "36 months".
fn months(text: &str) -> Result<i32, String> {
    let number = text.trim().trim_end_matches(|c: char| c.is_alphabetic() || c == ' ');
    let months = number.parse::<i32>().ok().filter(|months| (0..=600).contains(months));
    let shown: String = text.chars().take(SHOWN).collect();
    months.ok_or_else(|| format!("{shown:?} is no number of months: write 36"))
}
