//! A requisition on paper: what, how many, at what price, for which old ones, and where to sign.

use crate::paper::{self, Align, Face, LETTER, Page, Print, fit, wrap};
use rollcall_site::order::Standing;
use rollcall_site::order::{LineRow, OrderPage};

/// The margin all around, millimetres.
const MARGIN: f64 = 18.0;
/// The right edge of what is printed, millimetres.
const RIGHT: f64 = LETTER.0 - MARGIN;
/// No line of the table stands lower than this, millimetres.
const LOWEST: f64 = LETTER.1 - 30.0;
/// The size of ordinary type, points.
const SIZE: f64 = 10.0;
/// From one line of text to the next, millimetres.
const STEP: f64 = 5.0;
/// Tags of replaced assets that one line names.
const MOST_TAGS: usize = 60;
/// Where the columns begin or end, millimetres: number, what, count (right), price (right), cost (right).
const COLUMNS: [f64; 5] = [MARGIN, MARGIN + 10.0, 140.0, 168.0, RIGHT];

/// The pages being written, and how far down the last one is.
struct Sheet {
    pages: Vec<Page>,
    page: Page,
    base: f64,
}

/// An order as PDF, on as many sheets as it takes.
pub fn pdf(site: &str, page: &OrderPage, printed_on: &str) -> Vec<u8> {
    let mut sheet = Sheet { pages: Vec::new(), page: Page::new(LETTER), base: MARGIN + 6.0 };
    heading(&mut sheet, site, page, printed_on);
    columns(&mut sheet);
    for line in &page.lines {
        line_of(&mut sheet, line);
    }
    ending(&mut sheet, page);
    sheet.pages.push(sheet.page);
    let count = sheet.pages.len();
    for (number, page_) in (1..).zip(&mut sheet.pages) {
        let foot = Print { x: RIGHT, base: LETTER.1 - 12.0, size: 8.0, face: Face::Plain, align: Align::Right };
        page_.text(foot, format!("{}, page {number} of {count}", crate::requisition::file_name(page)));
    }
    paper::pdf(&format!("{}: {}", crate::requisition::file_name(page), page.row.title), &sheet.pages)
}

impl Sheet {
    /// A line of text; the next one stands below.
    fn say(&mut self, text: &str, size: f64, face: Face) {
        self.print(MARGIN, text, size, face, Align::Left);
        self.base += STEP * size / SIZE;
    }

    fn print(&mut self, x: f64, text: &str, size: f64, face: Face, align: Align) {
        self.page.text(Print { x, base: self.base, size, face, align }, text);
    }

    fn rule(&mut self) {
        let y = self.base - STEP + 1.4;
        self.page.line((MARGIN, y), (RIGHT, y), 0.2);
    }

    /// Begins another page where so many millimetres do not fit any more.
    fn room_for(&mut self, height: f64) {
        if self.base + height > LOWEST {
            self.pages.push(std::mem::replace(&mut self.page, Page::new(LETTER)));
            self.base = MARGIN + 6.0;
            columns(self);
        }
    }
}

fn heading(sheet: &mut Sheet, site: &str, page: &OrderPage, printed_on: &str) {
    let row = &page.row;
    let what = if row.standing == Standing::Draft { "Purchase requisition" } else { "Purchase order" };
    sheet.say(site, SIZE, Face::Plain);
    sheet.base += 2.0;
    sheet.say(&format!("{what} {}", row.id), 18.0, Face::Bold);
    let title = fit(&row.title, Face::Plain, RIGHT - MARGIN, (8.0, 13.0));
    sheet.say(&title.text, title.size, Face::Plain);
    sheet.base += 2.0;
    let day = |day: Option<jiff::civil::Date>| day.map(|day| day.to_string()).unwrap_or_default();
    let facts = [
        ("Number", row.number.clone()),
        ("Vendor", row.vendor.clone()),
        ("Funding", row.funding.clone()),
        ("Ordered", day(row.ordered_on)),
        ("Expected", day(row.expected_on)),
        ("Printed", printed_on.to_owned()),
    ];
    for (name, fact) in facts.into_iter().filter(|(_, fact)| !fact.is_empty()) {
        sheet.print(MARGIN, name, SIZE, Face::Plain, Align::Left);
        let fact = fit(&fact, Face::Plain, RIGHT - MARGIN - 26.0, (7.0, SIZE));
        sheet.print(MARGIN + 26.0, &fact.text, fact.size, Face::Plain, Align::Left);
        sheet.base += STEP;
    }
    sheet.base += STEP;
}

