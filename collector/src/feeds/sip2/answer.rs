//! What a library system answers. Pure; of a patron, what mirroring needs and nothing else: no name, address, day of birth.

use jiff::civil::{Date, date};
use std::time::Duration;

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// Whether the login is taken (94).
    Login(Said),
    /// How the library system is (98).
    Status(Box<Status>),
    /// How a patron stands (64).
    Patron(Box<Patron>),
    /// How an item stands (18).
    Item(Item),
    /// What became of a change: lent, back, renewed (12, 10, 30).
    Done(Done),
}

/// Yes or no, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Yes.
    Yes,
    /// No.
    No,
}

impl Said {
    fn of(flag: char) -> Self {
        if matches!(flag, '1' | 'Y' | 'y') { Self::Yes } else { Self::No }
    }
}

/// How the library system is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Status {
    /// Whether it can answer at all.
    pub online: Said,
    /// Whether it takes what is lent.
    pub checkout: Said,
    /// Whether it takes what is back.
    pub checkin: Said,
    /// Whether loans may be renewed.
    pub renewal: Said,
    /// How long to wait for an answer.
    pub patience: Duration,
    /// How often to try.
    pub tries: u32,
    /// Its name of the institution; empty: not said.
    pub institution: String,
    /// Its name; empty: not said.
    pub name: String,
    /// Whether it knows the message of renewals (29).
    pub knows_renew: Said,
    /// Whether it can tell how an item stands (17).
    pub knows_item: Said,
    /// What it wants to be shown.
    pub message: String,
}

/// How a patron stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Patron {
    /// Whether it knows them.
    pub valid: Said,
    /// Whether they may borrow.
    pub may_borrow: Said,
    /// The items that they have, as far as it lists them.
    pub charged: Vec<String>,
    /// How many items they have.
    pub count: u32,
    /// What it wants to be shown.
    pub message: String,
}

/// How an item stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    /// Where it is.
    pub state: ItemState,
    /// The day on which it is due.
    pub due: Option<Date>,
    /// What it wants to be shown.
    pub message: String,
}

/// Where an item is, as far as mirroring asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ItemState {
    /// Somebody has it.
    Out,
    /// Nobody has it.
    In,
    /// The library system does not know it.
    Unknown,
}

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Done {
    /// Whether it is done.
    pub ok: Said,
    /// The day on which it is due there.
    pub due: Option<Date>,
    /// Why not, or what it wants to be shown.
    pub message: String,
}

/// Why a text is no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("its answer can't be read: {0}")]
pub(super) struct BadAnswer(pub String);

/// Reads an answer.
///
/// # Errors
/// It is none, or is cut off.
pub(super) fn read(text: &str) -> Result<Answer, BadAnswer> {
    let mut rest = Rest(text);
    match rest.take(2)? {
        "94" => Ok(Answer::Login(rest.flag()?)),
        "98" => status(rest).map(|status| Answer::Status(Box::new(status))),
        "64" => patron(rest).map(|patron| Answer::Patron(Box::new(patron))),
        "18" => item(rest).map(Answer::Item),
        "12" | "30" => done(rest, 3).map(Answer::Done),
        "10" => done(rest, 3).map(Answer::Done),
        other => Err(BadAnswer(format!("nobody asked for a message {other:?}"))),
    }
}

/// The longest that is waited for an answer, and the shortest.
const PATIENCE: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(60)];
/// Most tries of one message.
const MOST_TRIES: u32 = 5;

fn status(mut rest: Rest<'_>) -> Result<Status, BadAnswer> {
    let [online, checkin, checkout, renewal] = [rest.flag()?, rest.flag()?, rest.flag()?, rest.flag()?];
    rest.take(2)?;
    let (tenths, tries) = (rest.number(3)?, rest.number(3)?);
    rest.take(18 + 4)?;
    let fields = Fields::of(rest);
    let supported = fields.first("BX");
    let knows = |place: usize| if supported.is_empty() { Said::Yes } else { Said::of(supported.chars().nth(place).unwrap_or('N')) };
    Ok(Status {
        online,
        checkout,
        checkin,
        renewal,
        // 000 says that it is not there, 999 that it does not matter: both are bounded here.
        patience: Duration::from_millis(u64::from(tenths) * 100).clamp(PATIENCE[0], PATIENCE[1]),
        tries: tries.clamp(1, MOST_TRIES),
        institution: fields.first("AO"),
        name: fields.first("AM"),
        knows_renew: if supported.is_empty() { Said::No } else { knows(14) },
        knows_item: knows(10),
        message: fields.message(),
    })
}

