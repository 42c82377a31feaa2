//! What stands on one label, and where.

use super::code::{Bars, QUIET, Square};
use super::stock::Stock;
use crate::paper::{Align, Area, Face, Page, Print, fit};
use rollcall_site::{Refusal, Tag};

/// Which codes a label has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Content {
    /// Both; the square one alone where the tag is too long for bars.
    #[default]
    Both,
    /// Bars, for laser scanners.
    Code128,
    /// The square code, which holds long tags in little room, and which phones read.
    Qr,
    /// A square code for the seat: a phone that is pointed at it opens the page on which a problem is reported.
    Report,
}

impl Content {
    /// Every choice.
    pub const ALL: [Self; 4] = [Self::Both, Self::Code128, Self::Qr, Self::Report];

    /// As it is named in commands and addresses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::Code128 => "code128",
            Self::Qr => "qr",
            Self::Report => "report",
        }
    }

    /// As people read it.
    pub fn title(self) -> &'static str {
        match self {
            Self::Both => "Bars and a square code",
            Self::Code128 => "Bars (Code 128)",
            Self::Qr => "A square code (QR)",
            Self::Report => "For the seat: phones open “report a problem”",
        }
    }

    /// The one with this name.
    ///
    /// # Errors
    /// There is none.
    pub fn parse(name: &str) -> Result<Self, Refusal> {
        let found = Self::ALL.into_iter().find(|content| content.name() == name);
        found.ok_or_else(|| Refusal::invalid(format!("labels have code128, qr, report or both on them, not {name:?}")))
    }
}

/// What a label says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The tag.
    pub tag: Tag,
    /// What it is, in one line: maker and model.
    pub line: String,
    /// What the square code of [`Content::Report`] holds in place of the tag.
    pub address: String,
}

/// Sizes of type, points: the smallest and the largest.
const SITE: (f64, f64) = (5.0, 7.0);
const LINE: (f64, f64) = (5.0, 7.0);
const TAG: (f64, f64) = (6.5, 14.0);
/// Between one line and the next, millimetres.
const GAP: f64 = 0.7;

/// Draws a label; whether it has bars.
///
/// # Errors
/// The tag is too long for what is wanted, on these labels.
pub(super) fn draw(page: &mut Page, stock: &Stock, place: Area, content: Content, site: &str, label: &Label) -> Result<bool, Refusal> {
    let inner = stock.inner(place);
    let bars = Bars::of(label.tag.as_str());
    match content {
        Content::Code128 => {
            let module = bars
                .module(place.width.min(inner.width + 2.0), stock.dot)
                .ok_or_else(|| too_long(stock, &label.tag, &bars, place.width))?;
            column(page, stock, Column { area: inner, align: Align::Middle, site, label, bars: Some((&bars, module)) });
            Ok(true)
        }
        Content::Qr | Content::Both | Content::Report => {
            let text = if content == Content::Report { &label.address } else { label.tag.as_str() };
            let rest = square(page, stock, place, &label.tag, text)?;
            let module = bars.module(rest.width, stock.dot).filter(|_| content == Content::Both);
            column(page, stock, Column { area: rest, align: Align::Left, site, label, bars: module.map(|module| (&bars, module)) });
            Ok(module.is_some())
        }
    }
}

fn too_long(stock: &Stock, tag: &Tag, bars: &Bars, has: f64) -> Refusal {
    let needs = bars.narrowest(stock.dot);
    Refusal::invalid(format!(
        "the tag {tag} needs bars of {needs:.0} mm, and {} has {has:.0} mm: print a square code (qr), or take other labels",
        stock.name
    ))
}

/// Draws the square code at the left, and gives what is free to its right.
fn square(page: &mut Page, stock: &Stock, place: Area, tag: &Tag, text: &str) -> Result<Area, Refusal> {
    let inner = stock.inner(place);
    let drawn = Square::of(text).and_then(|code| {
        let module = code.module(inner.height, place.height, stock.dot)?;
        Some((code, module))
    });
    let (code, module) = drawn.ok_or_else(|| {
        Refusal::invalid(format!("what {tag} is to have on it is too long for a square code on {}: take larger labels", stock.name))
    })?;
    let side = code.modules * module;
    let x = place.x + stock.margin.0.max(QUIET * module);
    let x = (x / stock.dot).round() * stock.dot;
    page.fill(code.at(x, place.y + (place.height - side) / 2.0, module));
    let begin = x + side + QUIET * module;
    Ok(Area { x: begin, width: inner.right() - begin, ..inner })
}

/// The lines of a label below each other, bars between them.
struct Column<'a> {
    area: Area,
    align: Align,
    site: &'a str,
    label: &'a Label,
    bars: Option<(&'a Bars, f64)>,
}

fn column(page: &mut Page, stock: &Stock, column: Column<'_>) {
    let Column { area, align, site, label, bars } = column;
    let above = fit(site, Face::Plain, area.width, SITE);
    let below = fit(&label.line, Face::Plain, area.width, LINE);
    let largest = if bars.is_some() { 10.0 } else { TAG.1 };
    let lines = tag_lines(label.tag.as_str(), area.width, largest);
    let size = lines.iter().map(|(_, size)| *size).fold(largest, f64::min);
    let gap = GAP.max(Face::Bold.descent(size));
    let line_height = Face::Bold.capital(size) + gap;
    let text = line_height * u32::try_from(lines.len()).map_or(1.0, f64::from);
    let foot = if below.text.is_empty() { 0.0 } else { Face::Plain.capital(below.size) + gap };
    let x = if align == Align::Middle { area.x + area.width / 2.0 } else { area.x };
    let mut base = area.y + Face::Plain.capital(above.size);
    page.text(Print { x, base, size: above.size, face: Face::Plain, align }, above.text);
    let foot_room = Face::Plain.descent(if below.text.is_empty() { size } else { below.size });
    let free = area.bottom() - base - text - foot - foot_room;
    if let Some((bars, module)) = bars {
        let top = base + GAP * 1.6;
        page.fill(bars.within(Area { y: top, height: (free - GAP * 1.6).max(1.0), ..area }, module, stock.dot));
        base = top + (free - GAP * 1.6).max(1.0);
    } else {
        base += (free / 2.0).max(0.0);
    }
    for (text, _) in lines {
        base += line_height;
        page.text(Print { x, base, size, face: Face::Bold, align }, text);
    }
    if !below.text.is_empty() {
        base += foot;
        page.text(Print { x, base, size: below.size, face: Face::Plain, align }, below.text);
    }
}

/// A tag is never cut: where it does not fit into a line, it takes as many as it needs.
fn tag_lines(tag: &str, width: f64, largest: f64) -> Vec<(String, f64)> {
    let fitted = fit(tag, Face::Bold, width, (TAG.0, largest));
    if fitted.text == tag {
        return vec![(fitted.text, fitted.size)];
    }
    let middle = tag.chars().count().div_ceil(2);
    let first: String = tag.chars().take(middle).collect();
    let rest: String = tag.chars().skip(middle).collect();
    [first, rest].iter().flat_map(|half| tag_lines(half, width, largest)).collect()
}