fn columns(sheet: &mut Sheet) {
    let [number, what, count, price, cost] = COLUMNS;
    for (x, text, align) in [
        (number, "#", Align::Left),
        (what, "What", Align::Left),
        (count, "Count", Align::Right),
        (price, "Each", Align::Right),
        (cost, "Cost", Align::Right),
    ] {
        sheet.print(x, text, 9.0, Face::Bold, align);
    }
    sheet.base += STEP;
    sheet.rule();
}

fn line_of(sheet: &mut Sheet, line: &LineRow) {
    let [number, what, count, price, cost] = COLUMNS;
    let width = count - what - 16.0;
    let mut texts = wrap(&line.title, Face::Plain, SIZE, width);
    let about = about(line);
    let beside: Vec<String> = about.iter().flat_map(|text| wrap(text, Face::Plain, 8.5, width + 40.0)).collect();
    #[expect(clippy::cast_precision_loss, reason = "a count of lines")]
    let height = (texts.len() + beside.len()) as f64 * STEP;
    sheet.room_for(height);
    sheet.base += 1.0;
    sheet.print(number, &line.number.to_string(), SIZE, Face::Plain, Align::Left);
    sheet.print(count, &line.line.count.to_string(), SIZE, Face::Plain, Align::Right);
    let each = line.line.price.map(|price| price.to_string()).unwrap_or_default();
    sheet.print(price, &each, SIZE, Face::Plain, Align::Right);
    sheet.print(cost, &line.cost, SIZE, Face::Plain, Align::Right);
    for text in texts.drain(..) {
        sheet.print(what, &text, SIZE, Face::Plain, Align::Left);
        sheet.base += STEP;
    }
    for text in beside {
        sheet.print(what, &text, 8.5, Face::Plain, Align::Left);
        sheet.base += STEP * 0.85;
    }
    sheet.rule();
}

/// What stands below a line in small type.
fn about(line: &LineRow) -> Vec<String> {
    let said = &line.line;
    let mut facts = vec![said.kind.title().to_owned()];
    facts.extend(said.room.as_ref().map(|room| format!("for {room}")));
    facts.extend(said.warranty_months.map(|months| format!("warranty {months} months")));
    facts.extend(said.life_months.map(|months| format!("to last {months} months")));
    let mut about = vec![facts.join(", ")];
    if !line.replaced.is_empty() {
        let named: Vec<&str> = line.replaced.iter().take(MOST_TAGS).map(|tag| tag.as_str()).collect();
        let more = line.replaced.len().saturating_sub(MOST_TAGS);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        about.push(format!("In the place of {}{more}", named.join(", ")));
    }
    about
}

fn ending(sheet: &mut Sheet, page: &OrderPage) {
    sheet.room_for(60.0);
    sheet.base += 1.0;
    let [_, _, _, price, cost] = COLUMNS;
    sheet.print(price, "Total", SIZE, Face::Bold, Align::Right);
    sheet.print(cost, &page.row.total, SIZE, Face::Bold, Align::Right);
    sheet.base += STEP;
    if page.lines.iter().any(|line| line.cost.is_empty()) {
        sheet.say("Lines without a price are not in the total.", 8.5, Face::Plain);
    }
    sheet.base += STEP;
    for text in wrap(&page.notes, Face::Plain, SIZE, RIGHT - MARGIN) {
        sheet.room_for(40.0);
        sheet.say(&text, SIZE, Face::Plain);
    }
    sheet.base += 14.0;
    for (x, text) in [(MARGIN, "Requested by, date"), (LETTER.0 / 2.0 + 4.0, "Approved by, date")] {
        sheet.page.line((x, sheet.base), (x + 74.0, sheet.base), 0.2);
        sheet.page.text(Print { x, base: sheet.base + 4.5, size: 8.5, face: Face::Plain, align: Align::Left }, text);
    }
}