fn patron(mut rest: Rest<'_>) -> Result<Patron, BadAnswer> {
    let flags = rest.take(14)?;
    rest.take(3 + 18 + 2 * 4)?;
    let count = rest.number(4)?;
    rest.take(3 * 4)?;
    let fields = Fields::of(rest);
    // The first flag says that borrowing is denied.
    let may_borrow = if flags.starts_with('Y') { Said::No } else { Said::Yes };
    let valid = match fields.first("BL").as_str() {
        "" if flags.starts_with("YYYY") => Said::No,
        "" => Said::Yes,
        flag => Said::of(flag.chars().next().unwrap_or('N')),
    };
    Ok(Patron { valid, may_borrow, charged: fields.all("AU"), count, message: fields.message() })
}

fn item(mut rest: Rest<'_>) -> Result<Item, BadAnswer> {
    let state = rest.take(2)?;
    rest.take(2 + 2 + 18)?;
    let fields = Fields::of(rest);
    let is_unknown = state == "01" && fields.first("AJ").is_empty();
    let state = match state {
        // Charged, the same and not to be recalled, recalled, claimed returned: it is still charged to somebody.
        "04" | "05" | "07" | "11" => ItemState::Out,
        _ if is_unknown => ItemState::Unknown,
        _ => ItemState::In,
    };
    Ok(Item { state, due: day(&fields.first("AH")), message: fields.message() })
}

fn done(mut rest: Rest<'_>, flags: usize) -> Result<Done, BadAnswer> {
    let ok = rest.flag()?;
    rest.take(flags + 18)?;
    let fields = Fields::of(rest);
    Ok(Done { ok, due: day(&fields.first("AH")), message: fields.message() })
}

/// The day of a time of SIP2, or of a date as people write it; a library system may write it in any way.
fn day(text: &str) -> Option<Date> {
    let number = |from: usize, to: usize| text.get(from..to).and_then(|digits| digits.parse::<i16>().ok());
    if text.get(..8).is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_digit())) {
        let (month, day) = (i8::try_from(number(4, 6)?).ok()?, i8::try_from(number(6, 8)?).ok()?);
        return Date::new(number(0, 4)?, month, day).ok();
    }
    text.get(..10)?.parse().ok().filter(|day| *day >= date(1970, 1, 1))
}

/// What is left of a message.
struct Rest<'a>(&'a str);

impl<'a> Rest<'a> {
    fn take(&mut self, count: usize) -> Result<&'a str, BadAnswer> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or_else(|| BadAnswer("it is cut off".to_owned()))?;
        self.0 = rest;
        Ok(taken)
    }

    fn flag(&mut self) -> Result<Said, BadAnswer> {
        Ok(Said::of(self.take(1)?.chars().next().unwrap_or('N')))
    }

    fn number(&mut self, digits: usize) -> Result<u32, BadAnswer> {
        let text = self.take(digits)?;
        match text.trim() {
            "" => Ok(0),
            digits => digits.parse().map_err(|_| BadAnswer(format!("{text:?} stands where a number belongs"))),
        }
    }
}

