//! Labels on their sheets, from any place on.

use super::drawing::{Content, Label, draw};
use super::stock::Stock;
use crate::paper::{Align, Area, Face, Page, Print};
use rollcall_site::{Refusal, Tag};

/// The most labels of one job: 67 sheets of thirty.
pub const MOST: usize = 2_000;
/// The furthest that a print may be moved, millimetres: more is another sheet.
const FURTHEST: f64 = 20.0;

/// What is to be printed, and on what.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// On what.
    pub stock: &'static Stock,
    /// Which codes.
    pub content: Content,
    /// The place of the first label, from 1: those before it are used already.
    pub start: usize,
    /// How far everything is moved to the right and down, millimetres, where a printer is off.
    pub offset: (f64, f64),
    /// The site's name.
    pub site: &'a str,
}

impl Job<'_> {
    /// Checks the numbers.
    ///
    /// # Errors
    /// There is no such place on the sheet, or it would be moved too far.
    fn checked(&self) -> Result<(), Refusal> {
        let most = self.stock.per_page();
        if !(1..=most).contains(&self.start) {
            let places = if most == 1 { "is one label a page: it begins with 1".to_owned() } else { format!("has places 1 to {most}") };
            return Err(Refusal::invalid(format!("there is no place {}: {} {places}", self.start, self.stock.name)));
        }
        let (x, y) = self.offset;
        if !(x.abs() <= FURTHEST && y.abs() <= FURTHEST) {
            return Err(Refusal::invalid(format!("a print is moved by at most {FURTHEST} mm; look whether these are the right labels")));
        }
        Ok(())
    }

    fn place(&self, number: usize) -> Area {
        let place = self.stock.place(number);
        Area { x: place.x + self.offset.0, y: place.y + self.offset.1, ..place }
    }
}

/// What came of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Printed {
    /// The pages.
    pub pages: Vec<Page>,
    /// The labels that were to have bars too, and have none: their tags are too long.
    pub without_bars: Vec<Tag>,
}

/// Prints labels.
///
/// # Errors
/// There are none or too many, there is no such place, or a tag does not fit.
pub fn print(job: &Job<'_>, labels: &[Label]) -> Result<Printed, Refusal> {
    job.checked()?;
    if labels.is_empty() {
        return Err(Refusal::not_found("there is nothing to print a label for: name tags, a room or an order"));
    }
    if labels.len() > MOST {
        return Err(Refusal::invalid(format!("{} labels are more than {MOST} at once: print them room by room", labels.len())));
    }
    let (mut pages, mut without_bars) = (Vec::new(), Vec::new());
    let (mut page, mut number) = (Page::new(job.stock.page), job.start - 1);
    for label in labels {
        if number == job.stock.per_page() {
            pages.push(std::mem::replace(&mut page, Page::new(job.stock.page)));
            number = 0;
        }
        let has_bars = draw(&mut page, job.stock, job.place(number), job.content, job.site, label)?;
        if job.content == Content::Both && !has_bars {
            without_bars.push(label.tag.clone());
        }
        number += 1;
    }
    pages.push(page);
    Ok(Printed { pages, without_bars })
}

/// The outlines of all labels of a page with their places, to be held against a sheet.
///
/// # Errors
/// It would be moved too far.
pub fn test_page(job: &Job<'_>) -> Result<Page, Refusal> {
    job.checked()?;
    let mut page = Page::new(job.stock.page);
    for number in 0..job.stock.per_page() {
        let place = job.place(number);
        page.outline(place, 0.1);
        let (x, y) = (place.x + place.width / 2.0, place.y + place.height / 2.0);
        page.line((x - 3.0, y), (x + 3.0, y), 0.1);
        page.line((x, y - 3.0), (x, y + 3.0), 0.1);
        page.text(Print { x: x + 4.0, base: y - 1.0, size: 9.0, face: Face::Plain, align: Align::Left }, format!("{}", number + 1));
    }
    let first = job.place(0);
    let text = format!("{}: print at 100 %, hold it against a sheet, then give what it is off by", job.stock.name);
    let fitted = crate::paper::fit(&text, Face::Plain, first.width - 2.0, (4.0, 7.0));
    page.text(Print { x: first.x + 1.0, base: first.y + 3.0, size: fitted.size, face: Face::Plain, align: Align::Left }, fitted.text);
    Ok(page)
}