/// The fields of a message: two letters each, and a value.
struct Fields<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Fields<'a> {
    fn of(rest: Rest<'a>) -> Self {
        Self(rest.0.split('|').filter_map(|field| field.split_at_checked(2)).collect())
    }

    fn first(&self, code: &str) -> String {
        self.0.iter().find(|(other, _)| *other == code).map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    }

    fn all(&self, code: &str) -> Vec<String> {
        self.0.iter().filter(|(other, _)| *other == code).map(|(_, value)| value.trim().to_owned()).collect()
    }

    /// What people are to be shown, in one line.
    fn message(&self) -> String {
        self.all("AF").join(" ").chars().take(500).collect::<String>().trim().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: &str = "20261123    120509";

    #[track_caller]
    fn check(text: &str, want: &Answer) {
        assert_eq!(&read(text).unwrap(), want, "{text}");
    }

    #[test]
    fn answers_are_read_as_library_systems_write_them() {
        check("941", &Answer::Login(Said::Yes));
        check("940", &Answer::Login(Said::No));
        let done = |ok, due, message: &str| Answer::Done(Done { ok, due, message: message.to_owned() });
        let due = Some(date(2026, 11, 30));
        check(&format!("121NNY{AT}AOLIN|AAS1|ABLT-1|AJLaptop|AH20261130    235900|"), &done(Said::Yes, due, ""));
        check(&format!("121NUN{AT}AOLIN|AAS1|ABLT-1|AJLaptop|AH2026-11-30 23:59|"), &done(Said::Yes, due, ""));
        check(&format!("120NUN{AT}AOLIN|AAS9|ABLT-1|AJ|AH|AFInvalid patron|AFask|BLN|"), &done(Said::No, None, "Invalid patron ask"));
        check(&format!("101YNN{AT}AOLIN|ABLT-1|AQLIN|"), &done(Said::Yes, None, ""));
        check(&format!("100NUY{AT}AOLIN|ABXX|AQ|AFItem not checked out|CV99|"), &done(Said::No, None, "Item not checked out"));
        check(&format!("301YUN{AT}AAS1|ABLT-1|AJLaptop|AH20261130    235900|AOLIN|"), &done(Said::Yes, due, ""));
    }

    #[test]
    fn items_and_patrons_are_as_far_known_as_mirroring_needs() {
        let item = |state, due| Answer::Item(Item { state, due, message: String::new() });
        check(&format!("180300{}{AT}ABLT-1|AJLaptop|", "01"), &item(ItemState::In, None));
        check(&format!("18040001{AT}ABLT-1|AJLaptop|AH20261130    235900|"), &item(ItemState::Out, Some(date(2026, 11, 30))));
        check(&format!("18010101{AT}ABnothing|AJ|"), &item(ItemState::Unknown, None));
        check(&format!("18010101{AT}ABLT-1|AJDamaged laptop|"), &item(ItemState::In, None));
        let counts = "000000000002000000000000";
        let text = format!("64              000{AT}{counts}AOLIN|AAS1|AERuiz, Ana|BLY|AULT-1|AULT-2|BD1 Main St|PB20100101|AFhello|");
        let patron = Patron {
            valid: Said::Yes,
            may_borrow: Said::Yes,
            charged: vec!["LT-1".into(), "LT-2".into()],
            count: 2,
            message: "hello".into(),
        };
        check(&text, &Answer::Patron(Box::new(patron)));
        let nobody = format!("64YYYY          000{AT}{}AOLIN|AAS9|AE|BLN|AFInvalid cardnumber|", "0".repeat(24));
        let unknown = Patron { valid: Said::No, may_borrow: Said::No, charged: vec![], count: 0, message: "Invalid cardnumber".into() };
        check(&nobody, &Answer::Patron(Box::new(unknown)));
    }

    #[test]
    fn the_status_bounds_how_long_and_how_often_is_tried() {
        let status = |text: &str| match read(text) {
            Ok(Answer::Status(status)) => *status,
            other => panic!("{other:?}"),
        };
        let usual = status(&format!("98YYYYNN100003{AT}2.00AOLIN|AMLincoln|BXYYYNYYYYYNYNNNYN|"));
        assert_eq!((usual.patience, usual.tries, usual.knows_renew, usual.knows_item), (Duration::from_secs(10), 3, Said::Yes, Said::Yes));
        let odd = status(&format!("98YNNNNN999999{AT}2.00AO|BXYYYNNNNNNNNNNNNN|"));
        assert_eq!((odd.patience, odd.tries, odd.checkout, odd.knows_item), (Duration::from_secs(60), 5, Said::No, Said::No));
        let least = status(&format!("98NYYNNN000000{AT}1.00AO|"));
        assert_eq!((least.online, least.patience, least.tries, least.knows_renew), (Said::No, Duration::from_secs(2), 1, Said::No));
    }

    #[test]
    fn what_is_cut_off_or_was_not_asked_for_is_no_answer() {
        for bad in ["", "9", "94", "12", "121NN", "98YYYY", "98YYYYNNxx0003", "64", "18", "1803", "2400000", "é"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
